//! The reader of `touches.csv`, block by block.

mod explain;

use super::{COLUMNS, Quantity, Row, State};
use crate::csv::{self, Number};
use crate::limits;
use crate::malformed::{Fault, Malformed};
use crate::marks::Marks;
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch};

/// Bytes whose cells are marked at a time.
const PIECE: usize = 1 << 15;

/// Bytes of a cell that is read without a closer look, its comma included: behind the first one, each column has its
/// own. A whole number of two characters has no point.
const LONGEST: [u32; 24] = {
    let mut longest = [20; 24];
    let mut column = 1;
    while column < 24 {
        if matches!(column, 6 | 7 | 21 | 22) {
            longest[column] = 3;
        }
        column += 1;
    }
    longest
};

const FRAME: usize = 0;
const DEVICE_S: usize = 2;
const TOUCH: usize = 4;
const STATE: usize = 5;

/// Reads touches from blocks of bytes.
#[derive(Debug)]
pub struct TouchReader {
    /// Which columns are kept, by their place in [`Row`]'s values.
    kept: [Option<usize>; 24],
    /// The same as a list: column, and place in the values.
    wanted: Vec<(usize, usize)>,
    row: Row,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    line: usize,
    /// Whether the frame of the last row has a touch; none before the first row.
    touched: Option<bool>,
    marks: Marks,
}

impl Default for TouchReader {
    fn default() -> Self {
        Self::new(&Quantity::ALL)
    }
}

impl TouchReader {
    /// A reader that keeps some quantities; the others are checked and left empty.
    pub fn new(kept: &[Quantity]) -> Self {
        let mut places = [None; 24];
        for quantity in kept {
            places[quantity.column()] = Some(*quantity as usize);
        }
        let row =
            Row { frame: 0, device_s: Number::Missing, state: None, values: [const { Number::Missing }; 7] };
        let wanted =
            places.iter().enumerate().filter_map(|(column, place)| Some((column, (*place)?))).collect();
        Self {
            kept: places,
            wanted,
            row,
            pending: Vec::new(),
            line: 0,
            touched: None,
            marks: Marks::default(),
        }
    }

    /// Takes in the next bytes of the file and hands each row to `sink`.
    ///
    /// # Errors
    /// The first line that breaks the format.
    pub fn feed(&mut self, block: &[u8], sink: &mut impl FnMut(&Row)) -> Result<(), Malformed> {
        let mut pending = std::mem::take(&mut self.pending);
        let fed = csv::feed_lines(&mut pending, block, |lines| self.lines(lines, sink));
        self.pending = pending;
        fed?;
        if self.pending.len() > limits::LINE_BYTES {
            return Err(Malformed::at(self.line + 1, 1, Fault::LongLine { limit: limits::LINE_BYTES }));
        }
        Ok(())
    }

    /// The number of frames, once all bytes were fed.
    ///
    /// # Errors
    /// The file has no header, or its last line has no end.
    pub fn finish(mut self) -> Result<u64, Malformed> {
        if !self.pending.is_empty() {
            let line = std::mem::take(&mut self.pending);
            let column = csv::feed_unended(line, |line| self.lines(line, &mut |_| {}))?;
            return Err(Malformed::at(self.line, column, Fault::NoFinalNewline));
        }
        if self.line == 0 {
            let expected = COLUMNS.join(",");
            return Err(Malformed::whole(Fault::Header { found: String::new(), expected }));
        }
        Ok(if self.touched.is_some() { self.row.frame + 1 } else { 0 })
    }

    fn lines(&mut self, bytes: &[u8], sink: &mut impl FnMut(&Row)) -> Result<(), Malformed> {
        let mut at = 0;
        if self.line == 0 && !bytes.is_empty() {
            at = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            self.line = 1;
            csv::header(&bytes[..at], &COLUMNS.join(","))?;
        }
        let mut marks = std::mem::take(&mut self.marks);
        while at < bytes.len() {
            // As much at a time as stays in a core's cache.
            let end = bytes.len().min(at + PIECE);
            let last = memchr::memrchr(b'\n', &bytes[at..end]);
            // A line longer than a piece is a piece of its own.
            let last = last.or_else(|| memchr::memchr(b'\n', &bytes[at..]));
            let end = last.map_or(bytes.len(), |last| at + last + 1);
            self.rows(&bytes[at..end], &mut marks, sink)?;
            at = end;
        }
        self.marks = marks;
        Ok(())
    }

    fn rows(
        &mut self,
        bytes: &[u8],
        marks: &mut Marks,
        sink: &mut impl FnMut(&Row),
    ) -> Result<(), Malformed> {
        if bytes.len() > limits::LINE_BYTES.max(PIECE) {
            let limit = limits::LINE_BYTES;
            return Err(Malformed::at(self.line + 1, 1, Fault::LongLine { limit }));
        }
        marks.of(bytes);
        dispatch!(Level::new(), simd => self.marked_rows(simd, bytes, marks, sink))
    }

    /// Reads the rows of a piece whose cells are marked.
    #[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
    #[inline(always)]
    fn marked_rows<S: Simd>(
        &mut self,
        _: S,
        bytes: &[u8],
        marks: &Marks,
        sink: &mut impl FnMut(&Row),
    ) -> Result<(), Malformed> {
        // Lines of other lengths are told apart by the reader cell by cell.
        let regular = marks.ends().len() == marks.lines * COLUMNS.len();
        let first_line = self.line + 1;
        let (mut at, mut cell, mut broken) = (0, 0, 0);
        while at < bytes.len() {
            self.line += 1;
            let before = self.row.frame;
            let row = if regular { self.marked(bytes, at, marks, cell, broken) } else { None };
            let next;
            (next, broken) = if let Some(row) = row {
                row
            } else {
                let next = self.cells(bytes, at).map_err(|stop| {
                    // Two short lines that pass for a row are found out by the long one that follows.
                    self.line = first_line + memchr::memchr_iter(b'\n', &bytes[..at]).count();
                    self.explain(bytes, at, stop)
                })?;
                (next, marks.broken_before(next))
            };
            cell += COLUMNS.len();
            if next - at > limits::LINE_BYTES {
                return Err(self.fault(Fault::LongLine { limit: limits::LINE_BYTES }));
            }
            let touches = self.row.state.is_some();
            // Nearly every row is of the next frame, or one more touch of the same.
            let usual = match self.touched {
                Some(touched) => {
                    self.row.frame == before + 1 || (self.row.frame == before && touched && touches)
                }
                None => self.row.frame == 0,
            };
            if !usual {
                return Err(self.disorder(before, touches));
            }
            self.touched = Some(touches);
            at = next;
            sink(&self.row);
        }
        Ok(())
    }

    /// Reads the row that starts at `start`, whose first cell is the `cell`-th and before which so many are broken;
    /// gives where the next row starts, and how many are broken before that. None if anything about it is unusual:
    /// then it is read cell by cell.
    #[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
    #[inline(always)]
    fn marked(
        &mut self,
        bytes: &[u8],
        start: usize,
        marks: &Marks,
        cell: usize,
        broken: u32,
    ) -> Option<(usize, u32)> {
        let ends: &[u32; 24] = marks.ends().get(cell..cell + 24)?.try_into().ok()?;
        let end = |column: usize| ends[column] as usize;
        let has_point = |column: usize| marks.has_point(ends[column]);
        // The difference of a cell that is too long has the highest bit.
        let mut lengths = LONGEST[0].wrapping_sub(ends[0] - u32::try_from(start).ok()?);
        for column in 1..24 {
            lengths |= LONGEST[column].wrapping_sub(ends[column] - ends[column - 1]);
        }
        // In a piece of as many line ends as rows, a row that ends in one has no other. The state is the one
        // cell of a row that is no decimal.
        let next = end(23) + 1;
        let broken_by_now = marks.broken_before(next);
        let usual = lengths >> 31 == 0
            && bytes[end(23)] == b'\n'
            && bytes[end(TOUCH) + 1..end(STATE)] == *b"touching"
            && end(TOUCH) > end(3) + 1
            && broken_by_now - broken == 1
            && !(has_point(FRAME) | has_point(1) | has_point(3) | has_point(TOUCH));
        if !usual {
            return None;
        }
        let (frame, _) = csv::known_number(bytes, start, end(FRAME), false)?;
        let frame = u64::try_from(frame).ok()?;
        let long = |column: usize| csv::number(bytes, end(column - 1) + 1, bytes[end(column)]);
        if self.touched.is_some() && frame == self.row.frame {
            let (time, _) = long(DEVICE_S)?;
            if time != self.row.device_s {
                return None;
            }
        } else if let Some((digits, places)) = known(bytes, ends, marks, DEVICE_S) {
            self.row.device_s.set_narrow(digits, places);
        } else {
            (self.row.device_s, _) = long(DEVICE_S)?;
        }
        for (column, place) in self.wanted.iter().copied() {
            let value = &mut self.row.values[place];
            if let Some((digits, places)) = known(bytes, ends, marks, column) {
                value.set_narrow(digits, places);
            } else {
                (*value, _) = long(column)?;
            }
        }
        self.row.frame = frame;
        self.row.state = Some(State::Touching);
        Some((next, broken_by_now))
    }

    /// Reads the cells of the row that starts at `start`; `bytes` end in LF. Gives where the next row starts.
    fn cells(&mut self, bytes: &[u8], start: usize) -> Result<usize, Stop> {
        let stop = |at: usize, column: usize| Stop { at, column };
        let integer = |at: usize, column: usize| csv::integer(bytes, at, b',').ok_or(stop(at, column));
        let (frame, at) = csv::natural(bytes, start, b',').ok_or(stop(start, FRAME))?;
        let same_frame = self.touched.is_some() && frame == self.row.frame;
        self.row.frame = frame;
        let at = integer(at, 1)?;
        let (time, next) = csv::number(bytes, at, b',').ok_or(stop(at, DEVICE_S))?;
        if !same_frame {
            self.row.device_s = time;
        } else if time != self.row.device_s {
            return Err(stop(at, DEVICE_S));
        }
        let touch = integer(next, 3)?;
        let at = integer(touch, TOUCH)?;
        let length = bytes[at..].iter().take_while(|byte| **byte >= b'-').count();
        self.row.state = State::of(&bytes[at..at + length]);
        let has_touch = at > touch + 1;
        if bytes[at + length] != b',' || self.row.state.is_some() != has_touch {
            return Err(stop(at, STATE));
        }
        if !has_touch {
            return self.rest_is_empty(bytes, at);
        }
        let mut at = integer(integer(at + length + 1, 6)?, 7)?;
        for column in 8..21 {
            at = self.value(bytes, at, column, b',')?;
        }
        at = integer(integer(at, 21)?, 22)?;
        self.value(bytes, at, 23, b'\n')
    }

    #[inline]
    fn value(&mut self, bytes: &[u8], at: usize, column: usize, end: u8) -> Result<usize, Stop> {
        match self.kept[column] {
            Some(place) => {
                let (value, next) = csv::number(bytes, at, end).ok_or(Stop { at, column })?;
                self.row.values[place] = value;
                Ok(next)
            }
            None => csv::skip_number(bytes, at, end).ok_or(Stop { at, column }),
        }
    }

    /// Insists that nothing stands behind the empty `state` of a frame without touches, whose comma is at `at`.
    fn rest_is_empty(&mut self, bytes: &[u8], at: usize) -> Result<usize, Stop> {
        self.row.values = [const { Number::Missing }; 7];
        let commas = bytes[at..].iter().take_while(|byte| **byte == b',').count();
        let end = at + commas;
        if commas == COLUMNS.len() - 1 - STATE && bytes[end] == b'\n' {
            Ok(end + 1)
        } else {
            Err(Stop { at: end, column: (STATE + commas).min(COLUMNS.len() - 1) })
        }
    }
}

/// The number in a marked cell that is not the first of its row; none if it is not short.
#[allow(clippy::inline_always, reason = "it is compiled anew for each set of instructions")]
#[inline(always)]
fn known(bytes: &[u8], ends: &[u32; 24], marks: &Marks, column: usize) -> Option<(i64, u32)> {
    let (start, end) = (ends[column - 1] as usize + 1, ends[column] as usize);
    csv::known_number(bytes, start, end, marks.has_point(ends[column]))
}

/// Where reading of a row stopped: at a cell's first byte, in a column.
#[derive(Clone, Copy)]
struct Stop {
    at: usize,
    column: usize,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TOUCH_ROW: &str = "0,7,1.5,12,1,touching,1,1,0.5,0.25,0,-0.001,0.9,42,1.5,9,8,1,2,3,4,0,0,1.25";

    fn read(rows: &str, block: usize) -> Result<Vec<Row>, Malformed> {
        let text = format!("{}\n{rows}", COLUMNS.join(","));
        let (mut reader, mut found) = (TouchReader::default(), Vec::new());
        for block in text.as_bytes().chunks(block) {
            reader.feed(block, &mut |row| found.push(row.clone()))?;
        }
        reader.finish()?;
        Ok(found)
    }

    #[test]
    fn rows_are_read_whatever_the_blocks() {
        let rows =
            format!("{TOUCH_ROW}\n{TOUCH_ROW}\n1,8,1.75,,{}\n2,9,,,{}\n", ",".repeat(19), ",".repeat(19));
        let whole = read(&rows, 1 << 20).unwrap();
        assert_eq!(whole.len(), 4);
        assert_eq!(whole[0].value(Quantity::Pressure), &Number::Narrow { digits: 42, places: 0 });
        assert_eq!(whole[1].value(Quantity::Density), &Number::Narrow { digits: 125, places: 2 });
        assert_eq!((whole[2].frame, whole[2].state), (1, None));
        assert_eq!(whole[2].value(Quantity::Pressure), &Number::Missing);
        assert_eq!(whole[3].device_s, Number::Missing);
        for block in 1..rows.len() {
            assert_eq!(read(&rows, block).unwrap(), whole);
        }
    }

    #[test]
    fn departures_name_their_place() {
        let row = |from: &str, to: &str| format!("{}\n", TOUCH_ROW.replacen(from, to, 1));
        let empty = ",".repeat(19);
        for (rows, message) in [
            (row("42", "42.0"), "2:49: in column `pressure`: found `42.0`: a trailing zero"),
            (row("touching", "tapping"), "2:14: column `state`: found `tapping`, expected a state where"),
            (row("0,7", "1,7"), "2:1: frame: found 1, expected 0, the first frame"),
            (row("0,7", "00,7"), "2:1: column `frame`: found `00`, expected a whole number from 0"),
            (row(",1.25", ""), "2:1: found 23 fields, expected 24"),
            (row(",1.25", ",-0"), "2:72: in column `density`: found `-0`: negative zero"),
            (row(",1.25", ",1.25\r"), "2:76: found a carriage return"),
            (
                row("1,touching", ",touching"),
                "2:13: column `state`: found `touching`, expected a state where",
            ),
            (
                row("", "") + &row("1.5", "1.6"),
                "3:5: column `device_s`: found `1.6`, expected the same time in all rows of a frame",
            ),
            (format!("0,1,1,1,{empty}\n0,1,1,1,{empty}\n"), "3:1: frame 0: found a row without a touch"),
            (format!("{}2,1,1,1,{empty}\n", row("", "")), "3:1: frame: found 2, expected 0 or 1"),
            (
                "0,1,1,1,,,,,,,,,,7,,,,,,,,,,\n".to_owned(),
                "2:18: column `pressure`: found `7`, expected nothing in the row",
            ),
        ] {
            let error = read(&rows, 1 << 20).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}\nnot\n{message}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(prop::sample::select(b"0,1.5-\n\rtouching \xff".to_vec()), 0..200),
            at in 1usize..76,
            block in 1usize..50,
        ) {
            let header = COLUMNS.join(",");
            let mut text = format!("{header}\n{TOUCH_ROW}\n").into_bytes();
            text.splice(header.len() + at..header.len() + at, bytes);
            let mut reader = TouchReader::default();
            let fed = text.chunks(block).try_for_each(|block| reader.feed(block, &mut |_| {}));
            if fed.is_ok() {
                drop(reader.finish());
            }
        }
    }
}
