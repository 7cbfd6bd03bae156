//! Short texts with rules: names, titles, units, versions.

mod unicode;

use serde::{Deserialize, Serialize};
use std::fmt;
use unicode::Class;
use unicode_normalization::UnicodeNormalization;

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

/// Declares a text type: what it is, its rule in words, for the JSON Schema its pattern and how long it may be, its check.
macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $pattern:literal, $most:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        #[cfg(any(test, feature = "schemas"))]
        $crate::schemas::string_schema!($name, $most, $pattern);

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
    64,
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
    "^[^\\u0000-@\\[-^`{-\\u007f][^\\u0000-/:-@\\[-^`{-\\u007f]*$",
    64,
    |text| {
        (1..=64).contains(&text.chars().count())
            && text.chars().enumerate().all(|(at, c)| is_of_name(c, at == 0))
            && (text.is_ascii() || text.nfc().eq(text.chars()))
            && text != "hinge"
    }
);

impl ColumnName {
    /// Whether files of version 1 may hold this name: theirs are of ASCII letters, digits and `_`.
    pub fn is_of_version_1(&self) -> bool {
        self.0.is_ascii()
    }
}

/// Whether a column name may hold this character, as its first or further on.
pub fn is_of_name(c: char, first: bool) -> bool {
    match unicode::class(c) {
        Some(Class::Letter) => true,
        Some(Class::Mark | Class::Digit) => !first,
        _ => c == '_',
    }
}

/// What makes a text no text of version 2 (docs/spec/2-csv.md, 2.2), and where: bytes from its beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// A control, bidi, invisible, private-use or unassigned character, or a space other than U+0020.
    #[error("the character U+{:04X}, which texts may not hold", u32::from(*found))]
    Character {
        /// The character.
        found: char,
        /// Where.
        at: usize,
    },
    /// Two spaces in a row, or a space at an end.
    #[error("a space at an end of the text, or two in a row")]
    Spaces {
        /// Where.
        at: usize,
    },
    /// Not in Unicode's normal form C.
    #[error("characters that are not in Unicode's normal form C")]
    NotNormal,
}

impl Flaw {
    /// Bytes before the flaw.
    pub fn at(&self) -> usize {
        match self {
            Self::Character { at, .. } | Self::Spaces { at } => *at,
            Self::NotNormal => 0,
        }
    }
}

/// The first flaw of a text under the rules of version 2 (docs/spec/2-csv.md, 2.2), none if it keeps them.
pub fn flaw(text: &str) -> Option<Flaw> {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == ' ' && before == ' ' {
            return Some(Flaw::Spaces { at });
        }
        if c != ' ' && unicode::class(c).is_none() {
            return Some(Flaw::Character { found: c, at });
        }
        before = c;
    }
    if text.ends_with(' ') {
        return Some(Flaw::Spaces { at: text.len() - 1 });
    }
    (!text.is_ascii() && !text.nfc().eq(text.chars())).then_some(Flaw::NotNormal)
}

/// A text as version 2 may hold it: in normal form C, what may not be in it left out, runs of white space one space.
///
/// For what comes from outside; whether something changed, a comparison tells.
pub fn tidied(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for c in text.nfc() {
        if c.is_whitespace() {
            if !tidy.is_empty() && !tidy.ends_with(' ') {
                tidy.push(' ');
            }
        } else if unicode::class(c).is_some() {
            tidy.push(c);
        }
    }
    tidy.truncate(tidy.trim_end_matches(' ').len());
    // Leaving a character out can bring two together that compose.
    if flaw(&tidy) == Some(Flaw::NotNormal) { tidy.nfc().collect() } else { tidy }
}

text_type!(
    /// A title, statement or person's name: printable text on one line.
    Line,
    "printable text on one line, at most 2000 characters",
    "^[^\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]*$",
    2000,
    |text| text.chars().count() <= 2000 && !text.chars().any(misleads)
);

text_type!(
    /// A unit of measurement, as text: `g`, `mm/s`, `in/lb^2`.
    Unit,
    "a unit of at most 64 characters: printable, without spaces at its ends, not empty",
    "^(?!\\s)[^\\u0000-\\u001f\\u007f-\\u009f\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]+(?<!\\s)$",
    64,
    |text| {
        !text.is_empty()
            && text.chars().count() <= 64
            && text.trim() == text
            && !text.chars().any(misleads)
    }
);

/// Whether a text of version 2 may hold the character (docs/spec/2-csv.md, 2.2).
pub fn may_hold(c: char) -> bool {
    c == ' ' || unicode::class(c).is_some()
}

/// Whether the character is put above, below or around another.
pub(crate) fn is_mark(c: char) -> bool {
    unicode::class(c) == Some(Class::Mark)
}

/// Whether a character makes a line look like other text than it is: controls, line and paragraph
/// separators, and the marks that turn the direction of writing.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A semantic version (semver.org 2.0.0), as of datasets, weights and manifests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version(semver::Version);

#[cfg(any(test, feature = "schemas"))]
crate::schemas::string_schema!(Version, 64, "^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$");

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
        for good in ["x", "_1", "π", "重量", "größe", "силы", "x_२"] {
            assert!(good.parse::<ColumnName>().is_ok(), "{good}");
        }
        assert!(!"π".parse::<ColumnName>().unwrap().is_of_version_1());
        for bad in ["", "1x", "x y", "hinge", "x-y", "२x", "o\u{308}", "a\u{200b}", "x½", &"重".repeat(65)]
        {
            assert!(bad.parse::<ColumnName>().is_err(), "{bad}");
        }
        assert!("two\nlines".parse::<Line>().is_err());
        assert!("txt.\u{202e}gpj".parse::<Line>().is_err());
        assert!(" g".parse::<Unit>().is_err());
        assert!("1.0".parse::<Version>().is_err());
        assert_eq!("1.0.0-rc.1".parse::<Version>().unwrap().to_string(), "1.0.0-rc.1");
    }

    #[test]
    fn texts_of_version_2_are_one_line_that_looks_like_itself() {
        for good in ["", "砝码一", "wörld €", "a, \"b\"", "½ °C"] {
            assert_eq!(flaw(good), None, "{good}");
        }
        assert_eq!(flaw("a  b"), Some(Flaw::Spaces { at: 2 }));
        assert_eq!(flaw(" a"), Some(Flaw::Spaces { at: 0 }));
        assert_eq!(flaw("a "), Some(Flaw::Spaces { at: 1 }));
        assert_eq!(flaw("a\u{202e}b"), Some(Flaw::Character { found: '\u{202e}', at: 1 }));
        assert_eq!(flaw("a\tb"), Some(Flaw::Character { found: '\t', at: 1 }));
        assert_eq!(flaw("o\u{308}"), Some(Flaw::NotNormal));
        for (from, to) in
            [("  a \u{a0} b\t", "a b"), ("o\u{200b}\u{308}", "ö"), ("\u{1b}[31m", "[31m"), ("\u{3000}", "")]
        {
            assert_eq!(tidied(from), to);
            assert_eq!(flaw(&tidied(from)), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_tidied_has_no_flaw(text in "\\PC{0,12}[ \u{308}\u{301}\u{200b}o]{0,5}\\PC{0,3}") {
            let tidy = tidied(&text);
            proptest::prop_assert_eq!(flaw(&tidy), None);
            proptest::prop_assert_eq!(tidied(&tidy), tidy);
        }
    }
}
