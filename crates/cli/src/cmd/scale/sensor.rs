//! A sensor that writes lines of numbers, in place of a pad.

use crate::args::Global;
use crate::failure::Failure;
use openweigh_capture::import::signal::TimeUnit;
use openweigh_capture::import::table::DecimalSign;
use openweigh_capture::lines::{Address, Choice, LineError, Lines, Listening};
use openweigh_formats::session::Channel;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weights::{Instrument, Weights};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long to wait for lines before it is said that there are none.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often the end may be wanted meanwhile.
const LISTEN: Duration = Duration::from_millis(20);

/// A channel and the place of its number in a line.
#[derive(Debug, Clone)]
struct Named {
    name: ColumnName,
    place: usize,
}

/// Where a sensor's lines come from, and which of their numbers are which.
#[derive(Debug, clap::Args)]
pub(super) struct SensorArgs {
    /// A sensor that writes lines of numbers, in place of a pad: `serial:PATH@BAUD`, `tcp:HOST:PORT`, `file:PATH` (a pipe or
    /// a file), or `-` for standard input
    #[arg(long, value_name = "S", conflicts_with = "library")]
    source: Option<Address>,
    /// Which number of a line is which channel, counted from 1; a line with one number needs none. May be repeated
    #[arg(long, value_name = "NAME=N", value_parser = named, requires = "source")]
    channel: Vec<Named>,
    /// Which number of a line is the sensor's own time [default: the time at which the line comes]
    #[arg(long, value_name = "N", value_parser = place, requires_all = ["source", "time_unit"])]
    time: Option<usize>,
    /// Unit of that time: s, ms, us, ns or min
    #[arg(long, value_name = "UNIT", requires = "time")]
    time_unit: Option<TimeUnit>,
    /// The decimal sign of the lines: point or comma
    #[arg(long, value_name = "SIGN", requires = "source", default_value = "point", value_parser = decimal)]
    decimal: DecimalSign,
}

fn place(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|place| *place > 0).ok_or_else(|| "expected a number from 1 on".to_owned())
}

fn named(text: &str) -> Result<Named, String> {
    let (name, number) =
        text.split_once('=').ok_or("expected NAME=N, as force=2 for the second number of a line")?;
    let name = ColumnName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
    Ok(Named { name, place: place(number)? })
}

fn decimal(text: &str) -> Result<DecimalSign, String> {
    match text {
        "point" => Ok(DecimalSign::Point),
        "comma" => Ok(DecimalSign::Comma),
        _ => Err("expected point or comma".to_owned()),
    }
}

impl SensorArgs {
    pub(super) fn is_wanted(&self) -> bool {
        self.source.is_some()
    }

    /// Opens the source and waits until its lines are understood. None if the end was wanted before.
    pub(super) fn listen(
        &self,
        weights: Option<&Weights>,
        ended: &AtomicBool,
        global: &Global,
    ) -> Result<Option<Lines>, Failure> {
        let address = self.source.clone().expect("it is wanted");
        let choice = Choice {
            channels: self.channels(weights)?,
            places: self.channel.iter().map(|named| (named.name.clone(), named.place)).collect(),
            time: self.time.zip(self.time_unit),
            decimal: self.decimal,
        };
        let mut listening = Listening::open(address.clone(), choice).map_err(failure)?;
        let mut waited = Duration::ZERO;
        while !listening.learn(LISTEN).map_err(failure)? {
            if ended.load(Ordering::SeqCst) {
                return Ok(None);
            }
            waited += LISTEN;
            if waited == PATIENCE && !global.quiet {
                let address = openweigh_formats::shown::plain(&address.to_string());
                crate::screen::say(&format!("waiting for lines of numbers from {address}; Ctrl-C ends it"));
            }
        }
        Ok(Some(listening.source()))
    }

    /// The channels that are read: those of the weights, which state what they are, or those that were named.
    fn channels(&self, weights: Option<&Weights>) -> Result<Vec<Channel>, Failure> {
        let bare = |name: ColumnName| Channel { name, unit: None, quantum: None, ceiling: None };
        match weights.and_then(|weights| weights.applies_to.instrument()) {
            Some(Instrument::Channels(channels)) => Ok(channels),
            Some(Instrument::Pad(pad)) => Err(Failure::usage(format!(
                "the weights apply to {pad}, and --source gives channels: leave out --weights to see the sensor's own numbers"
            ))),
            None if self.channel.is_empty() => Ok(vec![bare("value".parse().expect("a name"))]),
            None => Ok(self.channel.iter().map(|named| bare(named.name.clone())).collect()),
        }
    }
}

/// What was said wrong is told as such; the rest is of the source.
fn failure(error: LineError) -> Failure {
    match error {
        LineError::Open { .. } | LineError::Nothing { .. } => error.into(),
        said => Failure::usage(said.to_string()),
    }
}
