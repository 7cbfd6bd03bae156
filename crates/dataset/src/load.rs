//! A dataset with its data, each file believed only if its bytes have the digest that is listed.

use crate::ReadingError;
use crate::sessions::{self, Beside, Stopped};
use crate::weighing::Chunk;
use openweigh_formats::dataset::{Dataset, DatasetFile, DatasetRole, Kind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::session::Session;
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::weighings::{self, Id, Weighing};
use openweigh_formats::{Digest, Malformed, canonical, events, limits};

/// What a dataset holds, ready to be fitted or predicted.
#[derive(Debug, Clone, Copy)]
pub enum Data<'a> {
    /// A table.
    Table(&'a Table),
    /// Sessions, as the readings that the recipe makes of them.
    Sessions(&'a [SessionReadings]),
}

/// A session and the readings that a recipe makes of it.
#[derive(Debug, Clone)]
pub struct SessionReadings {
    /// Its description.
    pub session: Session,
    /// Its weighings.
    pub weighings: Vec<Weighing>,
    /// The readings, in order.
    pub chunks: Vec<Chunk>,
}

/// The data of a dataset, as a recipe reads them.
#[derive(Debug, Clone)]
pub enum Loaded {
    /// A table.
    Table(Table),
    /// Sessions, in the order of the files.
    Sessions(Vec<SessionReadings>),
}

impl Loaded {
    /// The same, borrowed.
    pub fn data(&self) -> Data<'_> {
        match self {
            Self::Table(table) => Data::Table(table),
            Self::Sessions(sessions) => Data::Sessions(sessions),
        }
    }

    /// Number of rows of the table, or of readings.
    pub fn rows(&self) -> usize {
        match self {
            Self::Table(table) => table.rows(),
            Self::Sessions(sessions) => {
                sessions.iter().flat_map(|one| &one.chunks).map(|chunk| chunk.keys.len()).sum()
            }
        }
    }
}

/// Why a dataset's data cannot be used; paths are relative to the dataset's folder.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The description lists no such file.
    #[error("it lists no {}", role.as_str())]
    Unlisted {
        /// What the file would be for.
        role: DatasetRole,
    },
    /// A file gave no bytes.
    #[error("{path}: {error}")]
    Unreadable {
        /// Which.
        path: RelativePath,
        /// Why.
        error: Unreadable,
    },
    /// A file is not of its format.
    #[error("{path}:{source}")]
    Malformed {
        /// Which.
        path: RelativePath,
        /// Where, and what is wrong.
        source: Malformed,
    },
    /// A file is not the one that is listed.
    #[error("{path}: the SHA-256 is {found}, listed is {expected}")]
    Changed {
        /// Which.
        path: RelativePath,
        /// The digest of its bytes.
        found: Digest,
        /// The digest that is listed.
        expected: Digest,
    },
    /// The description states another size.
    #[error("it states {stated} bytes for {path}, which has {found}")]
    Size {
        /// Of which file.
        path: RelativePath,
        /// Bytes stated.
        stated: u64,
        /// Bytes found.
        found: u64,
    },
    /// A session's description is of another session than its folder.
    #[error("{path}: it calls itself `{found}`, its folder is `{expected}`")]
    Session {
        /// The description.
        path: RelativePath,
        /// The id in it.
        found: Id,
        /// The name of its folder.
        expected: String,
    },
    /// A session says that it is simulated, its dataset says otherwise.
    #[error("{path}: the session is simulated, and its dataset calls itself {stated}")]
    Simulated {
        /// The session's description.
        path: RelativePath,
        /// What the dataset calls itself.
        stated: &'static str,
    },
    /// No readings can be formed.
    #[error(transparent)]
    Reading(#[from] ReadingError),
}

/// Reads the data of a dataset, `max_csv` bytes of a file at most; `folder` hands out the dataset's files.
///
/// # Errors
/// The first file that cannot be used, or readings that cannot be formed.
pub fn load(
    folder: &dyn Files,
    dataset: &Dataset,
    recipe: &Recipe,
    max_csv: u64,
) -> Result<Loaded, LoadError> {
    Ok(match dataset.kind {
        Kind::Table => Loaded::Table(table(folder, dataset, max_csv)?),
        Kind::TouchSessions | Kind::SignalSessions => {
            let ids = dataset.sessions().into_iter();
            let sessions = ids.map(|id| session(folder, dataset, id, recipe, max_csv));
            Loaded::Sessions(sessions.collect::<Result<_, _>>()?)
        }
    })
}

/// Reads the table of a dataset.
///
/// # Errors
/// As [`load`].
pub fn table(folder: &dyn Files, dataset: &Dataset, max_csv: u64) -> Result<Table, LoadError> {
    let file = dataset.measurements().ok_or(LoadError::Unlisted { role: DatasetRole::Measurements })?;
    let mut reader = TableReader::of(dataset);
    let (mut fault, mut hasher, mut bytes) = (None, Hasher::default(), 0u64);
    let read = folder.read(&file.path, max_csv, &mut |block| {
        bytes += block.len() as u64;
        hasher.update(block);
        if fault.is_none() {
            fault = reader.feed(block).err();
        }
    });
    read.map_err(|error| unreadable(file, error))?;
    let found = hasher.finish();
    let table = fault.map_or_else(|| reader.finish(), Err).map_err(|source| malformed(file, source))?;
    if found != file.sha256 {
        return Err(changed(file, found));
    }
    if bytes != file.bytes {
        return Err(size(file, bytes));
    }
    Ok(table)
}

/// Reads a session, and forms the readings that the recipe makes of it.
///
/// # Errors
/// As [`load`].
pub fn session(
    folder: &dyn Files,
    dataset: &Dataset,
    id: &str,
    recipe: &Recipe,
    max_csv: u64,
) -> Result<SessionReadings, LoadError> {
    let beside = beside(folder, dataset, id)?;
    let frames = listed(dataset, id, dataset.kind.frames())?;
    let mut chunks = Vec::new();
    let mut sink = |_, chunk| chunks.push(chunk);
    let pass = sessions::pass(folder, &frames.path, max_csv, &beside, &[recipe], &mut sink);
    let pass = pass.map_err(|error| unreadable(frames, error))?;
    match pass.fault {
        _ if pass.sha256 != frames.sha256 => return Err(changed(frames, pass.sha256)),
        _ if pass.bytes != frames.bytes => return Err(size(frames, pass.bytes)),
        None => {}
        Some(Stopped::Malformed(source)) => return Err(malformed(frames, source)),
        Some(Stopped::Reading(error)) => return Err(error.into()),
    }
    Ok(SessionReadings { session: beside.session, weighings: beside.weighings, chunks })
}

/// Reads what a session is besides its frames.
///
/// # Errors
/// As [`load`].
pub fn beside(folder: &dyn Files, dataset: &Dataset, id: &str) -> Result<Beside, LoadError> {
    let (small, csv) = (limits::JSON_BYTES, limits::SESSION_CSV_BYTES);
    let file = |role| listed(dataset, id, role);
    let description = file(DatasetRole::Session)?;
    let session: Session = parse(folder, description, small, canonical::read)?;
    let path = || description.path.clone();
    if session.id.as_str() != id {
        return Err(LoadError::Session { path: path(), found: session.id, expected: id.to_owned() });
    }
    if dataset.denies(&session) {
        return Err(LoadError::Simulated { path: path(), stated: dataset.provenance.kind.as_str() });
    }
    Ok(Beside {
        session,
        weighings: parse(folder, file(DatasetRole::Weighings)?, csv, weighings::read)?,
        events: parse(folder, file(DatasetRole::Events)?, csv, events::read)?,
    })
}

fn listed<'a>(dataset: &'a Dataset, id: &str, role: DatasetRole) -> Result<&'a DatasetFile, LoadError> {
    dataset.session_file(id, role).ok_or(LoadError::Unlisted { role })
}

fn parse<T>(
    folder: &dyn Files,
    file: &DatasetFile,
    limit: u64,
    read: impl FnOnce(&[u8]) -> Result<T, Malformed>,
) -> Result<T, LoadError> {
    let bytes = files::bytes(folder, &file.path, limit).map_err(|error| unreadable(file, error))?;
    let found = Digest::of(&bytes);
    if found != file.sha256 {
        return Err(changed(file, found));
    }
    if bytes.len() as u64 != file.bytes {
        return Err(size(file, bytes.len() as u64));
    }
    read(&bytes).map_err(|source| malformed(file, source))
}

fn unreadable(file: &DatasetFile, error: Unreadable) -> LoadError {
    LoadError::Unreadable { path: file.path.clone(), error }
}

fn malformed(file: &DatasetFile, source: Malformed) -> LoadError {
    LoadError::Malformed { path: file.path.clone(), source }
}

fn size(file: &DatasetFile, found: u64) -> LoadError {
    LoadError::Size { path: file.path.clone(), stated: file.bytes, found }
}

fn changed(file: &DatasetFile, found: Digest) -> LoadError {
    LoadError::Changed { path: file.path.clone(), found, expected: file.sha256.clone() }
}
