//! A dataset that is changed after it was made: some of its small files, and what its description says.
//!
//! In place only where nothing pins it; else, or if it is wanted, as a new dataset, a copy that says what it was
//! derived from. What is copied is what the description lists, byte for byte.

use crate::change::{Change, Draft, Expected};
use crate::draft::{DraftError, Written};
use crate::folder::Folder;
use crate::layout::Ledger;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{Dataset, DatasetFile, DatasetRole, DerivedFrom, Exclusion, Kind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::weighings::{self, Id};
use openweigh_formats::{Digest, Fault, Malformed, limits};
use std::collections::BTreeMap;
use std::io::{Read, Write};

/// Bytes copied at a time.
const BLOCK: usize = 1 << 18;

/// Why a dataset cannot be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is none of this name.
    #[error("no dataset `{name}` in datasets/")]
    Missing {
        /// The name.
        name: Name,
    },
    /// A file is not of its format.
    #[error("{path}:{source}")]
    Malformed {
        /// Which.
        path: RelativePath,
        /// Where and how.
        source: Malformed,
    },
    /// A file is missing, or is not the one that is listed.
    #[error("{path}: found {}, the dataset lists the SHA-256 {expected}", found.as_ref().map_or("no such file".to_owned(), |found| format!("the SHA-256 {found}")))]
    NotListed {
        /// Which.
        path: RelativePath,
        /// What is there.
        found: Option<Digest>,
        /// What is listed.
        expected: Digest,
    },
    /// A table has no weighings, and a session no rows.
    #[error("the dataset `{name}` is of the kind `{}`: exclude {}", kind.as_str(), if *kind == Kind::Table { "a row, by its number" } else { "SESSION/WEIGHING" })]
    OtherKind {
        /// The dataset.
        name: Name,
        /// Its kind.
        kind: Kind,
    },
    /// No such row.
    #[error("found row {row}, expected one of the {rows} rows, counted from 0")]
    NoRow {
        /// Which.
        row: u64,
        /// How many there are.
        rows: u64,
    },
    /// No such session, or no such weighing in it.
    #[error("the dataset has no {what} `{id}`; it has {}", if among.is_empty() { "none".to_owned() } else { among.join(", ") })]
    Nothing {
        /// `session` or `weighing`.
        what: &'static str,
        /// What was asked for.
        id: Id,
        /// What there is.
        among: Vec<String>,
    },
    /// The new description would contradict itself.
    #[error("{0}")]
    Inconsistent(Fault),
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] DraftError),
}

/// A dataset as it was read, and what shall be different.
#[derive(Debug)]
pub struct Edit<'a> {
    ledger: &'a Ledger,
    dataset: Dataset,
    sha256: Digest,
    /// What was read; what is in it no longer is not the dataset any more.
    before: Dataset,
    files: BTreeMap<RelativePath, Vec<u8>>,
}

/// A dataset that was changed, or made of another.
#[derive(Debug, Clone)]
pub struct Edited {
    /// It, as it is described now.
    pub dataset: Dataset,
    /// SHA-256 of its description.
    pub sha256: Digest,
    /// Whether anything was written.
    pub written: Written,
}

impl<'a> Edit<'a> {
    /// Reads the description of a dataset.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(ledger: &'a Ledger, name: &Name) -> Result<Self, EditError> {
        let path = Ledger::dataset(name);
        let missing = || EditError::Missing { name: name.clone() };
        let (folder, file) = ledger.folder_of(&path)?.ok_or_else(missing)?;
        let bytes = folder.read(file, limits::JSON_BYTES)?.ok_or_else(missing)?;
        let dataset: Dataset =
            canonical::read(&bytes).map_err(|source| EditError::Malformed { path, source })?;
        let sha256 = Digest::of(&bytes);
        Ok(Self { ledger, before: dataset.clone(), dataset, sha256, files: BTreeMap::new() })
    }

    /// The dataset, with what was changed so far.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The path in the ledger of one of its files.
    pub fn place_of(&self, file: &DatasetFile) -> RelativePath {
        Ledger::dataset(&self.before.name).sibling(&file.path).expect("a listed path is short enough")
    }

    /// The bytes of a small file of it, believed only if they have the digest that is listed.
    ///
    /// # Errors
    /// It is another file, or cannot be read.
    pub fn read(&self, file: &DatasetFile) -> Result<Vec<u8>, EditError> {
        let path = self.place_of(file);
        let found = match self.ledger.folder_of(&path)? {
            Some((folder, name)) => folder.read(name, limits::SESSION_CSV_BYTES)?,
            None => None,
        };
        match found {
            Some(bytes) if Digest::of(&bytes) == file.sha256 => Ok(bytes),
            found => {
                let (found, expected) = (found.as_deref().map(Digest::of), file.sha256.clone());
                Err(EditError::NotListed { path, found, expected })
            }
        }
    }

    /// Gives a file other bytes.
    pub fn put(&mut self, path: &RelativePath, bytes: Vec<u8>) {
        for file in self.dataset.files.iter_mut().filter(|file| file.path == *path) {
            file.bytes = bytes.len() as u64;
            file.sha256 = Digest::of(&bytes);
        }
        self.files.insert(path.clone(), bytes);
    }

    /// Excludes a weighing of a session.
    ///
    /// # Errors
    /// There is none.
    pub fn exclude_weighing(&mut self, session: &Id, weighing: &Id, reason: Line) -> Result<(), EditError> {
        let Dataset { name, kind, .. } = &self.dataset;
        if *kind == Kind::Table {
            return Err(EditError::OtherKind { name: name.clone(), kind: *kind });
        }
        let Some(file) = self.dataset.session_file(session.as_str(), DatasetRole::Weighings).cloned() else {
            let among = self.dataset.sessions().into_iter().map(str::to_owned).collect();
            return Err(EditError::Nothing { what: "session", id: session.clone(), among });
        };
        let weighings = weighings::read(&self.read(&file)?)
            .map_err(|source| EditError::Malformed { path: self.place_of(&file), source })?;
        if !weighings.iter().any(|one| one.id == *weighing) {
            let among = weighings.iter().map(|one| one.id.to_string()).collect();
            return Err(EditError::Nothing { what: "weighing", id: weighing.clone(), among });
        }
        let (session, weighing) = (Some(session.clone()), Some(weighing.clone()));
        self.exclude(Exclusion { session, weighing, row: None, reason });
        Ok(())
    }

    /// Excludes a row of a table, counted from 0.
    ///
    /// # Errors
    /// There is none, or the table cannot be read.
    pub fn exclude_row(&mut self, row: u64, reason: Line, max_csv: u64) -> Result<(), EditError> {
        let Dataset { name, kind, .. } = &self.dataset;
        let other = || EditError::OtherKind { name: name.clone(), kind: *kind };
        let file = self.dataset.measurements().cloned().ok_or_else(other)?;
        let path = self.place_of(&file);
        let (mut lines, mut hasher) = (0_u64, Hasher::default());
        let read = self.ledger.read(&path, max_csv, &mut |block| {
            hasher.update(block);
            lines += memchr::memchr_iter(b'\n', block).count() as u64;
        });
        let found = read.ok().map(|()| hasher.finish());
        if found.as_ref() != Some(&file.sha256) {
            return Err(EditError::NotListed { path, found, expected: file.sha256 });
        }
        let rows = lines.saturating_sub(1);
        if row >= rows {
            return Err(EditError::NoRow { row, rows });
        }
        self.exclude(Exclusion { session: None, weighing: None, row: Some(row), reason });
        Ok(())
    }

    /// What was excluded already stays so, with the new reason.
    fn exclude(&mut self, exclusion: Exclusion) {
        let place = |one: &Exclusion| (one.session.clone(), one.weighing.clone(), one.row);
        self.dataset.excluded.retain(|one| place(one) != place(&exclusion));
        self.dataset.excluded.push(exclusion);
        self.dataset.excluded.sort_by_key(place);
    }

    /// Takes the exclusion of a weighing back, if there is one.
    pub fn include(&mut self, session: &Id, weighing: &Id) {
        let is = |one: &Exclusion| {
            one.session.as_ref() == Some(session) && one.weighing.as_ref() == Some(weighing)
        };
        self.dataset.excluded.retain(|one| !is(one));
    }

    /// Commits the change: in place, which makes the next minor version, or as a new dataset of the given name, whose
    /// version is 1.0.0.
    ///
    /// # Errors
    /// The dataset is pinned, has changed since it was read, or the system refuses. Nothing was changed then.
    pub fn commit(mut self, under: Option<&Name>) -> Result<Edited, EditError> {
        match under {
            None => {
                if self.dataset == self.before {
                    let (dataset, sha256) = (self.dataset, self.sha256);
                    return Ok(Edited { dataset, sha256, written: Written::Same });
                }
                self.dataset.version = next_minor(&self.before.version);
            }
            Some(name) => {
                self.dataset.provenance.derived_from = Some(DerivedFrom {
                    name: self.before.name.clone(),
                    version: self.before.version.clone(),
                    sha256: self.sha256.clone(),
                });
                self.dataset.name = name.clone();
                self.dataset.version = "1.0.0".parse().expect("a version");
            }
        }
        self.dataset.format = self.before.format.max(self.dataset.least_format());
        self.dataset.check().map_err(EditError::Inconsistent)?;
        let bytes = canonical::write(&self.dataset);
        let sha256 = Digest::of(&bytes);
        let mut change = Change::of(self.ledger);
        for file in &self.before.files {
            let own = Ledger::dataset(&self.dataset.name).sibling(&file.path).expect("a short path");
            match (self.files.get(&file.path), under) {
                (Some(changed), None) => change.put(&own, changed, Expected::This(file.sha256.clone()))?,
                (Some(changed), Some(_)) => change.put(&own, changed, Expected::Nothing)?,
                (None, Some(_)) => change.put_draft(self.copied(file, &own)?, Expected::Nothing)?,
                (None, None) => {}
            }
        }
        let description = Ledger::dataset(&self.dataset.name);
        if under.is_none() {
            change.put(&description, &bytes, Expected::This(self.sha256.clone()))?;
        } else {
            change.put(&description, &bytes, Expected::Nothing)?;
            change.relies_on(Ledger::dataset(&self.before.name), self.sha256.clone());
        }
        let written = self.ledger.commit_dataset(&self.dataset.name, change)?;
        Ok(Edited { dataset: self.dataset, sha256, written })
    }

    /// A copy of a listed file, beside the place that it shall have.
    fn copied(&self, file: &DatasetFile, own: &RelativePath) -> Result<Draft, EditError> {
        let path = self.place_of(file);
        let not = |found| EditError::NotListed { path: path.clone(), found, expected: file.sha256.clone() };
        let (folder, name) = self.ledger.folder_of(&path)?.ok_or_else(|| not(None))?;
        let mut source = folder.open(name)?.ok_or_else(|| not(None))?;
        let failed = |folder: &Folder, name: &str| {
            let path = folder.path().join(name);
            |source| EditError::Write(DraftError::System { path, source })
        };
        let mut draft = Draft::begin(self.ledger, own)?;
        let (mut hasher, mut block) = (Hasher::default(), vec![0; BLOCK]);
        loop {
            let count = source.read(&mut block).map_err(failed(&folder, name))?;
            if count == 0 {
                break;
            }
            hasher.update(&block[..count]);
            draft.write_all(&block[..count]).map_err(failed(&folder, name))?;
        }
        let found = hasher.finish();
        if found == file.sha256 { Ok(draft) } else { Err(not(Some(found))) }
    }
}

/// More, or other, data under the same name are another version of them, one that old readers can still use.
pub fn next_minor(version: &Version) -> Version {
    let text = version.to_string();
    let mut parts = text.split(['.', '-', '+']);
    let major = parts.next().unwrap_or("1");
    let minor: u64 = parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    let next = minor.checked_add(1).and_then(|minor| format!("{major}.{minor}.0").parse().ok());
    next.unwrap_or_else(|| version.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_dataset_is_the_next_minor_version() {
        for (version, next) in [("1.0.0", "1.1.0"), ("0.9.3-rc.1+x", "0.10.0")] {
            assert_eq!(next_minor(&version.parse().unwrap()).to_string(), next);
        }
    }
}
