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
use openweigh_ledger::Folder;
use openweigh_ledger::release::carry_over;
use std::fs::{File, TryLockError};
use std::io::{Seek, Write};

/// The draft of a release.
#[derive(Debug)]
pub(crate) struct Draft {
    above: Folder,
    target: String,
    own: String,
    root: Folder,
    parts: Folder,
    tree: Folder,
    lock: File,
}

/// The folder of what is whole, inside the draft; and that of what is replaced.
const TREE: &str = "tree";
const OLD: &str = "old";

/// How much of a file did not have to come again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fetched {
    pub(crate) moved: u64,
    pub(crate) kept: u64,
}

impl Draft {
    /// Opens the draft of this release for this place, new or as it was left. A link put there by someone else leads
    /// our writing nowhere.
    pub(crate) fn open(above: &Folder, target: &str, release: &BlobDigest) -> Result<Self, StoreError> {
        let own = format!(".{target}-{}.draft", release.0.short());
        let root = above.make(&own)?;
        let (parts, tree) = (root.make("parts")?, root.make(TREE)?);
        let path = root.path().join("lock");
        let lock = match root.open_to_change("lock")? {
            Some(lock) => lock,
            None => root.create_new("lock")?,
        };
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Busy { path: above.path().join(target) });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::system(path)(error)),
        }
        folder::listing(&tree)?;
        Ok(Self { above: above.again()?, target: target.to_owned(), own, root, parts, tree, lock })
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
        let (folder, name) = self.tree.make_inner(path.as_str())?;
        if let Some(mut file) = folder.open(name)? {
            let found = folder::hash(&mut file, &folder.path().join(name), u64::MAX, &mut |_| {})?;
            if found == (layer.size, layer.digest.0.clone()) {
                meter.pass(layer.size);
                return Ok(Fetched { moved: 0, kept: layer.size });
            }
            folder.remove(name)?;
        }
        let part = format!("{}.part", layer.digest.0);
        let mut fetched = Fetched::default();
        loop {
            let before = self.parts.size(&part)?.unwrap_or(0);
            let tried = self.continue_part(remote, path, layer, &part, meter, &mut fetched).await;
            let after = self.parts.size(&part)?.unwrap_or(0);
            match tried {
                Ok(()) => break,
                // As long as each attempt brings something, the connection is worth another.
                Err(StoreError::Unreachable { .. }) if after > before => {}
                Err(error @ (StoreError::Digest { .. } | StoreError::Length { .. })) => {
                    // A part that was left by a crash may be damaged itself; what came whole is not.
                    let _ = self.parts.remove(&part);
                    if before == 0 {
                        return Err(error);
                    }
                    fetched = Fetched::default();
                }
                Err(error) => return Err(error),
            }
        }
        self.parts.rename(&part, &folder, name)?;
        Ok(fetched)
    }

    /// The bytes of a small file that was fetched.
    pub(crate) fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, StoreError> {
        let missing = || {
            let path = self.tree.path().join(path);
            StoreError::system(path)(std::io::Error::from(std::io::ErrorKind::NotFound))
        };
        folder::small(&self.tree, path, limit)?.ok_or_else(missing)
    }

    /// Puts the whole release into its place. Of what is there already, version control is kept.
    pub(crate) fn install(self, contents: &Contents) -> Result<(), StoreError> {
        let there = folder::listing(&self.tree)?;
        if let Some(path) = there.keys().find(|path| !contents.files.contains_key(path)) {
            let path = self.tree.path().join(path.as_str()).display().to_string();
            return Err(StoreError::Release { path, fault: ReleaseFault::Unlisted });
        }
        let Self { above, target, root, .. } = &self;
        if above.has(target) {
            above.rename(target, root, OLD)?;
            if let Err(error) = root.rename_new(TREE, above, target) {
                let _ = root.rename_new(OLD, above, target);
                return Err(error.into());
            }
            if let (Some(old), Some(new)) = (root.enter(OLD)?, above.enter(target)?) {
                carry_over(&old, &new)?;
            }
        } else {
            root.rename_new(TREE, above, target)?;
        }
        above.sync()?;
        self.discard()
    }

    /// Removes the draft.
    pub(crate) fn discard(self) -> Result<(), StoreError> {
        drop(self.lock);
        Ok(self.above.remove_all(&self.own)?)
    }

    /// Fetches what a part lacks, hashing what it has first.
    async fn continue_part(
        &self,
        remote: &Remote,
        path: &ReleasePath,
        layer: &Descriptor,
        part: &str,
        meter: &Meter,
        fetched: &mut Fetched,
    ) -> Result<(), StoreError> {
        let path_of_part = self.parts.path().join(part);
        let failed = || StoreError::system(&path_of_part);
        let empty = |mut file: &File| file.set_len(0).and_then(|()| file.rewind()).map_err(failed());
        let mut file = match self.parts.open_to_change(part)? {
            Some(file) => file,
            None => self.parts.create_new(part)?,
        };
        let (have, hasher) = folder::digest_of(&mut file, &path_of_part, u64::MAX, &mut |_| {})?;
        let mut check = if have > layer.size {
            empty(&file)?;
            Check::new(path.as_str(), layer)
        } else {
            Check::after(path.as_str(), layer, have, hasher)
        };
        if check.passed() < layer.size {
            let (from, mut blocks) = remote.blob(layer, check.passed()).await?;
            if from != check.passed() {
                empty(&file)?;
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
}
