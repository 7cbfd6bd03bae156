//! `publication.toml`: what a publisher says about a release in words (docs/spec/10-releases.md). Everything else in a
//! release's cards follows from the manifest.

use crate::canonical::inconsistent;
use crate::licence::Licence;
use crate::malformed::{Fault, Malformed};
use crate::text::{Line, text_type};
use serde::{Deserialize, Serialize};

/// Version of the format, which also chooses how a release's cards are generated (docs/spec/10-releases.md, 10.1). 1: the
/// first. 2: risks and misuse; what the publisher says stands in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.publication/1")]
    V1,
    /// Version 2.
    #[serde(rename = "openweigh.publication/2")]
    V2,
}

text_type!(
    /// An ORCID iD: `0000-0002-1825-0097`, its last character a check digit (ISO 7064, MOD 11-2).
    Orcid,
    "an ORCID iD such as `0000-0002-1825-0097`, with a right check digit",
    "^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$",
    19,
    |text| {
        let digits: Vec<u32> = text
            .bytes()
            .filter(|b| *b != b'-')
            .filter_map(|b| if b == b'X' { Some(10) } else { (b as char).to_digit(10) })
            .collect();
        let shape = text.len() == 19
            && text.bytes().enumerate().all(|(at, b)| match at {
                4 | 9 | 14 => b == b'-',
                18 => b.is_ascii_digit() || b == b'X',
                _ => b.is_ascii_digit(),
            });
        shape && {
            let total = digits[..15].iter().fold(0, |total, digit| (total + digit) * 2);
            digits[15] == (12 - total % 11) % 11
        }
    }
);

text_type!(
    /// A web address: `https://example.org/scale`.
    WebAddress,
    "an address that begins with `https://` or `http://`, without spaces, at most 500 characters",
    "^https?://[^\\s\"<>\\\\^`{|}]+$",
    500,
    |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        text.len() <= 500
            && rest.is_some_and(|rest| {
                !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b))
            })
    }
);

text_type!(
    /// A day: `2026-11-22`.
    Day,
    "a day of the calendar such as `2026-11-22`",
    "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    10,
    |text| {
        let part = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
        let digits = text.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
        let (year, month, day) = (part(0, 4), part(5, 7), part(8, 10));
        text.len() == 10
            && digits
            && matches!((year, month, day), (Some(year), Some(month), Some(day)) if (1..=days(year, month)).contains(&day))
    }
);

/// Days of a month of the Gregorian calendar; none for a month that there is not.
fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// What a publisher says about a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Publication {
    /// Kind and version of the file.
    pub format: Format,
    /// What this is, in a few sentences.
    pub summary: Line,
    /// What it is good for.
    pub uses: Line,
    /// What it is not good for.
    pub limits: Line,
    /// What may go wrong for those who rely on it; version 2.
    #[serde(default)]
    pub risks: Option<Line>,
    /// What it must not be used for; version 2.
    #[serde(default)]
    pub misuse: Option<Line>,
    /// Words to find it by.
    #[serde(default)]
    pub keywords: Vec<Line>,
    /// What is new since the release before.
    #[serde(default)]
    pub changes: Option<Line>,
    /// Licence of the cards and descriptions, as an SPDX expression.
    pub licence: Licence,
    /// The instrument, where it is not a pad that the weights name themselves.
    #[serde(default)]
    pub instrument: Option<Line>,
    /// The day of publication, if it shall be stated: no clock is read.
    #[serde(default)]
    pub date: Option<Day>,
    /// Where the work goes on.
    #[serde(default)]
    pub homepage: Option<WebAddress>,
    /// A model on the Hugging Face Hub that these weights were adapted from: `owner/name`.
    #[serde(default)]
    pub base_model: Option<Line>,
    /// Who publishes.
    #[serde(rename = "author", default)]
    pub authors: Vec<Author>,
}

/// A person, or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Author {
    /// The name.
    pub name: Line,
    /// The person's ORCID iD.
    #[serde(default)]
    pub orcid: Option<Orcid>,
    /// Where the person works.
    #[serde(default)]
    pub affiliation: Option<Line>,
}

/// Keywords, and authors, of a publication.
const ENTRIES: usize = 100;

impl Publication {
    /// The name of the format in each version, the newest last.
    pub const FORMATS: [&'static str; 2] = ["openweigh.publication/1", "openweigh.publication/2"];

    /// Reads the file.
    ///
    /// # Errors
    /// Where and how the bytes depart from the format.
    pub fn from_toml(bytes: &[u8]) -> Result<Self, Malformed> {
        let publication: Self = crate::handwritten::read_any(bytes, &Self::FORMATS)?;
        publication.check().map_err(Malformed::whole)?;
        Ok(publication)
    }

    fn check(&self) -> Result<(), Fault> {
        for (what, line) in [("summary", &self.summary), ("uses", &self.uses), ("limits", &self.limits)] {
            if line.as_str().trim().is_empty() {
                return Err(inconsistent(what, "nothing", "a sentence or more"));
            }
        }
        for (what, line) in [("risks", &self.risks), ("misuse", &self.misuse)] {
            let Some(line) = line else { continue };
            if self.format == Format::V1 {
                return Err(inconsistent(what, "it in version 1", "format = \"openweigh.publication/2\""));
            }
            if line.as_str().trim().is_empty() {
                return Err(inconsistent(what, "nothing", "a sentence or more"));
            }
        }
        if self.authors.is_empty() {
            return Err(inconsistent("author", "none", "at least one [[author]] with a name"));
        }
        for author in &self.authors {
            if author.name.as_str().trim().is_empty() {
                return Err(inconsistent("author.name", "nothing", "a name"));
            }
        }
        for (what, count) in [("author", self.authors.len()), ("keywords", self.keywords.len())] {
            if count > ENTRIES {
                return Err(inconsistent(what, count, format!("at most {ENTRIES}")));
            }
        }
        if !self.licence.is_stated() {
            return Err(inconsistent(
                "licence",
                &self.licence,
                "the licence of the cards, such as `CC0-1.0`",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"format = "openweigh.publication/1"
summary = "A scale."
uses = "Coins."
limits = "Not for trade."
licence = "CC0-1.0"

[[author]]
name = "Josiah Carberry"
orcid = "0000-0002-1825-0097"
"#;

    #[test]
    fn mistakes_are_named_with_their_place() {
        let second =
            GOOD.replace("publication/1", "publication/2").replace("licence", "risks = \"Few.\"\nlicence");
        for good in [GOOD, &second] {
            assert!(Publication::from_toml(good.as_bytes()).is_ok());
        }
        let cases = [
            (GOOD.replace("0097", "0098"), "an ORCID iD"),
            (GOOD.replace("A scale.", " "), "summary: found nothing"),
            (GOOD.replace("CC0-1.0", "NOASSERTION"), "licence: found NOASSERTION"),
            (GOOD.replace("licence", "date = \"2026-02-29\"\nlicence"), "5:8: found `2026-02-29`"),
            (GOOD.replace("licence", "homepage = \"ftp://a\"\nlicence"), "an address that begins with"),
            (GOOD.split("[[").next().unwrap().to_owned(), "author: found none"),
            (GOOD.replace("publication/1", "publication/3"), "a newer program is needed"),
            (GOOD.replace("licence", "risks = \"None.\"\nlicence"), "risks: found it in version 1"),
            (
                GOOD.replace("publication/1", "publication/2").replace("licence", "misuse = \"\"\nlicence"),
                "misuse: found nothing",
            ),
        ];
        for (text, expected) in cases {
            let message = Publication::from_toml(text.as_bytes()).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}\n  should contain {expected}");
        }
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for good in ["2024-02-29", "2000-02-29", "2026-12-31"] {
            assert!(good.parse::<Day>().is_ok(), "{good}");
        }
        for bad in ["1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-01", "+026-01-01"] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
