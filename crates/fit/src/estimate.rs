//! Coefficients and their statistics, exactly, from the sufficient statistics alone (4.3, 4.4, 4.9).

use crate::work::Work;
use crate::{FitError, Model, Readings};
use openweigh_exact::leverage::Leverage;
use openweigh_exact::linear::{Dependence, Unsolvable};
use openweigh_exact::{Column, Decimal, IBig, Normal, Ratio, Solution};
use openweigh_formats::limits;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{Estimator, Recipe, Tare};
use openweigh_formats::term::Term;

/// The exact estimate of a model.
#[derive(Debug, Clone)]
pub struct Estimate {
    normal: Normal,
    way: Way,
    /// Index of the term about whose mean R² is taken.
    one: Option<usize>,
}

/// How the coefficients were found.
#[derive(Debug, Clone)]
enum Way {
    /// By least squares.
    Solved { solution: Box<Solution>, adjugate: Vec<Vec<IBig>>, spread: Spread },
    /// They are given.
    Declared(Vec<Decimal>),
}

/// What the covariance of the coefficients is taken from.
#[derive(Debug, Clone)]
enum Spread {
    /// The rows, which are independent.
    Rows,
    /// The sessions, whose frames are not; none where one session alone was fitted.
    Sessions(Option<Vec<Vec<Ratio>>>),
    /// The sessions, which were not told.
    Unknown,
}

impl Estimate {
    /// The estimate of a recipe from the statistics of all fitted rows.
    ///
    /// # Errors
    /// Dependent terms, statistics that no data have, or a system beyond the limit of work.
    pub fn of(normal: Normal, recipe: &Recipe) -> Result<Self, FitError> {
        Self::within(normal, recipe, &mut Work::default())
    }

    /// As [`Estimate::of`], one of several that share a budget.
    ///
    /// # Errors
    /// As [`Estimate::of`], or the others have spent the budget.
    pub fn within(normal: Normal, recipe: &Recipe, work: &mut Work) -> Result<Self, FitError> {
        check_work(&normal, 1, work)?;
        let terms = &recipe.model.terms;
        let one = terms.iter().position(Term::is_one).filter(|_| recipe.model.tare != Tare::Model);
        let declared =
            recipe.fit.coefficients.as_ref().filter(|_| recipe.fit.estimator == Estimator::Declared);
        if let Some(declared) = declared {
            let coefficients = declared.iter().map(|number| number.0.clone()).collect();
            return Ok(Self { normal, way: Way::Declared(coefficients), one });
        }
        let solution = Solution::with_inverse(normal.clone()).map_err(|error| match error {
            Unsolvable::Dependent(dependence) => name(&dependence, &normal, terms),
            Unsolvable::Impossible(impossible) => FitError::Impossible(impossible),
        })?;
        let adjugate = solution.adjugate();
        let by_frame = recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame);
        let spread = if by_frame { Spread::Unknown } else { Spread::Rows };
        Ok(Self { normal, way: Way::Solved { solution: Box::new(solution), adjugate, spread }, one })
    }

    /// Takes the covariance from how sessions differ, if this estimate needs that.
    pub fn clustered(mut self, sessions: &[Normal]) -> Self {
        if let Way::Solved { spread: Spread::Unknown, .. } = self.way {
            let covariance = (sessions.len() > 1).then(|| self.sandwich(sessions));
            if let Way::Solved { spread, .. } = &mut self.way {
                *spread = Spread::Sessions(covariance);
            }
        }
        self
    }

    /// `v = (XᵀX)⁻¹·X_sᵀ·(y_s - X_s·b)` of each session, whose statistics may be of further terms behind those of X;
    /// none of declared coefficients.
    pub fn influences(&self, sessions: &[Normal]) -> Vec<Vec<Ratio>> {
        let terms = self.normal.terms();
        let coefficients: Vec<Ratio> = (0..terms).map(|term| self.coefficient(term).reduced()).collect();
        let of_session = |session: &Normal| {
            let score = |row: usize| {
                let entry = |at: usize| Ratio::from(&session.xtx_decimal(row, at)).times(&coefficients[at]);
                Ratio::from(&session.xty_decimal(row)).minus(&sum((0..terms).map(entry))).reduced()
            };
            self.through_inverse(&(0..terms).map(score).collect::<Vec<_>>())
        };
        sessions.iter().map(of_session).collect()
    }

    /// (XᵀX)⁻¹ times a vector; empty of declared coefficients.
    pub fn through_inverse(&self, vector: &[Ratio]) -> Vec<Ratio> {
        let Way::Solved { solution, adjugate, .. } = &self.way else { return Vec::new() };
        let entry = |row: usize| {
            sum((vector.iter().enumerate())
                .map(|(at, value)| solution.inverse_entry(adjugate, row, at).times(value)))
        };
        (0..vector.len()).map(entry).collect()
    }

    /// `S/(S-1)·Σ v·vᵀ` over the S sessions.
    fn sandwich(&self, sessions: &[Normal]) -> Vec<Vec<Ratio>> {
        let terms = self.normal.terms();
        let influences = self.influences(sessions);
        let count = sessions.len() as u64;
        let entry = |row: usize, column: usize| {
            let sum = influences.iter().fold(Ratio::from(&Decimal::ZERO), |sum, influence| {
                sum.plus(&influence[row].times(&influence[column])).reduced()
            });
            let times = Ratio::new(sum.numerator() * IBig::from(count), sum.denominator().clone());
            times.divided_by_count(count - 1)
        };
        (0..terms).map(|row| (0..terms).map(|column| entry(row, column)).collect()).collect()
    }

    /// The sufficient statistics.
    pub fn normal(&self) -> &Normal {
        &self.normal
    }

    /// Rows less estimated coefficients.
    pub fn degrees_of_freedom(&self) -> u64 {
        match &self.way {
            Way::Solved { solution, .. } => solution.degrees_of_freedom(),
            Way::Declared(_) => self.normal.rows(),
        }
    }

    /// Whether the coefficients were declared.
    pub fn is_declared(&self) -> bool {
        matches!(self.way, Way::Declared(_))
    }

    /// Whether a covariance of sessions is wanted, and there is one session.
    pub fn is_of_one_session(&self) -> bool {
        matches!(self.way, Way::Solved { spread: Spread::Sessions(None), .. })
    }

    /// The form whose value is xᵀ(XᵀX)⁻¹x, none of declared coefficients, which do not vary.
    pub fn leverage(&self, model: &Model, columns: &[&Column]) -> Option<Leverage> {
        match &self.way {
            Way::Solved { solution, adjugate, .. } => {
                Some(Leverage::new(solution, adjugate, model.monomials(), columns))
            }
            Way::Declared(_) => None,
        }
    }

    /// The exact coefficient `b_j`.
    pub fn coefficient(&self, term: usize) -> Ratio {
        match &self.way {
            Way::Solved { solution, .. } => solution.coefficient(term),
            Way::Declared(coefficients) => Ratio::from(&coefficients[term]),
        }
    }

    /// RSS.
    pub fn rss(&self) -> Ratio {
        match &self.way {
            Way::Solved { solution, .. } => solution.residual_sum_of_squares(),
            Way::Declared(coefficients) => Ratio::from(&squares_about(&self.normal, coefficients)),
        }
    }

    /// s², none without degrees of freedom.
    pub fn variance(&self) -> Option<Ratio> {
        match &self.way {
            Way::Solved { solution, .. } => solution.residual_variance(),
            Way::Declared(_) => Some(self.rss().divided_by_count(self.normal.rows().max(1))),
        }
    }

    /// Entry (i, j) of the covariance of the coefficients, if it is defined.
    pub fn covariance(&self, row: usize, column: usize) -> Option<Ratio> {
        match &self.way {
            Way::Solved { solution, adjugate, spread: Spread::Rows } => {
                let variance = self.variance()?;
                Some(variance.times(&solution.inverse_entry(adjugate, row, column)))
            }
            Way::Solved { spread: Spread::Sessions(covariance), .. } => {
                self.variance()?;
                Some(covariance.as_ref()?[row][column].clone())
            }
            Way::Solved { spread: Spread::Unknown, .. } | Way::Declared(_) => None,
        }
    }

    /// Whether the target's squares are summed about its mean, and not about zero.
    pub fn is_about_mean(&self) -> bool {
        self.one.is_some()
    }

    /// R² = (SST - RSS)/SST, none if SST = 0.
    pub fn r_squared(&self) -> Option<Ratio> {
        let total = Ratio::from(&self.normal.yty_decimal());
        let total = match self.one {
            None => total,
            Some(one) => {
                let sum = Ratio::from(&self.normal.xty_decimal(one));
                total.minus(&sum.times(&sum).divided_by_count(self.normal.rows()))
            }
        };
        (!total.is_zero()).then(|| total.minus(&self.rss()).divided_by(&total))
    }
}

/// The sum of some fractions, in lowest terms.
pub(crate) fn sum(entries: impl Iterator<Item = Ratio>) -> Ratio {
    entries.fold(Ratio::from(&Decimal::ZERO), |sum, entry| sum.plus(&entry).reduced())
}

/// yᵀy - 2·bᵀXᵀy + bᵀXᵀXb.
fn squares_about(normal: &Normal, coefficients: &[Decimal]) -> Decimal {
    let mut sum = normal.yty_decimal();
    for (row, left) in coefficients.iter().enumerate() {
        let linear = left.times(&normal.xty_decimal(row));
        sum = sum.minus(&linear).minus(&linear);
        for (column, right) in coefficients.iter().enumerate() {
            sum = sum.plus(&left.times(right).times(&normal.xtx_decimal(row, column)));
        }
    }
    sum
}

/// Refuses systems whose solution would stall the machine (page 9).
///
/// # Errors
/// The system is beyond the limit.
pub fn check_work(normal: &Normal, folds: usize, work: &mut Work) -> Result<(), FitError> {
    use openweigh_exact::column::bit_length;
    let terms = normal.terms();
    // Hadamard: the determinant of a positive semidefinite matrix is at most its diagonal's product.
    let bits: usize = (0..terms).map(|term| bit_length(normal.xtx(term, term))).sum();
    work.solve(terms, bits, folds)
}

/// Refuses rows whose sums would stall or exhaust the machine (page 9), before they are begun.
///
/// # Errors
/// The sums are beyond the limit.
pub fn check_sums(
    model: &Model,
    readings: &Readings<'_>,
    folds: usize,
    work: &mut Work,
) -> Result<(), FitError> {
    let (rows, terms) = (readings.rows(), model.monomials().len());
    let target = readings.target().bits().div_ceil(64);
    let words = model.words(readings.inputs()) + target;
    work.sum(rows, terms, words)?;
    let kept = folds as u128 * (terms as u128 + 1) * words as u128;
    if kept > limits::FOLD_WORDS {
        return Err(FitError::TooManyFolds { terms, words, folds });
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
