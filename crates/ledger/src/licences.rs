//! Texts of the licences that data and weights most often come under.

/// The text of a licence by its SPDX id, if it is one of those carried along.
pub fn text(id: &str) -> Option<&'static str> {
    Some(match id {
        "CC0-1.0" => include_str!("../licences/CC0-1.0.txt"),
        "CC-BY-4.0" => include_str!("../licences/CC-BY-4.0.txt"),
        "Apache-2.0" => include_str!("../licences/Apache-2.0.txt"),
        _ => return None,
    })
}
