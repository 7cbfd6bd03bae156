//! What must not be changed in place: what weights or a manifest of the ledger name by its digest.
//!
//! Such a file pins another one if its SHA-256 stands in it, in whatever version of its format, and even where it
//! cannot be read otherwise; a manifest says the path, too. Of a dataset the description counts: it has the digests of
//! all other files, so that one digest stands for the whole dataset. The same bytes are no change.

use crate::change::{Change, Expected};
use crate::draft::{DraftError, Written};
use crate::layout::Ledger;
use crate::lock::Lock;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use openweigh_formats::{Digest, limits};

/// What the files are like that pin others: any file of such a folder, or, in a release, the one of this name.
const PINNING: [(&str, Option<&str>); 3] =
    [("artifacts/weights/x", None), ("manifests/x", None), ("manifest.json", Some("manifest.json"))];

fn holds(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}

impl Ledger {
    /// The weights and manifests that pin the file with this SHA-256, by path. A manifest does so only if it says the
    /// path as well, where one is given: other files may have the same bytes.
    ///
    /// # Errors
    /// A folder or a file cannot be read, or is a link.
    pub fn pins(&self, sha256: &Digest, at: Option<&RelativePath>) -> Result<Vec<RelativePath>, DraftError> {
        let digest = memchr::memmem::Finder::new(sha256.as_str().as_bytes());
        let quoted = at.map(|path| format!("\"{path}\""));
        let mut found = Vec::new();
        for (inside, only) in PINNING {
            let inside: RelativePath = inside.parse().expect("a path of the layout");
            let Some((opened, _)) = self.folder_of(&inside)? else { continue };
            for name in only.map_or_else(|| opened.names(), |name| Ok(vec![name.to_owned()]))? {
                let path = inside.parent().map_or_else(|| name.clone(), |folder| format!("{folder}/{name}"));
                let Ok(path) = path.parse::<RelativePath>() else { continue };
                let says_paths = inside.parent() != Some("artifacts/weights");
                if name.ends_with(".json")
                    && opened.size(&name)?.is_some_and(|size| size <= limits::JSON_BYTES)
                    && let Some(bytes) = opened.read(&name, limits::JSON_BYTES)?
                    && digest.find(&bytes).is_some()
                    && quoted.as_ref().filter(|_| says_paths).is_none_or(|quoted| holds(&bytes, quoted))
                {
                    found.push(path);
                }
            }
        }
        Ok(found)
    }

    /// Insists that nothing pins the files at these paths as they are now: they are about to be replaced, together.
    /// What one of them pins does not count.
    pub(crate) fn insist_replaceable(&self, paths: &[&RelativePath]) -> Result<(), DraftError> {
        for path in paths {
            let Some(sha256) = self.digest_of(path)? else { continue };
            let mut by = self.pins(&sha256, Some(path))?;
            by.retain(|pin| !paths.contains(&pin));
            if !by.is_empty() {
                return Err(DraftError::PinnedFile { path: (*path).clone(), by });
            }
        }
        Ok(())
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
        let by = self.pins(&sha256, None)?;
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

    #[test]
    fn a_pinned_file_is_replaced_by_its_own_bytes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        ledger.create().unwrap();
        let path = |text: &str| -> RelativePath { text.parse().unwrap() };
        let put = |at: &str, text: &str| ledger.write(&path(at), text.as_bytes(), true, &[]);
        let (weights, results) = ("artifacts/weights/w-1.0.0.json", "artifacts/results/w-1.0.0.csv");
        let manifest = |at: &str, of: &str| {
            format!("{{\"path\": \"{at}\", \"sha256\": \"{}\"}}\n", Digest::of(of.as_bytes()))
        };
        put(weights, "1").unwrap();
        put(results, "1").unwrap();
        put("manifests/m-1.0.0.json", &manifest(weights, "1")).unwrap();
        // The same bytes elsewhere are another file.
        assert_eq!(put(results, "2").unwrap(), Written::Replaced);
        assert_eq!(put(weights, "1").unwrap(), Written::Same);
        let typed = |text: &[u8]| ledger.write_typed(&folder.path().join(weights), text, true, &[]);
        assert_eq!(typed(b"1").unwrap(), Written::Same);
        for refused in [put(weights, "2"), typed(b"2")] {
            assert_eq!(
                refused.unwrap_err().to_string(),
                "artifacts/weights/w-1.0.0.json is pinned by manifests/m-1.0.0.json, so it is not replaced by other bytes"
            );
        }
        assert_eq!(std::fs::read(folder.path().join(weights)).unwrap(), b"1");
        // A release is pinned by the manifest beside it; weights pin those that they continue.
        put("manifest.json", &manifest(results, "2")).unwrap();
        assert!(matches!(put(results, "3"), Err(DraftError::PinnedFile { .. })));
        put("artifacts/weights/old-1.0.0.json", "old").unwrap();
        put("artifacts/weights/new-1.0.0.json", &manifest("parent", "old")).unwrap();
        assert!(matches!(put("artifacts/weights/old-1.0.0.json", "3"), Err(DraftError::PinnedFile { .. })));
        // Both at once are a change of their own.
        let mut change = Change::of(&ledger);
        for name in ["old", "new"] {
            let at = path(&format!("artifacts/weights/{name}-1.0.0.json"));
            change.put(&at, b"{}\n", Expected::Anything).unwrap();
        }
        change.commit().unwrap();
    }
}
