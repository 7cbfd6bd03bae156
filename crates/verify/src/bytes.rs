//! What is wrong with a file's bytes: not there, too long, of another digest, of no format.

use crate::finding::{Cause, Finding, Kind, Other, Proof};
use crate::report::Verdict;
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::limits;
use openweigh_formats::manifest::ManifestFile;
use openweigh_formats::{Digest, Malformed, edit};
use std::cmp::Ordering;

/// A file in memory that the search for an edit is worth doing on.
const SEARCHED_BYTES: u64 = 1 << 20;

/// How far a listed file is read, of `limit` bytes at most: one that is much longer than listed is another file, and
/// nobody waits until it ends.
pub(crate) fn reach(file: &ManifestFile, limit: u64) -> u64 {
    limit.min(file.bytes.saturating_add(limits::JSON_BYTES))
}

pub(crate) fn unreadable(error: &Unreadable, file: &ManifestFile) -> Verdict {
    match error {
        Unreadable::TooLarge { found, .. } if *found > file.bytes => Verdict::Failed(Finding {
            published: Some(format!("{} bytes", file.bytes)),
            other: Some(Other::Found(format!("{found} bytes"))),
            ..Kind::TooLong.into()
        }),
        _ => unlisted(error),
    }
}

/// Why a file that no manifest lists with its size gave no bytes.
pub(crate) fn unlisted(error: &Unreadable) -> Verdict {
    let finding = Kind::Unreadable(error.clone()).into();
    match error {
        Unreadable::Missing | Unreadable::NotPlain(_) => Verdict::Failed(finding),
        Unreadable::TooLarge { .. } | Unreadable::System(_) => Verdict::Malformed(finding),
    }
}

pub(crate) fn malformed(error: &Malformed) -> Verdict {
    Verdict::Malformed(error.into())
}

/// The bytes are not the listed ones: which edit would explain that?
pub(crate) fn mismatch(
    file: &ManifestFile,
    from: &dyn Files,
    size: u64,
    digest: &Digest,
    search: &mut edit::SearchBudget,
) -> Verdict {
    if *digest == file.sha256 {
        return Verdict::Failed(Finding {
            published: Some(file.bytes.to_string()),
            other: Some(Other::Found(size.to_string())),
            cause: Some(Cause::Proved(Proof::SizeEdited)),
            ..Kind::OtherSize.into()
        });
    }
    let searched = size <= SEARCHED_BYTES;
    let bytes = searched.then(|| files::bytes(from, &file.path, SEARCHED_BYTES).ok()).flatten();
    let edit = bytes.and_then(|bytes| edit::locate(&bytes, &file.sha256, file.bytes, search));
    let position = edit.as_ref().and_then(edit::Edit::position);
    let cause = edit.map(Proof::Edit).or_else(|| match size.cmp(&file.bytes) {
        Ordering::Greater => Some(Proof::Longer(size - file.bytes)),
        Ordering::Less => Some(Proof::Shorter(file.bytes - size)),
        Ordering::Equal => None,
    });
    Verdict::Failed(Finding {
        position,
        published: Some(file.sha256.to_string()),
        other: Some(Other::Found(digest.to_string())),
        cause: cause.map(Cause::Proved),
        ..Kind::OtherBytes.into()
    })
}
