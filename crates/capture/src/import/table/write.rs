//! The second reading: the rows, in the strict dialect.

use super::converted;
use super::encoding::Decoding;
use super::lines::{Lines, Source};
use super::measured::with_unit;
use super::names;
use super::number::{canonical, is_word};
use super::options::{Delimiter, Flag};
use super::plan::{Column, Plan};
use super::record::{Splitter, trimmed};
use super::refusal::{Reason, Refusal};
use super::survey::Line;
use super::text;
use openweigh_formats::dataset::CellType;
use openweigh_formats::limits;
use std::io::Write;

/// What takes rows.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&Row) -> Result<(), Refusal>;

/// A cell of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// A canonical number.
    Number(&'a str),
    /// A text, not empty.
    Text(&'a str),
    /// No value.
    Missing,
}

/// A row, as it will be stored.
#[derive(Debug)]
pub struct Row<'a> {
    /// The line of the source.
    pub line: u64,
    /// The cells with `,` between them.
    pub text: &'a str,
    ends: &'a [usize],
    plan: &'a Plan,
}

impl<'a> Row<'a> {
    /// The cells.
    pub fn cells(&self) -> impl Iterator<Item = Cell<'a>> {
        let text = self.text;
        let mut start = 0;
        self.ends.iter().zip(&self.plan.columns).map(move |(end, column)| {
            let cell = &text[start..*end];
            start = end + 1;
            match column.cells {
                _ if cell.is_empty() => Cell::Missing,
                CellType::Number => Cell::Number(cell),
                CellType::Text => Cell::Text(cell),
            }
        })
    }
}

/// Ways in which a cell is written otherwise than in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// A number in its canonical form, of the same value.
    Canonical,
    /// A word for a missing value, as an empty cell.
    Missing,
    /// A text without what a dataset's table cannot hold.
    Text,
}

/// Cells of a column that are written otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The column, by its place among those kept.
    pub column: usize,
    /// How.
    pub kind: ChangeKind,
    /// How many cells.
    pub cells: u64,
    /// The first: its line, before, after.
    pub first: (u64, String, String),
    /// The one that changed most: its line, before, after.
    pub largest: (u64, String, String),
    most: usize,
}

/// What writing did.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    /// Rows.
    pub rows: u64,
    /// Cells that are written otherwise than in the source.
    pub changes: Vec<Change>,
    /// Rows at the end that rather sum up those above, by the first text in them.
    pub summaries: Vec<Summary>,
}

/// A row that rather sums up others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its line in the source.
    pub line: u64,
    /// Its number among the rows, from 0.
    pub row: u64,
    /// The word that says so.
    pub word: String,
}

/// Words with which people and programs begin a row that sums up others, in lower case.
const SUMMARIES: [&str; 34] = [
    "total",
    "totals",
    "sum",
    "summe",
    "gesamt",
    "somme",
    "totale",
    "totaal",
    "suma",
    "mean",
    "average",
    "avg",
    "mittel",
    "mittelwert",
    "durchschnitt",
    "moyenne",
    "media",
    "promedio",
    "gemiddelde",
    "median",
    "std",
    "stdev",
    "std dev",
    "stddev",
    "sd",
    "stabw",
    "standardabweichung",
    "min",
    "max",
    "minimum",
    "maximum",
    "count",
    "grand total",
    "n",
];

/// Rows at the end of a table that may sum up the others.
const LAST_ROWS: u64 = 8;

impl Plan {
    /// Reads the source again, row by row.
    ///
    /// # Errors
    /// The source is another than the one surveyed, a text cannot be stored, or `each` refuses.
    pub fn rows(
        &self,
        source: &mut dyn Source,
        each: &mut dyn FnMut(&Row) -> Result<(), Refusal>,
    ) -> Result<Rows, Refusal> {
        match &self.converted {
            Some(conversion) => converted::rows(self, conversion, source, each),
            None => self.rows_of_lines(source, true, each),
        }
    }

    /// Reads the rows of a source that is lines of fields; `known` if its digest is that of the plan.
    pub(crate) fn rows_of_lines(
        &self,
        source: &mut dyn Source,
        known: bool,
        each: Each,
    ) -> Result<Rows, Refusal> {
        let (decoding, _) = Decoding::of(&super::survey::beginning(source)?, Some(&self.encoding))?;
        let max = if self.max_bytes == 0 { limits::CSV_BYTES } else { self.max_bytes };
        let max = if known { max } else { u64::MAX };
        let mut lines = Lines::new(source.open()?, decoding, max, known);
        let mut splitter = Splitter::new(self.delimiter);
        splitter.signs = self.signs;
        let (mut text, mut ends) = (Vec::new(), Vec::new());
        let mut rows = Rows::default();
        let first_text = self.columns.iter().position(|column| column.cells == CellType::Text);
        while let Some((number, line)) = lines.next()? {
            let Line::In(line) = self.sieve.line(number, line) else { continue };
            if number < self.first || self.is_left_out(line) {
                continue;
            }
            let changed = || Refusal::at(number, 0, Reason::Changed);
            splitter.split(line).map_err(|_| changed())?;
            if splitter.len() != self.fields {
                return Err(changed());
            }
            text.clear();
            ends.clear();
            for (at, column) in self.columns.iter().enumerate() {
                if at > 0 {
                    text.push(b',');
                }
                let cell = splitter.field(line, column.field);
                let from = text.len();
                let kind = self.cell(cell, column, &mut text).map_err(|why| {
                    let called = names::called(&column.header, column.field);
                    let cell = String::from_utf8_lossy(cell).into_owned();
                    let reason = Reason::TextCell { column: called.clone(), cell, why: why.into() };
                    Refusal::at(number, splitter.column(column.field), reason)
                        .or(vec![Flag::Drop(called)], "leaves the column out")
                })?;
                if let Some(kind) = kind {
                    rows.note(at, kind, number, cell, &text[from..]);
                }
                ends.push(text.len());
            }
            if text.len() + 1 >= limits::LINE_BYTES {
                return Err(Refusal::at(number, 0, Reason::LongRow(limits::LINE_BYTES)));
            }
            if let Some(at) = first_text {
                let start = if at == 0 { 0 } else { ends[at - 1] + 1 };
                rows.see(number, &text[start..ends[at]]);
            }
            rows.rows += 1;
            let text = std::str::from_utf8(&text).map_err(|_| changed())?;
            each(&Row { line: number, text, ends: &ends, plan: self })?;
        }
        let found = lines.finish()?;
        if (known && found.as_ref() != Some(&self.source)) || rows.rows != self.rows {
            return Err(Refusal::whole(Reason::Changed));
        }
        rows.settle();
        Ok(rows)
    }

    /// Writes the table: its header and its rows in the strict dialect.
    ///
    /// # Errors
    /// As [`Plan::rows`], or the sink refuses.
    pub fn write(&self, source: &mut dyn Source, sink: &mut dyn Write) -> Result<Rows, Refusal> {
        let mut block: Vec<u8> = Vec::with_capacity(256 << 10);
        openweigh_formats::csv::write_line(
            &mut block,
            self.columns.iter().map(|column| column.name.as_str()),
        );
        let rows = self.rows(source, &mut |row| {
            block.extend_from_slice(row.text.as_bytes());
            block.push(b'\n');
            if block.len() > 192 << 10 {
                sink.write_all(&block)?;
                block.clear();
            }
            Ok(())
        })?;
        sink.write_all(&block)?;
        Ok(rows)
    }

    /// Whether a line is blank, or repeats the header or the units.
    fn is_left_out(&self, line: &[u8]) -> bool {
        let blank =
            trimmed(line).0.is_empty() && !(self.delimiter == Delimiter::Tab && line.contains(&b'\t'));
        blank || self.repeated.iter().any(|other| other == line)
    }

    /// Appends a cell, and tells whether and how it was changed.
    fn cell(
        &self,
        cell: &[u8],
        column: &Column,
        out: &mut Vec<u8>,
    ) -> Result<Option<ChangeKind>, &'static str> {
        if cell.is_empty() {
            return Ok(None);
        }
        if !self.missing.is_empty() && self.missing.iter().any(|word| word.as_bytes() == cell) {
            return Ok(Some(ChangeKind::Missing));
        }
        if column.cells == CellType::Text {
            return Ok(text::stored(cell, out)?.then_some(ChangeKind::Text));
        }
        let from = out.len();
        let number = if column.measured { with_unit(cell).map_or(cell, |(number, _)| number) } else { cell };
        if canonical(number, self.convention, out) {
            return Ok((&out[from..] != cell).then_some(ChangeKind::Canonical));
        }
        if is_word(cell) { Ok(Some(ChangeKind::Missing)) } else { Err("it is no number any more") }
    }
}

impl Rows {
    /// Notes a row that begins with a word for a sum.
    fn see(&mut self, line: u64, cell: &[u8]) {
        let word = cell.strip_suffix(b":").unwrap_or(cell);
        let is_summary =
            word.len() <= 20 && SUMMARIES.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
        // A word that comes every few rows is a value like others.
        if is_summary && self.summaries.len() <= SUMMARIES.len() {
            let word = String::from_utf8_lossy(cell).into_owned();
            self.summaries.push(Summary { line, row: self.rows, word });
        }
    }

    /// Keeps of the summaries those at the end, if each of their words stands there alone.
    fn settle(&mut self) {
        let end = self.rows;
        let last = |summary: &Summary| summary.row + LAST_ROWS >= end;
        let alone =
            |summary: &Summary| self.summaries.iter().filter(|other| other.word == summary.word).count() == 1;
        if end < 3 || !self.summaries.iter().all(|summary| last(summary) && alone(summary)) {
            self.summaries.clear();
        }
    }

    fn note(&mut self, column: usize, kind: ChangeKind, line: u64, before: &[u8], after: &[u8]) {
        let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(60).collect::<String>();
        let most = before.len().abs_diff(after.len());
        if let Some(change) =
            self.changes.iter_mut().find(|change| change.column == column && change.kind == kind)
        {
            change.cells += 1;
            if most > change.most {
                change.most = most;
                change.largest = (line, show(before), show(after));
            }
            return;
        }
        let first = (line, show(before), show(after));
        self.changes.push(Change { column, kind, cells: 1, largest: first.clone(), first, most });
    }
}
