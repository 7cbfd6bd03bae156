//! A line as words and numbers.
//!
//! Sensors write one reading a line, with or without words around it: `12.5`, `Reading: 12.5 g`, `ST,GS,+ 12.5kg`,
//! `8123;25.1`. What is between words does not matter, but for the decimal sign. What is not certainly a number is a word.

use crate::import::table::{Convention, DecimalSign, Group, canonical};

/// What stands in a line, in its order. Lines of one program share it, and so the units of its numbers: a balance that
/// goes over from g to kg gives no readings until it comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shape(Vec<Thing>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Thing {
    Word,
    /// A number, with the word right behind it, if there is one.
    Number(Option<String>),
}

impl Shape {
    pub(super) fn has_numbers(&self) -> bool {
        self.0.iter().any(|thing| matches!(thing, Thing::Number(_)))
    }
}

/// A line: its shape, and the canonical text of each number. None if what stands in it has more than one meaning.
pub(super) fn read(line: &str, decimal: DecimalSign) -> Option<(Shape, Vec<String>)> {
    let separates = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || ";:=|()[]{}\"'/#".contains(c)
            || (c == ',' && decimal == DecimalSign::Point)
    };
    let (mut shape, mut numbers, mut sign) = (Vec::new(), Vec::new(), None);
    for word in line.split(separates).filter(|word| !word.is_empty()) {
        if matches!(word, "+" | "-" | "\u{2212}") {
            // A sign apart from its number, as balances write it. After a number it could mean a difference.
            if sign.is_some() || shape.last() == Some(&Thing::Number(None)) {
                return None;
            }
            sign = Some(word);
            continue;
        }
        let signed = sign.take().map_or_else(|| word.to_owned(), |sign| format!("{sign}{word}"));
        match (number(&signed, decimal), shape.last_mut()) {
            (Some((text, unit)), _) => {
                shape.push(Thing::Number(unit));
                numbers.push(text);
            }
            (None, Some(Thing::Number(unit @ None))) => *unit = Some(word.to_owned()),
            (None, _) => shape.push(Thing::Word),
        }
    }
    (sign.is_none()).then_some((Shape(shape), numbers))
}

/// The canonical text of a number, and the unit that is joined to it.
fn number(word: &str, decimal: DecimalSign) -> Option<(String, Option<String>)> {
    let convention = Convention { decimal, group: Group::None };
    let read = |word: &str| {
        let mut out = Vec::new();
        let whole = word.ends_with(|c: char| c.is_ascii_digit() || c == '.')
            && canonical(word.as_bytes(), convention, &mut out);
        whole.then(|| String::from_utf8(out).ok()).flatten()
    };
    let bare = word.trim_end_matches(|c: char| c.is_alphabetic() || "%°".contains(c));
    let unit = &word[bare.len()..];
    Some((read(bare)?, (!unit.is_empty()).then(|| unit.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(line: &str) -> Option<Vec<String>> {
        read(line, DecimalSign::Point).map(|(_, numbers)| numbers)
    }

    #[test]
    fn numbers_are_found_among_words() {
        for (line, found) in [
            ("12.50", &["12.5"][..]),
            ("Reading: 12.5 g", &["12.5"]),
            ("HX711 ch1 raw=8123", &["8123"]),
            ("ST,GS,+  12.5kg", &["12.5"]),
            ("S S     -0.020 g", &["-0.02"]),
            ("N     -   0.5 g", &["-0.5"]),
            ("12:03:04.123 -> 8123", &["12", "3", "4.123", "8123"]),
            ("0x1F", &[]),
            ("1e3", &["1000"]),
            ("25.1;8123", &["25.1", "8123"]),
            ("nan", &[]),
            ("--5", &[]),
            ("1.2.3", &[]),
            ("v1.2", &[]),
        ] {
            assert_eq!(
                numbers(line).as_deref(),
                Some(&found.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()[..]),
                "{line}"
            );
        }
        assert_eq!(numbers("12 - 13"), None);
        assert_eq!(numbers("12 -"), None);
    }

    #[test]
    fn lines_of_one_shape_have_the_same_units() {
        let shape = |line| read(line, DecimalSign::Point).unwrap().0;
        assert_eq!(shape("ST, 998 g"), shape("US,-1.5 g"));
        assert_eq!(shape("998g"), shape("998 g"));
        assert_ne!(shape("ST, 998 g"), shape("ST, 1.002 kg"));
        assert_ne!(shape("998g"), shape("1.002kg"));
        assert_ne!(shape("998"), shape("998 g"));
    }

    #[test]
    fn a_comma_is_a_decimal_sign_where_it_is_said() {
        let read = |line| read(line, DecimalSign::Comma).unwrap().1;
        assert_eq!(read("12,5; 8"), ["12.5", "8"]);
        assert_eq!(read("1.5"), [""; 0]);
    }
}
