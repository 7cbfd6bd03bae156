//! What does not fit in a table, and the options that settle it.

use super::super::names;
use super::super::number::Class;
use super::super::options::Flag;
use super::super::refusal::{Reason, Refusal};
use super::super::tally::Spot;
use super::{Candidate, Row, Rows};

impl Rows<'_> {
    /// Says what does not fit in a table with this header.
    pub(super) fn refuse(&self, candidate: &Candidate) -> Refusal {
        if let Some((line, found, lines, raw)) = &candidate.ragged {
            let reason = Reason::Fields { found: *found, expected: self.fields, lines: *lines };
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
        if candidate.header.is_some() && (lone || self.is_second_header(candidate, spot.line)) {
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
            let units_alone = |row: &Row| row.line == spot.line && self.number_in(candidate, next).is_none();
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
        refusal
            .or(missing, format!("makes cells with {words} missing values"))
            .or(vec![Flag::Text(column.clone())], "keeps the column as text")
            .or(vec![Flag::Drop(column)], "leaves the column out")
    }
}

impl Rows<'_> {
    /// Another table above the header, of another number of fields: two rows of numbers at least.
    pub(super) fn table_above(&self, at: usize) -> Option<Refusal> {
        let is_data = |row: &&Row| {
            let number = |class: &Class| matches!(class, Class::Number { .. });
            row.cells.len() != self.fields && row.classes.iter().all(number)
        };
        let mut above = self.head[..at].iter().filter(is_data);
        let (first, second) = (above.next()?, above.next()?);
        if first.cells.len() != second.cells.len() {
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
        at > candidate.first
            && self.is_row(at)
            && self.head[at].classes.iter().all(text)
            && numbers == self.fields
            && self.head[candidate.first..at]
                .iter()
                .any(|row| row.classes.iter().any(|class| matches!(class, Class::Number { .. })))
    }
}

/// A mixed column has a text; this is said if it had none.
fn unreachable_spot(at: usize) -> Spot {
    Spot { line: 0, column: at as u64, cell: String::new() }
}
