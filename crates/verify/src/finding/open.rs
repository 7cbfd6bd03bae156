//! Why something could not be checked.

use openweigh_formats::Digest;
use openweigh_formats::path::RelativePath;

/// Why something could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Open {
    /// A dataset that a derivation needs.
    #[error(
        "the dataset of `{0}`, or its data, cannot be used: missing, malformed or other bytes than listed"
    )]
    DatasetUnread(RelativePath),
    /// The weights themselves.
    #[error("the weights cannot be used: missing, malformed or other bytes than listed")]
    WeightsUnread,
    /// No derivation of weights.
    #[error("no `fit` is listed for them")]
    NoFit,
    /// A derivation without a recipe.
    #[error("the `fit` lists no recipe")]
    NoRecipe,
    /// The recipe of weights.
    #[error("its recipe cannot be used: missing, malformed or other bytes than listed")]
    RecipeUnread,
    /// No derivation of results.
    #[error("no `replay` is listed for them")]
    NoReplay,
    /// A derivation without weights.
    #[error("the `replay` lists no weights")]
    NoWeights,
    /// The weights of results.
    #[error("their weights cannot be used: missing, malformed or other bytes than listed")]
    WeightsOfResultsUnread,
    /// The results themselves.
    #[error("the results cannot be used: missing, malformed or other bytes than listed")]
    ResultsUnread,
    /// A session whose frames the results are of.
    #[error("a session of their datasets cannot be used: missing, malformed or other bytes than listed")]
    SessionUnread,
    /// A claim over weights that do not follow.
    #[error("the weights could not be derived again")]
    WeightsNotDerived,
    /// A claim over results that do not follow.
    #[error("the results could not be derived again from weights that could")]
    ResultsNotDerived,
    /// Touches that a release keeps back.
    #[error(
        "kept back by the publisher, who commits to {bytes} bytes with the SHA-256 {sha256}; if you were given them, say \
         where with --sessions"
    )]
    KeptBack {
        /// Their size.
        bytes: u64,
        /// Their digest.
        sha256: Digest,
    },
    /// What follows from readings that are stated, not derived.
    #[error(
        "it follows from the readings that the publisher states; that those are the readings of the touches, which are \
         kept back, is not shown"
    )]
    Stated,
    /// Generated files of which an input is unread.
    #[error("a description, recipe or weights file that they are made from cannot be used")]
    CardsUnread,
    /// A changelog of which the results are unread.
    #[error("{path}: {why}")]
    ResultsOfChangelog {
        /// The results.
        path: RelativePath,
        /// Why.
        why: String,
    },
    /// The text of a licence that the list of licences does not have.
    #[error("`{0}` is no id of the SPDX list that this version has, so its text cannot be compared")]
    UnknownLicence(String),
    /// A withdrawal by somebody who may withdraw, and that says something unreadable.
    #[error("{0}")]
    WithdrawalUnread(String),
    /// A file beside the release that may be a withdrawal.
    #[error("{0}; it could withdraw the release")]
    MayWithdraw(String),
}

impl Open {
    /// The reason for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::DatasetUnread(_) => "dataset-unread",
            Self::WeightsUnread => "weights-unread",
            Self::NoFit => "no-fit",
            Self::NoRecipe => "no-recipe",
            Self::RecipeUnread => "recipe-unread",
            Self::NoReplay => "no-replay",
            Self::NoWeights => "no-weights",
            Self::WeightsOfResultsUnread => "weights-of-results-unread",
            Self::ResultsUnread => "results-unread",
            Self::SessionUnread => "session-unread",
            Self::WeightsNotDerived => "weights-not-derived",
            Self::ResultsNotDerived => "results-not-derived",
            Self::KeptBack { .. } => "kept-back",
            Self::Stated => "stated-readings",
            Self::CardsUnread => "cards-unread",
            Self::ResultsOfChangelog { .. } => "results-of-changelog",
            Self::UnknownLicence(_) => "unknown-licence",
            Self::WithdrawalUnread(_) => "withdrawal-unread",
            Self::MayWithdraw(_) => "may-withdraw",
        }
    }
}
