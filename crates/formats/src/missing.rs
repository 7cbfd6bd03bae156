//! All keys that a file lacks, and not the first alone.
//!
//! A deserializer stops at the first key that is missing. Here that key is put in, with a value that is accepted,
//! and the file is read again, until nothing more is missing or no value is accepted.

use crate::malformed::{Fault, Malformed, Position};

/// How often a file is read again: more keys than that are not told.
const KEYS: usize = 24;

/// Values that are tried for a key, those of strings first.
const VALUES: [&str; 9] =
    ["\"1\"", "\"a\"", "1", "[]", "[\"1\"]", "\"1.0.0\"", "\"CC0-1.0\"", "\"2000-01-01\"", "{}"];

/// Why a text could not be read: the deserializer's words, and where it stopped.
pub(crate) struct Stop {
    /// What it says.
    pub(crate) message: String,
    /// The byte at which what it complains of begins.
    pub(crate) start: usize,
}

/// How a language puts a key into the object at a place.
pub(crate) trait Language {
    /// Reads a text.
    fn read(&self, text: &str) -> Result<(), Stop>;
    /// Where in the text, and how, the key is put into the object whose lack was told at `start`.
    fn insertion(&self, text: &str, start: usize, key: &str, value: &str) -> (usize, String);
}

/// Bytes up to which a text is read again and again.
const BYTES: usize = 1 << 16;

/// The fault that keys are missing, if that is what stopped a reader first.
pub(crate) fn fault(text: &str, stop: &Stop, language: &impl Language) -> Option<Malformed> {
    named(&stop.message)?;
    let mut keys = if text.len() <= BYTES { keys(text, language) } else { Vec::new() };
    keys.sort_by_key(|(_, position)| (position.line, position.column));
    let position = keys.first()?.1;
    Some(Malformed { position, fault: Fault::Missing(keys) })
}

/// The keys that a text lacks, each with the place of the object it belongs into.
fn keys(text: &str, language: &impl Language) -> Vec<(String, Position)> {
    let mut filled = text.to_owned();
    // Where something was put in, and how much.
    let mut inserted: Vec<(usize, usize)> = Vec::new();
    let mut found = Vec::new();
    while found.len() < KEYS {
        let Err(stop) = language.read(&filled) else { break };
        let Some(key) = named(&stop.message) else { break };
        let own = original(stop.start, &inserted);
        found.push((key.to_owned(), Position::of(text.as_bytes(), own)));
        let Some((next, at, length)) = fill(&filled, stop.start, key, language) else { break };
        filled = next;
        inserted.push((at, length));
    }
    found
}

/// The key that a message says is missing.
fn named(message: &str) -> Option<&str> {
    message.split_once("missing field `")?.1.split('`').next()
}

/// The first variant that a message says is possible.
fn variant(message: &str) -> Option<String> {
    let known = message.split_once("expected")?.1;
    Some(format!("\"{}\"", known.split('`').nth(1)?))
}

/// The text with the key put in, with a value that is accepted.
fn fill(text: &str, start: usize, key: &str, language: &impl Language) -> Option<(String, usize, usize)> {
    let mut values: Vec<String> = VALUES.map(str::to_owned).to_vec();
    let mut at = 0;
    while at < values.len() {
        let (place, piece) = language.insertion(text, start, key, &values[at]);
        let next = format!("{}{piece}{}", &text[..place], &text[place..]);
        let inside = place..=place + piece.len();
        match language.read(&next) {
            Err(stop) if inside.contains(&stop.start) && named(&stop.message).is_none() => {
                let word = variant(&stop.message).filter(|word| !values.contains(word));
                values.extend(word.filter(|_| stop.message.contains("variant")));
            }
            Err(stop) if named(&stop.message) == Some(key) && stop.start == start => {}
            _ => return Some((next, place, piece.len())),
        }
        at += 1;
    }
    None
}

/// A place of the filled text in the text as it was.
fn original(mut at: usize, inserted: &[(usize, usize)]) -> usize {
    for &(place, length) in inserted.iter().rev() {
        if at >= place + length {
            at -= length;
        } else if at > place {
            at = place;
        }
    }
    at
}

/// TOML: behind a table's header, inside an inline table, else at the top.
pub(crate) struct Toml<R>(pub(crate) R);

impl<R: Fn(&str) -> Result<(), Stop>> Language for Toml<R> {
    fn read(&self, text: &str) -> Result<(), Stop> {
        (self.0)(text)
    }

    fn insertion(&self, text: &str, start: usize, key: &str, value: &str) -> (usize, String) {
        let rest = text.get(start..).unwrap_or_default();
        match rest.as_bytes().first() {
            Some(b'{') => {
                let comma = if rest[1..].trim_start().starts_with('}') { "" } else { "," };
                (start + 1, format!(" {key} = {value}{comma}"))
            }
            Some(b'[') if start > 0 => {
                let end = rest.find('\n').map_or(text.len(), |at| start + at);
                (end, format!("\n{key} = {value}"))
            }
            _ => (0, format!("{key} = {value}\n")),
        }
    }
}

/// JSON: before the brace that closes the object.
pub(crate) struct Json<R>(pub(crate) R);

impl<R: Fn(&str) -> Result<(), Stop>> Language for Json<R> {
    fn read(&self, text: &str) -> Result<(), Stop> {
        (self.0)(text)
    }

    fn insertion(&self, text: &str, start: usize, key: &str, value: &str) -> (usize, String) {
        let before = text.get(..start).unwrap_or_default().trim_end();
        let comma = if before.ends_with('{') { "" } else { "," };
        (before.len(), format!("{comma}\"{key}\":{value}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::recipe::Recipe;
    use crate::{canonical, claim, dataset::Dataset, publication::Publication};

    fn lacks(fault: crate::Malformed) -> String {
        fault.to_string()
    }

    #[test]
    fn all_keys_that_a_recipe_lacks_are_told_at_once() {
        let text = "format = \"openweigh.recipe/1\"\n\n[model]\n# nothing\n\n[fit]\ndigits = 5\n\n[result]\n";
        let found = Recipe::from_toml(text.as_bytes()).unwrap_err();
        assert_eq!(
            lacks(found),
            "1:1: missing: `name` (line 1), `target` (line 3), `terms` (line 3), `decimals` (line 9)"
        );
        let nothing = Recipe::from_toml(b"format = \"openweigh.recipe/1\"\n").unwrap_err();
        let told = lacks(nothing);
        assert!(
            ["`name`", "`model`", "`target`", "`terms`", "`result`", "`decimals`"]
                .iter()
                .all(|key| told.contains(key)),
            "{told}"
        );
    }

    #[test]
    fn inline_tables_and_lists_of_tables_are_looked_into() {
        let text =
            "format = \"openweigh.claims/1\"\n\n[[claim]]\nid = \"a\"\nover = { }\n\n[[claim]]\nid = \"b\"\n";
        let told = lacks(claim::from_toml(text.as_bytes()).unwrap_err());
        for expected in [
            "`statement` (line 3)",
            "`quantity` (line 3)",
            "`value` (line 3)",
            "`file` (line 5)",
            "`over` (line 7)",
        ] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        let told = lacks(Publication::from_toml(b"format = \"openweigh.publication/1\"\n").unwrap_err());
        assert!(told.contains("`summary`") && told.contains("`limits`"), "{told}");
    }

    #[test]
    fn json_lacks_keys_too() {
        let whole = include_str!("../../../datasets/nist-noint1/dataset.json");
        let cut: String = (whole.lines())
            .filter(|line| !line.starts_with("  \"title\"") && !line.starts_with("  \"kind\""))
            .map(|line| format!("{line}\n"))
            .collect();
        let told = lacks(canonical::read::<Dataset>(cut.as_bytes()).unwrap_err());
        assert!(told.contains("`title`") && told.contains("`kind`"), "{told}");
    }
}
