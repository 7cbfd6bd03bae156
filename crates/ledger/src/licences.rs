//! Texts of the licences that data and weights most often come under.

use crate::draft::DraftError;
use crate::layout::Ledger;
use openweigh_formats::licence::Licence;

/// The text of a licence by its SPDX id, if it is one of those carried along.
pub fn text(id: &str) -> Option<&'static str> {
    Some(match id {
        "CC0-1.0" => include_str!("../licences/CC0-1.0.txt"),
        "CC-BY-4.0" => include_str!("../licences/CC-BY-4.0.txt"),
        "Apache-2.0" => include_str!("../licences/Apache-2.0.txt"),
        _ => return None,
    })
}

impl Ledger {
    /// Puts the texts of known licences where a manifest will want them. What is there stays.
    ///
    /// # Errors
    /// One cannot be written.
    pub fn keep_licence_texts(&self, licence: &Licence) -> Result<(), DraftError> {
        for id in licence.ids() {
            let (Some(path), Some(text)) = (Self::licence(&id), text(&id)) else { continue };
            if self.on_disk(&path).exists() {
                continue;
            }
            match self.write(&path, text.as_bytes(), false, &[]) {
                Ok(_) | Err(DraftError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
