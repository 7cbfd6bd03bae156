//! Stage 1: every listed file is there with its digest, and everything that must be listed is (7.1).

use crate::ReplayError;
use crate::completeness;
use crate::finding::{self, Cause, Finding, Other, Proof};
use crate::passing;
use crate::predict::Outcome;
use crate::report::{Item, Note, Stage, Verdict};
use crate::texts::{self, Texts};
use crate::verify::Effort;
use crate::withheld::{self, Kept};
use openweigh_dataset::{Data, SessionReadings};
use openweigh_fit::Budget;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{Dataset, Kind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::{self, Event};
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::limits;
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::session::Session;
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::weighings::{self, Weighing};
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, Malformed, edit};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A file in memory that the search for an edit is worth doing on.
const SEARCHED_BYTES: u64 = 1 << 20;

/// What could be read of a manifest's files: only what has its digest and its format.
#[derive(Debug, Default)]
pub struct Contents {
    /// Datasets.
    pub datasets: BTreeMap<RelativePath, Dataset>,
    /// Tables, by the path of the table.
    pub tables: BTreeMap<RelativePath, Table>,
    /// Recipes.
    pub recipes: BTreeMap<RelativePath, Recipe>,
    /// Weights.
    pub weights: BTreeMap<RelativePath, Weights>,
    /// Results whose bytes have their digest.
    pub results: Vec<RelativePath>,
    /// The sessions' descriptions, weighings and events, each by its path.
    pub sessions: BTreeMap<RelativePath, Session>,
    /// Weighings, by their path.
    pub weighings: BTreeMap<RelativePath, Vec<Weighing>>,
    /// Events, by their path.
    pub events: BTreeMap<RelativePath, Vec<Event>>,
    /// The readings of touch sessions, by dataset and recipe.
    pub readings: Vec<DatasetReadings>,
    /// Results by frame that were derived while the touches passed by.
    pub streamed: BTreeMap<RelativePath, Streamed>,
    /// What changes no verdict.
    pub notes: Vec<Note>,
    /// What a release keeps back.
    pub kept: Kept,
    /// The texts of licences that were compared.
    pub(crate) texts: Texts,
    /// What may still be spent on finding out how changed files were changed.
    pub(crate) search: edit::Effort,
    /// What was spent on results that were derived while the touches passed by.
    pub(crate) budget: Budget,
}

/// The readings that a recipe makes of a dataset.
#[derive(Debug)]
pub struct DatasetReadings {
    /// The `dataset.json`.
    pub dataset: RelativePath,
    /// The recipe.
    pub recipe: Recipe,
    /// Session by session; none where one of them could not be read. Of a recipe by frame, only the readings
    /// that are fitted are kept.
    pub sessions: Option<Vec<SessionReadings>>,
}

/// Results derived from touches as they were read.
#[derive(Debug)]
pub struct Streamed {
    /// SHA-256 of the results' bytes.
    pub sha256: Digest,
    /// Their figures.
    pub outcome: Outcome,
    /// Why they could not be derived, if so.
    pub fault: Option<ReplayError>,
    /// Whether all sessions could be read.
    pub complete: bool,
}

impl Contents {
    /// The dataset of a `dataset.json`, and its data as the recipe reads them, if all could be read.
    pub fn dataset(&self, path: &RelativePath, recipe: &Recipe) -> Option<(&Dataset, Data<'_>)> {
        let dataset = self.datasets.get(path)?;
        let data = match dataset.kind {
            Kind::Table => Data::Table(self.tables.get(&path.sibling(&dataset.measurements()?.path).ok()?)?),
            // A recipe of the other kind makes no readings, which is told when they are asked for.
            Kind::TouchSessions | Kind::SignalSessions if recipe.reading.is_none() => Data::Sessions(&[]),
            Kind::TouchSessions | Kind::SignalSessions => Data::Sessions(self.readings(path, recipe)?),
        };
        Some((dataset, data))
    }

    /// The table of a dataset, if it has one that could be read.
    pub fn table(&self, path: &RelativePath) -> Option<(&Dataset, &Table)> {
        let dataset = self.datasets.get(path)?;
        let table = path.sibling(&dataset.measurements()?.path).ok()?;
        Some((dataset, self.tables.get(&table)?))
    }

    fn readings(&self, path: &RelativePath, recipe: &Recipe) -> Option<&[SessionReadings]> {
        let found = self.readings.iter().find(|own| own.dataset == *path && reads_alike(&own.recipe, recipe));
        found?.sessions.as_deref()
    }
}

/// Whether two recipes make the same readings.
pub(crate) fn reads_alike(left: &Recipe, right: &Recipe) -> bool {
    left.reading == right.reading
        && left.features() == right.features()
        && left.model.tare == right.model.tare
}

/// What a manifest has to account for.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Its own files among others: a ledger has many manifests.
    Ledger,
    /// Its own files but those that are stated to be kept back; whoever calls accounts for the rest of the folder.
    Files,
    /// Everything in the folder, but for these files about the release itself.
    Release {
        /// The manifest, and what pins it.
        own: Vec<String>,
    },
}

/// Reads the files of a manifest, one item for each, `max_csv` bytes of CSV at most.
pub fn read_all(
    manifest: &Manifest,
    from: &dyn Files,
    scope: &Scope,
    effort: Effort,
    items: &mut impl FnMut(Item),
) -> Contents {
    let max_csv = effort.max_csv;
    let mut contents = Contents { search: effort.search, ..Contents::default() };
    if matches!(scope, Scope::Files) {
        contents.kept = withheld::read(manifest, from, items);
    }
    // Of results only the digest is wanted, for which nothing has to be known.
    let (results, rest): (Vec<_>, Vec<_>) =
        manifest.files.iter().partition(|file| file.role == Role::Results);
    let digest = |file: &&ManifestFile| files::digest(from, &file.path, reach(file, max_csv));
    let digests = std::thread::scope(|scope| {
        let digests = scope.spawn(|| results.iter().map(&digest).collect::<Vec<_>>());
        read_rest(manifest, rest, from, max_csv, &mut contents, items);
        digests.join().expect("reading does not panic")
    });
    for (file, digest) in results.into_iter().zip(digests) {
        let verdict = match digest {
            Err(error) => unreadable(&error, file),
            Ok((size, digest)) if digest == file.sha256 && size == file.bytes => {
                contents.results.push(file.path.clone());
                Verdict::Checked
            }
            Ok((size, digest)) => mismatch(file, from, size, &digest, &mut contents.search),
        };
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    for item in completeness::check(manifest, &contents, from, scope) {
        items(item);
    }
    contents
}

/// Reads everything but the results.
fn read_rest(
    manifest: &Manifest,
    files: Vec<&ManifestFile>,
    from: &dyn Files,
    max_csv: u64,
    contents: &mut Contents,
    items: &mut impl FnMut(Item),
) {
    // Tables need their dataset's columns, and touches the recipes of all that follows from them.
    let data_last = |file: &&ManifestFile| file.role == Role::Measurements || file.role.is_of_frames();
    let (data, others): (Vec<_>, Vec<_>) = files.into_iter().partition(data_last);
    for file in others {
        let verdict = read_one(file, from, contents);
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    let (touches, tables): (Vec<_>, Vec<_>) = data.into_iter().partition(|file| file.role.is_of_frames());
    for file in tables {
        let verdict = read_table(file, from, max_csv, contents);
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    passing::read_touches(manifest, &touches, from, max_csv, contents, items);
}

fn read_one(file: &ManifestFile, from: &dyn Files, contents: &mut Contents) -> Verdict {
    let limit = match file.role {
        Role::Events | Role::Weighings => limits::SESSION_CSV_BYTES,
        _ => limits::JSON_BYTES,
    };
    let bytes = match files::bytes(from, &file.path, reach(file, limit)) {
        Ok(bytes) => bytes,
        Err(error) => return unreadable(&error, file),
    };
    let digest = Digest::of(&bytes);
    if digest != file.sha256 || bytes.len() as u64 != file.bytes {
        return mismatch(file, from, bytes.len() as u64, &digest, &mut contents.search);
    }
    let path = file.path.clone();
    match file.role {
        Role::Dataset => keep(&bytes, path, &mut contents.datasets),
        Role::Weights => keep(&bytes, path, &mut contents.weights),
        Role::Recipe => match Recipe::from_toml(&bytes) {
            Ok(recipe) => {
                contents.recipes.insert(path, recipe);
                Verdict::Checked
            }
            Err(error) => malformed(&error),
        },
        Role::Session => keep(&bytes, path, &mut contents.sessions),
        Role::Weighings => match weighings::read(&bytes) {
            Ok(weighings) => {
                contents.weighings.insert(path, weighings);
                Verdict::Checked
            }
            Err(error) => malformed(&error),
        },
        Role::Events => match events::read(&bytes) {
            Ok(events) => {
                contents.events.insert(path, events);
                Verdict::Checked
            }
            Err(error) => malformed(&error),
        },
        Role::Licence => contents.texts.verdict(texts::id_of(path.as_str()), &bytes),
        Role::Measurements
        | Role::Touches
        | Role::Results
        | Role::Samples
        | Role::Balance
        | Role::References => Verdict::Checked,
    }
}

fn keep<T: Document>(bytes: &[u8], path: RelativePath, into: &mut BTreeMap<RelativePath, T>) -> Verdict {
    match canonical::read(bytes) {
        Ok(document) => {
            into.insert(path, document);
            Verdict::Checked
        }
        Err(error) => malformed(&error),
    }
}

/// Reads a table while hashing it; the table is kept only if the digest turns out right.
fn read_table(file: &ManifestFile, from: &dyn Files, max_csv: u64, contents: &mut Contents) -> Verdict {
    let dataset = contents.datasets.iter().find(|(path, dataset)| {
        let table = dataset.measurements().and_then(|listed| path.sibling(&listed.path).ok());
        table.is_some_and(|table| table == file.path)
    });
    let mut reader = dataset.map(|(_, dataset)| TableReader::of(dataset));
    let (mut size, mut hasher, mut fault) = (0u64, Hasher::default(), None);
    let read = from.read(&file.path, reach(file, max_csv), &mut |block| {
        size += block.len() as u64;
        hasher.update(block);
        if let (Some(reader), None) = (&mut reader, &fault) {
            fault = reader.feed(block).err();
        }
    });
    if let Err(error) = read {
        return unreadable(&error, file);
    }
    let digest = hasher.finish();
    if digest != file.sha256 || size != file.bytes {
        return mismatch(file, from, size, &digest, &mut contents.search);
    }
    let table = match (fault, reader) {
        (Some(fault), _) => Err(fault),
        (None, Some(reader)) => reader.finish(),
        (None, None) => return Verdict::Checked,
    };
    match table {
        Ok(table) => {
            contents.tables.insert(file.path.clone(), table);
            Verdict::Checked
        }
        Err(fault) => malformed(&fault),
    }
}

/// How far a listed file is read, of `limit` bytes at most: one that is much longer than listed is another file, and
/// nobody waits until it ends.
pub(crate) fn reach(file: &ManifestFile, limit: u64) -> u64 {
    limit.min(file.bytes.saturating_add(limits::JSON_BYTES))
}

pub(crate) fn unreadable(error: &Unreadable, file: &ManifestFile) -> Verdict {
    match error {
        Unreadable::TooLarge { found, .. } if *found > file.bytes => Verdict::Failed(Finding {
            published: Some(format!("{} bytes", file.bytes)),
            other: Some(Other::Found(format!("{found} bytes"))),
            ..finding::Kind::TooLong.into()
        }),
        _ => unlisted(error),
    }
}

/// Why a file that no manifest lists with its size gave no bytes.
pub(crate) fn unlisted(error: &Unreadable) -> Verdict {
    let finding = finding::Kind::Unreadable(error.clone()).into();
    match error {
        Unreadable::Missing | Unreadable::NotPlain(_) => Verdict::Failed(finding),
        Unreadable::TooLarge { .. } | Unreadable::System(_) => Verdict::Malformed(finding),
    }
}

pub(crate) fn malformed(error: &Malformed) -> Verdict {
    Verdict::Malformed(error.into())
}

/// The bytes are not the listed ones: which edit would explain that?
pub(crate) fn mismatch(
    file: &ManifestFile,
    from: &dyn Files,
    size: u64,
    digest: &Digest,
    search: &mut edit::Effort,
) -> Verdict {
    if *digest == file.sha256 {
        return Verdict::Failed(Finding {
            published: Some(file.bytes.to_string()),
            other: Some(Other::Found(size.to_string())),
            cause: Some(Cause::Proved(Proof::SizeEdited)),
            ..finding::Kind::OtherSize.into()
        });
    }
    let searched = size <= SEARCHED_BYTES;
    let bytes = searched.then(|| files::bytes(from, &file.path, SEARCHED_BYTES).ok()).flatten();
    let edit = bytes.and_then(|bytes| edit::locate(&bytes, &file.sha256, file.bytes, search));
    let position = edit.as_ref().and_then(edit::Edit::position);
    let cause = edit.map(Proof::Edit).or_else(|| match size.cmp(&file.bytes) {
        Ordering::Greater => Some(Proof::Longer(size - file.bytes)),
        Ordering::Less => Some(Proof::Shorter(file.bytes - size)),
        Ordering::Equal => None,
    });
    Verdict::Failed(Finding {
        position,
        published: Some(file.sha256.to_string()),
        other: Some(Other::Found(digest.to_string())),
        cause: cause.map(Cause::Proved),
        ..finding::Kind::OtherBytes.into()
    })
}
