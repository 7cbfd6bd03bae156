//! Datasets and a recipe in, weights out (docs/spec/4-recipes.md).
//!
//! [`reading`] gathers the rows that are fitted, [`model`] turns the recipe's terms into products of
//! columns, [`estimate`] solves for the coefficients and their statistics over the rationals, and
//! [`validate`] judges the fit on rows that it has not seen. [`fit`] puts them together.
//!
//! What this crate does *not* do: it reads no file and no clock, and it has no option that changes a
//! number; the number of threads changes none, because exact sums do not care how they are split.

pub mod budget;
pub mod estimate;
pub mod exclusion;
mod figures;
mod held_out;
pub mod model;
pub mod proposal;
pub mod reading;
pub mod validate;
mod weigh;
mod work;

pub use budget::{Budget, Judged};
pub use estimate::Estimate;
pub use figures::ErrorFigures;
pub use held_out::held_out;
pub use model::{Inputs, Model};
pub use reading::{Readings, Training};
pub use weigh::{Fitted, Header, fit, fit_within};
pub use work::Work;

use openweigh_exact::DecimalError;
use openweigh_exact::possible::Impossible;
use openweigh_formats::text::{ColumnName, Name, Unit};
use openweigh_formats::weighings::Id;
use openweigh_formats::weights::Instrument;

/// Why data and recipe give no weights.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The recipe names a column that the dataset lacks.
    #[error(
        "dataset `{dataset}` has no number column `{column}`, which the recipe needs; its number columns are {}",
        list(available)
    )]
    NoColumn {
        /// The dataset.
        dataset: Name,
        /// The column.
        column: ColumnName,
        /// The number columns it has.
        available: Vec<ColumnName>,
    },
    /// Weights of version 2 that continue others.
    #[error("weights of version 2 cannot name a parent yet: fit without one, or with a recipe of version 1")]
    Parent,
    /// A recipe of version 1 on a dataset with something that it does not know of.
    #[error("dataset `{dataset}` has {what}, which need a recipe of version 2 (`openweigh.recipe/2`)")]
    OldRecipe {
        /// The dataset.
        dataset: Name,
        /// What it has.
        what: &'static str,
    },
    /// Two sources state different units for one quantity.
    #[error("column `{column}` of dataset `{dataset}` is in {}, expected {}", unit(found), unit(expected))]
    Unit {
        /// The dataset.
        dataset: Name,
        /// The column.
        column: ColumnName,
        /// The unit there.
        found: Option<Unit>,
        /// The unit wanted.
        expected: Option<Unit>,
    },
    /// A dataset whose name or data are those of another one, or that has the same data twice.
    #[error("the data of dataset `{dataset}`, or its name, are given twice: rows would count twice")]
    Repeated {
        /// The dataset.
        dataset: Name,
    },
    /// No row has the target and every feature.
    #[error("no row has the target and every feature, so there is nothing to fit")]
    NoRows,
    /// The terms do not determine unique coefficients.
    #[error(
        "the term `{term}` is {} on the fitted rows ({rows}), so the coefficients are not determined: leave a term out or add rows",
        dependence(on)
    )]
    Dependent {
        /// The dependent term.
        term: String,
        /// The terms it depends on.
        on: Vec<String>,
        /// Rows fitted.
        rows: u64,
    },
    /// Sessions are to be left out, and there is one.
    #[error("the data have one session, and the recipe validates by leaving sessions out")]
    OneSession,
    /// More folds than rows, or than the limit.
    #[error(
        "the fitted rows are too few, or the folds too many: {rows} and {folds}; expected 2 to {limit} folds, and no more than rows"
    )]
    Folds {
        /// Rows fitted.
        rows: usize,
        /// Folds wanted.
        folds: usize,
        /// The limit.
        limit: usize,
    },
    /// Numbers too long and terms too many to be solved in reasonable time.
    #[error(
        "this fit{} is too large: {terms} terms, a determinant of up to {bits} bits, {folds} folds; the limit is p³ · (w + 32)² · (folds + 1) ≤ 2^38 for the fits of a manifest together; use fewer terms, lower powers, fewer decimals or fewer folds",
        after(*others)
    )]
    TooMuchWork {
        /// Terms.
        terms: usize,
        /// Bound on the determinant's bits.
        bits: usize,
        /// Folds.
        folds: usize,
        /// Whether others of the manifest were fitted before.
        others: bool,
    },
    /// Sums of more folds than fit into memory.
    #[error(
        "{folds} folds are too many for {terms} terms whose values take {words} words of 64 bits a row; the limit is folds · (p + 1) · r ≤ 2^24; use fewer folds, lower powers or fewer decimals"
    )]
    TooManyFolds {
        /// Terms.
        terms: usize,
        /// Words of the terms of a row.
        words: usize,
        /// Folds.
        folds: usize,
    },
    /// More rows than the model can be computed on in reasonable time.
    #[error(
        "{rows} rows{} are too many for {terms} terms whose values take {words} words of 64 bits a row; the limit is rows · r² ≤ 2^37 for the fits of a manifest together, rows · p · r · v ≤ 2^39 for its replays; use fewer terms, lower powers or fewer decimals",
        after(*others)
    )]
    TooManyRows {
        /// Rows.
        rows: usize,
        /// Terms.
        terms: usize,
        /// Words of the terms of a row.
        words: usize,
        /// Whether others of the manifest were derived before.
        others: bool,
    },
    /// A tare that its load's frames come before, in a recipe that reads frame by frame.
    #[error(
        "the tare of weighing `{weighing}` of session `{session}` comes after it, and a recipe with `per = \"frame\"` needs it before"
    )]
    LateTare {
        /// The session.
        session: Id,
        /// The load's weighing.
        weighing: Id,
    },
    /// A load without a tare, under a recipe that subtracts one.
    #[error(
        "weighing `{weighing}` of session `{session}` has no tare, which the recipe subtracts: name one in its `tare` column, or choose a recipe with `tare = \"none\"`"
    )]
    NoTare {
        /// The session.
        session: Id,
        /// The weighing.
        weighing: Id,
    },
    /// No readings can be formed.
    #[error(transparent)]
    Reading(#[from] openweigh_dataset::ReadingError),
    /// A recipe for tables with sessions, or the other way round.
    #[error("dataset `{dataset}` is of kind `{found}`, and the recipe is for {}", if *expected == "table" { "`table`: it has no [reading]" } else { "sessions: it has a [reading]" })]
    Kind {
        /// The dataset.
        dataset: Name,
        /// Its kind.
        found: &'static str,
        /// The recipe's.
        expected: &'static str,
    },
    /// A recipe that reads touches, with sessions of signals.
    #[error(
        "dataset `{dataset}` has sessions of signals, and `{key}` of the recipe's [reading] is about touches: leave it out"
    )]
    TouchKey {
        /// The dataset.
        dataset: Name,
        /// The key.
        key: &'static str,
    },
    /// A recipe of version 2 that does not say how touches are read, with touch sessions.
    #[error(
        "dataset `{dataset}` has touch sessions, and the recipe's [reading] does not say how touches are read: add `touches = \"sum\"`"
    )]
    NoTouchKey {
        /// The dataset.
        dataset: Name,
    },
    /// A recipe that reads what touches do not have.
    #[error(
        "dataset `{dataset}` has touch sessions, which have no `{feature}`; they have {}",
        list(available)
    )]
    NoQuantity {
        /// The dataset.
        dataset: Name,
        /// What the recipe reads.
        feature: ColumnName,
        /// What touches have.
        available: Vec<ColumnName>,
    },
    /// An exclusion of what is not there.
    #[error("dataset `{dataset}` excludes {what}, which it does not have")]
    NothingExcluded {
        /// The dataset.
        dataset: Name,
        /// What is not there.
        what: String,
    },
    /// A table without sessions, under a validation that leaves sessions out.
    #[error(
        "dataset `{dataset}` has no session column, and the recipe validates by leaving sessions out: choose `leave-one-out`, or state in dataset.json which text column makes the sessions"
    )]
    NoSessions {
        /// The dataset.
        dataset: Name,
    },
    /// Sessions of different pads, or of different channels.
    #[error("session `{session}` of dataset `{dataset}` is of {found}, the others are of {expected}")]
    Pad {
        /// The dataset.
        dataset: Name,
        /// The session.
        session: Id,
        /// Its pad, or its channels.
        found: Box<Instrument>,
        /// That of the others.
        expected: Box<Instrument>,
    },
    /// Statistics that were read and are not those of any data.
    #[error("`normal` is {0}")]
    Impossible(Impossible),
    /// A number that would be longer than the format allows.
    #[error("{what} would be {error}; rescale a column, or use lower powers")]
    LongNumber {
        /// Which number.
        what: String,
        /// How long.
        error: DecimalError,
    },
}

fn list(names: &[ColumnName]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl FitError {
    /// Whether a limit was met (docs/spec/9-limits.md): not that anything is wrong.
    pub fn is_limit(&self) -> bool {
        matches!(self, Self::TooMuchWork { .. } | Self::TooManyFolds { .. } | Self::TooManyRows { .. })
    }
}

fn after(others: bool) -> &'static str {
    if others { ", after what the manifest derives besides," } else { "" }
}

fn unit(unit: &Option<Unit>) -> String {
    unit.as_ref().map_or_else(|| "a unit that is not stated".to_owned(), |unit| format!("`{unit}`"))
}

fn dependence(on: &[String]) -> String {
    if on.is_empty() {
        return "zero".to_owned();
    }
    let terms: Vec<String> = on.iter().map(|term| format!("`{term}`")).collect();
    format!("a combination of {}", terms.join(", "))
}
