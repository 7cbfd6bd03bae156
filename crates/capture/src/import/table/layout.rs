//! Which row is the header, which states units, where the data start: judged for one delimiter.

mod faults;
mod row;

use self::row::Row;
use super::names;
use super::number::Class;
use super::options::{Delimiter, Flag, Header, Options};
use super::refusal::{Reason, Refusal};
use super::tally::{Cells, Tally, judge};
use openweigh_formats::limits;

/// A table as it is laid out.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) delimiter: Delimiter,
    /// Whether signs that stand alone belong to the numbers behind them.
    pub(crate) signs: bool,
    /// Whether the names are those below the times of a serial monitor.
    pub(crate) stamped: bool,
    /// Fields of a row.
    pub(crate) fields: usize,
    /// The line of the header.
    pub(crate) header: Option<u64>,
    /// The same of the row of units.
    pub(crate) units: Option<u64>,
    /// Lines that are left out wherever they stand.
    pub(crate) repeated: Vec<Vec<u8>>,
    /// The line of the first row of data.
    pub(crate) first: u64,
    /// The names in the header, empty where there are none.
    pub(crate) names: Vec<String>,
    /// The units in the row of units, or none.
    pub(crate) unit_cells: Vec<String>,
    pub(crate) cells: Vec<Cells>,
    pub(crate) rows: u64,
    /// Rows that repeat the header or the units.
    pub(crate) repeats: u64,
}

/// How good a table a delimiter makes.
pub(crate) struct Verdict {
    /// 3: a header and rows like each other. 2: such rows alone. 1: after lines of another shape. 0: no table.
    pub(crate) level: u8,
    /// The line at which a table begins that is refused for some of its cells.
    pub(crate) top: Option<u64>,
    /// Of the cells that say something, those that are numbers or times, and all.
    pub(crate) share: (u64, u64),
    pub(crate) outcome: Result<Layout, Refusal>,
}

impl Verdict {
    fn none(refusal: Refusal) -> Self {
        Self { top: None, level: 0, share: (0, 1), outcome: Err(refusal) }
    }
}

/// The rows of the head with what is known of the others.
struct Rows<'a> {
    tally: &'a Tally,
    options: &'a Options,
    fields: usize,
    head: Vec<Row>,
}

/// The table with a certain header.
struct Candidate {
    header: Option<usize>,
    units: Option<usize>,
    first: usize,
    cells: Vec<Cells>,
    count: u64,
    repeats: u64,
    /// Columns that are text or left out because a person says so.
    told: Vec<bool>,
    ragged: Option<(u64, usize, u64, String)>,
}

impl Candidate {
    fn mixed(&self) -> impl Iterator<Item = usize> {
        (0..self.cells.len())
            .filter(|at| !self.told[*at] && self.cells[*at].numbers > 0 && self.cells[*at].others() > 0)
    }

    fn is_clean(&self) -> bool {
        self.ragged.is_none() && self.mixed().next().is_none()
    }

    fn is_numeric(&self, at: usize) -> bool {
        !self.told[at] && self.cells[at].numbers > self.cells[at].others()
    }

    fn share(&self) -> (u64, u64) {
        let sum = |of: &dyn Fn(&Cells) -> u64| self.cells.iter().map(of).sum::<u64>();
        // Zeros that say nothing at the start of numbers are a sign of a wrong delimiter: `1 000` is not `1` and `000`.
        (sum(&|cells| cells.numbers - cells.padded + cells.stamps), sum(&Cells::said).max(1))
    }
}

/// Judges the table that one delimiter makes.
pub(crate) fn judge_layout(tally: &mut Tally, options: &Options) -> Verdict {
    if let Some((line, broken)) = &tally.broken {
        let reason = super::refusal::restated(&broken.reason);
        return Verdict::none(Refusal::at(*line, broken.at as u64 + 1, reason));
    }
    let fields = tally.settled();
    let mut rows = Vec::with_capacity(tally.head.len());
    for at in 0..tally.head.len() {
        let cells = match tally.split_head(at) {
            Ok(cells) => cells,
            Err(refusal) => return Verdict::none(refusal),
        };
        let row = &tally.head[at];
        let classes = cells.iter().map(|(cell, _)| judge(cell, &options.missing)).collect();
        let (line, raw, after_blank) = (row.line, row.raw.clone(), row.after_blank);
        rows.push(Row {
            line,
            raw,
            after_blank,
            again: row.again,
            first_again: row.first_again,
            cells,
            classes,
        });
    }
    if rows.is_empty() {
        return Verdict::none(Refusal::whole(Reason::NoRows { header: false }));
    }
    if fields > limits::COLUMNS {
        let reason = Reason::Columns { found: fields, limit: limits::COLUMNS };
        return Verdict::none(Refusal::at(rows[0].line, 0, reason));
    }
    Rows { tally, options, fields, head: rows }.judge()
}

impl Rows<'_> {
    fn judge(&self) -> Verdict {
        match self.options.header {
            Header::None => self.finish(self.candidate(None, None), 2),
            Header::Line(line) => self.with_header_on(line),
            Header::Auto => self.search(),
        }
    }

    /// Whether a row has as many fields as the table; a header may lack the last, if that is empty throughout.
    fn is_row(&self, at: usize) -> bool {
        self.head[at].cells.len() == self.fields
    }

    /// The table with the header in this row of the head.
    fn candidate(&self, header: Option<usize>, units: Option<usize>) -> Candidate {
        let first = units.or(header).map_or(0, |at| at + 1);
        let names = header.map(|at| self.head[at].names(self.tally.delimiter)).unwrap_or_default();
        let mut candidate = Candidate {
            header,
            units,
            first,
            cells: self.tally.body.clone(),
            count: self.tally.rows,
            repeats: 0,
            told: names::told(self.options, &names, self.fields),
            ragged: None,
        };
        candidate.cells.resize(self.fields, Cells::default());
        for (at, row) in self.head.iter().enumerate() {
            let same = |other: usize| self.head[other].raw == row.raw && self.head[other].is_telling();
            let repeats = [header, units].into_iter().flatten().any(same);
            if repeats {
                candidate.repeats += row.again + u64::from(at >= first);
                continue;
            }
            let times = row.again + u64::from(at >= first);
            if times == 0 {
                continue;
            }
            if row.cells.len() != self.fields {
                let shown = String::from_utf8_lossy(&row.raw).into_owned();
                let lines = candidate.ragged.as_ref().map_or(0, |ragged| ragged.2) + times;
                let known = candidate.ragged.take();
                candidate.ragged = known.or(Some((row.line, row.cells.len(), 0, shown))).map(|mut r| {
                    r.2 = lines;
                    r
                });
                continue;
            }
            let line = if at >= first { row.line } else { row.first_again };
            candidate.count += times;
            for (column, cells) in candidate.cells.iter_mut().enumerate() {
                let (cell, place) = &row.cells[column];
                cells.add(row.classes[column], times, cell, (line, *place));
            }
        }
        candidate.cells.iter_mut().for_each(Cells::settle);
        if let Some(ragged) = &self.tally.ragged {
            let lines = candidate.ragged.as_ref().map_or(0, |earlier| earlier.2) + ragged.lines;
            let earlier = candidate.ragged.take();
            let mut first = earlier.unwrap_or((ragged.line, ragged.found, 0, ragged.raw.clone()));
            first.2 = lines;
            candidate.ragged = Some(first);
        }
        candidate
    }

    /// Finds the header.
    fn search(&self) -> Verdict {
        let bare = self.candidate(None, None);
        if bare.is_clean() {
            return self.bare(bare);
        }
        for at in (0..self.head.len()).filter(|at| self.is_header_row(*at)) {
            for units in [None, Some(at + 1)] {
                if units.is_some_and(|row| {
                    row >= self.head.len()
                        || !self.is_row(row)
                        || self.head[row].after_blank
                        || !self.head[row].states_units()
                }) {
                    continue;
                }
                let candidate = self.candidate(Some(at), units);
                let sound = candidate.count > 0 && candidate.is_clean() && self.names_columns(&candidate, at);
                // Below the first row a number in a column of numbers is no name, but a row of data.
                let data = |row: usize| self.is_data(&candidate, row);
                if sound && !(0..at).any(data) && (at == 0 || !self.has_values(&candidate, at)) {
                    return self.found(candidate, at);
                }
            }
        }
        self.unclean(bare)
    }

    /// Whether a row may be a header: as many fields as the data, or one less if the last column is empty.
    fn is_header_row(&self, at: usize) -> bool {
        self.is_row(at) || (self.head[at].cells.len() + 1 == self.fields && self.last_is_empty(at))
    }

    fn last_is_empty(&self, after: usize) -> bool {
        let empty = |row: &Row| row.cells.last().is_some_and(|(cell, _)| cell.is_empty());
        self.fields > 1
            && self.tally.body.last().is_none_or(|cells| cells.said() + cells.words == 0)
            && self.head[after + 1..].iter().filter(|row| row.cells.len() == self.fields).all(empty)
    }

    /// Whether a row says something else than data do: a text in some column of numbers or times, and no number in any.
    fn names_columns(&self, candidate: &Candidate, at: usize) -> bool {
        let classes = &self.head[at].classes;
        let is = |column: usize, wanted: fn(&Class) -> bool| classes.get(column).is_some_and(wanted);
        let name: fn(&Class) -> bool =
            |class| matches!(class, Class::Text | Class::Numberish | Class::Stamp | Class::Measured { .. });
        let typed = |column: &usize| {
            let cells = &candidate.cells[*column];
            candidate.is_numeric(*column) || (cells.stamps > 0 && cells.stamps == cells.said())
        };
        (0..self.fields).filter(typed).any(|column| is(column, name))
    }

    /// No row stands out by its kind of cells.
    fn bare(&self, bare: Candidate) -> Verdict {
        let share = bare.share();
        let line = self.head[0].line;
        let numeric = (0..self.fields).any(|at| bare.cells[at].numbers > 0);
        // Times below a name.
        if bare.count > 1 && self.is_row(0) {
            let candidate = self.candidate(Some(0), None);
            let times = |at: usize| {
                candidate.cells[at].stamps > 0 && candidate.cells[at].others() == candidate.cells[at].stamps
            };
            let named = |at: usize| self.head[0].classes[at] == Class::Text;
            let typed = (0..self.fields).any(|at| times(at) && named(at));
            let unnamed =
                (0..self.fields).all(|at| !matches!(self.head[0].classes[at], Class::Number { .. }));
            if typed && unnamed {
                return self.found(candidate, 0);
            }
        }
        if bare.count == 1 && !numeric {
            let refusal = Refusal::whole(Reason::NoRows { header: true });
            return Verdict { top: None, level: 2, share, outcome: Err(refusal) };
        }
        let (reason, level) = if numeric { (Reason::NoHeader, 2) } else { (Reason::AllText, 2) };
        let texts: Vec<String> = self.head[0].texts();
        let shown = openweigh_formats::malformed::shortened(&texts.join(" | "), 60);
        let keeps = (
            vec![Flag::NoHeader],
            format!("keeps line {line} (`{shown}`) as the first row; the columns are column_1, column_2, …"),
        );
        let names = (vec![Flag::HeaderRow(line)], format!("takes the names of the columns from line {line}"));
        let (first, second) = if numeric { (keeps, names) } else { (names, keeps) };
        let refusal = Refusal::at(line, 0, reason).or(first.0, first.1).or(second.0, second.1);
        Verdict { top: None, level, share, outcome: Err(refusal) }
    }

    /// The header is found; what stands above it must not be data.
    fn found(&self, candidate: Candidate, at: usize) -> Verdict {
        let numbers = self.number_in(&candidate, at);
        let line = self.head[at].line;
        if let Some(column) = numbers {
            let share = candidate.share();
            let (cell, place) = &self.head[at].cells[column];
            let cell = String::from_utf8_lossy(cell).into_owned();
            let refusal = Refusal::at(line, *place, Reason::HeaderNumbers { cell })
                .or(vec![Flag::NoHeader], format!("keeps line {line} as a row of data"))
                .or(vec![Flag::HeaderRow(line)], format!("takes the names of the columns from line {line}"));
            return Verdict { top: None, level: 2, share, outcome: Err(refusal) };
        }
        if self.time_in(&candidate, at) {
            return Verdict {
                top: None,
                level: 2,
                share: candidate.share(),
                outcome: Err(self.headerless(at)),
            };
        }
        let above = (0..at).rfind(|row| self.is_row(*row));
        let apart = above.is_none_or(|above| self.head[above + 1..=at].iter().any(|row| row.after_blank));
        if !apart {
            let share = candidate.share();
            let first = (0..at).find(|row| self.is_row(*row)).unwrap_or(0);
            if let Some(refusal) = self.unread(&candidate, first, at) {
                let top = Some(self.head[first].line);
                return Verdict { top, level: 1, share, outcome: Err(refusal) };
            }
            let (first, last) = (self.head[first].line, line);
            let mut flags = vec![Flag::HeaderRow(line)];
            flags.extend(candidate.units.map(|row| Flag::UnitsRow(self.head[row].line)));
            let mut refusal = Refusal::at(first, 0, Reason::Headers { first, last });
            // Two rows may be names and units that are not known here.
            if candidate.units.is_none()
                && self.head[..at].iter().filter(|row| row.line >= first).count() == 1
            {
                let flags = vec![Flag::HeaderRow(first), Flag::UnitsRow(last)];
                let gives = format!(
                    "takes the names of the columns from line {first}, and their units from line {last}"
                );
                refusal = refusal.or(flags, gives);
                // Or data that lack a value.
                let mut flags = vec![Flag::HeaderRow(first)];
                let lacking = |column: &usize| {
                    candidate.is_numeric(*column) && self.head[at].classes.get(*column) == Some(&Class::Text)
                };
                for column in (0..self.fields).filter(lacking) {
                    let word = Flag::Missing(self.head[at].text(column));
                    if !flags.contains(&word) {
                        flags.push(word);
                    }
                }
                if flags.len() > 1 {
                    let gives = format!(
                        "takes the names of the columns from line {first}, and line {last} as data without a number there"
                    );
                    refusal = refusal.or(flags, gives);
                }
            }
            let refusal = refusal.or(
                flags,
                format!("takes the names of the columns from line {line} and leaves out what stands above"),
            );
            return Verdict { top: None, level: 1, share, outcome: Err(refusal) };
        }
        if let Some(refusal) = self.table_above(at) {
            return Verdict { top: None, level: 3, share: candidate.share(), outcome: Err(refusal) };
        }
        let row = &self.head[at];
        let doubtful = row.holds_delimiters(self.tally.delimiter)
            || !row.is_named()
            || candidate.cells.iter().any(Cells::is_numberish);
        let level = if doubtful { 2 } else { 3 };
        self.finish(candidate, level)
    }

    /// Whatever row is the header, some cells do not fit the others.
    fn unclean(&self, bare: Candidate) -> Verdict {
        let first = (0..self.head.len()).find(|at| self.is_header_row(*at));
        let Some(first) = first else {
            return Verdict { top: None, level: 0, share: bare.share(), outcome: Err(self.refuse(&bare)) };
        };
        let units = Some(first + 1)
            .filter(|row| *row < self.head.len() && self.is_row(*row) && self.head[*row].states_units());
        let headed = self.candidate(Some(first), units);
        let named = self.names_columns(&headed, first)
            && !(0..self.fields).any(|at| {
                headed.is_numeric(at)
                    && matches!(self.head[first].classes.get(at), Some(Class::Number { .. }))
            });
        let (chosen, level) = if named { (headed, 3) } else { (bare, 2) };
        let level = match (&chosen.ragged, first) {
            (Some(_), _) => 0,
            (None, 0) => level,
            (None, _) => 1,
        };
        if chosen.is_clean() {
            return Verdict { top: None, level, share: chosen.share(), outcome: Err(self.headerless(first)) };
        }
        let top = (level > 0).then(|| self.head[chosen.header.unwrap_or(first)].line);
        Verdict { top, level, share: chosen.share(), outcome: Err(self.refuse(&chosen)) }
    }

    fn with_header_on(&self, line: u64) -> Verdict {
        let Some(at) =
            self.head.iter().position(|row| row.line >= line).filter(|at| self.head[*at].line == line)
        else {
            let option = format!("--header-row {line}");
            let expected = "there is no row of the table on this line".to_owned();
            return Verdict::none(Refusal::whole(Reason::Option { option, expected }));
        };
        if !self.is_header_row(at) {
            let reason = Reason::HeaderFields { found: self.head[at].cells.len(), expected: self.fields };
            return Verdict {
                top: None,
                level: 1,
                share: (0, 1),
                outcome: Err(Refusal::at(line, 0, reason)),
            };
        }
        let units =
            self.options.units_line.and_then(|line| self.head.iter().position(|row| row.line == line));
        if let (Some(line), None) = (self.options.units_line, units) {
            let option = format!("--units-row {line}");
            let expected = "there is no row of the table on this line".to_owned();
            return Verdict::none(Refusal::whole(Reason::Option { option, expected }));
        }
        let next = Some(at + 1)
            .filter(|row| *row < self.head.len() && self.is_row(*row) && self.head[*row].states_units());
        let plain = self.candidate(Some(at), units.filter(|row| *row > at));
        let candidate = if units.is_none() && !plain.is_clean() && next.is_some() {
            self.candidate(Some(at), next)
        } else {
            plain
        };
        self.finish(candidate, 3)
    }

    fn finish(&self, candidate: Candidate, level: u8) -> Verdict {
        let share = candidate.share();
        if candidate.count == 0 {
            let refusal = Refusal::whole(Reason::NoRows { header: candidate.header.is_some() });
            return Verdict { top: None, level: 1, share, outcome: Err(refusal) };
        }
        if !candidate.is_clean() {
            let level = if candidate.ragged.is_some() { 0 } else { level };
            return Verdict { top: None, level, share, outcome: Err(self.refuse(&candidate)) };
        }
        let after = |at: Option<usize>| at.map_or(0, |at| self.head[at].line + 1);
        let of = |at: Option<usize>| at.map(|at| self.head[at].line);
        let texts = |at: Option<usize>| {
            let mut texts = at.map(|at| self.head[at].names(self.tally.delimiter)).unwrap_or_default();
            texts.resize(self.fields, String::new());
            texts
        };
        let first = self.head.get(candidate.first);
        let outcome = Ok(Layout {
            delimiter: self.tally.delimiter,
            signs: self.tally.splitter.signs,
            stamped: candidate.header.is_some_and(|at| self.head[at].is_stamped(self.tally.delimiter)),
            fields: self.fields,
            repeated: [candidate.header, candidate.units]
                .into_iter()
                .flatten()
                .filter(|at| self.head[*at].is_telling())
                .map(|at| self.head[at].raw.clone())
                .collect(),
            header: of(candidate.header),
            units: of(candidate.units),
            first: first.map_or_else(|| after(candidate.units.or(candidate.header)), |row| row.line),
            names: texts(candidate.header),
            unit_cells: texts(candidate.units),
            rows: candidate.count,
            repeats: candidate.repeats,
            cells: candidate.cells,
        });
        Verdict { top: None, level, share, outcome }
    }
}
