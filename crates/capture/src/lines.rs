//! Lines of numbers as they come: a load cell at a serial port, a server, a pipe, any program's output.
//!
//! Every sensor writes its readings in its own way. What a line means is learned from the first two lines that look
//! alike; another line (a greeting, a menu, half a line) is counted and told, and is no reading. Where a line holds
//! several numbers, a person says which is which: nothing is guessed.
//!
//! The digits of a reading are those of the line.

mod address;
mod reader;
mod words;

pub use address::{Address, BAUD};

use crate::frame::{Frame, Moment, Sample, Source, SourceInfo};
use crate::import::signal::TimeUnit;
use crate::import::table::DecimalSign;
use openweigh_exact::Decimal;
use openweigh_formats::dataset::{Provenance, ProvenanceKind};
use openweigh_formats::events::Kind;
use openweigh_formats::samples;
use openweigh_formats::session::{Channel, Clock, Source as Described};
use openweigh_formats::shown::quoted;
use openweigh_formats::text::{ColumnName, Line};
use reader::{Came, Reader};
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use words::Shape;

/// Lines of other shapes that are waited through before it is said that nothing can be read.
const PATIENCE: u64 = 1000;

/// Lines that are passed over at once.
const AT_ONCE: usize = 1000;

/// What a person says about the numbers of a line.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The channels.
    pub channels: Vec<Channel>,
    /// The place of a channel's number in a line, from 1, by its name. A line with one number needs none.
    pub places: Vec<(ColumnName, usize)>,
    /// The place of the device's time, and its unit.
    pub time: Option<(usize, TimeUnit)>,
    /// The decimal sign of the numbers.
    pub decimal: DecimalSign,
}

impl Choice {
    /// Whether each place is of one channel, and each name can stand in `samples.csv`.
    fn check(&self) -> Result<(), LineError> {
        let taken = |channel: &&Channel| samples::COLUMNS.contains(&channel.name.as_str());
        if let Some(channel) = self.channels.iter().find(taken) {
            return Err(LineError::Taken { name: channel.name.clone() });
        }
        for (at, (name, place)) in self.places.iter().enumerate() {
            if self.places[..at].iter().any(|(other, _)| other == name) {
                return Err(LineError::NamedTwice { name: name.clone() });
            }
            if self.channels.iter().all(|channel| channel.name != *name) {
                let available = self.channels.iter().map(|channel| channel.name.to_string()).collect();
                return Err(LineError::NoChannel { name: name.clone(), place: *place, available });
            }
            let before = self.places[..at].iter().map(|(_, other)| *other);
            if before.chain(self.time.map(|(other, _)| other)).any(|other| other == *place) {
                return Err(LineError::Twice { place: *place });
            }
        }
        Ok(())
    }

    fn place(&self, channel: &Channel) -> Option<usize> {
        self.places.iter().find(|(name, _)| *name == channel.name).map(|(_, place)| *place)
    }
}

/// Why lines give no readings.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// It cannot be opened.
    #[error("{address}: cannot be opened: {error}")]
    Open {
        /// Where.
        address: Address,
        /// Why.
        error: std::io::Error,
    },
    /// A line has several numbers, and nobody said which is which.
    #[error(
        "each line has {} numbers, as {} in {line}: say which is the reading, as --channel {name}={}",
        numbers.len(),
        numbers.join(" and "),
        numbers.len()
    )]
    Several {
        /// A line, quoted.
        line: String,
        /// Its numbers.
        numbers: Vec<String>,
        /// What the reading is called.
        name: ColumnName,
    },
    /// A line has fewer numbers.
    #[error("{option}: there is no number {place} in a line: {line} has {found}")]
    NoNumber {
        /// The option that names it.
        option: String,
        /// The place.
        place: usize,
        /// A line, quoted.
        line: String,
        /// How many numbers it has.
        found: usize,
    },
    /// A place for a channel that there is not.
    #[error("--channel {name}={place}: there is no such channel; there are {}", available.join(", "))]
    NoChannel {
        /// Its name.
        name: ColumnName,
        /// The place.
        place: usize,
        /// The channels that there are.
        available: Vec<String>,
    },
    /// A channel of which it is said twice where it is.
    #[error("--channel {name} is said twice: a channel is one number of a line")]
    NamedTwice {
        /// Its name.
        name: ColumnName,
    },
    /// A channel whose name the format has for something else.
    #[error(
        "a channel cannot be called `{name}`, which samples.csv has for something else: choose another name"
    )]
    Taken {
        /// Its name.
        name: ColumnName,
    },
    /// Two channels, or a channel and the time, are one number of the line.
    #[error("number {place} of a line is said to be two things: time and channels are different numbers")]
    Twice {
        /// The place.
        place: usize,
    },
    /// It ended, or went on and on, without two lines that look alike.
    #[error(
        "{address}: no two lines with a number that look alike {}{}{}",
        if *ended { "came before it ended" } else { "in a thousand" },
        why.as_ref().map_or_else(String::new, |why| format!(" ({why})")),
        last.as_ref().map_or_else(String::new, |line| format!("; the last was {line}"))
    )]
    Nothing {
        /// Where.
        address: Address,
        /// Whether it ended.
        ended: bool,
        /// Why it ended, if something went wrong.
        why: Option<String>,
        /// The last line, quoted.
        last: Option<String>,
    },
}

/// Something that was opened and whose lines are not understood yet.
#[derive(Debug)]
pub struct Listening {
    address: Address,
    choice: Choice,
    reader: Reader,
    /// The line before, if it has numbers.
    before: Option<(Shape, Text)>,
    other: u64,
    last: Option<String>,
    /// Why it ended, if something went wrong.
    why: Option<String>,
}

/// A line with its numbers, and when it came.
#[derive(Debug)]
struct Text {
    numbers: Vec<String>,
    line: String,
    came: Instant,
}

impl Listening {
    /// Begins to listen at an address.
    ///
    /// # Errors
    /// What was said of the channels contradicts itself.
    pub fn open(address: Address, choice: Choice) -> Result<Self, LineError> {
        choice.check()?;
        let from = address.clone();
        let reader = Reader::new(move || from.open(), address.may_begin_within_a_line());
        Ok(Self { address, choice, reader, before: None, other: 0, last: None, why: None })
    }

    /// Waits for lines, at most as long. Says whether two that look alike have come.
    ///
    /// # Errors
    /// It cannot be opened; what the lines hold is not what was said, or not clear; or there are none.
    pub fn learn(&mut self, longest: Duration) -> Result<bool, LineError> {
        loop {
            let (line, came) = match self.reader.next(longest) {
                None => return Ok(false),
                Some(Came::Line(line, came)) => (line, came),
                Some(Came::Broken) => {
                    self.miss()?;
                    continue;
                }
                Some(Came::End(why)) => {
                    self.why = why;
                    return Err(self.nothing(true));
                }
                Some(Came::Refused(error)) => {
                    return Err(LineError::Open { address: self.address.clone(), error });
                }
            };
            self.last = Some(quoted(&line));
            let read = words::read(&line, self.choice.decimal).filter(|(shape, _)| shape.has_numbers());
            let Some((shape, numbers)) = read else {
                self.miss()?;
                continue;
            };
            let text = Text { numbers, line, came };
            match self.before.take() {
                Some((own, first)) if own == shape => {
                    self.judge(&text)?;
                    self.reader.put_back([first, text].map(|text| Came::Line(text.line, text.came)));
                    self.before = Some((shape, Text { numbers: Vec::new(), line: String::new(), came }));
                    return Ok(true);
                }
                Some(_) => self.miss()?,
                None => {}
            }
            self.before = Some((shape, text));
        }
    }

    fn miss(&mut self) -> Result<(), LineError> {
        self.other += 1;
        if self.other > PATIENCE { Err(self.nothing(false)) } else { Ok(()) }
    }

    fn nothing(&self, ended: bool) -> LineError {
        LineError::Nothing {
            address: self.address.clone(),
            ended,
            why: self.why.clone(),
            last: self.last.clone(),
        }
    }

    /// Whether the numbers of a line are those that were named.
    fn judge(&self, text: &Text) -> Result<(), LineError> {
        let (found, line) = (text.numbers.len(), quoted(&text.line));
        let unplaced = |channel: &&Channel| self.choice.place(channel).is_none();
        if let Some(channel) = self.choice.channels.iter().find(unplaced).filter(|_| found > 1) {
            let (numbers, name) = (text.numbers.clone(), channel.name.clone());
            return Err(LineError::Several { line, numbers, name });
        }
        let channels =
            self.choice.places.iter().map(|(name, place)| (format!("--channel {name}={place}"), *place));
        let time = self.choice.time.map(|(place, _)| (format!("--time {place}"), place));
        match channels.chain(time).find(|(_, place)| *place > found) {
            Some((option, place)) => Err(LineError::NoNumber { option, place, line, found }),
            None => Ok(()),
        }
    }

    /// The source, once the lines are understood.
    ///
    /// # Panics
    /// [`learn`](Self::learn) has not said so.
    pub fn source(self) -> Lines {
        let Self { address, choice, reader, before, other, .. } = self;
        let (shape, _) = before.expect("two lines were alike");
        let line = |text: &str| -> Line { text.parse().expect("a constant") };
        // A line with one number has it at the first place.
        let places = choice.channels.iter().map(|channel| choice.place(channel).unwrap_or(1)).collect();
        let clock = match choice.time {
            Some(_) => "the lines' own",
            None => "the arrival of the lines, monotonic, s since start",
        };
        let transport = match address {
            Address::Serial { .. } => "serial",
            Address::Tcp { .. } => "tcp",
            Address::File(_) | Address::Input => "lines",
        };
        let info = SourceInfo {
            source: Described {
                os: line(std::env::consts::OS),
                driver: line("lines of numbers"),
                transport: line(transport),
                ..Described::unknown()
            },
            clock: Clock { device: line(clock), arrival: line("monotonic, ns since start") },
            provenance: Provenance::stated(
                ProvenanceKind::Measured,
                line("Recorded from lines of numbers with openweigh."),
            ),
            steady: false,
            channels: Some(choice.channels),
        };
        Lines {
            info,
            reader,
            shape,
            places,
            time: choice.time,
            decimal: choice.decimal,
            begun: None,
            before: None,
            waiting: VecDeque::new(),
            told: 0,
            other,
            state: State::Open,
            vanishes: matches!(address, Address::Serial { .. } | Address::Tcp { .. }),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// What is to be told last is told, and then it is the end.
    Ending,
}

/// Lines that are understood, as samples.
#[derive(Debug)]
pub struct Lines {
    info: SourceInfo,
    reader: Reader,
    shape: Shape,
    /// The place of each channel's number in a line, from 1.
    places: Vec<usize>,
    time: Option<(usize, TimeUnit)>,
    decimal: DecimalSign,
    begun: Option<Instant>,
    before: Option<Decimal>,
    waiting: VecDeque<(Kind, String)>,
    /// Lines of another shape, and of how many it was told.
    other: u64,
    told: u64,
    state: State,
    /// Whether its end means that a device is gone.
    vanishes: bool,
}

impl Lines {
    /// Makes a sample of a line. None if it is no reading.
    fn sample(&mut self, line: &str, came: Instant) -> Option<(Sample, i64)> {
        let (shape, numbers) = words::read(line, self.decimal)?;
        if shape != self.shape {
            return None;
        }
        let begun = *self.begun.get_or_insert(came);
        let arrival = i64::try_from(came.saturating_duration_since(begun).as_nanos()).ok()?;
        let number = |place: usize| numbers.get(place - 1).cloned();
        let device_s = match self.time {
            None => Decimal::new(arrival.into(), 9),
            Some((place, unit)) => unit.seconds(&number(place)?)?,
        };
        let values = self.places.iter().map(|place| number(*place)).collect();
        Some((Sample { device_s: Some(device_s), values }, arrival))
    }

    /// Tells of lines that are no readings: the first, and then ten times as many.
    fn tell_others(&mut self, at_the_end: bool) {
        let due = if at_the_end { self.other > self.told } else { self.other >= (self.told * 10).max(1) };
        if due {
            let what = if self.other == 1 { "line that is no reading" } else { "lines that are no readings" };
            self.waiting.push_back((Kind::Note, format!("{} {what}", self.other)));
            self.told = self.other;
        }
    }

    fn end(&mut self, why: Option<String>) {
        self.tell_others(true);
        if self.vanishes {
            let why = why.unwrap_or_else(|| "no more lines".to_owned());
            let kept = |c: char| c.is_ascii_alphanumeric() || " ._+:/()-".contains(c);
            let why: String = why.chars().map(|c| if kept(c) { c } else { '-' }).take(200).collect();
            self.waiting.push_back((Kind::DeviceLost, why));
        }
        self.state = State::Ending;
    }
}

impl Source for Lines {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self, frame: &mut Frame, longest: Duration) -> Moment {
        // Whoever waits for the end is heard, whatever comes.
        for _ in 0..AT_ONCE {
            if let Some((kind, detail)) = self.waiting.pop_front() {
                return Moment::Event(kind, detail);
            }
            if self.state == State::Ending {
                return Moment::End;
            }
            match self.reader.next(longest) {
                None => return Moment::Silence,
                Some(Came::End(why)) => self.end(why),
                Some(Came::Refused(error)) => self.end(Some(error.to_string())),
                Some(Came::Broken) => self.other += 1,
                Some(Came::Line(line, came)) => match self.sample(&line, came) {
                    Some((sample, arrival)) => {
                        let back = sample.device_s < self.before;
                        self.before.clone_from(&sample.device_s);
                        *frame = Frame::of_sample(sample, arrival);
                        if back {
                            // What was weighed before and after is not one rest.
                            self.reader.put_back([Came::Line(line, came)]);
                            return Moment::Event(Kind::Gap, "the clock of the lines went back".to_owned());
                        }
                        return Moment::Frame;
                    }
                    None => self.other += 1,
                },
            }
            self.tell_others(false);
        }
        Moment::Silence
    }

    fn close(&mut self) {
        // Somebody wants the end: that is no loss.
        self.vanishes = false;
        self.reader.close();
    }
}
