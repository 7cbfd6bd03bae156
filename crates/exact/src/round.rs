//! The only place where a rational becomes a decimal: nearest, ties to even.
//!
//! "To d decimals" keeps multiples of 10^-d. "To n significant digits" keeps multiples of
//! 10^(e-n+1), where e is the exponent of the value's leading digit; a carry into the next power of
//! ten needs no second rounding, because 10^(e+1) is itself such a multiple.

use crate::decimal::{Decimal, Fixed, power_of_ten};
use crate::ratio::Ratio;
use dashu_int::ops::{BitTest, DivRem};
use dashu_int::{IBig, Sign, UBig};
use std::cmp::Ordering;

/// `value` to the nearest multiple of 10^-`places`, ties to even.
pub fn to_places(value: &Ratio, places: u32) -> Fixed {
    let scaled = value.numerator() * IBig::from(power_of_ten(places));
    Fixed::new(nearest(scaled, value.denominator()), places)
}

/// `value` to `digits` significant digits, ties to even; zero stays zero.
///
/// # Panics
/// If `digits` is zero.
pub fn to_digits(value: &Ratio, digits: u32) -> Decimal {
    assert!(digits > 0, "a number has at least one significant digit");
    if value.is_zero() {
        return Decimal::ZERO;
    }
    let places = i64::from(digits) - 1 - leading_exponent(value);
    let scaled = value.clone().times_power_of_ten(places);
    let integer = nearest(scaled.numerator().clone(), scaled.denominator());
    decimal_at(integer, places)
}

/// `integer`·10^-`places` for either sign of `places`.
pub(crate) fn decimal_at(integer: IBig, places: i64) -> Decimal {
    let size = u32::try_from(places.unsigned_abs()).expect("exponents are bounded by the format");
    if places >= 0 {
        Decimal::new(integer, size)
    } else {
        Decimal::new(integer * IBig::from(power_of_ten(size)), 0)
    }
}

/// A value to `digits` significant digits for people: as a power of ten where plain notation is long.
/// Never for an artifact.
pub fn brief(value: &Decimal, digits: u32) -> String {
    let text = to_digits(&Ratio::from(value), digits).to_string();
    if text.len() <= digits as usize + 7 {
        return text;
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let figures: String = text.chars().filter(char::is_ascii_digit).collect();
    let leading = figures.find(|c| c != '0').unwrap_or(0);
    let whole = text.trim_start_matches('-').find('.').unwrap_or(figures.len());
    let exponent = i64::try_from(whole).unwrap_or(0) - i64::try_from(leading).unwrap_or(0) - 1;
    let figures = figures[leading..].trim_end_matches('0');
    let (first, rest) = figures.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{rest}e{exponent}")
}

/// The integer nearest to `numerator`/`denominator`, ties to even.
pub fn nearest(numerator: IBig, denominator: &UBig) -> IBig {
    let (sign, magnitude) = numerator.into_parts();
    let (quotient, remainder) = magnitude.div_rem(denominator);
    let rounded = match (remainder << 1usize).cmp(denominator) {
        Ordering::Less => quotient,
        Ordering::Greater => quotient + UBig::ONE,
        Ordering::Equal if quotient.bit(0) => quotient + UBig::ONE,
        Ordering::Equal => quotient,
    };
    IBig::from_parts(if rounded.is_zero() { Sign::Positive } else { sign }, rounded)
}

/// The integer e with 10^e ≤ |value| < 10^(e+1), for a value other than zero.
pub(crate) fn leading_exponent(value: &Ratio) -> i64 {
    let (_, numerator) = value.numerator().clone().into_parts();
    let denominator = value.denominator();
    // log10(2) lies between 30102/100000 and 30103/100000: a first guess, then exact comparison.
    let bits = i64::try_from(numerator.bit_len()).unwrap_or(i64::MAX)
        - i64::try_from(denominator.bit_len()).unwrap_or(i64::MAX);
    let mut exponent = (bits * 30103).div_euclid(100_000);
    let at_least = |exponent: i64| {
        let power = power_of_ten(u32::try_from(exponent.unsigned_abs()).unwrap_or(u32::MAX));
        if exponent >= 0 { numerator >= denominator * power } else { &numerator * power >= *denominator }
    };
    while !at_least(exponent) {
        exponent -= 1;
    }
    while at_least(exponent + 1) {
        exponent += 1;
    }
    exponent
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i64, denominator: u64) -> Ratio {
        Ratio::new(IBig::from(numerator), UBig::from(denominator))
    }

    #[test]
    fn ties_go_to_even_and_near_ties_do_not() {
        let places = |n, d, p| to_places(&ratio(n, d), p).to_string();
        assert_eq!(places(5, 10, 0), "0");
        assert_eq!(places(15, 10, 0), "2");
        assert_eq!(places(25, 10, 0), "2");
        assert_eq!(places(-25, 10, 0), "-2");
        assert_eq!(places(-5, 1000, 2), "0.00");
        assert_eq!(places(2_500_001, 1_000_000, 0), "3");
        assert_eq!(places(2_499_999, 1_000_000, 0), "2");
        assert_eq!(places(1, 3, 4), "0.3333");
    }

    #[test]
    fn significant_digits_follow_the_leading_digit() {
        let digits = |n, d, k| to_digits(&ratio(n, d), k).to_string();
        assert_eq!(digits(0, 1, 5), "0");
        assert_eq!(digits(1, 3, 3), "0.333");
        assert_eq!(digits(2, 3, 3), "0.667");
        assert_eq!(digits(99_995, 100_000, 4), "1");
        assert_eq!(digits(99_985, 100_000, 4), "0.9998");
        assert_eq!(digits(123_456, 1, 2), "120000");
        assert_eq!(digits(-125, 1, 2), "-120");
        assert_eq!(digits(1, 1_000_000, 17), "0.000001");
        assert_eq!(digits(9_999, 1, 2), "10000");
    }

    #[test]
    fn brief_numbers_keep_their_size() {
        let shown = |text: &str, digits| brief(&text.parse::<Decimal>().unwrap(), digits);
        assert_eq!(shown("0.000107938612033077", 3), "0.000108");
        assert_eq!(shown("0.0000000001578173", 3), "1.58e-10");
        assert_eq!(shown("-890420.383607373", 3), "-890000");
        assert_eq!(shown("123000000000000000", 3), "1.23e17");
        assert_eq!(shown("0", 3), "0");
    }

    #[test]
    fn the_leading_exponent_is_exact_at_powers_of_ten() {
        for exponent in 0..40u32 {
            let power = power_of_ten(exponent);
            let just_below = Ratio::new(IBig::from(power.clone()) * 1000 - 1, UBig::from(1000u32));
            let exactly = Ratio::new(IBig::from(power.clone()), UBig::ONE);
            let inverse = Ratio::new(IBig::ONE, power);
            assert_eq!(leading_exponent(&exactly), i64::from(exponent));
            assert_eq!(leading_exponent(&just_below), i64::from(exponent) - 1);
            assert_eq!(leading_exponent(&inverse), -i64::from(exponent));
        }
    }
}
