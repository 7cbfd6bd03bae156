//! Folders on this machine: what is in them, and the digests of their files.

use crate::error::{ReleaseFault, StoreError};
use crate::limits;
use crate::tree::{ReleasePath, too_many};
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The plain files in a folder and below it, with their lengths. Links are not followed but refused.
pub(crate) fn listing(root: &Path) -> Result<BTreeMap<ReleasePath, u64>, StoreError> {
    let mut waiting = vec![String::new()];
    let mut found = BTreeMap::new();
    while let Some(folder) = waiting.pop() {
        let on_disk = folder.split('/').fold(root.to_path_buf(), |path, part| path.join(part));
        for entry in std::fs::read_dir(&on_disk).map_err(StoreError::system(&on_disk))? {
            let entry = entry.map_err(StoreError::system(&on_disk))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let metadata = entry.metadata().map_err(StoreError::system(entry.path()))?;
            if metadata.is_dir() {
                waiting.push(path);
                continue;
            }
            let fault = |fault| StoreError::Release { path: entry.path().display().to_string(), fault };
            not_plain(&metadata).map_or(Ok(()), |what| Err(fault(ReleaseFault::NotPlain(what))))?;
            let path = ReleasePath::new(&path).map_err(|_| fault(ReleaseFault::Unlisted))?;
            found.insert(path, metadata.len());
        }
        if found.len().max(waiting.len()) > limits::FILES {
            let fault = ReleaseFault::Text(too_many(found.len().max(waiting.len())));
            return Err(StoreError::Release { path: root.display().to_string(), fault });
        }
    }
    Ok(found)
}

fn not_plain(metadata: &std::fs::Metadata) -> Option<&'static str> {
    if metadata.is_symlink() {
        Some("a symbolic link")
    } else if metadata.is_dir() {
        Some("a folder")
    } else if !metadata.is_file() {
        Some("a device or pipe")
    } else {
        None
    }
}

/// Opens a plain file; there is none if the answer is none.
pub(crate) fn open(path: &Path) -> Result<Option<File>, StoreError> {
    match std::fs::symlink_metadata(path) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(StoreError::system(path)(error)),
        Ok(metadata) => match not_plain(&metadata) {
            Some(what) => Err(StoreError::Release {
                path: path.display().to_string(),
                fault: ReleaseFault::NotPlain(what),
            }),
            None => File::open(path).map(Some).map_err(StoreError::system(path)),
        },
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

/// Reads a small plain file; there is none if the answer is none.
pub(crate) fn small(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(StoreError::system(path))?;
    let found = bytes.len() as u64;
    if found > limit {
        let file = path.display().to_string();
        return Err(StoreError::Length { file, expected: limit, found });
    }
    Ok(Some(bytes))
}

/// Makes a finished rename last through a power cut, where folders can be synced.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    File::open(path).and_then(|folder| folder.sync_all()).map_err(StoreError::system(path))?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
