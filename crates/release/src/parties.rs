//! Who publishes, and under which licences, in the words of schema.org, which Croissant and RO-Crate share.

use crate::json::{Json, Object, list};
use crate::source::Source;
use openweigh_formats::licence::Licence;
use openweigh_formats::publication::Author;

/// The type of an author. One with an ORCID iD or a place of work is a person; of one with neither nothing is
/// known, and a group is what goes by a bare name.
pub(crate) fn kind(author: &Author) -> &'static str {
    if author.orcid.is_some() || author.affiliation.is_some() { "Person" } else { "Organization" }
}

/// The address of an ORCID iD.
pub(crate) fn orcid(author: &Author) -> Option<String> {
    author.orcid.as_ref().map(|orcid| format!("https://orcid.org/{orcid}"))
}

/// The names of all authors, with commas between.
pub(crate) fn names(source: &Source<'_>) -> String {
    let names: Vec<&str> = source.publication.authors.iter().map(|author| author.name.as_str()).collect();
    names.join(", ")
}

/// Words without repetition, in their order: several formats refuse a keyword that stands twice.
pub(crate) fn once<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<Json> {
    let mut seen = Vec::new();
    for word in words {
        if !word.trim().is_empty() && !seen.contains(&word) {
            seen.push(word);
        }
    }
    list(seen)
}

/// The keywords of the publication.
pub(crate) fn keywords(source: &Source<'_>) -> Vec<Json> {
    once(source.publication.keywords.iter().map(openweigh_formats::text::Line::as_str))
}

/// Where a licence is described: at SPDX, or in the release if SPDX does not know it.
pub(crate) fn address(id: &str) -> String {
    if id.contains("LicenseRef-") { text_path(id) } else { format!("https://spdx.org/licenses/{id}.html") }
}

/// Where the text of a licence lies in a release (REUSE 3.3).
pub(crate) fn text_path(id: &str) -> String {
    format!("LICENSES/{id}.txt")
}

/// The licences of the files of the manifest as one: what somebody who uses all of it has to keep to.
pub(crate) fn united(source: &Source<'_>) -> Licence {
    let stated = source.manifest.files.iter().map(|file| &file.licence).filter(|licence| licence.is_stated());
    Licence::united(stated)
}

/// The addresses of the licences of the files of the manifest, each once.
pub(crate) fn addresses(source: &Source<'_>) -> Vec<Json> {
    list(united(source).ids().iter().map(|id| address(id)))
}

/// A reference to another entity of a JSON-LD file.
pub(crate) fn reference(id: impl Into<Json>) -> Object {
    Object::of("@id", id)
}
