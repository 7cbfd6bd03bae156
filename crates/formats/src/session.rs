//! `session.json`: one recording from one device, and how well it went (docs/spec/3-datasets.md, 3.2).

use crate::canonical::{Document, inconsistent};
use crate::malformed::Fault;
use crate::number::Number;
use crate::text::{Line, text_type};
use crate::weighings::Id;
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.session/1")]
    V1,
}

text_type!(
    /// The salted hash of a device's id: 16 hexadecimal digits. The id itself identifies a person's machine.
    DeviceHash,
    "16 lower-case hexadecimal digits",
    "^[0-9a-f]{16}$",
    |text| text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
);

/// A session's description.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Session {
    /// Kind and version of the file.
    pub format: Format,
    /// The name of its folder.
    pub id: Id,
    /// What was recorded, through what.
    pub source: Source,
    /// Whose clocks the times are of.
    pub clock: Clock,
    /// Where, if that was told.
    pub environment: Environment,
    /// How well the recording went.
    pub quality: Quality,
}

/// The device and the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Source {
    /// Operating system: `macos`, `linux`, `simulated`.
    pub os: Line,
    /// What delivered the frames: `MultitouchSupport`, `hid-magicmouse`.
    pub driver: Line,
    /// Model of the device.
    pub model: Line,
    /// How it is connected: `usb`, `bluetooth`, `built-in`, `unknown`.
    pub transport: Line,
    /// The framework's family number.
    pub family: Option<i64>,
    /// Salted hash of the device's id.
    pub device: Option<DeviceHash>,
    /// Width and height of the surface, in the driver's own integers.
    pub surface: Option<[i64; 2]>,
    /// Rows and columns of the sensor.
    pub sensor: Option<[i64; 2]>,
    /// Unit of `pressure`.
    pub unit: PressureUnit,
    /// Step between neighbouring values of `pressure`.
    pub quantum: Option<Number>,
    /// Largest value of `pressure` that the device declares.
    pub ceiling: Option<Number>,
    /// Whether the pad clicked while it was recorded.
    pub clicks: Clicks,
}

/// Unit of a device's pressure values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum PressureUnit {
    /// The driver declares grams.
    Grams,
    /// A count without a declared unit, of a device that is known to measure force.
    Counts,
    /// Nothing is known.
    Unknown,
}

impl PressureUnit {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grams => "grams",
            Self::Counts => "counts",
            Self::Unknown => "unknown",
        }
    }
}

/// Whether the pad answered force with clicks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Clicks {
    /// As the system has it.
    On,
    /// Switched off for the recording.
    Off,
    /// Not known.
    Unknown,
}

/// Whose clocks the times are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Clock {
    /// The clock of `device_s`.
    pub device: Line,
    /// The clock of `arrival_ns`.
    pub arrival: Line,
}

/// Where the session was recorded, as far as that was told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Environment {
    /// Temperature, in degrees Celsius.
    pub temperature_c: Option<Number>,
    /// Local gravity, in m/s².
    pub gravity_m_s2: Option<Number>,
    /// Latitude, in degrees.
    pub latitude_deg: Option<Number>,
    /// Altitude, in metres.
    pub altitude_m: Option<Number>,
    /// What made contact with the pad: `finger`, `foil`.
    pub contact: Option<Line>,
    /// The operator's note.
    pub note: Option<Line>,
}

/// Counts of what was recorded and of what went wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Quality {
    /// Frames.
    pub frames: u64,
    /// Touches in them.
    pub touches: u64,
    /// Frames that came and could not be kept.
    pub dropped: u64,
    /// Interruptions: the rows of `events.csv` but for notes.
    pub gaps: u64,
    /// Values that were no number, and are empty cells.
    pub non_finite: u64,
    /// Touches at the device's ceiling or above.
    pub at_ceiling: u64,
    /// Frames whose device time is not after that of the frame before.
    pub clock_steps: u64,
}

impl Document for Session {
    const FORMAT: &'static str = "openweigh.session/1";

    fn check(&self) -> Result<(), Fault> {
        let positive = |number: &Option<Number>| {
            number.as_ref().is_none_or(|number| number.0 > openweigh_exact::Decimal::ZERO)
        };
        for (what, number) in [("quantum", &self.source.quantum), ("ceiling", &self.source.ceiling)] {
            if let Some(found) = number.as_ref().filter(|_| !positive(number)) {
                return Err(inconsistent(what, found, "a number above 0"));
            }
        }
        Ok(())
    }
}
