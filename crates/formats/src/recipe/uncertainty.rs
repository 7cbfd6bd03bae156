//! What a recipe of version 2 says of the uncertainty of predictions (docs/spec/4-recipes.md, 4.12).

use super::Recipe;
use crate::canonical::inconsistent;
use crate::limits;
use crate::malformed::Fault;
use crate::number::Number;
use crate::recipe::Tare;
use crate::term::Term;
use crate::text::Name;
use openweigh_exact::{Decimal, Ratio};
use serde::{Deserialize, Serialize};

/// Names of the components that follow from the data.
pub const FOLLOWING: [&str; 6] =
    ["repeatability", "lack-of-fit", "sessions", "coefficients", "references", "rounding"];

/// What makes a prediction uncertain besides the fit, and which share of predictions is to be covered. Of version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Uncertainty {
    /// The share of predictions that the expanded uncertainty is to cover.
    #[serde(default = "usual_share")]
    pub coverage_probability: Number,
    /// The confidence with which it covers that share; 0 for a share that is covered on average alone.
    #[serde(default = "usual_share")]
    pub confidence: Number,
    /// Contributions that the data do not show.
    #[serde(default)]
    pub component: Vec<Component>,
}

/// A contribution to the uncertainty that is declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Component {
    /// What it comes from.
    pub name: Name,
    /// Its half-width or standard deviation, in the unit of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Number>,
    /// The same as a share of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relative: Option<Number>,
    /// How its values are spread.
    #[serde(default)]
    pub distribution: Distribution,
    /// Degrees of freedom of the estimate; none stands for infinitely many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dof: Option<Number>,
}

/// How the values of a contribution are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Distribution {
    /// The value is a standard deviation.
    #[default]
    Normal,
    /// Equally likely within the half-width.
    Rectangular,
    /// Falling off linearly to the half-width.
    Triangular,
    /// Of a sine between its extremes.
    Arcsine,
}

impl Distribution {
    /// The variance of a half-width, or of a standard deviation where the distribution is normal.
    pub fn variance(self, value: &Decimal) -> Ratio {
        let divisor = match self {
            Self::Normal => 1,
            Self::Rectangular => 3,
            Self::Triangular => 6,
            Self::Arcsine => 2,
        };
        Ratio::from(&value.times(value)).divided_by_count(divisor)
    }
}

fn usual_share() -> Number {
    Number(Decimal::new(95.into(), 2))
}

impl Default for Uncertainty {
    fn default() -> Self {
        Self { coverage_probability: usual_share(), confidence: usual_share(), component: Vec::new() }
    }
}

impl Uncertainty {
    /// Checks what single values cannot show.
    ///
    /// # Errors
    /// The first contradiction.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let is_share =
            |share: &Number| share.0 >= Decimal::new(5.into(), 1) && share.0 <= Decimal::new(9999.into(), 4);
        let share = &self.coverage_probability;
        if !is_share(share) {
            let expected = "a share from 0.5 to 0.9999";
            return Err(inconsistent("uncertainty.coverage_probability", share, expected));
        }
        let confidence = &self.confidence;
        if confidence.0 != Decimal::ZERO && !is_share(confidence) {
            let expected = "a share from 0.5 to 0.9999, or 0 for the t quantile";
            return Err(inconsistent("uncertainty.confidence", confidence, expected));
        }
        if self.component.len() > limits::COMPONENTS {
            let expected = format!("at most {}", limits::COMPONENTS);
            return Err(inconsistent("uncertainty.component", self.component.len(), expected));
        }
        for (at, one) in self.component.iter().enumerate() {
            let key = format!("uncertainty.component `{}`", one.name);
            if FOLLOWING.contains(&one.name.as_str()) {
                let expected = "another name: this component follows from the data";
                return Err(inconsistent(key, "the name", expected));
            }
            if self.component[..at].iter().any(|earlier| earlier.name == one.name) {
                return Err(inconsistent(key, "the name twice", "each name once"));
            }
            let amount = match (&one.value, &one.relative) {
                (Some(amount), None) | (None, Some(amount)) => amount,
                (None, None) => return Err(inconsistent(key, "neither", "`value` or `relative`")),
                (Some(_), Some(_)) => return Err(inconsistent(key, "both", "`value` or `relative`")),
            };
            if amount.0 < Decimal::ZERO {
                return Err(inconsistent(key, amount, "a number from 0"));
            }
            if let Some(dof) = one.dof.as_ref().filter(|dof| dof.0 < Decimal::from(1)) {
                return Err(inconsistent(format!("{key}: dof"), dof, "a number from 1"));
            }
        }
        Ok(())
    }
}

impl Recipe {
    /// The session terms of a recipe that names none: `1`, unless a tare cancels it, and the first feature.
    pub fn usual_session_terms(&self) -> Vec<Term> {
        let feature = Term::features(&self.model.terms).into_iter().next();
        let feature = feature.and_then(|feature| Term::try_from(feature.to_string()).ok());
        let one = Term::try_from("1".to_owned()).ok();
        let one = one.filter(|_| self.model.tare != Tare::Model || feature.is_none());
        one.into_iter().chain(feature).collect()
    }

    /// Session terms read what the terms read.
    pub(super) fn check_session_terms(&self) -> Result<(), Fault> {
        let Some(terms) = &self.fit.session_terms else { return Ok(()) };
        let key = "fit.session_terms";
        if terms.is_empty() || terms.len() > limits::TERMS {
            return Err(inconsistent(key, terms.len(), format!("1 to {} terms", limits::TERMS)));
        }
        let features = Term::features(&self.model.terms);
        if let Some(other) = Term::features(terms).into_iter().find(|name| !features.contains(name)) {
            return Err(inconsistent(key, format!("`{other}`"), "features of `model.terms`"));
        }
        for (at, term) in terms.iter().enumerate() {
            if terms[..at].iter().any(|earlier| earlier.sorted() == term.sorted()) {
                return Err(inconsistent(key, format!("`{term}` twice"), "each product once"));
            }
        }
        Ok(())
    }
}
