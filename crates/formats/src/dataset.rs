//! `dataset.json`: what a dataset is, where it comes from, and the digests of its files.

use crate::canonical::{Document, inconsistent};
use crate::digest::Digest;
use crate::licence::Licence;
use crate::limits;
use crate::malformed::Fault;
use crate::path::RelativePath;
use crate::text::{ColumnName, Line, Name, Unit, Version};
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.dataset/1")]
    V1,
}

/// A dataset's description (docs/spec/3-datasets.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Dataset {
    /// Kind and version of the file.
    pub format: Format,
    /// The name of its folder.
    pub name: Name,
    /// Semantic version.
    pub version: Version,
    /// One line for people.
    pub title: Line,
    /// More for people; may be empty.
    pub description: Line,
    /// Under which licence the data are.
    pub licence: Licence,
    /// Who made it.
    pub authors: Vec<Line>,
    /// Whether it was measured, simulated or transcribed, and from what.
    pub provenance: Provenance,
    /// What its files are.
    pub kind: Kind,
    /// The columns of the table, in file order; none of touch sessions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<ColumnSpec>,
    /// Every file of the dataset.
    pub files: Vec<DatasetFile>,
}

/// Where data come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Provenance {
    /// Which kind of origin.
    pub kind: ProvenanceKind,
    /// The origin, in a sentence.
    pub origin: Line,
}

/// Kinds of origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum ProvenanceKind {
    /// By an instrument, for this dataset.
    Measured,
    /// By a program.
    Simulated,
    /// From a publication or another file.
    Transcribed,
}

impl ProvenanceKind {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Simulated => "simulated",
            Self::Transcribed => "transcribed",
        }
    }
}

/// Kinds of dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Kind {
    /// One `measurements.csv` with declared columns.
    Table,
    /// Recordings of a pad that reports force, one folder each.
    TouchSessions,
}

/// A declared column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct ColumnSpec {
    /// Its name in the header.
    pub name: ColumnName,
    /// Its unit, if the source states one.
    pub unit: Option<Unit>,
    /// What its cells hold.
    #[serde(rename = "type")]
    pub cells: CellType,
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum CellType {
    /// Canonical decimals.
    Number,
    /// Texts.
    Text,
}

/// A file of a dataset, relative to the dataset's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct DatasetFile {
    /// Where.
    pub path: RelativePath,
    /// What for.
    pub role: DatasetRole,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// What a file of a dataset is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum DatasetRole {
    /// The table.
    Measurements,
    /// A `session.json`.
    Session,
    /// A `touches.csv`.
    Touches,
    /// An `events.csv`.
    Events,
    /// A `weighings.csv`.
    Weighings,
}

impl DatasetRole {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measurements => "measurements",
            Self::Session => "session",
            Self::Touches => "touches",
            Self::Events => "events",
            Self::Weighings => "weighings",
        }
    }
}

/// The file of a `table` dataset.
pub const MEASUREMENTS: &str = "measurements.csv";

/// The files of a session's folder, by path, with what each is for.
pub const SESSION_FILES: [(&str, DatasetRole); 4] = [
    ("events.csv", DatasetRole::Events),
    ("session.json", DatasetRole::Session),
    ("touches.csv", DatasetRole::Touches),
    ("weighings.csv", DatasetRole::Weighings),
];

impl Dataset {
    /// The declared column of this name.
    pub fn column(&self, name: &ColumnName) -> Option<&ColumnSpec> {
        self.columns.iter().find(|column| &column.name == name)
    }

    /// The file that holds the table.
    pub fn measurements(&self) -> Option<&DatasetFile> {
        self.files.iter().find(|file| file.role == DatasetRole::Measurements)
    }

    /// The ids of the sessions, in the order of the files.
    pub fn sessions(&self) -> Vec<&str> {
        let of_sessions = self.files.iter().filter(|file| file.role == DatasetRole::Session);
        of_sessions.filter_map(|file| file.path.as_str().split('/').nth(1)).collect()
    }

    /// The file of a session with some role.
    pub fn session_file(&self, session: &str, role: DatasetRole) -> Option<&DatasetFile> {
        let of_session = |path: &RelativePath| path.as_str().split('/').nth(1) == Some(session);
        self.files.iter().find(|file| file.role == role && of_session(&file.path))
    }

    fn check_table(&self) -> Result<(), Fault> {
        let count = self.columns.len();
        if count == 0 || count > limits::COLUMNS {
            return Err(inconsistent("columns", count, format!("1 to {}", limits::COLUMNS)));
        }
        for (at, column) in self.columns.iter().enumerate() {
            if self.columns[..at].iter().any(|earlier| earlier.name == column.name) {
                return Err(inconsistent("columns", format!("`{}` twice", column.name), "each name once"));
            }
        }
        let paths: Vec<&str> = self.files.iter().map(|file| file.path.as_str()).collect();
        let role = self.files.first().map(|file| file.role);
        if paths != [MEASUREMENTS] || role != Some(DatasetRole::Measurements) {
            return Err(inconsistent("files of a table", paths.join(", "), MEASUREMENTS));
        }
        Ok(())
    }

    fn check_sessions(&self) -> Result<(), Fault> {
        if let Some(column) = self.columns.first() {
            return Err(inconsistent(
                "columns",
                format!("`{}`", column.name),
                "none: those of sessions are fixed",
            ));
        }
        if self.files.len() / SESSION_FILES.len() > limits::SESSIONS {
            let expected = format!("at most {} sessions", limits::SESSIONS);
            return Err(inconsistent("files", self.files.len(), expected));
        }
        let mut before = "";
        for files in self.files.chunks(SESSION_FILES.len()) {
            let first = files.first().map_or("", |file| file.path.as_str());
            let id = first.split('/').nth(1).unwrap_or_default();
            if crate::weighings::Id::try_from(id.to_owned()).is_err() || id <= before {
                let expected = "sessions/<id>/… for each session in ascending order of ids";
                return Err(inconsistent("files", format!("`{first}`"), expected));
            }
            before = id;
            for (at, (name, role)) in SESSION_FILES.iter().enumerate() {
                let expected = format!("sessions/{id}/{name}");
                let found = files.get(at);
                if found.is_none_or(|file| file.path.as_str() != expected || file.role != *role) {
                    let found = found.map_or_else(
                        || "no further file".to_owned(),
                        |file| format!("`{}` in the role `{}`", file.path, file.role.as_str()),
                    );
                    let expected = format!("`{expected}` in the role `{}`", role.as_str());
                    return Err(inconsistent("files of a session", found, expected));
                }
            }
        }
        Ok(())
    }
}

impl Document for Dataset {
    const FORMAT: &'static str = "openweigh.dataset/1";

    fn check(&self) -> Result<(), Fault> {
        match self.kind {
            Kind::Table => self.check_table(),
            Kind::TouchSessions => self.check_sessions(),
        }
    }
}
