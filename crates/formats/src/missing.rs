//! All keys that a file lacks, and not the first alone.
//!
//! A deserializer stops at the first key that is missing. Here the file is read once more, from its values, with errors
//! that are types: a key that is missing is put in, as a value that takes the form that is asked of it, until nothing
//! more is missing. Nothing is decided from the words of another deserializer.

mod values;

use crate::malformed::{Fault, Malformed, Position};
use serde::de::DeserializeOwned;
use values::{Lack, Value};

/// How often a file is read again: more keys than that are not told.
const KEYS: usize = 24;

/// Bytes up to which a text is read again and again.
const BYTES: usize = 1 << 16;

/// The fault that keys are missing, if that is what a reader of `T` meets first in a TOML file.
pub(crate) fn in_toml<T: DeserializeOwned>(text: &str) -> Option<Malformed> {
    fault::<T>(text, Value::of_toml)
}

/// As [`in_toml`], in a JSON file.
pub(crate) fn in_json<T: DeserializeOwned>(text: &str) -> Option<Malformed> {
    fault::<T>(text, Value::of_json)
}

fn fault<T: DeserializeOwned>(text: &str, parse: fn(&str) -> Option<Value>) -> Option<Malformed> {
    if text.len() > BYTES {
        return None;
    }
    let mut value = parse(text)?;
    let mut keys = Vec::new();
    while keys.len() < KEYS {
        let Err(Lack::Key { key, path, start }) = T::deserialize(&value) else { break };
        keys.push((key.to_owned(), Position::of(text.as_bytes(), start)));
        let object = value.object_at(&path)?;
        object.entries.push((key.to_owned(), Value::Any { text: 0, start: object.start }));
        if !settle::<T>(&mut value, &path, key) {
            break;
        }
    }
    keys.sort_by_key(|(_, position)| (position.line, position.column));
    let position = keys.first()?.1;
    Some(Malformed { position, fault: Fault::Missing(keys) })
}

/// Tries the texts of the value that was put in until one is accepted; says whether one was.
fn settle<T: DeserializeOwned>(value: &mut Value, path: &[values::Step], key: &str) -> bool {
    for at in 0..values::TEXTS.len() {
        let Some(object) = value.object_at(path) else { return false };
        if let Some((_, Value::Any { text, .. })) = object.entries.last_mut() {
            *text = at;
        }
        let own = |place: &[values::Step]| {
            place
                .split_last()
                .is_some_and(|(last, before)| before == path && *last == values::Step::Key(key.to_owned()))
        };
        match T::deserialize(&*value) {
            Err(Lack::Other { path: Some(place) }) if own(&place) => {}
            _ => return true,
        }
    }
    false
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

    #[test]
    fn words_of_a_file_do_not_pass_for_a_key_that_is_missing() {
        let text = "format = \"openweigh.recipe/1\"\nname = \"missing field `terms`\"\n";
        let told = lacks(Recipe::from_toml(text.as_bytes()).unwrap_err());
        assert!(told.contains("missing field `terms`") && !told.contains("missing: "), "{told}");
        let text = "format = \"openweigh.recipe/1\"\nname = \"a\"\n\"missing field `x`\" = 1\n";
        let told = lacks(Recipe::from_toml(text.as_bytes()).unwrap_err());
        assert!(!told.contains("missing: `x`"), "{told}");
    }
}
