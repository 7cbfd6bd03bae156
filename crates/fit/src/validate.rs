//! Validation: refit without each fold, predict the fold as a user of those weights would (4.5).
//!
//! Exact sums form a group, so a fold's fit is the whole's statistics minus the fold's: no pass over
//! the data for it, and no rounding that a pass would have made differently.

use crate::figures::ErrorFigures;
use crate::model::Model;
use crate::reading::Readings;
use openweigh_exact::{Column, Decimal, LinearForm, Normal, Solution, round};
use openweigh_formats::recipe::{Recipe, Validation};

/// What validation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The errors on rows that were not fitted.
    Errors(ErrorFigures),
    /// Some fold's remaining rows do not determine the coefficients.
    RankDeficient,
}

/// Judges the recipe's fit on each fold in turn, on so many threads.
///
/// # Panics
/// If a thread panicked.
pub fn validate(
    recipe: &Recipe,
    readings: &Readings<'_>,
    whole: &Normal,
    folds: &[Normal],
    threads: usize,
) -> Verdict {
    let model = Model::of(recipe);
    let of_fold = |fold: usize| errors_of_fold(recipe, readings, &model, whole, folds, fold);
    let share = folds.len().div_ceil(threads.max(1)).max(1);
    let of_share = |start: usize| -> Option<ErrorFigures> {
        (start..folds.len().min(start + share))
            .try_fold(ErrorFigures::default(), |sum, fold| Some(sum.plus(&of_fold(fold)?)))
    };
    let starts: Vec<usize> = (0..folds.len()).step_by(share).collect();
    let shares: Option<Vec<ErrorFigures>> = std::thread::scope(|scope| {
        let (first, others) = starts.split_first()?;
        let running: Vec<_> = others.iter().map(|&start| scope.spawn(move || of_share(start))).collect();
        let own = of_share(*first);
        let rest = running.into_iter().map(|thread| thread.join().expect("a share does not panic"));
        [own].into_iter().chain(rest).collect()
    });
    match shares {
        Some(shares) => {
            Verdict::Errors(shares.iter().fold(ErrorFigures::default(), |sum, part| sum.plus(part)))
        }
        None => Verdict::RankDeficient,
    }
}

fn errors_of_fold(
    recipe: &Recipe,
    readings: &Readings<'_>,
    model: &Model,
    whole: &Normal,
    folds: &[Normal],
    fold: usize,
) -> Option<ErrorFigures> {
    let solution = Solution::of(whole.minus(&folds[fold])).ok()?;
    let coefficients: Vec<Decimal> = (0..whole.terms())
        .map(|term| round::to_digits(&solution.coefficient(term), recipe.fit.digits))
        .collect();
    let rows: Vec<usize> = if recipe.fit.validation == Validation::LeaveOneSessionOut {
        readings.sessions()[fold].iter().cloned().flatten().collect()
    } else {
        (fold..readings.rows()).step_by(folds.len()).collect()
    };
    let parts = rows.chunks(model.rows_at_once());
    let figures = parts.map(|rows| errors_of(recipe, &readings.chosen(rows), model, &coefficients));
    Some(figures.fold(ErrorFigures::default(), |sum, part| sum.plus(&part)))
}

fn errors_of(
    recipe: &Recipe,
    readings: &Readings<'_>,
    model: &Model,
    coefficients: &[Decimal],
) -> ErrorFigures {
    let columns = model.columns(readings.inputs());
    let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
    let form = LinearForm { coefficients, terms: model.monomials(), decimals: recipe.result.decimals };
    let predicted = form.predict(&columns, 0..readings.rows());
    ErrorFigures::of(&predicted.minus(readings.target()))
}
