//! `session.json`: one recording from one device, and how well it went (docs/spec/3-datasets.md, 3.2).

use crate::canonical::{Document, inconsistent};
use crate::limits;
use crate::malformed::Fault;
use crate::number::Number;
use crate::recipe::Recipe;
use crate::samples::COLUMNS;
use crate::text::{ColumnName, Line, Unit, text_type};
use crate::versioned::Versioned;
use crate::weighings::Id;
use openweigh_exact::Decimal;
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first; 2: channels, and a balance beside the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.session/1")]
    V1,
    /// Version 2.
    #[serde(rename = "openweigh.session/2")]
    V2,
}

text_type!(
    /// The salted hash of a device's id: 16 hexadecimal digits. The id itself identifies a person's machine.
    DeviceHash,
    "16 lower-case hexadecimal digits",
    "^[0-9a-f]{16}$",
    16,
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
    /// The channels of `samples.csv`; null of touch sessions. Since version 2.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub channels: Versioned<Vec<Channel>>,
    /// The balance whose readings stand beside the frames, null without one. Since version 2.
    #[serde(default, skip_serializing_if = "Versioned::is_absent")]
    pub balance: Versioned<Balance>,
}

/// A channel: one number of each sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Channel {
    /// Its column.
    pub name: ColumnName,
    /// Its unit, if the source states one.
    pub unit: Option<Unit>,
    /// Step between neighbouring values.
    pub quantum: Option<Number>,
    /// Largest value, in magnitude, that the device declares.
    pub ceiling: Option<Number>,
}

impl std::fmt::Display for Channel {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = self.unit.as_ref().map_or("a unit that is not stated", Unit::as_str);
        write!(out, "`{}` in {unit}", self.name)?;
        self.quantum.as_ref().map_or(Ok(()), |quantum| write!(out, " by steps of {quantum}"))?;
        self.ceiling.as_ref().map_or(Ok(()), |ceiling| write!(out, " up to {ceiling}"))
    }
}

/// The balance whose readings stand beside the frames, in `balance.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Balance {
    /// Its model.
    pub model: Line,
    /// The protocol that it speaks.
    pub protocol: Line,
    /// How its clock and the frames' were related.
    pub clocks: Line,
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

impl Source {
    /// A source of which nothing is known.
    ///
    /// # Panics
    /// Never: its words are lines.
    pub fn unknown() -> Self {
        let unknown = || -> Line { "unknown".parse().expect("a line") };
        Self {
            os: unknown(),
            driver: unknown(),
            model: unknown(),
            transport: unknown(),
            family: None,
            device: None,
            surface: None,
            sensor: None,
            unit: PressureUnit::Unknown,
            quantum: None,
            ceiling: None,
            clicks: Clicks::Unknown,
        }
    }
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
    const LATER: &'static [&'static str] = &["openweigh.session/2"];

    fn check(&self) -> Result<(), Fault> {
        self.check_version()?;
        let positive =
            |number: &Option<Number>| number.as_ref().is_none_or(|number| number.0 > Decimal::ZERO);
        for (what, number) in [("quantum", &self.source.quantum), ("ceiling", &self.source.ceiling)] {
            if let Some(found) = number.as_ref().filter(|_| !positive(number)) {
                return Err(inconsistent(what, found, "a number above 0"));
            }
        }
        Ok(())
    }
}

impl Session {
    /// The channels of `samples.csv`; none of touch sessions.
    pub fn channels(&self) -> Option<&[Channel]> {
        self.channels.value().map(Vec::as_slice)
    }

    /// The channel of each feature of a recipe, by its place; none where the session has no such channel.
    pub fn features(&self, recipe: &Recipe) -> Vec<Option<usize>> {
        let channels = self.channels().unwrap_or_default();
        let place = |name: &ColumnName| channels.iter().position(|channel| channel.name == *name);
        recipe.features().iter().map(place).collect()
    }

    fn check_version(&self) -> Result<(), Fault> {
        let first = self.format == Format::V1;
        for (key, absent) in [("channels", self.channels.is_absent()), ("balance", self.balance.is_absent())]
        {
            if absent != first {
                let found = if absent { "no such key" } else { "the key" };
                let expected = if first { "none in version 1" } else { "the key, or `null`, in version 2" };
                return Err(inconsistent(key, found, expected));
            }
        }
        let Some(channels) = self.channels() else { return Ok(()) };
        if channels.is_empty() || channels.len() > limits::CHANNELS {
            return Err(inconsistent("channels", channels.len(), format!("1 to {}", limits::CHANNELS)));
        }
        for (at, channel) in channels.iter().enumerate() {
            if channels[..at].iter().any(|earlier| earlier.name == channel.name)
                || COLUMNS.contains(&channel.name.as_str())
            {
                let expected = format!("each name once, and none of {}", COLUMNS.join(", "));
                return Err(inconsistent("channels", format!("`{}`", channel.name), expected));
            }
            for (what, number) in [("quantum", &channel.quantum), ("ceiling", &channel.ceiling)] {
                if let Some(number) = number.as_ref().filter(|number| number.0 <= Decimal::ZERO) {
                    let what = format!("{what} of the channel `{}`", channel.name);
                    return Err(inconsistent(what, number, "a number above 0"));
                }
            }
        }
        self.check_no_pad()
    }

    /// What only a pad has is not stated of channels.
    fn check_no_pad(&self) -> Result<(), Fault> {
        let source = &self.source;
        let stated = [
            ("family", source.family.is_some()),
            ("surface", source.surface.is_some()),
            ("sensor", source.sensor.is_some()),
            ("quantum", source.quantum.is_some()),
            ("ceiling", source.ceiling.is_some()),
            ("unit", source.unit != PressureUnit::Unknown),
            ("clicks", source.clicks != Clicks::Unknown),
        ];
        if let Some((key, _)) = stated.iter().find(|(_, stated)| *stated) {
            let expected = "`null` or `unknown`: the channels state their own";
            return Err(inconsistent(format!("source.{key}"), "a value", expected));
        }
        if self.quality.touches != 0 {
            return Err(inconsistent("quality.touches", self.quality.touches, "0 in a session of channels"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;

    const SECOND: &str = r#"{
  "format": "openweigh.session/2",
  "id": "run-1",
  "source": {
    "os": "unknown",
    "driver": "unknown",
    "model": "unknown",
    "transport": "unknown",
    "family": null,
    "device": null,
    "surface": null,
    "sensor": null,
    "unit": "unknown",
    "quantum": null,
    "ceiling": null,
    "clicks": "unknown"
  },
  "clock": {
    "device": "the log's own",
    "arrival": "unknown"
  },
  "environment": {
    "temperature_c": null,
    "gravity_m_s2": null,
    "latitude_deg": null,
    "altitude_m": null,
    "contact": null,
    "note": null
  },
  "quality": {
    "frames": 3,
    "touches": 0,
    "dropped": 0,
    "gaps": 0,
    "non_finite": 0,
    "at_ceiling": 0,
    "clock_steps": 0
  },
  "channels": [
    {
      "name": "count",
      "unit": "counts",
      "quantum": "1",
      "ceiling": "8388607"
    }
  ],
  "balance": null
}
"#;

    #[test]
    fn a_session_of_channels_is_read_and_written_back() {
        let session: Session = canonical::read(SECOND.as_bytes()).unwrap();
        assert_eq!(
            session.channels().unwrap()[0].to_string(),
            "`count` in counts by steps of 1 up to 8388607"
        );
        assert_eq!(canonical::write(&session), SECOND.as_bytes());
    }

    #[test]
    fn contradictions_are_named() {
        for (from, to, message) in [
            ("session/2", "session/1", "channels: found the key, expected none in version 1"),
            ("session/2", "session/3", "a newer program is needed"),
            (",\n  \"balance\": null", "", "balance: found no such key, expected the key"),
            ("\"count\"", "\"device_s\"", "channels: found `device_s`, expected each name once"),
            ("\"8388607\"", "\"0\"", "ceiling of the channel `count`: found 0, expected a number above 0"),
            ("\"touches\": 0", "\"touches\": 1", "quality.touches: found 1, expected 0"),
            ("\"clicks\": \"unknown\"", "\"clicks\": \"on\"", "source.clicks: found a value"),
        ] {
            let text = SECOND.replacen(from, to, 1);
            let error = canonical::read::<Session>(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{error}\nnot\n{message}");
        }
    }
}
