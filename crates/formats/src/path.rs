//! Paths inside a ledger or release: relative, contained, the same on every system.

use crate::text::text_type;

text_type!(
    /// A path of `/`-separated parts below the root, without `.` or `..`: `datasets/a/dataset.json`.
    RelativePath,
    "a relative path whose parts are letters, digits and `. _ + -`, start with a letter or digit, and do not end in `.`; or `.gitattributes`",
    "^([A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*|\\.gitattributes)$",
    255,
    |text| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-');
        // The one hidden file that a release has, and its SHA256SUMS lists.
        text == ".gitattributes" || text.len() <= 255
            && text.split('/').all(|part| {
                part.bytes().all(inner)
                    && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                    && !part.ends_with('.')
            })
    }
);

impl RelativePath {
    /// The folder that holds the file, none for a file in the root.
    pub fn parent(&self) -> Option<&str> {
        self.as_str().rsplit_once('/').map(|(parent, _)| parent)
    }

    /// The path of `name` beside this one's file.
    ///
    /// # Errors
    /// The joined path breaks the rule.
    pub fn sibling(&self, name: &Self) -> Result<Self, crate::text::TextError> {
        self.parent().map_or_else(|| Ok(name.clone()), |parent| format!("{parent}/{name}").parse())
    }

    /// The form by which two paths are compared on systems that ignore letter case.
    pub fn folded(&self) -> String {
        self.as_str().to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_could_escape_or_collide_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "./a",
            "a//b",
            "a/",
            "a\\b",
            "C:/a",
            "a b",
            ".hidden",
            "a/.gitattributes",
            ".gitattributes2",
            "a.",
            "a/é",
            "a\n",
            "~/a",
            "a/-b",
        ] {
            assert!(bad.parse::<RelativePath>().is_err(), "{bad:?}");
        }
        for good in ["a", "datasets/nist-pontius/measurements.csv", "LICENSES/CC0-1.0.txt", "a/b+c_d-1.0"] {
            assert!(good.parse::<RelativePath>().is_ok(), "{good:?}");
        }
    }
}
