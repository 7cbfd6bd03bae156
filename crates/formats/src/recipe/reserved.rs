//! What version 2 of recipes has room for, and this program refuses by name until it comes.

use crate::text::ColumnName;
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
