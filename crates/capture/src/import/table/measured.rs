//! Numbers with something around them: a unit, which is read, or what makes them something else than a number.

use super::number::is_number;
use super::units;
use openweigh_formats::limits::MAX_CHARACTERS;

/// A number and the unit that stands behind it, with a space or without: `12.5 g`, `9,81 m/s^2`, `12%`.
pub(crate) fn with_unit(cell: &[u8]) -> Option<(&[u8], &str)> {
    let text = std::str::from_utf8(cell).ok()?;
    let begins = text.trim_start_matches(['-', '+', '\u{2212}', '.', ',', ' ']);
    if !begins.starts_with(|c: char| c.is_ascii_digit()) || text.len() > 2 * MAX_CHARACTERS {
        return None;
    }
    // In a header a unit may have a space in it; behind a number two words are rather a remark.
    let is_unit = |unit: &str| {
        units::is_known(unit) && !matches!(unit, "1" | "-" | "d") && !unit.contains(char::is_whitespace)
    };
    let apart = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let joined = text.rfind(|c: char| c.is_ascii_digit() || c == '.').map(|at| at + 1);
    apart.chain(joined).find_map(|at| {
        let (number, unit) = (text[..at].trim_end(), text[at..].trim_start());
        (is_unit(unit) && is_number(number)).then_some((number.as_bytes(), unit))
    })
}

/// Whether a text is a number with something that people write around one: money, an uncertainty, a limit, a remark,
/// hexadecimal digits, a power of ten.
pub(crate) fn is_close(cell: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(cell) else { return false };
    let money = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₹');
    let bare = text.trim_start_matches(['<', '>', '~', '≈', '≤', '≥']).trim_end_matches('*');
    let bare = bare.trim_start_matches('-').trim_start_matches(money).trim_end_matches(money);
    if bare.len() < text.trim_start_matches('-').len() && is_number(bare) {
        return true;
    }
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let begins = |marks: &[&str]| {
        marks
            .iter()
            .filter_map(|mark| text.split_once(mark))
            .any(|(number, _)| is_number(number) || with_unit(number.trim().as_bytes()).is_some())
    };
    // A minus behind a number, as some accounts have it, or brackets around it; a text that a sheet shall not touch.
    let around = [("", "-"), ("(", ")"), ("=\"", "\"")];
    let inner = |(before, after): &(&str, &str)| text.strip_prefix(before)?.strip_suffix(after);
    if around.iter().filter_map(inner).any(is_number) || is_compound(text) {
        return true;
    }
    // A tab between two numbers, where another delimiter is tried, is no blank between groups of digits.
    if text.contains('\t') && is_number(&text.replace('\t', " ")) {
        return true;
    }
    // A sheet's mark for a text.
    if text.strip_prefix(['\'', '\u{2019}']).is_some_and(is_number) {
        return true;
    }
    let in_brackets = text
        .strip_suffix(')')
        .and_then(|text| text.split_once('('))
        .is_some_and(|(number, digits)| is_number(number) && is_number(digits));
    let power = text.split_once(['D', 'd']).is_some_and(|(number, power)| {
        is_number(number) && power.starts_with(['+', '-']) && is_number(power)
    });
    in_brackets || power || begins(&["±", "+/-", "+-", "×", "·", "#", "//"])
}

/// Whether a text is so near to a number that it must not pass for a mere text.
pub(crate) fn is_numberish(cell: &[u8]) -> bool {
    if is_scaled(cell) || is_foreign(cell) {
        return true;
    }
    let start = usize::from(matches!(cell.first(), Some(b'-' | b'+' | b'.' | b',')));
    if !cell.get(start).is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let mark = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'\'' | b' ' | b'%' | b'_');
    cell[start..].iter().all(mark)
}

/// Two numbers or more, each with its unit: `2 lb 3 oz`, `1h 30m`.
fn is_compound(text: &str) -> bool {
    let mut words = text.split_ascii_whitespace();
    let mut parts = 0;
    while let Some(word) = words.next() {
        let joined = with_unit(word.as_bytes()).is_some();
        if !(joined || is_number(word) && words.next().is_some_and(units::is_known)) {
            return false;
        }
        parts += 1;
    }
    parts > 1
}

/// A number with the prefix of a unit and no unit, or a fraction: `1.5k`, `3/4`.
fn is_scaled(cell: &[u8]) -> bool {
    let body = cell.strip_prefix(b"-").or(cell.strip_prefix(b"+")).unwrap_or(cell);
    let number = |text: &[u8]| {
        text.first().is_some_and(u8::is_ascii_digit)
            && text.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
    };
    match body {
        [rest @ .., b'k' | b'K' | b'M' | b'G'] => number(rest),
        _ => body
            .iter()
            .position(|byte| *byte == b'/')
            .is_some_and(|at| number(&body[..at]) && number(&body[at + 1..])),
    }
}

/// Digits of another script: `١٢`, `１２`.
fn is_foreign(cell: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(cell) else { return false };
    !text.is_ascii() && text.chars().all(|c| c.is_numeric() || matches!(c, '.' | ',' | '-' | '+' | '٫' | '٬'))
}

#[cfg(test)]
mod tests {
    use super::super::number::{Class, classify};
    use super::*;

    #[test]
    fn numbers_have_their_units_behind_them() {
        for (cell, number, unit) in [
            ("12.5 g", "12.5", "g"),
            ("12,5g", "12,5", "g"),
            ("-0.5 mV/V", "-0.5", "mV/V"),
            ("9.81 m/s^2", "9.81", "m/s^2"),
            ("1 234 kg", "1 234", "kg"),
            ("12\u{a0}%", "12", "%"),
            ("1e-3 V", "1e-3", "V"),
            ("5 °C", "5", "°C"),
        ] {
            assert_eq!(with_unit(cell.as_bytes()), Some((number.as_bytes(), unit)), "{cell}");
            assert!(matches!(classify(cell.as_bytes()), Class::Measured { .. }), "{cell}");
        }
        for cell in ["12", "g", "12 Euro", "a 12 g", "12 g g1", "", "1 -"] {
            assert_eq!(with_unit(cell.as_bytes()), None, "{cell}");
        }
    }
}
