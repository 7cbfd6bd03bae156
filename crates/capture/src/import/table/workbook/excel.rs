//! What the parts of an .xlsx hold, before they are decoded: how much, and what the decoder would pass over.

use super::super::refusal::Refusal;
use super::pieces::{Pieces, attribute, text};
use super::{large, shown, wrong};
use openweigh_formats::limits;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

/// What was found: of each part the first cell that is not read for certain, and which part is which sheet.
#[derive(Default)]
pub(super) struct Excel {
    faults: BTreeMap<String, String>,
    /// Names of sheets, with the id of a link.
    sheets: Vec<(String, String)>,
    /// Ids of links of the workbook, with what they lead to.
    links: BTreeMap<String, String>,
}

impl Excel {
    /// What is wrong in a sheet: in any, if it is not known which part it is.
    pub(super) fn fault(&self, sheet: &str) -> Option<&str> {
        let id = self.sheets.iter().find(|(name, _)| name == sheet).map(|(_, id)| id);
        let target = id.and_then(|id| self.links.get(id)).map(|target| target.trim_start_matches('/'));
        let part = |name: &&String| {
            target.is_some_and(|target| **name == target || **name == format!("xl/{target}"))
        };
        match self.faults.keys().find(part) {
            Some(name) => self.faults.get(name).map(String::as_str),
            // The part is known and has no fault, or it is not known.
            None if target.is_some_and(|target| target.contains("worksheets/sheet")) => None,
            None => self.faults.values().next().map(String::as_str),
        }
    }
}

/// Elements that are held in memory, counted over all parts.
#[derive(Default)]
struct Counts(BTreeMap<&'static str, u64>);

impl Counts {
    fn add(&mut self, name: &str) -> Result<(), Refusal> {
        let (name, limit, what) = match name {
            "si" => ("si", limits::WORKBOOK_STRINGS, "texts"),
            "sheet" => ("sheet", limits::WORKBOOK_SHEETS, "sheets"),
            "xf" | "numFmt" | "font" | "fill" | "border" | "dxf" | "cellStyle" => {
                ("xf", limits::WORKBOOK_ENTRIES, "formats")
            }
            "Relationship" => ("Relationship", limits::WORKBOOK_ENTRIES, "links"),
            "definedName" | "tableColumn" => ("definedName", limits::WORKBOOK_ENTRIES, "names"),
            _ => return Ok(()),
        };
        let count = self.0.entry(name).or_default();
        *count += 1;
        if *count > limit {
            return Err(large(&format!("over {limit} {what}")));
        }
        Ok(())
    }
}

/// Looks through all parts that the decoder may read.
pub(super) fn looked(archive: &mut zip::ZipArchive<Cursor<&[u8]>>) -> Result<Excel, Refusal> {
    let (mut found, mut counts, mut inflated) = (Excel::default(), Counts::default(), 0);
    for at in 0..archive.len() {
        let file = archive.by_index(at).map_err(|error| wrong(&error))?;
        let name = file.name().map_err(|error| wrong(&error))?.to_string();
        let lower = name.to_ascii_lowercase();
        if !lower.ends_with(".xml") && !lower.ends_with(".rels") {
            continue;
        }
        let limit = limits::WORKBOOK_INFLATED.saturating_sub(inflated);
        inflated += part(file, &name, limit, &mut counts, &mut found)?;
        if inflated > limits::WORKBOOK_INFLATED {
            return Err(large(&format!("over {} bytes of content", limits::WORKBOOK_INFLATED)));
        }
    }
    Ok(found)
}

/// Looks through one part; gives its bytes.
fn part(
    from: impl Read,
    name: &str,
    limit: u64,
    counts: &mut Counts,
    found: &mut Excel,
) -> Result<u64, Refusal> {
    let mut pieces = Pieces::new(from, limit);
    let (mut sheet, mut root, mut cells) = (false, true, 0u64);
    let mut cell: Option<Cell> = None;
    let mut shared = 0u64;
    loop {
        let bytes = pieces.bytes();
        if !sheet && bytes > limits::WORKBOOK_PART {
            return Err(large(&format!(
                "`{}` of over {} bytes, which is no sheet",
                shown(name),
                limits::WORKBOOK_PART
            )));
        }
        let event = pieces.next()?;
        match &event {
            Event::Eof => return Ok(bytes),
            Event::Start(tag) => {
                let local = tag.local_name();
                let local: &str = local.as_ref();
                if std::mem::take(&mut root) {
                    sheet = local == "worksheet";
                }
                counts.add(local)?;
                noted(tag, local, name, found)?;
                match local {
                    "c" if cell.is_none() => {
                        cells += 1;
                        if cells > limits::WORKBOOK_CELLS {
                            return Err(large(&format!("over {} cells", limits::WORKBOOK_CELLS)));
                        }
                        cell = Some(Cell::new(tag));
                    }
                    "si" => shared = 0,
                    _ => {}
                }
            }
            Event::Text(text) => shared += text.len() as u64,
            Event::CData(text) => shared += text.len() as u64,
            _ => {}
        }
        if shared > limits::WORKBOOK_TEXT && !sheet {
            // Text between elements is counted anew at each text that sheets share.
            return Err(large(&format!("a text of over {} bytes", limits::WORKBOOK_TEXT)));
        }
        let Some(open) = &mut cell else {
            if let Event::End(tag) = &event
                && matches!(tag.local_name().as_ref(), "si" | "row")
            {
                shared = 0;
            }
            continue;
        };
        if matches!(&event, Event::End(tag) if tag.local_name().as_ref() == "c") {
            let fault = cell.take().and_then(Cell::fault);
            if let Some(fault) = fault.filter(|_| sheet) {
                found.faults.entry(name.to_owned()).or_insert(fault);
            }
            continue;
        }
        open.add(&event)?;
    }
}

/// Keeps what says which part is which sheet.
fn noted(tag: &BytesStart, local: &str, part: &str, found: &mut Excel) -> Result<(), Refusal> {
    if local == "sheet" {
        let mut attributes = tag.attributes();
        let id =
            attributes.with_checks(false).flatten().find(|found| found.key.local_name().as_ref() == "id");
        if let (Some(name), Some(id)) = (text(tag, "name"), id) {
            found.sheets.push((name, id.value.into_owned()));
        }
    }
    if local == "Relationship" {
        let (kind, target) = (attribute(tag, "Type").unwrap_or_default(), text(tag, "Target"));
        let target = target.unwrap_or_default();
        let kind = kind.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let read = kind.ends_with("sheet")
            || matches!(kind.as_str(), "officedocument" | "sharedstrings" | "styles" | "table");
        // Only such parts are looked through.
        if read && !target.to_ascii_lowercase().ends_with(".xml") {
            return Err(wrong(&format!("its part `{}` is not called .xml", shown(&target))));
        }
        if part.to_ascii_lowercase().ends_with("workbook.xml.rels")
            && let Some(id) = attribute(tag, "Id")
        {
            found.links.insert(id, target);
        }
    }
    Ok(())
}

/// A cell while it is read.
#[derive(Default)]
struct Cell {
    place: String,
    kind: String,
    style: String,
    has_formula: bool,
    values: u32,
    inside: bool,
    /// The value, and of how many pieces it is.
    value: String,
    texts: u32,
    others: u32,
    bytes: u64,
}

impl Cell {
    fn new(tag: &BytesStart) -> Self {
        Self {
            place: attribute(tag, "r").unwrap_or_else(|| "a cell without a place".to_owned()),
            kind: attribute(tag, "t").unwrap_or_default(),
            style: attribute(tag, "s").unwrap_or_default(),
            ..Self::default()
        }
    }

    fn add(&mut self, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Start(tag) => match tag.local_name().as_ref() {
                "f" => self.has_formula = true,
                "is" => self.values += 1,
                "v" if !self.inside => {
                    self.values += 1;
                    self.inside = true;
                }
                _ => self.others += u32::from(self.inside),
            },
            Event::End(tag) if tag.local_name().as_ref() == "v" => self.inside = false,
            Event::Text(text) => {
                self.bytes += text.len() as u64;
                if self.inside {
                    self.texts += 1;
                    self.value.push_str(text.as_ref());
                }
            }
            // A text may have references to characters, a number may not.
            Event::GeneralRef(_) if self.inside => {
                self.bytes += 1;
                self.others += u32::from(self.is_plain());
                self.value.push('&');
            }
            Event::CData(text) => {
                self.bytes += text.len() as u64;
                self.others += u32::from(self.inside);
            }
            Event::Comment(_) | Event::PI(_) if self.inside => self.others += 1,
            _ => {}
        }
        if self.bytes > limits::WORKBOOK_TEXT {
            return Err(large(&format!("a cell of over {} bytes of text", limits::WORKBOOK_TEXT)));
        }
        Ok(())
    }

    /// Whether the value is one of those that the decoder takes from a single piece.
    fn is_plain(&self) -> bool {
        matches!(self.kind.as_str(), "" | "n" | "s" | "b" | "e")
    }

    fn fault(self) -> Option<String> {
        let place = shown(&self.place);
        if self.values > 1 {
            return Some(format!("{place} has {} values, expected one", self.values));
        }
        if self.others > 0 || (self.is_plain() && self.texts > 1) {
            return Some(format!("{place} has a value with comments or marks in it, expected plain text"));
        }
        if self.has_formula && self.value.is_empty() && self.kind != "str" {
            return Some(format!(
                "{place} has a formula, and its value was not saved; open the workbook in a spreadsheet program and save it there"
            ));
        }
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(&self.style) || (self.kind == "s" && !digits(&self.value)) {
            return Some(format!("{place} names its text or format by what is no number"));
        }
        let number = self.value.parse::<f64>().ok().filter(|_| matches!(self.kind.as_str(), "" | "n"));
        if number.is_some_and(|number| !number.is_finite()) {
            return Some(format!(
                "{place} is `{}`, which no cell can hold as a number; correct it, or save the sheet as CSV",
                shown(&self.value)
            ));
        }
        None
    }
}
