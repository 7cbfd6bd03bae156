//! Following a protocol: which frames are a weighing.
//!
//! A pure function of the frames. Only the device's time counts, so that an unattended recording of the same
//! frames gives the same weighings, however fast they come.

use crate::frame::Frame;
use crate::protocol::{Protocol, Step, Tare};
use openweigh_dataset::rest::{Moment, Rest};
use openweigh_formats::weighings::{Id, Role, Weighing};

/// The smoothed pressure is the mean over this part of the window.
const SMOOTHED: f64 = 0.25;

/// A protocol that is being followed.
#[derive(Debug, Clone)]
pub struct Guide {
    protocol: Protocol,
    at: usize,
    phase: Phase,
    /// Frames of the last `hold_s` seconds in which something rested all the time.
    window: Rest,
    /// The same for the smoothed pressure.
    recent: Rest,
    /// Device time at which the step began.
    since: Option<f64>,
    /// The weighings so far: the step, and the mean pressure.
    made: Vec<(usize, Weighing, f64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Until the smoothed pressure is away from this; none if it is not known yet.
    Change(Option<f64>),
    /// Until the window is within the tolerance.
    Rest,
}

/// What a frame has brought about.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A weighing is complete.
    Weighed(Box<Weighing>),
    /// The step took too long and was given up.
    TimedOut(Id),
}

/// What there is to show.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct View {
    /// Sum of the resting touches' pressures; none where nothing rests.
    pub pressure: Option<f64>,
    /// Largest less smallest pressure of the window.
    pub spread: f64,
    /// How much of the window is there, 0 to 1.
    pub filled: f64,
    /// Whether the step waits for a change of the load.
    pub waiting: bool,
}

/// The load on the pad: none where nothing rests, or not all of it is known.
pub fn load(frame: &Frame) -> Option<f64> {
    let mut resting = frame.touches.iter().filter(|touch| touch.is_touching()).peekable();
    resting.peek()?;
    let sum: f64 = resting.map(|touch| touch.pressure.map_or(f64::NAN, f64::from)).sum();
    sum.is_finite().then_some(sum)
}

impl Guide {
    /// Begins a protocol. Its first step waits for no change.
    pub fn new(protocol: Protocol) -> Self {
        let hold = protocol.stability.hold_s;
        Self {
            at: 0,
            phase: Phase::Rest,
            window: Rest::new(hold, protocol.stability.tolerance),
            recent: Rest::new(hold * SMOOTHED, protocol.stability.tolerance),
            since: None,
            made: Vec::new(),
            protocol,
        }
    }

    /// The protocol.
    pub fn protocol(&self) -> &Protocol {
        &self.protocol
    }

    /// The number of the step, from 0, and the step; none once all is done.
    pub fn step(&self) -> Option<(usize, &Step)> {
        self.protocol.steps.get(self.at).map(|step| (self.at, step))
    }

    /// What there is to show of a frame just taken in.
    pub fn view(&self, frame: &Frame) -> View {
        View {
            pressure: load(frame),
            spread: self.window.spread(),
            filled: self.window.filled(),
            waiting: self.phase != Phase::Rest,
        }
    }

    /// Takes in the frame of this number in the session.
    pub fn frame(&mut self, number: u64, frame: &Frame) -> Option<Outcome> {
        self.take(number, frame.device_s, load(frame))
    }

    /// Takes in what a frame says: the device's time, and the load if something rests.
    pub fn take(&mut self, number: u64, time: f64, load: Option<f64>) -> Option<Outcome> {
        self.step()?;
        if !time.is_finite() {
            self.forget();
            return None;
        }
        let since = *self.since.get_or_insert(time);
        if time < since {
            self.since = Some(time);
        }
        let Some(value) = load else {
            self.forget();
            return self.time_out(time);
        };
        let moment = Moment { frame: number, time, value };
        self.window.push(moment);
        self.recent.push(moment);
        let stability = self.protocol.stability;
        match self.phase {
            Phase::Change(None) if self.recent.is_full() => {
                self.phase = Phase::Change(self.recent.mean());
            }
            Phase::Change(Some(before))
                if self.recent.is_full()
                    && self.recent.mean().is_some_and(|now| (now - before).abs() >= stability.min_change) =>
            {
                // The change itself is no part of what rests afterwards.
                self.phase = Phase::Rest;
                self.window.forget();
            }
            Phase::Rest if self.window.is_at_rest() => {
                return self.accept();
            }
            _ => {}
        }
        self.time_out(time)
    }

    /// Takes the frames of the window as they are; none if nothing rests.
    pub fn accept(&mut self) -> Option<Outcome> {
        let (_, step) = self.step()?;
        let (first, last) = (self.window.first()?.frame, self.window.last()?.frame);
        let weighing = Weighing {
            id: step.id.clone(),
            role: step.role,
            label: step.label.clone(),
            first_frame: first,
            last_frame: last,
            tare: step.tare.as_ref().and_then(|tare| self.tare(tare)),
            reference_g: step.reference_g.clone(),
            reference_u_g: step.reference_u_g.clone(),
            details: None,
        };
        let mean = self.window.mean()?;
        self.made.push((self.at, weighing.clone(), mean));
        self.go_on(Some(mean));
        Some(Outcome::Weighed(Box::new(weighing)))
    }

    /// Leaves the step out.
    pub fn skip(&mut self) {
        self.go_on(self.recent.mean());
    }

    /// Goes back to the last weighing and makes it again, at once. Gives its id: it is to be taken back.
    pub fn repeat(&mut self) -> Option<Id> {
        let (at, weighing, _) = self.made.pop()?;
        self.at = at;
        self.phase = Phase::Rest;
        self.forget();
        self.since = None;
        Some(weighing.id)
    }

    /// The last weighing.
    pub fn last(&self) -> Option<&Weighing> {
        self.made.last().map(|(_, weighing, _)| weighing)
    }

    /// Steps that were not weighed.
    pub fn left_out(&self) -> Vec<&Step> {
        let made = |at: &usize| self.made.iter().any(|(made, ..)| made == at);
        self.protocol.steps.iter().enumerate().filter(|(at, _)| !made(at)).map(|(_, step)| step).collect()
    }

    /// The id of a tare that was weighed.
    fn tare(&self, tare: &Tare) -> Option<Id> {
        let mut tares =
            self.made.iter().rev().map(|(_, weighing, _)| weighing).filter(|w| w.role == Role::Tare);
        let found = match tare {
            Tare::Previous => tares.next(),
            Tare::Named(id) => tares.find(|weighing| weighing.id == *id),
        };
        found.map(|weighing| weighing.id.clone())
    }

    fn time_out(&mut self, time: f64) -> Option<Outcome> {
        let limit = self.protocol.stability.timeout_s?;
        if self.since.is_none_or(|since| time - since < limit) {
            return None;
        }
        let id = self.step()?.1.id.clone();
        self.skip();
        Some(Outcome::TimedOut(id))
    }

    fn go_on(&mut self, before: Option<f64>) {
        self.at += 1;
        self.phase = Phase::Change(before);
        self.forget();
        self.since = None;
    }

    fn forget(&mut self) {
        self.window.forget();
        self.recent.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Touch;
    use openweigh_formats::touches::State;

    const PROTOCOL: &str = r#"format = "openweigh.protocol/1"
name = "p"
[stability]
tolerance = "1"
hold_s = "1"
min_change = "3"
timeout_s = "20"
[[step]]
prompt = "nothing"
role = "tare"
id = "t"
[[step]]
prompt = "load"
role = "reference"
reference_g = "5"
id = "x"
tare = "previous"
[[step]]
prompt = "nothing"
role = "tare"
"#;

    /// Pressures by tenths of a second; a negative one is an empty pad.
    fn follow(pressures: &[(usize, f32)]) -> (Guide, Vec<Outcome>) {
        let mut guide = Guide::new(Protocol::parse(PROTOCOL.as_bytes()).unwrap());
        let mut outcomes = Vec::new();
        let values = pressures.iter().flat_map(|&(count, value)| std::iter::repeat_n(value, count));
        for (number, value) in values.enumerate() {
            let mut touch = Touch::bare(1, State::Touching);
            touch.pressure = Some(value);
            let touches = if value < 0.0 { vec![] } else { vec![touch] };
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let frame = Frame { device_s: number as f64 / 8.0, touches, ..Frame::default() };
            outcomes.extend(guide.frame(number as u64, &frame));
        }
        (guide, outcomes)
    }

    fn bounds(outcomes: &[Outcome]) -> Vec<(&str, u64, u64)> {
        let mut bounds = Vec::new();
        for outcome in outcomes {
            bounds.push(match outcome {
                Outcome::Weighed(weighing) => {
                    (weighing.id.as_str(), weighing.first_frame, weighing.last_frame)
                }
                Outcome::TimedOut(id) => (id.as_str(), 0, 0),
            });
        }
        bounds
    }

    #[test]
    fn rest_change_rest() {
        let (guide, outcomes) = follow(&[(3, -1.0), (12, 10.0), (2, 13.0), (12, 16.0), (20, 10.5)]);
        // The load is seen at frame 17, once the mean of the last quarter of a second is 3 away.
        assert_eq!(bounds(&outcomes), [("t", 3, 11), ("x", 18, 26), ("w03", 31, 39)]);
        let Outcome::Weighed(load) = &outcomes[1] else { panic!() };
        assert_eq!(load.tare.as_ref().unwrap().as_str(), "t");
        assert!(guide.step().is_none());
        assert!(guide.left_out().is_empty());
    }

    #[test]
    fn noise_above_the_tolerance_is_not_rest_and_times_out() {
        let restless: Vec<(usize, f32)> = (0..100).flat_map(|_| [(1, 10.0), (1, 12.0)]).collect();
        let (guide, outcomes) = follow(&restless);
        assert_eq!(bounds(&outcomes), [("t", 0, 0)]);
        assert_eq!(guide.step().unwrap().0, 1);
        assert_eq!(guide.left_out().len(), 3);
    }

    #[test]
    fn a_lift_begins_the_window_anew() {
        let (_, outcomes) = follow(&[(8, 10.0), (1, -1.0), (9, 10.0)]);
        assert_eq!(bounds(&outcomes), [("t", 9, 17)]);
    }

    #[test]
    fn a_step_can_be_accepted_skipped_and_repeated() {
        let (mut guide, outcomes) = follow(&[(9, 10.0), (4, 20.0)]);
        assert_eq!(outcomes.len(), 1);
        let Some(Outcome::Weighed(weighing)) = guide.accept() else { panic!() };
        assert_eq!((weighing.first_frame, weighing.last_frame), (12, 12));
        assert!(guide.accept().is_none(), "nothing has come since");
        assert_eq!(guide.repeat().unwrap().as_str(), "x");
        assert_eq!(guide.step().unwrap().1.id.as_str(), "x");
        guide.skip();
        guide.skip();
        assert!(guide.step().is_none());
        assert_eq!(guide.repeat().unwrap().as_str(), "t");
        assert!(guide.repeat().is_none());
    }
}
