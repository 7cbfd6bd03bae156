//! Correctly rounded square roots of rationals.
//!
//! The real root is rounded, not a quotient or a double near it: with f = ⌊√V⌋ for the scaled value
//! V, the nearest integer is f or f+1, and V against (f + 1/2)² decides, an exact comparison. A tie
//! can only happen when the root is rational, and goes to even.

use crate::decimal::{Decimal, Fixed};
use crate::ratio::Ratio;
use crate::round::{decimal_at, leading_exponent};
use dashu_int::ops::{BitTest, SquareRoot};
use dashu_int::{IBig, Sign, UBig};
use std::cmp::Ordering;

/// √`value` to `places` decimals, ties to even.
///
/// # Panics
/// If the value is negative.
pub fn to_places(value: &Ratio, places: u32) -> Fixed {
    let scaled = value.clone().times_power_of_ten(2 * i64::from(places));
    Fixed::new(IBig::from(nearest_root(&scaled)), places)
}

/// √`value` to `digits` significant digits, ties to even; zero stays zero.
///
/// # Panics
/// If the value is negative, or `digits` is zero.
pub fn to_digits(value: &Ratio, digits: u32) -> Decimal {
    assert!(digits > 0, "a number has at least one significant digit");
    if value.is_zero() {
        return Decimal::ZERO;
    }
    // 10^(2e) ≤ v < 10^(2e+2) gives 10^e ≤ √v < 10^(e+1).
    let exponent = leading_exponent(value).div_euclid(2);
    let places = i64::from(digits) - 1 - exponent;
    let scaled = value.clone().times_power_of_ten(2 * places);
    decimal_at(IBig::from(nearest_root(&scaled)), places)
}

/// The integer nearest to √`value`, ties to even.
fn nearest_root(value: &Ratio) -> UBig {
    let (sign, numerator) = value.numerator().clone().into_parts();
    assert!(sign == Sign::Positive, "the root of a negative number is not real");
    let denominator = value.denominator();
    let floor = (&numerator / denominator).sqrt();
    // V ? (f + 1/2)²  ⇔  4·numerator ? (2f + 1)²·denominator
    let odd = (&floor << 1usize) + UBig::ONE;
    match (numerator << 2usize).cmp(&(&odd * &odd * denominator)) {
        Ordering::Less => floor,
        Ordering::Greater => floor + UBig::ONE,
        Ordering::Equal if floor.bit(0) => floor + UBig::ONE,
        Ordering::Equal => floor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: u64, denominator: u64) -> Ratio {
        Ratio::new(IBig::from(numerator), UBig::from(denominator))
    }

    #[test]
    fn known_roots() {
        assert_eq!(to_digits(&ratio(2, 1), 17).to_string(), "1.414213562373095");
        assert_eq!(to_digits(&ratio(2, 1), 20).to_string(), "1.4142135623730950488");
        assert_eq!(to_places(&ratio(2, 1), 3).to_string(), "1.414");
        assert_eq!(to_digits(&ratio(1, 4), 5).to_string(), "0.5");
        assert_eq!(to_digits(&ratio(0, 7), 5).to_string(), "0");
        assert_eq!(to_digits(&ratio(1_000_000, 1), 1).to_string(), "1000");
    }

    #[test]
    fn rational_ties_go_to_even() {
        assert_eq!(to_places(&ratio(1, 4), 0).to_string(), "0");
        assert_eq!(to_places(&ratio(9, 4), 0).to_string(), "2");
        assert_eq!(to_places(&ratio(25, 4), 0).to_string(), "2");
        assert_eq!(to_places(&ratio(25_000_001, 4_000_000), 0).to_string(), "3");
    }
}
