//! What anybody said about a release: receipts and withdrawals, in a folder beside it.
//!
//! `attest/<id>/` lies beside the release's own folder and not inside: the release is signed as it is, and others speak
//! later.

use crate::failure::Failure;
use crate::place;
use openweigh_formats::Digest;
use openweigh_formats::malformed::visible;
use openweigh_ledger::{Written, read_whole, write_atomically};
use openweigh_trust::dsse::Envelope;
use openweigh_trust::{PublicKey, limits, statement};
use std::path::{Path, PathBuf};

/// A statement, signed by somebody; whether it is to be believed is not yet known.
pub(crate) struct Attestation {
    /// The name of its file, escaped.
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// What kind of statement it is.
    pub(crate) kind: String,
}

/// What lies in a folder of statements.
#[derive(Default)]
pub(crate) struct Said {
    /// Statements, by file name.
    pub(crate) statements: Vec<Attestation>,
    /// Files that could be a withdrawal and were not read, and why: whoever trusts the release must know.
    pub(crate) unread: Vec<(String, String)>,
    /// Files that are certainly no withdrawal, and why they count for nothing.
    pub(crate) notes: Vec<(String, String)>,
}

/// Bytes that are read of all small files together, and again of all large ones.
const ALL_BYTES: u64 = 1 << 26;

/// The folder in which others speak about a release.
pub(crate) fn folder(release: &Path, id: &Digest) -> PathBuf {
    place::real(release).parent().unwrap_or(Path::new("/")).join("attest").join(id.as_str())
}

/// Everything said about a release; nothing where there is no folder.
///
/// Anybody may put anything there. So what is small enough to be a withdrawal is read first and apart, smallest first:
/// no junk, however large, keeps one from being read.
pub(crate) fn all(folder: &Path) -> Result<Said, Failure> {
    let failed = |source: std::io::Error| Failure::Open { path: place::shown(folder), source: source.into() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Said::default()),
        Err(error) => return Err(failed(error)),
    };
    let (mut said, mut found) = (Said::default(), Vec::new());
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let about = path.symlink_metadata().map_err(failed)?;
        if about.is_file() {
            found.push((about.len(), path));
        } else if about.is_symlink() {
            said.unread.push((name(&path), "it is a symbolic link and was not followed".to_owned()));
        } else {
            let what = if about.is_dir() { "a folder" } else { "a device or pipe" };
            said.notes.push((name(&path), format!("{what}, and no statement")));
        }
    }
    found.sort();
    let (small, large): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|(size, _)| *size <= limits::WITHDRAWAL_BYTES);
    said.read(small, limits::WITHDRAWAL_BYTES);
    // What is too large for a withdrawal may be a receipt; what is not read of these is missed by nobody.
    let withdrawals_unread = std::mem::take(&mut said.unread);
    said.read(large, limits::ENVELOPE_BYTES);
    let large_unread = std::mem::replace(&mut said.unread, withdrawals_unread);
    said.notes.extend(large_unread);
    said.statements.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(said)
}

/// The name of a file, escaped.
fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |name| visible(&name.to_string_lossy()))
}

impl Said {
    /// Reads files of at most `limit` bytes each, and `ALL_BYTES` together.
    fn read(&mut self, paths: Vec<(u64, PathBuf)>, limit: u64) {
        let mut room = ALL_BYTES;
        for (_, path) in paths {
            let file = name(&path);
            let bytes = match read_whole(&path, limit.min(room)) {
                Ok(bytes) => bytes,
                Err(error) => {
                    self.unread.push((file, format!("it was not read: {error}")));
                    continue;
                }
            };
            room -= bytes.len() as u64;
            let envelope = Envelope::read(&bytes);
            let kind = envelope.and_then(|envelope| statement::predicate_type(envelope.payload()));
            match kind {
                Ok(kind) => self.statements.push(Attestation { file, bytes, kind }),
                Err(error) => {
                    self.notes.push((file, format!("no statement, and counts for nothing: {error}")));
                }
            }
        }
    }
}

/// Writes a statement under the name of its kind and its signer's key, so that nobody's replaces another's.
pub(crate) fn write(
    folder: &Path,
    kind: &str,
    key: &PublicKey,
    bytes: &[u8],
    force: bool,
) -> Result<(PathBuf, Written), Failure> {
    let signer = Digest::of(key.fingerprint().as_str().as_bytes());
    let path = folder.join(format!("{kind}-{}.json", signer.short()));
    let written = write_atomically(&path, bytes, force)?;
    Ok((path, written))
}
