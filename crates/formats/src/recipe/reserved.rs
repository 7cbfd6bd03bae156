//! What version 2 of recipes has room for, and this program refuses by name until it comes.

use crate::number::Number;
use crate::text::{ColumnName, Name};
use openweigh_exact::Decimal;
use serde::{Deserialize, Serialize};

/// A feature made of another one: reserved by version 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Derived {
    /// What the feature is called.
    pub name: ColumnName,
    /// Of what it is made.
    pub of: ColumnName,
    /// By which function.
    pub function: Function,
    /// Decimals that it is rounded to.
    pub decimals: u32,
}

/// Functions of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Function {
    /// The natural logarithm.
    Ln,
    /// One over the value.
    Reciprocal,
    /// The square root.
    Sqrt,
}

/// What makes a prediction uncertain: of version 2, and reserved until budgets come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Uncertainty {
    /// The share of predictions that the expanded uncertainty is to cover.
    #[serde(default = "usual_probability")]
    pub coverage_probability: Number,
    /// Contributions besides the fit.
    #[serde(default)]
    pub component: Vec<Component>,
}

/// A contribution to the uncertainty.
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
    /// Degrees of freedom of the estimate.
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

fn usual_probability() -> Number {
    Number(Decimal::new(95.into(), 2))
}
