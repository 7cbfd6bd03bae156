//! The texts of the licences, and whether each is the licence that it is called.

use crate::answer::{Answer, Criterion, Evidence};
use openweigh_formats::Digest;
use openweigh_formats::files::{self, Files};
use openweigh_formats::licence::{self, Match};
use openweigh_formats::limits;
use openweigh_formats::manifest::{Manifest, Role};
use std::collections::BTreeMap;

/// What the text under each licence id is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    by_id: BTreeMap<String, Match>,
    /// Listed texts that could not be read, or have another digest.
    unread: Vec<String>,
}

impl Texts {
    /// Texts by their ids.
    pub fn of_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let by_id = pairs.into_iter().map(|(id, text)| (id.to_owned(), licence::matches(id, text))).collect();
        Self { by_id, unread: Vec::new() }
    }

    /// What the text of an id is, if it is there.
    pub fn of(&self, id: &str) -> Option<&Match> {
        self.by_id.get(id)
    }
}

/// Reads the licence texts of a manifest. Only bytes with the listed digest are looked at.
pub fn read(manifest: &Manifest, from: &dyn Files) -> Texts {
    let mut texts = Texts::default();
    for file in manifest.of_role(Role::Licence) {
        let name = file.path.as_str();
        let id = name.rsplit('/').next().and_then(|name| name.strip_suffix(".txt")).unwrap_or(name);
        let bytes = files::bytes(from, &file.path, limits::JSON_BYTES).ok();
        let text = bytes.filter(|bytes| Digest::of(bytes) == file.sha256);
        match text.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(text) => {
                texts.by_id.insert(id.to_owned(), licence::matches(id, &text));
            }
            None => texts.unread.push(id.to_owned()),
        }
    }
    texts
}

/// A line for each text.
pub(crate) fn criteria(texts: &Texts) -> Vec<Criterion> {
    let line = |id: &str, answer, note| Criterion {
        key: id.to_owned(),
        title: format!("the text is that of {id}"),
        answer,
        note,
        evidence: vec![Evidence::file(format!("LICENSES/{id}.txt"))],
    };
    let read = texts.by_id.iter().map(|(id, found)| {
        let (answer, note) = judged(found);
        line(id, answer, note)
    });
    let unread = texts.unread.iter().map(|id| {
        line(id, Answer::No, "the text is missing, or is not the one that the manifest lists".to_owned())
    });
    read.chain(unread).collect()
}

/// The answer to whether a text is its licence, and what is to be said about it.
pub fn judged(found: &Match) -> (Answer, String) {
    match found {
        Match::Same { notices } if notices.is_empty() => (Answer::Yes, "word for word".to_owned()),
        Match::Same { notices } => {
            (Answer::Yes, format!("word for word, with the notice `{}`", notices.join("`, `")))
        }
        Match::Other { id } => (Answer::No, format!("it is the text of {id}")),
        Match::Altered { nearest: Some(id), difference: Some((found, expected)) } => {
            (Answer::No, format!("it resembles {id}, but reads `{found}` where that reads `{expected}`"))
        }
        Match::Altered { nearest: Some(id), difference: None } => (Answer::No, format!("it resembles {id}")),
        Match::Altered { nearest: None, .. } => {
            (Answer::No, "it resembles no licence of the SPDX list".to_owned())
        }
        Match::Unlisted { is: Some(id) } => {
            (Answer::Unknown, format!("the id is not in the SPDX list; its text is that of {id}"))
        }
        Match::Unlisted { is: None } => (
            Answer::Unknown,
            "the id is not in the SPDX list, so there is no text to compare with".to_owned(),
        ),
    }
}
