//! What anybody said about a release: receipts and withdrawals, in a folder beside it.
//!
//! `attest/<id>/` lies beside the release's own folder and not inside: the release is signed as it is, and others speak
//! later.

use crate::failure::Failure;
use crate::place;
use openweigh_formats::Digest;
use openweigh_formats::malformed::visible;
use openweigh_ledger::{Written, write_atomically};
use openweigh_trust::dsse::Envelope;
use openweigh_trust::{PublicKey, limits, statement};
use std::path::{Path, PathBuf};

/// A statement, signed by somebody; whether it is to be believed is not yet known.
pub(crate) struct Attestation {
    /// The name of its file.
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// What kind of statement it is, where it is one at all.
    pub(crate) kind: Option<String>,
}

/// The folder in which others speak about a release.
pub(crate) fn folder(release: &Path, id: &Digest) -> PathBuf {
    let full = std::path::absolute(release).unwrap_or_else(|_| release.to_path_buf());
    full.parent().unwrap_or(Path::new("/")).join("attest").join(id.as_str())
}

/// Everything said about a release, by file name; nothing where there is no folder.
pub(crate) fn all(folder: &Path) -> Result<Vec<Attestation>, Failure> {
    let failed = |source: std::io::Error| Failure::Open { path: place::shown(folder), source: source.into() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    let read = |path: &PathBuf| {
        let bytes = place::read(path, limits::ENVELOPE_BYTES)?;
        let envelope = Envelope::read(&bytes).ok();
        let kind = envelope.and_then(|envelope| statement::predicate_type(envelope.payload()).ok());
        let file = path.file_name().map_or_else(String::new, |name| visible(&name.to_string_lossy()));
        Ok(Attestation { file, bytes, kind })
    };
    paths.iter().map(read).collect()
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
