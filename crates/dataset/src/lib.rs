//! From a dataset's bytes to rows and readings (docs/spec/3-datasets.md, 4.7, 4.8).
//!
//! [`load()`] reads a whole dataset from any [`Files`](openweigh_formats::files::Files), and believes only what has
//! its digest. [`sessions`] streams a session's frames in one pass, [`frame`] turns the touches of a frame into
//! values, [`sample`] the channels of a sample, and [`weighing`] reduces frames to the readings of a recipe.
//!
//! [`rest`] says when something rests, while recording and afterwards.
//!
//! What this crate does *not* do: it opens no file, fits nothing, and does not ask what the readings are for.

pub mod frame;
pub mod load;
pub mod rest;
pub mod sample;
pub mod sessions;
mod statistic;
pub mod weighing;

pub use load::{Data, LoadError, Loaded, SessionReadings, load};

use openweigh_exact::DecimalError;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weighings::Id;

/// Why no reading can be formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadingError {
    /// The values of a weighing are means over too many different sums of pressure.
    #[error(
        "the frames of a weighing have more than {limit} different sums of pressure to weight their means by; leave out `x`, `y` and the like, or use shorter weighings"
    )]
    Denominators {
        /// How many there may be.
        limit: usize,
    },
    /// A session without a channel that the recipe reads.
    #[error(
        "session `{session}` has no channel `{channel}`, which the recipe reads; its channels are {}",
        list(available)
    )]
    NoChannel {
        /// The session.
        session: Id,
        /// The channel.
        channel: ColumnName,
        /// The channels that it has.
        available: Vec<ColumnName>,
    },
    /// A number that would be longer than the format allows.
    #[error("a reading would be {error}; state fewer `decimals` in the recipe's [reading]")]
    LongNumber {
        /// How long.
        error: DecimalError,
    },
}

fn list(names: &[ColumnName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
