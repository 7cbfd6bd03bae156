//! Frames as rows of `touches.csv`, and what is to be counted about them.

use crate::digits::{push_f32, push_f64, push_integer};
use crate::evidence::{Evidence, Scale};
use crate::frame::{Frame, Phase, SourceInfo, Touch};
use openweigh_formats::samples;
use openweigh_formats::session::{Quality, Source};
use openweigh_formats::touches::COLUMNS;

/// What a frame without touches leaves empty, with the comma before and the line end.
const NOTHING: &[u8] = b",,,,,,,,,,,,,,,,,,,,\n";
const _: () = assert!(NOTHING.len() == COLUMNS.len() - 4 + 1);

/// The rows of frames as a [`Recorder`](crate::Recorder) of the same session writes them, numbered from 0: of
/// `touches.csv`, or of `samples.csv` where the source gives samples.
#[derive(Debug)]
pub struct FrameText(Text);

#[derive(Debug)]
enum Text {
    Touches(Box<Rows>),
    Samples(u64),
}

impl FrameText {
    /// For a session of this source.
    pub fn new(info: &SourceInfo) -> Self {
        Self(match info.channels {
            None => Text::Touches(Box::new(Rows::new(&info.source))),
            Some(_) => Text::Samples(0),
        })
    }

    /// Appends the rows of the next frame.
    pub fn push(&mut self, out: &mut Vec<u8>, frame: &Frame) {
        match &mut self.0 {
            Text::Touches(rows) => rows.push(out, frame, |_, _| {}),
            Text::Samples(next) => {
                let sample = frame.sample.as_ref();
                let time = sample.and_then(|sample| sample.device_s.as_ref()).map(ToString::to_string);
                let arrival = frame.arrival_ns.map(|ns| ns.to_string()).unwrap_or_default();
                let values = sample.into_iter().flat_map(|sample| &sample.values);
                let values = values.map(|value| value.as_deref().unwrap_or_default());
                samples::write_row(out, *next, &time.unwrap_or_default(), &arrival, values);
                *next += 1;
            }
        }
    }
}

/// Turns frames into rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// Counts so far. Gaps and drops are of events and are counted by whoever writes those.
    pub(crate) quality: Quality,
    /// What the session says that the frames may contradict.
    pub(crate) evidence: Evidence,
    scale: Scale,
    device_s: Option<f64>,
    head: Vec<u8>,
}

impl Rows {
    pub(crate) fn new(source: &Source) -> Self {
        Self { scale: Scale::of(source), ..Self::default() }
    }

    /// Appends the rows of a frame. States without a name are handed to `unknown`, with their track.
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, frame: &Frame, mut unknown: impl FnMut(i64, i32)) {
        self.head.clear();
        push_integer(&mut self.head, self.quality.frames);
        self.head.push(b',');
        if let Some(number) = frame.device_frame {
            push_integer(&mut self.head, number);
        }
        self.head.push(b',');
        if push_f64(&mut self.head, frame.device_s) {
            // A time that is missing says nothing about the clock.
            if self.device_s.is_some_and(|before| frame.device_s <= before) {
                self.quality.clock_steps += 1;
            }
            self.device_s = Some(frame.device_s);
            self.evidence.times(frame.device_s, frame.arrival_ns);
        } else {
            self.quality.non_finite += 1;
        }
        self.head.push(b',');
        if let Some(arrival) = frame.arrival_ns {
            push_integer(&mut self.head, arrival);
        }
        self.quality.frames += 1;
        self.quality.touches += frame.touches.len() as u64;
        if frame.touches.is_empty() {
            out.extend_from_slice(&self.head);
            out.extend_from_slice(NOTHING);
        }
        for touch in &frame.touches {
            if let Phase::Unknown(number) = touch.state {
                unknown(touch.path, number);
            }
            out.extend_from_slice(&self.head);
            self.touch(out, touch);
        }
    }

    fn touch(&mut self, out: &mut Vec<u8>, touch: &Touch) {
        if let Some(pressure) = touch.pressure {
            self.quality.at_ceiling += u64::from(self.scale.reaches_ceiling(pressure));
            self.evidence.pressure(&self.scale, pressure);
        }
        out.push(b',');
        push_integer(out, touch.path);
        out.push(b',');
        out.extend_from_slice(touch.state.written().as_str().as_bytes());
        push_optional(out, touch.finger);
        push_optional(out, touch.hand);
        let floats = [
            touch.x,
            touch.y,
            touch.vx,
            touch.vy,
            touch.total,
            touch.pressure,
            touch.angle,
            touch.major,
            touch.minor,
            touch.x_mm,
            touch.y_mm,
            touch.vx_mm,
            touch.vy_mm,
        ];
        for value in floats {
            self.float(out, value);
        }
        push_optional(out, touch.field14);
        push_optional(out, touch.field15);
        self.float(out, touch.density);
        out.push(b'\n');
    }

    fn float(&mut self, out: &mut Vec<u8>, value: Option<f32>) {
        out.push(b',');
        if let Some(value) = value
            && !push_f32(out, value)
        {
            self.quality.non_finite += 1;
        }
    }
}

fn push_optional(out: &mut Vec<u8>, value: Option<i64>) {
    out.push(b',');
    if let Some(value) = value {
        push_integer(out, value);
    }
}
