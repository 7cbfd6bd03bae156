//! Recordings that other programs made become sessions (docs/spec/3-datasets.md, 3.2).
//!
//! A recording is read twice. The first reading, [`survey`], writes nothing: it finds the format, follows
//! every frame to the end and takes the digest of what would be written, so that a recording that is cut or
//! malformed leaves no trace, and one that is there already is known. The second, [`import`], writes.
//! Both hold one frame in memory, never the file.
//!
//! No value is altered. What a format has as binary32 (or binary64) stays that very number; where a format is
//! text, a value is the binary32 (binary64) nearest to its text, which is the same one if a program printed it
//! from a binary32 with enough digits. Whole numbers of Linux devices are kept as they are.

mod atpcap;
mod error;
mod evemu;
mod evtest;
mod feed;
mod following;
mod glasstokey;
mod hid;
mod libinput;
mod platform;
pub mod signal;
mod sink;
pub mod table;

pub use error::{ImportError, LeftOut, Reason};
pub use platform::Platform;
pub use sink::{Surveyed, Text};

use crate::frame::SourceInfo;
use crate::pad;
use crate::place::{About, Place};
use crate::recorder::{Order, Recorded, Recorder};
use feed::Feed;
use openweigh_formats::Digest;
use openweigh_formats::dataset::Provenance;
use openweigh_formats::session::{Clock, Environment, PressureUnit, Source};
use openweigh_formats::text::{Line, Version};
use sink::{Sink, Texts};
use std::io::BufRead;

/// Devices that a recording may hold: each becomes a session, and has memory of its own.
pub const DEVICES: usize = 32;

/// Contacts that a frame may have.
pub const CONTACTS: usize = 255;

/// Interruptions that a session may have. Beyond, its source was broken, and each takes time to write safely.
pub const INTERRUPTIONS: u64 = 2_000;

/// The formats that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// `libinput record`, version 1.
    Libinput,
    /// `evemu-record`, with the device's description.
    Evemu,
    /// `evtest`, as it prints.
    Evtest,
    /// `hid-recorder`.
    Hid,
    /// `GlassToKey`, `.atpcap` version 3.
    Atpcap,
    /// `GlassToKey`, as a table.
    GlassToKey,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Libinput, Self::Evemu, Self::Evtest, Self::Hid, Self::Atpcap, Self::GlassToKey];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Libinput => "libinput",
            Self::Evemu => "evemu",
            Self::Evtest => "evtest",
            Self::Hid => "hid",
            Self::Atpcap => "atpcap",
            Self::GlassToKey => "glasstokey-csv",
        }
    }

    /// What makes such files, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Libinput => "libinput record",
            Self::Evemu => "evemu-record",
            Self::Evtest => "evtest",
            Self::Hid => "hid-recorder",
            Self::Atpcap => "GlassToKey (.atpcap)",
            Self::GlassToKey => "GlassToKey (CSV)",
        }
    }

    /// The format of a recording that begins like this.
    pub fn detect(head: &[u8]) -> Option<Self> {
        let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
        if head.starts_with(atpcap::MAGIC) {
            return Some(Self::Atpcap);
        }
        for line in head.split(|byte| *byte == b'\n').take(10_000) {
            let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word.as_bytes()));
            if starts(&["# EVEMU", "B: ", "A: "]) {
                return Some(Self::Evemu);
            }
            if line.starts_with(evtest::VERSION) || line.starts_with(evtest::EVENT) {
                return Some(Self::Evtest);
            }
            if line.starts_with(b"E: ") && evemu::is_event(line) {
                return Some(Self::Evemu);
            }
            if starts(&["D: ", "R: "]) {
                return Some(Self::Hid);
            }
            if starts(&["# libinput record", "version:", "ndevices:"]) {
                return Some(Self::Libinput);
            }
            if starts(&["frame_seq,"]) {
                return Some(Self::GlassToKey);
            }
        }
        None
    }
}

/// What a person says about the recording.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its format; else it is found in the content.
    pub format: Option<Format>,
    /// Only devices of which this is the number in the file, the name, the node or the id.
    pub device: Option<String>,
    /// That a device whose axis of force declares no unit does measure force, in counts.
    pub counts: bool,
    /// The model, where the recording does not tell.
    pub model: Option<Line>,
    /// The system under which `GlassToKey` recorded, where the recording does not tell.
    pub platform: Option<Platform>,
    /// Largest recording, in bytes.
    pub max_bytes: u64,
}

/// A device of a recording, as its reader finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Device {
    /// What the session says of it, without the hash of its id.
    pub(crate) source: Source,
    /// Whose clocks the times are of.
    pub(crate) clock: Clock,
    /// What people call it.
    pub(crate) words: String,
    /// Its id, which identifies a person's machine and is not written anywhere.
    pub(crate) id: Option<u64>,
    /// As in [`SourceInfo`].
    pub(crate) steady: bool,
    /// Whether its source says 0 of every pad without force sensors, so that nothing but 0 tells of no force.
    pub(crate) silent_without_force: bool,
}

/// What is in a recording.
#[derive(Debug, Clone)]
pub struct Survey {
    /// Its format.
    pub format: Format,
    /// SHA-256 of the recording.
    pub sha256: Digest,
    /// What becomes a session.
    pub sessions: Vec<Surveyed>,
    /// What does not, and why.
    pub left_out: Vec<LeftOut>,
}

/// Reads a recording and writes nothing.
///
/// # Errors
/// It is malformed, cut, too large, or no device in it reports force.
pub fn survey(input: &mut dyn BufRead, options: &Options) -> Result<Survey, ImportError> {
    let mut texts = Texts::digests();
    let (format, sha256, left_out) = read(input, options, &mut texts)?;
    let mut sessions = texts.surveyed()?;
    for session in sessions.iter_mut().filter(|session| session.silent_without_force && !session.pressed) {
        session.source.unit = PressureUnit::Unknown;
    }
    let (sessions, empty): (Vec<_>, Vec<_>) =
        sessions.into_iter().partition(|session| session.quality.frames > 0);
    let none = |session: Surveyed| LeftOut { device: session.device, why: Reason::NoFrames };
    let left_out: Vec<LeftOut> = left_out.into_iter().chain(empty.into_iter().map(none)).collect();
    if sessions.is_empty() {
        return Err(ImportError::Nothing { left_out });
    }
    Ok(Survey { format, sha256, sessions, left_out })
}

/// Reads a recording into texts: what the files of its sessions would hold. For small ones, and for tests.
///
/// # Errors
/// As [`survey`].
pub fn texts(input: &mut dyn BufRead, options: &Options) -> Result<Vec<Text>, ImportError> {
    let mut texts = Texts::whole();
    read(input, options, &mut texts)?;
    texts.surveyed()?;
    Ok(texts.into_texts())
}

/// Where a recording goes, and what is said about it.
#[derive(Debug, Clone)]
pub struct Destination {
    /// The dataset.
    pub place: Place,
    /// What is said about the dataset.
    pub about: About,
    /// What is told about the surroundings.
    pub environment: Environment,
    /// Whether it was measured, simulated or transcribed, and from what.
    pub provenance: Provenance,
    /// Hides the ids of devices: without it nobody can try them out.
    pub salt: String,
}

/// Writes the sessions of a recording that was surveyed into their dataset, in the order in which the devices
/// first appear in it.
///
/// # Errors
/// The recording is another than the one surveyed, or it cannot be written. No session of it stays then,
/// unless the system refuses between two sessions that are both complete.
pub fn import(
    input: &mut dyn BufRead,
    options: &Options,
    survey: &Survey,
    destination: &Destination,
) -> Result<Vec<Recorded>, ImportError> {
    // All sessions are one edition of the dataset: it gets one new version for them.
    let mut destination = destination.clone();
    if destination.about.version.is_none() {
        destination.about.version = Some(edition(&destination.place)?);
    }
    let mut writing = Writing { survey, destination: &destination, at: 0, recorders: Vec::new() };
    let options = Options { format: Some(survey.format), ..options.clone() };
    match read(input, &options, &mut writing) {
        Ok((_, sha256, _)) if sha256 == survey.sha256 => writing.finish(),
        other => {
            writing.discard();
            Err(other.err().unwrap_or(ImportError::Changed))
        }
    }
}

/// The version of a dataset that more sessions come into.
fn edition(place: &Place) -> Result<Version, ImportError> {
    let first = || "1.0.0".parse().expect("a version");
    let Some(dataset) = place.read()? else { return Ok(first()) };
    let text = dataset.version.to_string();
    let mut parts = text.split(['.', '-', '+']).map(|part| part.parse::<u64>().ok());
    let next = parts.next().flatten().zip(parts.next().flatten()).and_then(|(major, minor)| {
        let minor = minor.checked_add(1)?;
        format!("{major}.{minor}.0").parse().ok()
    });
    Ok(next.unwrap_or(dataset.version))
}

/// Reads a recording to its end.
fn read(
    input: &mut dyn BufRead,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<(Format, Digest, Vec<LeftOut>), ImportError> {
    let head = input.fill_buf().map_err(ImportError::Read)?;
    let format = match options.format {
        Some(format) => format,
        None => Format::detect(head).ok_or_else(|| ImportError::unknown_format(head))?,
    };
    let mut feed = Feed::new(input, options.max_bytes);
    let left_out = match format {
        Format::Libinput => libinput::read(&mut feed, options, sink),
        Format::Evemu => evemu::read(&mut feed, options, sink),
        Format::Evtest => evtest::read(&mut feed, options, sink),
        Format::Hid => hid::read(&mut feed, options, sink),
        Format::Atpcap => atpcap::read(&mut feed, options, sink),
        Format::GlassToKey => glasstokey::read(&mut feed, options, sink),
    }?;
    Ok((format, feed.finish(), left_out))
}

/// Sessions in the making.
struct Writing<'a> {
    survey: &'a Survey,
    destination: &'a Destination,
    /// Of the sessions surveyed, the next.
    at: usize,
    /// By device; none for a device without frames.
    recorders: Vec<Option<Recorder>>,
}

impl Sink for Writing<'_> {
    fn device(&mut self, device: &Device) -> Result<usize, ImportError> {
        let index = self.recorders.len();
        let Some(session) = self.survey.sessions.get(self.at).filter(|session| session.index == index) else {
            self.recorders.push(None);
            return Ok(index);
        };
        self.at += 1;
        let Destination { place, about, environment, provenance, salt } = self.destination;
        let mut source = session.source.clone();
        source.device = device.id.map(|id| pad::device_hash(salt, id));
        let info = SourceInfo {
            source,
            clock: device.clock.clone(),
            provenance: provenance.clone(),
            steady: device.steady,
            channels: None,
        };
        let (place, about, environment) = (place.clone(), about.clone(), environment.clone());
        let recorder = Recorder::create(Order { place, session: None, about, environment }, &info)?;
        self.recorders.push(Some(recorder));
        Ok(index)
    }

    fn frame(&mut self, device: usize, frame: &crate::Frame) -> Result<(), ImportError> {
        match self.recorders.get_mut(device) {
            Some(Some(recorder)) => Ok(recorder.frame(frame)?),
            _ => Ok(()),
        }
    }

    fn event(
        &mut self,
        device: usize,
        kind: openweigh_formats::events::Kind,
        detail: &str,
    ) -> Result<(), ImportError> {
        match self.recorders.get_mut(device) {
            Some(Some(recorder)) => Ok(recorder.event(kind, detail)?),
            _ => Ok(()),
        }
    }
}

impl Writing<'_> {
    fn discard(&mut self) {
        for recorder in self.recorders.drain(..).flatten() {
            // The reason why nothing is kept is on its way already.
            let _ = recorder.discard();
        }
    }

    fn finish(mut self) -> Result<Vec<Recorded>, ImportError> {
        let mut finished: Vec<Recorded> = Vec::new();
        let mut waiting: Vec<Recorder> = self.recorders.drain(..).flatten().rev().collect();
        while let Some(recorder) = waiting.pop() {
            match recorder.finish() {
                Ok(recorded) => finished.push(recorded),
                Err(error) => {
                    self.recorders = waiting.into_iter().map(Some).collect();
                    self.discard();
                    return Err(error.into());
                }
            }
        }
        Ok(finished)
    }
}
