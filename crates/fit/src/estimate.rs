//! Coefficients and their statistics, exactly, from the sufficient statistics alone (4.3, 4.4).

use crate::{FitError, Model, Readings};
use openweigh_exact::linear::{Dependence, Unsolvable};
use openweigh_exact::{IBig, Normal, Ratio, Solution};
use openweigh_formats::limits;
use openweigh_formats::term::Term;

/// The exact least-squares estimate of a model.
#[derive(Debug, Clone)]
pub struct Estimate {
    solution: Solution,
    adjugate: Vec<Vec<IBig>>,
    /// Index of the term `1`, if the model has one.
    one: Option<usize>,
}

impl Estimate {
    /// Solves for the coefficients of `terms`.
    ///
    /// # Errors
    /// Dependent terms, statistics that no data have, or a system beyond the limit of work.
    pub fn of(normal: Normal, terms: &[Term]) -> Result<Self, FitError> {
        check_work(&normal, 1)?;
        let solution = Solution::with_inverse(normal.clone()).map_err(|error| match error {
            Unsolvable::Dependent(dependence) => name(&dependence, &normal, terms),
            Unsolvable::Impossible(impossible) => FitError::Impossible(impossible),
        })?;
        let adjugate = solution.adjugate();
        let one = terms.iter().position(Term::is_one);
        Ok(Self { solution, adjugate, one })
    }

    /// The exact solution.
    pub fn solution(&self) -> &Solution {
        &self.solution
    }

    /// The adjugate of the scaled XᵀX.
    pub fn adjugate(&self) -> &[Vec<IBig>] {
        &self.adjugate
    }

    /// The exact coefficient `b_j`.
    pub fn coefficient(&self, term: usize) -> Ratio {
        self.solution.coefficient(term)
    }

    /// RSS.
    pub fn rss(&self) -> Ratio {
        self.solution.residual_sum_of_squares()
    }

    /// s², none without degrees of freedom.
    pub fn variance(&self) -> Option<Ratio> {
        self.solution.residual_variance()
    }

    /// Entry (i, j) of the covariance C = s²·(XᵀX)⁻¹, none without degrees of freedom.
    pub fn covariance(&self, row: usize, column: usize) -> Option<Ratio> {
        let variance = self.variance()?;
        Some(variance.times(&self.solution.inverse_entry(&self.adjugate, row, column)))
    }

    /// R² = (SST - RSS)/SST, none if SST = 0.
    pub fn r_squared(&self) -> Option<Ratio> {
        let normal = self.solution.normal();
        let total = Ratio::from(&normal.yty_decimal());
        let total = match self.one {
            None => total,
            Some(one) => {
                let sum = Ratio::from(&normal.xty_decimal(one));
                total.minus(&sum.times(&sum).divided_by_count(normal.rows()))
            }
        };
        (!total.is_zero()).then(|| total.minus(&self.rss()).divided_by(&total))
    }
}

/// Refuses systems whose solution would stall the machine (page 9).
///
/// # Errors
/// The system is beyond the limit.
pub fn check_work(normal: &Normal, folds: usize) -> Result<(), FitError> {
    use openweigh_exact::column::bit_length;
    let terms = normal.terms();
    // Hadamard: the determinant of a positive semidefinite matrix is at most its diagonal's product.
    let bits: usize = (0..terms).map(|term| bit_length(normal.xtx(term, term))).sum();
    let words = (bits as u128).div_ceil(64).max(1);
    let work = (terms as u128).pow(3) * words * words * (folds as u128 + 1);
    if work > limits::SOLVE_WORK { Err(FitError::TooMuchWork { terms, bits, folds }) } else { Ok(()) }
}

/// Refuses rows whose sums would stall or exhaust the machine (page 9), before they are begun.
///
/// # Errors
/// The sums are beyond the limit.
pub fn check_sums(model: &Model, readings: &Readings<'_>, folds: usize) -> Result<(), FitError> {
    let (rows, terms) = (readings.rows(), model.monomials().len());
    let target = readings.target().bits().div_ceil(64);
    let words = model.words(|name| readings.feature(name)) + target;
    if rows as u128 * (words as u128).pow(2) > limits::ROW_WORK {
        return Err(FitError::TooManyRows { rows, terms, words });
    }
    let kept = folds as u128 * (terms as u128 + 1) * words as u128;
    if kept > limits::FOLD_WORDS {
        return Err(FitError::TooMuchWork { terms, bits: 128 * words, folds });
    }
    Ok(())
}

fn name(dependence: &Dependence, normal: &Normal, terms: &[Term]) -> FitError {
    FitError::Dependent {
        term: terms[dependence.term].to_string(),
        on: dependence.on.iter().map(|&term| terms[term].to_string()).collect(),
        rows: normal.rows(),
    }
}
