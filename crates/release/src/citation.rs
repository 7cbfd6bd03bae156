//! `CITATION.cff`: how the release is cited (Citation File Format 1.2.0).
//!
//! Authors are written as entities with their whole name: which part of it is the family's is not known, and
//! guessing that is how names get mutilated.

use crate::json::Json;
use crate::parties;
use crate::source::Source;
use std::fmt::Write;

/// Licences that the schema of version 1.2.0, whose list is of 2021, knows, and that data, weights or texts are
/// under. Of others `license` is left out, as a file with them would be refused.
const KNOWN: [&str; 24] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "C-UDA-1.0",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-SA-4.0",
    "CC-PDDC",
    "CC0-1.0",
    "CDLA-Permissive-1.0",
    "EUPL-1.2",
    "GPL-3.0-or-later",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "NIST-PD",
    "O-UDA-1.0",
    "ODC-By-1.0",
    "ODbL-1.0",
    "OGL-UK-3.0",
    "PDDL-1.0",
    "Unlicense",
];

/// The file.
pub fn write(source: &Source<'_>) -> String {
    let (manifest, publication) = (source.manifest, source.publication);
    let mut text = String::from("cff-version: 1.2.0\n");
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key}: {}", quoted(value));
    };
    line(
        "message",
        if manifest.is_data_alone() {
            "If you use these data, please cite them as below."
        } else {
            "If you use these data or weights, please cite them as below."
        },
    );
    line("type", "dataset");
    line("title", manifest.title.as_str());
    line("abstract", publication.summary.as_str());
    line("version", &manifest.version.to_string());
    if let Some(day) = &publication.date {
        line("date-released", day.as_str());
    }
    if let Some(homepage) = &publication.homepage {
        line("url", homepage.as_str());
    }
    text.push_str(&licence(source));
    text.push_str("authors:\n");
    let mut seen = Vec::new();
    for author in &publication.authors {
        // The schema refuses a list with the same entry twice.
        if !seen.contains(&(&author.name, &author.orcid)) {
            seen.push((&author.name, &author.orcid));
            let _ = writeln!(text, "  - name: {}", quoted(author.name.as_str()));
            if let Some(orcid) = parties::orcid(author) {
                let _ = writeln!(text, "    orcid: {}", quoted(&orcid));
            }
        }
    }
    let keywords = parties::keywords(source);
    if !keywords.is_empty() {
        text.push_str("keywords:\n");
        for keyword in &keywords {
            if let Json::Text(keyword) = keyword {
                let _ = writeln!(text, "  - {}", quoted(keyword));
            }
        }
    }
    let _ = write!(
        text,
        "identifiers:\n  - type: other\n    value: \"sha256:{}\"\n    description: {}\n",
        source.id,
        quoted("SHA-256 of manifest.json, which pins every file")
    );
    text
}

/// The licence, or the licences among which one may choose; nothing else can be said in the format.
fn licence(source: &Source<'_>) -> String {
    let licence = parties::united(source);
    let ids = licence.ids();
    let choice = licence.as_str() == ids.join(" OR ");
    if !choice || ids.is_empty() || !ids.iter().all(|id| KNOWN.contains(&id.as_str())) {
        return String::new();
    }
    match ids.as_slice() {
        [one] => format!("license: {one}\n"),
        many => many.iter().fold(String::from("license:\n"), |text, id| text + &format!("  - {id}\n")),
    }
}

/// A text as YAML: a JSON string is one.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_licences_are_in_order_and_of_spdx() {
        assert!(KNOWN.is_sorted());
        for id in KNOWN {
            assert!(id.parse::<openweigh_formats::licence::Licence>().is_ok(), "{id}");
        }
    }
}
