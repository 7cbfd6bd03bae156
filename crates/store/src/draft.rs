//! A release in the making: a hidden folder beside the place where it will be.
//!
//! ```text
//! .NAME-<digest>.draft/lock              held while a program pulls
//!                      parts/<sha256>.part   what came of a file so far
//!                      tree/…                files that are whole and checked
//! ```
//!
//! Its name follows from the release, so that a pull that was cut short is found and continued.

use crate::blob::{Check, Meter};
use crate::error::{ReleaseFault, StoreError};
use crate::folder;
use crate::package::Contents;
use crate::remote::Remote;
use crate::tree::ReleasePath;
use crate::wire::{BlobDigest, Descriptor};
use futures_util::TryStreamExt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The draft of a release.
#[derive(Debug)]
pub(crate) struct Draft {
    root: PathBuf,
    target: PathBuf,
    lock: File,
}

/// How much of a file did not have to come again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) moved: u64,
    pub(crate) kept: u64,
}

impl Draft {
    /// Opens the draft of this release for this place, new or as it was left.
    pub(crate) fn open(target: &Path, release: &BlobDigest) -> Result<Self, StoreError> {
        let parent = target.parent().unwrap_or(Path::new("."));
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let root = parent.join(format!(".{name}-{}.draft", release.0.short()));
        std::fs::create_dir_all(parent).map_err(StoreError::system(parent))?;
        for folder in [root.clone(), root.join("parts"), root.join("tree")] {
            match std::fs::create_dir(&folder) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                    return Err(StoreError::system(folder)(error));
                }
                _ => {}
            }
            // A link put here by someone else must not lead our writing elsewhere.
            let metadata = std::fs::symlink_metadata(&folder).map_err(StoreError::system(&folder))?;
            if !metadata.is_dir() {
                let fault = ReleaseFault::NotPlain("something else than a folder");
                return Err(StoreError::Release { path: folder.display().to_string(), fault });
            }
        }
        let path = root.join("lock");
        let opened = OpenOptions::new().create(true).append(true).open(&path);
        let lock = opened.map_err(StoreError::system(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { path: target.to_path_buf() }),
            Err(TryLockError::Error(error)) => return Err(StoreError::system(path)(error)),
        }
        folder::listing(&root.join("tree"))?;
        Ok(Self { root, target: target.to_path_buf(), lock })
    }

    fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    /// Brings a file into the draft, whatever of it is there already.
    pub(crate) async fn fetch(
        &self,
        remote: &Remote,
        path: &ReleasePath,
        layer: &Descriptor,
        meter: &Meter,
    ) -> Result<Fetched, StoreError> {
        meter.name(path.as_str());
        let place = path.below(&self.tree());
        if let Some(mut file) = folder::open(&place)? {
            let found = folder::hash(&mut file, &place, u64::MAX, &mut |_| {})?;
            if found == (layer.size, layer.digest.0.clone()) {
                meter.pass(layer.size);
                return Ok(Fetched { moved: 0, kept: layer.size });
            }
            std::fs::remove_file(&place).map_err(StoreError::system(&place))?;
        }
        let folder = place.parent().unwrap_or(&self.root);
        std::fs::create_dir_all(folder).map_err(StoreError::system(folder))?;
        let part = self.root.join("parts").join(format!("{}.part", layer.digest.0));
        let mut fetched = Fetched::default();
        loop {
            let before = std::fs::symlink_metadata(&part).map_or(0, |metadata| metadata.len());
            let tried = continue_part(remote, path, layer, &part, meter, &mut fetched).await;
            let after = std::fs::symlink_metadata(&part).map_or(0, |metadata| metadata.len());
            match tried {
                Ok(()) => break,
                // As long as each attempt brings something, the connection is worth another.
                Err(StoreError::Unreachable { .. }) if after > before => {}
                Err(error @ (StoreError::Digest { .. } | StoreError::Length { .. })) => {
                    // A part that was left by a crash may be damaged itself; what came whole is not.
                    let _ = std::fs::remove_file(&part);
                    if before == 0 {
                        return Err(error);
                    }
                    fetched = Fetched::default();
                }
                Err(error) => return Err(error),
            }
        }
        std::fs::rename(&part, &place).map_err(StoreError::system(&place))?;
        Ok(fetched)
    }

    /// The bytes of a small file that was fetched.
    pub(crate) fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, StoreError> {
        let place = self.tree().join(path);
        let missing = || StoreError::system(&place)(std::io::Error::from(std::io::ErrorKind::NotFound));
        folder::small(&place, limit)?.ok_or_else(missing)
    }

    /// Puts the whole release into its place, which is empty unless `force` was given.
    pub(crate) fn install(self, contents: &Contents) -> Result<(), StoreError> {
        let tree = self.tree();
        let there = folder::listing(&tree)?;
        if let Some(path) = there.keys().find(|path| !contents.files.contains_key(path)) {
            let path = path.below(&tree).display().to_string();
            return Err(StoreError::Release { path, fault: ReleaseFault::Unlisted });
        }
        let failed = StoreError::system(self.target.clone());
        if std::fs::symlink_metadata(&self.target).is_ok() {
            let old = self.root.join("old");
            std::fs::rename(&self.target, &old).map_err(StoreError::system(&self.target))?;
            if let Err(error) = std::fs::rename(&tree, &self.target) {
                let _ = std::fs::rename(&old, &self.target);
                return Err(failed(error));
            }
        } else {
            std::fs::rename(&tree, &self.target).map_err(failed)?;
        }
        if let Some(parent) = self.target.parent() {
            folder::sync_folder(parent)?;
        }
        self.discard()
    }

    /// Removes the draft.
    pub(crate) fn discard(self) -> Result<(), StoreError> {
        drop(self.lock);
        std::fs::remove_dir_all(&self.root).map_err(StoreError::system(&self.root))
    }
}

/// Fetches what a part lacks, hashing what it has first.
async fn continue_part(
    remote: &Remote,
    path: &ReleasePath,
    layer: &Descriptor,
    part: &Path,
    meter: &Meter,
    fetched: &mut Fetched,
) -> Result<(), StoreError> {
    let failed = || StoreError::system(part);
    // Refuses a link, which opening to write would follow.
    folder::open(part)?;
    let opened = OpenOptions::new().read(true).create(true).append(true).open(part);
    let mut file = opened.map_err(failed())?;
    let (have, hasher) = folder::digest_of(&mut file, part, u64::MAX, &mut |_| {})?;
    let mut check = if have > layer.size {
        file.set_len(0).map_err(failed())?;
        Check::new(path.as_str(), layer)
    } else {
        Check::after(path.as_str(), layer, have, hasher)
    };
    if check.passed() < layer.size {
        let (from, mut blocks) = remote.blob(layer, check.passed()).await?;
        if from != check.passed() {
            file.set_len(0).map_err(failed())?;
            check = Check::new(path.as_str(), layer);
        }
        if fetched.moved == 0 {
            fetched.kept = check.passed();
            meter.pass(check.passed());
        }
        while let Some(block) = blocks.try_next().await? {
            check.feed(&block)?;
            file.write_all(&block).map_err(failed())?;
            fetched.moved += block.len() as u64;
            meter.pass(block.len() as u64);
        }
    } else if fetched.moved == 0 {
        fetched.kept = check.passed();
        meter.pass(check.passed());
    }
    check.finish()?;
    file.sync_all().map_err(failed())
}
