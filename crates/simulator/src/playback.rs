//! A recording, played back bit for bit.
//!
//! The columns are `frame_seq, arrival_ns, device_index, device_id, timestamp_s, contact_count,
//! contact_index, contact_id, state, x, y, total, pressure, major, minor, angle, density`. A frame is one
//! row for each contact, one after the other; a frame without contacts is one row whose last eleven fields
//! are empty but for the count. Devices interleave. Each value becomes the binary number nearest to its text, the frame's number
//! is `frame_seq`, and the clock in the callback shows `arrival_ns`.
//!
//! A file is read as it is played, one line at a time, whatever its length.

use crate::abi::Record;
use crate::score::{Shot, Step};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The header that is read. `capture`, which imports such files, has a list of its own: the simulator stands
/// in for a foreign library and shares nothing with what loads it, so that neither can hide the other's slip.
pub const HEADER: &str = "frame_seq,arrival_ns,device_index,device_id,timestamp_s,contact_count,\
    contact_index,contact_id,state,x,y,total,pressure,major,minor,angle,density";

/// A line longer than this is not of a recording.
const LONGEST_LINE: usize = 1000;

/// Why a recording cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// The system's words.
    #[error("{path}: {reason}", path = path.display())]
    File {
        /// The recording.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A line that is not of this format.
    #[error("{path}:{line}:{column}: {message}", path = path.display())]
    Line {
        /// The recording.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// Counted from 1, in bytes.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

/// A line's fields, and where they begin.
struct Row<'a> {
    fields: [&'a str; 17],
}

/// The lines of an open recording.
struct Lines {
    path: PathBuf,
    file: BufReader<File>,
    number: u64,
    text: String,
}

impl Lines {
    fn open(path: &Path) -> Result<Lines, RecordingError> {
        let file = File::open(path)
            .map_err(|error| RecordingError::File { path: path.to_owned(), reason: error.to_string() })?;
        let mut lines =
            Lines { path: path.to_owned(), file: BufReader::new(file), number: 0, text: String::new() };
        lines.advance()?;
        if lines.text != HEADER {
            return Err(lines.fault(1, "found another header than that of a recording".to_owned()));
        }
        Ok(lines)
    }

    fn fault(&self, column: usize, message: String) -> RecordingError {
        RecordingError::Line { path: self.path.clone(), line: self.number, column, message }
    }

    /// Reads the next line; `false` at the end.
    fn advance(&mut self) -> Result<bool, RecordingError> {
        self.text.clear();
        self.number += 1;
        let mut limited = std::io::Read::take(&mut self.file, LONGEST_LINE as u64);
        let length = limited.read_line(&mut self.text).map_err(|error| RecordingError::Line {
            path: self.path.clone(),
            line: self.number,
            column: 1,
            message: error.to_string(),
        })?;
        if length >= LONGEST_LINE {
            return Err(self.fault(LONGEST_LINE, "the line is too long".to_owned()));
        }
        let kept = self.text.trim_end_matches(['\n', '\r']).len();
        self.text.truncate(kept);
        Ok(length > 0)
    }

    fn row(&self) -> Result<Row<'_>, RecordingError> {
        let mut fields = [""; 17];
        let mut found = 0;
        for field in self.text.split(',') {
            if let Some(place) = fields.get_mut(found) {
                *place = field;
            }
            found += 1;
        }
        if found == 17 {
            Ok(Row { fields })
        } else {
            Err(self.fault(1, format!("found {found} fields, expected 17")))
        }
    }

    /// The value of a column.
    fn value<T: std::str::FromStr>(&self, row: &Row<'_>, column: usize) -> Result<T, RecordingError> {
        let text = row.fields[column];
        text.parse().map_err(|_| self.unreadable(row, column, text))
    }

    fn unreadable(&self, row: &Row<'_>, column: usize, text: &str) -> RecordingError {
        let before: usize = row.fields[..column].iter().map(|field| field.len() + 1).sum();
        let name = HEADER.split(',').nth(column).unwrap_or_default();
        self.fault(before + 1, format!("found {text:?} as {name}"))
    }

    fn id(&self, row: &Row<'_>) -> Result<u64, RecordingError> {
        let text = row.fields[3];
        let id = match text.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => text.parse(),
        };
        id.map_err(|_| self.unreadable(row, 3, text))
    }
}

/// The devices of a recording: index and id. Reads the file once.
///
/// # Errors
/// The file, or the first line that cannot be understood.
pub fn devices(path: &Path) -> Result<BTreeMap<u32, u64>, RecordingError> {
    let mut lines = Lines::open(path)?;
    let mut devices = BTreeMap::new();
    while lines.advance()? {
        let row = lines.row()?;
        devices.insert(lines.value(&row, 2)?, lines.id(&row)?);
    }
    Ok(devices)
}

/// One device's part of a recording, being played.
pub(crate) struct Recording {
    lines: Lines,
    index: u32,
    /// The latest arrival so far, of any device: frames are due in the order of the file even where their
    /// arrivals are not.
    latest_ns: u64,
}

impl Recording {
    pub(crate) fn open(path: &Path, index: u32) -> Result<Recording, RecordingError> {
        Ok(Recording { lines: Lines::open(path)?, index, latest_ns: 0 })
    }

    /// Makes the next frame ready. A mistake in the file ends it, with a word on standard error: there is
    /// nobody else to tell.
    pub(crate) fn step(&mut self, shot: &mut Shot) -> Step {
        match self.read(shot) {
            Ok(true) => Step::Frame,
            Ok(false) => Step::End,
            Err(error) => {
                crate::stage::complain(&error);
                Step::Unplug
            }
        }
    }

    fn read(&mut self, shot: &mut Shot) -> Result<bool, RecordingError> {
        shot.records.clear();
        while self.lines.advance()? {
            let row = self.lines.row()?;
            let arrival_ns: u64 = self.lines.value(&row, 1)?;
            self.latest_ns = self.latest_ns.max(arrival_ns);
            if self.lines.value::<u32>(&row, 2)? != self.index {
                continue;
            }
            shot.arrival_ns = arrival_ns;
            shot.due = (self.latest_ns, self.lines.number);
            shot.counter = self.lines.value::<i64>(&row, 0)? as i32;
            shot.timestamp_s = self.lines.value(&row, 4)?;
            let count: usize = self.lines.value(&row, 5)?;
            for number in 0..count {
                if number > 0 && !self.lines.advance()? {
                    return Err(self.lines.fault(1, format!("found the end, expected {count} contacts")));
                }
                let record = self.contact(shot, number)?;
                shot.records.push(record);
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// The contact in the current line, which must be of this frame and have this number.
    fn contact(&self, shot: &Shot, number: usize) -> Result<Record, RecordingError> {
        let lines = &self.lines;
        let row = lines.row()?;
        let same = lines.value::<i64>(&row, 0)? as i32 == shot.counter
            && lines.value::<u32>(&row, 2)? == self.index
            && lines.value::<usize>(&row, 6)? == number;
        if !same {
            return Err(lines.fault(1, format!("expected contact {number} of frame {}", shot.counter)));
        }
        Ok(Record {
            frame: shot.counter,
            timestamp: lines.value(&row, 4)?,
            path: lines.value(&row, 7)?,
            state: lines.value(&row, 8)?,
            hand: 1,
            position: [lines.value(&row, 9)?, lines.value(&row, 10)?],
            total: lines.value(&row, 11)?,
            pressure: lines.value(&row, 12)?,
            axes: [lines.value(&row, 13)?, lines.value(&row, 14)?],
            angle: lines.value(&row, 15)?,
            density: lines.value(&row, 16)?,
            ..Record::default()
        })
    }
}
