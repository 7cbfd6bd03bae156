//! `CHANGELOG.md`: what changed since the release before, in the unit of the results.
//!
//! `changes` finds it, as values; `one` and `two` put it into words, one for each generator of cards.

mod changes;
mod history;
mod one;
mod two;

use crate::source::Source;
use openweigh_formats::publication::Format;

/// The changelog: this release's entry, then those of its predecessors.
pub fn write(source: &Source<'_>) -> String {
    match source.publication.format {
        Format::V1 => one::write(source),
        Format::V2 => two::write(source),
    }
}
