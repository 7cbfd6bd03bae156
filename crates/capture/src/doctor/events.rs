//! The same questions to the event devices of Linux, as far as they have answers.

use super::tally::{Tally, decimals};
use super::{Examination, LeftOut, Wish, now};
use crate::evdev::{Evdev, EvdevError, Found, Open};
use crate::frame::{Frame, Moment, Source};
use openweigh_formats::doctor::Section;
use openweigh_formats::events::Kind;
use std::time::Duration;

impl Examination<'_> {
    pub(super) fn events(&mut self, found: &[Found], open: Open<'_>, pads: &mut usize) {
        let about = "Event devices of Linux that have contacts in slots, or that nobody may ask.";
        let mut section = Section::new("event-devices", about);
        section.put("found", i64::try_from(found.len()).unwrap_or(i64::MAX));
        let closed = found.iter().filter(|one| matches!(one.pad, Err(EvdevError::System { .. }))).count();
        section.put("not_readable", i64::try_from(closed).unwrap_or(i64::MAX));
        self.add(section);
        for one in found {
            *pads += 1;
            self.event_device(&format!("pad.{pads}"), one, open);
        }
    }

    fn event_device(&mut self, name: &str, found: &Found, open: Open<'_>) {
        let about = "A pad among the event devices, as its driver describes it. A resolution is the driver's word on units.";
        let Some(mut section) = self.begin(name, about) else { return };
        section.put("kind", "event device");
        section.put_known("device", found.device.as_ref().map(ToString::to_string));
        section.put_known("driver_calls_it", found.name.clone());
        let usable = match &found.pad {
            Ok(pad) => {
                let source = &pad.source;
                section.put("model", source.model.to_string());
                section.put("driver", source.driver.to_string());
                section.put("transport", source.transport.to_string());
                section.put("unit", source.unit.as_str());
                section.put_known("surface", source.surface.map(|[w, h]| format!("{w} x {h}")));
                section.put_known("ceiling", source.ceiling.as_ref().map(ToString::to_string));
                true
            }
            Err(EvdevError::System { what, source, .. }) => {
                section.put("refused", refused(what, source));
                false
            }
            Err(EvdevError::Refused { refusal, .. }) => {
                section.put("refused", refusal.to_string());
                false
            }
        };
        self.add(section);
        if usable {
            self.event_frames(name, found, open);
        }
    }

    fn event_frames(&mut self, name: &str, found: &Found, open: Open<'_>) {
        let about = "What comes while somebody touches the pad. Only changes are sent: a load that lies still sends nothing.";
        let Some(mut section) = self.begin(&format!("{name}.touched"), about) else { return };
        if self.ask(&section, Wish::Press).is_none() {
            return;
        }
        let mut pad = match Evdev::open(&found.path, &self.options, false, open) {
            Ok(pad) => pad,
            Err(EvdevError::System { what, source, .. }) => {
                section.put("refused", refused(what, &source));
                return self.add(section);
            }
            Err(EvdevError::Refused { refusal, .. }) => {
                section.put("refused", refusal.to_string());
                return self.add(section);
            }
        };
        let (begun, mut tally, mut frame) = (now(), Tally::default(), Frame::default());
        let (mut lost, mut notes) = (0_i64, 0_i64);
        while begun.elapsed() < self.listening.frames * 2 && !self.person.is_leaving() {
            match pad.next(&mut frame, Duration::from_millis(50)) {
                Moment::Frame => tally.add(&frame),
                Moment::Silence => {}
                Moment::Event(Kind::Gap, _) => lost += 1,
                Moment::Event(..) => notes += 1,
                Moment::End => break,
            }
        }
        tally.frames_into(&mut section);
        section.put("listened_s", decimals(begun.elapsed().as_secs_f64(), 1));
        section.put("events_lost", lost);
        section.put("notes", notes);
        self.add(section);
        let mut forces = Section::new(format!("{name}.force"), "Which numbers force takes.");
        if tally.frames == 0 {
            return self.leave_out(forces, LeftOut::NoFrames);
        }
        tally.forces_into(&mut forces);
        self.add(forces);
    }
}

/// Why the system does not open a device. Its own words may name a folder.
fn refused(what: &str, error: &std::io::Error) -> String {
    let advice = if error.kind() == std::io::ErrorKind::PermissionDenied {
        " (it takes root, or the group that owns the device, often `input`)"
    } else {
        ""
    };
    format!("cannot {what}: {}{advice}", error.kind())
}
