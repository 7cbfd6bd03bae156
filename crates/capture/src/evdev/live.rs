//! Frames of an event device, as they come.

use super::device::{Device, EvdevError, Event, Open};
use super::pad::constant;
use super::slots::{Slots, Step};
use crate::frame::{Frame, Moment, Source, SourceInfo};
use crate::pad::{PadOptions, device_hash};
use openweigh_formats::Digest;
use openweigh_formats::dataset::{Provenance, ProvenanceKind};
use openweigh_formats::events::Kind;
use openweigh_formats::session::{Clock, DeviceHash, PressureUnit};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Blocks of events that are thrown away at once when some were lost; no queue of the kernel is longer.
const BLOCKS: usize = 64;

/// A pad among the event devices. Dropped, it is given back to the desktop.
pub struct Evdev {
    device: Box<dyn Device>,
    path: PathBuf,
    info: SourceInfo,
    note: Option<String>,
    slots: Slots,
    waiting: VecDeque<Event>,
    block: Vec<Event>,
    /// Why nothing more comes.
    ended: Option<String>,
}

impl Evdev {
    /// Opens a device and asks for what is on it. What `options` say of the pad stands in place of what it says
    /// itself; counts told for its unit are a person's word that it measures force.
    ///
    /// # Errors
    /// It cannot be opened or grabbed, or it reports no force.
    pub fn open(path: &Path, options: &PadOptions, grab: bool, open: Open<'_>) -> Result<Self, EvdevError> {
        let system = |what| move |source| EvdevError::System { path: path.to_path_buf(), what, source };
        let mut device = open(path).map_err(system("open"))?;
        let description = device.description().map_err(system("ask for its axes"))?;
        let pad = description
            .judge(options.unit == Some(PressureUnit::Counts))
            .map_err(|refusal| EvdevError::Refused { path: path.to_path_buf(), refusal })?;
        device.prepare(grab).map_err(|(what, error)| system(what)(error))?;
        let mut slots = Slots::new(&pad);
        resync(&*device, &mut slots).map_err(system("ask for its contacts"))?;
        let mut source = pad.source;
        source.device = hash(&*device, &options.salt);
        source.unit = options.unit.unwrap_or(source.unit);
        source.quantum = options.quantum.clone().or(source.quantum);
        source.ceiling = options.ceiling.clone().or(source.ceiling);
        source.model = options.model.clone().unwrap_or(source.model);
        source.transport = options.transport.clone().unwrap_or(source.transport);
        let info = SourceInfo {
            source,
            clock: Clock {
                device: constant("CLOCK_MONOTONIC of the kernel at the event, s"),
                arrival: constant("the same, ns"),
            },
            provenance: Provenance::stated(
                ProvenanceKind::Measured,
                constant("Recorded from trackpads with openweigh."),
            ),
            steady: false,
            channels: None,
        };
        let (path, waiting, block) = (path.to_path_buf(), VecDeque::new(), Vec::new());
        Ok(Self { device, path, info, note: pad.note, slots, waiting, block, ended: None })
    }

    /// Why nothing more comes, if something went wrong.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    /// What the waiting events make of `frame`, if they complete anything.
    fn take(&mut self, frame: &mut Frame) -> Option<Moment> {
        while let Some(event) = self.waiting.pop_front() {
            match self.slots.event(event.kind, event.code, event.value) {
                Ok(Step::Within) => {}
                Ok(Step::Frame) => {
                    frame.device_frame = None;
                    frame.device_s = seconds(event.time);
                    frame.arrival_ns = i64::try_from(event.time.as_nanos()).ok();
                    self.slots.fill(frame);
                    return Some(Moment::Frame);
                }
                Ok(Step::Lost) => {
                    return Some(match self.catch_up() {
                        Ok(()) => Moment::Event(Kind::Gap, "SYN_DROPPED: events were lost".to_owned()),
                        Err(error) => self.lost(&error),
                    });
                }
                Err(fault) => return Some(Moment::Event(Kind::Note, format!("event left out: {fault}"))),
            }
        }
        None
    }

    /// What waits is older than what the device answers now, so it is thrown away, as libevdev does.
    fn catch_up(&mut self) -> std::io::Result<()> {
        self.waiting.clear();
        for _ in 0..BLOCKS {
            self.block.clear();
            self.device.read(&mut self.block, Duration::ZERO)?;
            if self.block.is_empty() {
                break;
            }
        }
        resync(&*self.device, &mut self.slots)
    }

    fn lost(&mut self, error: &std::io::Error) -> Moment {
        if self.ended.is_some() {
            return Moment::End;
        }
        self.ended = Some(format!("{}: {error}", self.path.display()));
        Moment::Event(Kind::DeviceLost, "the device went away".to_owned())
    }
}

impl Source for Evdev {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self, frame: &mut Frame, longest: Duration) -> Moment {
        if let Some(note) = self.note.take() {
            return Moment::Event(Kind::Note, note);
        }
        if self.ended.is_some() {
            return Moment::End;
        }
        if let Some(moment) = self.take(frame) {
            return moment;
        }
        self.block.clear();
        if let Err(error) = self.device.read(&mut self.block, longest) {
            return self.lost(&error);
        }
        self.waiting.extend(&self.block);
        self.take(frame).unwrap_or(Moment::Silence)
    }
}

/// Asks for the contacts as they are now.
fn resync(device: &dyn Device, slots: &mut Slots) -> std::io::Result<()> {
    let count = slots.len();
    let current = device
        .contacts(count, &mut |at, code, value| slots.set(at, code, value).map_err(std::io::Error::other))?;
    slots.select(current);
    slots.settle();
    Ok(())
}

/// The name under which a device may be told to others. Its serial number or address names the machine of a
/// person, so the salt goes in; a device that has neither cannot be told from others of its kind.
pub(super) fn hash(device: &dyn Device, salt: &str) -> Option<DeviceHash> {
    device.unique_id().map(|id| device_hash(salt, short(&id)))
}

/// The first 64 bits of the digest of a text, as a number to be hashed again with the salt.
fn short(text: &str) -> u64 {
    let digest = Digest::of(text.as_bytes());
    u64::from_str_radix(&digest.as_str()[..16], 16).expect("hexadecimal digits")
}

/// Whole microseconds, as the kernel gives them, as the binary64 nearest to the seconds.
#[expect(clippy::cast_precision_loss, reason = "times are below 2^53 microseconds")]
fn seconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1_000_000.0
}
