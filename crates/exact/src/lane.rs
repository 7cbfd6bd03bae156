//! One block of one term of the design matrix, in the narrowest integers that hold every value.

use crate::column::{Column, Integers};
use crate::normal::Monomial;
use crate::sum::{BLOCK, DOUBLE_PRODUCT_BITS, NARROW_PRODUCT_BITS, Stride, dot_double, dot_narrow, dot_wide};
use dashu_int::IBig;
use std::borrow::Cow;
use std::ops::Range;

/// The scaled integers of a term over a range of rows.
#[derive(Debug, Clone)]
pub(crate) enum Lane {
    Narrow(Vec<i64>),
    Double(Vec<i128>),
    Wide(Vec<IBig>),
}

/// The narrowest kind of lane for values of so many bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    Narrow,
    Double,
    Wide,
}

impl Width {
    fn of(bits: usize) -> Self {
        match bits {
            0..=63 => Self::Narrow,
            64..=126 => Self::Double,
            _ => Self::Wide,
        }
    }
}

/// Words that the lanes of all terms may hold at a time, 32 MiB.
const WORDS_AT_ONCE: usize = 1 << 22;

/// Rows of a block, fewer than [`BLOCK`] where terms of so many bits would take too much memory.
pub(crate) fn rows_at_once(bits: &[usize]) -> usize {
    let words: usize = bits.iter().map(|bits| bits.div_ceil(64)).sum();
    (WORDS_AT_ONCE / words.max(1)).clamp(1, BLOCK)
}

impl Lane {
    /// The monomial's values over `rows`.
    pub(crate) fn of(monomial: &Monomial, columns: &[&Column], bits: usize, rows: &Range<usize>) -> Self {
        match Width::of(bits) {
            Width::Narrow => Self::Narrow(product(monomial, columns, rows, 1i64, &narrow)),
            Width::Double => Self::Double(product(monomial, columns, rows, 1i128, &double)),
            Width::Wide => Self::Wide(product(monomial, columns, rows, IBig::ONE, &IBig::clone)),
        }
    }

    /// Σ self·other over the rows of a stride; `bits` hold the two magnitudes.
    pub(crate) fn dot(&self, other: &Self, bits: (usize, usize), rows: Stride) -> IBig {
        let together = bits.0 + bits.1;
        match (self, other) {
            (Self::Narrow(left), Self::Narrow(right)) if together <= NARROW_PRODUCT_BITS => {
                dot_narrow(left, right, rows)
            }
            (Self::Wide(_), _) | (_, Self::Wide(_)) => dot_wide(&self.wide(), &other.wide(), rows),
            _ if together <= DOUBLE_PRODUCT_BITS => dot_double(&self.double(), &other.double(), rows),
            _ => dot_wide(&self.wide(), &other.wide(), rows),
        }
    }

    pub(crate) fn double(&self) -> Cow<'_, [i128]> {
        match self {
            Self::Narrow(values) => values.iter().map(|&value| i128::from(value)).collect(),
            Self::Double(values) => Cow::Borrowed(values),
            Self::Wide(values) => values.iter().map(double).collect(),
        }
    }

    pub(crate) fn wide(&self) -> Cow<'_, [IBig]> {
        match self {
            Self::Narrow(values) => values.iter().map(|&value| IBig::from(value)).collect(),
            Self::Double(values) => values.iter().map(|&value| IBig::from(value)).collect(),
            Self::Wide(values) => Cow::Borrowed(values),
        }
    }
}

fn narrow(value: &IBig) -> i64 {
    i64::try_from(value).expect("the column's bits were counted")
}

fn double(value: &IBig) -> i128 {
    i128::try_from(value).expect("the column's bits were counted")
}

/// Multiplies the factors of a monomial, row by row, in integers known to be wide enough.
fn product<T>(
    monomial: &Monomial,
    columns: &[&Column],
    rows: &Range<usize>,
    one: T,
    narrowed: &impl Fn(&IBig) -> T,
) -> Vec<T>
where
    T: Clone + From<i64> + for<'a> std::ops::MulAssign<&'a T>,
{
    let mut values = vec![one; rows.len()];
    for &(variable, exponent) in monomial.factors() {
        match columns[variable].integers() {
            Integers::Narrow(column) => {
                for (value, factor) in values.iter_mut().zip(&column[rows.clone()]) {
                    let factor = T::from(*factor);
                    for _ in 0..exponent {
                        *value *= &factor;
                    }
                }
            }
            Integers::Wide(column) => {
                for (value, factor) in values.iter_mut().zip(&column[rows.clone()]) {
                    let factor = narrowed(factor);
                    for _ in 0..exponent {
                        *value *= &factor;
                    }
                }
            }
        }
    }
    values
}
