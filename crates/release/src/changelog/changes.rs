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
use std::borrow::Cow;
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
    let both = [&source.opened.weights, &previous.weights];
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

/// A line of results that has a value, by the title of its weights.
struct Entry<'a> {
    title: &'a str,
    /// What tells it from other lines: cells at its beginning.
    key: Cow<'a, str>,
    value: &'a str,
}

impl Entry<'_> {
    fn place(&self) -> (&str, &str) {
        (self.title, &self.key)
    }

    fn number(&self) -> Option<Decimal> {
        Fixed::parse(self.value).ok().map(|value| value.to_decimal())
    }
}

/// The values in the results of a manifest, in order of their places; lines without a value, as of a tare, are none,
/// and results whose bytes are not at hand are left out. Each line is kept as it stands: results may be large.
fn values<'a>(
    manifest: &Manifest,
    titles: &'a BTreeMap<RelativePath, Title>,
    bytes: impl Fn(&RelativePath) -> Option<&'a [u8]>,
) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for file in manifest.of_role(Role::Results) {
        let inputs = manifest.derivation_of(&file.path).and_then(|derivation| derivation.inputs.first());
        let Some(title) = inputs.and_then(|path| titles.get(path)) else { continue };
        let Some(text) = bytes(&file.path).and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
            continue;
        };
        let mut lines = text.lines();
        let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
        let Some(value) = header.iter().rposition(|name| matches!(*name, "grams" | "predicted")) else {
            continue;
        };
        let keys: Vec<usize> = (0..header.len().min(4)).filter(|at| KEYS.contains(&header[*at])).collect();
        // The columns that name a line stand first, unless a feature has such a name, too.
        let first = keys.iter().copied().eq(0..keys.len());
        for line in lines {
            let Some(value) = line.split(',').nth(value).filter(|cell| Fixed::parse(cell).is_ok()) else {
                continue;
            };
            let key = if first && !keys.is_empty() {
                let end = line.match_indices(',').nth(keys.len() - 1).map_or(line.len(), |(at, _)| at);
                Cow::Borrowed(&line[..end])
            } else {
                let cells: Vec<&str> = line.split(',').collect();
                Cow::Owned(keys.iter().filter_map(|at| cells.get(*at).copied()).collect::<Vec<_>>().join(","))
            };
            entries.push(Entry { title, key, value });
        }
    }
    // Of lines of one place the last one counts.
    entries.sort_by(|left, right| left.place().cmp(&right.place()));
    entries.reverse();
    entries.dedup_by(|later, earlier| later.place() == earlier.place());
    entries.reverse();
    entries
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
    let [new, old] = [&source.opened.weights, &previous.weights];
    let repeated = repeated([new, old]);
    let titles = |weights: &BTreeMap<RelativePath, Weights>| -> BTreeMap<RelativePath, Title> {
        weights.iter().map(|(path, weights)| (path.clone(), title(weights, &repeated))).collect()
    };
    let (new_titles, old_titles) = (titles(new), titles(old));
    let now = values(source.manifest, &new_titles, |path| source.results.get(path).map(Vec::as_slice));
    let before = values(&previous.manifest, &old_titles, |path| previous.files.get(path).map(Vec::as_slice));
    let mut movements: BTreeMap<&str, Movement> = BTreeMap::new();
    let mut left = before.iter().peekable();
    for entry in &now {
        while let Some(gone) = left.next_if(|old| old.place() < entry.place()) {
            movements.entry(gone.title).or_default().gone += 1;
        }
        let movement = movements.entry(entry.title).or_default();
        let Some(old) = left.next_if(|old| old.place() == entry.place()) else {
            movement.new += 1;
            continue;
        };
        movement.compared += 1;
        let (Some(old), Some(value)) = (old.number(), entry.number()) else { continue };
        if old != value {
            movement.moved += 1;
            movement.largest = movement.largest.take().max(Some(distance(&old, &value)));
        }
    }
    for gone in left {
        movements.entry(gone.title).or_default().gone += 1;
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
    let version = |path: &RelativePath| source.opened.datasets.get(path).map(|dataset| &dataset.version);
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
    let both = [&source.opened.weights, &previous.weights];
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
