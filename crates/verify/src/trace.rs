//! How a single number came to be: each term exactly, the sum, the rounding.

pub mod coefficient;

use openweigh_dataset::SessionReadings;
use openweigh_exact::{Column, Decimal, Fixed, Ratio, round};
use openweigh_fit::{Inputs, Model, reading};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::table::Table;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::Weights;
use openweigh_replay::{Predictor, ReplayError, Uncertain};
use std::borrow::Cow;

/// A prediction, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// The features and their values, in order.
    pub features: Vec<(ColumnName, Decimal)>,
    /// The same of the tare that is subtracted, of a weighing that has one.
    pub tare: Vec<(ColumnName, Decimal)>,
    /// Each term's text, value and product with its coefficient.
    pub terms: Vec<TermTrace>,
    /// The exact sum of the products.
    pub sum: Decimal,
    /// The sum, rounded.
    pub predicted: Fixed,
    /// The uncertainty of the prediction, if the weights state one.
    pub uncertain: Option<Uncertain>,
}

/// One term of a prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermTrace {
    /// The term.
    pub term: String,
    /// Its exact value.
    pub value: Decimal,
    /// The published coefficient.
    pub coefficient: Decimal,
    /// Value times coefficient, exactly.
    pub product: Decimal,
}

/// Takes the prediction of a row apart; none if the row lacks a feature.
///
/// # Errors
/// The dataset lacks a feature's column.
pub fn of_row(
    weights: &Weights,
    dataset: &Dataset,
    table: &Table,
    row: usize,
) -> Result<Option<Trace>, ReplayError> {
    let mut features = Vec::new();
    for name in weights.recipe.features() {
        reading::numbers(dataset, table, &name)?;
        match table.number(&name, row) {
            Some(value) => features.push((name, value)),
            None => return Ok(None),
        }
    }
    let single = |value: &Decimal| -> Column { [value.clone()].into_iter().collect() };
    let columns: Vec<Cow<'_, Column>> = features.iter().map(|(_, value)| Cow::Owned(single(value))).collect();
    Ok(Some(of_inputs(weights, features, Inputs { features: &columns, tares: None, rows: 1 })))
}

/// Takes the grams of a weighing apart; none if it has none. The features are the load's own reading, the
/// terms are what is left of them after the tare.
pub fn of_weighing(
    weights: &Weights,
    sessions: &[SessionReadings],
    session: &str,
    weighing: &str,
) -> Option<Trace> {
    let one = sessions.iter().find(|one| one.session.id.as_str() == session)?;
    let at = one.weighings.iter().position(|own| own.id.as_str() == weighing)?;
    let chunk = one.chunks.first()?;
    let row = chunk.keys.iter().position(|key| key.weighing == Some(at) && key.complete && key.tared)?;
    let only = |column: &Column| column.slice(row..row + 1);
    let columns: Vec<Cow<'_, Column>> =
        chunk.features.iter().map(|column| Cow::Owned(only(column))).collect();
    let tares: Option<Vec<Column>> = chunk.tares.as_ref().map(|tares| tares.iter().map(only).collect());
    let features =
        weights.recipe.features().into_iter().zip(columns.iter().map(|column| column.value(0))).collect();
    Some(of_inputs(weights, features, Inputs { features: &columns, tares: tares.as_deref(), rows: 1 }))
}

fn of_inputs(weights: &Weights, features: Vec<(ColumnName, Decimal)>, inputs: Inputs<'_>) -> Trace {
    let model = Model::of(&weights.recipe);
    let columns = model.columns(inputs);
    let terms: Vec<TermTrace> = (weights.terms.iter().zip(model.monomials()))
        .map(|(own, monomial)| {
            let value =
                (monomial.factors().iter()).fold(Decimal::from(1), |product, &(variable, exponent)| {
                    (0..exponent).fold(product, |product, _| product.times(&columns[variable].value(0)))
                });
            let coefficient = own.coefficient.0.clone();
            let product = coefficient.times(&value);
            TermTrace { term: own.term.to_string(), value, coefficient, product }
        })
        .collect();
    let sum = terms.iter().fold(Decimal::ZERO, |sum, term| sum.plus(&term.product));
    let predicted = round::to_places(&Ratio::from(&sum), weights.recipe.result.decimals);
    let uncertain = Predictor::new(weights).ok().and_then(|predictor| {
        let all = predictor.uncertainties(inputs, &predictor.predict(inputs))?;
        all.into_iter().next()
    });
    let subtracted = inputs.tares.unwrap_or_default().iter().map(|column| column.value(0));
    let tare = features.iter().map(|(name, _)| name.clone()).zip(subtracted).collect();
    Trace { features, tare, terms, sum, predicted, uncertain }
}
