//! The salt of a ledger: made once, kept from git, so that a device has one name in all its sessions.

use crate::error::CaptureError;
use openweigh_ledger::lock::OWN;
use openweigh_ledger::{DraftError, Ledger, write_atomically};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The ledger's salt. Made at first use, from the system's random numbers.
///
/// # Errors
/// It cannot be read, or not be made.
pub fn salt(root: &Path) -> Result<String, CaptureError> {
    let path = root.join(OWN).join("salt");
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(CaptureError::system(path, "read")(error)),
    }
    let mut random = [0; 32];
    let source = Path::new("/dev/urandom");
    let read = File::open(source).and_then(|mut file| file.read_exact(&mut random));
    read.map_err(CaptureError::system(source, "read"))?;
    let text = random.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let ledger = Ledger::at(root);
    // Git ignores the whole folder. Of two that make a salt at once, one is kept.
    let _lock = ledger.lock()?;
    match write_atomically(&path, format!("{text}\n").as_bytes(), false) {
        Ok(_) => Ok(text),
        Err(DraftError::Exists { .. }) => {
            let kept = std::fs::read_to_string(&path).map_err(CaptureError::system(path, "read"))?;
            Ok(kept.trim().to_owned())
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_keeps_its_salt() {
        let root = tempfile::tempdir().unwrap();
        let first = salt(root.path()).unwrap();
        assert_eq!(first.len(), 64);
        assert_eq!(salt(root.path()).unwrap(), first);
        assert_eq!(std::fs::read(root.path().join(".openweigh/.gitignore")).unwrap(), b"*\n");
    }
}
