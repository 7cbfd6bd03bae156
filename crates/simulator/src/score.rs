//! What a pad plays: one thing after the other.

use crate::abi::Record;
use crate::playback::Recording;
use crate::scenario::{Flood, Pad};
use crate::timeline::Timeline;
use std::path::PathBuf;

/// A frame that is ready to be told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shot {
    /// When it is due, and told of, among all pads.
    pub(crate) due: (u64, u64),
    /// What the clock shows in the callback, in ns.
    pub(crate) arrival_ns: u64,
    pub(crate) timestamp_s: f64,
    pub(crate) counter: i32,
    pub(crate) records: Vec<Record>,
    /// Tells of another number of touches than there are.
    pub(crate) count: Option<i32>,
    /// How long a sleep takes, or for how long the pad is away.
    pub(crate) pause_s: Option<f64>,
    /// How it comes back.
    pub(crate) returns: Return,
    /// Gives no address.
    pub(crate) null: bool,
}

/// How a pad comes back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Return {
    /// With this id, if with another one.
    pub(crate) id: Option<u64>,
    /// Over this transport, if over another one.
    pub(crate) transport: Option<i32>,
    /// Not before there is this file.
    pub(crate) once: Option<PathBuf>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The frame that was made ready.
    Frame,
    /// The same, and the device is gone before the callback returns.
    FrameThenUnplug,
    /// The machine sleeps.
    Sleep,
    /// The device is pulled out.
    Unplug,
    /// Nothing more.
    End,
}

/// Where steps come from.
pub(crate) enum Source {
    Timeline(Box<Timeline>),
    Flood(Flooding),
    Recording(Box<Recording>),
}

/// A source, and the step that was made ready and not yet taken.
pub(crate) struct Score {
    source: Source,
    pub(crate) shot: Shot,
    ready: Option<Step>,
}

impl Score {
    pub(crate) fn new(source: Source) -> Score {
        Score { source, shot: Shot::default(), ready: None }
    }

    /// The next step. The same again until it is [`taken`](Self::taken).
    pub(crate) fn look(&mut self) -> Step {
        if let Some(step) = self.ready {
            return step;
        }
        let step = match &mut self.source {
            Source::Timeline(timeline) => timeline.step(&mut self.shot),
            Source::Flood(flooding) => flooding.step(&mut self.shot),
            Source::Recording(recording) => recording.step(&mut self.shot),
        };
        self.ready = Some(step);
        step
    }

    pub(crate) fn taken(&mut self) {
        self.ready = None;
    }
}

/// Frames that cost next to nothing to make.
pub(crate) struct Flooding {
    flood: Flood,
    sent: u64,
    begun_ms: u64,
    /// The state of a linear congruence, of touches that move.
    chance: u32,
}

impl Flooding {
    pub(crate) fn new(flood: Flood, begun_ms: u64) -> Flooding {
        Flooding { flood, sent: 0, begun_ms, chance: 1 }
    }

    fn step(&mut self, shot: &mut Shot) -> Step {
        if self.sent == self.flood.frames {
            return Step::End;
        }
        if self.sent == 0 {
            let touch = |path| Record {
                path,
                state: crate::abi::state::TOUCHING,
                hand: 1,
                position: [0.5, 0.5],
                total: 0.5,
                pressure: 100.0,
                axes: [8.0, 7.0],
                density: 1.0,
                ..Record::default()
            };
            shot.records = (1..=self.flood.touches.cast_signed()).map(touch).collect();
        }
        let moment_ms = self.begun_ms + self.sent * 45 / 4;
        shot.counter = shot.counter.wrapping_add(1);
        shot.timestamp_s = moment_ms as f64 / 1000.0;
        shot.arrival_ns = moment_ms * 1_000_000;
        shot.due = (shot.arrival_ns, self.sent);
        for record in &mut shot.records {
            record.frame = shot.counter;
            record.timestamp = shot.timestamp_s;
        }
        if self.flood.moving {
            shot.records.iter_mut().for_each(|record| stir(record, &mut self.chance));
        }
        self.sent += 1;
        Step::Frame
    }
}

/// Moves a touch to where nothing but the length of the numbers is likely.
fn stir(record: &mut Record, chance: &mut u32) {
    let mut share = || {
        *chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (*chance >> 8) as f32 / 16_777_216.0
    };
    let Record {
        position, velocity, total, pressure, angle, axes, position_mm, velocity_mm, density, ..
    } = record;
    for value in position.iter_mut().chain(velocity).chain([total, angle, density]) {
        *value = share();
    }
    for value in axes.iter_mut().chain(position_mm).chain(velocity_mm) {
        *value = share() * 100.0;
    }
    *pressure = (share() * 127.0).floor() * 2.0;
}

/// The device's clock at the beginning, in whole ms.
pub(crate) fn begun_ms(pad: &Pad) -> u64 {
    (pad.clock_from_s.unwrap_or(1000.0) * 1000.0 + 0.5) as u64
}
