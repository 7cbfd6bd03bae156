//! `measurements.csv`: a table with declared columns, read as it streams by.
//!
//! The reader is fed blocks of bytes, so the same bytes can be hashed on the way, and keeps nothing
//! but numbers: an ordinary number cell becomes a 64-bit integer without an allocation.

use crate::csv::{self, Dialect, Number, is_text_byte};
use crate::dataset::{CellType, Dataset};
use crate::limits;
use crate::malformed::{Fault, Malformed, shortened};
use crate::text::ColumnName;
use openweigh_exact::{Column, Decimal};

/// A table's columns, all of the same length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    rows: usize,
    columns: Vec<(ColumnName, Cells)>,
}

/// The cells of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cells {
    /// Numbers; where one is missing, the column holds a zero that must not be used.
    Numbers {
        /// The values.
        values: Column,
        /// Rows without a value, ascending.
        missing: Vec<usize>,
    },
    /// Texts, one after the other.
    Texts {
        /// All texts joined.
        joined: String,
        /// Where each text ends.
        ends: Vec<usize>,
    },
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number column of this name: its values and the rows that lack one.
    pub fn numbers(&self, name: &ColumnName) -> Option<(&Column, &[usize])> {
        self.columns.iter().find(|(own, _)| own == name).and_then(|(_, cells)| match cells {
            Cells::Numbers { values, missing } => Some((values, missing.as_slice())),
            Cells::Texts { .. } => None,
        })
    }

    /// The text of a text column at a row, none if there is no such column.
    pub fn text(&self, name: &ColumnName, row: usize) -> Option<&str> {
        let (_, cells) = self.columns.iter().find(|(own, _)| own == name)?;
        let Cells::Texts { joined, ends } = cells else { return None };
        let start = if row == 0 { 0 } else { *ends.get(row - 1)? };
        joined.get(start..*ends.get(row)?)
    }

    /// The columns, in file order.
    pub fn columns(&self) -> &[(ColumnName, Cells)] {
        &self.columns
    }

    /// The value of a number column at a row, none if it is missing or there is no such column.
    pub fn number(&self, name: &ColumnName, row: usize) -> Option<Decimal> {
        let (values, missing) = self.numbers(name)?;
        (row < self.rows && missing.binary_search(&row).is_err()).then(|| values.value(row))
    }
}

/// Reads a table from blocks of bytes.
#[derive(Debug)]
pub struct TableReader {
    table: Table,
    dialect: Dialect,
    header: Option<String>,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    /// Lines read so far.
    line: usize,
}

impl TableReader {
    /// A reader of a dataset's table.
    pub fn of(dataset: &Dataset) -> Self {
        let columns = dataset.columns.iter().map(|column| (&column.name, column.cells == CellType::Number));
        Self { dialect: dataset.format.into(), ..Self::new(columns) }
    }

    /// A reader of the declared columns, of version 1; `true` marks number columns.
    pub fn new<'a>(columns: impl IntoIterator<Item = (&'a ColumnName, bool)>) -> Self {
        let cells = |numbers| {
            if numbers {
                Cells::Numbers { values: Column::default(), missing: Vec::new() }
            } else {
                Cells::Texts { joined: String::new(), ends: Vec::new() }
            }
        };
        let columns: Vec<_> =
            columns.into_iter().map(|(name, numbers)| (name.clone(), cells(numbers))).collect();
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let header = Some(names.join(","));
        let table = Table { rows: 0, columns };
        Self { table, dialect: Dialect::V1, header, pending: Vec::new(), line: 0 }
    }

    /// Takes in the next bytes of the file.
    ///
    /// # Errors
    /// The first line that breaks the dialect or its columns' types.
    pub fn feed(&mut self, block: &[u8]) -> Result<(), Malformed> {
        let mut pending = std::mem::take(&mut self.pending);
        let fed = csv::feed_lines(&mut pending, block, |lines| self.lines(lines));
        self.pending = pending;
        fed?;
        if self.pending.len() > limits::LINE_BYTES {
            return Err(Malformed::at(self.line + 1, 1, Fault::LongLine { limit: limits::LINE_BYTES }));
        }
        Ok(())
    }

    /// The table, once all bytes were fed.
    ///
    /// # Errors
    /// The file has no header, or its last line has no end.
    pub fn finish(mut self) -> Result<Table, Malformed> {
        if !self.pending.is_empty() {
            let line = std::mem::take(&mut self.pending);
            let column = csv::feed_unended(line, |line| self.lines(line))?;
            return Err(Malformed::at(self.line, column, Fault::NoFinalNewline));
        }
        if let Some(expected) = self.header {
            return Err(Malformed::whole(Fault::Header { found: String::new(), expected }));
        }
        Ok(self.table)
    }

    /// Reads whole lines.
    fn lines(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let mut at = 0;
        if self.header.is_some() && !bytes.is_empty() {
            at = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            self.read_header(&bytes[..at])?;
        }
        let count = self.table.columns.len();
        while at < bytes.len() {
            let start = at;
            self.line += 1;
            for (index, (name, cells)) in self.table.columns.iter_mut().enumerate() {
                let end = if index + 1 == count { b'\n' } else { b',' };
                let next = match cells {
                    Cells::Numbers { values, missing } => {
                        number_cell(bytes, at, end, values, missing, self.table.rows)
                    }
                    Cells::Texts { joined, ends } => text_cell(bytes, at, end, self.dialect, joined, ends),
                };
                let Some(next) = next else {
                    let place = Place { start, at, line: self.line, dialect: self.dialect };
                    return Err(explain(bytes, &place, name, cells, count));
                };
                at = next;
            }
            if at - start > limits::LINE_BYTES {
                return Err(Malformed::at(self.line, 1, Fault::LongLine { limit: limits::LINE_BYTES }));
            }
            if count == 1 && at == start + 1 {
                return Err(Malformed::at(self.line, 1, Fault::BlankLine { expected: 1 }));
            }
            self.table.rows += 1;
        }
        Ok(())
    }

    fn read_header(&mut self, line: &[u8]) -> Result<(), Malformed> {
        let expected = self.header.take().unwrap_or_default();
        self.line = 1;
        csv::header(line, &expected)
    }
}

/// Reads a number cell that starts at `at` and must end with `end`; `bytes` end in LF. None if the
/// cell is anything but a canonical decimal.
fn number_cell(
    bytes: &[u8],
    at: usize,
    end: u8,
    values: &mut Column,
    missing: &mut Vec<usize>,
    row: usize,
) -> Option<usize> {
    let (number, next) = csv::number(bytes, at, end)?;
    if number == Number::Missing {
        missing.push(row);
    }
    number.push_onto(values);
    Some(next)
}

fn text_cell(
    bytes: &[u8],
    at: usize,
    end: u8,
    dialect: Dialect,
    joined: &mut String,
    ends: &mut Vec<usize>,
) -> Option<usize> {
    let length = match dialect {
        Dialect::V1 => bytes[at..].iter().take_while(|&&byte| is_text_byte(byte)).count(),
        Dialect::V2 => memchr::memchr2(b',', b'\n', &bytes[at..])?,
    };
    let next = at + length;
    if bytes[next] != end {
        return None;
    }
    let text = std::str::from_utf8(&bytes[at..next]).ok()?;
    if dialect == Dialect::V2 && csv::cell_flaw(text).is_some() {
        return None;
    }
    joined.push_str(text);
    ends.push(joined.len());
    Some(next + 1)
}

/// Where a cell is that cannot be read.
struct Place {
    /// Where its line starts.
    start: usize,
    /// Where it starts itself.
    at: usize,
    line: usize,
    dialect: Dialect,
}

/// What is wrong with a cell: the slow path, once.
fn explain(bytes: &[u8], place: &Place, name: &ColumnName, cells: &Cells, expected: usize) -> Malformed {
    let Place { start, at, line, dialect } = *place;
    let line_end = start + memchr::memchr(b'\n', &bytes[start..]).unwrap_or(bytes.len() - start);
    let text = &bytes[start..line_end];
    let malformed = |offset: usize, fault| Malformed::at(line, offset - start + 1, fault);
    if text.is_empty() {
        return malformed(start, Fault::BlankLine { expected });
    }
    if text.ends_with(b"\r") {
        return malformed(line_end - 1, Fault::CarriageReturn);
    }
    let cell_end = at + memchr::memchr2(b',', b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
    let cell = &bytes[at..cell_end];
    let column = name.to_string();
    let Ok(cell) = std::str::from_utf8(cell) else { return malformed(at, Fault::NotUtf8) };
    match cells {
        Cells::Numbers { .. } if !cell.is_empty() => {
            if let Err(reason) = cell.parse::<Decimal>() {
                let found = shortened(cell, 40);
                return malformed(at + reason.at(), Fault::Number { column, found, reason });
            }
        }
        Cells::Texts { .. } if dialect == Dialect::V2 => {
            if let Some(flaw) = csv::cell_flaw(cell) {
                return malformed(at + flaw.at(), Fault::TextFlaw { column, flaw });
            }
        }
        Cells::Texts { .. } => {
            let bad = cell.char_indices().find(|(_, c)| !u8::try_from(*c).is_ok_and(is_text_byte));
            if let Some((offset, found)) = bad {
                let found = found.escape_debug().to_string();
                return malformed(at + offset, Fault::Text { column, found });
            }
        }
        Cells::Numbers { .. } => {}
    }
    let found = memchr::memchr_iter(b',', text).count() + 1;
    malformed(start, Fault::FieldCount { found, expected })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(text: &str) -> ColumnName {
        text.parse().unwrap()
    }

    fn read(text: &[u8], block: usize) -> Result<Table, Malformed> {
        let (x, note, y) = (name("x"), name("note"), name("y"));
        let mut reader = TableReader::new([(&x, true), (&note, false), (&y, true)]);
        for block in text.chunks(block.max(1)) {
            reader.feed(block)?;
        }
        reader.finish()
    }

    #[test]
    fn cells_are_read_whatever_the_blocks() {
        let text = b"x,note,y\n1.5,a b,-2\n,,\n0.25,(c),1234567890123456789012345.5\n";
        let whole = read(text, text.len()).unwrap();
        assert_eq!(whole.rows(), 3);
        assert_eq!(whole.number(&name("x"), 0).unwrap().to_string(), "1.5");
        assert_eq!(whole.number(&name("x"), 1), None);
        assert_eq!(whole.number(&name("y"), 2).unwrap().to_string(), "1234567890123456789012345.5");
        assert_eq!(whole.number(&name("note"), 0), None);
        for block in 1..text.len() {
            assert_eq!(read(text, block).unwrap(), whole);
        }
    }

    #[test]
    fn every_departure_names_its_place() {
        let cases: [(&[u8], &str); 17] = [
            (b"", "1:1: found the header ``, expected `x,note,y`"),
            (b"x,y,note\n", "1:3: found the header `x,y,note`, expected `x,note,y`"),
            (b"\xef\xbb\xbfx,note,y\n", "1:1: found a byte order mark, expected plain UTF-8 without one"),
            (b"x,note,y\r\n", "1:9: found a carriage return (CRLF line ends), expected LF alone"),
            (b"x,note,y\n1,a,2\r\n", "2:6: found a carriage return (CRLF line ends), expected LF alone"),
            (b"x,note,y\n1,a,2", "2:6: found the end of the file, expected LF after the last line"),
            (b"x,note,y", "1:9: found the end of the file, expected LF after the last line"),
            (b"x,note,y\n\n1,a,2\n", "2:1: found a blank line, expected 3 fields"),
            (b"x,note,y\n1,a\n", "2:1: found 2 fields, expected 3"),
            (b"x,note,y\n1,a,2,3\n", "2:1: found 4 fields, expected 3"),
            (
                b"x,note,y\n1.0,a,2\n",
                "2:1: in column `x`: found `1.0`: a trailing zero in the fraction; a canonical number ends in a digit that counts",
            ),
            (
                b"x,note,y\n1,a,2e3\n",
                "2:6: in column `y`: found `2e3`: `e` at character 2; a number is written with digits, at most one `.` and a leading `-`",
            ),
            (
                b"x,note,y\n\"1\",a,2\n",
                "2:1: in column `x`: found `\"1\"`: `\\\"` at character 1; a number is written with digits, at most one `.` and a leading `-`",
            ),
            (b"x,note,y\n-0,a,2\n", "2:1: in column `x`: found `-0`: negative zero; write `0`"),
            (
                b"x,note,y\n1,a;b,2\n",
                "2:4: in column `note`: found `;`, expected letters, digits, space or one of `. _ + : / ( ) -`",
            ),
            (
                b"x,note,y\nNaN,a,2\n",
                "2:1: in column `x`: found `NaN`: `N` at character 1; a number is written with digits, at most one `.` and a leading `-`",
            ),
            (b"x,note,y\n1,\xff,2\n", "2:3: found bytes that are not UTF-8"),
        ];
        for (text, message) in cases {
            assert_eq!(read(text, 7).unwrap_err().to_string(), message);
        }
        let endless = vec![b'1'; limits::LINE_BYTES + 20];
        assert!(matches!(read(&endless, 4096).unwrap_err().fault, Fault::LongLine { .. }));
    }

    #[test]
    fn texts_of_version_2_are_unicode() {
        let dataset = |text: &[u8]| {
            let (x, note) = (name("重量"), name("note"));
            let mut reader = TableReader::new([(&x, true), (&note, false)]);
            reader.dialect = Dialect::V2;
            reader.feed(text).and_then(|()| reader.finish())
        };
        assert_eq!(dataset("重量,note\n1,wörld €\n2,;'=\n".as_bytes()).unwrap().rows(), 2);
        let message = |text: &str| dataset(text.as_bytes()).unwrap_err().to_string();
        let rule = "; docs/spec/2-csv.md, 2.2, says what a text may hold";
        assert_eq!(
            message("重量,note\n1,a\"b\n"),
            format!("2:4: in column `note`: found the character U+0022, which texts may not hold{rule}")
        );
        assert_eq!(
            message("重量,note\n1,a\u{202e}\n"),
            format!("2:4: in column `note`: found the character U+202E, which texts may not hold{rule}")
        );
        assert_eq!(
            message("重量,note\n1,a  b\n"),
            format!("2:5: in column `note`: found a space at an end of the text, or two in a row{rule}")
        );
        assert_eq!(message("重量,note\n1,a,b\n"), "2:1: found 3 fields, expected 2");
        assert_eq!(
            message("重量,note\r\n1,a\n"),
            "1:12: found a carriage return (CRLF line ends), expected LF alone"
        );
    }

    proptest! {
        #[test]
        fn numbers_agree_with_the_slow_parser(cell in "-?[0-9]{0,25}\\.?[0-9]{0,25}", block in 1usize..40) {
            let text = format!("x,note,y\n{cell},,1\n");
            let table = read(text.as_bytes(), block);
            match cell.parse::<Decimal>() {
                Ok(value) => prop_assert_eq!(table.unwrap().number(&name("x"), 0), Some(value)),
                Err(_) if cell.is_empty() => prop_assert_eq!(table.unwrap().number(&name("x"), 0), None),
                Err(_) => prop_assert!(table.is_err()),
            }
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop::sample::select(b"x,note,y\n\r1.0-e \xff\"".to_vec()), 0..80), block in 1usize..20) {
            let _ = read(&bytes, block);
            let _ = read(&[b"x,note,y\n".as_slice(), &bytes].concat(), block);
        }
    }
}
