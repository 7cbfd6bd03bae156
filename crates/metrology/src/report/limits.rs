//! Where the calibration holds, and what it says nothing of.

use super::Known;
use super::loads::{Load, expanded};
use super::table::{Stated, Table, paragraph};
use openweigh_exact::Decimal;
use openweigh_formats::weights::Of;
use openweigh_markup::html::Element;

/// The ranges of readings and loads, with a lower limit.
pub(super) fn range(known: &Known<'_>) -> Vec<Element> {
    let mut table = Table::new([("", false), ("from", true), ("to", true), ("unit", false)]);
    let units = &known.weights.applies_to.columns;
    let unit = |at: usize| {
        let own = units.get(at).and_then(|column| column.unit.as_ref());
        own.map_or_else(|| "not stated".to_owned(), ToString::to_string)
    };
    if let (Some(first), Some(last)) = (known.loads.first(), known.loads.last()) {
        table.row([known.target().to_owned(), first.low.to_string(), last.high.to_string(), unit(0)]);
    }
    for (at, range) in known.weights.range.iter().enumerate() {
        table.row([range.feature.to_string(), range.min.to_string(), range.max.to_string(), unit(at + 1)]);
    }
    let mut stated = Stated::default();
    let in_unit = known.unit().map_or_else(String::new, |unit| format!(" {unit}"));
    for (share, name) in [(10, "U at most 10 %"), (100, "U at most 1 %")] {
        let from = from(&known.loads, share);
        let words = from.map_or_else(
            || "at no calibrated load".to_owned(),
            |load| format!("of the {} from {}{in_unit} on", known.target(), load.low),
        );
        stated.add(name, words);
    }
    vec![
        paragraph(
            "A reading outside these ranges is flagged `extrapolated`, and its U is not known to hold.",
        ),
        table.element(),
        Element::new("h3").text("Lower limit"),
        stated.element(),
    ]
}

/// The smallest load from which on U is at most a share of each load.
fn from(loads: &[Load], share: u32) -> Option<&Load> {
    let holds = |load: &&Load| {
        let size = load.low.clone().max(Decimal::ZERO.minus(&load.low));
        expanded(load).is_some_and(|own| own.times(&super::whole(share)) <= size)
    };
    loads.iter().rev().take_while(holds).last()
}

/// What no figure of the page contains.
pub(super) fn not_covered(known: &Known<'_>) -> Vec<Element> {
    let weights = known.weights;
    let components = weights.components.value().map(Vec::as_slice).unwrap_or_default();
    let has = |name: &str| components.iter().any(|one| one.name.as_str() == name);
    let sessions = known.found.sessions.len();
    let mut items: Vec<String> = Vec::new();
    if !components.iter().any(|one| one.of == Of::SessionTerms) {
        items.push(if sessions > 1 {
            "How sessions differ: U has no component for it, although the data have several sessions."
                .to_owned()
        } else {
            "How another session would differ: the data do not show it.".to_owned()
        });
    }
    if !has("references") {
        items.push("The uncertainty of the known values.".to_owned());
    }
    let reads = |name: &str| known.found.features.iter().any(|own| own.as_str() == name);
    if weights.applies_to.pad.is_some() && !(reads("x") && reads("y")) {
        items.push("Where the load lies: the weights do not read its place.".to_owned());
    }
    let declared = [
        ("gravity", "Local gravity, if it differs from that of the calibration (up to 0.5 % on Earth)."),
        ("buoyancy", "Air buoyancy of loads whose density differs from that of the references."),
        ("temperature", "Temperature, if it differs from that of the calibration."),
        ("drift", "Drift since the calibration."),
        ("creep", "Creep under loads that rest longer than those of the calibration."),
    ];
    items.extend(declared.iter().filter(|(name, _)| !has(name)).map(|(_, words)| (*words).to_owned()));
    let list = items.into_iter().map(|words| Element::new("li").text(words));
    vec![paragraph("U does not contain:"), Element::new("ul").with_all(list)]
}
