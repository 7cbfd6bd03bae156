//! What a table holds over a block of rows: features against the fitted range, and the target.

use openweigh_exact::column::Integers;
use openweigh_exact::decimal::power_of_ten;
use openweigh_exact::{Column, Decimal, IBig};
use openweigh_formats::table::Table;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::Weights;
use std::ops::Range;

/// A feature's values over a block, and where they are missing or outside the fitted range.
pub(super) struct Feature {
    pub(super) values: Column,
    missing: Vec<usize>,
    low: IBig,
    high: IBig,
}

impl Feature {
    pub(super) fn of(weights: &Weights, table: &Table, name: &ColumnName, rows: &Range<usize>) -> Self {
        let (column, missing) = table.numbers(name).expect("checked before the blocks");
        let range = weights.range.iter().find(|range| &range.feature == name);
        let range = range.expect("weights have a range for each feature");
        let values = column.slice(rows.clone());
        let (low, high) = (bound(&range.min.0, &values, true), bound(&range.max.0, &values, false));
        Self { values, missing: within(missing, rows), low, high }
    }

    pub(super) fn is_missing(&self, at: usize) -> bool {
        self.missing.binary_search(&at).is_ok()
    }

    pub(super) fn is_outside(&self, at: usize) -> bool {
        is_outside(&self.values, at, &self.low, &self.high)
    }

    pub(super) fn write(&self, at: usize, out: &mut Vec<u8>) {
        if !self.is_missing(at) {
            self.values.write_canonical(at, out);
        }
    }
}

/// Whether a value of a column, as its scaled integer, is not between two bounds.
pub fn is_outside(column: &Column, at: usize, low: &IBig, high: &IBig) -> bool {
    match column.integers() {
        Integers::Narrow(values) => {
            let value = IBig::from(values[at]);
            value < *low || value > *high
        }
        Integers::Wide(values) => values[at] < *low || values[at] > *high,
    }
}

/// The least (greatest) scaled integer of the column's places that is not below (above) `limit`.
pub fn bound(limit: &Decimal, column: &Column, least: bool) -> IBig {
    let places = column.places();
    if places >= limit.places() {
        return limit.scaled_to(places);
    }
    let power = IBig::from(power_of_ten(limit.places() - places));
    let quotient = limit.digits() / &power;
    let inexact = &quotient * &power != *limit.digits();
    // Division truncates towards zero, which is already right for one of the two directions.
    let negative = *limit.digits() < IBig::ZERO;
    match (least, negative) {
        (true, false) if inexact => quotient + IBig::ONE,
        (false, true) if inexact => quotient - IBig::ONE,
        _ => quotient,
    }
}

/// Rows of a range, counted from its start.
fn within(sorted: &[usize], rows: &Range<usize>) -> Vec<usize> {
    let start = sorted.partition_point(|&row| row < rows.start);
    let end = sorted.partition_point(|&row| row < rows.end);
    sorted[start..end].iter().map(|row| row - rows.start).collect()
}

/// The target over a block, if the dataset has it.
pub(super) struct Target(Option<(Column, Vec<usize>)>);

impl Target {
    pub(super) fn of(weights: &Weights, table: &Table, rows: &Range<usize>) -> Self {
        let column = table.numbers(&weights.recipe.model.target);
        Self(column.map(|(values, missing)| (values.slice(rows.clone()), within(missing, rows))))
    }

    pub(super) fn value(&self, at: usize) -> Option<Decimal> {
        let (values, missing) = self.0.as_ref()?;
        missing.binary_search(&at).is_err().then(|| values.value(at))
    }
}
