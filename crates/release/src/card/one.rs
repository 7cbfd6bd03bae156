//! The card of generator 1, which releases with `openweigh.publication/1` have: it is frozen.

mod front;

use crate::source::Source;
use crate::withheld;
use openweigh_exact::round::brief;
use openweigh_formats::claim::Claim;
use openweigh_formats::dataset::{Kind, ProvenanceKind};
use openweigh_formats::manifest::Role;
use openweigh_formats::number::Number;
use openweigh_formats::recipe::Estimator;
use openweigh_formats::text::Unit;
use openweigh_formats::weights::{Instrument, RSquared, UndefinedQuantity, ValidationFigures, Weights};

/// The card.
pub(super) fn write(source: &Source<'_>) -> String {
    let mut card = front::write(source);
    let said = source.publication;
    card +=
        &format!("\n# {}\n\n{}\n", escaped(source.manifest.title.as_str()), escaped(said.summary.as_str()));
    card += &simulated(source);
    card += &format!(
        "\n## Use\n\n{}\n\nNot for: {}\n",
        escaped(said.uses.as_str()),
        escaped(said.limits.as_str())
    );
    for (_, own) in source.weights() {
        card += &weights(own);
    }
    card += &claims(source);
    card += &data(source);
    card += &withheld::section(source);
    card += &check(source);
    card += &about(source);
    card
}

/// A text of the publisher's inside Markdown: what would be markup is a character.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '!' | '$') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

fn simulated(source: &Source<'_>) -> String {
    let simulated: Vec<String> = source
        .datasets()
        .filter(|(_, dataset)| dataset.provenance.kind == ProvenanceKind::Simulated)
        .map(|(_, dataset)| format!("`{}`", dataset.name))
        .collect();
    if simulated.is_empty() {
        return String::new();
    }
    format!(
        "\n> **Simulated data.** The data of {} were made by a program; no device was measured.\n",
        simulated.join(", ")
    )
}

fn in_unit(unit: Option<&Unit>) -> String {
    unit.map_or_else(String::new, |unit| format!(" {}", escaped(unit.as_str())))
}

fn weights(weights: &Weights) -> String {
    let recipe = &weights.recipe;
    let mut text = format!(
        "\n## Weights `{}` {}\n\n{}\n\n",
        weights.name,
        weights.version,
        escaped(weights.title.as_str())
    );
    let formula: Vec<String> = (weights.terms.iter().enumerate())
        .map(|(at, term)| if term.term.is_one() { format!("b{at}") } else { format!("b{at}·{}", term.term) })
        .collect();
    text += &format!("`{} = {}`\n\n", recipe.model.target, formula.join(" + "));
    text += "| | term | coefficient | standard error |\n|---|---|---|---|\n";
    let reason = |quantity| weights.undefined(quantity).map_or("", |reason| reason.words());
    for (at, term) in weights.terms.iter().enumerate() {
        let error =
            term.standard_error.as_ref().map_or_else(|| "undefined".to_owned(), |error| brief(&error.0, 3));
        text += &format!("| b{at} | `{}` | {} | {error} |\n", term.term, term.coefficient);
    }
    text += "\n| | |\n|---|---|\n";
    let mut row = |name: &str, value: String| text += &format!("| {name} | {value} |\n");
    let unit = in_unit(recipe.result.unit.as_ref());
    match weights.applies_to.instrument() {
        Some(Instrument::Pad(pad)) => row("applies to", escaped(&pad.to_string())),
        Some(channels) => {
            let channels = escaped(&channels.to_string());
            row("applies to", format!("{channels} of the instrument named below"));
        }
        None => row("applies to", "the instrument named below".to_owned()),
    }
    for range in &weights.range {
        let column = weights.applies_to.columns.iter().find(|column| column.name == range.feature);
        let unit = in_unit(column.and_then(|column| column.unit.as_ref()));
        row("valid for", format!("`{}` from {} to {}{unit}", range.feature, range.min, range.max));
    }
    let verb =
        if recipe.fit.estimator == Estimator::Declared { "declared, and judged on" } else { "fitted on" };
    for trained in &weights.trained_on {
        row(verb, format!("`{}` {}, sha256 `{}`", trained.name, trained.version, trained.sha256));
    }
    row("rows, degrees of freedom", format!("{}, {}", weights.normal.n, weights.dof));
    let number = |number: Option<&Number>, unit: &str, quantity| {
        number.map_or_else(|| format!("undefined: {}", reason(quantity)), |number| format!("{number}{unit}"))
    };
    row(
        "residual standard deviation",
        number(weights.residual_sd.as_ref(), &unit, UndefinedQuantity::ResidualSd),
    );
    row("R²", number(weights.r_squared.as_ref().map(RSquared::value), "", UndefinedQuantity::RSquared));
    if let Some(figures) = &weights.validation {
        let figure = |found: Option<&Number>| number(found, &unit, UndefinedQuantity::Validation);
        let ValidationFigures { method, rmse, mean_error, max_abs_error, .. } = figures;
        row(&format!("{}: rmse", String::from(*method)), figure(rmse.as_ref()));
        row("mean error", figure(mean_error.as_ref()));
        row("largest error", figure(max_abs_error.as_ref()));
    }
    row("licence", weights.licence.to_string());
    if let Some(parent) = weights.parent.value() {
        row("continues", format!("the weights with sha256 `{parent}`"));
    }
    text
}

/// What a claim is about, in a few words.
fn over(claim: &Claim) -> String {
    let over = &claim.over;
    let mut text = format!("`{}`", over.file);
    if let Some(term) = &over.term {
        text += &format!(", `{term}`");
    }
    if let Some(dataset) = &over.dataset {
        text += &format!(", `{dataset}`");
    }
    if let Some(row) = over.row {
        text += &format!(", row {row}");
    }
    if let (Some(session), Some(weighing)) = (&over.session, &over.weighing) {
        text += &format!(", `{session}/{weighing}`");
    }
    text
}

fn claims(source: &Source<'_>) -> String {
    if source.manifest.claims.is_empty() {
        return String::new();
    }
    let mut text = "\n## Claims\n\nEach is recomputed by `openweigh verify`, exactly, and compared to its last digit.\n\n\
                    | claim | value | quantity | of | statement |\n|---|---|---|---|---|\n"
        .to_owned();
    for claim in &source.manifest.claims {
        let value = format!("{}{}", claim.value, in_unit(claim.unit.as_ref()));
        let (quantity, statement) = (claim.quantity.as_str(), escaped(claim.statement.as_str()));
        text += &format!("| `{}` | {value} | {quantity} | {} | {statement} |\n", claim.id, over(claim));
    }
    text
}

fn data(source: &Source<'_>) -> String {
    let mut text =
        "\n## Data\n\n| dataset | version | provenance | files | licence |\n|---|---|---|---|---|\n"
            .to_owned();
    for (path, dataset) in source.datasets() {
        let (what, provenance) = (dataset.files.len(), dataset.provenance.kind.as_str());
        let what = match dataset.kind {
            Kind::Table => "1 table".to_owned(),
            Kind::TouchSessions | Kind::SignalSessions => {
                format!("{what} files of {} sessions", dataset.sessions().len())
            }
        };
        let folder = path.parent().unwrap_or_default();
        text += &format!(
            "| [`{}`]({folder}) | {} | {provenance} | {what} | {} |\n",
            dataset.name, dataset.version, dataset.licence
        );
    }
    for (_, dataset) in source.datasets() {
        text += &format!("\n`{}`: {}\n", dataset.name, escaped(dataset.provenance.origin.as_str()));
    }
    let results: Vec<String> =
        source.files(Role::Results).map(|file| format!("[`{0}`]({0})", file.path)).collect();
    if !results.is_empty() {
        text += &format!("\nResults: {}\n", results.join(", "));
    }
    text
}

fn check(source: &Source<'_>) -> String {
    format!(
        "\n## Check it\n\nWith nothing of ours, that these are the bytes that were signed (the signer's line for `allowed_signers` \
         comes from the signer, not from here):\n\n```sh\nsha256sum --check --strict SHA256SUMS\nssh-keygen -Y verify -f \
         allowed_signers -I SIGNER -n openweigh-release -s SHA256SUMS.sig < SHA256SUMS\n```\n\n{}:\n\n```sh\nopenweigh verify .\n```\n\nRelease id (sha256 of `manifest.json`): `{}`\n",
        if source.manifest.is_data_alone() {
            "That the data keep to their formats and fit together, and this card to them"
        } else {
            "That the weights follow from the data, the results from the weights and the claims from both, digit by digit, \
             and this card from all of them"
        },
        source.id
    )
}

fn about(source: &Source<'_>) -> String {
    let said = source.publication;
    let mut text = "\n## About\n\n".to_owned();
    let manifest = source.manifest;
    text += &format!("- {} {}", manifest.name, manifest.version);
    if let Some(date) = &said.date {
        text += &format!(", {date}");
    }
    text += "\n";
    if let Some(instrument) = &said.instrument {
        text += &format!("- Instrument: {}\n", escaped(instrument.as_str()));
    }
    for author in &said.authors {
        text += &format!("- {}", escaped(author.name.as_str()));
        if let Some(affiliation) = &author.affiliation {
            text += &format!(", {}", escaped(affiliation.as_str()));
        }
        if let Some(orcid) = &author.orcid {
            text += &format!(", <https://orcid.org/{orcid}>");
        }
        text += "\n";
    }
    if let Some(homepage) = &said.homepage {
        text += &format!("- <{homepage}>\n");
    }
    if let Some(previous) = &manifest.previous {
        text += &format!("- Succeeds the release `{previous}`; see [CHANGELOG.md](CHANGELOG.md)\n");
    }
    text += &format!("- This card and the descriptions beside it: {}\n", said.licence);
    text
}
