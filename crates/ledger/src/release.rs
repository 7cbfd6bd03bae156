//! A release on disk: files of a ledger copied, generated files written, all of it or nothing.

use crate::draft::{DraftError, Written, readable_by_all};
use crate::layout::Ledger;
use crate::open::{OpenError, read_blocks};
use openweigh_formats::digest::Hasher;
use openweigh_formats::manifest::ManifestFile;
use openweigh_formats::{Digest, path::RelativePath};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a release holds.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Files of the ledger, which keep their paths.
    pub copied: Vec<&'a ManifestFile>,
    /// Other files, with their bytes.
    pub written: Vec<(String, Vec<u8>)>,
}

/// Why there is no release.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    /// A file of the ledger could not be read.
    #[error("{path}: {source}")]
    Open {
        /// Which.
        path: RelativePath,
        /// Why.
        source: OpenError,
    },
    /// A file changed between its verification and its copy.
    #[error("{path} changed while it was copied: its SHA-256 was {expected}, and is {found}")]
    Changed {
        /// Which.
        path: RelativePath,
        /// The digest that was verified.
        expected: Digest,
        /// The digest of what was copied.
        found: Digest,
    },
    /// What is to be replaced is no release.
    #[error("{}: found {what}, expected a release: nothing else is replaced", path.display())]
    NotARelease {
        /// What is there.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// Something could not be written, or is in the way.
    #[error(transparent)]
    Write(#[from] DraftError),
}

/// Writes the release beside its place and moves it there as a whole.
///
/// # Errors
/// Something cannot be read or written, has changed, or another release is there and `force` is not given.
pub fn write(ledger: &Ledger, parts: &Parts<'_>, to: &Path, force: bool) -> Result<Written, ReleaseError> {
    let system = |path: &Path| {
        let path = path.to_path_buf();
        move |source| ReleaseError::Write(DraftError::System { path, source })
    };
    let full = std::path::absolute(to).map_err(system(to))?;
    let parent = full.parent().unwrap_or(Path::new("/"));
    std::fs::create_dir_all(parent).map_err(system(parent))?;
    let draft = tempfile::Builder::new().prefix(".draft-").tempdir_in(parent).map_err(system(parent))?;
    let folder = draft.path().join("release");
    for file in &parts.copied {
        copy(ledger, file, &folder)?;
    }
    for (path, bytes) in &parts.written {
        let mut target = create(&folder, path)?;
        let at = folder.join(path);
        target.write_all(bytes).and_then(|()| target.sync_all()).map_err(system(&at))?;
    }
    let there = full.symlink_metadata().is_ok();
    if there && same_tree(&folder, &full).unwrap_or(false) {
        return Ok(Written::Same);
    }
    if there && !force {
        return Err(DraftError::Exists { path: to.to_path_buf() }.into());
    }
    if there {
        replaceable(ledger, &full)?;
        // Moved aside first, so that at no moment half of each is there; the draft's folder takes it along.
        std::fs::rename(&full, draft.path().join("replaced")).map_err(system(to))?;
    }
    std::fs::rename(&folder, &full).map_err(system(to))?;
    Ok(if there { Written::Replaced } else { Written::New })
}

/// The files at the root of each release.
const MARKS: [&str; 3] = ["manifest.json", "publication.toml", "SHA256SUMS"];

/// Insists that what is thrown away is a release, and does not hold the ledger that is published from.
fn replaceable(ledger: &Ledger, there: &Path) -> Result<(), ReleaseError> {
    let not = |what| Err(ReleaseError::NotARelease { path: there.to_path_buf(), what });
    let is_plain = |path: &Path, folder: bool| {
        path.symlink_metadata().is_ok_and(|found| if folder { found.is_dir() } else { found.is_file() })
    };
    if !is_plain(there, true) {
        return not("something that is no folder");
    }
    if !MARKS.iter().all(|name| is_plain(&there.join(name), false)) {
        return not("a folder without manifest.json, publication.toml or SHA256SUMS");
    }
    let canonical = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if canonical(ledger.root()).starts_with(canonical(there)) {
        return not("a folder that holds the ledger");
    }
    Ok(())
}

/// A new file in the draft, its folders made.
fn create(folder: &Path, path: &str) -> Result<std::fs::File, DraftError> {
    let at = path.split('/').fold(folder.to_path_buf(), |at, part| at.join(part));
    let failed = |source| DraftError::System { path: at.clone(), source };
    std::fs::create_dir_all(at.parent().unwrap_or(folder)).map_err(failed)?;
    let file = std::fs::File::create_new(&at).map_err(failed)?;
    readable_by_all(&file).map_err(failed)?;
    Ok(file)
}

fn copy(ledger: &Ledger, file: &ManifestFile, folder: &Path) -> Result<(), ReleaseError> {
    let mut target = create(folder, file.path.as_str())?;
    let (mut hasher, mut fault) = (Hasher::default(), None);
    let read = ledger.read(&file.path, file.bytes, &mut |block| {
        hasher.update(block);
        if fault.is_none() {
            fault = target.write_all(block).err();
        }
    });
    read.map_err(|source| ReleaseError::Open { path: file.path.clone(), source })?;
    let written = fault.map_or_else(|| target.sync_all(), Err);
    let path = folder.join(file.path.as_str());
    written.map_err(|source| DraftError::System { path, source })?;
    let found = hasher.finish();
    if found != file.sha256 {
        let (path, expected) = (file.path.clone(), file.sha256.clone());
        return Err(ReleaseError::Changed { path, expected, found });
    }
    Ok(())
}

/// Whether two folders hold the same files with the same bytes.
fn same_tree(left: &Path, right: &Path) -> Result<bool, OpenError> {
    let everything = |folder: &Path| Ledger::at(folder).everything(None);
    let (ours, theirs) = (everything(left)?, everything(right)?);
    if ours != theirs {
        return Ok(false);
    }
    for path in &ours {
        if digest(&left.join(path))? != digest(&right.join(path))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn digest(path: &Path) -> Result<Digest, OpenError> {
    let mut hasher = Hasher::default();
    read_blocks(path, u64::MAX, &mut |block| hasher.update(block))?;
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, to) = (Ledger::at(folder.path()), folder.path().join("out/release"));
        std::fs::write(folder.path().join("a.csv"), "x\n").unwrap();
        let file = |text: &str| ManifestFile {
            path: "a.csv".parse().unwrap(),
            role: openweigh_formats::manifest::Role::Results,
            bytes: 2,
            sha256: Digest::of(text.as_bytes()),
            licence: openweigh_formats::licence::Licence::no_assertion(),
        };
        let (good, changed) = (file("x\n"), file("y\n"));
        let parts = |file, text: &str| Parts {
            copied: vec![file],
            written: (MARKS.iter().map(|name| (String::from(*name), Vec::new())))
                .chain([("b/c.md".to_owned(), text.as_bytes().to_vec())])
                .collect(),
        };
        assert!(matches!(
            write(&ledger, &parts(&changed, "1"), &to, false),
            Err(ReleaseError::Changed { .. })
        ));
        assert!(!to.exists());
        assert_eq!(write(&ledger, &parts(&good, "1"), &to, false).unwrap(), Written::New);
        assert_eq!(write(&ledger, &parts(&good, "1"), &to, false).unwrap(), Written::Same);
        let other = write(&ledger, &parts(&good, "2"), &to, false);
        assert!(matches!(other, Err(ReleaseError::Write(DraftError::Exists { .. }))));
        assert_eq!(std::fs::read(to.join("b/c.md")).unwrap(), b"1");
        assert_eq!(write(&ledger, &parts(&good, "2"), &to, true).unwrap(), Written::Replaced);
        assert_eq!(std::fs::read(to.join("b/c.md")).unwrap(), b"2");
        assert_eq!(std::fs::read_dir(to.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
        // Whatever is no release stays, and so does the ledger itself.
        for other in ["", "out", "a.csv"] {
            let refused = write(&ledger, &parts(&good, "3"), &folder.path().join(other), true);
            assert!(matches!(refused, Err(ReleaseError::NotARelease { .. })), "{other}: {refused:?}");
        }
        for mark in MARKS {
            std::fs::write(folder.path().join(mark), "").unwrap();
        }
        let refused = write(&ledger, &parts(&good, "3"), folder.path(), true);
        assert!(matches!(refused, Err(ReleaseError::NotARelease { .. })), "{refused:?}");
        assert_eq!(std::fs::read(folder.path().join("a.csv")).unwrap(), b"x\n");
    }
}
