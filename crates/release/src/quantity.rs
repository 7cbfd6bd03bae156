//! Numbers and their units, as generator 2 writes them into Markdown.

use openweigh_formats::text::Unit;
use openweigh_markup::markdown::Inline;

/// A number, a version, a day: texts of the formats.
pub(crate) fn shown(text: &impl ToString) -> Inline {
    Inline::words(&text.to_string())
}

/// A number with its unit, but `1`, which says that it has none.
pub(crate) fn in_unit(value: Inline, unit: Option<&Unit>) -> Inline {
    match unit {
        Some(unit) if unit.as_str() != "1" => value.then(" ").then(Inline::words(unit.as_str())),
        _ => value,
    }
}
