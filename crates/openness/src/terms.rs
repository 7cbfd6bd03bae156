//! What licences allow: a table of SPDX ids, and the arithmetic of their expressions.
//!
//! Three sources, in this order. A licence that the OSI approved meets the Open Source Definition, from whose ten points
//! those of the Open Weight Definition are taken one by one. Licences of data and content stand in a table here. Of all
//! others nothing is known, however free their names sound.

use crate::answer::Answer;
use crate::texts::Texts;
use openweigh_formats::licence::{Licence, Match};
use spdx::expression::{ExprNode, Operator};
use spdx::{AdditionItem, LicenseItem, LicenseReq};

/// The criteria of the Open Weight Definition 0.3: a name that does not change, and the question in our words.
pub const CRITERIA: [(&str, &str); 10] = [
    ("free-redistribution", "anyone may give or sell the weights on, without a fee"),
    ("weights", "the weights themselves are here, in the form in which they are used"),
    ("derived-works", "they may be changed, and the changed ones passed on"),
    ("integrity", "weights made from changed ones may be distributed"),
    ("persons", "no person or group is left out"),
    ("fields", "no field of use is left out"),
    ("same-rights", "whoever receives them has the rights without another licence"),
    ("any-distribution", "the rights do not hang on one product or distribution"),
    ("other-works", "nothing is asked of what is distributed beside them"),
    ("any-technology", "nothing hangs on one technology or interface"),
];

/// The place of the criterion that is about the file and not about the licence.
pub const FORM: usize = 1;

/// What is made under a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Programs.
    Code,
    /// Data, and numbers made from them.
    Data,
    /// Texts for people.
    Document,
}

/// Licences of data and content that meet all ten, with whether they suit data, and documents. Sources: the Open
/// Definition's list of conformant licences (opendefinition.org), the licences' own texts for CDLA and `OpenMDW`, and for
/// what they suit the lists of the Model Openness Tool and the Model Openness Framework (docs/how-to/grade.md).
const OPEN: [(&str, bool, bool); 17] = [
    ("CC0-1.0", true, true),
    ("CC-PDDC", true, true),
    ("PDDL-1.0", true, false),
    ("CC-BY-3.0", true, true),
    ("CC-BY-4.0", true, true),
    ("CC-BY-SA-3.0", true, true),
    ("CC-BY-SA-4.0", true, true),
    ("CDLA-Permissive-1.0", true, false),
    ("CDLA-Permissive-2.0", true, false),
    ("CDLA-Sharing-1.0", true, false),
    ("ODbL-1.0", true, false),
    ("ODC-By-1.0", true, false),
    ("OGL-UK-3.0", true, true),
    ("OGL-Canada-2.0", true, true),
    ("OpenMDW-1.0", true, true),
    ("LicenseRef-OpenMDW-1.1", true, true),
    ("FreeBSD-DOC", false, true),
];

/// Licences that fail, with the places of the criteria they fail. Those of Creative Commons are told by their names.
const CLOSED: [(&str, &[usize]); 10] = [
    ("C-UDA-1.0", &[5]),
    ("PolyForm-Noncommercial-1.0.0", &[0, 5]),
    ("PolyForm-Small-Business-1.0.0", &[4, 5]),
    ("BUSL-1.1", &[0, 5]),
    ("Elastic-2.0", &[0, 5]),
    ("SSPL-1.0", &[8]),
    ("JSON", &[5]),
    ("Hippocratic-2.1", &[4, 5]),
    ("Aladdin", &[0]),
    ("Parity-6.0.0", &[8]),
];

/// What a licence says to each criterion, and which kinds of work it suits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// An answer for each of [`CRITERIA`].
    pub criteria: [Answer; 10],
    /// Whether it suits code, data, documents.
    suits: [Answer; 3],
}

impl Terms {
    const NOTHING_KNOWN: Self = Self { criteria: [Answer::Unknown; 10], suits: [Answer::Unknown; 3] };

    /// Whether the licence suits that kind of work.
    pub fn suits(&self, kind: Kind) -> Answer {
        self.suits[kind as usize]
    }

    /// Whether all ten are met.
    pub fn are_open(&self) -> Answer {
        Answer::all(self.criteria)
    }

    /// Both licences must be kept.
    fn and(self, other: Self) -> Self {
        let mut both = self;
        for (own, other) in both.criteria.iter_mut().zip(other.criteria) {
            *own = (*own).min(other);
        }
        for (own, other) in both.suits.iter_mut().zip(other.suits) {
            *own = (*own).min(other);
        }
        both
    }

    /// Either licence may be chosen, but as a whole: the better one is taken, never the best points of each. What they
    /// suit is a choice that may fall differently for each kind.
    fn or(self, other: Self) -> Self {
        let rank = |terms: &Self| {
            let count = |answer| terms.criteria.iter().filter(|own| **own == answer).count();
            (count(Answer::No), count(Answer::Unknown))
        };
        let mut better = if rank(&other) < rank(&self) { other } else { self };
        for (at, suits) in better.suits.iter_mut().enumerate() {
            *suits = self.suits[at].max(other.suits[at]);
        }
        better
    }

    /// Only what is certain of this: a licence whose text is missing or altered allows nothing for certain.
    fn doubted(mut self) -> Self {
        for answer in self.criteria.iter_mut().chain(&mut self.suits) {
            *answer = (*answer).min(Answer::Unknown);
        }
        self
    }
}

/// The terms of a licence by its id alone.
pub fn of_id(id: &str) -> Terms {
    let listed = spdx::license_id(id).filter(|found| found.name == id);
    let osi = listed.is_some_and(spdx::LicenseId::is_osi_approved);
    let open = OPEN.iter().find(|(known, _, _)| *known == id);
    let closed = CLOSED.iter().find(|(known, _)| *known == id).map(|(_, fails)| fails.to_vec());
    if let Some(fails) = closed.or_else(|| of_creative_commons(id)) {
        let mut terms = Terms { criteria: [Answer::Unknown; 10], suits: [Answer::No; 3] };
        for at in fails {
            terms.criteria[at] = Answer::No;
        }
        return terms;
    }
    if !osi && open.is_none() {
        return if listed.is_some_and(spdx::LicenseId::is_fsf_free_libre) {
            free()
        } else {
            Terms::NOTHING_KNOWN
        };
    }
    // An agreement on models says itself that it covers their programs, data and texts.
    let code = osi || id.contains("OpenMDW");
    let (data, document) = open.map_or((false, false), |(_, data, document)| (*data, *document));
    Terms { criteria: [Answer::Yes; 10], suits: [code, data, document].map(Answer::of) }
}

/// A licence that the FSF calls free, and the OSI has not approved: it may be used, changed and passed on by anyone for
/// anything; the finer points are not settled by that.
fn free() -> Terms {
    let mut terms = Terms::NOTHING_KNOWN;
    for at in [0, 2, 4, 5] {
        terms.criteria[at] = Answer::Yes;
    }
    terms
}

/// The criteria that a licence of Creative Commons fails by its name: NC forbids trade, ND forbids changes.
fn of_creative_commons(id: &str) -> Option<Vec<usize>> {
    let parts: Vec<&str> = id.strip_prefix("CC-")?.split('-').collect();
    let mut fails = Vec::new();
    if parts.contains(&"NC") {
        fails.extend([0, 5]);
    }
    if parts.contains(&"ND") {
        fails.extend([2, 3]);
    }
    (!fails.is_empty()).then_some(fails)
}

/// The terms of an expression, as far as the texts bear it out.
pub fn of(licence: &Licence, texts: &Texts) -> Terms {
    if !licence.is_stated() {
        return Terms::NOTHING_KNOWN;
    }
    evaluate(licence, |id| {
        let terms = of_id(id);
        match texts.of(id) {
            Some(Match::Same { .. }) => terms,
            // Two licences are claimed at once; what the one forbids is not allowed.
            Some(Match::Other { id }) => terms.and(of_id(id)).doubted(),
            Some(Match::Altered { .. } | Match::Unlisted { .. }) | None => terms.doubted(),
        }
    })
}

/// The terms of an expression by its ids alone: of works whose licence text is not part of the release.
pub fn of_label(licence: &Licence) -> Terms {
    evaluate(licence, of_id)
}

fn evaluate(licence: &Licence, leaf: impl Fn(&str) -> Terms) -> Terms {
    let Ok(expression) = spdx::Expression::parse(licence.as_str()) else { return Terms::NOTHING_KNOWN };
    // The nodes come operands first.
    let mut stack: Vec<Terms> = Vec::new();
    for node in expression.iter() {
        let next = match node {
            ExprNode::Req(required) => of_requirement(&required.req, &leaf),
            ExprNode::Op(operator) => {
                let (Some(right), Some(left)) = (stack.pop(), stack.pop()) else {
                    return Terms::NOTHING_KNOWN;
                };
                match operator {
                    Operator::And => left.and(right),
                    Operator::Or => left.or(right),
                }
            }
        };
        stack.push(next);
    }
    stack.pop().unwrap_or(Terms::NOTHING_KNOWN)
}

fn of_requirement(required: &LicenseReq, leaf: impl Fn(&str) -> Terms) -> Terms {
    let terms = match &required.license {
        LicenseItem::Spdx { id, .. } => leaf(id.name),
        LicenseItem::Other(other) => leaf(&other.to_string()),
    };
    match &required.addition {
        // A listed exception only adds permissions; of any other nobody knows.
        None | Some(AdditionItem::Spdx(_)) => terms,
        Some(AdditionItem::Other(_)) => terms.doubted(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(text: &str) -> Terms {
        of_label(&text.parse().unwrap())
    }

    #[test]
    fn the_table_names_listed_licences_only() {
        let ids = OPEN.iter().map(|row| row.0).chain(CLOSED.iter().map(|row| row.0));
        for id in ids.filter(|id| !id.starts_with("LicenseRef-")) {
            let found = spdx::license_id(id).unwrap_or_else(|| panic!("{id} is not listed"));
            assert_eq!(found.name, id);
            assert!(!CLOSED.iter().any(|row| row.0 == id) || !found.is_osi_approved(), "{id} is approved");
        }
    }

    #[test]
    fn licences_are_what_they_are_known_to_be() {
        for id in
            ["CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CDLA-Permissive-2.0", "ODbL-1.0", "MIT", "Apache-2.0"]
        {
            assert_eq!(of_id(id).are_open(), Answer::Yes, "{id}");
        }
        for (id, fails) in [
            ("CC-BY-NC-4.0", vec![0, 5]),
            ("CC-BY-ND-4.0", vec![2, 3]),
            ("CC-BY-NC-ND-3.0-IGO", vec![0, 2, 3, 5]),
            ("BUSL-1.1", vec![0, 5]),
        ] {
            let terms = of_id(id);
            let found: Vec<usize> = (0..10).filter(|at| terms.criteria[*at] == Answer::No).collect();
            assert_eq!(found, fails, "{id}");
            assert_eq!(terms.suits(Kind::Data), Answer::No, "{id}");
        }
        assert_eq!(of_id("LicenseRef-own").are_open(), Answer::Unknown);
        assert_eq!(of_id("BSD-4-Clause").criteria[0], Answer::Yes);
        assert_eq!(of_id("BSD-4-Clause").are_open(), Answer::Unknown);
    }

    #[test]
    fn expressions_choose_wholes_and_join_everything() {
        assert_eq!(label("CC-BY-NC-4.0 OR MIT").are_open(), Answer::Yes);
        assert_eq!(label("CC-BY-NC-4.0 AND MIT").are_open(), Answer::No);
        // Neither may be picked for its good points alone.
        assert_eq!(label("CC-BY-NC-4.0 OR CC-BY-ND-4.0").are_open(), Answer::No);
        assert_eq!(label("LicenseRef-own OR CC0-1.0").are_open(), Answer::Yes);
        assert_eq!(label("LicenseRef-own AND CC0-1.0").are_open(), Answer::Unknown);
        assert_eq!(label("GPL-2.0-only WITH Classpath-exception-2.0").are_open(), Answer::Yes);
        assert_eq!(label("MIT OR CC0-1.0").suits(Kind::Data), Answer::Yes);
        assert_eq!(label("MIT OR CC0-1.0").suits(Kind::Code), Answer::Yes);
        assert_eq!(label("MIT AND CC0-1.0").suits(Kind::Code), Answer::No);
    }

    #[test]
    fn a_licence_is_worth_what_its_text_bears_out() {
        let licence: Licence = "CC0-1.0".parse().unwrap();
        let cc0 = spdx::license_id("CC0-1.0").unwrap().text();
        let nc = spdx::license_id("CC-BY-NC-4.0").unwrap().text();
        let texts = |text: &str| Texts::of_pairs([("CC0-1.0", text)]);
        assert_eq!(of(&licence, &texts(cc0)).are_open(), Answer::Yes);
        assert_eq!(of(&licence, &texts(nc)).are_open(), Answer::No);
        assert_eq!(of(&licence, &texts(&cc0.replace("waives", "keeps"))).are_open(), Answer::Unknown);
        assert_eq!(of(&licence, &Texts::default()).are_open(), Answer::Unknown);
        assert_eq!(of(&Licence::no_assertion(), &texts(cc0)).are_open(), Answer::Unknown);
    }
}
