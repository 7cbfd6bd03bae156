//! What anybody said about a release: receipts and withdrawals, in a folder beside it.
//!
//! `attest/<id>/` lies beside the release's own folder and not inside: the release is signed as it is, and others speak
//! later.

use crate::failure::Failure;
use crate::place;
use openweigh_formats::Digest;
use openweigh_formats::malformed::visible;
use openweigh_ledger::{OpenError, Written, read_whole, write_atomically};
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

/// Bytes that are read of all statements about a release together; of those beyond, none counts.
const ALL_BYTES: u64 = 1 << 26;

/// The folder in which others speak about a release.
pub(crate) fn folder(release: &Path, id: &Digest) -> PathBuf {
    place::real(release).parent().unwrap_or(Path::new("/")).join("attest").join(id.as_str())
}

/// Everything said about a release, by file name, and why some of it could not be read; nothing where there is no
/// folder. Anybody may put anything there: what cannot be read counts for nothing, and stops nobody.
pub(crate) fn all(folder: &Path) -> Result<(Vec<Attestation>, Vec<String>), Failure> {
    let failed = |source: std::io::Error| Failure::Open { path: place::shown(folder), source: source.into() };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
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
    let (mut said, mut unread, mut room) = (Vec::new(), Vec::new(), ALL_BYTES);
    for path in paths {
        let file = path.file_name().map_or_else(String::new, |name| visible(&name.to_string_lossy()));
        let bytes = match read_whole(&path, limits::ENVELOPE_BYTES.min(room)) {
            Ok(bytes) => bytes,
            Err(OpenError::TooLarge { found, limit }) => {
                let why = format!("found {found} bytes, at most {limit} are allowed");
                unread.push(format!("{file}: no statement, and counts for nothing: {why}"));
                continue;
            }
            Err(error) => {
                unread.push(format!("{file}: no statement, and counts for nothing: {error}"));
                continue;
            }
        };
        room -= bytes.len() as u64;
        let envelope = Envelope::read(&bytes).ok();
        let kind = envelope.and_then(|envelope| statement::predicate_type(envelope.payload()).ok());
        said.push(Attestation { file, bytes, kind });
    }
    Ok((said, unread))
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
