//! Workbooks: a sheet as lines, each cell by its value.
//!
//! A number is the shortest decimal of its binary64, a date or time is written as ISO 8601 has it, a formula is the
//! value that the program which saved the workbook computed. How much a workbook inflates to is measured before
//! anything is decoded.

use super::converted::{push_number, push_text};
use super::lines::Source;
use super::options::Flag;
use super::refusal::{Kind, Reason, Refusal};
use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xlsx};
use openweigh_formats::limits;
use std::io::{Cursor, Read};

/// Bytes of a workbook.
const BYTES: u64 = 64 << 20;

/// Bytes that it may inflate to.
const INFLATED: u64 = 1 << 30;

/// The same of .ods, which is held in memory while it is read.
const INFLATED_ODS: u64 = 32 << 20;

/// Cells of a sheet of .ods.
const CELLS_ODS: u64 = 2_000_000;

/// Bytes of the lines of a sheet.
const LINES: usize = 96 << 20;

enum Book {
    Xlsx(Box<Xlsx<Cursor<Vec<u8>>>>),
    Ods(Box<Ods<Cursor<Vec<u8>>>>),
}

fn wrong(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::whole(Reason::Malformed(format!("the workbook cannot be read: {error}")))
}

fn large(limit: u64) -> Refusal {
    Refusal::whole(Reason::Malformed(format!(
        "the workbook is too large (over {limit} bytes); save the sheet as CSV"
    )))
}

fn open(source: &mut dyn Source) -> Result<Book, Refusal> {
    let mut bytes = Vec::new();
    source.open()?.take(BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES {
        return Err(large(BYTES));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_slice()))
        .map_err(|_| Refusal::whole(Reason::Kind(Kind::Zip)))?;
    let ods = archive.by_name("content.xml").is_ok();
    if !ods && archive.by_name("xl/workbook.xml").is_err() {
        return Err(Refusal::whole(Reason::Kind(Kind::Zip)));
    }
    let limit = if ods { INFLATED_ODS } else { INFLATED };
    let mut inflated = 0;
    for at in 0..archive.len() {
        let mut file = archive.by_index(at).map_err(|error| wrong(&error))?;
        let content = file.name().is_ok_and(|name| name == "content.xml");
        if ods && content {
            let mut content = Vec::new();
            (&mut file).take(limit + 1).read_to_end(&mut content).map_err(|error| wrong(&error))?;
            inflated += content.len() as u64;
            if cells_of_ods(&content) > CELLS_ODS {
                return Err(large(limit));
            }
        } else {
            let rest = (limit + 1).saturating_sub(inflated);
            inflated += std::io::copy(&mut (&mut file).take(rest), &mut std::io::sink())
                .map_err(|error| wrong(&error))?;
        }
        if inflated > limit {
            return Err(large(limit));
        }
    }
    drop(archive);
    let cursor = Cursor::new(bytes);
    Ok(if ods {
        Book::Ods(Box::new(Ods::new(cursor).map_err(|error| wrong(&error))?))
    } else {
        Book::Xlsx(Box::new(Xlsx::new(cursor).map_err(|error| wrong(&error))?))
    })
}

/// The cells of an `OpenDocument` sheet, repeated ones counted as often as they stand for; empty ones not at all.
fn cells_of_ods(content: &[u8]) -> u64 {
    let repeated = |tag: &[u8], name: &[u8]| {
        let at = memchr::memmem::find(tag, name)? + name.len();
        let digits = tag[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&tag[at..at + digits]).ok()?.parse::<u64>().ok()
    };
    let (mut total, mut row, mut times) = (0u64, 0u64, 1u64);
    for tag in content.split(|byte| *byte == b'<') {
        if tag.starts_with(b"table:table-row") {
            total = total.saturating_add(row.saturating_mul(times));
            row = 0;
            times = repeated(tag, b"number-rows-repeated=\"").unwrap_or(1);
        } else if tag.starts_with(b"table:table-cell") {
            let said = memchr::memmem::find(tag, b"value").is_some() || !tag.ends_with(b"/>");
            if said {
                row = row.saturating_add(repeated(tag, b"number-columns-repeated=\"").unwrap_or(1));
            }
        }
    }
    total.saturating_add(row.saturating_mul(times))
}

/// The sheet that is meant: the one that is named, or the only one.
pub(crate) fn sheet(source: &mut dyn Source, said: Option<&str>) -> Result<String, Refusal> {
    let names = match open(source)? {
        Book::Xlsx(book) => book.sheet_names(),
        Book::Ods(book) => book.sheet_names(),
    };
    match said {
        Some(wanted) if names.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        None if names.len() == 1 => Ok(names[0].clone()),
        _ => {
            let flags: Vec<_> = names
                .iter()
                .map(|name| (Flag::Sheet(name.clone()), format!("reads the sheet `{name}`")))
                .collect();
            let refusal = Refusal::whole(Reason::Sheets(names));
            Err(flags.into_iter().fold(refusal, |refusal, (flag, gives)| refusal.or(vec![flag], gives)))
        }
    }
}

/// A sheet as lines.
pub(crate) fn lines(source: &mut dyn Source, sheet: &str) -> Result<Vec<u8>, Refusal> {
    let mut lines = Lines::default();
    match open(source)? {
        Book::Xlsx(mut book) => {
            let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| wrong(&error))?;
            while let Some(cell) = cells.next_cell().map_err(|error| wrong(&error))? {
                let (row, column) = cell.get_position();
                lines.cell(row, column, |out| value(cell.get_value(), out))?;
            }
        }
        Book::Ods(mut book) => {
            let range = book.worksheet_range(sheet).map_err(|error| wrong(&error))?;
            let (top, left) = range.start().unwrap_or((0, 0));
            for (row, column, cell) in range.used_cells() {
                let place =
                    |from: u32, more: usize| u32::try_from(more).ok().and_then(|more| from.checked_add(more));
                let (Some(row), Some(column)) = (place(top, row), place(left, column)) else { continue };
                lines.cell(row, column, |out| value(&as_ref(cell), out))?;
            }
        }
    }
    Ok(lines.finish())
}

fn as_ref(cell: &Data) -> DataRef<'_> {
    match cell {
        Data::Int(value) => DataRef::Int(*value),
        Data::Float(value) => DataRef::Float(*value),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(value) => DataRef::Bool(*value),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Appends the value of a cell as a field.
fn value(cell: &DataRef, out: &mut Vec<u8>) {
    match cell {
        DataRef::Empty => {}
        DataRef::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
        // Rust writes the shortest decimal that reads back as the same binary64, without an exponent.
        DataRef::Float(value) if value.is_finite() => push_number(&value.to_string(), out),
        DataRef::Float(_) => push_text("NaN", out),
        DataRef::String(text) => push_text(text, out),
        DataRef::SharedString(text) => push_text(text, out),
        DataRef::Bool(value) => push_text(if *value { "true" } else { "false" }, out),
        DataRef::DateTime(time) => push_text(&iso(time), out),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => push_text(text, out),
        DataRef::Error(error) => push_text(&error.to_string(), out),
    }
}

/// A date, a time or a duration.
fn iso(time: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let fraction = if milli == 0 { String::new() } else { format!(".{milli:03}") };
    if time.is_duration() {
        let hours = (time.as_f64() * 24.0).trunc();
        return format!("{hours}:{minute:02}:{second:02}{fraction}");
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if time.as_f64() < 1.0 {
        format!("{hour:02}:{minute:02}:{second:02}{fraction}")
    } else if (hour, minute, second, milli) == (0, 0, 0, 0) {
        date
    } else {
        format!("{date}T{hour:02}:{minute:02}:{second:02}{fraction}")
    }
}

/// Lines in the making, of cells in the order of rows and columns.
#[derive(Default)]
struct Lines {
    out: Vec<u8>,
    /// Where each line starts, and how many tabs it has.
    starts: Vec<(usize, u32)>,
    widest: u32,
}

impl Lines {
    fn cell(&mut self, row: u32, column: u32, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Refusal> {
        let columns = column as usize;
        let wrong_order = (self.starts.len() as u64) > u64::from(row) + 1;
        if columns >= limits::COLUMNS * 4 || wrong_order {
            return Err(wrong(&"cells are out of order, or too far to the right"));
        }
        let mut field = Vec::new();
        write(&mut field);
        if field.is_empty() {
            return Ok(());
        }
        while self.starts.len() as u64 <= u64::from(row) {
            self.starts.push((self.out.len(), 0));
        }
        let line = self.starts.last_mut().map_or(&mut self.widest, |line| &mut line.1);
        if *line > column {
            return Err(wrong(&"cells are out of order"));
        }
        self.out.extend(std::iter::repeat_n(b'\t', (column - *line) as usize));
        *line = column;
        self.widest = self.widest.max(column);
        self.out.extend_from_slice(&field);
        if self.out.len() > LINES {
            return Err(large(LINES as u64));
        }
        Ok(())
    }

    /// All lines, with as many fields as the widest one; rows without a cell are blank.
    fn finish(self) -> Vec<u8> {
        let mut lines = Vec::with_capacity(self.out.len() + self.starts.len());
        for (at, (start, tabs)) in self.starts.iter().enumerate() {
            let end = self.starts.get(at + 1).map_or(self.out.len(), |next| next.0);
            if end > *start {
                lines.extend_from_slice(&self.out[*start..end]);
                lines.extend(std::iter::repeat_n(b'\t', (self.widest - tabs) as usize));
            }
            lines.push(b'\n');
        }
        lines
    }
}
