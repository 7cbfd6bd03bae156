//! `GlassToKey`'s frames as a table: a row for each contact, several devices in one file.

use super::error::{LeftOut, Reason};
use super::feed::{Feed, hexadecimal, parsed};
use super::following::selected;
use super::platform::{Contact, Hardware, Platform, Strange};
use super::sink::Sink;
use super::{CONTACTS, DEVICES, ImportError, Options};
use crate::frame::{Frame, Touch};

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

/// The devices of a file, in the order in which they appear.
#[derive(Default)]
pub(crate) struct Devices {
    /// Each, and the sink's number if it is imported.
    known: Vec<(Hardware, Option<usize>)>,
    /// Those that are not.
    pub(crate) left_out: Vec<LeftOut>,
}

impl Devices {
    /// The sink's number of a device; `Err(None)` if there are too many.
    pub(crate) fn of(
        &mut self,
        hardware: Hardware,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<Option<usize>, Option<ImportError>> {
        if let Some((_, known)) = self.known.iter().find(|(device, _)| *device == hardware) {
            return Ok(*known);
        }
        if self.known.len() >= DEVICES {
            return Err(None);
        }
        let id = format!("{:#018x}", hardware.id);
        let wanted = usize::try_from(hardware.index).is_ok_and(|number| selected(options, number, &[&id]));
        let described = if wanted { hardware.describe(options) } else { Err(Reason::NotSelected) };
        let number = match described {
            Ok(device) => Some(sink.device(&device).map_err(Some)?),
            Err(why) => {
                self.left_out.push(LeftOut { device: hardware.to_string(), why });
                None
            }
        };
        self.known.push((hardware, number));
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
    // Tables of this kind were made of recordings from Macs, unless somebody says otherwise.
    let platform = options.platform.unwrap_or(Platform::Mac);
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
            let touch = row.touch(frame.frame.touches.len(), platform)?;
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

    /// A number, or a word for what is none. A number beyond what the format holds is neither.
    fn real<T: std::str::FromStr + Copy>(
        &self,
        column: usize,
        is_infinite: impl Fn(T) -> bool,
    ) -> Result<T, ImportError> {
        let value: T = self.cell(column, "a number")?;
        if is_infinite(value) && self.cells[column].iter().any(u8::is_ascii_digit) {
            return Err(self.wrong(column, "a number within the range of the format, or `inf`"));
        }
        Ok(value)
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
        let arrival: i64 = self.cell(1, "a whole number of nanoseconds of 64 bits")?;
        let index: i64 = self.cell(2, whole)?;
        let id = self.cells[3];
        let id = match id.strip_prefix(b"0x") {
            Some(digits) => hexadecimal(digits),
            None => parsed(id),
        };
        let id =
            id.ok_or_else(|| self.wrong(3, "an id: a number of 64 bits, with 0x if it is hexadecimal"))?;
        let device_s: f64 = self.real(4, f64::is_infinite)?;
        let count: usize = self.cell(5, whole)?;
        for (column, fits) in [(0, number >= 0), (2, index >= 0), (5, count <= CONTACTS)] {
            if !fits {
                return Err(self.wrong(column, &format!("{whole}, and at most {CONTACTS} contacts")));
            }
        }
        let platform = options.platform.unwrap_or(Platform::Mac);
        let hardware = Hardware { platform, index, id, vendor: 0, product: 0 };
        let device = devices.of(hardware, options, sink).map_err(|error| {
            error.unwrap_or_else(|| self.wrong(2, &format!("one of at most {DEVICES} devices")))
        })?;
        let frame =
            Frame { device_frame: Some(number), device_s, arrival_ns: Some(arrival), ..Frame::default() };
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

    fn touch(&self, at: usize, platform: Platform) -> Result<Touch, ImportError> {
        if self.cell::<usize>(6, "the number of the contact in its frame")? != at {
            return Err(self.wrong(6, &format!("{at}, the next contact of the frame")));
        }
        let value = |column: usize| self.real::<f32>(column, f32::is_infinite);
        let contact = Contact {
            id: self.cell(7, "a whole number of 32 bits")?,
            state: self.cell(8, platform.states())?,
            x: value(9)?,
            y: value(10)?,
            total: value(11)?,
            pressure: value(12)?,
            major: value(13)?,
            minor: value(14)?,
            angle: value(15)?,
            density: value(16)?,
        };
        platform.touch(&contact).map_err(|strange| match strange {
            Strange::State => self.wrong(8, platform.states()),
            Strange::Pressure => self.wrong(12, "a whole number from 0 to 255, divided by 255"),
        })
    }
}
