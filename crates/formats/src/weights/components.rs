//! The budget of a prediction: what makes it uncertain, each with its variance (docs/spec/5-weights.md, `components`).

use super::Weights;
use crate::canonical::inconsistent;
use crate::malformed::Fault;
use crate::number::Number;
use crate::text::Name;
use openweigh_exact::Decimal;
use serde::{Deserialize, Serialize};

/// What makes a prediction uncertain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Contribution {
    /// What it comes from.
    pub name: Name,
    /// What its share depends on.
    pub of: Of,
    /// Its variance; none where it follows from `vectors`.
    pub variance: Option<Number>,
    /// Vectors whose products with the values of a row are squared and summed.
    pub vectors: Option<Vec<Vec<Number>>>,
    /// Degrees of freedom of the estimate; none stands for infinitely many.
    pub dof: Option<Number>,
}

/// What the share of a contribution depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Of {
    /// Nothing: `variance`.
    Constant,
    /// The prediction p: `variance`·p².
    Prediction,
    /// The row: `variance`·(1 + xᵀ(XᵀX)⁻¹x), from `normal`.
    Row,
    /// The session terms z: Σ(zᵀv)²/`dof`.
    SessionTerms,
    /// The terms x: Σ(xᵀv)²·(`dof` + 1)/`dof`, or Σ(xᵀv)² without `dof`.
    Terms,
}

/// Every entry has what its kind needs, and numbers that variances may have.
pub(super) fn check(weights: &Weights) -> Result<(), Fault> {
    let Some(components) = weights.components.value() else { return Ok(()) };
    let terms = weights.recipe.model.terms.len();
    let session_terms = weights.recipe.fit.session_terms.as_ref().map_or(0, Vec::len);
    for one in components {
        let key = |what: &str| format!("components: `{}`: {what}", one.name);
        let size = match one.of {
            Of::Constant | Of::Prediction | Of::Row => None,
            Of::SessionTerms => Some(session_terms),
            Of::Terms => Some(terms),
        };
        if one.variance.is_some() != size.is_none() || one.vectors.is_some() != size.is_some() {
            return Err(inconsistent(key("variance"), "otherwise", "`variance`, or `vectors` of terms"));
        }
        if let Some(variance) = one.variance.as_ref().filter(|variance| variance.0 < Decimal::ZERO) {
            return Err(inconsistent(key("variance"), variance, "a number from 0"));
        }
        if let Some(dof) = one.dof.as_ref().filter(|dof| dof.0 < Decimal::from(1)) {
            return Err(inconsistent(key("dof"), dof, "a number from 1"));
        }
        if one.of == Of::SessionTerms && one.dof.is_none() {
            return Err(inconsistent(key("dof"), "none", "one less than the sessions"));
        }
        let Some(size) = size else { continue };
        if let Some(vector) = one.vectors.iter().flatten().find(|vector| vector.len() != size) {
            return Err(inconsistent(key("vectors"), vector.len(), format!("{size} numbers each")));
        }
    }
    Ok(())
}
