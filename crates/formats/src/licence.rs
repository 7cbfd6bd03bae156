//! Licences as SPDX expressions (SPDX specification 3, annex "license expressions").

use crate::text::text_type;

mod wording;

pub use wording::{Match, is, list_version, matches};

/// What stands where nobody has said under which licence a thing is.
pub const NO_ASSERTION: &str = "NOASSERTION";

text_type!(
    /// An SPDX licence expression such as `CC0-1.0`, or `NOASSERTION`.
    Licence,
    "an SPDX licence expression such as `CC0-1.0` or `MIT OR Apache-2.0`, or `NOASSERTION`",
    "^[A-Za-z0-9.+() -]+$",
    500,
    |text| text == NO_ASSERTION || (text.len() <= 500 && is_expression(text))
);

/// Whether a text is an expression of licences whose texts can be listed: ids of the SPDX list that are not deprecated,
/// and `LicenseRef-` ids. `NOASSERTION` is no licence, and what another document calls a licence has no text here.
fn is_expression(text: &str) -> bool {
    let listable = |requirement: &spdx::expression::ExpressionReq| match &requirement.req.license {
        spdx::LicenseItem::Spdx { id, .. } => id.name != NO_ASSERTION,
        spdx::LicenseItem::Other(other) => other.doc_ref.is_none(),
    };
    spdx::Expression::parse(text).is_ok_and(|expression| expression.requirements().all(listable))
}

impl Licence {
    /// The statement that nothing is stated.
    pub fn no_assertion() -> Self {
        NO_ASSERTION.parse().expect("allowed by the rule above")
    }

    /// Whether a licence is stated.
    pub fn is_stated(&self) -> bool {
        self.as_str() != NO_ASSERTION
    }

    /// The licence ids of the expression, each once, in order.
    pub fn ids(&self) -> Vec<String> {
        if !self.is_stated() {
            return Vec::new();
        }
        let Ok(expression) = spdx::Expression::parse(self.as_str()) else { return Vec::new() };
        let mut ids = Vec::new();
        for requirement in expression.requirements() {
            let id = match &requirement.req.license {
                spdx::LicenseItem::Spdx { id, .. } => id.name.to_owned(),
                spdx::LicenseItem::Other(other) => other.to_string(),
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        ids
    }

    /// The licence of something made from all of these: the one they share, or all of them.
    pub fn united<'a>(licences: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut distinct: Vec<&str> = Vec::new();
        for licence in licences {
            if !distinct.contains(&licence.as_str()) {
                distinct.push(licence.as_str());
            }
        }
        let compound = |text: &str| text.contains(' ');
        match distinct.as_slice() {
            [] => Self::no_assertion(),
            [one] => Self((*one).to_owned()),
            many if many.contains(&NO_ASSERTION) => Self::no_assertion(),
            many => {
                let parts: Vec<String> = many
                    .iter()
                    .map(|part| if compound(part) { format!("({part})") } else { (*part).to_owned() })
                    .collect();
                Self(parts.join(" AND "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_checked_and_taken_apart() {
        let licence: Licence = "MIT OR Apache-2.0".parse().unwrap();
        assert_eq!(licence.ids(), ["MIT", "Apache-2.0"]);
        for refused in [
            "Creative Commons",
            "",
            "GPL-3.0",
            "NOASSERTION OR MIT",
            "MIT AND NOASSERTION",
            "DocumentRef-theirs:LicenseRef-a",
            "MIT OR DocumentRef-theirs:LicenseRef-a",
        ] {
            assert!(refused.parse::<Licence>().is_err(), "{refused}");
        }
        let ids = |text: &str| text.parse::<Licence>().unwrap().ids();
        assert_eq!(ids("LicenseRef-mine"), ["LicenseRef-mine"]);
        assert_eq!(
            ids("Apache-2.0+ OR GPL-2.0-only WITH Classpath-exception-2.0"),
            ["Apache-2.0", "GPL-2.0-only"]
        );
        assert!(Licence::no_assertion().ids().is_empty());
        let cc0: Licence = "CC0-1.0".parse().unwrap();
        assert_eq!(Licence::united([&cc0, &cc0]), cc0);
        assert_eq!(Licence::united([&cc0, &licence]).as_str(), "CC0-1.0 AND (MIT OR Apache-2.0)");
    }
}
