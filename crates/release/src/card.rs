//! `README.md`: the card that people read, with the front matter that the Hugging Face Hub reads
//! (its model card and dataset card specifications, `model-index` included).
//!
//! Every number in it is a text of the manifest, of weights or of a dataset's description, each of which verification
//! derives again; none is written by hand. There are two generators, chosen by the publication's format: releases of
//! the first verify with it for ever.

mod hub;
pub(crate) mod one;
mod two;

use crate::source::Source;
use openweigh_formats::publication::Format;

/// The card.
pub fn write(source: &Source<'_>) -> String {
    match source.publication.format {
        Format::V1 => one::write(source),
        Format::V2 => two::write(source),
    }
}
