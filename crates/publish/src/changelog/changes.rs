//! What changed since the release before, as values: whatever a changelog says follows from these.
//!
//! Results are matched line by line: those of weights of the same name, for the same row or weighing of a dataset of
//! the same name. So a reader knows whether a new version matters to him without comparing anything.

use crate::previous::Previous;
use crate::source::Source;
use openweigh_exact::{Decimal, Fixed};
use openweigh_formats::Digest;
use openweigh_formats::claim::{Claim, Over, Quantity};
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::number::{Number, Stated};
use openweigh_formats::path::RelativePath;
use openweigh_formats::term::Term;
use openweigh_formats::text::{Name, Unit, Version};
use openweigh_formats::weights::Weights;
use std::collections::{BTreeMap, BTreeSet};

/// Columns that say which line of a dataset a result is for.
const KEYS: [&str; 5] = ["dataset", "row", "session", "weighing", "frame"];

/// Everything that changed, in the order in which it is told.
pub(super) struct Changes<'a> {
    pub(super) weights: Vec<(Title, WeightsChange<'a>)>,
    pub(super) results: Vec<(Title, Option<&'a Unit>, Movement)>,
    pub(super) datasets: Vec<(&'a str, DatasetChange<'a>)>,
    pub(super) claims: Vec<(String, ClaimChange<'a>)>,
}

impl<'a> Changes<'a> {
    pub(super) fn between(source: &Source<'a>, previous: &'a Previous) -> Self {
        Self {
            weights: weights(source, previous),
            results: results(source, previous),
            datasets: datasets(source, previous),
            claims: claims(source, previous),
        }
    }
}

/// What weights are called in the changelog: by their name, and where a manifest has several versions of a name, by
/// their version, too.
pub(super) type Title = String;

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

/// What became of weights.
pub(super) enum WeightsChange<'a> {
    New(&'a Version),
    Gone(&'a Version),
    Changed { from: &'a Version, to: &'a Version, terms: Vec<(&'a Term, TermChange<'a>)> },
}

/// What became of a coefficient.
pub(super) enum TermChange<'a> {
    New(&'a Number),
    Gone(&'a Number),
    Moved { from: &'a Number, to: &'a Number },
}

fn weights<'a>(source: &Source<'a>, previous: &'a Previous) -> Vec<(Title, WeightsChange<'a>)> {
    let both = [&source.contents.weights, &previous.weights];
    let repeated = repeated(both);
    let [now, before] = both.map(|weights| -> BTreeMap<Title, &'a Weights> {
        weights.values().map(|weights| (title(weights, &repeated), weights)).collect()
    });
    let mut changes = Vec::new();
    for (name, weights) in &now {
        let Some(old) = before.get(name) else {
            changes.push((name.clone(), WeightsChange::New(&weights.version)));
            continue;
        };
        if old == weights {
            continue;
        }
        let (from, to) = (&old.version, &weights.version);
        changes.push((name.clone(), WeightsChange::Changed { from, to, terms: terms(old, weights) }));
    }
    let gone = before.iter().filter(|(name, _)| !now.contains_key(*name));
    changes.extend(gone.map(|(name, old)| (name.clone(), WeightsChange::Gone(&old.version))));
    changes
}

fn terms<'a>(old: &'a Weights, new: &'a Weights) -> Vec<(&'a Term, TermChange<'a>)> {
    let mut changes = Vec::new();
    for term in &new.terms {
        let to = &term.coefficient;
        let change = match old.terms.iter().find(|was| was.term == term.term) {
            Some(was) if was.coefficient == *to => continue,
            Some(was) => TermChange::Moved { from: &was.coefficient, to },
            None => TermChange::New(to),
        };
        changes.push((&term.term, change));
    }
    let gone = old.terms.iter().filter(|was| !new.terms.iter().any(|term| term.term == was.term));
    changes.extend(gone.map(|was| (&was.term, TermChange::Gone(&was.coefficient))));
    changes
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
pub(super) struct Movement {
    pub(super) compared: u64,
    pub(super) moved: u64,
    pub(super) largest: Option<Decimal>,
    pub(super) new: u64,
    pub(super) gone: u64,
}

fn results<'a>(source: &Source<'a>, previous: &'a Previous) -> Vec<(Title, Option<&'a Unit>, Movement)> {
    let [new, old] = [&source.contents.weights, &previous.weights];
    let repeated = repeated([new, old]);
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
    let units: BTreeMap<Title, Option<&'a Unit>> = (new.values().chain(old.values()))
        .map(|weights| (title(weights, &repeated), weights.recipe.result.unit.as_ref()))
        .collect();
    let unit = |name: &str| units.get(name).copied().flatten();
    movements.into_iter().map(|(name, movement)| (name.to_owned(), unit(name), movement)).collect()
}

fn distance(left: &Decimal, right: &Decimal) -> Decimal {
    if left > right { left.minus(right) } else { right.minus(left) }
}

/// The names of datasets with what says which ones they are.
fn described(manifest: &Manifest) -> BTreeMap<&str, (&RelativePath, &Digest)> {
    let folder = |path: &'_ RelativePath| path.parent().map_or(0, str::len);
    (manifest.of_role(Role::Dataset))
        .map(|file| (&file.path.as_str()[..folder(&file.path)], (&file.path, &file.sha256)))
        .collect()
}

/// What became of a dataset.
pub(super) enum DatasetChange<'a> {
    New(Option<&'a Version>),
    Changed(Option<&'a Version>),
    Gone,
}

fn datasets<'a>(source: &Source<'a>, previous: &'a Previous) -> Vec<(&'a str, DatasetChange<'a>)> {
    let (now, before) = (described(source.manifest), described(&previous.manifest));
    let version = |path: &RelativePath| source.contents.datasets.get(path).map(|dataset| &dataset.version);
    let mut changes = Vec::new();
    for (folder, (path, digest)) in &now {
        match before.get(folder) {
            None => changes.push((*folder, DatasetChange::New(version(path)))),
            Some((_, old)) if old != digest => changes.push((*folder, DatasetChange::Changed(version(path)))),
            Some(_) => {}
        }
    }
    let gone = before.keys().filter(|folder| !now.contains_key(*folder));
    changes.extend(gone.map(|folder| (*folder, DatasetChange::Gone)));
    changes
}

/// The value of a claim.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Value<'a> {
    pub(super) number: &'a Stated,
    pub(super) unit: Option<&'a Unit>,
}

/// What became of a claim.
pub(super) enum ClaimChange<'a> {
    New(Value<'a>),
    /// Two values of different things are no movement of one.
    OfSomethingElse {
        now: Value<'a>,
        was: Value<'a>,
    },
    Moved {
        from: Value<'a>,
        to: Value<'a>,
    },
    Gone,
}

fn claims<'a>(source: &Source<'a>, previous: &'a Previous) -> Vec<(String, ClaimChange<'a>)> {
    let both = [&source.contents.weights, &previous.weights];
    let repeated = repeated(both);
    // A file of the next version has another path: it is the same if it is of the same weights.
    let same = |manifest: &Manifest, weights: &BTreeMap<RelativePath, Weights>, file: &RelativePath| {
        let inputs = manifest.derivation_of(file).and_then(|derivation| derivation.inputs.first());
        let of = weights.get(file).or_else(|| weights.get(inputs?));
        let kind = manifest.file(file).map_or("", |file| file.role.as_str());
        of.map_or_else(|| file.to_string(), |of| format!("{kind} of {}", title(of, &repeated)))
    };
    let of = |manifest: &'a Manifest, weights| -> BTreeMap<String, (Value<'a>, Quantity, (String, Over))> {
        let anywhere: RelativePath = "any".parse().expect("a path");
        let entry = |claim: &'a Claim| {
            let value = Value { number: &claim.value, unit: claim.unit.as_ref() };
            let over = Over { file: anywhere.clone(), ..claim.over.clone() };
            let over = (same(manifest, weights, &claim.over.file), over);
            (claim.id.to_string(), (value, claim.quantity, over))
        };
        manifest.claims.iter().map(entry).collect()
    };
    let (now, before) = (of(source.manifest, both[0]), of(&previous.manifest, both[1]));
    let mut changes = Vec::new();
    for (id, (value, quantity, over)) in &now {
        let (now, to) = (*value, *value);
        let change = match before.get(id) {
            None => ClaimChange::New(now),
            Some((was, of, what)) if (of, what) != (quantity, over) => {
                ClaimChange::OfSomethingElse { now, was: *was }
            }
            Some((from, ..)) if from != value => ClaimChange::Moved { from: *from, to },
            Some(_) => continue,
        };
        changes.push((id.clone(), change));
    }
    let gone = before.keys().filter(|id| !now.contains_key(*id));
    changes.extend(gone.map(|id| (id.clone(), ClaimChange::Gone)));
    changes
}
