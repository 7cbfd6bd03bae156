//! Reading: plain files only, inside the root, each opened once.

use crate::draft::DraftError;
use crate::folder::{EntryKind, Folder};
use crate::layout::Ledger;
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::path::RelativePath;
use rustix::fs::{Mode, OFlags};
use std::fs::{File, Metadata};
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
        let (file, size) = self.open_inside(path.as_str(), limit)?;
        blocks(file, size, limit, sink)
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
        let (mut file, _) = self.open_inside(path.as_str(), limit)?;
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

    /// A plain file of at most `limit` bytes, each folder on the way and itself opened through no link; its size too.
    fn open_inside(&self, path: &str, limit: u64) -> Result<(File, u64), OpenError> {
        let (folder, name) = self.inner(path)?;
        let file = match folder.open(name) {
            Ok(Some(file)) => file,
            Ok(None) => return Err(OpenError::Missing),
            Err(error) => return Err(refused(&folder, name, error)),
        };
        let found = file.metadata()?.len();
        if found > limit { Err(OpenError::TooLarge { found, limit }) } else { Ok((file, found)) }
    }

    /// The folder of a path inside the root, and the last part of the path.
    fn inner<'p>(&self, path: &'p str) -> Result<(Folder, &'p str), OpenError> {
        let mut folder = Folder::at(self.root()).map_err(system)?;
        let mut rest = path;
        while let Some((part, behind)) = rest.split_once('/') {
            folder = match folder.enter(part) {
                Ok(Some(inner)) => inner,
                Ok(None) => return Err(OpenError::Missing),
                // A file where a folder should be: what should be in it is not there.
                Err(_) if folder.kind(part) == Some(EntryKind::File) => return Err(OpenError::Missing),
                Err(error) => return Err(refused(&folder, part, error)),
            };
            rest = behind;
        }
        Ok((folder, rest))
    }
}

impl Files for Ledger {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        Self::read(self, path, limit, sink).map_err(Unreadable::from)
    }

    fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), Unreadable> {
        Self::read_owned(self, path, limit, block, sink).map_err(Unreadable::from)
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        Self::everything(self, folder).map_err(Unreadable::from)
    }
}

impl From<OpenError> for Unreadable {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Missing => Self::Missing,
            OpenError::NotPlain(what) => Self::NotPlain(what),
            OpenError::TooLarge { found, limit } => Self::TooLarge { found, limit },
            OpenError::System(error) => Self::System(error.to_string()),
        }
    }
}

/// Why something in a folder was not opened.
fn refused(folder: &Folder, name: &str, error: DraftError) -> OpenError {
    match folder.kind(name) {
        Some(EntryKind::Link) => OpenError::NotPlain("a symbolic link on the way to it"),
        Some(kind @ (EntryKind::Folder | EntryKind::Other)) => match error {
            DraftError::NotPlain { .. } => OpenError::NotPlain(kind.noun()),
            error => system(error),
        },
        _ => system(error),
    }
}

fn system(error: DraftError) -> OpenError {
    match error {
        DraftError::System { source, .. }
            if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            OpenError::Missing
        }
        DraftError::System { source, .. } => OpenError::System(source),
        error => OpenError::System(io::Error::other(error.to_string())),
    }
}

impl Ledger {
    /// The paths of everything in a folder and below it, folders apart, relative to the root and
    /// sorted; links are named and not followed.
    ///
    /// # Errors
    /// A folder cannot be read.
    pub fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, OpenError> {
        let (above, prefix) = match folder {
            None => (Folder::at(self.root()).map_err(system)?, String::new()),
            Some(path) => {
                let (above, name) = self.inner(path)?;
                match above.enter(name) {
                    Ok(Some(inner)) => (inner, format!("{path}/")),
                    Ok(None) => return Err(OpenError::Missing),
                    Err(error) => return Err(refused(&above, name, error)),
                }
            }
        };
        let found = above.everything(&[]).map_err(system)?;
        let mut found: Vec<String> = found.into_keys().map(|path| format!("{prefix}{path}")).collect();
        found.sort();
        Ok(found)
    }
}

/// Hands the bytes of a file to `sink`, a block at a time, from one opening.
///
/// # Errors
/// There is no such plain file, it is larger than `limit`, or it cannot be read.
pub fn read_blocks(path: &Path, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), OpenError> {
    let (file, size) = open(path, limit)?;
    blocks(file, size, limit, sink)
}

fn blocks(mut file: File, size: u64, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), OpenError> {
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

/// Opens a plain file of at most `limit` bytes at a path that a person typed; gives its size too.
fn open(path: &Path, limit: u64) -> Result<(File, u64), OpenError> {
    let insist = |metadata: &Metadata| match (metadata.is_dir(), metadata.is_file()) {
        (true, _) => Err(OpenError::NotPlain("a folder")),
        (false, false) => Err(OpenError::NotPlain("a device or pipe")),
        _ => Ok(()),
    };
    // Asked before opening, since devices may do something when they are opened; and without waiting, since a pipe
    // that took the file's place meanwhile would wait for a writer that never comes.
    match std::fs::metadata(path) {
        Ok(metadata) => insist(&metadata)?,
        Err(error) => {
            let missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
            // A link to nothing is there.
            let is_link = path.symlink_metadata().is_ok_and(|found| found.is_symlink());
            return Err(if missing && !is_link { OpenError::Missing } else { error.into() });
        }
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).map_err(io::Error::from)?);
    let metadata = file.metadata()?;
    insist(&metadata)?;
    let size = metadata.len();
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
