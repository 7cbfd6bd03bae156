//! The questions to the pads of Apple's framework.

// Long because the questions are one list: a function each, in the order in which a person is asked.

use super::tally::{Tally, decimals};
use super::{Examination, LeftOut, Wish, now, whole};
use crate::frame::{Frame, Touch};
use crate::pad;
use openweigh_formats::doctor::Section;
use openweigh_multitouch::{
    self as multitouch, Device, Identity, Library, Options, StartError, Stream, status_words,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long to wait between a stop and a start, from one try to the next.
const PAUSES_MS: [u64; 5] = [0, 100, 300, 500, 2000];

/// How long a pad that was plugged in is looked for.
const RETURN: Duration = Duration::from_secs(20);

/// A pad, and what is known of it from before.
struct Asked<'a> {
    library: &'a Library,
    name: String,
    identity: Identity,
    entry: Option<u64>,
    stream: Stream,
    heard: Heard,
}

/// What came from a stream.
#[derive(Default)]
struct Heard {
    tally: Tally,
    raw: multitouch::Frame,
    frame: Frame,
    first: Option<Times>,
    last: Option<Times>,
    unknown: BTreeMap<&'static str, BTreeSet<i32>>,
}

/// One frame's times by all clocks, in seconds.
#[derive(Clone, Copy)]
struct Times {
    device: f64,
    framework: Option<f64>,
    awake: Option<f64>,
    steady: f64,
}

impl Heard {
    /// Takes what waits. Gives how many frames that were.
    fn drain(&mut self, stream: &mut Stream) -> u64 {
        let before = self.tally.frames;
        while stream.next(&mut self.raw) {
            let raw = &self.raw;
            self.frame.device_frame = Some(i64::from(raw.device_frame));
            self.frame.device_s = raw.device_s;
            self.frame.touches.clear();
            self.frame.touches.extend(raw.touches.iter().map(Touch::from));
            self.tally.add(&self.frame);
            let times = Times {
                device: raw.device_s,
                framework: raw.arrival_s,
                awake: raw.awake_ns.map(|ns| Duration::from_nanos(ns).as_secs_f64()),
                steady: raw.arrival_monotonic.as_secs_f64(),
            };
            self.first = self.first.or(Some(times));
            self.last = Some(times);
            for touch in &raw.touches {
                let fields = [
                    ("bytes_4_to_7", touch.padding),
                    ("bytes_24_to_27_finger", touch.finger),
                    ("bytes_28_to_31_hand", touch.hand),
                    ("bytes_84_to_87", touch.field14),
                    ("bytes_88_to_91", touch.field15),
                ];
                for (name, value) in fields {
                    let known = self.unknown.entry(name).or_default();
                    if known.len() < 32 {
                        known.insert(value);
                    }
                }
            }
        }
        self.tally.frames - before
    }
}

impl Examination<'_> {
    pub(super) fn framework(&mut self, library: &Library, pads: &mut usize) {
        let mut section = Section::new("devices", "What the framework lists.");
        let devices = match library.devices() {
            Ok(devices) => devices,
            Err(error) => {
                section.put("reason", error.to_string());
                return self.add(section);
            }
        };
        section.put("found", i64::try_from(devices.len()).unwrap_or(i64::MAX));
        let ids: BTreeSet<u64> = devices.iter().map(Device::id).collect();
        section.put("all_ids_differ", ids.len() == devices.len());
        self.add(section);
        for device in devices {
            *pads += 1;
            self.pad(library, &device, &format!("pad.{pads}"));
        }
    }

    fn pad(&mut self, library: &Library, device: &Device, name: &str) {
        let identity = device.identity();
        if !self.describe(device, &identity, name) {
            return;
        }
        if let Some(mut section) = self.begin(
            &format!("{name}.before"),
            "Before it was started. On a Mac `alive` is said to be false always.",
        ) {
            said(&mut section, device);
            section.put("in_the_list", true);
            section.put("has_a_registry_entry", device.entry().is_some());
            self.add(section);
        }
        self.clicks(library, device, &identity, name);
        let about = "Started as every program does it. A status of 0 promises no frame.";
        let Some(mut section) = self.begin(&format!("{name}.started"), about) else { return };
        let stream = match device.start(Options::default()) {
            Ok(stream) => stream,
            Err(error) => {
                section.put("status", refused(&error));
                return self.add(section);
            }
        };
        // Whether frames need a run loop is asked by itself.
        let stream = stream.without_run_loop();
        section.put("status", status_words(0));
        said(&mut section, device);
        self.add(section);
        let (name, entry) = (name.to_owned(), device.entry());
        let mut asked = Asked { library, name, identity, entry, stream, heard: Heard::default() };
        self.touched(&mut asked);
        self.run_loop(&mut asked);
        self.second(&mut asked);
        self.restarted(&mut asked);
        self.stopped(&mut asked);
        self.slept(&mut asked);
        self.replugged(&mut asked, Wish::PlugIn);
        self.replugged(&mut asked, Wish::PlugOtherWay);
    }

    fn describe(&mut self, device: &Device, identity: &Identity, name: &str) -> bool {
        let Some(mut section) = self.begin(name, "A pad of the framework, as it describes itself.") else {
            return false;
        };
        section.put("kind", "framework");
        section.put("device", pad::pad_hash(identity, &self.options).to_string());
        let by_place = pad::is_named_by_place(identity, &self.options);
        section.put(
            "named_by",
            match (by_place, identity.built_in) {
                (true, _) => "its place: the machine does not tell its own number",
                (false, Some(true)) => "its id and the machine's number",
                (false, _) => "its id",
            },
        );
        section.put("model", pad::model(identity));
        section.put("transport", pad::transport(identity));
        section.put_known("transport_number", identity.transport.map(i64::from));
        section.put_known("family", identity.family.map(i64::from));
        section.put_known("version", identity.version.map(i64::from));
        section.put_known("driver_type", identity.driver_type.map(i64::from));
        section.put_known("built_in", identity.built_in);
        section.put_known("opaque_surface", identity.opaque_surface);
        section.put_known("says_it_has_force", identity.supports_force);
        section.put_known("surface", identity.surface.map(|(w, h)| format!("{w} x {h}")));
        section.put_known("sensor", identity.sensor.map(|(r, c)| format!("{r} x {c}")));
        // The shape of an id tells a place from a serial number, and finds nobody.
        section.put("bits_of_its_id", i64::from(64 - identity.id.leading_zeros()));
        section.put("zero_bits_at_the_end_of_its_id", i64::from(identity.id.trailing_zeros()));
        section.put("registry_entry", device.entry().is_some());
        self.add(section);
        true
    }

    fn clicks(&mut self, library: &Library, device: &Device, identity: &Identity, name: &str) {
        let about = "Clicks switched off, read back, and switched on again; then switched off by a process that was \
                     killed: what is read then, and after they were restored.";
        let Some(mut section) = self.begin(&format!("{name}.clicks"), about) else { return };
        let read = |section: &mut Section, key: &str| {
            let fresh = library.device(device.id()).ok().flatten();
            let clicks = fresh.as_ref().unwrap_or(device).clicks();
            section.put(
                key,
                match clicks {
                    Some(true) => "on",
                    Some(false) => "off",
                    None => "unknown",
                },
            );
        };
        read(&mut section, "before");
        let Ok(guard) = device.disable_clicks() else {
            return self.leave_out(section, LeftOut::NoFunction);
        };
        read(&mut section, "switched_off");
        guard.restore();
        read(&mut section, "restored");
        let hash = pad::pad_hash(identity, &self.options);
        if self.person.kill_while_clicks_are_off(&hash) {
            read(&mut section, "after_a_kill");
            if let Ok(guard) = device.disable_clicks() {
                guard.restore();
            }
            read(&mut section, "restored_after_a_kill");
        }
        self.add(section);
    }

    /// Listens for so long, or until the person leaves.
    fn listen(&self, asked: &mut Asked<'_>, longest: Duration) -> u64 {
        let (begun, mut came) = (now(), 0);
        while begun.elapsed() < longest && !self.person.is_leaving() {
            asked.stream.wait(Duration::from_millis(50));
            came += asked.heard.drain(&mut asked.stream);
        }
        came
    }

    /// The same, but no longer than to the first frame. Gives how long that took.
    fn first(&self, asked: &mut Asked<'_>, longest: Duration) -> Option<Duration> {
        let begun = now();
        while begun.elapsed() < longest && !self.person.is_leaving() {
            asked.stream.wait(Duration::from_millis(20));
            if asked.heard.drain(&mut asked.stream) > 0 {
                return Some(begun.elapsed());
            }
        }
        None
    }

    fn touched(&mut self, asked: &mut Asked<'_>) {
        let about = "Frames while a finger rests on the pad. Where nobody was asked, what came by itself.";
        let Some(mut section) = self.begin(&format!("{}.touched", asked.name), about) else { return };
        section.put("asked", self.person.asked(Wish::Touch) == super::Reply::Done);
        // What came while the person was asked is from before.
        asked.heard.drain(&mut asked.stream);
        asked.heard = Heard::default();
        if let Some(took) = self.first(asked, self.listening.frames) {
            section.put("first_frame_after_ms", whole(took));
            self.listen(asked, self.listening.frames);
        }
        asked.heard.tally.frames_into(&mut section);
        section
            .put("dropped_by_this_program", i64::try_from(asked.stream.dropped().frames).unwrap_or(i64::MAX));
        section.put("malformed", i64::try_from(asked.stream.malformed()).unwrap_or(i64::MAX));
        said(&mut section, asked.stream.device());
        self.add(section);
        self.forces(asked);
        self.frame_clocks(asked);
    }

    fn forces(&mut self, asked: &mut Asked<'_>) {
        let about = "Which numbers force takes while somebody presses from lightly to hard: all of them, their steps, the \
                     largest, and by state of the contact.";
        if let Some(mut section) = self.begin(&format!("{}.force", asked.name), about) {
            let done = self.person.asked(Wish::Press) == super::Reply::Done;
            section.put("asked", done);
            if done {
                self.listen(asked, self.listening.frames * 2);
            }
            if asked.heard.tally.frames == 0 {
                self.leave_out(section, LeftOut::NoFrames);
            } else {
                asked.heard.tally.forces_into(&mut section);
                self.add(section);
            }
        }
        let about = "Values in bytes of a contact's record that nobody has explained, or that are guesses of the framework.";
        if let Some(mut section) = self.begin(&format!("{}.unknown-bytes", asked.name), about) {
            for (name, values) in &asked.heard.unknown {
                section.put(name, values.iter().map(ToString::to_string).collect::<Vec<_>>());
            }
            if asked.heard.unknown.is_empty() {
                return self.leave_out(section, LeftOut::NoFrames);
            }
            self.add(section);
        }
    }

    fn frame_clocks(&mut self, asked: &Asked<'_>) {
        let about = "How fast the clocks run against the pad's own, from the first to the last frame.";
        let Some(mut section) = self.begin(&format!("{}.clocks", asked.name), about) else { return };
        let (Some(first), Some(last)) = (asked.heard.first, asked.heard.last) else {
            return self.leave_out(section, LeftOut::NoFrames);
        };
        let span_s = last.device - first.device;
        section.put("device_clock_s", decimals(span_s, 3));
        if span_s > 0.5 {
            let slope = |run_s: f64| decimals(run_s / span_s, 4);
            section.put_known("framework", last.framework.zip(first.framework).map(|(b, a)| slope(b - a)));
            section.put_known("system_awake", last.awake.zip(first.awake).map(|(b, a)| slope(b - a)));
            section.put("steady", slope(last.steady - first.steady));
        }
        self.add(section);
    }

    fn run_loop(&mut self, asked: &mut Asked<'_>) {
        let about = "Do frames need a run loop on the program's own thread? `without` is what came so far; `with` while \
                     the run loop of the thread ran.";
        let Some(mut section) = self.begin(&format!("{}.run-loop", asked.name), about) else { return };
        section.put("frames_without", asked.heard.tally.frames > 0);
        let (begun, mut ran, mut came) = (now(), true, 0);
        while ran && begun.elapsed() < self.listening.frames && came == 0 && !self.person.is_leaving() {
            ran = asked.library.run_loop(Duration::from_millis(100));
            came += asked.heard.drain(&mut asked.stream);
        }
        if ran {
            section.put("frames_with", came > 0);
        }
        self.add(section);
    }

    fn second(&mut self, asked: &mut Asked<'_>) {
        let about = "A second handle of the same pad, started while the first one runs, as a second program would; and \
                     whether the first one goes on when the second one was stopped.";
        let Some(mut section) = self.begin(&format!("{}.second-start", asked.name), about) else { return };
        let Ok(Some(device)) = asked.library.device(asked.identity.id) else {
            return self.leave_out(section, LeftOut::NotStarted);
        };
        match device.start(Options::default()) {
            Err(error) => section.put("status", refused(&error)),
            Ok(second) => {
                let mut second = second.without_run_loop();
                section.put("status", status_words(0));
                let first = self.listen(asked, self.listening.short);
                section.put("frames_to_the_first", first > 0);
                section.put("frames_to_the_second", Heard::default().drain(&mut second) > 0);
                second.stop();
                section.put("frames_to_the_first_afterwards", self.listen(asked, self.listening.short) > 0);
            }
        }
        self.add(section);
    }

    fn restarted(&mut self, asked: &mut Asked<'_>) {
        let about = "Stopped and started again: after which pause do frames come? The tries end with the first that works.";
        let Some(mut section) = self.begin(&format!("{}.restarted", asked.name), about) else { return };
        if asked.heard.tally.frames == 0 {
            return self.leave_out(section, LeftOut::NoFrames);
        }
        section.put("asked", self.person.asked(Wish::TouchAgain) == super::Reply::Done);
        for pause in PAUSES_MS {
            asked.stream.halt();
            self.pause(Duration::from_millis(pause));
            let key = format!("after_{pause}_ms");
            match asked.stream.restart() {
                Err(error) => section.put(&key, refused(&error)),
                Ok(()) if self.first(asked, self.listening.short).is_some() => {
                    section.put(&key, "frames");
                    break;
                }
                Ok(()) => section.put(&key, "status 0 and no frame"),
            }
        }
        self.add(section);
    }

    fn stopped(&mut self, asked: &mut Asked<'_>) {
        let Some(mut section) = self.begin(&format!("{}.stopped", asked.name), "After it was stopped.")
        else {
            return;
        };
        asked.stream.halt();
        asked.heard.drain(&mut asked.stream);
        self.pause(self.listening.settled);
        section.put("frames_afterwards", asked.heard.drain(&mut asked.stream) > 0);
        said(&mut section, asked.stream.device());
        asked.found(&mut section);
        self.add(section);
    }

    /// Starts the stream again for the next question. `false` if that failed, which is noted.
    fn again(&self, asked: &mut Asked<'_>, section: &mut Section) -> bool {
        asked.stream.halt();
        self.pause(self.listening.settled);
        match asked.stream.restart() {
            Ok(()) => true,
            Err(error) => {
                section.put("status", refused(&error));
                false
            }
        }
    }

    fn slept(&mut self, asked: &mut Asked<'_>) {
        let about = "What the pad says after the machine slept, and whether frames go on by themselves or once it was started again.";
        let Some(mut section) = self.begin(&format!("{}.slept", asked.name), about) else { return };
        if !self.again(asked, &mut section) {
            return self.add(section);
        }
        let before = asked.library.clocks();
        if self.ask(&section, Wish::Sleep).is_none() {
            return;
        }
        asked.heard.drain(&mut asked.stream);
        let after = asked.library.clocks();
        let slept =
            after.asleep.zip(before.asleep).map(|(b, a)| decimals(b.saturating_sub(a).as_secs_f64(), 1));
        section.put_known("slept_s_by_the_clocks", slept);
        said(&mut section, asked.stream.device());
        asked.found(&mut section);
        self.resumed(asked, &mut section);
        self.add(section);
    }

    /// Whether frames come by themselves, or else after another start.
    fn resumed(&self, asked: &mut Asked<'_>, section: &mut Section) {
        let alone = self.first(asked, self.listening.frames).is_some();
        section.put("frames_by_themselves", alone);
        if !alone && self.again(asked, section) {
            section.put("frames_after_a_start", self.first(asked, self.listening.frames).is_some());
        }
    }

    fn replugged(&mut self, asked: &mut Asked<'_>, how: Wish) {
        let (key, about) = match how {
            Wish::PlugOtherWay => (
                "other-way",
                "Connected the other way, by Bluetooth in place of the cable or by cable: is it the same pad to the framework?",
            ),
            _ => ("unplugged", "Unplugged or switched off, and back again."),
        };
        let Some(mut section) = self.begin(&format!("{}.{key}", asked.name), about) else { return };
        if asked.identity.built_in == Some(true) {
            return self.leave_out(section, LeftOut::BuiltIn);
        }
        if !self.again(asked, &mut section) {
            return self.add(section);
        }
        let others: BTreeSet<u64> =
            asked.library.devices().unwrap_or_default().iter().map(Device::id).collect();
        if how == Wish::PlugIn {
            if self.ask(&section, Wish::Unplug).is_none() {
                return;
            }
            self.pause(self.listening.settled);
            asked.heard.drain(&mut asked.stream);
            section.put("frames_while_away", self.listen(asked, self.listening.short) > 0);
            away(&mut section, asked.stream.device());
            asked.found(&mut section);
        }
        if self.ask(&section, how).is_none() {
            return;
        }
        let Some(device) = self.returned(asked, &others) else {
            section.put("back_in_the_list", false);
            return self.add(section);
        };
        let identity = device.identity();
        section.put("back_in_the_list", true);
        section.put("back_with_the_same_id", identity.id == asked.identity.id);
        section.put("back_with_the_same_registry_entry", device.entry() == asked.entry);
        section.put("back_transport", pad::transport(&identity));
        section.put_known("back_family", identity.family.map(i64::from));
        if identity.id == asked.identity.id {
            self.resumed(asked, &mut section);
        }
        asked.entry = device.entry();
        self.add(section);
    }

    /// The pad that is back: of the same id, or else one that was not there before.
    fn returned(&self, asked: &Asked<'_>, others: &BTreeSet<u64>) -> Option<Device> {
        let begun = now();
        let longest = RETURN.min(self.listening.frames * 4);
        while begun.elapsed() < longest && !self.person.is_leaving() {
            let devices = asked.library.devices().unwrap_or_default();
            let same = devices.iter().find(|device| device.id() == asked.identity.id);
            let found = same.or_else(|| devices.iter().find(|device| !others.contains(&device.id())));
            if let Some(found) = found {
                return Some(found.clone());
            }
            self.pause(Duration::from_millis(200));
        }
        None
    }
}

impl Asked<'_> {
    /// What the list and the registry say of the pad now.
    fn found(&self, section: &mut Section) {
        let devices = self.library.devices().unwrap_or_default();
        let found = devices.iter().find(|device| device.id() == self.identity.id);
        section.put("in_the_list", found.is_some());
        section.put(
            "registry_entry",
            match found.map(|device| device.entry() == self.entry) {
                Some(true) => "the same",
                Some(false) => "another",
                None => "none",
            },
        );
    }
}

/// What a handle says of itself.
fn said(section: &mut Section, device: &Device) {
    section.put_known("alive", device.is_alive());
    section.put_known("running", device.is_running());
}

/// The same of a handle whose pad is away.
fn away(section: &mut Section, device: &Device) {
    section.put_known("alive_while_away", device.is_alive());
    section.put_known("running_while_away", device.is_running());
}

/// Why a start failed, without the id.
fn refused(error: &StartError) -> String {
    match error {
        StartError::Status { status, .. } => status_words(*status),
        StartError::Gone { .. } => "it is not in the list".to_owned(),
        StartError::TooMany => error.to_string(),
    }
}
