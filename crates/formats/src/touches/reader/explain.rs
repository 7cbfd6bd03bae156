//! What is wrong with a row that could not be read: the slow path, once.

use super::{COLUMNS, FRAME, STATE, Stop, TOUCH, TouchReader};
use crate::malformed::{Fault, Malformed, shortened};
use openweigh_exact::Decimal;

/// What the cells of a column hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    Frame,
    Integer,
    State,
    Number,
}

const CELLS: [Cells; 24] = {
    let mut cells = [Cells::Number; 24];
    cells[FRAME] = Cells::Frame;
    cells[1] = Cells::Integer;
    cells[3] = Cells::Integer;
    cells[TOUCH] = Cells::Integer;
    cells[STATE] = Cells::State;
    cells[6] = Cells::Integer;
    cells[7] = Cells::Integer;
    cells[21] = Cells::Integer;
    cells[22] = Cells::Integer;
    cells
};

impl TouchReader {
    pub(super) fn fault(&self, fault: Fault) -> Malformed {
        Malformed::at(self.line, 1, fault)
    }

    /// What is wrong with the number of a frame: frames are counted from 0, and one without touches is one row.
    pub(super) fn disorder(&self, before: u64, touches: bool) -> Malformed {
        let found = self.row.frame;
        if self.touched.is_some() && found == before {
            let what = format!("frame {found}");
            let alone = if touches {
                "a touch behind a row without one"
            } else {
                "a row without a touch behind others"
            };
            let expected = "one row where a frame has no touch".to_owned();
            return self.fault(Fault::Inconsistent { what, found: alone.to_owned(), expected });
        }
        let expected = match self.touched {
            None => "0, the first frame".to_owned(),
            Some(_) => format!("{before} or {}", before + 1),
        };
        self.fault(Fault::Inconsistent { what: "frame".to_owned(), found: found.to_string(), expected })
    }

    /// What is wrong with the cell at `bad` of the line that starts at `start`.
    pub(super) fn explain(&self, bytes: &[u8], start: usize, Stop { at: bad, column }: Stop) -> Malformed {
        let malformed = |offset: usize, fault| Malformed::at(self.line, offset - start + 1, fault);
        let line_end = start + memchr::memchr(b'\n', &bytes[start..]).unwrap_or(bytes.len() - start);
        let text = &bytes[start..line_end];
        let expected = CELLS.len();
        if text.is_empty() {
            return malformed(start, Fault::BlankLine { expected });
        }
        if text.ends_with(b"\r") {
            return malformed(line_end - 1, Fault::CarriageReturn);
        }
        let found = memchr::memchr_iter(b',', text).count() + 1;
        if found != expected {
            return malformed(start, Fault::FieldCount { found, expected });
        }
        let cell_end = bad + memchr::memchr2(b',', b'\n', &bytes[bad..]).unwrap_or(bytes.len() - bad);
        let Ok(cell) = std::str::from_utf8(&bytes[bad..cell_end]) else {
            return malformed(bad, Fault::NotUtf8);
        };
        let name = COLUMNS[column].to_owned();
        if CELLS[column] == Cells::Number
            && let Err(reason) = cell.parse::<Decimal>()
        {
            let at = bad + reason.at();
            return malformed(at, Fault::Number { column: name, found: shortened(cell, 40), reason });
        }
        let expected = match CELLS[column] {
            _ if column > STATE && self.row.state.is_none() => {
                "nothing in the row of a frame without touches".to_owned()
            }
            Cells::Number => "the same time in all rows of a frame".to_owned(),
            Cells::State => "a state where there is a touch, and nothing where there is none".to_owned(),
            Cells::Frame => "a whole number from 0".to_owned(),
            Cells::Integer => "a whole number, or nothing".to_owned(),
        };
        let what = format!("column `{name}`");
        malformed(bad, Fault::Inconsistent { what, found: format!("`{}`", shortened(cell, 40)), expected })
    }
}
