//! The scale: what rests, which frames are a weighing, and what it weighs.

use crate::frames::Frames;
use crate::steady::{Rule, Steady, about};
use openweigh_dataset::ReadingError;
use openweigh_dataset::frame::{Frame, Value};
use openweigh_dataset::rest::Moment;
use openweigh_dataset::weighing::{Reduced, reduce, stated};
use openweigh_exact::Decimal;
use openweigh_formats::Malformed;
use openweigh_formats::events::{Event, Kind};
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{Recipe, Tare};
use openweigh_formats::session::Session;
use openweigh_formats::text::ColumnName;
use openweigh_formats::weighings::{self, Cell, Id, Role};
use openweigh_formats::weights::{Instrument, Weights};
use openweigh_replay::{Predictor, ReplayError, Weighed};
use std::collections::VecDeque;

/// Seconds over which a value that moves is shown.
const MOVING_S: f64 = 0.25;

/// Frames that are kept at most: the longest rest at a thousand a second.
const KEPT: usize = 600_000;

/// Why there is no scale, or none any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LiveError {
    /// The weights were fitted on rows of a table.
    #[error("the weights apply to tables; a scale needs weights that were fitted on sessions")]
    OfTables,
    /// The weights weigh each frame by itself.
    #[error(
        "the weights read single frames (`per = \"frame\"`); a scale weighs what rests: fit with `per = \"weighing\"`"
    )]
    ByFrame,
    /// The sensor is another than the weights were fitted on.
    #[error("the weights apply to {expected}; this is {found}, which has another scale")]
    OtherInstrument {
        /// The sensor.
        found: Box<Instrument>,
        /// That of the weights.
        expected: Box<Instrument>,
    },
    /// The recipe reads what the sensor does not give, or a number is too long.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// The weights cannot be used.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The rows are not as a recorder writes them.
    #[error(transparent)]
    Rows(#[from] Malformed),
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing touches the sensor.
    Empty,
    /// Something does, and does not rest yet.
    Settling,
    /// It rests.
    Steady,
}

/// Why nothing can be weighed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotYet {
    /// Nothing touches the sensor.
    Empty,
    /// The load does not rest.
    Settling,
    /// The weights subtract a tare, and none was weighed.
    NoTare,
}

/// What there is to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// How it stands.
    pub state: State,
    /// The first and the last frame that it is of.
    pub frames: Option<(u64, u64)>,
    /// For how long it has rested, in seconds of the device's time.
    pub rested_s: Option<f64>,
    /// How much of the time for which a load has to rest is over, 0 to 1.
    pub filled: f64,
    /// Largest less smallest value of the window, in the sensor's unit.
    pub spread: f64,
    /// Within what it counts as resting; none while that is not known.
    pub noise: Option<f64>,
    /// The features, as the recipe reads these frames; none where values are missing.
    pub values: Vec<(ColumnName, Option<Decimal>)>,
    /// The first feature less that of the tare.
    pub net: Option<Decimal>,
    /// The tare that is subtracted.
    pub tare: Option<Id>,
    /// What the weights make of it; none without weights.
    pub weighed: Option<Weighed>,
}

/// A weighing that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighing {
    /// As a session lists it.
    pub weighing: weighings::Weighing,
    /// What it weighs.
    pub reading: Reading,
}

struct Tared {
    weighing: weighings::Weighing,
    reduced: Reduced,
}

/// A live scale. Feed it rows, ask for its [`reading`](Scale::reading), and [`weigh`](Scale::weigh).
pub struct Scale<'w> {
    predictor: Option<Predictor<'w>>,
    recipe: Recipe,
    frames: Frames,
    /// Which feature has to rest.
    resting: usize,
    steady: Steady,
    settle_s: f64,
    /// The frames of the window.
    window: VecDeque<Frame>,
    /// What happened since the first frame of the window.
    events: Vec<Event>,
    last: Option<u64>,
    touched: bool,
    tares: Vec<Tared>,
    tare: Option<usize>,
    made: usize,
}

impl<'w> Scale<'w> {
    /// A scale for a session that begins now. Without weights it shows the sensor's own numbers.
    ///
    /// # Errors
    /// The weights do not apply to the session.
    pub fn new(weights: Option<&'w Weights>, session: &Session, rule: Rule) -> Result<Self, LiveError> {
        let recipe = weights.map_or_else(|| plain(session), |weights| weights.recipe.clone());
        let reading = recipe.reading.as_ref().ok_or(LiveError::OfTables)?;
        if reading.per == Per::Frame {
            return Err(LiveError::ByFrame);
        }
        if let Some(expected) = weights.and_then(|weights| weights.applies_to.instrument()) {
            let found = Instrument::of(session, &recipe);
            if found != expected {
                return Err(LiveError::OtherInstrument {
                    found: Box::new(found),
                    expected: Box::new(expected),
                });
            }
        }
        let settle_s = reading.settle_s.0.to_string().parse().unwrap_or(0.0);
        let named = |name: &ColumnName| name.as_str() == "pressure";
        let resting = recipe.features().iter().position(named).unwrap_or(0);
        Ok(Self {
            predictor: weights.map(Predictor::new).transpose()?,
            frames: Frames::new(&recipe, session)?,
            recipe,
            resting,
            steady: Steady::new(rule, settle_s),
            settle_s,
            window: VecDeque::new(),
            events: Vec::new(),
            last: None,
            touched: false,
            tares: Vec::new(),
            tare: None,
            made: 0,
        })
    }

    /// The recipe that it reads by.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Takes in the rows of whole frames, as a recorder writes them, without a header.
    ///
    /// # Errors
    /// The rows break the format.
    pub fn feed(&mut self, rows: &[u8]) -> Result<(), LiveError> {
        let (steady, window, resting) = (&mut self.steady, &mut self.window, self.resting);
        let (last, touched) = (&mut self.last, &mut self.touched);
        self.frames.feed(rows, &mut |frame| {
            *last = Some(frame.number);
            *touched = frame.touches > 0;
            let time = about(&Value::from(&frame.device_s));
            let value = frame.values.get(resting).and_then(about).filter(|_| *touched);
            steady.push(time.zip(value).map(|(time, value)| Moment { frame: frame.number, time, value }));
            if steady.frames().is_some() {
                window.push_back(frame.clone());
            }
            trim(window, steady.frames());
            if window.len() > KEPT {
                // A window that is not whole is none.
                steady.forget();
                window.clear();
            }
        })?;
        let first = self.window.front().map(|frame| frame.number);
        self.events.retain(|event| first.is_some_and(|first| event.after_frame >= Some(first)));
        Ok(())
    }

    /// Notes what happened after the last frame. What interrupts begins a new window.
    pub fn event(&mut self, kind: Kind) {
        if kind.interrupts() {
            let detail = Cell::try_from(String::new()).expect("an empty cell");
            self.events.push(Event { after_frame: self.last, kind, detail });
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.steady.forget();
        self.window.clear();
    }

    /// How it stands.
    pub fn state(&self) -> State {
        match (self.touched, self.steady.is_at_rest()) {
            (false, _) => State::Empty,
            (true, false) => State::Settling,
            (true, true) => State::Steady,
        }
    }

    /// About the value that has to rest, and within what it does; to see whether a load has changed.
    pub fn level(&self) -> Option<(f64, f64)> {
        Some((self.steady.level()?, self.steady.noise()?))
    }

    /// Whether the weights subtract a tare and none was weighed.
    pub fn needs_tare(&self) -> bool {
        self.predictor.is_some() && self.recipe.model.tare != Tare::None && self.tare.is_none()
    }

    /// What there is to show now.
    ///
    /// # Errors
    /// A number would be too long.
    pub fn reading(&self) -> Result<Reading, LiveError> {
        let state = self.state();
        let shown = match (state, self.steady.frames()) {
            (State::Empty, _) | (_, None) => None,
            (State::Steady, frames) => frames,
            (State::Settling, Some((first, last))) => Some((self.latest(first), last)),
        };
        let mut reading = Reading {
            state,
            frames: shown,
            rested_s: self.steady.rested_s().filter(|_| state == State::Steady),
            filled: self.steady.filled(),
            spread: self.steady.spread(),
            noise: self.steady.noise(),
            values: Vec::new(),
            net: None,
            tare: self.tare().map(|tare| tare.weighing.id.clone()),
            weighed: None,
        };
        if let Some(frames) = shown {
            let weighing =
                self.weighing(frames, Role::Unknown, Cell::try_from(String::new()).expect("empty"));
            let reduced = reduce(&self.recipe, &weighing, &self.events, &self.window)?;
            self.fill(&mut reading, weighing, reduced);
        }
        Ok(reading)
    }

    /// The first frame of the last moments of a window that moves.
    fn latest(&self, first: u64) -> u64 {
        let time = |frame: &Frame| about(&Value::from(&frame.device_s));
        let Some(now) = self.window.back().and_then(time) else { return first };
        let from = now - MOVING_S - self.settle_s;
        let recent = |frame: &&Frame| time(frame).is_some_and(|time| time >= from);
        self.window.iter().find(recent).map_or(first, |frame| frame.number)
    }

    fn fill(&self, reading: &mut Reading, weighing: weighings::Weighing, reduced: Reduced) {
        let tare = self.tare();
        let value = |reduced: &Reduced| reduced.values.get(self.resting).cloned().flatten();
        reading.net = match tare {
            None => value(&reduced),
            Some(tare) => value(&reduced).zip(value(&tare.reduced)).map(|(load, tare)| load.minus(&tare)),
        };
        reading.values = self.recipe.features().into_iter().zip(reduced.values.clone()).collect();
        if let Some(predictor) = &self.predictor {
            let mut all: Vec<_> = tare.into_iter().map(|tare| tare.weighing.clone()).collect();
            let mut readings: Vec<_> = tare.into_iter().map(|tare| tare.reduced.clone()).collect();
            all.push(weighing);
            readings.push(reduced);
            let chunk = stated(&self.recipe, &all, readings);
            reading.weighed = predictor.weighed(&all, &chunk).pop();
        }
    }

    fn weighing(&self, (first, last): (u64, u64), role: Role, label: Cell) -> weighings::Weighing {
        let (prefix, number) = match role {
            Role::Tare => ("tare", self.tares.len() + 1),
            _ => ("w", self.made + 1),
        };
        let tare = self.tare().filter(|_| role != Role::Tare).map(|tare| tare.weighing.id.clone());
        weighings::Weighing {
            id: Id::try_from(format!("{prefix}{number:02}")).expect("an id"),
            role,
            label,
            first_frame: first,
            last_frame: last,
            tare,
            reference_g: None,
            reference_u_g: None,
            details: None,
        }
    }

    /// Weighs what rests: as a tare, which is subtracted from then on, or as a load. The next weighing is of later
    /// frames.
    ///
    /// # Errors
    /// Not yet, and why; or a number would be too long.
    pub fn weigh(&mut self, role: Role, label: Cell) -> Result<Result<Weighing, NotYet>, LiveError> {
        let frames = match (self.state(), self.steady.frames()) {
            (State::Empty, _) => return Ok(Err(NotYet::Empty)),
            (State::Steady, Some(frames)) => frames,
            _ => return Ok(Err(NotYet::Settling)),
        };
        if role != Role::Tare && self.needs_tare() {
            return Ok(Err(NotYet::NoTare));
        }
        let mut reading = self.reading()?;
        let weighing = self.weighing(frames, role, label);
        if role == Role::Tare {
            let reduced = reduce(&self.recipe, &weighing, &self.events, &self.window)?;
            self.tare = Some(self.tares.len());
            self.tares.push(Tared { weighing: weighing.clone(), reduced });
            // A tare weighs nothing of itself.
            (reading.tare, reading.weighed, reading.net) = (None, None, None);
        } else {
            self.made += 1;
        }
        self.forget();
        Ok(Ok(Weighing { weighing, reading }))
    }

    fn tare(&self) -> Option<&Tared> {
        self.tare.map(|at| &self.tares[at])
    }

    /// The tares so far, in the order of their frames.
    pub fn tares(&self) -> impl Iterator<Item = &weighings::Weighing> {
        self.tares.iter().map(|tare| &tare.weighing)
    }

    /// Subtracts an earlier tare again, or none. `false` if there is no such tare.
    pub fn use_tare(&mut self, id: Option<&Id>) -> bool {
        let found = id.map(|id| self.tares.iter().position(|tare| tare.weighing.id == *id));
        match found {
            Some(None) => return false,
            Some(at) => self.tare = at,
            None => self.tare = None,
        }
        true
    }
}

/// Leaves the frames of the window alone.
fn trim(window: &mut VecDeque<Frame>, frames: Option<(u64, u64)>) {
    match frames {
        None => window.clear(),
        Some((first, _)) => {
            while window.front().is_some_and(|frame| frame.number < first) {
                window.pop_front();
            }
        }
    }
}

/// A recipe that reads the sensor's own numbers: the pressure of a pad, the first channel of another sensor.
fn plain(session: &Session) -> Recipe {
    let feature = session.channels().and_then(|channels| channels.first());
    let (version, feature) = feature.map_or((1, "pressure"), |channel| (2, channel.name.as_str()));
    let text = format!(
        "format = \"openweigh.recipe/{version}\"\nname = \"counts\"\n[reading]\n[model]\ntarget = \"reference_g\"\n\
         terms = [\"{feature}\"]\n[fit]\nestimator = \"declared\"\ncoefficients = [\"1\"]\n[result]\nunit = \"g\"\ndecimals = 2\n"
    );
    Recipe::from_toml(text.as_bytes()).expect("a recipe that reads one feature")
}
