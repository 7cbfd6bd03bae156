//! `GlassToKey`'s `.atpcap`, version 3: a header of 20 bytes, then records, each a header of 34 bytes and its
//! payload. All numbers are little-endian. A record of device -1 describes the file, the others are frames.

use super::error::LeftOut;
use super::feed::Feed;
use super::glasstokey::Devices;
use super::sink::Sink;
use super::{CONTACTS, DEVICES, ImportError, Options};
use crate::frame::{Frame, Phase, Touch};

/// How the file begins.
pub(crate) const MAGIC: &[u8] = b"ATPCAP01";

/// How the payload of a frame begins.
const FRAME: [u8; 4] = *b"RFV3";

/// Bytes of a frame before its contacts, and of a contact.
const HEAD: usize = 32;
const CONTACT: usize = 40;

/// Bytes that the description of the file may have.
const DESCRIPTION: usize = 64 << 10;

/// Reads it.
pub(crate) fn read(
    feed: &mut Feed<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Vec<LeftOut>, ImportError> {
    let ticks = header(feed)?;
    let mut devices = Devices::default();
    let mut payload = Vec::new();
    let mut frame = Frame::default();
    let (mut frames, mut told): (i64, Option<u64>) = (0, None);
    loop {
        let start = feed.bytes;
        let mut head = [0; 34];
        if !feed.fill(&mut head, "the header of a record")? {
            break;
        }
        let wrong = |offset: u64, found: String, expected: &str| ImportError::Bytes {
            offset: start + offset,
            found,
            expected: expected.to_owned(),
        };
        let length = i32::from_le_bytes(at(&head, 0));
        let longest = HEAD + CONTACTS * CONTACT;
        let length = usize::try_from(length).ok().filter(|length| *length <= longest.max(DESCRIPTION));
        let Some(length) = length else {
            let found = format!("a record of {} bytes", i32::from_le_bytes(at(&head, 0)));
            return Err(wrong(0, found, "at most 65536"));
        };
        payload.resize(length, 0);
        feed.must_fill(&mut payload, "a record")?;
        let index = i32::from_le_bytes(at(&head, 12));
        if index == -1 {
            told = told.or(frames_told(&payload));
            continue;
        }
        frames += 1;
        let arrival = i64::from_le_bytes(at(&head, 4));
        let Some(arrival) = nanoseconds(arrival, ticks) else {
            return Err(wrong(
                4,
                format!("the time {arrival}"),
                "ticks from 0 that fit nanoseconds of 64 bits",
            ));
        };
        if payload.len() < HEAD || payload[..4] != FRAME {
            return Err(wrong(34, "another payload".to_owned(), "a frame that begins with `RFV3`"));
        }
        let number = u64::from_le_bytes(at(&payload, 4));
        if number != frames.unsigned_abs() {
            // The format counts its records; a hole means that the file is not as it was written.
            return Err(wrong(38, format!("frame {number}"), &format!("frame {frames}")));
        }
        let count = usize::from(u16::from_le_bytes(at(&payload, 28)));
        if payload.len() != HEAD + count * CONTACT {
            return Err(wrong(62, format!("{count} contacts in {length} bytes"), "40 bytes for each"));
        }
        frame.device_frame = Some(frames);
        frame.device_s = f64::from_le_bytes(at(&payload, 12));
        frame.arrival_ns = Some(arrival);
        frame.touches.clear();
        for (which, contact) in payload[HEAD..].chunks_exact(CONTACT).enumerate() {
            let place = 34 + HEAD as u64 + which as u64 * CONTACT as u64;
            let touch = touch(contact).ok_or_else(|| {
                wrong(place + 36, format!("the state {}", contact[36]), "the number of a state, 0 to 7")
            })?;
            frame.touches.push(touch);
        }
        let id = u64::from_le_bytes(at(&payload, 20));
        let device = devices.of(index.into(), id, options, sink).map_err(|error| {
            error.unwrap_or_else(|| wrong(12, "one more device".to_owned(), &format!("at most {DEVICES}")))
        })?;
        if index < 0 {
            return Err(wrong(12, format!("device {index}"), "a number from 0, or -1 for the description"));
        }
        if let Some(device) = device {
            sink.frame(device, &frame)?;
        }
    }
    match told {
        Some(told) if told != frames.unsigned_abs() => Err(ImportError::Bytes {
            offset: feed.bytes,
            found: format!("the end of the file after {frames} frames"),
            expected: format!("{told}, as its description says: the recording was cut"),
        }),
        _ => Ok(devices.left_out),
    }
}

/// Ticks in a second.
fn header(feed: &mut Feed<'_>) -> Result<i64, ImportError> {
    let mut head = [0; 20];
    feed.must_fill(&mut head, "the header")?;
    let wrong = |offset, found: String, expected: &str| {
        Err(ImportError::Bytes { offset, found, expected: expected.to_owned() })
    };
    if head[..8] != *MAGIC {
        return wrong(0, "another file".to_owned(), "`ATPCAP01`");
    }
    let version = i32::from_le_bytes(at(&head, 8));
    if version != 3 {
        let expected = "version 3; version 2 holds reports without pressure, record anew with version 3";
        return wrong(8, format!("version {version}"), expected);
    }
    let ticks = i64::from_le_bytes(at(&head, 12));
    if ticks <= 0 {
        return wrong(12, format!("{ticks} ticks a second"), "a number above 0");
    }
    Ok(ticks)
}

/// Ticks as nanoseconds, the last one begun left out.
fn nanoseconds(time: i64, ticks: i64) -> Option<u64> {
    let nanoseconds = i128::from(time).checked_mul(1_000_000_000)?.checked_div(i128::from(ticks))?;
    u64::try_from(nanoseconds).ok().filter(|_| time >= 0)
}

/// The number of frames that the description tells, if it does: the one sign of a file that was cut between
/// two records. It is JSON; the key is the writer's own, and nothing else of it is of use here.
fn frames_told(payload: &[u8]) -> Option<u64> {
    let key = b"\"framesCaptured\"";
    let from = memchr::memmem::find(payload, key)? + key.len();
    let rest = payload[from..].trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

fn touch(bytes: &[u8]) -> Option<Touch> {
    let Phase::Known(state) = Phase::of_number(bytes[36].into()) else { return None };
    let value = |offset| Some(f32::from_le_bytes(at(bytes, offset)));
    Some(Touch {
        x: value(4),
        y: value(8),
        total: value(12),
        pressure: value(16),
        major: value(20),
        minor: value(24),
        angle: value(28),
        density: value(32),
        ..Touch::bare(i32::from_le_bytes(at(bytes, 0)).into(), state)
    })
}

/// Some bytes at an offset; their lengths were checked.
fn at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[offset..offset + N]);
    out
}
