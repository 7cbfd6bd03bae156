//! The readings of a session, by weighing or by frame (4.7, 4.8).
//!
//! A [`Reducer`] takes frames, wherever they come from: a [`Collector`](crate::frame::Collector) makes them of
//! touches, a [`Sampler`](crate::sample::Sampler) of samples, a live source as it likes.

use crate::ReadingError;
use crate::frame::{Frame, Value};
use crate::statistic::{self, Accumulator};

pub use crate::statistic::Reduced;
use openweigh_exact::{Column, Decimal};
use openweigh_formats::events::Event;
use openweigh_formats::reading::{Per, Reading};
use openweigh_formats::recipe::{Recipe, Tare};
use openweigh_formats::touches::Quantity;
use openweigh_formats::weighings::{Role, Weighing};

/// Readings of frames that are handed over at a time: few enough to stay in a core's cache.
const CHUNK: usize = 1 << 10;

/// Readings that there is room for: whoever asks for chunks now and then finds some more.
const ROOM: usize = 2 * CHUNK;

/// Whose reading it is, and what is to be said about it.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own, and most become a flag")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The weighing, by its place in the session; none of a frame outside all of them.
    pub weighing: Option<usize>,
    /// The frame, of a reading of one frame.
    pub frame: Option<u64>,
    /// Frames that the reading was formed from.
    pub frames: u64,
    /// A frame was at the ceiling, or the tare's reading is saturated.
    pub saturated: bool,
    /// Frames are missing, or values in them.
    pub gap: bool,
    /// Whether the weighing had settled; only such readings are fitted.
    pub settled: bool,
    /// Whether every feature has a value.
    pub complete: bool,
    /// A reference that reads no more than its tare: of recipes of version 2 for touch sessions, by the pressure.
    pub no_load: bool,
    /// Whether there is a tare's reading to subtract, or none is wanted.
    pub tared: bool,
}

/// Readings of a session, in order: parallel arrays.
#[derive(Debug, Clone, Default)]
pub struct Chunk {
    /// Whose readings.
    pub keys: Vec<Key>,
    /// One column for each feature of the recipe; where a reading is not complete, the column holds
    /// zeros that must not be used.
    pub features: Vec<Column>,
    /// The same of the tares, under a recipe that wants them.
    pub tares: Option<Vec<Column>>,
}

impl Chunk {
    fn new(features: usize, tare: Tare) -> Self {
        let columns = || vec![Column::default(); features];
        Self { keys: Vec::new(), features: columns(), tares: (tare != Tare::None).then(columns) }
    }

    fn push(&mut self, key: Key, values: &[Option<Decimal>], tare: Option<&[Option<Decimal>]>) {
        let push = |columns: &mut Vec<Column>, values: Option<&[Option<Decimal>]>| {
            for (at, column) in columns.iter_mut().enumerate() {
                match values.and_then(|values| values[at].as_ref()) {
                    Some(value) => column.push(value),
                    None => column.push_narrow(0, 0),
                }
            }
        };
        self.keys.push(key);
        push(&mut self.features, Some(values));
        if let Some(tares) = &mut self.tares {
            push(tares, tare);
        }
    }
}

/// Forms the readings of a session from its frames.
#[derive(Debug)]
pub struct Reducer<'a> {
    reading: &'a Reading,
    tare: Tare,
    /// The feature by which an empty pad is told.
    watched: Option<usize>,
    weighings: &'a [Weighing],
    state: State<'a>,
}

/// What changes from frame to frame.
#[derive(Debug)]
struct State<'a> {
    reading: &'a Reading,
    weighings: &'a [Weighing],
    /// The first weighing that has not ended.
    at: usize,
    events: &'a [Event],
    /// Seconds before which frames of the open weighing are left out.
    settled_from: Option<Decimal>,
    open: Option<Accumulator>,
    done: Vec<Option<Reduced>>,
    /// Readings of frames, of a recipe that wants them.
    frames: Vec<Key>,
    columns: Vec<Column>,
    fault: Option<ReadingError>,
    features: usize,
}

impl<'a> Reducer<'a> {
    /// A reducer for one session.
    ///
    /// # Panics
    /// If the recipe has no `[reading]`.
    pub fn new(recipe: &'a Recipe, weighings: &'a [Weighing], events: &'a [Event]) -> Self {
        let reading = recipe.reading.as_ref().expect("the recipe of sessions has a reading");
        let features = recipe.features().len();
        let state = State {
            reading,
            weighings,
            at: 0,
            events,
            settled_from: None,
            open: None,
            done: vec![None; weighings.len()],
            frames: Vec::new(),
            columns: columns(features),
            fault: None,
            features,
        };
        Self { reading, tare: recipe.model.tare, watched: watched(recipe), weighings, state }
    }

    /// Takes in a frame, in the order of the session; its values are those of the recipe's features.
    #[inline]
    pub fn frame(&mut self, frame: &Frame) {
        self.state.frame(frame);
    }

    /// The readings of frames that are ready, if there are enough of them.
    ///
    /// # Errors
    /// A tare that comes after its load, or numbers beyond the limits.
    pub fn ready(&mut self) -> Result<Option<Chunk>, ReadingError> {
        if self.state.frames.len() < CHUNK { Ok(None) } else { self.frames().map(Some) }
    }

    /// The last readings, once all frames were taken in.
    ///
    /// # Errors
    /// As [`Reducer::ready`].
    pub fn finish(&mut self) -> Result<Chunk, ReadingError> {
        while self.state.at < self.weighings.len() {
            self.state.close();
        }
        match self.reading.per {
            Per::Frame => self.frames(),
            Per::Weighing => self.weighings(),
        }
    }

    fn check(&mut self) -> Result<(), ReadingError> {
        self.state.fault.take().map_or(Ok(()), Err)
    }

    fn weighings(&mut self) -> Result<Chunk, ReadingError> {
        self.check()?;
        Ok(chunk_of(self.state.features, self.tare, self.watched, self.weighings, &self.state.done))
    }

    fn tare_of(&self, weighing: &Weighing) -> Option<&Reduced> {
        tare_of(self.tare, weighing, self.weighings, &self.state.done)
    }

    fn frames(&mut self) -> Result<Chunk, ReadingError> {
        self.check()?;
        let mut chunk = Chunk::new(self.state.features, Tare::None);
        chunk.keys = std::mem::replace(&mut self.state.frames, Vec::with_capacity(ROOM));
        chunk.features = std::mem::replace(&mut self.state.columns, columns(self.state.features));
        if self.tare == Tare::None {
            return Ok(chunk);
        }
        let mut tares = vec![Column::default(); self.state.features];
        for key in &mut chunk.keys {
            let weighing = key.weighing.map(|at| &self.weighings[at]);
            let tare = weighing.and_then(|weighing| self.tare_of(weighing));
            key.tared = tare.is_some_and(is_complete);
            key.saturated |= tare.is_some_and(|tare| tare.saturated);
            key.gap |= tare.is_some_and(|tare| tare.gap);
            for (at, column) in tares.iter_mut().enumerate() {
                match tare.and_then(|tare| tare.values[at].as_ref()) {
                    Some(value) => column.push(value),
                    None => column.push_narrow(0, 0),
                }
            }
        }
        chunk.tares = Some(tares);
        Ok(chunk)
    }
}

/// The chunk of a session whose readings somebody states, one for each weighing, in place of its touches. A flag that
/// comes from the tare may be stated with the load already.
///
/// # Panics
/// If there are not as many readings as weighings, or one has not as many values as the recipe has features.
pub fn stated(recipe: &Recipe, weighings: &[Weighing], readings: Vec<Reduced>) -> Chunk {
    assert_eq!(readings.len(), weighings.len(), "a reading for each weighing");
    let done: Vec<Option<Reduced>> = readings.into_iter().map(Some).collect();
    chunk_of(recipe.features().len(), recipe.model.tare, watched(recipe), weighings, &done)
}

/// The reading of one weighing from its frames, which need be in no file yet: what a [`Reducer`] makes of a session that
/// has them, under a recipe that reads by weighing. `events` are those of the session; frames outside the weighing do
/// not count.
///
/// # Errors
/// Numbers beyond the limits.
///
/// # Panics
/// If the recipe has no `[reading]`.
pub fn reduce<'f>(
    recipe: &Recipe,
    weighing: &Weighing,
    events: &[Event],
    frames: impl IntoIterator<Item = &'f Frame>,
) -> Result<Reduced, ReadingError> {
    let mut reducer = Reducer::new(recipe, std::slice::from_ref(weighing), events);
    frames.into_iter().for_each(|frame| reducer.frame(frame));
    if reducer.state.at == 0 {
        reducer.state.close();
    }
    reducer.check()?;
    Ok(reducer.state.done.pop().flatten().expect("the weighing is closed"))
}

/// The readings of weighings that are closed, each beside that of its tare.
fn chunk_of(
    features: usize,
    wanted: Tare,
    watched: Option<usize>,
    weighings: &[Weighing],
    done: &[Option<Reduced>],
) -> Chunk {
    let mut chunk = Chunk::new(features, wanted);
    for (at, weighing) in weighings.iter().enumerate() {
        let own = done[at].as_ref().expect("all weighings are closed");
        let tare = tare_of(wanted, weighing, weighings, done);
        let from_tare = |flag: fn(&Reduced) -> bool| tare.is_some_and(flag);
        let key = Key {
            weighing: Some(at),
            frame: None,
            frames: own.frames,
            saturated: own.saturated || from_tare(|tare| tare.saturated),
            gap: own.gap || from_tare(|tare| tare.gap),
            settled: true,
            complete: is_complete(own),
            no_load: weighing.role == Role::Reference
                && watched.zip(tare).is_some_and(|(at, tare)| {
                    let (load, empty) = (own.values.get(at), tare.values.get(at));
                    load.zip(empty)
                        .is_some_and(|pair| matches!(pair, (Some(load), Some(empty)) if load <= empty))
                }),
            tared: wanted == Tare::None || tare.is_some_and(is_complete),
        };
        chunk.push(key, &own.values, tare.map(|tare| tare.values.as_slice()));
    }
    chunk
}

fn tare_of<'a>(
    wanted: Tare,
    weighing: &Weighing,
    weighings: &[Weighing],
    done: &'a [Option<Reduced>],
) -> Option<&'a Reduced> {
    if wanted == Tare::None {
        return None;
    }
    let id = weighing.tare.as_ref()?;
    let at = weighings.iter().position(|other| other.id == *id)?;
    done[at].as_ref()
}

fn is_complete(reading: &Reduced) -> bool {
    reading.frames > 0 && reading.values.iter().all(Option::is_some)
}

/// The feature whose value says whether anything lies on the pad.
fn watched(recipe: &Recipe) -> Option<usize> {
    let features = recipe.features();
    let pressure = features.iter().position(|name| name.as_str() == Quantity::Pressure.as_str());
    pressure.filter(|_| recipe.reads_places())
}

/// The quantities that a recipe's terms read, in order of first appearance.
pub fn quantities(recipe: &Recipe) -> Vec<Quantity> {
    recipe.features().iter().filter_map(|name| Quantity::named(name.as_str())).collect()
}

/// Empty columns, one for each feature.
fn columns(features: usize) -> Vec<Column> {
    (0..features).map(|_| Column::with_capacity(ROOM)).collect()
}

impl State<'_> {
    fn frame(&mut self, frame: &Frame) {
        while self.weighings.get(self.at).is_some_and(|weighing| weighing.last_frame < frame.number) {
            self.close();
        }
        let weighing = self.weighings.get(self.at).filter(|weighing| weighing.first_frame <= frame.number);
        let mut settled = true;
        if let Some(weighing) = weighing {
            if frame.number == weighing.first_frame {
                self.settled_from = frame.device_s.value().map(|start| start.plus(&self.reading.settle_s.0));
            }
            settled = self.reading.settle_s.0 == Decimal::ZERO
                || match (&self.settled_from, frame.device_s.value()) {
                    (Some(from), Some(now)) => now >= *from,
                    _ => false,
                };
            // Frames need no accumulation unless a tare is to be taken from them.
            if settled && frame.touches > 0 && self.accumulates(weighing) {
                let open =
                    self.open.get_or_insert_with(|| Accumulator::new(self.features, &self.reading.statistic));
                if let Err(error) = open.push(frame) {
                    self.fault.get_or_insert(error);
                }
            }
        }
        if self.reading.per == Per::Frame && frame.touches > 0 {
            self.push_frame(frame, weighing.is_some(), settled);
        }
    }

    fn accumulates(&self, weighing: &Weighing) -> bool {
        self.reading.per == Per::Weighing || weighing.role == Role::Tare
    }

    fn push_frame(&mut self, frame: &Frame, inside: bool, settled: bool) {
        let complete = !frame.values.iter().any(|value| matches!(value, Value::Missing));
        for (column, value) in self.columns.iter_mut().zip(&frame.values) {
            match value {
                Value::Narrow { digits, places } if complete && *places <= self.reading.decimals => {
                    column.push_narrow(*digits, *places);
                }
                _ if !complete => column.push_narrow(0, 0),
                _ => {
                    let value = value.ratio().expect("the frame is complete");
                    match statistic::rounded(&value, self.reading) {
                        Ok(value) => column.push(&value),
                        Err(error) => {
                            self.fault.get_or_insert(error);
                            column.push_narrow(0, 0);
                        }
                    }
                }
            }
        }
        let key = Key {
            weighing: inside.then_some(self.at),
            frame: Some(frame.number),
            frames: 1,
            saturated: frame.saturated,
            gap: !complete,
            settled,
            complete,
            no_load: false,
            tared: true,
        };
        self.frames.push(key);
    }

    /// Whether an event fell between the frames of a weighing.
    fn interrupted(&self, weighing: &Weighing) -> bool {
        let frames = weighing.first_frame..weighing.last_frame;
        let inside = |event: &Event| event.after_frame.is_some_and(|after| frames.contains(&after));
        self.events.iter().any(|event| event.kind.interrupts() && inside(event))
    }

    /// Ends the open weighing.
    fn close(&mut self) {
        let accumulator =
            self.open.take().unwrap_or_else(|| Accumulator::new(self.features, &self.reading.statistic));
        match accumulator.finish(self.reading) {
            Ok(mut reduced) => {
                reduced.gap |= self.interrupted(&self.weighings[self.at]);
                self.done[self.at] = Some(reduced);
            }
            Err(error) => {
                self.done[self.at] = None;
                self.fault.get_or_insert(error);
            }
        }
        self.at += 1;
        self.settled_from = None;
    }
}
