//! When something rests: the one rule for it, used while recording, afterwards, and live.
//!
//! A sensor rests when all its values of the last `hold_s` seconds lie within `noise` of each other. The rule takes
//! values as they come, each in constant time on average, and publishes no number: it only says which frames rest.
//! So it works in binary64; a comparison of two values that a device gave is exact in it.

use std::collections::VecDeque;

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moment {
    /// The number of the frame, or of the sample.
    pub frame: u64,
    /// The device's time, in seconds.
    pub time: f64,
    /// The value.
    pub value: f64,
}

/// Six standard deviations of white noise, in means of the smaller nine tenths of the differences of neighbours:
/// 6 / (√2·√(2/π)·(1 - exp(-1.645²/2))/0.9).
const WIDTH: f64 = 6.46;

/// The noise of a window at rest, from differences of neighbours, which are put in order: six standard deviations of
/// white noise, and at least two steps of a value that is counted in steps.
///
/// The largest tenth is left out: there loads change. A median would not do: where values hop by a step, it is a whole
/// step or nothing.
#[expect(clippy::cast_precision_loss, reason = "a number of differences")]
pub fn noise(differences: &mut [f64]) -> f64 {
    differences.sort_by(f64::total_cmp);
    let step = differences.iter().copied().find(|difference| *difference > 0.0).unwrap_or_default();
    let smaller = &differences[..differences.len() * 9 / 10];
    let mean = smaller.iter().sum::<f64>() / smaller.len().max(1) as f64;
    (WIDTH * mean).max(2.0 * step)
}

/// Watches the values of the last seconds.
#[derive(Debug, Clone)]
pub struct Rest {
    hold_s: f64,
    noise: f64,
    moments: VecDeque<Moment>,
    sum: f64,
    /// Moments that no later one exceeds, largest first; and those that none undercuts.
    highest: VecDeque<Moment>,
    lowest: VecDeque<Moment>,
}

impl Rest {
    /// At rest is what stays within `noise` for `hold_s` seconds.
    pub fn new(hold_s: f64, noise: f64) -> Self {
        Self {
            hold_s,
            noise,
            moments: VecDeque::new(),
            sum: 0.0,
            highest: VecDeque::new(),
            lowest: VecDeque::new(),
        }
    }

    /// Forgets what came: after a lift or a gap a new window begins.
    pub fn forget(&mut self) {
        self.moments.clear();
        self.highest.clear();
        self.lowest.clear();
        self.sum = 0.0;
    }

    /// Takes in a value.
    pub fn push(&mut self, moment: Moment) {
        if self.moments.back().is_some_and(|last| moment.time <= last.time) {
            // The clock was set back: what was before is no window with this.
            self.forget();
        }
        while self.highest.back().is_some_and(|other| other.value <= moment.value) {
            self.highest.pop_back();
        }
        while self.lowest.back().is_some_and(|other| other.value >= moment.value) {
            self.lowest.pop_back();
        }
        self.highest.push_back(moment);
        self.lowest.push_back(moment);
        self.moments.push_back(moment);
        self.sum += moment.value;
        // The first one stays as long as the window needs it to be as long as it should.
        while self.moments.get(1).is_some_and(|second| moment.time - second.time >= self.hold_s) {
            let Some(gone) = self.moments.pop_front() else { break };
            self.sum -= gone.value;
            for extremes in [&mut self.highest, &mut self.lowest] {
                if extremes.front().is_some_and(|first| first.time <= gone.time) {
                    extremes.pop_front();
                }
            }
        }
    }

    /// The first moment of the window.
    pub fn first(&self) -> Option<&Moment> {
        self.moments.front()
    }

    /// The last moment of the window.
    pub fn last(&self) -> Option<&Moment> {
        self.moments.back()
    }

    /// How much of the window is there, 0 to 1.
    pub fn filled(&self) -> f64 {
        match (self.first(), self.last()) {
            (Some(first), Some(last)) => ((last.time - first.time) / self.hold_s).min(1.0),
            _ => 0.0,
        }
    }

    /// Whether the window is as long as it should be.
    pub fn is_full(&self) -> bool {
        self.filled() >= 1.0
    }

    /// Largest less smallest value of the window.
    pub fn spread(&self) -> f64 {
        match (self.highest.front(), self.lowest.front()) {
            (Some(highest), Some(lowest)) => highest.value - lowest.value,
            _ => 0.0,
        }
    }

    /// Mean value of the window, to be shown; none where it is empty.
    #[expect(clippy::cast_precision_loss, reason = "a few thousand values")]
    pub fn mean(&self) -> Option<f64> {
        (!self.moments.is_empty()).then(|| self.sum / self.moments.len() as f64)
    }

    /// Whether everything in a full window is within the noise.
    pub fn is_at_rest(&self) -> bool {
        self.is_full() && self.spread() <= self.noise
    }
}

/// A stretch of frames at rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Its first frame.
    pub first: Moment,
    /// Its last frame.
    pub last: Moment,
    /// How many frames it has.
    pub frames: u64,
    /// Mean of its values, to be shown.
    pub mean: f64,
    /// Largest less smallest value.
    pub spread: f64,
}

/// All longest stretches at rest: in each, every window of `hold_s` seconds is within the noise. A value that is
/// missing (nothing touches the pad) ends one.
#[derive(Debug, Clone)]
pub struct Stretches {
    rest: Rest,
    now: Option<Running>,
    found: Vec<Stretch>,
}

#[derive(Debug, Clone, Copy)]
struct Running {
    stretch: Stretch,
    sum: f64,
    lowest: f64,
    highest: f64,
}

impl Stretches {
    /// With this rule of rest.
    pub fn new(hold_s: f64, noise: f64) -> Self {
        Self { rest: Rest::new(hold_s, noise), now: None, found: Vec::new() }
    }

    /// Takes in a frame; none if it has no value.
    pub fn push(&mut self, moment: Option<Moment>) {
        let Some(moment) = moment else {
            self.rest.forget();
            return self.end();
        };
        self.rest.push(moment);
        if !self.rest.is_at_rest() {
            return self.end();
        }
        if let Some(running) = &mut self.now {
            return running.push(moment);
        }
        // A stretch that just ended may share frames with this window; each frame is in one alone.
        let after = self.found.last().map(|stretch| stretch.last.frame);
        let mut own = self.rest.moments.iter().filter(|one| after.is_none_or(|after| one.frame > after));
        if let Some(first) = own.next() {
            let mut running = Running::begin(*first);
            own.for_each(|one| running.push(*one));
            self.now = Some(running);
        }
    }

    /// The stretches, in the order of their frames.
    pub fn finish(mut self) -> Vec<Stretch> {
        self.end();
        self.found
    }

    fn end(&mut self) {
        if let Some(running) = self.now.take() {
            self.found.push(running.stretch);
        }
    }
}

impl Running {
    fn begin(first: Moment) -> Self {
        let value = first.value;
        let stretch = Stretch { first, last: first, frames: 1, mean: value, spread: 0.0 };
        Self { stretch, sum: value, lowest: value, highest: value }
    }

    #[expect(clippy::cast_precision_loss, reason = "a number of frames, to be shown")]
    fn push(&mut self, moment: Moment) {
        self.sum += moment.value;
        self.lowest = self.lowest.min(moment.value);
        self.highest = self.highest.max(moment.value);
        self.stretch.last = moment;
        self.stretch.frames += 1;
        self.stretch.mean = self.sum / self.stretch.frames as f64;
        self.stretch.spread = self.highest - self.lowest;
    }
}

#[cfg(test)]
#[allow(
    clippy::float_cmp,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "the values are small whole numbers, which binary64 holds exactly"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moments(values: &[f64]) -> Vec<Moment> {
        let moment =
            |(at, value): (usize, &f64)| Moment { frame: at as u64, time: at as f64 / 8.0, value: *value };
        values.iter().enumerate().map(moment).collect()
    }

    proptest! {
        #[test]
        fn the_window_is_what_a_plain_search_finds(
            values in proptest::collection::vec(-20_i32..20, 1..200),
            eighths in 1_u32..30,
        ) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let moments = moments(&values);
            let mut rest = Rest::new(f64::from(eighths) / 8.0, 5.0);
            for (at, moment) in moments.iter().enumerate() {
                rest.push(*moment);
                let window = &values[at.saturating_sub(eighths as usize)..=at];
                let highest = window.iter().copied().fold(f64::MIN, f64::max);
                let lowest = window.iter().copied().fold(f64::MAX, f64::min);
                prop_assert_eq!(rest.spread(), highest - lowest);
                prop_assert_eq!(rest.is_full(), at >= eighths as usize);
                prop_assert_eq!(rest.mean(), Some(window.iter().sum::<f64>() / window.len() as f64));
            }
        }

        #[test]
        fn stretches_are_apart_and_at_rest(values in proptest::collection::vec(0_i32..6, 1..300)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let mut stretches = Stretches::new(1.0, 3.0);
            for moment in moments(&values) {
                stretches.push(Some(moment));
            }
            let found = stretches.finish();
            for pair in found.windows(2) {
                prop_assert!(pair[0].last.frame < pair[1].first.frame);
            }
            for stretch in &found {
                let (first, last) = (stretch.first.frame as usize, stretch.last.frame as usize);
                prop_assert_eq!(stretch.frames as usize, last + 1 - first);
                for window in values[first..=last].windows(9) {
                    let highest = window.iter().copied().fold(f64::MIN, f64::max);
                    let lowest = window.iter().copied().fold(f64::MAX, f64::min);
                    prop_assert!(highest - lowest <= 3.0);
                }
            }
        }
    }

    #[test]
    fn a_lift_and_a_clock_set_back_begin_anew() {
        let mut rest = Rest::new(1.0, 0.5);
        for moment in moments(&[1.0; 9]) {
            rest.push(moment);
        }
        assert!(rest.is_at_rest());
        rest.push(Moment { frame: 9, time: 0.5, value: 1.0 });
        assert!(!rest.is_full());
        rest.forget();
        assert_eq!((rest.mean(), rest.filled()), (None, 0.0));
    }

    #[test]
    fn a_load_a_change_and_a_load_are_two_stretches() {
        let mut values = vec![5.0; 20];
        values.extend([20.0, 40.0, 60.0]);
        values.extend(vec![80.0; 20]);
        let mut stretches = Stretches::new(1.0, 2.0);
        for moment in moments(&values) {
            stretches.push(Some(moment));
        }
        let found = stretches.finish();
        let bounds: Vec<_> = found.iter().map(|one| (one.first.frame, one.last.frame, one.mean)).collect();
        assert_eq!(bounds, [(0, 19, 5.0), (23, 42, 80.0)]);
    }
}
