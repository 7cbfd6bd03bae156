//! Weights: fitted coefficients with their recipe and the exact sums they follow from
//! (docs/spec/5-weights.md).

mod applies;
mod components;
mod lineage;

pub use applies::{AppliesTo, ColumnUnit, Instrument, Pad};
pub use components::{Contribution, Of};
pub use lineage::{Blocks, FittedSession, Lineage, Operation, Parent};

use crate::canonical::{Document, inconsistent};
use crate::digest::Digest;
use crate::licence::Licence;
use crate::limits;
use crate::malformed::Fault;
use crate::number::{Number, Sum};
use crate::reading::Reading;
use crate::recipe::{self, Recipe, Tare};
use crate::term::Term;
use crate::text::{ColumnName, Line, Name, Version};
use crate::versioned::Versioned;
use openweigh_exact::{Decimal, Normal};
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first; 2: of recipes of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.weights/1")]
    V1,
    /// Version 2.
    #[serde(rename = "openweigh.weights/2")]
    V2,
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
    pub r_squared: Option<RSquared>,
    /// Where each feature was while fitting.
    pub range: Vec<FeatureRange>,
    /// Errors on rows that were not fitted.
    pub validation: Option<ValidationFigures>,
    /// What makes a prediction uncertain. Since version 2.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub components: Versioned<Vec<Contribution>>,
    /// Which of the above are undefined, and why.
    pub undefined: Vec<Undefined>,
    /// The exact sums that all of the above follow from.
    pub normal: NormalText,
    /// The datasets, by the digest of their descriptions.
    pub trained_on: Vec<TrainedOn>,
    /// The sessions that were fitted. Since version 2.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub sessions: Versioned<Vec<FittedSession>>,
    /// The sums of each session, in a file of their own. Since version 2.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub blocks: Versioned<Blocks>,
    /// The weights that these continue. Of version 1.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub parent: Versioned<Digest>,
    /// From which weights these come, and how. Since version 2.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub lineage: Versioned<Lineage>,
}

/// A coefficient of determination: a number, in version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum RSquared {
    /// Version 1.
    First(Number),
    /// Version 2.
    Second {
        /// Its value.
        value: Number,
        /// About what the target's squares are summed.
        about: About,
    },
}

impl RSquared {
    /// Its value.
    pub fn value(&self) -> &Number {
        match self {
            Self::First(value) | Self::Second { value, .. } => value,
        }
    }
}

/// About what the target's squares are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum About {
    /// Their mean.
    Mean,
    /// Zero.
    Zero,
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
    pub method: recipe::Validation,
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
    /// How sessions differ. Of version 2.
    BetweenSessions,
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
    /// The rows of some session do not determine the session terms.
    SingularSessionTerms,
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
            Self::SingularSessionTerms => "the rows of some session do not determine the session terms",
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

impl Weights {
    /// Every key of its version, and a recipe of the same.
    fn check_version(&self) -> Result<(), Fault> {
        let first = self.format == Format::V1;
        if first != (self.recipe.format == recipe::Format::V1) {
            return Err(inconsistent("recipe.format", "another version", "that of the weights"));
        }
        let second = matches!(self.r_squared, Some(RSquared::Second { .. }));
        if self.r_squared.is_some() && second == first {
            return Err(inconsistent(
                "r_squared",
                "that of another version",
                "a number in version 1, else an object",
            ));
        }
        let absent = [
            ("components", self.components.is_absent(), first),
            ("sessions", self.sessions.is_absent(), first),
            ("blocks", self.blocks.is_absent(), first),
            ("parent", self.parent.is_absent(), !first),
            ("lineage", self.lineage.is_absent(), first),
        ];
        let wrong = absent.iter().find(|(_, absent, wanted)| absent != wanted);
        if let Some((key, absent, _)) = wrong {
            let found = if *absent { "no such key" } else { "the key" };
            return Err(inconsistent(*key, found, "the keys of its version"));
        }
        let filled = [
            ("sessions", !first && self.sessions.value().is_none_or(|list| !list.is_empty())),
            ("blocks", self.blocks.value().is_some()),
            ("lineage", self.lineage.value().is_some()),
        ];
        if let Some((key, _)) = filled.iter().find(|(_, filled)| *filled) {
            let expected = "`[]` or `null`: this version of the program does not fill it";
            return Err(inconsistent(*key, "something else", expected));
        }
        Ok(())
    }

    /// The device, as the recipe has it: a pad of touch sessions, channels of signal sessions, none of tables.
    fn check_source(&self) -> Result<(), Fault> {
        let AppliesTo { pad, channels, .. } = &self.applies_to;
        let reading = self.recipe.reading.as_ref();
        if (pad.is_some() || channels.is_some()) != reading.is_some() || pad.is_some() && channels.is_some() {
            let expected =
                "the pad or the channels where the recipe has `reading`, and none where it has not";
            return Err(inconsistent("applies_to", "otherwise", expected));
        }
        let Some(channels) = channels else { return Ok(()) };
        if let Some(key) = reading.and_then(Reading::of_touches) {
            let expected = "no such key with channels";
            return Err(inconsistent(format!("recipe.reading.{key}"), "the key", expected));
        }
        let named: Vec<&ColumnName> = channels.iter().map(|channel| &channel.name).collect();
        if self.format == Format::V1 || named != self.recipe.features().iter().collect::<Vec<_>>() {
            let expected = "in version 2, the channels that the terms read, in order";
            return Err(inconsistent("applies_to.channels", format!("{} channels", named.len()), expected));
        }
        Ok(())
    }
}

impl Document for Weights {
    const FORMAT: &'static str = "openweigh.weights/1";
    const LATER: &'static [&'static str] = &["openweigh.weights/2"];

    fn check(&self) -> Result<(), Fault> {
        self.check_version()?;
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
        if self.trained_on.len() > limits::FILES {
            return Err(inconsistent(
                "trained_on",
                self.trained_on.len(),
                format!("at most {}", limits::FILES),
            ));
        }
        self.check_source()?;
        components::check(self)?;
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
