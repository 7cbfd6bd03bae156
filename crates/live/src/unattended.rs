//! Weighing without keys: what rests first is the tare, and each load that rests after a change is weighed.

use crate::scale::{Scale, State};
use openweigh_formats::weighings::Role;

/// How many times the noise of a window its mean has to change for another load: two windows at rest on one load
/// differ by less.
const CHANGE: f64 = 1.0;

/// Decides what is weighed when nobody presses a key.
#[derive(Debug, Clone, Default)]
pub struct Unattended {
    /// About the values of the tare and of what was weighed last.
    tare: Option<f64>,
    last: Option<f64>,
    wants_tare: bool,
}

impl Unattended {
    /// Begins with a tare, or without one.
    pub fn new(wants_tare: bool) -> Self {
        Self { wants_tare, ..Self::default() }
    }

    /// What the scale should weigh now, if anything; to be asked after each frame, and followed.
    pub fn next(&mut self, scale: &Scale<'_>) -> Option<Role> {
        if scale.state() != State::Steady {
            return None;
        }
        let (level, noise) = scale.level()?;
        let is_another =
            |before: Option<f64>| before.is_none_or(|before| (level - before).abs() > CHANGE * noise);
        if self.wants_tare && self.tare.is_none() {
            (self.tare, self.last) = (Some(level), Some(level));
            return Some(Role::Tare);
        }
        if !is_another(self.last) {
            return None;
        }
        self.last = Some(level);
        // The load was taken away: what rests now is the tare once more.
        (self.tare.is_none() || is_another(self.tare)).then_some(Role::Unknown)
    }
}
