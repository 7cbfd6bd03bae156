//! Least squares over the rationals: fraction-free elimination (Bareiss, Math. Comp. 22, 1968).
//!
//! XᵀX is positive semidefinite, so its leading minors are positive exactly as long as the terms are
//! independent: no pivoting, and a pivot of zero *names* the dependent term. Every division below is
//! exact; entries stay as small as determinants can be. Statistics that were read and not summed may
//! be those of no data: a pivot below zero, or one of zero in a row that is not, gives them away.

use crate::normal::Normal;
use crate::possible::Impossible;
use crate::ratio::Ratio;
use dashu_int::{IBig, UBig};

/// The exact solution of XᵀX·b = Xᵀy.
#[derive(Debug, Clone)]
pub struct Solution {
    normal: Normal,
    determinant: UBig,
    /// Coefficients times the determinant, in scaled units.
    numerators: Vec<IBig>,
    /// The rows of the triangular form, row i from column i on.
    rows: Vec<Vec<IBig>>,
    /// What elimination makes of the unit matrix, row i up to column i.
    units: Option<Vec<Vec<IBig>>>,
}

/// A term that is a combination of the terms before it, so that no fit is unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependence {
    /// The dependent term.
    pub term: usize,
    /// The earlier terms it is made of; none if the term is zero on every row.
    pub on: Vec<usize>,
}

/// Why statistics determine no coefficients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsolvable {
    /// A term depends on others.
    #[error("term {} depends on those before it", .0.term)]
    Dependent(Dependence),
    /// The statistics are not those of any data.
    #[error(transparent)]
    Impossible(#[from] Impossible),
}

impl Solution {
    /// Solves for the coefficients.
    ///
    /// # Errors
    /// The first term that depends on those before it, or statistics that no data have.
    pub fn of(normal: Normal) -> Result<Self, Unsolvable> {
        Self::eliminate(normal, false)
    }

    /// Solves for the coefficients and for (XᵀX)⁻¹, which the covariance needs.
    ///
    /// # Errors
    /// The first term that depends on those before it, or statistics that no data have.
    pub fn with_inverse(normal: Normal) -> Result<Self, Unsolvable> {
        Self::eliminate(normal, true)
    }

    fn eliminate(normal: Normal, inverse: bool) -> Result<Self, Unsolvable> {
        let size = normal.terms();
        let mut rows: Vec<Vec<IBig>> =
            (0..size).map(|i| (i..size).map(|j| normal.xtx(i, j).clone()).collect()).collect();
        let mut right: Vec<IBig> = (0..size).map(|i| normal.xty(i).clone()).collect();
        let mut units: Vec<Vec<IBig>> = (0..size)
            .map(|i| if inverse { (0..=i).map(|j| IBig::from(u8::from(i == j))).collect() } else { vec![] })
            .collect();
        let mut previous = IBig::ONE;
        for k in 0..size {
            let pivot = rows[k][0].clone();
            let dependent = pivot.is_zero() && rows[k].iter().all(IBig::is_zero) && right[k].is_zero();
            if dependent {
                return Err(Unsolvable::Dependent(dependence(&rows, k)));
            }
            if pivot <= IBig::ZERO {
                return Err(Impossible::Terms { terms: k + 1 }.into());
            }
            for i in k + 1..size {
                // By symmetry of the remaining block, the factor of row i is entry (k, i) of row k.
                let factor = rows[k][i - k].clone();
                for j in i..size {
                    let entry = &pivot * &rows[i][j - i] - &factor * &rows[k][j - k];
                    rows[i][j - i] = entry / &previous;
                }
                right[i] = (&pivot * &right[i] - &factor * &right[k]) / &previous;
                for j in 0..units[i].len() {
                    let above = units[k].get(j);
                    let entry = &pivot * &units[i][j] - above.map_or(IBig::ZERO, |above| &factor * above);
                    units[i][j] = entry / &previous;
                }
            }
            previous = pivot;
        }
        let determinant = previous;
        let numerators = back_substitute(&rows, &right, &determinant);
        let (_, determinant) = determinant.into_parts();
        let solution = Self { normal, determinant, numerators, rows, units: inverse.then_some(units) };
        if solution.residual_numerator() < IBig::ZERO {
            return Err(Impossible::Residuals.into());
        }
        Ok(solution)
    }

    /// The statistics that were solved.
    pub fn normal(&self) -> &Normal {
        &self.normal
    }

    /// The exact coefficient of a term.
    pub fn coefficient(&self, term: usize) -> Ratio {
        let exponent = i64::from(self.normal.places(term)) - i64::from(self.normal.target_places());
        Ratio::new(self.numerators[term].clone(), self.determinant.clone()).times_power_of_ten(exponent)
    }

    /// Σ(y - Xb)² = yᵀy - bᵀXᵀy, exactly.
    pub fn residual_sum_of_squares(&self) -> Ratio {
        Ratio::new(self.residual_numerator(), self.determinant.clone())
            .times_power_of_ten(-2 * i64::from(self.normal.target_places()))
    }

    /// The residual sum of squares times the determinant, in scaled units.
    fn residual_numerator(&self) -> IBig {
        let explained: IBig =
            (0..self.normal.terms()).map(|term| &self.numerators[term] * self.normal.xty(term)).sum();
        self.normal.yty() * IBig::from(self.determinant.clone()) - explained
    }

    /// n - p.
    ///
    /// # Panics
    /// If the statistics state fewer rows than terms: independent terms need at least as many.
    pub fn degrees_of_freedom(&self) -> u64 {
        self.normal.rows() - self.normal.terms() as u64
    }

    /// Residual variance s² = RSS/(n - p), none without degrees of freedom.
    pub fn residual_variance(&self) -> Option<Ratio> {
        let freedom = self.degrees_of_freedom();
        (freedom > 0).then(|| self.residual_sum_of_squares().divided_by_count(freedom))
    }

    /// The adjugate of the scaled XᵀX, whose quotient by [`Solution::determinant`] is its inverse.
    ///
    /// # Panics
    /// If the solution was made by [`Solution::of`].
    pub fn adjugate(&self) -> Vec<Vec<IBig>> {
        let units = self.units.as_ref().expect("made by `with_inverse`");
        let size = units.len();
        let determinant = IBig::from(self.determinant.clone());
        let mut adjugate = vec![vec![IBig::ZERO; size]; size];
        for column in 0..size {
            let right: Vec<IBig> =
                (0..size).map(|row| units[row].get(column).cloned().unwrap_or(IBig::ZERO)).collect();
            let solved = back_substitute(&self.rows, &right, &determinant);
            for (row, entry) in solved.into_iter().enumerate() {
                adjugate[row][column] = entry;
            }
        }
        adjugate
    }

    /// The determinant of the scaled XᵀX.
    pub fn determinant(&self) -> &UBig {
        &self.determinant
    }

    /// Entry (i, j) of (XᵀX)⁻¹, given the adjugate.
    pub fn inverse_entry(&self, adjugate: &[Vec<IBig>], row: usize, column: usize) -> Ratio {
        let exponent = i64::from(self.normal.places(row)) + i64::from(self.normal.places(column));
        Ratio::new(adjugate[row][column].clone(), self.determinant.clone()).times_power_of_ten(exponent)
    }
}

/// x·det from the triangular form: `x_i = (det·r_i - Σ_{j>i} u_ij·x_j) / u_ii`, divisions exact.
fn back_substitute(rows: &[Vec<IBig>], right: &[IBig], determinant: &IBig) -> Vec<IBig> {
    let size = rows.len();
    let mut solved = vec![IBig::ZERO; size];
    for i in (0..size).rev() {
        let known: IBig = (i + 1..size).map(|j| &rows[i][j - i] * &solved[j]).sum();
        solved[i] = (determinant * &right[i] - known) / &rows[i][0];
    }
    solved
}

/// Column `term` of the triangular form written as a combination of the columns before it: the
/// solution of their own system, whose determinant is the last of their pivots.
fn dependence(rows: &[Vec<IBig>], term: usize) -> Dependence {
    let Some(last) = term.checked_sub(1) else { return Dependence { term, on: Vec::new() } };
    let right: Vec<IBig> = (0..term).map(|i| rows[i][term - i].clone()).collect();
    let solved = back_substitute(&rows[..term], &right, &rows[last][0]);
    Dependence { term, on: (0..term).filter(|&i| !solved[i].is_zero()).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::Decimal;
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    /// Normal equations of integer rows (x…, y).
    fn normal(rows: &[Vec<i64>]) -> Normal {
        let terms = rows[0].len() - 1;
        let sum = |i: usize, j: usize| {
            Decimal::new(rows.iter().map(|row| IBig::from(row[i]) * IBig::from(row[j])).sum(), 0)
        };
        let xtx: Vec<Vec<Decimal>> = (0..terms).map(|i| (0..terms).map(|j| sum(i, j)).collect()).collect();
        let xty: Vec<Decimal> = (0..terms).map(|i| sum(i, terms)).collect();
        Normal::from_decimals(rows.len() as u64, &xtx, &xty, &sum(terms, terms)).unwrap()
    }

    /// Gauss-Jordan on reduced fractions of another library.
    fn inverse(matrix: &[Vec<BigRational>]) -> Option<Vec<Vec<BigRational>>> {
        use num_traits::{One, Zero};
        let size = matrix.len();
        let mut work: Vec<Vec<BigRational>> = matrix.to_vec();
        for (i, row) in work.iter_mut().enumerate() {
            row.extend((0..size).map(|j| if i == j { BigRational::one() } else { BigRational::zero() }));
        }
        for k in 0..size {
            let pivot = (k..size).find(|&i| !work[i][k].is_zero())?;
            work.swap(k, pivot);
            let scale = work[k][k].clone();
            work[k].iter_mut().for_each(|entry| *entry /= &scale);
            for i in (0..size).filter(|&i| i != k) {
                let factor = work[i][k].clone();
                let pivot_row = work[k].clone();
                for (entry, above) in work[i].iter_mut().zip(pivot_row) {
                    *entry -= &factor * above;
                }
            }
        }
        Some(work.into_iter().map(|row| row[size..].to_vec()).collect())
    }

    fn as_rational(ratio: &Ratio) -> BigRational {
        let big = |text: String| text.parse::<BigInt>().unwrap();
        BigRational::new(big(ratio.numerator().to_string()), big(ratio.denominator().to_string()))
    }

    fn rational(value: &IBig) -> BigRational {
        BigRational::from(value.to_string().parse::<BigInt>().unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn another_library_finds_the_same_solution(
            terms in 1usize..6,
            seed in prop::collection::vec(prop::collection::vec(-1000i64..1000, 6), 6..12),
        ) {
            let rows: Vec<Vec<i64>> = seed.iter().map(|row| row[..=terms.min(5)].to_vec()).collect();
            let normal = normal(&rows);
            let size = normal.terms();
            let gram: Vec<Vec<BigRational>> =
                (0..size).map(|i| (0..size).map(|j| rational(normal.xtx(i, j))).collect()).collect();
            let oracle = inverse(&gram);
            match Solution::with_inverse(normal.clone()) {
                Err(_) => prop_assert!(oracle.is_none()),
                Ok(solution) => {
                    let oracle = oracle.unwrap();
                    let adjugate = solution.adjugate();
                    for i in 0..size {
                        let coefficient: BigRational =
                            (0..size).map(|j| &oracle[i][j] * rational(normal.xty(j))).sum();
                        prop_assert_eq!(as_rational(&solution.coefficient(i)), coefficient);
                        for j in 0..size {
                            prop_assert_eq!(as_rational(&solution.inverse_entry(&adjugate, i, j)), oracle[i][j].clone());
                        }
                    }
                    let residuals: BigRational = rows.iter().map(|row| {
                        let fitted: BigRational = (0..size)
                            .map(|j| as_rational(&solution.coefficient(j)) * BigRational::from(BigInt::from(row[j])))
                            .sum();
                        let residual = BigRational::from(BigInt::from(row[size])) - fitted;
                        &residual * &residual
                    }).sum();
                    prop_assert_eq!(as_rational(&solution.residual_sum_of_squares()), residuals);
                }
            }
        }
    }

    #[test]
    fn dependent_terms_are_named() {
        let dependent = |term, on: &[usize]| Unsolvable::Dependent(Dependence { term, on: on.to_vec() });
        // Column 2 is twice column 0 minus column 1; column 1 is a zero column in the second case.
        let combined = normal(&[vec![1, 0, 2, 5], vec![1, 1, 1, 6], vec![1, 5, -3, 7], vec![1, 2, 0, 9]]);
        assert_eq!(Solution::of(combined).unwrap_err(), dependent(2, &[0, 1]));
        // Fractions that are not reduced would take more than the age of the earth for this one.
        let unit = |row: i64| (0..60).map(move |column| i64::from(row == column) + row * column % 7);
        let wide = |row: i64| unit(row).chain([unit(row).nth(3).unwrap() - unit(row).nth(57).unwrap(), row]);
        let many = normal(&(0..60).map(|row| wide(row).collect()).collect::<Vec<_>>());
        assert_eq!(Solution::of(many).unwrap_err(), dependent(60, &[3, 57]));
        let zero = normal(&[vec![1, 0, 5], vec![1, 0, 6]]);
        assert_eq!(Solution::of(zero).unwrap_err(), dependent(1, &[]));
        let too_few = normal(&[vec![1, 3, 5]]);
        assert_eq!(Solution::of(too_few).unwrap_err(), dependent(1, &[0]));
    }

    #[test]
    fn nearly_singular_is_still_exact() {
        // Two columns that differ by one part in 10^15: doubles see one column.
        let big = 1_000_000_000_000_000;
        let rows = [vec![1, big, 3], vec![1, big + 1, 5], vec![1, big - 1, 1]];
        let solution = Solution::of(normal(&rows)).unwrap();
        assert_eq!(as_rational(&solution.coefficient(1)), BigRational::from(BigInt::from(2)));
        assert!(solution.residual_sum_of_squares().is_zero());
    }
}
