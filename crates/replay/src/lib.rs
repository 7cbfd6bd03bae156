//! Weights and datasets in, results out (docs/spec/6-results.md).
//!
//! [`predict`] writes results by row, [`grams`] by weighing or frame, [`mod@write`] those of several datasets, and [`single`]
//! predicts from values that somebody typed. [`overview`] tells results in a few lines.
//!
//! What this crate does *not* do: it opens no file, and it compares nothing with what is published; that is `verify`.

pub mod grams;
pub mod overview;
pub mod predict;
pub mod single;
pub mod write;

pub use grams::{Flags, Weighed};
pub use predict::{Predictor, Stated, Uncertain};
pub use write::{Pair, write};

use openweigh_fit::FitError;
use openweigh_formats::text::{ColumnName, Name, Unit};
use openweigh_formats::weighings::Id;
use openweigh_formats::weights::Instrument;

/// Why weights cannot be applied to a dataset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Model and data do not go together, or `normal` does not determine the coefficients.
    #[error(transparent)]
    Fit(#[from] FitError),
    /// The dataset states another unit than the weights were fitted with.
    #[error(
        "the weights apply to column `{column}` in {}, dataset `{dataset}` has it in {}",
        unit(expected),
        unit(found)
    )]
    Unit {
        /// The dataset.
        dataset: Name,
        /// The column.
        column: ColumnName,
        /// The unit there.
        found: Option<Unit>,
        /// The unit of the weights.
        expected: Option<Unit>,
    },
    /// The session is of another pad, or of other channels, than the weights were fitted on.
    #[error(
        "the weights apply to {expected}; session `{session}` of dataset `{dataset}` is of {found}, which has another scale"
    )]
    Pad {
        /// The dataset.
        dataset: Name,
        /// The session.
        session: Id,
        /// Its pad, or its channels.
        found: Box<Instrument>,
        /// That of the weights.
        expected: Box<Instrument>,
    },
}

fn unit(unit: &Option<Unit>) -> String {
    unit.as_ref().map_or_else(|| "a unit that is not stated".to_owned(), |unit| format!("`{unit}`"))
}
