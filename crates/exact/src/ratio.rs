//! A quotient of integers, kept unreduced: it is made, compared and rounded, never stored.

use crate::decimal::{Decimal, Fixed, power_of_ten};
use dashu_int::ops::Gcd;
use dashu_int::{IBig, Sign, UBig};

/// The exact rational `numerator`/`denominator`, denominator above zero.
///
/// Fractions are not reduced: the values here are born from a determinant and rounded at once, and
/// their greatest common divisors would cost more than they save (a factor of nine to eleven in
/// elimination).
#[derive(Debug, Clone)]
pub struct Ratio {
    numerator: IBig,
    denominator: UBig,
}

impl Ratio {
    /// `numerator`/`denominator`.
    ///
    /// # Panics
    /// If the denominator is zero: callers decide what a quotient by zero means before they form it.
    pub fn new(numerator: IBig, denominator: UBig) -> Self {
        assert!(!denominator.is_zero(), "a ratio needs a denominator");
        Self { numerator, denominator }
    }

    /// The integer above the line.
    pub fn numerator(&self) -> &IBig {
        &self.numerator
    }

    /// The positive integer below the line.
    pub fn denominator(&self) -> &UBig {
        &self.denominator
    }

    /// `numerator/denominator` in lowest terms, or the integer.
    pub fn reduced_text(&self) -> String {
        let (sign, magnitude) = self.numerator.clone().into_parts();
        let divisor = (&magnitude).gcd(&self.denominator);
        let minus = if sign == Sign::Negative { "-" } else { "" };
        let (numerator, denominator) = (magnitude / &divisor, &self.denominator / &divisor);
        if denominator == UBig::ONE {
            format!("{minus}{numerator}")
        } else {
            format!("{minus}{numerator}/{denominator}")
        }
    }

    /// The same value in lowest terms, for sums of many fractions, which would grow without it.
    pub fn reduced(self) -> Self {
        let (sign, magnitude) = self.numerator.into_parts();
        let divisor = (&magnitude).gcd(&self.denominator);
        Self {
            numerator: IBig::from_parts(sign, magnitude / &divisor),
            denominator: self.denominator / divisor,
        }
    }

    /// Whether the value is zero.
    pub fn is_zero(&self) -> bool {
        self.numerator.is_zero()
    }

    /// Value times 10^`exponent`, for either sign of the exponent.
    pub fn times_power_of_ten(mut self, exponent: i64) -> Self {
        let power = power_of_ten(
            u32::try_from(exponent.unsigned_abs()).expect("exponents are bounded by the format"),
        );
        if exponent >= 0 {
            self.numerator *= power;
        } else {
            self.denominator *= power;
        }
        self
    }

    /// Product.
    pub fn times(&self, other: &Self) -> Self {
        Self::new(&self.numerator * &other.numerator, &self.denominator * &other.denominator)
    }

    /// Sum.
    pub fn plus(&self, other: &Self) -> Self {
        let left = &self.numerator * &other.denominator;
        let right = &other.numerator * &self.denominator;
        Self::new(left + right, &self.denominator * &other.denominator)
    }

    /// Difference.
    pub fn minus(&self, other: &Self) -> Self {
        let left = &self.numerator * &other.denominator;
        let right = &other.numerator * &self.denominator;
        Self::new(left - right, &self.denominator * &other.denominator)
    }

    /// Quotient by a count.
    ///
    /// # Panics
    /// If the count is zero.
    pub fn divided_by_count(self, count: u64) -> Self {
        Self::new(self.numerator, self.denominator * UBig::from(count))
    }

    /// Quotient of two ratios, the second positive.
    ///
    /// # Panics
    /// If `other` is not positive.
    pub fn divided_by(&self, other: &Self) -> Self {
        let (sign, magnitude) = other.numerator.clone().into_parts();
        assert!(sign == Sign::Positive, "the divisor is positive");
        Self::new(&self.numerator * &other.denominator, &self.denominator * magnitude)
    }
}

impl From<&Decimal> for Ratio {
    fn from(value: &Decimal) -> Self {
        Self::new(value.digits().clone(), power_of_ten(value.places()))
    }
}

impl From<&Fixed> for Ratio {
    fn from(value: &Fixed) -> Self {
        Self::new(value.digits().clone(), power_of_ten(value.places()))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        &self.numerator * &other.denominator == &other.numerator * &self.denominator
    }
}

impl Eq for Ratio {}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let left = &self.numerator * &other.denominator;
        left.cmp(&(&other.numerator * &self.denominator))
    }
}
