//! Whether the text of a licence is the licence of its id: under a false text nobody knows what is allowed.

use crate::finding::{Kind, Nearest, Open};
use crate::report::Verdict;
use openweigh_formats::licence::{self, Match};

/// False texts that are compared with every listed licence; of more it is only said that they are false.
const COMPARED: usize = 8;

/// The verdicts on some texts, one after the other.
#[derive(Debug, Default)]
pub struct Texts {
    compared: usize,
}

impl Texts {
    /// The verdict on a text in `LICENSES/<id>.txt`.
    pub fn verdict(&mut self, id: &str, bytes: &[u8]) -> Verdict {
        let text = String::from_utf8_lossy(bytes);
        if text.trim().is_empty() {
            return Verdict::failed(Kind::EmptyText);
        }
        match licence::is(id, &text) {
            Some(true) => return Verdict::Checked,
            None => return Verdict::NotCheckable(Open::UnknownLicence(id.to_owned())),
            Some(false) if self.compared >= COMPARED => {
                return Verdict::failed(Kind::AlteredText { id: id.to_owned(), nearest: None });
            }
            Some(false) => self.compared += 1,
        }
        let id = id.to_owned();
        match licence::matches(&id, &text) {
            Match::Same { .. } => Verdict::Checked,
            Match::Other { id: other } => Verdict::failed(Kind::TextOf { other, id }),
            Match::Altered { nearest: Some(licence), difference: Some((found, expected)) } => {
                let nearest = Some(Nearest { licence, found, expected });
                Verdict::failed(Kind::AlteredText { id, nearest })
            }
            Match::Altered { .. } => Verdict::failed(Kind::AlteredText { id, nearest: None }),
            Match::Unlisted { .. } => Verdict::NotCheckable(Open::UnknownLicence(id)),
        }
    }
}

/// The id in the name of a text.
pub fn id_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".txt").unwrap_or(name)
}
