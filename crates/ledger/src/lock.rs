//! One change of a ledger at a time: an advisory lock that the system releases when a process ends.
//!
//! The lock is on the file `.openweigh/lock`, which git ignores and no artifact knows. It is held while a change is
//! committed, which takes a moment, and never for a whole recording. Whoever holds it writes who they are into it,
//! for others to read. Without the lock held that text means nothing: of a process that was killed it stays behind.

use crate::change::journal;
use crate::draft::DraftError;
use crate::folder::Folder;
use crate::layout::Ledger;
use std::fs::{File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

/// The folder of a ledger that is nobody else's business. Git ignores it.
pub const OWN: &str = ".openweigh";

/// The lock's file.
const FILE: &str = "lock";

/// How long a lock that somebody else holds is waited for: so many times as long as this.
const TRIES: u32 = 400;
const PAUSE: Duration = Duration::from_millis(25);

/// Bytes that are read of who holds the lock.
const WORDS: u64 = 200;

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The number of the process, if it is known.
    pub process: Option<u32>,
    /// The command; empty if it is not known.
    pub command: String,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.process, self.command.as_str()) {
            (Some(process), "") => write!(out, "process {process}"),
            (Some(process), command) => write!(out, "`{command}` (process {process})"),
            _ => out.write_str("another process"),
        }
    }
}

/// How this process is called in the locks that it holds, and who is told that it waits for another.
struct Introduction {
    command: String,
    waiting: fn(&Holder),
}

static INTRODUCTION: OnceLock<Introduction> = OnceLock::new();

/// Says, once and for the whole process, what it is called in the locks that it holds, and whom to tell when it
/// has to wait for somebody else's.
pub fn introduce(command: &str, waiting: fn(&Holder)) {
    let _ = INTRODUCTION.set(Introduction { command: command.to_owned(), waiting });
}

/// The lock of a ledger, held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    root: PathBuf,
    _file: File,
}

impl Lock {
    /// The root of the ledger that is locked.
    pub(crate) fn root(&self) -> &std::path::Path {
        &self.root
    }
}

impl Ledger {
    /// Locks the ledger. Somebody else's change is waited for, some seconds long. A change that was cut by a crash is
    /// completed before anything else happens.
    ///
    /// # Errors
    /// Somebody else holds the lock for too long, or the system refuses.
    pub fn lock(&self) -> Result<Lock, DraftError> {
        let own = self.own_folder()?;
        let path = own.path().join(FILE);
        let system = |source| DraftError::System { path: path.clone(), source };
        let (mut file, may_write) = open(&own)?;
        let mut told = false;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    if may_write {
                        sign(&mut file).map_err(system)?;
                    }
                    let lock = Lock { root: self.root().to_path_buf(), _file: file };
                    journal::complete(self, &own)?;
                    return Ok(lock);
                }
                Err(TryLockError::Error(error)) => return Err(system(error)),
                Err(TryLockError::WouldBlock) => {
                    if let Some(introduction) = INTRODUCTION.get().filter(|_| !told) {
                        (introduction.waiting)(&holder(&mut file));
                    }
                    told = true;
                    std::thread::sleep(PAUSE);
                }
            }
        }
        Err(DraftError::Busy { path, holder: holder(&mut file) })
    }

    /// Waits for a change that is being committed, or completes one that was cut: to be called when what was read
    /// does not fit together. Says whether there was one, so that reading again may help.
    pub fn settle(&self) -> bool {
        let interrupted = |own: &Folder| own.has(journal::FILE);
        let root = Folder::at(self.root());
        let own = root.and_then(|root| root.enter(OWN));
        own.is_ok_and(|own| own.is_some_and(|own| interrupted(&own))) && self.lock().is_ok()
    }

    /// The ledger's own folder, made and hidden from git if it is new.
    ///
    /// # Errors
    /// A link or a file is in its place, or the system refuses.
    pub fn own_folder(&self) -> Result<Folder, DraftError> {
        let own = Folder::at(self.root())?.make(OWN)?;
        if !own.has(".gitignore") {
            match own.create_new(".gitignore") {
                Ok(mut file) => {
                    let path = own.path().join(".gitignore");
                    file.write_all(b"*\n").map_err(|source| DraftError::System { path, source })?;
                }
                Err(DraftError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(own)
    }
}

/// The lock's file, and whether it may be written: another user's may only be read, which is enough to lock it.
fn open(own: &Folder) -> Result<(File, bool), DraftError> {
    for _ in 0..8 {
        match own.open_to_change(FILE) {
            Ok(Some(file)) => return Ok((file, true)),
            Ok(None) => match own.create_new(FILE) {
                Ok(file) => return Ok((file, true)),
                Err(DraftError::Exists { .. }) => {}
                Err(error) => return Err(error),
            },
            Err(DraftError::System { source, path })
                if source.kind() == std::io::ErrorKind::PermissionDenied =>
            {
                let file = own.open(FILE)?.ok_or(DraftError::System { path, source })?;
                return Ok((file, false));
            }
            Err(error) => return Err(error),
        }
    }
    Err(DraftError::Exists { path: own.path().join(FILE) })
}

fn sign(file: &mut File) -> std::io::Result<()> {
    let command = INTRODUCTION.get().map_or("", |introduction| introduction.command.as_str());
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(format!("{} {command}\n", std::process::id()).as_bytes())
}

fn holder(file: &mut File) -> Holder {
    let mut text = Vec::new();
    let read = file.rewind().and_then(|()| file.take(WORDS).read_to_end(&mut text));
    let text = read.ok().and_then(|_| String::from_utf8(text).ok()).unwrap_or_default();
    let (process, command) = text.trim_end().split_once(' ').unwrap_or((text.trim_end(), ""));
    Holder { process: process.parse().ok(), command: command.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_holder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        let lock = ledger.lock().unwrap();
        assert_eq!(std::fs::read(folder.path().join(".openweigh/.gitignore")).unwrap(), b"*\n");
        let mut other = File::open(folder.path().join(".openweigh/lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        assert_eq!(holder(&mut other).process, Some(std::process::id()));
        drop(lock);
        other.try_lock().unwrap();
        other.unlock().unwrap();
        drop(ledger.lock().unwrap());
    }

    #[test]
    fn the_lock_is_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("outside");
        std::fs::write(&outside, "kept").unwrap();
        let ledger = Ledger::at(folder.path());
        drop(ledger.lock().unwrap());
        std::fs::remove_file(folder.path().join(".openweigh/lock")).unwrap();
        std::os::unix::fs::symlink(&outside, folder.path().join(".openweigh/lock")).unwrap();
        assert!(matches!(ledger.lock(), Err(DraftError::NotPlain { .. })));
        assert_eq!(std::fs::read(outside).unwrap(), b"kept");
    }
}
