//! Writing: beside the target, synced, then renamed, so that no reader sees half a file.

use crate::lock::Holder;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use std::io::Write;
use std::path::{Path, PathBuf};

/// What writing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// The same bytes were there and were left alone.
    Same,
    /// There was no such file.
    New,
    /// Other bytes were replaced, as asked.
    Replaced,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// Another file is there.
    #[error("{} exists with other content", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// It is not any more what was read.
    #[error("{} has changed since it was read: another command was faster", path.display())]
    Changed {
        /// Where.
        path: PathBuf,
    },
    /// Weights or a manifest would not hold any more.
    #[error("the dataset `{name}` is pinned by {}, so it is not changed", listed(by))]
    Pinned {
        /// Which dataset.
        name: Name,
        /// What names it by its digest.
        by: Vec<RelativePath>,
    },
    /// Somebody else changes the ledger.
    #[error("{holder} is changing this ledger, and has held {} for 10 seconds", path.display())]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// No file or folder of the kind that belongs there.
    #[error("{}: found {what}, expected {expected}", path.display())]
    NotPlain {
        /// Where.
        path: PathBuf,
        /// What is there.
        what: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A change was cut and cannot be completed.
    #[error("{}: a change was interrupted and cannot be completed: {why}", path.display())]
    Interrupted {
        /// Where it is written down.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The system could not write.
    #[error("cannot write {}: {source}", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// `a`, `a and b`, or `a, b and 3 more`.
fn listed(paths: &[RelativePath]) -> String {
    match paths {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// Writes a file at a path that a person typed, through links if there are any, unless other bytes are there and
/// `force` is not given. What is inside a ledger is written by [`Change`](crate::Change).
///
/// # Errors
/// Another file is there, or the system cannot write.
pub fn write_atomically(path: &Path, bytes: &[u8], force: bool) -> Result<Written, DraftError> {
    let failed = |source| DraftError::System { path: path.to_path_buf(), source };
    match std::fs::metadata(path) {
        // A pipe or a device takes the bytes as they come; there is nothing to compare or to rename.
        Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => {
            let mut target = std::fs::OpenOptions::new().write(true).open(path).map_err(failed)?;
            return target.write_all(bytes).map(|()| Written::New).map_err(failed);
        }
        _ => {}
    }
    let resolved = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let path = resolved.as_path();
    let found = match std::fs::read(path) {
        Ok(found) => Some(found),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    if found.as_deref() == Some(bytes) {
        return Ok(Written::Same);
    }
    if found.is_some() && !force {
        return Err(DraftError::Exists { path: path.to_path_buf() });
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let mut draft = tempfile::Builder::new().prefix(".draft-").tempfile_in(folder).map_err(failed)?;
    draft.write_all(bytes).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    readable_by_all(draft.as_file()).map_err(failed)?;
    // Whoever was faster loses nothing, unless it was asked for.
    let placed = if force { draft.persist(path) } else { draft.persist_noclobber(path) };
    placed.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => DraftError::Exists { path: path.to_path_buf() },
        _ => failed(error.error),
    })?;
    Ok(if found.is_some() { Written::Replaced } else { Written::New })
}

/// Temporary files are private; artifacts are as readable as any file that a person makes.
pub(crate) fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_kept_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        assert_eq!(write_atomically(&path, b"1", false).unwrap(), Written::New);
        assert_eq!(write_atomically(&path, b"1", false).unwrap(), Written::Same);
        assert!(matches!(write_atomically(&path, b"2", false), Err(DraftError::Exists { .. })));
        assert_eq!(std::fs::read(&path).unwrap(), b"1");
        assert_eq!(write_atomically(&path, b"2", true).unwrap(), Written::Replaced);
        assert_eq!(std::fs::read_dir(folder.path().join("a")).unwrap().count(), 1, "no draft is left behind");
    }
}
