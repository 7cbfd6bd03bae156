//! Marks in a text that is yet to be printed: where a tone begins and ends, and gaps that are ours. Each holds a number
//! that is drawn when the program starts, so that no file can contain one.

use super::Tone;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

/// Characters of private use, which nobody else writes in this order.
static SECRET: LazyLock<String> = LazyLock::new(|| {
    let drawn = RandomState::new().hash_one(0_u8);
    let part = |shift: u32| u32::try_from(drawn >> shift & 0x7fff).expect("15 bits");
    [0, 15, 30, 45].into_iter().filter_map(|shift| char::from_u32(0xf_0000 + part(shift))).collect()
});

/// What follows the secret: a character of private use that is a number.
fn mark(number: usize) -> String {
    let code =
        u32::try_from(number.min(LONGEST + GAPS)).ok().and_then(|number| char::from_u32(0xe000 + number));
    format!("{}{}", *SECRET, code.expect("within the characters of private use"))
}

/// The number of the end of a tone, and the first of the gaps, whose lengths follow.
const END: usize = Tone::ALL.len();
const GAPS: usize = END + 1;

/// The longest gap.
const LONGEST: usize = 200;

/// The text in its tone.
pub(super) fn toned(tone: Tone, text: &str) -> String {
    let number = Tone::ALL.iter().position(|own| *own == tone).unwrap_or(END);
    format!("{}{text}{}", mark(number), mark(END))
}

/// The text, and a gap after it.
pub(super) fn gap(text: &str, spaces: usize) -> String {
    if spaces == 0 { text.to_owned() } else { format!("{text}{}", mark(GAPS + spaces.min(LONGEST))) }
}

/// A piece of a text with marks.
#[derive(Debug, PartialEq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Tone(Tone),
    Plain,
    Gap(usize),
}

/// The pieces of a text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut parts = text.split(SECRET.as_str());
    found.extend(parts.next().filter(|first| !first.is_empty()).map(Piece::Text));
    for part in parts {
        let mut rest = part.chars();
        let number = rest.next().and_then(|c| u32::from(c).checked_sub(0xe000));
        let piece = match number.and_then(|number| usize::try_from(number).ok()) {
            Some(number) if number < END => Piece::Tone(Tone::ALL[number]),
            Some(END) => Piece::Plain,
            Some(number) if number <= GAPS + LONGEST => Piece::Gap(number - GAPS),
            _ => Piece::Text(part),
        };
        let is_text = matches!(piece, Piece::Text(_));
        found.push(piece);
        if !is_text && !rest.as_str().is_empty() {
            found.push(Piece::Text(rest.as_str()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_back_and_nothing_else_is_one() {
        let text = format!("a{}{}", toned(Tone::Bad, "b"), gap("c", 7));
        let read = [
            Piece::Text("a"),
            Piece::Tone(Tone::Bad),
            Piece::Text("b"),
            Piece::Plain,
            Piece::Text("c"),
            Piece::Gap(7),
        ];
        assert_eq!(pieces(&text), read);
        for text in ["", "\u{e001}", "\u{f0000}\u{f0001}\u{f0002}\u{f0003}\u{e00a}", "\u{f8f5}"] {
            assert!(pieces(text).iter().all(|piece| matches!(piece, Piece::Text(_))), "{text:?}");
        }
    }
}
