//! When a load is at rest.
//!
//! All values of the last [`Rule::hold_s`] seconds of the device's time lie within the noise of each other. The noise is
//! [`Rule::noise`] where it is stated. Else [`rest::noise`] learns it from the last 256 differences of neighbouring
//! values. So no number is needed from anybody, and a load that creeps or sways is not at rest.
//!
//! The rule works in binary64: it only says which frames rest, and publishes no number.

use openweigh_dataset::frame::Value;
use openweigh_dataset::rest::{self, Moment, Rest};
use openweigh_exact::round;
use std::collections::VecDeque;

/// Differences of neighbours that the noise is estimated from.
const NEIGHBOURS: usize = 256;

/// As many are needed before anything is at rest.
const NEEDED: usize = 24;

/// After so many frames the noise is estimated anew.
const RENEWED: usize = 16;

/// The longest rest that can be asked for, in seconds.
pub const MOST_S: f64 = 600.0;

/// Decimals of a value that are looked at.
const PLACES: u32 = 12;

/// For how long a load has to rest, within what.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Seconds of the device's time.
    pub hold_s: f64,
    /// Largest less smallest value, in the sensor's unit; none to learn it from the values.
    pub noise: Option<f64>,
}

impl Default for Rule {
    fn default() -> Self {
        Self { hold_s: 1.0, noise: None }
    }
}

/// About a value, none if it is missing: to see what rests.
pub(crate) fn about(value: &Value) -> Option<f64> {
    round::to_places(&value.ratio()?, PLACES).to_string().parse().ok()
}

/// Watches values for rest.
#[derive(Debug, Clone)]
pub(crate) struct Steady {
    rule: Rule,
    rest: Rest,
    noise: Option<f64>,
    differences: VecDeque<f64>,
    since_renewed: usize,
    before: Option<f64>,
    /// The device's time when it came to rest.
    at_rest_from: Option<f64>,
}

impl Steady {
    /// With a window that is longer by what a recipe leaves out at the beginning of a weighing.
    pub(crate) fn new(rule: Rule, settle_s: f64) -> Self {
        Self {
            rest: Rest::new(rule.hold_s + settle_s, 0.0),
            noise: rule.noise,
            rule,
            differences: VecDeque::new(),
            since_renewed: 0,
            before: None,
            at_rest_from: None,
        }
    }

    /// Takes in a frame; none if nothing rests on the sensor.
    pub(crate) fn push(&mut self, moment: Option<Moment>) {
        let Some(moment) = moment else {
            self.forget();
            self.before = None;
            return;
        };
        if let Some(before) = self.before.replace(moment.value) {
            if self.differences.len() == NEIGHBOURS {
                self.differences.pop_front();
            }
            self.differences.push_back((moment.value - before).abs());
            self.learn();
        }
        self.rest.push(moment);
        if !self.is_at_rest() {
            self.at_rest_from = None;
        } else if self.at_rest_from.is_none() {
            self.at_rest_from = Some(moment.time);
        }
    }

    fn learn(&mut self) {
        if self.rule.noise.is_some() || self.differences.len() < NEEDED {
            return;
        }
        self.since_renewed += 1;
        if self.noise.is_none() || self.since_renewed >= RENEWED {
            self.since_renewed = 0;
            let mut differences: Vec<f64> = self.differences.iter().copied().collect();
            self.noise = Some(rest::noise(&mut differences));
        }
    }

    /// Begins a new window.
    pub(crate) fn forget(&mut self) {
        self.rest.forget();
        self.at_rest_from = None;
    }

    /// Within what values count as equal; none while it is not known.
    pub(crate) fn noise(&self) -> Option<f64> {
        self.noise
    }

    /// Largest less smallest value of the window.
    pub(crate) fn spread(&self) -> f64 {
        self.rest.spread()
    }

    /// About the mean of the window.
    pub(crate) fn level(&self) -> Option<f64> {
        self.rest.mean()
    }

    /// How much of the window is there, 0 to 1.
    pub(crate) fn filled(&self) -> f64 {
        self.rest.filled()
    }

    /// The first and the last frame of the window.
    pub(crate) fn frames(&self) -> Option<(u64, u64)> {
        Some((self.rest.first()?.frame, self.rest.last()?.frame))
    }

    /// For how long it has rested, in seconds of the device's time.
    pub(crate) fn rested_s(&self) -> Option<f64> {
        Some(self.rest.last()?.time - self.at_rest_from?)
    }

    /// Whether the whole window is at rest.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.rest.is_full() && self.noise.is_some_and(|noise| self.rest.spread() <= noise)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(values: impl IntoIterator<Item = f64>, rule: Rule) -> (Steady, Vec<bool>) {
        let mut steady = Steady::new(rule, 0.0);
        let mut seen = Vec::new();
        for (frame, value) in (0_u32..).zip(values) {
            let time = f64::from(frame) / 128.0;
            steady.push(Some(Moment { frame: u64::from(frame), time, value }));
            seen.push(steady.is_at_rest());
        }
        (steady, seen)
    }

    /// A value that hardly moves, and is counted in steps.
    fn resting(at: u32) -> f64 {
        f64::from(60 + at * 7 % 3)
    }

    #[test]
    fn what_rests_is_seen_after_the_window_and_not_before() {
        let (steady, seen) = follow((0..300).map(resting), Rule::default());
        assert_eq!(seen.iter().position(|rests| *rests), Some(128));
        assert!(seen[128..].iter().all(|rests| *rests));
        assert_eq!(steady.frames(), Some((171, 299)));
        assert_eq!(steady.rested_s(), Some(171.0 / 128.0));
    }

    /// 9 counts more are another load, though neighbours differ by a whole step as often as not.
    #[test]
    fn a_small_load_on_a_pad_that_counts_in_steps_is_seen() {
        let hops = |at: u32| f64::from((at.wrapping_mul(2_654_435_761) >> 13) % 5 / 3) * 2.0;
        let (_, seen) =
            follow((0..600).map(|at| hops(at) + if at < 300 { 0.0 } else { 9.0 }), Rule::default());
        assert!(seen[200..300].iter().all(|rests| *rests) && seen[440..].iter().all(|rests| *rests));
        assert!(!seen[301..420].contains(&true));
    }

    #[test]
    fn what_creeps_or_sways_does_not_rest() {
        let creeping = (0..600).map(|at| resting(at) + f64::from(at) / 8.0);
        assert!(!follow(creeping, Rule::default()).1.contains(&true));
        let swaying = (0..600).map(|at| resting(at) + 30.0 * (f64::from(at) / 10.0).sin());
        assert!(!follow(swaying, Rule::default()).1.contains(&true));
    }

    #[test]
    fn a_stated_noise_is_the_rule_and_a_lift_begins_anew() {
        let rule = Rule { hold_s: 0.5, noise: Some(1.0) };
        assert!(!follow((0..300).map(resting), rule).1.contains(&true));
        let (mut steady, seen) = follow((0..300).map(resting), Rule { noise: Some(2.0), ..rule });
        assert_eq!(seen.iter().position(|rests| *rests), Some(64));
        steady.push(None);
        assert!(!steady.is_at_rest() && steady.rested_s().is_none());
    }
}
