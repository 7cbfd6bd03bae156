//! What the content of an .ods holds, before it is decoded: how much, and what the decoder would pass over.

use super::super::refusal::Refusal;
use super::pieces::{Pieces, attribute, text};
use super::{called, large, shown};
use openweigh_formats::limits;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::io::Read;

/// The most columns and rows that the decoder makes of repeated cells.
const COLUMNS: u64 = 16_384;
const ROWS: u64 = 1_048_576;

/// Of each sheet the first cell that is not read for certain.
pub(super) type Faults = BTreeMap<String, String>;

/// How large the sheet is that is being read; the decoder makes a rectangle of it.
#[derive(Default)]
struct Size {
    row: u64,
    column: u64,
    /// Cells that the decoder makes before it makes the rectangle.
    made: u64,
    width: u64,
    height: u64,
    repeated: u64,
}

impl Size {
    fn begin_row(&mut self, tag: &BytesStart) {
        self.row += self.repeated;
        self.column = 0;
        self.repeated = times(tag, "table:number-rows-repeated").min(ROWS);
    }

    fn said(&mut self, times: u64) {
        let end = (self.column + times).min(COLUMNS);
        self.width = self.width.max(end);
        self.height = (self.row + self.repeated).min(ROWS);
    }

    fn end_row(&mut self, last: u64) -> Result<(), Refusal> {
        self.made = self.made.saturating_add(last);
        self.checked()
    }

    fn checked(&self) -> Result<(), Refusal> {
        let limit = limits::WORKBOOK_CELLS_ODS;
        if self.made.max(self.width.saturating_mul(self.height)) > limit {
            return Err(large(&format!("over {limit} cells, empty ones between them counted")));
        }
        Ok(())
    }
}

fn times(tag: &BytesStart, name: &str) -> u64 {
    attribute(tag, name).and_then(|value| value.parse().ok()).unwrap_or(1)
}

/// Looks through the content.
pub(super) fn looked(from: impl Read) -> Result<Faults, Refusal> {
    let mut pieces = Pieces::new(from, limits::WORKBOOK_PART);
    let mut faults = Faults::new();
    let (mut sheets, mut name) = (0, String::new());
    let mut size = Size::default();
    let mut row_end = 0;
    let mut cell: Option<Cell> = None;
    loop {
        let event = pieces.next()?;
        if let Some(open) = &mut cell {
            match &event {
                Event::Eof => return Ok(faults),
                Event::End(tag) if is_cell(tag.name().as_ref()) => {
                    let cell = cell.take().unwrap_or_default();
                    let said = cell.says();
                    if said {
                        size.said(cell.times);
                        row_end = (size.column + cell.times).min(COLUMNS);
                    }
                    if let Some(fault) = cell.fault() {
                        let place = called(size.row, size.column);
                        faults.entry(name.clone()).or_insert(format!("{place} {fault}"));
                    }
                    size.column = size.column.saturating_add(cell.times).min(COLUMNS);
                    size.checked()?;
                }
                event => open.add(event)?,
            }
            continue;
        }
        match &event {
            Event::Eof => return Ok(faults),
            Event::Start(tag) => match tag.name().as_ref() {
                "table:table" => {
                    sheets += 1;
                    if sheets > limits::WORKBOOK_SHEETS {
                        return Err(large(&format!("over {} sheets", limits::WORKBOOK_SHEETS)));
                    }
                    name = text(tag, "table:name").unwrap_or_default();
                    // What was made of the sheets before stays in memory.
                    size = Size { made: size.made, ..Size::default() };
                }
                "table:table-row" => {
                    size.begin_row(tag);
                    row_end = 0;
                }
                tag_name if is_cell(tag_name) => cell = Some(Cell::new(tag)),
                _ => {}
            },
            Event::End(tag) if tag.name().as_ref() == "table:table-row" => size.end_row(row_end)?,
            _ => {}
        }
    }
}

fn is_cell(name: &str) -> bool {
    matches!(name, "table:table-cell" | "table:covered-table-cell")
}

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    times: u64,
    kind: String,
    values: Vec<(String, String)>,
    has_formula: bool,
    is_error: bool,
    /// What is shown.
    text: String,
    /// Remarks of people in which it stands.
    remarks: u32,
    /// What no cell has in it.
    odd: Option<&'static str>,
}

impl Cell {
    fn new(tag: &BytesStart) -> Self {
        let values = ["value", "string-value", "date-value", "time-value", "boolean-value"];
        let value = |name: &&str| Some(((*name).to_owned(), text(tag, &format!("office:{name}"))?));
        Self {
            times: times(tag, "table:number-columns-repeated").min(COLUMNS),
            kind: attribute(tag, "office:value-type").unwrap_or_default(),
            values: values.iter().filter_map(value).collect(),
            has_formula: attribute(tag, "table:formula").is_some(),
            is_error: attribute(tag, "calcext:value-type").as_deref() == Some("error"),
            ..Self::default()
        }
    }

    fn add(&mut self, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Start(tag) => match tag.name().as_ref() {
                "office:annotation" => self.remarks += 1,
                "table:table" => self.odd = Some("a table in it"),
                _ => {}
            },
            Event::End(tag) if tag.name().as_ref() == "office:annotation" => {
                self.remarks = self.remarks.saturating_sub(1);
            }
            Event::Text(text) if self.remarks == 0 => self.text.push_str(text.as_ref()),
            Event::GeneralRef(name) if self.remarks == 0 => {
                let reference = format!("&{};", AsRef::<str>::as_ref(name));
                self.text.push_str(&quick_xml::escape::unescape(&reference).unwrap_or_default());
            }
            Event::CData(_) if self.remarks == 0 => self.odd = Some("a CDATA section in it"),
            _ => {}
        }
        if self.text.len() as u64 > limits::WORKBOOK_TEXT {
            return Err(large(&format!("a cell of over {} bytes of text", limits::WORKBOOK_TEXT)));
        }
        Ok(())
    }

    /// Whether the decoder keeps it.
    fn says(&self) -> bool {
        self.has_formula || !self.values.is_empty() || self.kind == "string"
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|value| value.0 == name).map(|value| value.1.as_str())
    }

    fn fault(&self) -> Option<String> {
        let bare = |text: &str| text.split_whitespace().collect::<String>();
        let text = bare(&self.text);
        let seen = shown(self.text.trim());
        if let Some(odd) = self.odd {
            return Some(format!("has {odd}, expected one value"));
        }
        let wanted = match self.kind.as_str() {
            "float" | "percentage" | "currency" => "value",
            "string" => "string-value",
            "date" => "date-value",
            "time" => "time-value",
            "boolean" => "boolean-value",
            "" if self.has_formula && self.values.is_empty() => {
                return Some("has a formula, and its value was not saved; open the workbook in a spreadsheet program and save it there".to_owned());
            }
            "" if self.values.is_empty() && text.is_empty() => return None,
            "" => {
                return Some(format!(
                    "shows `{seen}` and does not say whether that is a number or a text; save the sheet as CSV"
                ));
            }
            other => {
                return Some(format!(
                    "has a value of the type `{}`, expected a number, text, date, time or boolean",
                    shown(other)
                ));
            }
        };
        if self.values.iter().any(|value| value.0 != wanted) {
            return Some(format!("is of the type `{}` and has a value of another type", shown(&self.kind)));
        }
        let value = self.value(wanted);
        match wanted {
            "value" => {
                let number = value.and_then(|value| value.parse::<f64>().ok());
                if !number.is_some_and(f64::is_finite) {
                    let value = shown(value.unwrap_or_default());
                    return Some(format!(
                        "is `{value}`, which no cell can hold as a number; correct it, or save the sheet as CSV"
                    ));
                }
                is_error_text(&text).then(|| {
                    format!("shows the error `{seen}` and has a number; correct it, or empty the cell")
                })
            }
            // The decoder takes the text where there is no such attribute, and of an error.
            "string-value" => {
                value.filter(|value| !self.is_error && !text.is_empty() && bare(value) != text).map(|value| {
                    format!("shows `{seen}` and says `{}`; correct it, or empty the cell", shown(value))
                })
            }
            "boolean-value" => value
                .filter(|value| !matches!(*value, "true" | "false" | "TRUE" | "FALSE"))
                .map(|value| format!("is `{}`, expected true or false", shown(value))),
            _ if value.is_none_or(str::is_empty) => {
                Some(format!("is of the type `{}` and has no value", self.kind))
            }
            _ => None,
        }
    }
}

/// Whether a cell shows an error of a formula.
fn is_error_text(text: &str) -> bool {
    matches!(text, "#DIV/0!" | "#N/A" | "#NAME?" | "#NULL!" | "#NUM!" | "#REF!" | "#VALUE!")
        || text.starts_with("Err:")
}
