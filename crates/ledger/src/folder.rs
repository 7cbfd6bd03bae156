//! A folder by its handle: what is opened, made or renamed in it goes through no link.
//!
//! A path that a person types may lead through links, so [`Folder::at`] follows them. From there on each step is
//! one name, opened with `O_NOFOLLOW` relative to the handle: whoever swaps a folder for a link meanwhile leads
//! nobody out.

mod around;

pub use around::EntryKind;

use crate::draft::DraftError;
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// How a file is called while it is written beside its target.
pub const UNFINISHED: &str = ".draft-";

/// How many drafts this process began.
pub(crate) static COUNT: AtomicU64 = AtomicU64::new(0);

/// Bytes read at a time.
const BLOCK: usize = 1 << 16;

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    handle: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// The folder at a path that a person gave; links on the way are followed.
    ///
    /// # Errors
    /// There is no such folder, or the system refuses.
    pub fn at(path: &Path) -> Result<Self, DraftError> {
        let place = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let handle = rustix::fs::open(place, directory() & !OFlags::NOFOLLOW, Mode::empty());
        let handle = handle.map_err(|error| failed(path, error))?;
        Ok(Self { handle, path: path.to_path_buf() })
    }

    /// Where it is, in words.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of this name in it; none if there is nothing.
    ///
    /// # Errors
    /// A link or something else than a folder is there, or the system refuses.
    pub fn enter(&self, name: &str) -> Result<Option<Self>, DraftError> {
        let path = self.path.join(name);
        match rustix::fs::openat(&self.handle, name, directory(), Mode::empty()) {
            Ok(handle) => Ok(Some(Self { handle, path })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                let what = if self.is_link(name) { "a symbolic link" } else { "something else" };
                Err(DraftError::NotPlain { path, what, expected: "a folder" })
            }
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// The folder of this name in it, made if there is nothing.
    ///
    /// # Errors
    /// As [`Folder::enter`].
    pub fn make(&self, name: &str) -> Result<Self, DraftError> {
        // Another process may make it, or remove it when it is empty, between the two.
        for _ in 0..8 {
            if let Some(folder) = self.enter(name)? {
                return Ok(folder);
            }
            match rustix::fs::mkdirat(&self.handle, name, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(failed(&self.path.join(name), error)),
            }
        }
        Err(failed(&self.path.join(name), Errno::NOENT))
    }

    /// A new folder of this name.
    ///
    /// # Errors
    /// Something of this name is there, or the system refuses.
    pub fn make_new(&self, name: &str) -> Result<Self, DraftError> {
        let path = self.path.join(name);
        match rustix::fs::mkdirat(&self.handle, name, Mode::from_raw_mode(0o777)) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Err(DraftError::Exists { path }),
            Err(error) => return Err(failed(&path, error)),
        }
        self.enter(name)?.ok_or_else(|| failed(&path, Errno::NOENT))
    }

    /// The plain file of this name; none if there is nothing.
    ///
    /// # Errors
    /// A link, a folder, a pipe or a device is there, or the system refuses.
    pub fn open(&self, name: &str) -> Result<Option<File>, DraftError> {
        self.open_as(name, OFlags::RDONLY)
    }

    /// As [`Folder::open`], to be changed in place.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn open_to_change(&self, name: &str) -> Result<Option<File>, DraftError> {
        self.open_as(name, OFlags::RDWR)
    }

    fn open_as(&self, name: &str, access: OFlags) -> Result<Option<File>, DraftError> {
        let path = self.path.join(name);
        // Without waiting: a pipe would wait for a writer that never comes.
        let flags = access | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = match rustix::fs::openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => {
                return Err(DraftError::NotPlain { path, what: "a symbolic link", expected: "a plain file" });
            }
            Err(error) => return Err(failed(&path, error)),
        };
        let metadata = file.metadata().map_err(|source| DraftError::System { path: path.clone(), source })?;
        if metadata.is_file() {
            return Ok(Some(file));
        }
        let what = if metadata.is_dir() { "a folder" } else { "a device or pipe" };
        Err(DraftError::NotPlain { path, what, expected: "a plain file" })
    }

    /// A new file of this name, open for reading and writing.
    ///
    /// # Errors
    /// Something of this name is there, or the system refuses.
    pub fn create_new(&self, name: &str) -> Result<File, DraftError> {
        let path = self.path.join(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.handle, name, flags, Mode::from_raw_mode(0o644)) {
            Ok(handle) => Ok(File::from(handle)),
            Err(Errno::EXIST) => Err(DraftError::Exists { path }),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// The bytes of the plain file of this name, at most `limit` of them; none if there is nothing.
    ///
    /// # Errors
    /// As [`Folder::open`], or there are more bytes.
    pub fn read(&self, name: &str, limit: u64) -> Result<Option<Vec<u8>>, DraftError> {
        let Some(file) = self.open(name)? else { return Ok(None) };
        let system = |source| DraftError::System { path: self.path.join(name), source };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(system)?;
        if bytes.len() as u64 > limit {
            return Err(DraftError::TooLarge { path: self.path.join(name), limit });
        }
        Ok(Some(bytes))
    }

    /// Size and SHA-256 of the plain file of this name; none if there is nothing.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn digest(&self, name: &str) -> Result<Option<(u64, Digest)>, DraftError> {
        let Some(mut file) = self.open(name)? else { return Ok(None) };
        let system = |source| DraftError::System { path: self.path.join(name), source };
        let (mut hasher, mut bytes, mut block) = (Hasher::default(), 0, vec![0; BLOCK]);
        loop {
            match file.read(&mut block) {
                Ok(0) => return Ok(Some((bytes, hasher.finish()))),
                Ok(count) => {
                    bytes += count as u64;
                    hasher.update(&block[..count]);
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(system(error)),
            }
        }
    }

    /// Size of the plain file of this name; none if there is nothing.
    ///
    /// # Errors
    /// As [`Folder::open`].
    pub fn size(&self, name: &str) -> Result<Option<u64>, DraftError> {
        let Some(file) = self.open(name)? else { return Ok(None) };
        let length = file.metadata().map(|metadata| metadata.len());
        length.map(Some).map_err(|source| DraftError::System { path: self.path.join(name), source })
    }

    /// Whether anything of this name is there.
    pub fn has(&self, name: &str) -> bool {
        rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Whether a folder of this name is there, and no link to one.
    pub fn has_folder(&self, name: &str) -> bool {
        let found = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Directory)
    }

    fn is_link(&self, name: &str) -> bool {
        let found = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
        found.is_ok_and(|found| FileType::from_raw_mode(found.st_mode) == FileType::Symlink)
    }

    /// The names in it, sorted; those that are no Unicode are left out.
    ///
    /// # Errors
    /// The system refuses.
    pub fn names(&self) -> Result<Vec<String>, DraftError> {
        let opened = rustix::fs::Dir::read_from(&self.handle).map_err(|error| failed(&self.path, error))?;
        let mut names = Vec::new();
        for entry in opened {
            let entry = entry.map_err(|error| failed(&self.path, error))?;
            if let Ok(name) = entry.file_name().to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Renames, in place of what is there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn rename(&self, from: &str, folder: &Self, to: &str) -> Result<(), DraftError> {
        let renamed = rustix::fs::renameat(&self.handle, from, &folder.handle, to);
        renamed.map_err(|error| failed(&folder.path.join(to), error))
    }

    /// Renames, unless something is there.
    ///
    /// # Errors
    /// Something of the new name is there, or the system refuses.
    pub fn rename_new(&self, from: &str, folder: &Self, to: &str) -> Result<(), DraftError> {
        let path = folder.path.join(to);
        match rename_no_replace(&self.handle, from, &folder.handle, to) {
            Ok(()) => return Ok(()),
            Err(Errno::EXIST | Errno::NOTEMPTY) => return Err(DraftError::Exists { path }),
            // Not every file system has it: a second name fails where there is one, too.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            Err(error) => return Err(failed(&path, error)),
        }
        if self.has_folder(from) {
            return if folder.has(to) {
                Err(DraftError::Exists { path })
            } else {
                self.rename(from, folder, to)
            };
        }
        match rustix::fs::linkat(&self.handle, from, &folder.handle, to, AtFlags::empty()) {
            Ok(()) => self.remove(from),
            Err(Errno::EXIST) => Err(DraftError::Exists { path }),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Removes the file of this name; that there is none is no mistake.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self, name: &str) -> Result<(), DraftError> {
        self.unlink(name, AtFlags::empty())
    }

    /// Removes the empty folder of this name; that there is none is no mistake.
    ///
    /// # Errors
    /// It is not empty, or the system refuses.
    pub fn remove_folder(&self, name: &str) -> Result<(), DraftError> {
        self.unlink(name, AtFlags::REMOVEDIR)
    }

    fn unlink(&self, name: &str, flags: AtFlags) -> Result<(), DraftError> {
        match rustix::fs::unlinkat(&self.handle, name, flags) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(failed(&self.path.join(name), error)),
        }
    }

    /// Puts a whole file in the place of what is there, in a folder that nobody else writes in.
    ///
    /// # Errors
    /// The system refuses.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), DraftError> {
        let draft = format!("{UNFINISHED}{name}");
        self.remove(&draft)?;
        self.fill(&mut self.create_new(&draft)?, bytes, name)?;
        self.rename(&draft, self, name)
    }

    /// A new file under a name of its own, to be renamed when it is whole. It is locked, so that nobody sweeps it.
    ///
    /// # Errors
    /// The system refuses.
    pub fn begin(&self) -> Result<(String, File), DraftError> {
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{UNFINISHED}{}-{count}", std::process::id());
            let file = match self.create_new(&name) {
                Err(DraftError::Exists { .. }) => continue,
                other => other?,
            };
            // Somebody who sweeps may have been faster: then it is gone, or will be.
            if file.try_lock().is_ok() && self.has(&name) {
                return Ok((name, file));
            }
        }
    }

    /// Makes a file that was begun durable, and as readable as others.
    ///
    /// # Errors
    /// The system refuses.
    pub fn complete(&self, file: &File, name: &str) -> Result<(), DraftError> {
        let done = file.sync_all().and_then(|()| crate::draft::readable_by_all(file));
        done.map_err(|source| DraftError::System { path: self.path.join(name), source })
    }

    fn fill(&self, file: &mut File, bytes: &[u8], name: &str) -> Result<(), DraftError> {
        let written = file.write_all(bytes);
        written.map_err(|source| DraftError::System { path: self.path.join(name), source })?;
        self.complete(file, name)
    }

    /// Writes a whole file beside its place; gives its name.
    pub(crate) fn draft(&self, bytes: &[u8], name: &str) -> Result<String, DraftError> {
        let (draft, mut file) = self.begin()?;
        if let Err(error) = self.fill(&mut file, bytes, name) {
            let _ = self.remove(&draft);
            return Err(error);
        }
        Ok(draft)
    }

    /// Where the link of this name leads; none if no link is there.
    pub(crate) fn link(&self, name: &str) -> Result<Option<PathBuf>, DraftError> {
        use std::os::unix::ffi::OsStringExt;
        match rustix::fs::readlinkat(&self.handle, name, Vec::new()) {
            Ok(to) => Ok(Some(PathBuf::from(std::ffi::OsString::from_vec(to.into_bytes())))),
            Err(Errno::INVAL | Errno::NOENT) => Ok(None),
            Err(error) => Err(failed(&self.path.join(name), error)),
        }
    }

    /// Makes the names in it durable.
    ///
    /// # Errors
    /// The system refuses.
    pub fn sync(&self) -> Result<(), DraftError> {
        rustix::fs::fsync(&self.handle).map_err(|error| failed(&self.path, error))
    }

    /// Removes what processes that are gone were writing beside its target. Whoever writes a draft holds a lock on
    /// it, which the system releases when the process ends.
    ///
    /// # Errors
    /// The system refuses.
    pub fn sweep(&self) -> Result<(), DraftError> {
        for name in self.names()?.iter().filter(|name| name.starts_with(UNFINISHED)) {
            if let Ok(Some(file)) = self.open(name)
                && file.try_lock().is_ok()
            {
                self.remove(name)?;
            }
        }
        Ok(())
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_no_replace(from: &OwnedFd, name: &str, folder: &OwnedFd, to: &str) -> Result<(), Errno> {
    rustix::fs::renameat_with(from, name, folder, to, rustix::fs::RenameFlags::NOREPLACE)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_no_replace(_: &OwnedFd, _: &str, _: &OwnedFd, _: &str) -> Result<(), Errno> {
    Err(Errno::NOSYS)
}

fn directory() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC
}

pub(crate) fn failed(path: &Path, error: Errno) -> DraftError {
    DraftError::System { path: path.to_path_buf(), source: error.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_is_followed_and_no_pipe_waited_for() {
        let place = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("file"), "x").unwrap();
        let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, place.path().join(name)).unwrap();
        link(outside.path(), "folder");
        link(&outside.path().join("file"), "file");
        link(&outside.path().join("new"), "dangling");
        // A Mac has no call that makes one in a folder.
        let made = std::process::Command::new("mkfifo").arg(place.path().join("pipe")).status().unwrap();
        assert!(made.success());
        let folder = Folder::at(place.path()).unwrap();
        let is_refused = |error: DraftError| matches!(error, DraftError::NotPlain { .. });
        assert!(is_refused(folder.enter("folder").unwrap_err()));
        assert!(is_refused(folder.make("folder").unwrap_err()));
        assert!(is_refused(folder.enter("pipe").unwrap_err()));
        for name in ["file", "dangling", "pipe", "folder"] {
            assert!(is_refused(folder.open(name).unwrap_err()), "{name}");
        }
        assert!(matches!(folder.create_new("dangling"), Err(DraftError::Exists { .. })));
        assert!(!outside.path().join("new").exists());
        // A renamed file takes the place of the link itself.
        folder.create_new("fresh").unwrap();
        folder.rename("fresh", &folder, "file").unwrap();
        assert_eq!(std::fs::read(outside.path().join("file")).unwrap(), b"x");
        folder.create_new("other").unwrap();
        assert!(matches!(folder.rename_new("other", &folder, "file"), Err(DraftError::Exists { .. })));
    }

    #[test]
    fn only_drafts_of_the_dead_are_swept() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path()).unwrap();
        let alive = folder.create_new(".draft-1").unwrap();
        alive.try_lock().unwrap();
        drop(folder.create_new(".draft-2").unwrap());
        drop(folder.create_new("kept").unwrap());
        folder.sweep().unwrap();
        assert_eq!(folder.names().unwrap(), [".draft-1", "kept"]);
    }
}
