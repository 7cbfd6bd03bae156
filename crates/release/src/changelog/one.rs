//! The changelog of generator 1, which releases with `openweigh.publication/1` have: it is frozen.

use super::changes::{
    Changes, ClaimChange, DatasetChange, Movement, TermChange, Title, Value, WeightsChange,
};
use crate::card::one::escaped;
use crate::source::Source;
use openweigh_formats::text::{Unit, Version};

const TITLE: &str =
    "# Changelog\n\nWritten by `openweigh publish` from what changed; `openweigh verify` recomputes it.\n";

/// This release's entry, then those of its predecessors as they stood.
pub(super) fn write(source: &Source<'_>) -> String {
    let manifest = source.manifest;
    let date = source.publication.date.as_ref().map_or_else(String::new, |date| format!(", {date}"));
    let mut text = format!("{TITLE}\n## {}{date}\n\n", manifest.version);
    if let Some(changes) = &source.publication.changes {
        text += &format!("{}\n\n", escaped(changes.as_str()));
    }
    let Some(previous) = source.previous else {
        return text + "- First release.\n";
    };
    text += &format!("- Succeeds {} (release `{}`).\n", previous.manifest.version, previous.id);
    let changes = Changes::between(source, previous);
    let mut lines: Vec<String> = changes.weights.iter().map(|(name, change)| weights(name, change)).collect();
    lines.extend(changes.results.iter().map(|(name, unit, movement)| results(name, *unit, movement)));
    lines.extend(changes.datasets.iter().map(|(folder, change)| dataset(folder, change)));
    lines.extend(changes.claims.iter().map(|(id, change)| claim(id, change)));
    for line in lines {
        text += &format!("- {line}\n");
    }
    let older = previous.changelog.find("\n## ").map(|at| &previous.changelog[at..]);
    text + older.unwrap_or_default()
}

fn weights(name: &Title, change: &WeightsChange<'_>) -> String {
    match change {
        WeightsChange::New(version) => format!("Weights `{name}` {version}: new."),
        WeightsChange::Gone(version) => format!("Weights `{name}` {version}: gone."),
        WeightsChange::Changed { from, to, terms } => {
            let terms: Vec<String> = (terms.iter())
                .map(|(term, change)| match change {
                    TermChange::Moved { from, to } => format!("`{term}` {from} → {to}"),
                    TermChange::New(is) => format!("`{term}` new, {is}"),
                    TermChange::Gone(was) => format!("`{term}` gone, was {was}"),
                })
                .collect();
            let moved = if terms.is_empty() { "the coefficients stay".to_owned() } else { terms.join("; ") };
            format!("Weights `{name}` {from} → {to}: {moved}.")
        }
    }
}

fn in_unit(unit: Option<&Unit>) -> String {
    unit.map_or_else(String::new, |unit| format!(" {}", escaped(unit.as_str())))
}

fn results(name: &str, unit: Option<&Unit>, movement: &Movement) -> String {
    let Movement { compared, moved, largest, new, gone } = movement;
    let mut parts = Vec::new();
    if *compared > 0 {
        let unit = in_unit(unit);
        let by = largest.as_ref().map_or_else(String::new, |largest| format!(", by at most {largest}{unit}"));
        parts.push(format!("{moved} of {compared} move{}{by}", if *moved == 1 { "s" } else { "" }));
    }
    for (count, word) in [(new, "new"), (gone, "gone")] {
        if *count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    format!("Results of `{name}`: {}.", parts.join("; "))
}

fn dataset(folder: &str, change: &DatasetChange<'_>) -> String {
    let version = |now: Option<&Version>| now.map_or_else(String::new, |version| format!(" {version}"));
    match change {
        DatasetChange::New(now) => format!("Dataset `{folder}`{}: new.", version(*now)),
        DatasetChange::Changed(now) => format!("Dataset `{folder}`: changed, now{}.", version(*now)),
        DatasetChange::Gone => format!("Dataset `{folder}`: gone."),
    }
}

fn claim(id: &str, change: &ClaimChange<'_>) -> String {
    let shown = |value: &Value<'_>| format!("{}{}", value.number, in_unit(value.unit));
    match change {
        ClaimChange::New(value) => format!("Claim `{id}`: new, {}.", shown(value)),
        ClaimChange::OfSomethingElse { now, was } => {
            format!("Claim `{id}`: now of something else, {}; it was {}.", shown(now), shown(was))
        }
        ClaimChange::Moved { from, to } => format!("Claim `{id}`: {} → {}.", shown(from), shown(to)),
        ClaimChange::Gone => format!("Claim `{id}`: gone."),
    }
}
