//! `GlassToKey`'s `.atpcap`, version 3: a header of 20 bytes, then records, each a header of 34 bytes and its
//! payload. All numbers are little-endian. A record of device -1 describes the file, the others are frames: what their
//! numbers mean is decided by the platform that the description names.

use super::error::LeftOut;
use super::feed::Feed;
use super::glasstokey::Devices;
use super::platform::{Contact, Counted, Counter, Hardware, Platform, Strange};
use super::sink::Sink;
use super::{CONTACTS, DEVICES, ImportError, Options};
use crate::frame::Frame;
use openweigh_formats::events::Kind;
use openweigh_formats::malformed::shortened;
use serde::Deserialize;

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
    let mut reader = Reader::new(ticks, options);
    let mut payload = Vec::new();
    loop {
        let start = feed.bytes;
        let mut head = [0; 34];
        if !feed.fill(&mut head, "the header of a record")? {
            break;
        }
        let length = i32::from_le_bytes(at(&head, 0));
        let longest = HEAD + CONTACTS * CONTACT;
        let length = usize::try_from(length).ok().filter(|length| *length <= longest.max(DESCRIPTION));
        let Some(length) = length else {
            let found = format!("a record of {} bytes", i32::from_le_bytes(at(&head, 0)));
            return Err(wrong(start, found, "at most 65536"));
        };
        payload.resize(length, 0);
        feed.must_fill(&mut payload, "a record")?;
        let record = Record { start, head: &head, payload: &payload };
        if record.index() == -1 {
            reader.described(&record)?;
        } else {
            reader.frame(&record, sink)?;
        }
    }
    reader.end(feed.bytes)
}

fn wrong(offset: u64, found: impl Into<String>, expected: impl Into<String>) -> ImportError {
    ImportError::Bytes { offset, found: found.into(), expected: expected.into() }
}

/// A record of the file.
struct Record<'a> {
    start: u64,
    head: &'a [u8; 34],
    payload: &'a [u8],
}

impl Record<'_> {
    fn index(&self) -> i32 {
        i32::from_le_bytes(at(self.head, 12))
    }

    fn arrival(&self) -> i64 {
        i64::from_le_bytes(at(self.head, 4))
    }

    /// A mistake at an offset in the record.
    fn wrong(&self, offset: u64, found: impl Into<String>, expected: impl Into<String>) -> ImportError {
        wrong(self.start + offset, found, expected)
    }
}

/// What the first record says of the file. Its other keys are of no use here.
#[derive(Deserialize)]
struct Described {
    #[serde(default)]
    platform: Option<String>,
    #[serde(default, rename = "framesCaptured")]
    frames: Option<u64>,
}

/// What is known so far.
struct Reader<'a> {
    ticks: i64,
    options: &'a Options,
    platform: Option<Platform>,
    /// The arrival of the description, from which a recording from Linux counts its time.
    base: i64,
    told: Option<u64>,
    frames: u64,
    counter: Counter,
    devices: Devices,
    frame: Frame,
}

impl<'a> Reader<'a> {
    fn new(ticks: i64, options: &'a Options) -> Self {
        Self {
            ticks,
            options,
            platform: options.platform,
            base: 0,
            told: None,
            frames: 0,
            counter: Counter::default(),
            devices: Devices::default(),
            frame: Frame::default(),
        }
    }

    /// Takes in a description. The first one counts.
    fn described(&mut self, record: &Record<'_>) -> Result<(), ImportError> {
        if self.told.is_some() || self.frames > 0 {
            return Ok(());
        }
        let described: Described = serde_json::from_slice(record.payload)
            .map_err(|error| record.wrong(34, format!("{error}"), "a description in JSON"))?;
        self.base = record.arrival();
        if self.platform.is_none() {
            let word = described.platform.as_deref();
            self.platform = word.and_then(Platform::called);
            if let (None, Some(word)) = (self.platform, word) {
                let found = format!("the platform `{}`", shortened(word, 40));
                return Err(ImportError::Platform { offset: record.start + 34, found });
            }
        }
        self.told = described.frames.filter(|told| *told > 0 || self.platform == Some(Platform::Mac));
        Ok(())
    }

    fn frame(&mut self, record: &Record<'_>, sink: &mut dyn Sink) -> Result<(), ImportError> {
        let payload = record.payload;
        let Some(platform) = self.platform else {
            let found = "a frame, and no platform in a description before it".to_owned();
            return Err(ImportError::Platform { offset: record.start, found });
        };
        self.frames += 1;
        let arrival = record.arrival();
        let Some(arrival_ns) = nanoseconds(arrival, self.ticks) else {
            return Err(record.wrong(
                4,
                format!("the time {arrival}"),
                "ticks that fit nanoseconds of 64 bits",
            ));
        };
        if payload.len() < HEAD || payload[..4] != FRAME {
            return Err(record.wrong(34, "another payload", "a frame that begins with `RFV3`"));
        }
        let index = record.index();
        if index < 0 {
            let expected = "a number from 0, or -1 for the description";
            return Err(record.wrong(12, format!("device {index}"), expected));
        }
        let count = usize::from(u16::from_le_bytes(at(payload, 28)));
        if payload.len() != HEAD + count * CONTACT {
            let found = format!("{count} contacts in {} bytes", payload.len());
            return Err(record.wrong(62, found, "40 bytes for each"));
        }
        let (number, id) = (u64::from_le_bytes(at(payload, 4)), u64::from_le_bytes(at(payload, 20)));
        let counted = self.counter.follow(platform, id, number);
        if let Counted::Wrong { expected } = counted {
            // The format counts its records; a hole means that the file is not as it was written.
            return Err(record.wrong(38, format!("frame {number}"), format!("frame {expected}")));
        }
        self.fill(record, platform, number, arrival_ns)?;
        let code = |offset| u16::try_from(u32::from_le_bytes(at(record.head, offset))).unwrap_or(0);
        let (vendor, product) = (code(20), code(24));
        let hardware = Hardware { platform, index: index.into(), id, vendor, product };
        let device = self.devices.of(hardware, self.options, sink).map_err(|error| {
            error.unwrap_or_else(|| record.wrong(12, "one more device", format!("at most {DEVICES}")))
        })?;
        let Some(device) = device else { return Ok(()) };
        if let Counted::Anew { before } = counted {
            let detail = format!("frame {number} of the recording follows its frame {before}");
            sink.event(device, Kind::Gap, &detail)?;
        }
        sink.frame(device, &self.frame)
    }

    fn fill(
        &mut self,
        record: &Record<'_>,
        platform: Platform,
        number: u64,
        arrival_ns: i64,
    ) -> Result<(), ImportError> {
        let payload = record.payload;
        self.frame.device_frame = i64::try_from(number).ok();
        self.frame.device_s = f64::from_le_bytes(at(payload, 12));
        if platform == Platform::Linux && self.frame.device_s == 0.0 {
            // What came before the description is written as 0 there; the arrival tells when it was.
            self.frame.device_s = self.since_described(record.arrival()).min(0.0);
        }
        self.frame.arrival_ns = Some(arrival_ns);
        self.frame.touches.clear();
        for (which, bytes) in payload[HEAD..].chunks_exact(CONTACT).enumerate() {
            let contact = contact(bytes);
            let touch = platform.touch(&contact).map_err(|strange| {
                let place = 34 + HEAD as u64 + which as u64 * CONTACT as u64;
                match strange {
                    Strange::State => {
                        record.wrong(place + 36, format!("the state {}", contact.state), platform.states())
                    }
                    Strange::Pressure => record.wrong(
                        place + 16,
                        format!("the pressure {}", contact.pressure),
                        "a whole number from 0 to 255, divided by 255",
                    ),
                }
            })?;
            self.frame.touches.push(touch);
        }
        Ok(())
    }

    /// Seconds from the description to an arrival.
    #[expect(clippy::cast_precision_loss, reason = "the binary64 that the program would have written")]
    fn since_described(&self, arrival: i64) -> f64 {
        (i128::from(arrival) - i128::from(self.base)) as f64 / self.ticks as f64
    }

    fn end(self, offset: u64) -> Result<Vec<LeftOut>, ImportError> {
        match self.told {
            Some(told) if told != self.frames => {
                let found = format!("the end of the file after {} frames", self.frames);
                Err(wrong(offset, found, format!("{told}, as its description says: the recording was cut")))
            }
            _ => Ok(self.devices.left_out),
        }
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
fn nanoseconds(time: i64, ticks: i64) -> Option<i64> {
    let nanoseconds = i128::from(time).checked_mul(1_000_000_000)?.checked_div_euclid(i128::from(ticks))?;
    i64::try_from(nanoseconds).ok()
}

fn contact(bytes: &[u8]) -> Contact {
    let value = |offset| f32::from_le_bytes(at(bytes, offset));
    Contact {
        id: i32::from_le_bytes(at(bytes, 0)),
        state: bytes[36].into(),
        x: value(4),
        y: value(8),
        total: value(12),
        pressure: value(16),
        major: value(20),
        minor: value(24),
        angle: value(28),
        density: value(32),
    }
}

/// Some bytes at an offset; their lengths were checked.
fn at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[offset..offset + N]);
    out
}
