//! What a release holds beside the files of its manifest (docs/spec/10-releases.md): by name, not by content.

/// The manifest, whatever its name in the ledger.
pub const MANIFEST: &str = "manifest.json";

/// The digests of all other files, and the signature of that list, which it does not list.
pub const SUMS: &str = "SHA256SUMS";
/// The signature.
pub const SIGNATURE: &str = "SHA256SUMS.sig";

/// Files at the root of a release.
const AT_ROOT: [&str; 14] = [
    MANIFEST,
    SUMS,
    SIGNATURE,
    "publication.toml",
    "README.md",
    "CHANGELOG.md",
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

#[cfg(test)]
mod tests {
    use super::is_generated;

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
