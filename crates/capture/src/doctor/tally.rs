//! What frames show, counted: which forces, which states, which numbers.

use crate::frame::{Frame, Phase};
use openweigh_formats::doctor::Section;
use std::collections::BTreeMap;

/// The most different values that are kept apart.
const MOST_VALUES: usize = 4096;

/// The most values that are listed.
const MOST_LISTED: usize = 256;

/// The framework's number of contacts that are not in a state with a name.
const UNNAMED: &str = "unknown";

/// What came so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) frames: u64,
    touches: u64,
    most_touches: usize,
    /// Bits of the forces, which are not below 0, by size: bits of such binary32 are ordered as they are.
    forces: BTreeMap<u32, u64>,
    odd_forces: u64,
    states: BTreeMap<String, State>,
    first: Option<(f64, i64)>,
    last: Option<(f64, i64)>,
    largest_number: i64,
    left_out: i64,
    backwards: u64,
    shortest_s: Option<f64>,
}

#[derive(Debug, Default)]
struct State {
    touches: u64,
    least: f32,
    most: f32,
}

/// A number with so many decimals.
pub(super) fn decimals(number: f64, places: usize) -> String {
    format!("{number:.places$}")
}

impl Tally {
    pub(super) fn add(&mut self, frame: &Frame) {
        self.frames += 1;
        self.touches += frame.touches.len() as u64;
        self.most_touches = self.most_touches.max(frame.touches.len());
        let number = frame.device_frame.unwrap_or(0);
        self.largest_number = self.largest_number.max(number);
        if let Some((before_s, before)) = self.last {
            let step = number - before;
            if step > 1 {
                self.left_out += step - 1;
            }
            self.backwards += u64::from(step < 0);
            let step_s = frame.device_s - before_s;
            if step_s > 0.0 {
                self.shortest_s = Some(self.shortest_s.map_or(step_s, |shortest| shortest.min(step_s)));
            }
        }
        self.first = self.first.or(Some((frame.device_s, number)));
        self.last = Some((frame.device_s, number));
        for touch in &frame.touches {
            let force = touch.pressure.unwrap_or(0.0);
            if force.is_finite() && force.is_sign_positive() {
                if self.forces.len() < MOST_VALUES || self.forces.contains_key(&force.to_bits()) {
                    *self.forces.entry(force.to_bits()).or_default() += 1;
                }
            } else {
                self.odd_forces += 1;
            }
            let name = match touch.state {
                Phase::Known(state) => state.as_str().to_owned(),
                Phase::Unknown(number) => format!("{UNNAMED} {number}"),
            };
            if self.states.len() < 64 || self.states.contains_key(&name) {
                let state = self.states.entry(name).or_default();
                (state.least, state.most) = match state.touches {
                    0 => (force, force),
                    _ => (state.least.min(force), state.most.max(force)),
                };
                state.touches += 1;
            }
        }
    }

    /// What the frames are like.
    pub(super) fn frames_into(&self, section: &mut Section) {
        section.put("frames", signed(self.frames));
        section.put("touches", signed(self.touches));
        section.put("most_touches_at_once", signed(self.most_touches as u64));
        let (Some(first), Some(last)) = (self.first, self.last) else { return };
        section.put("device_clock_s", decimals(last.0 - first.0, 3));
        section.put_known("shortest_between_frames_s", self.shortest_s.map(|step_s| decimals(step_s, 6)));
        section.put("largest_frame_number", self.largest_number);
        section.put("frame_numbers_left_out", self.left_out);
        section.put("frame_numbers_that_went_back", signed(self.backwards));
    }

    /// Which forces came.
    pub(super) fn forces_into(&self, section: &mut Section) {
        let values: Vec<f32> = self.forces.keys().map(|bits| f32::from_bits(*bits)).collect();
        section.put("different_values", signed(values.len() as u64));
        if let (Some(least), Some(most)) = (values.first(), values.last()) {
            section.put("least", least.to_string());
            section.put("most", most.to_string());
        }
        let steps = |from: f32, to: f32| {
            values
                .windows(2)
                .filter(|pair| pair[0] >= from && pair[1] <= to)
                .map(|pair| pair[1] - pair[0])
                .min_by(f32::total_cmp)
        };
        section.put_known("least_step", steps(0.0, f32::MAX).map(|step| step.to_string()));
        section.put_known("least_step_up_to_256", steps(0.0, 256.0).map(|step| step.to_string()));
        section.put_known("least_step_above_256", steps(256.0, f32::MAX).map(|step| step.to_string()));
        section.put("whole_numbers_only", values.iter().all(|value| value.fract() == 0.0));
        section.put("negative_or_not_a_number", signed(self.odd_forces));
        let states = self.states.iter().map(|(name, state)| {
            format!("{name}: {} touches, force {} to {}", state.touches, state.least, state.most)
        });
        section.put("by_state", states.collect::<Vec<_>>());
        let listed = values.iter().take(MOST_LISTED).map(ToString::to_string);
        section.put("values", listed.collect::<Vec<_>>());
    }
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
