//! The dataset that sessions of a log become: a folder that appears whole or not at all.

use super::{Made, SignalError, Sink};
use openweigh_formats::Digest;
use openweigh_formats::canonical;
use openweigh_formats::dataset::{Dataset, DatasetFile, Format, Kind, Provenance, SIGNAL_FILES};
use openweigh_formats::licence::Licence;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::weighings::{self, Id};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

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

/// The folder while it is written.
struct Draft {
    folder: PathBuf,
}

impl Draft {
    fn session(&self, id: &Id) -> PathBuf {
        self.folder.join("sessions").join(id.as_str())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // Renamed, or given up.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> SignalError {
    let path = path.display().to_string();
    move |error| SignalError::Write { path: path.clone(), error }
}

impl Sink for Draft {
    fn begin(&mut self, id: &Id) -> Result<Box<dyn Write>, SignalError> {
        let folder = self.session(id);
        if folder.exists() {
            let (first, second) = (id.to_string(), id.to_string());
            return Err(SignalError::Same { id: id.clone(), first, second });
        }
        std::fs::create_dir_all(&folder).map_err(failed(&folder))?;
        let path = folder.join("samples.csv");
        let file = File::create_new(&path).map_err(failed(&path))?;
        Ok(Box::new(file))
    }
}

/// Writes a dataset into the folder `datasets`: `fill` reads the logs into the sink that it is given, and says where
/// they come from.
///
/// # Errors
/// The dataset exists, `fill` fails, or the system cannot write; then nothing is left.
pub fn write(
    datasets: &Path,
    about: About,
    fill: impl FnOnce(&mut dyn Sink) -> Result<(Vec<Made>, Provenance), SignalError>,
) -> Result<(Dataset, Digest, Vec<Made>), SignalError> {
    let folder = datasets.join(about.name.as_str());
    let exists = || SignalError::Exists { path: folder.display().to_string() };
    if folder.symlink_metadata().is_ok() {
        return Err(exists());
    }
    std::fs::create_dir_all(datasets).map_err(failed(datasets))?;
    let part = datasets.join(format!(".{}.{}.part", about.name, std::process::id()));
    std::fs::create_dir(&part).map_err(failed(&part))?;
    let mut draft = Draft { folder: part };
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
    let path = draft.folder.join("dataset.json");
    std::fs::write(&path, &bytes).map_err(failed(&path))?;
    // Somebody else's dataset of this name is a folder with files, which no other takes the place of.
    std::fs::rename(&draft.folder, &folder).map_err(|error| match error.kind() {
        std::io::ErrorKind::DirectoryNotEmpty | std::io::ErrorKind::AlreadyExists => exists(),
        _ => failed(&folder)(error),
    })?;
    Ok((dataset, Digest::of(&bytes), made))
}

fn write_session(draft: &Draft, made: &Made) -> Result<Vec<DatasetFile>, SignalError> {
    let id = &made.session.id;
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
            let path = draft.session(id).join(name);
            std::fs::write(&path, bytes).map_err(failed(&path))?;
            (bytes.len() as u64, Digest::of(bytes))
        };
        let path = format!("sessions/{id}/{name}").parse().expect("an id is a part of a path");
        files.push(DatasetFile { path, role, bytes: size, sha256 });
    }
    Ok(files)
}
