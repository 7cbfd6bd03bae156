//! Stage 1: every listed file is there with its digest, and everything that must be listed is (7.1).

use crate::bytes::{malformed, mismatch, reach, unreadable};
use crate::completeness;
use crate::licences;
use crate::opened::Opened;
use crate::report::{Item, Stage, Verdict};
use crate::scope::{Budget, Scope};
use crate::touches;
use crate::withheld;
use openweigh_formats::Digest;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::digest::Hasher;
use openweigh_formats::events;
use openweigh_formats::files::{self, Files};
use openweigh_formats::limits;
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::TableReader;
use openweigh_formats::weighings;
use std::collections::BTreeMap;

/// Reads the files of a manifest, one item for each, `max_csv` bytes of CSV at most.
pub fn read_all(
    manifest: &Manifest,
    from: &dyn Files,
    scope: &Scope,
    budget: Budget,
    items: &mut impl FnMut(Item),
) -> Opened {
    let max_csv = budget.max_csv;
    let mut opened = Opened { search: budget.search, ..Opened::default() };
    if matches!(scope, Scope::Files) {
        opened.kept = withheld::read(manifest, from, items);
    }
    // Of results only the digest is wanted, for which nothing has to be known.
    let (results, rest): (Vec<_>, Vec<_>) =
        manifest.files.iter().partition(|file| file.role == Role::Results);
    let digest = |file: &&ManifestFile| files::digest(from, &file.path, reach(file, max_csv));
    let digests = std::thread::scope(|scope| {
        let digests = scope.spawn(|| results.iter().map(&digest).collect::<Vec<_>>());
        read_rest(manifest, rest, from, max_csv, &mut opened, items);
        digests.join().expect("reading does not panic")
    });
    for (file, digest) in results.into_iter().zip(digests) {
        let verdict = match digest {
            Err(error) => unreadable(&error, file),
            Ok((size, digest)) if digest == file.sha256 && size == file.bytes => {
                opened.results.push(file.path.clone());
                Verdict::Checked
            }
            Ok((size, digest)) => mismatch(file, from, size, &digest, &mut opened.search),
        };
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    for item in completeness::check(manifest, &opened, from, scope) {
        items(item);
    }
    opened
}

/// Reads everything but the results.
fn read_rest(
    manifest: &Manifest,
    files: Vec<&ManifestFile>,
    from: &dyn Files,
    max_csv: u64,
    opened: &mut Opened,
    items: &mut impl FnMut(Item),
) {
    // Tables need their dataset's columns, and touches the recipes of all that follows from them.
    let data_last = |file: &&ManifestFile| file.role == Role::Measurements || file.role.is_of_frames();
    let (data, others): (Vec<_>, Vec<_>) = files.into_iter().partition(data_last);
    for file in others {
        let verdict = read_one(file, from, opened);
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    let (touches, tables): (Vec<_>, Vec<_>) = data.into_iter().partition(|file| file.role.is_of_frames());
    for file in tables {
        let verdict = read_table(file, from, max_csv, opened);
        items(Item { stage: Stage::Bytes, subject: file.path.to_string(), verdict });
    }
    touches::read_touches(manifest, &touches, from, max_csv, opened, items);
}

fn read_one(file: &ManifestFile, from: &dyn Files, opened: &mut Opened) -> Verdict {
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
        return mismatch(file, from, bytes.len() as u64, &digest, &mut opened.search);
    }
    let path = file.path.clone();
    match file.role {
        Role::Dataset => keep(&bytes, path, &mut opened.datasets),
        Role::Weights => keep(&bytes, path, &mut opened.weights),
        Role::Recipe => match Recipe::from_toml(&bytes) {
            Ok(recipe) => {
                opened.recipes.insert(path, recipe);
                Verdict::Checked
            }
            Err(error) => malformed(&error),
        },
        Role::Session => keep(&bytes, path, &mut opened.sessions),
        Role::Weighings => match weighings::read(&bytes) {
            Ok(weighings) => {
                opened.weighings.insert(path, weighings);
                Verdict::Checked
            }
            Err(error) => malformed(&error),
        },
        Role::Events => match events::read(&bytes) {
            Ok(events) => {
                opened.events.insert(path, events);
                Verdict::Checked
            }
            Err(error) => malformed(&error),
        },
        Role::Licence => opened.texts.verdict(licences::id_of(path.as_str()), &bytes),
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
fn read_table(file: &ManifestFile, from: &dyn Files, max_csv: u64, opened: &mut Opened) -> Verdict {
    let dataset = opened.datasets.iter().find(|(path, dataset)| {
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
        return mismatch(file, from, size, &digest, &mut opened.search);
    }
    let table = match (fault, reader) {
        (Some(fault), _) => Err(fault),
        (None, Some(reader)) => reader.finish(),
        (None, None) => return Verdict::Checked,
    };
    match table {
        Ok(table) => {
            opened.tables.insert(file.path.clone(), table);
            Verdict::Checked
        }
        Err(fault) => malformed(&fault),
    }
}
