//! Folders on this machine: what is in them, and the digests of their files.

use crate::error::{ReleaseFault, StoreError};
use crate::limits;
use crate::tree::{ReleasePath, too_many};
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use openweigh_ledger::{EntryKind, Folder};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The plain files in a folder and below it, with their lengths. Links are not followed but refused.
pub(crate) fn listing(root: &Folder) -> Result<BTreeMap<ReleasePath, u64>, StoreError> {
    let mut found = BTreeMap::new();
    for (path, kind) in root.everything(&[])? {
        let shown = || root.path().join(&path).display().to_string();
        let fault = |fault| StoreError::Release { path: shown(), fault };
        if kind != EntryKind::File {
            return Err(fault(ReleaseFault::NotPlain(kind.noun())));
        }
        let named = ReleasePath::new(&path).map_err(|_| fault(ReleaseFault::Unlisted))?;
        let size = match root.inner(&path)? {
            Some((folder, name)) => folder.size(name)?,
            None => None,
        };
        found.insert(named, size.ok_or_else(|| fault(ReleaseFault::Missing))?);
        if found.len() > limits::FILES {
            let fault = ReleaseFault::Text(too_many(found.len()));
            return Err(StoreError::Release { path: root.path().display().to_string(), fault });
        }
    }
    Ok(found)
}

/// Opens a plain file below a folder; there is none if the answer is none.
pub(crate) fn open(root: &Folder, path: &str) -> Result<Option<File>, StoreError> {
    match root.inner(path)? {
        Some((folder, name)) => Ok(folder.open(name)?),
        None => Ok(None),
    }
}

/// The length and digest of what is left to read in a file; `watch` hears of every block.
pub(crate) fn hash(
    file: &mut File,
    path: &Path,
    limit: u64,
    watch: &mut dyn FnMut(u64),
) -> Result<(u64, Digest), StoreError> {
    let (length, hasher) = digest_of(file, path, limit, watch)?;
    Ok((length, hasher.finish()))
}

/// The same, with the digest still open for more.
pub(crate) fn digest_of(
    file: &mut File,
    path: &Path,
    limit: u64,
    watch: &mut dyn FnMut(u64),
) -> Result<(u64, Hasher), StoreError> {
    let (mut block, mut length, mut hasher) = (vec![0; limits::BLOCK], 0u64, Hasher::default());
    loop {
        let count = match file.read(&mut block) {
            Ok(0) => return Ok((length, hasher)),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(StoreError::system(path)(error)),
        };
        length += count as u64;
        if length > limit {
            let file = path.display().to_string();
            return Err(StoreError::Length { file, expected: limit, found: length });
        }
        hasher.update(&block[..count]);
        watch(length);
    }
}

/// Reads a small plain file below a folder; there is none if the answer is none.
pub(crate) fn small(root: &Folder, path: &str, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    match root.inner(path)? {
        Some((folder, name)) => Ok(folder.read(name, limit)?),
        None => Ok(None),
    }
}
