//! What is to happen, as a TOML file says it. Unknown keys are mistakes; all times are seconds from the
//! first start of the pad, all forces grams.

// Long because a scenario is one format: each key with its meaning and its rule, in one place.

use crate::behaviour::{Answers, Manner};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The scenario that is played when none is named: a Magic Trackpad, a finger, three coins.
pub const DEFAULT: &str = include_str!("../scenarios/default.toml");

/// A week: silence is passed frame by frame, so that much longer ones would take long to play.
const LONGEST_S: f64 = 604_800.0;

/// A mistake in a scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ScenarioError {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in bytes.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl ScenarioError {
    pub(crate) fn at(text: &str, offset: usize, message: impl fmt::Display) -> ScenarioError {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let message = message.to_string().trim_end().replace('\n', ", ");
        ScenarioError { line, column: before.len() - start + 1, message }
    }
}

/// A whole scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// All chance comes from it.
    #[serde(default)]
    pub seed: u32,
    /// How fast.
    #[serde(default)]
    pub pace: Pace,
    /// What comes after.
    #[serde(default)]
    pub at_end: AtEnd,
    /// How many seconds, in real time, the first frames wait for the other devices to be started, so that all of them
    /// speak in the order of their times.
    #[serde(default = "short")]
    pub gathering_s: f64,
    /// Whether `MTDeviceStop` returns only when the device's thread has ended.
    #[serde(default = "yes")]
    pub stop_waits: bool,
    /// How the library behaves besides the frames.
    #[serde(default)]
    pub behaviour: Manner,
    /// What it answers otherwise than that, line by line.
    #[serde(default)]
    pub answers: Answers,
    /// Whether the end of a run is told on standard error: what was sent, and how long callbacks took.
    #[serde(default)]
    pub report: bool,
    /// The devices, in the order of the list.
    #[serde(rename = "pad")]
    pads_with_places: Vec<Spanned<Pad>>,
    /// The same, once they are checked.
    #[serde(skip)]
    pub pads: Vec<Pad>,
}

fn yes() -> bool {
    true
}

/// How fast frames follow each other. Their times do not change with it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// As on a real pad.
    #[default]
    RealTime,
    /// This many times faster.
    Times(f64),
    /// As fast as the callback returns.
    Unthrottled,
}

impl Pace {
    /// How many times faster than on a real pad; for waits that nobody counts, where there is no pace.
    pub(crate) fn factor(self) -> f64 {
        match self {
            Pace::RealTime => 1.0,
            Pace::Times(factor) => factor,
            Pace::Unthrottled => 1_000.0,
        }
    }
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Pace, D::Error> {
        struct Words;
        impl serde::de::Visitor<'_> for Words {
            type Value = Pace;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("\"real-time\", \"unthrottled\" or a factor above 0")
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Pace, E> {
                match word {
                    "real-time" => Ok(Pace::RealTime),
                    "unthrottled" => Ok(Pace::Unthrottled),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
                }
            }
            fn visit_f64<E: serde::de::Error>(self, factor: f64) -> Result<Pace, E> {
                if factor.is_finite() && factor > 0.0 {
                    Ok(Pace::Times(factor))
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Float(factor), &self))
                }
            }
            fn visit_i64<E: serde::de::Error>(self, factor: i64) -> Result<Pace, E> {
                let factor = i32::try_from(factor).unwrap_or(0);
                self.visit_f64(f64::from(factor))
            }
        }
        from.deserialize_any(Words)
    }
}

/// What a pad does when its timeline has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AtEnd {
    /// It goes away, so that a recorder may end.
    #[default]
    Unplug,
    /// It stays and says nothing.
    Silence,
}

/// What kind of pad it is, which sets all that is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Counts of about 2 g, even ones up to 256.
    #[default]
    MagicTrackpad,
    /// Counts of about 1 g, up to 6000.
    AppleSilicon,
    /// No force sensor: each pressure is 0.
    NoForce,
    /// Not a pad at all, but in the list.
    TouchBar,
}

/// One device. What is `None` follows from the kind.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pad {
    /// What kind.
    pub kind: Kind,
    /// Its id; above 32 bits unless said otherwise.
    pub id: Option<u64>,
    /// Number of the model's family.
    pub family: Option<i32>,
    /// Kind of connection.
    pub transport: Option<i32>,
    /// Width and height, hundredths of a millimetre.
    pub surface: Option<[i32; 2]>,
    /// Rows and columns of the sensor.
    pub sensor: Option<[i32; 2]>,
    /// How it errs.
    pub gain: Option<f64>,
    /// Counts that each contact shows without force.
    pub offset: f64,
    /// Counts by gram squared: a pad that is not linear.
    pub bend: f64,
    /// Step between counts.
    pub quantum: Option<f64>,
    /// The most that a contact can show.
    pub ceiling: Option<f64>,
    /// Standard deviation of a reading, in counts.
    pub noise: Option<f64>,
    /// Counts a second.
    pub drift: f64,
    /// How a reading goes on rising under a steady force.
    pub creep: Creep,
    /// Grams by which the force must turn back before the reading does.
    pub hysteresis: f64,
    /// Gains of the gauges in the corners: bottom left, bottom right, top left, top right.
    pub gauges: Option<[f64; 4]>,
    /// What `MTDeviceSupportsForce` answers; else the truth.
    pub says_force: Option<bool>,
    /// Whether clicks cannot be switched off.
    pub clicks_fixed: bool,
    /// The device's clock at the beginning.
    pub clock_from_s: Option<f64>,
    /// The number of the first frame.
    pub first_frame: Option<i32>,
    /// How long; else a second longer than all that happens.
    pub seconds: Option<f64>,
    /// What touches the pad.
    pub contact: Vec<Spanned<Contact>>,
    /// What lies on what touches it.
    pub load: Vec<Spanned<Load>>,
    /// What else happens.
    pub event: Vec<Spanned<Event>>,
    /// Instead of all that: as many frames as there is time for.
    pub flood: Option<Flood>,
    /// Instead of all that: a recording. Relative to the scenario's folder.
    pub playback: Option<PathBuf>,
    /// Which device of the recording; else each becomes a pad.
    pub device_index: Option<u32>,
}

/// A reading that goes on rising: by this fraction in the end, with this time constant.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Creep {
    /// Of the force.
    pub fraction: f64,
    /// Seconds.
    pub time_s: f64,
}

/// What can touch a pad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Toucher {
    /// Presses, and trembles.
    Finger,
    /// Lies there, conductive and connected, as a plugged-in cable does.
    Base,
    /// Lies there unconnected: the pad takes it for dirt in about a second, unless something else touches.
    Metal,
}

/// Something that touches the pad.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What it is.
    pub kind: Toucher,
    /// When it comes down.
    pub from_s: f64,
    /// When it leaves.
    pub until_s: f64,
    /// From the left, 0 to 1.
    #[serde(default = "middle")]
    pub x: f64,
    /// From the bottom, 0 to 1.
    #[serde(default = "middle")]
    pub y: f64,
    /// How hard a finger presses, or how heavy it is.
    #[serde(default)]
    pub force_g: f64,
    /// How much a finger trembles.
    #[serde(default)]
    pub tremor_g: f64,
    /// How long it takes to come down.
    #[serde(default = "short")]
    pub ramp_s: f64,
    /// How much of the loads it carries, beside the others.
    #[serde(default = "one")]
    pub share: f64,
}

/// Something that is weighed.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// How heavy.
    pub grams: f64,
    /// When it is put down.
    pub on_s: f64,
    /// When it is taken away; else it stays.
    pub off_s: Option<f64>,
    /// How long it takes to put it down.
    #[serde(default = "short")]
    pub ramp_s: f64,
    /// From the left, 0 to 1; else where its carriers are.
    pub x: Option<f64>,
    /// From the bottom, 0 to 1; else where its carriers are.
    pub y: Option<f64>,
}

/// What else can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// No frames for `for_s`, and as a rule none after that until the device is started again.
    Sleep,
    /// Gone, from the list too; with `for_s` it comes back then, as another entry of the registry.
    Unplug,
    /// So many `frames` are lost before the callback: their numbers are left out.
    Lost,
    /// Gone while the callback runs.
    UnplugDuringCallback,
    /// The next `frames` frames come all at once.
    Burst,
    /// The next frame has the number `to`.
    Counter,
    /// The next touch has `value` in its `field`.
    Value,
    /// A frame without touches.
    Empty,
    /// A frame of 64 touches.
    Full,
    /// A frame whose touches have no address.
    Null,
    /// A frame without touches and without an address.
    NullEmpty,
    /// A frame that says it has `count` touches, and has not.
    Count,
}

/// The fields that can be given an odd value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the names are those of the fields")]
pub enum Field {
    Timestamp,
    X,
    Y,
    Total,
    Pressure,
    Angle,
    Density,
}

/// Something that happens once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What.
    pub kind: Happening,
    /// When.
    pub at_s: f64,
    /// Of a sleep, or of an unplugging: how long.
    pub for_s: Option<f64>,
    /// A file for which the event waits, from `at_s` on: whoever plays the scenario makes it when they are ready for what
    /// happens, so that nothing depends on how fast they are. Later events wait as well. Relative to the scenario's
    /// folder.
    pub once: Option<PathBuf>,
    /// Of an unplugging with a return: a file for which the return waits, after `for_s`.
    pub back_once: Option<PathBuf>,
    /// Of an unplugging with a return: the transport and the id that it comes back with, as of a pad that goes on over
    /// Bluetooth when its cable is pulled out.
    pub transport: Option<i32>,
    /// As `transport`.
    pub id: Option<u64>,
    /// Of a burst, or of lost ones: how many.
    pub frames: Option<u32>,
    /// Of a counter: from which number on.
    pub to: Option<i32>,
    /// Of a value: which field.
    pub field: Option<Field>,
    /// Of a value: `nan`, `inf` or any other.
    pub value: Option<f64>,
    /// Of a count: which.
    pub count: Option<i32>,
}

/// Frames for measuring speed, as fast as they can be made.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flood {
    /// How many.
    pub frames: u64,
    /// How many touches in each.
    pub touches: u32,
    /// Whether the touches move, so that their values have as many digits as those of a finger; else all frames
    /// are alike.
    #[serde(default)]
    pub moving: bool,
}

fn middle() -> f64 {
    0.5
}

fn short() -> f64 {
    0.1
}

fn one() -> f64 {
    1.0
}

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// The first mistake, with its place.
    pub fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        let mut scenario: Scenario = toml::from_str(text).map_err(|error| {
            ScenarioError::at(text, error.span().map_or(0, |span| span.start), error.message())
        })?;
        if !is_time(&[scenario.gathering_s]) {
            return Err(ScenarioError::at(text, 0, "gathering_s is a time, at most a week"));
        }
        for (number, spanned) in std::mem::take(&mut scenario.pads_with_places).into_iter().enumerate() {
            let at = spanned.span().start;
            let mut pad = spanned.into_inner();
            pad.check(at).map_err(|(offset, message)| ScenarioError::at(text, offset, message))?;
            let id = 0x0400_0000_5000_0000 + number as u64;
            pad.id.get_or_insert(id);
            scenario.pads.push(pad);
        }
        Ok(scenario)
    }

    /// Makes relative paths of recordings start at this folder.
    #[must_use]
    pub fn beside(mut self, folder: &Path) -> Scenario {
        for pad in &mut self.pads {
            let events = pad.event.iter_mut().map(Spanned::get_mut);
            let files = events.flat_map(|event| [&mut event.once, &mut event.back_once]);
            for file in files.chain([&mut pad.playback]).flatten() {
                *file = folder.join(&*file);
            }
        }
        self
    }
}

/// A mistake, and the offset of the table it is in.
type Mistake = (usize, &'static str);

fn insist(holds: bool, offset: usize, message: &'static str) -> Result<(), Mistake> {
    if holds { Ok(()) } else { Err((offset, message)) }
}

/// Whether a number is one that can be reckoned with.
fn sane(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_finite() && value.abs() <= 1e9)
}

fn is_time(values: &[f64]) -> bool {
    values.iter().all(|value| (0.0..=LONGEST_S).contains(value))
}

fn is_place(values: &[f64]) -> bool {
    values.iter().all(|value| (0.0..=1.0).contains(value))
}

impl Pad {
    fn check(&self, at: usize) -> Result<(), Mistake> {
        let timeline = !(self.contact.is_empty() && self.load.is_empty() && self.event.is_empty());
        let ways = u32::from(timeline) + u32::from(self.flood.is_some()) + u32::from(self.playback.is_some());
        insist(ways <= 1, at, "a pad has a timeline, a flood or a playback, and only one of them")?;
        insist(
            self.device_index.is_none() || self.playback.is_some(),
            at,
            "device_index is for a playback, and this pad has none",
        )?;
        insist(self.flood.is_none_or(|flood| flood.touches <= 64), at, "a frame has at most 64 touches")?;
        let numbers = [self.offset, self.bend, self.drift, self.creep.fraction, self.hysteresis];
        let options = [self.gain, self.quantum, self.ceiling, self.noise];
        let numbers_hold = sane(&numbers) && options.iter().flatten().all(|value| sane(&[*value]));
        insist(numbers_hold, at, "a number of this pad is not finite, or beyond 1e9")?;
        insist(self.quantum.is_none_or(|step| step > 0.0), at, "quantum must be above 0")?;
        insist(
            self.creep.fraction == 0.0 || self.creep.time_s > 0.0,
            at,
            "creep needs a time constant above 0",
        )?;
        insist(self.hysteresis >= 0.0, at, "hysteresis must not be below 0")?;
        insist(sane(&self.gauges.unwrap_or_default()), at, "a gauge is not finite")?;
        let times = [self.clock_from_s.unwrap_or(0.0), self.seconds.unwrap_or(0.0), self.creep.time_s];
        insist(is_time(&times), at, "a time is below 0 or above a week")?;
        for contact in &self.contact {
            contact.get_ref().check(contact.span().start)?;
        }
        for load in &self.load {
            load.get_ref().check(load.span().start)?;
        }
        self.event.iter().try_for_each(|event| event.get_ref().check(event.span().start))
    }
}

impl Contact {
    fn check(&self, at: usize) -> Result<(), Mistake> {
        insist(is_time(&[self.from_s, self.until_s, self.ramp_s]), at, "a time is below 0 or above a week")?;
        insist(self.from_s < self.until_s, at, "until_s must be after from_s")?;
        insist(is_place(&[self.x, self.y]), at, "x and y are from 0 to 1")?;
        insist(sane(&[self.force_g, self.tremor_g]), at, "a force is not finite, or beyond 1e9")?;
        insist(sane(&[self.share]) && self.share >= 0.0, at, "share must not be below 0")
    }
}

impl Load {
    fn check(&self, at: usize) -> Result<(), Mistake> {
        let off_s = self.off_s.unwrap_or(LONGEST_S);
        insist(is_time(&[self.on_s, off_s, self.ramp_s]), at, "a time is below 0 or above a week")?;
        insist(self.on_s < off_s, at, "off_s must be after on_s")?;
        insist(sane(&[self.grams]), at, "grams is not finite, or beyond 1e9")?;
        insist(self.x.is_some() == self.y.is_some(), at, "a load has both x and y, or neither")?;
        insist(is_place(&[self.x.unwrap_or(0.0), self.y.unwrap_or(0.0)]), at, "x and y are from 0 to 1")
    }
}

impl Event {
    fn check(&self, at: usize) -> Result<(), Mistake> {
        insist(is_time(&[self.at_s, self.for_s.unwrap_or(0.0)]), at, "a time is below 0 or above a week")?;
        let wanted = |kind| self.kind == kind;
        let pauses = wanted(Happening::Sleep) || (self.for_s.is_some() && wanted(Happening::Unplug));
        insist(self.for_s.is_some() == pauses, at, "for_s goes with a sleep, and may go with an unplug")?;
        let returns = self.for_s.is_some() && wanted(Happening::Unplug);
        let anew = self.transport.is_some() || self.id.is_some();
        insist(returns || !anew, at, "transport and id go with an unplug that has for_s")?;
        insist(returns || self.back_once.is_none(), at, "back_once goes with an unplug that has for_s")?;
        let counts = wanted(Happening::Burst) || wanted(Happening::Lost);
        insist(self.frames.is_some() == counts, at, "frames goes with a burst and with lost")?;
        insist(self.to.is_some() == wanted(Happening::Counter), at, "to goes with a counter")?;
        insist(self.field.is_some() == wanted(Happening::Value), at, "field goes with a value")?;
        insist(self.value.is_some() == wanted(Happening::Value), at, "value goes with a value")?;
        insist(self.count.is_some() == wanted(Happening::Count), at, "count goes with a count")?;
        insist(self.count.is_none_or(|count| !(0..=64).contains(&count)), at, "such a count is believed")
    }
}
