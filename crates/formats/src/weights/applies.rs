//! What weights apply to: a pad or a sensor, and columns with their units.

use crate::number::Number;
use crate::recipe::Recipe;
use crate::session::{Channel, PressureUnit, Session, Source};
use crate::text::{ColumnName, Line, Unit};
use serde::{Deserialize, Serialize};

/// The data that weights apply to: the device, and the columns with their units, the target first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct AppliesTo {
    /// The pad, of weights that were fitted on touch sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pad: Option<Pad>,
    /// The channels that the terms read, of weights that were fitted on signal sessions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<Channel>>,
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

/// The device that sessions are of, as far as weights depend on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instrument {
    /// A pad.
    Pad(Pad),
    /// The channels that a recipe reads, in the order of its features.
    Channels(Vec<Channel>),
}

impl Instrument {
    /// The instrument of a session, as a recipe reads it.
    pub fn of(session: &Session, recipe: &Recipe) -> Self {
        match session.channels() {
            None => Self::Pad(Pad::of(&session.source)),
            Some(channels) => {
                let places = session.features(recipe).into_iter().flatten();
                Self::Channels(places.map(|place| channels[place].clone()).collect())
            }
        }
    }
}

impl std::fmt::Display for Instrument {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pad(pad) => pad.fmt(out),
            Self::Channels(channels) => {
                let names: Vec<String> = channels.iter().map(ToString::to_string).collect();
                out.write_str(if names.len() == 1 { "the channel " } else { "the channels " })?;
                out.write_str(&names.join(", "))
            }
        }
    }
}

impl AppliesTo {
    /// The device, of weights that were fitted on sessions.
    pub fn instrument(&self) -> Option<Instrument> {
        let channels = self.channels.clone().map(Instrument::Channels);
        self.pad.clone().map(Instrument::Pad).or(channels)
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
