//! What a change of several files writes down before its first rename, so that a crash between two of them leaves
//! nothing torn: whoever locks the ledger next renames the rest.
//!
//! `.openweigh/commit` has the line `openweigh.commit/1`, and for each file its SHA-256, the name of its draft, and
//! its path, with a space between. The drafts are whole and durable before it is written.

use crate::draft::DraftError;
use crate::folder::{Folder, UNFINISHED};
use crate::layout::Ledger;
use openweigh_formats::Digest;
use openweigh_formats::path::RelativePath;
use std::io::Write;

/// Its name.
pub(crate) const FILE: &str = "commit";

const DRAFT: &str = "commit.draft";
const FORMAT: &str = "openweigh.commit/1";
const MOST_BYTES: u64 = 4 << 20;

/// One file that a change renames.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) sha256: Digest,
    pub(crate) draft: String,
    pub(crate) path: RelativePath,
}

/// Writes the journal. From its rename on the change will happen.
pub(crate) fn write(own: &Folder, entries: &[Entry]) -> Result<(), DraftError> {
    let mut text = format!("{FORMAT}\n");
    for Entry { sha256, draft, path } in entries {
        text.push_str(&format!("{sha256} {draft} {path}\n"));
    }
    own.remove(DRAFT)?;
    let mut file = own.create_new(DRAFT)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|source| DraftError::System { path: own.path().join(DRAFT), source })?;
    own.rename(DRAFT, own, FILE)?;
    own.sync()
}

/// Forgets the journal: everything in it has happened.
pub(crate) fn done(own: &Folder) -> Result<(), DraftError> {
    own.remove(FILE)
}

/// Completes a change that was cut. To be called with the lock held.
pub(crate) fn complete(ledger: &Ledger, own: &Folder) -> Result<(), DraftError> {
    let Some(bytes) = own.read(FILE, MOST_BYTES)? else { return Ok(()) };
    let interrupted = |why: String| DraftError::Interrupted { path: own.path().join(FILE), why };
    let entries = read(&bytes).ok_or_else(|| interrupted("it cannot be read".to_owned()))?;
    for Entry { sha256, draft, path } in &entries {
        let lost = || interrupted(format!("neither {path} nor its draft has the SHA-256 {sha256}"));
        let (folder, name) = ledger.folder_of(path)?.ok_or_else(lost)?;
        let digest = |name: &str| Ok(folder.digest(name)?.map(|(_, digest)| digest));
        if digest(draft)?.as_ref() == Some(sha256) {
            folder.rename(draft, &folder, name)?;
            folder.sync()?;
        } else if digest(name)?.as_ref() != Some(sha256) {
            return Err(lost());
        }
    }
    done(own)
}

/// The entries; none if it is no journal.
fn read(bytes: &[u8]) -> Option<Vec<Entry>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let lines = text.strip_prefix(FORMAT)?.strip_prefix('\n')?.lines();
    let entry = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let sha256 = parts.next()?.parse().ok()?;
        let draft =
            parts.next().filter(|name| name.starts_with(UNFINISHED) && !name.contains('/'))?.to_owned();
        Some(Entry { sha256, draft, path: parts.next()?.parse().ok()? })
    };
    lines.map(entry).collect()
}
