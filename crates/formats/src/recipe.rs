//! Recipes: which model is fitted and how (docs/spec/4-recipes.md). Everything that changes a number
//! is here.

use crate::canonical::inconsistent;
use crate::malformed::{Fault, Malformed};
use crate::number::Number;
use crate::reading::Reading;
use crate::term::Term;
use crate::text::{ColumnName, Name, Unit};
use crate::touches::Quantity;
use crate::{handwritten, limits};
use openweigh_exact::Decimal;
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.recipe/1")]
    V1,
}

/// A recipe, as read from TOML or as it stands in weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Recipe {
    /// Kind and version of the file.
    pub format: Format,
    /// Its name.
    pub name: Name,
    /// How touch sessions become readings; none for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// What is fitted.
    pub model: Model,
    /// How.
    #[serde(default)]
    pub fit: Fit,
    /// How predictions are given.
    pub result: Outcome,
}

/// The model: target = Σ coefficient·term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Model {
    /// The column that is predicted.
    pub target: ColumnName,
    /// The terms.
    pub terms: Vec<Term>,
    /// What is subtracted before the fit.
    #[serde(default)]
    pub tare: Tare,
}

/// What is subtracted from a load's reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Tare {
    /// Nothing.
    #[default]
    None,
    /// The tare's reading, value by value.
    Signal,
    /// The tare's term values.
    Model,
}

/// How the coefficients are found and judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Fit {
    /// The estimator.
    pub estimator: Estimator,
    /// Significant digits of coefficients and statistics.
    pub digits: u32,
    /// How the fit is judged on rows it has not seen.
    pub validation: Validation,
    /// The coefficients of the estimator `declared`, one for each term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coefficients: Option<Vec<Number>>,
}

impl Default for Fit {
    fn default() -> Self {
        Self { estimator: Estimator::Ols, digits: 17, validation: Validation::None, coefficients: None }
    }
}

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

/// How predictions are given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Outcome {
    /// Unit of a prediction, if the sources state one.
    #[serde(default)]
    pub unit: Option<Unit>,
    /// Decimals of a prediction.
    pub decimals: u32,
    /// Coverage factor k of the expanded uncertainty.
    #[serde(default = "two")]
    pub coverage: Number,
}

fn two() -> Number {
    Number(Decimal::from(2))
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
            Some("wls" | "ridge" | "huber" | "theil-sen") => Err(WordError::Reserved { what, found, known }),
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

/// The target of touch sessions.
pub const REFERENCE: &str = "reference_g";

impl Recipe {
    /// Reads a recipe from TOML.
    ///
    /// # Errors
    /// Where and how the bytes depart from the format.
    pub fn from_toml(bytes: &[u8]) -> Result<Self, Malformed> {
        let recipe: Self = handwritten::read(bytes, "openweigh.recipe/1")?;
        recipe.check().map_err(Malformed::whole)?;
        Ok(recipe)
    }

    /// The columns that the terms read, in order of first appearance.
    pub fn features(&self) -> Vec<ColumnName> {
        Term::features(&self.model.terms)
    }

    /// Terms whose coefficients are estimated from the data.
    pub fn estimated_terms(&self) -> u64 {
        match self.fit.estimator {
            Estimator::Ols => self.model.terms.len() as u64,
            Estimator::Declared => 0,
        }
    }

    /// What `[reading]` and the rest must agree on.
    fn check_reading(&self) -> Result<(), Fault> {
        let Some(reading) = &self.reading else {
            if self.model.tare != Tare::None {
                return Err(inconsistent(
                    "model.tare",
                    "a tare",
                    "`none` without a [reading] of touch sessions",
                ));
            }
            if self.fit.validation == Validation::LeaveOneSessionOut {
                let expected = "another one without a [reading] of touch sessions";
                return Err(inconsistent("fit.validation", "`leave-one-session-out`", expected));
            }
            return Ok(());
        };
        if self.model.target.as_str() != REFERENCE {
            let found = format!("`{}`", self.model.target);
            return Err(inconsistent("model.target", found, format!("`{REFERENCE}` with a [reading]")));
        }
        if let Some(other) = self.features().iter().find(|name| Quantity::named(name.as_str()).is_none()) {
            let known = Quantity::ALL.map(|quantity| format!("`{}`", quantity.as_str())).join(", ");
            return Err(inconsistent(
                "model.terms",
                format!("`{other}`"),
                format!("of touch sessions, {known}"),
            ));
        }
        let repeated = (1..reading.states.len()).any(|at| reading.states[..at].contains(&reading.states[at]));
        if reading.states.is_empty() || repeated {
            return Err(inconsistent("reading.states", "none, or one twice", "some states, each once"));
        }
        if reading.settle_s.0 < Decimal::ZERO {
            return Err(inconsistent("reading.settle_s", &reading.settle_s, "a number from 0"));
        }
        if reading.decimals > limits::DIGITS {
            return Err(inconsistent(
                "reading.decimals",
                reading.decimals,
                format!("0 to {}", limits::DIGITS),
            ));
        }
        if self.result.unit.as_ref().map(Unit::as_str) != Some("g") {
            let found = self.result.unit.as_ref().map_or("none".to_owned(), |unit| format!("`{unit}`"));
            return Err(inconsistent("result.unit", found, "`g` with a [reading]: references are in grams"));
        }
        Ok(())
    }

    fn check_coefficients(&self) -> Result<(), Fault> {
        let wanted = match self.fit.estimator {
            Estimator::Ols => None,
            Estimator::Declared => Some(self.model.terms.len()),
        };
        let found = self.fit.coefficients.as_ref().map(Vec::len);
        if found != wanted {
            let count = |count: Option<usize>| count.map_or("none".to_owned(), |count| count.to_string());
            let expected = format!("{} with this estimator", count(wanted));
            return Err(inconsistent("fit.coefficients", count(found), expected));
        }
        if self.fit.estimator == Estimator::Declared && self.fit.validation != Validation::None {
            let expected = "`none`: declared coefficients are the same without a fold";
            return Err(inconsistent("fit.validation", "one of declared coefficients", expected));
        }
        Ok(())
    }

    /// Checks what single values cannot show.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), Fault> {
        self.check_reading()?;
        self.check_coefficients()?;
        let terms = &self.model.terms;
        if terms.is_empty() || terms.len() > limits::TERMS {
            return Err(inconsistent(
                "model.terms",
                format!("{} terms", terms.len()),
                format!("1 to {}", limits::TERMS),
            ));
        }
        for (at, term) in terms.iter().enumerate() {
            if terms[..at].iter().any(|earlier| earlier.sorted() == term.sorted()) {
                return Err(inconsistent("model.terms", format!("`{term}` twice"), "each product once"));
            }
        }
        if self.features().contains(&self.model.target) {
            let found = format!("the target `{}` in a term", self.model.target);
            return Err(inconsistent("model.terms", found, "features other than the target"));
        }
        if !(1..=limits::DIGITS).contains(&self.fit.digits) {
            return Err(inconsistent("fit.digits", self.fit.digits, format!("1 to {}", limits::DIGITS)));
        }
        if self.result.decimals > limits::DIGITS {
            let expected = format!("0 to {}", limits::DIGITS);
            return Err(inconsistent("result.decimals", self.result.decimals, expected));
        }
        if self.result.coverage.0 <= Decimal::ZERO {
            return Err(inconsistent("result.coverage", &self.result.coverage, "a number above 0"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"format = "openweigh.recipe/1"
name = "load-cell"

[model]
target = "y"
terms = ["1", "x", "x^2"]

[result]
decimals = 2
"#;

    #[test]
    fn defaults_are_those_of_the_specification() {
        let recipe = Recipe::from_toml(GOOD.as_bytes()).unwrap();
        assert_eq!(
            recipe.fit,
            Fit { estimator: Estimator::Ols, digits: 17, validation: Validation::None, coefficients: None }
        );
        assert_eq!(recipe.result.coverage.to_string(), "2");
        assert_eq!(recipe.model.tare, Tare::None);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        let cases = [
            (GOOD.replace("recipe/1", "recipe/2"), "a newer program is needed"),
            (GOOD.replace("recipe/1", "weights/1"), "this is another kind of file"),
            (GOOD.replace("x^2", "x^99"), "6:9: `99` is not an exponent"),
            (GOOD.replace("x^2", "x"), "`x` twice"),
            (GOOD.replace("\"x\"", "\"y\""), "the target `y` in a term"),
            (
                GOOD.replace("[result]", "[fit]\nestimator = \"wls\"\n[result]"),
                "9:13: estimator `wls` is reserved",
            ),
            (GOOD.replace("[result]", "[fit]\nestimator = \"lasso\"\n[result]"), "unknown estimator `lasso`"),
            (
                GOOD.replace("[result]", "[fit]\ndigits = 51\n[result]"),
                "fit.digits: found 51, expected 1 to 50",
            ),
            (GOOD.replace("[result]", "[fit]\nvalidation = \"k-fold:1\"\n[result]"), "not a number of folds"),
            (GOOD.replace("decimals = 2", "decimals = 2\nspeed = 3"), "unknown field `speed`"),
            (GOOD.replace("decimals = 2", "decimals = -2"), "9:12: "),
            (GOOD.replace("decimals = 2", "decimals = 2\ncoverage = \"0\""), "result.coverage: found 0"),
            (GOOD.replace("name", "nom"), "unknown field `nom`"),
            (GOOD.replace("[model]", "[model"), "4:7"),
        ];
        for (text, expected) in cases {
            let message = Recipe::from_toml(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}\n  should contain {expected}");
        }
    }
}
