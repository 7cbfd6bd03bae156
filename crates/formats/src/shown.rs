//! How a text from outside is shown to people: in one line that commands no terminal and hides nothing.
//!
//! Files of version 1 may hold any character. What version 2 refuses (docs/spec/2-csv.md, 2.2) is shown by its code point
//! here, so that a title cannot pose as a verdict. Nothing is refused, and no byte of a file depends on this.

use crate::text::may_hold;
use std::fmt::Write;

/// Spaces that may stand in a row, as they do in the columns of a help text or before a comment; more could move what
/// follows to where something else is expected, and are counted instead.
pub const GAP: usize = 16;

/// Marks that may stand above or below one letter; more reach into other lines.
const MARKS: usize = 4;

/// Characters of a text that is quoted; what is longer is cut.
const QUOTED: usize = 200;

/// The text in one line, with what is not seen, or misleads, escaped.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut spaces, mut marks) = (0, 0);
    for c in text.chars() {
        if c == ' ' {
            spaces += 1;
            continue;
        }
        gap(&mut out, std::mem::take(&mut spaces));
        marks = if crate::text::is_mark(c) { marks + 1 } else { 0 };
        // The one sign of the table that is blank.
        if may_hold(c) && c != '\u{2800}' && marks <= MARKS {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    gap(&mut out, spaces);
    out
}

fn gap(out: &mut String, spaces: usize) {
    if spaces > GAP {
        write!(out, "\\u{{20}}×{spaces}").expect("a text takes what is written");
    } else {
        out.extend(std::iter::repeat_n(' ', spaces));
    }
}

/// The text in quotation marks, [`plain`] and shortened: what somebody else says.
pub fn quoted(text: &str) -> String {
    let mut shown = plain(&text.chars().take(QUOTED).collect::<String>()).replace('"', "\\\"");
    if text.chars().nth(QUOTED).is_some() {
        shown.push('…');
    }
    format!("\"{shown}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_unseen_is_left() {
        for (text, shown) in [
            ("Zürich 重 ٣ €", "Zürich 重 ٣ €"),
            ("\u{1b}[2Ja", "\\u{1b}[2Ja"),
            ("a\nb\r\tc", "a\\u{a}b\\u{d}\\u{9}c"),
            ("a\u{202e}b\u{200b}\u{feff}", "a\\u{202e}b\\u{200b}\\u{feff}"),
            ("\u{e000}\u{10fffd}\u{378}\u{3164}\u{2800}", "\\u{e000}\\u{10fffd}\\u{378}\\u{3164}\\u{2800}"),
            ("a\u{a0}b\u{2003}c", "a\\u{a0}b\\u{2003}c"),
            ("a    b", "a    b"),
            ("a                b", "a                b"),
            ("a                 b", "a\\u{20}×17b"),
            ("z\u{301}\u{301}\u{301}\u{301}\u{301}", "z\u{301}\u{301}\u{301}\u{301}\\u{301}"),
        ] {
            assert_eq!(plain(text), shown, "{text:?}");
        }
    }

    #[test]
    fn what_is_quoted_is_short_and_stays_inside() {
        assert_eq!(quoted("a \" b"), "\"a \\\" b\"");
        let long = quoted(&"x".repeat(5000));
        assert_eq!(long.chars().count(), QUOTED + 3);
    }
}
