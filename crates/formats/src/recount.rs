//! What `session.json` states of the quality of its data, counted again from the data.

use crate::csv::Number;
use crate::session::Session;
use openweigh_exact::{Decimal, IBig};
use std::cmp::Ordering;

/// A count of `quality` that the data contradict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miscounted {
    /// The key in `quality`.
    pub what: &'static str,
    /// What is stated.
    pub stated: u64,
    /// What was counted.
    pub counted: u64,
}

impl Miscounted {
    /// What the count may be, in words.
    pub fn expected(&self) -> String {
        match self.what {
            NON_FINITE => format!("at most {}, as many as there are empty cells", self.counted),
            _ => self.counted.to_string(),
        }
    }
}

const NON_FINITE: &str = "non_finite";

/// The counts so far.
#[derive(Debug, Clone)]
pub struct Recount {
    /// The ceiling of the pressure, or of each channel.
    ceilings: Vec<Option<Decimal>>,
    at_ceiling: u64,
    clock_steps: u64,
    empty_cells: u64,
    /// Empty cells are counted only where some are spoken of: that takes a look at every byte.
    counts_cells: bool,
    last: u8,
    frame: Option<u64>,
    before: Number,
}

impl Recount {
    /// Nothing is counted yet.
    pub fn of(session: &Session) -> Self {
        let value = |number: &Option<crate::number::Number>| number.as_ref().map(|number| number.0.clone());
        let ceilings = match session.channels() {
            Some(channels) => channels.iter().map(|channel| value(&channel.ceiling)).collect(),
            None => vec![value(&session.source.ceiling)],
        };
        Self {
            ceilings,
            at_ceiling: 0,
            clock_steps: 0,
            empty_cells: 0,
            counts_cells: session.quality.non_finite > 0,
            last: 0,
            frame: None,
            before: Number::Missing,
        }
    }

    /// Looks at the file's bytes, in order.
    pub fn bytes(&mut self, block: &[u8]) {
        if !self.counts_cells {
            return;
        }
        for &byte in block {
            self.empty_cells += u64::from(self.last == b',' && matches!(byte, b',' | b'\n'));
            self.last = byte;
        }
    }

    /// Looks at a row: the frame that it is of, its time, and its pressure or the values of its channels.
    pub fn row<'a>(&mut self, frame: u64, time: &Number, values: impl Iterator<Item = &'a Number>) {
        if self.frame != Some(frame) {
            self.frame = Some(frame);
            if !matches!(time, Number::Missing) {
                let step = compared(time, &self.before).is_some_and(|order| order != Ordering::Greater);
                self.clock_steps += u64::from(step);
                self.before = time.clone();
            }
        }
        let mut pairs = self.ceilings.iter().zip(values);
        let reached =
            pairs.any(|(ceiling, value)| ceiling.as_ref().is_some_and(|ceiling| reaches(value, ceiling)));
        self.at_ceiling += u64::from(reached);
    }

    /// What the session states otherwise.
    pub fn against(&self, session: &Session) -> Vec<Miscounted> {
        let quality = &session.quality;
        let counts = [
            (NON_FINITE, quality.non_finite, self.empty_cells, quality.non_finite <= self.empty_cells),
            ("at_ceiling", quality.at_ceiling, self.at_ceiling, quality.at_ceiling == self.at_ceiling),
            ("clock_steps", quality.clock_steps, self.clock_steps, quality.clock_steps == self.clock_steps),
        ];
        let wrong = counts.into_iter().filter(|(.., right)| !right);
        wrong.map(|(what, stated, counted, _)| Miscounted { what, stated, counted }).collect()
    }
}

/// Which of two times is the later, where both are there.
fn compared(left: &Number, right: &Number) -> Option<Ordering> {
    if let (Number::Narrow { digits: left, places: here }, Number::Narrow { digits: right, places: there }) =
        (left, right)
        && here == there
    {
        return Some(left.cmp(right));
    }
    Some(left.value()?.cmp(&right.value()?))
}

/// Whether a value is at a ceiling or above, in magnitude.
fn reaches(value: &Number, ceiling: &Decimal) -> bool {
    if let Number::Narrow { digits, places: 0 } = value
        && ceiling.places() == 0
    {
        return IBig::from(digits.unsigned_abs()) >= *ceiling.digits();
    }
    let magnitude = |value: Decimal| if value < Decimal::ZERO { Decimal::ZERO.minus(&value) } else { value };
    value.value().is_some_and(|value| magnitude(value) >= *ceiling)
}
