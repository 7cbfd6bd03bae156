//! The longest terms that the format allows, on few rows: minutes of work and gigabytes of integers, refused
//! before they are begun.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_dataset::Data;
use openweigh_fit::{FitError, Header, Training, fit};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::number::{Number, Sum};
use openweigh_formats::recipe::Validation;
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::term::Term;
use openweigh_formats::weights::{Coefficient, ColumnUnit, FeatureRange, NormalText, Weights};
use openweigh_formats::{Digest, canonical};
use openweigh_replay::{Predictor, ReplayError};

/// Eight features and a target, each cell with as many decimals as a number may have.
fn wide(rows: usize) -> (Dataset, Table) {
    let mut dataset: Dataset =
        canonical::read(include_bytes!("../../../datasets/nist-noint1/dataset.json")).unwrap();
    let feature = dataset.columns.pop().unwrap();
    for at in 0..8 {
        let mut column = feature.clone();
        column.name = format!("x{at}").parse().unwrap();
        dataset.columns.push(column);
    }
    let mut reader = TableReader::new(dataset.columns.iter().map(|column| (&column.name, true)));
    let mut state = 1u64;
    let mut cell = || {
        let digit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(b"123456789"[usize::try_from(state >> 33).unwrap() % 9])
        };
        format!("0.{}", std::iter::repeat_with(digit).take(126).collect::<String>())
    };
    let mut text = "y,x0,x1,x2,x3,x4,x5,x6,x7\n".to_owned();
    for _ in 0..rows {
        let cells: Vec<String> = (0..9).map(|_| cell()).collect();
        text.push_str(&(cells.join(",") + "\n"));
    }
    reader.feed(text.as_bytes()).unwrap();
    (dataset, reader.finish().unwrap())
}

/// The constant and 63 products of eleventh and twelfth powers.
fn long_terms() -> Vec<Term> {
    let product = |bits: usize| {
        let power = |at: usize| format!("x{at}^{}", 11 + (bits >> at & 1));
        (0..8).map(power).collect::<Vec<_>>().join("*").parse().unwrap()
    };
    ["1".parse().unwrap()].into_iter().chain((1..64).map(product)).collect()
}

/// Weights of those terms, from statistics that data might have.
fn weights() -> Weights {
    let number = |text: &str| Number(text.parse().unwrap());
    let mut weights: Weights =
        canonical::read(include_bytes!("../../../artifacts/weights/nist-noint1-1.0.0.json")).unwrap();
    let terms = long_terms();
    let entry = |row, column| match (row, column) {
        (0, 0) => "100",
        _ if row == column => "1",
        _ => "0",
    };
    let sum = |text: &str| Sum(text.parse().unwrap());
    let row = |row| (0..64).map(|column| sum(entry(row, column))).collect();
    weights.normal =
        NormalText { n: 100, xtx: (0..64).map(row).collect(), xty: vec![sum("0"); 64], yty: sum("1") };
    weights.recipe.model.terms = terms.clone();
    weights.recipe.fit.validation = Validation::None;
    let coefficient = |term| Coefficient { term, coefficient: number("1"), standard_error: None };
    weights.terms = terms.into_iter().map(coefficient).collect();
    let features = weights.recipe.features();
    let range = |feature| FeatureRange { feature, min: number("0"), max: number("1") };
    weights.range = features.iter().cloned().map(range).collect();
    let names = [weights.recipe.model.target.clone()].into_iter().chain(features);
    weights.applies_to.columns = names.map(|name| ColumnUnit { name, unit: None }).collect();
    weights
}

#[test]
fn a_fit_that_would_take_minutes_is_refused_at_once() {
    let (dataset, table) = wide(800);
    let weights = weights();
    let sha256 = Digest::of(b"");
    let training = [Training { dataset: &dataset, sha256: &sha256, data: Data::Table(&table) }];
    let error = fit(Header::of(&weights), &weights.recipe, &training, 1).unwrap_err();
    assert!(matches!(error, FitError::TooManyRows { rows: 800, terms: 64, .. }), "{error}");

    let (dataset, table) = wide(90);
    let mut recipe = weights.recipe.clone();
    recipe.fit.validation = Validation::KFold(80);
    let training = [Training { dataset: &dataset, sha256: &sha256, data: Data::Table(&table) }];
    let error = fit(Header::of(&weights), &recipe, &training, 1).unwrap_err();
    assert!(matches!(error, FitError::TooManyFolds { terms: 64, folds: 80, .. }), "{error}");
}

#[test]
fn a_replay_that_would_take_minutes_is_refused_at_once() {
    let (dataset, table) = wide(400);
    let weights = weights();
    let predictor = Predictor::new(&weights).unwrap();
    let error = predictor.lines::<ReplayError>(&dataset, Data::Table(&table), 1, |_| Ok(())).unwrap_err();
    assert!(matches!(error, ReplayError::Fit(FitError::TooManyRows { rows: 400, .. })), "{error}");
    // A few such rows are no matter.
    let (dataset, table) = wide(2);
    predictor.lines::<ReplayError>(&dataset, Data::Table(&table), 1, |_| Ok(())).unwrap();
}
