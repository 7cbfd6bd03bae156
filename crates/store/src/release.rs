//! A release on disk: exactly what its `SHA256SUMS` lists, the list itself and its signature.

use crate::error::{Fault, ReleaseFault, StoreError};
use crate::tree::{MANIFEST, ReleasePath, SIGNATURE, SUMS};
use crate::{folder, limits, tree, wire};
use openweigh_formats::Digest;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_ledger::Folder;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// A release whose every byte was just checked.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) folder: Folder,
    pub(crate) id: Digest,
    pub(crate) head: Head,
    pub(crate) files: BTreeMap<ReleasePath, (u64, Digest)>,
}

/// What the store says about a release; the rest of the manifest is for `verify`.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    pub(crate) name: Name,
    pub(crate) version: Version,
    pub(crate) title: Line,
}

impl Release {
    /// Reads the folder and checks every digest.
    ///
    /// # Errors
    /// Something is missing, different, not listed, or no plain file.
    pub(crate) fn open(
        folder: &Path,
        file_bytes: u64,
        watch: &mut dyn FnMut(&str, u64),
    ) -> Result<Self, StoreError> {
        let folder = Folder::at(folder)?;
        let on_disk = |path: &str| folder.path().join(path);
        let fault =
            |path: &str, fault| StoreError::Release { path: on_disk(path).display().to_string(), fault };
        let sums = folder::small(&folder, SUMS, limits::SUMS_BYTES)?
            .ok_or_else(|| fault(SUMS, ReleaseFault::Text(Fault::Lacks(SUMS.to_owned()))))?;
        let listed = tree::sums(&sums).map_err(|why| fault(SUMS, ReleaseFault::Text(why)))?;
        let there = folder::listing(&folder)?;
        let own = |path: &ReleasePath| [SUMS, SIGNATURE].contains(&path.as_str());
        if let Some(path) = there.keys().find(|path| !own(path) && !listed.contains_key(path)) {
            return Err(fault(path.as_str(), ReleaseFault::Unlisted));
        }
        if let Some(path) = listed.keys().find(|path| !there.contains_key(path)) {
            return Err(fault(path.as_str(), ReleaseFault::Missing));
        }
        let (mut files, mut done) = (BTreeMap::new(), 0);
        for path in there.into_keys() {
            let on_disk = on_disk(path.as_str());
            let missing = || fault(path.as_str(), ReleaseFault::Missing);
            let mut file = folder::open(&folder, path.as_str())?.ok_or_else(missing)?;
            let (length, found) = folder::hash(&mut file, &on_disk, file_bytes, &mut |passed| {
                watch(path.as_str(), done + passed);
            })?;
            if let Some(expected) = listed.get(&path).filter(|expected| **expected != found) {
                let file = on_disk.display().to_string();
                return Err(StoreError::Digest { file, expected: expected.clone(), found });
            }
            done += length;
            files.insert(path, (length, found));
        }
        let bytes = folder::small(&folder, MANIFEST, openweigh_formats::limits::JSON_BYTES)?
            .ok_or_else(|| fault(MANIFEST, ReleaseFault::Missing))?;
        let head = wire::read(&bytes).map_err(|why| fault(MANIFEST, ReleaseFault::Text(why)))?;
        let id = listed.into_iter().find(|(path, _)| path.as_str() == MANIFEST).map(|(_, digest)| digest);
        Ok(Self { id: id.expect("a list without a manifest was refused"), folder, head, files })
    }
}
