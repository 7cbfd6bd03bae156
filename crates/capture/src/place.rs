//! Where a session is while it is recorded, and where it goes when it is finished.
//!
//! A running session lives in `datasets/<name>/sessions/<id>.part/`, which no description lists. Only when
//! all its files are complete is the folder renamed, and only then is `dataset.json` replaced in one step.
//! So a recording that is cut, wherever, never changes the dataset that was there before. The ledger is locked for
//! these two steps and while an id is chosen, and at no other time. Nothing in the folder is reached through a link.

use crate::error::CaptureError;
use openweigh_formats::canonical;
use openweigh_formats::dataset::{
    Dataset, DatasetFile, Format, Kind, Provenance, ProvenanceKind, SESSION_FILES,
};
use openweigh_formats::licence::Licence;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::weighings::Id;
use openweigh_formats::{Digest, limits};
use openweigh_ledger::edit::next_minor;
use openweigh_ledger::{Change, DraftError, Expected, Folder, Ledger, Lock, OpenError};
use std::collections::BTreeMap;
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
    ledger: Ledger,
    /// The folder, from the root of the ledger.
    inside: RelativePath,
}

impl Place {
    /// The dataset of this name below the root of a ledger.
    pub fn new(root: &Path, name: &Name) -> Self {
        Self {
            folder: root.join("datasets").join(name.as_str()),
            name: name.clone(),
            ledger: Ledger::at(root),
            inside: part_of(&format!("datasets/{name}")),
        }
    }

    /// The dataset in a folder that is called as the dataset is. A person named it: links may lead there.
    pub fn of_folder(folder: &Path) -> Option<Self> {
        let real = Folder::at(folder).ok()?.real().ok()?;
        let name: Name = real.file_name()?.to_str()?.parse().ok()?;
        let above = real.parent()?;
        let of_ledger = Ledger::around(&real).map(|ledger| Self::new(ledger.root(), &name));
        if let Some(place) = of_ledger.filter(|place| place.folder == real) {
            return Some(place);
        }
        // Elsewhere what lies beside it is locked with it.
        let inside = part_of(name.as_str());
        Some(Self { folder: folder.to_path_buf(), name, ledger: Ledger::at(above), inside })
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

    /// The ledger that it is in.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn description(&self) -> RelativePath {
        part_of(&format!("{}/dataset.json", self.inside))
    }

    fn sessions_inside(&self) -> RelativePath {
        part_of(&format!("{}/sessions", self.inside))
    }

    /// The folder of its sessions; none if there is none.
    pub(crate) fn sessions_folder(&self) -> Result<Option<Folder>, CaptureError> {
        Ok(self.ledger.folder(&self.sessions_inside())?)
    }

    /// The folder that the dataset is in.
    pub(crate) fn above(&self) -> Result<Folder, CaptureError> {
        let missing = || CaptureError::Open { path: self.folder.clone(), source: OpenError::Missing };
        Ok(self.ledger.folder_of(&self.inside)?.ok_or_else(missing)?.0)
    }

    /// The dataset as it is described now.
    ///
    /// # Errors
    /// The description cannot be read.
    pub fn read(&self) -> Result<Option<Dataset>, CaptureError> {
        Ok(self.read_with_digest()?.map(|(dataset, _)| dataset))
    }

    /// As [`Place::read`], with the digest of the description.
    pub(crate) fn read_with_digest(&self) -> Result<Option<(Dataset, Digest)>, CaptureError> {
        let path = self.description();
        let Some((folder, name)) = self.ledger.folder_of(&path)? else { return Ok(None) };
        let Some(bytes) = folder.read(name, limits::JSON_BYTES)? else { return Ok(None) };
        let path = self.folder.join("dataset.json");
        let dataset = canonical::read(&bytes).map_err(|source| CaptureError::Malformed { path, source })?;
        Ok(Some((dataset, Digest::of(&bytes))))
    }

    /// Whether sessions of this provenance may be added; the description of the dataset if there is one.
    pub(crate) fn admits(&self, kind: ProvenanceKind) -> Result<Option<(Dataset, Digest)>, CaptureError> {
        let folder = || self.folder.clone();
        let found = self.read_with_digest()?;
        if let Some((dataset, _)) = &found {
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
    ) -> Result<(Id, PathBuf, Folder), CaptureError> {
        let lock = self.ledger.lock()?;
        // Told before a recording, and not only at its end.
        self.insist_unpinned(&lock)?;
        let sessions = self.ledger.make_folder(&self.sessions_inside())?;
        // Letter case makes no other session: no manifest may list paths that differ in nothing else.
        let there = sessions.names()?;
        let ids = there.iter().map(|name| name.strip_suffix(PART).unwrap_or(name));
        let twins: BTreeMap<String, &str> =
            ids.chain(listed.iter().copied()).map(|id| (id.to_ascii_lowercase(), id)).collect();
        let taken = |id: &Id| twins.get(&id.as_str().to_ascii_lowercase()).copied();
        let id = match wanted {
            Some(id) if id.as_str().ends_with(PART) => {
                return Err(CaptureError::SessionId { id: id.to_string() });
            }
            Some(id) if taken(id).is_some() => {
                let id = taken(id).unwrap_or(id.as_str()).to_owned();
                return Err(CaptureError::SessionExists { folder: self.folder.clone(), id });
            }
            Some(id) => id.clone(),
            None => (1..u64::from(u32::MAX))
                .map(|number| Id::try_from(format!("s{number:02}")).expect("an id"))
                .find(|id| taken(id).is_none())
                .expect("there are more numbers than folders"),
        };
        let folder = sessions.make_new(&format!("{id}{PART}"))?;
        Ok((id.clone(), self.part(&id), folder))
    }

    /// Removes the folder of a session that is given up, with its files; and what was made for it alone.
    pub(crate) fn discard(&self, id: &Id) -> Result<(), CaptureError> {
        let _lock = self.ledger.lock()?;
        let Some(sessions) = self.sessions_folder()? else { return Ok(()) };
        let part = format!("{id}{PART}");
        if let Some(folder) = sessions.enter(&part)? {
            for name in folder.names()? {
                folder.remove(&name)?;
            }
        }
        sessions.remove_folder(&part)?;
        self.remove_if_empty();
        Ok(())
    }

    /// Gives an unfinished session to another dataset of the same ledger.
    ///
    /// # Errors
    /// It is still being recorded, the other has a session of this id, or the system refuses.
    pub fn hand_over(&self, id: &Id, to: &Self) -> Result<(), CaptureError> {
        let _lock = self.ledger.lock()?;
        let Some(from) = self.sessions_folder()? else { return Ok(()) };
        let part = format!("{id}{PART}");
        let name = if from.has_folder(&part) { part.clone() } else { id.to_string() };
        let Some(folder) = from.enter(&name)? else { return Ok(()) };
        if folder.open("touches.csv")?.is_some_and(|file| file.try_lock().is_err()) {
            return Err(CaptureError::Running { folder: folder.path().to_path_buf() });
        }
        let sessions = to.ledger.make_folder(&to.sessions_inside())?;
        if sessions.has(id.as_str()) {
            return Err(CaptureError::SessionExists { folder: to.folder.clone(), id: id.to_string() });
        }
        from.rename_new(&name, &sessions, &part)?;
        sessions.sync()?;
        Ok(from.sync()?)
    }

    /// Removes what killed processes were writing beside the dataset's files.
    pub(crate) fn sweep(&self) -> Result<(), CaptureError> {
        let _lock = self.ledger.lock()?;
        if let Some(folder) = self.ledger.folder(&self.inside)? {
            folder.sweep()?;
        }
        Ok(())
    }

    /// Removes the folders of the dataset that hold nothing. Anything in them keeps them.
    pub(crate) fn remove_if_empty(&self) {
        if let Ok(Some((above, name))) = self.ledger.folder_of(&self.inside) {
            if let Ok(Some(folder)) = above.enter(name) {
                let _ = folder.remove_folder("sessions");
            }
            let _ = above.remove_folder(name);
        }
    }

    /// Insists that no weights or manifest of the ledger pin the dataset as it is.
    fn insist_unpinned(&self, lock: &Lock) -> Result<(), DraftError> {
        self.ledger.insist_unpinned(lock, &self.name)
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
        let lock = self.ledger.lock()?;
        let found = self.admits(provenance.kind)?;
        let before = found.as_ref().map(|(_, sha256)| sha256.clone());
        let dataset = match found {
            Some((dataset, _)) => told(dataset, about),
            None => self.draft(about, provenance),
        };
        let bytes = canonical::write(&with_session(dataset, id, files));
        let sha256 = Digest::of(&bytes);
        if before.as_ref() != Some(&sha256) {
            self.insist_unpinned(&lock)?;
        }
        let sessions = self.ledger.make_folder(&self.sessions_inside())?;
        let part = format!("{id}{PART}");
        if let Some(folder) = sessions.enter(&part)? {
            folder.sync()?;
            match sessions.rename_new(&part, &sessions, id.as_str()) {
                Err(DraftError::Exists { .. }) => {
                    let (folder, id) = (self.folder.clone(), id.to_string());
                    return Err(CaptureError::SessionExists { folder, id });
                }
                other => other?,
            }
            sessions.sync()?;
        }
        let mut change = Change::of(&self.ledger);
        change.put(&self.description(), &bytes, Expected::read(before))?;
        change.commit_under(&lock)?;
        if let Some(session) = sessions.enter(id.as_str())? {
            session.remove(DRAFT)?;
        }
        Ok(sha256)
    }
}

/// A path made of the names of a dataset and its parts.
fn part_of(text: &str) -> RelativePath {
    RelativePath::try_from(text.to_owned()).expect("names and ids are parts of paths")
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
