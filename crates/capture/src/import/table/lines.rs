//! The lines of a source as UTF-8, read in blocks, with the source's digest.

use super::encoding::Decoding;
use super::refusal::{Reason, Refusal};
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use std::io::{Read, Seek, SeekFrom};

/// Bytes of a line of a foreign table.
pub const LINE_BYTES: usize = 1 << 20;

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;

/// What can be read from its beginning, twice.
pub trait Source {
    /// Goes to the beginning.
    ///
    /// # Errors
    /// The system refuses.
    fn open(&mut self) -> std::io::Result<Box<dyn Read + '_>>;
}

impl Source for &[u8] {
    fn open(&mut self) -> std::io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(*self))
    }
}

impl Source for std::fs::File {
    fn open(&mut self) -> std::io::Result<Box<dyn Read + '_>> {
        self.seek(SeekFrom::Start(0))?;
        Ok(Box::new(self))
    }
}

/// What a source was, known when it has been read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: Digest,
}

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    /// LF.
    Lf,
    /// CR and LF, some or all.
    CrLf,
    /// CR alone.
    Cr,
    /// CR alone for some, LF for others.
    Mixed,
}

/// Reads lines.
pub(crate) struct Lines<'a> {
    reader: Box<dyn Read + 'a>,
    decoding: Decoding,
    hasher: Option<Hasher>,
    bytes: u64,
    max_bytes: u64,
    /// What is decoded and not given yet: `text[start..]`; complete lines end at `whole`.
    text: Vec<u8>,
    start: usize,
    whole: usize,
    raw: Vec<u8>,
    /// The byte at the end of a line: CR where there is no LF.
    end: u8,
    line: u64,
    ended: bool,
    /// Lines that ended in CR and LF.
    carriage_returns: bool,
    /// Lines that ended in CR alone, where others do not.
    alone: bool,
}

impl<'a> Lines<'a> {
    /// Lines of a source whose encoding is known.
    pub(crate) fn new(reader: Box<dyn Read + 'a>, decoding: Decoding, max_bytes: u64, hash: bool) -> Self {
        Self {
            reader,
            decoding,
            hasher: hash.then(Hasher::default),
            bytes: 0,
            max_bytes,
            text: Vec::with_capacity(2 * BLOCK),
            start: 0,
            whole: 0,
            raw: vec![0; BLOCK],
            end: b'\n',
            line: 0,
            ended: false,
            carriage_returns: false,
            alone: false,
        }
    }

    /// The next line without its end, and its number from 1.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &[u8])>, Refusal> {
        while self.start >= self.whole {
            if self.ended {
                return Ok(None);
            }
            self.fill()?;
        }
        let rest = &self.text[self.start..self.whole];
        let length = memchr::memchr2(self.end, b'\r', rest).unwrap_or(rest.len());
        let begin = self.start;
        // Some CR before an LF are one end; a CR alone is one as well.
        let returns = rest[length..].iter().take_while(|byte| **byte == b'\r').count();
        let end = match rest.get(length + returns) {
            _ if self.end == b'\r' => 1,
            None | Some(b'\n') => {
                self.carriage_returns |= returns > 0;
                returns + 1
            }
            Some(_) => {
                self.alone = true;
                1
            }
        };
        self.start += length + end;
        self.line += 1;
        Ok(Some((self.line, &self.text[begin..begin + length])))
    }

    /// How the lines ended.
    pub(crate) fn ends(&self) -> LineEnds {
        match (self.end, self.carriage_returns) {
            (b'\r', _) => LineEnds::Cr,
            _ if self.alone => LineEnds::Mixed,
            (_, true) => LineEnds::CrLf,
            (_, false) => LineEnds::Lf,
        }
    }

    /// Reads what is left, and tells what all of it was.
    pub(crate) fn finish(mut self) -> Result<Option<Fingerprint>, Refusal> {
        while self.block()? > 0 {}
        Ok(self.hasher.map(|hasher| Fingerprint { bytes: self.bytes, sha256: hasher.finish() }))
    }

    /// Reads a block of raw bytes; 0 at the end.
    fn block(&mut self) -> Result<usize, Refusal> {
        let count = loop {
            match self.reader.read(&mut self.raw) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&self.raw[..count]);
        }
        self.bytes += count as u64;
        if self.bytes > self.max_bytes {
            return Err(Refusal::whole(Reason::TooLarge(self.max_bytes)));
        }
        Ok(count)
    }

    fn fill(&mut self) -> Result<(), Refusal> {
        self.text.drain(..self.start.min(self.text.len()));
        self.start = 0;
        let first = self.bytes == 0;
        let from = self.text.len();
        let count = self.block()?;
        self.ended = count == 0;
        if let Err(reason) = self.decoding.decode(&self.raw[..count], self.ended, &mut self.text) {
            let lines = ends_in(&self.text);
            return Err(Refusal::at(self.line + 1 + lines, 0, reason));
        }
        if first && memchr::memchr(b'\n', &self.text).is_none() && memchr::memchr(b'\r', &self.text).is_some()
        {
            self.end = b'\r';
        }
        if let Some(at) = memchr::memchr(0, &self.text[from..]) {
            let lines = ends_in(&self.text[..from + at]);
            return Err(Refusal::at(self.line + 1 + lines, 0, Reason::Control(0)));
        }
        let last = memchr::memrchr(self.end, &self.text[from..]).map(|at| from + at + 1);
        self.whole = if self.ended { self.text.len() } else { last.unwrap_or(0) };
        if self.text.len() - self.whole > LINE_BYTES {
            return Err(Refusal::at(self.line + 1, 0, Reason::LongLine(LINE_BYTES)));
        }
        Ok(())
    }
}

/// How many lines end in a text: at LF, with the CR before it, and at CR alone.
fn ends_in(text: &[u8]) -> u64 {
    let follows = |at: usize| matches!(text.get(at + 1), Some(b'\n' | b'\r'));
    text.iter().enumerate().filter(|(at, byte)| **byte == b'\n' || (**byte == b'\r' && !follows(*at))).count()
        as u64
}
