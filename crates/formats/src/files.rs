//! How anyone gets bytes: files by path, from a folder, a release, or memory.

mod overlay;

pub use overlay::Overlay;

use crate::path::RelativePath;
use crate::{Digest, digest::Hasher};

/// A place that hands out files by path, to several threads at a time: a ledger, a release, a test's memory.
pub trait Files: Sync {
    /// Hands the file's bytes to `sink` in order, from one opening of it.
    ///
    /// # Errors
    /// There is no such plain file, it is larger than `limit`, or it cannot be read.
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable>;

    /// As [`Files::read`], in blocks that `sink` may keep, for each of which it gives another to be filled; it is
    /// told where in the block the file's bytes begin. The length of a block that is given is room, whatever it
    /// holds.
    ///
    /// # Errors
    /// As [`Files::read`].
    fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        mut block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), Unreadable> {
        self.read(path, limit, &mut |part| {
            block.clear();
            block.extend_from_slice(part);
            block = sink(std::mem::take(&mut block), 0);
        })
    }

    /// The paths of everything in a folder and below it, relative to the root, folders apart; of the
    /// whole place where no folder is named. Names that no manifest could list are given as they are.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable>;
}

/// Why a file gave no bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is no such file.
    #[error("the file is missing")]
    Missing,
    /// It is a folder, a symbolic link or something stranger.
    #[error("found {0}, expected a plain file")]
    NotPlain(&'static str),
    /// It is larger than allowed.
    #[error("found {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    System(String),
}

/// Reads a file into memory.
///
/// # Errors
/// As [`Files::read`].
pub fn bytes(from: &dyn Files, path: &RelativePath, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    from.read(path, limit, &mut |block| bytes.extend_from_slice(block))?;
    Ok(bytes)
}

/// Reads a file for its size and digest alone.
///
/// # Errors
/// As [`Files::read`].
pub fn digest(from: &dyn Files, path: &RelativePath, limit: u64) -> Result<(u64, Digest), Unreadable> {
    let (mut size, mut hasher) = (0, Hasher::default());
    from.read(path, limit, &mut |block| {
        size += block.len() as u64;
        hasher.update(block);
    })?;
    Ok((size, hasher.finish()))
}
