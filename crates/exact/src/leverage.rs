//! xᵀ(XᵀX)⁻¹x, the leverage of a row: what a prediction's uncertainty depends on.

use crate::column::{Column, bit_length};
use crate::decimal::power_of_ten;
use crate::lane::{self, Lane};
use crate::linear::Solution;
use crate::normal::Monomial;
use crate::ratio::Ratio;
use dashu_int::{IBig, UBig};
use std::ops::Range;

/// The quadratic form of a solution's inverse, on the scales of some columns.
#[derive(Debug, Clone)]
pub struct Leverage {
    /// Upper triangle, row by row; entries beside the diagonal are doubled.
    entries: Vec<IBig>,
    denominator: UBig,
}

impl Leverage {
    /// The form, for rows whose terms are made from columns of these places.
    ///
    /// # Panics
    /// If the solution has no inverse.
    pub fn new(solution: &Solution, adjugate: &[Vec<IBig>], terms: &[Monomial], columns: &[&Column]) -> Self {
        let normal = solution.normal();
        let shift: Vec<i64> = (terms.iter().enumerate())
            .map(|(at, term)| i64::from(normal.places(at)) - i64::from(term.places(columns)))
            .collect();
        // Entry (j, k) carries 10^(shift_j + shift_k); one common power makes all of them integers.
        let lift = -2 * shift.iter().copied().min().unwrap_or(0).min(0);
        let power = |exponent: i64| IBig::from(power_of_ten(u32::try_from(exponent).unwrap_or(0)));
        let mut entries = Vec::new();
        for row in 0..terms.len() {
            for column in row..terms.len() {
                let doubled = if row == column { 1 } else { 2 };
                let scale = power(shift[row] + shift[column] + lift);
                entries.push(&adjugate[row][column] * scale * IBig::from(doubled));
            }
        }
        let (_, lift) = power(lift).into_parts();
        Self { entries, denominator: solution.determinant() * lift }
    }

    /// 64-bit words of the longest entry.
    pub fn words(&self) -> usize {
        self.entries.iter().map(bit_length).max().unwrap_or(0).div_ceil(64)
    }

    /// The leverages of `rows`.
    pub fn of_rows(&self, terms: &[Monomial], columns: &[&Column], rows: &Range<usize>) -> Vec<Ratio> {
        let column_bits: Vec<usize> = columns.iter().map(|column| column.bits()).collect();
        let bits: Vec<usize> = terms.iter().map(|term| term.bits(&column_bits)).collect();
        let mut leverages = Vec::with_capacity(rows.len());
        let mut start = rows.start;
        while start < rows.end {
            let block = start..rows.end.min(start + lane::rows_at_once(&bits));
            leverages.extend(self.of_block(terms, columns, &bits, &block));
            start = block.end;
        }
        leverages
    }

    fn of_block(
        &self,
        terms: &[Monomial],
        columns: &[&Column],
        bits: &[usize],
        rows: &Range<usize>,
    ) -> Vec<Ratio> {
        let lanes: Vec<Vec<IBig>> = (terms.iter().zip(bits))
            .map(|(term, &bits)| Lane::of(term, columns, bits, rows).wide().into_owned())
            .collect();
        (0..rows.len())
            .map(|row| {
                let mut sum = IBig::ZERO;
                let mut entries = self.entries.iter();
                for (at, left) in lanes.iter().enumerate() {
                    // x_j·(Σ_k a_jk·x_k): one multiplication by x_j for each row of the triangle.
                    let inner: IBig =
                        lanes[at..].iter().zip(&mut entries).map(|(right, entry)| entry * &right[row]).sum();
                    sum += inner * &left[row];
                }
                Ratio::new(sum, self.denominator.clone())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normal::Design;

    #[test]
    fn leverages_do_not_depend_on_the_scale_of_the_columns() {
        let column = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Column>();
        let terms = [Monomial::new([]), Monomial::new([(0, 1)])];
        let (x, y) = (column(&["1", "2", "3", "4"]), column(&["1.1", "1.9", "3.2", "3.8"]));
        let design = Design { columns: &[&x], terms: &terms, target: &y };
        let solution = Solution::with_inverse(design.normals(0..4, 1).remove(0)).unwrap();
        let adjugate = solution.adjugate();
        let expected = Ratio::new(IBig::from(7), UBig::from(10u8));
        for texts in [&["1", "9"], &["1", "9.125"], &["1", "0.0000000000000000000000001"]] {
            let columns = [&column(texts)];
            let form = Leverage::new(&solution, &adjugate, &terms, &columns);
            assert_eq!(form.of_rows(&terms, &columns, &(0..1)), vec![expected.clone()]);
        }
    }
}
