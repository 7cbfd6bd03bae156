//! Why a recording cannot begin, go on, or be finished.

use openweigh_formats::Malformed;
use openweigh_formats::text::{Name, TextError};
use openweigh_ledger::{DraftError, OpenError};
use std::path::PathBuf;

/// What stopped a recording, or its recovery.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The system refused.
    #[error("{}: cannot {what}: {source}", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// What was to be done there: `write`, `make the folder`.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// A file was not written.
    #[error(transparent)]
    Write(#[from] DraftError),
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Open {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: OpenError,
    },
    /// The salt of the ledger may be known to others.
    #[error("{}: this salt is not used: {why}", path.display())]
    Salt {
        /// Its file.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// A file is not what it should be.
    #[error("{}:{source}", path.display())]
    Malformed {
        /// Which one.
        path: PathBuf,
        /// Where and how.
        source: Malformed,
    },
    /// Lines of numbers are read live only.
    #[error(
        "lines of numbers are not recorded yet: keep them in a file, and read that with `openweigh import signal`"
    )]
    OfLines,
    /// The session's id is taken.
    #[error("{}: session `{id}` is there already", folder.display())]
    SessionExists {
        /// The dataset's folder.
        folder: PathBuf,
        /// The id.
        id: String,
    },
    /// An id that the recorder keeps for itself.
    #[error("session id `{id}`: found an id that ends in `{ending}`, expected any other: that is how a running recording is called", ending = crate::place::PART)]
    SessionId {
        /// The id.
        id: String,
    },
    /// The dataset is of another kind.
    #[error("{}: found a dataset of tables, expected one of touch sessions", folder.display())]
    OtherKind {
        /// Its folder.
        folder: PathBuf,
    },
    /// A dataset has one provenance.
    #[error("{}: the dataset is {found}, this session would be {wanted}; a dataset is all one or all the other", folder.display())]
    Mixed {
        /// Its folder.
        folder: PathBuf,
        /// The provenance that it has.
        found: &'static str,
        /// That of the session.
        wanted: &'static str,
    },
    /// A dataset has room for so many.
    #[error("{}: the dataset has {limit} sessions, which is the limit", folder.display())]
    Full {
        /// Its folder.
        folder: PathBuf,
        /// How many.
        limit: usize,
    },
    /// Somebody records there.
    #[error("{}: this session is being recorded", folder.display())]
    Running {
        /// The session's folder.
        folder: PathBuf,
    },
    /// Nothing was recorded in a folder, but it holds what no recording writes.
    #[error("{}: nothing was recorded here, but it holds `{name}`, which no recording writes; nothing was removed", folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
        /// What it holds.
        name: String,
    },
    /// The description of the session is gone, and with it what was recorded.
    #[error("{}: the session's description cannot be read ({why}), so nobody knows what these touches are of", path.display())]
    NoDescription {
        /// Where it should be.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No frame came, so that there is nothing to keep.
    #[error("{name}: no frame came; nothing was kept")]
    NoFrames {
        /// The dataset.
        name: Name,
    },
    /// A text breaks the rule of its place.
    #[error("{what}: {source}")]
    Text {
        /// Which text.
        what: &'static str,
        /// How.
        source: TextError,
    },
}

impl CaptureError {
    /// For `map_err`: the system refused to do `what` at `path`.
    pub(crate) fn system(
        path: impl Into<PathBuf>,
        what: &'static str,
    ) -> impl FnOnce(std::io::Error) -> CaptureError {
        let path = path.into();
        move |source| CaptureError::System { path, what, source }
    }

    /// Whether the disk, and nothing that a person said, is to blame.
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Self::System { .. } | Self::Write(_))
    }
}
