//! Whether a text is the licence of an SPDX id.
//!
//! The texts are those of the SPDX licence list that crate `spdx` carries, and of `OpenMDW` 1.1, which the list lacks.
//! They are compared word by word after the list's matching guidelines: letter case, white space, punctuation and a
//! few spellings do not count, copyright notices are set aside, and so are a title and what follows the end of the
//! terms. Everything else is another text: one changed word is enough, because it may change what is allowed.

use std::collections::BTreeSet;

/// The id under which `OpenMDW` 1.1 goes while the SPDX list does not have it.
const OPEN_MDW: &str = "LicenseRef-OpenMDW-1.1";
const OPEN_MDW_TEXT: &str = include_str!("../../licences/OpenMDW-1.1.txt");
/// Words of a line that may be a title or a notice; a longer one is prose.
const SHORT_LINE: usize = 25;
/// Paragraphs at the head that may be titles.
const TITLES: usize = 4;
/// Words beside the first difference that are shown.
const CONTEXT: usize = 5;
/// Share of words in common, in thousandths, below which no other licence is named.
const RESEMBLES: usize = 500;

/// What a text is, compared with the licence of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// It is that licence.
    Same {
        /// The copyright notices that were set aside.
        notices: Vec<String>,
    },
    /// It is another licence, word for word.
    Other {
        /// Which.
        id: String,
    },
    /// It is no listed licence; this is the one it resembles most.
    Altered {
        /// The licence that it resembles most, if it resembles one.
        nearest: Option<String>,
        /// The first words that differ from that licence: those found, and those of the licence.
        difference: Option<(String, String)>,
    },
    /// The id is none of the list, so there is no text to compare with.
    Unlisted {
        /// The listed licence that the text is, if it is one.
        is: Option<String>,
    },
}

/// The version of the SPDX licence list.
pub fn list_version() -> &'static str {
    spdx::license_version()
}

/// Whether a text is the licence of that id, none if the list has no such id. It is not compared with any other.
pub fn is(id: &str, text: &str) -> Option<bool> {
    listed(id).map(|own| Text::of(text).is(id, own))
}

/// Whether a text is the licence of that id, and which it is if not.
pub fn matches(id: &str, text: &str) -> Match {
    let found = Text::of(text);
    let Some(own) = listed(id) else {
        return Match::Unlisted { is: identify(&found) };
    };
    if found.is(id, own) {
        return Match::Same { notices: found.notices };
    }
    if let Some(id) = identify(&found) {
        return Match::Other { id };
    }
    let nearest = nearest(&found, id);
    let difference = nearest.as_deref().and_then(listed).and_then(|text| found.differs(&Text::of(text)));
    Match::Altered { nearest, difference }
}

/// The text of a listed id.
fn listed(id: &str) -> Option<&'static str> {
    if id == OPEN_MDW {
        return Some(OPEN_MDW_TEXT);
    }
    spdx::license_id(id).filter(|found| found.name == id).map(spdx::LicenseId::text)
}

/// Every listed licence with its text, `OpenMDW` 1.1 among them.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    spdx::text::LICENSE_TEXTS.iter().copied().chain([(OPEN_MDW, OPEN_MDW_TEXT)])
}

/// The listed licence that a text is.
fn identify(found: &Text) -> Option<String> {
    all().find(|(id, text)| found.is(id, text)).map(|(id, _)| id.to_owned())
}

/// The listed licence with most word pairs in common, itself before others that are as near.
fn nearest(found: &Text, wanted: &str) -> Option<String> {
    let words = found.words();
    let own = pairs(&words);
    let share = |text: &str| {
        let words = Text::of(text).words();
        let other = pairs(&words);
        2000 * own.intersection(&other).count() / (own.len() + other.len()).max(1)
    };
    let scored = all().map(|(id, text)| (share(text), id == wanted, id));
    scored.max().filter(|(score, _, _)| *score >= RESEMBLES).map(|(_, _, id)| id.to_owned())
}

fn pairs(words: &[String]) -> BTreeSet<(&str, &str)> {
    words.windows(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect()
}

/// A text in the parts that are compared.
struct Text {
    /// Paragraphs at the head that are short enough for titles.
    titles: Vec<Vec<String>>,
    /// All other words.
    body: Vec<String>,
    /// Lines that were set aside.
    notices: Vec<String>,
}

impl Text {
    fn of(text: &str) -> Self {
        let mut notices = Vec::new();
        let mut paragraphs: Vec<Vec<String>> = vec![Vec::new()];
        for line in text.lines() {
            let words = words(line);
            if is_notice(line, &words) {
                notices.push(line.trim().to_owned());
            } else if words.is_empty() {
                paragraphs.push(Vec::new());
            } else if let Some(last) = paragraphs.last_mut() {
                last.extend(words);
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        let titles = paragraphs.iter().take(TITLES).take_while(|words| words.len() <= SHORT_LINE).count();
        let body = paragraphs.split_off(titles).concat();
        Self { titles: paragraphs, body, notices }
    }

    fn words(&self) -> Vec<String> {
        self.from(0)
    }

    /// The words after the first titles.
    fn from(&self, titles: usize) -> Vec<String> {
        self.titles[titles..].iter().flatten().chain(&self.body).cloned().collect()
    }

    /// Whether this is the licence, where titles may be missing on either side. What is dropped as a title may hold
    /// no word that the licence's own title and name do not: else a condition could hide there.
    fn is(&self, id: &str, licence: &str) -> bool {
        let licence = Self::of(licence);
        let full = spdx::license_id(id).map_or("", |found| found.full_name);
        let mut allowed: BTreeSet<String> = words(&format!("{id} {full} the license")).into_iter().collect();
        allowed.extend(licence.titles.iter().flatten().cloned());
        let named = |paragraph: &&Vec<String>| paragraph.iter().all(|word| allowed.contains(word));
        let droppable = self.titles.iter().take_while(named).count();
        (0..=droppable).any(|own| {
            let found = self.from(own);
            (0..=licence.titles.len()).any(|their| same_terms(&found, &licence.from(their)))
        })
    }

    /// The first words that differ.
    fn differs(&self, licence: &Self) -> Option<(String, String)> {
        let (found, expected) = (self.words(), licence.words());
        let at = found.iter().zip(&expected).position(|(left, right)| left != right);
        let at = at.unwrap_or_else(|| found.len().min(expected.len()));
        let shown = |words: &[String]| {
            let (from, to) = (at.saturating_sub(CONTEXT).min(words.len()), (at + CONTEXT).min(words.len()));
            if at >= words.len() {
                format!("{} (end)", words[from..to].join(" "))
            } else {
                words[from..to].join(" ")
            }
        };
        (found != expected).then(|| (shown(&found), shown(&expected)))
    }
}

/// Whether two texts are the same, or the same up to the end of the terms: what follows is advice on how to apply them.
fn same_terms(found: &[String], licence: &[String]) -> bool {
    let end = ["end", "of", "terms", "and", "conditions"];
    let at = licence.windows(end.len()).position(|words| words == end);
    let terms = at.map(|at| &licence[..at]);
    let with_end = at.map(|at| &licence[..at + end.len()]);
    let optional = ["including", "the", "next", "paragraph"];
    // The MIT licence is written with and without this aside, which the list marks as optional.
    let without = licence.windows(optional.len()).position(|words| words == optional);
    let without = without.map(|at| [&licence[..at], &licence[at + optional.len()..]].concat());
    found == licence || Some(found) == terms || Some(found) == with_end || Some(found) == without.as_deref()
}

/// The words of a text, as far as they count.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| spelt(word).to_owned()).collect()
}

/// One spelling of words that have two.
fn spelt(word: &str) -> &str {
    match word {
        "licence" => "license",
        "licences" => "licenses",
        "https" => "http",
        "acknowledgement" => "acknowledgment",
        "judgement" => "judgment",
        "organisation" => "organization",
        "favour" => "favor",
        "fulfilment" => "fulfillment",
        "whilst" => "while",
        other => other,
    }
}

/// A line with a sign of copyright or a year, and names. One that speaks of uses is no notice: it would be set aside
/// with the condition it states.
fn is_notice(line: &str, words: &[String]) -> bool {
    const CONDITIONS: [&str; 19] = [
        "use",
        "used",
        "uses",
        "using",
        "only",
        "not",
        "no",
        "non",
        "commercial",
        "noncommercial",
        "permission",
        "permitted",
        "prohibited",
        "except",
        "must",
        "may",
        "shall",
        "without",
        "research",
    ];
    let line = line.trim().to_lowercase();
    let begins = ["copyright", "(c)", "©", "all rights reserved"].iter().any(|begin| line.starts_with(begin));
    let year = |word: &String| {
        ["yyyy", "year"].contains(&word.as_str())
            || (word.len() == 4
                && (word.starts_with("19") || word.starts_with("20"))
                && word.parse::<u16>().is_ok())
    };
    let signed =
        line.contains("(c)") || line.contains('©') || words.iter().any(year) || line.contains("reserved");
    begins
        && signed
        && words.len() <= SHORT_LINE
        && !words.iter().any(|word| CONDITIONS.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(id: &str) -> &'static str {
        listed(id).unwrap()
    }

    #[test]
    fn each_listed_text_is_its_own_licence() {
        for (id, text) in all() {
            assert!(Text::of(text).is(id, text), "{id}");
        }
    }

    #[test]
    fn layout_case_and_notices_do_not_count() {
        let cc0 = text("CC0-1.0");
        for changed in [
            cc0.to_uppercase(),
            cc0.replace('\n', "\r\n"),
            cc0.split_whitespace().collect::<Vec<_>>().join("\n"),
            cc0.replace("Creative Commons Legal Code", ""),
            format!("Copyright (c) 2026 A. Person. All rights reserved.\n\n{cc0}"),
        ] {
            assert!(matches!(matches("CC0-1.0", &changed), Match::Same { .. }), "{}", &changed[..200]);
        }
        let mit = text("MIT").replace("<year> <copyright holders>", "2026 A. Person");
        let notices = vec!["Copyright (c) 2026 A. Person".to_owned()];
        assert_eq!(matches("MIT", &mit), Match::Same { notices });
        let ours = include_str!("../../../../LICENSE-MIT");
        assert!(matches!(matches("MIT", ours), Match::Same { .. }));
        assert!(matches!(
            matches("Apache-2.0", include_str!("../../../../LICENSE-APACHE")),
            Match::Same { .. }
        ));
    }

    #[test]
    fn a_changed_word_is_another_text_and_is_named() {
        let changed = text("CC0-1.0").replacen("waives, abandons", "keeps, abandons", 1);
        let Match::Altered { nearest, difference } = matches("CC0-1.0", &changed) else { panic!("altered") };
        assert_eq!(nearest.as_deref(), Some("CC0-1.0"));
        let (found, expected) = difference.unwrap();
        assert!(found.contains("keeps") && expected.contains("waives"), "{found} / {expected}");
        assert!(matches!(matches("CC0-1.0", "Do as you like."), Match::Altered { nearest: None, .. }));
    }

    #[test]
    fn a_condition_hides_neither_in_a_title_nor_in_a_notice_nor_at_the_end() {
        let cc0 = text("CC0-1.0");
        for changed in [
            format!("For research only.\n\n{cc0}"),
            format!("Copyright 2026 A. Person, noncommercial use only\n\n{cc0}"),
            format!("{cc0}\n\nNot for sale.\n"),
            format!("{}\n\nNot for sale.\n", text("Apache-2.0")),
        ] {
            let id = if changed.contains("Apache License") { "Apache-2.0" } else { "CC0-1.0" };
            assert!(matches!(matches(id, &changed), Match::Altered { .. }), "{}", &changed[..60]);
        }
    }

    #[test]
    fn another_licence_is_recognised_and_an_unlisted_id_is_not_judged() {
        assert_eq!(matches("CC0-1.0", text("CC-BY-NC-4.0")), Match::Other { id: "CC-BY-NC-4.0".to_owned() });
        assert_eq!(matches("LicenseRef-own", "Mine."), Match::Unlisted { is: None });
        assert_eq!(matches("LicenseRef-own", text("MIT")), Match::Unlisted { is: Some("MIT".to_owned()) });
        assert!(matches!(matches(OPEN_MDW, OPEN_MDW_TEXT), Match::Same { .. }));
        assert!(matches!(matches("OpenMDW-1.0", OPEN_MDW_TEXT), Match::Other { .. }));
    }
}
