//! Which files a release holds, and the bytes of those that are generated.

use crate::previous;
use crate::source::Source;
use crate::{card, changelog};
use openweigh_formats::Digest;

/// The manifest in a release, whatever its name in the ledger.
pub const MANIFEST: &str = "manifest.json";
/// What the publisher says.
pub const PUBLICATION: &str = "publication.toml";
/// What changed since the release before.
pub const CHANGELOG: &str = "CHANGELOG.md";
/// The digests of all other files, as coreutils check them.
pub const SUMS: &str = "SHA256SUMS";
/// The publisher's signature of `SHA256SUMS`.
pub const SIGNATURE: &str = "SHA256SUMS.sig";

/// Folders that belong to whoever moves a release, not to it: nothing in them is read.
pub const HOUSEKEEPING: [&str; 2] = [".git/", ".cache/huggingface/"];

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
    ];
    if let Some(previous) = source.previous {
        let kept = previous.files.iter();
        files.extend(
            kept.map(|(path, bytes)| Generated::new(format!("{}/{path}", previous::FOLDER), bytes.clone())),
        );
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    let sums = sums(source, &files);
    files.push(Generated::new(SUMS, sums));
    files
}

/// `SHA256SUMS`: every file of the release but itself and its signature, by path.
fn sums(source: &Source<'_>, generated: &[Generated]) -> String {
    let mut lines: Vec<(&str, Digest)> =
        source.manifest.files.iter().map(|file| (file.path.as_str(), file.sha256.clone())).collect();
    lines.push((MANIFEST, source.id.clone()));
    lines.push((PUBLICATION, source.publication_id.clone()));
    lines.extend(generated.iter().map(|file| (file.path.as_str(), Digest::of(&file.bytes))));
    lines.sort_by(|left, right| left.0.cmp(right.0));
    lines.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect()
}
