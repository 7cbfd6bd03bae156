//! Which paths a release may have, and its list of digests.

use crate::error::Fault;
use openweigh_formats::Digest;
use openweigh_formats::malformed::shortened;
use openweigh_formats::path::RelativePath;
use std::collections::BTreeMap;

/// The one hidden file of a release: without it git would change line ends.
const ATTRIBUTES: &str = ".gitattributes";
/// The list of digests; it and its signature are the only files that it does not list.
pub(crate) const SUMS: &str = "SHA256SUMS";
/// The signature of the list.
pub(crate) const SIGNATURE: &str = "SHA256SUMS.sig";
/// The manifest, whose digest is the identity of the release.
pub(crate) const MANIFEST: &str = "manifest.json";

/// A path inside a release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReleasePath(String);

impl ReleasePath {
    /// The path, if it may be one.
    ///
    /// # Errors
    /// It could lead elsewhere, or would not be the same on every system.
    pub fn new(text: &str) -> Result<Self, Fault> {
        if text != ATTRIBUTES && text.parse::<RelativePath>().is_err() {
            return Err(Fault::Path(shortened(text, 80)));
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ReleasePath {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

/// Insists that these paths can all be files of one tree, whatever the file system.
pub(crate) fn check<'a>(paths: impl IntoIterator<Item = &'a ReleasePath>) -> Result<(), Fault> {
    // Each path and each folder above it, by its form without letter case; true for files.
    let mut seen: BTreeMap<String, (&str, bool)> = BTreeMap::new();
    for path in paths {
        let text = path.as_str();
        let ends = text.match_indices('/').map(|(at, _)| at).chain([text.len()]);
        for end in ends {
            let (part, is_file) = (&text[..end], end == text.len());
            let Some(&(earlier, was_file)) = seen.get(&part.to_ascii_lowercase()) else {
                seen.insert(part.to_ascii_lowercase(), (part, is_file));
                continue;
            };
            if earlier != part {
                return Err(Fault::Twins { first: earlier.to_owned(), second: part.to_owned() });
            }
            if is_file && was_file {
                return Err(Fault::Twice(part.to_owned()));
            }
            if is_file || was_file {
                return Err(Fault::FileAndFolder(part.to_owned()));
            }
        }
    }
    Ok(())
}

/// Reads `SHA256SUMS`: a digest, two spaces and a path on each line, each path once.
pub(crate) fn sums(bytes: &[u8]) -> Result<BTreeMap<ReleasePath, Digest>, Fault> {
    let text = std::str::from_utf8(bytes).map_err(|error| Fault::Syntax(format!("not UTF-8: {error}")))?;
    if !text.ends_with('\n') {
        return Err(Fault::Syntax("found no line, or no line end after the last one".to_owned()));
    }
    let mut listed = BTreeMap::new();
    for line in text.split_terminator('\n') {
        let fault = || Fault::found(line, "<sha256>  <file name>");
        let (digest, path) = line.split_once("  ").ok_or_else(fault)?;
        let digest: Digest = digest.parse().map_err(|_| fault())?;
        let path = ReleasePath::new(path)?;
        if listed.insert(path.clone(), digest).is_some() {
            return Err(Fault::Twice(path.0));
        }
    }
    let files = listed.len() + 2;
    if files > crate::limits::FILES {
        return Err(too_many(files));
    }
    for own in [SUMS, SIGNATURE] {
        if listed.keys().any(|path| path.as_str() == own) {
            return Err(Fault::found(own, "a list that lists neither itself nor its signature"));
        }
    }
    if !listed.keys().any(|path| path.as_str() == MANIFEST) {
        return Err(Fault::Lacks(MANIFEST.to_owned()));
    }
    check(listed.keys())?;
    Ok(listed)
}

pub(crate) fn too_many(found: usize) -> Fault {
    Fault::TooMany { what: "files", found: found as u64, limit: crate::limits::FILES as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(texts: &[&str]) -> Vec<ReleasePath> {
        texts.iter().map(|text| ReleasePath(String::from(*text))).collect()
    }

    #[test]
    fn only_contained_paths_are_paths() {
        for good in [".gitattributes", "manifest.json", "datasets/a/measurements.csv", "LICENSES/CC0-1.0.txt"]
        {
            assert!(ReleasePath::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "..",
            "../a",
            "/etc/passwd",
            "a/../b",
            "a\\b",
            ".git/config",
            "a/.gitattributes",
            "a//b",
            "a b",
            "C:/a",
        ] {
            assert!(matches!(ReleasePath::new(bad), Err(Fault::Path(_))), "{bad}");
        }
    }

    #[test]
    fn twins_and_files_in_the_way_are_refused() {
        assert_eq!(check(&paths(&["a/b", "a/c", "d"])), Ok(()));
        assert!(matches!(check(&paths(&["a/b", "a/B"])), Err(Fault::Twins { .. })));
        assert!(matches!(check(&paths(&["a/b", "A/c"])), Err(Fault::Twins { .. })));
        assert!(matches!(check(&paths(&["a", "a"])), Err(Fault::Twice(_))));
        assert!(matches!(check(&paths(&["a", "a/b"])), Err(Fault::FileAndFolder(_))));
        assert!(matches!(check(&paths(&["a/b", "a"])), Err(Fault::FileAndFolder(_))));
    }

    #[test]
    fn sums_are_read_as_coreutils_write_them() {
        let digest = Digest::of(b"");
        let good = format!("{digest}  .gitattributes\n{digest}  manifest.json\n");
        assert_eq!(sums(good.as_bytes()).unwrap().len(), 2);
        assert!(matches!(sums(&good.as_bytes()[..80]), Err(Fault::Syntax(_))), "cut off");
        assert!(matches!(sums(b""), Err(Fault::Syntax(_))));
        assert!(matches!(sums(good.replace("  m", " *m").as_bytes()), Err(Fault::Found { .. })));
        assert!(matches!(sums(format!("{good}{good}").as_bytes()), Err(Fault::Twice(_))));
        assert!(matches!(sums(format!("{good}{digest}  ../x\n").as_bytes()), Err(Fault::Path(_))));
        assert!(matches!(sums(format!("{good}{digest}  SHA256SUMS\n").as_bytes()), Err(Fault::Found { .. })));
        assert!(matches!(sums(format!("{digest}  a\n").as_bytes()), Err(Fault::Lacks(_))));
    }
}
