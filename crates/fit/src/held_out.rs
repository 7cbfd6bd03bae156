//! What each fitted row is predicted to be by a fit that has not seen it (4.5): the rows behind the figures of a
//! validation.

use crate::FitError;
use crate::estimate::{check_sums, check_work};
use crate::model::Model;
use crate::reading::Readings;
use crate::weigh::{folds, normals, of_sessions};
use crate::work::Work;
use openweigh_exact::{Column, Decimal, LinearForm, Solution, round};
use openweigh_formats::recipe::{Recipe, Validation};

/// The predictions of the fitted rows, each by the fit without its fold; none without a validation, and none where some
/// fold's remaining rows do not determine the coefficients.
///
/// # Errors
/// The recipe's validation does not go with the data, or the work is beyond the limits.
pub fn held_out(
    recipe: &Recipe,
    readings: &Readings<'_>,
    threads: usize,
    work: &mut Work,
) -> Result<Option<Vec<Decimal>>, FitError> {
    if recipe.fit.validation == Validation::None {
        return Ok(None);
    }
    let count = folds(recipe, readings)?;
    let model = Model::of(recipe);
    check_sums(&model, readings, count, work)?;
    let by_session = recipe.fit.validation == Validation::LeaveOneSessionOut;
    let parts = if by_session {
        of_sessions(recipe, readings, threads)
    } else {
        normals(recipe, readings, 0..readings.rows(), count, threads)
    };
    let whole = parts.iter().skip(1).fold(parts[0].clone(), |sum, part| sum.plus(part));
    check_work(&whole, count, work)?;
    let mut predicted = vec![Decimal::ZERO; readings.rows()];
    for (fold, part) in parts.iter().enumerate() {
        let Ok(solution) = Solution::of(whole.minus(part)) else { return Ok(None) };
        let coefficients: Vec<Decimal> = (0..whole.terms())
            .map(|term| round::to_digits(&solution.coefficient(term), recipe.fit.digits))
            .collect();
        let rows: Vec<usize> = if by_session {
            readings.sessions()[fold].iter().cloned().flatten().collect()
        } else {
            (fold..readings.rows()).step_by(count).collect()
        };
        for rows in rows.chunks(model.rows_at_once()) {
            let chosen = readings.chosen(rows);
            let columns = model.columns(chosen.inputs());
            let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
            let decimals = recipe.result.decimals;
            let form = LinearForm { coefficients: &coefficients, terms: model.monomials(), decimals };
            for (row, value) in rows.iter().zip(form.predict(&columns, 0..chosen.rows()).values()) {
                predicted[*row] = value;
            }
        }
    }
    Ok(Some(predicted))
}
