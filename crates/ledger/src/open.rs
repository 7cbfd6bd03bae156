//! Reading: plain files only, inside the root, each opened once.

use crate::layout::Ledger;
use openweigh_formats::path::RelativePath;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes handed on at a time: few enough to stay in a core's cache between reading, hashing and parsing.
const BLOCK: usize = 1 << 16;

/// Bytes of a cache line.
const LINE: usize = 64;

/// Why a file gave no bytes.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such file.
    #[error("the file is missing")]
    Missing,
    /// Something else than a plain file.
    #[error("found {0}, expected a plain file")]
    NotPlain(&'static str),
    /// Larger than allowed.
    #[error("found {found} bytes, at most {limit} are allowed (`--max-bytes` raises the limit of CSV files)")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// The system could not read it.
    #[error("it cannot be read: {0}")]
    System(#[from] io::Error),
}

impl Ledger {
    /// Hands the bytes of a listed file to `sink`. No folder or file on the way may be a symbolic
    /// link: what is listed is what is inside the root.
    ///
    /// # Errors
    /// There is no such plain file inside the root, it is too large, or it cannot be read.
    pub fn read(
        &self,
        path: &RelativePath,
        limit: u64,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), OpenError> {
        let at = self.refuse_links(path.as_str())?;
        read_blocks(&at, limit, sink)
    }

    /// As [`Ledger::read`], in blocks that `sink` may keep, for each of which it gives another to be filled; it is
    /// told where in the block the file's bytes begin. A block is filled to its length, whatever it holds, and one
    /// of no length gets some.
    ///
    /// # Errors
    /// As [`Ledger::read`].
    pub fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), OpenError> {
        let at = self.refuse_links(path.as_str())?;
        let (mut file, _) = open(&at, limit)?;
        let (mut block, mut total) = (block, 0u64);
        loop {
            if block.len() <= LINE {
                block.resize(BLOCK + LINE, 0);
            }
            let start = aligned(&block);
            let count = fill(&mut file, &mut block[start..])?;
            total += count as u64;
            if total > limit {
                return Err(OpenError::TooLarge { found: total, limit });
            }
            if count == 0 {
                return Ok(());
            }
            block.truncate(start + count);
            block = sink(block, start);
        }
    }

    /// Where a path is on disk, if no folder or file on the way is a symbolic link.
    fn refuse_links(&self, path: &str) -> Result<PathBuf, OpenError> {
        let mut at = self.root().to_path_buf();
        for part in path.split('/') {
            at.push(part);
            if kind_of(&at)? == Kind::Link {
                return Err(OpenError::NotPlain("a symbolic link on the way to it"));
            }
        }
        Ok(at)
    }
}

impl Ledger {
    /// The paths of everything in a folder and below it, folders apart, relative to the root and
    /// sorted; links are named and not followed.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, OpenError> {
        if let Some(folder) = folder {
            self.refuse_links(folder)?;
        }
        let mut waiting = vec![folder.unwrap_or_default().to_owned()];
        let mut found = Vec::new();
        while let Some(folder) = waiting.pop() {
            let on_disk = folder.split('/').fold(self.root().to_path_buf(), |path, part| path.join(part));
            for entry in std::fs::read_dir(on_disk)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
                if entry.file_type()?.is_dir() {
                    waiting.push(path);
                } else {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

#[derive(PartialEq, Eq)]
enum Kind {
    Link,
    Other,
}

fn kind_of(path: &Path) -> Result<Kind, OpenError> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_symlink() => Ok(Kind::Link),
        Ok(_) => Ok(Kind::Other),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Err(OpenError::Missing)
        }
        Err(error) => Err(error.into()),
    }
}

/// Hands the bytes of a file to `sink`, a block at a time, from one opening.
///
/// # Errors
/// There is no such plain file, it is larger than `limit`, or it cannot be read.
pub fn read_blocks(path: &Path, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), OpenError> {
    let (mut file, size) = open(path, limit)?;
    let mut block = vec![0; BLOCK.min(usize::try_from(size).unwrap_or(BLOCK).max(1)) + LINE];
    let start = aligned(&block);
    let block = &mut block[start..];
    let mut total = 0u64;
    loop {
        let count = read_some(&mut file, block)?;
        if count == 0 {
            return Ok(());
        }
        total += count as u64;
        if total > limit {
            return Err(OpenError::TooLarge { found: total, limit });
        }
        sink(&block[..count]);
    }
}

/// Opens a plain file of at most `limit` bytes; gives its size too.
fn open(path: &Path, limit: u64) -> Result<(File, u64), OpenError> {
    kind_of(path)?;
    // Asked before opening: opening a pipe would wait for a writer that never comes.
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() {
        return Err(OpenError::NotPlain("a folder"));
    }
    if !metadata.is_file() {
        return Err(OpenError::NotPlain("a device or pipe"));
    }
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    if size > limit {
        return Err(OpenError::TooLarge { found: size, limit });
    }
    Ok((file, size))
}

/// Where to begin to fill a block that is longer than a cache line: some processors (AMD's Zen 3) copy pages
/// five times slower to places a little behind their beginning, and allocations begin just there.
fn aligned(block: &[u8]) -> usize {
    block.as_ptr().align_offset(LINE).min(LINE)
}

fn read_some(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Reads until the block is full or the file ends.
fn fill(file: &mut File, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match read_some(file, &mut block[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Reads a file into memory.
///
/// # Errors
/// As [`read_blocks`].
pub fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::new();
    read_blocks(path, limit, &mut |block| bytes.extend_from_slice(block))?;
    Ok(bytes)
}

/// The path as it should be shown: relative to the ledger where it is inside.
pub fn shown(ledger: &Ledger, path: &Path) -> PathBuf {
    path.strip_prefix(ledger.root()).unwrap_or(path).to_path_buf()
}
