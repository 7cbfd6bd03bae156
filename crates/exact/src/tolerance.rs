//! Coverage factors of weights that are used again and again: k of a tolerance interval, correctly rounded.
//!
//! A t quantile covers the wanted share *on average* over all the weights that could have been made. One set of
//! weights whose sessions happened to agree covers less, for as long as it is used. The factor here covers that
//! share with a stated confidence: k = z·√(ν/c), z the two-sided quantile of the normal distribution and c the
//! quantile of χ² with ν degrees of freedom at one less the confidence (Howe 1969; NIST/SEMATECH e-Handbook,
//! 7.2.6.3; ISO 16269-6). It is found as a t quantile is: by comparing the distribution function, between two
//! bounds, at midpoints between multiples of 10^-4.
//!
//! ```
//! use openweigh_exact::{Decimal, Ratio, tolerance};
//!
//! let share = Ratio::from(&"0.95".parse::<Decimal>()?);
//! assert_eq!(tolerance::factor(5, &share, &share).to_string(), "4.0949");
//! # Ok::<(), openweigh_exact::DecimalError>(())
//! ```

use crate::decimal::Fixed;
use crate::enclosure::Enclosure;
use crate::ratio::Ratio;
use crate::student::{self, FIRST_BITS, HALF_STEPS, MOST_BITS, nearest_multiple};
use dashu_int::{IBig, UBig};
use std::cmp::Ordering;

/// The factor k with which k standard deviations, estimated with `dof` degrees of freedom, hold at least
/// `probability` of a normal distribution with that `confidence`, to 4 decimals. z is the t quantile of
/// [`student::MOST_DOF`] degrees of freedom, to 4 decimals.
///
/// # Panics
/// If `dof` is zero, or a share is not above zero and below one.
pub fn factor(dof: u64, probability: &Ratio, confidence: &Ratio) -> Fixed {
    assert!(dof > 0, "a variance is estimated with at least one degree of freedom");
    let outside = Ratio::from(&crate::Decimal::from(1)).minus(confidence);
    assert!(
        confidence.numerator() > &IBig::ZERO && outside.numerator() > &IBig::ZERO,
        "a confidence lies between zero and one"
    );
    let z = Ratio::from(&student::two_sided_t(student::MOST_DOF, probability));
    let scaled = z.times(&z).times(&Ratio::new(IBig::from(dof), UBig::ONE));
    let mut functions = vec![ChiSquared::new(dof, FIRST_BITS)];
    // k lies above a midpoint g exactly if z²ν/g² lies above c.
    nearest_multiple(|multiple| {
        let halves: UBig = (multiple << 1usize) - UBig::ONE;
        let step = Ratio::new(IBig::from(&halves * &halves), UBig::from(HALF_STEPS * HALF_STEPS));
        lies_above(&mut functions, dof, &scaled.divided_by(&step), &outside).unwrap_or(halves % 4u8 == 3)
    })
}

/// Whether a value lies above the quantile of a share: whether P(χ² ≤ value) exceeds it; none for a tie.
fn lies_above(functions: &mut Vec<ChiSquared>, dof: u64, value: &Ratio, share: &Ratio) -> Option<bool> {
    // Far beyond the mean the share is 1 to all digits that count, and the series would be long.
    let far = Ratio::new(IBig::from(16 * dof + 4096), UBig::ONE);
    if value.minus(&far).numerator() > &IBig::ZERO {
        return Some(true);
    }
    let (mut step, mut bits) = (0, FIRST_BITS);
    while bits <= MOST_BITS {
        if functions.len() == step {
            functions.push(ChiSquared::new(dof, bits));
        }
        if let Some(order) = functions[step].up_to(value).compare(share) {
            return Some(order == Ordering::Greater);
        }
        (step, bits) = (step + 1, bits * 2);
    }
    None
}

/// The distribution function of χ² at one precision.
struct ChiSquared {
    dof: u64,
    /// 1/Γ(ν/2 + 1).
    front: Enclosure,
    /// e.
    base: Enclosure,
    bits: usize,
}

impl ChiSquared {
    fn new(dof: u64, bits: usize) -> Self {
        // Γ(a + 1) = a·Γ(a), from Γ(1) = 1 and Γ(1/2) = √π.
        let mut front = if dof.is_multiple_of(2) {
            Enclosure::count(1, bits)
        } else {
            Enclosure::pi(bits).root().inverse()
        };
        let mut halves = if dof.is_multiple_of(2) { 2 } else { 1 };
        while halves <= dof {
            front = front.times_quotient(2, halves);
            halves += 2;
        }
        Self { dof, front, base: exponential(&Enclosure::count(1, bits), bits), bits }
    }

    /// P(χ² ≤ value) = y^a·e^-y/Γ(a + 1)·Σ y^n/((a + 1)…(a + n)), a = ν/2, y = value/2 (DLMF 8.7.1): nothing cancels.
    fn up_to(&self, value: &Ratio) -> Enclosure {
        let bits = self.bits;
        let numerator = value.numerator().clone().into_parts().1;
        let denominator: UBig = value.denominator() << 1usize;
        let y = Enclosure::of(&numerator, &denominator, bits);
        let whole = &numerator / &denominator;
        let rest = Enclosure::of(&(&numerator % &denominator), &denominator, bits);
        let whole = u64::try_from(&whole).expect("values far beyond the mean were settled before");
        let decay = self.base.power(whole).times(&exponential(&rest, bits)).inverse();
        let power = y.power(self.dof / 2);
        let power = if self.dof.is_multiple_of(2) { power } else { power.times(&y.root()) };
        let (mut term, mut sum, mut n) = (Enclosure::count(1, bits), Enclosure::count(1, bits), 0u64);
        loop {
            n += 1;
            // y/(a + n) = 2y/(ν + 2n).
            term = term.times(&y).times_quotient(2, self.dof + 2 * n);
            sum = sum.plus(&term);
            // Once neighbours fall by half, the rest is at most the last term.
            let halved = &numerator * UBig::from(4u8) <= &denominator * UBig::from(self.dof + 2 * n);
            if halved && term.below_power(bits) {
                let upper = sum.plus(&term);
                return power.times(&decay).times(&self.front).times(&sum.up_to(upper));
            }
        }
    }
}

/// e to a power from 0 to 1, by its series: each term is at most half of the one before, from the second on.
fn exponential(power: &Enclosure, bits: usize) -> Enclosure {
    let (mut term, mut sum) = (Enclosure::count(1, bits), Enclosure::count(1, bits));
    for n in 1.. {
        term = term.times(power).times_quotient(1, n);
        sum = sum.plus(&term);
        if n > 1 && term.below_power(bits) {
            break;
        }
    }
    let upper = sum.plus(&term);
    sum.up_to(upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(text: &str) -> Ratio {
        Ratio::from(&text.parse::<crate::Decimal>().unwrap())
    }

    const TABLE: [(u64, &str, &str, &str); 38] = [
        (1, "0.95", "0.95", "31.2566"),
        (2, "0.95", "0.95", "8.6542"),
        (3, "0.95", "0.95", "5.7232"),
        (4, "0.95", "0.95", "4.6498"),
        (5, "0.95", "0.95", "4.0949"),
        (7, "0.95", "0.95", "3.5224"),
        (11, "0.95", "0.95", "3.0392"),
        (12, "0.95", "0.95", "2.9700"),
        (29, "0.95", "0.95", "2.5082"),
        (64, "0.95", "0.95", "2.2971"),
        (101, "0.95", "0.95", "2.2188"),
        (999, "0.95", "0.95", "2.0351"),
        (1000, "0.95", "0.95", "2.0351"),
        (3, "0.9973", "0.5", "3.3782"),
        (1000, "0.95", "0.9", "2.0182"),
        (2, "0.9", "0.95", "7.2629"),
        (7, "0.9", "0.9", "2.5856"),
        (3, "0.9", "0.5", "1.8522"),
        (101, "0.9", "0.5", "1.6503"),
        (64, "0.9", "0.99", "2.0640"),
        (101, "0.95", "0.95", "2.2188"),
        (29, "0.95", "0.9", "2.3740"),
        (5, "0.9", "0.9", "2.8985"),
        (3, "0.95", "0.95", "5.7232"),
        (101, "0.9", "0.95", "1.8621"),
        (1, "0.9", "0.99", "131.2406"),
        (29, "0.95", "0.99", "2.7954"),
        (64, "0.95", "0.5", "1.9703"),
        (1, "0.95", "0.95", "31.2566"),
        (64, "0.9", "0.5", "1.6535"),
        (7, "0.9973", "0.95", "5.3916"),
        (5, "0.9973", "0.5", "3.2159"),
        (3, "0.95", "0.5", "2.2070"),
        (11, "0.9973", "0.9", "4.2131"),
        (999, "0.9973", "0.99", "3.1644"),
        (1, "0.9", "0.9", "13.0899"),
        (1, "0.9", "0.5", "2.4387"),
        (1, "0.95", "0.5", "2.9059"),
    ];

    /// z·√(ν/c) with z to four decimals as the page has it, and c by another program: scipy's `chi2.ppf`.
    #[test]
    fn factors_of_another_program() {
        for (dof, probability, confidence, expected) in TABLE {
            let found = factor(dof, &share(probability), &share(confidence)).to_string();
            assert_eq!(found, expected, "{dof} {probability} {confidence}");
        }
    }

    /// NIST/SEMATECH e-Handbook, 7.2.6.3: 43 wafers, 90 % with 99 % confidence. Its k2 = 2.217 has the factor
    /// √(1 + 1/N) for the mean, which a budget has in its variance.
    #[test]
    fn the_handbook_s_example() {
        let k = factor(42, &share("0.9"), &share("0.99"));
        let squared =
            Ratio::from(&k).times(&Ratio::from(&k)).times(&Ratio::new(IBig::from(44), UBig::from(43u8)));
        assert_eq!(crate::root::to_places(&squared, 3).to_string(), "2.217");
    }
}
