//! Where the cells of whole lines end, and where something stands that is no canonical decimal: found 64 bytes
//! at a time, as bits, with no branch that depends on the data.
//!
//! It decides nothing. A row without a mark of trouble is what the reader cell by cell would have found; any
//! other row is given to that reader, which says what is wrong. (Langdale and Lemire, Parsing gigabytes of
//! JSON per second, VLDB Journal 28, 2019, find structure in text this way.)

use wide::u8x16;

/// Bytes of a word of marks.
const WORD: usize = 64;

/// The cells of a block of whole lines.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Where each cell's comma or line end is; those behind `count` are old.
    ends: Vec<u32>,
    count: usize,
    /// Of every 64 bytes: ends of cells with a decimal point.
    points: Vec<u64>,
    /// Ends of cells that are neither empty nor a canonical decimal.
    broken: Vec<u64>,
    /// Line ends.
    pub(crate) lines: usize,
}

/// What carries over from one word to the next: the marks of the byte before.
#[derive(Default, Clone, Copy)]
struct Before {
    separator: u64,
    minus: u64,
    digit: u64,
    zero: u64,
    point: u64,
    /// Whether digits of a fraction go on.
    fraction: u64,
    /// Whether that byte is the zero at the beginning of a cell.
    leading_zero: u64,
    /// Whether it is the zero of a `-0`.
    minus_zero: u64,
    /// Whether the cell that goes on is broken already.
    broken: u64,
}

/// The classes of 64 bytes, a bit each.
struct Classes {
    line: u64,
    separator: u64,
    minus: u64,
    digit: u64,
    zero: u64,
    point: u64,
}

fn classify(bytes: &[u8; WORD]) -> Classes {
    let mut classes = Classes { line: 0, separator: 0, minus: 0, digit: 0, zero: 0, point: 0 };
    for (at, sixteen) in bytes.as_chunks::<16>().0.iter().enumerate() {
        let lane = u8x16::new(*sixteen);
        let equal = |byte: u8| u64::from(lane.simd_eq(u8x16::splat(byte)).to_bitmask()) << (16 * at);
        // A digit less `0` is at most nine, and nothing else is.
        let from_zero = lane - u8x16::splat(b'0');
        let is_digit = from_zero.min(u8x16::splat(9)).simd_eq(from_zero);
        let line = equal(b'\n');
        classes.line |= line;
        classes.separator |= equal(b',') | line;
        classes.minus |= equal(b'-');
        classes.point |= equal(b'.');
        classes.zero |= equal(b'0');
        classes.digit |= u64::from(is_digit.to_bitmask()) << (16 * at);
    }
    classes
}

impl Marks {
    /// Bytes that may be marked at a time.
    pub(crate) const MOST: usize = 1 << 30;

    /// Marks whole lines.
    ///
    /// # Panics
    /// If there are more than [`Marks::MOST`] bytes.
    pub(crate) fn of(&mut self, bytes: &[u8]) {
        assert!(bytes.len() < Self::MOST, "cells are marked in pieces");
        (self.count, self.lines) = (0, 0);
        self.points.clear();
        self.broken.clear();
        // Before the first byte a line has ended.
        let mut before = Before { separator: 1, ..Before::default() };
        let (words, rest) = bytes.as_chunks::<WORD>();
        let mut base = 0;
        for word in words {
            self.word(word, base, &mut before);
            base += 64;
        }
        // Digits behind the last line end no cell.
        let mut last = [b'0'; WORD];
        last[..rest.len()].copy_from_slice(rest);
        self.word(&last, base, &mut before);
    }

    /// Where each cell's comma or line end is, in order.
    pub(crate) fn ends(&self) -> &[u32] {
        &self.ends[..self.count]
    }

    /// Whether the cell that ends there has a decimal point.
    #[inline]
    pub(crate) fn has_point(&self, end: u32) -> bool {
        self.points[end as usize / WORD] >> (end as usize % WORD) & 1 != 0
    }

    /// Whether one of the cells that end in a range, its last end included, is neither empty nor a canonical
    /// decimal; the one that ends at `but` does not count.
    #[inline]
    pub(crate) fn is_broken(&self, from: u32, last: u32, but: u32) -> bool {
        let (first, end) = (from as usize / WORD, last as usize / WORD);
        let mut any = 0;
        for (at, word) in self.broken[first..=end].iter().enumerate() {
            let mut word = *word;
            if at == 0 {
                word &= u64::MAX << (from as usize % WORD);
            }
            if first + at == but as usize / WORD {
                word &= !(1 << (but as usize % WORD));
            }
            if first + at == end {
                word &= u64::MAX >> (WORD - 1 - last as usize % WORD);
            }
            any |= word;
        }
        any != 0
    }

    fn word(&mut self, bytes: &[u8; WORD], base: u32, before: &mut Before) {
        let Classes { line, separator, minus, digit, zero, point } = classify(bytes);
        let known = separator | minus | digit | point;
        // The class of the byte before each byte.
        let after_separator = separator << 1 | before.separator;
        let after_minus = minus << 1 | before.minus;
        let after_digit = digit << 1 | before.digit;
        let after_point = point << 1 | before.point;
        let mut broken = !known;
        // A minus begins a cell, and a digit follows it.
        broken |= minus & !after_separator;
        broken |= after_minus & !digit;
        // A point stands between digits.
        broken |= point & !after_digit;
        broken |= after_point & !digit;
        // A zero at the beginning stands alone before a point or the end.
        let leading_zero = zero & (after_separator | after_minus);
        broken |= (leading_zero << 1 | before.leading_zero) & digit;
        let minus_zero = zero & after_minus;
        broken |= (minus_zero << 1 | before.minus_zero) & separator;
        // Adding a fraction's first digit to the digits carries to where the fraction ends.
        let (sum, goes_on) = digit.overflowing_add((after_point | before.fraction) & digit);
        let fraction_end = (sum | before.fraction) & !digit;
        broken |= fraction_end & !separator;
        // The last digit of a fraction counts.
        broken |= fraction_end & (zero << 1 | before.zero);
        // In the same way what is broken inside a cell carries to the cell's end.
        let inside = !separator;
        let (sum, is_broken) = inside.overflowing_add((broken | before.broken) & inside);
        let broken_end = (sum | broken | before.broken) & separator;
        *before = Before {
            separator: separator >> 63,
            minus: minus >> 63,
            digit: digit >> 63,
            zero: zero >> 63,
            point: point >> 63,
            fraction: u64::from(goes_on),
            leading_zero: leading_zero >> 63,
            minus_zero: minus_zero >> 63,
            broken: u64::from(is_broken),
        };
        self.lines += line.count_ones() as usize;
        self.points.push(fraction_end);
        self.broken.push(broken_end);
        self.push(base, separator);
    }

    #[inline]
    fn push(&mut self, base: u32, mut separator: u64) {
        if self.ends.len() < self.count + WORD {
            self.ends.resize(2 * self.ends.len() + WORD, 0);
        }
        let mut at = self.count;
        while separator != 0 {
            self.ends[at] = base + separator.trailing_zeros();
            separator &= separator - 1;
            at += 1;
        }
        self.count = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_say_what_the_scanner_says(
            cells in prop::collection::vec("(-?(0|[1-9][0-9]{0,20})(\\.[0-9]{0,30}[1-9])?|[-.0-9]{0,6}|[0-9.a]{0,40})", 1..60),
        ) {
            let text = cells.join(",") + "\n";
            let mut marks = Marks::default();
            marks.of(text.as_bytes());
            prop_assert_eq!(marks.ends().len(), cells.len());
            prop_assert_eq!(marks.lines, 1);
            let mut start = 0;
            for (cell, end) in cells.iter().zip(marks.ends()) {
                let at = *end as usize;
                prop_assert_eq!(&text[start..at], cell.as_str());
                let next = csv::skip_number(text.as_bytes(), start, text.as_bytes()[at]);
                let is_broken = marks.is_broken(*end, *end, u32::MAX);
                prop_assert_eq!(!is_broken, next == Some(at + 1), "{}", cell);
                prop_assert!(!marks.is_broken(*end, *end, *end));
                if !is_broken {
                    prop_assert_eq!(marks.has_point(*end), cell.contains('.'));
                }
                start = at + 1;
            }
            let (first, last) = (marks.ends()[0], *marks.ends().last().unwrap());
            let broken = |end: &u32| marks.is_broken(*end, *end, u32::MAX);
            prop_assert_eq!(marks.is_broken(first, last, u32::MAX), marks.ends().iter().any(broken));
            for but in marks.ends() {
                let others = marks.ends().iter().filter(|end| *end != but).any(broken);
                prop_assert_eq!(marks.is_broken(first, last, *but), others);
            }
        }
    }
}
