//! What was decided about a table: how it is read, and the columns that come of it.

use super::choice::Found;
use super::convention::{self, Numbers};
use super::converted::Conversion;
use super::layout::Layout;
use super::lines::{Fingerprint, LineEnds};
use super::names::{self, Told};
use super::number::Convention;
use super::options::{Delimiter, Flag, Options};
use super::refusal::{Reason, Refusal};
use super::survey::{LeftOut, Seen, Sieve};
use super::tally::Cells;
use super::text;
use openweigh_formats::dataset::CellType;
use openweigh_formats::text::{ColumnName, Unit};

/// A column of the table that will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: ColumnName,
    /// Its unit, where the source or a person states one.
    pub unit: Option<Unit>,
    /// What its cells hold.
    pub cells: CellType,
    /// Its header in the source, empty where there is none.
    pub header: String,
    /// Which field of a row it is, from 0.
    pub(crate) field: usize,
    /// Whether its cells have a unit behind the number.
    pub(crate) measured: bool,
    /// Whether its name is another than that of the source.
    pub renamed: bool,
}

/// Something that was decided without being told, and that a reader should know.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// A byte order mark was left out.
    Mark,
    /// Lines ended otherwise than in LF.
    LineEnds(LineEnds),
    /// Blank lines were left out.
    Blank(u64),
    /// Rows that repeat the header were left out.
    Repeats(u64),
    /// Lines above the header were left out, up to this one.
    Above(u64),
    /// A line said which delimiter the table has.
    Separator(u64),
    /// A column without a name and without a value was left out.
    EmptyColumn(usize),
    /// A column of arrows was left out.
    Arrows(usize),
    /// A column without a name that counts the rows is called `index`.
    Index(usize),
    /// The cells of a column state its unit.
    UnitInCells(ColumnName, Unit),
    /// The times that a serial monitor writes before a line are a column of this name.
    Received(String),
    /// Lines of dashes, as between a head and its rows, were left out.
    Rules(u64),
    /// Lines that start with a stated mark were left out.
    Comments(LeftOut),
}

/// How a table is read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What was read.
    pub source: Fingerprint,
    /// The encoding, as the Encoding Standard names it.
    pub encoding: String,
    /// What stands between fields.
    pub delimiter: Delimiter,
    /// The decimal sign, and what stands between groups of digits.
    pub convention: Convention,
    /// What comments start with.
    pub comment: Vec<String>,
    /// Lines at the top that are left out.
    pub skipped: u64,
    /// The line of the header, from 1.
    pub header_line: Option<u64>,
    /// The line of the units.
    pub units_line: Option<u64>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
    /// Words that a person named for missing values.
    pub missing: Vec<String>,
    /// Columns that are left out because a person says so, as in the source.
    pub dropped: Vec<String>,
    /// The columns that are kept.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: u64,
    /// What else was decided.
    pub notes: Vec<Note>,
    /// Columns that are kept as text because a person says so.
    pub kept_as_text: Vec<ColumnName>,
    /// Whether any number has a decimal sign.
    pub(crate) has_fractions: bool,
    /// What the lines are made of, if the source has none.
    pub(crate) converted: Option<Conversion>,
    pub(crate) fields: usize,
    pub(crate) signs: bool,
    pub(crate) first: u64,
    pub(crate) sieve: Sieve,
    /// Lines that are left out wherever they stand: the header and the units.
    pub(crate) repeated: Vec<Vec<u8>>,
    pub(crate) max_bytes: u64,
}

impl Plan {
    pub(crate) fn new(found: Found, seen: Seen, options: &Options) -> Result<Self, Refusal> {
        let Found { mut layout, blank } = found;
        let mut notes = seen.notes();
        if blank > 0 {
            notes.push(Note::Blank(blank));
        }
        if layout.repeats > 0 {
            notes.push(Note::Repeats(layout.repeats));
        }
        if let (1, Some((line, cell))) = (layout.fields, seen.inner_rule.clone()) {
            return Err(dashes(&layout, line, cell));
        }
        if layout.stamped {
            notes.push(Note::Received(names::RECEIVED.to_owned()));
        }
        let told = names::resolve(options, &layout.names, layout.fields)?;
        let kept = kept(&layout, &told, &mut notes);
        name_index(&mut layout, &kept, &mut notes);
        let types = types(&layout, &kept, &told)?;
        let numbers: Vec<Numbers> = (kept.iter().zip(&types))
            .filter(|(_, kind)| **kind == CellType::Number)
            .map(|(at, _)| Numbers {
                called: names::called(&layout.names[*at], *at),
                cells: &layout.cells[*at],
            })
            .collect();
        let convention = convention::decide(&numbers, layout.delimiter, options)?;
        let convention = convention::stated(convention, &numbers);
        if let [only] = kept.as_slice()
            && layout.cells[*only].empty + layout.cells[*only].words > 0
        {
            return Err(Refusal::whole(Reason::OnlyMissing));
        }
        let header_line = layout.header;
        let named = names::name(&layout, &kept, &told)?;
        for ((named, at), kind) in named.iter().zip(&kept).zip(&types) {
            if let (Some(_), Some(unit), CellType::Number) = (&layout.cells[*at].unit, &named.unit, kind) {
                notes.push(Note::UnitInCells(named.name.clone(), unit.clone()));
            }
        }
        let columns = (named.into_iter().zip(&kept).zip(types))
            .map(|((named, at), cells)| Column {
                name: named.name,
                unit: named.unit,
                cells,
                header: layout.names[*at].clone(),
                field: *at,
                measured: cells == CellType::Number && layout.cells[*at].unit.is_some(),
                renamed: named.changed,
            })
            .collect();
        let has_fractions = numbers.iter().any(|numbers| numbers.cells.marked > 0);
        let as_text = |column: &&Column| told.text.contains(&column.field);
        let columns: Vec<Column> = columns;
        let kept_as_text = columns.iter().filter(as_text).map(|column| column.name.clone()).collect();
        let above = header_line.unwrap_or(layout.first).saturating_sub(1);
        let skipped = if above > options.skip.max(seen.separator_line) { above } else { options.skip };
        if above > options.skip.max(seen.separator_line) && options.header == super::Header::Auto {
            notes.push(Note::Above(above));
        }
        Ok(Self {
            source: seen.fingerprint,
            encoding: seen.encoding,
            delimiter: layout.delimiter,
            convention,
            comment: options.comment.clone(),
            skipped,
            header_line,
            units_line: layout.units,
            sheet: None,
            missing: options.missing.clone(),
            dropped: told.drop.iter().map(|at| names::called(&layout.names[*at], *at)).collect(),
            columns,
            rows: layout.rows,
            notes,
            kept_as_text,
            has_fractions,
            converted: None,
            fields: layout.fields,
            signs: layout.signs,
            first: layout.first,
            sieve: Sieve::of(options),
            repeated: layout.repeated,
            max_bytes: options.max_bytes,
        })
    }
}

impl Plan {
    /// Whether a column has this header.
    pub(crate) fn has_header(&self, text: &str) -> bool {
        self.columns.iter().any(|column| column.header == text)
    }

    /// Whether the source is JSON lines.
    pub fn is_json(&self) -> bool {
        matches!(self.converted, Some(Conversion::JsonLines(_)))
    }
}

impl Seen {
    fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        if self.marked {
            notes.push(Note::Mark);
        }
        if self.line_ends != LineEnds::Lf {
            notes.push(Note::LineEnds(self.line_ends));
        }
        if self.rules > 0 {
            notes.push(Note::Rules(self.rules));
        }
        notes.extend(self.left_out.iter().cloned().map(Note::Comments));
        if self.separator_line > 0 {
            notes.push(Note::Separator(self.separator_line));
        }
        notes
    }
}

/// A line of dashes between the rows of one column: it may be a row that lacks its value.
fn dashes(layout: &Layout, line: u64, cell: String) -> Refusal {
    let column = names::called(&layout.names[0], 0);
    let gives = format!("leaves out the lines that start with `{cell}`");
    let flag = Flag::Comment(cell.clone());
    let reason = Reason::BadCell { column, cell, cells: 1, numbers: layout.cells[0].numbers };
    Refusal::at(line, 1, reason).or(vec![flag], gives)
}

/// The columns that are kept: all, but for those that a person drops and those that say nothing.
fn kept(layout: &Layout, told: &Told, notes: &mut Vec<Note>) -> Vec<usize> {
    let mut kept = Vec::new();
    for at in (0..layout.fields).filter(|at| !told.drop.contains(at)) {
        let cells = &layout.cells[at];
        let is_silent = |at: usize| {
            let cells = &layout.cells[at];
            layout.names[at].is_empty() && cells.said() + cells.words == 0
        };
        let unnamed = layout.names[at].is_empty();
        let arrow = cells.texts == layout.rows
            && cells.some_texts.len() == 1
            && matches!(cells.some_texts[0].cell.as_str(), "->" | "=>" | "\u{2192}");
        if unnamed && arrow {
            notes.push(Note::Arrows(at));
        } else if is_silent(at)
            && ((at..layout.fields).all(is_silent) || (at == 0 && layout.delimiter == Delimiter::Pipe))
            && layout.header.is_some()
        {
            notes.push(Note::EmptyColumn(at));
        } else {
            kept.push(at);
        }
    }
    kept
}

/// Names the column that pandas and others write in front, without a name.
fn name_index(layout: &mut Layout, kept: &[usize], notes: &mut Vec<Note>) {
    let Some(first) = kept.first().copied().filter(|at| *at == 0) else { return };
    let named = layout.header.is_some() && layout.names.iter().skip(1).any(|name| !name.is_empty());
    let free = !layout.names.iter().any(|name| name.eq_ignore_ascii_case("index"));
    if named && free && layout.names[first].is_empty() && layout.cells[first].counts_rows(layout.rows) {
        layout.names[first] = "index".into();
        notes.push(Note::Index(first));
    }
}

/// Numbers or text: numbers, if every cell that says something is one.
fn types(layout: &Layout, kept: &[usize], told: &Told) -> Result<Vec<CellType>, Refusal> {
    let mut types = Vec::with_capacity(kept.len());
    for at in kept.iter().copied() {
        let cells = &layout.cells[at];
        let called = || names::called(&layout.names[at], at);
        if told.text.contains(&at) || cells.numbers == 0 && cells.others() + cells.plain_words > 0 {
            if !told.text.contains(&at) && cells.is_numberish() {
                return Err(numberish(cells, called()));
            }
            types.push(CellType::Text);
            continue;
        }
        if let (Some(spot), Some(unit)) = (&cells.other_unit, &cells.unit) {
            let reason = Reason::Units { column: called(), cell: spot.cell.clone(), unit: unit.clone() };
            return Err(Refusal::at(spot.line, spot.column, reason)
                .or(vec![Flag::Text(called())], "keeps the column as text")
                .or(vec![Flag::Drop(called())], "leaves the column out"));
        }
        if let Some(spot) = &cells.long {
            let reason = Reason::LongNumber { column: called(), cell: spot.cell.clone() };
            return Err(Refusal::at(spot.line, spot.column, reason)
                .or(vec![Flag::Text(called())], "keeps the column as text")
                .or(vec![Flag::Drop(called())], "leaves the column out"));
        }
        types.push(CellType::Number);
    }
    Ok(types)
}

fn numberish(cells: &Cells, column: String) -> Refusal {
    let spot = cells.first_numberish.clone();
    let (line, place) = spot.as_ref().map_or((0, 0), |spot| (spot.line, spot.column));
    let cell = spot.map(|spot| spot.cell).unwrap_or_default();
    let storable = text::stored(cell.as_bytes(), &mut Vec::new()).is_ok();
    let mut refusal = Refusal::at(line, place, Reason::Numberish { column: column.clone(), cell });
    if storable {
        refusal = refusal.or(vec![Flag::Text(column.clone())], "keeps the column as text");
    }
    refusal.or(vec![Flag::Drop(column)], "leaves the column out")
}
