//! A recording from its first frame to its end.

use crate::error::CaptureError;
use crate::frame::{Frame, Moment, Source};
use crate::guide::{Guide, Outcome, load};
use crate::journal::{Journal, Unrecorded};
use crate::recorder::{Recorded, Recorder};
use crate::warning::Warning;
use openweigh_formats::events::Kind;
use openweigh_formats::weighings::{Id, Role, Weighing};
use std::time::Duration;

/// How long a source is waited for at a time: whoever wants something is heard as often.
const LISTEN: Duration = Duration::from_millis(20);

/// When a recording ends by itself.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// After so many seconds of the device's time, or of silence.
    pub seconds: Option<f64>,
    /// After so many frames.
    pub frames: Option<u64>,
    /// For how long no frame at all is no reason to speak.
    pub patience: Duration,
}

/// What a person may want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Take the step's weighing as it is.
    Accept,
    /// Make the last weighing again.
    Repeat,
    /// Leave the step out.
    Skip,
    /// A remark.
    Note(String),
    /// A weighing that was made without a protocol, of frames that were taken in.
    Weigh(Box<Weighing>),
    /// End the recording.
    End,
}

/// What a person is told, once each.
#[derive(Debug)]
pub enum News<'a> {
    /// Recording has begun.
    Begun(&'a dyn Journal),
    /// The next step of the protocol.
    Step(&'a Guide),
    /// A weighing is complete.
    Weighed(&'a Weighing),
    /// A step was given up.
    TimedOut(&'a Id),
    /// A weighing was taken back.
    TakenBack(&'a Id),
    /// Something happened between two frames.
    Event(Kind, &'a str),
    /// There was no frame for longer than usual.
    NoFrames,
}

/// Who watches a recording, and steers it.
pub trait Operator {
    /// What is wanted now, if anything.
    fn wish(&mut self) -> Option<Wish>;
    /// Tells news.
    fn tell(&mut self, news: &News<'_>);
    /// Shows how it stands after this frame. Called for each, so it must be quick.
    fn show(&mut self, journal: &dyn Journal, guide: Option<&Guide>, frame: &Frame);
}

/// Why a recording ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every step of the protocol is done.
    Protocol,
    /// The time is over.
    Seconds,
    /// There are as many frames as wanted.
    Frames,
    /// The source has nothing more.
    Source,
    /// Somebody wanted it.
    Wish,
}

/// A recording that ended.
#[derive(Debug)]
pub struct Ended {
    /// The session.
    pub recorded: Recorded,
    /// Why it ended.
    pub end: End,
    /// What its user should know about it.
    pub warnings: Vec<Warning>,
}

/// Records until something ends it.
///
/// # Errors
/// The system cannot write: what was written can be recovered. Or no frame came at all.
pub fn run(
    source: &mut dyn Source,
    mut recorder: Recorder,
    mut guide: Option<Guide>,
    limits: &Limits,
    operator: &mut dyn Operator,
) -> Result<Ended, CaptureError> {
    let mut course = Course::new(source.info().steady);
    let end = course.follow(source, &mut recorder, &mut guide, limits, operator)?;
    let references = course.references;
    let left_out = guide
        .map_or_else(Vec::new, |guide| guide.left_out().iter().map(|step| step.id.to_string()).collect());
    let evidence = recorder.evidence();
    let recorded = recorder.finish()?;
    let warnings = Warning::all(&recorded, &evidence, references > 0, left_out, course.pressed);
    Ok(Ended { recorded, end, warnings })
}

/// Follows a source as [`run`] does, without keeping anything.
///
/// # Errors
/// Those of the operator's own, through what it is told.
pub fn watch(
    source: &mut dyn Source,
    limits: &Limits,
    operator: &mut dyn Operator,
) -> Result<End, CaptureError> {
    let mut course = Course::new(source.info().steady);
    course.follow(source, &mut Unrecorded::default(), &mut None, limits, operator)
}

/// What is remembered on the way.
struct Course {
    frame: Frame,
    pauses: Option<Pauses>,
    begun_s: Option<f64>,
    silent: Duration,
    told_silence: bool,
    /// Whether a frame came since the beginning, or since the stream was started again.
    heard: bool,
    references: usize,
    pressed: bool,
}

impl Course {
    fn new(steady: bool) -> Self {
        Self {
            frame: Frame::default(),
            pauses: steady.then(Pauses::default),
            begun_s: None,
            silent: Duration::ZERO,
            told_silence: false,
            heard: false,
            references: 0,
            pressed: false,
        }
    }

    fn follow(
        &mut self,
        source: &mut dyn Source,
        journal: &mut dyn Journal,
        guide: &mut Option<Guide>,
        limits: &Limits,
        operator: &mut dyn Operator,
    ) -> Result<End, CaptureError> {
        operator.tell(&News::Begun(journal));
        if let Some(guide) = guide {
            operator.tell(&News::Step(guide));
        }
        loop {
            while let Some(wish) = operator.wish() {
                if wish == Wish::End {
                    source.close();
                    return self.drain(source, journal, guide, operator);
                }
                self.grant(wish, journal, guide, operator)?;
            }
            if guide.as_ref().is_some_and(|guide| guide.step().is_none()) {
                return Ok(End::Protocol);
            }
            match source.next(&mut self.frame, LISTEN) {
                Moment::Frame => {
                    if let Some(end) = self.take(journal, guide, limits, operator)? {
                        return Ok(end);
                    }
                }
                Moment::Silence => {
                    self.silent += LISTEN;
                    journal.breathe()?;
                    operator.show(journal, guide.as_ref(), &self.frame);
                    if !self.heard && self.silent >= limits.patience && !self.told_silence {
                        self.told_silence = true;
                        operator.tell(&News::NoFrames);
                    }
                    if limits.seconds.is_some_and(|seconds| self.silent.as_secs_f64() >= seconds) {
                        return Ok(End::Seconds);
                    }
                }
                Moment::Event(kind, detail) => self.note(kind, &detail, journal, operator)?,
                Moment::End => return Ok(End::Source),
            }
        }
    }

    /// What came before somebody wanted the end belongs to the recording, and so does the number of what was lost.
    fn drain(
        &mut self,
        source: &mut dyn Source,
        journal: &mut dyn Journal,
        guide: &mut Option<Guide>,
        operator: &mut dyn Operator,
    ) -> Result<End, CaptureError> {
        loop {
            match source.next(&mut self.frame, Duration::ZERO) {
                Moment::Frame => {
                    self.take(journal, guide, &Limits::default(), operator)?;
                }
                Moment::Event(kind, detail) => self.note(kind, &detail, journal, operator)?,
                Moment::Silence | Moment::End => return Ok(End::Wish),
            }
        }
    }

    /// Writes down what happened between two frames.
    fn note(
        &mut self,
        kind: Kind,
        detail: &str,
        journal: &mut dyn Journal,
        operator: &mut dyn Operator,
    ) -> Result<(), CaptureError> {
        operator.tell(&News::Event(kind, detail));
        if kind == Kind::Dropped {
            journal.dropped(frames_of(detail), detail)?;
        } else {
            journal.event(kind, detail)?;
        }
        if kind == Kind::Wake {
            // A stream that was started again may give nothing, as one that was started first.
            (self.heard, self.told_silence, self.silent) = (false, false, Duration::ZERO);
        }
        if let Some(pauses) = &mut self.pauses {
            pauses.forget();
        }
        Ok(())
    }

    /// Takes the frame in. Says whether it was the last.
    fn take(
        &mut self,
        journal: &mut dyn Journal,
        guide: &mut Option<Guide>,
        limits: &Limits,
        operator: &mut dyn Operator,
    ) -> Result<Option<End>, CaptureError> {
        self.silent = Duration::ZERO;
        self.heard = true;
        let time = self.frame.device_s;
        if time.is_finite() {
            let begun = *self.begun_s.get_or_insert(time);
            if limits.seconds.is_some_and(|seconds| time - begun > seconds) {
                return Ok(Some(End::Seconds));
            }
        }
        if let Some(detail) = self.pauses.as_mut().and_then(|pauses| pauses.frame(&self.frame)) {
            operator.tell(&News::Event(Kind::Gap, &detail));
            journal.event(Kind::Gap, &detail)?;
        }
        journal.frame(&self.frame)?;
        let number = journal.last_frame().unwrap_or_default();
        self.pressed |= load(&self.frame).is_some_and(|load| load != 0.0);
        let outcome = guide.as_mut().and_then(|guide| guide.frame(number, &self.frame));
        if let Some(outcome) = outcome {
            self.tell(outcome, journal, guide, operator)?;
        }
        operator.show(journal, guide.as_ref(), &self.frame);
        Ok(limits.frames.is_some_and(|frames| number + 1 >= frames).then_some(End::Frames))
    }

    fn tell(
        &mut self,
        outcome: Outcome,
        journal: &mut dyn Journal,
        guide: &mut Option<Guide>,
        operator: &mut dyn Operator,
    ) -> Result<(), CaptureError> {
        match outcome {
            Outcome::Weighed(weighing) => {
                journal.weighing(&weighing)?;
                self.references += usize::from(weighing.role == Role::Reference);
                operator.tell(&News::Weighed(&weighing));
            }
            Outcome::TimedOut(id) => {
                journal.event(Kind::Note, &format!("step {id} took too long and was left out"))?;
                operator.tell(&News::TimedOut(&id));
            }
        }
        if let Some(guide) = guide
            && guide.step().is_some()
        {
            operator.tell(&News::Step(guide));
        }
        Ok(())
    }

    fn grant(
        &mut self,
        wish: Wish,
        journal: &mut dyn Journal,
        guide: &mut Option<Guide>,
        operator: &mut dyn Operator,
    ) -> Result<(), CaptureError> {
        match (wish, guide.as_mut()) {
            (Wish::Note(text), _) => return journal.event(Kind::Note, &text),
            (Wish::Weigh(weighing), None) => {
                journal.weighing(&weighing)?;
                operator.tell(&News::Weighed(&weighing));
            }
            (Wish::Accept, Some(following)) => {
                if let Some(outcome) = following.accept() {
                    return self.tell(outcome, journal, guide, operator);
                }
            }
            (Wish::Repeat, Some(following)) => {
                let role = following.last().map(|weighing| weighing.role);
                if let Some(id) = following.repeat() {
                    self.references -= usize::from(role == Some(Role::Reference));
                    journal.retract()?;
                    operator.tell(&News::TakenBack(&id));
                    operator.tell(&News::Step(following));
                }
            }
            (Wish::Skip, Some(following)) => {
                following.skip();
                if following.step().is_some() {
                    operator.tell(&News::Step(following));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// The number of frames in `3 frames 5 touches`.
fn frames_of(detail: &str) -> u64 {
    detail.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// Notices frames that are missing: a pad that something touches gives them at a steady pace.
#[derive(Debug, Default)]
struct Pauses {
    /// The last intervals between two frames with the same touch.
    intervals: Vec<f64>,
    oldest: usize,
    before: Option<(f64, Vec<i64>)>,
}

/// How many intervals are remembered, and how many are needed to know the pace.
const REMEMBERED: usize = 31;
const NEEDED: usize = 15;

impl Pauses {
    /// What follows an interruption is no interval.
    fn forget(&mut self) {
        self.before = None;
    }

    /// What to say of a pause before this frame in which frames were lost.
    fn frame(&mut self, frame: &Frame) -> Option<String> {
        let touching = || frame.touches.iter().filter(|touch| touch.is_touching()).map(|touch| touch.path);
        let interval = self.before.as_ref().and_then(|(time, paths)| {
            touching().any(|path| paths.contains(&path)).then_some(frame.device_s - time)
        });
        let (_, mut paths) = self.before.take().unwrap_or_default();
        paths.clear();
        paths.extend(touching());
        self.before = Some((frame.device_s, paths));
        let interval = interval.filter(|interval| *interval > 0.0)?;
        // What is over three times the median is over three times the smallest: most frames need no median.
        let is_long = self.intervals.iter().any(|own| interval > 3.0 * own);
        let pace = if is_long { self.pace() } else { None };
        if self.intervals.len() < REMEMBERED {
            self.intervals.push(interval);
        } else {
            self.intervals[self.oldest] = interval;
            self.oldest = (self.oldest + 1) % REMEMBERED;
        }
        pace.filter(|pace| interval > 3.0 * pace)
            .map(|_| format!("{interval:.6} s without a frame while touched"))
    }

    /// The median interval.
    fn pace(&self) -> Option<f64> {
        if self.intervals.len() < NEEDED {
            return None;
        }
        let mut sorted = self.intervals.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Touch;
    use openweigh_formats::touches::State;

    #[test]
    fn a_pause_counts_only_while_the_same_touch_rests() {
        let mut pauses = Pauses::default();
        let mut told = Vec::new();
        let mut time = 0.0;
        let mut at = |pause: f64, path: Option<i64>, told: &mut Vec<String>| {
            time += pause;
            let touches = path.map(|path| Touch::bare(path, State::Touching)).into_iter().collect();
            told.extend(pauses.frame(&Frame { device_s: time, touches, ..Frame::default() }));
        };
        for _ in 0..40 {
            at(0.125, Some(1), &mut told);
        }
        at(5.0, Some(2), &mut told);
        at(0.125, None, &mut told);
        at(9.0, Some(2), &mut told);
        assert!(told.is_empty(), "a new touch, or none, says nothing of frames between");
        at(0.375, Some(2), &mut told);
        assert!(told.is_empty());
        at(0.5, Some(2), &mut told);
        assert_eq!(told, ["0.500000 s without a frame while touched"]);
    }
}
