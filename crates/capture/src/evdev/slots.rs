//! What a device's events say about the contacts on it, frame by frame.

use super::codes::{
    ABS_MT_DISTANCE, ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_PRESSURE, ABS_MT_SLOT, ABS_MT_TOUCH_MAJOR,
    ABS_MT_TOUCH_MINOR, ABS_MT_TRACKING_ID, EV_ABS, EV_SYN, SYN_DROPPED, SYN_REPORT,
};
use super::pad::{Axis, Pad};
use crate::frame::{Frame, Touch};
use openweigh_formats::touches::State;

/// Whole numbers up to this are exact in binary32, which is what a touch holds.
const EXACT: u32 = 1 << 24;

/// What an event did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The frame goes on.
    Within,
    /// The frame is complete.
    Frame,
    /// What was lost is over. Nothing is known of any slot until it is told anew.
    Lost,
}

/// An event that no device sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SlotFault {
    /// A slot that the device does not have.
    #[error("slot {found}, expected 0 to {last}")]
    Slot {
        /// The slot.
        found: i32,
        /// The last one.
        last: usize,
    },
    /// A value that a binary32 does not hold.
    #[error("value {found}, expected at most {EXACT} of either sign")]
    Value {
        /// The value.
        found: i32,
    },
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slot {
    track: Option<i32>,
    /// Whether no frame has told of the track yet.
    fresh: bool,
    x: Option<i32>,
    y: Option<i32>,
    pressure: Option<i32>,
    major: Option<i32>,
    minor: Option<i32>,
    distance: Option<i32>,
}

/// The contacts of a device. Values hold until they change, across frames and across the tracks of a slot,
/// since a value that stays is not sent again. A value that was never sent is not known, and stays empty.
#[derive(Debug, Clone)]
pub struct Slots {
    x: Option<Axis>,
    y: Option<Axis>,
    held: Vec<Slot>,
    current: usize,
    lost: bool,
    untracked: bool,
}

impl Slots {
    /// Nothing on the pad, and nothing known.
    pub fn new(pad: &Pad) -> Self {
        let held = vec![Slot::default(); pad.slots.max(1)];
        Self { x: pad.x, y: pad.y, held, current: 0, lost: false, untracked: false }
    }

    /// How many slots there are.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there are none, which never is.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes in an event.
    ///
    /// # Errors
    /// No device sends it.
    pub fn event(&mut self, kind: u16, code: u16, value: i32) -> Result<Step, SlotFault> {
        match (kind, code) {
            (EV_SYN, SYN_REPORT) if self.lost => {
                self.lost = false;
                Ok(Step::Lost)
            }
            (EV_SYN, SYN_REPORT) => Ok(Step::Frame),
            (EV_SYN, SYN_DROPPED) => {
                self.lost = true;
                self.held.fill(Slot::default());
                Ok(Step::Within)
            }
            (EV_ABS, ABS_MT_SLOT) if !self.lost => {
                let slot = usize::try_from(value).ok().filter(|slot| *slot < self.held.len());
                self.current = slot.ok_or(SlotFault::Slot { found: value, last: self.held.len() - 1 })?;
                Ok(Step::Within)
            }
            (EV_ABS, _) if !self.lost => self.set(self.current, code, value).map(|()| Step::Within),
            _ => Ok(Step::Within),
        }
    }

    /// Sets what a slot holds now, as the kernel answers when it is asked.
    ///
    /// # Errors
    /// No device says so.
    pub fn set(&mut self, at: usize, code: u16, value: i32) -> Result<(), SlotFault> {
        let last = self.held.len() - 1;
        let slot = self.held.get_mut(at).ok_or(SlotFault::Slot { found: -1, last })?;
        let held = match code {
            ABS_MT_TRACKING_ID => {
                let track = (value >= 0).then_some(value);
                slot.fresh = track.is_some() && (slot.fresh || slot.track != track);
                slot.track = track;
                return Ok(());
            }
            ABS_MT_POSITION_X => &mut slot.x,
            ABS_MT_POSITION_Y => &mut slot.y,
            ABS_MT_PRESSURE => &mut slot.pressure,
            ABS_MT_TOUCH_MAJOR => &mut slot.major,
            ABS_MT_TOUCH_MINOR => &mut slot.minor,
            ABS_MT_DISTANCE => &mut slot.distance,
            _ => return Ok(()),
        };
        if value.unsigned_abs() > EXACT {
            return Err(SlotFault::Value { found: value });
        }
        *held = Some(value);
        self.untracked |= slot.track.is_none();
        Ok(())
    }

    /// Selects a slot, as the kernel answers when it is asked.
    pub fn select(&mut self, at: usize) {
        self.current = at.min(self.held.len() - 1);
    }

    /// The contacts were there all along: they are no new ones, and what was heard of them before is told.
    pub fn settle(&mut self) {
        self.held.iter_mut().for_each(|slot| slot.fresh = false);
        self.untracked = false;
    }

    /// Whether what comes is worthless, until the next frame.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether something moved in a slot that has no track: a contact that was there before the first event.
    pub fn has_untracked(&self) -> bool {
        self.untracked
    }

    /// Fills the touches of a frame that is complete, in the order of slots.
    pub fn fill(&mut self, frame: &mut Frame) {
        frame.touches.clear();
        let (x, y) = (self.x, self.y);
        for slot in &mut self.held {
            let Some(track) = slot.track else { continue };
            let state = match (slot.fresh, slot.distance) {
                (_, Some(1..)) => State::Hover,
                (true, _) => State::MakeTouch,
                (false, _) => State::Touching,
            };
            slot.fresh = false;
            // From the left, and from the bottom as the other systems have it.
            let from_left = x.zip(slot.x).map(|(axis, at)| i64::from(at) - i64::from(axis.min));
            let from_bottom = y.zip(slot.y).map(|(axis, at)| i64::from(axis.max) - i64::from(at));
            let share = |axis: Option<Axis>, at: Option<i64>| Some(ratio(at?, axis?.span()?));
            let millimetres =
                |axis: Option<Axis>, at: Option<i64>| Some(ratio(at?, axis?.declared()?.into()));
            frame.touches.push(Touch {
                x: share(x, from_left),
                y: share(y, from_bottom),
                pressure: slot.pressure.map(whole),
                major: slot.major.map(whole),
                minor: slot.minor.map(whole),
                x_mm: millimetres(x, from_left),
                y_mm: millimetres(y, from_bottom),
                ..Touch::bare(track.into(), state)
            });
        }
    }
}

/// A ratio of whole numbers that a binary64 holds, as binary32.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "differences of two i32")]
pub(crate) fn ratio(numerator: i64, denominator: i64) -> f32 {
    (numerator as f64 / denominator as f64) as f32
}

#[expect(clippy::cast_precision_loss, reason = "larger ones were refused")]
fn whole(value: i32) -> f32 {
    value as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evdev::Description;

    const X: u16 = ABS_MT_POSITION_X;
    const PRESSURE: u16 = ABS_MT_PRESSURE;
    const TRACK: u16 = ABS_MT_TRACKING_ID;

    fn slots() -> Slots {
        let axis = |min, max, resolution| Axis { min, max, resolution: Some(resolution) };
        let axes = [
            (ABS_MT_SLOT, axis(0, 3, 0)),
            (TRACK, axis(0, 65535, 0)),
            (X, axis(-100, 300, 4)),
            (ABS_MT_POSITION_Y, axis(0, 200, 0)),
            (PRESSURE, axis(0, 253, 1)),
        ];
        let description = Description { axes: axes.into(), ..Description::default() };
        Slots::new(&description.judge(false).unwrap())
    }

    /// Sends axes and a report; gives the touches as track, state, pressure.
    fn send(slots: &mut Slots, events: &[(u16, i32)]) -> Vec<(i64, State, Option<f32>)> {
        for (code, value) in events {
            assert_eq!(slots.event(EV_ABS, *code, *value), Ok(Step::Within));
        }
        assert_eq!(slots.event(EV_SYN, SYN_REPORT, 0), Ok(Step::Frame));
        let mut frame = Frame::default();
        slots.fill(&mut frame);
        frame.touches.iter().map(|touch| (touch.path, touch.state.written(), touch.pressure)).collect()
    }

    #[test]
    fn values_hold_until_they_change() {
        let mut slots = slots();
        let (make, on) = (State::MakeTouch, State::Touching);
        assert_eq!(send(&mut slots, &[(TRACK, 7), (PRESSURE, 20)]), [(7, make, Some(20.0))]);
        assert_eq!(send(&mut slots, &[(X, 5)]), [(7, on, Some(20.0))]);
        let two = send(&mut slots, &[(ABS_MT_SLOT, 1), (TRACK, 8)]);
        assert_eq!(two, [(7, on, Some(20.0)), (8, make, None)], "never sent is not known");
        let two = send(&mut slots, &[(PRESSURE, 3), (ABS_MT_SLOT, 0), (TRACK, -1)]);
        assert_eq!(two, [(8, on, Some(3.0))], "what is gone is not listed");
        // The next contact in the slot has the pressure of the last, which the kernel does not send again.
        assert_eq!(send(&mut slots, &[(TRACK, 9)]), [(9, make, Some(20.0)), (8, on, Some(3.0))]);
        // Gone and new within one frame.
        assert_eq!(send(&mut slots, &[(TRACK, -1), (TRACK, 10)])[0], (10, make, Some(20.0)));
        assert!(!slots.has_untracked());
    }

    #[test]
    fn positions_are_of_the_bottom_left() {
        let mut slots = slots();
        for (code, value) in [(TRACK, 0), (X, 0), (ABS_MT_POSITION_Y, 50)] {
            slots.event(EV_ABS, code, value).unwrap();
        }
        let mut frame = Frame::default();
        slots.fill(&mut frame);
        let touch = frame.touches[0];
        assert_eq!((touch.x, touch.y), (Some(0.25), Some(0.75)));
        assert_eq!((touch.x_mm, touch.y_mm), (Some(25.0), None));
    }

    #[test]
    fn what_is_lost_is_forgotten() {
        let mut slots = slots();
        send(&mut slots, &[(TRACK, 7), (PRESSURE, 20)]);
        assert_eq!(slots.event(EV_ABS, PRESSURE, 30), Ok(Step::Within));
        assert_eq!(slots.event(EV_SYN, SYN_DROPPED, 0), Ok(Step::Within));
        assert!(slots.is_lost());
        assert_eq!(slots.event(EV_ABS, ABS_MT_SLOT, 99), Ok(Step::Within), "worthless, not wrong");
        assert_eq!(slots.event(EV_SYN, SYN_REPORT, 0), Ok(Step::Lost));
        assert_eq!(send(&mut slots, &[(PRESSURE, 31)]), []);
        assert!(slots.has_untracked());
        assert_eq!(send(&mut slots, &[(TRACK, 8)]), [(8, State::MakeTouch, Some(31.0))]);
    }

    #[test]
    fn what_no_device_sends_is_refused() {
        let mut slots = slots();
        assert_eq!(slots.event(EV_ABS, ABS_MT_SLOT, 4), Err(SlotFault::Slot { found: 4, last: 3 }));
        assert_eq!(slots.event(EV_ABS, ABS_MT_SLOT, -1), Err(SlotFault::Slot { found: -1, last: 3 }));
        let large = (1 << 24) + 1;
        assert_eq!(slots.event(EV_ABS, PRESSURE, large), Err(SlotFault::Value { found: large }));
    }
}
