//! Weights and datasets in, results out; and everything that a manifest claims, derived again.
//!
//! [`predict`] writes results (docs/spec/6-results.md). [`mod@verify`] goes through the stages of
//! docs/spec/8-verification.md: [`listing`] for bytes and completeness, then the derivations, then
//! [`claims`]; [`withheld`] has what a release states in place of what it keeps back. [`divergence`] finds where two derivations part and says by how much and why that is
//! likely. [`account`] tells how a single number came to be.
//!
//! What this crate does *not* do: it opens no file. Whoever calls it supplies a [`Files`](openweigh_formats::files::Files) that
//! hands out bytes, and everything taken from it is hashed before it is believed.

pub mod account;
pub mod claims;
pub mod coefficient;
pub mod completeness;
pub mod contradictions;
pub mod divergence;
pub mod finding;
pub mod grams;
pub mod listing;
pub mod overview;
mod passing;
pub mod predict;
pub mod proposal;
pub mod report;
pub mod single;
pub mod texts;
pub mod verify;
pub mod withheld;

pub use finding::{Cause, Finding, Guess, Kind, Open, Other, Proof};
pub use predict::Predictor;
pub use report::{Item, Note, Report, Stage, Verdict};
pub use verify::{examine, verify};

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
