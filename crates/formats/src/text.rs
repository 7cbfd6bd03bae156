//! Short texts with rules: names, titles, units, versions.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that breaks the rule of its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("found `{found}`, expected {expected}")]
pub struct TextError {
    /// What was found, shortened.
    pub found: String,
    /// The rule.
    pub expected: &'static str,
}

impl TextError {
    pub(crate) fn new(found: &str, expected: &'static str) -> Self {
        Self { found: crate::malformed::shortened(found, 60), expected }
    }
}

/// Declares a text type: what it is, its rule in words, its pattern for the JSON Schema, its check.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $pattern:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        #[cfg(any(test, feature = "schemas"))]
        $crate::schemas::string_schema!($name, $pattern);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::text::TextError;

            fn try_from(text: String) -> Result<Self, $crate::text::TextError> {
                let check: fn(&str) -> bool = $check;
                if check(&text) { Ok(Self(text)) } else { Err($crate::text::TextError::new(&text, $expected)) }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::TextError;

            fn from_str(text: &str) -> Result<Self, $crate::text::TextError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}
pub(crate) use text_type;

text_type!(
    /// The name of a dataset, recipe, weights or manifest, and so of its file: `load-cell-2`.
    Name,
    "a name of lower-case letters, digits and single hyphens, at most 64 characters",
    "^[a-z0-9]+(-[a-z0-9]+)*$",
    |text| {
        text.len() <= 64
            && !text.is_empty()
            && text.split('-').all(|part| {
                !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            })
    }
);

text_type!(
    /// The name of a column of a table, and so of a feature or target.
    ColumnName,
    "a column name of letters, digits and `_`, not starting with a digit, at most 64 characters, not `hinge`",
    "^[A-Za-z_][A-Za-z0-9_]*$",
    |text| {
        text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && text != "hinge"
    }
);

text_type!(
    /// A title, statement or person's name: printable text on one line.
    Line,
    "printable text on one line, at most 2000 characters",
    "^[^\\u0000-\\u001f\\u007f]*$",
    |text| text.chars().count() <= 2000 && !text.chars().any(misleads)
);

text_type!(
    /// A unit of measurement, as text: `g`, `mm/s`, `in/lb^2`.
    Unit,
    "a unit of at most 64 characters: printable, without spaces at its ends, not empty",
    "^[^\\u0000-\\u001f\\u007f]+$",
    |text| {
        !text.is_empty()
            && text.chars().count() <= 64
            && text.trim() == text
            && !text.chars().any(misleads)
    }
);

/// Whether a character makes a line look like other text than it is: controls, line and paragraph
/// separators, and the marks that turn the direction of writing.
fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A semantic version (semver.org 2.0.0), as of datasets, weights and manifests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(semver::Version);

#[cfg(any(test, feature = "schemas"))]
crate::schemas::string_schema!(Version, "^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$");

impl TryFrom<String> for Version {
    type Error = TextError;

    fn try_from(text: String) -> Result<Self, TextError> {
        let expected = "a semantic version like `1.0.0`, at most 64 characters";
        let parsed = semver::Version::parse(&text).ok().filter(|_| text.len() <= 64);
        parsed.map(Self).ok_or_else(|| TextError::new(&text, expected))
    }
}

impl std::str::FromStr for Version {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.0.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold() {
        for good in ["a", "nist-pontius", "2-0"] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in ["", "A", "a--b", "-a", "a-", "a_b", "a.b", "é", &"a".repeat(65)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
        for bad in ["", "1x", "x y", "hinge", "x-y", "π"] {
            assert!(bad.parse::<ColumnName>().is_err(), "{bad}");
        }
        assert!("two\nlines".parse::<Line>().is_err());
        assert!("txt.\u{202e}gpj".parse::<Line>().is_err());
        assert!(" g".parse::<Unit>().is_err());
        assert!("1.0".parse::<Version>().is_err());
        assert_eq!("1.0.0-rc.1".parse::<Version>().unwrap().to_string(), "1.0.0-rc.1");
    }
}
