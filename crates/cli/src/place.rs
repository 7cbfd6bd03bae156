//! From words on the command line to files: names mean the ledger, paths mean the disk.

use crate::failure::Failure;
use crate::progress::Progress;
use openweigh_dataset::Data;
use openweigh_dataset::load::{self, LoadError};
use openweigh_fit::{FitError, Training, reading};
use openweigh_formats::Digest;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{Dataset, Kind};
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::limits;
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::Table;
use openweigh_formats::weights::Weights;
use openweigh_ledger::{Folder, Ledger, OpenError, Written, lookup, read_whole};
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
    harmless(&path.display().to_string())
}

/// A text in which nothing commands the terminal: names of files may hold anything.
pub(crate) fn harmless(text: &str) -> String {
    openweigh_formats::shown::plain(text)
}

/// A file of a ledger for verification.
pub(crate) struct OnDisk<'a>(pub(crate) &'a Ledger, pub(crate) &'a Progress);

impl Files for OnDisk<'_> {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        let (mut done, meter) = (0u64, self.1.meter(size(&self.0.on_disk(path))));
        let read = self.0.read(path, limit, &mut |block| {
            done += block.len() as u64;
            meter.show(|| format!("reading {path}"), done);
            sink(block);
        });
        read.map_err(Unreadable::from)
    }

    fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), Unreadable> {
        let (mut done, meter) = (0u64, self.1.meter(size(&self.0.on_disk(path))));
        let read = self.0.read_owned(path, limit, block, &mut |block, start| {
            done += (block.len() - start) as u64;
            meter.show(|| format!("reading {path}"), done);
            sink(block, start)
        });
        read.map_err(Unreadable::from)
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        self.0.everything(folder).map_err(Unreadable::from)
    }
}

/// How many bytes a file has, for people waiting.
fn size(path: &Path) -> Option<u64> {
    path.metadata().ok().map(|metadata| metadata.len())
}

/// Where a folder really is, however it was spelled: beside it lies what others say about it.
pub(crate) fn real(folder: &Path) -> PathBuf {
    let whole = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    Folder::at(folder).and_then(|folder| folder.real()).unwrap_or_else(|_| whole())
}

/// Writes an artifact: to the path that a person typed, or else to its place in the ledger. What it was derived from
/// must still be there when it is. Gives where it is now.
pub(crate) fn write(
    ledger: &Ledger,
    typed: Option<&Path>,
    own: &RelativePath,
    bytes: &[u8],
    force: bool,
    from: &[(RelativePath, Digest)],
) -> Result<(PathBuf, Written), Failure> {
    let written = match typed {
        Some(typed) => ledger.write_typed(typed, bytes, force, from)?,
        None => ledger.write(own, bytes, force, from)?,
    };
    Ok((typed.map_or_else(|| ledger.on_disk(own), Path::to_path_buf), written))
}

/// The descriptions of datasets of this ledger, as they were read.
pub(crate) fn read_of(ledger: &Ledger, loaded: &[Loaded]) -> Vec<(RelativePath, Digest)> {
    let inside = |loaded: &Loaded| Some((ledger.relative(&loaded.description)?, loaded.sha256.clone()));
    loaded.iter().filter_map(inside).collect()
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

/// The file of a kind that a word means; `-` is standard input where one file is read.
pub(crate) fn find(ledger: &Ledger, kind: lookup::Kind, word: &str) -> Result<PathBuf, Failure> {
    if word == "-" {
        return Ok(PathBuf::from(word));
    }
    one_meaning(ledger, kind, word)?;
    Ok(ledger.find(kind, word)?)
}

/// Insists that a word is not both a path and the name of something else in the ledger.
pub(crate) fn one_meaning(ledger: &Ledger, kind: lookup::Kind, word: &str) -> Result<(), Failure> {
    let Some(named) = ledger.also(kind, word) else { return Ok(()) };
    let (noun, what) = (kind.noun(), if Path::new(word).is_dir() { "folder" } else { "file" });
    let (word, named) = (harmless(word), shown(&named));
    Err(Failure::usage(format!(
        "\"{word}\" names two things that are not the same: the {noun} {named} and the {what} ./{word}; type one of these \
         two paths"
    )))
}

/// The files that a word means, whatever they are: the path if there is such a file, what a folder holds if it is a
/// dataset or a release; else all that the ledger has by that name, what others are made of first.
pub(crate) fn named(word: &str) -> Result<Vec<PathBuf>, Failure> {
    let path = PathBuf::from(word);
    if word == "-" {
        return Ok(vec![path]);
    }
    let ledger = ledger()?;
    for kind in lookup::Kind::ALL {
        one_meaning(&ledger, kind, word)?;
    }
    if path.is_file() {
        return Ok(vec![path]);
    }
    if path.is_dir() {
        let kind = if lookup::is_release(&path) { lookup::Kind::Manifest } else { lookup::Kind::Dataset };
        return Ok(vec![ledger.find(kind, word)?]);
    }
    let found: Vec<PathBuf> =
        lookup::Kind::ALL.into_iter().filter_map(|kind| ledger.find(kind, word).ok()).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let missing = lookup::Kind::ALL.map(|kind| ledger.missing(kind, word));
    if let Some(nearest) = missing.iter().find(|missing| missing.nearest.is_some()) {
        return Err(nearest.clone().into());
    }
    let there: Vec<String> = (missing.iter().filter(|missing| !missing.among.is_empty()))
        .map(|missing| format!("{} {}", missing.kind.noun(), missing.among.join(", ")))
        .collect();
    let there =
        if there.is_empty() { "it is empty".to_owned() } else { format!("there are {}", there.join("; ")) };
    Err(Failure::input(
        shown(&path),
        format!("no such file, and nothing of that name in the ledger: {there}"),
    ))
}

/// The recipe in a file.
pub(crate) fn recipe(path: &Path) -> Result<Recipe, Failure> {
    let bytes = read(path, limits::TOML_BYTES)?;
    Recipe::from_toml(&bytes).map_err(|source| Failure::Malformed { path: shown(path), source })
}

/// Weights by path or `name-version`.
pub(crate) fn weights(ledger: &Ledger, word: &str) -> Result<(Weights, Digest), Failure> {
    document(&find(ledger, lookup::Kind::Weights, word)?)
}

/// A dataset with its data.
pub(crate) struct Loaded {
    description: PathBuf,
    pub(crate) dataset: Dataset,
    pub(crate) sha256: Digest,
    content: openweigh_dataset::Loaded,
}

impl Loaded {
    pub(crate) fn training(&self) -> Training<'_> {
        Training { dataset: &self.dataset, sha256: &self.sha256, data: self.data() }
    }

    pub(crate) fn data(&self) -> Data<'_> {
        self.content.data()
    }

    /// Number of rows of the table, or of readings.
    pub(crate) fn rows(&self) -> usize {
        self.content.rows()
    }
}

/// How often data are read again that somebody replaced while they were read.
const AGAIN: usize = 4;

/// A dataset with its data, which are believed only if their digests match. A change that was committed between the
/// description and the data is no mistake of theirs: both are read again.
fn dataset(ledger: &Ledger, word: &str, recipe: &Recipe, max_csv: u64) -> Result<Loaded, Failure> {
    for _ in 0..AGAIN {
        let (_, _, before) = describe(ledger, word)?;
        match load_once(ledger, word, recipe, max_csv) {
            Err(Failure::Digest { .. }) if ledger.settle() || describe(ledger, word)?.2 != before => {}
            other => return other,
        }
    }
    load_once(ledger, word, recipe, max_csv)
}

fn load_once(ledger: &Ledger, word: &str, recipe: &Recipe, max_csv: u64) -> Result<Loaded, Failure> {
    let (path, dataset, sha256) = describe(ledger, word)?;
    reading::check_kind(recipe, &dataset)?;
    let content = in_folder(&path, |folder| load::load(folder, &dataset, recipe, max_csv))?;
    Ok(Loaded { description: path, dataset, sha256, content })
}

/// The description of a dataset by folder, `dataset.json`, or name.
pub(crate) fn describe(ledger: &Ledger, word: &str) -> Result<(PathBuf, Dataset, Digest), Failure> {
    if word == "-" {
        return Err(Failure::usage(
            "a dataset is a folder and cannot come from standard input; bring a table in with `openweigh import table -`",
        ));
    }
    let path = ledger.find(lookup::Kind::Dataset, word)?;
    let (dataset, sha256): (Dataset, Digest) = document(&path)?;
    // Its folder under the name that it really has, whatever words and links led to it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder =
        real(folder).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    if folder != dataset.name.as_str() {
        let (name, folder) = (&dataset.name, harmless(&folder));
        let what =
            format!("the dataset calls itself `{name}`, and its folder is `{folder}`: rename the folder");
        return Err(Failure::input(shown(&path), what));
    }
    Ok((path, dataset, sha256))
}

/// A dataset of kind `table` with its table.
#[cfg_attr(not(feature = "frames"), expect(dead_code, reason = "only tables are exported"))]
pub(crate) fn table_of(ledger: &Ledger, word: &str, max_csv: u64) -> Result<(Dataset, Table), Failure> {
    let (path, dataset, _) = describe(ledger, word)?;
    if dataset.kind != Kind::Table {
        return Err(Failure::input(
            shown(&path),
            "this needs a dataset of kind `table`; export the results of touch sessions instead",
        ));
    }
    let table = in_folder(&path, |folder| load::table(folder, &dataset, max_csv))?;
    Ok((dataset, table))
}

/// Datasets by their words, each once.
pub(crate) fn datasets(
    ledger: &Ledger,
    words: &[String],
    recipe: &Recipe,
    max_csv: u64,
) -> Result<Vec<Loaded>, Failure> {
    let mut loaded: Vec<Loaded> = Vec::new();
    for word in words {
        let next = dataset(ledger, word, recipe, max_csv)?;
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

/// Reads from the folder of a dataset, whose description is at this path.
fn in_folder<T>(
    description: &Path,
    read: impl FnOnce(&OnDisk<'_>) -> Result<T, LoadError>,
) -> Result<T, Failure> {
    let folder = description.parent().unwrap_or(Path::new("."));
    let (ledger, progress) = (Ledger::at(folder.to_path_buf()), Progress::new(true));
    let at = |path: &RelativePath| shown(&folder.join(path.as_str()));
    read(&OnDisk(&ledger, &progress)).map_err(|error| match error {
        LoadError::Unlisted { .. }
        | LoadError::Size { .. }
        | LoadError::Session { .. }
        | LoadError::Simulated { .. } => Failure::input(shown(description), error.to_string()),
        LoadError::Unreadable { path, error } => Failure::input(at(&path), error.to_string()),
        LoadError::Malformed { path, source } => Failure::Malformed { path: at(&path), source },
        LoadError::Changed { path, found, expected } => Failure::Digest {
            path: at(&path),
            listed_in: shown(description),
            found: found.to_string(),
            expected: expected.to_string(),
        },
        LoadError::Reading(error) => FitError::from(error).into(),
    })
}
