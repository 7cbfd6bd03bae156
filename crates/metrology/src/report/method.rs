//! How the weights were fitted, and a picture of it.

use super::Known;
use super::plot::{Axis, Plot, Points};
use super::table::{Stated, missing};
use openweigh_exact::{Column, Decimal, LinearForm, Ratio, round};
use openweigh_fit::{Inputs, Model};
use openweigh_formats::reading::{Per, Reading};
use openweigh_formats::recipe::{Direction, Estimator, Tare};
use openweigh_formats::weights::Weights;
use openweigh_markup::html::Element;
use std::borrow::Cow;

/// Points of a drawn curve.
const POINTS: u32 = 64;

/// The model as a formula.
pub(super) fn formula(weights: &Weights) -> String {
    let model = &weights.recipe.model;
    let term = |(at, term): (usize, &openweigh_formats::term::Term)| {
        let number: String = at.to_string().chars().map(subscript).collect();
        if term.is_one() { format!("b{number}") } else { format!("b{number} · {term}") }
    };
    let terms: Vec<String> = model.terms.iter().enumerate().map(term).collect();
    format!("{} = {}", model.target, terms.join(" + "))
}

fn subscript(digit: char) -> char {
    digit.to_digit(10).and_then(|own| char::from_u32(0x2080 + own)).unwrap_or(digit)
}

fn reading(reading: &Reading) -> String {
    let per = match reading.per {
        Per::Weighing => "one reading a weighing",
        Per::Frame => "one reading a frame",
    };
    let statistic = String::from(reading.statistic.clone());
    format!(
        "{per}: {statistic} of the frames from {} s on, to {} decimals",
        reading.settle_s, reading.decimals
    )
}

/// The recipe in words.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let recipe = &known.weights.recipe;
    let mut stated = Stated::default();
    stated.add("Recipe", recipe.name.to_string());
    stated.add(
        "Estimator",
        match recipe.fit.estimator {
            Estimator::Ols => "ordinary least squares, exact, each coefficient rounded once",
            Estimator::Declared => "none: the coefficients are declared",
        },
    );
    stated.add(
        "Direction",
        match recipe.model.direction {
            Some(Direction::Forward) => "forward: readings are fitted on known values, and inverted",
            _ => "inverse: known values are fitted on readings",
        },
    );
    if let Some(own) = &recipe.reading {
        stated.add("Readings", reading(own));
    }
    stated.add(
        "Tare",
        match recipe.model.tare {
            Tare::None => "none is subtracted",
            Tare::Signal => "the tare's reading is subtracted from the load's",
            Tare::Model => "the tare's term values are subtracted from the load's",
        },
    );
    stated.add("Validation", String::from(recipe.fit.validation));
    let (mut up, mut down) = (0, 0);
    for details in known.found.rows.iter().filter_map(|row| row.weighing?.details.as_ref()) {
        match details.direction {
            Some(openweigh_formats::weighings::Direction::Up) => up += 1,
            Some(openweigh_formats::weighings::Direction::Down) => down += 1,
            None => {}
        }
    }
    stated.add(
        "Order of loads",
        if up + down == 0 { "not stated".to_owned() } else { format!("{up} upwards, {down} downwards") },
    );
    vec![stated.element()]
}

/// The known values over the readings, with the fitted curve.
pub(super) fn picture(known: &Known<'_>) -> Vec<Element> {
    let weights = known.weights;
    let [feature] = known.found.features.as_slice() else {
        let count = known.found.features.len();
        return vec![missing(format!("A curve over the readings: the model has {count} features, not one."))];
    };
    let tare = weights.recipe.model.tare;
    let of = |column: usize| weights.applies_to.columns.get(column).and_then(|own| own.unit.as_ref());
    let points = known.found.rows.iter().map(|row| (row.features[0].clone(), row.target.clone()));
    let less = match tare {
        Tare::Signal => ", less the tare",
        _ => "",
    };
    let line = (tare != Tare::Model).then(|| curve(weights)).flatten();
    let caption = if line.is_some() {
        "Each point is a fitted row; the line is the published formula over the calibrated range."
    } else {
        "Each point is a fitted row. The formula subtracts the terms of each load's tare, so it is no curve here."
    };
    let plot = Plot {
        title: format!("The known {} over the reading", known.target()),
        caption: caption.to_owned(),
        x: Axis { label: format!("{feature}{less}"), unit: of(1).map(ToString::to_string) },
        y: Axis { label: known.target().to_owned(), unit: of(0).map(ToString::to_string) },
        points: vec![Points {
            name: "fitted rows".to_owned(),
            mark: 0,
            filled: false,
            aside: 0,
            at: points.collect(),
        }],
        band: None,
        line: line.map(|line| ("fitted curve".to_owned(), line)),
        groups: Vec::new(),
    };
    vec![plot.figure()]
}

/// The published formula between the ends of the range.
fn curve(weights: &Weights) -> Option<Vec<(Decimal, Decimal)>> {
    let range = weights.range.first()?;
    let (low, span) = (&range.min.0, range.max.0.minus(&range.min.0));
    let at = |part: u32| {
        let share = Ratio::from(&span.times(&super::whole(part))).divided_by_count(POINTS.into());
        low.plus(&round::to_digits(&share, 6))
    };
    let grid: Vec<Decimal> = (0..=POINTS).map(at).collect();
    let rows = grid.len();
    let column: Column = grid.iter().cloned().collect();
    let zero: Column = grid.iter().map(|_| Decimal::ZERO).collect();
    let features = [Cow::Owned(column)];
    let tares = (weights.recipe.model.tare != Tare::None).then(|| vec![zero]);
    let model = Model::of(&weights.recipe);
    let columns = model.columns(Inputs { features: &features, tares: tares.as_deref(), rows });
    let columns: Vec<&Column> = columns.iter().map(AsRef::as_ref).collect();
    let coefficients = weights.coefficients();
    // More places than results have, so that the curve has no steps.
    let decimals = weights.recipe.result.decimals + 3;
    let form = LinearForm { coefficients: &coefficients, terms: model.monomials(), decimals };
    let predicted = form.predict(&columns, 0..rows);
    Some(grid.into_iter().zip(predicted.values()).collect())
}
