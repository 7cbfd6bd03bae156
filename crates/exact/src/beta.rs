//! The regularised incomplete beta function at half-integer parameters, between two bounds.
//!
//! `I_x(a, b) = x^a (1-x)^b / (a B(a, b)) · Σ (a+b)_n/(a+1)_n x^n` (DLMF 8.17.22): every term is positive, so
//! nothing cancels. Where x is above 1/2, the symmetry `1 - I_{1-x}(b, a)` converges sooner.

use crate::enclosure::Enclosure;
use dashu_int::UBig;

/// A rational between zero and one: `part` of `part + rest`.
#[derive(Debug, Clone)]
pub(crate) struct Share {
    pub(crate) part: UBig,
    pub(crate) rest: UBig,
}

/// The function at `first`/2 and `second`/2 at one precision, with both counts at least 1.
pub(crate) struct Beta {
    first: u64,
    second: u64,
    inverse: Enclosure,
    bits: usize,
}

impl Beta {
    /// The function, with 1/B computed once: it is the only part that takes as many steps as the counts say.
    pub(crate) fn new(first: u64, second: u64, bits: usize) -> Self {
        Self { first, second, inverse: inverse_beta(first, second, bits), bits }
    }

    /// Its value at a share.
    pub(crate) fn regularised(&self, share: &Share) -> Enclosure {
        if share.part.is_zero() {
            return Enclosure::count(0, self.bits);
        }
        if share.rest.is_zero() {
            return Enclosure::count(1, self.bits);
        }
        if share.part > share.rest {
            let swapped = Share { part: share.rest.clone(), rest: share.part.clone() };
            return self.series(&swapped, self.second, self.first).complement();
        }
        self.series(share, self.first, self.second)
    }

    fn series(&self, share: &Share, first: u64, second: u64) -> Enclosure {
        let bits = self.bits;
        let whole = &share.part + &share.rest;
        let x = Enclosure::of(&share.part, &whole, bits);
        let y = Enclosure::of(&share.rest, &whole, bits);
        let front = half_power(&x, first)
            .times(&half_power(&y, second))
            .times(&self.inverse)
            .times_quotient(2, first);
        let (mut term, mut sum) = (Enclosure::count(1, bits), Enclosure::count(1, bits));
        let mut n = 0u64;
        // The ratio of neighbours is x·(first + second + 2n)/(first + 2 + 2n). It falls to x where second > 2
        // and never exceeds x where second ≤ 2; once it is at most 3/4, the rest is at most three terms.
        let below_three_quarters = |above: u64, below: u64| {
            &share.part * UBig::from(above) * UBig::from(4u8) <= &whole * UBig::from(below) * UBig::from(3u8)
        };
        loop {
            let (above, below) = (first + second + 2 * n, first + 2 + 2 * n);
            term = term.times(&x).times_quotient(above, below);
            sum = sum.plus(&term);
            n += 1;
            if !term.below_power(bits) {
                continue;
            }
            if below_three_quarters(above, below) {
                let upper = sum.plus(&term.times_quotient(3, 1));
                return front.times(&sum.up_to(upper));
            }
            if above <= below {
                // Every later ratio is at most x: the rest is at most term·x/(1-x).
                let upper = sum.plus(&term.times(&x).times(&y.inverse()));
                return front.times(&sum.up_to(upper));
            }
        }
    }
}

/// value^(`halves`/2).
fn half_power(value: &Enclosure, halves: u64) -> Enclosure {
    let whole = value.power(halves / 2);
    if halves % 2 == 1 { whole.times(&value.root()) } else { whole }
}

/// The inverse of B at `first`/2 and `second`/2, by `B(a+1, b) = B(a, b)·a/(a+b)` from `B(1/2, 1/2) = π`, `B(1, 1/2) = 2`, `B(1, 1) = 1`.
fn inverse_beta(first: u64, second: u64, bits: usize) -> Enclosure {
    let (mut a, mut b) = (2 - first % 2, 2 - second % 2);
    let mut value = match (a, b) {
        (1, 1) => Enclosure::pi(bits).inverse(),
        (2, 2) => Enclosure::count(1, bits),
        _ => Enclosure::count(1, bits).times_quotient(1, 2),
    };
    while a < first {
        value = value.times_quotient(a + b, a);
        a += 2;
    }
    while b < second {
        value = value.times_quotient(a + b, b);
        b += 2;
    }
    value
}
