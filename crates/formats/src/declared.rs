//! What a session declares of its pressures, held against the pressures themselves.
//!
//! A quantum or a ceiling is what somebody knew of a device, and devices surprise: what contradicts it is counted, and
//! told. No number is changed for it, and no check fails.

use crate::csv::Number;
use crate::session::Source;
use openweigh_exact::{Decimal, IBig};

/// Touches whose pressure contradicts what their session declares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Contradicted {
    /// Touches whose pressure is no multiple of the quantum.
    pub off_quantum: u64,
    /// Touches whose pressure is above the ceiling.
    pub above_ceiling: u64,
}

impl Contradicted {
    /// Whether nothing contradicts.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a session declares, and what contradicted it so far.
#[derive(Debug, Clone)]
pub struct Declared {
    quantum: Option<Decimal>,
    ceiling: Option<Decimal>,
    contradicted: Contradicted,
}

impl Declared {
    /// What a source declares.
    pub fn of(source: &Source) -> Self {
        let value = |number: &Option<crate::number::Number>| number.as_ref().map(|number| number.0.clone());
        let (quantum, ceiling) = (value(&source.quantum), value(&source.ceiling));
        Self { quantum, ceiling, contradicted: Contradicted::default() }
    }

    /// Looks at the pressure of a touch. A missing one contradicts nothing.
    pub fn see(&mut self, pressure: &Number) {
        if self.quantum.is_none() && self.ceiling.is_none() {
            return;
        }
        let off = self.quantum.as_ref().is_some_and(|quantum| is_off(pressure, quantum));
        let above = self.ceiling.as_ref().is_some_and(|ceiling| is_above(pressure, ceiling));
        self.contradicted.off_quantum += u64::from(off);
        self.contradicted.above_ceiling += u64::from(above);
    }

    /// What contradicted so far.
    pub fn contradicted(&self) -> Contradicted {
        self.contradicted
    }
}

/// The digits of a declared number that is whole and fits, as nearly all are.
fn whole(number: &Decimal) -> Option<i64> {
    if number.places() == 0 { number.digits().try_into().ok() } else { None }
}

fn is_off(pressure: &Number, quantum: &Decimal) -> bool {
    if let (Number::Narrow { digits, places: 0 }, Some(step)) = (pressure, whole(quantum))
        && step != 0
    {
        return digits % step != 0;
    }
    let Some(value) = pressure.value() else { return false };
    let places = value.places().max(quantum.places());
    let step = quantum.scaled_to(places);
    step != IBig::ZERO && value.scaled_to(places) % step != IBig::ZERO
}

fn is_above(pressure: &Number, ceiling: &Decimal) -> bool {
    if let (Number::Narrow { digits, places: 0 }, Some(largest)) = (pressure, whole(ceiling)) {
        return *digits > largest;
    }
    pressure.value().is_some_and(|value| value > *ceiling)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{Clicks, PressureUnit};

    fn counted(quantum: Option<&str>, ceiling: Option<&str>, pressures: &[&str]) -> (u64, u64) {
        let number = |text: Option<&str>| text.map(|text| text.to_owned().try_into().unwrap());
        let line = || "made by rule".parse().unwrap();
        let source = Source {
            os: line(),
            driver: line(),
            model: line(),
            transport: line(),
            family: None,
            device: None,
            surface: None,
            sensor: None,
            unit: PressureUnit::Counts,
            quantum: number(quantum),
            ceiling: number(ceiling),
            clicks: Clicks::Unknown,
        };
        let mut declared = Declared::of(&source);
        for pressure in pressures {
            let cell = format!("{pressure},");
            let (number, _) = crate::csv::number(cell.as_bytes(), 0, b',').unwrap();
            declared.see(&number);
        }
        let Contradicted { off_quantum, above_ceiling } = declared.contradicted();
        (off_quantum, above_ceiling)
    }

    #[test]
    fn what_contradicts_is_counted() {
        // As real files of a Magic Trackpad have it: even up to 256, odd ones above, beyond 254.
        let seen = ["", "0", "2", "254", "259", "263", "297"];
        assert_eq!(counted(Some("2"), Some("254"), &seen), (3, 3));
        assert_eq!(counted(Some("1"), None, &seen), (0, 0));
        assert_eq!(counted(None, None, &seen), (0, 0));
        assert_eq!(counted(Some("0.25"), Some("1.5"), &["0.5", "0.3", "1.5", "1.500001"]), (2, 1));
        assert_eq!(counted(Some("2"), Some("9"), &["-3", "-4", "2.5", "1000000000000000000000001"]), (3, 1));
    }
}
