//! `CHANGELOG.md`: what changed since the release before, in the unit of the results.
//!
//! Results are matched line by line: those of weights of the same name, for the same row or weighing of a dataset of
//! the same name. The entry says how many values moved and by how much at most, so that a reader knows whether a new
//! version matters to him without comparing anything.

use crate::card::escaped;
use crate::previous::Previous;
use crate::source::Source;
use openweigh_exact::{Decimal, Fixed};
use openweigh_formats::Digest;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Name, Version};
use openweigh_formats::weights::Weights;
use std::collections::BTreeMap;

const TITLE: &str =
    "# Changelog\n\nWritten by `openweigh publish` from what changed; `openweigh verify` recomputes it.\n";

/// Columns that say which line of a dataset a result is for.
const KEYS: [&str; 5] = ["dataset", "row", "session", "weighing", "frame"];

/// The changelog: this release's entry, then those of its predecessors as they stood.
pub fn write(source: &Source<'_>) -> String {
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
    for line in weights(source, previous).into_iter().chain(results(source, previous)) {
        text += &format!("- {line}\n");
    }
    for line in datasets(source, previous).into_iter().chain(claims(source, previous)) {
        text += &format!("- {line}\n");
    }
    let older = previous.changelog.find("\n## ").map(|at| &previous.changelog[at..]);
    text + older.unwrap_or_default()
}

/// The weights of a manifest by their names.
fn by_name(weights: &BTreeMap<RelativePath, Weights>) -> BTreeMap<&Name, &Weights> {
    weights.values().map(|weights| (&weights.name, weights)).collect()
}

fn weights(source: &Source<'_>, previous: &Previous) -> Vec<String> {
    let (now, before) = (by_name(&source.contents.weights), by_name(&previous.weights));
    let mut lines = Vec::new();
    for (name, weights) in &now {
        let Some(old) = before.get(name) else {
            lines.push(format!("Weights `{name}` {}: new.", weights.version));
            continue;
        };
        if old == weights {
            continue;
        }
        let mut moved = Vec::new();
        for term in &weights.terms {
            let was = old.terms.iter().find(|was| was.term == term.term);
            match was {
                Some(was) if was.coefficient == term.coefficient => {}
                Some(was) => {
                    moved.push(format!("`{}` {} → {}", term.term, was.coefficient, term.coefficient));
                }
                None => moved.push(format!("`{}` new, {}", term.term, term.coefficient)),
            }
        }
        for was in &old.terms {
            if !weights.terms.iter().any(|term| term.term == was.term) {
                moved.push(format!("`{}` gone, was {}", was.term, was.coefficient));
            }
        }
        let moved = if moved.is_empty() { "the coefficients stay".to_owned() } else { moved.join("; ") };
        lines.push(format!("Weights `{name}` {} → {}: {moved}.", old.version, weights.version));
    }
    for (name, old) in before.iter().filter(|(name, _)| !now.contains_key(*name)) {
        lines.push(format!("Weights `{name}` {}: gone.", old.version));
    }
    lines
}

/// The values of results, by weights' name and line; lines without a value, as of a tare, are none.
type Values = BTreeMap<(Name, String), Decimal>;

/// The values in the results of a manifest; results whose bytes are not at hand are left out.
fn values<'a>(
    manifest: &Manifest,
    weights: &BTreeMap<RelativePath, Weights>,
    bytes: impl Fn(&RelativePath) -> Option<&'a [u8]>,
) -> Values {
    let mut values = Values::new();
    for file in manifest.of_role(Role::Results) {
        let inputs = manifest.derivation_of(&file.path).and_then(|derivation| derivation.inputs.first());
        let Some(weights) = inputs.and_then(|path| weights.get(path)) else { continue };
        let Some(text) = bytes(&file.path).and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
            continue;
        };
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let value = header.iter().rposition(|name| matches!(*name, "grams" | "predicted"));
        let keys: Vec<usize> = (0..header.len().min(4)).filter(|at| KEYS.contains(&header[*at])).collect();
        for line in lines {
            let cells: Vec<&str> = line.split(',').collect();
            let key: Vec<&str> = keys.iter().filter_map(|at| cells.get(*at).copied()).collect();
            let number = value.and_then(|at| cells.get(at)).and_then(|cell| Fixed::parse(cell).ok());
            values.extend(number.map(|number| ((weights.name.clone(), key.join(",")), number.to_decimal())));
        }
    }
    values
}

/// How far the values of one weights' results moved.
#[derive(Default)]
struct Movement {
    compared: u64,
    moved: u64,
    largest: Option<Decimal>,
    new: u64,
    gone: u64,
}

fn results(source: &Source<'_>, previous: &Previous) -> Vec<String> {
    let now =
        values(source.manifest, &source.contents.weights, |path| source.results.get(path).map(Vec::as_slice));
    let before =
        values(&previous.manifest, &previous.weights, |path| previous.results.get(path).map(Vec::as_slice));
    let mut movements: BTreeMap<&Name, Movement> = BTreeMap::new();
    for (key, value) in &now {
        let movement = movements.entry(&key.0).or_default();
        let Some(old) = before.get(key) else {
            movement.new += 1;
            continue;
        };
        movement.compared += 1;
        if old != value {
            movement.moved += 1;
            movement.largest = movement.largest.take().max(Some(distance(old, value)));
        }
    }
    for key in before.keys().filter(|key| !now.contains_key(*key)) {
        movements.entry(&key.0).or_default().gone += 1;
    }
    let units: BTreeMap<&Name, String> = (source.contents.weights.values().chain(previous.weights.values()))
        .map(|weights| {
            let unit = weights.recipe.result.unit.as_ref();
            (&weights.name, unit.map_or_else(String::new, |unit| format!(" {}", escaped(unit.as_str()))))
        })
        .collect();
    (movements.iter())
        .map(|(name, movement)| in_words(name, movement, units.get(name).map_or("", String::as_str)))
        .collect()
}

fn distance(left: &Decimal, right: &Decimal) -> Decimal {
    if left > right { left.minus(right) } else { right.minus(left) }
}

fn in_words(name: &Name, movement: &Movement, unit: &str) -> String {
    let Movement { compared, moved, largest, new, gone } = movement;
    let mut parts = Vec::new();
    if *compared > 0 {
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

/// The names of datasets with what says which ones they are.
fn described(manifest: &Manifest) -> BTreeMap<&str, (&RelativePath, &Digest)> {
    let folder = |path: &'_ RelativePath| path.parent().map_or(0, str::len);
    (manifest.of_role(Role::Dataset))
        .map(|file| (&file.path.as_str()[..folder(&file.path)], (&file.path, &file.sha256)))
        .collect()
}

fn datasets(source: &Source<'_>, previous: &Previous) -> Vec<String> {
    let (now, before) = (described(source.manifest), described(&previous.manifest));
    let version = |path: &RelativePath| -> Option<&Version> {
        source.contents.datasets.get(path).map(|dataset| &dataset.version)
    };
    let mut lines = Vec::new();
    for (folder, (path, digest)) in &now {
        let version = version(path).map_or_else(String::new, |version| format!(" {version}"));
        match before.get(folder) {
            None => lines.push(format!("Dataset `{folder}`{version}: new.")),
            Some((_, old)) if old != digest => {
                lines.push(format!("Dataset `{folder}`: changed, now{version}."));
            }
            Some(_) => {}
        }
    }
    for folder in before.keys().filter(|folder| !now.contains_key(*folder)) {
        lines.push(format!("Dataset `{folder}`: gone."));
    }
    lines
}

fn claims(source: &Source<'_>, previous: &Previous) -> Vec<String> {
    let of = |manifest: &Manifest| -> BTreeMap<String, String> {
        let unit = |unit: Option<&openweigh_formats::text::Unit>| {
            unit.map_or_else(String::new, |unit| format!(" {}", escaped(unit.as_str())))
        };
        let entry = |claim: &openweigh_formats::claim::Claim| {
            (claim.id.to_string(), format!("{}{}", claim.value, unit(claim.unit.as_ref())))
        };
        manifest.claims.iter().map(entry).collect()
    };
    let (now, before) = (of(source.manifest), of(&previous.manifest));
    let mut lines = Vec::new();
    for (id, value) in &now {
        match before.get(id) {
            None => lines.push(format!("Claim `{id}`: new, {value}.")),
            Some(old) if old != value => lines.push(format!("Claim `{id}`: {old} → {value}.")),
            Some(_) => {}
        }
    }
    for id in before.keys().filter(|id| !now.contains_key(*id)) {
        lines.push(format!("Claim `{id}`: gone."));
    }
    lines
}
