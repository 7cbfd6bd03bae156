//! Events of an event device, as recordings list them, become frames.

use super::error::{LeftOut, Reason};
use super::feed::{Feed, seconds};
use super::sink::Sink;
use super::{Device, ImportError, Options};
use crate::evdev::{Description, Pad, Slots, Step};
use crate::frame::Frame;
use openweigh_formats::events::Kind;
use openweigh_formats::session::Clock;

/// One device, followed through its events.
pub(crate) struct Following {
    index: usize,
    slots: Slots,
    frame: Frame,
    note: Option<String>,
    untracked: bool,
}

impl Following {
    /// Begins with a device, if it reports force and is asked for; else says why not.
    pub(crate) fn begin(
        description: &Description,
        number: usize,
        node: &str,
        options: &Options,
        sink: &mut dyn Sink,
    ) -> Result<Result<Self, LeftOut>, ImportError> {
        let words =
            if description.name.is_empty() { format!("device {number}") } else { description.name.clone() };
        let left_out = |why| Ok(Err(LeftOut { device: words.clone(), why }));
        if !selected(options, number, &[&description.name, node]) {
            return left_out(Reason::NotSelected);
        }
        let pad = match description.judge(options.counts) {
            Ok(pad) => pad,
            Err(refusal) => return left_out(refusal.into()),
        };
        let slots = Slots::new(&pad);
        let Pad { mut source, note, .. } = pad;
        if let Some(model) = &options.model {
            source.model = model.clone();
        }
        let clock = clock("kernel time of the event, s, as recorded", "the same, ns");
        let device = Device { source, clock, words, id: None, steady: false, silent_without_force: false };
        let index = sink.device(&device)?;
        Ok(Ok(Self { index, slots, frame: Frame::default(), note, untracked: false }))
    }

    /// Takes in an event, at a time in microseconds.
    pub(crate) fn event(
        &mut self,
        (time, kind, code, value): (u64, u16, u16, i32),
        feed: &Feed<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), ImportError> {
        if let Some(note) = self.note.take() {
            sink.event(self.index, Kind::Note, &note)?;
        }
        let step = self.slots.event(kind, code, value);
        let step =
            step.map_err(|fault| feed.at(1, fault.to_string(), "an event that the device can send"))?;
        match step {
            Step::Within => Ok(()),
            Step::Frame => {
                self.frame.device_s = seconds(time);
                self.frame.arrival_ns = i64::try_from(time * 1_000).ok();
                self.slots.fill(&mut self.frame);
                sink.frame(self.index, &self.frame)?;
                if self.slots.has_untracked() && !self.untracked {
                    self.untracked = true;
                    let note = "a contact was there before its track was told: it is not listed";
                    sink.event(self.index, Kind::Note, note)?;
                }
                Ok(())
            }
            Step::Lost => sink.event(self.index, Kind::Gap, "SYN_DROPPED: events were lost"),
        }
    }

    /// The recording is over.
    pub(crate) fn end(self, sink: &mut dyn Sink) -> Result<(), ImportError> {
        if self.slots.is_lost() {
            sink.event(self.index, Kind::Gap, "SYN_DROPPED: events were lost until the end")?;
        }
        Ok(())
    }
}

/// The clocks of a session, in words.
pub(crate) fn clock(device: &str, arrival: &str) -> Clock {
    let line = |text: &str| text.parse().expect("a line");
    Clock { device: line(device), arrival: line(arrival) }
}

/// Whether a device is the one that was asked for, if one was: by its number in the file or by a name.
pub(crate) fn selected(options: &Options, number: usize, names: &[&str]) -> bool {
    options.device.as_deref().is_none_or(|wanted| {
        wanted == number.to_string() || names.iter().any(|name| !name.is_empty() && *name == wanted)
    })
}
