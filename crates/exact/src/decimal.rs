//! Decimal text and the exact value it denotes (docs/spec/1-decimals.md).
//!
//! Two spellings exist. A [`Decimal`] is *canonical*: one value, one text, no trailing zeros. A
//! [`Fixed`] has exactly the fraction digits it was rounded to, because it states a resolution.

use dashu_int::{IBig, UBig};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// The most characters that a measured, fitted or published number may have.
pub const MAX_CHARACTERS: usize = 128;

/// The most characters of an exact sum in a `normal` block: 128 to the 12th power, twice, and a count.
pub const MAX_SUM_CHARACTERS: usize = 4096;

/// Why a text is not a decimal of the grammar asked for; `at` counts bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// There is no text where a number is required.
    #[error("an empty field where a number is required")]
    Empty,
    /// More characters than the limit allows.
    #[error("a number of {found} characters; at most {limit} are allowed")]
    TooLong {
        /// Characters found.
        found: usize,
        /// Characters allowed.
        limit: usize,
    },
    /// A character that has no place in a decimal.
    #[error("`{found}` at character {}; a number is written with digits, at most one `.` and a leading `-`", at + 1)]
    Character {
        /// The character, escaped where it cannot be shown.
        found: String,
        /// Its byte offset.
        at: usize,
    },
    /// A zero before another digit.
    #[error("a leading zero; write the number without it")]
    LeadingZero,
    /// A zero at the end of the fraction.
    #[error("a trailing zero in the fraction; a canonical number ends in a digit that counts")]
    TrailingZero,
    /// Zero with a sign.
    #[error("negative zero; write `0`")]
    NegativeZero,
    /// A point without digits on both sides.
    #[error("a decimal point without a digit on each side")]
    BarePoint,
    /// Another count of fraction digits than the column states.
    #[error("{found} fraction digits where {expected} are stated")]
    Places {
        /// Fraction digits found.
        found: u32,
        /// Fraction digits expected.
        expected: u32,
    },
}

impl DecimalError {
    /// Byte offset of the fault inside the number, 0 where the whole number is at fault.
    pub fn at(&self) -> usize {
        match self {
            Self::Character { at, .. } => *at,
            _ => 0,
        }
    }
}

/// An exact decimal in lowest terms: `digits`·10^-`places`, with no zero to trim.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    digits: IBig,
    places: u32,
}

/// An exact decimal written with a stated number of fraction digits: `digits`·10^-`places`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fixed {
    digits: IBig,
    places: u32,
}

/// 10^`exponent`, exactly.
pub fn power_of_ten(exponent: u32) -> UBig {
    UBig::from(10u8).pow(exponent as usize)
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { digits: IBig::ZERO, places: 0 };

    /// `digits`·10^-`places`, brought to its one canonical form.
    pub fn new(mut digits: IBig, mut places: u32) -> Self {
        let ten = IBig::from(10);
        // Most values end after one or two steps; long runs of zeros are cut in halves.
        while places >= 32 {
            let chunk = IBig::from(power_of_ten(16));
            if digits.is_zero() || !(&digits % &chunk).is_zero() {
                break;
            }
            digits /= chunk;
            places -= 16;
        }
        while places > 0 {
            if digits.is_zero() {
                places = 0;
            } else if (&digits % &ten).is_zero() {
                digits /= &ten;
                places -= 1;
            } else {
                break;
            }
        }
        Self { digits, places }
    }

    /// Reads canonical text of at most `limit` characters.
    ///
    /// # Errors
    /// Any departure from `-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?`, named.
    pub fn parse_within(text: &str, limit: usize) -> Result<Self, DecimalError> {
        let parsed = Fixed::parse_within(text, limit)?;
        if parsed.places > 0 && text.ends_with('0') {
            return Err(DecimalError::TrailingZero);
        }
        Ok(Self { digits: parsed.digits, places: parsed.places })
    }

    /// The integer whose 10^`places`-th part this is.
    pub fn digits(&self) -> &IBig {
        &self.digits
    }

    /// Fraction digits of the canonical text.
    pub fn places(&self) -> u32 {
        self.places
    }

    /// The integer value·10^`places`, for any `places` at or above the decimal's own.
    ///
    /// # Panics
    /// If `places` is smaller than the decimal's own, which would lose digits.
    pub fn scaled_to(&self, places: u32) -> IBig {
        assert!(places >= self.places, "scaling to fewer places would round");
        &self.digits * IBig::from(power_of_ten(places - self.places))
    }

    /// Exact difference.
    pub fn minus(&self, other: &Self) -> Self {
        let places = self.places.max(other.places);
        Self::new(self.scaled_to(places) - other.scaled_to(places), places)
    }

    /// Exact product.
    pub fn times(&self, other: &Self) -> Self {
        Self::new(&self.digits * &other.digits, self.places + other.places)
    }

    /// Exact sum.
    pub fn plus(&self, other: &Self) -> Self {
        let places = self.places.max(other.places);
        Self::new(self.scaled_to(places) + other.scaled_to(places), places)
    }
}

impl Fixed {
    /// `digits`·10^-`places`, to be written with exactly `places` fraction digits.
    pub fn new(digits: IBig, places: u32) -> Self {
        Self { digits, places }
    }

    /// Reads a decimal that may end in zeros, and remembers how many fraction digits it states.
    ///
    /// # Errors
    /// Any departure from `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, a signed zero, or over 128 characters.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        Self::parse_within(text, MAX_CHARACTERS)
    }

    fn parse_within(text: &str, limit: usize) -> Result<Self, DecimalError> {
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        if text.len() > limit {
            return Err(DecimalError::TooLong { found: text.chars().count(), limit });
        }
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let offset = text.len() - unsigned.len();
        let mut point = None;
        for (at, byte) in unsigned.bytes().enumerate() {
            match byte {
                b'0'..=b'9' => {}
                b'.' if point.is_none() => point = Some(at),
                _ => {
                    let found = unsigned[at..].chars().next().map(|c| c.escape_debug().to_string());
                    return Err(DecimalError::Character {
                        found: found.unwrap_or_default(),
                        at: at + offset,
                    });
                }
            }
        }
        let whole = &unsigned[..point.unwrap_or(unsigned.len())];
        let fraction = point.map_or("", |at| &unsigned[at + 1..]);
        if whole.is_empty() || (point.is_some() && fraction.is_empty()) {
            return Err(DecimalError::BarePoint);
        }
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(DecimalError::LeadingZero);
        }
        let magnitude = magnitude(whole, fraction);
        if offset == 1 && magnitude.is_zero() {
            return Err(DecimalError::NegativeZero);
        }
        let digits = if offset == 1 { -IBig::from(magnitude) } else { IBig::from(magnitude) };
        let places = u32::try_from(fraction.len()).unwrap_or(u32::MAX);
        Ok(Self { digits, places })
    }

    /// The integer whose 10^`places`-th part this is.
    pub fn digits(&self) -> &IBig {
        &self.digits
    }

    /// Fraction digits of the text.
    pub fn places(&self) -> u32 {
        self.places
    }

    /// The same value in canonical form.
    pub fn to_decimal(&self) -> Decimal {
        Decimal::new(self.digits.clone(), self.places)
    }
}

/// The integer that a run of checked digits denotes.
fn magnitude(whole: &str, fraction: &str) -> UBig {
    let count = whole.len() + fraction.len();
    if count <= 38 {
        let digits = whole.bytes().chain(fraction.bytes());
        UBig::from(digits.fold(0u128, |value, digit| value * 10 + u128::from(digit - b'0')))
    } else {
        let mut all = String::with_capacity(count);
        all.push_str(whole);
        all.push_str(fraction);
        UBig::from_str_radix(&all, 10).expect("digits were checked by the caller")
    }
}

/// Writes `digits`·10^-`places` in plain notation with exactly `places` fraction digits.
pub(crate) fn write_plain(out: &mut impl fmt::Write, digits: &IBig, places: u32) -> fmt::Result {
    let (sign, magnitude) = digits.clone().into_parts();
    if sign == dashu_int::Sign::Negative {
        out.write_char('-')?;
    }
    let text = magnitude.to_string();
    let places = places as usize;
    if places == 0 {
        out.write_str(&text)
    } else if text.len() > places {
        let (whole, fraction) = text.split_at(text.len() - places);
        write!(out, "{whole}.{fraction}")
    } else {
        write!(out, "0.{text:0>places$}")
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_plain(out, &self.digits, self.places)
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_plain(out, &self.digits, self.places)
    }
}

impl FromStr for Decimal {
    type Err = DecimalError;

    /// Reads canonical text of at most 128 characters.
    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Self::parse_within(text, MAX_CHARACTERS)
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { digits: IBig::from(value), places: 0 }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let places = self.places.max(other.places);
        self.scaled_to(places).cmp(&other.scaled_to(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_text_is_read_and_written_unchanged() {
        for text in ["0", "1", "-1", "0.1", "-0.001", "10", "123456789012345678901234567890.5", "100.25"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn every_departure_is_named() {
        use DecimalError as E;
        let at = |found: &str, at| E::Character { found: found.into(), at };
        let cases = [
            ("", E::Empty),
            ("-", E::BarePoint),
            (".5", E::BarePoint),
            ("5.", E::BarePoint),
            ("-0", E::NegativeZero),
            ("-0.0", E::NegativeZero),
            ("00", E::LeadingZero),
            ("01.5", E::LeadingZero),
            ("1.50", E::TrailingZero),
            ("0.0", E::TrailingZero),
            ("1e5", at("e", 1)),
            ("+1", at("+", 0)),
            ("1,5", at(",", 1)),
            ("1.2.3", at(".", 3)),
            ("NaN", at("N", 0)),
            ("--1", at("-", 1)),
            ("1\u{a0}000", at("\\u{a0}", 1)),
            ("٣", at("٣", 0)),
        ];
        for (text, error) in cases {
            assert_eq!(text.parse::<Decimal>(), Err(error), "{text:?}");
        }
        let long = "1".repeat(129);
        assert_eq!(long.parse::<Decimal>(), Err(E::TooLong { found: 129, limit: 128 }));
        assert!("1".repeat(128).parse::<Decimal>().is_ok());
    }

    #[test]
    fn fixed_keeps_its_zeros() {
        assert_eq!(Fixed::parse("52.30").unwrap().to_string(), "52.30");
        assert_eq!(Fixed::parse("52.30").unwrap().to_decimal().to_string(), "52.3");
        assert_eq!(Fixed::parse("-0.00"), Err(DecimalError::NegativeZero));
        assert_eq!(Fixed::new(IBig::from(-5), 3).to_string(), "-0.005");
    }

    #[test]
    fn long_runs_of_zeros_are_trimmed() {
        let digits = IBig::from(power_of_ten(200));
        assert_eq!(Decimal::new(digits.clone(), 200).to_string(), "1");
        assert_eq!(Decimal::new(digits, 201).to_string(), "0.1");
        assert_eq!(Decimal::new(IBig::ZERO, 500), Decimal::ZERO);
    }

    #[test]
    fn order_is_the_order_of_values() {
        let mut texts = ["0.1", "-3", "2", "0.09", "-2.999", "0"].map(|t| t.parse::<Decimal>().unwrap());
        texts.sort();
        assert_eq!(texts.map(|d| d.to_string()), ["-3", "-2.999", "0", "0.09", "0.1", "2"]);
    }
}
