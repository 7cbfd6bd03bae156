//! A recording as it is read: lines or bytes, counted, hashed, and never more than a line in memory.

use super::ImportError;
use openweigh_formats::digest::Hasher;
use openweigh_formats::malformed::shortened;
use openweigh_formats::{Digest, Position, limits};
use std::io::BufRead;

/// What is left of a recording.
pub(crate) struct Feed<'a> {
    input: &'a mut dyn BufRead,
    hasher: Hasher,
    /// Bytes read.
    pub(crate) bytes: u64,
    limit: u64,
    /// Number of the line read last.
    pub(crate) line: usize,
}

impl<'a> Feed<'a> {
    pub(crate) fn new(input: &'a mut dyn BufRead, limit: u64) -> Self {
        Self { input, hasher: Hasher::default(), bytes: 0, limit, line: 0 }
    }

    /// SHA-256 of what was read.
    pub(crate) fn finish(self) -> Digest {
        self.hasher.finish()
    }

    /// Reads the next line into `line`, without its end. `false` at the end of the recording.
    pub(crate) fn line(&mut self, line: &mut Vec<u8>) -> Result<bool, ImportError> {
        line.clear();
        loop {
            let block = self.input.fill_buf().map_err(ImportError::Read)?;
            if block.is_empty() {
                if line.is_empty() {
                    return Ok(false);
                }
                self.line += 1;
                let expected =
                    "a line end: a recording that was cut cannot be told from a whole one otherwise";
                return Err(self.at(line.len() + 1, "the end of the file", expected));
            }
            let end = memchr::memchr(b'\n', block);
            let taken = end.map_or(block.len(), |end| end + 1);
            line.extend_from_slice(&block[..taken]);
            self.hasher.update(&block[..taken]);
            self.bytes += taken as u64;
            self.input.consume(taken);
            if self.bytes > self.limit {
                return Err(ImportError::TooLarge { limit: self.limit });
            }
            if line.len() > limits::LINE_BYTES {
                self.line += 1;
                let expected = format!("at most {} bytes", limits::LINE_BYTES);
                return Err(self.at(1, "a line longer than that", &expected));
            }
            if end.is_some() {
                self.line += 1;
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                if self.line == 1 && line.starts_with(b"\xef\xbb\xbf") {
                    line.drain(..3);
                }
                return Ok(true);
            }
        }
    }

    /// Fills `out` from what comes next. `false`, and nothing, at the end of the recording.
    pub(crate) fn fill(&mut self, out: &mut [u8], what: &str) -> Result<bool, ImportError> {
        let start = self.bytes;
        let mut filled = 0;
        while filled < out.len() {
            let block = self.input.fill_buf().map_err(ImportError::Read)?;
            if block.is_empty() {
                if filled == 0 {
                    return Ok(false);
                }
                return Err(self.cut(start, what, out.len()));
            }
            let taken = block.len().min(out.len() - filled);
            out[filled..filled + taken].copy_from_slice(&block[..taken]);
            self.hasher.update(&block[..taken]);
            self.input.consume(taken);
            self.bytes += taken as u64;
            filled += taken;
            if self.bytes > self.limit {
                return Err(ImportError::TooLarge { limit: self.limit });
            }
        }
        Ok(true)
    }

    /// As [`fill`](Self::fill) where the recording must go on.
    pub(crate) fn must_fill(&mut self, out: &mut [u8], what: &str) -> Result<(), ImportError> {
        let start = self.bytes;
        if self.fill(out, what)? || out.is_empty() { Ok(()) } else { Err(self.cut(start, what, out.len())) }
    }

    fn cut(&self, offset: u64, what: &str, expected: usize) -> ImportError {
        let found = format!("the end of the file after {} bytes of {what}", self.bytes - offset);
        ImportError::Bytes { offset, found, expected: format!("{expected} bytes: the recording was cut") }
    }

    /// A mistake in the line read last, at a column counted from 1.
    pub(crate) fn at(
        &self,
        column: usize,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> ImportError {
        let position = Position { line: self.line, column };
        ImportError::Malformed { position, found: found.into(), expected: expected.into() }
    }

    /// Events at the line read last, and nothing before it that tells of their device.
    pub(crate) fn no_description(&self) -> ImportError {
        ImportError::NoDescription { position: Position { line: self.line, column: 1 } }
    }

    /// A mistake in a part of the line read last.
    pub(crate) fn part(&self, line: &[u8], part: &[u8], expected: impl Into<String>) -> ImportError {
        let column = (part.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
        let column = if column <= line.len() { column + 1 } else { 1 };
        let text = String::from_utf8_lossy(&part[..part.len().min(200)]);
        self.at(column, format!("`{}`", shortened(&text, 40)), expected)
    }

    /// A part of the line read last that is words, as many as are wanted, each a hexadecimal number.
    pub(crate) fn numbers<const N: usize>(
        &self,
        line: &[u8],
        part: &[u8],
        expected: &str,
    ) -> Result<[u16; N], ImportError> {
        let number = |word| hexadecimal(word).and_then(|number| number.try_into().ok());
        // One more than wanted is enough to see that there are too many.
        let found: Option<Vec<u16>> = words(part).take(N + 1).map(number).collect();
        let found = found.and_then(|found| found.try_into().ok());
        found.ok_or_else(|| self.part(line, part, expected))
    }

    /// A part of the line read last that is a time: seconds, a point, and exactly six digits. In microseconds.
    pub(crate) fn microseconds(&self, line: &[u8], part: &[u8]) -> Result<u64, ImportError> {
        microseconds(part)
            .ok_or_else(|| self.part(line, part, "seconds, a point and 6 digits of microseconds"))
    }
}

/// The words of a line, between spaces.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty())
}

/// A part of a line as any type that is written as text.
pub(crate) fn parsed<T: std::str::FromStr>(part: &[u8]) -> Option<T> {
    std::str::from_utf8(part).ok()?.parse().ok()
}

/// A hexadecimal number, without a prefix.
pub(crate) fn hexadecimal(part: &[u8]) -> Option<u64> {
    let digits = !part.is_empty() && part.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(part).ok().filter(|_| digits)?;
    u64::from_str_radix(text, 16).ok()
}

/// Microseconds up to which times are believed: far beyond any clock, and nanoseconds still fit.
pub(crate) const LATEST_US: u64 = 9_000_000_000_000_000;

fn microseconds(part: &[u8]) -> Option<u64> {
    let point = memchr::memchr(b'.', part)?;
    let (seconds, micros) = (&part[..point], &part[point + 1..]);
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if !digits(seconds) || !digits(micros) || micros.len() != 6 {
        return None;
    }
    let (seconds, micros): (u64, u64) = (parsed(seconds)?, parsed(micros)?);
    seconds.checked_mul(1_000_000)?.checked_add(micros).filter(|time| *time <= LATEST_US)
}

/// Microseconds as seconds: the binary64 nearest to them.
#[expect(clippy::cast_precision_loss, reason = "times are below 2^53 microseconds")]
pub(crate) fn seconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1_000_000.0
}
