//! The names of a release's own files (docs/spec/10-releases.md), and which of its files no file system may hold beside each other.

use std::collections::BTreeMap;
use std::fmt;

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

/// The folder in which a release keeps what its changelog needs of the release before.
pub const PREVIOUS: &str = "previous";

/// Folders that belong to whoever moves a release, not to it: nothing in them is read.
pub const HOUSEKEEPING: [&str; 2] = [".git/", ".cache/huggingface/"];

/// Files at the root of a release.
const AT_ROOT: [&str; 14] = [
    MANIFEST,
    SUMS,
    SIGNATURE,
    PUBLICATION,
    "README.md",
    CHANGELOG,
    ".gitattributes",
    "CITATION.cff",
    "croissant.json",
    "datapackage.json",
    "params.json",
    "ro-crate-metadata.json",
    "REUSE.toml",
    "withheld.json",
];

/// Folders of what is generated, and how the names in them end.
const FOLDERS: [(&str, &[&str]); 4] = [
    ("LICENSES/", &[".txt"]),
    ("exports/", &[".safetensors", ".slsa.json"]),
    ("withheld/", &[".csv", ".json"]),
    ("previous/", &["manifest.json", "SHA256SUMS", "SHA256SUMS.sig", "CHANGELOG.md", ".json", ".csv"]),
];

/// Whether a file of this name may be in a release that does not list it in its manifest.
pub fn is_generated(path: &str) -> bool {
    let ends = |name: &str, ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    AT_ROOT.contains(&path)
        || FOLDERS
            .iter()
            .any(|(folder, endings)| path.strip_prefix(folder).is_some_and(|name| ends(name, endings)))
}

/// Two paths of one release that differ in letter case alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// The file.
    pub path: String,
    /// The path, or the folder on the way, that collides.
    pub part: String,
    /// What it collides with.
    pub earlier: String,
}

impl fmt::Display for Collision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, earlier, .. } = self;
        write!(out, "`{part}` and `{earlier}` differ in letter case alone: not every file system holds both")
    }
}

/// Listed files whose paths, or the folders on the way, differ from others in letter case alone: some file systems
/// hold one of the two.
pub fn case_collisions<'a>(
    own: impl Iterator<Item = &'a str>,
    listed: impl Iterator<Item = &'a str>,
) -> Vec<Collision> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for path in own.chain(listed) {
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        let parts = ends.map(|end| &path[..end]);
        let collision = parts.filter_map(|part| {
            let earlier = *seen.entry(part.to_ascii_lowercase()).or_insert(part);
            (earlier != part).then_some((part, earlier))
        });
        if let Some((part, earlier)) = collision.last() {
            let (part, earlier) = (part.to_owned(), earlier.to_owned());
            found.push(Collision { path: path.to_owned(), part, earlier });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{case_collisions, is_generated};

    #[test]
    fn files_and_folders_that_differ_in_letter_case_alone_are_named() {
        let found = |own: &[&str], listed: &[&str]| -> Vec<String> {
            let found = case_collisions(own.iter().copied(), listed.iter().copied());
            found.into_iter().map(|collision| collision.path).collect()
        };
        assert_eq!(found(&["README.md", "exports/a"], &["data/a.csv", "data/b.csv"]), [""; 0]);
        assert_eq!(found(&["README.md"], &["readme.md"]), ["readme.md"]);
        assert_eq!(found(&["exports/a"], &["Exports/b"]), ["Exports/b"]);
    }

    #[test]
    fn what_a_publisher_makes_has_a_known_name() {
        for path in
            ["README.md", "LICENSES/CC0-1.0.txt", "exports/a-1.0.0.slsa.json", "previous/manifest.json"]
        {
            assert!(is_generated(path), "{path}");
        }
        for path in ["photo.jpg", "thesis/README.md", "LICENSES/photo.jpg", "exports", "readme.md"] {
            assert!(!is_generated(path), "{path}");
        }
    }
}
