//! What a recovery may touch, and what it may throw away: files that a recording writes, and nothing else.
//!
//! A dataset's folder is the user's. Links are not followed, and of a folder in which something else lies nothing is
//! removed.

use crate::error::CaptureError;
use crate::place::{DRAFT, Place};
use openweigh_formats::dataset::SESSION_FILES;
use openweigh_formats::touches::COLUMNS;
use openweigh_formats::weighings::Id;
use openweigh_ledger::{DraftError, EntryKind, Folder};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that are looked at at a time.
const BLOCK: usize = 1 << 16;

/// Insists that whatever has the name of a recording's file is a plain file with no other name, before anything is
/// changed: what is shortened in place is shortened under all its names.
///
/// # Errors
/// A link, a folder, a pipe or a device is there.
pub(crate) fn insist_plain(folder: &Folder) -> Result<(), CaptureError> {
    for name in SESSION_FILES.iter().map(|(name, _)| *name).chain([DRAFT]) {
        let Some(file) = folder.open(name)? else { continue };
        let path = || folder.path().join(name);
        if file.metadata().map_err(CaptureError::system(path(), "read"))?.nlink() > 1 {
            let (path, what) = (path(), "a file with other names elsewhere (hard links)");
            return Err(DraftError::NotPlain { path, what, expected: "a plain file" }.into());
        }
    }
    Ok(())
}

/// Keeps what is cut off a file of a session in a file of its own beside the dataset. Nothing that is there is replaced.
pub(crate) fn aside(
    place: &Place,
    id: &Id,
    file: &'static str,
    tail: &mut dyn Read,
) -> Result<PathBuf, CaptureError> {
    let above = place.above()?;
    let stem = format!("{}-{id}-{file}", place.name());
    let mut count = 1;
    let (mut out, path) = loop {
        let name = if count == 1 { format!("{stem}.cut") } else { format!("{stem}.{count}.cut") };
        match above.create_new(&name) {
            Err(DraftError::Exists { .. }) => count += 1,
            made => break (made?, above.path().join(name)),
        }
    };
    let written = std::io::copy(tail, &mut out).and_then(|_| out.sync_all());
    written.map_err(CaptureError::system(&path, "write"))?;
    above.sync()?;
    Ok(path)
}

/// Whether a recording had only just begun `touches.csv`: it is a part of the header, or the header and half a line,
/// or the zeros that a power loss leaves of them.
pub(crate) fn had_just_begun(mut file: &File, path: &Path) -> Result<bool, CaptureError> {
    let failed = || CaptureError::system(path, "read");
    let header = format!("{}\n", COLUMNS.join(","));
    file.rewind().map_err(failed())?;
    let mut begin = Vec::new();
    file.by_ref().take(header.len() as u64).read_to_end(&mut begin).map_err(failed())?;
    let is_zeros = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0);
    let begun = header.as_bytes().starts_with(&begin);
    if !(begun || is_zeros(&begin)) {
        return Ok(false);
    }
    let (mut zeros, mut half_line) = (true, begun);
    let mut block = vec![0; BLOCK];
    loop {
        let count = file.read(&mut block).map_err(failed())?;
        if count == 0 {
            return Ok(zeros || half_line);
        }
        zeros &= is_zeros(&block[..count]);
        half_line &= !block[..count].contains(&b'\n');
    }
}

/// Removes the files of a session of which nothing was recorded.
///
/// # Errors
/// Something lies beside them that no recording writes; then nothing is removed.
pub(crate) fn empty(folder: &Folder) -> Result<(), CaptureError> {
    let ours = |name: &str| name == DRAFT || SESSION_FILES.iter().any(|(own, _)| *own == name);
    let mut files = Vec::new();
    for (name, kind) in folder.entries()? {
        let Some(own) = name.to_str().filter(|name| kind == EntryKind::File && ours(name)) else {
            let (folder, name) = (folder.path().to_path_buf(), name.to_string_lossy().into_owned());
            return Err(CaptureError::Foreign { folder, name });
        };
        files.push(own.to_owned());
    }
    for file in files {
        folder.remove(&file)?;
    }
    Ok(())
}
