//! From any source of frames to a session on disk, surviving crashes.
//!
//! A [`Source`] gives frames, and a [`Recorder`] writes them as they come:
//! nothing is computed from a value on its way, each is the shortest decimal of the very bits that came.
//! A session in the making is a folder of its own that no dataset lists; when it is complete it is renamed
//! and the dataset's description replaced, in this order, so that a recording cut anywhere can be
//! recovered and never damages what was there before.
//!
//! What it does *not* do: it prints nothing, reads no environment, and decides nothing by the clock on the
//! wall; times in the files are those of the source.

pub mod builtin;
mod digits;
pub mod doctor;
mod error;
pub mod evdev;
mod evidence;
mod frame;
mod guide;
pub mod import;
mod journal;
pub mod lines;
pub mod pad;
mod place;
mod protocol;
mod recorder;
mod recover;
mod remains;
mod rows;
mod run;
mod salt;
mod warning;
mod weigh;
mod writer;

pub use error::CaptureError;
pub use frame::{Frame, Moment, Phase, Sample, Source, SourceInfo, Touch};
pub use guide::{Guide, Outcome, View, load};
pub use journal::Journal;
pub use pad::{Pad, PadOptions};
pub use place::{About, PART, Place};
pub use protocol::{Protocol, Stability, Step, Tare};
pub use recorder::{Order, Recorded, Recorder};
pub use recover::{Kept, Loss, Recovery, recover};
pub use rows::FrameText;
pub use run::{End, Ended, Limits, News, Operator, Wish, run, watch};
pub use salt::{fresh_salt, salt};
pub use warning::Warning;
pub use weigh::{RecordedSession, Statement, Suggestion, WeighError, Which};
