//! The frames of a weighing as one reading, and the readings of a session (4.7, 4.8).

use crate::FitError;
use crate::frame::{Collector, Frame, Value};
use openweigh_exact::{Column, Decimal, IBig, Ratio, UBig, round};
use openweigh_formats::csv::Number;
use openweigh_formats::events::Event;
use openweigh_formats::recipe::{Per, Reading, Recipe, Statistic, Tare};
use openweigh_formats::touches::{Quantity, Row};
use openweigh_formats::weighings::{Role, Weighing};
use std::collections::BTreeMap;

/// Readings of frames that are handed over at a time: few enough to stay in a core's cache.
const CHUNK: usize = 1 << 10;

/// Denominators that the values of a weighing may have, each a sum of pressures: more are refused.
const DENOMINATORS: usize = 1 << 14;

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

/// The reading of a weighing.
#[derive(Debug, Clone)]
struct Reduced {
    frames: u64,
    values: Vec<Option<Decimal>>,
    saturated: bool,
    gap: bool,
}

/// Forms the readings of a session from its rows.
#[derive(Debug)]
pub struct Reducer<'a> {
    reading: &'a Reading,
    tare: Tare,
    weighings: &'a [Weighing],
    events: &'a [Event],
    collector: Collector,
    state: State<'a>,
}

/// What changes from frame to frame.
#[derive(Debug)]
struct State<'a> {
    reading: &'a Reading,
    weighings: &'a [Weighing],
    /// The first weighing that has not ended.
    at: usize,
    /// Seconds before which frames of the open weighing are left out.
    settled_from: Option<Decimal>,
    open: Option<Accumulator>,
    done: Vec<Option<Reduced>>,
    /// Readings of frames, of a recipe that wants them.
    frames: Vec<Key>,
    columns: Vec<Column>,
    fault: Option<FitError>,
    features: usize,
}

impl<'a> Reducer<'a> {
    /// A reducer for one session.
    ///
    /// # Panics
    /// If the recipe has no `[reading]`.
    pub fn new(recipe: &'a Recipe, weighings: &'a [Weighing], events: &'a [Event]) -> Self {
        let reading = recipe.reading.as_ref().expect("the recipe of touch sessions has a reading");
        let wanted = quantities(recipe);
        let state = State {
            reading,
            weighings,
            at: 0,
            settled_from: None,
            open: None,
            done: vec![None; weighings.len()],
            frames: Vec::new(),
            columns: vec![Column::default(); wanted.len()],
            fault: None,
            features: wanted.len(),
        };
        let collector = Collector::new(reading, &wanted);
        Self { reading, tare: recipe.model.tare, weighings, events, collector, state }
    }

    /// Takes in a row of `touches.csv`, in the order of the file.
    pub fn row(&mut self, row: &Row) {
        let state = &mut self.state;
        self.collector.row(row, &mut |frame| state.frame(frame));
    }

    /// The readings of frames that are ready, if there are enough of them.
    ///
    /// # Errors
    /// A tare that comes after its load, or numbers beyond the limits.
    pub fn ready(&mut self) -> Result<Option<Chunk>, FitError> {
        if self.state.frames.len() < CHUNK { Ok(None) } else { self.frames().map(Some) }
    }

    /// The last readings, once all rows were taken in.
    ///
    /// # Errors
    /// As [`Reducer::ready`].
    pub fn finish(&mut self) -> Result<Chunk, FitError> {
        let state = &mut self.state;
        self.collector.finish(&mut |frame| state.frame(frame));
        while self.state.at < self.weighings.len() {
            self.state.close();
        }
        match self.reading.per {
            Per::Frame => self.frames(),
            Per::Weighing => self.weighings(),
        }
    }

    fn check(&mut self) -> Result<(), FitError> {
        self.state.fault.take().map_or(Ok(()), Err)
    }

    fn weighings(&mut self) -> Result<Chunk, FitError> {
        self.check()?;
        let mut chunk = Chunk::new(self.state.features, self.tare);
        for (at, weighing) in self.weighings.iter().enumerate() {
            let own = self.state.done[at].as_ref().expect("all weighings are closed");
            let tare = self.tare_of(weighing);
            let complete = own.values.iter().all(Option::is_some) && own.frames > 0;
            let from_tare = |flag: fn(&Reduced) -> bool| tare.is_some_and(flag);
            let key = Key {
                weighing: Some(at),
                frame: None,
                frames: own.frames,
                saturated: own.saturated || from_tare(|tare| tare.saturated),
                gap: own.gap || self.interrupted(weighing) || from_tare(|tare| tare.gap),
                settled: true,
                complete,
                tared: self.tare == Tare::None || tare.is_some_and(is_complete),
            };
            chunk.push(key, &own.values, tare.map(|tare| tare.values.as_slice()));
        }
        Ok(chunk)
    }

    fn tare_of(&self, weighing: &Weighing) -> Option<&Reduced> {
        if self.tare == Tare::None {
            return None;
        }
        let id = weighing.tare.as_ref()?;
        let at = self.weighings.iter().position(|other| other.id == *id)?;
        self.state.done[at].as_ref()
    }

    /// Whether an event fell between the frames of a weighing.
    fn interrupted(&self, weighing: &Weighing) -> bool {
        let frames = weighing.first_frame..weighing.last_frame;
        let inside = |event: &Event| event.after_frame.is_some_and(|after| frames.contains(&after));
        self.events.iter().any(|event| event.kind.interrupts() && inside(event))
    }

    fn frames(&mut self) -> Result<Chunk, FitError> {
        self.check()?;
        let mut chunk = Chunk::new(self.state.features, Tare::None);
        let keys = std::mem::replace(&mut self.state.frames, Vec::with_capacity(CHUNK));
        let fresh = vec![Column::default(); self.state.features];
        chunk.features = std::mem::replace(&mut self.state.columns, fresh);
        chunk.keys = keys;
        if self.tare == Tare::None {
            return Ok(chunk);
        }
        let mut tares = vec![Column::default(); self.state.features];
        for key in &mut chunk.keys {
            let weighing = key.weighing.map(|at| &self.weighings[at]);
            let tare = weighing.and_then(|weighing| self.tare_of(weighing));
            if let (Some(weighing), None) = (weighing.filter(|weighing| weighing.tare.is_some()), tare) {
                return Err(FitError::LateTare { weighing: weighing.id.clone() });
            }
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

fn is_complete(reading: &Reduced) -> bool {
    reading.frames > 0 && reading.values.iter().all(Option::is_some)
}

/// The quantities that a recipe's terms read, in order of first appearance.
pub fn quantities(recipe: &Recipe) -> Vec<Quantity> {
    recipe.features().iter().filter_map(|name| Quantity::named(name.as_str())).collect()
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
        let complete = !frame.values.contains(&Value::Missing);
        for (column, value) in self.columns.iter_mut().zip(&frame.values) {
            match value {
                Value::Narrow { digits, places } if complete && *places <= self.reading.decimals => {
                    column.push_narrow(*digits, *places);
                }
                _ if !complete => column.push_narrow(0, 0),
                _ => {
                    let value = value.ratio().expect("the frame is complete");
                    column.push(&round::to_places(&value, self.reading.decimals).to_decimal());
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
            tared: true,
        };
        self.frames.push(key);
    }

    /// Ends the open weighing.
    fn close(&mut self) {
        let accumulator =
            self.open.take().unwrap_or_else(|| Accumulator::new(self.features, &self.reading.statistic));
        match accumulator.finish(self.reading) {
            Ok(reduced) => self.done[self.at] = Some(reduced),
            Err(error) => {
                self.done[self.at] = None;
                self.fault.get_or_insert(error);
            }
        }
        self.at += 1;
        self.settled_from = None;
    }
}

/// What the frames of a weighing amount to so far.
#[derive(Debug)]
struct Accumulator {
    frames: u64,
    saturated: bool,
    gap: bool,
    features: Vec<Feature>,
    /// The last frame that counted, under a statistic over time.
    last: Option<(Decimal, Vec<Ratio>)>,
    elapsed: Decimal,
}

/// One feature's frames.
#[derive(Debug)]
enum Feature {
    Sum(ExactSum),
    All(Vec<Value>),
    OverTime { weighted: ExactSum, plain: ExactSum },
}

/// An exact sum of values whose denominators repeat.
#[derive(Debug, Default)]
struct ExactSum {
    /// Sums of short decimals, by their count of places.
    narrow: Vec<i128>,
    /// Sums of the rest, by denominator.
    others: BTreeMap<UBig, IBig>,
}

impl ExactSum {
    fn push(&mut self, value: &Value) -> Result<(), FitError> {
        if let Value::Narrow { digits, places } = value {
            let places = *places as usize;
            if self.narrow.len() <= places {
                self.narrow.resize(places + 1, 0);
            }
            // 18 digits leave room for 10^20 frames.
            self.narrow[places] += i128::from(*digits);
            return Ok(());
        }
        value.ratio().map_or(Ok(()), |value| self.push_ratio(&value))
    }

    fn push_ratio(&mut self, value: &Ratio) -> Result<(), FitError> {
        *self.others.entry(value.denominator().clone()).or_default() += value.numerator();
        if self.others.len() > DENOMINATORS {
            Err(FitError::Denominators { limit: DENOMINATORS })
        } else {
            Ok(())
        }
    }

    fn total(&self) -> Ratio {
        let narrow = self.narrow.iter().enumerate().fold(Decimal::ZERO, |sum, (places, digits)| {
            sum.plus(&Decimal::new(IBig::from(*digits), u32::try_from(places).unwrap_or(u32::MAX)))
        });
        let others: Vec<Ratio> = (self.others.iter())
            .map(|(denominator, numerator)| Ratio::new(numerator.clone(), denominator.clone()))
            .collect();
        pairwise(&others).map_or_else(|| Ratio::from(&narrow), |others| others.plus(&Ratio::from(&narrow)))
    }
}

/// The sum of many fractions, by halves: the large ones are few.
fn pairwise(values: &[Ratio]) -> Option<Ratio> {
    match values {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            let (left, right) = values.split_at(values.len() / 2);
            Some(pairwise(left)?.plus(&pairwise(right)?))
        }
    }
}

impl Accumulator {
    fn new(features: usize, statistic: &Statistic) -> Self {
        let feature = || match statistic {
            Statistic::Mean => Feature::Sum(ExactSum::default()),
            Statistic::Median | Statistic::TrimmedMean(_) => Feature::All(Vec::new()),
            Statistic::TimeWeightedMean => {
                Feature::OverTime { weighted: ExactSum::default(), plain: ExactSum::default() }
            }
        };
        Self {
            frames: 0,
            saturated: false,
            gap: false,
            features: std::iter::repeat_with(feature).take(features).collect(),
            last: None,
            elapsed: Decimal::ZERO,
        }
    }

    fn push(&mut self, frame: &Frame) -> Result<(), FitError> {
        self.saturated |= frame.saturated;
        let over_time = matches!(self.features.first(), Some(Feature::OverTime { .. }));
        let without_time = over_time && frame.device_s == Number::Missing;
        if frame.values.contains(&Value::Missing) || without_time {
            self.gap = true;
            return Ok(());
        }
        self.frames += 1;
        let held = if over_time { self.hold(frame) } else { None };
        for (at, (feature, value)) in self.features.iter_mut().zip(&frame.values).enumerate() {
            match feature {
                Feature::Sum(sum) => sum.push(value)?,
                Feature::All(values) => values.push(value.clone()),
                Feature::OverTime { weighted, plain } => {
                    plain.push(value)?;
                    if let Some((values, seconds)) = &held {
                        weighted.push_ratio(&values[at].times(seconds))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The values of the frame before, and how long they were held.
    fn hold(&mut self, frame: &Frame) -> Option<(Vec<Ratio>, Ratio)> {
        let now = frame.device_s.value()?;
        let values = frame.values.iter().filter_map(Value::ratio).collect();
        let (before, held) = self.last.replace((now.clone(), values))?;
        // A clock that was set back holds a value for no time.
        let seconds = now.minus(&before).max(Decimal::ZERO);
        self.elapsed = self.elapsed.plus(&seconds);
        Some((held, Ratio::from(&seconds)))
    }

    fn finish(self, reading: &Reading) -> Result<Reduced, FitError> {
        let frames = self.frames;
        let elapsed = Ratio::from(&self.elapsed);
        let value = |feature: Feature| -> Result<Option<Decimal>, FitError> {
            if frames == 0 {
                return Ok(None);
            }
            let exact = match feature {
                Feature::Sum(sum) => sum.total().divided_by_count(frames),
                Feature::All(values) => ordered(values, &reading.statistic)?,
                Feature::OverTime { plain, .. } if elapsed.is_zero() => {
                    plain.total().divided_by_count(frames)
                }
                Feature::OverTime { weighted, .. } => weighted.total().divided_by(&elapsed),
            };
            Ok(Some(round::to_places(&exact, reading.decimals).to_decimal()))
        };
        let values = self.features.into_iter().map(value).collect::<Result<_, _>>()?;
        Ok(Reduced { frames, values, saturated: self.saturated, gap: self.gap || frames == 0 })
    }
}

/// The median, or the mean without the ends.
fn ordered(mut values: Vec<Value>, statistic: &Statistic) -> Result<Ratio, FitError> {
    values.sort_by(Value::order);
    let count = values.len();
    let kept = match statistic {
        Statistic::TrimmedMean(share) => {
            let cut = floor_of_product(&share.0, count);
            &values[cut..count - cut]
        }
        // The one in the middle, or the two.
        _ => &values[(count - 1) / 2..=count / 2],
    };
    let mut sum = ExactSum::default();
    kept.iter().try_for_each(|value| sum.push(value))?;
    Ok(sum.total().divided_by_count(kept.len() as u64))
}

/// floor(share·count), for a share from 0 to below 1/2.
fn floor_of_product(share: &Decimal, count: usize) -> usize {
    let power = IBig::from(openweigh_exact::decimal::power_of_ten(share.places()));
    let product = share.digits() * IBig::from(count as u64);
    usize::try_from(product / power).unwrap_or(0)
}
