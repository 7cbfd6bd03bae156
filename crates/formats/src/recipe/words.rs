//! Estimators and validations: words of the format, some with a number behind them.

use crate::limits;
use serde::{Deserialize, Serialize};

/// Estimators of the coefficients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(with = "String"))]
pub enum Estimator {
    /// Ordinary least squares.
    Ols,
    /// None: the coefficients are those that the recipe declares.
    Declared,
}

/// Ways of judging a fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(with = "String"))]
pub enum Validation {
    /// Not at all.
    None,
    /// Every fitted row is a fold.
    LeaveOneOut,
    /// The i-th fitted row is in fold i mod k.
    KFold(usize),
    /// Every session is a fold.
    LeaveOneSessionOut,
}

/// A word of the format that this program does not carry out, or does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Reserved by format 1.
    #[error(
        "{what} `{found}` is reserved by the format, but this version of the program does not have it; it has {known}"
    )]
    Reserved {
        /// What it would name.
        what: &'static str,
        /// The word.
        found: String,
        /// What there is.
        known: &'static str,
    },
    /// Unknown.
    #[error("unknown {what} `{found}`; this version of the program has {known}")]
    Unknown {
        /// What it should name.
        what: &'static str,
        /// The word.
        found: String,
        /// What there is.
        known: &'static str,
    },
    /// A number of folds outside its limits.
    #[error("`{found}` is not a number of folds: expected an integer from 2 to {}", limits::FOLDS)]
    Folds {
        /// The text.
        found: String,
    },
}

impl TryFrom<String> for Estimator {
    type Error = WordError;

    fn try_from(text: String) -> Result<Self, WordError> {
        let (what, known) = ("estimator", "`ols` and `declared`");
        let found = crate::malformed::shortened(&text, 60);
        match text.split(':').next() {
            _ if text == "ols" => Ok(Self::Ols),
            _ if text == "declared" => Ok(Self::Declared),
            Some("wls" | "ridge" | "huber" | "theil-sen" | "deming" | "york") => {
                Err(WordError::Reserved { what, found, known })
            }
            _ => Err(WordError::Unknown { what, found, known }),
        }
    }
}

impl From<Estimator> for String {
    fn from(estimator: Estimator) -> Self {
        match estimator {
            Estimator::Ols => "ols".to_owned(),
            Estimator::Declared => "declared".to_owned(),
        }
    }
}

impl TryFrom<String> for Validation {
    type Error = WordError;

    fn try_from(text: String) -> Result<Self, WordError> {
        let (what, known) =
            ("validation", "`none`, `leave-one-out`, `leave-one-session-out` and `k-fold:<k>`");
        let found = crate::malformed::shortened(&text, 60);
        if let Some(folds) = text.strip_prefix("k-fold:") {
            let count = folds.parse::<usize>().ok().filter(|_| !folds.starts_with(['0', '+']));
            let count = count.filter(|count| (2..=limits::FOLDS).contains(count));
            return count.map(Self::KFold).ok_or(WordError::Folds { found });
        }
        match text.as_str() {
            "none" => Ok(Self::None),
            "leave-one-out" => Ok(Self::LeaveOneOut),
            "leave-one-session-out" => Ok(Self::LeaveOneSessionOut),
            _ => Err(WordError::Unknown { what, found, known }),
        }
    }
}

impl From<Validation> for String {
    fn from(validation: Validation) -> Self {
        match validation {
            Validation::None => "none".to_owned(),
            Validation::LeaveOneOut => "leave-one-out".to_owned(),
            Validation::KFold(folds) => format!("k-fold:{folds}"),
            Validation::LeaveOneSessionOut => "leave-one-session-out".to_owned(),
        }
    }
}
