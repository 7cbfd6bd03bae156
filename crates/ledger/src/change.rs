//! A change of a ledger: some files, all of them or none, and only if nobody was faster.
//!
//! Files are written and made durable beside their places first. Then, with the ledger locked, everything that the
//! change relies on is looked at once more: a new file must still be new, and a file that is replaced must still be
//! the one that was read. Only then they are renamed, the last one last: put the file that names the others there,
//! and a reader sees the old state or the new one.

pub(crate) mod journal;
mod one;

use crate::draft::{DraftError, Written};
use crate::folder::Folder;
use crate::layout::Ledger;
use crate::lock::Lock;
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use openweigh_formats::path::RelativePath;
use std::fs::File;
use std::io::Write;

/// What must be there before a file is put in its place. The same bytes may always be there: they are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Nothing,
    /// A file with this SHA-256: the one that was read.
    This(Digest),
    /// Anything: somebody asked to replace whatever is there.
    Anything,
}

impl Expected {
    /// What a person who may have said `--force` expects.
    pub fn unless(force: bool) -> Self {
        if force { Self::Anything } else { Self::Nothing }
    }

    /// What was read, or that there was nothing.
    pub fn read(found: Option<Digest>) -> Self {
        found.map_or(Self::Nothing, Self::This)
    }
}

/// A file in the making, beside its place. Dropped, it is removed.
#[derive(Debug)]
pub struct Draft {
    path: RelativePath,
    folder: Folder,
    name: String,
    file: File,
    hasher: Hasher,
    bytes: u64,
    kept: bool,
}

impl Draft {
    /// Begins a file of a ledger, its folders made. No link leads to it.
    ///
    /// # Errors
    /// The system refuses, or a link or a file is where a folder should be.
    pub fn begin(ledger: &Ledger, path: &RelativePath) -> Result<Self, DraftError> {
        let folder = ledger.make_folder_of(path)?;
        let (name, file) = folder.begin()?;
        let (path, hasher) = (path.clone(), Hasher::default());
        Ok(Self { path, folder, name, file, hasher, bytes: 0, kept: false })
    }

    fn failed(&self) -> impl FnOnce(std::io::Error) -> DraftError {
        let path = self.folder.path().join(self.name_of_target());
        move |source| DraftError::System { path, source }
    }

    fn name_of_target(&self) -> &str {
        name_of(&self.path)
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            let _ = self.folder.remove(&self.name);
        }
    }
}

/// The last part of a path.
fn name_of(path: &RelativePath) -> &str {
    path.as_str().rsplit('/').next().unwrap_or_default()
}

struct Step {
    draft: Draft,
    sha256: Digest,
    expected: Expected,
}

/// Files that are to be put in their places together.
pub struct Change<'a> {
    ledger: &'a Ledger,
    steps: Vec<Step>,
    relies_on: Vec<(RelativePath, Digest)>,
}

impl<'a> Change<'a> {
    /// A change without files.
    pub fn of(ledger: &'a Ledger) -> Self {
        Self { ledger, steps: Vec::new(), relies_on: Vec::new() }
    }

    /// Adds a file. Files are put in their places in the order in which they were added.
    ///
    /// # Errors
    /// It cannot be written beside its place.
    pub fn put(&mut self, path: &RelativePath, bytes: &[u8], expected: Expected) -> Result<(), DraftError> {
        let mut draft = Draft::begin(self.ledger, path)?;
        let written = draft.write_all(bytes);
        written.map_err(draft.failed())?;
        self.put_draft(draft, expected)
    }

    /// Adds a file that was written already.
    ///
    /// # Errors
    /// It cannot be made durable.
    pub fn put_draft(&mut self, draft: Draft, expected: Expected) -> Result<(), DraftError> {
        draft.folder.complete(&draft.file, draft.name_of_target())?;
        let sha256 = draft.hasher.clone().finish();
        self.steps.push(Step { draft, sha256, expected });
        Ok(())
    }

    /// Adds that a file must not have changed since it was read: something of this change follows from it.
    pub fn relies_on(&mut self, path: RelativePath, sha256: Digest) {
        self.relies_on.push((path, sha256));
    }

    /// Whether all its files are in their places already.
    ///
    /// # Errors
    /// As [`Change::commit`], if something else is in the way.
    pub fn is_done(&self) -> Result<bool, DraftError> {
        let done = self.steps.iter().map(Step::admitted).collect::<Result<Vec<_>, _>>()?;
        Ok(done.iter().all(|written| *written == Written::Same))
    }

    /// Locks the ledger and commits. Tells what was done, in the order of the files.
    ///
    /// # Errors
    /// Somebody else holds the lock, was faster, or the system refuses. Nothing was changed then.
    pub fn commit(self) -> Result<Vec<Written>, DraftError> {
        let lock = self.ledger.lock()?;
        self.commit_under(&lock)
    }

    /// Commits while the ledger is locked already.
    ///
    /// # Errors
    /// As [`Change::commit`].
    pub fn commit_under(self, lock: &Lock) -> Result<Vec<Written>, DraftError> {
        debug_assert_eq!(lock.root(), self.ledger.root(), "the lock of another ledger");
        self.ledger.insist_unchanged(&self.relies_on)?;
        let done = self.steps.iter().map(Step::admitted).collect::<Result<Vec<_>, _>>()?;
        // Datasets are looked after as a whole, before: `Ledger::insist_unpinned`.
        let counts = |step: &Step| !step.draft.path.as_str().starts_with("datasets/");
        let replaced = (self.steps.iter().zip(&done))
            .filter(|(step, written)| **written == Written::Replaced && counts(step))
            .map(|(step, _)| &step.draft.path);
        self.ledger.insist_replaceable(&replaced.collect::<Vec<_>>())?;
        let mut due: Vec<&Step> = Vec::new();
        for (step, _) in self.steps.iter().zip(&done).filter(|(_, written)| **written != Written::Same) {
            due.push(step);
        }
        let own = match due.len() {
            0 | 1 => None,
            _ => {
                let own = self.ledger.own_folder()?;
                journal::write(&own, &due.iter().map(|step| step.entry()).collect::<Vec<_>>())?;
                Some(own)
            }
        };
        if let Err(error) = due.iter().try_for_each(|step| step.place()) {
            // What a journal promises is kept: the next lock renames the rest.
            if own.is_some() {
                self.steps.into_iter().for_each(|mut step| step.draft.kept = true);
            }
            return Err(error);
        }
        if let Some(own) = own {
            journal::done(&own)?;
        }
        for step in self.steps {
            let Step { mut draft, .. } = step;
            // Renamed, or the same as what is there.
            let _ = draft.folder.remove(&draft.name);
            draft.kept = true;
            let _ = draft.folder.sweep();
        }
        Ok(done)
    }
}

impl Step {
    /// What putting the file in its place will do.
    fn admitted(&self) -> Result<Written, DraftError> {
        let name = name_of(&self.draft.path);
        let folder = &self.draft.folder;
        let path = || folder.path().join(name);
        let size = folder.size(name)?;
        let found = match (&self.expected, size) {
            (_, None) => None,
            // Files of other sizes are other files, whatever is in them.
            (Expected::Nothing | Expected::Anything, Some(size)) if size != self.draft.bytes => Some(None),
            _ => folder.digest(name)?.map(|(_, digest)| Some(digest)),
        };
        match (found, &self.expected) {
            (Some(Some(found)), _) if found == self.sha256 => Ok(Written::Same),
            (None, Expected::Nothing | Expected::Anything) => Ok(Written::New),
            (Some(_), Expected::Nothing) => Err(DraftError::Exists { path: path() }),
            (Some(_), Expected::Anything) => Ok(Written::Replaced),
            (Some(found), Expected::This(expected)) if found.as_ref() == Some(expected) => {
                Ok(Written::Replaced)
            }
            (_, Expected::This(_)) => Err(DraftError::Changed { path: path() }),
        }
    }

    fn place(&self) -> Result<(), DraftError> {
        let (folder, name) = (&self.draft.folder, name_of(&self.draft.path));
        match self.expected {
            // Programs that know of no lock must not lose anything either.
            Expected::Nothing => folder.rename_new(&self.draft.name, folder, name)?,
            _ => folder.rename(&self.draft.name, folder, name)?,
        }
        folder.sync()
    }

    fn entry(&self) -> journal::Entry {
        let (sha256, draft) = (self.sha256.clone(), self.draft.name.clone());
        journal::Entry { sha256, draft, path: self.draft.path.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> RelativePath {
        text.parse().unwrap()
    }

    fn put(ledger: &Ledger, files: &[(&str, &str, Expected)]) -> Result<Vec<Written>, DraftError> {
        let mut change = Change::of(ledger);
        for (at, text, expected) in files {
            change.put(&path(at), text.as_bytes(), expected.clone())?;
        }
        change.commit()
    }

    fn found(ledger: &Ledger, at: &str) -> Option<String> {
        std::fs::read_to_string(ledger.on_disk(&path(at))).ok()
    }

    #[test]
    fn all_files_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        let nothing = || Expected::Nothing;
        let both = [("d/a", "1", nothing()), ("d/b", "2", nothing())];
        assert_eq!(put(&ledger, &both).unwrap(), [Written::New, Written::New]);
        assert_eq!(put(&ledger, &both).unwrap(), [Written::Same, Written::Same]);
        // The second one is in the way, so that the first is left out, too.
        let refused = put(&ledger, &[("d/new", "1", nothing()), ("d/b", "3", nothing())]);
        assert!(matches!(refused, Err(DraftError::Exists { .. })), "{refused:?}");
        assert_eq!(found(&ledger, "d/new"), None);
        // What was read is replaced, and only that.
        let read = Expected::This(Digest::of(b"2"));
        let replaced = put(&ledger, &[("d/b", "4", read.clone())]).unwrap();
        assert_eq!(replaced, [Written::Replaced]);
        let late = put(&ledger, &[("d/b", "5", read.clone())]);
        assert!(matches!(late, Err(DraftError::Changed { .. })), "{late:?}");
        let gone = put(&ledger, &[("d/c", "5", read)]);
        assert!(matches!(gone, Err(DraftError::Changed { .. })), "{gone:?}");
        assert_eq!(found(&ledger, "d/b").as_deref(), Some("4"));
        assert_eq!(std::fs::read_dir(folder.path().join("d")).unwrap().count(), 2, "no draft is left behind");
    }

    #[test]
    fn what_a_change_follows_from_must_not_change() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        let on = |text: &str| [(path("d/a"), Digest::of(text.as_bytes()))];
        put(&ledger, &[("d/a", "1", Expected::Nothing)]).unwrap();
        assert_eq!(ledger.write(&path("w/x"), b"from 1", false, &on("1")).unwrap(), Written::New);
        let late = ledger.write(&path("w/y"), b"from 0", false, &on("0"));
        assert!(matches!(late, Err(DraftError::Changed { .. })), "{late:?}");
        assert_eq!(found(&ledger, "w/y"), None);
    }

    #[test]
    fn a_change_that_was_cut_is_completed_by_the_next() {
        // Cut before the first rename, between the two, and before the journal was removed.
        for renamed in 0..=2 {
            let folder = tempfile::tempdir().unwrap();
            let ledger = Ledger::at(folder.path());
            let old = [("d/a", "old", Expected::Nothing), ("d/b", "old", Expected::Nothing)];
            put(&ledger, &old).unwrap();
            let mut change = Change::of(&ledger);
            change.put(&path("d/a"), b"new", Expected::Anything).unwrap();
            change.put(&path("d/b"), b"newer", Expected::Anything).unwrap();
            let lock = ledger.lock().unwrap();
            let entries: Vec<_> = change.steps.iter().map(Step::entry).collect();
            journal::write(&ledger.own_folder().unwrap(), &entries).unwrap();
            change.steps.iter().take(renamed).for_each(|step| step.place().unwrap());
            // A killed process removes nothing.
            change.steps.iter_mut().for_each(|step| step.draft.kept = true);
            drop((change, lock));
            assert!(ledger.settle());
            assert!(!ledger.settle(), "there is nothing to wait for any more");
            assert_eq!(found(&ledger, "d/a").as_deref(), Some("new"), "{renamed}");
            assert_eq!(found(&ledger, "d/b").as_deref(), Some("newer"), "{renamed}");
            assert_eq!(std::fs::read_dir(folder.path().join("d")).unwrap().count(), 2);
        }
    }

    #[test]
    fn a_journal_that_cannot_be_kept_stops_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        drop(ledger.lock().unwrap());
        let sha256 = Digest::of(b"gone");
        for text in [
            format!("openweigh.commit/1\n{sha256} .draft-1-1 d/a\n"),
            format!("openweigh.commit/1\n{sha256} ../x d/a\n"),
            format!("openweigh.commit/1\n{sha256} .draft-1-1 ../../etc/a\n"),
            "something else".to_owned(),
        ] {
            std::fs::write(folder.path().join(".openweigh/commit"), text).unwrap();
            let refused = put(&ledger, &[("d/a", "1", Expected::Nothing)]);
            assert!(matches!(refused, Err(DraftError::Interrupted { .. })), "{refused:?}");
        }
    }

    #[test]
    fn links_inside_lead_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        std::fs::write(outside.path().join("a"), "kept").unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("d")).unwrap();
        let refused = put(&ledger, &[("d/a", "1", Expected::Anything)]);
        assert!(matches!(refused, Err(DraftError::NotPlain { .. })), "{refused:?}");
        std::fs::create_dir(folder.path().join("e")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("a"), folder.path().join("e/a")).unwrap();
        for expected in [Expected::Anything, Expected::Nothing] {
            let refused = put(&ledger, &[("e/a", "1", expected)]);
            assert!(matches!(refused, Err(DraftError::NotPlain { .. })), "{refused:?}");
        }
        assert_eq!(std::fs::read(outside.path().join("a")).unwrap(), b"kept");
        // The same paths, typed by a person, lead where they lead.
        let typed = ledger.write_typed(&folder.path().join("d/b"), b"1", false, &[]).unwrap();
        assert_eq!(typed, Written::New);
        assert_eq!(std::fs::read(outside.path().join("b")).unwrap(), b"1");
    }

    #[test]
    fn of_many_at_a_time_one_is_first_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let root = folder.path().to_path_buf();
                scope.spawn(move || {
                    let ledger = Ledger::at(root);
                    for line in 0..10 {
                        // Compare and swap: what is read under the lock is what is replaced.
                        let lock = ledger.lock().unwrap();
                        let mut text = found(&ledger, "sums").unwrap_or_default();
                        let read = (!text.is_empty()).then(|| Digest::of(text.as_bytes()));
                        text.push_str(&format!("{writer}-{line}\n"));
                        let mut change = Change::of(&ledger);
                        change.put(&path("sums"), text.as_bytes(), Expected::read(read)).unwrap();
                        change.commit_under(&lock).unwrap();
                    }
                });
            }
        });
        let ledger = Ledger::at(folder.path());
        assert_eq!(found(&ledger, "sums").unwrap().lines().count(), 80);
    }
}
