//! Workbooks: a sheet as lines, each cell by its value.
//!
//! A number is the shortest decimal of its binary64, a date or time is written as ISO 8601 has it, a formula is the
//! value that the program which saved the workbook computed. How much a workbook inflates to is measured before
//! anything is decoded.

mod excel;
mod opendocument;
mod pieces;

use super::converted::{push_number, push_text};
use super::lines::Source;
use super::options::Flag;
use super::refusal::{Kind, Reason, Refusal};
use calamine::{Data, DataRef, ExcelDateTime, Ods, Reader, Xlsx};
use openweigh_formats::limits;
use std::io::{Cursor, Read};

/// Rows of a sheet.
const ROWS: u32 = 1 << 20;

/// The day after the last that Excel knows, counted from 1904, which is the shorter count.
const LAST_DAY: f64 = 2_957_004.0;

enum Book {
    Xlsx(Box<Xlsx<Cursor<Vec<u8>>>>, excel::Excel),
    Ods(Box<Ods<Cursor<Vec<u8>>>>, opendocument::Faults),
}

fn wrong(error: &dyn std::fmt::Display) -> Refusal {
    Refusal::whole(Reason::Malformed(format!("the workbook cannot be read: {error}")))
}

fn large(what: &str) -> Refusal {
    Refusal::whole(Reason::Malformed(format!("the workbook is too large ({what}); save the sheet as CSV")))
}

/// A text of the workbook in a message.
fn shown(text: &str) -> String {
    openweigh_formats::malformed::shortened(text, 40)
}

/// The name of a cell: `B7`.
fn called(row: u64, column: u64) -> String {
    let (mut letters, mut rest) = (Vec::new(), column + 1);
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    format!("{}{}", letters.iter().rev().collect::<String>(), row + 1)
}

fn open(source: &mut dyn Source) -> Result<Book, Refusal> {
    let mut bytes = Vec::new();
    source.open()?.take(limits::WORKBOOK_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limits::WORKBOOK_BYTES {
        return Err(large(&format!("over {} bytes", limits::WORKBOOK_BYTES)));
    }
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes.as_slice()))
        .map_err(|_| Refusal::whole(Reason::Kind(Kind::Zip)))?;
    let ods = archive.by_name("content.xml").is_ok();
    if !ods && archive.by_name("xl/workbook.xml").is_err() {
        return Err(Refusal::whole(Reason::Kind(Kind::Zip)));
    }
    if ods {
        let faults = opendocument::looked(archive.by_name("content.xml").map_err(|error| wrong(&error))?)?;
        for name in ["mimetype", "META-INF/manifest.xml"] {
            let Ok(file) = archive.by_name(name) else { continue };
            let limit = limits::WORKBOOK_TEXT;
            let read = std::io::copy(&mut file.take(limit + 1), &mut std::io::sink());
            if read.map_err(|error| wrong(&error))? > limit {
                return Err(large(&format!("`{name}` of over {limit} bytes")));
            }
        }
        drop(archive);
        let book = Ods::new(Cursor::new(bytes)).map_err(|error| wrong(&error))?;
        return Ok(Book::Ods(Box::new(book), faults));
    }
    let found = excel::looked(&mut archive)?;
    drop(archive);
    let book = Xlsx::new(Cursor::new(bytes)).map_err(|error| wrong(&error))?;
    Ok(Book::Xlsx(Box::new(book), found))
}

/// The sheet that is meant: the one that is named, or the only one.
pub(crate) fn sheet(source: &mut dyn Source, said: Option<&str>) -> Result<String, Refusal> {
    let names = match open(source)? {
        Book::Xlsx(book, _) => book.sheet_names(),
        Book::Ods(book, _) => book.sheet_names(),
    };
    match said {
        Some(wanted) if names.iter().any(|name| name == wanted) => Ok(wanted.to_owned()),
        None if names.len() == 1 => Ok(names[0].clone()),
        _ => {
            let flags: Vec<_> = names
                .iter()
                .take(10)
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
        Book::Xlsx(mut book, found) => {
            refuse(found.fault(sheet))?;
            let mut cells = book.worksheet_cells_reader(sheet).map_err(|error| wrong(&error))?;
            while let Some(cell) = cells.next_cell().map_err(|error| wrong(&error))? {
                let (row, column) = cell.get_position();
                lines.cell(row, column, |out| value(cell.get_value(), out))?;
            }
        }
        Book::Ods(mut book, faults) => {
            refuse(faults.get(sheet).map(String::as_str))?;
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

fn refuse(fault: Option<&str>) -> Result<(), Refusal> {
    fault.map_or(Ok(()), |fault| Err(wrong(&fault)))
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

/// Appends the value of a cell as a field, or says why it has none.
fn value(cell: &DataRef, out: &mut Vec<u8>) -> Result<(), String> {
    match cell {
        DataRef::Empty => {}
        DataRef::Int(value) => out.extend_from_slice(value.to_string().as_bytes()),
        // Rust writes the shortest decimal that reads back as the same binary64, without an exponent.
        DataRef::Float(value) if value.is_finite() => push_number(&value.to_string(), out),
        DataRef::Float(_) => return Err("is no number".to_owned()),
        DataRef::String(text) => push_text(text, out),
        DataRef::SharedString(text) => push_text(text, out),
        DataRef::Bool(value) => push_text(if *value { "true" } else { "false" }, out),
        // The last day is 9999-12-31.
        DataRef::DateTime(time) if !(0.0..LAST_DAY).contains(&time.as_f64()) => {
            return Err(format!(
                "is formatted as a date and holds {}, which is none; give it the format of numbers, or correct it",
                shown(&time.as_f64().to_string())
            ));
        }
        DataRef::DateTime(time) => push_text(&iso(time), out),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => push_text(text, out),
        DataRef::Error(error) => push_text(&error.to_string(), out),
    }
    Ok(())
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
    last: Option<(u32, u32)>,
}

impl Lines {
    fn cell(
        &mut self,
        row: u32,
        column: u32,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
    ) -> Result<(), Refusal> {
        let name = || called(u64::from(row), u64::from(column));
        if self.last.is_some_and(|last| last >= (row, column)) {
            return Err(wrong(&format!("{} stands twice, or below cells that follow it", name())));
        }
        self.last = Some((row, column));
        let mut field = Vec::new();
        write(&mut field).map_err(|why| wrong(&format!("{} {why}", name())))?;
        if field.is_empty() {
            return Ok(());
        }
        if column as usize >= limits::COLUMNS * 4 {
            let limit = limits::COLUMNS * 4;
            return Err(wrong(&format!("{} is beyond the {limit} columns that are read", name())));
        }
        if row >= ROWS {
            return Err(wrong(&format!("{} is beyond the {ROWS} rows of a sheet", name())));
        }
        while self.starts.len() as u64 <= u64::from(row) {
            self.starts.push((self.out.len(), 0));
        }
        let line = self.starts.last_mut().map_or(&mut self.widest, |line| &mut line.1);
        self.out.extend(std::iter::repeat_n(b'\t', (column - *line) as usize));
        *line = column;
        self.widest = self.widest.max(column);
        self.out.extend_from_slice(&field);
        if self.out.len() > limits::WORKBOOK_LINES {
            return Err(large(&format!("over {} bytes as lines", limits::WORKBOOK_LINES)));
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
