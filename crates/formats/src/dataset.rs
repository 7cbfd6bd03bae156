//! `dataset.json`: what a dataset is, where it comes from, and the digests of its files.

mod exclusion;
mod source;
pub(crate) mod wire;

pub use exclusion::Exclusion;
pub use source::{DerivedFrom, HowRead, Rename, Source};

use crate::canonical::{Document, inconsistent};
use crate::digest::Digest;
use crate::licence::Licence;
use crate::limits;
use crate::malformed::Fault;
use crate::path::RelativePath;
use crate::session::Session;
use crate::text::{self, ColumnName, Line, Name, Unit, Version};
use crate::weighings::Id;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Version of the format. 1: the first. 2: how a source was read, Unicode, sessions of tables, exclusions,
/// `signal-sessions`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.dataset/1")]
    V1,
    /// Version 2.
    #[serde(rename = "openweigh.dataset/2")]
    V2,
}

/// A dataset's description (docs/spec/3-datasets.md).
///
/// One type for both versions: what version 1 has no key for is empty there, and is written in version 2 alone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
    #[serde(default)]
    pub columns: Vec<ColumnSpec>,
    /// Of a table: the text column whose equal values make a session.
    #[serde(default)]
    pub session_column: Option<ColumnName>,
    /// What stays in the data and is never fitted.
    #[serde(default)]
    pub excluded: Vec<Exclusion>,
    /// Every file of the dataset.
    pub files: Vec<DatasetFile>,
}

/// Where data come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Which kind of origin.
    pub kind: ProvenanceKind,
    /// The origin, in a sentence.
    pub origin: Line,
    /// The file that was imported, and how it was read.
    #[serde(default)]
    pub source: Option<Source>,
    /// The dataset that this one was made from.
    #[serde(default)]
    pub derived_from: Option<DerivedFrom>,
}

impl Provenance {
    /// An origin in words, without a source file.
    pub fn stated(kind: ProvenanceKind, origin: Line) -> Self {
        Self { kind, origin, source: None, derived_from: None }
    }
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
    /// Recordings of a sensor that gives numbers in time, one folder each. Version 2.
    SignalSessions,
}

impl Kind {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::TouchSessions => "touch-sessions",
            Self::SignalSessions => "signal-sessions",
        }
    }

    /// Which file of a session readings are made of; a table has none.
    pub fn frames(self) -> DatasetRole {
        match self {
            Self::Table => DatasetRole::Measurements,
            Self::TouchSessions => DatasetRole::Touches,
            Self::SignalSessions => DatasetRole::Samples,
        }
    }
}

/// What was counted of some data: no rows count twice, under whatever name they come.
#[derive(Debug, Default)]
pub struct Counted<'a> {
    names: BTreeSet<&'a Name>,
    data: BTreeSet<&'a Digest>,
}

impl<'a> Counted<'a> {
    /// Counts a dataset; says whether its name and all of its data are new.
    pub fn count(&mut self, dataset: &'a Dataset) -> bool {
        let mut new = self.names.insert(&dataset.name);
        for file in dataset.files.iter().filter(|file| file.role.is_data()) {
            new &= self.data.insert(&file.sha256);
        }
        new
    }
}

/// A declared column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// Its name in the header.
    pub name: ColumnName,
    /// Its unit, if the source states one.
    pub unit: Option<Unit>,
    /// What its cells hold.
    #[serde(rename = "type")]
    pub cells: CellType,
    /// The column whose uncertainty this one states.
    #[serde(default)]
    pub uncertainty_of: Option<ColumnName>,
}

impl ColumnSpec {
    /// A column that states no other's uncertainty.
    pub fn new(name: ColumnName, unit: Option<Unit>, cells: CellType) -> Self {
        Self { name, unit, cells, uncertainty_of: None }
    }
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
    /// A `samples.csv`. Version 2.
    Samples,
    /// A `balance.csv`: what a balance read beside the frames. Version 2.
    Balance,
    /// The dataset's `references.csv`: its measurement standards. Version 2.
    References,
}

impl DatasetRole {
    /// Whether readings are made of the file's frames.
    pub fn is_of_frames(self) -> bool {
        matches!(self, Self::Touches | Self::Samples)
    }

    /// Whether weights are made of the file.
    pub fn is_data(self) -> bool {
        self == Self::Measurements || self.is_of_frames()
    }

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measurements => "measurements",
            Self::Session => "session",
            Self::Touches => "touches",
            Self::Events => "events",
            Self::Weighings => "weighings",
            Self::Samples => "samples",
            Self::Balance => "balance",
            Self::References => "references",
        }
    }
}

/// The file of a `table` dataset.
pub const MEASUREMENTS: &str = "measurements.csv";

/// The file of a dataset's measurement standards.
pub const REFERENCES: &str = "references.csv";

/// The files of a touch session's folder that must be there, by path, with what each is for.
pub const SESSION_FILES: [(&str, DatasetRole); 4] = [
    ("events.csv", DatasetRole::Events),
    ("session.json", DatasetRole::Session),
    ("touches.csv", DatasetRole::Touches),
    ("weighings.csv", DatasetRole::Weighings),
];

/// The files of a signal session's folder that must be there, by path, with what each is for.
pub const SIGNAL_FILES: [(&str, DatasetRole); 4] = [
    ("events.csv", DatasetRole::Events),
    ("samples.csv", DatasetRole::Samples),
    ("session.json", DatasetRole::Session),
    ("weighings.csv", DatasetRole::Weighings),
];

/// The file that a session of version 2 may have before the others.
pub const BALANCE: (&str, DatasetRole) = ("balance.csv", DatasetRole::Balance);

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

    /// Whether the dataset says otherwise of a session that says it is simulated.
    pub fn denies(&self, session: &Session) -> bool {
        session.source.os.as_str() == "simulated" && self.provenance.kind != ProvenanceKind::Simulated
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

    fn check_sessions(&self, wanted: &[(&str, DatasetRole)]) -> Result<(), Fault> {
        if let Some(column) = self.columns.first() {
            return Err(inconsistent(
                "columns",
                format!("`{}`", column.name),
                "none: those of sessions are fixed",
            ));
        }
        let mut files = self.files.as_slice();
        if let [first, rest @ ..] = files
            && first.role == DatasetRole::References
            && first.path.as_str() == REFERENCES
        {
            files = rest;
        }
        if files.len() / wanted.len() > limits::SESSIONS {
            let expected = format!("at most {} sessions", limits::SESSIONS);
            return Err(inconsistent("files", self.files.len(), expected));
        }
        let mut before = "";
        while let [first, ..] = files {
            let path = first.path.as_str();
            let id = path.split('/').nth(1).unwrap_or_default();
            if Id::try_from(id.to_owned()).is_err() || id <= before {
                let expected = "sessions/<id>/… for each session in ascending order of ids";
                return Err(inconsistent("files", format!("`{path}`"), expected));
            }
            before = id;
            let has_balance = first.role == DatasetRole::Balance;
            for (name, role) in has_balance.then_some(&BALANCE).into_iter().chain(wanted) {
                let expected = format!("sessions/{id}/{name}");
                let found = files.first();
                if found.is_none_or(|file| file.path.as_str() != expected || file.role != *role) {
                    let found = found.map_or_else(
                        || "no further file".to_owned(),
                        |file| format!("`{}` in the role `{}`", file.path, file.role.as_str()),
                    );
                    let expected = format!("`{expected}` in the role `{}`", role.as_str());
                    return Err(inconsistent("files of a session", found, expected));
                }
                files = &files[1..];
            }
        }
        Ok(())
    }

    /// What version 1 has no room for.
    fn check_version_1(&self) -> Result<(), Fault> {
        if self.kind == Kind::SignalSessions {
            let expected = "`table` or `touch-sessions` in version 1";
            return Err(inconsistent("kind", "`signal-sessions`", expected));
        }
        if let Some(column) = self.columns.iter().find(|column| !column.name.is_of_version_1()) {
            let expected = "ASCII letters, digits and `_` in version 1";
            return Err(inconsistent("columns", format!("`{}`", column.name), expected));
        }
        let of_version_2 = [DatasetRole::Samples, DatasetRole::Balance, DatasetRole::References];
        if let Some(file) = self.files.iter().find(|file| of_version_2.contains(&file.role)) {
            let found = format!("`{}` in the role `{}`", file.path, file.role.as_str());
            return Err(inconsistent("files", found, "roles of version 1"));
        }
        Ok(())
    }

    /// What version 2 adds.
    fn check_version_2(&self) -> Result<(), Fault> {
        let mut texts = vec![
            ("title", &self.title),
            ("description", &self.description),
            ("origin", &self.provenance.origin),
        ];
        texts.extend(self.authors.iter().map(|author| ("authors", author)));
        texts.extend(self.excluded.iter().map(|one| ("reason", &one.reason)));
        for (what, text) in texts {
            check_text(what, text.as_str())?;
        }
        for unit in self.columns.iter().filter_map(|column| column.unit.as_ref()) {
            check_text("unit", unit.as_str())?;
        }
        if let Some(source) = &self.provenance.source {
            source.check()?;
        }
        if let Some(name) = &self.session_column
            && self.column(name).is_none_or(|column| column.cells != CellType::Text)
        {
            return Err(inconsistent("session_column", format!("`{name}`"), "a column of type `text`"));
        }
        for column in &self.columns {
            let Some(of) = &column.uncertainty_of else { continue };
            let is_number = |one: &ColumnSpec| one.cells == CellType::Number && one.uncertainty_of.is_none();
            if column.cells != CellType::Number || !self.column(of).is_some_and(is_number) {
                let found = format!("`{of}` of `{}`", column.name);
                return Err(inconsistent("uncertainty_of", found, "two columns of type `number`"));
            }
        }
        self.check_excluded()
    }

    /// The oldest version that can say all of this: a file of version 2 is written only where something of it is used.
    pub fn least_format(&self) -> Format {
        let plain = self.session_column.is_none()
            && self.excluded.is_empty()
            && self.provenance.source.is_none()
            && self.provenance.derived_from.is_none()
            && self.columns.iter().all(|column| column.uncertainty_of.is_none())
            && self.check_version_1().is_ok();
        if plain { Format::V1 } else { Format::V2 }
    }
}

/// A text of a version 2 file keeps the rules of version 2.
fn check_text(what: &str, text: &str) -> Result<(), Fault> {
    match text::flaw(text) {
        None => Ok(()),
        Some(flaw) => Err(inconsistent(what, flaw, "text as docs/spec/2-csv.md, 2.2, has it")),
    }
}

impl Serialize for Dataset {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.format {
            Format::V1 => wire::Dataset1::from(self).serialize(serializer),
            Format::V2 => wire::Dataset2::from(self).serialize(serializer),
        }
    }
}

impl Document for Dataset {
    const FORMAT: &'static str = "openweigh.dataset/1";
    const LATER: &'static [&'static str] = &["openweigh.dataset/2"];

    fn check(&self) -> Result<(), Fault> {
        match self.format {
            Format::V1 => self.check_version_1()?,
            Format::V2 => self.check_version_2()?,
        }
        match self.kind {
            Kind::Table => self.check_table(),
            Kind::TouchSessions => self.check_sessions(&SESSION_FILES),
            Kind::SignalSessions => self.check_sessions(&SIGNAL_FILES),
        }
    }
}

#[cfg(test)]
mod tests;
