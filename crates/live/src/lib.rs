//! The live scale: frames in, grams out, while they come.
//!
//! A [`Scale`] takes the rows of `touches.csv` or `samples.csv` as a recorder writes them, sees when a load rests, and
//! weighs it. Readings are formed and predicted by the code that `replay` uses, of the same texts. So whoever records
//! the frames and replays them gets every digit that the scale showed: see `tests/replayed.rs`.
//!
//! When a load is at rest is the rule of [`steady`], in the device's own time. It chooses which frames are weighed;
//! it changes no number.
//!
//! What this crate does *not* do: it opens no file, no device and no terminal, it knows no clock, and it writes nothing.

mod frames;
mod scale;
mod shown;
pub mod steady;
mod unattended;
pub mod unit;

pub use frames::Frames;
pub use scale::{LiveError, NotYet, Reading, Scale, State, Weighing};
pub use shown::shown;
pub use steady::Rule;
pub use unattended::Unattended;
pub use unit::Unit;
