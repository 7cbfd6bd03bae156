//! The coefficients with their standard uncertainties, and how they are correlated.

use super::Known;
use super::table::{Table, missing, paragraph};
use openweigh_exact::round::brief;
use openweigh_exact::{Decimal, Ratio, root};
use openweigh_formats::number::Number;
use openweigh_formats::weights::UndefinedQuantity;
use openweigh_markup::html::Element;

/// Terms whose correlations fit on a page.
const FIT: usize = 12;

/// The coefficients and their correlations.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let weights = known.weights;
    let mut table = Table::new([("", false), ("term", false), ("coefficient", true), ("u", true)]);
    for (at, term) in weights.terms.iter().enumerate() {
        table.row([
            format!("b{at}"),
            term.term.to_string(),
            term.coefficient.to_string(),
            term.standard_error.as_ref().map_or_else(|| "–".to_owned(), |own| brief(&own.0, 4)),
        ]);
    }
    let mut inside = vec![
        paragraph(
            "The coefficient is the published text. u is its standard uncertainty from the residuals of the fit.",
        ),
        table.element(),
    ];
    if let Some(reason) = weights.undefined(UndefinedQuantity::StandardError) {
        inside.push(missing(format!("u is undefined: {}.", reason.words())));
    }
    match &weights.covariance {
        Some(covariance) if covariance.len() > 1 && covariance.len() <= FIT => {
            inside.push(Element::new("h3").text("Correlations"));
            inside.push(correlations(covariance));
        }
        Some(covariance) if covariance.len() > FIT => {
            let words =
                format!("Correlations of {} terms: `covariance` in the weights has them.", covariance.len());
            inside.push(missing(words));
        }
        _ => {}
    }
    inside
}

fn correlations(covariance: &[Vec<Number>]) -> Element {
    let names: Vec<String> = (0..covariance.len()).map(|at| format!("b{at}")).collect();
    let head = [("", false)].into_iter().chain(names.iter().map(|name| (name.as_str(), true)));
    let mut table = Table::new(head);
    for (row, name) in names.iter().enumerate() {
        let above =
            |column: usize| if column <= row { correlation(covariance, row, column) } else { String::new() };
        let cells = (0..names.len()).map(above);
        table.row([name.clone()].into_iter().chain(cells));
    }
    table.element()
}

/// `C_ij/√(C_ii·C_jj)` to 4 decimals, from the published texts.
fn correlation(covariance: &[Vec<Number>], row: usize, column: usize) -> String {
    let entry = |row: usize, column: usize| &covariance[row][column].0;
    let scale = entry(row, row).times(entry(column, column));
    if scale <= Decimal::ZERO {
        return "–".to_owned();
    }
    let own = entry(row, column);
    let square = Ratio::from(&own.times(own)).divided_by(&Ratio::from(&scale));
    let sign = if *own < Decimal::ZERO { "-" } else { "" };
    let size = root::to_places(&square, 4);
    format!("{sign}{size}")
}
