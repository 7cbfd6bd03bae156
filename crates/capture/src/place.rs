//! Where a session is while it is recorded, and where it goes when it is finished.
//!
//! A running session lives in `datasets/<name>/sessions/<id>.part/`, which no description lists. Only when
//! all its files are complete is the folder renamed, and only then is `dataset.json` replaced in one step.
//! So a recording that is cut, wherever, never changes the dataset that was there before.

use crate::error::CaptureError;
use openweigh_formats::canonical;
use openweigh_formats::dataset::{
    Dataset, DatasetFile, Format, Kind, Provenance, ProvenanceKind, SESSION_FILES,
};
use openweigh_formats::licence::Licence;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::weighings::Id;
use openweigh_formats::{Digest, limits};
use openweigh_ledger::{OpenError, read_whole, write_atomically};
use std::fs::File;
use std::path::{Path, PathBuf};

/// How the folder of an unfinished session ends.
pub const PART: &str = ".part";

/// What the dataset's description will be if there is none yet. In the session's folder until it is in the
/// dataset, so that a recovery knows it.
pub(crate) const DRAFT: &str = "dataset.json.part";

/// What a person says about a dataset. What is not said keeps to what is there, or to a default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct About {
    /// Its version; else 1.0.0 for a new one, and the next minor one when a session is added.
    pub version: Option<Version>,
    /// One line; else the name.
    pub title: Option<Line>,
    /// More.
    pub description: Option<Line>,
    /// Licence of the data; else none is asserted.
    pub licence: Option<Licence>,
    /// Who made it.
    pub authors: Vec<Line>,
}

/// A dataset's folder, by its name.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
    name: Name,
}

impl Place {
    /// The dataset of this name below the root of a ledger.
    pub fn new(root: &Path, name: &Name) -> Self {
        Self { folder: root.join("datasets").join(name.as_str()), name: name.clone() }
    }

    /// The dataset in a folder that is called as the dataset is.
    pub fn of_folder(folder: &Path) -> Option<Self> {
        let name = folder.file_name()?.to_str()?.parse().ok()?;
        Some(Self { folder: folder.to_path_buf(), name })
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The folder of its sessions.
    pub fn sessions(&self) -> PathBuf {
        self.folder.join("sessions")
    }

    /// Where a session is when it is finished.
    pub fn session(&self, id: &Id) -> PathBuf {
        self.sessions().join(id.as_str())
    }

    /// Where it is until then.
    pub fn part(&self, id: &Id) -> PathBuf {
        self.sessions().join(format!("{id}{PART}"))
    }

    fn description(&self) -> PathBuf {
        self.folder.join("dataset.json")
    }

    /// The dataset as it is described now.
    ///
    /// # Errors
    /// The description cannot be read.
    pub fn read(&self) -> Result<Option<Dataset>, CaptureError> {
        let path = self.description();
        match read_whole(&path, limits::JSON_BYTES) {
            Ok(bytes) => {
                canonical::read(&bytes).map(Some).map_err(|source| CaptureError::Malformed { path, source })
            }
            Err(OpenError::Missing) => Ok(None),
            Err(source) => Err(CaptureError::Open { path, source }),
        }
    }

    /// Whether sessions of this provenance may be added; the description of the dataset if there is one.
    pub(crate) fn admits(&self, kind: ProvenanceKind) -> Result<Option<Dataset>, CaptureError> {
        let folder = || self.folder.clone();
        let found = self.read()?;
        if let Some(dataset) = &found {
            if dataset.kind != Kind::TouchSessions {
                return Err(CaptureError::OtherKind { folder: folder() });
            }
            if dataset.provenance.kind != kind {
                let (found, wanted) = (dataset.provenance.kind.as_str(), kind.as_str());
                return Err(CaptureError::Mixed { folder: folder(), found, wanted });
            }
            if dataset.sessions().len() >= limits::SESSIONS {
                return Err(CaptureError::Full { folder: folder(), limit: limits::SESSIONS });
            }
        }
        Ok(found)
    }

    /// Makes the folder of a new session: of the given id, or of the next that is free.
    pub(crate) fn reserve(
        &self,
        wanted: Option<&Id>,
        listed: &[&str],
    ) -> Result<(Id, PathBuf), CaptureError> {
        let sessions = self.sessions();
        std::fs::create_dir_all(&sessions).map_err(CaptureError::system(&sessions, "make the folder"))?;
        let _lock = self.lock()?;
        let taken =
            |id: &Id| listed.contains(&id.as_str()) || self.session(id).exists() || self.part(id).exists();
        let id = match wanted {
            Some(id) if id.as_str().ends_with(PART) => {
                return Err(CaptureError::SessionId { id: id.to_string() });
            }
            Some(id) if taken(id) => {
                return Err(CaptureError::SessionExists { folder: self.folder.clone(), id: id.to_string() });
            }
            Some(id) => id.clone(),
            None => (1..u64::from(u32::MAX))
                .map(|number| Id::try_from(format!("s{number:02}")).expect("an id"))
                .find(|id| !taken(id))
                .expect("there are more numbers than folders"),
        };
        let part = self.part(&id);
        std::fs::create_dir(&part).map_err(CaptureError::system(&part, "make the folder"))?;
        Ok((id, part))
    }

    /// Only one at a time may choose an id or change the description; released when it is dropped, and by
    /// the system when the process ends.
    pub(crate) fn lock(&self) -> Result<File, CaptureError> {
        let sessions = self.sessions();
        let lock = File::open(&sessions).map_err(CaptureError::system(&sessions, "open the folder"))?;
        lock.lock().map_err(CaptureError::system(&sessions, "lock the folder"))?;
        Ok(lock)
    }

    /// The description of a dataset that has no session yet.
    pub(crate) fn draft(&self, about: &About, provenance: &Provenance) -> Dataset {
        let title = || Line::try_from(self.name.to_string()).expect("a name is a line");
        Dataset {
            format: Format::V1,
            name: self.name.clone(),
            version: about.version.clone().unwrap_or_else(|| "1.0.0".parse().expect("a version")),
            title: about.title.clone().unwrap_or_else(title),
            description: about.description.clone().unwrap_or_else(|| "".parse().expect("a line")),
            licence: about.licence.clone().unwrap_or_else(Licence::no_assertion),
            authors: about.authors.clone(),
            provenance: provenance.clone(),
            kind: Kind::TouchSessions,
            columns: Vec::new(),
            session_column: None,
            excluded: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The last step: a session that is complete in its `.part` folder becomes one of the dataset's.
    ///
    /// `files` are the bytes and digests in the order of [`SESSION_FILES`].
    pub(crate) fn admit(
        &self,
        id: &Id,
        files: [(u64, Digest); SESSION_FILES.len()],
        about: &About,
        provenance: &Provenance,
    ) -> Result<Digest, CaptureError> {
        let (part, session) = (self.part(id), self.session(id));
        let _lock = self.lock()?;
        if part.exists() {
            if session.exists() {
                let (folder, id) = (self.folder.clone(), id.to_string());
                return Err(CaptureError::SessionExists { folder, id });
            }
            sync_folder(&part)?;
            std::fs::rename(&part, &session).map_err(CaptureError::system(&part, "rename the folder"))?;
            sync_folder(&self.sessions())?;
        }
        let dataset = match self.admits(provenance.kind)? {
            Some(dataset) => told(dataset, about),
            None => self.draft(about, provenance),
        };
        let bytes = canonical::write(&with_session(dataset, id, files));
        write_atomically(&self.description(), &bytes, true)?;
        sync_folder(&self.folder)?;
        let draft = session.join(DRAFT);
        if draft.exists() {
            std::fs::remove_file(&draft).map_err(CaptureError::system(&draft, "remove"))?;
        }
        Ok(Digest::of(&bytes))
    }
}

/// An existing description with what was said anew, and the version that follows.
fn told(mut dataset: Dataset, about: &About) -> Dataset {
    dataset.version = about.version.clone().unwrap_or_else(|| next_minor(&dataset.version));
    dataset.title = about.title.clone().unwrap_or(dataset.title);
    dataset.description = about.description.clone().unwrap_or(dataset.description);
    dataset.licence = about.licence.clone().unwrap_or(dataset.licence);
    for author in &about.authors {
        if !dataset.authors.contains(author) {
            dataset.authors.push(author.clone());
        }
    }
    dataset
}

/// More data under the same name are another version of them, one that old readers can still use.
fn next_minor(version: &Version) -> Version {
    let text = version.to_string();
    let mut parts = text.split(['.', '-', '+']);
    let major = parts.next().unwrap_or("1");
    let minor: u64 = parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    let next = minor.checked_add(1).and_then(|minor| format!("{major}.{minor}.0").parse().ok());
    next.unwrap_or_else(|| version.clone())
}

fn with_session(mut dataset: Dataset, id: &Id, files: [(u64, Digest); SESSION_FILES.len()]) -> Dataset {
    let own = format!("sessions/{id}/");
    dataset.files.retain(|file| !file.path.as_str().starts_with(&own));
    for ((name, role), (bytes, sha256)) in SESSION_FILES.into_iter().zip(files) {
        let path = format!("{own}{name}").parse().expect("an id is a part of a path");
        dataset.files.push(DatasetFile { path, role, bytes, sha256 });
    }
    // By session, then by file: a plain comparison of paths would put `a-1/` before `a/`.
    let key = |file: &DatasetFile| file.path.as_str().split('/').map(str::to_owned).collect::<Vec<_>>();
    dataset.files.sort_by_cached_key(key);
    dataset
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), CaptureError> {
    let opened = File::open(folder).and_then(|folder| folder.sync_all());
    opened.map_err(CaptureError::system(folder, "sync the folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_with_more_sessions_is_the_next_minor_one() {
        for (version, next) in [("1.0.0", "1.1.0"), ("0.9.3-rc.1+x", "0.10.0")] {
            assert_eq!(next_minor(&version.parse().unwrap()).to_string(), next);
        }
    }
}
