//! What the uncertainty of a new reading is made of, at a small, a middle and a large load.

use super::Known;
use super::table::{Table, missing, paragraph};
use crate::observations::Evaluated;
use openweigh_exact::round::brief;
use openweigh_exact::{Decimal, Ratio, root, round};
use openweigh_formats::recipe::{Component, Distribution};
use openweigh_formats::weights::{Contribution, Of};
use openweigh_markup::html::Element;

/// The budget.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let components = known.weights.components.value().map(Vec::as_slice).unwrap_or_default();
    if components.is_empty() {
        let words = if known.weights.recipe.result.coverage.is_some() {
            "A budget: weights of version 1 have none. Their U is k·√(s²(1 + xᵀ(XᵀX)⁻¹x)), from the residuals of the fit. A recipe of version 2 makes weights with a budget."
        } else {
            "A budget: readings by frame, and fits without degrees of freedom, have none."
        };
        return vec![missing(words)];
    }
    let mut inside = vec![paragraph(known.coverage())];
    for at in &known.found.budgets {
        inside.extend(of_load(known, components, at));
    }
    inside
}

/// The table at one load.
fn of_load(known: &Known<'_>, components: &[Contribution], at: &Evaluated) -> Vec<Element> {
    let in_unit = known.unit().map_or_else(String::new, |unit| format!(" {unit}"));
    let heading = format!("At a {} of {}{in_unit}", known.target(), at.target);
    let u = known.in_unit("u_i");
    let mut table = Table::new([
        ("component", false),
        ("value", true),
        ("distribution", false),
        ("divisor", true),
        ("sensitivity", true),
        (u.as_str(), true),
        ("ν_i", true),
        ("share / %", true),
    ]);
    for (component, variance) in components.iter().zip(&at.shares) {
        let [value, distribution, divisor, sensitivity] = origin(known, component, variance, at);
        table.row([
            component.name.to_string().replace('-', " "),
            value,
            distribution,
            divisor,
            sensitivity,
            size(variance),
            component.dof.as_ref().map_or_else(|| "∞".to_owned(), ToString::to_string),
            share(variance, &at.variance),
        ]);
    }
    let mut inside = vec![Element::new("h3").text(heading), table.element()];
    if let Some((own, stated)) = at.uncertain.as_ref().and_then(|own| Some((own, own.budget.as_ref()?))) {
        inside.push(paragraph(format!(
            "u = {}{in_unit}, ν = {}, k = {}: U = {}{in_unit}.",
            stated.standard, stated.dof, stated.k, own.expanded
        )));
    }
    inside
}

/// Value, distribution, divisor and sensitivity of a component.
fn origin(known: &Known<'_>, component: &Contribution, variance: &Ratio, at: &Evaluated) -> [String; 4] {
    let declared = known.weights.recipe.uncertainty.iter().flat_map(|own| &own.component);
    let declared: Option<&Component> = declared.into_iter().find(|own| own.name == component.name);
    if let Some(own) = declared {
        let amount =
            own.value.as_ref().or(own.relative.as_ref()).map_or_else(String::new, ToString::to_string);
        let (distribution, divisor) = words(own.distribution);
        let sensitivity = if own.relative.is_some() { at.predicted.to_string() } else { "1".to_owned() };
        return [amount, distribution.to_owned(), divisor.to_owned(), sensitivity];
    }
    if component.name.as_str() == "rounding" {
        let half = round::to_places(
            &Ratio::from(&Decimal::new(5.into(), known.decimals() + 1)),
            known.decimals() + 1,
        );
        return [half.to_string(), "rectangular".to_owned(), "√3".to_owned(), "1".to_owned()];
    }
    let evaluated = if component.of == Of::Terms && component.dof.is_none() {
        "normal, common to all rows"
    } else {
        "normal, from the data"
    };
    [size(variance), evaluated.to_owned(), "1".to_owned(), "1".to_owned()]
}

fn words(distribution: Distribution) -> (&'static str, &'static str) {
    match distribution {
        Distribution::Normal => ("normal", "1"),
        Distribution::Rectangular => ("rectangular", "√3"),
        Distribution::Triangular => ("triangular", "√6"),
        Distribution::Arcsine => ("arcsine", "√2"),
    }
}

/// The root of a variance, for people.
fn size(variance: &Ratio) -> String {
    brief(&root::to_digits(variance, 3), 3)
}

fn share(variance: &Ratio, whole: &Ratio) -> String {
    if whole.is_zero() {
        return "–".to_owned();
    }
    round::to_places(&variance.divided_by(whole).times_power_of_ten(2), 1).to_string()
}
