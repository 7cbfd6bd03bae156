//! Positive real numbers between two bounds, for functions that have no rational value.
//!
//! A [`Bound`] is an integer times a power of two. Every operation on an [`Enclosure`] rounds the lower
//! bound down and the upper bound up, so that the true value stays inside, whatever the precision. The
//! caller asks whether the bounds settle its question, and takes more bits if they do not.

use crate::ratio::Ratio;
use dashu_int::ops::{BitTest, DivRem, SquareRoot};
use dashu_int::{IBig, UBig};
use std::cmp::Ordering;

/// `mantissa`·2^`exponent`.
#[derive(Debug, Clone)]
struct Bound {
    mantissa: UBig,
    exponent: i64,
}

/// The side to which a bound is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Down,
    Up,
}

/// An interval that holds a real number of at least zero.
#[derive(Debug, Clone)]
pub(crate) struct Enclosure {
    low: Bound,
    high: Bound,
    bits: usize,
}

impl Bound {
    /// The bound with at most `bits` bits.
    fn cut(mantissa: UBig, exponent: i64, bits: usize, side: Side) -> Self {
        let excess = mantissa.bit_len().saturating_sub(bits);
        if excess == 0 {
            return Self { mantissa, exponent };
        }
        let kept = &mantissa >> excess;
        let exact = &kept << excess == mantissa;
        let mantissa = if side == Side::Up && !exact { kept + UBig::ONE } else { kept };
        Self { mantissa, exponent: exponent + signed(excess) }
    }

    fn times(&self, other: &Self, bits: usize, side: Side) -> Self {
        Self::cut(&self.mantissa * &other.mantissa, self.exponent + other.exponent, bits, side)
    }

    fn plus(&self, other: &Self, bits: usize, side: Side) -> Self {
        if self.mantissa.is_zero() {
            return other.clone();
        }
        if other.mantissa.is_zero() {
            return self.clone();
        }
        let (upper, lower) = if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let gap = usize::try_from(upper.exponent - lower.exponent).expect("the gap is at least zero");
        // A summand far below the last bit moves the bound by less than one unit of that bit.
        if gap > 4 * bits + lower.mantissa.bit_len() {
            let add = UBig::from(u8::from(side == Side::Up));
            let mantissa = (&upper.mantissa << (2 * bits)) + add;
            return Self::cut(mantissa, upper.exponent - signed(2 * bits), bits, side);
        }
        Self::cut((&upper.mantissa << gap) + &lower.mantissa, lower.exponent, bits, side)
    }

    fn of_quotient(numerator: &UBig, denominator: &UBig, bits: usize, side: Side) -> Self {
        let shift = (bits + 2 + denominator.bit_len()).saturating_sub(numerator.bit_len());
        let (quotient, remainder) = (numerator << shift).div_rem(denominator);
        let up = side == Side::Up && !remainder.is_zero();
        Self::cut(quotient + UBig::from(u8::from(up)), -signed(shift), bits, side)
    }

    fn times_quotient(&self, numerator: u64, denominator: u64, bits: usize, side: Side) -> Self {
        // The mantissa is widened first, so that the division keeps the precision.
        let shift = (bits + 66).saturating_sub(self.mantissa.bit_len());
        let scaled = (&self.mantissa << shift) * UBig::from(numerator);
        let (quotient, remainder) = scaled.div_rem(UBig::from(denominator));
        let up = side == Side::Up && !remainder.is_zero();
        Self::cut(quotient + UBig::from(u8::from(up)), self.exponent - signed(shift), bits, side)
    }

    fn root(&self, bits: usize, side: Side) -> Self {
        let mut shift = (2 * bits + 4).saturating_sub(self.mantissa.bit_len());
        if (self.exponent - signed(shift)).rem_euclid(2) == 1 {
            shift += 1;
        }
        let scaled = &self.mantissa << shift;
        let root = scaled.sqrt();
        let up = side == Side::Up && &root * &root != scaled;
        let exponent = (self.exponent - signed(shift)) / 2;
        Self::cut(root + UBig::from(u8::from(up)), exponent, bits, side)
    }

    /// The order of the bound and a rational of at least zero.
    fn compare(&self, numerator: &UBig, denominator: &UBig) -> Ordering {
        let size = usize::try_from(self.exponent.unsigned_abs()).expect("exponents are small");
        if self.exponent >= 0 {
            ((&self.mantissa << size) * denominator).cmp(numerator)
        } else {
            (&self.mantissa * denominator).cmp(&(numerator << size))
        }
    }

    /// 1 - self at `bits` bits after the point, at least zero.
    fn complement(&self, bits: usize, side: Side) -> Self {
        let shift = self.exponent + signed(bits);
        let opposite = if side == Side::Up { Side::Down } else { Side::Up };
        let size = usize::try_from(shift.unsigned_abs()).expect("exponents are small");
        let fixed = if shift >= 0 {
            &self.mantissa << size
        } else {
            let kept = &self.mantissa >> size;
            let exact = &kept << size == self.mantissa;
            if opposite == Side::Up && !exact { kept + UBig::ONE } else { kept }
        };
        let one = UBig::ONE << bits;
        let mantissa = if fixed >= one { UBig::ZERO } else { one - fixed };
        Self { mantissa, exponent: -signed(bits) }
    }
}

impl Enclosure {
    /// A rational of at least zero.
    pub(crate) fn of(numerator: &UBig, denominator: &UBig, bits: usize) -> Self {
        Self {
            low: Bound::of_quotient(numerator, denominator, bits, Side::Down),
            high: Bound::of_quotient(numerator, denominator, bits, Side::Up),
            bits,
        }
    }

    /// A count.
    pub(crate) fn count(value: u64, bits: usize) -> Self {
        Self::of(&UBig::from(value), &UBig::ONE, bits)
    }

    /// π, by Machin's formula π/4 = 4·atan(1/5) - atan(1/239).
    pub(crate) fn pi(bits: usize) -> Self {
        // Each term is cut by less than one unit, in fewer than `guard` terms of either series.
        let guard = 2 * bits + 64;
        let one = UBig::ONE << (bits + 32);
        let arc = |inverse: u32| {
            let (mut power, mut sum, mut odd) = (IBig::from(&one / inverse), IBig::ZERO, 1u32);
            let mut sign = 1i8;
            while !power.is_zero() {
                sum += IBig::from(sign) * (&power / odd);
                power /= inverse * inverse;
                odd += 2;
                sign = -sign;
            }
            sum
        };
        let value = (arc(5) * 16) - (arc(239) * 4);
        let error = IBig::from(guard) * 40;
        let natural = |value: IBig| value.into_parts().1;
        let exponent = -signed(bits + 32);
        Self {
            low: Bound::cut(natural(&value - &error), exponent, bits, Side::Down),
            high: Bound::cut(natural(value + error), exponent, bits, Side::Up),
            bits,
        }
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        self.each(|own, side| own.times(other.bound(side), self.bits, side))
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        self.each(|own, side| own.plus(other.bound(side), self.bits, side))
    }

    /// The value times `numerator`/`denominator`.
    pub(crate) fn times_quotient(&self, numerator: u64, denominator: u64) -> Self {
        self.each(|own, side| own.times_quotient(numerator, denominator, self.bits, side))
    }

    pub(crate) fn root(&self) -> Self {
        self.each(|own, side| own.root(self.bits, side))
    }

    /// The value to a power.
    pub(crate) fn power(&self, mut exponent: u64) -> Self {
        let (mut square, mut result) = (self.clone(), Self::count(1, self.bits));
        while exponent > 0 {
            if exponent & 1 == 1 {
                result = result.times(&square);
            }
            exponent >>= 1;
            if exponent > 0 {
                square = square.times(&square);
            }
        }
        result
    }

    /// 1/value, of a value above zero.
    pub(crate) fn inverse(&self) -> Self {
        let inverted = |bound: &Bound, side| {
            let quotient = Bound::of_quotient(&UBig::ONE, &bound.mantissa, self.bits, side);
            Bound { exponent: quotient.exponent - bound.exponent, ..quotient }
        };
        Self { low: inverted(&self.high, Side::Down), high: inverted(&self.low, Side::Up), bits: self.bits }
    }

    /// 1 - value, of a value of at most 1.
    pub(crate) fn complement(&self) -> Self {
        Self {
            low: self.high.complement(self.bits, Side::Down),
            high: self.low.complement(self.bits, Side::Up),
            bits: self.bits,
        }
    }

    /// The interval from the lower bound to the upper bound of `other`.
    pub(crate) fn up_to(self, other: Self) -> Self {
        Self { high: other.high, ..self }
    }

    /// Whether the upper bound lies below 2^-`size`.
    pub(crate) fn below_power(&self, size: usize) -> bool {
        signed(self.high.mantissa.bit_len()) + self.high.exponent <= -signed(size)
    }

    /// The order of the value and a rational of at least zero; none if the bounds do not settle it.
    pub(crate) fn compare(&self, other: &Ratio) -> Option<Ordering> {
        let numerator = other.numerator().clone().into_parts().1;
        let low = self.low.compare(&numerator, other.denominator());
        let high = self.high.compare(&numerator, other.denominator());
        match (low, high) {
            (Ordering::Greater, _) => Some(Ordering::Greater),
            (_, Ordering::Less) => Some(Ordering::Less),
            (Ordering::Equal, Ordering::Equal) => Some(Ordering::Equal),
            _ => None,
        }
    }

    fn bound(&self, side: Side) -> &Bound {
        if side == Side::Down { &self.low } else { &self.high }
    }

    fn each(&self, act: impl Fn(&Bound, Side) -> Bound) -> Self {
        Self { low: act(&self.low, Side::Down), high: act(&self.high, Side::Up), bits: self.bits }
    }
}

fn signed(size: usize) -> i64 {
    i64::try_from(size).expect("sizes in bits are small")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i64, denominator: u64) -> Ratio {
        Ratio::new(IBig::from(numerator), UBig::from(denominator))
    }

    /// The interval holds `at` and is no wider than 10^-`places`.
    fn tight(enclosure: &Enclosure, digits: &str, places: u32) {
        let at: crate::Decimal = digits.parse().unwrap();
        let (at, step) = (Ratio::from(&at), Ratio::new(IBig::ONE, crate::decimal::power_of_ten(places)));
        assert_eq!(enclosure.compare(&at.minus(&step)), Some(Ordering::Greater), "{digits}");
        assert_eq!(enclosure.compare(&at.plus(&step)), Some(Ordering::Less), "{digits}");
    }

    #[test]
    fn known_numbers_lie_inside() {
        tight(&Enclosure::pi(160), "3.1415926535897932384626433832795028841971693993751", 45);
        tight(&Enclosure::count(2, 160).root(), "1.41421356237309504880168872420969807856967187537694", 45);
        tight(
            &Enclosure::count(3, 160).inverse(),
            "0.33333333333333333333333333333333333333333333333333",
            45,
        );
        tight(
            &Enclosure::count(3, 160).inverse().complement(),
            "0.66666666666666666666666666666666666666666666",
            43,
        );
        tight(
            &Enclosure::of(&UBig::from(9u8), &UBig::from(10u8), 160).power(41),
            "0.01330279464729113309844748891857449678409",
            18,
        );
        tight(
            &Enclosure::count(7, 96).times_quotient(1, 3).plus(&Enclosure::count(1, 96)),
            "3.3333333333333333333333",
            21,
        );
    }

    #[test]
    fn a_summand_far_below_moves_only_the_upper_bound() {
        let tiny = Enclosure::of(&UBig::ONE, &(UBig::ONE << 2000usize), 64);
        let sum = Enclosure::count(1, 64).plus(&tiny);
        assert_eq!(sum.compare(&ratio(1, 1)), None);
        assert_eq!(sum.compare(&ratio(1_000_001, 1_000_000)), Some(Ordering::Less));
        assert_eq!(Enclosure::count(1, 64).compare(&ratio(1, 1)), Some(Ordering::Equal));
    }
}
