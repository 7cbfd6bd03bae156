//! Touches that a release keeps back, and the readings that it states instead (docs/spec/11-withheld.md).
//!
//! From stated readings everything is derived as from touches. What follows from them is not *checked*, since nobody
//! without the touches can tell whether the readings are theirs; what does not follow has failed.

use crate::bytes;
use crate::finding::{Finding, Kind, Open, Other};
use crate::opened::Opened;
use crate::report::{Item, Stage, Verdict};
use openweigh_dataset::sessions::Beside;
use openweigh_dataset::weighing::{self, Chunk, Reduced};
use openweigh_exact::Decimal;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::malformed::{Fault, Malformed, shortened};
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{Format, Recipe};
use openweigh_formats::withheld::{PATH, StatedReadings, Withheld};
use openweigh_formats::{Digest, canonical, csv, limits};
use openweigh_replay::grams::{self, Place};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept back, and what could be read of what is stated instead.
#[derive(Debug, Default)]
pub struct Kept {
    /// The files that the release states it has not: touches of its manifest.
    pub files: BTreeSet<RelativePath>,
    /// The bytes of the stated readings, by their path, with their digests.
    readings: BTreeMap<RelativePath, Vec<u8>>,
    /// The datasets of which a session's readings are stated and not derived.
    pub(crate) rest_on: BTreeSet<RelativePath>,
}

/// Reads the statement, if there is one, with an item for it and for each of its files of readings.
pub(crate) fn read(manifest: &Manifest, from: &dyn Files, items: &mut impl FnMut(Item)) -> Kept {
    let mut kept = Kept::default();
    let mut tell = |subject: &str, verdict| {
        items(Item { stage: Stage::Bytes, subject: subject.to_owned(), verdict });
    };
    let path: RelativePath = PATH.parse().expect("a name of the format");
    let bytes = match files::bytes(from, &path, limits::JSON_BYTES) {
        Err(Unreadable::Missing) => return kept,
        Err(error) => {
            tell(PATH, bytes::unlisted(&error));
            return kept;
        }
        Ok(bytes) => bytes,
    };
    let statement: Withheld = match canonical::read(&bytes) {
        Ok(statement) => statement,
        Err(error) => {
            tell(PATH, bytes::malformed(&error));
            return kept;
        }
    };
    let is_listed = |path: &RelativePath, bytes: u64, sha256: &Digest| {
        let listed = manifest.file(path);
        listed.is_some_and(|file| file.role == Role::Touches && file.bytes == bytes && file.sha256 == *sha256)
    };
    let stranger = statement.files.iter().find(|file| !is_listed(&file.path, file.bytes, &file.sha256));
    if let Some(file) = stranger {
        tell(PATH, Verdict::failed(Kind::KeepsBackOther(file.path.clone())));
        return kept;
    }
    tell(PATH, Verdict::Checked);
    kept.files = statement.files.into_iter().map(|file| file.path).collect();
    for one in statement.readings {
        let verdict = readings(&one, from, &mut kept);
        tell(one.path.as_str(), verdict);
    }
    kept
}

fn readings(one: &StatedReadings, from: &dyn Files, kept: &mut Kept) -> Verdict {
    let bytes = match files::bytes(from, &one.path, limits::SESSION_CSV_BYTES) {
        Ok(bytes) => bytes,
        Err(error) => return bytes::unlisted(&error),
    };
    let found = Digest::of(&bytes);
    if found != one.sha256 || bytes.len() as u64 != one.bytes {
        return Verdict::Failed(Finding {
            published: Some(one.sha256.to_string()),
            other: Some(Other::Found(found.to_string())),
            ..Kind::OtherReadings(PATH).into()
        });
    }
    kept.readings.insert(one.path.clone(), bytes);
    Verdict::Checked
}

/// The verdict on a file that is kept back.
pub(crate) fn verdict(file: &ManifestFile) -> Verdict {
    Verdict::NotCheckable(Open::KeptBack { bytes: file.bytes, sha256: file.sha256.clone() })
}

impl Kept {
    /// The readings that are stated of a session under a recipe, and where; none where nothing is stated.
    ///
    /// # Errors
    /// The line that is not what a reading of the session's weighings looks like.
    pub(crate) fn session(
        &self,
        dataset: &Dataset,
        recipe: &Recipe,
        files: &Beside,
    ) -> Option<(RelativePath, Result<Chunk, Malformed>)> {
        let per = recipe.reading.as_ref()?.per;
        let path = Withheld::readings_path(&dataset.name, &recipe.name);
        let bytes = self.readings.get(&path).filter(|_| per == Per::Weighing)?;
        Some((path, parse(bytes, dataset, recipe, files)))
    }
}

/// Reads the lines of one session. Whatever is read is written again and compared, so that there is one text only.
fn parse(bytes: &[u8], dataset: &Dataset, recipe: &Recipe, files: &Beside) -> Result<Chunk, Malformed> {
    let header = String::from_utf8_lossy(&grams::readings_header(recipe)).trim_end().to_owned();
    let mut lines = csv::checked(bytes)?;
    csv::header(lines.next().unwrap_or_default().as_bytes(), &header)?;
    let own = format!("{},{},", dataset.name, files.session.id);
    let found: Vec<(usize, &str)> = lines
        .enumerate()
        .map(|(at, line)| (at + 2, line))
        .filter(|(_, line)| line.starts_with(&own))
        .collect();
    let (weighings, features) = (&files.weighings, recipe.features().len());
    if found.len() != weighings.len() {
        return Err(Malformed::whole(Fault::Inconsistent {
            what: format!("session `{}`", files.session.id),
            found: format!("{} lines", found.len()),
            expected: format!("{}, one for each of its weighings", weighings.len()),
        }));
    }
    let stated = found.iter().map(|(_, line)| reading(line, features)).collect();
    let chunk = weighing::stated(recipe, weighings, stated);
    let place = Place { dataset, session: &files.session.id, weighings };
    let again = grams::readings_lines(recipe, place, &chunk);
    let again = String::from_utf8_lossy(&again);
    for ((at, line), expected) in found.iter().zip(again.lines()) {
        if *line != expected {
            let (found, expected) = (shortened(line, 200), shortened(expected, 200));
            return Err(Malformed::at(*at, 1, Fault::NotCanonical { found, expected }));
        }
    }
    Ok(chunk)
}

/// What a line states, as far as it can be made out: what cannot is found when it is written again.
fn reading(line: &str, features: usize) -> Reduced {
    let cells: Vec<&str> = line.split(',').collect();
    let ahead = grams::columns(Per::Weighing, Format::V1).0.len();
    let flag = |word: &str| cells.last().is_some_and(|flags| flags.split('+').any(|flag| flag == word));
    let value = |cell: Option<&&str>| {
        let cell = cell.filter(|cell| cell.len() <= limits::MAX_CHARACTERS)?;
        cell.parse::<Decimal>().ok()
    };
    Reduced {
        frames: cells.get(ahead - 1).and_then(|frames| frames.parse().ok()).unwrap_or_default(),
        values: (ahead..ahead + features).map(|at| value(cells.get(at))).collect(),
        saturated: flag("saturated"),
        gap: flag("gap"),
    }
}

/// What is *checked* of a file that follows from stated readings is only that: it follows from them.
pub(crate) fn reserved(
    verdict: Verdict,
    manifest: &Manifest,
    opened: &Opened,
    file: &RelativePath,
) -> Verdict {
    if verdict != Verdict::Checked || opened.kept.rest_on.is_empty() {
        return verdict;
    }
    let (mut open, mut seen) = (vec![file], BTreeSet::new());
    while let Some(path) = open.pop() {
        if opened.kept.rest_on.contains(path) {
            return Verdict::NotCheckable(Open::Stated);
        }
        if seen.insert(path) {
            open.extend(manifest.derivation_of(path).into_iter().flat_map(|derivation| &derivation.inputs));
        }
    }
    verdict
}
