//! What anybody said about a release: receipts and withdrawals, in a folder beside it.
//!
//! `attest/<id>/` lies beside the release's own folder and not inside: the release is signed as it is, and others speak
//! later.

use crate::failure::Failure;
use crate::place;
use openweigh_formats::Digest;
use openweigh_formats::malformed::visible;
use openweigh_ledger::{DraftError, EntryKind, Folder, Ledger, OpenError, Typed, Written, lookup};
use openweigh_trust::dsse::{self, Envelope};
use openweigh_trust::withdrawal::FAMILY;
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

/// How deep folders of statements are looked into.
const DEEP: usize = 2;

/// The folder that statements about releases lie in, beside the release.
const FOLDER: &str = "attest";

/// Everything said about a release: in the folder that a person typed, or in the one beside the release. Nothing where
/// there is none beside it. A withdrawal beside the release is found wherever else somebody looks.
///
/// Anybody may put anything there. So what is small enough to be a withdrawal is read first and apart, smallest first:
/// no junk, however large, keeps one from being read.
pub(crate) fn all(release: &Path, id: &Digest, typed: Option<&Path>) -> Result<Said, Failure> {
    let own = beside(release).and_then(|above| match above.enter(FOLDER)? {
        Some(all) => all.enter(id.as_str()),
        None => Ok(None),
    });
    // What is in the way hides whatever lies behind it.
    let hidden = |error: DraftError| {
        let unread = vec![(FOLDER.to_owned(), error.to_string())];
        Said { unread, ..Said::default() }
    };
    let Some(typed) = typed else {
        return match own {
            Ok(Some(folder)) => inside(&folder),
            Ok(None) => Ok(Said::default()),
            Err(error) => Ok(hidden(error)),
        };
    };
    let folder = Folder::at(typed)
        .map_err(|_| Failure::Open { path: place::shown(typed), source: OpenError::Missing })?;
    let folder = match folder.enter(id.as_str()) {
        Ok(inner) => inner.unwrap_or(folder),
        Err(error) => return Ok(hidden(error)),
    };
    let mut said = inside(&folder)?;
    let more = match own {
        Ok(Some(own)) if !own.is(&folder)? => inside(&own)?,
        Ok(_) => Said::default(),
        Err(error) => hidden(error),
    };
    said.statements.extend(more.statements.into_iter().filter(|one| one.kind.starts_with(FAMILY)));
    said.unread.extend(more.unread);
    Ok(said)
}

/// A file in a folder of statements, or in a folder in it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    size: u64,
    /// The folders that lead to it.
    above: Vec<String>,
    name: String,
}

impl Candidate {
    fn shown(&self) -> String {
        shown(&self.above, &visible(&self.name))
    }

    /// Its bytes; none if it has gone meanwhile.
    fn read(&self, folder: &Folder, limit: u64) -> Result<Option<Vec<u8>>, DraftError> {
        let mut inner: Option<Folder> = None;
        for name in &self.above {
            let Some(next) = inner.as_ref().unwrap_or(folder).enter(name)? else { return Ok(None) };
            inner = Some(next);
        }
        inner.as_ref().unwrap_or(folder).read(&self.name, limit)
    }
}

fn shown(above: &[String], name: &str) -> String {
    above.iter().map(|folder| visible(folder) + "/").collect::<String>() + name
}

/// Everything in a folder of statements, and in the folders in it. However they are spread, as many bytes are read.
fn inside(folder: &Folder) -> Result<Said, Failure> {
    let (mut said, mut found) = (Said::default(), Vec::new());
    said.gather(folder, &mut Vec::new(), &mut found)?;
    found.sort();
    let (small, large): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| file.size <= limits::WITHDRAWAL_BYTES);
    said.read(folder, small, limits::WITHDRAWAL_BYTES);
    // What is too large for a withdrawal may be a receipt, or a withdrawal to which somebody added.
    said.read(folder, large, limits::ENVELOPE_BYTES);
    said.statements.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(said)
}

/// The folder around a release, however the release was spelled.
fn beside(release: &Path) -> Result<Folder, DraftError> {
    let above = Folder::at(release)?.above()?;
    let missing = || DraftError::System {
        path: release.to_path_buf(),
        source: std::io::Error::other("nothing lies beside the root of the system"),
    };
    let shown = place::real(release);
    Ok(above.ok_or_else(missing)?.called(shown.parent().unwrap_or(Path::new("/"))))
}

impl Said {
    /// Looks what lies in a folder, and in the folders in it, before anything is read.
    fn gather(
        &mut self,
        folder: &Folder,
        above: &mut Vec<String>,
        found: &mut Vec<Candidate>,
    ) -> Result<(), Failure> {
        for (name, kind) in folder.entries()? {
            let file = shown(above, &visible(&name.to_string_lossy()));
            match (kind, name.to_str()) {
                (EntryKind::File, Some(name)) => match folder.size(name) {
                    Ok(Some(size)) => {
                        found.push(Candidate { size, above: above.clone(), name: name.to_owned() });
                    }
                    Ok(None) => {}
                    Err(error) => self.unread.push((file, format!("it was not read: {error}"))),
                },
                (EntryKind::File, None) => {
                    self.unread.push((file, "its name is no text, and it was not read".to_owned()));
                }
                (EntryKind::Link, _) => {
                    self.unread.push((file, "it is a symbolic link and was not followed".to_owned()));
                }
                // A statement that somebody moved is a statement.
                (EntryKind::Folder, Some(name)) if above.len() < DEEP => match folder.enter(name) {
                    Ok(Some(inner)) => {
                        let before = found.len() + self.unread.len() + self.notes.len();
                        above.push(name.to_owned());
                        self.gather(&inner, above, found)?;
                        above.pop();
                        if found.len() + self.unread.len() + self.notes.len() == before {
                            self.notes.push((file, "an empty folder, and no statement".to_owned()));
                        }
                    }
                    Ok(None) => {}
                    Err(error) => self.unread.push((file, format!("it was not read: {error}"))),
                },
                (EntryKind::Folder, _) => {
                    self.unread.push((file, "it is a folder, and nothing in it was read".to_owned()));
                }
                (EntryKind::Other, _) => {
                    self.notes.push((file, format!("{}, and no statement", kind.noun())));
                }
            }
        }
        Ok(())
    }

    /// A file that was not read: whether it is missed depends on whether it may be a withdrawal.
    fn not_read(&mut self, file: String, size: u64, why: String) {
        if size <= limits::WITHDRAWAL_BYTES {
            self.unread.push((file, why));
        } else {
            self.notes.push((file, why));
        }
    }

    /// Reads files of at most `limit` bytes each, and `ALL_BYTES` together.
    fn read(&mut self, folder: &Folder, files: Vec<Candidate>, limit: u64) {
        let mut room = ALL_BYTES;
        for candidate in files {
            let (file, size) = (candidate.shown(), candidate.size);
            let most = limit.min(room);
            let too_large = format!("it was not read: found {size} bytes, at most {most} more are read");
            // Its size is known: a thousand large files are not read up to a limit each.
            if size > most {
                self.not_read(file, size, too_large);
                continue;
            }
            let bytes = match candidate.read(folder, most) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(DraftError::TooLarge { .. }) => {
                    self.not_read(file, size, too_large);
                    continue;
                }
                Err(error) => {
                    self.not_read(file, size, format!("it was not read: {error}"));
                    continue;
                }
            };
            room -= bytes.len() as u64;
            let envelope = Envelope::read(&bytes);
            let kind = envelope.and_then(|envelope| statement::predicate_type(envelope.payload()));
            match kind {
                Ok(kind) => self.statements.push(Attestation { file, bytes, kind }),
                // Cut or damaged, it may have been one.
                Err(error) if dsse::may_have_withdrawn(&bytes) || is_called_ours(&candidate.name, &bytes) => {
                    self.unread.push((file, format!("it is a statement that cannot be read: {error}")));
                }
                Err(error) => {
                    self.notes.push((file, format!("no statement, and counts for nothing: {error}")));
                }
            }
        }
    }
}

/// Whether a file has a name that this program gives to withdrawals, and other bytes than that name promises: a name
/// of 64 digits is the SHA-256 of what was pulled.
fn is_called_ours(name: &str, bytes: &[u8]) -> bool {
    let Some(stem) = name.strip_suffix(".json") else { return false };
    let pulled = stem.parse::<Digest>().is_ok_and(|digest| digest != Digest::of(bytes));
    pulled || stem.starts_with("withdrawal-")
}

/// Writes a statement under the name of its kind and its signer's key, so that nobody's replaces another's: into the
/// folder that a person typed, or the one beside the release, which no link leads to. A ledger around it is locked for
/// it.
pub(crate) fn write(
    (release, id, typed): (&Path, &Digest, Option<&Path>),
    kind: &str,
    key: &PublicKey,
    bytes: &[u8],
    force: bool,
) -> Result<(PathBuf, Written), Failure> {
    let signer = Digest::of(key.fingerprint().as_str().as_bytes());
    let name = format!("{kind}-{}.json", signer.short());
    let folder = match typed {
        Some(typed) => Typed::at(&typed.join(&name))?.into_parts().0,
        None => beside(release)?.make(FOLDER)?.make(id.as_str())?,
    };
    let path = folder.path().join(&name);
    let ledger = folder.real().ok().and_then(|real| Ledger::around(&real));
    // A release has no lock: nothing is written in it.
    let ledger = ledger.filter(|ledger| !lookup::is_release(ledger.root()));
    let _lock = ledger.map(|ledger| ledger.lock()).transpose()?;
    if force
        && let Some(there) = folder.read(&name, limits::ENVELOPE_BYTES)?
        && Envelope::read(&there).is_err()
    {
        let what = "found a file that is no statement, expected an earlier one of yours; move it away";
        return Err(Failure::input(place::shown(&path), what));
    }
    let written = folder.write(&name, bytes, force)?;
    Ok((path, written))
}
