//! Which files a release holds, and the bytes of those that are generated.

use crate::source::{Source, texts_wanted};
use crate::{card, changelog, citation, coefficients, croissant, datapackage};
use crate::{parameters, parties, provenance, reuse, rocrate, withheld};
use openweigh_formats::Digest;
use openweigh_formats::manifest::DerivationKind;
use openweigh_formats::publication::Format;
use openweigh_formats::release::{CHANGELOG, MANIFEST, PREVIOUS, PUBLICATION, SUMS};

/// A file that follows from the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Where in the release.
    pub path: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

impl Generated {
    /// A file.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }
}

/// Git must not change a line end in any file of a release: digests are of bytes.
const GIT_ATTRIBUTES: &str = "* -text\n";

/// Every generated file, the checksums last.
pub fn generate(source: &Source<'_>) -> Vec<Generated> {
    let mut files = vec![
        Generated::new("README.md", card::write(source)),
        Generated::new(CHANGELOG, changelog::write(source)),
        Generated::new(".gitattributes", GIT_ATTRIBUTES),
        Generated::new("CITATION.cff", citation::write(source)),
        Generated::new("croissant.json", croissant::write(source)),
        Generated::new("datapackage.json", datapackage::write(source)),
    ];
    if let Some(previous) = source.previous {
        let kept = previous.files.iter();
        files.extend(kept.map(|(path, bytes)| Generated::new(format!("{PREVIOUS}/{path}"), bytes.clone())));
    }
    if source.publication.format != Format::V1 {
        files.extend(parameters::write(source).map(|text| Generated::new(parameters::PATH, text)));
    }
    files.extend(exports(source));
    files.extend(withheld::generate(source));
    files.extend(texts(source));
    // The last two tell of all others.
    let reuse = reuse::write(source, files.iter().map(|file| file.path.as_str()).chain([rocrate::PATH]));
    files.push(Generated::new(reuse::PATH, reuse));
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files.push(Generated::new(rocrate::PATH, rocrate::write(source, &files)));
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let sums = sums(source, &files);
    files.push(Generated::new(SUMS, sums));
    files
}

/// The weights for other programs, and how they came about: for each, a file of coefficients and a statement.
fn exports(source: &Source<'_>) -> Vec<Generated> {
    let mut files = Vec::new();
    for (path, weights) in source.weights() {
        let stem = format!("exports/{}-{}", weights.name, weights.version);
        if let Some(entry) = source.manifest.file(path) {
            let bytes = coefficients::write(weights, &entry.sha256);
            files.push(Generated::new(format!("{stem}.safetensors"), bytes));
        }
        let fit =
            source.manifest.derivation_of(path).filter(|derivation| derivation.kind == DerivationKind::Fit);
        if let Some(fit) = fit {
            files.push(Generated::new(format!("{stem}.slsa.json"), provenance::write(source, weights, fit)));
        }
    }
    files
}

/// The texts of the licences of the cards, where the manifest lists none.
fn texts(source: &Source<'_>) -> Vec<Generated> {
    let wanted = texts_wanted(source.manifest, source.publication);
    let text = |id: &String| Some(Generated::new(parties::text_path(id), source.texts.get(id)?.clone()));
    wanted.iter().filter_map(text).collect()
}

/// `SHA256SUMS`: every file of the release but itself and its signature, by path.
fn sums(source: &Source<'_>, generated: &[Generated]) -> String {
    let mut lines: Vec<(&str, Digest)> =
        source.present().map(|file| (file.path.as_str(), file.sha256.clone())).collect();
    lines.push((MANIFEST, source.id.clone()));
    lines.push((PUBLICATION, source.publication_id.clone()));
    lines.extend(generated.iter().map(|file| (file.path.as_str(), Digest::of(&file.bytes))));
    lines.sort_by(|left, right| left.0.cmp(right.0));
    lines.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
}
