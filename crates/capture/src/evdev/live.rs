//! Frames of an event device of this machine, as they come.

use super::codes::{
    ABS_MT_DISTANCE, ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_PRESSURE, ABS_MT_TOUCH_MAJOR,
    ABS_MT_TOUCH_MINOR, ABS_MT_TRACKING_ID,
};
use super::pad::{Axis, Description, Pad, Refusal, constant};
use super::slots::{Slots, Step};
use crate::frame::{Frame, Moment, Source, SourceInfo};
use crate::pad::device_hash;
use evdevil::event::{Abs, InputEvent};
use openweigh_formats::Digest;
use openweigh_formats::dataset::{Provenance, ProvenanceKind};
use openweigh_formats::events::Kind;
use openweigh_formats::session::Clock;
use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// `CLOCK_MONOTONIC`: it does not jump when the time of day is set.
const MONOTONIC: i32 = 1;

/// Events that are read at once.
const BLOCK: usize = 64;

/// Why a device is not recorded.
#[derive(Debug, thiserror::Error)]
pub enum EvdevError {
    /// The system refused.
    #[error("{}: cannot {what}: {source}", path.display())]
    System {
        /// The device.
        path: PathBuf,
        /// What was to be done: `open`, `grab`.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// It is no pad to weigh with.
    #[error("{}: {refusal}", path.display())]
    Refused {
        /// The device.
        path: PathBuf,
        /// Why.
        refusal: Refusal,
    },
}

/// An event device of this machine.
#[derive(Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What it says of itself; or why it cannot be asked.
    pub description: Result<Description, std::io::Error>,
    /// A pad that reports force; or why not. None if it cannot be asked.
    pub pad: Option<Result<Pad, Refusal>>,
}

/// All event devices, in the order of their paths. Those that cannot be opened are among them, since a person
/// wants to know that the right to read is all that is missing.
///
/// # Errors
/// The folder of devices cannot be listed.
pub fn devices(counts: bool) -> Result<Vec<Found>, EvdevError> {
    let folder = Path::new("/dev/input");
    let system = |source| EvdevError::System { path: folder.to_path_buf(), what: "list the devices", source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        // No input devices at all: a machine without a keyboard.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(system(error)),
    };
    let mut numbered = Vec::new();
    for entry in entries {
        let name = entry.map_err(system)?.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("event")?.parse::<u32>().ok());
        numbered.extend(number.map(|number| (number, folder.join(&name))));
    }
    numbered.sort_unstable();
    let found = |(_, path): (u32, PathBuf)| {
        let description = evdevil::Evdev::open(&path).and_then(|device| describe(&device));
        let pad = description.as_ref().ok().map(|description| description.judge(counts));
        Found { path, description, pad }
    };
    Ok(numbered.into_iter().map(found).collect())
}

fn describe(device: &evdevil::Evdev) -> std::io::Result<Description> {
    let id = device.input_id()?;
    let mut description = Description {
        name: device.name()?,
        bus: id.bus().raw(),
        vendor: id.vendor(),
        product: id.product(),
        ..Description::default()
    };
    for axis in device.supported_abs_axes()? {
        let info = device.abs_info(axis)?;
        let axis_of = Axis { min: info.minimum(), max: info.maximum(), resolution: Some(info.resolution()) };
        description.axes.insert(axis.raw(), axis_of);
    }
    Ok(description)
}

/// How a device is to be opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// That an axis of force without a unit is one of force, in counts.
    pub counts: bool,
    /// Keeps the device to itself, so that the desktop does not react.
    pub grab: bool,
    /// Hides the device's id.
    pub salt: String,
}

/// A pad of this machine. Dropped, it is given back to the desktop.
#[derive(Debug)]
pub struct Evdev {
    device: evdevil::Evdev,
    path: PathBuf,
    info: SourceInfo,
    note: Option<String>,
    slots: Slots,
    waiting: VecDeque<InputEvent>,
    /// Why nothing more comes.
    ended: Option<String>,
}

impl Evdev {
    /// Opens a device and asks for what is on it.
    ///
    /// # Errors
    /// It cannot be opened or grabbed, or it reports no force.
    pub fn open(path: &Path, options: &Options) -> Result<Self, EvdevError> {
        let system = |what| move |source| EvdevError::System { path: path.to_path_buf(), what, source };
        let device = evdevil::Evdev::open(path).map_err(system("open"))?;
        let description = describe(&device).map_err(system("ask for its axes"))?;
        let pad = description
            .judge(options.counts)
            .map_err(|refusal| EvdevError::Refused { path: path.to_path_buf(), refusal })?;
        device.set_clockid(MONOTONIC).map_err(system("set the clock"))?;
        if options.grab {
            device.grab().map_err(system("grab"))?;
        }
        let mut slots = Slots::new(&pad);
        resync(&device, &mut slots).map_err(system("ask for its contacts"))?;
        device.set_nonblocking(true).map_err(system("set up"))?;
        let mut source = pad.source;
        // A serial number or an address, where there is one: it names the machine of a person.
        let unique = device.unique_id().ok().flatten().filter(|id| !id.is_empty());
        source.device = unique.map(|id| device_hash(&options.salt, short(&id)));
        let info = SourceInfo {
            source,
            clock: Clock {
                device: constant("CLOCK_MONOTONIC of the kernel at the event, s"),
                arrival: constant("the same, ns"),
            },
            provenance: Provenance {
                kind: ProvenanceKind::Measured,
                origin: constant("Recorded from trackpads with openweigh."),
            },
            steady: false,
        };
        let (path, waiting) = (path.to_path_buf(), VecDeque::new());
        Ok(Self { device, path, info, note: pad.note, slots, waiting, ended: None })
    }

    /// Why nothing more comes, if something went wrong.
    pub fn ended(&self) -> Option<&str> {
        self.ended.as_deref()
    }

    /// What the waiting events make of `frame`, if they complete anything.
    fn take(&mut self, frame: &mut Frame) -> Option<Moment> {
        while let Some(event) = self.waiting.pop_front() {
            let (kind, code, value) = (event.event_type().raw(), event.raw_code(), event.raw_value());
            match self.slots.event(kind, code, value) {
                Ok(Step::Within) => {}
                Ok(Step::Frame) => {
                    let time = event.time().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                    frame.device_frame = None;
                    frame.device_s = seconds(time);
                    frame.arrival_ns = u64::try_from(time.as_nanos()).ok();
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

    /// What waits is older than what the kernel answers now, so it is thrown away, as libevdev does.
    fn catch_up(&mut self) -> std::io::Result<()> {
        self.waiting.clear();
        let mut block = [InputEvent::zeroed(); BLOCK];
        for _ in 0..BLOCK {
            match self.device.read_events(&mut block) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        resync(&self.device, &mut self.slots)
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
        match wait(&self.device, longest) {
            Ok(true) => {}
            Ok(false) => return Moment::Silence,
            Err(error) => return self.lost(&error),
        }
        let mut block = [InputEvent::zeroed(); BLOCK];
        match self.device.read_events(&mut block) {
            Ok(read) => self.waiting.extend(&block[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return self.lost(&error),
        }
        self.take(frame).unwrap_or(Moment::Silence)
    }
}

/// Waits for something to read, no longer than that.
fn wait(device: &evdevil::Evdev, longest: Duration) -> std::io::Result<bool> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut sockets = [PollFd::from_borrowed_fd(device.as_fd(), PollFlags::IN)];
    let longest = Timespec::try_from(longest).ok();
    match poll(&mut sockets, longest.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Asks the kernel for the contacts as they are now. Through a second handle of the same device, whose reader
/// asks for every slot when it is made; it takes no event away.
fn resync(device: &evdevil::Evdev, slots: &mut Slots) -> std::io::Result<()> {
    let reader = device.try_clone()?.into_reader()?;
    let axes = device.supported_abs_axes()?;
    for at in 0..slots.len() {
        let number = u16::try_from(at).unwrap_or(u16::MAX);
        for code in [
            ABS_MT_TRACKING_ID,
            ABS_MT_POSITION_X,
            ABS_MT_POSITION_Y,
            ABS_MT_PRESSURE,
            ABS_MT_TOUCH_MAJOR,
            ABS_MT_TOUCH_MINOR,
            ABS_MT_DISTANCE,
        ] {
            let axis = Abs::from_raw(code);
            if axes.contains(axis)
                && let Some(value) = reader.slot_state(number, axis)
            {
                slots.set(at, code, value).map_err(std::io::Error::other)?;
            }
        }
    }
    let current = reader.current_slot();
    slots.select((0..=u8::MAX).find(|at| current == *at).map_or(0, usize::from));
    slots.settle();
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_event_device_is_refused_in_words() {
        assert!(devices(false).is_ok(), "also where there is none");
        let error = Evdev::open(Path::new("/dev/null"), &Options::default()).unwrap_err();
        assert!(error.to_string().starts_with("/dev/null: cannot open: "), "{error}");
        let error = Evdev::open(Path::new("/dev/input/none"), &Options::default()).unwrap_err();
        assert!(error.to_string().starts_with("/dev/input/none: cannot open: "), "{error}");
    }
}
