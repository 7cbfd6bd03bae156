//! Units, as headers and rows of units state them.

use super::number::is_number;

/// Symbols and words that are units, without prefixes.
const PLAIN: &[&str] = &[
    "%", "‰", "ppm", "1", "-", "a.u.", "arb", "count", "counts", "cnt", "LSB", "digit", "digits", "bit",
    "°C", "°F", "°", "℃", "degC", "deg", "rad", "mrad", "K", "lb", "lbs", "lbf", "oz", "ozf", "in", "inch",
    "ft", "mil", "psi", "kgf", "gf", "kp", "kip", "slug", "gr", "ct", "stone", "min", "h", "hr", "hrs", "d",
    "sec", "secs", "seconds", "second", "millis", "micros", "rpm", "RPM", "dB", "dBm", "strain", "ustrain",
    "με", "µε", "mmHg", "atm", "dyn", "klbf", "kips", "rev", "tick", "ticks", "steps", "frames", "samples",
    "grams",
];

/// Symbols that take a prefix.
const PREFIXED: &[&str] = &[
    "g", "m", "s", "N", "Pa", "bar", "V", "A", "Hz", "J", "W", "Ω", "Ohm", "ohm", "F", "H", "T", "C", "l",
    "L", "t", "eV", "S", "mol",
];

const PREFIXES: &[&str] = &["p", "n", "u", "µ", "μ", "m", "c", "d", "da", "h", "k", "M", "G", "T"];

/// Whether a text is a unit that is known: symbols joined by `/`, `*`, `·` or spaces, with powers.
pub(crate) fn is_known(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty()
        && text.chars().count() <= 24
        && text.split(['/', '*', '·', '⋅', ' ']).all(|factor| {
            let base = factor.trim_end_matches(|c: char| {
                c.is_ascii_digit() || matches!(c, '^' | '-' | '²' | '³' | '⁻' | '¹')
            });
            let base = if base.is_empty() { factor } else { base };
            is_symbol(base)
        })
}

fn is_symbol(text: &str) -> bool {
    PLAIN.contains(&text)
        || PREFIXED.iter().any(|symbol| {
            text.strip_suffix(symbol).is_some_and(|prefix| prefix.is_empty() || PREFIXES.contains(&prefix))
        })
}

/// The brackets of a text that is nothing else.
fn bare(text: &str) -> Option<&str> {
    let text = text.trim();
    [('[', ']'), ('(', ')'), ('{', '}'), ('<', '>')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close).map(str::trim))
}

/// The unit of a cell in a row of units.
pub(crate) fn in_cell(text: &str) -> Option<String> {
    // `1 kg` is a value.
    if text.trim().len() > 1 && text.trim().starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    match bare(text) {
        // `(1.50)` is a number, below zero or uncertain.
        Some(inner) if is_number(inner) => None,
        Some(inner) if inner.chars().count() <= 24 && !inner.is_empty() => Some(inner.to_owned()),
        Some(_) => None,
        None => is_known(text).then(|| text.trim().to_owned()),
    }
}

/// The name and the unit of a header: `Weight [g]`, `T (°C)`, `Kraft/N`, `Load, kg`.
pub(crate) fn in_header(header: &str) -> (String, Option<String>) {
    let header = header.trim();
    let of = |name: &str, unit: &str| {
        let name =
            name.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '/' | ':' | '_' | '-'));
        (!name.trim().is_empty()).then(|| (name.trim().to_owned(), Some(unit.trim().to_owned())))
    };
    for (open, close) in [('[', ']'), ('(', ')'), ('（', '）'), ('{', '}')] {
        let inside = header.strip_suffix(close).and_then(|rest| rest.rsplit_once(open));
        if let Some((name, unit)) = inside {
            let unit = unit.trim();
            let certain = is_known(unit) || (open == '[' && !unit.is_empty() && unit.chars().count() <= 24);
            if let Some(found) = certain.then(|| of(name, unit)).flatten() {
                return found;
            }
        }
    }
    // `Load, kg`, `Kraft/N`, `a/m/s`: the unit is what follows the first mark, if that is one.
    for mark in [',', '/'] {
        if let Some((name, unit)) = header.split_once(mark) {
            let certain = is_known(unit)
                && !matches!(unit.trim(), "1" | "-")
                && name.chars().any(char::is_alphabetic)
                && !is_known(name);
            if let Some(found) = certain.then(|| of(name, unit)).flatten() {
                return found;
            }
        }
    }
    (header.to_owned(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_with_units() {
        for (header, name, unit) in [
            ("Weight [g]", "Weight", Some("g")),
            ("T (°C)", "T", Some("°C")),
            ("Kraft/N", "Kraft", Some("N")),
            ("Anzeige [mV/V]", "Anzeige", Some("mV/V")),
            ("Reading, mV/V", "Reading", Some("mV/V")),
            ("重量(g)", "重量", Some("g")),
            ("a/m/s^2", "a", Some("m/s^2")),
            ("Force (left)", "Force (left)", None),
            ("mV/V", "mV/V", None),
            ("km/h", "km/h", None),
            ("time", "time", None),
            ("[g]", "[g]", None),
            ("mass_g", "mass_g", None),
            ("in/out", "in/out", None),
            ("n/a", "n/a", None),
        ] {
            assert_eq!(in_header(header), (name.to_owned(), unit.map(str::to_owned)), "{header}");
        }
        for (cell, unit) in [
            ("(s)", Some("s")),
            ("kg", Some("kg")),
            ("mV/V", Some("mV/V")),
            ("time", None),
            ("1 kg", None),
            ("(1.50)", None),
            ("", None),
        ] {
            assert_eq!(in_cell(cell).as_deref(), unit, "{cell}");
        }
    }
}
