//! Files that were not written: the exit code, and what a person can do about it.

use crate::exit;
use openweigh_ledger::DraftError;

/// What to type in the place of a command that would replace a pinned file.
fn pinned(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("results") => {
            "keep it, and write the new results under another name: the same command with -o artifacts/results/NEW.csv, any free name"
        }
        Some("recipes") => "keep it, and give the new recipe another name: the same command with --name NEW",
        _ => "keep it, and make a new version: the same command with another --version, as --version 1.0.1",
    }
}

/// The exit code of a file that was not written.
pub(super) fn writing_code(error: &DraftError) -> u8 {
    match error {
        DraftError::Changed { .. }
        | DraftError::Busy { .. }
        | DraftError::Pinned { .. }
        | DraftError::PinnedFile { .. } => exit::FAILED,
        _ => exit::INPUT,
    }
}

/// What a person can do about a file that was not written.
pub(super) fn writing(error: &DraftError) -> Option<&'static str> {
    Some(match error {
        DraftError::Exists { .. } => "choose another name or version, or replace it with --force",
        DraftError::Changed { .. } => "type the same command again: it then reads what is there now",
        DraftError::Busy { .. } => "wait until it is done, then type the same command again",
        DraftError::Pinned { .. } => {
            "leave it, and put the change into a copy: the same command with --as NEW, any free name; a table is \
             imported under another --name, and a recording that has ended is finished by `openweigh recover DATASET --as NEW`"
        }
        DraftError::PinnedFile { path, .. } => pinned(path.as_str()),
        DraftError::NotPlain { .. } => {
            "move the real file or folder there; inside a ledger no link is followed"
        }
        DraftError::Interrupted { .. } => {
            "restore the files that it names from a copy, or remove that file; then `openweigh verify` shows what is whole"
        }
        _ => return None,
    })
}
