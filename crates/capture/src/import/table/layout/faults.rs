//! What does not fit in a table, and the options that settle it.

use super::super::names;
use super::super::number::{Class, classify};
use super::super::options::{Delimiter, Flag};
use super::super::record::Splitter;
use super::super::refusal::{Reason, Refusal};
use super::super::tally::{Cells, Spot};
use super::super::text;
use super::{Candidate, Row, Rows};

impl Rows<'_> {
    /// Says what does not fit in a table with this header.
    pub(super) fn refuse(&self, candidate: &Candidate) -> Refusal {
        if let Some((line, found, lines, raw)) = &candidate.ragged {
            let reason = Reason::Fields {
                found: *found,
                expected: self.fields,
                lines: *lines,
                spaces: matches!(self.tally.delimiter, Delimiter::Spaces | Delimiter::Gaps),
            };
            let mut refusal = Refusal::at(*line, 0, reason);
            // Lines above the table can be counted.
            let odd = |row: &&Row| row.cells.len() != self.fields;
            let above = self.head.iter().take_while(odd).last();
            let all_above = self.tally.ragged.is_none()
                && self.head.iter().filter(odd).count() == self.head.iter().take_while(odd).count();
            if let Some(last) = above.filter(|_| all_above && candidate.header.is_none()) {
                let last = last.line;
                let lines = if last == 1 { "line 1".to_owned() } else { format!("lines 1 to {last}") };
                return refusal.or(vec![Flag::SkipRows(last)], format!("leaves out {lines}"));
            }
            // A remark among the rows can be named by how it begins.
            let word: String = raw.trim().chars().take_while(|c| c.is_alphanumeric() || *c == ' ').collect();
            let word = word.trim();
            if word.starts_with(char::is_alphabetic) && word.chars().count() > 2 {
                let gives = format!("leaves out the lines that start with `{word}`");
                refusal = refusal.or(vec![Flag::Comment(word.to_owned())], gives);
            }
            return refusal;
        }
        let Some(at) = candidate.mixed().next() else {
            return Refusal::whole(Reason::NoRows { header: candidate.header.is_some() });
        };
        let cells = &candidate.cells[at];
        let spot = cells.some_texts.first().cloned().unwrap_or_else(|| unreachable_spot(at));
        let column = candidate
            .header
            .map_or_else(|| names::numbered(at), |row| names::called(&self.head[row].text(at), at));
        let lone = self.fields == 1 && cells.others() == 1;
        if candidate.header.is_some()
            && !is_complaint(&spot.cell)
            && (lone || self.is_second_header(candidate, spot.line))
        {
            return Refusal::at(spot.line, 0, Reason::Stacked { header: spot.cell, line: spot.line });
        }
        let reason = Reason::BadCell {
            column: column.clone(),
            cell: spot.cell.clone(),
            cells: cells.others(),
            numbers: cells.numbers,
        };
        let mut refusal = Refusal::at(spot.line, spot.column, reason);
        if self.head.len() > 1 && candidate.header.is_some() {
            let next = candidate.header.map_or(0, |row| row + 1);
            let units_alone = |row: &Row| row.line == spot.line && !self.has_values(candidate, next);
            if self.head.get(next).is_some_and(units_alone) {
                let line = spot.line;
                let header = candidate.header.map_or(1, |row| self.head[row].line);
                let gives = format!("takes the units of the columns from line {line}");
                refusal = refusal.or(vec![Flag::HeaderRow(header), Flag::UnitsRow(line)], gives);
            }
        }
        let missing: Vec<Flag> =
            cells.some_texts.iter().map(|spot| Flag::Missing(spot.cell.clone())).collect();
        let words = if missing.len() == 1 { "this text" } else { "these texts" };
        // Rows such as `Mean` and `StdDev`, below the data.
        let all = cells.others() == cells.some_texts.len() as u64;
        if at == 0 && all && spot.line > self.head.last().map_or(0, |row| row.line).min(2) {
            let words: Vec<String> = cells.some_texts.iter().map(|spot| format!("`{}`", spot.cell)).collect();
            let gives = format!("leaves out the lines that start with {}", words.join(" or "));
            let flags = cells.some_texts.iter().map(|spot| Flag::Comment(spot.cell.clone()));
            refusal = refusal.or(flags.collect(), gives);
        }
        // The only column can neither lack a value nor be left out.
        if self.fields > 1 {
            refusal = refusal.or(missing, format!("makes cells with {words} missing values"));
        }
        let storable = |spot: &Spot| text::stored(spot.cell.as_bytes(), &mut Vec::new()).is_ok();
        if cells.some_texts.iter().all(storable) {
            refusal = refusal.or(vec![Flag::Text(column.clone())], "keeps the column as text");
        }
        if self.fields > 1 { refusal.or(vec![Flag::Drop(column)], "leaves the column out") } else { refusal }
    }
}

impl Rows<'_> {
    /// The first column of numbers in which a row has one.
    pub(super) fn number_in(&self, candidate: &Candidate, at: usize) -> Option<usize> {
        let number = |column: usize| matches!(self.head[at].classes.get(column), Some(Class::Number { .. }));
        (0..self.fields).find(|column| candidate.is_numeric(*column) && number(*column))
    }

    /// Whether a row could be one of the data: numbers in all columns of numbers, as far as they say something.
    pub(super) fn is_data(&self, candidate: &Candidate, at: usize) -> bool {
        let numeric: Vec<Class> = (0..self.fields)
            .filter(|column| candidate.is_numeric(*column))
            .filter_map(|column| self.head[at].classes.get(column).copied())
            .collect();
        let number = |class: &Class| matches!(class, Class::Number { .. } | Class::Measured { .. });
        let silent = |class: &Class| matches!(class, Class::Empty | Class::Word | Class::PlainWord);
        self.is_row(at)
            && numeric.iter().any(number)
            && numeric.iter().all(|class| number(class) || silent(class))
    }

    /// Whether a row has a time in a column of times.
    pub(super) fn time_in(&self, candidate: &Candidate, at: usize) -> bool {
        let times = |cells: &Cells| cells.stamps > 0 && cells.stamps == cells.said();
        self.head[at]
            .classes
            .iter()
            .zip(&candidate.cells)
            .any(|(class, cells)| *class == Class::Stamp && times(cells))
    }

    /// Whether a row has a number in a column of numbers or a time in a column of times, as rows of data have.
    pub(super) fn has_values(&self, candidate: &Candidate, at: usize) -> bool {
        self.number_in(candidate, at).is_some() || self.time_in(candidate, at)
    }

    /// A first row that is like the rows below it.
    pub(super) fn headerless(&self, at: usize) -> Refusal {
        let line = self.head[at].line;
        let mut flags = vec![Flag::NoHeader];
        flags.extend((at > 0).then_some(Flag::SkipRows(line - 1)));
        Refusal::at(line, 0, Reason::NoHeader)
            .or(flags, format!("keeps line {line} as a row of data"))
            .or(vec![Flag::HeaderRow(line)], format!("takes the names of the columns from line {line}"))
    }

    /// Whether rows above the header are a table of another delimiter: names above numbers, or two rows of numbers.
    fn is_foreign_table_above(&self, at: usize) -> bool {
        let marks = Delimiter::ALL
            .into_iter()
            .filter(|delimiter| delimiter.byte().is_some() && *delimiter != self.tally.delimiter);
        marks.into_iter().any(|delimiter| {
            let mut splitter = Splitter::new(delimiter);
            let mut earlier: Option<(usize, bool)> = None;
            self.head[..at].iter().any(|row| {
                let classes: Vec<Class> = match splitter.split(&row.raw) {
                    Ok(()) => {
                        (0..splitter.len()).map(|field| classify(splitter.field(&row.raw, field))).collect()
                    }
                    Err(_) => Vec::new(),
                };
                let all = |wanted: fn(&Class) -> bool| classes.len() > 1 && classes.iter().all(wanted);
                let numbers = all(|class| matches!(class, Class::Number { .. }));
                let telling = numbers || all(|class| matches!(class, Class::Text | Class::PlainWord));
                let below = earlier.is_some_and(|(fields, telling)| telling && fields == classes.len());
                earlier = Some((classes.len(), telling));
                numbers && below
            })
        })
    }

    /// Another table above the header, of another number of fields: two rows of numbers at least.
    pub(super) fn table_above(&self, at: usize) -> Option<Refusal> {
        let is_data = |row: &&Row| {
            let number = |class: &Class| matches!(class, Class::Number { .. });
            row.cells.len() != self.fields && row.classes.iter().all(number)
        };
        let mut above = self.head[..at].iter().filter(is_data);
        let same = above
            .next()
            .zip(above.next())
            .is_some_and(|(first, second)| first.cells.len() == second.cells.len());
        if !same && !self.is_foreign_table_above(at) {
            return None;
        }
        let line = self.head[at].line;
        let reason = Reason::Stacked { header: self.head[at].text(0), line };
        let gives = format!("takes the table from line {line} on, and leaves out the one above it");
        Some(Refusal::at(line, 0, reason).or(vec![Flag::HeaderRow(line)], gives))
    }

    /// Whether a row of the head has a text in every column, below rows of data.
    fn is_second_header(&self, candidate: &Candidate, line: u64) -> bool {
        let Some(at) = self.head.iter().position(|row| row.line == line) else { return false };
        let text = |class: &Class| *class == Class::Text;
        let numbers = (0..self.fields).filter(|column| candidate.is_numeric(*column)).count();
        // Names differ; a sensor says the same in every column.
        let differs =
            |cell: &(Vec<u8>, u64)| self.head[at].cells.iter().filter(|other| other.0 == cell.0).count() == 1;
        at > candidate.first
            && self.is_row(at)
            && self.head[at].cells.iter().all(differs)
            && self.head[at].classes.iter().all(text)
            && numbers == self.fields
            && self.head[candidate.first..at]
                .iter()
                .any(|row| row.classes.iter().any(|class| matches!(class, Class::Number { .. })))
    }
}

/// Whether a text is what an instrument says in place of a reading, and so no name of a column.
fn is_complaint(text: &str) -> bool {
    const SAID: [&str; 9] =
        ["err", "fail", "overload", "overflow", "timeout", "time out", "not found", "fault", "invalid"];
    let text = text.to_lowercase();
    SAID.iter().any(|word| text.contains(word))
}

/// A mixed column has a text; this is said if it had none.
fn unreachable_spot(at: usize) -> Spot {
    Spot { line: 0, column: at as u64, cell: String::new() }
}
