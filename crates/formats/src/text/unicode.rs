//! The characters of version 2 texts: Unicode 14.0, whose table is part of the format (docs/spec/2-csv.md, 2.2).

use std::sync::LazyLock;

/// What a character of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Letter,
    Mark,
    Digit,
    Other,
}

/// First and last code point of each run, ascending.
static RUNS: LazyLock<Vec<(u32, u32, Class)>> = LazyLock::new(|| {
    let table = include_str!("../../tables/unicode-14.0.txt");
    let run = |line: &str| {
        let mut words = line.split(' ');
        let mut code = || u32::from_str_radix(words.next()?, 16).ok();
        let (first, last) = (code()?, code()?);
        let class = match words.next()? {
            "L" => Class::Letter,
            "M" => Class::Mark,
            "D" => Class::Digit,
            _ => Class::Other,
        };
        Some((first, last, class))
    };
    table.lines().filter(|line| !line.starts_with('#')).filter_map(run).collect()
});

/// What a character is, none if no text may hold it.
pub(super) fn class(c: char) -> Option<Class> {
    if c.is_ascii() {
        return match c {
            'a'..='z' | 'A'..='Z' => Some(Class::Letter),
            '0'..='9' => Some(Class::Digit),
            '!'..='~' => Some(Class::Other),
            _ => None,
        };
    }
    let code = u32::from(c);
    let at = RUNS.partition_point(|&(_, last, _)| last < code);
    RUNS.get(at).filter(|&&(first, ..)| first <= code).map(|&(_, _, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        assert_eq!(RUNS.len(), 1367);
        assert!(RUNS.iter().all(|&(first, last, _)| first <= last));
        assert!(RUNS.windows(2).all(|pair| pair[0].1 < pair[1].0));
        // The short way for ASCII says what the table says.
        for code in 0..0x80 {
            let listed = RUNS.iter().find(|&&(first, last, _)| (first..=last).contains(&code));
            assert_eq!(class(char::from_u32(code).unwrap()), listed.map(|&(_, _, class)| class), "{code}");
        }
    }

    #[test]
    fn what_misleads_is_in_no_text() {
        for c in [
            '\u{200b}', '\u{202e}', '\u{00a0}', '\u{3164}', '\u{e000}', '\u{0378}', '\u{feff}', '\u{7f}',
            '\u{fe0f}',
        ] {
            assert_eq!(class(c), None, "{c:?}");
        }
        assert_eq!(class('重'), Some(Class::Letter));
        assert_eq!(class('\u{301}'), Some(Class::Mark));
        assert_eq!(class('٣'), Some(Class::Digit));
        assert_eq!(class('€'), Some(Class::Other));
    }
}
