//! `GlassToKey`'s frames as a table: a row for each contact, several devices in one file.

use super::error::{LeftOut, Reason};
use super::feed::{Feed, hexadecimal, parsed};
use super::following::{clock, selected};
use super::sink::Sink;
use super::{CONTACTS, DEVICES, Device, ImportError, Options};
use crate::evdev::line_of;
use crate::frame::{Frame, Phase, Touch};
use openweigh_formats::session::{Clicks, PressureUnit, Source};

/// The columns, in file order.
const COLUMNS: [&str; 17] = [
    "frame_seq",
    "arrival_ns",
    "device_index",
    "device_id",
    "timestamp_s",
    "contact_count",
    "contact_index",
    "contact_id",
    "state",
    "x",
    "y",
    "total",
    "pressure",
    "major",
    "minor",
    "angle",
    "density",
];

/// A pad of the framework, as `GlassToKey` knows it: by its number and its id.
pub(crate) fn device(index: i64, id: u64, options: &Options) -> Device {
    let line = |text: &str| line_of(text);
    Device {
        source: Source {
            os: line("macos"),
            driver: line("MultitouchSupport"),
            model: options.model.clone().unwrap_or_else(|| line("unknown")),
            transport: line("unknown"),
            family: None,
            device: None,
            surface: None,
            sensor: None,
            // The framework's value of force, if it is ever above 0: then the device measures it.
            unit: PressureUnit::Counts,
            quantum: None,
            ceiling: None,
            clicks: Clicks::Unknown,
        },
        clock: clock("device clock, s", "clock of the recording, ns"),
        words: format!("device {index}"),
        id: Some(id),
        steady: true,
    }
}

/// The devices of a file, in the order in which they appear.
#[derive(Default)]
pub(crate) struct Devices {
    /// Number, id, and the sink's number if it is imported.
    known: Vec<(i64, u64, Option<usize>)>,
    /// Those that are not.
    pub(crate) left_out: Vec<LeftOut>,
}

impl Devices {
    /// The sink's number of a device; `Err(None)` if there are too many.
    pub(crate) fn of(
        &mut self,
        index: i64,
        id: u64,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<Option<usize>, Option<ImportError>> {
        if let Some((_, _, known)) = self.known.iter().find(|(i, d, _)| (*i, *d) == (index, id)) {
            return Ok(*known);
        }
        if self.known.len() >= DEVICES {
            return Err(None);
        }
        let device = device(index, id, options);
        let wanted =
            usize::try_from(index).is_ok_and(|number| selected(options, number, &[&format!("{id:#018x}")]));
        let number = if wanted {
            Some(sink.device(&device).map_err(Some)?)
        } else {
            self.left_out.push(LeftOut { device: device.words, why: Reason::NotSelected });
            None
        };
        self.known.push((index, id, number));
        Ok(number)
    }
}

/// A frame whose contacts are still coming.
#[derive(Default)]
struct Open {
    key: Vec<u8>,
    device: Option<usize>,
    frame: Frame,
    /// Contacts that the frame has.
    count: usize,
}

/// Reads it.
pub(crate) fn read(
    feed: &mut Feed<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Vec<LeftOut>, ImportError> {
    let mut line = Vec::new();
    let header = COLUMNS.join(",");
    if !feed.line(&mut line)? || line != header.as_bytes() {
        return Err(feed.part(&line, &line, format!("the header `{header}`")));
    }
    let mut devices = Devices::default();
    let mut open: Option<Open> = None;
    while feed.line(&mut line)? {
        let mut cells: [&[u8]; COLUMNS.len()] = [&[]; COLUMNS.len()];
        let mut count = 0;
        for part in line.split(|byte| *byte == b',') {
            if let Some(cell) = cells.get_mut(count) {
                *cell = part;
            }
            count += 1;
        }
        if count != COLUMNS.len() {
            return Err(feed.at(1, format!("{count} fields"), format!("{}", COLUMNS.len())));
        }
        let row = Row { feed, line: &line, cells };
        let mut frame = match open.take() {
            Some(open) => row.goes_on(open)?,
            None => row.begin(&mut devices, options, sink)?,
        };
        if frame.count > 0 {
            let touch = row.touch(frame.frame.touches.len())?;
            frame.frame.touches.push(touch);
        } else if cells[6..].iter().any(|cell| !cell.is_empty()) {
            return Err(row.wrong(6, "nothing behind the count in a frame without contacts"));
        }
        if frame.frame.touches.len() < frame.count {
            open = Some(frame);
        } else if let Some(device) = frame.device {
            sink.frame(device, &frame.frame)?;
        }
    }
    match open {
        None => Ok(devices.left_out),
        Some(open) => {
            let found = format!("{} of {} contacts of the last frame", open.frame.touches.len(), open.count);
            Err(feed.at(1, found, "all of them: the recording was cut"))
        }
    }
}

/// A row of the table.
struct Row<'a, 'b> {
    feed: &'a Feed<'b>,
    line: &'a [u8],
    cells: [&'a [u8]; COLUMNS.len()],
}

impl Row<'_, '_> {
    fn wrong(&self, column: usize, expected: &str) -> ImportError {
        let expected = format!("in column `{}` {expected}", COLUMNS[column]);
        self.feed.part(self.line, self.cells[column], expected)
    }

    fn cell<T: std::str::FromStr>(&self, column: usize, expected: &str) -> Result<T, ImportError> {
        parsed(self.cells[column]).ok_or_else(|| self.wrong(column, expected))
    }

    /// The cells that all rows of a frame share.
    fn key(&self) -> &[u8] {
        let end = self.cells[..6].iter().map(|cell| cell.len() + 1).sum::<usize>();
        &self.line[..end]
    }

    fn begin(
        &self,
        devices: &mut Devices,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<Open, ImportError> {
        let whole = "a whole number from 0";
        let number: i64 = self.cell(0, whole)?;
        let arrival: u64 = self.cell(1, whole)?;
        let index: i64 = self.cell(2, whole)?;
        let id = self.cells[3];
        let id = match id.strip_prefix(b"0x") {
            Some(digits) => hexadecimal(digits),
            None => parsed(id),
        };
        let id =
            id.ok_or_else(|| self.wrong(3, "an id: a number of 64 bits, with 0x if it is hexadecimal"))?;
        let device_s: f64 = self.cell(4, "a number")?;
        let count: usize = self.cell(5, whole)?;
        for (column, fits) in [(0, number >= 0), (2, index >= 0), (5, count <= CONTACTS)] {
            if !fits {
                return Err(self.wrong(column, &format!("{whole}, and at most {CONTACTS} contacts")));
            }
        }
        let device = devices.of(index, id, options, sink).map_err(|error| {
            error.unwrap_or_else(|| self.wrong(2, &format!("one of at most {DEVICES} devices")))
        })?;
        let frame =
            Frame { device_frame: Some(number), device_s, arrival_ns: Some(arrival), touches: Vec::new() };
        Ok(Open { key: self.key().to_vec(), device, frame, count })
    }

    fn goes_on(&self, open: Open) -> Result<Open, ImportError> {
        if self.key() == open.key {
            return Ok(open);
        }
        let (found, count) = (open.frame.touches.len(), open.count);
        let found = format!("another frame after {found} of {count} contacts");
        Err(self.feed.at(1, found, "the other contacts of the frame first"))
    }

    fn touch(&self, at: usize) -> Result<Touch, ImportError> {
        if self.cell::<usize>(6, "the number of the contact in its frame")? != at {
            return Err(self.wrong(6, &format!("{at}, the next contact of the frame")));
        }
        let state: i32 = self.cell(8, "the number of a state, 0 to 7")?;
        let state = Phase::of_number(state);
        let Phase::Known(known) = state else { return Err(self.wrong(8, "the number of a state, 0 to 7")) };
        let value = |column: usize| self.cell::<f32>(column, "a number").map(Some);
        Ok(Touch {
            x: value(9)?,
            y: value(10)?,
            total: value(11)?,
            pressure: value(12)?,
            major: value(13)?,
            minor: value(14)?,
            angle: value(15)?,
            density: value(16)?,
            ..Touch::bare(self.cell(7, "a whole number")?, known)
        })
    }
}
