//! Characters that nobody sees, or that move what is seen, written as what they are.
//!
//! Which these are says the table of the formats (docs/spec/unicode-14.0.txt), and not the Unicode version of a library:
//! what is written today is written the same tomorrow.

use std::borrow::Cow;
use std::sync::LazyLock;

/// First and last code point of each run of characters that have a shape, ascending.
static SEEN: LazyLock<Vec<(u32, u32)>> = LazyLock::new(|| {
    let table = include_str!("../tables/unicode-14.0.txt");
    let run = |line: &str| {
        let mut words = line.split(' ');
        let mut code = || u32::from_str_radix(words.next()?, 16).ok();
        Some((code()?, code()?))
    };
    table.lines().filter(|line| !line.starts_with('#')).filter_map(run).collect()
});

/// Whether a character is one that nobody sees: a control character, a format character (bidirectional controls,
/// joiners), one that Unicode calls ignorable by default, of private use or unassigned; and the blank of Braille. Spaces
/// of any width are none of them.
#[must_use]
pub fn is_unseen(character: char) -> bool {
    match character {
        ' '..='~' => false,
        '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => false,
        '\u{2800}' => true,
        _ => {
            let code = u32::from(character);
            let at = SEEN.partition_point(|&(_, last)| last < code);
            SEEN.get(at).is_none_or(|&(first, _)| code < first)
        }
    }
}

/// The text with each unseen character as `\u{…}`: `a\u{202e}b` for a text with a right-to-left override.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unseen) {
        return Cow::Borrowed(text);
    }
    let shown = |character: char| {
        if is_unseen(character) { character.escape_unicode().to_string() } else { character.to_string() }
    };
    Cow::Owned(text.chars().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_written_out() {
        assert_eq!(visible("Größe 质量, 20 °C"), "Größe 质量, 20 °C");
        assert_eq!(visible("a\u{202e}b\u{1b}[2J\n"), "a\\u{202e}b\\u{1b}[2J\\u{a}");
        assert_eq!(visible(&visible("\u{feff}x")), visible("\u{feff}x"), "twice is once");
    }

    #[test]
    fn format_characters_private_use_and_what_is_unassigned_are_unseen() {
        for unseen in "\u{70f}\u{8e2}\u{13430}\u{e000}\u{378}\u{2800}\u{2029}\u{7f}\u{10ffff}".chars() {
            assert!(is_unseen(unseen), "{unseen:?}");
        }
        for seen in "aé\u{301}\u{a0}\u{3000}重😀".chars() {
            assert!(!is_unseen(seen), "{seen:?}");
        }
    }
}
