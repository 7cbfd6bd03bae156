//! What is wrong with a file, and where.

use openweigh_exact::DecimalError;
use std::fmt;

/// A place in a file, counted from 1; columns count bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Byte within the line.
    pub column: usize,
}

impl Position {
    /// The place of byte `offset` of `bytes`.
    pub fn of(bytes: &[u8], offset: usize) -> Self {
        let before = &bytes[..offset.min(bytes.len())];
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        Self { line, column: before.len() - start + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.line, self.column)
    }
}

/// Bytes that are not of the format they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {fault}")]
pub struct Malformed {
    /// Where.
    pub position: Position,
    /// What.
    pub fault: Fault,
}

impl Malformed {
    /// A fault at a line and column counted from 1.
    pub fn at(line: usize, column: usize, fault: Fault) -> Self {
        Self { position: Position { line, column }, fault }
    }

    /// A fault of the file as a whole.
    pub fn whole(fault: Fault) -> Self {
        Self::at(1, 1, fault)
    }
}

/// The kinds of fault, each with what was found and what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file starts with a byte order mark.
    #[error("found a byte order mark, expected plain UTF-8 without one")]
    ByteOrderMark,
    /// Bytes that are not UTF-8.
    #[error("found bytes that are not UTF-8")]
    NotUtf8,
    /// A carriage return.
    #[error("found a carriage return (CRLF line ends), expected LF alone")]
    CarriageReturn,
    /// The last line is not ended.
    #[error("found the end of the file, expected LF after the last line")]
    NoFinalNewline,
    /// An empty line.
    #[error("found a blank line, expected {expected} fields")]
    BlankLine {
        /// Fields of a row.
        expected: usize,
    },
    /// A line of the wrong number of fields.
    #[error("found {found} fields, expected {expected}")]
    FieldCount {
        /// Fields found.
        found: usize,
        /// Fields expected.
        expected: usize,
    },
    /// A header that is not the declared one.
    #[error("found the header `{found}`, expected `{expected}`")]
    Header {
        /// Header found, shortened.
        found: String,
        /// Header expected.
        expected: String,
    },
    /// A field that should be a number.
    #[error("in column `{column}`: found `{found}`: {reason}")]
    Number {
        /// Name of the column.
        column: String,
        /// Field found, shortened.
        found: String,
        /// Why it is not a canonical decimal.
        reason: DecimalError,
    },
    /// A character that text fields may not hold.
    #[error(
        "in column `{column}`: found `{found}`, expected letters, digits, space or one of `. _ + : / ( ) -`"
    )]
    Text {
        /// Name of the column.
        column: String,
        /// The character, escaped where it cannot be shown.
        found: String,
    },
    /// A line longer than the limit.
    #[error("a line of over {limit} bytes")]
    LongLine {
        /// Bytes allowed.
        limit: usize,
    },
    /// A file larger than the limit.
    #[error("found {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// JSON or TOML that is not of the expected shape.
    #[error("{0}")]
    Syntax(String),
    /// Keys that a file lacks, each with the place of the object that it belongs into.
    #[error("missing: {}", keys(.0))]
    Missing(Vec<(String, Position)>),
    /// JSON of the right shape in another layout.
    #[error("not in canonical layout: found `{found}`, expected `{expected}`")]
    NotCanonical {
        /// The line found, from the first difference.
        found: String,
        /// The line expected, from the first difference.
        expected: String,
    },
    /// A file of another kind.
    #[error("found format `{found}`, expected `{expected}`: this is another kind of file")]
    OtherKind {
        /// Format found.
        found: String,
        /// Format expected.
        expected: String,
    },
    /// A version of the format that this program does not know.
    #[error("found format `{found}`, this program reads `{expected}`: a newer program is needed")]
    OtherVersion {
        /// Format found.
        found: String,
        /// Format expected.
        expected: String,
    },
    /// A text cell that version 2 does not allow.
    #[error("in column `{column}`: found {flaw}; docs/spec/2-csv.md, 2.2, says what a text may hold")]
    TextFlaw {
        /// Column.
        column: String,
        /// What is wrong with it.
        flaw: crate::text::Flaw,
    },
    /// Parts that contradict each other.
    #[error("{what}: found {found}, expected {expected}")]
    Inconsistent {
        /// Which part.
        what: String,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
}

fn keys(keys: &[(String, Position)]) -> String {
    let one = |(key, position): &(String, Position)| format!("`{key}` (line {})", position.line);
    keys.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// The name of something that was found and that no format allows, in printable ASCII: nothing in it can be taken for
/// another name, a line of a report or a command of a terminal.
pub fn visible(name: &str) -> String {
    let plain = |c: char| matches!(c, ' '..='~') && c != '\\';
    name.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_default().to_string() }).collect()
}

/// At most `limit` characters of a text that may be long or unprintable.
pub fn shortened(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for c in text.chars().take(limit) {
        // Quotes mislead nobody, and as numbers have them they shall be found again.
        if matches!(c, '\'' | '"') {
            shown.push(c);
        } else {
            shown.extend(c.escape_debug());
        }
    }
    if text.chars().count() > limit {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn a_strange_name_is_shown_and_obeyed_by_nothing() {
        for (name, shown) in [
            ("a b.txt", "a b.txt"),
            ("a\u{1b}[2J", "a\\u{1b}[2J"),
            ("a\n  checked", "a\\n  checked"),
            ("me\u{430}n", "me\\u{430}n"),
            ("a\\b", "a\\\\b"),
        ] {
            assert_eq!(visible(name), shown);
        }
    }
}
