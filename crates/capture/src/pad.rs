//! A pad behind the framework's ABI, as a source: its frames, and what happens to it.

use crate::error::CaptureError;
use crate::frame::{Frame, Moment, Phase, Source, SourceInfo, Touch};
use openweigh_formats::dataset::{Provenance, ProvenanceKind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::Kind;
use openweigh_formats::number::Number;
use openweigh_formats::session::{Clicks, Clock, DeviceHash, PressureUnit, Source as Described};
use openweigh_formats::text::Line;
use openweigh_multitouch::{self as multitouch, ClickGuard, Condition, Device, Dropped, Identity, Stream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// For how long a stopped pad is started again before it is called lost.
const RESTARTS: Duration = Duration::from_mins(1);

/// How long to wait between two attempts at that.
const PAUSE: Duration = Duration::from_millis(200);

/// What a pad's session is to say where the pad itself says nothing, or not enough.
#[derive(Debug, Clone, Default)]
pub struct PadOptions {
    /// Kept from strangers, so that a device cannot be found by trying out ids.
    pub salt: String,
    /// Model, in place of the one told by the family.
    pub model: Option<Line>,
    /// Unit of the pressure, in place of the one that is known.
    pub unit: Option<PressureUnit>,
    /// Step of the pressure.
    pub quantum: Option<Number>,
    /// Largest pressure.
    pub ceiling: Option<Number>,
    /// Touches that may wait to be read; else as many as usual.
    pub capacity: Option<usize>,
}

/// The name under which a device may be told to others: the first 16 hexadecimal digits of the SHA-256 of
/// the salt's bytes and the id's eight, little-endian.
pub fn device_hash(salt: &str, id: u64) -> DeviceHash {
    let mut hasher = Hasher::default();
    hasher.update(salt.as_bytes());
    hasher.update(&id.to_le_bytes());
    hasher.finish().as_str()[..16].parse().expect("hexadecimal digits")
}

/// The model as far as the family tells it. Public tables of families disagree but for the Magic Trackpads.
pub fn model(identity: &Identity) -> String {
    match (identity.family, identity.built_in) {
        (Some(128), _) => "Magic Trackpad 1".to_owned(),
        (Some(129), _) => "Magic Trackpad 2".to_owned(),
        (Some(130), _) => "Magic Trackpad USB-C".to_owned(),
        (Some(112 | 113), Some(false) | None) => "Magic Mouse".to_owned(),
        (Some(family), Some(true)) | (Some(family @ 98..=109), None) => {
            format!("built-in trackpad, family {family}")
        }
        (Some(family), _) => format!("unknown, family {family}"),
        (None, Some(true)) => "built-in trackpad".to_owned(),
        (None, _) => "unknown".to_owned(),
    }
}

/// How it is connected. The framework's numbers have no public table, so one is kept as it is.
pub fn transport(identity: &Identity) -> String {
    match (identity.built_in, identity.transport) {
        (Some(true), _) => "built-in".to_owned(),
        (_, Some(number)) => format!("unknown ({number})"),
        (_, None) => "unknown".to_owned(),
    }
}

/// Unit of the pressure: nobody knows how many grams a count is, on any model.
pub fn unit(identity: &Identity) -> PressureUnit {
    match identity.family {
        Some(129 | 130) => PressureUnit::Counts,
        _ => PressureUnit::Unknown,
    }
}

/// Why a device cannot be weighed on, if that is known.
pub fn refusal(identity: &Identity) -> Option<&'static str> {
    match (identity.supports_force, identity.family) {
        (Some(false), _) => Some("it has no force sensors: each pressure would be 0"),
        (None, Some(128)) => Some("the first Magic Trackpad has no force sensors"),
        _ => None,
    }
}

/// What is known of a pad before it is started.
///
/// # Errors
/// A text that the pad or its library gives has no place in a file.
pub fn describe(
    identity: &Identity,
    library: &Path,
    has_clock: bool,
    clicks: Clicks,
    options: &PadOptions,
) -> Result<SourceInfo, CaptureError> {
    let genuine = library == multitouch::default_path();
    let line =
        |what, text: String| Line::try_from(text).map_err(|source| CaptureError::Text { what, source });
    let stem = library.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let pair = |pair: (i32, i32)| [i64::from(pair.0), i64::from(pair.1)];
    let source = Described {
        // Fixed when the program is built: not a look at the environment.
        os: line("os", if genuine { std::env::consts::OS } else { "simulated" }.to_owned())?,
        driver: line("driver", if genuine { "MultitouchSupport".to_owned() } else { stem.clone() })?,
        model: options.model.clone().map_or_else(|| line("model", model(identity)), Ok)?,
        transport: line("transport", transport(identity))?,
        family: identity.family.map(i64::from),
        device: Some(device_hash(&options.salt, identity.id)),
        surface: identity.surface.map(pair),
        sensor: identity.sensor.map(pair),
        unit: options.unit.unwrap_or_else(|| unit(identity)),
        // Of no model a step holds for all counts: a Magic Trackpad's are even, but only up to about 256.
        quantum: options.quantum.clone(),
        ceiling: options.ceiling.clone(),
        clicks,
    };
    let provenance = if genuine {
        let origin = line("origin", "Recorded from trackpads with openweigh.".to_owned())?;
        Provenance::stated(ProvenanceKind::Measured, origin)
    } else {
        let origin = format!(
            "Simulated: recorded with openweigh through the library {stem}, which stands in for \
             MultitouchSupport; no device was measured."
        );
        Provenance::stated(ProvenanceKind::Simulated, line("origin", origin)?)
    };
    let clock = Clock {
        device: line("clock", "device clock, s".to_owned())?,
        arrival: line("clock", if has_clock { FRAMEWORK_CLOCK } else { STEADY_CLOCK }.to_owned())?,
    };
    Ok(SourceInfo { source, clock, provenance, steady: true })
}

const FRAMEWORK_CLOCK: &str = "framework clock, ns";
const STEADY_CLOCK: &str = "monotonic, ns since start";

/// A pad that gives frames.
pub struct Pad {
    stream: Stream,
    info: SourceInfo,
    clicks: Option<Arc<ClickGuard>>,
    raw: multitouch::Frame,
    framework_clock: bool,
    /// Whether the frame in `raw` is still to be handed on: what was lost before it was told first.
    held: bool,
    state: State,
}

/// What is known of the stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Running,
    /// It stopped; what waits in the queue comes first.
    Stopping,
    /// Started again and again for so long.
    Stopped(Duration),
    /// Somebody wants the end: what waits is read, and the last losses are told.
    Closing,
    /// It is gone; what waits in the queue comes first.
    Leaving,
    /// Nothing waits any more, and what was lost at the end was told.
    Left,
    Ended,
}

impl Pad {
    /// Starts a pad. `info` is what [`describe`] gave; `clicks` are switched off again after each sleep.
    ///
    /// # Errors
    /// The device refuses.
    pub fn start(
        device: &Device,
        info: SourceInfo,
        clicks: Option<Arc<ClickGuard>>,
        options: &PadOptions,
    ) -> Result<Self, multitouch::StartError> {
        let usual = multitouch::Options::default();
        let capacity = options.capacity.unwrap_or(usual.capacity);
        let stream = device.start(multitouch::Options { capacity })?;
        Ok(Self {
            stream,
            framework_clock: info.clock.arrival.as_str() == FRAMEWORK_CLOCK,
            info,
            clicks,
            raw: multitouch::Frame::default(),
            held: false,
            state: State::Running,
        })
    }

    fn fill(&self, frame: &mut Frame) {
        let raw = &self.raw;
        frame.device_frame = Some(i64::from(raw.device_frame));
        frame.device_s = raw.device_s;
        frame.arrival_ns = if self.framework_clock {
            raw.arrival_s.and_then(nanoseconds)
        } else {
            i64::try_from(raw.arrival_monotonic.as_nanos()).ok()
        };
        frame.touches.clear();
        frame.touches.extend(raw.touches.iter().map(Touch::from));
    }

    /// What to say when nothing waits in the queue.
    fn silence(&mut self, longest: Duration) -> Moment {
        match self.state {
            State::Running => match self.stream.condition() {
                Condition::Running => return Moment::Silence,
                // What came in between is read first.
                Condition::Stopped => self.state = State::Stopping,
                Condition::Gone => {
                    self.stream.halt();
                    self.state = State::Leaving;
                }
            },
            State::Stopping => {
                self.state = State::Stopped(Duration::ZERO);
                return Moment::Event(Kind::Sleep, "the stream stopped".to_owned());
            }
            State::Stopped(since) => {
                if self.stream.restart().is_ok() {
                    if let Some(clicks) = &self.clicks {
                        clicks.renew();
                    }
                    self.state = State::Running;
                    return Moment::Event(Kind::Wake, "the stream was started again".to_owned());
                }
                let pause = PAUSE.min(longest);
                std::thread::sleep(pause);
                self.state = State::Stopped(since + pause);
                if since > RESTARTS {
                    self.state = State::Left;
                }
                return Moment::Silence;
            }
            State::Leaving => {
                self.state = State::Left;
                let lost = self.stream.dropped();
                if !lost.is_nothing() {
                    return Moment::Event(Kind::Dropped, told(lost));
                }
            }
            State::Closing => {
                self.state = State::Ended;
                let lost = self.stream.dropped();
                if !lost.is_nothing() {
                    return Moment::Event(Kind::Dropped, told(lost));
                }
            }
            State::Left => {
                self.state = State::Ended;
                return Moment::Event(Kind::DeviceLost, String::new());
            }
            State::Ended => return Moment::End,
        }
        self.next_moment(longest)
    }

    fn next_moment(&mut self, longest: Duration) -> Moment {
        if self.held {
            self.held = false;
            return Moment::Frame;
        }
        let mut came = self.stream.next(&mut self.raw);
        if !came && self.state == State::Running && self.stream.wait(longest) {
            came = self.stream.next(&mut self.raw);
        }
        if !came {
            return self.silence(longest);
        }
        if self.raw.dropped_before.is_nothing() {
            return Moment::Frame;
        }
        self.held = true;
        Moment::Event(Kind::Dropped, told(self.raw.dropped_before))
    }
}

impl Source for Pad {
    fn info(&self) -> &SourceInfo {
        &self.info
    }

    fn next(&mut self, frame: &mut Frame, longest: Duration) -> Moment {
        let moment = self.next_moment(longest);
        if moment == Moment::Frame {
            self.fill(frame);
        }
        moment
    }

    fn close(&mut self) {
        self.stream.halt();
        self.state = State::Closing;
    }
}

fn told(lost: Dropped) -> String {
    format!("{} frames {} touches", lost.frames, lost.touches)
}

/// Seconds of the framework's clock in whole nanoseconds. A time before the clock's zero is none.
#[expect(clippy::cast_possible_truncation, reason = "within the range of the check")]
fn nanoseconds(seconds: f64) -> Option<i64> {
    let nanoseconds = (seconds * 1e9).round();
    (0.0..9.2e18).contains(&nanoseconds).then_some(nanoseconds as i64)
}

impl From<&multitouch::Touch> for Touch {
    fn from(raw: &multitouch::Touch) -> Self {
        Self {
            path: i64::from(raw.path),
            state: Phase::of_number(raw.state),
            finger: Some(i64::from(raw.finger)),
            hand: Some(i64::from(raw.hand)),
            x: Some(raw.x),
            y: Some(raw.y),
            vx: Some(raw.vx),
            vy: Some(raw.vy),
            total: Some(raw.total),
            pressure: Some(raw.pressure),
            angle: Some(raw.angle),
            major: Some(raw.major),
            minor: Some(raw.minor),
            x_mm: Some(raw.x_mm),
            y_mm: Some(raw.y_mm),
            vx_mm: Some(raw.vx_mm),
            vy_mm: Some(raw.vy_mm),
            field14: Some(i64::from(raw.field14)),
            field15: Some(i64::from(raw.field15)),
            density: Some(raw.density),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_called_by_its_salted_hash() {
        // printf 'salt\x01\0\0\0\0\0\0\0' | sha256sum
        assert_eq!(device_hash("salt", 1).as_str(), "73003b0432d8a57b");
        assert_ne!(device_hash("salt", 1), device_hash("pepper", 1));
    }

    #[test]
    fn seconds_become_nanoseconds() {
        assert_eq!(nanoseconds(1.5), Some(1_500_000_000));
        assert_eq!(nanoseconds(-1.0), None);
        assert_eq!(nanoseconds(f64::NAN), None);
    }
}
