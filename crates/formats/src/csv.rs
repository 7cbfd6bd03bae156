//! The one CSV dialect (docs/spec/2-csv.md), as far as it does not depend on columns.

use crate::limits;
use crate::malformed::{Fault, Malformed, shortened};
use openweigh_exact::{Column, Decimal};

/// Whether a text field may hold this byte.
pub fn is_text_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b' ' | b'.' | b'_' | b'+' | b':' | b'/' | b'(' | b')' | b'-')
}

/// Appends one line: fields between commas, LF at the end.
pub fn write_line<'a>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = &'a str>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(field.as_bytes());
    }
    out.push(b'\n');
}

/// The fields of the lines of a file that is read as a whole.
///
/// # Errors
/// As [`checked`].
pub fn lines(bytes: &[u8]) -> Result<Vec<Vec<&str>>, Malformed> {
    Ok(checked(bytes)?.map(|line| line.split(',').collect()).collect())
}

/// The lines of a file that is read as a whole, without taking them apart: the fields of a hostile file
/// take up to a hundred times its size.
///
/// # Errors
/// The first line that breaks the dialect, or has not as many fields as the header.
pub fn checked(bytes: &[u8]) -> Result<std::str::SplitTerminator<'_, char>, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::whole(Fault::NotUtf8))?;
    if !text.is_empty() && !text.ends_with('\n') {
        let line = text.lines().count();
        return Err(Malformed::at(line, 1, Fault::NoFinalNewline));
    }
    let lines = text.split_terminator('\n');
    let mut header = None;
    for (at, line) in lines.clone().enumerate() {
        if line.len() >= limits::LINE_BYTES {
            return Err(Malformed::at(at + 1, 1, Fault::LongLine { limit: limits::LINE_BYTES }));
        }
        if line.ends_with('\r') {
            return Err(Malformed::at(at + 1, line.len(), Fault::CarriageReturn));
        }
        let found = line.split(',').count();
        let expected = *header.get_or_insert(found);
        if found != expected {
            return Err(Malformed::at(at + 1, 1, Fault::FieldCount { found, expected }));
        }
    }
    Ok(lines)
}

/// Checks a header line, with its LF or without.
///
/// # Errors
/// Where it departs from the expected one.
pub fn header(line: &[u8], expected: &str) -> Result<(), Malformed> {
    let found = line.strip_suffix(b"\n").unwrap_or(line);
    if found == expected.as_bytes() {
        return Ok(());
    }
    if found.starts_with(b"\xef\xbb\xbf") {
        return Err(Malformed::whole(Fault::ByteOrderMark));
    }
    if found.ends_with(b"\r") {
        return Err(Malformed::at(1, found.len(), Fault::CarriageReturn));
    }
    let same = found.iter().zip(expected.as_bytes()).take_while(|(left, right)| left == right).count();
    let found = shortened(&String::from_utf8_lossy(found), 200);
    Err(Malformed::at(1, same + 1, Fault::Header { found, expected: expected.to_owned() }))
}

/// A number cell: `digits`·10^-`places` where that fits, any decimal where it does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Number {
    /// An empty cell.
    Missing,
    /// At most 18 digits.
    Narrow {
        /// All digits, with the sign.
        digits: i64,
        /// Fraction digits.
        places: u32,
    },
    /// More.
    Wide(Decimal),
}

impl Number {
    /// Appends the value to a column; a missing one as a zero that must not be used.
    pub fn push_onto(&self, column: &mut Column) {
        match self {
            Self::Missing => column.push_narrow(0, 0),
            Self::Narrow { digits, places } => column.push_narrow(*digits, *places),
            Self::Wide(value) => column.push(value),
        }
    }

    /// The value, none of an empty cell.
    pub fn value(&self) -> Option<Decimal> {
        match self {
            Self::Missing => None,
            Self::Narrow { digits, places } => Some(Decimal::new((*digits).into(), *places)),
            Self::Wide(value) => Some(value.clone()),
        }
    }
}

/// The shape of a number cell: where it ends, its digits as far as they fit, how many, and how many of them
/// behind the point.
struct Shape {
    next: usize,
    digits: u64,
    count: usize,
    fraction: usize,
    negative: bool,
}

/// Scans a cell that starts at `at` and must end with `end`; `bytes` end in LF. None if it is anything but
/// empty or a canonical decimal.
#[inline]
fn scan(bytes: &[u8], at: usize, end: u8) -> Option<Shape> {
    let negative = bytes[at] == b'-';
    let first = at + usize::from(negative);
    let mut next = first;
    let mut digits = 0u64;
    while bytes[next].is_ascii_digit() {
        digits = digits.wrapping_mul(10).wrapping_add(u64::from(bytes[next] - b'0'));
        next += 1;
    }
    let whole = next - first;
    let mut fraction = 0;
    if bytes[next] == b'.' {
        next += 1;
        let point = next;
        while bytes[next].is_ascii_digit() {
            digits = digits.wrapping_mul(10).wrapping_add(u64::from(bytes[next] - b'0'));
            next += 1;
        }
        fraction = next - point;
        if fraction == 0 || bytes[next - 1] == b'0' {
            return None;
        }
    }
    if bytes[next] != end {
        return None;
    }
    let count = whole + fraction;
    if whole == 0 {
        return (next == at).then_some(Shape { next: next + 1, digits, count, fraction, negative });
    }
    let canonical = (whole == 1 || bytes[first] != b'0')
        && !(negative && digits == 0 && count <= 18)
        && next - at <= limits::MAX_CHARACTERS;
    canonical.then_some(Shape { next: next + 1, digits, count, fraction, negative })
}

/// Reads a number cell that starts at `at` and must end with `end`; `bytes` end in LF. Gives the number and
/// where the next cell starts; none if the cell is anything but empty or a canonical decimal.
#[inline]
pub fn number(bytes: &[u8], at: usize, end: u8) -> Option<(Number, usize)> {
    let shape = scan(bytes, at, end)?;
    let number = if shape.count == 0 {
        Number::Missing
    } else if shape.count <= 18 {
        let magnitude = i64::try_from(shape.digits).ok()?;
        let places = u32::try_from(shape.fraction).ok()?;
        Number::Narrow { digits: if shape.negative { -magnitude } else { magnitude }, places }
    } else {
        let text = std::str::from_utf8(&bytes[at..shape.next - 1]).ok()?;
        Number::Wide(text.parse().ok()?)
    };
    Some((number, shape.next))
}

/// As [`number`], for a cell whose value is not wanted.
#[inline]
pub fn skip_number(bytes: &[u8], at: usize, end: u8) -> Option<usize> {
    let shape = scan(bytes, at, end)?;
    // The sign of a long zero is the one thing that the scan does not see.
    if shape.negative && shape.count > 18 {
        return number(bytes, at, end).map(|(_, next)| next);
    }
    Some(shape.next)
}

/// Reads a cell that holds a whole number from 0.
#[inline]
pub fn natural(bytes: &[u8], at: usize, end: u8) -> Option<(u64, usize)> {
    let shape = scan(bytes, at, end)?;
    let whole = shape.fraction == 0 && !shape.negative && (1..=18).contains(&shape.count);
    whole.then_some((shape.digits, shape.next))
}

/// Checks a cell that is empty or holds a whole number of at most 20 digits; gives where the next one starts.
#[inline]
pub fn integer(bytes: &[u8], at: usize, end: u8) -> Option<usize> {
    let shape = scan(bytes, at, end)?;
    (shape.fraction == 0 && shape.count <= 20).then_some(shape.next)
}
