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

/// The shape of a number cell: where the next cell starts, and how many digits stand before and behind the
/// point.
#[derive(Clone, Copy)]
struct Shape {
    next: usize,
    whole: usize,
    fraction: usize,
    negative: bool,
}

/// Where the digits end that start at `at`; `bytes` end in LF.
#[inline]
fn digits_end(bytes: &[u8], mut at: usize) -> usize {
    // Eight bytes at a time: a byte is a digit if, with the bits of `0` taken away, it is below ten.
    while let Some(eight) = bytes[at..].first_chunk::<8>() {
        let word = u64::from_le_bytes(*eight) ^ 0x3030_3030_3030_3030;
        let low = word & 0x7f7f_7f7f_7f7f_7f7f;
        let others = ((low + 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080;
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while bytes[at].is_ascii_digit() {
        at += 1;
    }
    at
}

/// Scans a cell that starts at `at` and must end with `end`; `bytes` end in LF. None if it is anything but
/// empty or a canonical decimal.
#[inline]
fn scan(bytes: &[u8], at: usize, end: u8) -> Option<Shape> {
    let negative = bytes[at] == b'-';
    let first = at + usize::from(negative);
    let mut next = digits_end(bytes, first);
    let whole = next - first;
    let mut fraction = 0;
    if bytes[next] == b'.' {
        let point = next + 1;
        next = digits_end(bytes, point);
        fraction = next - point;
        if fraction == 0 || bytes[next - 1] == b'0' {
            return None;
        }
    }
    if bytes[next] != end {
        return None;
    }
    let sound = match whole {
        0 => next == at,
        // Behind a point comes a digit that is not zero, so only a bare one can be minus zero.
        1 => !(negative && fraction == 0 && bytes[first] == b'0'),
        _ => bytes[first] != b'0',
    };
    let sound = sound && next - at <= limits::MAX_CHARACTERS;
    sound.then_some(Shape { next: next + 1, whole, fraction, negative })
}

/// The value of some digits, of which there are at most 18, a point among them passed over.
#[inline]
fn value(bytes: &[u8]) -> u64 {
    bytes.iter().fold(
        0,
        |value, byte| {
            if *byte == b'.' { value } else { value * 10 + u64::from(byte - b'0') }
        },
    )
}

/// Reads a number cell that starts at `at` and must end with `end`; `bytes` end in LF. Gives the number and
/// where the next cell starts; none if the cell is anything but empty or a canonical decimal.
#[inline]
pub fn number(bytes: &[u8], at: usize, end: u8) -> Option<(Number, usize)> {
    let shape = scan(bytes, at, end)?;
    let count = shape.whole + shape.fraction;
    let number = if count == 0 {
        Number::Missing
    } else if count <= 18 {
        let magnitude = value(&bytes[at + usize::from(shape.negative)..shape.next - 1]).cast_signed();
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
    scan(bytes, at, end).map(|shape| shape.next)
}

/// Reads a cell that holds a whole number from 0.
#[inline]
pub fn natural(bytes: &[u8], at: usize, end: u8) -> Option<(u64, usize)> {
    let shape = scan(bytes, at, end)?;
    let whole = shape.fraction == 0 && !shape.negative && (1..=18).contains(&shape.whole);
    whole.then(|| (value(&bytes[at..shape.next - 1]), shape.next))
}

/// Checks a cell that is empty or holds a whole number of at most 20 digits; gives where the next one starts.
#[inline]
pub fn integer(bytes: &[u8], at: usize, end: u8) -> Option<usize> {
    let shape = scan(bytes, at, end)?;
    (shape.fraction == 0 && shape.whole <= 20).then_some(shape.next)
}
