//! Recipes: which model is fitted and how (docs/spec/4-recipes.md). Everything that changes a number
//! is here.

mod reserved;
mod text;
mod uncertainty;
mod words;

pub use reserved::{Derived, Function};
pub use uncertainty::{Component, Distribution, FOLLOWING, Uncertainty};
pub use words::{Estimator, Validation, WordError};

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

/// Version of the format. 1: the first; 2: channels, sessions of tables, and what is left out of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.recipe/1")]
    V1,
    /// Version 2.
    #[serde(rename = "openweigh.recipe/2")]
    V2,
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
    /// How sessions become readings; none for tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// What is fitted.
    pub model: Model,
    /// How.
    #[serde(default)]
    pub fit: Fit,
    /// What makes a prediction uncertain besides the fit. Of version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Uncertainty>,
    /// How predictions are given.
    pub result: Outcome,
    /// Features made of others. Reserved by version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derive: Option<Vec<Derived>>,
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
    /// Which of target and features is taken as a function of the other. Of version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
}

/// Which of target and features is taken as a function of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Direction {
    /// The target is a function of the features: what is wanted is fitted.
    Inverse,
    /// The feature is a function of the target, as the sensor answers the load: reserved.
    Forward,
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
    /// Terms whose coefficients may differ from session to session. Of version 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_terms: Option<Vec<Term>>,
}

impl Default for Fit {
    fn default() -> Self {
        Self {
            estimator: Estimator::Ols,
            digits: 17,
            validation: Validation::None,
            coefficients: None,
            session_terms: None,
        }
    }
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
    /// Coverage factor k of the expanded uncertainty. Of version 1: version 2 takes it from a probability.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Number>,
}

/// Where on the pad.
const PLACES: [&str; 2] = ["x", "y"];

/// The target of sessions.
pub const REFERENCE: &str = "reference_g";

/// The versions of the format, oldest first.
pub const FORMATS: [&str; 2] = ["openweigh.recipe/1", "openweigh.recipe/2"];

impl Recipe {
    /// Reads a recipe from TOML.
    ///
    /// # Errors
    /// Where and how the bytes depart from the format.
    pub fn from_toml(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut recipe: Self = handwritten::read_any(bytes, &FORMATS)?;
        recipe.complete();
        recipe.check().map_err(Malformed::whole)?;
        Ok(recipe)
    }

    /// Fills in what its version has where nothing is said.
    fn complete(&mut self) {
        match self.format {
            Format::V1 => {
                self.reading.iter_mut().for_each(Reading::complete_first);
                self.result.coverage.get_or_insert(Number(Decimal::from(2)));
            }
            Format::V2 => {
                self.model.direction.get_or_insert(Direction::Inverse);
                let terms = self.usual_session_terms();
                self.fit.session_terms.get_or_insert(terms);
                self.uncertainty.get_or_insert_default();
            }
        }
    }

    /// What its version has, and has not yet.
    fn check_version(&self) -> Result<(), Fault> {
        let first = self.format == Format::V1;
        let filled =
            self.reading.as_ref().is_none_or(|reading| reading.touches.is_some() && reading.states.is_some());
        let second = || {
            self.model.direction.is_some() && self.fit.session_terms.is_some() && self.uncertainty.is_some()
        };
        let complete = if first { filled && self.result.coverage.is_some() } else { second() };
        if !complete {
            return Err(inconsistent(
                "recipe",
                "keys that are left out",
                "every key of its version in weights",
            ));
        }
        if first {
            let keys = [
                ("model.direction", self.model.direction.is_some()),
                ("fit.session_terms", self.fit.session_terms.is_some()),
                ("uncertainty", self.uncertainty.is_some()),
                ("derive", self.derive.is_some()),
            ];
            let found = keys.iter().find(|(_, there)| *there);
            return found.map_or(Ok(()), |(key, _)| {
                let expected = "no such key in `openweigh.recipe/1`; `openweigh.recipe/2` has it";
                Err(inconsistent(*key, "the key", expected))
            });
        }
        if self.result.coverage.is_some() {
            let expected =
                "no such key in `openweigh.recipe/2`, which takes the factor from `coverage_probability`";
            return Err(inconsistent("result.coverage", "the key", expected));
        }
        let reserved = [
            ("model.direction = \"forward\"", self.model.direction == Some(Direction::Forward)),
            ("[[derive]]", self.derive.is_some()),
        ];
        let found = reserved.iter().find(|(_, there)| *there);
        found.map_or(Ok(()), |(key, _)| {
            let expected = "nothing: the format reserves it, and this version of the program does not have it yet; leave it out";
            Err(inconsistent(*key, "the key", expected))
        })
    }

    /// The columns that are read: those of the terms, in order of first appearance; in version 2 of touch sessions also
    /// `x` and `y`, so that it is known where nobody calibrated.
    pub fn features(&self) -> Vec<ColumnName> {
        let mut features = Term::features(&self.model.terms);
        if self.reads_places() {
            for name in PLACES.map(|name| name.parse::<ColumnName>().expect("the name of a quantity")) {
                if !features.contains(&name) {
                    features.push(name);
                }
            }
        }
        features
    }

    /// Whether it is one of version 2 for touch sessions, whose readings have places.
    pub fn reads_places(&self) -> bool {
        self.format == Format::V2 && self.reading.as_ref().is_some_and(|own| own.of_touches().is_some())
    }

    /// Whether the range of a feature is of the load's own reading under any tare: a place is not a signal.
    pub fn is_place(&self, feature: &ColumnName) -> bool {
        self.reads_places() && PLACES.contains(&feature.as_str())
    }

    /// Terms whose coefficients are estimated from the data.
    pub fn estimated_terms(&self) -> u64 {
        match self.fit.estimator {
            Estimator::Ols => self.model.terms.len() as u64,
            Estimator::Declared => 0,
        }
    }

    /// Names of version 1 are ASCII.
    fn check_names(&self) -> Result<(), Fault> {
        if self.format != Format::V1 {
            return Ok(());
        }
        let mut names = self.features().into_iter().chain([self.model.target.clone()]);
        match names.find(|name| !name.is_of_version_1()) {
            None => Ok(()),
            Some(name) => {
                let expected = "ASCII letters, digits and `_` in a recipe of version 1";
                Err(inconsistent("model", format!("`{name}`"), expected))
            }
        }
    }

    /// What `[reading]` and the rest must agree on.
    fn check_reading(&self) -> Result<(), Fault> {
        let Some(reading) = &self.reading else {
            if self.model.tare != Tare::None {
                return Err(inconsistent("model.tare", "a tare", "`none` without a [reading] of sessions"));
            }
            if self.format == Format::V1 && self.fit.validation == Validation::LeaveOneSessionOut {
                let expected = "another one without a [reading] of touch sessions; `openweigh.recipe/2` has it for tables with a `session_column`";
                return Err(inconsistent("fit.validation", "`leave-one-session-out`", expected));
            }
            return Ok(());
        };
        if self.model.target.as_str() != REFERENCE {
            let found = format!("`{}`", self.model.target);
            return Err(inconsistent("model.target", found, format!("`{REFERENCE}` with a [reading]")));
        }
        // Sessions of channels may call them as they like.
        let of_touches = self.format == Format::V1 || reading.of_touches().is_some();
        let unknown = |name: &&ColumnName| of_touches && Quantity::named(name.as_str()).is_none();
        if let Some(other) = self.features().iter().find(unknown) {
            let known = Quantity::ALL.map(|quantity| format!("`{}`", quantity.as_str())).join(", ");
            let channels = match self.format {
                Format::V1 => "; for a channel of signals write `format = \"openweigh.recipe/2\"`",
                Format::V2 => "",
            };
            return Err(inconsistent(
                "model.terms",
                format!("`{other}`"),
                format!("of touch sessions, {known}{channels}"),
            ));
        }
        let states = reading.counted_states();
        if states.is_empty() || (1..states.len()).any(|at| states[..at].contains(&states[at])) {
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
        self.check_version()?;
        self.check_names()?;
        self.check_reading()?;
        self.check_coefficients()?;
        self.check_session_terms()?;
        self.uncertainty.as_ref().map_or(Ok(()), Uncertainty::check)?;
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
        if let Some(coverage) = self.result.coverage.as_ref().filter(|factor| factor.0 <= Decimal::ZERO) {
            return Err(inconsistent("result.coverage", coverage, "a number above 0"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
