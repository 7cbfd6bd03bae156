//! From words on the command line to files: names mean the ledger, paths mean the disk.

use crate::failure::Failure;
use crate::progress::Progress;
use openweigh_fit::Training;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{CellType, Dataset};
use openweigh_formats::digest::Hasher;
use openweigh_formats::limits;
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::text::Name;
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, Malformed};
use openweigh_ledger::{Ledger, OpenError, read_blocks, read_whole};
use openweigh_replay::{Shelf, Unreadable};
use std::path::{Path, PathBuf};

/// The ledger around the current folder, or the current folder itself.
pub(crate) fn ledger() -> Result<Ledger, Failure> {
    let here =
        std::env::current_dir().map_err(|error| Failure::usage(format!("no current folder: {error}")))?;
    Ok(Ledger::around(&here).unwrap_or_else(|| Ledger::at(here)))
}

/// A path as people want to read it: relative to where they are, if that is shorter.
pub(crate) fn shown(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    path.display().to_string()
}

/// A file of a ledger as a shelf for verification.
pub(crate) struct OnDisk<'a>(pub(crate) &'a Ledger, pub(crate) &'a Progress);

impl Shelf for OnDisk<'_> {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        let mut done = 0u64;
        let read = self.0.read(path, limit, &mut |block| {
            done += block.len() as u64;
            self.1.show(|| format!("reading {path}: {} MB", done / 1_000_000));
            sink(block);
        });
        read.map_err(unreadable)
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        self.0.everything(folder).map_err(unreadable)
    }
}

fn unreadable(error: OpenError) -> Unreadable {
    match error {
        OpenError::Missing => Unreadable::Missing,
        OpenError::NotPlain(what) => Unreadable::NotPlain(what),
        OpenError::TooLarge { found, limit } => Unreadable::TooLarge { found, limit },
        OpenError::System(error) => Unreadable::System(error.to_string()),
    }
}

/// Reads a whole file that the user named; `-` is standard input.
pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let failed = |source| Failure::Open { path: shown(path), source };
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let input = std::io::Read::take(std::io::stdin().lock(), limit + 1);
        std::io::copy(&mut { input }, &mut bytes).map_err(|error| failed(error.into()))?;
        let found = bytes.len() as u64;
        return if found > limit { Err(failed(OpenError::TooLarge { found, limit })) } else { Ok(bytes) };
    }
    read_whole(path, limit).map_err(failed)
}

/// Reads a document of ours.
pub(crate) fn document<T: Document>(path: &Path) -> Result<(T, Digest), Failure> {
    let bytes = read(path, limits::JSON_BYTES)?;
    let document =
        canonical::read(&bytes).map_err(|source| Failure::Malformed { path: shown(path), source })?;
    Ok((document, Digest::of(&bytes)))
}

/// The file that a word means: the path if there is such a file, else what the ledger has by that name.
fn find(word: &str, in_ledger: impl FnOnce() -> Option<PathBuf>) -> PathBuf {
    let path = PathBuf::from(word);
    if path.exists() {
        return path;
    }
    in_ledger().filter(|path| path.exists()).unwrap_or(path)
}

/// A recipe by path or name.
pub(crate) fn recipe(ledger: &Ledger, word: &str) -> Result<Recipe, Failure> {
    let path = find(word, || word.parse::<Name>().ok().map(|name| ledger.on_disk(&Ledger::recipe(&name))));
    let bytes = read(&path, limits::TOML_BYTES)?;
    Recipe::from_toml(&bytes).map_err(|source| Failure::Malformed { path: shown(&path), source })
}

/// The path of claims given by path or name.
pub(crate) fn claims_path(ledger: &Ledger, word: &str) -> PathBuf {
    find(word, || Some(ledger.root().join("artifacts/claims").join(format!("{word}.toml"))))
}

/// The path of weights given by path or `name-version`.
pub(crate) fn weights_path(ledger: &Ledger, word: &str) -> PathBuf {
    find(word, || Some(ledger.root().join("artifacts/weights").join(format!("{word}.json"))))
}

/// Weights by path or `name-version`.
pub(crate) fn weights(ledger: &Ledger, word: &str) -> Result<(Weights, Digest), Failure> {
    document(&weights_path(ledger, word))
}

/// A dataset with its table.
pub(crate) struct Loaded {
    pub(crate) dataset: Dataset,
    pub(crate) sha256: Digest,
    pub(crate) table: Table,
}

impl Loaded {
    pub(crate) fn training(&self) -> Training<'_> {
        Training { dataset: &self.dataset, sha256: &self.sha256, table: &self.table }
    }
}

/// A dataset by folder, `dataset.json`, or name; its table is believed only if its digest matches.
fn dataset(ledger: &Ledger, word: &str, max_csv: u64) -> Result<Loaded, Failure> {
    if word == "-" {
        return Err(Failure::usage(
            "a dataset is a folder and cannot come from standard input; bring a table in with `openweigh import table -`",
        ));
    }
    let named = || word.parse::<Name>().ok().map(|name| ledger.on_disk(&Ledger::dataset(&name)));
    let mut path = PathBuf::from(word);
    if path.is_dir() && path.join("dataset.json").exists() {
        path.push("dataset.json");
    }
    if !path.is_file() {
        path = named().filter(|path| path.exists()).unwrap_or(path);
    }
    let (dataset, sha256): (Dataset, Digest) = document(&path)?;
    let table = table(&path, &dataset, max_csv)?;
    Ok(Loaded { dataset, sha256, table })
}

/// Datasets by their words, each once.
pub(crate) fn datasets(ledger: &Ledger, words: &[String], max_csv: u64) -> Result<Vec<Loaded>, Failure> {
    let mut loaded: Vec<Loaded> = Vec::new();
    for word in words {
        let next = dataset(ledger, word, max_csv)?;
        if loaded.iter().any(|earlier| earlier.dataset.name == next.dataset.name) {
            return Err(Failure::usage(format!(
                "the dataset `{}` is given twice; its rows would count twice",
                next.dataset.name
            )));
        }
        loaded.push(next);
    }
    Ok(loaded)
}

fn table(description: &Path, dataset: &Dataset, max_csv: u64) -> Result<Table, Failure> {
    let file =
        dataset.measurements().ok_or_else(|| Failure::input(shown(description), "it lists no table"))?;
    let path = description.with_file_name(file.path.as_str());
    let columns = dataset.columns.iter().map(|column| (&column.name, column.cells == CellType::Number));
    let mut reader = TableReader::new(columns);
    let mut fault: Option<Malformed> = None;
    let mut hasher = Hasher::default();
    let (progress, mut done) = (Progress::new(true), 0u64);
    let read = read_blocks(&path, max_csv, &mut |block| {
        done += block.len() as u64;
        progress.show(|| format!("reading {}: {} MB", shown(&path), done / 1_000_000));
        hasher.update(block);
        if fault.is_none() {
            fault = reader.feed(block).err();
        }
    });
    read.map_err(|source| Failure::Open { path: shown(&path), source })?;
    let found = hasher.finish();
    let malformed = |source| Failure::Malformed { path: shown(&path), source };
    let table = fault.map_or_else(|| reader.finish(), Err).map_err(malformed)?;
    if done != file.bytes && found == file.sha256 {
        let what = format!("it states {} bytes for {}, which has {done}", file.bytes, file.path);
        return Err(Failure::input(shown(description), what));
    }
    if found != file.sha256 {
        return Err(Failure::Digest {
            path: shown(&path),
            listed_in: shown(description),
            found: found.to_string(),
            expected: file.sha256.to_string(),
        });
    }
    Ok(table)
}
