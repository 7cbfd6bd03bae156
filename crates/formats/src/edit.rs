//! Which small change turned published bytes into these: found by trying, proved by the digest.
//!
//! A digest only says that bytes differ. But most accidents and most tamperings are small, and a
//! candidate for the original is proved right when its SHA-256 is the published one. So the usual
//! suspects are tried first (line ends, byte order mark, final newline), then every change of a
//! single byte, within a bound on the bytes hashed.

use crate::digest::{Digest, Hasher};
use crate::malformed::Position;
use std::fmt;

/// Bytes that all searches together may hash: a second or two. Whoever verifies a thousand changed
/// files is told where the first ones were changed.
#[derive(Debug, Clone, Copy)]
pub struct SearchBudget {
    left: u64,
}

impl SearchBudget {
    /// No search: only the usual suspects, each of which takes one reading.
    pub fn none() -> Self {
        Self { left: 0 }
    }
}

impl Default for SearchBudget {
    fn default() -> Self {
        Self { left: 3_000_000_000 }
    }
}

/// Bytes that one search may hash.
const ONE_SEARCH: u64 = 1_500_000_000;

/// A change that provably leads from the published bytes to the found ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// LF became CRLF on every line.
    CarriageReturns,
    /// A byte order mark was put in front.
    ByteOrderMark,
    /// The final newline is gone.
    FinalNewlineLost,
    /// A newline was added at the end.
    NewlineAdded,
    /// One byte became another.
    Replaced {
        /// Where.
        position: Position,
        /// The byte now.
        found: u8,
        /// The byte as published.
        published: u8,
    },
    /// One byte was put in.
    Inserted {
        /// Where.
        position: Position,
        /// The byte.
        found: u8,
    },
    /// One byte was taken out.
    Deleted {
        /// Where.
        position: Position,
        /// The byte.
        published: u8,
    },
}

impl Edit {
    /// Where the change is, for one of a single byte.
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::CarriageReturns | Self::ByteOrderMark => Some(Position { line: 1, column: 1 }),
            Self::FinalNewlineLost | Self::NewlineAdded => None,
            Self::Replaced { position, .. }
            | Self::Inserted { position, .. }
            | Self::Deleted { position, .. } => Some(*position),
        }
    }
}

fn shown(byte: u8) -> String {
    match byte {
        b'\n' => "a line end".to_owned(),
        b'\r' => "a carriage return".to_owned(),
        b' ' => "a space".to_owned(),
        0x21..=0x7e => format!("`{}`", byte as char),
        _ => format!("byte 0x{byte:02x}"),
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CarriageReturns => {
                write!(
                    out,
                    "every line end was changed from LF to CRLF, and nothing else; line 1 is the first"
                )
            }
            Self::ByteOrderMark => {
                write!(out, "a byte order mark was put before line 1, and nothing else changed")
            }
            Self::FinalNewlineLost => {
                write!(out, "the line end after the last line was removed, and nothing else")
            }
            Self::NewlineAdded => write!(out, "a line end was added after the last line, and nothing else"),
            Self::Replaced { position, found, published } => {
                let Position { line, column } = position;
                write!(
                    out,
                    "line {line}, column {column}: {} was published, {} is found; nothing else changed",
                    shown(*published),
                    shown(*found)
                )
            }
            Self::Inserted { position, found } => {
                let Position { line, column } = position;
                write!(
                    out,
                    "line {line}, column {column}: {} was inserted; nothing else changed",
                    shown(*found)
                )
            }
            Self::Deleted { position, published } => {
                let Position { line, column } = position;
                write!(
                    out,
                    "line {line}, column {column}: {} was removed here; nothing else changed",
                    shown(*published)
                )
            }
        }
    }
}

/// Finds the change that leads from bytes with the digest `published` and the size `size` to
/// `found`, if it is one of those above and the search for it is affordable.
pub fn locate(found: &[u8], published: &Digest, size: u64, effort: &mut SearchBudget) -> Option<Edit> {
    usual_suspects(found, published).or_else(|| {
        let search = Search { found, published: published.to_bytes(), effort: effort.left.min(ONE_SEARCH) };
        let length = found.len() as u64;
        let tried = if found.len() as u64 == size + 1 { 1 } else { search.alphabet().len() as u64 };
        effort.left = effort.left.saturating_sub(length * length / 2 * tried);
        match i128::from(size) - found.len() as i128 {
            0 => search.replaced(),
            -1 => search.inserted(),
            1 => search.deleted(),
            _ => None,
        }
    })
}

fn usual_suspects(found: &[u8], published: &Digest) -> Option<Edit> {
    let is = |candidate: &[u8]| Digest::of(candidate) == *published;
    if found.contains(&b'\r') {
        let mut plain = Vec::with_capacity(found.len());
        for (at, &byte) in found.iter().enumerate() {
            if byte != b'\r' || found.get(at + 1) != Some(&b'\n') {
                plain.push(byte);
            }
        }
        // One CRLF alone is an inserted byte, and is told as such, with its place.
        if found.len() - plain.len() > 1 && is(&plain) {
            return Some(Edit::CarriageReturns);
        }
    }
    if let Some(rest) = found.strip_prefix(b"\xef\xbb\xbf")
        && is(rest)
    {
        return Some(Edit::ByteOrderMark);
    }
    if is(&[found, b"\n"].concat()) {
        return Some(Edit::FinalNewlineLost);
    }
    if let Some(rest) = found.strip_suffix(b"\n")
        && is(rest)
    {
        return Some(Edit::NewlineAdded);
    }
    None
}

struct Search<'a> {
    found: &'a [u8],
    published: [u8; 32],
    effort: u64,
}

impl Search<'_> {
    /// Bytes worth trying at each place, as many as the effort allows: those of text first.
    fn alphabet(&self) -> Vec<u8> {
        let length = self.found.len() as u64;
        let per_byte_value = (length * length / 2).max(1);
        let affordable = usize::try_from(self.effort / per_byte_value).unwrap_or(usize::MAX).min(256);
        let likely = b"0123456789.-,\n\"eE+ ";
        let letters = (0x21..=0x7e).filter(|byte| !likely.contains(byte));
        let rest = (0..=255u8).filter(|byte| !likely.contains(byte) && !(0x21..=0x7e).contains(byte));
        let all: Vec<u8> = likely.iter().copied().chain(letters).chain(rest).collect();
        // A search that could only try some digits would find next to nothing.
        if affordable < 12 { Vec::new() } else { all[..affordable].to_vec() }
    }

    fn is_published(&self, prefix: &Hasher, middle: &[u8], rest: &[u8]) -> bool {
        let mut hasher = prefix.clone();
        hasher.update(middle);
        hasher.update(rest);
        hasher.finish_bytes() == self.published
    }

    fn position(&self, at: usize) -> Position {
        Position::of(self.found, at)
    }

    fn replaced(&self) -> Option<Edit> {
        let alphabet = self.alphabet();
        self.at_every_place(|at, prefix| {
            let (&now, rest) = self.found[at..].split_first()?;
            let published =
                alphabet.iter().find(|&&byte| byte != now && self.is_published(prefix, &[byte], rest));
            published.map(|&published| Edit::Replaced { position: self.position(at), found: now, published })
        })
    }

    fn inserted(&self) -> Option<Edit> {
        if self.alphabet().is_empty() {
            return None;
        }
        self.at_every_place(|at, prefix| {
            let (&now, rest) = self.found[at..].split_first()?;
            let gone = self.is_published(prefix, &[], rest);
            gone.then(|| Edit::Inserted { position: self.position(at), found: now })
        })
    }

    fn deleted(&self) -> Option<Edit> {
        let alphabet = self.alphabet();
        self.at_every_place(|at, prefix| {
            let rest = &self.found[at..];
            let published = alphabet.iter().find(|&&byte| self.is_published(prefix, &[byte], rest));
            published.map(|&published| Edit::Deleted { position: self.position(at), published })
        })
    }

    /// Tries every offset, with the digest of what comes before it at hand.
    fn at_every_place(&self, attempt: impl Fn(usize, &Hasher) -> Option<Edit>) -> Option<Edit> {
        let mut prefix = Hasher::default();
        for at in 0..=self.found.len() {
            if let Some(edit) = attempt(at, &prefix) {
                return Some(edit);
            }
            prefix.update(&self.found[at..self.found.len().min(at + 1)]);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLISHED: &[u8] = b"x,y\n1,2.5\n2,3.75\n3,5.25\n";

    fn found(bytes: &[u8]) -> Option<String> {
        locate(bytes, &Digest::of(PUBLISHED), PUBLISHED.len() as u64, &mut SearchBudget::default())
            .map(|edit| edit.to_string())
    }

    #[test]
    fn every_single_byte_change_is_located() {
        for at in 0..PUBLISHED.len() {
            for byte in [b'7', b'!', 0xff].into_iter().filter(|byte| *byte != PUBLISHED[at]) {
                let mut changed = PUBLISHED.to_vec();
                changed[at] = byte;
                let Position { line, column } = Position::of(PUBLISHED, at);
                let text = found(&changed).unwrap();
                assert!(text.starts_with(&format!("line {line}, column {column}: ")), "{text}");
            }
            let mut shorter = PUBLISHED.to_vec();
            shorter.remove(at);
            assert!(found(&shorter).is_some());
            let mut longer = PUBLISHED.to_vec();
            longer.insert(at, b'9');
            assert!(found(&longer).is_some());
        }
    }

    #[test]
    fn the_usual_suspects_are_named() {
        let text = std::str::from_utf8(PUBLISHED).unwrap();
        assert!(found(text.replace('\n', "\r\n").as_bytes()).unwrap().contains("LF to CRLF"));
        assert!(found(format!("\u{feff}{text}").as_bytes()).unwrap().contains("byte order mark"));
        assert!(found(text.trim_end().as_bytes()).unwrap().contains("was removed"));
        assert!(found(format!("{text}\n").as_bytes()).unwrap().contains("was added"));
        assert_eq!(found(b"something else entirely\n"), None);
    }
}
