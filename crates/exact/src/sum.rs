//! Exact sums of products, in the narrowest integers that provably hold them.
//!
//! A block of products is summed in fixed width and handed on as a big integer, so a total never
//! overflows and does not depend on how rows were split or ordered. Which width is safe follows
//! from the bits of the factors, before the loop, not from a check inside it.

use dashu_int::IBig;

/// Rows that one fixed-width sum may cover.
pub const BLOCK: usize = 1 << BLOCK_BITS;
pub(crate) const BLOCK_BITS: usize = 12;

/// Two 64-bit factors whose bits together stay at or below this sum to less than 2^127 over a block.
pub(crate) const NARROW_PRODUCT_BITS: usize = 126 - BLOCK_BITS;

/// Two 128-bit factors whose bits together stay at or below this sum to less than 2^255 over a block.
pub(crate) const DOUBLE_PRODUCT_BITS: usize = 254 - BLOCK_BITS;

/// A signed 256-bit sum: `high`·2^128 + `low`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum256 {
    low: u128,
    high: i128,
}

impl Sum256 {
    /// Adds left·right, for |left|, |right| < 2^127.
    #[inline]
    pub(crate) fn add_product(&mut self, left: i128, right: i128) {
        let (low, high) = widening_product(left.unsigned_abs(), right.unsigned_abs());
        // The bounds above keep `high` below 2^126, so the cast cannot change its sign.
        #[expect(clippy::cast_possible_wrap, reason = "below 2^126 by the bound on the factors")]
        let high = high as i128;
        if (left < 0) == (right < 0) {
            let (sum, carry) = self.low.overflowing_add(low);
            self.low = sum;
            self.high += high + i128::from(carry);
        } else {
            let (difference, borrow) = self.low.overflowing_sub(low);
            self.low = difference;
            self.high -= high + i128::from(borrow);
        }
    }

    pub(crate) fn to_big(self) -> IBig {
        (IBig::from(self.high) << 128usize) + IBig::from(self.low)
    }
}

/// The 256-bit product of two 128-bit integers, as (low, high), by schoolbook halves.
#[inline]
fn widening_product(left: u128, right: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (left_low, left_high) = (left & HALF, left >> 64);
    let (right_low, right_high) = (right & HALF, right >> 64);
    let low = left_low * right_low;
    let cross = left_high * right_low + (low >> 64);
    let other = left_low * right_high + (cross & HALF);
    ((other << 64) | (low & HALF), left_high * right_high + (cross >> 64) + (other >> 64))
}

/// Every `step`-th index from `start`: the rows of one validation fold inside a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stride {
    pub(crate) start: usize,
    pub(crate) step: usize,
}

impl Stride {
    /// All rows.
    #[cfg(test)]
    pub(crate) const ALL: Self = Self { start: 0, step: 1 };
}

/// Σ left·right over the rows of a stride, both factors within [`NARROW_PRODUCT_BITS`].
pub(crate) fn dot_narrow(left: &[i64], right: &[i64], rows: Stride) -> IBig {
    let products = |(left, right): (&i64, &i64)| i128::from(*left) * i128::from(*right);
    let sum: i128 = if rows.step == 1 && rows.start == 0 {
        left.iter().zip(right).map(products).sum()
    } else {
        let strided = |values| <[i64]>::iter(values).skip(rows.start).step_by(rows.step);
        strided(left).zip(strided(right)).map(products).sum()
    };
    IBig::from(sum)
}

/// Σ left·right over the rows of a stride, both factors within [`DOUBLE_PRODUCT_BITS`].
pub(crate) fn dot_double(left: &[i128], right: &[i128], rows: Stride) -> IBig {
    let mut sum = Sum256::default();
    let strided = |values| <[i128]>::iter(values).skip(rows.start).step_by(rows.step);
    for (left, right) in strided(left).zip(strided(right)) {
        sum.add_product(*left, *right);
    }
    sum.to_big()
}

/// Σ left·right over the rows of a stride, of any size.
pub(crate) fn dot_wide(left: &[IBig], right: &[IBig], rows: Stride) -> IBig {
    let strided = |values| <[IBig]>::iter(values).skip(rows.start).step_by(rows.step);
    strided(left).zip(strided(right)).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_256_bit_sum_equals_big_integers(pairs in prop::collection::vec((any::<i128>(), any::<i128>()), 0..40)) {
            let pairs: Vec<_> = pairs.into_iter().map(|(l, r)| (l >> 7, r >> 7)).collect();
            let mut sum = Sum256::default();
            let mut exact = IBig::ZERO;
            for (left, right) in pairs {
                sum.add_product(left, right);
                exact += IBig::from(left) * IBig::from(right);
            }
            prop_assert_eq!(sum.to_big(), exact);
        }

        #[test]
        fn every_width_gives_the_same_dot(values in prop::collection::vec((-(1i64 << 56)..(1 << 56), any::<i32>()), 0..60), step in 1usize..5, start in 0usize..4) {
            let rows = Stride { start, step };
            let (left, right): (Vec<i64>, Vec<i64>) = values.into_iter().map(|(l, r)| (l, i64::from(r))).unzip();
            let double = |values: &[i64]| values.iter().map(|&v| i128::from(v)).collect::<Vec<_>>();
            let wide = |values: &[i64]| values.iter().map(|&v| IBig::from(v)).collect::<Vec<_>>();
            let expected = dot_wide(&wide(&left), &wide(&right), rows);
            prop_assert_eq!(dot_double(&double(&left), &double(&right), rows), expected.clone());
            prop_assert_eq!(dot_narrow(&left, &right, rows), expected);
        }
    }

    #[test]
    fn a_full_block_at_the_bounds_does_not_overflow() {
        let narrow = vec![i64::MIN + 1; BLOCK];
        let right = vec![(1i64 << 51) - 1; BLOCK];
        let expected = IBig::from(i64::MIN + 1) * IBig::from((1i64 << 51) - 1) * IBig::from(BLOCK);
        assert_eq!(dot_narrow(&narrow, &right, Stride::ALL), expected);
        let big = vec![-((1i128 << 121) - 1); BLOCK];
        let expected = IBig::from((1i128 << 121) - 1) * IBig::from((1i128 << 121) - 1) * IBig::from(BLOCK);
        assert_eq!(dot_double(&big, &big, Stride::ALL), expected);
    }
}
