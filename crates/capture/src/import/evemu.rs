//! `evemu-record`, formats 1.0 to 1.3: a device's description, then its events, a line each.
//!
//! 1.0, which needs no first line that says so, has comments of whole lines only; since 1.1 they may stand behind a
//! line; since 1.2 an axis has a resolution; since 1.3 there are the states of lamps and switches.

use super::error::LeftOut;
use super::feed::{Feed, hexadecimal, parsed, words};
use super::following::Following;
use super::sink::Sink;
use super::{ImportError, Options};
use crate::evdev::{Axis, Description};

/// The latest minor version that is known.
const LATEST: u8 = 3;

/// Reads it.
pub(crate) fn read(
    feed: &mut Feed<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Vec<LeftOut>, ImportError> {
    let mut description = Description::default();
    let mut following: Option<Following> = None;
    let mut left_out = Vec::new();
    let (mut begun, mut described) = (false, false);
    // Without a first line that says another it is 1.0, but many programs leave that line out.
    let mut version = None;
    let mut line = Vec::new();
    while feed.line(&mut line)? {
        if let Some(told) = line.strip_prefix(b"# EVEMU ") {
            version = Some(self::version(feed, &line, told.trim_ascii())?);
            continue;
        }
        let text = content(&line, version);
        let Some((kind, rest)) = text.split_at_checked(2) else {
            if text.is_empty() {
                continue;
            }
            return Err(unknown(feed, &line, text));
        };
        if begun && kind != b"E:" {
            let expected = "only lines of events (E:) after the first of them";
            return Err(feed.part(&line, text, expected));
        }
        described |= kind != b"E:";
        match kind {
            b"N:" => description.name = String::from_utf8_lossy(rest.trim_ascii()).into_owned(),
            b"I:" => {
                let expected = "bus, vendor, product and version, each of up to 4 hexadecimal digits";
                let [bus, vendor, product, _] = feed.numbers(&line, rest, expected)?;
                (description.bus, description.vendor, description.product) = (bus, vendor, product);
            }
            b"A:" => axis(&mut description, feed, &line, rest)?,
            // Properties, bits, and the states of lamps and switches: what matters is in the axes.
            b"P:" | b"B:" | b"L:" | b"S:" => {}
            b"E:" => {
                if !begun {
                    begun = true;
                    if !described {
                        return Err(feed.no_description());
                    }
                    match Following::begin(&description, 0, "", options, sink)? {
                        Ok(device) => following = Some(device),
                        Err(reason) => left_out.push(reason),
                    }
                }
                let event = event(feed, &line, rest)?;
                if let Some(device) = &mut following {
                    device.event(event, feed, sink)?;
                }
            }
            _ => return Err(unknown(feed, &line, text)),
        }
    }
    if let Some(device) = following {
        device.end(sink)?;
    }
    Ok(left_out)
}

/// Whether a line that begins with `E:` is of this format: a type and a code of four digits after the time, where
/// others have a length and bytes.
pub(crate) fn is_event(line: &[u8]) -> bool {
    let mut parts = words(line).skip(2);
    let mut code = || parts.next().is_some_and(|part| part.len() == 4 && hexadecimal(part).is_some());
    code() && code()
}

fn unknown(feed: &Feed<'_>, line: &[u8], text: &[u8]) -> ImportError {
    feed.part(line, text, "a line that begins with N: I: P: B: A: L: S: E: or #")
}

/// The minor version of a format that is known.
fn version(feed: &Feed<'_>, line: &[u8], told: &[u8]) -> Result<u8, ImportError> {
    let minor = told.strip_prefix(b"1.").and_then(parsed).filter(|minor| *minor <= LATEST);
    minor.ok_or_else(|| feed.part(line, told, format!("a version of the format, 1.0 to 1.{LATEST}")))
}

/// A line without its comment. Names hold a `#` that is none, and so does every line of the first version but those
/// that begin with it.
fn content(line: &[u8], version: Option<u8>) -> &[u8] {
    if line.starts_with(b"N:") || (version == Some(0) && !line.starts_with(b"#")) {
        return line.trim_ascii();
    }
    let end = memchr::memchr(b'#', line).unwrap_or(line.len());
    line[..end].trim_ascii()
}

/// `A: code min max fuzz flat [resolution]`: older versions left the resolution out, which is not 0.
fn axis(description: &mut Description, feed: &Feed<'_>, line: &[u8], rest: &[u8]) -> Result<(), ImportError> {
    let expected = "the code of an axis and 4 or 5 whole numbers: min, max, fuzz, flat and resolution";
    let mut parts = words(rest);
    let code = parts.next().and_then(hexadecimal).and_then(|code| u16::try_from(code).ok());
    let numbers: Vec<Option<i32>> = parts.take(6).map(parsed).collect();
    let axis = match numbers[..] {
        [Some(min), Some(max), Some(_), Some(_)] => Axis { min, max, resolution: None },
        [Some(min), Some(max), Some(_), Some(_), resolution @ Some(_)] => Axis { min, max, resolution },
        _ => return Err(feed.part(line, rest, expected)),
    };
    let code = code.filter(|code| *code < 0x40).ok_or_else(|| feed.part(line, rest, expected))?;
    description.axes.insert(code, axis);
    Ok(())
}

/// `E: seconds.microseconds type code value`.
fn event(feed: &Feed<'_>, line: &[u8], rest: &[u8]) -> Result<(u64, u16, u16, i32), ImportError> {
    let mut parts = words(rest);
    let mut next = |expected: &str| parts.next().ok_or_else(|| feed.part(line, rest, expected));
    let time = next("a time")?;
    let time = feed.microseconds(line, time)?;
    let mut hex = |expected: &str| {
        let part = next(expected)?;
        let number = hexadecimal(part).and_then(|number| u16::try_from(number).ok());
        number.ok_or_else(|| feed.part(line, part, expected))
    };
    let kind = hex("a type of up to 4 hexadecimal digits")?;
    let code = hex("a code of up to 4 hexadecimal digits")?;
    let value = next("a value")?;
    let value =
        parsed(value).ok_or_else(|| feed.part(line, value, "a value that is a whole number of 32 bits"))?;
    match parts.next() {
        None => Ok((time, kind, code, value)),
        Some(more) => Err(feed.part(line, more, "nothing after the value")),
    }
}
