//! Where frames of a recording go: into files, or into what would be in them.

use super::{Device, INTERRUPTIONS, ImportError};
use crate::frame::Frame;
use crate::rows::Rows;
use crate::warning::Warning;
use openweigh_formats::Digest;
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::Kind;
use openweigh_formats::session::{Quality, Source};
use openweigh_formats::touches::COLUMNS;

/// Takes what a recording holds.
pub(crate) trait Sink {
    /// A device from which frames may come. Gives its number, which counts up from 0.
    fn device(&mut self, device: &Device) -> Result<usize, ImportError>;

    /// A frame of it.
    fn frame(&mut self, device: usize, frame: &Frame) -> Result<(), ImportError>;

    /// Something that happened after its last frame.
    fn event(&mut self, device: usize, kind: Kind, detail: &str) -> Result<(), ImportError>;
}

/// A session that a recording would become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surveyed {
    /// Which of the recording's pads it is, from 0.
    pub index: usize,
    /// What people call the device.
    pub device: String,
    /// What the session will say of it.
    pub source: Source,
    /// Counts.
    pub quality: Quality,
    /// SHA-256 that its `touches.csv` will have.
    pub touches: Digest,
    /// Whether any pressure is above 0.
    pub pressed: bool,
    /// Whether its source says 0 of every pad without force sensors.
    pub(crate) silent_without_force: bool,
    /// What its user should know about it.
    pub warnings: Vec<Warning>,
}

/// A session as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// What people call the device.
    pub device: String,
    /// Counts.
    pub quality: Quality,
    /// What `touches.csv` would hold.
    pub touches: Vec<u8>,
    /// The kinds of the events.
    pub events: Vec<(Option<u64>, Kind)>,
}

struct One {
    device: String,
    source: Source,
    rows: Rows,
    hasher: Hasher,
    pressed: bool,
    silent_without_force: bool,
    text: Vec<u8>,
    events: Vec<(Option<u64>, Kind)>,
}

/// What would be written, or only its digests.
pub(crate) struct Texts {
    keep: bool,
    sessions: Vec<One>,
    block: Vec<u8>,
}

impl Texts {
    pub(crate) fn digests() -> Self {
        Self { keep: false, sessions: Vec::new(), block: Vec::new() }
    }

    pub(crate) fn whole() -> Self {
        Self { keep: true, ..Self::digests() }
    }

    pub(crate) fn surveyed(&self) -> Result<Vec<Surveyed>, ImportError> {
        let survey = |(index, one): (usize, &One)| {
            if one.rows.quality.gaps > INTERRUPTIONS {
                return Err(ImportError::Broken { device: one.device.clone(), limit: INTERRUPTIONS });
            }
            Ok(Surveyed {
                index,
                device: one.device.clone(),
                source: one.source.clone(),
                quality: one.rows.quality,
                touches: one.hasher.clone().finish(),
                pressed: one.pressed,
                silent_without_force: one.silent_without_force,
                warnings: Warning::of_frames(&one.rows.quality, &one.rows.evidence, &one.source),
            })
        };
        self.sessions.iter().enumerate().map(survey).collect()
    }

    pub(crate) fn into_texts(self) -> Vec<Text> {
        let text = |one: One| Text {
            device: one.device,
            quality: one.rows.quality,
            touches: one.text,
            events: one.events,
        };
        self.sessions.into_iter().map(text).collect()
    }
}

impl Sink for Texts {
    fn device(&mut self, device: &Device) -> Result<usize, ImportError> {
        let mut one = One {
            device: device.words.clone(),
            source: device.source.clone(),
            rows: Rows::new(&device.source),
            hasher: Hasher::default(),
            pressed: false,
            silent_without_force: device.silent_without_force,
            text: Vec::new(),
            events: Vec::new(),
        };
        let header = format!("{}\n", COLUMNS.join(","));
        one.hasher.update(header.as_bytes());
        if self.keep {
            one.text.extend_from_slice(header.as_bytes());
        }
        self.sessions.push(one);
        Ok(self.sessions.len() - 1)
    }

    fn frame(&mut self, device: usize, frame: &Frame) -> Result<(), ImportError> {
        let Some(one) = self.sessions.get_mut(device) else { return Ok(()) };
        self.block.clear();
        one.rows.push(&mut self.block, frame, |_, _| {});
        one.pressed |= frame.touches.iter().any(|touch| touch.pressure.is_some_and(|force| force > 0.0));
        one.hasher.update(&self.block);
        if self.keep {
            one.text.extend_from_slice(&self.block);
        }
        Ok(())
    }

    fn event(&mut self, device: usize, kind: Kind, _: &str) -> Result<(), ImportError> {
        let Some(one) = self.sessions.get_mut(device) else { return Ok(()) };
        if kind.interrupts() {
            one.rows.quality.gaps += 1;
            if one.rows.quality.gaps > INTERRUPTIONS {
                return Err(ImportError::Broken { device: one.device.clone(), limit: INTERRUPTIONS });
            }
        }
        if self.keep {
            one.events.push((one.rows.quality.frames.checked_sub(1), kind));
        }
        Ok(())
    }
}
