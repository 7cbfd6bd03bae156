//! What lies around a release on disk: statements and the OMS bundle beside it, this program, a policy's files.

use crate::failure::Failure;
use crate::{attest, place};
use openweigh_formats::digest::Hasher;
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, limits, release};
use openweigh_ledger::{Folder, Ledger, OpenError, read_blocks, read_whole};
use openweigh_release::said::Said;
use openweigh_release::{Accepted, Around, Bundle};
use openweigh_trust::oms;
use openweigh_trust::policy::Policy;
use openweigh_trust::receipt::Tool;
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::time::Time;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A release's folder, and the folder of statements that a person typed.
pub(crate) struct Beside<'a> {
    pub(crate) release: &'a Path,
    pub(crate) typed: Option<&'a Path>,
}

impl Around for Beside<'_> {
    fn said(&self, id: &Digest) -> Said {
        attest::all(self.release, id, self.typed)
    }

    fn tool(&self) -> Result<Tool, String> {
        tool().map_err(|(path, error)| format!("{path}: {error}"))
    }

    fn bundle(&self) -> Bundle {
        let path = bundle_path(self.release);
        let bytes = match read_whole(&path, openweigh_trust::limits::BUNDLE_BYTES) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(OpenError::Missing) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        Bundle { name: place::shown(&path), bytes }
    }

    fn digests(&self) -> Result<oms::Files, String> {
        files(self.release).map_err(|error| error.to_string())
    }
}

/// What to do about a file of allowed signers.
const SIGNERS: &str = "the policy's `allowed_signers` names this file, beside the policy. Write one line for each signer, as `openweigh publish \
                       --key` prints it for the publisher: alice@example.org namespaces=\"openweigh-release\" ssh-ed25519 AAAA…";

/// A policy with the files that it names, which lie beside it.
pub(super) fn accepted(path: &Path, at: Option<Time>) -> Result<Accepted, Failure> {
    let malformed = |path: &Path| {
        let path = place::shown(path);
        move |source| Failure::Malformed { path, source }
    };
    let policy = place::read(path, limits::TOML_BYTES)
        .and_then(|bytes| Policy::read(&bytes).map_err(malformed(path)))
        .map_err(|failure| failure.advised("write it as the end of `openweigh verify --help` shows it"))?;
    let beside = |name: &openweigh_formats::path::RelativePath| path.with_file_name(name.as_str());
    let listed = beside(&policy.allowed_signers);
    let signers = place::read(&listed, openweigh_trust::limits::SIGNERS_BYTES)
        .and_then(|bytes| AllowedSigners::read(&bytes).map_err(malformed(&listed)))
        .map_err(|failure| failure.advised(SIGNERS))?;
    let revoked = match &policy.revoked {
        None => Revoked::default(),
        Some(name) => {
            let path = beside(name);
            let bytes = place::read(&path, openweigh_trust::limits::REVOKED_BYTES)?;
            Revoked::read(&bytes).map_err(malformed(&path))?
        }
    };
    Ok(Accepted { policy, signers, revoked, at: at.unwrap_or_else(now) })
}

#[expect(clippy::disallowed_methods, reason = "keys expire: this is asked now, and reaches no artifact")]
fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time::from_unix(since.map_or(0, |since| since.as_secs()))
}

/// A folder of statements that a person typed is there.
pub(super) fn check(typed: &Path) -> Result<(), Failure> {
    let missing = |_| Failure::Open { path: place::shown(typed), source: OpenError::Missing };
    Folder::at(typed).map(|_| ()).map_err(missing)
}

/// The OMS bundle lies beside the folder that it covers.
pub(crate) fn bundle_path(folder: &Path) -> PathBuf {
    let full = place::real(folder);
    let mut name = full.file_name().unwrap_or_default().to_os_string();
    name.push(".oms.sig");
    full.with_file_name(name)
}

/// All files of a release with the digests of their bytes.
pub(crate) fn files(folder: &Path) -> Result<oms::Files, OpenError> {
    let mut files = BTreeMap::new();
    for path in Ledger::at(folder).everything(None)? {
        let mut hasher = Hasher::default();
        read_blocks(&folder.join(&path), u64::MAX, &mut |block| hasher.update(block))?;
        files.insert(path, hasher.finish());
    }
    Ok(files)
}

/// This program, by the digest of its executable.
pub(crate) fn tool() -> Result<Tool, (String, OpenError)> {
    let path = std::env::current_exe().map_err(|error| ("this program".to_owned(), error.into()))?;
    let mut hasher = Hasher::default();
    let read = read_blocks(&path, u64::MAX, &mut |block| hasher.update(block));
    read.map_err(|error| (place::shown(&path), error))?;
    Ok(Tool {
        name: "openweigh".to_owned().try_into().expect("a line"),
        version: env!("CARGO_PKG_VERSION").parse().expect("the package has a semantic version"),
        sha256: hasher.finish(),
    })
}

/// The digests that the release's own list states, for a signature of them.
pub(crate) fn sums(folder: &Path) -> Result<Vec<u8>, Failure> {
    let path = folder.join(release::SUMS);
    let bytes = place::read(&path, limits::JSON_BYTES)?;
    Sums::read(&bytes).map_err(|source| Failure::Malformed { path: place::shown(&path), source })?;
    Ok(bytes)
}
