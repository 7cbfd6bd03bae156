//! What is in a folder, and where the folder is: by its handle, through no link.

use super::{Folder, directory, failed};
use crate::draft::DraftError;
use rustix::fs::{AtFlags, FileType, Mode, RawMode};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How deep folders are looked into. No path of a ledger, a store or a release is as long.
const DEPTH: usize = 256;

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A plain file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A device, a pipe or a socket.
    Other,
}

impl EntryKind {
    fn of(mode: RawMode) -> Self {
        match FileType::from_raw_mode(mode) {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Folder,
            FileType::Symlink => Self::Link,
            _ => Self::Other,
        }
    }

    /// The noun.
    pub fn noun(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Other => "a device or pipe",
        }
    }
}

impl Folder {
    /// Everything in it with its kind, by name; names that are no Unicode too.
    ///
    /// # Errors
    /// The system refuses.
    pub fn entries(&self) -> Result<Vec<(OsString, EntryKind)>, DraftError> {
        use std::os::unix::ffi::OsStrExt;
        let opened = rustix::fs::Dir::read_from(&self.handle).map_err(|error| failed(&self.path, error))?;
        let mut entries = Vec::new();
        for entry in opened {
            let entry = entry.map_err(|error| failed(&self.path, error))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            if name == "." || name == ".." {
                continue;
            }
            match rustix::fs::statat(&self.handle, &name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(found) => entries.push((name, EntryKind::of(found.st_mode))),
                // Removed meanwhile.
                Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(&self.path.join(name), error)),
            }
        }
        entries.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(entries)
    }

    /// Everything in it and below it but folders, with its kind and by its path; none of what `skip` names right in
    /// it. No link is followed.
    ///
    /// # Errors
    /// The system refuses, or folders are nested too deep.
    pub fn everything(&self, skip: &[&str]) -> Result<BTreeMap<String, EntryKind>, DraftError> {
        let mut found = BTreeMap::new();
        self.gather("", skip, DEPTH, &mut found)?;
        Ok(found)
    }

    fn gather(
        &self,
        prefix: &str,
        skip: &[&str],
        depth: usize,
        found: &mut BTreeMap<String, EntryKind>,
    ) -> Result<(), DraftError> {
        for (name, kind) in self.entries()? {
            let text = name.to_string_lossy();
            if skip.iter().any(|skip| text == *skip) {
                continue;
            }
            let path = format!("{prefix}{text}");
            if kind != EntryKind::Folder {
                found.insert(path, kind);
                continue;
            }
            let on_disk = || self.path.join(&name);
            let deeper = depth.checked_sub(1).ok_or_else(|| failed(&on_disk(), Errno::NAMETOOLONG))?;
            let handle = rustix::fs::openat(&self.handle, &name, directory(), Mode::empty());
            let handle = handle.map_err(|error| failed(&on_disk(), error))?;
            let inner = Self { handle, path: on_disk() };
            inner.gather(&format!("{path}/"), &[], deeper, found)?;
        }
        Ok(())
    }

    /// The folder of the file at a path below it, and the file's name; none if a folder on the way is not there.
    ///
    /// # Errors
    /// A link or a file is where a folder should be.
    pub fn inner<'p>(&self, path: &'p str) -> Result<Option<(Self, &'p str)>, DraftError> {
        let mut folder = self.again()?;
        let mut rest = path;
        while let Some((part, behind)) = rest.split_once('/') {
            match folder.enter(part)? {
                Some(inner) => folder = inner,
                None => return Ok(None),
            }
            rest = behind;
        }
        Ok(Some((folder, rest)))
    }

    /// As [`Folder::inner`], with the folders made that are not there.
    ///
    /// # Errors
    /// As [`Folder::inner`], or the system refuses.
    pub fn make_inner<'p>(&self, path: &'p str) -> Result<(Self, &'p str), DraftError> {
        let mut folder = self.again()?;
        let mut rest = path;
        while let Some((part, behind)) = rest.split_once('/') {
            folder = folder.make(part)?;
            rest = behind;
        }
        Ok((folder, rest))
    }

    /// The same folder by another handle.
    ///
    /// # Errors
    /// The system refuses.
    pub fn again(&self) -> Result<Self, DraftError> {
        let handle = self.handle.try_clone();
        let handle = handle.map_err(|source| DraftError::System { path: self.path.clone(), source })?;
        Ok(Self { handle, path: self.path.clone() })
    }

    /// What has this name; none if there is nothing.
    pub fn kind(&self, name: &str) -> Option<EntryKind> {
        let found = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        found.ok().map(|found| EntryKind::of(found.st_mode))
    }

    /// Removes what has this name, a folder with everything in it; links are removed and not followed. That there is
    /// nothing is no mistake.
    ///
    /// # Errors
    /// The system refuses, or folders are nested too deep.
    pub fn remove_all(&self, name: &str) -> Result<(), DraftError> {
        self.clear(OsStr::new(name), DEPTH)
    }

    fn clear(&self, name: &OsStr, depth: usize) -> Result<(), DraftError> {
        let path = self.path.join(name);
        let ok = |removed: Result<(), Errno>| match removed {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(failed(&path, error)),
        };
        let inner = match rustix::fs::openat(&self.handle, name, directory(), Mode::empty()) {
            Ok(handle) => Self { handle, path: path.clone() },
            Err(Errno::NOTDIR | Errno::LOOP | Errno::NOENT) => {
                return ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty()));
            }
            Err(error) => return Err(failed(&path, error)),
        };
        let deeper = depth.checked_sub(1).ok_or_else(|| failed(&path, Errno::NAMETOOLONG))?;
        for (name, _) in inner.entries()? {
            inner.clear(&name, deeper)?;
        }
        ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR))
    }

    /// The folder that this one is in, wherever links led on the way; none at the root of the system.
    ///
    /// # Errors
    /// The system refuses.
    pub fn above(&self) -> Result<Option<Self>, DraftError> {
        let handle = rustix::fs::openat(&self.handle, "..", directory(), Mode::empty());
        let handle = handle.map_err(|error| failed(&self.path, error))?;
        let above = Self { handle, path: self.path.join("..") };
        Ok((above.identity()? != self.identity()?).then_some(above))
    }

    /// Whether both are one folder.
    ///
    /// # Errors
    /// The system refuses.
    pub fn is(&self, other: &Self) -> Result<bool, DraftError> {
        Ok(self.identity()? == other.identity()?)
    }

    /// Whether it is this folder, or below it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn is_within(&self, outer: &Self) -> Result<bool, DraftError> {
        if self.is(outer)? {
            return Ok(true);
        }
        // Above what may not be read there is nothing that was opened.
        let mut next = self.above().unwrap_or_default();
        while let Some(folder) = next {
            if folder.is(outer)? {
                return Ok(true);
            }
            next = folder.above().unwrap_or_default();
        }
        Ok(false)
    }

    /// What the system says about it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn about(&self) -> Result<std::fs::Metadata, DraftError> {
        let about = self.handle.try_clone().and_then(|handle| std::fs::File::from(handle).metadata());
        about.map_err(|source| DraftError::System { path: self.path.clone(), source })
    }

    fn identity(&self) -> Result<(u64, u64), DraftError> {
        let about = self.about()?;
        Ok((about.dev(), about.ino()))
    }

    /// Its own name in the folder above it; none at the root of the system.
    ///
    /// # Errors
    /// The system refuses.
    pub fn name(&self) -> Result<Option<OsString>, DraftError> {
        let Some(above) = self.above()? else { return Ok(None) };
        for (name, _) in above.entries()?.into_iter().filter(|(_, kind)| *kind == EntryKind::Folder) {
            if let Ok(handle) = rustix::fs::openat(&above.handle, &name, directory(), Mode::empty())
                && self.is(&Self { handle, path: above.path.join(&name) })?
            {
                return Ok(Some(name));
            }
        }
        Err(failed(&self.path, Errno::NOENT))
    }

    /// Where it really is, whatever links led to it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn real(&self) -> Result<PathBuf, DraftError> {
        let mut names = Vec::new();
        let mut next = self.name()?.zip(self.above()?);
        while let Some((name, folder)) = next {
            names.push(name);
            next = folder.name()?.zip(folder.above()?);
        }
        Ok(names.into_iter().rev().fold(Path::new("/").to_path_buf(), |path, name| path.join(name)))
    }

    /// As it is, but called by another path in messages.
    pub fn called(self, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_knows_where_it_is_and_is_removed_through_no_link() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        std::fs::create_dir_all(at("a/b/c")).unwrap();
        std::fs::create_dir(at("kept")).unwrap();
        std::fs::write(at("kept/file"), "x").unwrap();
        std::os::unix::fs::symlink(at("a/b"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("kept"), at("a/b/c/out")).unwrap();
        std::os::unix::fs::symlink(at("kept/file"), at("a/b/file")).unwrap();
        let (root, folder) = (Folder::at(place.path()).unwrap(), Folder::at(&at("link")).unwrap());
        assert_eq!(folder.name().unwrap().unwrap(), "b");
        assert_eq!(folder.real().unwrap(), root.real().unwrap().join("a/b"));
        assert!(folder.is_within(&root).unwrap() && !root.is_within(&folder).unwrap());
        assert!(!folder.is_within(&Folder::at(&at("kept")).unwrap()).unwrap());
        let kinds: Vec<EntryKind> = folder.entries().unwrap().into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [EntryKind::Folder, EntryKind::Link]);
        root.remove_all("a").unwrap();
        root.remove_all("link").unwrap();
        root.remove_all("nothing").unwrap();
        assert!(!at("a").exists() && at("kept/file").exists() && root.kind("link").is_none());
    }
}
