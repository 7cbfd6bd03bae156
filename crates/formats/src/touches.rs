//! `touches.csv`: every touch of every frame of a session, as delivered (docs/spec/3-datasets.md, 3.3).
//!
//! The reader takes blocks of bytes as they come, checks every cell of every row, and hands on what a reading
//! can be formed from, row by row, with nothing allocated for a row of ordinary numbers.

use crate::csv::{self, Number};
use crate::limits;
use crate::malformed::{Fault, Malformed, shortened};
use openweigh_exact::Decimal;
use serde::{Deserialize, Serialize};

/// The columns, in file order.
pub const COLUMNS: [&str; 24] = [
    "frame",
    "device_frame",
    "device_s",
    "arrival_ns",
    "touch",
    "state",
    "finger",
    "hand",
    "x",
    "y",
    "vx",
    "vy",
    "total",
    "pressure",
    "angle",
    "major",
    "minor",
    "x_mm",
    "y_mm",
    "vx_mm",
    "vy_mm",
    "field14",
    "field15",
    "density",
];

const FRAME: usize = 0;
const DEVICE_S: usize = 2;
const TOUCH: usize = 4;
const STATE: usize = 5;

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

/// The quantities that a reading may have, in file order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Position along the width.
    X,
    /// Position along the height.
    Y,
    /// Total capacitance.
    Total,
    /// Force, in the source's unit.
    Pressure,
    /// Long axis of the contact.
    Major,
    /// Short axis of the contact.
    Minor,
    /// Capacitance by area.
    Density,
}

impl Quantity {
    /// All of them, in file order.
    pub const ALL: [Self; 7] =
        [Self::X, Self::Y, Self::Total, Self::Pressure, Self::Major, Self::Minor, Self::Density];

    /// The column's name.
    pub fn as_str(self) -> &'static str {
        COLUMNS[self.column()]
    }

    /// The quantity of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quantity| quantity.as_str() == name)
    }

    /// Whether the touches of a frame add up to the frame's value, as force does and a position does not.
    pub fn adds_up(self) -> bool {
        matches!(self, Self::Pressure | Self::Total)
    }

    fn column(self) -> usize {
        match self {
            Self::X => 8,
            Self::Y => 9,
            Self::Total => 12,
            Self::Pressure => 13,
            Self::Major => 15,
            Self::Minor => 16,
            Self::Density => 23,
        }
    }
}

/// The states of a touch, by the numbers of the framework's enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum State {
    /// 0.
    NotTracking,
    /// 1.
    StartInRange,
    /// 2.
    Hover,
    /// 3.
    MakeTouch,
    /// 4.
    Touching,
    /// 5.
    BreakTouch,
    /// 6.
    Linger,
    /// 7.
    OutOfRange,
}

impl State {
    /// All of them, by number.
    pub const ALL: [Self; 8] = [
        Self::NotTracking,
        Self::StartInRange,
        Self::Hover,
        Self::MakeTouch,
        Self::Touching,
        Self::BreakTouch,
        Self::Linger,
        Self::OutOfRange,
    ];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotTracking => "not-tracking",
            Self::StartInRange => "start-in-range",
            Self::Hover => "hover",
            Self::MakeTouch => "make-touch",
            Self::Touching => "touching",
            Self::BreakTouch => "break-touch",
            Self::Linger => "linger",
            Self::OutOfRange => "out-of-range",
        }
    }

    fn of(text: &[u8]) -> Option<Self> {
        // Nearly every touch of a weighing is this one.
        if text == b"touching" {
            return Some(Self::Touching);
        }
        Self::ALL.into_iter().find(|state| state.as_str().as_bytes() == text)
    }
}

/// A row: one touch, or a frame without any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The frame's number, from 0.
    pub frame: u64,
    /// The device's time, in seconds; none where the device gave no number.
    pub device_s: Number,
    /// The touch's state; none in a frame without touches.
    pub state: Option<State>,
    values: [Number; 7],
}

impl Row {
    /// The value of a quantity.
    pub fn value(&self, quantity: Quantity) -> &Number {
        &self.values[quantity as usize]
    }
}

/// Reads touches from blocks of bytes.
#[derive(Debug)]
pub struct TouchReader {
    /// Which columns are kept, by their place in [`Row`]'s values.
    kept: [Option<usize>; 24],
    row: Row,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    line: usize,
    /// Whether the frame of the last row has a touch; none before the first row.
    touched: Option<bool>,
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
        Self { kept: places, row, pending: Vec::new(), line: 0, touched: None }
    }

    /// Takes in the next bytes of the file and hands each row to `sink`.
    ///
    /// # Errors
    /// The first line that breaks the format.
    pub fn feed(&mut self, mut block: &[u8], sink: &mut impl FnMut(&Row)) -> Result<(), Malformed> {
        if !self.pending.is_empty() {
            let end = memchr::memchr(b'\n', block).map_or(block.len(), |at| at + 1);
            self.pending.extend_from_slice(&block[..end]);
            block = &block[end..];
            if self.pending.ends_with(b"\n") {
                let line = std::mem::take(&mut self.pending);
                self.lines(&line, sink)?;
            }
        }
        let end = memchr::memrchr(b'\n', block).map_or(0, |at| at + 1);
        self.lines(&block[..end], sink)?;
        self.pending.extend_from_slice(&block[end..]);
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
            let mut line = std::mem::take(&mut self.pending);
            let column = line.len() + 1;
            line.push(b'\n');
            self.lines(&line, &mut |_| {})?;
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
        while at < bytes.len() {
            self.line += 1;
            match self.read_row(bytes, at) {
                Ok(next) => at = next,
                Err(Stop::Cell { at: bad, column }) => return Err(self.explain(bytes, at, bad, column)),
                Err(Stop::Row(fault)) => return Err(Malformed::at(self.line, 1, fault)),
            }
            sink(&self.row);
        }
        Ok(())
    }

    /// Reads the row that starts at `at`; `bytes` end in LF. Gives where the next one starts.
    fn read_row(&mut self, bytes: &[u8], start: usize) -> Result<usize, Stop> {
        let frame_before = self.row.frame;
        let mut new_frame = true;
        let mut at = start;
        let mut touches = false;
        for (column, cells) in CELLS.iter().enumerate() {
            let end = if column == CELLS.len() - 1 { b'\n' } else { b',' };
            let stop = Stop::Cell { at, column };
            match cells {
                Cells::Frame => {
                    let (frame, next) = csv::natural(bytes, at, end).ok_or(stop)?;
                    new_frame = self.touched.is_none() || frame != frame_before;
                    self.row.frame = frame;
                    at = next;
                }
                Cells::Integer => {
                    let next = csv::integer(bytes, at, end).ok_or(stop)?;
                    if column == TOUCH {
                        touches = next > at + 1;
                    }
                    at = next;
                }
                Cells::State => {
                    let length = bytes[at..].iter().take_while(|byte| **byte >= b'-').count();
                    let word = &bytes[at..at + length];
                    self.row.state = if word.is_empty() { None } else { State::of(word) };
                    if bytes[at + length] != end || self.row.state.is_some() != touches {
                        return Err(Stop::Cell { at, column });
                    }
                    at += length + 1;
                    if !touches {
                        // Nothing else may stand in the row of a frame without touches.
                        let rest = bytes[at..].iter().take_while(|byte| **byte == b',').count();
                        if rest != CELLS.len() - STATE - 2 || bytes[at + rest] != b'\n' {
                            return Err(Stop::Row(Fault::Inconsistent {
                                what: "a frame without touches".to_owned(),
                                found: "a cell behind `state` that is not empty".to_owned(),
                                expected: format!("{} empty cells", CELLS.len() - TOUCH),
                            }));
                        }
                        self.row.values = [const { Number::Missing }; 7];
                        at += rest + 1;
                        break;
                    }
                }
                Cells::Number if column == DEVICE_S => {
                    let (time, next) = csv::number(bytes, at, end).ok_or(stop)?;
                    if !new_frame && time != self.row.device_s {
                        return Err(Stop::Row(Fault::Inconsistent {
                            what: "device_s".to_owned(),
                            found: "two times in one frame".to_owned(),
                            expected: "one".to_owned(),
                        }));
                    }
                    self.row.device_s = time;
                    at = next;
                }
                Cells::Number => match self.kept[column] {
                    Some(place) => {
                        let (value, next) = csv::number(bytes, at, end).ok_or(stop)?;
                        self.row.values[place] = value;
                        at = next;
                    }
                    None => at = csv::skip_number(bytes, at, end).ok_or(stop)?,
                },
            }
        }
        if at - start > limits::LINE_BYTES {
            return Err(Stop::Row(Fault::LongLine { limit: limits::LINE_BYTES }));
        }
        self.check_order(frame_before, new_frame, touches)?;
        self.touched = Some(touches);
        Ok(at)
    }

    /// Frames are counted from 0, and one without touches is one row.
    fn check_order(&self, before: u64, new_frame: bool, touches: bool) -> Result<(), Stop> {
        let found = self.row.frame;
        let expected = match self.touched {
            None => 0,
            Some(_) if new_frame => before + 1,
            Some(touched) => {
                if touched && touches {
                    return Ok(());
                }
                return Err(Stop::Row(Fault::Inconsistent {
                    what: format!("frame {found}"),
                    found: "a row without a touch beside others of the frame".to_owned(),
                    expected: "one row where a frame has no touch".to_owned(),
                }));
            }
        };
        if found == expected {
            return Ok(());
        }
        let expected =
            if self.touched.is_none() { "0".to_owned() } else { format!("{before} or {expected}") };
        Err(Stop::Row(Fault::Inconsistent { what: "frame".to_owned(), found: found.to_string(), expected }))
    }

    /// What is wrong with the cell at `bad` of the line that starts at `start`: the slow path, once.
    fn explain(&self, bytes: &[u8], start: usize, bad: usize, column: usize) -> Malformed {
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
            Cells::State => "a state where there is a touch, and nothing where there is none".to_owned(),
            Cells::Frame => "a whole number from 0".to_owned(),
            Cells::Integer | Cells::Number => "a whole number, or nothing".to_owned(),
        };
        let what = format!("column `{name}`");
        malformed(bad, Fault::Inconsistent { what, found: format!("`{}`", shortened(cell, 40)), expected })
    }
}

/// Where reading of a row stopped.
enum Stop {
    /// At a cell.
    Cell {
        /// Its first byte.
        at: usize,
        /// Its column.
        column: usize,
    },
    /// The row as a whole contradicts itself or those before.
    Row(Fault),
}
