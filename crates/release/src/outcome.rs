//! What was done, and no more: the last sentence of `verify`, and the same for machines.

use crate::report::{Report, Signed};
use openweigh_formats::count;
use openweigh_verify::{Open, Stage, Summary, Verdict};

/// What was done with some manifests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    manifests: usize,
    pub(crate) files: usize,
    pub(crate) derivations: usize,
    pub(crate) claims: usize,
    pub(crate) cards: usize,
    /// Manifests of which nothing is derived.
    pub(crate) data_alone: usize,
    /// Releases, by what is known of who published them.
    unsigned: usize,
    unjudged: usize,
    accepted: usize,
    /// Items that could not be checked, and files among them that are kept back.
    pub(crate) open: usize,
    pub(crate) kept_back: usize,
    /// Releases whose changelog repeats entries about earlier ones.
    pub(crate) earlier: usize,
}

impl Work {
    pub(crate) fn of(done: &[Report]) -> Self {
        let checked = |stage| done.iter().map(|done| done.checks.count(stage).1).sum::<usize>();
        let signed = |wanted: fn(&Signed) -> bool| done.iter().filter(|done| wanted(&done.signed)).count();
        let open = || {
            done.iter().flat_map(|done| &done.checks.items).filter_map(|item| match &item.verdict {
                Verdict::NotCheckable(open) => Some(open),
                _ => None,
            })
        };
        let manifests = || done.iter().filter_map(|done| Some((done, done.manifest.as_ref()?)));
        Self {
            manifests: done.len(),
            files: checked(Stage::Bytes),
            derivations: checked(Stage::Weights) + checked(Stage::Results),
            claims: checked(Stage::Claims),
            cards: checked(Stage::Cards),
            data_alone: manifests().filter(|(_, manifest)| manifest.is_data_alone()).count(),
            unsigned: signed(|signed| *signed == Signed::No),
            unjudged: signed(|signed| matches!(signed, Signed::Key(_))),
            accepted: signed(|signed| matches!(signed, Signed::Accepted(..))),
            open: open().count(),
            kept_back: open().filter(|open| matches!(open, Open::KeptBack { .. })).count(),
            earlier: manifests()
                .filter(|(done, manifest)| done.signed != Signed::NotAsked && manifest.previous.is_some())
                .count(),
        }
    }

    /// What was recomputed, and found to be the published digits.
    fn recomputed(&self) -> String {
        let derivations = count::of(self.derivations, "derivation");
        match (self.derivations, self.claims) {
            (0, _) => format!(
                "the bytes are the listed ones ({}); nothing was derived",
                count::of(self.files, "file")
            ),
            (1, 0) => "the one derivation was recomputed from the data; every digit matches".to_owned(),
            (_, 0) => format!("all {derivations} were recomputed from the data; every digit matches"),
            (_, claims) => {
                let claims = count::of(claims, "claim");
                format!("all {derivations} and {claims} were recomputed from the data; every digit matches")
            }
        }
    }

    fn checked(&self) -> String {
        let recomputed = self.recomputed();
        let mut letters = recomputed.chars();
        let first = letters.next().map_or_else(String::new, |first| first.to_uppercase().to_string());
        let mut text = format!("Checked. {first}{}.", letters.as_str());
        if self.data_alone > 0 && self.derivations > 0 {
            let alone = count::of(self.data_alone, "manifest");
            let verb = if self.data_alone == 1 { "is" } else { "are" };
            text.push_str(&format!(
                " {alone} {verb} data alone: there the bytes were compared, and nothing was derived."
            ));
        }
        if self.cards > 0 {
            text.push_str(&format!(" The release's {} match, too.", count::of(self.cards, "card")));
        }
        text + &self.reservations()
    }

    fn incomplete(&self) -> String {
        let mut text = format!(
            "Nothing failed, but not everything could be checked: {} could not",
            count::of(self.open, "item")
        );
        if self.kept_back > 0 {
            let (files, verb) =
                (count::of(self.kept_back, "file"), if self.kept_back == 1 { "is" } else { "are" });
            text.push_str(&format!(" ({files} {verb} kept back by the publisher)"));
        }
        let (derivations, claims) =
            (count::of(self.derivations, "derivation"), count::of(self.claims, "claim"));
        let verb = if self.derivations + self.claims == 1 { "was" } else { "were" };
        let recomputed = match (self.derivations, self.claims) {
            (0, 0) => "nothing was recomputed from the data".to_owned(),
            (_, 0) => format!("{derivations} {verb} recomputed from the data"),
            _ => format!("{derivations} and {claims} {verb} recomputed from the data"),
        };
        format!("{text}; {recomputed}.{}", self.reservations())
    }

    /// What a reader might believe was done, and was not.
    fn reservations(&self) -> String {
        let mut text = String::new();
        if self.earlier > 0 {
            text.push_str(" What the changelog says of earlier releases was not recomputed.");
        }
        if self.manifests > 1 {
            return text + &self.signatures_of_several();
        }
        if self.accepted > 0 {
            text.push_str(" Your policy accepts the signature.");
        }
        if self.unjudged > 0 {
            text.push_str(" It is signed; whose key that is was not checked.");
        }
        if self.unsigned > 0 {
            text.push_str(" It is not signed: nobody vouches for who published it.");
        }
        text
    }

    /// Which of several are signed: what is true of one is not said of all.
    fn signatures_of_several(&self) -> String {
        let mut text = String::new();
        let are = |count: usize| {
            let of = self.manifests;
            if count == of {
                format!("All {of} are")
            } else {
                format!("Of {of} manifests, {} {}", count, if count == 1 { "is" } else { "are" })
            }
        };
        if self.accepted > 0 {
            text.push_str(&format!(" {} signed by whom your policy accepts.", are(self.accepted)));
        }
        if self.unjudged > 0 {
            text.push_str(&format!(" {} signed; whose key that is was not checked.", are(self.unjudged)));
        }
        if self.unsigned > 0 {
            text.push_str(&format!(
                " {} not signed: nobody vouches for who published them.",
                are(self.unsigned)
            ));
        }
        let releases = self.accepted + self.unjudged + self.unsigned;
        if releases > 0 && releases < self.manifests {
            let rest = self.manifests - releases;
            text.push_str(&format!(" {} not in a release, where it could be signed.", are(rest)));
        }
        text
    }
}

/// The last sentence, made from what was done.
pub fn sentence(done: &[Report], worst: Summary) -> String {
    let work = Work::of(done);
    match worst {
        Summary::Checked => work.checked(),
        Summary::Incomplete => work.incomplete(),
        Summary::Malformed => "A file could not be read; what depends on it was not checked.".to_owned(),
        Summary::Failed => {
            let items = done.iter().flat_map(|done| &done.checks.items);
            let failed = items.filter(|item| matches!(item.verdict, Verdict::Failed(_))).count();
            format!("Failed: {} did not pass.", count::of(failed, "check"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Work;

    #[test]
    fn the_sentence_says_what_was_done_and_no_more() {
        let data = Work { manifests: 1, files: 3, data_alone: 1, unsigned: 1, ..Work::default() };
        assert_eq!(
            data.checked(),
            "Checked. The bytes are the listed ones (3 files); nothing was derived. It is not signed: nobody vouches for \
             who published it."
        );
        let whole = Work { manifests: 1, files: 9, derivations: 2, claims: 3, ..Work::default() };
        assert_eq!(
            whole.checked(),
            "Checked. All 2 derivations and 3 claims were recomputed from the data; every digit matches."
        );
        let two = Work { manifests: 2, files: 9, derivations: 2, unjudged: 1, ..Work::default() };
        assert_eq!(
            two.reservations(),
            " Of 2 manifests, 1 is signed; whose key that is was not checked. Of 2 manifests, 1 is not in a release, where it \
             could be signed."
        );
        let both = Work { manifests: 2, unsigned: 2, ..Work::default() };
        assert_eq!(both.reservations(), " All 2 are not signed: nobody vouches for who published them.");
        let kept = Work {
            files: 9,
            derivations: 1,
            open: 3,
            kept_back: 1,
            earlier: 1,
            accepted: 1,
            ..Work::default()
        };
        assert_eq!(
            kept.incomplete(),
            "Nothing failed, but not everything could be checked: 3 items could not (1 file is kept back by the publisher); \
             1 derivation was recomputed from the data. What the changelog says of earlier releases was not recomputed. \
             Your policy accepts the signature."
        );
    }
}
