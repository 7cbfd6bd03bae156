//! Exact predictions: Σ coefficient·term, rounded once to stated decimals.

use crate::column::{Column, Integers};
use crate::decimal::{Decimal, power_of_ten};
use crate::lane::{self, Lane};
use crate::normal::Monomial;
use crate::round::nearest;
use dashu_int::ops::BitTest;
use dashu_int::{IBig, UBig};
use std::ops::Range;

/// Published coefficients against the terms they belong to.
#[derive(Debug, Clone, Copy)]
pub struct LinearForm<'a> {
    /// One coefficient for each term, as published.
    pub coefficients: &'a [Decimal],
    /// The terms.
    pub terms: &'a [Monomial],
    /// Decimals that a prediction is rounded to, ties to even.
    pub decimals: u32,
}

impl LinearForm<'_> {
    /// Predictions for `rows` of the columns, with as many places as the form has decimals.
    pub fn predict(&self, columns: &[&Column], rows: Range<usize>) -> Column {
        let column_bits: Vec<usize> = columns.iter().map(|column| column.bits()).collect();
        let bits: Vec<usize> = self.terms.iter().map(|term| term.bits(&column_bits)).collect();
        let scaled = self.scaled_coefficients(columns);
        let shift = scaled.places.checked_sub(self.decimals);
        // Σ|c|·|t| < 2^126 keeps every partial sum, and the rounding after it, inside 128 bits.
        let total =
            (scaled.integers.iter().zip(&bits)).map(|(c, bits)| c.bit_len() + bits).max().unwrap_or(0)
                + self.terms.len().ilog2() as usize
                + 1;
        let fits = total <= 126 && shift.is_some_and(|shift| shift <= 37);
        let mut predictions = Predictions::default();
        let mut start = rows.start;
        while start < rows.end {
            let block = start..rows.end.min(start + lane::rows_at_once(&bits));
            let lanes: Vec<Lane> = (self.terms.iter().zip(&bits))
                .map(|(term, &bits)| Lane::of(term, columns, bits, &block))
                .collect();
            if fits {
                let divisor = 10i128.pow(shift.unwrap_or(0));
                predictions.extend_narrow(&scaled.integers, &lanes, block.len(), divisor);
            } else {
                predictions.extend_wide(&scaled, &lanes, block.len(), self.decimals);
            }
            start = block.end;
        }
        Column::from_integers(self.decimals, predictions.integers)
    }

    /// Coefficients as integers, such that Σ integer·(scaled term) is the prediction times
    /// 10^`places` for every row alike.
    fn scaled_coefficients(&self, columns: &[&Column]) -> Scaled {
        let places: Vec<u32> = (self.coefficients.iter().zip(self.terms))
            .map(|(coefficient, term)| coefficient.places() + term.places(columns))
            .collect();
        let common = places.iter().copied().max().unwrap_or(0);
        let integers = (self.coefficients.iter().zip(&places))
            .map(|(coefficient, places)| coefficient.digits() * IBig::from(power_of_ten(common - places)))
            .collect();
        Scaled { integers, places: common }
    }
}

struct Scaled {
    integers: Vec<IBig>,
    places: u32,
}

struct Predictions {
    integers: Integers,
}

impl Default for Predictions {
    fn default() -> Self {
        Self { integers: Integers::Narrow(Vec::new()) }
    }
}

impl Predictions {
    fn extend_narrow(&mut self, coefficients: &[IBig], lanes: &[Lane], rows: usize, divisor: i128) {
        let mut sums = vec![0i128; rows];
        for (coefficient, lane) in coefficients.iter().zip(lanes) {
            let coefficient = i128::try_from(coefficient).expect("bounded by the caller");
            match lane {
                Lane::Narrow(terms) => {
                    for (sum, term) in sums.iter_mut().zip(terms) {
                        *sum += coefficient * i128::from(*term);
                    }
                }
                _ => {
                    for (sum, term) in sums.iter_mut().zip(lane.double().iter()) {
                        *sum += coefficient * term;
                    }
                }
            }
        }
        for sum in sums {
            let value = nearest_narrow(sum, divisor).map_or_else(|| nearest_128(sum, divisor), i128::from);
            match (&mut self.integers, i64::try_from(value)) {
                (Integers::Narrow(values), Ok(narrow)) => values.push(narrow),
                _ => self.push(IBig::from(value)),
            }
        }
    }

    fn extend_wide(&mut self, scaled: &Scaled, lanes: &[Lane], rows: usize, decimals: u32) {
        let mut sums = vec![IBig::ZERO; rows];
        for (coefficient, lane) in scaled.integers.iter().zip(lanes) {
            for (sum, term) in sums.iter_mut().zip(lane.wide().iter()) {
                *sum += coefficient * term;
            }
        }
        let (lift, divisor) = if scaled.places >= decimals {
            (UBig::ONE, power_of_ten(scaled.places - decimals))
        } else {
            (power_of_ten(decimals - scaled.places), UBig::ONE)
        };
        for sum in sums {
            self.push(nearest(sum * IBig::from(lift.clone()), &divisor));
        }
    }

    fn push(&mut self, value: IBig) {
        match (&mut self.integers, i64::try_from(&value)) {
            (Integers::Narrow(values), Ok(narrow)) => values.push(narrow),
            (Integers::Narrow(values), Err(_)) => {
                let mut wide: Vec<IBig> = values.iter().map(|&value| IBig::from(value)).collect();
                wide.push(value);
                self.integers = Integers::Wide(wide);
            }
            (Integers::Wide(values), _) => values.push(value),
        }
    }
}

/// The integer nearest to `numerator`/`divisor`, ties to even, for |numerator| < 2^126.
fn nearest_128(numerator: i128, divisor: i128) -> i128 {
    let quotient = numerator.div_euclid(divisor);
    let twice = 2 * (numerator - quotient * divisor);
    let up = twice > divisor || (twice == divisor && quotient & 1 == 1);
    quotient + i128::from(up)
}

/// The same in 64 bits, which divide faster; none of what is too large for them.
#[inline]
fn nearest_narrow(numerator: i128, divisor: i128) -> Option<i64> {
    let numerator = i64::try_from(numerator).ok()?;
    let divisor = i64::try_from(divisor).ok().filter(|divisor| *divisor < i64::MAX / 2)?;
    let quotient = numerator.div_euclid(divisor);
    let twice = 2 * (numerator - quotient * divisor);
    let up = twice > divisor || (twice == divisor && quotient & 1 == 1);
    Some(quotient + i64::from(up))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ratio::Ratio;
    use crate::round;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn fixed_width_rounds_like_big_integers(numerator in any::<i128>(), power in 0u32..37) {
            let numerator = numerator >> 2;
            let divisor = 10i128.pow(power);
            let big = nearest(IBig::from(numerator), &power_of_ten(power));
            prop_assert_eq!(IBig::from(nearest_128(numerator, divisor)), big);
        }

        #[test]
        fn half_the_width_rounds_alike(numerator in any::<i64>(), shift in 0u32..63, power in 0u32..20) {
            let (numerator, divisor) = (i128::from(numerator >> shift), 10i128.pow(power));
            let found = nearest_narrow(numerator, divisor).map(i128::from);
            prop_assert!(found == Some(nearest_128(numerator, divisor)) || (power > 18 && found.is_none()));
        }

        #[test]
        fn ties_round_to_even_in_both_widths(half in -1_000_000i128..1_000_000, power in 1u32..20) {
            let divisor = 10i128.pow(power);
            let numerator = (2 * half + 1) * divisor / 2;
            let rounded = nearest_128(numerator, divisor);
            prop_assert_eq!(rounded % 2, 0);
            prop_assert_eq!(IBig::from(rounded), nearest(IBig::from(numerator), &power_of_ten(power)));
        }

        #[test]
        fn predictions_equal_the_definition(
            values in prop::collection::vec((any::<i64>(), any::<i32>()), 1..30),
            shift in 0u32..63,
            coefficients in prop::collection::vec((any::<i64>(), 0u32..40), 3),
            decimals in 0u32..12,
        ) {
            let x: Column = values.iter().map(|v| Decimal::new(IBig::from(v.0 >> shift), 3)).collect();
            let z: Column = values.iter().map(|v| Decimal::new(IBig::from(v.1), 1)).collect();
            let terms = [Monomial::new([]), Monomial::new([(0, 1)]), Monomial::new([(0, 2), (1, 1)])];
            let coefficients: Vec<Decimal> =
                coefficients.into_iter().map(|(digits, places)| Decimal::new(IBig::from(digits), places)).collect();
            let form = LinearForm { coefficients: &coefficients, terms: &terms, decimals };
            let predicted = form.predict(&[&x, &z], 0..values.len());
            prop_assert_eq!(predicted.places(), decimals);
            for row in 0..values.len() {
                let (x, z) = (x.value(row), z.value(row));
                let times = |l: &Decimal, r: &Decimal| Decimal::new(l.digits() * r.digits(), l.places() + r.places());
                let exact = coefficients[0]
                    .plus(&times(&coefficients[1], &x))
                    .plus(&times(&coefficients[2], &times(&times(&x, &x), &z)));
                let rounded = round::to_places(&Ratio::from(&exact), decimals);
                prop_assert_eq!(predicted.fixed(row).to_string(), rounded.to_string());
            }
        }
    }
}
