//! What a table is under one delimiter, counted in one pass, in memory that does not grow with it.
//!
//! The first rows are kept as they are, since one of them may be the header. Of the others only counts stay: by
//! column, how many cells are numbers under each convention, and the first cells that are not.

use super::measured::with_unit;
use super::number::{Class, Fits, classify};
use super::options::Delimiter;
use super::record::{Broken, Splitter, sign_apart, trimmed};
use super::refusal::Refusal;
use openweigh_formats::limits;
use std::collections::BTreeMap;

/// Rows that are kept, among which the header is sought.
const HEAD_ROWS: usize = 64;

/// Bytes that they may take.
const HEAD_BYTES: usize = 256 << 10;

/// Characters of a cell that are kept to be shown.
const SHOWN: usize = 80;

/// A cell worth showing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) line: u64,
    pub(crate) column: u64,
    pub(crate) cell: String,
}

/// The cells of a column, counted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cells {
    pub(crate) numbers: u64,
    pub(crate) empty: u64,
    pub(crate) words: u64,
    /// Those of them that may as well be texts.
    pub(crate) plain_words: u64,
    pub(crate) texts: u64,
    pub(crate) stamps: u64,
    pub(crate) numberish: u64,
    /// Numbers that start with zeros that say nothing.
    pub(crate) padded: u64,
    /// Numbers that are one under some conventions only, by convention.
    pub(crate) fits: [u64; 8],
    /// How many such numbers there are.
    pub(crate) marked: u64,
    /// The first that is none under a convention.
    pub(crate) unfit: [Option<Spot>; 8],
    /// The first whose `.` may be a decimal sign or between groups, and the first whose `,` may.
    pub(crate) two_ways: [Option<Spot>; 2],
    pub(crate) long: Option<Spot>,
    pub(crate) first_numberish: Option<Spot>,
    /// The first texts, each once.
    pub(crate) some_texts: Vec<Spot>,
    /// Numbers with a unit behind them, not counted above until [`Cells::settle`].
    pub(crate) measured: u64,
    /// The first of them, and the first number without a unit.
    first_measured: Option<Spot>,
    first_bare: Option<Spot>,
    /// The unit of the first, and the first that has another.
    pub(crate) unit: Option<String>,
    pub(crate) other_unit: Option<Spot>,
}

/// Texts of a column that are kept to be shown.
const SOME: usize = 4;

impl Cells {
    /// Counts a cell `times` over.
    pub(crate) fn add(&mut self, class: Class, times: u64, cell: &[u8], place: (u64, u64)) {
        let spot = || Spot {
            line: place.0,
            column: place.1,
            cell: String::from_utf8_lossy(cell).chars().take(SHOWN).collect(),
        };
        match class {
            Class::Empty => self.empty += times,
            Class::Word => self.words += times,
            Class::PlainWord => {
                self.words += times;
                self.plain_words += times;
            }
            Class::Number { fits, padded, long } => {
                self.numbers += times;
                self.padded += u64::from(padded) * times;
                if self.first_bare.is_none() {
                    self.first_bare = Some(spot());
                }
                self.fit(fits, times, cell, &spot);
                if long && self.long.is_none() {
                    self.long = Some(spot());
                }
            }
            Class::Measured { fits, long } => self.add_measured(cell, (fits, long), times, &spot),
            Class::Stamp | Class::Text | Class::Numberish => {
                match class {
                    Class::Stamp => self.stamps += times,
                    Class::Numberish => self.numberish += times,
                    _ => self.texts += times,
                }
                if class == Class::Numberish && self.first_numberish.is_none() {
                    self.first_numberish = Some(spot());
                }
                if self.some_texts.len() < SOME {
                    let spot = spot();
                    if !self.some_texts.iter().any(|known| known.cell == spot.cell) {
                        self.some_texts.push(spot);
                    }
                }
            }
        }
    }

    /// Counts under which conventions a number is one.
    fn fit(&mut self, fits: Fits, times: u64, number: &[u8], spot: &dyn Fn() -> Spot) {
        if fits == Fits::ALL {
            return;
        }
        self.marked += times;
        for at in 0..8 {
            if fits.has(at) {
                self.fits[at] += times;
            } else if self.unfit[at].is_none() {
                self.unfit[at] = Some(spot());
            }
        }
        let comma = usize::from(memchr::memchr(b',', number).is_some());
        let differs = comma == 1 || memchr::memchr(b'.', number).is_some();
        if differs && fits.any(Fits::POINT) && fits.any(Fits::COMMA) && self.two_ways[comma].is_none() {
            self.two_ways[comma] = Some(spot());
        }
    }

    /// Counts a number with its unit.
    fn add_measured(&mut self, cell: &[u8], class: (Fits, bool), times: u64, spot: &dyn Fn() -> Spot) {
        let Some((number, unit)) = with_unit(cell) else { return };
        let (fits, long) = class;
        self.measured += times;
        if self.first_measured.is_none() {
            (self.first_measured, self.unit) = (Some(spot()), Some(unit.to_owned()));
        } else if self.other_unit.is_none() && self.unit.as_deref() != Some(unit) {
            self.other_unit = Some(spot());
        }
        // Conventions are judged, and shown, by the number alone.
        let bare = || Spot { cell: String::from_utf8_lossy(number).chars().take(SHOWN).collect(), ..spot() };
        self.fit(fits, times, number, &bare);
        if long && self.long.is_none() {
            self.long = Some(bare());
        }
    }

    /// Decides, once all cells are counted, what numbers with units are: numbers, if they are most of what the column
    /// says, or else texts, as in a column of remarks.
    pub(crate) fn settle(&mut self) {
        let measured = std::mem::take(&mut self.measured);
        if measured == 0 {
            return;
        }
        if measured + self.numbers > self.others() {
            if self.numbers > 0 {
                self.other_unit = self.other_unit.take().or(self.first_bare.take());
            }
            self.numbers += measured;
            return;
        }
        self.texts += measured;
        self.unit = None;
        if let Some(spot) = self.first_measured.take()
            && self.some_texts.len() < SOME
        {
            self.some_texts.push(spot);
        }
    }

    /// Whether every row has a whole number without marks, as an index has.
    pub(crate) fn counts_rows(&self, rows: u64) -> bool {
        self.numbers == rows && self.marked == 0 && self.padded == 0 && self.unit.is_none()
    }

    /// Cells that say something and are no number.
    pub(crate) fn others(&self) -> u64 {
        self.texts + self.stamps + self.numberish
    }

    /// Cells that say something.
    pub(crate) fn said(&self) -> u64 {
        self.numbers + self.others()
    }

    /// Whether it looks like numbers, but holds none that can be read.
    pub(crate) fn is_numberish(&self) -> bool {
        self.numbers == 0 && self.numberish > 0 && self.numberish * 2 >= self.said()
    }

    /// Whether all numbers are one under this convention.
    pub(crate) fn all_fit(&self, at: usize) -> bool {
        self.fits[at] == self.marked
    }
}

/// A row that is kept.
#[derive(Debug, Clone)]
pub(crate) struct HeadRow {
    pub(crate) line: u64,
    pub(crate) raw: Vec<u8>,
    /// Whether a blank line stands before it.
    pub(crate) after_blank: bool,
    /// How often a later line says the same, and the first that does.
    pub(crate) again: u64,
    pub(crate) first_again: u64,
}

/// Lines with another number of fields than the rest.
#[derive(Debug, Clone)]
pub(crate) struct Ragged {
    pub(crate) line: u64,
    pub(crate) found: usize,
    pub(crate) lines: u64,
    pub(crate) raw: String,
}

/// A table under one delimiter.
pub(crate) struct Tally {
    pub(crate) delimiter: Delimiter,
    pub(crate) splitter: Splitter,
    pub(crate) head: Vec<HeadRow>,
    head_bytes: usize,
    /// Fields of a row, once the head is complete.
    pub(crate) fields: Option<usize>,
    known: BTreeMap<Vec<u8>, usize>,
    pub(crate) body: Vec<Cells>,
    pub(crate) rows: u64,
    pub(crate) ragged: Option<Ragged>,
    /// The first line that is no record.
    pub(crate) broken: Option<(u64, Broken)>,
    pub(crate) blank: u64,
    /// The line that was taken in last.
    pub(crate) last: u64,
    after_blank: bool,
}

impl Tally {
    pub(crate) fn new(delimiter: Delimiter) -> Self {
        Self {
            delimiter,
            splitter: Splitter::new(delimiter),
            head: Vec::new(),
            head_bytes: 0,
            fields: None,
            known: BTreeMap::new(),
            body: Vec::new(),
            rows: 0,
            ragged: None,
            broken: None,
            blank: 0,
            last: 0,
            after_blank: false,
        }
    }

    /// Takes in a line.
    pub(crate) fn feed(&mut self, number: u64, line: &[u8], missing: &[String]) {
        if self.broken.is_some() {
            return;
        }
        if trimmed(line).0.is_empty() && !(self.delimiter == Delimiter::Tab && line.contains(&b'\t')) {
            self.blank += 1;
            self.after_blank = true;
            return;
        }
        self.last = number;
        let after_blank = std::mem::take(&mut self.after_blank);
        if self.fields.is_none() {
            self.head.push(HeadRow {
                line: number,
                raw: line.to_vec(),
                after_blank,
                again: 0,
                first_again: 0,
            });
            self.head_bytes += line.len();
            if self.head.len() == HEAD_ROWS || self.head_bytes > HEAD_BYTES {
                self.settle();
            }
            return;
        }
        if let Err(broken) = self.splitter.split(line) {
            self.broken = Some((number, broken));
            return;
        }
        let found = self.splitter.len();
        if Some(found) != self.fields {
            if let Some(ragged) = &mut self.ragged {
                ragged.lines += 1;
            } else {
                let raw = String::from_utf8_lossy(line).chars().take(SHOWN).collect();
                self.ragged = Some(Ragged { line: number, found, lines: 1, raw });
            }
            return;
        }
        self.row(number, line, missing);
    }

    fn row(&mut self, number: u64, line: &[u8], missing: &[String]) {
        let mut asked = false;
        for (at, cells) in self.body.iter_mut().enumerate() {
            let cell = self.splitter.field(line, at);
            let class = judge(cell, missing);
            // A text may be of a header that is repeated: it is, if the line stands in the head as well. Numbers of
            // the same line that were counted already are few, and are taken back below.
            if !asked && matches!(class, Class::Text | Class::Numberish | Class::Stamp) {
                asked = true;
                if let Some(known) = self.known.get(line) {
                    let row = &mut self.head[*known];
                    row.again += 1;
                    if row.again == 1 {
                        row.first_again = number;
                    }
                    for earlier in 0..at {
                        let cell = self.splitter.field(line, earlier);
                        self.body[earlier].take_back(judge(cell, missing));
                    }
                    return;
                }
            }
            cells.add(class, 1, cell, (number, self.splitter.column(at)));
        }
        self.rows += 1;
    }

    /// Decides how many fields a row has: as many as most of the later rows of the head.
    fn settle(&mut self) {
        if matches!(self.delimiter, Delimiter::Spaces | Delimiter::Gaps) {
            // A lone `-` may stand for a missing value, a lone `+` does not.
            let mut signs = self.head.iter().map(|row| sign_apart(&row.raw));
            self.splitter.signs = signs.clone().any(|sign| sign == Some(b'+'))
                || (signs.len() > 1 && signs.all(|sign| sign.is_some()));
        }
        let count = self.usual();
        self.fields = Some(count);
        self.body = vec![Cells::default(); count.min(limits::COLUMNS + 1)];
        self.known = self.head.iter().enumerate().rev().map(|(at, row)| (row.raw.clone(), at)).collect();
    }

    /// As many fields as most of the later rows of the head have. Below a short table stand lines of another shape:
    /// of rows that begin with a number there are enough, or all count.
    fn usual(&mut self) -> usize {
        let (mut all, mut numbers): (BTreeMap<usize, usize>, BTreeMap<usize, usize>) = Default::default();
        let mut whole: BTreeMap<usize, usize> = BTreeMap::new();
        let from = self.head.len() / 2;
        for (at, row) in self.head.iter().enumerate() {
            if self.splitter.split(&row.raw).is_ok() {
                *whole.entry(self.splitter.len()).or_default() += 1;
                if at < from {
                    continue;
                }
                *all.entry(self.splitter.len()).or_default() += 1;
                if matches!(classify(self.splitter.field(&row.raw, 0)), Class::Number { .. } | Class::Stamp) {
                    *numbers.entry(self.splitter.len()).or_default() += 1;
                }
            }
        }
        let counts = if numbers.is_empty() || all.len() == 1 { all } else { numbers };
        counts
            .into_iter()
            .max_by_key(|(fields, rows)| (*rows, whole.get(fields).copied(), *fields))
            .map_or(0, |(fields, _)| fields)
    }

    /// The first line that is no record, in the head or below it.
    pub(crate) fn first_broken(&self) -> Option<(u64, Broken)> {
        let mut splitter = self.splitter.clone();
        let in_head =
            self.head.iter().find_map(|row| splitter.split(&row.raw).err().map(|broken| (row.line, broken)));
        in_head.or_else(|| {
            let (line, broken) = self.broken.as_ref()?;
            Some((*line, Broken { at: broken.at, reason: super::refusal::restated(&broken.reason) }))
        })
    }

    /// The number of fields, settled at the latest now.
    pub(crate) fn settled(&mut self) -> usize {
        if self.fields.is_none() {
            self.settle();
        }
        self.fields.unwrap_or(0)
    }

    /// The fields of a row of the head.
    pub(crate) fn split_head(&mut self, at: usize) -> Result<Vec<(Vec<u8>, u64)>, Refusal> {
        let HeadRow { line, raw, .. } = &self.head[at];
        match self.splitter.split(raw) {
            Ok(()) => Ok((0..self.splitter.len())
                .map(|field| (self.splitter.field(raw, field).to_vec(), self.splitter.column(field)))
                .collect()),
            Err(Broken { at, reason }) => Err(Refusal::at(*line, at as u64 + 1, reason)),
        }
    }
}

impl Cells {
    /// Undoes the count of a cell.
    fn take_back(&mut self, class: Class) {
        match class {
            Class::Empty => self.empty -= 1,
            Class::Word => self.words -= 1,
            Class::PlainWord => {
                self.words -= 1;
                self.plain_words -= 1;
            }
            Class::Number { fits, padded, .. } => {
                self.numbers -= 1;
                self.padded -= u64::from(padded);
                if fits != Fits::ALL {
                    self.marked -= 1;
                    (0..8).filter(|at| fits.has(*at)).for_each(|at| self.fits[at] -= 1);
                }
            }
            Class::Measured { fits, .. } => {
                self.measured -= 1;
                if fits != Fits::ALL {
                    self.marked -= 1;
                    (0..8).filter(|at| fits.has(*at)).for_each(|at| self.fits[at] -= 1);
                }
            }
            // The first text of a line is where it is looked up.
            Class::Stamp | Class::Text | Class::Numberish => {}
        }
    }
}

/// Judges a cell, words for missing values that a person named among them.
pub(crate) fn judge(cell: &[u8], missing: &[String]) -> Class {
    if !missing.is_empty() && missing.iter().any(|word| word.as_bytes() == cell) {
        return Class::Word;
    }
    classify(cell)
}
