//! The touches of a frame as the frame's values (docs/spec/4-recipes.md, 4.7).

use openweigh_exact::{Decimal, IBig, Ratio};
use openweigh_formats::csv::Number;
use openweigh_formats::reading::{Reading, Reduction};
use openweigh_formats::touches::{Quantity, Row, State};

/// A frame's value of one quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A counted touch lacks it.
    Missing,
    /// At most 18 digits: `digits`·10^-`places`.
    Narrow {
        /// All digits, with the sign.
        digits: i64,
        /// Fraction digits.
        places: u32,
    },
    /// Any decimal.
    Wide(Decimal),
    /// A weighted mean, which need not be a decimal.
    Ratio(Ratio),
}

impl From<&Number> for Value {
    fn from(number: &Number) -> Self {
        match number {
            Number::Missing => Self::Missing,
            Number::Narrow { digits, places } => Self::Narrow { digits: *digits, places: *places },
            Number::Wide(value) => Self::Wide(value.clone()),
        }
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        match i64::try_from(value.digits()).ok().filter(|digits| digits.unsigned_abs() < 10u64.pow(18)) {
            Some(digits) => Self::Narrow { digits, places: value.places() },
            None => Self::Wide(value),
        }
    }
}

impl Value {
    /// Takes over a number: as from [`Value::from`], but fast for short ones.
    #[inline]
    pub(crate) fn set(&mut self, number: &Number) {
        match (self, number) {
            (Self::Narrow { digits, places }, Number::Narrow { digits: new_digits, places: new_places }) => {
                (*digits, *places) = (*new_digits, *new_places);
            }
            (own, number) => *own = Self::from(number),
        }
    }

    /// The order of two values that are there.
    pub fn order(&self, other: &Self) -> std::cmp::Ordering {
        if let (
            Self::Narrow { digits: left, places: left_places @ 0..=18 },
            Self::Narrow { digits: right, places: right_places @ 0..=18 },
        ) = (self, other)
        {
            // 18 digits and 18 places fit 128 bits.
            let lifted = |digits: &i64, places: u32| i128::from(*digits) * 10i128.pow(18 - places);
            return lifted(left, *left_places).cmp(&lifted(right, *right_places));
        }
        self.ratio().cmp(&other.ratio())
    }

    /// The exact value, none if it is missing.
    pub fn ratio(&self) -> Option<Ratio> {
        match self {
            Self::Missing => None,
            Self::Narrow { digits, places } => Some(Ratio::from(&Decimal::new(IBig::from(*digits), *places))),
            Self::Wide(value) => Some(Ratio::from(value)),
            Self::Ratio(value) => Some(value.clone()),
        }
    }
}

/// One frame, reduced.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Its number in the session.
    pub number: u64,
    /// The device's time, in seconds.
    pub device_s: Number,
    /// Touches that count; 1 in a sample of a sensor.
    pub touches: usize,
    /// One value for each wanted quantity.
    pub values: Vec<Value>,
    /// Whether its pressure is at the recipe's ceiling or above.
    pub saturated: bool,
}

/// A counted touch.
#[derive(Debug, Clone)]
struct Touch {
    pressure: Number,
    values: Vec<Number>,
}

/// Collects the rows of a frame and reduces them.
#[derive(Debug)]
pub struct Collector {
    reduction: Reduction,
    /// A bit for each state that counts.
    states: u8,
    ceiling: Option<Value>,
    wanted: Vec<Quantity>,
    /// Counted touches of the open frame; those behind `open` are spare room.
    touches: Vec<Touch>,
    open: usize,
    frame: Frame,
    started: bool,
}

impl Collector {
    /// A collector of the wanted quantities, as the recipe has it.
    pub fn new(reading: &Reading, wanted: &[Quantity]) -> Self {
        let values = vec![Value::Missing; wanted.len()];
        Self {
            reduction: reading.reduction(),
            states: reading.counted_states().iter().fold(0, |states, state| states | bit(*state)),
            ceiling: reading.ceiling.as_ref().map(|ceiling| Value::from(ceiling.0.clone())),
            wanted: wanted.to_vec(),
            touches: Vec::new(),
            open: 0,
            frame: Frame { number: 0, device_s: Number::Missing, touches: 0, values, saturated: false },
            started: false,
        }
    }

    /// Takes in a row; hands over the frame before if the row begins a new one.
    #[inline]
    pub fn row(&mut self, row: &Row, sink: &mut impl FnMut(&Frame)) {
        if !self.started || row.frame != self.frame.number {
            self.finish(sink);
            self.started = true;
            self.frame.number = row.frame;
            self.frame.device_s.set(&row.device_s);
        }
        let Some(state) = row.state else { return };
        if self.states & bit(state) == 0 {
            return;
        }
        if self.open == self.touches.len() {
            let values = vec![Number::Missing; self.wanted.len()];
            self.touches.push(Touch { pressure: Number::Missing, values });
        }
        let touch = &mut self.touches[self.open];
        touch.pressure.set(row.value(Quantity::Pressure));
        for (into, quantity) in touch.values.iter_mut().zip(&self.wanted) {
            into.set(row.value(*quantity));
        }
        self.open += 1;
    }

    /// Hands over the last frame.
    #[inline]
    pub fn finish(&mut self, sink: &mut impl FnMut(&Frame)) {
        if !self.started {
            return;
        }
        self.frame.touches = self.open;
        match &self.touches[..self.open] {
            // Nearly every frame of a weighing.
            [one] if self.ceiling.is_none() => {
                self.frame.saturated = false;
                take(&mut self.frame.values, one);
            }
            _ => self.reduce(),
        }
        self.open = 0;
        sink(&self.frame);
    }

    /// Hands over the frame whose rows came last, since all of them did: for rows that come frame by frame.
    #[inline]
    pub fn flush(&mut self, sink: &mut impl FnMut(&Frame)) {
        self.finish(sink);
        self.started = false;
    }

    fn reduce(&mut self) {
        let touches = &self.touches[..self.open];
        let chosen = match (self.reduction, touches) {
            (_, []) => {
                self.frame.values.fill(Value::Missing);
                self.frame.saturated = false;
                return;
            }
            (_, [one]) | (Reduction::First, [one, ..]) => Some(one),
            (Reduction::Largest, _) => Some(largest(touches)),
            (Reduction::Sum, _) => None,
        };
        let pressure = if let Some(touch) = chosen {
            take(&mut self.frame.values, touch);
            Value::from(&touch.pressure)
        } else {
            for (at, quantity) in self.wanted.iter().enumerate() {
                self.frame.values[at] = together(touches, at, *quantity);
            }
            sum(touches.iter().map(|touch| &touch.pressure))
        };
        let known = !matches!(pressure, Value::Missing);
        let reaches = |ceiling: &Value| pressure.order(ceiling).is_ge();
        self.frame.saturated = known && self.ceiling.as_ref().is_some_and(reaches);
    }
}

/// The bit of a state.
fn bit(state: State) -> u8 {
    1 << state as u8
}

/// Takes over the values of a touch as those of the frame.
#[inline]
fn take(values: &mut [Value], touch: &Touch) {
    for (into, value) in values.iter_mut().zip(&touch.values) {
        into.set(value);
    }
}

/// The touch with the largest pressure, the first of equals; one without a pressure is the smallest.
fn largest(touches: &[Touch]) -> &Touch {
    let mut best = &touches[0];
    for touch in &touches[1..] {
        if touch.pressure.value() > best.pressure.value() {
            best = touch;
        }
    }
    best
}

fn sum<'a>(numbers: impl Iterator<Item = &'a Number>) -> Value {
    let mut total = Decimal::ZERO;
    for number in numbers {
        let Some(value) = number.value() else { return Value::Missing };
        total = total.plus(&value);
    }
    Value::from(total)
}

/// The value of several touches: their sum, or their mean weighted by pressure.
fn together(touches: &[Touch], at: usize, quantity: Quantity) -> Value {
    if quantity.adds_up() {
        return sum(touches.iter().map(|touch| &touch.values[at]));
    }
    let one = Decimal::from(1);
    let mut parts = Vec::with_capacity(touches.len());
    for touch in touches {
        match (touch.values[at].value(), touch.pressure.value()) {
            (Some(value), Some(pressure)) => parts.push((value, pressure)),
            _ => return Value::Missing,
        }
    }
    let total =
        |parts: &[(Decimal, Decimal)]| parts.iter().fold(Decimal::ZERO, |sum, (_, weight)| sum.plus(weight));
    if total(&parts) == Decimal::ZERO {
        for (_, weight) in &mut parts {
            weight.clone_from(&one);
        }
    }
    let weighted = parts.iter().fold(Decimal::ZERO, |sum, (value, weight)| sum.plus(&value.times(weight)));
    let (mut weighted, mut total) = (weighted, total(&parts));
    if total < Decimal::ZERO {
        (weighted, total) = (Decimal::ZERO.minus(&weighted), Decimal::ZERO.minus(&total));
    }
    Value::Ratio(Ratio::from(&weighted).divided_by(&Ratio::from(&total)))
}
