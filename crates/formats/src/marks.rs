//! Where the cells of whole lines end, and where something stands that is no canonical decimal: found 64 bytes
//! at a time, as bits, with no branch that depends on the data.
//!
//! It decides nothing. A row without a mark of trouble is what the reader cell by cell would have found; any
//! other row is given to that reader, which says what is wrong. (Langdale and Lemire, Parsing gigabytes of
//! JSON per second, VLDB Journal 28, 2019, find structure in text this way.)

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

/// Bytes of a word of marks.
const WORD: usize = 64;

/// The cells of a block of whole lines. What stands in the lists behind the last word, or behind `count`, is old.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// Where each cell's comma or line end is.
    ends: Vec<u32>,
    count: usize,
    /// Of every 64 bytes: ends of cells with a decimal point.
    points: Vec<u64>,
    /// Ends of cells that are neither empty nor a canonical decimal.
    broken: Vec<Broken>,
    /// Line ends.
    pub(crate) lines: usize,
}

/// Of 64 bytes: which of them end a broken cell, and how many broken cells ended before.
#[derive(Debug, Default, Clone, Copy)]
struct Broken {
    ends: u64,
    before: u32,
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

#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn classify<S: Simd>(simd: S, bytes: &[u8; WORD]) -> Classes {
    let lanes = u8x64::simd_from(simd, *bytes);
    let equal = |byte: u8| lanes.simd_eq(byte).to_bitmask();
    let line = equal(b'\n');
    Classes {
        line,
        separator: equal(b',') | line,
        minus: equal(b'-'),
        // A digit less `0` is at most nine, and nothing else is.
        digit: (lanes - b'0').simd_le(9).to_bitmask(),
        zero: equal(b'0'),
        point: equal(b'.'),
    }
}

/// What is found out about a word.
struct Found {
    line: u64,
    separator: u64,
    /// Ends of cells with a decimal point.
    points: u64,
    /// Ends of broken cells.
    broken: u64,
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
        dispatch!(Level::new(), simd => self.all(simd, bytes));
    }

    #[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
    #[inline(always)]
    fn all<S: Simd>(&mut self, simd: S, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<WORD>();
        // Digits behind the last line end no cell.
        let mut last = [b'0'; WORD];
        last[..rest.len()].copy_from_slice(rest);
        if self.points.len() <= words.len() {
            self.points.resize(words.len() + 1, 0);
            self.broken.resize(words.len() + 1, Broken::default());
            self.ends.resize((words.len() + 2) * WORD, 0);
        }
        // Before the first byte a line has ended.
        let mut before = Before { separator: 1, ..Before::default() };
        let (mut base, mut count, mut most, mut lines, mut broken_before) = (0, 0, 0, 0, 0);
        let kept = self.points.iter_mut().zip(&mut self.broken);
        for (word, (points, broken)) in words.iter().chain([&last]).zip(kept) {
            let found = examine(simd, word, &mut before);
            *points = found.points;
            *broken = Broken { ends: found.broken, before: broken_before };
            broken_before += found.broken.count_ones();
            lines += found.line.count_ones() as usize;
            // For every word as many as for the one with the most: a count that changes costs the processor
            // more than a few steps for nothing.
            let own = found.separator.count_ones() as usize;
            most = most.max(own);
            list(&mut self.ends[count..], base, found.separator, most);
            count += own;
            base += 64;
        }
        (self.count, self.lines) = (count, lines);
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

    /// How many of the cells that end before a place are neither empty nor a canonical decimal.
    #[inline]
    pub(crate) fn broken_before(&self, place: usize) -> u32 {
        let Broken { ends, before } = self.broken[place / WORD];
        before + (ends & !(u64::MAX << (place % WORD))).count_ones()
    }
}

#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn examine<S: Simd>(simd: S, bytes: &[u8; WORD], before: &mut Before) -> Found {
    let Classes { line, separator, minus, digit, zero, point } = classify(simd, bytes);
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
    Found { line, separator, points: fraction_end, broken: broken_end }
}

/// Lists the set bits, counted from `base`, and behind them what the next word writes over; there is room for a
/// word of them.
#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn list(list: &mut [u32], base: u32, mut bits: u64, count: usize) {
    let room = list.first_chunk_mut::<WORD>().expect("room for a whole word");
    for end in &mut room[..count] {
        *end = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
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
                let broken = |place: usize| marks.broken_before(place);
                let is_broken = broken(at + 1) > broken(at);
                prop_assert_eq!(!is_broken, next == Some(at + 1), "{}", cell);
                prop_assert!(broken(start) == broken(at));
                if !is_broken {
                    prop_assert_eq!(marks.has_point(*end), cell.contains('.'));
                }
                start = at + 1;
            }
            prop_assert_eq!(marks.broken_before(0), 0);
        }

        #[test]
        fn marks_do_not_depend_on_what_was_marked_before(
            texts in prop::collection::vec("[-.0-9,a\n]{0,300}\n", 1..5),
        ) {
            let mut used = Marks::default();
            for text in &texts {
                let mut fresh = Marks::default();
                fresh.of(text.as_bytes());
                used.of(text.as_bytes());
                prop_assert_eq!(used.ends(), fresh.ends());
                prop_assert_eq!(used.lines, fresh.lines);
                for place in 0..=text.len() {
                    prop_assert_eq!(used.broken_before(place), fresh.broken_before(place));
                }
                for end in fresh.ends() {
                    prop_assert_eq!(used.has_point(*end), fresh.has_point(*end));
                }
            }
        }

        #[test]
        fn marks_are_the_same_with_every_set_of_instructions(text in "[-.0-9,a\n]{0,300}\n") {
            let (mut best, mut least) = (Marks::default(), Marks::default());
            best.of(text.as_bytes());
            dispatch!(Level::baseline(), simd => least.all(simd, text.as_bytes()));
            prop_assert_eq!(best.ends(), least.ends());
            prop_assert_eq!(best.lines, least.lines);
            prop_assert_eq!(best.broken_before(text.len()), least.broken_before(text.len()));
            for end in best.ends() {
                prop_assert_eq!(best.has_point(*end), least.has_point(*end));
            }
        }
    }
}
