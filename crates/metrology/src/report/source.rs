//! The digests of what the page follows from, and how to make it again.

use super::table::{Table, paragraph};
use super::{GENERATOR, Known};
use openweigh_markup::html::Element;

/// Digests and commands.
pub(super) fn write(known: &Known<'_>) -> Vec<Element> {
    let weights = known.weights;
    let mut table = Table::new([("file", false), ("SHA-256", false)]);
    table.row([format!("{}-{}.json", weights.name, weights.version), known.subject.sha256.to_string()]);
    for one in known.subject.training {
        table.row([format!("{}/dataset.json", one.dataset.name), one.sha256.to_string()]);
    }
    let names: Vec<String> = known.subject.training.iter().map(|one| one.dataset.name.to_string()).collect();
    let commands = format!(
        "openweigh fit --dataset {} --recipe {} --name {} --version {}\nopenweigh replay --weights {2}-{3} --dataset {0}\nopenweigh report {2}-{3} -o report.html\n",
        names.join(" "),
        weights.recipe.name,
        weights.name,
        weights.version,
    );
    vec![
        paragraph("These files determine every figure and every byte of this page:"),
        table.element(),
        paragraph("In a ledger that holds them, these commands write the same bytes again:"),
        Element::new("pre").with(Element::new("code").text(commands)),
    ]
}

/// What made the page.
pub(super) fn footer(known: &Known<'_>) -> Element {
    let weights = known.weights;
    Element::new("footer").text(format!(
        "openweigh report, generator {GENERATOR}, of {}-{} with SHA-256 {}. The page states figures; it decides no conformity.",
        weights.name, weights.version, known.subject.sha256
    ))
}
