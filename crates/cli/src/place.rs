//! From words on the command line to files: names mean the ledger, paths mean the disk.

use crate::failure::Failure;
use crate::progress::Progress;
use openweigh_fit::{Data, SessionReadings, Training, reading};
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{Dataset, DatasetFile, DatasetRole, Kind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::limits;
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::weights::Weights;
use openweigh_formats::withheld::{self, Withheld};
use openweigh_formats::{Digest, Malformed};
use openweigh_formats::{events, weighings};
use openweigh_ledger::{Ledger, OpenError, lookup, read_blocks, read_whole};
use openweigh_replay::sessions::{self as recorded, Stopped};
use openweigh_replay::{Shelf, Unreadable, shelf};
use std::collections::BTreeSet;
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
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
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

    fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), Unreadable> {
        let mut done = 0u64;
        let read = self.0.read_owned(path, limit, block, &mut |block, start| {
            done += (block.len() - start) as u64;
            self.1.show(|| format!("reading {path}: {} MB", done / 1_000_000));
            sink(block, start)
        });
        read.map_err(unreadable)
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        self.0.everything(folder).map_err(unreadable)
    }
}

/// A release, and a folder of somebody who was given the touches that it keeps back.
pub(crate) struct Lent<'a> {
    own: OnDisk<'a>,
    other: Option<OnDisk<'a>>,
    /// What the release says that it keeps back.
    kept: BTreeSet<RelativePath>,
}

impl<'a> Lent<'a> {
    /// Lends what the release keeps back, and nothing that is merely missing.
    pub(crate) fn new(own: OnDisk<'a>, lent: Option<OnDisk<'a>>) -> Self {
        let path: RelativePath = withheld::PATH.parse().expect("a name of the format");
        let said = lent.as_ref().and_then(|_| shelf::bytes(&own, &path, limits::JSON_BYTES).ok());
        let said = said.and_then(|bytes| canonical::read::<Withheld>(&bytes).ok());
        let files = said.into_iter().flat_map(|said| said.files);
        Self { own, other: lent, kept: files.map(|file| file.path).collect() }
    }

    /// Where a file is to be read: what the release has is never looked for elsewhere.
    fn place(&self, path: &RelativePath) -> &OnDisk<'a> {
        let lent = self.other.as_ref().filter(|_| self.kept.contains(path));
        lent.filter(|_| self.own.0.on_disk(path).symlink_metadata().is_err()).unwrap_or(&self.own)
    }
}

impl Shelf for Lent<'_> {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        self.place(path).read(path, limit, sink)
    }

    fn read_owned(
        &self,
        path: &RelativePath,
        limit: u64,
        block: Vec<u8>,
        sink: &mut dyn FnMut(Vec<u8>, usize) -> Vec<u8>,
    ) -> Result<(), Unreadable> {
        self.place(path).read_owned(path, limit, block, sink)
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        self.own.everything(folder)
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

/// Where a folder really is, however it was spelled: beside it lies what others say about it.
pub(crate) fn real(folder: &Path) -> PathBuf {
    let whole = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    std::fs::canonicalize(folder).unwrap_or_else(|_| whole())
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
    if word == "-" { Ok(PathBuf::from(word)) } else { Ok(ledger.find(kind, word)?) }
}

/// The files that a word means, whatever they are: the path if there is such a file, what a folder holds if it is a
/// dataset or a release; else all that the ledger has by that name, what others are made of first.
pub(crate) fn named(word: &str) -> Result<Vec<PathBuf>, Failure> {
    let path = PathBuf::from(word);
    if word == "-" || path.is_file() {
        return Ok(vec![path]);
    }
    let ledger = ledger()?;
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
    pub(crate) dataset: Dataset,
    pub(crate) sha256: Digest,
    content: Content,
}

/// The data of a dataset.
enum Content {
    Table(Table),
    Sessions(Vec<SessionReadings>),
}

impl Loaded {
    pub(crate) fn training(&self) -> Training<'_> {
        Training { dataset: &self.dataset, sha256: &self.sha256, data: self.data() }
    }

    pub(crate) fn data(&self) -> Data<'_> {
        match &self.content {
            Content::Table(table) => Data::Table(table),
            Content::Sessions(sessions) => Data::Sessions(sessions),
        }
    }

    /// Number of rows of the table, or of readings.
    pub(crate) fn rows(&self) -> usize {
        match &self.content {
            Content::Table(table) => table.rows(),
            Content::Sessions(sessions) => {
                sessions.iter().flat_map(|one| &one.chunks).map(|chunk| chunk.keys.len()).sum()
            }
        }
    }
}

/// A dataset with its data, which are believed only if their digests match.
fn dataset(ledger: &Ledger, word: &str, recipe: &Recipe, max_csv: u64) -> Result<Loaded, Failure> {
    let (path, dataset, sha256) = describe(ledger, word)?;
    reading::check_kind(recipe, &dataset)?;
    let content = match dataset.kind {
        Kind::Table => Content::Table(table(&path, &dataset, max_csv)?),
        Kind::TouchSessions | Kind::SignalSessions => {
            Content::Sessions(sessions(&path, &dataset, recipe, max_csv)?)
        }
    };
    Ok(Loaded { dataset, sha256, content })
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
    let table = table(&path, &dataset, max_csv)?;
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

fn table(description: &Path, dataset: &Dataset, max_csv: u64) -> Result<Table, Failure> {
    let file =
        dataset.measurements().ok_or_else(|| Failure::input(shown(description), "it lists no table"))?;
    let path = description.with_file_name(file.path.as_str());
    let mut reader = TableReader::of(dataset);
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

/// The readings that a recipe makes of a dataset's sessions.
fn sessions(
    description: &Path,
    dataset: &Dataset,
    recipe: &Recipe,
    max_csv: u64,
) -> Result<Vec<SessionReadings>, Failure> {
    let folder = description.parent().unwrap_or(Path::new("."));
    let ledger = Ledger::at(folder.to_path_buf());
    let progress = Progress::new(true);
    let opened = Opened { description, folder, shelf: OnDisk(&ledger, &progress) };
    dataset.sessions().into_iter().map(|id| opened.session(dataset, id, recipe, max_csv)).collect()
}

/// The folder of a dataset.
struct Opened<'a> {
    description: &'a Path,
    folder: &'a Path,
    shelf: OnDisk<'a>,
}

impl Opened<'_> {
    fn session(
        &self,
        dataset: &Dataset,
        id: &str,
        recipe: &Recipe,
        max_csv: u64,
    ) -> Result<SessionReadings, Failure> {
        let file = |role| {
            let found = dataset.session_file(id, role);
            found.ok_or_else(|| {
                Failure::input(shown(self.description), format!("session `{id}` lacks a file"))
            })
        };
        let (description, weighing) = (file(DatasetRole::Session)?, file(DatasetRole::Weighings)?);
        let (event, touches) = (file(DatasetRole::Events)?, file(DatasetRole::Touches)?);
        let limit = limits::SESSION_CSV_BYTES;
        let files = recorded::Files {
            session: self.parse(description, limits::JSON_BYTES, canonical::read)?,
            weighings: self.parse(weighing, limit, weighings::read)?,
            events: self.parse(event, limit, events::read)?,
        };
        let mut chunks = Vec::new();
        let mut sink = |_, chunk| {
            chunks.push(chunk);
            Ok(())
        };
        let pass = recorded::pass(&self.shelf, &touches.path, max_csv, &files, &[recipe], &mut sink);
        let pass = pass.map_err(|error| self.unreadable(touches, &error))?;
        match pass.fault {
            _ if pass.sha256 != touches.sha256 => return Err(self.changed(touches, &pass.sha256)),
            None => {}
            Some(Stopped::Malformed(source)) => {
                return Err(Failure::Malformed { path: self.path(touches), source });
            }
            Some(Stopped::Replay(error)) => return Err(error.into()),
        }
        Ok(SessionReadings { session: files.session, weighings: files.weighings, chunks })
    }

    fn path(&self, file: &DatasetFile) -> String {
        shown(&self.folder.join(file.path.as_str()))
    }

    fn unreadable(&self, file: &DatasetFile, error: &Unreadable) -> Failure {
        Failure::input(self.path(file), error.to_string())
    }

    fn changed(&self, file: &DatasetFile, found: &Digest) -> Failure {
        Failure::Digest {
            path: self.path(file),
            listed_in: shown(self.description),
            found: found.to_string(),
            expected: file.sha256.to_string(),
        }
    }

    fn parse<T>(
        &self,
        file: &DatasetFile,
        limit: u64,
        read: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<T, Failure> {
        let bytes =
            shelf::bytes(&self.shelf, &file.path, limit).map_err(|error| self.unreadable(file, &error))?;
        let found = Digest::of(&bytes);
        if found != file.sha256 {
            return Err(self.changed(file, &found));
        }
        read(&bytes).map_err(|source| Failure::Malformed { path: self.path(file), source })
    }
}
