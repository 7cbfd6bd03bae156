//! What anybody said about a release: receipts and withdrawals, in a folder beside it.
//!
//! `attest/<id>/` lies beside the release's own folder and not inside: the release is signed as it is, and others speak
//! later.

use crate::failure::Failure;
use crate::place;
use openweigh_formats::Digest;
use openweigh_formats::malformed::visible;
use openweigh_ledger::{DraftError, EntryKind, Folder, Ledger, Typed, Written, lookup};
use openweigh_release::said::Said;
use openweigh_trust::dsse::Envelope;
use openweigh_trust::{PublicKey, limits};
use std::path::{Path, PathBuf};

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
pub(crate) fn all(release: &Path, id: &Digest, typed: Option<&Path>) -> Said {
    let own = beside(release).and_then(|above| match above.enter(FOLDER)? {
        Some(all) => all.enter(id.as_str()),
        None => Ok(None),
    });
    // What is in the way hides whatever lies behind it.
    let hidden = |error: DraftError| {
        let unread = vec![(FOLDER.to_owned(), error.to_string())];
        Said { unread, ..Said::default() }
    };
    let inside = |folder: &Folder| inside(folder).unwrap_or_else(hidden);
    let Some(typed) = typed else {
        return match own {
            Ok(Some(folder)) => inside(&folder),
            Ok(None) => Said::default(),
            Err(error) => hidden(error),
        };
    };
    let folder = match Folder::at(typed) {
        Ok(folder) => folder,
        Err(error) => return hidden(error),
    };
    let folder = match folder.enter(id.as_str()) {
        Ok(inner) => inner.unwrap_or(folder),
        Err(error) => return hidden(error),
    };
    let mut said = inside(&folder);
    said.warned_by(match own {
        Ok(Some(own)) => match own.is(&folder) {
            Ok(true) => Said::default(),
            Ok(false) => inside(&own),
            Err(error) => hidden(error),
        },
        Ok(None) => Said::default(),
        Err(error) => hidden(error),
    });
    said
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
fn inside(folder: &Folder) -> Result<Said, DraftError> {
    let (mut said, mut found) = (Said::default(), Vec::new());
    gather(&mut said, folder, &mut Vec::new(), &mut found)?;
    found.sort();
    let (small, large): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|file| file.size <= limits::WITHDRAWAL_BYTES);
    read(&mut said, folder, small, limits::WITHDRAWAL_BYTES);
    // What is too large for a withdrawal may be a receipt, or a withdrawal to which somebody added.
    read(&mut said, folder, large, limits::ENVELOPE_BYTES);
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

/// Looks what lies in a folder, and in the folders in it, before anything is read.
fn gather(
    said: &mut Said,
    folder: &Folder,
    above: &mut Vec<String>,
    found: &mut Vec<Candidate>,
) -> Result<(), DraftError> {
    for (name, kind) in folder.entries()? {
        let file = shown(above, &visible(&name.to_string_lossy()));
        match (kind, name.to_str()) {
            (EntryKind::File, Some(name)) => match folder.size(name) {
                Ok(Some(size)) => {
                    found.push(Candidate { size, above: above.clone(), name: name.to_owned() });
                }
                Ok(None) => {}
                Err(error) => said.unread.push((file, format!("it was not read: {error}"))),
            },
            (EntryKind::File, None) => {
                said.unread.push((file, "its name is no text, and it was not read".to_owned()));
            }
            (EntryKind::Link, _) => {
                said.unread.push((file, "it is a symbolic link and was not followed".to_owned()));
            }
            // A statement that somebody moved is a statement.
            (EntryKind::Folder, Some(name)) if above.len() < DEEP => match folder.enter(name) {
                Ok(Some(inner)) => {
                    let before = found.len() + said.unread.len() + said.notes.len();
                    above.push(name.to_owned());
                    gather(said, &inner, above, found)?;
                    above.pop();
                    if found.len() + said.unread.len() + said.notes.len() == before {
                        said.notes.push((file, "an empty folder, and no statement".to_owned()));
                    }
                }
                Ok(None) => {}
                Err(error) => said.unread.push((file, format!("it was not read: {error}"))),
            },
            (EntryKind::Folder, _) => {
                said.unread.push((file, "it is a folder, and nothing in it was read".to_owned()));
            }
            (EntryKind::Other, _) => {
                said.notes.push((file, format!("{}, and no statement", kind.noun())));
            }
        }
    }
    Ok(())
}

/// Reads files of at most `limit` bytes each, and `ALL_BYTES` together.
fn read(said: &mut Said, folder: &Folder, files: Vec<Candidate>, limit: u64) {
    let mut room = ALL_BYTES;
    for candidate in files {
        let (file, size) = (candidate.shown(), candidate.size);
        let most = limit.min(room);
        let too_large = format!("it was not read: found {size} bytes, at most {most} more are read");
        // Its size is known: a thousand large files are not read up to a limit each.
        if size > most {
            said.not_read(file, size, too_large);
            continue;
        }
        match candidate.read(folder, most) {
            Ok(Some(bytes)) => {
                room -= bytes.len() as u64;
                said.take(file, &candidate.name, bytes);
            }
            Ok(None) => {}
            Err(DraftError::TooLarge { .. }) => said.not_read(file, size, too_large),
            Err(error) => said.not_read(file, size, format!("it was not read: {error}")),
        }
    }
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
