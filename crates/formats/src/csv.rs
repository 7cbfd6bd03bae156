//! The one CSV dialect (docs/spec/2-csv.md), as far as it does not depend on columns.

use crate::limits;
use crate::malformed::{Fault, Malformed, shortened};
use crate::text;
use openweigh_exact::{Column, Decimal};
use std::borrow::Cow;

/// Whether a text field may hold this byte.
pub fn is_text_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b' ' | b'.' | b'_' | b'+' | b':' | b'/' | b'(' | b')' | b'-')
}

/// Which texts the cells of a file may hold (docs/spec/2-csv.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// Some of ASCII.
    #[default]
    V1,
    /// Unicode, without `,` and `"`.
    V2,
}

impl From<crate::dataset::Format> for Dialect {
    fn from(format: crate::dataset::Format) -> Self {
        match format {
            crate::dataset::Format::V1 => Self::V1,
            crate::dataset::Format::V2 => Self::V2,
        }
    }
}

/// What keeps a text from being a cell of version 2, and where: bytes from its beginning.
pub fn cell_flaw(text: &str) -> Option<text::Flaw> {
    let mark = text.bytes().position(|byte| matches!(byte, b',' | b'"'));
    let mark = mark.map(|at| text::Flaw::Character { found: char::from(text.as_bytes()[at]), at });
    let flaw = text::flaw(text);
    let earlier = |mark: &text::Flaw| flaw.as_ref().is_none_or(|flaw| mark.at() <= flaw.at());
    mark.filter(earlier).or(flaw)
}

/// Whether a spreadsheet that opens the file would take a cell for a formula (docs/spec/2-csv.md, 2.3).
pub fn is_formula(cell: &str) -> bool {
    let Some(rest) = cell.strip_prefix(['=', '+', '-', '@']) else { return false };
    let signed = cell.starts_with(['+', '-']);
    !(rest.is_empty() || signed && is_amount(rest))
}

/// `[0-9.]+([eE][+-]?[0-9]+)?`: a number in some spelling, which computes nothing.
fn is_amount(text: &str) -> bool {
    let (figures, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let all = |text: &str, good: fn(u8) -> bool| !text.is_empty() && text.bytes().all(good);
    all(figures, |byte| byte.is_ascii_digit() || byte == b'.') && all(exponent, |byte| byte.is_ascii_digit())
}

/// The cell with `'` in front where a spreadsheet would run it, or where it looks like one that has it already.
pub fn shielded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell that [`shielded`] made this of.
pub fn unshielded(cell: &str) -> &str {
    let inner = cell.strip_prefix('\'').filter(|_| is_formula(cell.trim_start_matches('\'')));
    inner.unwrap_or(cell)
}

/// A whole file with every cell [`shielded`]: for people who open it, not for a digest.
pub fn all_shielded(text: &str) -> String {
    let line = |line: &str| line.split(',').map(shielded).collect::<Vec<_>>().join(",");
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
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

/// Hands on the whole lines of a block; the beginning of a line whose end has not come yet waits in `pending`.
pub(crate) fn feed_lines(
    pending: &mut Vec<u8>,
    mut block: &[u8],
    mut lines: impl FnMut(&[u8]) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    if !pending.is_empty() {
        let end = memchr::memchr(b'\n', block).map_or(block.len(), |at| at + 1);
        pending.extend_from_slice(&block[..end]);
        block = &block[end..];
        if pending.ends_with(b"\n") {
            lines(&std::mem::take(pending))?;
        }
    }
    let end = memchr::memrchr(b'\n', block).map_or(0, |at| at + 1);
    lines(&block[..end])?;
    pending.extend_from_slice(&block[end..]);
    Ok(())
}

/// Hands on a last line that has no end, since what is wrong in it tells more than that; gives the column of the end.
pub(crate) fn feed_unended(
    mut line: Vec<u8>,
    lines: impl FnOnce(&[u8]) -> Result<(), Malformed>,
) -> Result<usize, Malformed> {
    let column = line.len() + 1;
    line.push(b'\n');
    lines(&line)?;
    Ok(column)
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

    /// Takes over a short number.
    #[allow(
        clippy::inline_always,
        reason = "the result of a call would go through memory, a few times a row"
    )]
    #[inline(always)]
    pub(crate) fn set_narrow(&mut self, new_digits: i64, new_places: u32) {
        if let Self::Narrow { digits, places } = self {
            (*digits, *places) = (new_digits, new_places);
        } else {
            *self = Self::Narrow { digits: new_digits, places: new_places };
        }
    }

    /// Takes over another number: as `clone_from`, but fast for short ones.
    #[inline]
    pub fn set(&mut self, other: &Self) {
        match (self, other) {
            (Self::Narrow { digits, places }, Self::Narrow { digits: new_digits, places: new_places }) => {
                (*digits, *places) = (*new_digits, *new_places);
            }
            (own, other) => own.clone_from(other),
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

/// The value of eight digits, the first in the lowest byte, each less `0`.
#[inline]
fn eight_digits(word: u64) -> u64 {
    // Pairs, then fours, then all (Lemire, Quickly parsing eight digits, 2018).
    const FOURS: u64 = 0x0000_00ff_0000_00ff;
    let pairs = word.wrapping_mul(10).wrapping_add(word >> 8);
    let even = (pairs & FOURS).wrapping_mul(0x000f_4240_0000_0064);
    let odd = (pairs >> 16 & FOURS).wrapping_mul(0x0000_2710_0000_0001);
    even.wrapping_add(odd) >> 32
}

/// The digits of the cell `bytes[start..end]` with its sign, and how many of them are behind the point; the cell
/// is known to be empty or a canonical decimal, and whether it has a point is known too. None if it is empty, too
/// long for this, or too near to the beginning of `bytes`.
#[allow(clippy::inline_always, reason = "the result of a call would go through memory, a few times a row")]
#[inline(always)]
pub(crate) fn known_number(bytes: &[u8], start: usize, end: usize, has_point: bool) -> Option<(i64, u32)> {
    let negative = bytes[start] == b'-';
    let length = end - start - usize::from(negative);
    let last = *bytes[..end].last_chunk::<16>()?;
    let [first, second] = halves(last);
    let (magnitude, places) = match length {
        1..=8 => {
            // Bytes before the number become leading zeros.
            let shift = 8 * (8 - length);
            let (digits, places) = without_point((second ^ ZEROS) >> shift << shift, has_point);
            (eight_digits(digits), places)
        }
        9..=16 => {
            let shift = 8 * (16 - length);
            let first = (first ^ ZEROS) >> shift << shift;
            let (first, second, places) = without_point_16(first, second ^ ZEROS, has_point);
            (eight_digits(first) * 100_000_000 + eight_digits(second), places)
        }
        _ => return None,
    };
    let magnitude = magnitude.cast_signed();
    Some((if negative { -magnitude } else { magnitude }, places))
}

/// Eight digits `0`.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// A point less `0`, as the digits are.
const POINTS: u64 = 0x1e1e_1e1e_1e1e_1e1e;

/// The two halves of sixteen bytes, the first in the lowest byte of each.
#[inline]
fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let (eights, _) = bytes.as_chunks::<8>();
    [u64::from_le_bytes(eights[0]), u64::from_le_bytes(eights[1])]
}

/// Whether there is a point: the lowest bit that is set is in its byte.
#[inline]
fn point_in(digits: u64) -> u64 {
    let others = digits ^ POINTS;
    others.wrapping_sub(0x0101_0101_0101_0101) & !others & 0x8080_8080_8080_8080
}

/// Takes the point out of digits that are followed by at least one, and tells how many these are.
#[allow(clippy::inline_always, reason = "the result of a call would go through memory, a few times a row")]
#[inline(always)]
fn without_point(digits: u64, has_point: bool) -> (u64, u32) {
    if !has_point {
        return (digits, 0);
    }
    let point = point_in(digits).trailing_zeros() / 8;
    let before = digits & !(u64::MAX << (8 * point));
    let behind = digits & (u64::MAX << (8 * point) << 8);
    (before << 8 | behind, 7 - point)
}

/// The same of sixteen digits in two halves.
#[allow(clippy::inline_always, reason = "the result of a call would go through memory, a few times a row")]
#[inline(always)]
fn without_point_16(first: u64, second: u64, has_point: bool) -> (u64, u64, u32) {
    if !has_point {
        return (first, second, 0);
    }
    if point_in(first) != 0 {
        let (first, places) = without_point(first, true);
        return (first, second, places + 8);
    }
    // The last digit before the point's half moves into it.
    let (rest, places) = without_point(second, true);
    (first << 8, rest | first >> 56, places)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_shielded_and_read_back() {
        for (cell, out) in [
            ("=1+1", "'=1+1"),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@SUM(A1:A9)", "'@SUM(A1:A9)"),
            ("+WEBSERVICE(B2)", "'+WEBSERVICE(B2)"),
            ("-2+3", "'-2+3"),
            ("'=1", "''=1"),
            ("''-x", "'''-x"),
            ("-2.5", "-2.5"),
            ("+1e5", "+1e5"),
            ("-1.5E-3", "-1.5E-3"),
            ("-", "-"),
            ("=", "="),
            ("", ""),
            ("'s", "'s"),
            ("m-1", "m-1"),
        ] {
            assert_eq!(shielded(cell), out, "{cell}");
            assert_eq!(unshielded(out), cell, "{out}");
        }
        assert_eq!(all_shielded("a,label\n-1,-x\n"), "a,label\n-1,'-x\n");
    }

    proptest::proptest! {
        #[test]
        fn no_shielded_cell_is_run_and_all_are_read_back(cell in "['=+@0-9.eE-]{0,4}\\PC{0,6}") {
            let out = shielded(&cell);
            proptest::prop_assert!(!is_formula(&out));
            proptest::prop_assert_eq!(unshielded(&out), cell.as_str());
        }
    }
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn known_numbers_are_those_of_the_scanner(
            cell in "(-?(0|[1-9][0-9]{0,17})(\\.[0-9]{0,17}[1-9])?)?",
            before in "[0-9.,]{0,20}",
        ) {
            let text = format!("{before},{cell},\n");
            let (start, end) = (before.len() + 1, before.len() + 1 + cell.len());
            let expected = number(text.as_bytes(), start, b',').map(|(number, _)| number);
            match (known_number(text.as_bytes(), start, end, cell.contains('.')), expected) {
                (Some((digits, places)), Some(expected)) => {
                    prop_assert_eq!(Number::Narrow { digits, places }, expected);
                }
                (None, _) => {
                    let digits = cell.strip_prefix('-').unwrap_or(&cell);
                    prop_assert!(digits.is_empty() || digits.len() > 16 || end < 16, "{}", cell);
                }
                (Some(_), None) => prop_assert_eq!(&cell, "-0"),
            }
        }
    }
}
