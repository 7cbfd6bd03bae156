//! What frames show against what is said of them: of the step and the ceiling of their pressure, and of their clock.

use openweigh_formats::declared::Contradicted;
use openweigh_formats::number::Number;
use openweigh_formats::session::Source;

/// By how much of the time two clocks may disagree before one of them is not what it is taken for.
const DISAGREEMENT: f64 = 0.05;

/// What a computer may be late with a frame, or early: so much disagreement says nothing.
const LATE_S: f64 = 0.25;

/// How near a pressure is to a step, as a share of its number of steps: binary32 holds seven digits.
const NEAR: f64 = 1e-6;

/// The step and the ceiling that a session states.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scale {
    quantum: Option<f64>,
    ceiling: Option<f32>,
}

impl Scale {
    pub(crate) fn of(source: &Source) -> Self {
        let text = |number: &Number| number.to_string();
        Self {
            quantum: source.quantum.as_ref().and_then(|number| text(number).parse().ok()),
            ceiling: source.ceiling.as_ref().and_then(|number| text(number).parse().ok()),
        }
    }

    pub(crate) fn reaches_ceiling(&self, pressure: f32) -> bool {
        self.ceiling.is_some_and(|ceiling| pressure >= ceiling)
    }

    fn is_off(&self, pressure: f32) -> bool {
        let Some(quantum) = self.quantum else { return false };
        let steps = f64::from(pressure) / quantum;
        (steps - steps.round()).abs() > NEAR * steps.abs().max(1.0)
    }

    fn is_above(&self, pressure: f32) -> bool {
        self.ceiling.is_some_and(|ceiling| pressure > ceiling)
    }
}

/// What contradicts a session so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Evidence {
    pub(crate) contradicted: Contradicted,
    /// Seconds of the device and nanoseconds of arrival, of the first frame and of the last that have both, since the
    /// last interruption.
    first: Option<(f64, i64)>,
    last: Option<(f64, i64)>,
    /// Seconds by the device and by arrival, up to there.
    before: (f64, f64),
}

/// Two clocks that disagree about how long a recording took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ClocksDisagree {
    pub(crate) device_ms: i64,
    pub(crate) arrival_ms: i64,
}

impl Evidence {
    pub(crate) fn pressure(&mut self, scale: &Scale, pressure: f32) {
        self.contradicted.off_quantum += u64::from(scale.is_off(pressure));
        self.contradicted.above_ceiling += u64::from(scale.is_above(pressure));
    }

    pub(crate) fn times(&mut self, device_s: f64, arrival_ns: Option<i64>) {
        let Some(arrival_ns) = arrival_ns else { return };
        self.first.get_or_insert((device_s, arrival_ns));
        self.last = Some((device_s, arrival_ns));
    }

    /// The machine slept, or the device was away: one of the clocks may have stood still meanwhile.
    pub(crate) fn interrupted(&mut self) {
        let (device_s, arrival_s) = self.since();
        self.before = (self.before.0 + device_s, self.before.1 + arrival_s);
        (self.first, self.last) = (None, None);
    }

    /// Seconds by the device and by arrival since the last interruption.
    #[expect(clippy::cast_precision_loss, reason = "told in milliseconds")]
    fn since(&self) -> (f64, f64) {
        self.first.zip(self.last).map_or((0.0, 0.0), |((from_s, from_ns), (to_s, to_ns))| {
            (to_s - from_s, (i128::from(to_ns) - i128::from(from_ns)) as f64 / 1e9)
        })
    }

    /// Whether the device's clock and the arrivals disagree about the time from the first frame to the last.
    #[expect(clippy::cast_possible_truncation, reason = "told in milliseconds")]
    pub(crate) fn clocks(&self) -> Option<ClocksDisagree> {
        let since = self.since();
        let (device_s, arrival_s) = (self.before.0 + since.0, self.before.1 + since.1);
        let apart = (device_s - arrival_s).abs();
        let disagree = apart > LATE_S && apart > DISAGREEMENT * arrival_s.abs().max(device_s.abs());
        let milliseconds = |seconds: f64| (seconds * 1e3).round() as i64;
        disagree.then(|| ClocksDisagree {
            device_ms: milliseconds(device_s),
            arrival_ms: milliseconds(arrival_s),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_disagree_by_more_than_a_twentieth() {
        let told = |device_s: f64, arrival_s: i64| {
            let mut evidence = Evidence::default();
            evidence.times(1000.0, Some(-5));
            evidence.times(7.0, None);
            evidence.times(1000.0 + device_s, Some(arrival_s * 1_000_000_000 - 5));
            evidence.clocks().map(|clocks| (clocks.device_ms, clocks.arrival_ms))
        };
        assert_eq!(told(100.0, 100), None);
        assert_eq!(told(104.9, 100), None);
        assert_eq!(told(98.4, 100), None, "1.6 % slow, as a Mac's clock may be");
        assert_eq!(told(106.0, 100), Some((106_000, 100_000)));
        assert_eq!(told(12.5, 100), Some((12_500, 100_000)), "eight times too slow");
        assert_eq!(told(0.0, 100), Some((0, 100_000)));
        assert_eq!(told(1.2, 1), None, "a fifth of a second late");
        // Arrivals stand still while the machine sleeps.
        let mut evidence = Evidence::default();
        evidence.times(0.0, Some(0));
        evidence.times(10.0, Some(10_000_000_000));
        evidence.interrupted();
        evidence.times(500.0, Some(10_100_000_000));
        evidence.times(510.0, Some(20_100_000_000));
        assert_eq!(evidence.clocks(), None);
    }

    #[test]
    fn steps_and_ceilings_are_held_against_pressures() {
        let scale = Scale { quantum: Some(0.1), ceiling: Some(25.0) };
        let mut evidence = Evidence::default();
        for pressure in [0.0, 0.1, 0.3, 24.9, 25.0, 25.1, 0.25] {
            evidence.pressure(&scale, pressure);
        }
        assert_eq!(evidence.contradicted, Contradicted { off_quantum: 1, above_ceiling: 1 });
        assert!(scale.reaches_ceiling(25.0) && !scale.reaches_ceiling(24.9));
    }
}
