//! Weights, recipes and datasets in words and columns.

use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone, padded};
use openweigh_exact::round::brief;
use openweigh_exact::{Decimal, Ratio, round};
use openweigh_formats::Digest;
use openweigh_formats::count;
use openweigh_formats::shown::{plain, quoted};
use openweigh_formats::text::Unit;
use openweigh_formats::weights::{RSquared, UndefinedQuantity, Weights};
use openweigh_ledger::Written;
use std::fmt::Display;
use std::path::Path;

/// What writing a file did, and its digest.
pub(crate) fn written(
    path: &Path,
    written: Written,
    digest: &Digest,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let path = place::shown(path);
    let text = match written {
        Written::New => format!("wrote {path}"),
        Written::Same => format!("unchanged: {path} is there already, byte for byte the same"),
        Written::Replaced => format!("replaced {path}"),
    };
    screen.line(&text)?;
    screen.line(&screen.tone(Tone::Faint, &format!("  sha256 {digest}")))
}

/// The command to type next.
pub(crate) fn next(command: &str, screen: &mut Screen) -> Result<(), Failure> {
    screen.command(&format!("next: openweigh {command}"))
}

/// The heading of a file: its name, its version, and in quotation marks what it calls itself.
pub(crate) fn title(name: impl Display, version: impl Display, title: impl ToString) -> String {
    format!("{name} {version}: {}", quoted(&title.to_string()))
}

/// The preset to propose: of weighings that are all tared, the constant term cancels.
pub(crate) fn preset(tared: bool) -> &'static str {
    if tared { "proportional" } else { "affine" }
}

/// A text of several lines, set in.
pub(crate) fn text(text: &str, screen: &mut Screen) -> Result<(), Failure> {
    text.lines().try_for_each(|line| screen.line(format!("  {line}").trim_end()))
}

fn in_unit(unit: Option<&Unit>) -> String {
    unit.map_or_else(String::new, |unit| format!(" {unit}"))
}

/// A table: columns as wide as they need to be, numbers to the right where `right` says so.
pub(crate) fn table(rows: &[Vec<String>], right: &[bool], screen: &mut Screen) -> Result<(), Failure> {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let width = |cell: Option<&String>| cell.map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> = (0..right.len())
        .map(|column| rows.iter().map(|row| width(row.get(column))).max().unwrap_or(0))
        .collect();
    for (at, row) in rows.iter().enumerate() {
        let cells: Vec<String> = (row.iter().zip(&widths).zip(right))
            .map(|((cell, &width), &right)| {
                if right {
                    format!("{}{cell}", padded("", width.saturating_sub(cell.chars().count())))
                } else {
                    padded(cell, width)
                }
            })
            .collect();
        let filled = row.iter().rposition(|cell| !cell.is_empty()).map_or(0, |at| at + 1);
        let cells = &cells[..filled.min(cells.len())];
        // Nothing is put after the last cell.
        let last = |at: usize| at + 1 == filled && !right.get(at).copied().unwrap_or(false);
        let cells: Vec<&str> = (cells.iter().enumerate())
            .map(|(at, cell)| if last(at) { row[at].as_str() } else { cell })
            .collect();
        let line = format!("  {}", cells.join("  "));
        let line = line.as_str();
        screen.line(&if at == 0 { screen.tone(Tone::Faint, line) } else { line.to_owned() })?;
    }
    Ok(())
}

/// Weights for people: formula, coefficients with uncertainties, how good, over which range.
pub(crate) fn weights(weights: &Weights, screen: &mut Screen) -> Result<(), Failure> {
    let model = &weights.recipe.model;
    let unit = in_unit(weights.recipe.result.unit.as_ref());
    screen.line(&screen.tone(Tone::Strong, &title(&weights.name, &weights.version, &weights.title)))?;
    let formula: Vec<String> = (model.terms.iter().enumerate())
        .map(|(at, term)| if term.is_one() { format!("b{at}") } else { format!("b{at}·{term}") })
        .collect();
    screen.line(&format!("  {} = {}", model.target, formula.join(" + ")))?;
    let mut rows =
        vec![["", "term", "coefficient", "standard error", "relative"].map(str::to_owned).to_vec()];
    for (at, term) in weights.terms.iter().enumerate() {
        let error = term.standard_error.as_ref().map(|number| &number.0);
        rows.push(vec![
            format!("b{at}"),
            term.term.to_string(),
            term.coefficient.to_string(),
            error.map_or_else(|| "undefined".to_owned(), |error| brief(error, 3)),
            error.map_or_else(String::new, |error| relative(error, &term.coefficient.0)),
        ]);
    }
    table(&rows, &[false, false, false, true, true], screen)?;
    let undefined = |quantity| {
        let reason = weights.undefined(quantity);
        reason.map_or_else(String::new, |reason| format!("undefined: {}", reason.words()))
    };
    let or_why = |number: Option<&openweigh_formats::number::Number>, quantity| {
        number.map_or_else(|| undefined(quantity), ToString::to_string)
    };
    let sd = or_why(weights.residual_sd.as_ref(), UndefinedQuantity::ResidualSd);
    screen.line(&format!(
        "  residual sd {sd}{}, {}, {}",
        if weights.residual_sd.is_some() { unit.as_str() } else { "" },
        count::of(weights.normal.n, "row"),
        count::of(weights.dof, "degree of freedom")
    ))?;
    let r_squared = or_why(weights.r_squared.as_ref().map(RSquared::value), UndefinedQuantity::RSquared);
    screen.line(&format!("  R² {r_squared}"))?;
    if let Some(figures) = &weights.validation {
        let method = String::from(figures.method);
        let number = |number: &Option<openweigh_formats::number::Number>| {
            number
                .as_ref()
                .map_or_else(|| undefined(UndefinedQuantity::Validation), |number| brief(&number.0, 6))
        };
        let (rmse, mean, largest) =
            (number(&figures.rmse), number(&figures.mean_error), number(&figures.max_abs_error));
        screen.line(&format!("  {method}: rmse {rmse}, mean error {mean}, largest error {largest}"))?;
    }
    for range in &weights.range {
        let column = weights.applies_to.columns.iter().find(|column| column.name == range.feature);
        let unit = in_unit(column.and_then(|column| column.unit.as_ref()));
        screen.line(&format!("  valid for {} from {} to {}{unit}", range.feature, range.min, range.max))?;
    }
    Ok(())
}

/// A standard error as a share of its coefficient.
fn relative(error: &Decimal, coefficient: &Decimal) -> String {
    if *coefficient == Decimal::ZERO {
        return String::new();
    }
    let magnitude =
        if *coefficient < Decimal::ZERO { Decimal::ZERO.minus(coefficient) } else { coefficient.clone() };
    let share = Ratio::from(error).divided_by(&Ratio::from(&magnitude)).times_power_of_ten(2);
    format!("{} %", brief(&round::to_digits(&share, 2), 2))
}
