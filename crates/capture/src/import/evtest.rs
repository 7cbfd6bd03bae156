//! `evtest`: what it prints of a device, and then of each event, a line each. People keep it in reports of defects.

use super::error::LeftOut;
use super::feed::{Feed, hexadecimal, parsed, words};
use super::following::Following;
use super::sink::Sink;
use super::{ImportError, Options};
use crate::evdev::codes::{ABS_MT_SLOT, ABS_MT_TRACKING_ID, EV_ABS, EV_SYN, SYN_DROPPED, SYN_REPORT};
use crate::evdev::{Axis, Description};

/// How a line of an event begins.
pub(crate) const EVENT: &[u8] = b"Event: time ";

/// How the first line begins that tells of the device.
pub(crate) const VERSION: &[u8] = b"Input driver version is ";

/// Events that the first frame may have before the device is judged.
const EARLY: usize = 1_024;

/// Slots of a device whose text was shortened so much that it does not tell.
const SLOTS: Axis = Axis { min: 0, max: 15, resolution: None };

/// Reads it.
pub(crate) fn read(
    feed: &mut Feed<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Vec<LeftOut>, ImportError> {
    let mut told = Told::default();
    let mut reading =
        Reading { options, early: Vec::new(), begun: false, following: None, left_out: Vec::new() };
    let mut line = Vec::new();
    while feed.line(&mut line)? {
        let text = line.trim_ascii();
        if let Some(event) = text.strip_prefix(EVENT) {
            if !told.device {
                return Err(feed.no_description());
            }
            let event = self::event(feed, &line, event)?;
            reading.event(event, &mut told.description, feed, sink)?;
        } else if !reading.begun && reading.early.is_empty() {
            // What a terminal shows around it is no event: a prompt, a list of devices, an empty line.
            told.line(feed, &line, text)?;
        } else if text.starts_with(VERSION) {
            return Err(feed.part(&line, text, "one device in a recording of evtest"));
        }
    }
    // A device without events is judged, too, so that people learn what was wrong with it.
    reading.begin(&mut told.description, feed, sink)?;
    if let Some(device) = reading.following {
        device.end(sink)?;
    }
    Ok(reading.left_out)
}

/// Time in microseconds, type, code and value.
type Event = (u64, u16, u16, i32);

/// The events, as they come.
struct Reading<'a> {
    options: &'a Options,
    /// Events of the first frame, which wait until the device is judged.
    early: Vec<Event>,
    begun: bool,
    following: Option<Following>,
    left_out: Vec<LeftOut>,
}

impl Reading<'_> {
    fn event(
        &mut self,
        event: Event,
        description: &mut Description,
        feed: &Feed<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), ImportError> {
        if self.begun {
            return self.following.as_mut().map_or(Ok(()), |device| device.event(event, feed, sink));
        }
        self.early.push(event);
        let is_frame = (event.1, event.2) == (EV_SYN, SYN_REPORT);
        if is_frame || self.early.len() == EARLY { self.begin(description, feed, sink) } else { Ok(()) }
    }

    /// Judges the device. People shorten such texts: an axis of contacts that an event names is one it has.
    fn begin(
        &mut self,
        description: &mut Description,
        feed: &Feed<'_>,
        sink: &mut dyn Sink,
    ) -> Result<(), ImportError> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        let names = |code: u16| self.early.iter().any(|event| (event.1, event.2) == (EV_ABS, code));
        if names(ABS_MT_TRACKING_ID) {
            description.axes.entry(ABS_MT_TRACKING_ID).or_insert(SLOTS);
            description.axes.entry(ABS_MT_SLOT).or_insert(SLOTS);
        }
        match Following::begin(description, 0, "", self.options, sink)? {
            Ok(device) => self.following = Some(device),
            Err(reason) => self.left_out.push(reason),
        }
        for event in std::mem::take(&mut self.early) {
            if let Some(device) = &mut self.following {
                device.event(event, feed, sink)?;
            }
        }
        Ok(())
    }
}

/// What was told of the device so far.
#[derive(Default)]
struct Told {
    description: Description,
    /// Whether there was a line with its ids.
    device: bool,
    /// The type whose codes are told, and the code whose values are.
    kind: Option<u16>,
    axis: Option<u16>,
}

impl Told {
    fn line(&mut self, feed: &Feed<'_>, line: &[u8], text: &[u8]) -> Result<(), ImportError> {
        let after = |prefix: &[u8]| text.strip_prefix(prefix).map(<[u8]>::trim_ascii);
        if let Some(rest) = after(b"Input device ID:") {
            self.ids(feed, line, rest)?;
        } else if let Some(name) = after(b"Input device name:") {
            let name = name.strip_prefix(b"\"").unwrap_or(name);
            let name = name.strip_suffix(b"\"").unwrap_or(name);
            self.description.name = String::from_utf8_lossy(name).into_owned();
        } else if let Some(rest) = after(b"Event type ") {
            let expected = "the number of a type";
            self.kind = Some(number(rest).ok_or_else(|| feed.part(line, rest, expected))?);
            self.axis = None;
        } else if let Some(rest) = after(b"Event code ") {
            let code: u16 = number(rest).ok_or_else(|| feed.part(line, rest, "the number of a code"))?;
            self.axis = (self.kind == Some(EV_ABS)).then_some(code);
            if let Some(code) = self.axis {
                if code >= 0x40 {
                    return Err(feed.part(line, rest, "the code of an axis, below 64"));
                }
                self.description.axes.insert(code, Axis { min: 0, max: 0, resolution: None });
            }
        } else if let Some(axis) = self.axis.and_then(|code| self.description.axes.get_mut(&code)) {
            let mut parts = words(text);
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return Ok(()) };
            let known = matches!(name, b"Value" | b"Min" | b"Max" | b"Fuzz" | b"Flat" | b"Resolution");
            if !known {
                return Ok(());
            }
            let value: i32 = parsed(value)
                .ok_or_else(|| feed.part(line, value, "a value that is a whole number of 32 bits"))?;
            match name {
                b"Min" => axis.min = value,
                b"Max" => axis.max = value,
                // Not printed if it is 0, nor by old versions: what is not there is not known.
                b"Resolution" => axis.resolution = Some(value),
                _ => {}
            }
        }
        Ok(())
    }

    /// `bus 0x11 vendor 0x2 product 0x7 version 0x1a1`.
    fn ids(&mut self, feed: &Feed<'_>, line: &[u8], rest: &[u8]) -> Result<(), ImportError> {
        let parts: Vec<&[u8]> = words(rest).take(9).collect();
        let id = |name: &[u8], at: usize| {
            let named = parts.get(at).is_some_and(|part| *part == name);
            let digits = parts.get(at + 1).and_then(|part| part.strip_prefix(b"0x"));
            digits.filter(|_| named).and_then(hexadecimal).and_then(|id| u16::try_from(id).ok())
        };
        let (Some(bus), Some(vendor), Some(product)) = (id(b"bus", 0), id(b"vendor", 2), id(b"product", 4))
        else {
            let expected = "bus, vendor, product and version, each with 0x and hexadecimal digits";
            return Err(feed.part(line, rest, expected));
        };
        let description = &mut self.description;
        (description.bus, description.vendor, description.product) = (bus, vendor, product);
        self.device = true;
        Ok(())
    }
}

/// The number at the beginning, before a word in brackets.
fn number(text: &[u8]) -> Option<u16> {
    words(text).next().and_then(parsed)
}

/// `seconds.microseconds, type 3 (EV_ABS), code 57 (ABS_MT_TRACKING_ID), value 12`, or a line of dashes with the name
/// of what ends a frame.
fn event(feed: &Feed<'_>, line: &[u8], text: &[u8]) -> Result<Event, ImportError> {
    let comma = memchr::memchr(b',', text)
        .ok_or_else(|| feed.part(line, text, "a comma after the time of the event"))?;
    let time = feed.microseconds(line, &text[..comma])?;
    let rest = text[comma + 1..].trim_ascii();
    let is_mark = matches!(rest.first(), Some(b'-' | b'+' | b'>'));
    if is_mark {
        let names = |name: &str| memchr::memmem::find(rest, name.as_bytes()).is_some();
        let code = if names("SYN_DROPPED") {
            SYN_DROPPED
        } else if names("SYN_REPORT") || names("Report Sync") || names("EV_SYN") {
            SYN_REPORT
        } else if names("SYN_MT_REPORT") || names("SYN_CONFIG") {
            // Of a protocol without slots, whose devices are refused.
            return Ok((time, EV_SYN, SYN_CONFIG, 0));
        } else {
            return Err(feed.part(line, rest, "SYN_REPORT, SYN_DROPPED or another mark between events"));
        };
        return Ok((time, EV_SYN, code, 0));
    }
    let mut parts = rest.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let mut field = |name: &[u8], expected: &str| {
        let part = parts.next().unwrap_or_default();
        let value = part.strip_prefix(name).map(<[u8]>::trim_ascii);
        value.ok_or_else(|| feed.part(line, rest, expected))
    };
    let expected = "type, code and value";
    let (kind, code) = (field(b"type ", expected)?, field(b"code ", expected)?);
    let value = field(b"value ", expected)?;
    let kind: u16 = number(kind).ok_or_else(|| feed.part(line, kind, "the number of a type"))?;
    let code: u16 = number(code).ok_or_else(|| feed.part(line, code, "the number of a code"))?;
    if kind != EV_ABS {
        // Of some other types the value is hexadecimal, and none of them is of use.
        return Ok((time, kind, code, 0));
    }
    let value =
        parsed(value).ok_or_else(|| feed.part(line, value, "a value that is a whole number of 32 bits"))?;
    Ok((time, kind, code, value))
}

/// A mark that ends nothing.
const SYN_CONFIG: u16 = 1;
