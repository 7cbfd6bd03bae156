//! A path that a person typed: links may lead to it, and from there on it is held by its handle.

use crate::draft::{DraftError, Written};
use crate::folder::{Folder, failed};
use crate::layout::Ledger;
use openweigh_formats::Digest;
use openweigh_formats::path::RelativePath;
use rustix::io::Errno;
use std::io::{Read, Write};
use std::path::{Component, Path};

/// Links that lead from one to the next, as many as systems follow.
const LINKS: usize = 40;

/// Bytes compared at a time.
const BLOCK: usize = 1 << 16;

/// The folder of a file that a person named, and the file's name in it, which is no link.
#[derive(Debug)]
pub struct Typed {
    folder: Folder,
    name: String,
}

impl Typed {
    /// Opens the folder, which is made if it is not there.
    ///
    /// # Errors
    /// The path names no file, links go round in circles, or the system refuses.
    pub fn at(path: &Path) -> Result<Self, DraftError> {
        let mut path = path.to_path_buf();
        for _ in 0..LINKS {
            let name = match path.components().next_back() {
                Some(Component::Normal(name)) => name.to_str().map(str::to_owned),
                _ => None,
            };
            let name = name.ok_or_else(|| failed(&path, Errno::INVAL))?;
            let above = path.parent().filter(|above| !above.as_os_str().is_empty());
            let above = above.unwrap_or(Path::new(".")).to_path_buf();
            std::fs::create_dir_all(&above)
                .map_err(|source| DraftError::System { path: above.clone(), source })?;
            let shown = path.parent().unwrap_or(Path::new("")).to_path_buf();
            let folder = Folder::at(&above)?.called(shown);
            match folder.link(&name)? {
                Some(to) => path = above.join(to),
                None => return Ok(Self { folder, name }),
            }
        }
        Err(failed(&path, Errno::LOOP))
    }

    /// The folder, and the name in it.
    pub fn into_parts(self) -> (Folder, String) {
        (self.folder, self.name)
    }

    /// Writes the file as a whole, unless other bytes are there and `force` is not given.
    fn write(&self, bytes: &[u8], force: bool) -> Result<Written, DraftError> {
        self.folder.write(&self.name, bytes, force)
    }
}

impl Folder {
    /// Writes a whole file, unless other bytes are there and `force` is not given.
    ///
    /// # Errors
    /// Another file is there, or something that is no plain file, or the system cannot write.
    pub fn write(&self, name: &str, bytes: &[u8], force: bool) -> Result<Written, DraftError> {
        let path = || self.path().join(name);
        let found = self.open(name)?;
        let was_there = found.is_some();
        if let Some(file) = found {
            if is_same(file, bytes).map_err(|source| DraftError::System { path: path(), source })? {
                return Ok(Written::Same);
            }
            if !force {
                return Err(DraftError::Exists { path: path() });
            }
        }
        let draft = self.draft(bytes, name)?;
        // Whoever was faster loses nothing, unless it was asked for.
        let placed =
            if force { self.rename(&draft, self, name) } else { self.rename_new(&draft, self, name) };
        if let Err(error) = placed {
            let _ = self.remove(&draft);
            return Err(error);
        }
        Ok(if was_there { Written::Replaced } else { Written::New })
    }
}

fn is_same(mut file: std::fs::File, bytes: &[u8]) -> std::io::Result<bool> {
    if file.metadata()?.len() != bytes.len() as u64 {
        return Ok(false);
    }
    let (mut rest, mut block) = (bytes, vec![0; BLOCK]);
    loop {
        let count = file.read(&mut block)?;
        match rest.split_at_checked(count) {
            _ if count == 0 => return Ok(rest.is_empty()),
            Some((begin, end)) if *begin == block[..count] => rest = end,
            _ => return Ok(false),
        }
    }
}

/// Writes a file at a path that a person typed, through links if there are any, unless other bytes are there and
/// `force` is not given. What is inside a ledger is written by [`Ledger::write_typed`] or a [`Change`](crate::Change).
///
/// # Errors
/// Another file is there, or the system cannot write.
pub fn write_atomically(path: &Path, bytes: &[u8], force: bool) -> Result<Written, DraftError> {
    if let Some(poured) = pour(path, bytes) {
        return poured;
    }
    Typed::at(path)?.write(bytes, force)
}

/// A pipe or a device that a person named takes the bytes as they come: there is nothing to compare or to rename.
fn pour(path: &Path, bytes: &[u8]) -> Option<Result<Written, DraftError>> {
    let about = std::fs::metadata(path).ok()?;
    if about.is_file() || about.is_dir() {
        return None;
    }
    let target = std::fs::OpenOptions::new().write(true).open(path);
    let written = target.and_then(|mut target| target.write_all(bytes)).map(|()| Written::New);
    Some(written.map_err(|source| DraftError::System { path: path.to_path_buf(), source }))
}

impl Ledger {
    /// Writes a file at a path that a person typed. Links may lead to it. If it is in the ledger, the ledger is
    /// locked for it. `relies_on` are files that must not have changed since they were read.
    ///
    /// # Errors
    /// As [`Ledger::write`].
    pub fn write_typed(
        &self,
        path: &Path,
        bytes: &[u8],
        force: bool,
        relies_on: &[(RelativePath, Digest)],
    ) -> Result<Written, DraftError> {
        // A pipe inside the ledger came with it: nobody waits at its other end, or somebody who should not.
        if !self.is_beside(path)?
            && let Some(poured) = pour(path, bytes)
        {
            return poured;
        }
        let typed = Typed::at(path)?;
        let inside = self.holds(&typed.folder)?;
        let _lock = if inside { Some(self.lock()?) } else { None };
        self.insist_unchanged(relies_on)?;
        if inside
            && force
            && let Some(path) = self.relative(&typed.folder.real()?.join(&typed.name))
            && self.digest_of(&path)?.is_some_and(|sha256| sha256 != Digest::of(bytes))
        {
            self.insist_replaceable(&[&path])?;
        }
        typed.write(bytes, force)
    }

    /// Whether a path, as it was typed, stands in this ledger.
    fn is_beside(&self, path: &Path) -> Result<bool, DraftError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Folder::at(folder.unwrap_or(Path::new("."))).map_or(Ok(false), |folder| self.holds(&folder))
    }

    /// Whether a folder is this ledger's, or in it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn holds(&self, folder: &Folder) -> Result<bool, DraftError> {
        match Folder::at(self.root()) {
            Ok(root) => folder.is_within(&root),
            Err(_) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

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

    #[test]
    fn links_lead_to_a_typed_path_and_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("real/inner")).unwrap();
        symlink("real", at("folder")).unwrap();
        symlink("folder/inner/file", at("file")).unwrap();
        symlink("one", at("other")).unwrap();
        symlink("other", at("one")).unwrap();
        assert_eq!(write_atomically(&at("file"), b"1", false).unwrap(), Written::New);
        assert_eq!(std::fs::read(at("real/inner/file")).unwrap(), b"1");
        assert_eq!(write_atomically(&at("folder/inner/file"), b"2", true).unwrap(), Written::Replaced);
        assert_eq!(std::fs::read(at("file")).unwrap(), b"2");
        assert!(at("file").symlink_metadata().unwrap().is_symlink());
        for path in ["one", "", "real/..", "folder"] {
            assert!(write_atomically(&at(path), b"3", true).is_err(), "{path}");
        }
        // The same file, as the ledger's own or as another's.
        let ledger = Ledger::at(at("real"));
        assert_eq!(ledger.write_typed(&at("file"), b"4", true, &[]).unwrap(), Written::Replaced);
        assert!(at("real/.openweigh/lock").exists());
        let other = Ledger::at(at("real/inner"));
        assert_eq!(other.write_typed(&at("real/file"), b"4", true, &[]).unwrap(), Written::New);
        assert!(!at("real/inner/.openweigh").exists());
    }

    #[test]
    fn a_pipe_in_the_ledger_is_refused_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("artifacts/pipe");
        std::fs::create_dir(pipe.parent().unwrap()).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let ledger = Ledger::at(folder.path().to_path_buf());
        for force in [false, true] {
            let refused = ledger.write_typed(&pipe, b"1", force, &[]);
            assert!(matches!(refused, Err(DraftError::NotPlain { .. })), "{refused:?}");
        }
        assert_eq!(ledger.write_typed(Path::new("/dev/null"), b"1", false, &[]).unwrap(), Written::New);
    }
}
