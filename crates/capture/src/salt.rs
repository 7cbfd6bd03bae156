//! The salt of a ledger: made once, kept from git, so that a device has one name in all its sessions.
//!
//! Who knows the salt can tell which device a name stands for. So a salt that came along with a copy of the ledger is
//! not used: one that version control tracks, one that says that it was made in another place, and one that is older
//! than the ledger. The file has the salt in its first line, and `born` with the time of its own creation in the
//! second, which a copy does not share; a person's own salt needs no second line.

use crate::error::CaptureError;
use openweigh_ledger::lock::OWN;
use openweigh_ledger::{Folder, Ledger, version_control};
use std::fs::{File, Metadata};
use std::io::{Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Its name.
const FILE: &str = "salt";

/// How it is called while it is written.
const DRAFT: &str = "salt.draft";

/// Bytes of it.
const MOST_BYTES: u64 = 4096;

/// The ledger's salt. Made at first use, from the system's random numbers.
///
/// # Errors
/// It cannot be read, or not be made; or it came along with a copy.
pub fn salt(root: &Path) -> Result<String, CaptureError> {
    let ledger = Ledger::at(root);
    if let Some(own) = Folder::at(root)?.enter(OWN)?
        && let Some(file) = own.open(FILE)?
    {
        return kept(&ledger, &own, &file);
    }
    // Of two that make a salt at once, one is kept.
    let _lock = ledger.lock()?;
    let own = ledger.own_folder()?;
    match own.open(FILE)? {
        Some(file) => kept(&ledger, &own, &file),
        None => make(&own),
    }
}

fn kept(ledger: &Ledger, own: &Folder, file: &File) -> Result<String, CaptureError> {
    let path = || own.path().join(FILE);
    let (mut bytes, failed) = (Vec::new(), || CaptureError::system(path(), "read"));
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed())?;
    let about = file.metadata().map_err(failed())?;
    let refused = |why| Err(CaptureError::Salt { path: path(), why });
    let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= MOST_BYTES);
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return refused("found no line of text of at most 4096 bytes");
    };
    let (salt, born) = text.trim_end().split_once("\nborn ").unwrap_or((text.trim(), ""));
    if version_control::tracking(&Folder::at(ledger.root())?, &format!("{OWN}/{FILE}"))?.is_some() {
        return refused("version control tracks it, so that whoever has the repository knows it");
    }
    match (about.created().ok().and_then(stamp), born) {
        (_, "") if is_older(ledger, &about)? => {
            refused("it is older than the ledger, so that it came along with a copy of it")
        }
        (Some(created), born) if !born.is_empty() && created != born => {
            refused("it was made in another place, and came along with a copy of the ledger")
        }
        _ => Ok(salt.trim().to_owned()),
    }
}

/// Whether it was there before every folder of the ledger.
fn is_older(ledger: &Ledger, about: &Metadata) -> Result<bool, CaptureError> {
    // Of a file system without times of creation the last change must do.
    let age = |about: &Metadata| about.created().or_else(|_| about.modified()).ok();
    let root = Folder::at(ledger.root())?;
    let mut oldest = None;
    for name in ["artifacts", "datasets", "manifests"] {
        if let Some(folder) = root.enter(name)? {
            let found = folder.about().ok().and_then(|about| age(&about));
            oldest = oldest.into_iter().chain(found).min();
        }
    }
    Ok(oldest.zip(age(about)).is_some_and(|(ledger, salt)| salt < ledger))
}

fn stamp(time: SystemTime) -> Option<String> {
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{}.{:09}", since.as_secs(), since.subsec_nanos()))
}

/// A salt that is kept nowhere, from the system's random numbers.
///
/// # Errors
/// The system gives none.
pub fn fresh_salt() -> Result<String, CaptureError> {
    let mut random = [0; 32];
    let source = Path::new("/dev/urandom");
    let read = File::open(source).and_then(|mut file| file.read_exact(&mut random));
    read.map_err(CaptureError::system(source, "read"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn make(own: &Folder) -> Result<String, CaptureError> {
    let salt = fresh_salt()?;
    // Git ignores the whole folder.
    own.remove(DRAFT)?;
    let mut file = own.create_new(DRAFT)?;
    let born = file.metadata().and_then(|about| about.created()).ok().and_then(stamp);
    let born = born.map_or_else(String::new, |born| format!("born {born}\n"));
    let written = file.write_all(format!("{salt}\n{born}").as_bytes()).and_then(|()| file.sync_all());
    written.map_err(CaptureError::system(own.path().join(FILE), "write"))?;
    own.rename_new(DRAFT, own, FILE)?;
    Ok(salt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_keeps_its_salt() {
        let root = tempfile::tempdir().unwrap();
        let first = salt(root.path()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(salt(root.path()).unwrap(), first);
        // The ledger may be younger: it was made here all the same.
        std::fs::create_dir(root.path().join("datasets")).unwrap();
        assert_eq!(salt(root.path()).unwrap(), first);
        assert_eq!(std::fs::read(root.path().join(".openweigh/.gitignore")).unwrap(), b"*\n");
    }

    #[test]
    fn a_salt_that_came_along_is_not_used() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        salt(root.path()).unwrap();
        let path = |root: &Path| root.join(".openweigh/salt");
        let refused = |root: &Path| matches!(salt(root), Err(CaptureError::Salt { .. }));
        // A copy.
        std::fs::create_dir(other.path().join(".openweigh")).unwrap();
        std::fs::copy(path(root.path()), path(other.path())).unwrap();
        assert!(refused(other.path()));
        // One that somebody wrote, before there was a ledger and after.
        std::fs::write(path(other.path()), "known\n").unwrap();
        assert_eq!(salt(other.path()).unwrap(), "known");
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::create_dir(other.path().join("datasets")).unwrap();
        assert!(refused(other.path()));
        std::fs::remove_file(path(other.path())).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
        std::fs::write(path(other.path()), "mine\n").unwrap();
        assert_eq!(salt(other.path()).unwrap(), "mine");
        // One in a repository.
        std::fs::create_dir(other.path().join(".git")).unwrap();
        std::fs::write(other.path().join(".git/index"), "DIRC\0\0\0\x02.openweigh/salt\0").unwrap();
        assert!(refused(other.path()));
        std::fs::remove_dir_all(other.path().join(".git")).unwrap();
        for wrong in ["", " \n", &"x".repeat(5000)] {
            std::fs::write(path(other.path()), wrong).unwrap();
            assert!(refused(other.path()), "{wrong}");
        }
        // No plain file.
        std::fs::remove_file(path(other.path())).unwrap();
        std::os::unix::fs::symlink("/dev/zero", path(other.path())).unwrap();
        assert!(matches!(salt(other.path()), Err(CaptureError::Write(_))));
    }
}
