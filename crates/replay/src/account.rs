//! How a single number came to be: each term exactly, the sum, the rounding.

use crate::ReplayError;
use openweigh_exact::{Column, Decimal, Fixed, Ratio, round};
use openweigh_fit::{Model, reading};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::table::Table;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::Weights;

/// A prediction, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The features and their values, in order.
    pub features: Vec<(ColumnName, Decimal)>,
    /// Each term's text, value and product with its coefficient.
    pub terms: Vec<TermAccount>,
    /// The exact sum of the products.
    pub sum: Decimal,
    /// The sum, rounded.
    pub predicted: Fixed,
}

/// One term of a prediction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermAccount {
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
) -> Result<Option<Account>, ReplayError> {
    let mut features = Vec::new();
    for name in weights.recipe.features() {
        reading::numbers(dataset, table, &name)?;
        match table.number(&name, row) {
            Some(value) => features.push((name, value)),
            None => return Ok(None),
        }
    }
    let single: Vec<(ColumnName, Column)> =
        features.iter().map(|(name, value)| (name.clone(), [value.clone()].into_iter().collect())).collect();
    let model = Model::new(&weights.recipe.model.terms);
    let columns = model.columns(|name| {
        let found = single.iter().find(|(own, _)| own == name);
        found.map(|(_, column)| column).expect("every feature was gathered above")
    });
    let terms: Vec<TermAccount> = (weights.terms.iter().zip(model.monomials()))
        .map(|(own, monomial)| {
            let value =
                (monomial.factors().iter()).fold(Decimal::from(1), |product, &(variable, exponent)| {
                    (0..exponent).fold(product, |product, _| times(&product, &columns[variable].value(0)))
                });
            let coefficient = own.coefficient.0.clone();
            let product = times(&coefficient, &value);
            TermAccount { term: own.term.to_string(), value, coefficient, product }
        })
        .collect();
    let sum = terms.iter().fold(Decimal::ZERO, |sum, term| sum.plus(&term.product));
    let predicted = round::to_places(&Ratio::from(&sum), weights.recipe.result.decimals);
    Ok(Some(Account { features, terms, sum, predicted }))
}

fn times(left: &Decimal, right: &Decimal) -> Decimal {
    Decimal::new(left.digits() * right.digits(), left.places() + right.places())
}
