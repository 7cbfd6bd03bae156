//! `hid-recorder`: the raw reports of a Magic Trackpad 2 or USB-C, decoded here.
//!
//! Layout, as the kernel's `hid-magicmouse` and the documentation of `VoodooInput` have it: Bluetooth reports
//! 0x31 have 4 bytes before their contacts, USB reports 0x02 have 12, of which the last 4 are the same; a
//! contact has 9 bytes. The last three of the 4 bytes are one little-endian number of 24 bits: from bit 3 on it is
//! a count of milliseconds, which starts anew every 2^21 (35 minutes); the three bits below are the click and others.
//! Reports that people published step by 0x58 and 0x60, which are 11 and 12 ms. The three bits of a contact's state
//! are the number that macOS shows: 4 is a touch, 5 its end, which is the pair of states that Linux takes for being
//! down.

use super::error::{LeftOut, Reason};
use super::feed::{Feed, hexadecimal, parsed, words};
use super::following::{clock, selected};
use super::sink::Sink;
use super::{DEVICES, Device, ImportError, Options};
use crate::evdev::{Description, MAGIC_TRACKPAD_CEILING, Refusal, line_of, ratio, transport, whole};
use crate::frame::{Frame, Phase, Touch};
use openweigh_formats::events::Kind;
use openweigh_formats::session::{Clicks, PressureUnit, Source};
use std::collections::BTreeMap;

/// Edges of the surface in the reports' units, and its size in micrometres, as `hid-magicmouse` has them.
const X: (i32, i32, i64) = (-3678, 3934, 160_000);
const Y: (i32, i32, i64) = (-2478, 2587, 114_900);

/// After how many milliseconds the pad's count starts anew.
const WRAP: i64 = 1 << 21;

/// A device of the file.
#[derive(Default)]
struct Recorded {
    description: Description,
    begun: bool,
    pad: Option<Pad>,
}

/// One that is imported.
struct Pad {
    index: usize,
    clock: Milliseconds,
    frame: Frame,
    skipped: u64,
}

/// Reads it.
pub(crate) fn read(
    feed: &mut Feed<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Vec<LeftOut>, ImportError> {
    let mut devices: BTreeMap<usize, Recorded> = BTreeMap::new();
    let (mut current, mut line, mut report) = (0, Vec::new(), Vec::new());
    let mut left_out = Vec::new();
    while feed.line(&mut line)? {
        let text = line.trim_ascii();
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        let expected = "a line that begins with D: R: N: P: I: E: or #";
        let Some((kind, rest)) = text.split_at_checked(2) else {
            return Err(feed.part(&line, text, expected));
        };
        if kind == b"D:" {
            let number = parsed(rest.trim_ascii()).filter(|number| *number < DEVICES);
            let expected = format!("the number of a device, at most {}", DEVICES - 1);
            current = number.ok_or_else(|| feed.part(&line, rest, expected))?;
            continue;
        }
        let device = devices.entry(current).or_default();
        match kind {
            b"N:" => device.description.name = String::from_utf8_lossy(rest.trim_ascii()).into_owned(),
            b"I:" => {
                let expected = "bus, vendor and product, each of up to 4 hexadecimal digits";
                let [bus, vendor, product] = feed.numbers(&line, rest, expected)?;
                (device.description.bus, device.description.vendor, device.description.product) =
                    (bus, vendor, product);
            }
            b"R:" | b"P:" => {}
            b"E:" => {
                if !device.begun {
                    device.begun = true;
                    match begin(&device.description, current, options, sink)? {
                        Ok(index) => device.pad = Some(Pad::new(index)),
                        Err(reason) => left_out.push(reason),
                    }
                }
                let time = bytes(feed, &line, rest, &mut report)?;
                if let Some(pad) = &mut device.pad {
                    pad.report(time, &report, sink)?;
                }
            }
            _ => return Err(feed.part(&line, text, expected)),
        }
    }
    for pad in devices.into_values().filter_map(|device| device.pad) {
        if pad.skipped > 0 {
            let note = format!("reports of another length or kind, without contacts: {}", pad.skipped);
            sink.event(pad.index, Kind::Note, &note)?;
        }
    }
    Ok(left_out)
}

fn begin(
    description: &Description,
    number: usize,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Result<usize, LeftOut>, ImportError> {
    let Description { name, vendor, product, bus, .. } = description;
    let words = if name.is_empty() { format!("device {number}") } else { name.clone() };
    if !selected(options, number, &[name]) {
        return Ok(Err(LeftOut { device: words, why: Reason::NotSelected }));
    }
    let Some(model) = description.magic_trackpad() else {
        let why = Refusal::UnknownReports { vendor: *vendor, product: *product }.into();
        return Ok(Err(LeftOut { device: words, why }));
    };
    let source = Source {
        os: line_of("linux"),
        driver: line_of("hidraw"),
        model: options.model.clone().unwrap_or_else(|| line_of(model)),
        transport: line_of(transport(*bus)),
        family: None,
        device: None,
        surface: Some([i64::from(X.1 - X.0), i64::from(Y.1 - Y.0)]),
        sensor: None,
        unit: PressureUnit::Counts,
        quantum: Some(whole(1)),
        ceiling: Some(whole(MAGIC_TRACKPAD_CEILING)),
        clicks: Clicks::Unknown,
    };
    let clock = clock("the pad's count of milliseconds, s", "arrival of the report, as recorded, ns");
    sink.device(&Device { source, clock, words, id: None, steady: true, silent_without_force: false }).map(Ok)
}

/// `E: seconds.microseconds length bytes`. Gives the time in microseconds.
fn bytes(feed: &Feed<'_>, line: &[u8], rest: &[u8], report: &mut Vec<u8>) -> Result<u64, ImportError> {
    report.clear();
    let mut parts = words(rest);
    let time = parts.next().unwrap_or_default();
    let time = feed.microseconds(line, time)?;
    let part = parts.next().unwrap_or_default();
    let length: usize = parsed(part)
        .filter(|length| *length <= 4096)
        .ok_or_else(|| feed.part(line, part, "the length of the report, at most 4096"))?;
    for part in parts {
        let byte = hexadecimal(part).filter(|_| part.len() == 2).and_then(|byte| u8::try_from(byte).ok());
        report.push(byte.ok_or_else(|| feed.part(line, part, "a byte of two hexadecimal digits"))?);
    }
    if report.len() == length {
        return Ok(time);
    }
    Err(feed.part(line, part, format!("{} bytes, as many as there are", report.len())))
}

impl Pad {
    fn new(index: usize) -> Self {
        Self { index, clock: Milliseconds::default(), frame: Frame::default(), skipped: 0 }
    }

    fn report(&mut self, time: u64, report: &[u8], sink: &mut dyn Sink) -> Result<(), ImportError> {
        match report {
            // Two reports in one.
            [0xf7, length, rest @ ..] if usize::from(*length) <= rest.len() => {
                let (first, second) = rest.split_at(usize::from(*length));
                self.single(time, first, sink)?;
                self.single(time, second, sink)
            }
            _ => self.single(time, report, sink),
        }
    }

    fn single(&mut self, time: u64, report: &[u8], sink: &mut dyn Sink) -> Result<(), ImportError> {
        let (head, contacts) = match report {
            [0x31, _, _, _, contacts @ ..] => (&report[..4], contacts),
            [0x02, _, _, _, _, _, _, _, 0x31, _, _, _, contacts @ ..] => (&report[8..12], contacts),
            _ => (&[][..], &[][..]),
        };
        if head.is_empty() || !contacts.len().is_multiple_of(9) {
            self.skipped += 1;
            return Ok(());
        }
        self.frame.device_s = self.clock.seconds(milliseconds(head), time);
        self.frame.arrival_ns = i64::try_from(time * 1_000).ok();
        self.frame.touches.clear();
        self.frame.touches.extend(contacts.chunks_exact(9).map(contact));
        sink.frame(self.index, &self.frame)
    }
}

/// The count in the four bytes before the contacts.
fn milliseconds(head: &[u8]) -> i64 {
    i64::from(u32::from_le_bytes([head[1], head[2], head[3], 0]) >> 3)
}

/// A contact of 9 bytes.
fn contact(bytes: &[u8]) -> Touch {
    let word = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let signed = |value: u32| {
        let value = i32::try_from(value & 0x1fff).unwrap_or(0);
        if value >= 1 << 12 { value - (1 << 13) } else { value }
    };
    let (across, up) = (signed(word), signed(word >> 13));
    // Up is up here; the kernel's axis, whose ends these are, goes down.
    let (from_left, from_bottom) = (i64::from(across - X.0), i64::from(Y.1 + up));
    let (width, height) = (i64::from(X.1 - X.0), i64::from(Y.1 - Y.0));
    let Phase::Known(state) = Phase::of_number(i32::from(bytes[3] >> 5)) else {
        unreachable!("three bits are a state")
    };
    let byte = |at: usize| Some(f32::from(bytes[at]));
    let eighths = f32::from(bytes[8] >> 5);
    Touch {
        finger: Some(i64::from(bytes[3] >> 2 & 7)),
        x: Some(ratio(from_left, width)),
        y: Some(ratio(from_bottom, height)),
        total: byte(6),
        pressure: byte(7),
        angle: Some(eighths * std::f32::consts::FRAC_PI_8),
        major: byte(4),
        minor: byte(5),
        x_mm: Some(ratio(from_left * X.2, width * 1_000)),
        y_mm: Some(ratio(from_bottom * Y.2, height * 1_000)),
        ..Touch::bare(i64::from(bytes[8] & 0xf), state)
    }
}

/// The pad's count of milliseconds, going on where it starts anew.
#[derive(Default)]
struct Milliseconds {
    /// Count, unwrapped count, and time of arrival in microseconds, of the report before.
    last: Option<(i64, i64, i64)>,
}

impl Milliseconds {
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 milliseconds")]
    fn seconds(&mut self, count: i64, arrival_us: u64) -> f64 {
        let arrival = i64::try_from(arrival_us).unwrap_or(i64::MAX);
        let unwrapped = self.last.map_or(count, |(last, before, arrived)| {
            let step = (count - last).rem_euclid(WRAP);
            // How often it started anew in a pause is told by the arrivals, which need to be right to a quarter of
            // an hour only. A report that came late is a step back, not a round of half an hour.
            let passed = (arrival - arrived) / 1_000;
            let rounds = (passed - step + WRAP / 2).div_euclid(WRAP);
            before + step + rounds.max(-1) * WRAP
        });
        self.last = Some((count, unwrapped, arrival));
        unwrapped as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_go_on_where_the_count_starts_anew() {
        let mut clock = Milliseconds::default();
        let mut at = |count, milliseconds: u64| clock.seconds(count, milliseconds * 1_000).to_string();
        assert_eq!(at(2_097_148, 0), "2097.148");
        assert_eq!(at(7, 11), "2097.159");
        assert_eq!(at(3, 12), "2097.155", "a report that came late");
        // An hour and a half: two rounds, and a part of one.
        assert_eq!(at(3 + 5_400_100 - 2 * 2_097_152, 5_400_000), "7497.255");
    }

    /// Beginnings of reports of a real pad over USB, one after the other, and a contact of them: bytes as they
    /// stand in public documentation of the report, of a finger that rests.
    #[test]
    fn real_reports_are_eleven_or_twelve_milliseconds_apart() {
        let heads: [[u8; 4]; 6] = [
            [0x31, 0x30, 0xbb, 0x93],
            [0x31, 0x90, 0xbb, 0x93],
            [0x31, 0xe8, 0xbb, 0x93],
            [0x31, 0x40, 0xbc, 0x93],
            [0x31, 0x98, 0xbc, 0x93],
            [0x31, 0xf8, 0xbc, 0x93],
        ];
        let counts: Vec<i64> = heads.iter().map(|head| milliseconds(head)).collect();
        let steps: Vec<i64> = counts.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!((counts[0], &steps[..]), (1_210_214, &[12, 11, 11, 11, 12][..]));
        // The click is in the lowest bits, and is no time.
        assert_eq!(milliseconds(&[0x31, 0x31, 0xbb, 0x93]), counts[0]);
        let touch = contact(&[0xf0, 0x82, 0xba, 0x8b, 0x66, 0x58, 0x17, 0x25, 0x09]);
        assert!(touch.is_touching());
        assert_eq!((touch.path, touch.finger, touch.pressure), (9, Some(2), Some(37.0)));
        assert_eq!((touch.major, touch.minor, touch.total), (Some(102.0), Some(88.0), Some(23.0)));
    }

    #[test]
    fn bits_of_a_contact() {
        // x = -3678, up = 2478, finger 2, state 4, angle 4, id 5.
        let (x, y) = ((8192 - 3678) as u32, 2478_u32);
        let word = x | y << 13 | 2 << 26 | 4 << 29;
        let mut bytes = word.to_le_bytes().to_vec();
        bytes.extend([90, 80, 70, 60, 4 << 5 | 5]);
        let touch = contact(&bytes);
        assert_eq!((touch.path, touch.finger), (5, Some(2)));
        assert!(touch.is_touching());
        assert_eq!((touch.x, touch.x_mm), (Some(0.0), Some(0.0)));
        assert_eq!((touch.y, touch.y_mm), (Some(1.0), Some(114.9)));
        assert_eq!((touch.major, touch.minor), (Some(90.0), Some(80.0)));
        assert_eq!((touch.total, touch.pressure), (Some(70.0), Some(60.0)));
        assert_eq!(touch.angle, Some(std::f32::consts::FRAC_PI_2));
    }
}
