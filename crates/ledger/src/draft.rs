//! What writing a file did, or why it did not: beside the target, synced, then renamed, so that no reader sees half
//! a file.

use crate::lock::Holder;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use std::path::PathBuf;

/// What writing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Written {
    /// The same bytes were there and were left alone.
    Same,
    /// There was no such file.
    New,
    /// Other bytes were replaced, as asked.
    Replaced,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// Another file is there.
    #[error("{} exists with other content", path.display())]
    Exists {
        /// Where.
        path: PathBuf,
    },
    /// It is not any more what was read.
    #[error("{} has changed since it was read: another command was faster", path.display())]
    Changed {
        /// Where.
        path: PathBuf,
    },
    /// Weights or a manifest would not hold any more.
    #[error("the dataset `{name}` is pinned by {}, so it is not changed", listed(by))]
    Pinned {
        /// Which dataset.
        name: Name,
        /// What names it by its digest.
        by: Vec<RelativePath>,
    },
    /// The same of one file.
    #[error("{path} is pinned by {}, so it is not replaced by other bytes", listed(by))]
    PinnedFile {
        /// Which.
        path: RelativePath,
        /// What names it by its digest.
        by: Vec<RelativePath>,
    },
    /// Somebody else changes the ledger.
    #[error("{holder} is changing this ledger, and has held {} for 10 seconds", path.display())]
    Busy {
        /// The lock's file.
        path: PathBuf,
        /// Who holds it.
        holder: Holder,
    },
    /// No file or folder of the kind that belongs there.
    #[error("{}: found {what}, expected {expected}", path.display())]
    NotPlain {
        /// Where.
        path: PathBuf,
        /// What is there.
        what: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A file that is read to be changed is larger than any of its kind.
    #[error("{}: found more than {limit} bytes", path.display())]
    TooLarge {
        /// Where.
        path: PathBuf,
        /// Bytes allowed.
        limit: u64,
    },
    /// A change was cut and cannot be completed.
    #[error("{}: a change was interrupted and cannot be completed: {why}", path.display())]
    Interrupted {
        /// Where it is written down.
        path: PathBuf,
        /// Why not.
        why: String,
    },
    /// The system could not write.
    #[error("cannot write {}: {source}", path.display())]
    System {
        /// Where.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// `a`, `a and b`, or `a, b and 3 more`.
fn listed(paths: &[RelativePath]) -> String {
    match paths {
        [] => "nothing".to_owned(),
        [one] => one.to_string(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// Temporary files are private; artifacts are as readable as any file that a person makes.
pub(crate) fn readable_by_all(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}
