//! What must not be changed in place: a dataset that weights or a manifest of the ledger name by its digest.
//!
//! Such a file pins a dataset if the SHA-256 of the dataset's description stands in it, in whatever version of its
//! format, and even where it cannot be read otherwise. The description has the digests of all other files, so that
//! one digest stands for the whole dataset.

use crate::change::{Change, Expected};
use crate::draft::{DraftError, Written};
use crate::layout::Ledger;
use crate::lock::Lock;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use openweigh_formats::{Digest, limits};

/// Where files are that pin others.
const FOLDERS: [&str; 2] = ["artifacts/weights", "manifests"];

impl Ledger {
    /// The weights and manifests that pin the file with this SHA-256, by path.
    ///
    /// # Errors
    /// A folder or a file cannot be read, or is a link.
    pub fn pins(&self, sha256: &Digest) -> Result<Vec<RelativePath>, DraftError> {
        let finder = memchr::memmem::Finder::new(sha256.as_str().as_bytes());
        let mut found = Vec::new();
        for folder in FOLDERS {
            let inside: RelativePath = format!("{folder}/x").parse().expect("a path of the layout");
            let Some((opened, _)) = self.folder_of(&inside)? else { continue };
            for name in opened.names()? {
                let Ok(path) = format!("{folder}/{name}").parse::<RelativePath>() else { continue };
                if name.ends_with(".json")
                    && opened.size(&name)?.is_some_and(|size| size <= limits::JSON_BYTES)
                    && let Some(bytes) = opened.read(&name, limits::JSON_BYTES)?
                    && finder.find(&bytes).is_some()
                {
                    found.push(path);
                }
            }
        }
        Ok(found)
    }

    /// Insists, with the ledger locked, that nothing pins a dataset as it is now. One that is not there is free.
    ///
    /// # Errors
    /// Something pins it, or what might cannot be read.
    pub fn insist_unpinned(&self, lock: &Lock, name: &Name) -> Result<(), DraftError> {
        debug_assert_eq!(lock.root(), self.root(), "the lock of another ledger");
        self.unpinned(name)
    }

    /// As [`Ledger::insist_unpinned`], for a first look before there is anything to commit.
    ///
    /// # Errors
    /// As [`Ledger::insist_unpinned`].
    pub fn unpinned(&self, name: &Name) -> Result<(), DraftError> {
        let path = Self::dataset(name);
        let Some(sha256) = self.digest_of(&path)? else { return Ok(()) };
        let by = self.pins(&sha256)?;
        if by.is_empty() { Ok(()) } else { Err(DraftError::Pinned { name: name.clone(), by }) }
    }
}

impl Ledger {
    /// Writes a dataset: its files, the description last. Another one of this name is replaced only with `force`, and
    /// never if it is pinned.
    ///
    /// # Errors
    /// As [`Change::commit`], or it is pinned.
    pub fn write_dataset(
        &self,
        name: &Name,
        files: &[(RelativePath, &[u8])],
        force: bool,
    ) -> Result<Written, DraftError> {
        let mut change = Change::of(self);
        for (path, bytes) in files {
            change.put(path, bytes, Expected::unless(force))?;
        }
        self.commit_dataset(name, change)
    }

    /// Commits a change of a dataset, unless it is pinned. Files that stay as they are change nothing.
    ///
    /// # Errors
    /// As [`Change::commit`], or it is pinned.
    pub fn commit_dataset(&self, name: &Name, change: Change<'_>) -> Result<Written, DraftError> {
        let lock = self.lock()?;
        if !change.is_done()? {
            self.insist_unpinned(&lock, name)?;
        }
        let done = change.commit_under(&lock)?;
        Ok(done.into_iter().max().unwrap_or(Written::Same))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_names_the_digest_pins_the_dataset() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        ledger.create().unwrap();
        let name: Name = "d".parse().unwrap();
        ledger.unpinned(&name).unwrap();
        ledger.write(&Ledger::dataset(&name), b"{}\n", false, &[]).unwrap();
        let (own, other) = (Digest::of(b"{}\n"), Digest::of(b"[]\n"));
        let put = |path: &str, sha256: &Digest| {
            std::fs::write(folder.path().join(path), format!("{{\"sha256\": \"{sha256}\"}}\n")).unwrap();
        };
        put("artifacts/weights/other-1.0.0.json", &other);
        put("artifacts/results/r.csv", &own);
        ledger.unpinned(&name).unwrap();
        put("artifacts/weights/w-1.0.0.json", &own);
        put("manifests/m-1.0.0.json", &own);
        let error = ledger.unpinned(&name).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the dataset `d` is pinned by artifacts/weights/w-1.0.0.json and manifests/m-1.0.0.json, so it is not changed"
        );
    }
}
