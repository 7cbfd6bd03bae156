//! The card of generator 2. What the publisher says stands in block quotes, letter by letter; everything else is
//! derived.

mod front;

use crate::quantity::{in_unit, shown};
use crate::source::Source;
use crate::withheld;
use openweigh_exact::round::brief;
use openweigh_formats::claim::{Claim, Quantity};
use openweigh_formats::dataset::{Kind, ProvenanceKind};
use openweigh_formats::manifest::Role;
use openweigh_formats::number::{Number, Stated};
use openweigh_formats::recipe::Estimator;
use openweigh_formats::text::Line;
use openweigh_formats::weights::{Instrument, RSquared, UndefinedQuantity, ValidationFigures, Weights};
use openweigh_markup::markdown::{Document, Inline};

/// The card.
pub(super) fn write(source: &Source<'_>) -> String {
    let mut card = Document::new();
    let said = source.publication;
    let manifest = source.manifest;
    card.heading(1, Inline::code(manifest.name.as_str()).then(" ").then(shown(&manifest.version)));
    card.paragraph("Quotes on this page are the publisher's words. Everything else follows from the files of the release.");
    card.quote([words(&manifest.title).strong(), words(&said.summary)]);
    simulated(source, &mut card);
    for (heading, text) in [
        ("Use", Some(&said.uses)),
        ("Not for", Some(&said.limits)),
        ("Risks", said.risks.as_ref()),
        ("Misuse", said.misuse.as_ref()),
    ] {
        if let Some(text) = text {
            card.heading(2, heading);
            card.quote([words(text)]);
        }
    }
    for (_, own) in source.weights() {
        weights(own, &mut card);
    }
    claims(source, &mut card);
    data(source, &mut card);
    withheld::describe(source, &mut card);
    check(source, &mut card);
    about(source, &mut card);
    format!("{}\n{card}", front::write(source))
}

/// A text of the publisher's.
fn words(text: &Line) -> Inline {
    Inline::words(text.as_str())
}

fn simulated(source: &Source<'_>, card: &mut Document) {
    let simulated: Vec<Inline> = source
        .datasets()
        .filter(|(_, dataset)| dataset.provenance.kind == ProvenanceKind::Simulated)
        .map(|(_, dataset)| Inline::code(dataset.name.as_str()))
        .collect();
    if !simulated.is_empty() {
        let which = Inline::joined(simulated, ", ");
        card.paragraph(
            Inline::from("**Simulated data.** The data of ")
                .then(which)
                .then(" were made by a program; no device was measured."),
        );
    }
}

fn weights(weights: &Weights, card: &mut Document) {
    let name = Inline::code(weights.name.as_str());
    card.heading(2, Inline::from("Calibration weights ").then(name).then(" ").then(shown(&weights.version)));
    card.quote([words(&weights.title)]);
    let formula: Vec<String> = (weights.terms.iter().enumerate())
        .map(|(at, term)| if term.term.is_one() { format!("b{at}") } else { format!("b{at}·{}", term.term) })
        .collect();
    card.paragraph(Inline::code(&format!("{} = {}", weights.recipe.model.target, formula.join(" + "))));
    let rows = weights.terms.iter().enumerate().map(|(at, term)| {
        let error = term.standard_error.as_ref();
        let error = error.map_or_else(|| Inline::from("undefined"), |error| shown(&brief(&error.0, 3)));
        vec![shown(&format!("b{at}")), Inline::code(&term.term.to_string()), shown(&term.coefficient), error]
    });
    card.table(["", "term", "coefficient", "standard error"].map(Inline::from), rows);
    card.table(
        ["", ""].map(Inline::from),
        figures(weights).into_iter().map(|(name, value)| vec![name, value]),
    );
}

fn figures(weights: &Weights) -> Vec<(Inline, Inline)> {
    let recipe = &weights.recipe;
    let mut rows: Vec<(Inline, Inline)> = Vec::new();
    let mut row = |name: Inline, value: Inline| rows.push((name, value));
    let unit = recipe.result.unit.as_ref();
    let applies = match weights.applies_to.instrument() {
        Some(Instrument::Pad(pad)) => shown(&pad),
        Some(channels) => shown(&channels).then(" of the instrument named below"),
        None => Inline::from("the instrument named below"),
    };
    row("applies to".into(), applies);
    for range in &weights.range {
        let column = weights.applies_to.columns.iter().find(|column| column.name == range.feature);
        let from = Inline::code(&range.feature.to_string()).then(" from ").then(shown(&range.min));
        let to = from.then(" to ").then(shown(&range.max));
        row("valid for".into(), in_unit(to, column.and_then(|column| column.unit.as_ref())));
    }
    let verb =
        if recipe.fit.estimator == Estimator::Declared { "declared, and judged on" } else { "fitted on" };
    for trained in &weights.trained_on {
        let name = Inline::code(trained.name.as_str()).then(" ").then(shown(&trained.version));
        row(verb.into(), name.then(", sha256 ").then(Inline::code(trained.sha256.as_str())));
    }
    row("rows, degrees of freedom".into(), shown(&weights.normal.n).then(", ").then(shown(&weights.dof)));
    let figure = |number: Option<&Number>, unit, quantity| match number {
        Some(number) => in_unit(shown(number), unit),
        None => {
            Inline::from("undefined: ").then(weights.undefined(quantity).map_or("", |reason| reason.words()))
        }
    };
    let sd = figure(weights.residual_sd.as_ref(), unit, UndefinedQuantity::ResidualSd);
    row("residual standard deviation".into(), sd);
    let r_squared = weights.r_squared.as_ref().map(RSquared::value);
    row("R²".into(), figure(r_squared, None, UndefinedQuantity::RSquared));
    if let Some(validation) = &weights.validation {
        let ValidationFigures { method, rmse, mean_error, max_abs_error, .. } = validation;
        let figure = |found: &Option<Number>| figure(found.as_ref(), unit, UndefinedQuantity::Validation);
        row(Inline::words(&String::from(*method)).then(": rmse"), figure(rmse));
        row("mean error".into(), figure(mean_error));
        row("largest error".into(), figure(max_abs_error));
    }
    row("licence".into(), shown(&weights.licence));
    if let Some(parent) = weights.parent.value() {
        row("continues".into(), Inline::from("the weights with sha256 ").then(Inline::code(parent.as_str())));
    }
    rows
}

/// What a claim is about, in a few words.
fn over(claim: &Claim) -> Inline {
    let over = &claim.over;
    let mut parts = vec![Inline::code(over.file.as_str())];
    parts.extend(over.term.as_ref().map(|term| Inline::code(&term.to_string())));
    parts.extend(over.dataset.as_ref().map(|dataset| Inline::code(dataset.as_str())));
    parts.extend(over.row.map(|row| Inline::from("row ").then(shown(&row))));
    if let (Some(session), Some(weighing)) = (&over.session, &over.weighing) {
        parts.push(Inline::code(&format!("{session}/{weighing}")));
    }
    Inline::joined(parts, ", ")
}

/// What a claim says whose digits are those of any small number, or of any good fit: that the exact figure is within half
/// a unit of the last place of 0, or of 1.
fn says_only(claim: &Claim) -> Option<Inline> {
    let value = claim.value.to_string();
    let (whole, places) =
        value.split_once('.').map_or((value.as_str(), 0), |(whole, rest)| (whole, rest.len()));
    let zero = !value.contains(|digit: char| ('1'..='9').contains(&digit));
    let one = whole == "1" && !value[1..].contains(|digit: char| ('1'..='9').contains(&digit));
    let counts = matches!(claim.quantity, Quantity::N | Quantity::Dof);
    let near = match claim.quantity {
        _ if zero && !counts => "0",
        Quantity::RSquared if one => "1",
        _ => return None,
    };
    let half = format!("0.{}5", "0".repeat(places));
    let within = in_unit(Inline::words(&half), claim.unit.as_ref());
    Some(Inline::from(" (says only: within ").then(within).then(" of ").then(near).then(")"))
}

fn claims(source: &Source<'_>, card: &mut Document) {
    let claims = &source.manifest.claims;
    if claims.is_empty() {
        return;
    }
    card.heading(2, "Claims");
    card.paragraph(
        "`openweigh verify` recomputes each value exactly, rounds it to the decimals stated, and compares.",
    );
    let value = |value: &Stated, unit| in_unit(shown(value), unit);
    let rows = claims.iter().map(|claim| {
        let value = value(&claim.value, claim.unit.as_ref()).then(says_only(claim).unwrap_or_default());
        vec![
            Inline::code(claim.id.as_str()),
            value,
            Inline::code(claim.quantity.as_str()),
            over(claim),
            Inline::from("“").then(words(&claim.statement)).then("”"),
        ]
    });
    card.table(["claim", "value", "quantity", "of", "the publisher says"].map(Inline::from), rows);
}

fn data(source: &Source<'_>, card: &mut Document) {
    card.heading(2, "Data");
    let rows = source.datasets().map(|(path, dataset)| {
        let files = dataset.files.len();
        let what = match dataset.kind {
            Kind::Table => Inline::from("1 table"),
            Kind::TouchSessions | Kind::SignalSessions => {
                let sessions = dataset.sessions().len();
                let noun = if sessions == 1 { " session" } else { " sessions" };
                shown(&files).then(" files of ").then(shown(&sessions)).then(noun)
            }
        };
        vec![
            Inline::link(Inline::code(dataset.name.as_str()), path.parent().unwrap_or_default()),
            shown(&dataset.version),
            Inline::from(dataset.provenance.kind.as_str()),
            what,
            shown(&dataset.licence),
        ]
    });
    card.table(["dataset", "version", "provenance", "files", "licence"].map(Inline::from), rows);
    for (_, dataset) in source.datasets() {
        card.paragraph(Inline::from("Where ").then(Inline::code(dataset.name.as_str())).then(" comes from:"));
        card.quote([words(&dataset.provenance.origin)]);
    }
    let results: Vec<Inline> = source
        .files(Role::Results)
        .map(|file| Inline::link(Inline::code(file.path.as_str()), file.path.as_str()))
        .collect();
    if !results.is_empty() {
        card.paragraph(Inline::from("Results: ").then(Inline::joined(results, ", ")));
    }
}

fn check(source: &Source<'_>, card: &mut Document) {
    card.heading(2, "Check it");
    card.paragraph(
        "With nothing of ours, that these are the bytes that were signed (the signer's line for `allowed_signers` comes \
         from the signer, not from here):",
    );
    card.code(
        "sh",
        "sha256sum --check --strict SHA256SUMS\nssh-keygen -Y verify -f allowed_signers -I SIGNER -n openweigh-release \
         -s SHA256SUMS.sig < SHA256SUMS\n",
    );
    card.paragraph(if source.manifest.is_data_alone() {
        "That the data keep to their formats and fit together, and this card to them:"
    } else {
        "That the weights follow from the data, the results from the weights and the claims from both, digit by digit, \
         and this card from all of them:"
    });
    card.code("sh", "openweigh verify .\n");
    card.paragraph(
        Inline::from("Release id (sha256 of `manifest.json`): ").then(Inline::code(source.id.as_str())),
    );
}

fn about(source: &Source<'_>, card: &mut Document) {
    let said = source.publication;
    let manifest = source.manifest;
    card.heading(2, "About");
    let mut items = Vec::new();
    if let Some(date) = &said.date {
        items.push(Inline::from("Published: ").then(shown(date)));
    }
    if let Some(instrument) = &said.instrument {
        items.push(Inline::from("Instrument: “").then(words(instrument)).then("”"));
    }
    for author in &said.authors {
        let mut item = Inline::from("Author: “").then(words(&author.name)).then("”");
        if let Some(affiliation) = &author.affiliation {
            item = item.then(", “").then(words(affiliation)).then("”");
        }
        if let Some(orcid) = &author.orcid {
            item = item.then(", ").then(Inline::link(shown(orcid), &format!("https://orcid.org/{orcid}")));
        }
        items.push(item);
    }
    if let Some(homepage) = &said.homepage {
        items.push(
            Inline::from("Homepage: ").then(Inline::link(Inline::code(homepage.as_str()), homepage.as_str())),
        );
    }
    if let Some(previous) = &manifest.previous {
        let id = Inline::from("Succeeds the release ").then(Inline::code(previous.as_str()));
        items.push(id.then("; see ").then(Inline::link("CHANGELOG.md", "CHANGELOG.md")));
    }
    items.push(
        Inline::from("Licence of this card and the descriptions beside it: ").then(shown(&said.licence)),
    );
    card.list(items);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(quantity: &str, value: &str) -> Claim {
        let json = format!(
            r#"{{"id":"a","statement":"s","quantity":"{quantity}","over":{{"file":"a.csv"}},"value":"{value}","unit":"g"}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn claims_that_say_little_are_marked() {
        let said = |quantity, value| {
            let mut document = Document::new();
            document.paragraph(says_only(&claim(quantity, value)).unwrap_or_default());
            document.to_string().trim().to_owned()
        };
        assert_eq!(said("rmse", "0"), "(says only: within 0.5 g of 0)");
        assert_eq!(said("rmse", "0.00"), "(says only: within 0.005 g of 0)");
        assert_eq!(said("r_squared", "1"), "(says only: within 0.5 g of 1)");
        assert_eq!(said("r_squared", "1.000"), "(says only: within 0.0005 g of 1)");
        for (quantity, value) in
            [("rmse", "0.01"), ("rmse", "1"), ("r_squared", "0.99"), ("n", "0"), ("r_squared", "10")]
        {
            assert_eq!(said(quantity, value), "", "{quantity} {value}");
        }
    }
}
