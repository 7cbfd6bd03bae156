//! Residuals by load, by time and by place; uncertainty over load with errors of rows that were not fitted.

use super::Known;
use super::loads::{Load, expanded};
use super::plot::{Axis, MARKS, Plot, Points};
use super::table::{Table, missing};
use crate::observations::Observation;
use openweigh_exact::Decimal;
use openweigh_formats::recipe::Validation;
use openweigh_markup::html::Element;

/// Loads up to which the sessions stand side by side.
const ASIDE: usize = 30;

/// Rows that the table behind the pictures has.
const LISTED: usize = 500;

/// Sessions whose starts are marked.
const MARKED: usize = 12;

/// The pictures of the residuals, and the table behind them.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let mut inside = vec![by_load(known).figure(), by_time(known).figure()];
    inside.push(match by_place(known) {
        Some(plot) => plot.figure(),
        None => missing("Residuals by place: the weights do not read x and y."),
    });
    inside.push(rows(known));
    inside
}

fn error_axis(known: &Known<'_>) -> Axis {
    Axis { label: "error".to_owned(), unit: known.unit() }
}

/// The errors of each session, or of all rows where there are too many sessions to tell apart.
fn of_sessions(
    known: &Known<'_>,
    at: impl Fn(&Observation<'_>) -> Option<(Decimal, Decimal)>,
) -> Vec<Points> {
    let sessions = known.found.sessions.len();
    if !(2..=MARKS.len()).contains(&sessions) {
        let at = known.found.rows.iter().filter_map(at).collect();
        return vec![Points { name: String::new(), mark: 0, filled: false, aside: 0, at }];
    }
    let middle = i32::try_from(sessions).unwrap_or(0) - 1;
    let points = |(session, name): (usize, &String)| {
        let own = known.found.rows.iter().filter(|row| row.session == Some(session));
        let place = i32::try_from(session).unwrap_or(0);
        let aside = if known.loads.len() <= ASIDE { (2 * place - middle) * 4 } else { 0 };
        Points { name: name.clone(), mark: session, filled: false, aside, at: own.filter_map(&at).collect() }
    };
    known.found.sessions.iter().enumerate().map(points).collect()
}

fn by_load(known: &Known<'_>) -> Plot {
    let points = of_sessions(known, |row| Some((row.target.clone(), row.error.clone())));
    let caption = if points.len() > 1 {
        "Predicted less known, for each fitted row. Sessions stand side by side at each load."
    } else {
        "Predicted less known, for each fitted row."
    };
    Plot {
        title: format!("Residuals by {}", known.target()),
        caption: caption.to_owned(),
        x: Axis { label: known.target().to_owned(), unit: known.unit() },
        y: error_axis(known),
        points,
        band: None,
        line: None,
        groups: Vec::new(),
    }
}

fn by_time(known: &Known<'_>) -> Plot {
    let number = |at: usize| super::whole(u32::try_from(at + 1).unwrap_or(u32::MAX));
    let rows = &known.found.rows;
    let at = rows.iter().enumerate().map(|(at, row)| (number(at), row.error.clone())).collect();
    let mut groups = Vec::new();
    if (2..=MARKED).contains(&known.found.sessions.len()) {
        for (at, row) in rows.iter().enumerate() {
            if at == 0 || rows[at - 1].session != row.session {
                let name = row.session.and_then(|session| known.found.sessions.get(session));
                groups.push((number(at), name.cloned().unwrap_or_default()));
            }
        }
        // Sessions of a table may take turns.
        if groups.len() > MARKED {
            groups.clear();
        }
    }
    let caption = if groups.is_empty() {
        "The fitted rows in the order of the data."
    } else {
        "The fitted rows in the order of the data; dotted lines are where a session begins."
    };
    Plot {
        title: "Residuals by time".to_owned(),
        caption: caption.to_owned(),
        x: Axis { label: "number of the row".to_owned(), unit: Some(String::new()) },
        y: error_axis(known),
        points: vec![Points { name: String::new(), mark: 0, filled: false, aside: 0, at }],
        band: None,
        line: None,
        groups,
    }
}

fn by_place(known: &Known<'_>) -> Option<Plot> {
    let place = |name: &str| known.found.features.iter().position(|own| own.as_str() == name);
    let (x, y) = (place("x")?, place("y")?);
    known.weights.applies_to.pad.as_ref()?;
    let of = |negative: bool| {
        let own = known.found.rows.iter().filter(|row| (row.error < Decimal::ZERO) == negative);
        own.map(|row| (row.features[x].clone(), row.features[y].clone())).collect()
    };
    let points = |name: &str, mark: usize, negative: bool| Points {
        name: name.to_owned(),
        mark,
        filled: !negative,
        aside: 0,
        at: of(negative),
    };
    Some(Plot {
        title: "Residuals by place".to_owned(),
        caption: "Where on the pad each load lay, and whether it was predicted too high or too low."
            .to_owned(),
        x: Axis { label: "x, share of the width".to_owned(), unit: Some(String::new()) },
        y: Axis { label: "y, share of the height".to_owned(), unit: Some(String::new()) },
        points: vec![points("too high", 2, false), points("too low", 4, true)],
        band: None,
        line: None,
        groups: Vec::new(),
    })
}

/// Why there are no errors of rows that were not fitted.
pub(super) fn why_not_held_out(known: &Known<'_>) -> &'static str {
    if known.weights.recipe.fit.validation == Validation::None {
        "Held-out errors: the recipe has no validation."
    } else {
        "Held-out errors: some fold cannot be fitted, or the fits would be beyond the limits."
    }
}

/// U over the loads, with the errors of rows that were not fitted.
pub(super) fn held_out(known: &Known<'_>) -> Vec<Element> {
    let points = of_sessions(known, |row| Some((row.target.clone(), row.held_out.clone()?)));
    let points: Vec<Points> = points.into_iter().filter(|points| !points.at.is_empty()).collect();
    let ends = |load: &Load| {
        let own = expanded(load)?;
        let below = Decimal::ZERO.minus(&own);
        let end = |at: &Decimal| (at.clone(), below.clone(), own.clone());
        Some(if load.low == load.high { vec![end(&load.low)] } else { vec![end(&load.low), end(&load.high)] })
    };
    let band: Vec<_> = known.loads.iter().filter_map(ends).flatten().collect();
    if band.is_empty() && points.is_empty() {
        return vec![missing(why_not_held_out(known)), missing("U: the fit has no degrees of freedom.")];
    }
    let outside = known.found.rows.iter().filter(|row| is_outside(row)).count();
    let judged =
        known.found.rows.iter().filter(|row| row.held_out.is_some() && row.uncertain.is_some()).count();
    let mut caption = "The band is ±U of a new reading.".to_owned();
    if judged > 0 {
        let method = String::from(known.weights.recipe.fit.validation);
        caption.push_str(&format!(
            " Points are errors of rows predicted by fits that had not seen them ({method}): {outside} of {judged} lie outside U."
        ));
    }
    let plot = Plot {
        title: format!("Expanded uncertainty over {}", known.target()),
        caption,
        x: Axis { label: known.target().to_owned(), unit: known.unit() },
        y: error_axis(known),
        band: (!band.is_empty()).then(|| ("±U".to_owned(), band)),
        line: None,
        groups: Vec::new(),
        points,
    };
    let mut inside = vec![plot.figure()];
    if judged == 0 {
        inside.push(missing(why_not_held_out(known)));
    }
    inside
}

fn is_outside(row: &Observation<'_>) -> bool {
    let (Some(error), Some(uncertain)) = (&row.held_out, &row.uncertain) else { return false };
    error.clone().max(Decimal::ZERO.minus(error)) > uncertain.expanded.to_decimal()
}

/// The table behind the pictures, folded up.
fn rows(known: &Known<'_>) -> Element {
    let known_value = known.in_unit(known.target());
    let (predicted, error) = (known.in_unit("predicted"), known.in_unit("error"));
    let (expanded, held_out) = (known.in_unit("U"), known.in_unit("held-out error"));
    let mut table = Table::new([
        ("row", true),
        ("session", false),
        ("weighing", false),
        (known_value.as_str(), true),
        (predicted.as_str(), true),
        (error.as_str(), true),
        (expanded.as_str(), true),
        (held_out.as_str(), true),
    ]);
    let dash = || "–".to_owned();
    for (at, row) in known.found.rows.iter().enumerate().take(LISTED) {
        let session = row.session.and_then(|session| known.found.sessions.get(session));
        table.row([
            (at + 1).to_string(),
            session.cloned().unwrap_or_else(dash),
            row.weighing.map_or_else(dash, |own| own.id.to_string()),
            row.target.to_string(),
            row.predicted.to_string(),
            row.error.to_string(),
            row.uncertain.as_ref().map_or_else(dash, |own| own.expanded.to_string()),
            row.held_out.as_ref().map_or_else(dash, ToString::to_string),
        ]);
    }
    let total = known.found.rows.len();
    let words = if total > LISTED {
        format!("The first {LISTED} of {total} rows behind these pictures")
    } else {
        "The rows behind these pictures".to_owned()
    };
    Element::new("details").with(Element::new("summary").text(words)).with(table.element())
}
