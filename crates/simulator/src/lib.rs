//! A trackpad that can be weighed on, behind the C ABI of Apple's private framework `MultitouchSupport`.
//!
//! Built as a `cdylib` it is opened in the framework's place; whoever reads it cannot tell the difference
//! but by the numbers. What lies on the pad, how hard the finger holds, how the pad errs and when the
//! machine sleeps is a *scenario*, a TOML file that the environment variable `OPENWEIGH_SCENARIO` names.
//! It is read once, when devices are first asked for; without it, [`DEFAULT`] is played. A scenario with a
//! mistake leaves no devices and one line on standard error that says where the mistake is.
//!
//! ```
//! use openweigh_simulator::Scenario;
//!
//! let scenario = Scenario::parse(r#"
//!     seed = 1
//!     pace = "unthrottled"                # or "real-time", or how many times faster, as 50.0
//!     at_end = "unplug"                   # or "silence"
//!     behaviour = "ideal"                 # or "mac", which is usual: see [`behaviour`]
//!
//!     [[pad]]
//!     kind = "magic-trackpad"             # or "apple-silicon", "no-force", "touch-bar"
//!
//!     [[pad.contact]]                     # nothing is felt without one
//!     kind = "finger"                     # or "base" (conductive, lies there), "metal" (fades away)
//!     from_s = 0.5
//!     until_s = 9.0
//!     force_g = 60.0
//!
//!     [[pad.load]]
//!     grams = 5.0
//!     on_s = 3.0
//!     off_s = 6.0
//! "#)?;
//! assert_eq!(scenario.pads[0].load_g(4.0), 5.0);
//! # Ok::<(), openweigh_simulator::ScenarioError>(())
//! ```
//!
//! All keys are the fields of [`scenario`]; the folder `scenarios` has an example of each. A pad may also
//! play back a recording (`playback = "file.csv"`, see [`playback`]).
//!
//! Laws. Equal scenarios give equal bytes on every machine, at every pace: only additions,
//! multiplications, divisions and pure-Rust functions, one seeded generator a pad, and a clock
//! (`MTAbsoluteTimeGetCurrent`) that tells the simulated time. A device reference is a number that is
//! never used twice and never followed, so each use of a stale one is noticed and counted as a fault.
//!
//! What it does *not* do: images, haptics, gestures, and any claim that a real pad errs like this one.

#![allow(unsafe_code, reason = "C functions are exported and called; each block says why it is sound")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a simulated sensor rounds, and the fields of the ABI are narrower than the physics"
)]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub mod abi;
pub mod answered;
pub mod behaviour;
mod clock;
mod exports;
mod machine;
pub mod physics;
pub mod playback;
mod random;
mod report;
mod run;
pub mod scenario;
mod score;
mod stage;
mod timeline;

pub use scenario::{DEFAULT, Scenario, ScenarioError};
