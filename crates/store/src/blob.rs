//! Bytes on their way, counted and hashed as they pass.

use crate::error::StoreError;
use crate::wire::Descriptor;
use crate::{folder, limits};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use openweigh_ledger::Folder;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Blocks of a blob.
pub(crate) type Blocks = Pin<Box<dyn Stream<Item = Result<Bytes, StoreError>> + Send>>;

/// Holds bytes against the digest and length that were promised, as they pass.
#[derive(Debug)]
pub(crate) struct Check {
    file: String,
    expected: Digest,
    size: u64,
    passed: u64,
    hasher: Hasher,
}

impl Check {
    pub(crate) fn new(file: &str, promised: &Descriptor) -> Self {
        Self::after(file, promised, 0, Hasher::default())
    }

    /// A check of which the beginning was done already.
    pub(crate) fn after(file: &str, promised: &Descriptor, passed: u64, hasher: Hasher) -> Self {
        let expected = promised.digest.0.clone();
        Self { file: file.to_owned(), expected, size: promised.size, passed, hasher }
    }

    /// Takes in the next bytes; more than were promised are refused at once.
    pub(crate) fn feed(&mut self, block: &[u8]) -> Result<(), StoreError> {
        self.passed += block.len() as u64;
        if self.passed > self.size {
            let file = self.file.clone();
            return Err(StoreError::Length { file, expected: self.size, found: self.passed });
        }
        self.hasher.update(block);
        Ok(())
    }

    pub(crate) fn passed(&self) -> u64 {
        self.passed
    }

    pub(crate) fn finish(self) -> Result<(), StoreError> {
        if self.passed != self.size {
            return Err(StoreError::Length { file: self.file, expected: self.size, found: self.passed });
        }
        let found = self.hasher.finish();
        if found != self.expected {
            return Err(StoreError::Digest { file: self.file, expected: self.expected, found });
        }
        Ok(())
    }
}

/// Insists that bytes at hand are those that were promised.
pub(crate) fn checked(file: &str, promised: &Descriptor, bytes: Bytes) -> Result<Bytes, StoreError> {
    let mut check = Check::new(file, promised);
    check.feed(&bytes)?;
    check.finish()?;
    Ok(bytes)
}

/// What is moving, for those who wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// The file.
    pub file: String,
    /// Bytes that are done.
    pub passed: u64,
    /// Bytes of the whole.
    pub total: u64,
}

/// Counts what passes; shared by the streams and those who watch them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meter {
    passed: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
    file: Arc<Mutex<String>>,
}

impl Meter {
    pub(crate) fn expect(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    pub(crate) fn name(&self, file: &str) {
        // A watcher that panicked is no reason to stop.
        if let Ok(mut name) = self.file.lock() {
            file.clone_into(&mut name);
        }
    }

    pub(crate) fn pass(&self, count: u64) {
        self.passed.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment {
            file: self.file.lock().map(|name| name.clone()).unwrap_or_default(),
            passed: self.passed.load(Ordering::Relaxed),
            total: self.total.load(Ordering::Relaxed),
        }
    }
}

/// Something to be sent.
#[derive(Debug)]
pub(crate) struct Blob {
    pub(crate) name: String,
    pub(crate) descriptor: Descriptor,
    pub(crate) content: Content,
}

/// Where its bytes are.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Bytes),
    File(Folder, String),
}

struct Reading {
    file: File,
    path: PathBuf,
    check: Check,
    held: Bytes,
    meter: Meter,
}

impl Blob {
    pub(crate) fn of_bytes(name: &str, media_type: &str, bytes: Vec<u8>) -> Self {
        let descriptor = Descriptor::of(media_type, &bytes);
        Self { name: name.to_owned(), descriptor, content: Content::Bytes(bytes.into()) }
    }

    /// The bytes from the start. The last block is held back until the digest of the whole is known
    /// to be right, so that a file that changes while it is sent never arrives completely.
    pub(crate) fn blocks(&self, meter: &Meter) -> Result<Blocks, StoreError> {
        let (folder, path) = match &self.content {
            Content::Bytes(bytes) => {
                let block = checked(&self.name, &self.descriptor, bytes.clone());
                return Ok(Box::pin(stream::once(std::future::ready(block))));
            }
            Content::File(folder, path) => (folder, path),
        };
        let (file, path) = (folder::open(folder, path)?, folder.path().join(path));
        let file =
            file.ok_or_else(|| StoreError::system(&path)(std::io::Error::from(ErrorKind::NotFound)))?;
        let check = Check::new(&self.name, &self.descriptor);
        let reading = Reading { file, path, check, held: Bytes::new(), meter: meter.clone() };
        Ok(Box::pin(stream::try_unfold(Some(reading), |reading| async move {
            reading.map_or(Ok(None), Reading::next)
        })))
    }
}

impl Reading {
    fn next(mut self) -> Result<Option<(Bytes, Option<Self>)>, StoreError> {
        loop {
            let mut block = vec![0; limits::BLOCK];
            let count = match self.file.read(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(StoreError::system(&self.path)(error)),
            };
            if count == 0 {
                self.check.finish()?;
                return Ok(Some((self.held, None)));
            }
            block.truncate(count);
            self.check.feed(&block)?;
            self.meter.pass(count as u64);
            let ready = std::mem::replace(&mut self.held, block.into());
            if !ready.is_empty() {
                return Ok(Some((ready, Some(self))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::TryStreamExt;

    fn sent(path: &std::path::Path, promised: &[u8]) -> Result<Vec<u8>, StoreError> {
        let descriptor = Descriptor::of("text/plain", promised);
        let content = Content::File(Folder::at(path.parent().unwrap())?, "a".to_owned());
        let blob = Blob { name: "a".to_owned(), descriptor, content };
        let meter = Meter::default();
        let blocks: Vec<Bytes> =
            crate::drive(&meter, &mut |_| {}, async { blob.blocks(&meter)?.try_collect().await })?;
        Ok(blocks.concat())
    }

    #[test]
    fn a_file_is_checked_while_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        for bytes in [vec![], vec![7; 10], vec![7; 3 * limits::BLOCK], vec![7; 3 * limits::BLOCK + 1]] {
            std::fs::write(&path, &bytes).unwrap();
            assert_eq!(sent(&path, &bytes).unwrap(), bytes);
            let mut other = bytes.clone();
            other.push(1);
            assert!(matches!(sent(&path, &other), Err(StoreError::Length { .. })));
            if let Some(first) = bytes.first() {
                let mut other = bytes.clone();
                other[0] = first + 1;
                assert!(matches!(sent(&path, &other), Err(StoreError::Digest { .. })));
                assert!(matches!(sent(&path, &bytes[1..]), Err(StoreError::Length { .. })));
            }
        }
    }
}
