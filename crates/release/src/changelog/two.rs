//! The changelog of generator 2: what the publisher says stands in a quote, and so does the history, which nobody
//! derives again from this release.

use super::changes::{Changes, ClaimChange, DatasetChange, Movement, TermChange, Value, WeightsChange};
use super::history;
use crate::quantity::{in_unit, shown};
use crate::source::Source;
use openweigh_formats::text::Unit;
use openweigh_markup::markdown::{Document, Inline};

/// The entry of this release, recomputed by verification; then, quoted, those before it.
pub(super) fn write(source: &Source<'_>) -> String {
    let mut log = Document::new();
    log.heading(1, "Changelog");
    log.paragraph(
        "Written by `openweigh publish`. `openweigh verify` recomputes the entry of this release from this release and \
         the one before.",
    );
    let mut title = shown(&source.manifest.version);
    if let Some(date) = &source.publication.date {
        title = title.then(", ").then(shown(date));
    }
    log.heading(2, title);
    if let Some(changes) = &source.publication.changes {
        log.paragraph("The publisher says:");
        log.quote([Inline::words(changes.as_str())]);
    }
    let Some(previous) = source.previous else {
        log.list([Inline::from("First release.")]);
        return log.to_string();
    };
    let succeeds = Inline::from("Succeeds ").then(shown(&previous.manifest.version)).then(" (release ");
    let mut lines = vec![succeeds.then(Inline::code(previous.id.as_str())).then(").")];
    let changes = Changes::between(source, previous);
    lines.extend(changes.weights.iter().map(|(name, change)| weights(name, change)));
    lines.extend(changes.results.iter().map(|(name, unit, movement)| results(name, *unit, movement)));
    lines.extend(changes.datasets.iter().map(|(folder, change)| dataset(folder, change)));
    lines.extend(changes.claims.iter().map(|(id, change)| claim(id, change)));
    log.list(lines);
    let mut text = log.to_string();
    text += &history::section(&previous.changelog);
    text
}

fn weights(name: &str, change: &WeightsChange<'_>) -> Inline {
    let line = Inline::from("Weights ").then(Inline::code(name)).then(" ");
    match change {
        WeightsChange::New(version) => line.then(shown(version)).then(": new."),
        WeightsChange::Gone(version) => line.then(shown(version)).then(": gone."),
        WeightsChange::Changed { from, to, terms } => {
            let line = line.then(shown(from)).then(" → ").then(shown(to)).then(": ");
            if terms.is_empty() {
                return line.then("the coefficients stay.");
            }
            let terms = terms.iter().map(|(term, change)| {
                let term = Inline::code(&term.to_string());
                match change {
                    TermChange::Moved { from, to } => {
                        term.then(" ").then(shown(from)).then(" → ").then(shown(to))
                    }
                    TermChange::New(is) => term.then(" new, ").then(shown(is)),
                    TermChange::Gone(was) => term.then(" gone, was ").then(shown(was)),
                }
            });
            line.then(Inline::joined(terms, "; ")).then(".")
        }
    }
}

fn results(name: &str, unit: Option<&Unit>, movement: &Movement) -> Inline {
    let Movement { compared, moved, largest, new, gone } = movement;
    let mut parts = Vec::new();
    if *compared > 0 {
        let verb = if *moved == 1 { " moves" } else { " move" };
        let mut part = shown(moved).then(" of ").then(shown(compared)).then(verb);
        if let Some(largest) = largest {
            part = in_unit(part.then(", by at most ").then(shown(largest)), unit);
        }
        parts.push(part);
    }
    for (count, word) in [(new, " new"), (gone, " gone")] {
        if *count > 0 {
            parts.push(shown(count).then(word));
        }
    }
    let line = Inline::from("Results of ").then(Inline::code(name)).then(": ");
    line.then(Inline::joined(parts, "; ")).then(".")
}

fn dataset(folder: &str, change: &DatasetChange<'_>) -> Inline {
    let line = Inline::from("Dataset ").then(Inline::code(folder));
    match change {
        DatasetChange::New(None) => line.then(": new."),
        DatasetChange::New(Some(version)) => line.then(" ").then(shown(version)).then(": new."),
        DatasetChange::Changed(None) => line.then(": changed."),
        DatasetChange::Changed(Some(version)) => line.then(": changed, now ").then(shown(version)).then("."),
        DatasetChange::Gone => line.then(": gone."),
    }
}

fn claim(id: &str, change: &ClaimChange<'_>) -> Inline {
    let value = |value: &Value<'_>| in_unit(shown(value.number), value.unit);
    let line = Inline::from("Claim ").then(Inline::code(id)).then(": ");
    match change {
        ClaimChange::New(now) => line.then("new, ").then(value(now)).then("."),
        ClaimChange::OfSomethingElse { now, was } => {
            line.then("now of something else, ").then(value(now)).then("; it was ").then(value(was)).then(".")
        }
        ClaimChange::Moved { from, to } => line.then(value(from)).then(" → ").then(value(to)).then("."),
        ClaimChange::Gone => line.then("gone."),
    }
}
