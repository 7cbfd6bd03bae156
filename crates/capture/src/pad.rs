//! A pad behind the framework's ABI: what is said of it, and its frames as a source.

mod source;

pub use source::Pad;

use crate::error::CaptureError;
use crate::frame::{Phase, SourceInfo, Touch};
use openweigh_formats::dataset::{Provenance, ProvenanceKind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::number::Number;
use openweigh_formats::session::{Clicks, Clock, DeviceHash, PressureUnit, Source as Described};
use openweigh_formats::text::Line;
use openweigh_multitouch::{self as multitouch, ArrivalClock, Identity};
use std::path::Path;

/// What a pad's session is to say where the pad itself says nothing, or not enough.
#[derive(Debug, Clone, Default)]
pub struct PadOptions {
    /// Kept from strangers, so that a device cannot be found by trying out ids.
    pub salt: String,
    /// Model, in place of the one told by the family.
    pub model: Option<Line>,
    /// How it is connected, in place of what the system tells.
    pub transport: Option<Line>,
    /// Unit of the pressure, in place of the one that is known.
    pub unit: Option<PressureUnit>,
    /// Step of the pressure.
    pub quantum: Option<Number>,
    /// Largest pressure.
    pub ceiling: Option<Number>,
    /// Touches that may wait to be read; else as many as usual.
    pub capacity: Option<usize>,
    /// The machine's own number, where it is known. It goes into the name of a built-in pad.
    pub machine: Option<[u8; 16]>,
}

/// The name under which a device may be told to others: the first 16 hexadecimal digits of the SHA-256 of
/// the salt's bytes and the id's eight, little-endian.
pub fn device_hash(salt: &str, id: u64) -> DeviceHash {
    let mut hasher = Hasher::default();
    hasher.update(salt.as_bytes());
    hasher.update(&id.to_le_bytes());
    hasher.finish().as_str()[..16].parse().expect("hexadecimal digits")
}

/// The name of a pad. The ids of built-in pads are the same for a model's whole years: they name a place in a machine,
/// so the machine's number is hashed behind them, if it is known.
pub fn pad_hash(identity: &Identity, options: &PadOptions) -> DeviceHash {
    let machine = options.machine.filter(|_| identity.built_in == Some(true));
    let Some(machine) = machine else { return device_hash(&options.salt, identity.id) };
    let mut hasher = Hasher::default();
    hasher.update(options.salt.as_bytes());
    hasher.update(&identity.id.to_le_bytes());
    hasher.update(&machine);
    hasher.finish().as_str()[..16].parse().expect("hexadecimal digits")
}

/// Whether a pad's name tells only its place: a built-in one of a machine whose number is not known.
pub fn is_named_by_place(identity: &Identity, options: &PadOptions) -> bool {
    identity.built_in == Some(true) && options.machine.is_none()
}

/// The model as far as the family tells it. Public tables of families disagree but for the Magic Trackpads.
pub fn model(identity: &Identity) -> String {
    match (identity.family, identity.built_in) {
        (Some(128), _) => "Magic Trackpad 1".to_owned(),
        (Some(129), _) => "Magic Trackpad 2".to_owned(),
        (Some(130), _) => "Magic Trackpad USB-C".to_owned(),
        (Some(112 | 113), Some(false) | None) => "Magic Mouse".to_owned(),
        (Some(family), Some(true)) | (Some(family @ 98..=109), None) => {
            format!("built-in trackpad, family {family}")
        }
        (Some(family), _) => format!("unknown, family {family}"),
        (None, Some(true)) => "built-in trackpad".to_owned(),
        (None, _) => "unknown".to_owned(),
    }
}

/// How it is connected. Of the framework's numbers few are known; another is kept as it is.
pub fn transport(identity: &Identity) -> String {
    match (identity.built_in, identity.transport) {
        (Some(true), _) => "built-in".to_owned(),
        (_, Some(1)) => "usb".to_owned(),
        (_, Some(2)) => "spi".to_owned(),
        (_, Some(4)) => "bluetooth".to_owned(),
        (_, Some(number)) => format!("unknown ({number})"),
        (_, None) => "unknown".to_owned(),
    }
}

/// Unit of the pressure: nobody knows how many grams a count is, on any model.
pub fn unit(identity: &Identity) -> PressureUnit {
    match identity.family {
        Some(129 | 130) => PressureUnit::Counts,
        _ => PressureUnit::Unknown,
    }
}

/// Why a device cannot be weighed on, if that is known.
pub fn refusal(identity: &Identity) -> Option<&'static str> {
    match (identity.supports_force, identity.family) {
        (Some(false), _) => Some("it has no force sensors: each pressure would be 0"),
        (None, Some(128)) => Some("the first Magic Trackpad has no force sensors"),
        _ => None,
    }
}

/// What is known of a pad before it is started.
///
/// # Errors
/// A text that the pad or its library gives has no place in a file.
pub fn describe(
    identity: &Identity,
    library: &Path,
    arrival: ArrivalClock,
    clicks: Clicks,
    options: &PadOptions,
) -> Result<SourceInfo, CaptureError> {
    let genuine = library == multitouch::default_path();
    let line =
        |what, text: String| Line::try_from(text).map_err(|source| CaptureError::Text { what, source });
    let stem = library.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let pair = |pair: (i32, i32)| [i64::from(pair.0), i64::from(pair.1)];
    let source = Described {
        // Fixed when the program is built: not a look at the environment.
        os: line("os", if genuine { std::env::consts::OS } else { "simulated" }.to_owned())?,
        driver: line("driver", if genuine { "MultitouchSupport".to_owned() } else { stem.clone() })?,
        model: options.model.clone().map_or_else(|| line("model", model(identity)), Ok)?,
        transport: options.transport.clone().map_or_else(|| line("transport", transport(identity)), Ok)?,
        family: identity.family.map(i64::from),
        device: Some(pad_hash(identity, options)),
        surface: identity.surface.map(pair),
        sensor: identity.sensor.map(pair),
        unit: options.unit.unwrap_or_else(|| unit(identity)),
        // Of no model a step holds for all counts: a Magic Trackpad's are even, but only up to about 256.
        quantum: options.quantum.clone(),
        ceiling: options.ceiling.clone(),
        clicks,
    };
    let provenance = if genuine {
        let origin = line("origin", "Recorded from trackpads with openweigh.".to_owned())?;
        Provenance::stated(ProvenanceKind::Measured, origin)
    } else {
        let origin = format!(
            "Simulated: recorded with openweigh through the library {stem}, which stands in for \
             MultitouchSupport; no device was measured."
        );
        Provenance::stated(ProvenanceKind::Simulated, line("origin", origin)?)
    };
    let clock = Clock {
        device: line("clock", "device clock, s".to_owned())?,
        arrival: line("clock", arrival_words(arrival).to_owned())?,
    };
    Ok(SourceInfo { source, clock, provenance, steady: true, channels: None })
}

fn arrival_words(clock: ArrivalClock) -> &'static str {
    match clock {
        ArrivalClock::System => "time the machine was awake, ns",
        ArrivalClock::Framework => "framework clock, ns",
        ArrivalClock::Steady => "monotonic, ns since start",
    }
}

impl From<&multitouch::Touch> for Touch {
    fn from(raw: &multitouch::Touch) -> Self {
        Self {
            path: i64::from(raw.path),
            state: Phase::of_number(raw.state),
            finger: Some(i64::from(raw.finger)),
            hand: Some(i64::from(raw.hand)),
            x: Some(raw.x),
            y: Some(raw.y),
            vx: Some(raw.vx),
            vy: Some(raw.vy),
            total: Some(raw.total),
            pressure: Some(raw.pressure),
            angle: Some(raw.angle),
            major: Some(raw.major),
            minor: Some(raw.minor),
            x_mm: Some(raw.x_mm),
            y_mm: Some(raw.y_mm),
            vx_mm: Some(raw.vx_mm),
            vy_mm: Some(raw.vy_mm),
            field14: Some(i64::from(raw.field14)),
            field15: Some(i64::from(raw.field15)),
            density: Some(raw.density),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_by_its_salted_hash() {
        // printf 'salt\x01\0\0\0\0\0\0\0' | sha256sum
        assert_eq!(device_hash("salt", 1).as_str(), "73003b0432d8a57b");
        assert_ne!(device_hash("salt", 1), device_hash("pepper", 1));
    }

    #[test]
    fn a_built_in_pad_is_named_with_its_machine() {
        let identity = |built_in| Identity { id: 1, built_in: Some(built_in), ..Identity::default() };
        let of = |built_in, machine| {
            let options = PadOptions { salt: "salt".to_owned(), machine, ..PadOptions::default() };
            (
                pad_hash(&identity(built_in), &options).to_string(),
                is_named_by_place(&identity(built_in), &options),
            )
        };
        let plain = "73003b0432d8a57b".to_owned();
        assert_eq!(of(false, Some([7; 16])), (plain.clone(), false));
        assert_eq!(of(true, None), (plain.clone(), true));
        let (named, by_place) = of(true, Some([7; 16]));
        assert!(named != plain && !by_place && named != of(true, Some([8; 16])).0);
    }
}
