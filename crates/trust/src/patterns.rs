//! Principals, and the pattern lists that stand for them (OpenSSH's `ssh_config(5)`, PATTERNS).

use crate::limits;
use openweigh_formats::malformed::shortened;
use std::fmt;

/// Who signs, as in allowed signers: `alice@example.org`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("pattern" = r"^[$-)+\-->@-~]{1,255}$")))]
#[serde(try_from = "String", into = "String")]
pub struct Principal(String);

/// A text that is not a principal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found `{found}`, expected a principal like `alice@example.org`: visible characters, none of `, * ? ! \" #`, at most {} of them",
    limits::PRINCIPAL
)]
pub struct PrincipalError {
    /// What was found, shortened.
    pub found: String,
}

impl Principal {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Principal {
    type Error = PrincipalError;

    fn try_from(text: String) -> Result<Self, PrincipalError> {
        let good = !text.is_empty()
            && text.len() <= limits::PRINCIPAL
            && text.bytes().all(|b| b.is_ascii_graphic() && !b",*?!\"#".contains(&b));
        if good { Ok(Self(text)) } else { Err(PrincipalError { found: shortened(&text, 60) }) }
    }
}

impl std::str::FromStr for Principal {
    type Err = PrincipalError;

    fn from_str(text: &str) -> Result<Self, PrincipalError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Principal> for String {
    fn from(principal: Principal) -> Self {
        principal.0
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A comma-separated list of patterns with `*`, `?` and `!`, as OpenSSH matches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patterns(String);

impl Patterns {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The list as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether some pattern matches and no negated one does. A list with a pattern longer than OpenSSH
    /// holds matches nothing from there on, as in OpenSSH.
    pub fn matches(&self, text: &str) -> bool {
        let mut positive = false;
        for (negated, pattern) in self.parts() {
            if pattern.len() > limits::PATTERN_BYTES {
                return false;
            }
            if matches_one(text.as_bytes(), pattern.as_bytes()) {
                if negated {
                    return false;
                }
                positive = true;
            }
        }
        positive
    }

    /// The principals that the list names letter by letter, and does not negate.
    pub fn names(&self) -> impl Iterator<Item = Principal> + '_ {
        self.parts()
            .filter(|(negated, _)| !negated)
            .filter_map(|(_, pattern)| pattern.parse::<Principal>().ok())
            .filter(|name| self.matches(name.as_str()))
    }

    fn parts(&self) -> impl Iterator<Item = (bool, &str)> {
        // OpenSSH stops at the end of the text: a comma there opens no further, empty pattern.
        let text = self.0.strip_suffix(',').unwrap_or(&self.0);
        let parts = if self.0.is_empty() { None } else { Some(text.split(',')) };
        parts.into_iter().flatten().map(|part| match part.strip_prefix('!') {
            Some(pattern) => (true, pattern),
            None => (false, part),
        })
    }
}

impl fmt::Display for Patterns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Whether a pattern with `*` and `?` matches the whole text. Returning to the last star alone is enough,
/// and keeps the work to the product of the lengths.
fn matches_one(text: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut next) = (0, 0);
    let mut star = None;
    while at < text.len() {
        match pattern.get(next) {
            Some(b'*') => {
                star = Some((next, at));
                next += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[at] => {
                at += 1;
                next += 1;
            }
            _ => {
                let Some((starred, from)) = star else { return false };
                star = Some((starred, from + 1));
                (at, next) = (from + 1, starred + 1);
            }
        }
    }
    pattern[next..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_match_as_in_openssh() {
        for (list, text, matches) in [
            ("a@x", "a@x", true),
            ("a@x,b@x", "b@x", true),
            ("*@x", "a@x", true),
            ("*@x", "a@xy", false),
            ("?@x", "ab@x", false),
            ("!a@x,*@x", "a@x", false),
            ("*@x,!a@x", "a@x", false),
            ("!b@x", "a@x", false),
            ("*", "", true),
            ("", "", false),
            ("a,,b", "", true),
            ("a,", "", false),
            ("A@x", "a@x", false),
            ("**a*", "bab", true),
        ] {
            assert_eq!(Patterns::new(list).matches(text), matches, "{list} {text}");
        }
        let names: Vec<_> = Patterns::new("a@x,*@y,!b@x,b@x,c@x").names().map(String::from).collect();
        assert_eq!(names, ["a@x", "c@x"]);
    }

    /// The definition, without any cleverness.
    fn defined(text: &[u8], pattern: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, _) => text.is_empty(),
            (Some((b'*', rest)), _) => (0..=text.len()).any(|at| defined(&text[at..], rest)),
            (Some(_), None) => false,
            (Some((&byte, rest)), Some((&first, tail))) => {
                (byte == b'?' || byte == first) && defined(tail, rest)
            }
        }
    }

    proptest! {
        #[test]
        fn one_pattern_matches_as_defined(text in "[ab]{0,8}", pattern in "[ab*?]{0,6}") {
            prop_assert_eq!(
                matches_one(text.as_bytes(), pattern.as_bytes()),
                defined(text.as_bytes(), pattern.as_bytes())
            );
        }
    }
}
