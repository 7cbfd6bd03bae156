//! Tail probabilities of the F distribution, correctly rounded.
//!
//! P(F > f) for F of `above` and `below` degrees of freedom is `I_x(below/2, above/2)` at
//! x = below/(below + above·f) (DLMF 8.17). It is known between two bounds, and more bits are taken until
//! both round to the same four decimals.
//!
//! ```
//! use openweigh_exact::{Decimal, Ratio, fisher};
//!
//! // NIST's load cell: lack of fit of the quadratic, F = 0.8107 on 17 and 20 degrees of freedom.
//! let f = Ratio::from(&"0.8107".parse::<Decimal>()?);
//! assert_eq!(fisher::upper_tail(&f, 17, 20).to_string(), "0.6662");
//! # Ok::<(), openweigh_exact::DecimalError>(())
//! ```

use crate::beta::{Beta, Share};
use crate::decimal::Fixed;
use crate::enclosure::Enclosure;
use crate::ratio::Ratio;
use dashu_int::{IBig, UBig};
use std::cmp::Ordering;

/// The decimals of a probability.
pub const PLACES: u32 = 4;

/// A comparison that this many bits leave open is a tie: the value lies within 2^-1000 of a midpoint.
const MOST_BITS: usize = 1024;

/// P(F > `statistic`) to 4 decimals, ties to even.
///
/// # Panics
/// If the statistic is negative or a number of degrees of freedom is zero.
pub fn upper_tail(statistic: &Ratio, above: u64, below: u64) -> Fixed {
    assert!(above > 0 && below > 0, "an F distribution has degrees of freedom above and below");
    assert!(statistic.numerator() >= &IBig::ZERO, "a ratio of mean squares is not negative");
    let numerator = statistic.numerator().clone().into_parts().1;
    let share =
        Share { part: UBig::from(below) * statistic.denominator(), rest: UBig::from(above) * numerator };
    let mut bits = 128;
    loop {
        let value = Beta::new(below, above, bits).regularised(&share);
        if let Some(settled) = nearest(&value, bits >= MOST_BITS) {
            return Fixed::new(IBig::from(settled), PLACES);
        }
        bits *= 2;
    }
}

/// The multiple of 10^-4 nearest to a probability, if its bounds settle it or `tie` says that it lies at a midpoint.
fn nearest(value: &Enclosure, tie: bool) -> Option<u64> {
    // The largest multiple whose lower midpoint lies below the probability.
    let (mut lower, mut upper) = (0u64, 10_001u64);
    while lower + 1 < upper {
        let middle = u64::midpoint(lower, upper);
        let midpoint = Ratio::new(IBig::from(2 * middle - 1), UBig::from(20_000u32));
        let above = match value.compare(&midpoint) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Less) => false,
            // A tie goes to the even multiple.
            Some(Ordering::Equal) => middle % 2 == 0,
            None if tie => middle % 2 == 0,
            None => return None,
        };
        if above {
            lower = middle;
        } else {
            upper = middle;
        }
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Decimal;

    fn tail(statistic: &str, above: u64, below: u64) -> String {
        upper_tail(&Ratio::from(&statistic.parse::<Decimal>().unwrap()), above, below).to_string()
    }

    #[test]
    fn known_tails() {
        assert_eq!(tail("0", 3, 7), "1.0000");
        assert_eq!(tail("1", 1, 1), "0.5000");
        // P(F > f) = (1 + f)^-1 on 2 and 2 degrees of freedom.
        assert_eq!(tail("3", 2, 2), "0.2500");
        assert_eq!(tail("4.9646", 1, 10), "0.0500");
        assert_eq!(tail("214.75", 17, 20), "0.0000");
        assert_eq!(tail("1.01", 2000, 1900), "0.4132");
    }

    /// Values of another program: mpmath's `betainc` at 40 digits.
    #[test]
    fn tails_of_another_program() {
        let table = [
            ("0.2", 1, 60, "0.6563"),
            ("1.05", 8, 60, "0.4099"),
            ("0.9", 333, 60, "0.7200"),
            ("6", 333, 3000, "0.0000"),
            ("1.05", 3, 1, "0.5989"),
            ("1.3", 1, 60, "0.2587"),
            ("1.05", 1, 500, "0.3060"),
            ("1.3", 40, 1, "0.6143"),
            ("2.5", 1, 4, "0.1890"),
            ("0.9", 5, 2, "0.6012"),
            ("2.5", 333, 60, "0.0000"),
            ("1.3", 18, 19, "0.2876"),
            ("1.05", 2, 60, "0.3563"),
            ("0.2", 1, 500, "0.6549"),
            ("2.5", 5, 60, "0.0402"),
            ("1.05", 18, 4, "0.5430"),
            ("1.05", 8, 2, "0.5744"),
            ("0.9", 18, 19, "0.5867"),
            ("6", 2, 4, "0.0625"),
            ("0.9", 8, 3000, "0.5154"),
            ("2.5", 1, 2, "0.2546"),
            ("0.2", 2000, 500, "1.0000"),
            ("1.05", 5, 60, "0.3971"),
            ("0.9", 333, 500, "0.8513"),
        ];
        for (statistic, above, below, expected) in table {
            assert_eq!(tail(statistic, above, below), expected, "{statistic} on {above} and {below}");
        }
    }

    #[test]
    fn a_rational_tie_goes_to_even() {
        // On 2 and 2 the tail is 1/(1 + f): at 19999 it is the midpoint 0.00005, and 0 is even.
        assert_eq!(tail("19999", 2, 2), "0.0000");
        assert_eq!(tail("1", 2, 2), "0.5000");
    }
}
