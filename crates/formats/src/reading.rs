//! How touch sessions become readings: the `[reading]` of a recipe (docs/spec/4-recipes.md, 4.7).

use crate::number::Number;
use crate::recipe::WordError;
use crate::touches::State;
use openweigh_exact::Decimal;
use serde::{Deserialize, Serialize};

/// How the frames of touch sessions become readings (4.7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Reading {
    /// What one reading is of.
    pub per: Per,
    /// How the touches of a frame become its values; of touch sessions alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub touches: Option<Reduction>,
    /// States in which a touch counts; of touch sessions alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub states: Option<Vec<State>>,
    /// Seconds at the beginning of a weighing that are left out.
    pub settle_s: Number,
    /// How the frames of a weighing become its values.
    pub statistic: Statistic,
    /// Decimals that a reading is rounded to.
    pub decimals: u32,
    /// Pressure of a frame, or magnitude of a sample's first feature, from which on the device may be saturated.
    pub ceiling: Option<Number>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            per: Per::Weighing,
            touches: None,
            states: None,
            settle_s: Number(Decimal::ZERO),
            statistic: Statistic::Mean,
            decimals: 6,
            ceiling: None,
        }
    }
}

/// States in which a touch counts where a recipe names none.
const STATES: [State; 1] = [State::Touching];

impl Reading {
    /// How the touches of a frame become its values.
    pub fn reduction(&self) -> Reduction {
        self.touches.unwrap_or(Reduction::Sum)
    }

    /// The states in which a touch counts.
    pub fn counted_states(&self) -> &[State] {
        self.states.as_deref().unwrap_or(&STATES)
    }

    /// Fills in what a recipe of version 1 has, named or not.
    pub(crate) fn complete_first(&mut self) {
        self.touches = Some(self.reduction());
        self.states = Some(self.counted_states().to_vec());
    }

    /// What is named that only touch sessions have.
    pub fn of_touches(&self) -> Option<&'static str> {
        let named = [("touches", self.touches.is_some()), ("states", self.states.is_some())];
        named.into_iter().find(|(_, named)| *named).map(|(key, _)| key)
    }
}

/// What one reading is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Per {
    /// Of a weighing.
    Weighing,
    /// Of a frame.
    Frame,
}

/// How the touches of a frame become its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Reduction {
    /// All of them together.
    Sum,
    /// The first one alone.
    First,
    /// The one with the largest pressure alone.
    Largest,
}

/// How the frames of a weighing become its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
#[cfg_attr(any(test, feature = "schemas"), schemars(with = "String"))]
pub enum Statistic {
    /// Sum over count.
    Mean,
    /// The middle one, or the mean of the two in the middle.
    Median,
    /// The mean without this share of the frames at each end.
    TrimmedMean(Number),
    /// The mean over time, each frame's value held until the next.
    TimeWeightedMean,
}

impl TryFrom<String> for Statistic {
    type Error = WordError;

    fn try_from(text: String) -> Result<Self, WordError> {
        let (what, known) = (
            "statistic",
            "`mean`, `median`, `trimmed-mean:<f>` with f from 0 to below 0.5, and `time-weighted-mean`",
        );
        let found = crate::malformed::shortened(&text, 60);
        if let Some(share) = text.strip_prefix("trimmed-mean:") {
            let half = Decimal::new(5.into(), 1);
            let share =
                share.parse::<Decimal>().ok().filter(|share| *share >= Decimal::ZERO && *share < half);
            return share.map(|share| Self::TrimmedMean(Number(share))).ok_or(WordError::Unknown {
                what,
                found,
                known,
            });
        }
        match text.as_str() {
            "mean" => Ok(Self::Mean),
            "median" => Ok(Self::Median),
            "time-weighted-mean" => Ok(Self::TimeWeightedMean),
            _ => Err(WordError::Unknown { what, found, known }),
        }
    }
}

impl From<Statistic> for String {
    fn from(statistic: Statistic) -> Self {
        match statistic {
            Statistic::Mean => "mean".to_owned(),
            Statistic::Median => "median".to_owned(),
            Statistic::TrimmedMean(share) => format!("trimmed-mean:{share}"),
            Statistic::TimeWeightedMean => "time-weighted-mean".to_owned(),
        }
    }
}
