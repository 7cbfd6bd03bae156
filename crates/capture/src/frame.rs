//! A frame as any source gives it, before anything is made of it.

use openweigh_exact::Decimal;
use openweigh_formats::dataset::Provenance;
use openweigh_formats::events::Kind;
use openweigh_formats::session::{
    Channel, Clock, Environment, Format, Quality, Session, Source as Described,
};
use openweigh_formats::touches::State;
use openweigh_formats::versioned::Versioned;
use openweigh_formats::weighings::Id;
use std::time::Duration;

/// One frame of one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frame {
    /// The device's own number of the frame, which may wrap or start anywhere.
    pub device_frame: Option<i64>,
    /// Seconds of the device's clock. A value that is no number is written as nothing and counted.
    pub device_s: f64,
    /// When it came in, in nanoseconds of the clock that the source describes. Below 0 if that clock began later.
    pub arrival_ns: Option<i64>,
    /// The contacts, in the order delivered. May be none.
    pub touches: Vec<Touch>,
    /// What a sensor without contacts gave.
    pub sample: Option<Sample>,
}

impl Frame {
    /// The frame of a sample.
    pub fn of_sample(sample: Sample, arrival_ns: i64) -> Self {
        let device_s = sample.device_s.as_ref().and_then(|time| time.to_string().parse().ok());
        Self {
            device_frame: None,
            device_s: device_s.unwrap_or(f64::NAN),
            arrival_ns: Some(arrival_ns),
            touches: Vec::new(),
            sample: Some(sample),
        }
    }
}

/// What a sensor gave at a time: numbers as texts, which nothing rounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Seconds of its clock.
    pub device_s: Option<Decimal>,
    /// The canonical text of each channel's value; none where it is missing.
    pub values: Vec<Option<String>>,
}

/// One contact in one frame. `None` is what the source does not tell, and is written as nothing; a value
/// that is no number is written as nothing too, and counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Touch {
    /// Number of the track.
    pub path: i64,
    /// How far the contact is.
    pub state: Phase,
    /// The source's guess of the finger.
    pub finger: Option<i64>,
    /// The source's guess of the hand.
    pub hand: Option<i64>,
    /// 0 to 1 from the left edge.
    pub x: Option<f32>,
    /// 0 to 1 from the bottom edge.
    pub y: Option<f32>,
    /// Speed of `x`.
    pub vx: Option<f32>,
    /// Speed of `y`.
    pub vy: Option<f32>,
    /// Total capacitance.
    pub total: Option<f32>,
    /// Force in the source's unit.
    pub pressure: Option<f32>,
    /// Radians.
    pub angle: Option<f32>,
    /// Longer axis of the contact.
    pub major: Option<f32>,
    /// Shorter axis of the contact.
    pub minor: Option<f32>,
    /// Millimetres.
    pub x_mm: Option<f32>,
    /// Millimetres.
    pub y_mm: Option<f32>,
    /// Millimetres a second.
    pub vx_mm: Option<f32>,
    /// Millimetres a second.
    pub vy_mm: Option<f32>,
    /// Meaning unknown.
    pub field14: Option<i64>,
    /// Meaning unknown.
    pub field15: Option<i64>,
    /// Capacitance by area.
    pub density: Option<f32>,
}

impl Touch {
    /// A contact of which nothing is told but its track and state.
    pub fn bare(path: i64, state: State) -> Self {
        Self {
            path,
            state: Phase::Known(state),
            finger: None,
            hand: None,
            x: None,
            y: None,
            vx: None,
            vy: None,
            total: None,
            pressure: None,
            angle: None,
            major: None,
            minor: None,
            x_mm: None,
            y_mm: None,
            vx_mm: None,
            vy_mm: None,
            field14: None,
            field15: None,
            density: None,
        }
    }

    /// Whether it rests on the pad.
    pub fn is_touching(&self) -> bool {
        self.state == Phase::Known(State::Touching)
    }
}

/// The state of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// One that has a name.
    Known(State),
    /// A number that nobody has explained. It is written as `not-tracking`, which no reading counts, and
    /// the number goes into the events, so that nothing is lost.
    Unknown(i32),
}

impl Phase {
    /// The state with the framework's number.
    pub fn of_number(number: i32) -> Self {
        let known = usize::try_from(number).ok().and_then(|at| State::ALL.get(at));
        known.map_or(Self::Unknown(number), |state| Self::Known(*state))
    }

    /// The state that is written.
    pub fn written(self) -> State {
        match self {
            Self::Known(state) => state,
            Self::Unknown(_) => State::NotTracking,
        }
    }
}

/// What a session says about the way its frames came, and its dataset about their origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// The device and the way to it.
    pub source: Described,
    /// Whose clocks the times are of.
    pub clock: Clock,
    /// Whether it was measured, simulated or transcribed, and from what.
    pub provenance: Provenance,
    /// Whether frames keep coming while something touches, so that a pause is a loss. An evdev device
    /// sends changes only: there a pause says that nothing changed.
    pub steady: bool,
    /// The channels of a sensor that gives samples; none of a pad, which gives touches.
    pub channels: Option<Vec<Channel>>,
}

impl SourceInfo {
    /// The session that begins when its frames do.
    pub fn session(&self, id: Id, environment: Environment) -> Session {
        Session {
            format: if self.channels.is_some() { Format::V2 } else { Format::V1 },
            id,
            source: self.source.clone(),
            clock: self.clock.clone(),
            environment,
            quality: Quality::default(),
            channels: self.channels.clone().map_or(Versioned::Absent, Versioned::some),
            balance: if self.channels.is_some() { Versioned::NULL } else { Versioned::Absent },
        }
    }
}

/// What a source has to say next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The frame was filled.
    Frame,
    /// Nothing came for as long as was waited.
    Silence,
    /// Something happened between two frames: its kind, and details made of the characters of a cell.
    Event(Kind, String),
    /// There will be nothing more.
    End,
}

/// Where frames come from: a pad, a file, a test.
pub trait Source {
    /// What is to be written about it.
    fn info(&self) -> &SourceInfo;

    /// Fills `frame` with the next one, or says what else happened. Waits no longer than `longest` for it.
    fn next(&mut self, frame: &mut Frame, longest: Duration) -> Moment;

    /// Takes no more frames in. What came before is still given, and what was lost told; then it is the end, or
    /// silence.
    fn close(&mut self) {}
}
