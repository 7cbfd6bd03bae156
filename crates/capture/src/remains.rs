//! What a recovery may touch, and what it may throw away: files that a recording writes, and nothing else.
//!
//! A dataset's folder is the user's. Links are not followed, and of a folder in which something else lies nothing is
//! removed.

use crate::error::CaptureError;
use crate::place::DRAFT;
use openweigh_formats::dataset::SESSION_FILES;
use openweigh_formats::touches::COLUMNS;
use openweigh_ledger::OpenError;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Bytes that are looked at at a time.
const BLOCK: usize = 1 << 16;

/// Whether a file is there.
///
/// # Errors
/// Something else is in its place: a link, a pipe, a folder.
pub(crate) fn is_file(path: &Path) -> Result<bool, CaptureError> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => Ok(true),
        Ok(metadata) => {
            let found = if metadata.is_symlink() { "a symbolic link" } else { "something else" };
            Err(CaptureError::Open { path: path.to_path_buf(), source: OpenError::NotPlain(found) })
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(CaptureError::system(path, "open")(error)),
    }
}

/// Whether a recording had only just begun `touches.csv`: it is a part of the header, or the header and half a line,
/// or the zeros that a power loss leaves of them.
pub(crate) fn had_just_begun(path: &Path) -> Result<bool, CaptureError> {
    let failed = || CaptureError::system(path, "read");
    if !is_file(path)? {
        return Ok(true);
    }
    let header = format!("{}\n", COLUMNS.join(","));
    let mut file = File::open(path).map_err(failed())?;
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

/// Removes the folder of a session of which nothing was recorded.
///
/// # Errors
/// Something lies in it that no recording writes.
pub(crate) fn remove(folder: &Path) -> Result<(), CaptureError> {
    let failed = || CaptureError::system(folder, "read the folder");
    let ours = |name: &str| name == DRAFT || SESSION_FILES.iter().any(|(own, _)| *own == name);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name();
        if !(entry.file_type().map_err(failed())?.is_file() && name.to_str().is_some_and(ours)) {
            return Err(CaptureError::Foreign {
                folder: folder.to_path_buf(),
                name: name.to_string_lossy().into_owned(),
            });
        }
        files.push(entry.path());
    }
    for file in files {
        std::fs::remove_file(&file).map_err(CaptureError::system(&file, "remove"))?;
    }
    std::fs::remove_dir(folder).map_err(CaptureError::system(folder, "remove the folder"))
}
