//! The objects of a layout in a folder of this machine: plain files, reached through no link.
//!
//! A store may come from anybody. What stands for an object is opened by its handle, without waiting: a link, a pipe or
//! a device in its place is refused.

use crate::blob::Blocks;
use crate::error::StoreError;
use crate::{folder, limits};
use bytes::Bytes;
use futures_util::stream;
use openweigh_ledger::Folder;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The folder.
#[derive(Debug)]
pub(crate) struct Disk {
    root: Folder,
}

impl Disk {
    pub(crate) fn at(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { root: Folder::at(path)? })
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.root.entries()?.is_empty())
    }

    /// Whether anything of this name is in it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.root.has(name)
    }

    /// The file of a small object; none if there is none.
    pub(crate) fn open(&self, name: &str) -> Result<Option<File>, StoreError> {
        folder::open(&self.root, name)
    }

    /// How many bytes an object has; none if there is none.
    pub(crate) fn size(&self, name: &str) -> Result<Option<u64>, StoreError> {
        match self.root.inner(name)? {
            Some((folder, name)) => Ok(folder.size(name)?),
            None => Ok(None),
        }
    }

    /// The bytes of an object from some byte on; none if there is no such object.
    pub(crate) fn blocks(&self, name: &str, from: u64) -> Result<Option<Blocks>, StoreError> {
        let path = self.root.path().join(name);
        let Some(mut file) = self.open(name)? else { return Ok(None) };
        file.seek(SeekFrom::Start(from)).map_err(StoreError::system(&path))?;
        Ok(Some(Box::pin(stream::try_unfold((file, path), |reading| async move { next(reading) }))))
    }

    /// Writes an object as a whole, in the place of what is there.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let (folder, name) = self.root.make_inner(name)?;
        folder.write(name, bytes, true)?;
        Ok(())
    }

    /// Begins an object that is written in blocks.
    pub(crate) fn begin(&self, name: &str) -> Result<Upload, StoreError> {
        let (folder, name) = self.root.make_inner(name)?;
        let (draft, file) = folder.begin()?;
        Ok(Upload { folder, draft: Some(draft), file, name: name.to_owned() })
    }
}

/// An object that is being written. Dropped before its end, it leaves nothing.
pub(crate) struct Upload {
    folder: Folder,
    draft: Option<String>,
    file: File,
    name: String,
}

impl Upload {
    pub(crate) fn write(&mut self, block: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(block).map_err(StoreError::system(self.folder.path().join(&self.name)))
    }

    /// Makes it durable and puts it in its place.
    pub(crate) fn finish(mut self) -> Result<(), StoreError> {
        self.folder.complete(&self.file, &self.name)?;
        if let Some(draft) = self.draft.take() {
            self.folder.rename(&draft, &self.folder, &self.name)?;
        }
        Ok(self.folder.sync()?)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(draft) = &self.draft {
            let _ = self.folder.remove(draft);
        }
    }
}

type Reading = (File, PathBuf);

fn next((mut file, path): Reading) -> Result<Option<(Bytes, Reading)>, StoreError> {
    let mut block = vec![0; limits::BLOCK];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(None),
            Ok(count) => {
                block.truncate(count);
                return Ok(Some((block.into(), (file, path))));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(StoreError::system(path)(error)),
        }
    }
}
