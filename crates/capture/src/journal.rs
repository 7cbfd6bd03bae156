//! Where frames go: into a session on disk, or nowhere.

use crate::error::CaptureError;
use crate::frame::Frame;
use crate::recorder::Recorder;
use openweigh_formats::events::Kind;
use openweigh_formats::session::Quality;
use openweigh_formats::weighings::{Id, Weighing};

/// Takes in what a source gives. See [`Recorder`] for what each does.
#[allow(
    missing_docs,
    clippy::missing_errors_doc,
    reason = "each is the method of the recorder of the same name"
)]
pub trait Journal: std::fmt::Debug {
    /// The session's id; none if nothing is kept.
    fn id(&self) -> Option<&Id>;
    fn quality(&self) -> Quality;
    fn last_frame(&self) -> Option<u64> {
        self.quality().frames.checked_sub(1)
    }
    fn frame(&mut self, frame: &Frame) -> Result<(), CaptureError>;
    fn event(&mut self, kind: Kind, detail: &str) -> Result<(), CaptureError>;
    fn dropped(&mut self, frames: u64, detail: &str) -> Result<(), CaptureError>;
    fn weighing(&mut self, weighing: &Weighing) -> Result<(), CaptureError>;
    fn retract(&mut self) -> Result<(), CaptureError>;
    fn breathe(&mut self) -> Result<(), CaptureError>;
}

impl Journal for Recorder {
    fn id(&self) -> Option<&Id> {
        Some(self.id())
    }

    fn quality(&self) -> Quality {
        self.quality()
    }

    fn frame(&mut self, frame: &Frame) -> Result<(), CaptureError> {
        self.frame(frame)
    }

    fn event(&mut self, kind: Kind, detail: &str) -> Result<(), CaptureError> {
        self.event(kind, detail)
    }

    fn dropped(&mut self, frames: u64, detail: &str) -> Result<(), CaptureError> {
        self.dropped(frames, detail)
    }

    fn weighing(&mut self, weighing: &Weighing) -> Result<(), CaptureError> {
        self.weighing(weighing)
    }

    fn retract(&mut self) -> Result<(), CaptureError> {
        self.retract()
    }

    fn breathe(&mut self) -> Result<(), CaptureError> {
        self.breathe()
    }
}

/// Keeps nothing, and counts.
#[derive(Debug, Default)]
pub(crate) struct Unrecorded {
    quality: Quality,
}

impl Journal for Unrecorded {
    fn id(&self) -> Option<&Id> {
        None
    }

    fn quality(&self) -> Quality {
        self.quality
    }

    fn frame(&mut self, frame: &Frame) -> Result<(), CaptureError> {
        self.quality.frames += 1;
        self.quality.touches += frame.touches.len() as u64;
        Ok(())
    }

    fn event(&mut self, kind: Kind, _: &str) -> Result<(), CaptureError> {
        self.quality.gaps += u64::from(kind.interrupts());
        Ok(())
    }

    fn dropped(&mut self, frames: u64, detail: &str) -> Result<(), CaptureError> {
        self.quality.dropped += frames;
        self.event(Kind::Dropped, detail)
    }

    fn weighing(&mut self, _: &Weighing) -> Result<(), CaptureError> {
        Ok(())
    }

    fn retract(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }

    fn breathe(&mut self) -> Result<(), CaptureError> {
        Ok(())
    }
}
