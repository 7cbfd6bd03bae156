//! What stands between a source and a person: the scale, the keys, the lines that are said.

use super::screen::{Key, Panel};
use super::words::said;
use openweigh_capture::{Frame, FrameText, Guide, Journal, News, Operator, SourceInfo, Wish};
use openweigh_formats::events::Kind;
use openweigh_formats::weighings::{Cell, Role};
use openweigh_formats::weights::Weights;
use openweigh_live::{LiveError, NotYet, Scale, Unattended, Unit, Weighing};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Takes what was weighed: a line, a document, a row of the log.
pub(super) type Take<'a> = dyn FnMut(&Weighing, Option<&str>) -> Result<(), crate::failure::Failure> + 'a;

/// Watches a source as a scale.
pub(super) struct Desk<'a, 'w> {
    pub(super) scale: Scale<'w>,
    weights: Option<&'w Weights>,
    text: FrameText,
    /// Whether the source is lines of numbers, and no pad.
    of_lines: bool,
    rows: Vec<u8>,
    seen: u64,
    ended: Arc<AtomicBool>,
    /// What is to be weighed once it rests.
    wanted: Option<Role>,
    unattended: Option<Unattended>,
    /// Whether the first load is all that is wanted.
    once: bool,
    /// Weighings that the journal has not taken in.
    made: VecDeque<Weighing>,
    pub(super) loads: usize,
    pub(super) unit: Unit,
    panel: Option<Panel>,
    take: &'a mut Take<'a>,
    pub(super) failed: Option<crate::failure::Failure>,
}

/// How a desk behaves.
pub(super) struct Manner {
    /// Weighs by itself.
    pub(super) unattended: bool,
    /// Subtracts what rests first.
    pub(super) tares: bool,
    /// Ends with the first load.
    pub(super) once: bool,
    pub(super) unit: Unit,
}

impl<'a, 'w> Desk<'a, 'w> {
    pub(super) fn new(
        scale: Scale<'w>,
        weights: Option<&'w Weights>,
        info: &SourceInfo,
        manner: &Manner,
        ended: Arc<AtomicBool>,
        panel: Option<Panel>,
        take: &'a mut Take<'a>,
    ) -> Self {
        Self {
            scale,
            weights,
            text: FrameText::new(info),
            of_lines: info.channels.is_some(),
            rows: Vec::new(),
            seen: 0,
            ended,
            wanted: None,
            unattended: manner.unattended.then(|| Unattended::new(manner.tares)),
            once: manner.once,
            made: VecDeque::new(),
            loads: 0,
            unit: manner.unit,
            panel,
            take,
            failed: None,
        }
    }

    fn frame(&mut self, journal: &dyn Journal, frame: &Frame) -> Result<(), LiveError> {
        self.rows.clear();
        self.text.push(&mut self.rows, frame);
        self.scale.feed(&self.rows)?;
        if let Some(role) = self.unattended.as_mut().and_then(|own| own.next(&self.scale)) {
            self.wanted = Some(role);
        }
        let Some(role) = self.wanted.filter(|_| !self.is_done()) else { return Ok(()) };
        let label = Cell::try_from(String::new()).expect("an empty cell");
        match self.scale.weigh(role, label)? {
            Ok(made) => {
                self.wanted = None;
                self.loads += usize::from(role != Role::Tare);
                let session = journal.id().map(ToString::to_string);
                if let Err(failure) = (self.take)(&made, session.as_deref()) {
                    self.failed = Some(failure);
                }
                if let Some(panel) = &mut self.panel {
                    panel.note(said(self.weights, &made, self.unit));
                }
                self.made.push_back(made);
            }
            Err(NotYet::NoTare) => {
                self.wanted = None;
                if let Some(panel) = &mut self.panel {
                    panel.note("these weights subtract a tare: press space first".to_owned());
                }
            }
            Err(NotYet::Empty | NotYet::Settling) => {}
        }
        Ok(())
    }

    /// Whether the one load that was wanted is weighed. Frames that came meanwhile are taken in all the same.
    fn is_done(&self) -> bool {
        self.once && self.loads > 0
    }

    fn pressed(&mut self, key: Key) -> Option<Wish> {
        match key {
            Key::Tare => self.wanted = Some(Role::Tare),
            Key::Log => self.wanted = Some(Role::Unknown),
            Key::Unit => self.unit = self.unit.next(),
            Key::Quit => return Some(Wish::End),
        }
        None
    }
}

impl Operator for Desk<'_, '_> {
    fn wish(&mut self) -> Option<Wish> {
        if let Some(made) = self.made.pop_front() {
            return Some(Wish::Weigh(Box::new(made.weighing)));
        }
        if self.is_done() || self.failed.is_some() || self.ended.load(Ordering::SeqCst) {
            return Some(Wish::End);
        }
        let key = self.panel.as_mut().and_then(Panel::key)?;
        self.pressed(key)
    }

    fn tell(&mut self, news: &News<'_>) {
        let said = match news {
            News::Event(kind, detail) => {
                self.scale.event(*kind);
                let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
                // A note on a pad is for the record; of lines it tells what was not read.
                (*kind != Kind::Note || self.of_lines).then(|| format!("{}{detail}", kind.as_str()))
            }
            News::NoFrames if self.of_lines => Some("no line so far".to_owned()),
            News::NoFrames => Some("no frame so far: touch the pad, or see `openweigh devices`".to_owned()),
            _ => None,
        };
        match (&mut self.panel, said) {
            (Some(panel), Some(said)) => panel.note(said),
            (None, Some(said)) => crate::screen::say(&said),
            _ => {}
        }
    }

    fn show(&mut self, journal: &dyn Journal, _: Option<&Guide>, frame: &Frame) {
        let frames = journal.quality().frames;
        // Silence is shown, too; its frame was taken in before.
        if frames > self.seen {
            self.seen = frames;
            if let Err(error) = self.frame(journal, frame) {
                self.failed = Some(failure(error));
            }
        }
        if let Some(panel) = self.panel.as_mut().filter(|panel| panel.is_due()) {
            match self.scale.reading() {
                Ok(reading) => panel.show(&reading, self.wanted, self.unit, journal.id()),
                Err(error) => self.failed = Some(failure(error)),
            }
        }
    }
}

/// What a live scale refuses, told as what it is.
pub(super) fn failure(error: LiveError) -> crate::failure::Failure {
    match error {
        LiveError::Replay(error) => error.into(),
        LiveError::OtherInstrument { .. } => crate::failure::Failure::usage(format!(
            "{error}; leave out --weights to see the pad's own numbers, or record this pad and fit weights of its own (`openweigh record`)"
        )),
        other => crate::failure::Failure::usage(other.to_string()),
    }
}
