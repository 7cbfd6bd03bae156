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
use openweigh_formats::claim::{Claim, Over, Quantity};
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Name, Version};
use openweigh_formats::weights::Weights;
use std::collections::{BTreeMap, BTreeSet};

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

/// What weights are called in the changelog: by their name, and where a manifest has several versions of a name, by
/// their version, too.
type Title = String;

/// Names of which either manifest has several weights.
fn repeated(both: [&BTreeMap<RelativePath, Weights>; 2]) -> BTreeSet<&Name> {
    let mut found = BTreeSet::new();
    for weights in both {
        let mut seen = BTreeSet::new();
        found.extend(weights.values().map(|weights| &weights.name).filter(|name| !seen.insert(*name)));
    }
    found
}

fn title(weights: &Weights, repeated: &BTreeSet<&Name>) -> Title {
    if repeated.contains(&weights.name) {
        format!("{}-{}", weights.name, weights.version)
    } else {
        weights.name.to_string()
    }
}

fn weights(source: &Source<'_>, previous: &Previous) -> Vec<String> {
    let both = [&source.contents.weights, &previous.weights];
    let repeated = repeated(both);
    let titled = |weights: &'_ Weights| title(weights, &repeated);
    let [now, before] = both.map(|weights| -> BTreeMap<Title, &Weights> {
        weights.values().map(|weights| (titled(weights), weights)).collect()
    });
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

/// The values of results, by weights and line; lines without a value, as of a tare, are none.
type Values = BTreeMap<(Title, String), Decimal>;

/// The values in the results of a manifest; results whose bytes are not at hand are left out.
fn values<'a>(
    manifest: &Manifest,
    weights: &BTreeMap<RelativePath, Weights>,
    repeated: &BTreeSet<&Name>,
    bytes: impl Fn(&RelativePath) -> Option<&'a [u8]>,
) -> Values {
    let mut values = Values::new();
    for file in manifest.of_role(Role::Results) {
        let inputs = manifest.derivation_of(&file.path).and_then(|derivation| derivation.inputs.first());
        let Some(weights) = inputs.and_then(|path| weights.get(path)) else { continue };
        let title = title(weights, repeated);
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
            values.extend(number.map(|number| ((title.clone(), key.join(",")), number.to_decimal())));
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
    let both = [&source.contents.weights, &previous.weights];
    let repeated = repeated(both);
    let [new, old] = both;
    let now = values(source.manifest, new, &repeated, |path| source.results.get(path).map(Vec::as_slice));
    let before =
        values(&previous.manifest, old, &repeated, |path| previous.results.get(path).map(Vec::as_slice));
    let mut movements: BTreeMap<&str, Movement> = BTreeMap::new();
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
    let units: BTreeMap<Title, String> = (new.values().chain(old.values()))
        .map(|weights| {
            let unit = weights.recipe.result.unit.as_ref();
            (
                title(weights, &repeated),
                unit.map_or_else(String::new, |unit| format!(" {}", escaped(unit.as_str()))),
            )
        })
        .collect();
    (movements.iter())
        .map(|(name, movement)| in_words(name, movement, units.get(*name).map_or("", String::as_str)))
        .collect()
}

fn distance(left: &Decimal, right: &Decimal) -> Decimal {
    if left > right { left.minus(right) } else { right.minus(left) }
}

fn in_words(name: &str, movement: &Movement, unit: &str) -> String {
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
    let both = [&source.contents.weights, &previous.weights];
    let repeated = repeated(both);
    // A file of the next version has another path: it is the same if it is of the same weights.
    let same = |manifest: &Manifest, weights: &BTreeMap<RelativePath, Weights>, file: &RelativePath| {
        let inputs = manifest.derivation_of(file).and_then(|derivation| derivation.inputs.first());
        let of = weights.get(file).or_else(|| weights.get(inputs?));
        let kind = manifest.file(file).map_or("", |file| file.role.as_str());
        of.map_or_else(|| file.to_string(), |of| format!("{kind} of {}", title(of, &repeated)))
    };
    let of = |manifest: &Manifest, weights| -> BTreeMap<String, (String, Quantity, (String, Over))> {
        let anywhere: RelativePath = "any".parse().expect("a path");
        let unit = |unit: Option<&openweigh_formats::text::Unit>| {
            unit.map_or_else(String::new, |unit| format!(" {}", escaped(unit.as_str())))
        };
        let entry = |claim: &'_ Claim| {
            let value = format!("{}{}", claim.value, unit(claim.unit.as_ref()));
            let over = Over { file: anywhere.clone(), ..claim.over.clone() };
            let over = (same(manifest, weights, &claim.over.file), over);
            (claim.id.to_string(), (value, claim.quantity, over))
        };
        manifest.claims.iter().map(entry).collect()
    };
    let (now, before) = (of(source.manifest, both[0]), of(&previous.manifest, both[1]));
    let mut lines = Vec::new();
    for (id, (value, quantity, over)) in &now {
        match before.get(id) {
            None => lines.push(format!("Claim `{id}`: new, {value}.")),
            // Two values of different things are no movement of one.
            Some((old, was, of)) if (was, of) != (quantity, over) => {
                lines.push(format!("Claim `{id}`: now of something else, {value}; it was {old}."));
            }
            Some((old, ..)) if old != value => lines.push(format!("Claim `{id}`: {old} → {value}.")),
            Some(_) => {}
        }
    }
    for id in before.keys().filter(|id| !now.contains_key(*id)) {
        lines.push(format!("Claim `{id}`: gone."));
    }
    lines
}
