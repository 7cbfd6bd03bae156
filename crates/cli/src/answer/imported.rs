//! Of `import`: what became of foreign files.

use super::answer;
use openweigh_capture::Warning;
use openweigh_formats::dataset::HowRead;
use openweigh_formats::session::Quality;
use serde::Serialize;

/// `import table`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ImportedTable {
    /// How many rows it has.
    pub(crate) rows: u64,
    /// `false` if the same bytes were there before, or of a dry run.
    pub(crate) written: bool,
    /// The names of the columns.
    pub(crate) columns: Vec<String>,
    /// What was changed on the way, for people.
    pub(crate) changes: Vec<String>,
    /// How the table was read.
    pub(crate) reading: HowRead,
    /// What was made of it; absent of a dry run.
    #[serde(flatten)]
    pub(crate) made: Option<MadeTable>,
    /// What would be made of it; absent but of a dry run.
    #[serde(flatten)]
    pub(crate) seen: Option<SeenTable>,
}
answer!(ImportedTable, "openweigh.import-table/1");

/// The dataset that was made of a table.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct MadeTable {
    /// Its folder.
    pub(crate) dataset: String,
    /// SHA-256 of its `dataset.json`.
    pub(crate) sha256: String,
}

/// The first and the last rows of a table, as they would be stored.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SeenTable {
    /// The unit of each column.
    pub(crate) units: Vec<Option<String>>,
    /// The type of each column: `number` or `text`.
    pub(crate) types: Vec<&'static str>,
    /// The first rows.
    pub(crate) first: Vec<Vec<String>>,
    /// The last rows, without those that are among the first.
    pub(crate) last: Vec<Vec<String>>,
}

/// `import signal`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ImportedSignal {
    /// The dataset's folder.
    pub(crate) dataset: String,
    /// SHA-256 of its `dataset.json`.
    pub(crate) sha256: String,
    /// Each session.
    pub(crate) sessions: Vec<SignalSession>,
}
answer!(ImportedSignal, "openweigh.import-signal/1");

/// A session of samples.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct SignalSession {
    /// Its id.
    pub(crate) session: String,
    /// How many samples it has.
    pub(crate) samples: u64,
    /// From the first to the last.
    pub(crate) seconds: Option<String>,
    /// Longer pauses between samples.
    pub(crate) gaps: u64,
    /// Cells without a number.
    pub(crate) missing: u64,
}

/// `import recording`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct ImportedRecording {
    /// The dataset's folder.
    pub(crate) dataset: String,
    /// The format of the recording.
    pub(crate) recording_format: &'static str,
    /// SHA-256 of the recording.
    pub(crate) recording_sha256: String,
    /// `false` of a dry run.
    pub(crate) written: bool,
    /// Each session.
    pub(crate) sessions: Vec<RecordingSession>,
    /// What did not become a session.
    pub(crate) left_out: Vec<LeftOut>,
    /// SHA-256 of the dataset's `dataset.json`.
    pub(crate) sha256: Option<String>,
}
// Version 1 had the recording's format in `format`.
answer!(ImportedRecording, "openweigh.import-recording/2");

/// What became a session.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct RecordingSession {
    /// Its id; `null` of a dry run.
    pub(crate) session: Option<String>,
    /// The device, as the recording names it.
    pub(crate) device: String,
    /// The unit of pressure.
    pub(crate) unit: &'static str,
    /// Counts of what is in it and of what went wrong.
    pub(crate) quality: Quality,
    /// SHA-256 of its touches.
    pub(crate) touches_sha256: String,
    /// What is suspicious.
    pub(crate) warnings: Vec<Warned>,
}

/// What is suspicious in a session.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Warned {
    /// What was found.
    pub(crate) found: String,
    /// What to do about it.
    pub(crate) advice: &'static str,
}

impl Warned {
    pub(crate) fn all(warnings: &[Warning]) -> Vec<Self> {
        warnings.iter().map(|one| Self { found: one.to_string(), advice: one.advice() }).collect()
    }
}

/// A device that did not become a session.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct LeftOut {
    /// The device, as the recording names it.
    pub(crate) device: String,
    /// Why.
    pub(crate) why: String,
}
