//! The source as a file that can be read twice.

use crate::failure::Failure;
use crate::place;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Opens a file; what cannot be read twice, such as standard input, is copied into a temporary file first.
pub(crate) fn open(path: &Path, max_bytes: u64) -> Result<File, Failure> {
    let failed =
        |error: std::io::Error| Failure::input(place::shown(path), format!("cannot be read: {error}"));
    if path.as_os_str() == "-" {
        return copied(&mut std::io::stdin().lock(), max_bytes).map_err(failed);
    }
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(Failure::input(place::shown(path), "this is a folder; name a file in it"));
    }
    if metadata.is_file() { Ok(file) } else { copied(&mut file, max_bytes).map_err(failed) }
}

/// A temporary file with all that comes, a little more than allowed at most: then its reader refuses it.
fn copied(from: &mut dyn Read, max_bytes: u64) -> std::io::Result<File> {
    let mut file = tempfile::tempfile()?;
    std::io::copy(&mut from.take(max_bytes.saturating_add(1)), &mut file)?;
    Ok(file)
}
