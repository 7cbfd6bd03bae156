//! What does not fit in a table, and the options that settle it.

use super::super::names;
use super::super::number::{Class, classify};
use super::super::options::{Delimiter, Flag};
use super::super::record::Splitter;
use super::super::refusal::{Reason, Refusal};
use super::super::tally::{Cells, Spot};
use super::super::text;
use super::{Candidate, Row, Rows};
use std::collections::BTreeSet;

impl Rows<'_> {
    /// Says what does not fit in a table with this header.
    pub(super) fn refuse(&self, candidate: &Candidate) -> Refusal {
        if let Some(ragged) = &candidate.ragged {
            return self.ragged(candidate, ragged);
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
            let units_alone = |row: &Row| {
                row.line == spot.line
                    && !self.has_values(candidate, next)
                    && !row.classes.contains(&Class::Numberish)
            };
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
    /// Says which lines have another number of fields.
    fn ragged(&self, candidate: &Candidate, ragged: &(u64, usize, u64, String)) -> Refusal {
        let (line, found, lines, raw) = ragged;
        let reason = Reason::Fields {
            found: *found,
            expected: self.fields,
            lines: *lines,
            spaces: matches!(self.tally.delimiter, Delimiter::Spaces | Delimiter::Gaps),
            cut: Some(*line).filter(|line| {
                *lines == 1 && *line == self.tally.last && *found < self.fields && self.opening(raw).is_none()
            }),
        };
        let mut refusal = Refusal::at(*line, 0, reason);
        // Lines above the table can be counted.
        let odd = |row: &&Row| row.cells.len() != self.fields;
        let above = self.head.iter().take_while(odd).last();
        let all_above = self.tally.ragged.is_none()
            && self.head.iter().filter(odd).count() == self.head.iter().take_while(odd).count();
        if let Some(last) = above.filter(|_| candidate.header.is_none()) {
            // What is left out must be less than what stays.
            let says = |row: &Row| {
                row.classes.iter().any(|class| matches!(class, Class::Number { .. } | Class::Measured { .. }))
            };
            let lost = self.head.iter().take_while(odd).filter(|row| says(row)).count() as u64;
            let last = last.line;
            let lines = if last == 1 { "line 1".to_owned() } else { format!("lines 1 to {last}") };
            // Lines that look like comments are named by what they start with.
            let bare = |row: &Row| row.raw.trim_ascii_start().first().is_some_and(u8::is_ascii_alphanumeric);
            if lost * 2 < candidate.count && (all_above || self.head.iter().take_while(odd).all(bare)) {
                refusal = refusal.or(vec![Flag::SkipRows(last)], format!("leaves out {lines}"));
            }
            if all_above {
                return refusal;
            }
        }
        self.remarks(refusal, raw)
    }

    /// A row below the first that holds what looks like a number and cannot be read as one: no name and no unit.
    pub(super) fn unread(&self, candidate: &Candidate, first: usize, at: usize) -> Option<Refusal> {
        let close = |column: usize| self.head[at].classes.get(column) == Some(&Class::Numberish);
        let any = (0..self.fields).any(|column| candidate.is_numeric(column) && close(column));
        let headed = any.then(|| self.candidate(Some(first), None))?;
        (!headed.is_clean()).then(|| self.refuse(&headed))
    }

    /// Names the lines of another shape by how they begin: those below the first row, or the one that is known.
    fn remarks(&self, refusal: Refusal, known: &str) -> Refusal {
        let first = (0..self.head.len()).find(|at| self.is_row(*at)).unwrap_or(0);
        let odd = self.head[first..].iter().filter(|row| row.cells.len() != self.fields);
        let mut raws: Vec<String> = odd.map(|row| String::from_utf8_lossy(&row.raw).into_owned()).collect();
        if raws.is_empty() {
            raws.push(known.to_owned());
        }
        let words: Option<BTreeSet<String>> = raws.iter().map(|raw| self.opening(raw)).collect();
        // Without an opening of its own a line cannot be named, and of many lines one asks for another way.
        let Some(words) = words.filter(|words| words.len() <= 6) else { return refusal };
        let fits = |row: &&Row| row.cells.len() == self.fields;
        let begins =
            |row: &Row| words.iter().any(|word| row.raw.trim_ascii_start().starts_with(word.as_bytes()));
        if self.head.iter().filter(fits).any(begins) {
            return refusal;
        }
        let shown: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let gives = format!("leaves out the lines that start with {}", shown.join(" or "));
        refusal.or(words.into_iter().map(Flag::Comment).collect(), gives)
    }

    /// How a line begins that is a remark: with a word, or a short one and the delimiter behind it.
    fn opening(&self, raw: &str) -> Option<String> {
        let raw = raw.trim();
        let word: String = raw.chars().take_while(|c| c.is_alphanumeric() || *c == ' ').collect();
        let mut word = word.trim().to_owned();
        if !word.starts_with(char::is_alphabetic) {
            return None;
        }
        if word.chars().count() < 3 {
            let mark = self.tally.delimiter.byte().map(char::from)?;
            let has = raw.strip_prefix(word.as_str()).is_some_and(|rest| rest.starts_with(mark));
            if !has || mark == '\t' {
                return None;
            }
            word.push(mark);
        }
        Some(word)
    }

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
        // A serial monitor writes the time before the names, too.
        let from = usize::from(self.head[at].is_stamped(self.tally.delimiter));
        self.head[at]
            .classes
            .iter()
            .zip(&candidate.cells)
            .skip(from)
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
