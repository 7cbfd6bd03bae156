//! Weights: fitted coefficients with their recipe and the exact sums they follow from
//! (docs/spec/5-weights.md).

use crate::canonical::{Document, inconsistent};
use crate::digest::Digest;
use crate::licence::Licence;
use crate::malformed::Fault;
use crate::number::{Number, Sum};
use crate::recipe::{Recipe, Tare};
use crate::session::{PressureUnit, Source};
use crate::term::Term;
use crate::text::{ColumnName, Line, Name, Unit, Version};
use openweigh_exact::{Decimal, Normal};
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.weights/1")]
    V1,
}

/// A weights file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Weights {
    /// Kind and version of the file.
    pub format: Format,
    /// Name, and first part of the file's name.
    pub name: Name,
    /// Semantic version, and second part of the file's name.
    pub version: Version,
    /// One line for people.
    pub title: Line,
    /// Under which licence the weights are.
    pub licence: Licence,
    /// To which data they may be applied.
    pub applies_to: AppliesTo,
    /// The whole recipe.
    pub recipe: Recipe,
    /// The coefficients, in recipe order.
    pub terms: Vec<Coefficient>,
    /// Covariance of the coefficients, row by row.
    pub covariance: Option<Vec<Vec<Number>>>,
    /// Residual standard deviation, in the unit of the target.
    pub residual_sd: Option<Number>,
    /// Degrees of freedom n - p.
    pub dof: u64,
    /// Residual sum of squares.
    pub rss: Number,
    /// Coefficient of determination.
    pub r_squared: Option<Number>,
    /// Where each feature was while fitting.
    pub range: Vec<FeatureRange>,
    /// Errors on rows that were not fitted.
    pub validation: Option<ValidationFigures>,
    /// Which of the above are undefined, and why.
    pub undefined: Vec<Undefined>,
    /// The exact sums that all of the above follow from.
    pub normal: NormalText,
    /// The datasets, by the digest of their descriptions.
    pub trained_on: Vec<TrainedOn>,
    /// The weights that these continue.
    pub parent: Option<Digest>,
}

/// The data that weights apply to: the device, and the columns with their units, the target first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct AppliesTo {
    /// The pad, of weights that were fitted on touch sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pad: Option<Pad>,
    /// Target and features.
    pub columns: Vec<ColumnUnit>,
}

/// The pad that weights apply to: another model, way of connection or unit is another scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Pad {
    /// Model of the device.
    pub model: Line,
    /// How it is connected.
    pub transport: Line,
    /// Unit of `pressure`.
    pub unit: PressureUnit,
    /// Step between neighbouring values of `pressure`: one system hands on twice the count of another.
    pub quantum: Option<Number>,
}

impl Pad {
    /// The pad of a session.
    pub fn of(source: &Source) -> Self {
        Self {
            model: source.model.clone(),
            transport: source.transport.clone(),
            unit: source.unit,
            quantum: source.quantum.clone(),
        }
    }
}

impl std::fmt::Display for Pad {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} by {}, pressure in {}", self.model, self.transport, self.unit.as_str())?;
        self.quantum.as_ref().map_or(Ok(()), |quantum| write!(out, " by steps of {quantum}"))
    }
}

/// A column and its unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct ColumnUnit {
    /// The column.
    pub name: ColumnName,
    /// Its unit, if the sources state one.
    pub unit: Option<Unit>,
}

/// A fitted coefficient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Coefficient {
    /// The term.
    pub term: Term,
    /// Its coefficient.
    pub coefficient: Number,
    /// The coefficient's standard error.
    pub standard_error: Option<Number>,
}

/// Where a feature was while fitting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct FeatureRange {
    /// The feature.
    pub feature: ColumnName,
    /// Its smallest fitted value.
    pub min: Number,
    /// Its largest fitted value.
    pub max: Number,
}

/// Errors on rows that were not fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct ValidationFigures {
    /// The validation of the recipe.
    pub method: crate::recipe::Validation,
    /// Number of folds.
    pub folds: u64,
    /// Number of rows predicted.
    pub rows: u64,
    /// Root of the mean squared error.
    pub rmse: Option<Number>,
    /// Mean error.
    pub mean_error: Option<Number>,
    /// Largest absolute error.
    pub max_abs_error: Option<Number>,
}

/// An undefined quantity and its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Undefined {
    /// Which key is null.
    pub quantity: UndefinedQuantity,
    /// Why.
    pub reason: Reason,
}

/// Keys that may be null because their value is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum UndefinedQuantity {
    /// The residual standard deviation.
    ResidualSd,
    /// All standard errors.
    StandardError,
    /// The covariance.
    Covariance,
    /// R².
    RSquared,
    /// The validation's figures.
    Validation,
}

/// Why a quantity is undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Reason {
    /// n = p.
    NoDegreesOfFreedom,
    /// SST = 0.
    ConstantTarget,
    /// A fold's remaining rows do not determine the coefficients.
    FoldRankDeficient,
    /// The coefficients were declared, not estimated.
    Declared,
    /// One session alone says nothing about how sessions differ.
    OneSession,
}

impl Reason {
    /// The reason in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoDegreesOfFreedom => {
                "there are as many terms as rows, so nothing is left to judge the fit by"
            }
            Self::ConstantTarget => "the target does not vary, so there is nothing to explain",
            Self::FoldRankDeficient => {
                "without some fold, the remaining rows do not determine the coefficients"
            }
            Self::Declared => "the coefficients are declared in the recipe and not estimated from data",
            Self::OneSession => "one session alone says nothing about how sessions differ",
        }
    }
}

/// The exact sufficient statistics, as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct NormalText {
    /// Number of fitted rows.
    pub n: u64,
    /// XᵀX, row by row.
    pub xtx: Vec<Vec<Sum>>,
    /// Xᵀy.
    pub xty: Vec<Sum>,
    /// yᵀy.
    pub yty: Sum,
}

/// A training dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct TrainedOn {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// SHA-256 of its `dataset.json`, which pins its files.
    pub sha256: Digest,
}

impl NormalText {
    /// The statistics as text.
    ///
    /// # Errors
    /// An entry longer than an exact sum may be.
    pub fn of(normal: &Normal) -> Result<Self, openweigh_exact::DecimalError> {
        let terms = normal.terms();
        let row = |i| (0..terms).map(move |j| Sum::published(normal.xtx_decimal(i, j)));
        Ok(Self {
            n: normal.rows(),
            xtx: (0..terms).map(|i| row(i).collect()).collect::<Result<_, _>>()?,
            xty: (0..terms).map(|i| Sum::published(normal.xty_decimal(i))).collect::<Result<_, _>>()?,
            yty: Sum::published(normal.yty_decimal())?,
        })
    }

    /// The statistics as integers.
    ///
    /// # Errors
    /// A wrong shape, or an asymmetric XᵀX.
    pub fn to_normal(&self) -> Result<Normal, openweigh_exact::normal::NormalError> {
        let decimals = |row: &Vec<Sum>| row.iter().map(|sum| sum.0.clone()).collect::<Vec<Decimal>>();
        let xtx: Vec<Vec<Decimal>> = self.xtx.iter().map(decimals).collect();
        Normal::from_decimals(self.n, &xtx, &decimals(&self.xty), &self.yty.0)
    }
}

impl Weights {
    /// The published coefficients, in recipe order.
    pub fn coefficients(&self) -> Vec<Decimal> {
        self.terms.iter().map(|term| term.coefficient.0.clone()).collect()
    }

    /// The reason why a quantity is undefined, if it is.
    pub fn undefined(&self, quantity: UndefinedQuantity) -> Option<Reason> {
        self.undefined
            .iter()
            .find(|undefined| undefined.quantity == quantity)
            .map(|undefined| undefined.reason)
    }
}

impl Document for Weights {
    const FORMAT: &'static str = "openweigh.weights/1";

    fn check(&self) -> Result<(), Fault> {
        self.recipe.check()?;
        let named: Vec<String> = self.terms.iter().map(|term| term.term.to_string()).collect();
        let wanted: Vec<String> = self.recipe.model.terms.iter().map(Term::to_string).collect();
        if named != wanted {
            return Err(inconsistent(
                "terms",
                named.join(", "),
                format!("those of the recipe: {}", wanted.join(", ")),
            ));
        }
        let square = |rows: &Vec<Vec<Number>>| {
            rows.len() == wanted.len() && rows.iter().all(|row| row.len() == wanted.len())
        };
        if !self.covariance.as_ref().is_none_or(square) {
            return Err(inconsistent(
                "covariance",
                "another shape",
                format!("{0} rows of {0}", wanted.len()),
            ));
        }
        let features: Vec<ColumnName> = self.range.iter().map(|range| range.feature.clone()).collect();
        if features != self.recipe.features() {
            return Err(inconsistent(
                "range",
                format!("{} features", features.len()),
                "the features of the recipe, in order",
            ));
        }
        if self.normal.xty.len() != wanted.len() {
            return Err(inconsistent("normal", format!("{} terms", self.normal.xty.len()), wanted.len()));
        }
        self.normal.to_normal().map_err(|error| Fault::Syntax(format!("normal: {error}")))?;
        // With the term values of a tare subtracted, nothing is left of `1`.
        let subtracted = self.recipe.model.tare == Tare::Model;
        let one = self.recipe.model.terms.iter().position(Term::is_one).filter(|_| !subtracted);
        if let Some(sum) = one.map(|one| &self.normal.xtx[one][one])
            && sum.to_string() != self.normal.n.to_string()
        {
            return Err(inconsistent("normal: the sum of squares of the term `1`", sum, self.normal.n));
        }
        let estimated = self.recipe.estimated_terms();
        if self.normal.n < estimated || self.dof != self.normal.n - estimated {
            return Err(inconsistent("dof", self.dof, format!("n - p = {} - {estimated}", self.normal.n)));
        }
        if self.applies_to.pad.is_some() != self.recipe.reading.is_some() {
            let expected = "the pad where the recipe has `reading`, and none where it has not";
            return Err(inconsistent("applies_to.pad", "otherwise", expected));
        }
        let columns: Vec<ColumnName> =
            self.applies_to.columns.iter().map(|column| column.name.clone()).collect();
        let expected: Vec<ColumnName> =
            [self.recipe.model.target.clone()].into_iter().chain(self.recipe.features()).collect();
        if columns != expected {
            return Err(inconsistent(
                "applies_to",
                format!("{} columns", columns.len()),
                "the target, then the features",
            ));
        }
        Ok(())
    }
}
