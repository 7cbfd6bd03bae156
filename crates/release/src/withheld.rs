//! `withheld.json`, and the readings that stand in for the touches that a release keeps back
//! (docs/spec/11-withheld.md).
//!
//! Whoever has the touches derives the same readings from them and gets the same bytes.

use crate::generate::Generated;
use crate::quantity::shown;
use crate::source::{Missing, Source};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::manifest::{ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::reading::Per;
use openweigh_formats::withheld::{Format, PATH, StatedReadings, Withheld, WithheldFile};
use openweigh_formats::{Digest, canonical};
use openweigh_markup::markdown::{Document, Inline};
use openweigh_replay::grams::{self, Place};
use openweigh_verify::opened::DatasetReadings;
use std::collections::BTreeSet;

/// The touches of a manifest: what may be kept back.
pub fn touches(source: &Source<'_>) -> BTreeSet<RelativePath> {
    source.files(Role::Touches).map(|file| file.path.clone()).collect()
}

/// Why the touches cannot be kept back: there are none, or what stands in for them would be as telling.
pub fn obstacles(source: &Source<'_>) -> Vec<Missing> {
    let mut found = Vec::new();
    if source.files(Role::Touches).next().is_none() {
        let what = "it has no touch sessions, so there is nothing that --withhold sessions could keep back";
        found.push(Missing { path: source.manifest.name.to_string(), what: what.to_owned() });
    }
    if source.manifest.is_data_alone() {
        let what = "nothing is derived from the sessions, so that no readings could be stated in their place";
        found.push(Missing { path: source.manifest.name.to_string(), what: what.to_owned() });
    }
    let mut seen = BTreeSet::new();
    for one in &source.opened.readings {
        if one.recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame) {
            let what = format!(
                "the recipe `{}` reads every frame: its readings are the touches over again, which cannot be kept back",
                one.recipe.name
            );
            found.push(Missing { path: one.dataset.to_string(), what });
        }
        if !seen.insert((&one.dataset, &one.recipe.name)) {
            let what = format!("two recipes called `{}` make different readings of it", one.recipe.name);
            found.push(Missing { path: one.dataset.to_string(), what });
        }
    }
    found
}

/// The readings of each dataset with touches that are kept back, and the statement; nothing where nothing is.
pub(crate) fn generate(source: &Source<'_>) -> Vec<Generated> {
    if source.withheld.is_empty() {
        return Vec::new();
    }
    let (mut files, mut readings) = (Vec::new(), Vec::new());
    for (one, dataset, bytes) in stated(source) {
        let path = Withheld::readings_path(&dataset.name, &one.recipe.name);
        let (dataset, recipe) = (one.dataset.clone(), one.recipe.name.clone());
        let (size, sha256) = (bytes.len() as u64, Digest::of(&bytes));
        files.push(Generated::new(path.as_str(), bytes));
        readings.push(StatedReadings { path, dataset, recipe, bytes: size, sha256 });
    }
    readings.sort_by(|left, right| left.path.cmp(&right.path));
    let held = |file: &&ManifestFile| source.withheld.contains(&file.path);
    let commitment = |file: &ManifestFile| WithheldFile {
        path: file.path.clone(),
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    };
    let mut held: Vec<WithheldFile> = source.manifest.files.iter().filter(held).map(commitment).collect();
    held.sort_by(|left, right| left.path.cmp(&right.path));
    let statement = Withheld { format: Format::V1, manifest: source.id.clone(), files: held, readings };
    files.push(Generated::new(PATH, canonical::write(&statement)));
    files
}

/// The readings that are stated, each with its dataset and its bytes.
fn stated<'a>(source: &Source<'a>) -> impl Iterator<Item = (&'a DatasetReadings, &'a Dataset, Vec<u8>)> {
    let (opened, withheld) = (source.opened, source.withheld);
    opened.readings.iter().filter_map(move |one| {
        let dataset = opened.datasets.get(&one.dataset)?;
        let mut own = dataset.files.iter().filter_map(|file| one.dataset.sibling(&file.path).ok());
        if !own.any(|path| withheld.contains(&path)) {
            return None;
        }
        let mut bytes = grams::readings_header(&one.recipe);
        for session in one.sessions.as_ref()? {
            let place = Place { dataset, session: &session.session.id, weighings: &session.weighings };
            session
                .chunks
                .iter()
                .for_each(|chunk| bytes.extend(grams::readings_lines(&one.recipe, place, chunk)));
        }
        Some((one, dataset, bytes))
    })
}

/// The places of the readings that stand in for a dataset's touches.
pub(crate) fn in_place_of<'a>(source: &Source<'a>, dataset: &'a RelativePath) -> Vec<RelativePath> {
    let of_dataset = stated(source).filter(|(one, _, _)| one.dataset == *dataset);
    of_dataset.map(|(one, dataset, _)| Withheld::readings_path(&dataset.name, &one.recipe.name)).collect()
}

/// The part of the card of generator 2 that says what is kept back, and what nobody can check therefore.
pub(crate) fn describe(source: &Source<'_>, card: &mut Document) {
    if source.withheld.is_empty() {
        return;
    }
    let bytes: u64 =
        source.withheld.iter().filter_map(|path| source.manifest.file(path)).map(|file| file.bytes).sum();
    card.heading(2, "Kept back");
    card.paragraph(
        Inline::from("The touches of ")
            .then(shown(&source.withheld.len()))
            .then(if source.withheld.len() == 1 { " session (" } else { " sessions (" })
            .then(shown(&bytes))
            .then(" bytes) are not in this release; ")
            .then(Inline::link(Inline::code(PATH), PATH))
            .then(" has the SHA-256 of each. Stated instead are the readings of every weighing:"),
    );
    let readings = stated(source).map(|(one, dataset, bytes)| {
        let path = Withheld::readings_path(&dataset.name, &one.recipe.name);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        Inline::link(Inline::code(path.as_str()), path.as_str())
            .then(": ")
            .then(shown(&lines))
            .then(if lines == 1 { " reading of " } else { " readings of " })
            .then(Inline::code(dataset.name.as_str()))
            .then(" by the recipe ")
            .then(Inline::code(one.recipe.name.as_str()))
    });
    card.list(readings);
    card.paragraph(
        "Anybody can check that weights, results and claims follow from these readings. That the readings are those of \
         the touches can be checked only by those who get the touches, with `openweigh verify . --sessions FOLDER`; a \
         receipt of theirs tells others that they did.",
    );
}

/// The part of the card of generator 1 that says what is kept back, and what nobody can check therefore.
pub(crate) fn section(source: &Source<'_>) -> String {
    if source.withheld.is_empty() {
        return String::new();
    }
    let (count, mut bytes) = (source.withheld.len(), 0);
    for path in source.withheld {
        bytes += source.manifest.file(path).map_or(0, |file| file.bytes);
    }
    let mut text = format!(
        "\n## Kept back\n\nThe touches of {count} sessions ({bytes} bytes) are not in this release; [`{PATH}`]({PATH}) has the \
         SHA-256 of each. Stated instead are the readings of every weighing:\n\n"
    );
    for (one, dataset, bytes) in stated(source) {
        let path = Withheld::readings_path(&dataset.name, &one.recipe.name);
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count().saturating_sub(1);
        text += &format!(
            "- [`{path}`]({path}): {lines} readings of `{}` by the recipe `{}`\n",
            dataset.name, one.recipe.name
        );
    }
    text += "\nAnybody can check that weights, results and claims follow from these readings. That the readings are those of \
             the touches can be checked only by those who get the touches, with `openweigh verify . --sessions FOLDER`; a \
             receipt of theirs tells others that they did.\n";
    text
}
