//! Where the cells of whole lines end, and where something stands that is no canonical decimal: found 64 bytes
//! at a time, as bits, with no branch that depends on the data.
//!
//! It decides nothing. A row without a mark of trouble is what the reader cell by cell would have found; any
//! other row is given to that reader, which says what is wrong. (Langdale and Lemire, Parsing gigabytes of
//! JSON per second, VLDB Journal 28, 2019, find structure in text this way.)

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x16, u8x64};

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

/// A word behind the two bytes before it.
const WINDOW: usize = WORD + 2;

/// Cells of a word that are listed in any case: few words have more, and a count that changes costs the processor
/// more than a few steps for nothing.
const USUAL: usize = 10;

/// What carries over from one word to the next, 0 or 1 each.
#[derive(Default, Clone, Copy)]
struct Before {
    /// Whether digits of a fraction go on.
    fraction: u64,
    /// Whether the cell that goes on is broken already.
    broken: u64,
}

/// What is found out about a word, a bit for each byte.
struct Found {
    line: u64,
    separator: u64,
    /// Ends of cells with a decimal point.
    points: u64,
    /// Ends of broken cells.
    broken: u64,
}

/// Tables by the lower half of a byte, in which the bytes of decimals, commas and line ends all differ. A byte and the
/// two before it that cannot stand in a canonical decimal have a bit in common in the three of them. (Keiser and
/// Lemire, Validating UTF-8 in less than one instruction per byte, Software: Practice and Experience 51, 2021, find
/// wrong sequences in this way.)
struct Tables {
    /// The bytes themselves.
    known: [u8; 16],
    /// By the byte, by the one before it, and by the one before that.
    byte: [u8; 16],
    before: [u8; 16],
    before_that: [u8; 16],
}

const TABLES: Tables = {
    const MINUS: u8 = 1;
    const POINT: u8 = 2;
    const END: u8 = 4;
    const LEADING_ZERO: u8 = 8;
    const MINUS_ZERO: u8 = 16;
    // Errors that two bytes make are errors whatever stands before.
    let mut tables = Tables {
        // Nothing that stands here has the lower half of its place but what is known.
        known: *b"0123456789\n\0,-.\0",
        byte: [0; 16],
        before: [0; 16],
        before_that: [MINUS | POINT | END; 16],
    };
    let mut digit = 0;
    while digit < 10 {
        // A zero at the beginning stands alone before a point or the end.
        tables.byte[digit] = LEADING_ZERO;
        tables.before[digit] = MINUS;
        digit += 1;
    }
    tables.before[0] |= LEADING_ZERO | MINUS_ZERO;
    let (comma, line, minus, point) = (0xc, 0xa, 0xd, 0xe);
    // A minus begins a cell, and a digit follows it.
    tables.byte[minus] = MINUS;
    tables.before[minus] = MINUS | POINT | END;
    tables.before_that[minus] |= LEADING_ZERO | MINUS_ZERO;
    // A point stands between digits.
    tables.byte[point] = POINT;
    tables.before[point] = MINUS | POINT | END;
    // Nothing ends behind a minus or a point, nor behind `-0`.
    (tables.byte[comma], tables.byte[line]) = (END | MINUS_ZERO, END | MINUS_ZERO);
    (tables.before[comma], tables.before[line]) = (POINT, POINT);
    tables.before_that[comma] |= LEADING_ZERO;
    tables.before_that[line] |= LEADING_ZERO;
    tables
};

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
        let words = bytes.len() / WORD + 1;
        if self.points.len() < words {
            self.points.resize(words, 0);
            self.broken.resize(words, Broken::default());
            self.ends.resize((words + 1) * WORD, 0);
        }
        let (mut before, mut broken_before) = (Before::default(), 0);
        let (mut count, mut lines, mut base) = (0, 0, 0u32);
        for number in 0..words {
            let at = number * WORD;
            let found = match bytes.get(at.wrapping_sub(2)..at + WORD).and_then(|own| own.try_into().ok()) {
                Some(window) => examine(simd, window, &mut before),
                None => examine(simd, &at_the_edge(bytes, at), &mut before),
            };
            self.points[number] = found.points;
            self.broken[number] = Broken { ends: found.broken, before: broken_before };
            broken_before += found.broken.count_ones();
            lines += found.line.count_ones() as usize;
            list(&mut self.ends[count..], base, found.separator);
            count += found.separator.count_ones() as usize;
            base += 64;
        }
        (self.count, self.lines) = (count, lines);
    }

    /// Where each cell's comma or line end is, in order.
    #[inline]
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

/// A window at the first or the last word. Before the first byte a line has ended, and digits behind the last line end
/// no cell.
#[cold]
fn at_the_edge(bytes: &[u8], base: usize) -> [u8; WINDOW] {
    let mut window = [b'0'; WINDOW];
    let own = &bytes[base.saturating_sub(2)..bytes.len().min(base + WORD)];
    if base == 0 {
        window[..2].fill(b'\n');
        window[2..][..own.len()].copy_from_slice(own);
    } else {
        window[..own.len()].copy_from_slice(own);
    }
    window
}

#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn examine<S: Simd>(simd: S, window: &[u8; WINDOW], before: &mut Before) -> Found {
    let (before_that, byte_before, byte) =
        (lanes(simd, window, 0), lanes(simd, window, 1), lanes(simd, window, 2));
    let unknown = look(simd, &TABLES.known, byte) ^ byte;
    let wrong = look(simd, &TABLES.byte, byte)
        & look(simd, &TABLES.before, byte_before)
        & look(simd, &TABLES.before_that, before_that);
    let fine = (unknown | wrong).simd_eq(0).to_bitmask();
    let line = byte.simd_eq(b'\n').to_bitmask();
    // Their union; written as one, it makes the compiler take the vectors apart.
    let separator = byte.simd_eq(b',').to_bitmask() + line;
    // What is no digit and greater is not known.
    let digit = byte.simd_ge(b'0').to_bitmask();
    let after_point = byte_before.simd_eq(b'.').to_bitmask();
    let after_zero = byte_before.simd_eq(b'0').to_bitmask();
    // Adding a fraction's first digit to the digits carries to where the fraction ends.
    let (sum, goes_on) = digit.overflowing_add((after_point | before.fraction) & digit);
    let fraction_end = (sum | before.fraction) & !digit;
    // A fraction ends its cell, and its last digit counts.
    let broken = !fine | (fraction_end & (!separator | after_zero)) | before.broken;
    // In the same way what is broken inside a cell carries to the cell's end.
    let inside = !separator;
    let (sum, is_broken) = inside.overflowing_add(broken & inside);
    *before = Before { fraction: u64::from(goes_on), broken: u64::from(is_broken) };
    Found { line, separator, points: fraction_end, broken: (sum | broken) & separator }
}

#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn lanes<S: Simd>(simd: S, window: &[u8; WINDOW], from: usize) -> u8x64<S> {
    let bytes: &[u8; WORD] = window[from..].first_chunk().expect("a window is a word and two bytes");
    u8x64::simd_from(simd, *bytes)
}

/// What a table has for the lower half of each byte.
#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn look<S: Simd>(simd: S, table: &[u8; 16], bytes: u8x64<S>) -> u8x64<S> {
    let table = u8x16::simd_from(simd, *table);
    let table = table.combine(table);
    table.combine(table).swizzle_dyn_within_blocks(bytes & 15)
}

/// Lists the set bits, counted from `base`, and behind them what the next word writes over; there is room for a
/// word of them.
#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn list(list: &mut [u32], base: u32, mut bits: u64) {
    let room = list.first_chunk_mut::<WORD>().expect("room for a whole word");
    let (usual, more) = room.split_at_mut(USUAL);
    for end in usual {
        *end = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
    for end in more {
        if bits == 0 {
            break;
        }
        *end = base + bits.trailing_zeros();
        bits &= bits.wrapping_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::csv;
    use proptest::prelude::*;

    /// Whether a cell is broken, by the marks, with something before it that shifts it in its word.
    fn is_broken(cell: &[u8], shift: usize) -> bool {
        let text = [&b"7".repeat(shift), &b","[..], cell, b",5\n"].concat();
        let mut marks = Marks::default();
        marks.of(&text);
        let end = shift + 1 + cell.len();
        assert!(marks.ends().contains(&u32::try_from(end).unwrap()));
        assert_eq!(marks.broken_before(shift + 1), 0);
        let broken = marks.broken_before(end + 1) == 1;
        assert_eq!(marks.broken_before(text.len()), u32::from(broken), "only this one: {cell:?}");
        broken
    }

    #[test]
    fn every_short_cell_is_told() {
        let alphabet = b"01-.a";
        let mut cells = vec![Vec::new()];
        for length in 0..6 {
            for cell in cells.clone().iter().filter(|cell| cell.len() == length) {
                cells.extend(alphabet.iter().map(|byte| [&cell[..], &[*byte]].concat()));
            }
        }
        for cell in &cells {
            let line = [&cell[..], b","].concat();
            let expected = csv::skip_number(&line, 0, b',') != Some(line.len());
            for shift in 54..66 {
                assert_eq!(is_broken(cell, shift), expected, "{cell:?} {shift}");
            }
        }
    }

    #[test]
    fn every_byte_is_told() {
        for byte in (0..=u8::MAX).filter(|byte| !b",\n".contains(byte)) {
            for cell in [vec![byte], vec![b'1', byte, b'1'], vec![b'0', byte], vec![byte, b'0']] {
                let line = [&cell[..], b","].concat();
                let expected = csv::skip_number(&line, 0, b',') != Some(line.len());
                assert_eq!(is_broken(&cell, 3), expected, "{cell:?}");
            }
        }
    }

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
