//! Of pads and sensors: what is there, what was recorded, and what was weighed.

use super::{Warned, answer};
use openweigh_formats::session::Quality;
use openweigh_formats::weighings::Weighing;
use serde::Serialize;
use std::collections::BTreeMap;

/// `devices`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DeviceList {
    /// The library that speaks with pads.
    pub(crate) library: String,
    /// Symbols that it lacks.
    pub(crate) missing: Vec<String>,
    /// Why it cannot be used.
    pub(crate) absent: Option<String>,
    /// The folder of Linux event devices.
    pub(crate) input: Option<String>,
    /// Each device.
    pub(crate) devices: Vec<Pad>,
}
answer!(DeviceList, "openweigh.devices/1");

/// A trackpad.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Pad {
    /// Its name: a salted hash of its id.
    pub(crate) device: Option<String>,
    /// The event device.
    pub(crate) path: Option<String>,
    /// Its model.
    pub(crate) model: String,
    /// How it is connected.
    pub(crate) transport: String,
    /// A number of the model's family.
    pub(crate) family: Option<i32>,
    /// Its size in hundredths of a millimetre.
    pub(crate) surface: Option<[i64; 2]>,
    /// Rows and columns of its sensor.
    pub(crate) sensor: Option<[i32; 2]>,
    /// The unit of pressure.
    pub(crate) unit: String,
    /// Whether it reports force; `null` if that is not known.
    pub(crate) force: Option<bool>,
    /// Why it cannot be weighed on.
    pub(crate) refused: Option<String>,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// `id`, or `location` where its name tells only where it is built in.
    pub(crate) named_by: &'static str,
}

/// `record`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Recorded {
    /// The dataset's folder.
    pub(crate) dataset: Option<String>,
    /// SHA-256 of its `dataset.json`.
    pub(crate) sha256: Option<String>,
    /// Each session.
    pub(crate) sessions: Vec<RecordedSession>,
}
answer!(Recorded, "openweigh.record/1");

/// A session that was recorded.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecordedSession {
    /// Its id.
    pub(crate) session: String,
    /// Its folder.
    pub(crate) folder: String,
    /// The pad's name.
    pub(crate) device: Option<String>,
    /// What ended it.
    pub(crate) ended: &'static str,
    /// How many weighings it has.
    pub(crate) weighings: usize,
    /// Counts of what is in it and of what went wrong.
    pub(crate) quality: Quality,
    /// What is suspicious.
    pub(crate) warnings: Vec<Warned>,
}

/// `recover`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Recovered {
    /// The dataset's folder.
    pub(crate) dataset: String,
    /// Each session that was not finished.
    pub(crate) recovered: Vec<RecoveredSession>,
}
answer!(Recovered, "openweigh.recover/1");

/// A session that was not finished, and what was kept of it.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecoveredSession {
    /// Its id.
    pub(crate) session: String,
    /// Whether there was anything to keep.
    pub(crate) kept: bool,
    /// How many frames.
    pub(crate) frames: u64,
    /// How many touches.
    pub(crate) touches: u64,
    /// How many weighings.
    pub(crate) weighings: usize,
    /// The device's time at the last frame.
    pub(crate) last_device_s: Option<String>,
    /// What was lost, for people.
    pub(crate) losses: Vec<String>,
    /// SHA-256 of the dataset's `dataset.json`.
    pub(crate) sha256: Option<String>,
}

/// `weigh`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Weighed {
    /// The dataset's name.
    pub(crate) dataset: String,
    /// The session.
    pub(crate) session: String,
    /// The dataset's version.
    pub(crate) version: String,
    /// SHA-256 of its `dataset.json`.
    pub(crate) sha256: String,
    /// All weighings of the session.
    pub(crate) weighings: Vec<Stated>,
    /// Steps of the protocol in which nothing came to rest.
    pub(crate) left_out: Vec<String>,
}
answer!(Weighed, "openweigh.weigh/1");

/// A weighing as it is stated in a session.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Stated {
    /// Its id.
    pub(crate) weighing: String,
    /// `tare`, `reference` or another role.
    pub(crate) role: String,
    /// A word about it.
    pub(crate) label: String,
    /// Its first frame.
    pub(crate) first_frame: u64,
    /// Its last frame.
    pub(crate) last_frame: u64,
    /// The weighing that is its tare.
    pub(crate) tare: Option<String>,
    /// The known mass.
    pub(crate) reference_g: Option<String>,
    /// Its standard uncertainty.
    pub(crate) reference_u_g: Option<String>,
}

impl Stated {
    pub(crate) fn of(weighing: &Weighing) -> Self {
        Self {
            weighing: weighing.id.to_string(),
            role: weighing.role.as_str().to_owned(),
            label: weighing.label.to_string(),
            first_frame: weighing.first_frame,
            last_frame: weighing.last_frame,
            tare: weighing.tare.as_ref().map(ToString::to_string),
            reference_g: weighing.reference_g.as_ref().map(ToString::to_string),
            reference_u_g: weighing.reference_u_g.as_ref().map(ToString::to_string),
        }
    }
}

/// `weigh --suggest`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Suggested {
    /// The dataset's name.
    pub(crate) dataset: String,
    /// The session.
    pub(crate) session: String,
    /// How long a load rests at least.
    pub(crate) hold_s: String,
    /// How far values at rest are apart at most.
    pub(crate) noise: String,
    /// Whether that was estimated from the values.
    pub(crate) noise_is_estimated: bool,
    /// Each stretch at rest.
    pub(crate) stretches: Vec<Rest>,
}
answer!(Suggested, "openweigh.weigh.suggest/1");

/// A stretch at rest.
#[derive(Clone, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Rest {
    /// Its first frame.
    pub(crate) first_frame: u64,
    /// Its last frame.
    pub(crate) last_frame: u64,
    /// How many frames it has.
    pub(crate) frames: u64,
    /// When it begins.
    pub(crate) from_s: String,
    /// When it ends.
    pub(crate) to_s: String,
    /// The mean of its values.
    pub(crate) mean: String,
    /// The largest less the smallest.
    pub(crate) spread: String,
    /// The weighing that is stated of it.
    pub(crate) weighing: Option<String>,
    /// The command that states one.
    pub(crate) command: String,
}

/// `exclude`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Exclusion {
    /// The dataset's name.
    pub(crate) dataset: String,
    /// Its version.
    pub(crate) version: String,
    /// SHA-256 of its `dataset.json`.
    pub(crate) sha256: String,
    /// What was excluded: a row, or SESSION/WEIGHING.
    pub(crate) excluded: String,
}
answer!(Exclusion, "openweigh.exclude/1");

/// `scale`: one document a line for each load that came to rest.
#[derive(Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Scale(pub(crate) OnScale);
answer!(Scale, "openweigh.scale/1");

/// `weigh-once`
#[derive(Serialize)]
#[serde(transparent)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct WeighOnce(pub(crate) OnScale);
answer!(WeighOnce, "openweigh.weigh-once/1");

/// A load that came to rest; its numbers are texts, as in results.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct OnScale {
    /// The session, if it is recorded.
    pub(crate) session: Option<String>,
    /// Its id.
    pub(crate) weighing: String,
    /// `tare`, `load` or another role.
    pub(crate) role: String,
    /// Its first frame.
    pub(crate) first_frame: u64,
    /// Its last frame.
    pub(crate) last_frame: u64,
    /// The weighing that is its tare.
    pub(crate) tare: Option<String>,
    /// The readings, by feature.
    pub(crate) values: BTreeMap<String, Option<String>>,
    /// The mass.
    pub(crate) grams: Option<String>,
    /// Its expanded uncertainty.
    pub(crate) expanded_u_g: Option<String>,
    /// `extrapolated`, `saturated`, ….
    pub(crate) flags: Vec<String>,
    /// The weights, NAME-VERSION.
    pub(crate) weights: Option<String>,
}
