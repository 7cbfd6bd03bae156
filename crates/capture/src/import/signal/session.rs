//! A session of a log while its rows come.

use super::{Made, SignalError, TimeUnit};
use crate::import::table::Cell;
use openweigh_exact::Decimal;
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::{self, Event, Kind};
use openweigh_formats::number::Number;
use openweigh_formats::samples;
use openweigh_formats::session::{Channel, Clock, Environment, Format, Quality, Session, Source};
use openweigh_formats::text::Line;
use openweigh_formats::versioned::Versioned;
use openweigh_formats::weighings::{Cell as Detail, Id};
use std::io::Write;

/// Intervals whose median is the rhythm of a session.
const RHYTHM: usize = 1000;

/// An interval of so many times the rhythm is a gap.
const GAP: i64 = 10;

/// Gaps of the rhythm that are told; with more there is no rhythm.
const GAPS: usize = 1000;

/// Bytes that are written at a time.
const ROOM: usize = 1 << 16;

/// The id of a session that the log calls so.
pub fn id_of(text: &str) -> Id {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let text: String = text.trim().chars().map(|c| if allowed(c) { c } else { '-' }).collect();
    let text = text.trim_matches(['-', '.', '_']);
    text[..text.len().min(64)].parse().unwrap_or_else(|_| "unnamed".parse().expect("an id"))
}

/// A session while its rows come.
pub(super) struct Open {
    id: Id,
    channels: Vec<Channel>,
    unit: Option<TimeUnit>,
    out: Box<dyn Write>,
    hasher: Hasher,
    bytes: u64,
    buffer: Vec<u8>,
    quality: Quality,
    first: Option<Decimal>,
    last: Option<Decimal>,
    /// Times that went back.
    steps: Vec<Event>,
    /// The first intervals, until the rhythm is known, each with the sample before it.
    intervals: Vec<(u64, Decimal)>,
    /// From which interval on there is a gap.
    limit: Option<Decimal>,
    gaps: Vec<Event>,
}

impl Open {
    pub(super) fn new(id: Id, channels: Vec<Channel>, unit: Option<TimeUnit>, out: Box<dyn Write>) -> Self {
        let header = samples::header(channels.iter().map(|channel| &channel.name));
        Self {
            id,
            channels,
            unit,
            out,
            hasher: Hasher::default(),
            bytes: 0,
            buffer: format!("{header}\n").into_bytes(),
            quality: Quality::default(),
            first: None,
            last: None,
            steps: Vec::new(),
            intervals: Vec::new(),
            limit: None,
            gaps: Vec::new(),
        }
    }

    /// The last time and this one, if that is earlier.
    pub(super) fn goes_back(&self, time: Option<&Decimal>) -> Option<(String, String)> {
        let (before, now) = (self.last.as_ref()?, time?);
        (now < before).then(|| (before.to_string(), now.to_string()))
    }

    /// Notes that the time goes back in this line.
    pub(super) fn note_step(&mut self, line: u64) {
        self.steps.push(
            self.event(self.quality.frames.saturating_sub(1), format!("the time goes back in line {line}")),
        );
    }

    fn event(&self, after: u64, detail: String) -> Event {
        let detail = Detail::try_from(detail).unwrap_or_else(|_| String::new().try_into().expect("a cell"));
        Event { after_frame: Some(after), kind: Kind::Gap, detail }
    }

    /// Takes in a row.
    pub(super) fn push<'a>(
        &mut self,
        time: Option<Decimal>,
        values: impl Iterator<Item = Cell<'a>>,
    ) -> Result<(), SignalError> {
        let number = self.quality.frames;
        let text = time.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut missing = 0;
        let values: Vec<&str> = values
            .map(|cell| match cell {
                Cell::Number(text) | Cell::Text(text) => text,
                Cell::Missing => {
                    missing += 1;
                    ""
                }
            })
            .collect();
        samples::write_row(&mut self.buffer, number, &text, "", values);
        self.quality.frames += 1;
        self.quality.non_finite += missing;
        if let Some(now) = time {
            if let Some(before) = self.last.replace(now.clone()) {
                let interval = now.minus(&before);
                if interval <= Decimal::ZERO {
                    self.quality.clock_steps += 1;
                } else {
                    self.interval(number - 1, interval);
                }
            }
            self.first.get_or_insert(now);
        }
        if self.buffer.len() >= ROOM { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> Result<(), SignalError> {
        self.hasher.update(&self.buffer);
        self.bytes += self.buffer.len() as u64;
        let path = || format!("samples.csv of session {}", self.id);
        self.out.write_all(&self.buffer).map_err(|error| SignalError::Write { path: path(), error })?;
        self.buffer.clear();
        Ok(())
    }

    fn interval(&mut self, after: u64, interval: Decimal) {
        match &self.limit {
            Some(limit) if interval >= *limit => self.gap(after, &interval),
            Some(_) => {}
            None => {
                self.intervals.push((after, interval));
                if self.intervals.len() == RHYTHM {
                    self.settle();
                }
            }
        }
    }

    fn gap(&mut self, after: u64, interval: &Decimal) {
        if self.gaps.len() <= GAPS {
            self.gaps.push(self.event(after, format!("{interval} s without a sample")));
        }
    }

    /// Finds the rhythm, and the gaps among the first intervals.
    fn settle(&mut self) {
        let intervals = std::mem::take(&mut self.intervals);
        let mut sorted: Vec<&Decimal> = intervals.iter().map(|(_, interval)| interval).collect();
        sorted.sort();
        let Some(median) = sorted.get(sorted.len() / 2) else { return };
        let limit = median.times(&Decimal::from(GAP));
        for (after, interval) in intervals.iter().filter(|(_, interval)| *interval >= limit) {
            self.gap(*after, interval);
        }
        self.limit = Some(limit);
    }

    /// The session, once all rows came.
    pub(super) fn finish(mut self) -> Result<Made, SignalError> {
        if self.limit.is_none() {
            self.settle();
        }
        self.write()?;
        let path = || format!("samples.csv of session {}", self.id);
        self.out.flush().map_err(|error| SignalError::Write { path: path(), error })?;
        let mut all = std::mem::take(&mut self.steps);
        if self.gaps.len() <= GAPS {
            all.append(&mut self.gaps);
        }
        all.sort_by_key(|event| event.after_frame);
        self.quality.gaps = all.len() as u64;
        let events = format!("{}\n{}", events::HEADER, all.iter().map(Event::line).collect::<String>());
        let seconds =
            self.last.as_ref().zip(self.first.as_ref()).map(|(last, first)| Number(last.minus(first)));
        let samples = (self.bytes, std::mem::take(&mut self.hasher).finish());
        Ok(Made { session: self.description(), events: events.into_bytes(), samples, seconds })
    }

    fn description(self) -> Session {
        let line = |text: &str| -> Line { text.parse().expect("a constant") };
        let clock = match self.unit {
            None => "date and time in the log",
            Some(TimeUnit::Minutes) => "the log, in minutes",
            Some(TimeUnit::Seconds) => "the log, in seconds",
            Some(TimeUnit::Milliseconds) => "the log, in milliseconds",
            Some(TimeUnit::Microseconds) => "the log, in microseconds",
            Some(TimeUnit::Nanoseconds) => "the log, in nanoseconds",
        };
        Session {
            format: Format::V2,
            id: self.id,
            source: Source::unknown(),
            clock: Clock { device: line(clock), arrival: line("unknown") },
            environment: Environment::default(),
            quality: self.quality,
            channels: Versioned::some(self.channels),
            balance: Versioned::NULL,
        }
    }
}
