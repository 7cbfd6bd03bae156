//! Terms of a model: products of powers of features and hinges (docs/spec/4-recipes.md, 4.1).

use crate::limits;
use crate::text::ColumnName;
use openweigh_exact::{Decimal, DecimalError};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A term: `1`, `load^2`, `pressure*x`, `hinge(pressure,100)^2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(with = "String"))]
pub struct Term {
    factors: Vec<Factor>,
}

/// A base and its exponent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Factor {
    /// What is raised.
    pub base: Base,
    /// To which power, 1 to 12.
    pub exponent: u32,
}

/// What a factor is a power of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Base {
    /// A feature's value.
    Feature(ColumnName),
    /// max(value - knot, 0).
    Hinge(ColumnName, Decimal),
}

/// Why a text is not a term.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// A factor that is neither a feature nor a hinge.
    #[error(
        "`{found}` is not a factor: expected a column name or `hinge(column,knot)`, with `^2` to `^12` behind it or nothing"
    )]
    Factor {
        /// The factor.
        found: String,
    },
    /// An exponent outside 2 to 12.
    #[error("`{found}` is not an exponent: expected an integer from 2 to {}", limits::EXPONENT)]
    Exponent {
        /// The exponent.
        found: String,
    },
    /// A knot that is not a canonical decimal.
    #[error("`{found}` is not a knot: {reason}")]
    Knot {
        /// The knot.
        found: String,
        /// Why.
        reason: DecimalError,
    },
    /// The same base twice.
    #[error("`{base}` occurs twice: write one power of it")]
    Repeated {
        /// The base.
        base: String,
    },
    /// Too many factors.
    #[error("{found} factors, at most {} are allowed", limits::FACTORS)]
    TooMany {
        /// Factors found.
        found: usize,
    },
}

impl Term {
    /// The factors, as written; none for `1`.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The same product with its factors in one order: equal for terms that denote the same.
    pub fn sorted(&self) -> Vec<Factor> {
        let mut factors = self.factors.clone();
        factors.sort();
        factors
    }

    /// Whether this is the constant term.
    pub fn is_one(&self) -> bool {
        self.factors.is_empty()
    }

    /// Reads terms that stand in a row between commas, which those inside hinges do not end: `1,x,hinge(x,5)`.
    ///
    /// # Errors
    /// The first that is none.
    pub fn list(text: &str) -> Result<Vec<Self>, TermError> {
        let (mut depth, mut pieces) = (0_usize, vec![String::new()]);
        for c in text.chars().filter(|c| *c != ' ') {
            match c {
                ',' if depth == 0 => pieces.push(String::new()),
                _ => {
                    depth = if c == '(' { depth + 1 } else { depth.saturating_sub(usize::from(c == ')')) };
                    pieces.last_mut().expect("there is always a piece").push(c);
                }
            }
        }
        pieces.into_iter().map(Self::try_from).collect()
    }

    /// The features of some terms, in order of first appearance.
    pub fn features<'a>(terms: impl IntoIterator<Item = &'a Self>) -> Vec<ColumnName> {
        let mut features = Vec::new();
        for factor in terms.into_iter().flat_map(|term| &term.factors) {
            if !features.contains(factor.base.feature()) {
                features.push(factor.base.feature().clone());
            }
        }
        features
    }
}

impl Base {
    /// The column that the base reads.
    pub fn feature(&self) -> &ColumnName {
        match self {
            Self::Feature(feature) | Self::Hinge(feature, _) => feature,
        }
    }
}

impl TryFrom<String> for Term {
    type Error = TermError;

    fn try_from(text: String) -> Result<Self, TermError> {
        if text == "1" {
            return Ok(Self { factors: Vec::new() });
        }
        let factors = text.split('*').map(factor).collect::<Result<Vec<_>, _>>()?;
        if factors.len() > limits::FACTORS {
            return Err(TermError::TooMany { found: factors.len() });
        }
        for (at, factor) in factors.iter().enumerate() {
            if factors[..at].iter().any(|earlier| earlier.base == factor.base) {
                return Err(TermError::Repeated { base: factor.base.to_string() });
            }
        }
        Ok(Self { factors })
    }
}

fn factor(text: &str) -> Result<Factor, TermError> {
    let (base, exponent) = match text.rsplit_once('^') {
        Some((base, power)) => {
            let exponent = power.parse::<u32>().ok().filter(|_| !power.starts_with(['0', '+']));
            let exponent = exponent.filter(|exponent| (2..=limits::EXPONENT).contains(exponent));
            (
                base,
                exponent
                    .ok_or_else(|| TermError::Exponent { found: crate::malformed::shortened(power, 40) })?,
            )
        }
        None => (text, 1),
    };
    let unknown = || TermError::Factor { found: crate::malformed::shortened(text, 60) };
    let column = |name: &str| name.parse::<ColumnName>().map_err(|_| unknown());
    let base = match base.strip_prefix("hinge(") {
        Some(rest) => {
            let inner = rest.strip_suffix(')').ok_or_else(unknown)?;
            let (feature, knot) = inner.split_once(',').ok_or_else(unknown)?;
            let value = knot
                .parse::<Decimal>()
                .map_err(|reason| TermError::Knot { found: crate::malformed::shortened(knot, 40), reason })?;
            Base::Hinge(column(feature)?, value)
        }
        None => Base::Feature(column(base)?),
    };
    Ok(Factor { base, exponent })
}

impl std::str::FromStr for Term {
    type Err = TermError;

    fn from_str(text: &str) -> Result<Self, TermError> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for Base {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature(feature) => write!(out, "{feature}"),
            Self::Hinge(feature, knot) => write!(out, "hinge({feature},{knot})"),
        }
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.exponent == 1 { self.base.fmt(out) } else { write!(out, "{}^{}", self.base, self.exponent) }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_one() {
            return out.write_str("1");
        }
        for (at, factor) in self.factors.iter().enumerate() {
            write!(out, "{}{factor}", if at == 0 { "" } else { "*" })?;
        }
        Ok(())
    }
}

impl From<Term> for String {
    fn from(term: Term) -> Self {
        term.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_keep_their_spelling() {
        for text in ["1", "x", "x^12", "pressure*x", "hinge(p,100)^2", "hinge(p,-0.5)*q^3"] {
            assert_eq!(text.parse::<Term>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        for text in [
            "",
            "0",
            "2",
            "x^1",
            "x^13",
            "x^02",
            "x^+2",
            "x^",
            "x*x",
            "x**2",
            "x ",
            "x*1",
            "hinge(x)",
            "hinge(x,1.0)",
            "hinge(x,1",
            "hinge",
            "(x)",
            "x^2^3",
            "a*b*c*d*e*f*g*h*i",
        ] {
            assert!(text.parse::<Term>().is_err(), "{text:?}");
        }
        let distinct_knots = "hinge(x,1)*hinge(x,2)".parse::<Term>().unwrap();
        assert_eq!(Term::features([&distinct_knots]).len(), 1);
    }
}
