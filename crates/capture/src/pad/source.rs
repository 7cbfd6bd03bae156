//! A pad's frames, and what happens to it between them: losses, sleep, unplugging, its return.
//!
//! On a Mac nothing but the frames tells that a pad works. `MTDeviceIsAlive` and `MTDeviceIsRunning` answer the same
//! whatever happens to it, and a start that succeeds may give nothing. So the machine's clocks tell of sleep, the list
//! of devices of unplugging, and only a frame ends a search. A library that does say that a device stopped is believed.

use super::PadOptions;
use crate::frame::{Frame, Moment, Source, SourceInfo, Touch};
use openweigh_formats::events::Kind;
use openweigh_multitouch::{
    self as multitouch, ArrivalClock, ClickGuard, Condition, Device, Dropped, Presence, StartError, Stream,
};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a pad is silent before it is looked for in the list of devices, and how often from then on.
const LOOK: Duration = Duration::from_secs(2);

/// How long to wait for a frame before the next start, from one to the next.
const PATIENCE: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];

/// Between a stop and a start: at once, a start may succeed and give nothing.
const PAUSE: Duration = Duration::from_millis(500);

/// Shorter differences of the clocks are no sleep.
const NAP: Duration = Duration::from_millis(500);

/// More frames than these were not lost: the device counts anew.
const MOST_LOST: i32 = 10_000;

/// A device may count its frames with 8 bits, which the framework extends: of a longer loss the number tells the rest of a
/// division by this.
const NUMBERS: f64 = 256.0;

/// Frames in a row after which their pace is known: times are cut to milliseconds.
const PACED: u32 = 32;

/// The framework's number of a contact that rests.
const TOUCHING: i32 = 4;

/// A pad that gives frames.
pub struct Pad {
    stream: Stream,
    info: SourceInfo,
    arrival: ArrivalClock,
    clicks: Option<Arc<ClickGuard>>,
    raw: multitouch::Frame,
    /// Whether the frame in `raw` is still to be handed on: what happened before it is told first.
    held: bool,
    /// What is still to be told.
    waiting: VecDeque<(Kind, String)>,
    /// How long the machine had slept when it was looked at last.
    asleep: Duration,
    /// The frame before.
    before: Option<Before>,
    /// Since when no frame came, and when the pad was looked for last.
    silent: Option<Instant>,
    state: State,
}

/// What is remembered of the frame before, if something may rest since.
#[derive(Default)]
struct Before {
    number: i32,
    device_s: f64,
    /// The contacts that rested in it.
    resting: Vec<i32>,
    /// Since when frames came in a row, and how many.
    row: (f64, u32),
}

impl Before {
    /// Frames from this one to that of a number and a time. Small losses are in the number. Of one that is longer than
    /// numbers are, the time tells how often they began again, if it agrees with that.
    fn steps(&self, number: i32, device_s: f64) -> Option<i32> {
        let step = number.wrapping_sub(self.number);
        if !(0..=MOST_LOST).contains(&step) {
            return None;
        }
        let (since, frames) = self.row;
        let period = (self.device_s - since) / f64::from(frames);
        let by_time = (device_s - self.device_s) / period;
        if frames < PACED || period <= 0.0 || !(0.0..=f64::from(MOST_LOST)).contains(&by_time) {
            return Some(step);
        }
        let turns = ((by_time - f64::from(step)) / NUMBERS).round().max(0.0);
        let total = f64::from(step) + turns * NUMBERS;
        let agrees = (total - by_time).abs() <= 2.0 + by_time / 100.0;
        #[expect(clippy::cast_possible_truncation, reason = "both are at most MOST_LOST")]
        Some(if agrees { total as i32 } else { step })
    }
}

/// What is known of the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It said that it stopped; what waits in the queue comes first.
    Stopping,
    /// Frames are to come again.
    Trying(Trying),
    /// Somebody wants the end: what waits is read, and the last losses are told.
    Closing,
    /// It said that it is gone; what waits in the queue comes first.
    Leaving,
    /// Nothing waits any more, and what was lost at the end was told.
    Left,
    Ended,
}

/// A search for frames.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Trying {
    /// Whether the pad is not in the list of devices.
    away: bool,
    /// Whether it was told that frames go on.
    told: bool,
    /// Starts so far.
    tries: usize,
    /// Whether it is stopped, for the next start.
    stopped: bool,
    /// When the next step is due.
    due: Instant,
}

impl Trying {
    fn new(away: bool, due: Instant) -> Self {
        Self { away, told: false, tries: 0, stopped: false, due }
    }
}

impl Pad {
    /// Starts a pad. `info` is what [`describe`](super::describe) gave; `clicks` are switched off again after each
    /// sleep.
    ///
    /// # Errors
    /// The device refuses.
    pub fn start(
        device: &Device,
        info: SourceInfo,
        clicks: Option<Arc<ClickGuard>>,
        options: &PadOptions,
    ) -> Result<Self, StartError> {
        let usual = multitouch::Options::default();
        let capacity = options.capacity.unwrap_or(usual.capacity);
        let stream = device.start(multitouch::Options { capacity })?;
        let mut waiting = VecDeque::new();
        if super::is_named_by_place(&device.identity(), options) {
            let what = "the pad is named by its place: ids of built-in pads are the same in many machines";
            waiting.push_back((Kind::Note, what.to_owned()));
        }
        Ok(Self {
            asleep: stream.asleep().unwrap_or_default(),
            stream,
            info,
            arrival: device.arrival_clock(),
            clicks,
            raw: multitouch::Frame::default(),
            held: false,
            waiting,
            before: None,
            silent: None,
            state: State::Running,
        })
    }

    fn fill(&self, frame: &mut Frame) {
        let raw = &self.raw;
        frame.device_frame = Some(i64::from(raw.device_frame));
        frame.device_s = raw.device_s;
        frame.arrival_ns = match self.arrival {
            ArrivalClock::System => raw.awake_ns.and_then(|ns| i64::try_from(ns).ok()),
            ArrivalClock::Framework => raw.arrival_s.and_then(nanoseconds),
            ArrivalClock::Steady => i64::try_from(raw.arrival_monotonic.as_nanos()).ok(),
        };
        frame.touches.clear();
        frame.touches.extend(raw.touches.iter().map(Touch::from));
    }

    fn tell(&mut self, kind: Kind, detail: impl Into<String>) {
        self.waiting.push_back((kind, detail.into()));
    }

    /// Tells of a sleep that the clocks show, if they show one since they were looked at last.
    fn slept(&mut self, asleep: Duration) -> bool {
        let nap = asleep.saturating_sub(self.asleep);
        self.asleep = asleep;
        if nap < NAP {
            return false;
        }
        self.tell(Kind::Sleep, format!("the machine slept for {:.1} s", nap.as_secs_f64()));
        true
    }

    /// Takes note of the frame in `raw`: what happened before it is told first.
    fn came(&mut self) {
        self.silent = None;
        if self.slept(self.raw.asleep) {
            self.tell(Kind::Wake, "frames go on");
            self.before = None;
        }
        if let State::Trying(trying) = self.state {
            self.state = State::Running;
            if !trying.told {
                self.tell(Kind::Wake, "frames go on");
            }
        }
        let lost = self.raw.dropped_before;
        if !lost.is_nothing() {
            self.tell(Kind::Dropped, told(lost));
        }
        let resting = |touch: &&multitouch::Touch| touch.state == TOUCHING;
        let mut before = self.before.take().unwrap_or_default();
        let (number, device_s) = (self.raw.device_frame, self.raw.device_s);
        let same = self.raw.touches.iter().filter(resting).any(|touch| before.resting.contains(&touch.path));
        // While a contact rests frames have no pause: a number that is left out was lost before it came here.
        let step = before.steps(number, device_s).filter(|_| same);
        let missing = u64::try_from(step.unwrap_or(1) - 1).unwrap_or(0).saturating_sub(lost.frames);
        if missing > 0 {
            self.tell(Kind::Dropped, format!("{missing} frames before they came to this program"));
        }
        before.row = if step == Some(1) { (before.row.0, before.row.1 + 1) } else { (device_s, 0) };
        before.resting.clear();
        before.resting.extend(self.raw.touches.iter().filter(resting).map(|touch| touch.path));
        self.before = Some(Before { number, device_s, ..before });
    }

    /// What to say when nothing waits in the queue.
    fn silence(&mut self, longest: Duration) -> Moment {
        let now = now();
        match self.state {
            State::Running => match self.stream.condition() {
                Condition::Running => return self.watch(now, longest),
                // What came in between is read first.
                Condition::Stopped => self.state = State::Stopping,
                Condition::Gone => {
                    self.stream.halt();
                    self.state = State::Leaving;
                }
            },
            State::Stopping => {
                self.state = State::Trying(Trying::new(false, now));
                if !self.stream.asleep().is_some_and(|asleep| self.slept(asleep)) {
                    self.tell(Kind::Sleep, "the stream stopped");
                }
            }
            State::Trying(trying) => return self.search(trying, now, longest),
            State::Leaving => {
                self.state = State::Left;
                self.tell_losses();
            }
            State::Closing => {
                self.state = State::Ended;
                self.tell_losses();
            }
            State::Left => {
                self.state = State::Ended;
                self.tell(Kind::DeviceLost, "");
            }
            State::Ended => return Moment::End,
        }
        self.next_moment(longest)
    }

    fn tell_losses(&mut self) {
        let lost = self.stream.dropped();
        if !lost.is_nothing() {
            self.tell(Kind::Dropped, told(lost));
        }
    }

    /// A pad that nothing touches is silent, and so is one that was unplugged, or that a sleep has stopped.
    fn watch(&mut self, now: Instant, longest: Duration) -> Moment {
        if self.stream.asleep().is_some_and(|asleep| self.slept(asleep)) {
            self.state = State::Trying(Trying::new(false, now + PATIENCE[0]));
            return self.next_moment(longest);
        }
        let silent = *self.silent.get_or_insert(now);
        if now.saturating_duration_since(silent) < LOOK {
            return Moment::Silence;
        }
        self.silent = Some(now);
        match self.stream.presence() {
            Presence::Here => return Moment::Silence,
            Presence::Returned => {
                self.tell(Kind::DeviceLost, "the pad was away, and is there again");
                self.state = State::Trying(Trying::new(false, now));
            }
            Presence::Gone => {
                self.tell(Kind::DeviceLost, "the pad is not in the list of devices any more");
                self.stream.halt();
                let trying = Trying::new(true, now + PATIENCE[0]);
                self.state = State::Trying(Trying { stopped: true, ..trying });
            }
        }
        self.next_moment(longest)
    }

    /// Starts the stream again and again, until a frame comes.
    fn search(&mut self, mut trying: Trying, now: Instant, longest: Duration) -> Moment {
        if self.stream.asleep().is_some_and(|asleep| self.slept(asleep)) {
            let again = Trying::new(trying.away, now + PATIENCE[0]);
            self.state = State::Trying(Trying { stopped: trying.stopped, ..again });
            return self.next_moment(longest);
        }
        if now < trying.due {
            return Moment::Silence;
        }
        if trying.tries == PATIENCE.len() {
            // Nothing touches it, or it is gone for good.
            self.state = if trying.away { State::Closing } else { State::Running };
            return self.next_moment(longest);
        }
        if !trying.stopped {
            self.stream.halt();
            trying = Trying { stopped: true, due: now + PAUSE, ..trying };
            self.state = State::Trying(trying);
            return Moment::Silence;
        }
        let started = self.stream.restart();
        self.before = None;
        trying.due = now + PATIENCE[trying.tries];
        trying.tries += 1;
        trying.stopped = started.is_err();
        match started {
            Ok(()) => {
                if let Some(clicks) = &self.clicks {
                    clicks.renew();
                }
                if trying.told {
                    let detail = format!("no frame came: the stream was started again, try {}", trying.tries);
                    self.tell(Kind::Note, detail);
                } else {
                    let back = "the pad came back, and the stream was started again";
                    let words = if trying.away { back } else { "the stream was started again" };
                    self.tell(Kind::Wake, words);
                }
                (trying.told, trying.away) = (true, false);
            }
            Err(StartError::Gone { .. }) if !trying.away => {
                self.tell(Kind::DeviceLost, "the pad is not in the list of devices any more");
                trying.away = true;
            }
            Err(StartError::Gone { .. }) => {}
            Err(error) => self.tell(Kind::Note, error.to_string()),
        }
        self.state = State::Trying(trying);
        self.next_moment(longest)
    }

    fn next_moment(&mut self, longest: Duration) -> Moment {
        if let Some((kind, detail)) = self.waiting.pop_front() {
            return Moment::Event(kind, detail);
        }
        if self.held {
            self.held = false;
            return Moment::Frame;
        }
        let mut came = self.stream.next(&mut self.raw);
        let live = matches!(self.state, State::Running | State::Trying(_));
        if !came && live && self.stream.wait(longest) {
            came = self.stream.next(&mut self.raw);
        }
        if !came {
            return self.silence(longest);
        }
        self.came();
        if self.waiting.is_empty() {
            return Moment::Frame;
        }
        self.held = true;
        self.next_moment(longest)
    }
}

impl Source for Pad {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self, frame: &mut Frame, longest: Duration) -> Moment {
        let moment = self.next_moment(longest);
        if moment == Moment::Frame {
            self.fill(frame);
        }
        moment
    }

    fn close(&mut self) {
        self.stream.halt();
        self.state = State::Closing;
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a pad is silent is measured")]
fn now() -> Instant {
    Instant::now()
}

fn told(lost: Dropped) -> String {
    format!("{} frames {} touches", lost.frames, lost.touches)
}

/// Seconds of the framework's clock in whole nanoseconds. A time before the clock's zero is none.
#[expect(clippy::cast_possible_truncation, reason = "within the range of the check")]
fn nanoseconds(seconds: f64) -> Option<i64> {
    let nanoseconds = (seconds * 1e9).round();
    (0.0..9.2e18).contains(&nanoseconds).then_some(nanoseconds as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_begin_again_are_counted_by_the_devices_clock() {
        let before = |frames| Before {
            number: 40,
            device_s: 10.0 + 0.01125 * f64::from(frames),
            resting: Vec::new(),
            row: (10.0, frames),
        };
        let after = |frames: u32, number: i32, periods: f64| {
            let before = before(frames);
            before.steps(number, before.device_s + 0.01125 * periods)
        };
        // Nothing is lost, some are, and as many as numbers do not show.
        assert_eq!(after(100, 41, 1.0), Some(1));
        assert_eq!(after(100, 48, 8.0), Some(8));
        assert_eq!(after(100, 40 + 133, 901.0), Some(901));
        assert_eq!(after(100, 40, 256.0), Some(256));
        assert_eq!(after(100, 40 + 901, 901.0), Some(901), "numbers that are longer");
        // A pause without a loss, and one whose time is not known from a row of frames.
        assert_eq!(after(100, 41, 444.0), Some(1));
        assert_eq!(after(3, 40 + 133, 901.0), Some(133));
        // The device counts anew.
        assert_eq!(after(100, 1, 1.0), None);
        assert_eq!(after(100, 41, f64::NAN), Some(1));
    }

    #[test]
    fn seconds_become_nanoseconds() {
        assert_eq!(nanoseconds(1.5), Some(1_500_000_000));
        assert_eq!(nanoseconds(-1.0), None);
        assert_eq!(nanoseconds(f64::NAN), None);
    }
}
