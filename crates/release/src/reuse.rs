//! `REUSE.toml`: the licence of every file, and whose it is (REUSE specification 3.3).
//!
//! Each file is named, none by a pattern: so `reuse lint` notices a file that somebody adds.

use crate::source::Source;
use openweigh_formats::licence::Licence;
use openweigh_formats::manifest::{ManifestFile, Role};
use openweigh_formats::release::{MANIFEST, PUBLICATION, SIGNATURE, SUMS};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Where the file lies; its name is fixed by REUSE.
pub const PATH: &str = "REUSE.toml";

/// The file: the source, and the paths of the generated files.
pub fn write<'a>(source: &Source<'a>, generated: impl IntoIterator<Item = &'a str>) -> String {
    let mut paths: BTreeMap<(String, Vec<String>), Vec<&str>> = BTreeMap::new();
    let authors: Vec<String> =
        source.publication.authors.iter().map(|author| author.name.to_string()).collect();
    let key = |licence: &Licence, whose: Vec<String>| (licence.to_string(), whose);
    for file in source.present().filter(|file| file.role != Role::Licence) {
        let whose = makers(source, file).unwrap_or_else(|| authors.clone());
        paths.entry(key(&file.licence, whose)).or_default().push(file.path.as_str());
    }
    // Texts of licences need no licence.
    let words = generated.into_iter().filter(|path| !path.starts_with("LICENSES/") && *path != PATH);
    for path in words.chain([MANIFEST, PUBLICATION, SUMS, SIGNATURE]) {
        paths.entry(key(source.licence_of_generated(path), authors.clone())).or_default().push(path);
    }
    let mut text = String::from("version = 1\n");
    for ((licence, whose), mut paths) in paths {
        paths.sort_unstable();
        paths.dedup();
        let lines: String = paths.iter().map(|path| format!("    {},\n", quoted(path))).collect();
        let whose: Vec<String> = whose.iter().map(|name| quoted(name)).collect();
        let _ = write!(
            text,
            "\n[[annotations]]\npath = [\n{lines}]\nprecedence = \"override\"\nSPDX-FileCopyrightText = [{}]\nSPDX-License-Identifier = {}\n",
            whose.join(", "),
            quoted(&licence)
        );
    }
    text
}

/// Who made a file of a dataset: its authors, or where nobody is named, what it says of its origin.
fn makers(source: &Source<'_>, file: &ManifestFile) -> Option<Vec<String>> {
    let dataset = source.dataset_of(&file.path)?;
    if dataset.authors.is_empty() {
        return Some(vec![dataset.provenance.origin.to_string()]);
    }
    Some(dataset.authors.iter().map(ToString::to_string).collect())
}

/// A text as TOML: a basic string escapes what a JSON string does, and the control character U+007F, which no text
/// of ours holds.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}
