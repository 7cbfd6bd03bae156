//! The dataset that sessions of a log become: a folder that appears whole or not at all.

use super::{Made, SignalError, Sink};
use openweigh_formats::Digest;
use openweigh_formats::canonical;
use openweigh_formats::dataset::{Dataset, DatasetFile, Format, Kind, Provenance, SIGNAL_FILES};
use openweigh_formats::licence::Licence;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::weighings::{self, Id};
use openweigh_ledger::{DraftError, Folder, Ledger};
use std::collections::BTreeMap;
use std::io::Write;

/// What a person says about the dataset.
#[derive(Debug, Clone)]
pub struct About {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// One line for people.
    pub title: Line,
    /// More for people.
    pub description: Line,
    /// Its licence.
    pub licence: Licence,
    /// Who made it.
    pub authors: Vec<Line>,
}

/// The folder while it is written. Dropped, it is removed.
struct Draft {
    datasets: Folder,
    name: String,
    folder: Folder,
    /// The sessions so far, by their ids without letter case.
    ids: BTreeMap<String, Id>,
    installed: bool,
}

impl Draft {
    fn begin(ledger: &Ledger, name: &Name) -> Result<Self, DraftError> {
        let datasets = ledger.make_folder(&path_of("datasets"))?;
        let name = format!(".{name}.{}.part", std::process::id());
        // Of a process of the same number that was killed.
        datasets.remove_all(&name)?;
        let folder = datasets.make_new(&name)?;
        Ok(Self { datasets, name, folder, ids: BTreeMap::new(), installed: false })
    }

    /// Makes it the dataset of this name.
    fn install(mut self, name: &Name) -> Result<(), DraftError> {
        self.folder.sync()?;
        self.datasets.rename_new(&self.name, &self.datasets, name.as_str())?;
        self.installed = true;
        self.datasets.sync()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.installed {
            let _ = self.datasets.remove_all(&self.name);
        }
    }
}

impl Sink for Draft {
    fn begin(&mut self, id: &Id) -> Result<Box<dyn Write>, SignalError> {
        if let Some(first) = self.ids.insert(id.as_str().to_ascii_lowercase(), id.clone()) {
            return Err(SignalError::Same {
                id: id.clone(),
                first: first.to_string(),
                second: id.to_string(),
            });
        }
        let folder = self.folder.make("sessions")?.make_new(id.as_str())?;
        Ok(Box::new(folder.create_new("samples.csv")?))
    }
}

fn path_of(text: &str) -> RelativePath {
    text.parse().expect("a path of the layout")
}

/// Writes a dataset into a ledger: `fill` reads the logs into the sink that it is given, and says where they come
/// from. The ledger is locked while the dataset is put into its place.
///
/// # Errors
/// The dataset exists, `fill` fails, or the system cannot write; then nothing is left.
pub fn write(
    ledger: &Ledger,
    about: About,
    fill: impl FnOnce(&mut dyn Sink) -> Result<(Vec<Made>, Provenance), SignalError>,
) -> Result<(Dataset, Digest, Vec<Made>), SignalError> {
    let inside = Ledger::dataset(&about.name);
    let folder = ledger.on_disk(&path_of(inside.parent().unwrap_or_default()));
    let exists = || SignalError::Exists { path: folder.display().to_string() };
    let mut draft = Draft::begin(ledger, &about.name)?;
    if draft.datasets.has(about.name.as_str()) {
        return Err(exists());
    }
    let (mut made, provenance) = fill(&mut draft)?;
    made.sort_by(|left, right| left.session.id.cmp(&right.session.id));
    let mut files = Vec::new();
    for one in &made {
        files.extend(write_session(&draft, one)?);
    }
    let dataset = Dataset {
        format: Format::V2,
        name: about.name,
        version: about.version,
        title: about.title,
        description: about.description,
        licence: about.licence,
        authors: about.authors,
        provenance,
        kind: Kind::SignalSessions,
        columns: Vec::new(),
        session_column: None,
        excluded: Vec::new(),
        files,
    };
    let bytes = canonical::write(&dataset);
    draft.folder.put("dataset.json", &bytes)?;
    let _lock = ledger.lock()?;
    match draft.install(&dataset.name) {
        Err(DraftError::Exists { .. }) => return Err(exists()),
        installed => installed?,
    }
    Ok((dataset, Digest::of(&bytes), made))
}

fn write_session(draft: &Draft, made: &Made) -> Result<Vec<DatasetFile>, SignalError> {
    let id = &made.session.id;
    let folder = draft.folder.make("sessions")?.make(id.as_str())?;
    let description = canonical::write(&made.session);
    let weighings = weighings::write(&[]);
    let mut files = Vec::new();
    for (name, role) in SIGNAL_FILES {
        let bytes: &[u8] = match name {
            "events.csv" => &made.events,
            "session.json" => &description,
            "weighings.csv" => &weighings,
            _ => &[],
        };
        let (size, sha256) = if name == "samples.csv" {
            made.samples.clone()
        } else {
            folder.put(name, bytes)?;
            (bytes.len() as u64, Digest::of(bytes))
        };
        let path = format!("sessions/{id}/{name}").parse().expect("an id is a part of a path");
        files.push(DatasetFile { path, role, bytes: size, sha256 });
    }
    Ok(files)
}
