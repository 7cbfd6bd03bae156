//! One cell as a number, under each convention that a file may have.
//!
//! A convention is a decimal sign and a way of grouping digits. There are eight of them, and a cell is judged
//! under all at once: which one holds is decided by the whole file, not here.

use super::grouping::well_grouped;
use super::measured::{is_close, is_numberish, with_unit};
use super::options::{DecimalSign, Group};
use super::stamp::is_stamp;
use openweigh_formats::limits::MAX_CHARACTERS;

/// A decimal sign and a grouping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convention {
    /// The decimal sign.
    pub decimal: DecimalSign,
    /// What stands between groups of three digits.
    pub group: Group,
}

impl Convention {
    /// All, those with the point first.
    pub(crate) const ALL: [Self; 8] = {
        const fn of(decimal: DecimalSign, group: Group) -> Convention {
            Convention { decimal, group }
        }
        [
            of(DecimalSign::Point, Group::None),
            of(DecimalSign::Point, Group::Comma),
            of(DecimalSign::Point, Group::Space),
            of(DecimalSign::Point, Group::Apostrophe),
            of(DecimalSign::Comma, Group::None),
            of(DecimalSign::Comma, Group::Point),
            of(DecimalSign::Comma, Group::Space),
            of(DecimalSign::Comma, Group::Apostrophe),
        ]
    };

    /// `.` and no grouping: what programs write.
    pub const PLAIN: Self = Self::ALL[0];
}

/// Conventions, as bits in the order of [`Convention::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fits(pub(crate) u8);

impl Fits {
    pub(crate) const ALL: Self = Self(0xff);
    /// Those whose decimal sign is the point.
    pub(crate) const POINT: Self = Self(0x0f);
    /// Those whose decimal sign is the comma.
    pub(crate) const COMMA: Self = Self(0xf0);
    const COMMA_GROUPED_BY_POINT: u8 = 1 << 5;

    pub(crate) fn has(self, at: usize) -> bool {
        self.0 >> at & 1 == 1
    }

    pub(crate) fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

/// What a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nothing.
    Empty,
    /// That a number is missing, in a word such as `NaN`.
    Word,
    /// The same in a word that may as well be a text: `none`, or `Na` in a column of chemical elements.
    PlainWord,
    /// A number.
    Number {
        /// The conventions under which it is one.
        fits: Fits,
        /// Whether it starts with a zero that says nothing, as in `007`.
        padded: bool,
        /// Whether it would have more characters than a number may have.
        long: bool,
    },
    /// A number with its unit behind it, as `12.5 g`; the conventions are those of the number.
    Measured {
        /// The conventions under which it is one.
        fits: Fits,
        /// Whether the number would have more characters than one may have.
        long: bool,
    },
    /// A date or a time, which is a text, but not a name.
    Stamp,
    /// A text of nothing but digits and their signs that is no number, or a number with something behind it.
    Numberish,
    /// Anything else.
    Text,
}

/// Words that stand for a missing number (pandas' list), in lower case.
const WORDS: [&[u8]; 17] = [
    b"nan",
    b"-nan",
    b"+nan",
    b"na",
    b"n/a",
    b"#n/a",
    b"#na",
    b"#n/a n/a",
    b"<na>",
    b"null",
    b"none",
    b"inf",
    b"infinity",
    b"1.#ind",
    b"-1.#ind",
    b"1.#qnan",
    b"-1.#qnan",
];

/// Whether a cell is a word for a missing number.
pub(crate) fn is_word(cell: &[u8]) -> bool {
    let bare = match cell {
        [b'-' | b'+', rest @ ..] if rest.first().is_some_and(|byte| matches!(byte, b'i' | b'I')) => rest,
        _ => cell,
    };
    bare.len() <= 9 && WORDS.iter().any(|word| bare.eq_ignore_ascii_case(word))
}

/// Whether such a word is one that texts are made of, too.
fn is_plain(word: &[u8]) -> bool {
    !word.eq_ignore_ascii_case(b"nan") && word.iter().all(u8::is_ascii_alphabetic)
}

fn spaces(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte != b' ').unwrap_or(bytes.len())
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(bytes.len())
}

/// Judges a cell without blanks at its ends.
pub(crate) fn classify(cell: &[u8]) -> Class {
    let Some(first) = cell.first() else { return Class::Empty };
    let start = usize::from(matches!(first, b'-' | b'+'));
    let unsigned = &cell[start..];
    let whole = digits(unsigned);
    if whole > 0 && cell.len() <= MAX_CHARACTERS {
        let padded = whole > 1 && unsigned[0] == b'0';
        if whole == unsigned.len() {
            return Class::Number { fits: Fits::ALL, padded, long: false };
        }
        if unsigned[whole] == b'.' {
            let fraction = digits(&unsigned[whole + 1..]);
            if fraction > 0 && whole + 1 + fraction == unsigned.len() {
                let grouped = fraction == 3 && whole <= 3 && unsigned[0] != b'0';
                let other = if grouped { Fits::COMMA_GROUPED_BY_POINT } else { 0 };
                return Class::Number { fits: Fits(Fits::POINT.0 | other), padded, long: false };
            }
        }
    }
    slowly(cell)
}

fn slowly(cell: &[u8]) -> Class {
    if is_word(cell) {
        return if is_plain(cell) { Class::PlainWord } else { Class::Word };
    }
    let mut plain = Vec::new();
    if let Some((fits, padded, long)) = numeric(cell, &mut plain) {
        return Class::Number { fits, padded, long };
    }
    if is_stamp(cell) {
        Class::Stamp
    } else if let Some((number, _)) = with_unit(cell)
        && let Some((fits, _, long)) = numeric(number, &mut Vec::new())
    {
        Class::Measured { fits, long }
    } else if is_close(cell) || is_numberish(if plain.is_empty() { cell } else { &plain }) {
        Class::Numberish
    } else {
        Class::Text
    }
}

/// The conventions under which a text is a number, if it is one under any; whether it starts with a zero that says
/// nothing, and whether it is too long. Leaves the text with plain marks in `plain`.
fn numeric(cell: &[u8], plain: &mut Vec<u8>) -> Option<(Fits, bool, bool)> {
    if !fold(cell, plain) {
        return None;
    }
    let (mut fits, mut padded, mut long) = (0, false, false);
    for (at, convention) in Convention::ALL.into_iter().enumerate() {
        if let Some(parts) = Parts::read(plain, convention) {
            fits |= 1 << at;
            long |= parts.length().is_none_or(|length| length > MAX_CHARACTERS);
            padded |= parts.whole.len() > 1 && parts.whole[0] == b'0';
        }
    }
    (fits != 0).then_some((Fits(fits), padded, long))
}

/// Whether a text is a number, under any convention.
pub(crate) fn is_number(text: &str) -> bool {
    numeric(text.trim().as_bytes(), &mut Vec::new()).is_some()
}

/// Writes the marks that people and programs use for a minus, a space or an apostrophe as the plain ones. False
/// if anything else is there that has no place in a number.
fn fold(cell: &[u8], plain: &mut Vec<u8>) -> bool {
    plain.clear();
    let Ok(text) = std::str::from_utf8(cell) else { return false };
    let mut rest = text.chars();
    let has_sign = text.contains(['.', ',']);
    while let Some(c) = rest.next() {
        let power = || rest.as_str().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
        plain.push(match c {
            // Fortran's double precision: `1.5D+03`.
            'D' | 'd' if has_sign && power() => b'e',
            '0'..='9' | '+' | '-' | '.' | ',' | '\'' | ' ' | 'e' | 'E' => u8::try_from(c).unwrap_or(b'?'),
            '\u{2212}' => b'-',
            '\u{a0}' | '\u{2007}' | '\u{2009}' | '\u{202f}' => b' ',
            '\u{2019}' => b'\'',
            _ => {
                plain.clear();
                return false;
            }
        });
    }
    true
}

/// The parts of a number under one convention.
struct Parts<'a> {
    negative: bool,
    /// Digits and group marks before the decimal sign.
    whole: &'a [u8],
    /// Digits behind it.
    fraction: &'a [u8],
    exponent: i32,
}

impl<'a> Parts<'a> {
    fn read(plain: &'a [u8], convention: Convention) -> Option<Self> {
        let (negative, unsigned) = match plain {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, plain),
        };
        // Balances write the sign at the left and the digits at the right: `-   0.002`.
        let blanks = if unsigned.len() < plain.len() { spaces(unsigned) } else { 0 };
        let unsigned = &unsigned[blanks..];
        let (mantissa, exponent) = match unsigned.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            None => (unsigned, None),
            Some(at) => {
                let power = std::str::from_utf8(&unsigned[at + 1..]).ok()?;
                let bare = power.strip_prefix(['+', '-']).unwrap_or(power);
                if bare.is_empty() || bare.len() > 9 || !bare.bytes().all(|byte| byte.is_ascii_digit()) {
                    return None;
                }
                (&unsigned[..at], Some(power.strip_prefix('+').unwrap_or(power).parse().ok()?))
            }
        };
        let sign = convention.decimal.byte();
        let (whole, fraction) = match mantissa.iter().position(|byte| *byte == sign) {
            None => (mantissa, None),
            Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
        };
        let grouped = whole.iter().any(|byte| !byte.is_ascii_digit());
        if grouped && (exponent.is_some() || !well_grouped(whole, convention.group.byte()?)) {
            return None;
        }
        let fraction_digits = fraction.unwrap_or_default();
        let sound = fraction_digits.iter().all(u8::is_ascii_digit)
            && match (whole.is_empty(), fraction) {
                (true, fraction) => fraction.is_some_and(|digits| !digits.is_empty()),
                // `5.` is what some programs print; `5,` is the rest of a list.
                (false, Some([])) => sign == b'.',
                (false, _) => true,
            };
        sound.then_some(Self { negative, whole, fraction: fraction_digits, exponent: exponent.unwrap_or(0) })
    }

    /// The characters of the canonical number, at most; none if there is no counting them.
    fn length(&self) -> Option<usize> {
        let whole =
            self.whole.iter().skip_while(|byte| **byte == b'0').filter(|b| b.is_ascii_digit()).count();
        let significant = |byte: &&u8| **byte != b'0';
        if self.whole.iter().chain(self.fraction).filter(|b| b.is_ascii_digit()).find(significant).is_none() {
            return Some(1);
        }
        let fraction = self.fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |at| at + 1);
        if self.exponent == 0 {
            return Some(usize::from(self.negative) + whole.max(1) + usize::from(fraction > 0) + fraction);
        }
        // With an exponent the number is written out to count it, unless that is hopeless.
        if self.exponent.unsigned_abs() as usize > 4 * MAX_CHARACTERS + self.whole.len() + self.fraction.len()
        {
            return None;
        }
        let mut out = Vec::new();
        self.write(&mut out);
        Some(out.len())
    }

    /// Appends the canonical number.
    fn write(&self, out: &mut Vec<u8>) {
        let mut digits: Vec<u8> = self.whole.iter().copied().filter(u8::is_ascii_digit).collect();
        let mut point = i64::try_from(digits.len()).unwrap_or(i64::MAX) + i64::from(self.exponent);
        digits.extend_from_slice(self.fraction);
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let zeros = digits.iter().take_while(|byte| **byte == b'0').count();
        digits.drain(..zeros);
        point -= i64::try_from(zeros).unwrap_or(i64::MAX);
        if digits.is_empty() {
            return out.push(b'0');
        }
        if self.negative {
            out.push(b'-');
        }
        let Ok(before) = usize::try_from(point) else {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', usize::try_from(-point).unwrap_or(0)));
            return out.extend_from_slice(&digits);
        };
        if before == 0 {
            out.extend_from_slice(b"0.");
            out.extend_from_slice(&digits);
        } else if before >= digits.len() {
            out.extend_from_slice(&digits);
            out.extend(std::iter::repeat_n(b'0', before - digits.len()));
        } else {
            out.extend_from_slice(&digits[..before]);
            out.push(b'.');
            out.extend_from_slice(&digits[before..]);
        }
    }
}

/// Appends the canonical number that a cell is under a convention. False, with nothing appended, if it is none, or
/// has more characters than a number may have.
pub(crate) fn canonical(cell: &[u8], convention: Convention, out: &mut Vec<u8>) -> bool {
    if is_canonical(cell, convention) {
        out.extend_from_slice(cell);
        return true;
    }
    let mut plain = Vec::new();
    if !fold(cell, &mut plain) {
        return false;
    }
    let parts = Parts::read(&plain, convention);
    let Some(parts) = parts.filter(|parts| parts.length().is_some_and(|length| length <= MAX_CHARACTERS))
    else {
        return false;
    };
    parts.write(out);
    true
}

/// Whether a cell is a canonical number already, read under this convention; the fast way, which may say no.
fn is_canonical(cell: &[u8], convention: Convention) -> bool {
    let unsigned = cell.strip_prefix(b"-").unwrap_or(cell);
    let whole = digits(unsigned);
    if whole == 0 || (whole > 1 && unsigned[0] == b'0') || cell.len() > MAX_CHARACTERS {
        return false;
    }
    if whole == unsigned.len() {
        return unsigned[0] != b'0' || unsigned.len() == cell.len();
    }
    if unsigned[whole] != b'.' || convention.decimal != DecimalSign::Point {
        return false;
    }
    let fraction = digits(&unsigned[whole + 1..]);
    fraction > 0 && whole + 1 + fraction == unsigned.len() && unsigned.last() != Some(&b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str, at: usize) -> String {
        let mut out = Vec::new();
        let sound = canonical(cell.as_bytes(), Convention::ALL[at], &mut out);
        let fits =
            matches!(classify(cell.as_bytes()), Class::Number { fits, long: false, .. } if fits.has(at));
        assert_eq!(sound, fits, "{cell} under {at}");
        if sound { String::from_utf8(out).unwrap() } else { "-".into() }
    }

    #[test]
    fn numbers_as_people_write_them() {
        // Under `.`, `.` with `,` between groups, and `,` with `.` between groups.
        let cases = [
            ("1.50", ["1.5", "1.5", "-"]),
            ("12", ["12", "12", "12"]),
            ("+2", ["2", "2", "2"]),
            ("-0.0", ["0", "0", "-"]),
            ("-0", ["0", "0", "0"]),
            (".5", ["0.5", "0.5", "-"]),
            ("5.", ["5", "5", "-"]),
            ("5,", ["-", "-", "-"]),
            (",5", ["-", "-", "0.5"]),
            ("007", ["7", "7", "7"]),
            ("1e3", ["1000", "1000", "1000"]),
            ("1.5D+03", ["1500", "1500", "-"]),
            ("-1,5d-1", ["-", "-", "-0.15"]),
            ("1e-3", ["0.001", "0.001", "0.001"]),
            ("-1.25E-2", ["-0.0125", "-0.0125", "-"]),
            ("8.388607000000000000e+06", ["8388607", "8388607", "-"]),
            ("1,5", ["-", "-", "1.5"]),
            ("1.000", ["1", "1", "1000"]),
            ("0.000", ["0", "0", "-"]),
            ("1,000", ["-", "1000", "1"]),
            ("8,388,607", ["-", "8388607", "-"]),
            ("1.024,5", ["-", "-", "1024.5"]),
            ("1,024.5", ["-", "1024.5", "-"]),
            ("1,23,456", ["-", "123456", "-"]),
            ("12,34,56,789.5", ["-", "123456789.5", "-"]),
            ("1,2,345", ["-", "-", "-"]),
            ("1,234,56,789", ["-", "-", "-"]),
            ("1,000e3", ["-", "-", "1000"]),
            ("\u{2212}0.5", ["-0.5", "-0.5", "-"]),
            ("1e999999999", ["-", "-", "-"]),
            ("1e200", ["-", "-", "-"]),
            ("1.2.3", ["-", "-", "-"]),
            ("--1", ["-", "-", "-"]),
            ("0x10", ["-", "-", "-"]),
            (".", ["-", "-", "-"]),
            ("e5", ["-", "-", "-"]),
            ("1e", ["-", "-", "-"]),
        ];
        for (cell, [plain, us, german]) in cases {
            assert_eq!([read(cell, 0), read(cell, 1), read(cell, 5)], [plain, us, german], "{cell}");
        }
        assert_eq!(read("1\u{202f}234,5", 6), "1234.5");
        assert_eq!(read("1\u{2019}234.5", 3), "1234.5");
        assert_eq!(read("12'34", 3), "-");
    }

    #[test]
    fn what_is_no_number_is_told_apart() {
        for (cell, class) in [
            ("", Class::Empty),
            ("NaN", Class::Word),
            ("none", Class::PlainWord),
            ("Na", Class::PlainWord),
            ("Inf", Class::PlainWord),
            ("-inf", Class::Word),
            ("n/a", Class::Word),
            ("2026-07-13T20:52:16.536777+00:00", Class::Stamp),
            ("12:30", Class::Stamp),
            ("12.07.2021", Class::Stamp),
            ("07/13/2026 10:00 PM", Class::Stamp),
            ("1.2.3", Class::Numberish),
            ("12.5±0.1", Class::Numberish),
            ("12.5 g ± 0.1 g", Class::Numberish),
            ("12.5(1)", Class::Numberish),
            ("$1,000", Class::Numberish),
            ("-5 €", Class::Numberish),
            ("<0.1", Class::Numberish),
            ("0x1F", Class::Numberish),
            ("15D+03", Class::Numberish),
            ("'1.5", Class::Numberish),
            ("12D3", Class::Text),
            ("2 # ok", Class::Numberish),
            ("1.5k", Class::Numberish),
            ("3/4", Class::Numberish),
            ("١٢", Class::Numberish),
            ("１２.５", Class::Numberish),
            ("k", Class::Text),
            ("a/4", Class::Text),
            ("12 % g", Class::Text),
            ("2 Euro", Class::Text),
            ("12d", Class::Text),
            ("HX711 not found.", Class::Text),
            ("010408644b078e39cc00007dd9", Class::Text),
            ("-", Class::Text),
        ] {
            assert_eq!(classify(cell.as_bytes()), class, "{cell}");
        }
    }

    #[test]
    fn a_number_as_long_as_allowed_is_kept_and_a_longer_one_is_known() {
        let cell = format!("0.{}", "1".repeat(126));
        assert_eq!(read(&cell, 0), cell);
        let long = format!("0.{}", "1".repeat(127));
        assert!(matches!(classify(long.as_bytes()), Class::Number { long: true, .. }));
        assert_eq!(read(&format!("{cell}{}", "0".repeat(50)), 0), cell);
        assert_eq!(read(&format!("1{}e-1000", "0".repeat(1000)), 0), "1");
    }
}
