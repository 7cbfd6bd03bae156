//! A release on disk: files of a ledger copied, generated files written, all of it or nothing.

use crate::draft::{DraftError, Written, readable_by_all};
use crate::folder::{COUNT, EntryKind, Folder, UNFINISHED};
use crate::layout::Ledger;
use crate::open::OpenError;
use crate::typed::Typed;
use crate::version_control;
use openweigh_formats::canonical;
use openweigh_formats::digest::Hasher;
use openweigh_formats::malformed::visible;
use openweigh_formats::manifest::{Manifest, ManifestFile};
use openweigh_formats::release::{MANIFEST, SIGNATURE, SUMS, is_generated};
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, limits, path::RelativePath};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

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
    #[error("{}: found {what}, expected a release: only what this program made is replaced", path.display())]
    NotARelease {
        /// What is there.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// Something could not be written, or is in the way.
    #[error(transparent)]
    Write(#[from] DraftError),
}

/// A folder beside the place of a release, with the release in the making. Dropped, it is removed.
struct Making {
    above: Folder,
    name: String,
    folder: Folder,
    kept: bool,
}

/// The release, inside that folder; what it replaces; and its name elsewhere.
const NEW: &str = "release";
const OLD: &str = "replaced";

impl Making {
    fn begin(above: Folder) -> Result<Self, DraftError> {
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{UNFINISHED}{}-{count}", std::process::id());
            match above.make_new(&name) {
                Err(DraftError::Exists { .. }) => {}
                made => return Ok(Self { folder: made?, above, name, kept: false }),
            }
        }
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if !self.kept {
            let _ = self.above.remove_all(&self.name);
        }
    }
}

/// Writes the release beside its place and moves it there as a whole. If that is in the ledger, the ledger is locked
/// for it.
///
/// # Errors
/// Something cannot be read or written, has changed, or another release is there and `force` is not given.
pub fn write(ledger: &Ledger, parts: &Parts<'_>, to: &Path, force: bool) -> Result<Written, ReleaseError> {
    let system = |source| DraftError::System { path: to.to_path_buf(), source };
    let (above, name) = Typed::at(&std::path::absolute(to).map_err(system)?)?.into_parts();
    let shown = above.path().join(&name);
    let lock = if ledger.holds(&above)? { Some(ledger.lock()?) } else { None };
    let making = Making::begin(above)?;
    let folder = making.folder.make(NEW)?;
    for file in &parts.copied {
        copy(ledger, file, &folder)?;
    }
    for (path, bytes) in &parts.written {
        let (inner, name) = folder.make_inner(path)?;
        let mut target = inner.create_new(name)?;
        let written = target.write_all(bytes).and_then(|()| target.sync_all());
        let written = written.and_then(|()| readable_by_all(&target));
        written.map_err(|source| DraftError::System { path: inner.path().join(name), source })?;
    }
    let written = place(ledger, making, &folder, &name, &shown, force);
    drop(lock);
    written
}

/// Writes a file beside a release, called as the release is with an ending. No link leads to it. Gives where it is.
///
/// # Errors
/// Another file is there and `force` is not given, or the system cannot write.
pub fn write_beside(
    ledger: &Ledger,
    release: &Path,
    ending: &str,
    bytes: &[u8],
    force: bool,
) -> Result<(PathBuf, Written), DraftError> {
    let system = |source| DraftError::System { path: release.to_path_buf(), source };
    let (above, name) = Typed::at(&std::path::absolute(release).map_err(system)?)?.into_parts();
    let name = format!("{name}{ending}");
    let _lock = if ledger.holds(&above)? { Some(ledger.lock()?) } else { None };
    Ok((above.path().join(&name), above.write(&name, bytes, force)?))
}

fn place(
    ledger: &Ledger,
    making: Making,
    folder: &Folder,
    name: &str,
    shown: &Path,
    force: bool,
) -> Result<Written, ReleaseError> {
    if !making.above.has(name) {
        making.folder.rename_new(NEW, &making.above, name)?;
        return Ok(Written::New);
    }
    let there = making.above.enter(name);
    if let Ok(Some(there)) = &there
        && same_tree(folder, there)?
    {
        return Ok(Written::Same);
    }
    if !force {
        return Err(DraftError::Exists { path: shown.to_path_buf() }.into());
    }
    let not = |what: String| ReleaseError::NotARelease { path: shown.to_path_buf(), what };
    let there = there.map_err(|_| not("something that is no folder".to_owned()))?;
    let there = there.ok_or_else(|| DraftError::Changed { path: shown.to_path_buf() })?;
    if let Some(foreign) = foreign(&there)? {
        return Err(not(foreign));
    }
    if Folder::at(ledger.root())?.is_within(&there)? {
        return Err(not("a folder that holds the ledger".to_owned()));
    }
    let (above, inner) = (making.above.again()?, making.folder.again()?);
    replace(&above, name, &inner, making)?;
    Ok(Written::Replaced)
}

/// Puts the new folder in the place of the old one, which is moved aside first, so that at no moment half of each is
/// there. Version control goes over to the new one.
fn replace(above: &Folder, name: &str, inner: &Folder, mut making: Making) -> Result<(), DraftError> {
    above.rename(name, inner, OLD)?;
    // From here on the folder has what is nobody's to throw away.
    making.kept = true;
    if let Err(error) = inner.rename_new(NEW, above, name) {
        inner.rename_new(OLD, above, name)?;
        making.kept = false;
        return Err(error);
    }
    if let (Some(old), Some(new)) = (inner.enter(OLD)?, above.enter(name)?) {
        carry_over(&old, &new)?;
    }
    making.kept = false;
    Ok(())
}

/// Moves what version control keeps in one folder into another.
///
/// # Errors
/// The system refuses; it is still there then.
pub fn carry_over(old: &Folder, new: &Folder) -> Result<(), DraftError> {
    for name in version_control::NAMES.iter().filter(|name| old.has(name)) {
        old.rename_new(name, new, name)?;
    }
    new.sync()
}

/// What is in a folder that this program did not make, so that the folder is not thrown away: none if it is a release,
/// every file of it as it was written, or empty, version control apart. In words that follow on `found`.
///
/// # Errors
/// The system refuses.
pub fn foreign(there: &Folder) -> Result<Option<String>, DraftError> {
    let everything = there.everything(&version_control::NAMES)?;
    if everything.is_empty() {
        return Ok(None);
    }
    if ![MANIFEST, SUMS].iter().all(|name| there.kind(name) == Some(EntryKind::File)) {
        return Ok(Some("a folder without manifest.json or SHA256SUMS".to_owned()));
    }
    let sums = there.read(SUMS, limits::JSON_BYTES)?.unwrap_or_default();
    let Ok(sums) = Sums::read(&sums) else {
        return Ok(Some("a folder whose SHA256SUMS cannot be read".to_owned()));
    };
    let manifest = there.read(MANIFEST, limits::JSON_BYTES)?.unwrap_or_default();
    let Ok(manifest) = canonical::read::<Manifest>(&manifest) else {
        return Ok(Some("a folder whose manifest.json is no manifest".to_owned()));
    };
    for (path, kind) in &everything {
        let shown = || visible(path);
        if [SUMS, SIGNATURE].contains(&path.as_str()) && *kind == EntryKind::File {
            continue;
        }
        let listed = path.parse().ok().and_then(|path: RelativePath| sums.0.get(&path));
        let Some(listed) = listed.filter(|_| *kind == EntryKind::File) else {
            return Ok(Some(format!("{} that its SHA256SUMS does not list: {}", kind.noun(), shown())));
        };
        let of_manifest = |path: RelativePath| manifest.file(&path).is_some();
        if !is_generated(path) && !path.parse().is_ok_and(of_manifest) {
            return Ok(Some(format!("a file that no release has: {}", shown())));
        }
        let digest = match there.inner(path)? {
            Some((inner, name)) => inner.digest(name)?,
            None => None,
        };
        if digest.is_some_and(|(_, found)| found != *listed) {
            return Ok(Some(format!("a file that was changed since it was written: {}", shown())));
        }
    }
    Ok(None)
}

fn copy(ledger: &Ledger, file: &ManifestFile, folder: &Folder) -> Result<(), ReleaseError> {
    let (inner, name) = folder.make_inner(file.path.as_str())?;
    let mut target = inner.create_new(name)?;
    let (mut hasher, mut fault) = (Hasher::default(), None);
    let read = ledger.read(&file.path, file.bytes, &mut |block| {
        hasher.update(block);
        if fault.is_none() {
            fault = target.write_all(block).err();
        }
    });
    read.map_err(|source| ReleaseError::Open { path: file.path.clone(), source })?;
    let written = fault.map_or_else(|| target.sync_all(), Err).and_then(|()| readable_by_all(&target));
    written.map_err(|source| DraftError::System { path: inner.path().join(name), source })?;
    let found = hasher.finish();
    if found != file.sha256 {
        let (path, expected) = (file.path.clone(), file.sha256.clone());
        return Err(ReleaseError::Changed { path, expected, found });
    }
    Ok(())
}

/// Whether two folders hold the same files with the same bytes, version control apart.
fn same_tree(ours: &Folder, theirs: &Folder) -> Result<bool, DraftError> {
    let files = ours.everything(&version_control::NAMES)?;
    if files != theirs.everything(&version_control::NAMES)? {
        return Ok(false);
    }
    let digest = |folder: &Folder, path: &str| match folder.inner(path)? {
        Some((inner, name)) => inner.digest(name),
        None => Ok(None),
    };
    for (path, kind) in &files {
        if *kind != EntryKind::File || digest(ours, path)? != digest(theirs, path)? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_formats::manifest::{Format, Role};

    /// A manifest of one file.
    fn manifest(file: &ManifestFile) -> Vec<u8> {
        let manifest = Manifest {
            format: Format::V1,
            name: "a".parse().unwrap(),
            version: "1.0.0".parse().unwrap(),
            title: "A".parse().unwrap(),
            previous: None,
            files: vec![file.clone()],
            derivations: Vec::new(),
            claims: Vec::new(),
        };
        canonical::write(&manifest)
    }

    #[test]
    fn only_what_was_made_here_and_not_changed_is_no_foreigner() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &[u8]| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let list = |paths: &[&str]| {
            let digest = |path: &str| Digest::of(&std::fs::read(folder.path().join(path)).unwrap());
            let sums = Sums(paths.iter().map(|path| (path.parse().unwrap(), digest(path))).collect());
            write(SUMS, &sums.write());
        };
        let said = || foreign(&Folder::at(folder.path()).unwrap()).unwrap();
        let file = ManifestFile {
            path: "a.csv".parse().unwrap(),
            role: Role::Dataset,
            bytes: 2,
            sha256: Digest::of(b"x\n"),
            licence: openweigh_formats::licence::Licence::no_assertion(),
        };
        write("a.csv", b"x\n");
        write("README.md", b"made");
        write(MANIFEST, b"{}");
        list(&["a.csv", "README.md", MANIFEST]);
        assert!(said().is_some_and(|what| what.contains("no manifest")), "any manifest.json");
        write(MANIFEST, &manifest(&file));
        list(&["a.csv", "README.md", MANIFEST]);
        assert_eq!(said(), None);
        write("README.md", b"mine");
        assert!(said().is_some_and(|what| what.contains("changed since it was written: README.md")));
        write("photo.jpg", b"mine");
        list(&["a.csv", "photo.jpg", "README.md", MANIFEST]);
        assert!(said().is_some_and(|what| what.contains("no release has: photo.jpg")));
    }

    #[test]
    fn a_release_is_there_as_a_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, to) = (Ledger::at(folder.path()), folder.path().join("out/release"));
        std::fs::write(folder.path().join("a.csv"), "x\n").unwrap();
        let file = |text: &str| ManifestFile {
            path: "a.csv".parse().unwrap(),
            role: Role::Dataset,
            bytes: 2,
            sha256: Digest::of(text.as_bytes()),
            licence: openweigh_formats::licence::Licence::no_assertion(),
        };
        let (good, changed) = (file("x\n"), file("y\n"));
        let manifest = manifest(&good);
        let parts = |file: &'static str, text: &str| {
            let listed = if file == "good" { &good } else { &changed };
            let mut sums = Sums::default();
            sums.0.insert("a.csv".parse().unwrap(), Digest::of(b"x\n"));
            sums.0.insert("exports/c.slsa.json".parse().unwrap(), Digest::of(text.as_bytes()));
            sums.0.insert(MANIFEST.parse().unwrap(), Digest::of(&manifest));
            let written = [(MANIFEST, manifest.clone()), (SUMS, sums.write())];
            let written = written.into_iter().chain([("exports/c.slsa.json", text.as_bytes().to_vec())]);
            Parts { copied: vec![listed], written: written.map(|(path, b)| (path.to_owned(), b)).collect() }
        };
        assert!(matches!(
            write(&ledger, &parts("changed", "1"), &to, false),
            Err(ReleaseError::Changed { .. })
        ));
        assert!(!to.exists());
        assert_eq!(write(&ledger, &parts("good", "1"), &to, false).unwrap(), Written::New);
        assert_eq!(write(&ledger, &parts("good", "1"), &to, false).unwrap(), Written::Same);
        let other = write(&ledger, &parts("good", "2"), &to, false);
        assert!(matches!(other, Err(ReleaseError::Write(DraftError::Exists { .. }))));
        assert_eq!(std::fs::read(to.join("exports/c.slsa.json")).unwrap(), b"1");
        assert_eq!(write(&ledger, &parts("good", "2"), &to, true).unwrap(), Written::Replaced);
        assert_eq!(std::fs::read(to.join("exports/c.slsa.json")).unwrap(), b"2");
        assert_eq!(std::fs::read_dir(to.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
        // Version control is carried over, and anything else that is no release's keeps it.
        std::fs::create_dir_all(to.join(".git/hooks")).unwrap();
        std::fs::write(to.join(".git/config"), "mine").unwrap();
        assert_eq!(write(&ledger, &parts("good", "2"), &to, true).unwrap(), Written::Same);
        assert_eq!(write(&ledger, &parts("good", "3"), &to, true).unwrap(), Written::Replaced);
        assert_eq!(std::fs::read(to.join(".git/config")).unwrap(), b"mine");
        assert_eq!(std::fs::read_dir(to.parent().unwrap()).unwrap().count(), 1, "no draft is left behind");
        for foreign in ["notes.txt", "exports/thesis.md"] {
            std::fs::write(to.join(foreign), "mine").unwrap();
            let refused = write(&ledger, &parts("good", "4"), &to, true).unwrap_err();
            assert!(refused.to_string().contains(foreign), "{refused}");
            std::fs::remove_file(to.join(foreign)).unwrap();
        }
        std::os::unix::fs::symlink("/", to.join("exports/link")).unwrap();
        assert!(write(&ledger, &parts("good", "4"), &to, true).is_err());
        // Whatever is no release stays, and so does the ledger itself.
        for other in ["", "out", "a.csv"] {
            let refused = write(&ledger, &parts("good", "3"), &folder.path().join(other), true);
            assert!(matches!(refused, Err(ReleaseError::NotARelease { .. })), "{other}: {refused:?}");
        }
        for mark in [MANIFEST, SUMS] {
            std::fs::write(folder.path().join(mark), "").unwrap();
        }
        let refused = write(&ledger, &parts("good", "3"), folder.path(), true);
        assert!(matches!(refused, Err(ReleaseError::NotARelease { .. })), "{refused:?}");
        assert_eq!(std::fs::read(folder.path().join("a.csv")).unwrap(), b"x\n");
    }
}
