//! `README.md`: the card that people and the Hugging Face Hub read.

use crate::source::Source;

/// The card.
pub fn write(source: &Source<'_>) -> String {
    format!("# {}\n\n{}\n", source.manifest.title, source.publication.summary)
}
