//! Of `explain`: how one number came to be.

use super::answer;
use serde::Serialize;

/// `explain`; of weights without a subject it shows the weights.
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Explained {
    /// A manifest: its claims.
    Manifest {
        /// Each claim.
        claims: Vec<ClaimValue>,
    },
    /// One claim.
    Claim(ExplainedClaim),
    /// One coefficient of weights.
    Coefficient(ExplainedCoefficient),
    /// Results as a whole.
    Results {
        /// The file.
        results: String,
        /// What they are derived from.
        from: Vec<String>,
        /// Whether they were derived again.
        derived: bool,
    },
    /// One weighing of a session.
    Weighing {
        /// The dataset's name.
        dataset: String,
        /// The session.
        session: String,
        /// The weighing.
        weighing: String,
        /// The sum of the terms, exactly.
        sum: String,
        /// The sum, rounded.
        predicted: String,
        /// The line as it is derived.
        line: String,
        /// Whether the results have that line.
        same: bool,
    },
    /// One row of a table.
    Row {
        /// The dataset's name.
        dataset: String,
        /// The row, from 0.
        row: usize,
        /// The sum of the terms, exactly.
        sum: String,
        /// The sum, rounded.
        predicted: String,
        /// The line as it is derived.
        line: String,
        /// Whether the results have that line.
        same: bool,
    },
    /// A row that lacks a feature.
    Gap {
        /// The dataset's name.
        dataset: String,
        /// The row, from 0.
        row: usize,
        /// Nothing is predicted.
        predicted: Option<String>,
        /// `gap`.
        flags: &'static str,
    },
}
answer!(Explained, "openweigh.explain/1");

/// A claim of a manifest, with its value.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ClaimValue {
    /// Its id.
    pub(crate) id: String,
    /// The value that is claimed.
    pub(crate) claimed: String,
    /// The exact value, as a fraction or the root of one, where it can be recomputed.
    pub(crate) exactly: Option<String>,
    /// Its first 20 digits.
    pub(crate) digits: Option<String>,
}

/// A claim, and whether it holds.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExplainedClaim {
    /// Its id.
    pub(crate) id: String,
    /// The value that is claimed.
    pub(crate) claimed: String,
    /// The exact value, as a fraction or the root of one, where it can be recomputed.
    pub(crate) exactly: Option<String>,
    /// `holds`, `does not hold`, `makes no sense` or `cannot be checked`.
    pub(crate) verdict: &'static str,
    /// Why, where it does not hold.
    pub(crate) reason: Option<String>,
}

/// A coefficient, recomputed from the sums in the weights.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ExplainedCoefficient {
    /// The weights.
    pub(crate) file: String,
    /// `b0`, `b1`, ….
    pub(crate) coefficient: String,
    /// Of which term it is the coefficient.
    pub(crate) term: String,
    /// The value that the weights state.
    pub(crate) stated: String,
    /// The exact value, as a fraction.
    pub(crate) exactly: String,
    /// That, rounded.
    pub(crate) rounded: String,
    /// Its unit.
    pub(crate) unit: Option<String>,
    /// Its standard error.
    pub(crate) standard_error: Option<String>,
    /// Whether the stated value is the rounded one.
    pub(crate) same: bool,
}
