//! Why a recording is not imported, or a device in it.

use crate::error::CaptureError;
use crate::evdev::Refusal;
use openweigh_formats::Position;
use openweigh_formats::malformed::shortened;
use std::fmt;

/// Why a recording is not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be read.
    #[error("cannot read the recording: {0}")]
    Read(std::io::Error),
    /// It is of no format that is known.
    #[error(
        "found `{found}` at the beginning, expected a recording of libinput record, evemu-record, evtest, \
         hid-recorder or GlassToKey (.atpcap, CSV)"
    )]
    UnknownFormat {
        /// How it begins.
        found: String,
    },
    /// A line that the format does not have.
    #[error("{position}: found {found}, expected {expected}")]
    Malformed {
        /// Where.
        position: Position,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// Bytes that the format does not have.
    #[error("byte {offset}: found {found}, expected {expected}")]
    Bytes {
        /// Where, counted from 0.
        offset: u64,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// The events come before what describes their device.
    #[error("{position}: found events, expected the description of their device before them")]
    NoDescription {
        /// Where.
        position: Position,
    },
    /// Nothing tells on which system it was recorded, which decides what its numbers mean.
    #[error(
        "byte {offset}: found {found}, expected one of macOS, Linux or Windows, which decides what the numbers mean"
    )]
    Platform {
        /// Where, counted from 0.
        offset: u64,
        /// What stands in its place.
        found: String,
    },
    /// It is larger than allowed.
    #[error("found more than {limit} bytes, which is the limit")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// More interruptions than a recording that works has.
    #[error("{device}: found more than {limit} interruptions, expected a recording that works")]
    Broken {
        /// The device.
        device: String,
        /// How many are allowed.
        limit: u64,
    },
    /// No device in it reports force.
    #[error("found {}", nothing(left_out))]
    Nothing {
        /// What was there, and why it is no session.
        left_out: Vec<LeftOut>,
    },
    /// It is not what it was when it was looked at.
    #[error("the recording changed while it was read")]
    Changed,
    /// The sessions cannot be written.
    #[error(transparent)]
    Capture(#[from] CaptureError),
}

impl ImportError {
    pub(crate) fn unknown_format(head: &[u8]) -> Self {
        let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let found = String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
        Self::UnknownFormat { found: shortened(&found, 40) }
    }
}

fn nothing(left_out: &[LeftOut]) -> String {
    let reasons: Vec<String> = left_out.iter().take(5).map(ToString::to_string).collect();
    let more = left_out.len().saturating_sub(5);
    match (reasons.is_empty(), more) {
        (true, _) => "no device, expected at least one that reports force".to_owned(),
        (false, 0) => format!("no device that reports force: {}", reasons.join("; ")),
        (false, more) => format!("no device that reports force: {}; and {more} others", reasons.join("; ")),
    }
}

/// A device that becomes no session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is called.
    pub device: String,
    /// Why.
    pub why: Reason,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.device, self.why)
    }
}

/// Why a device becomes no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is no pad to weigh with.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another one was asked for.
    #[error("not the device that was asked for")]
    NotSelected,
    /// Nothing came from it.
    #[error("no frame came from it")]
    NoFrames,
}
