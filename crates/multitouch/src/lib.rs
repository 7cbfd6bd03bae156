//! A trackpad's force, through the ABI of Apple's private framework `MultitouchSupport`.
//!
//! The framework has no header and may change with any system, so nothing links it: [`Library::open`]
//! loads what it is given and looks each function up by name. What cannot be done without must be there;
//! what else is missing only takes its feature away ([`Library::missing`]). On a Mac the library is the
//! framework; in tests, and on other systems, it is the simulator of this workspace, which exports the
//! same names. The same code runs against both.
//!
//! ```no_run
//! use openweigh_multitouch::{Frame, Library, Options, default_path};
//! use std::time::Duration;
//!
//! let library = Library::open(default_path())?;
//! let devices = library.devices()?;
//! let pad = devices.iter().find(|device| device.identity().supports_force == Some(true)).unwrap();
//! let mut stream = pad.start(Options::default())?;
//! let mut frame = Frame::default();
//! while stream.wait(Duration::from_secs(1)) {
//!     while stream.next(&mut frame) {
//!         let counts: f32 = frame.touches.iter().map(|touch| touch.pressure).sum();
//!     }
//! }
//! stream.halt();
//! // What still waits in the queue can be read here.
//! let ending = stream.stop();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it does *not* do: no unit (a pressure is a count of the device, not a mass), no file, no
//! environment, nothing printed, no choice of a device. What it reads arrives bit for bit, in order, and
//! where a frame is lost the next one says how many were.

#![allow(unsafe_code, reason = "calling C functions found at run time; each block says why it is sound")]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]

pub mod abi;
mod clicks;
mod clock;
mod device;
mod frames;
mod places;
mod stream;
mod symbols;

pub use abi::Touch;
pub use clicks::{ClickError, ClickGuard};
pub use device::{Access, ArrivalClock, Clocks, Device, DevicesError, Fact, Identity, Library};
pub use frames::{Dropped, Frame};
pub use stream::{Condition, Ending, Options, Presence, StartError, Stream, status_words};
pub use symbols::{CORE_FOUNDATION, FRAMEWORK, OpenError};

use std::path::Path;

/// Where the framework is on a Mac. It lies in the shared cache of the dynamic linker, so there may be no
/// file of this name: only opening it tells whether it is there.
pub fn default_path() -> &'static Path {
    Path::new(FRAMEWORK)
}

const fn crosses_threads<T: Send>() {}
const fn is_shared_by_threads<T: Sync>() {}

// A stream is read by one thread at a time; all else may be called from anywhere, a thread that waits
// for signals above all.
const _: () = {
    crosses_threads::<Library>();
    is_shared_by_threads::<Library>();
    crosses_threads::<Device>();
    is_shared_by_threads::<Device>();
    crosses_threads::<ClickGuard>();
    is_shared_by_threads::<ClickGuard>();
    crosses_threads::<Stream>();
    crosses_threads::<Frame>();
};
