//! The figures of the fit and of its validation.

use super::Known;
use super::loads::expanded;
use super::table::{Stated, Table, missing, paragraph};
use crate::characterise::{In, Quantity, characterise};
use openweigh_exact::round::brief;
use openweigh_exact::{Decimal, Ratio, fisher, root, round};
use openweigh_formats::count;
use openweigh_formats::weights::{About, RSquared, UndefinedQuantity};
use openweigh_markup::html::Element;

/// Degrees of freedom up to which a probability is computed.
const FREEDOM: u64 = 10_000;

/// Sessions that are listed one by one.
const LISTED: usize = 60;

/// The figures that are looked at first.
pub(super) fn tiles(known: &Known<'_>) -> Element {
    let mut tiles = Element::new("ul").attribute("class", "tiles");
    let mut add = |name: String, value: String, unit: Option<String>| {
        let mut shown = Element::new("span").attribute("class", "value").text(value);
        if let Some(unit) = unit {
            shown = shown.with(Element::new("span").attribute("class", "unit").text(format!(" {unit}")));
        }
        let name = Element::new("span").attribute("class", "name").text(name);
        let tile = Element::new("li").with(name).with(shown);
        tiles = std::mem::replace(&mut tiles, Element::new("ul")).with(tile);
    };
    if let (Some(first), Some(last)) = (known.loads.first(), known.loads.last()) {
        add(
            format!("calibrated {}", known.target()),
            format!("{} to {}", first.low, last.high),
            known.unit(),
        );
    }
    let largest =
        known.loads.iter().filter(|load| load.uncertain.is_some()).max_by_key(|load| expanded(load));
    if let Some(uncertain) = largest.and_then(|load| load.uncertain.as_ref()) {
        let coverage = known.weights.recipe.result.coverage.as_ref();
        let k = uncertain.budget.as_ref().map(|own| own.k.to_string()).or(coverage.map(ToString::to_string));
        let k = k.map_or_else(String::new, |k| format!(", k = {k}"));
        add(format!("largest U{k}"), uncertain.expanded.to_string(), known.unit());
    }
    let validation = known.weights.validation.as_ref().and_then(|own| own.rmse.as_ref());
    if let Some(rmse) = validation {
        add("held-out error, rms".to_owned(), brief(&rmse.0, 3), known.unit());
    }
    let rows = count::of(known.found.rows.len(), "row");
    let sessions = known.found.sessions.len();
    let sessions = if sessions == 0 { "a table".to_owned() } else { count::of(sessions, "session") };
    add("fitted".to_owned(), format!("{rows}, {sessions}"), None);
    tiles
}

/// The figures of the fit.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let weights = known.weights;
    let mut stated = Stated::default();
    let in_unit = known.unit().map_or_else(String::new, |unit| format!(" {unit}"));
    let or_why = |number: Option<String>, quantity: UndefinedQuantity| {
        number.unwrap_or_else(|| {
            let why = weights.undefined(quantity).map_or("", |reason| reason.words());
            format!("undefined: {why}")
        })
    };
    let sd = weights.residual_sd.as_ref().map(|own| format!("{}{in_unit}", brief(&own.0, 6)));
    stated.add("Residual standard deviation", or_why(sd, UndefinedQuantity::ResidualSd));
    stated.add("Degrees of freedom", format!("{} ({} rows)", weights.dof, weights.normal.n));
    let about = match &weights.r_squared {
        Some(RSquared::Second { about: About::Zero, .. }) => ", about zero",
        Some(RSquared::Second { about: About::Mean, .. }) => ", about the mean",
        _ => "",
    };
    let r_squared = weights.r_squared.as_ref().map(|own| format!("{}{about}", brief(&own.value().0, 9)));
    stated.add("R²", or_why(r_squared, UndefinedQuantity::RSquared));
    stated.add("Lack of fit", lack_of_fit(known));
    if let Some(own) = &weights.validation {
        let words = match (&own.rmse, &own.mean_error, &own.max_abs_error) {
            (Some(rmse), Some(mean), Some(largest)) => format!(
                "rms {}{in_unit}, mean {}{in_unit}, largest {}{in_unit} ({}, {})",
                brief(&rmse.0, 4),
                brief(&mean.0, 4),
                brief(&largest.0, 4),
                String::from(own.method),
                count::of(own.folds, "fold")
            ),
            _ => or_why(None, UndefinedQuantity::Validation),
        };
        stated.add("Held-out errors", words);
    }
    let mut inside = vec![stated.element()];
    inside.extend(of_instrument(known));
    inside
}

/// The figures of the instrument, and which are undefined.
fn of_instrument(known: &Known<'_>) -> Vec<Element> {
    let mut table = Table::new([
        ("figure", false),
        ("at", false),
        ("value", true),
        ("unit", false),
        ("degrees of freedom", true),
    ]);
    let mut undefined: Vec<(&str, Vec<String>)> = Vec::new();
    let unit = known.unit().unwrap_or_else(|| "not stated".to_owned());
    for figure in characterise(known.weights, known.found) {
        let name = figure.quantity.words().to_owned();
        match figure.values {
            Err(reason) => match undefined.iter_mut().find(|(own, _)| *own == reason.words()) {
                Some((_, names)) => names.push(name),
                None => undefined.push((reason.words(), vec![name])),
            },
            // It stands above.
            Ok(_) if figure.quantity == Quantity::LackOfFit => {}
            Ok(values) => values.into_iter().for_each(|own| {
                let unit = match own.unit {
                    In::Result => unit.clone(),
                    In::PercentOfSpan => "% of span".to_owned(),
                    In::One => "1".to_owned(),
                };
                let dof: Vec<String> = own.dof.iter().map(ToString::to_string).collect();
                table.row([name.clone(), own.at, own.value, unit, dof.join(", ")]);
            }),
        }
    }
    let mut inside = vec![Element::new("h3").text("Of the instrument"), table.element()];
    for (why, names) in undefined {
        inside.push(missing(format!("Undefined: {}. {}.", names.join(", "), sentence(why))));
    }
    inside
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn lack_of_fit(known: &Known<'_>) -> String {
    let Some(lack) = &known.found.lack_of_fit else {
        return "undefined: no load was repeated, or there are no more loads than terms".to_owned();
    };
    let statistic = round::to_digits(&lack.statistic, 5);
    let p = if lack.above.max(lack.below) > FREEDOM {
        format!("p is not computed beyond {FREEDOM} degrees of freedom")
    } else {
        format!("p = {}", fisher::upper_tail(&lack.statistic, lack.above, lack.below))
    };
    format!("F = {statistic} on {} and {} degrees of freedom, {p}", lack.above, lack.below)
}

/// The held-out errors of each session.
pub(super) fn by_session(known: &Known<'_>) -> Vec<Element> {
    if known.found.sessions.len() < 2 {
        return vec![missing("The data have no two sessions.")];
    }
    if known.found.rows.iter().all(|row| row.held_out.is_none()) {
        return vec![missing(super::residuals::why_not_held_out(known))];
    }
    let decimals = known.decimals();
    let (mean, rms, largest) = (known.in_unit("mean"), known.in_unit("rms"), known.in_unit("largest"));
    let mut table = Table::new([
        ("session", false),
        ("n", true),
        (mean.as_str(), true),
        (rms.as_str(), true),
        (largest.as_str(), true),
    ]);
    for (at, name) in known.found.sessions.iter().enumerate().take(LISTED) {
        let own = known.found.rows.iter().filter(|row| row.session == Some(at));
        let errors: Vec<&Decimal> = own.filter_map(|row| row.held_out.as_ref()).collect();
        let n = errors.len() as u64;
        if n == 0 {
            continue;
        }
        let sum = errors.iter().fold(Decimal::ZERO, |sum, error| sum.plus(error));
        let squares = errors.iter().fold(Decimal::ZERO, |sum, error| sum.plus(&error.times(error)));
        let size = errors.iter().map(|error| (*error).clone().max(Decimal::ZERO.minus(error))).max();
        table.row([
            name.clone(),
            n.to_string(),
            round::to_places(&Ratio::from(&sum).divided_by_count(n), decimals).to_string(),
            root::to_places(&Ratio::from(&squares).divided_by_count(n), decimals).to_string(),
            round::to_places(&Ratio::from(&size.unwrap_or(Decimal::ZERO)), decimals).to_string(),
        ]);
    }
    let method = String::from(known.weights.recipe.fit.validation);
    let mut inside = vec![
        paragraph(format!("Errors of predictions by fits that had not seen the row ({method}).")),
        table.element(),
    ];
    if known.found.sessions.len() > LISTED {
        inside.push(paragraph(format!("The first {LISTED} of {} sessions.", known.found.sessions.len())));
    }
    inside
}
