//! The doctor's questions to pads whose answers are known, and a person who does what is asked when it is asked.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

#[path = "../../multitouch/tests/pad/mod.rs"]
mod pad;

use openweigh_capture::doctor::{Listening, Machine, Person, Reply, Terminal, Wish, examine, program};
use openweigh_capture::evdev::codes::{
    ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_PRESSURE, ABS_MT_SLOT, ABS_MT_TRACKING_ID,
};
use openweigh_capture::evdev::{Axis, Description, Device, EvdevError, Event, Found, Open};
use openweigh_formats::doctor::{Bundle, Value};
use openweigh_formats::session::DeviceHash;
use openweigh_multitouch::{Library, OpenError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

/// Makes what was asked for happen in the scenario, and waits for it; leaves after so many wishes.
struct Scripted<'a> {
    library: Option<&'a Library>,
    wishes: Vec<Wish>,
    refuses: bool,
    stays_awake: bool,
    leaves_after: usize,
    /// Where events of the scenario wait for their files.
    cues: Option<&'a Path>,
}

impl Scripted<'_> {
    fn willing(library: &Library) -> Scripted<'_> {
        Scripted { library: Some(library), ..Scripted::alone() }
    }

    fn refusing(library: &Library) -> Scripted<'_> {
        Scripted { refuses: true, ..Scripted::willing(library) }
    }

    fn alone() -> Scripted<'static> {
        Scripted {
            library: None,
            wishes: Vec::new(),
            refuses: false,
            stays_awake: false,
            leaves_after: usize::MAX,
            cues: None,
        }
    }

    fn cue(&self, name: &str) {
        std::fs::write(self.cues.unwrap().join(name), "").unwrap();
    }
}

/// Waits for what is on its way, however slow the machine is.
fn until(mut holds: impl FnMut() -> bool) {
    for _ in 0..60_000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("it never happened");
}

impl Person for Scripted<'_> {
    fn asked(&mut self, wish: Wish) -> Reply {
        self.wishes.push(wish);
        if self.refuses || self.is_leaving() {
            return Reply::Skipped;
        }
        let Some(library) = self.library else { return Reply::Nobody };
        let pads = || library.devices().unwrap().len();
        match wish {
            Wish::Sleep if !self.stays_awake => {
                self.cue("sleep");
                until(|| library.clocks().asleep.unwrap() > Duration::ZERO);
            }
            Wish::Unplug => {
                self.cue("unplug");
                until(|| pads() == 0);
            }
            Wish::PlugIn => {
                self.cue("plug-in");
                until(|| pads() == 1);
            }
            Wish::PlugOtherWay | Wish::Sleep => return Reply::Skipped,
            Wish::Touch | Wish::Press | Wish::TouchAgain => {}
        }
        Reply::Done
    }

    fn follows(&mut self, _: &str) {}

    fn is_leaving(&self) -> bool {
        self.wishes.len() >= self.leaves_after
    }

    fn kill_while_clicks_are_off(&mut self, _: &DeviceHash) -> bool {
        false
    }
}

/// How much longer than on an idle machine the doctor listens. Frames that are to come within a time come later on a
/// slow machine, and that is no defect.
#[derive(Clone, Copy)]
struct Patience(u32);

impl Patience {
    fn listening(self) -> Listening {
        Listening {
            clocks: Duration::from_millis(50),
            frames: Duration::from_millis(300) * self.0,
            short: Duration::from_millis(300) * self.0,
            settled: Duration::from_millis(600) * self.0,
            attended: true,
        }
    }

    /// A line of answers with the pause that a start needs: longer than the machine takes between a stop and a start,
    /// and shorter than what the doctor lets pass.
    fn answers(self, others: &str) -> String {
        let comma = if others.is_empty() { "" } else { ", " };
        format!("answers = {{ restart_pause_s = {:.1}{comma}{others} }}", 0.3 * f64::from(self.0))
    }
}

/// Tries with more and more patience: what fails at last fails whatever the machine.
fn patiently(check: impl Fn(Patience)) {
    for times in [1, 4, 16] {
        let tried = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(Patience(times))));
        if tried.is_ok() {
            return;
        }
    }
    check(Patience(64));
}

fn nothing(_: &Path) -> std::io::Result<Box<dyn Device>> {
    Err(ErrorKind::NotFound.into())
}

fn machine<'a>(
    library: Result<&'a Library, &'a OpenError>,
    events: Option<&'a [Found]>,
    open: Open<'a>,
    patience: Patience,
) -> Machine<'a> {
    Machine {
        library,
        genuine: false,
        events,
        open,
        terminal: Terminal::default(),
        system: "test".to_owned(),
        version: "0".to_owned(),
        salt: "salt".to_owned(),
        listening: patience.listening(),
    }
}

/// The answers, written and read back.
fn answers(library: &Library, person: &mut Scripted<'_>, patience: Patience) -> Bundle {
    let text = examine(&machine(Ok(library), None, &nothing, patience), person).text();
    Bundle::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[track_caller]
fn holds<T: Into<Value>>(bundle: &Bundle, section: &str, key: &str, value: T) {
    assert_eq!(bundle.get(section, key), Some(&value.into()), "{section} {key}\n{}", bundle.text());
}

/// Frames come a little late or early, so that a slope over some seconds is not sharp.
#[track_caller]
fn runs_at(bundle: &Bundle, clock: &str, slope: f64) {
    let Some(Value::Text(found)) = bundle.get("pad.1.clocks", clock) else {
        panic!("{clock}\n{}", bundle.text())
    };
    let found: f64 = found.parse().unwrap();
    assert!((found - slope).abs() < 0.004, "{clock}: {found}");
}

/// A base that lies there, ten times as fast as a pad, longer than any examination takes. Events wait until the person
/// was asked for them.
fn scenario(lines: &str, of_the_pad: &str, event: &str) -> pad::Pad {
    pad::pad(&format!(
        "behaviour = \"mac\"\npace = 10.0\n{lines}\n[[pad]]\nid = 81985529216486895\nseconds = 100000.0\n{of_the_pad}\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 99990.0\nforce_g = 60.0\n{event}"
    ))
}

#[test]
fn a_pad_as_on_a_mac_is_told_as_it_is() {
    patiently(|patience| {
        let pad = scenario(&patience.answers(""), "", "");
        let mut person = Scripted::refusing(&pad.library);
        let told = answers(&pad.library, &mut person, patience);
        holds(&told, "about", "simulated", true);
        holds(&told, "about", "machine", "Simulated1,1");
        holds(&told, "about", "responsible_program", "Simulated Terminal.app");
        holds(&told, "library", "missing", Vec::<String>::new());
        holds(&told, "permission", "before", "granted");
        holds(&told, "devices", "found", 1);
        holds(&told, "pad.1", "transport_number", 4);
        holds(&told, "pad.1", "named_by", "its id");
        holds(&told, "pad.1.started", "status", "0x00000000, success");
        holds(&told, "pad.1.started", "alive", false);
        holds(&told, "pad.1.started", "running", true);
        holds(&told, "pad.1.force", "whole_numbers_only", true);
        holds(&told, "pad.1.force", "least_step_up_to_256", "2");
        runs_at(&told, "framework", 0.9840);
        runs_at(&told, "system_awake", 1.0000);
        holds(&told, "pad.1.run-loop", "frames_without", true);
        holds(&told, "pad.1.second-start", "frames_to_the_second", true);
        holds(&told, "pad.1.restarted", "after_0_ms", "status 0 and no frame");
        holds(&told, "pad.1.stopped", "running", false);
        holds(&told, "pad.1.stopped", "registry_entry", "the same");
        holds(&told, "pad.1.clicks", "switched_off", "off");
        holds(&told, "pad.1.clicks", "restored", "on");
        holds(&told, "pad.1.slept", "left_out", "skipped");
        holds(&told, "pad.1.unplugged", "left_out", "skipped");
        let wishes =
            [Wish::Touch, Wish::Press, Wish::TouchAgain, Wish::Sleep, Wish::Unplug, Wish::PlugOtherWay];
        assert_eq!(person.wishes, wishes);
        pad.assert_faultless();
    });
}

#[test]
fn other_answers_are_told_as_they_are() {
    patiently(|patience| {
        let lines = "answers = { tells_life = true, second_start = false, clock_slope = 1.0, callback_slots = 4, \
                 input_monitoring = \"unknown\", restart_pause_s = 0.0, machine = 7 }";
        let pad = scenario(lines, "kind = \"apple-silicon\"\nclicks_fixed = true\nsays_force = false", "");
        let mut person = Scripted::refusing(&pad.library);
        let told = answers(&pad.library, &mut person, patience);
        holds(&told, "permission", "before", "never asked");
        holds(&told, "pad.1", "named_by", "its id and the machine's number");
        holds(&told, "pad.1", "says_it_has_force", false);
        holds(&told, "pad.1.started", "alive", true);
        holds(&told, "pad.1.clicks", "switched_off", "on");
        runs_at(&told, "framework", 1.0000);
        holds(&told, "pad.1.second-start", "status", "0xe00002c5, another program has it for itself");
        holds(&told, "pad.1.restarted", "after_0_ms", "frames");
        holds(&told, "pad.1.unplugged", "left_out", "a built-in pad cannot be unplugged");
        pad.assert_faultless();
    });
}

#[test]
fn frames_that_need_a_run_loop_are_told_apart_from_none() {
    patiently(|patience| {
        let needy = scenario("answers = { needs_run_loop = true }", "", "");
        let told = answers(&needy.library, &mut Scripted::refusing(&needy.library), patience);
        holds(&told, "pad.1.run-loop", "frames_without", false);
        holds(&told, "pad.1.run-loop", "frames_with", true);
        let denied = scenario("answers = { input_monitoring = \"denied\" }", "", "");
        let told = answers(&denied.library, &mut Scripted::refusing(&denied.library), patience);
        holds(&told, "permission", "before", "denied");
        holds(&told, "permission", "granted_on_request", false);
        holds(&told, "pad.1.run-loop", "frames_with", false);
        holds(&told, "pad.1.touched", "frames", 0);
        holds(&told, "pad.1.force", "left_out", "no frame came, so nothing can be told");
    });
}

#[test]
fn sleep_is_asked_for_and_told() {
    for (lines, alone) in [("", false), ("survives_sleep = true", true)] {
        patiently(|patience| {
            let cues = tempfile::tempdir().unwrap();
            let event = waiting("sleep", "for_s = 1.0", &[("once", "sleep")], cues.path());
            let pad = scenario(&patience.answers(lines), "", &event);
            let cues = Some(cues.path());
            let mut person = Scripted { leaves_after: 5, cues, ..Scripted::willing(&pad.library) };
            let told = answers(&pad.library, &mut person, patience);
            assert_eq!(person.wishes[3..], [Wish::Sleep, Wish::Unplug]);
            holds(&told, "pad.1.slept", "slept_s_by_the_clocks", "1.0");
            holds(&told, "pad.1.slept", "running", true);
            holds(&told, "pad.1.slept", "in_the_list", true);
            holds(&told, "pad.1.slept", "frames_by_themselves", alone);
            if !alone {
                holds(&told, "pad.1.slept", "frames_after_a_start", true);
            }
            holds(&told, "pad.1.unplugged", "left_out", "interrupted");
            holds(&told, "pad.1.other-way", "left_out", "interrupted");
        });
    }
}

/// An event that waits for files in a folder.
fn waiting(kind: &str, more: &str, files: &[(&str, &str)], folder: &Path) -> String {
    let files: String =
        files.iter().map(|(key, name)| format!("{key} = \"{}\"\n", folder.join(name).display())).collect();
    format!("[[pad.event]]\nkind = \"{kind}\"\nat_s = 0.0\n{more}\n{files}")
}

#[test]
fn unplugging_is_asked_for_and_told() {
    patiently(|patience| {
        let cues = tempfile::tempdir().unwrap();
        let files = [("once", "unplug"), ("back_once", "plug-in")];
        let event = waiting("unplug", "for_s = 1.0", &files, cues.path());
        let pad = scenario(&patience.answers(""), "", &event);
        let cues = Some(cues.path());
        let mut person = Scripted { stays_awake: true, cues, ..Scripted::willing(&pad.library) };
        let told = answers(&pad.library, &mut person, patience);
        holds(&told, "pad.1.slept", "left_out", "skipped");
        holds(&told, "pad.1.unplugged", "frames_while_away", false);
        holds(&told, "pad.1.unplugged", "running_while_away", true);
        holds(&told, "pad.1.unplugged", "in_the_list", false);
        holds(&told, "pad.1.unplugged", "registry_entry", "none");
        holds(&told, "pad.1.unplugged", "back_with_the_same_id", true);
        holds(&told, "pad.1.unplugged", "back_with_the_same_registry_entry", false);
        holds(&told, "pad.1.unplugged", "frames_by_themselves", false);
        holds(&told, "pad.1.unplugged", "frames_after_a_start", true);
        holds(&told, "pad.1.other-way", "left_out", "skipped");
        pad.assert_faultless();
    });
}

#[test]
fn whoever_leaves_at_once_gets_what_is_known() {
    let pad = scenario("", "", "");
    for leaves_after in 0..3 {
        let mut person = Scripted { leaves_after, ..Scripted::willing(&pad.library) };
        let told = answers(&pad.library, &mut person, Patience(1));
        holds(&told, "library", "opened", true);
        let interrupted =
            told.sections.iter().filter(|one| one.get("left_out") == Some(&"interrupted".into())).count();
        assert!(interrupted > 0, "{}", told.text());
    }
}

#[test]
fn nothing_identifies_a_pad() {
    let pad = scenario("", "", "");
    let mut person = Scripted::refusing(&pad.library);
    let text = answers(&pad.library, &mut person, Patience(1)).text();
    // 0x0123456789abcdef
    for id in ["81985529216486895", "0123456789abcdef", "123456789ABCDEF", "19088743"] {
        assert!(!text.contains(id), "{id}");
    }
    assert!(text.contains(openweigh_capture::pad::device_hash("salt", 0x0123_4567_89ab_cdef).as_str()));
    let named = |path: &str| program(Path::new(path));
    assert_eq!(
        named("/Users/jane/Applications/iTerm.app/Contents/MacOS/iTerm2").as_deref(),
        Some("iTerm.app")
    );
    assert_eq!(named("/Users/jane/bin/tmux").as_deref(), Some("tmux"));
}

#[test]
fn a_library_without_a_function_is_an_answer() {
    let (_folder, path) = pad::lacking(&["MTDeviceStop"]);
    let error = Library::open(&path).err().unwrap();
    let mut person = Scripted::alone();
    let told = examine(&machine(Err(&error), None, &nothing, Patience(1)), &mut person);
    holds(&told, "library", "opened", false);
    holds(&told, "library", "missing", vec!["MTDeviceStop".to_owned()]);
    let error = Library::open(Path::new("/home/jane/nothing.so")).err().unwrap();
    let text = examine(&machine(Err(&error), None, &nothing, Patience(1)), &mut person).text();
    assert!(text.contains("opened = false") && !text.contains("jane"), "{text}");
}

/// A pad of Linux that sends one contact, and then nothing.
struct Made(Vec<Event>);

fn described() -> Description {
    let axis = |max| Axis { min: 0, max, resolution: Some(0) };
    let axes = [
        (ABS_MT_SLOT, axis(15)),
        (ABS_MT_TRACKING_ID, axis(65535)),
        (ABS_MT_POSITION_X, axis(7612)),
        (ABS_MT_POSITION_Y, axis(5065)),
        (ABS_MT_PRESSURE, axis(253)),
    ];
    Description { name: "A pad".to_owned(), bus: 3, vendor: 0x05ac, product: 0x0265, axes: axes.into() }
}

impl Device for Made {
    fn description(&self) -> std::io::Result<Description> {
        Ok(described())
    }

    fn unique_id(&self) -> Option<String> {
        Some("CC123456".to_owned())
    }

    fn prepare(&mut self, _: bool) -> Result<(), (&'static str, std::io::Error)> {
        Ok(())
    }

    fn contacts(
        &self,
        _: usize,
        _: &mut dyn FnMut(usize, u16, i32) -> std::io::Result<()>,
    ) -> std::io::Result<usize> {
        Ok(0)
    }

    fn read(&mut self, events: &mut Vec<Event>, longest: Duration) -> std::io::Result<()> {
        if self.0.is_empty() {
            std::thread::sleep(longest);
        }
        events.append(&mut self.0);
        Ok(())
    }
}

#[test]
fn event_devices_are_asked_with_and_without_rights() {
    let path = Path::new("/dev/input/event7").to_path_buf();
    let event = |kind, code, value| Event { time: Duration::from_secs(5), kind, code, value };
    let open = |_: &Path| -> std::io::Result<Box<dyn Device>> {
        let contact = [(3, ABS_MT_SLOT, 0), (3, ABS_MT_TRACKING_ID, 1), (3, ABS_MT_PRESSURE, 40), (0, 0, 0)];
        Ok(Box::new(Made(contact.map(|(kind, code, value)| event(kind, code, value)).to_vec())))
    };
    let device = Some(openweigh_capture::pad::device_hash("salt", 1));
    let usable = Found {
        path: path.clone(),
        name: Some("A pad".to_owned()),
        device,
        pad: Ok(described().judge(false).unwrap()),
    };
    let source = ErrorKind::PermissionDenied.into();
    let closed = Found {
        name: None,
        device: None,
        pad: Err(EvdevError::System { path: path.clone(), what: "open", source }),
        path,
    };
    let found = [closed, usable];
    let absent = Library::open(Path::new("/nothing.so")).err().unwrap();
    let pad = scenario("", "", "");
    let mut person = Scripted::willing(&pad.library);
    let told = examine(&machine(Err(&absent), Some(&found), &open, Patience(1)), &mut person);
    holds(&told, "event-devices", "not_readable", 1);
    let refused =
        "cannot open: permission denied (it takes root, or the group that owns the device, often `input`)";
    holds(&told, "pad.1", "refused", refused);
    holds(&told, "pad.2", "model", "Magic Trackpad 2");
    holds(&told, "pad.2.touched", "frames", 1);
    holds(&told, "pad.2.force", "values", vec!["40".to_owned()]);
    assert!(!told.text().contains("CC123456") && !told.text().contains("event7"), "{}", told.text());
}

#[test]
fn a_file_becomes_a_scenario_that_answers_the_same() {
    let lines = [
        "",
        "answers = { tells_life = true, clock_slope = 1.0, restart_pause_s = 0.0, second_start = false }",
        "answers = { needs_run_loop = true }",
        "answers = { input_monitoring = \"denied\" }",
    ];
    let pads = [
        "",
        "clicks_fixed = true\nsays_force = false\nfamily = 130\ntransport = 1",
        "kind = \"apple-silicon\"",
        "",
    ];
    for (lines, of_the_pad) in lines.into_iter().zip(pads) {
        patiently(|patience| answers_the_same(lines, of_the_pad, patience));
    }
}

fn answers_the_same(lines: &str, of_the_pad: &str, patience: Patience) {
    let ask = |pad: &pad::Pad| answers(&pad.library, &mut Scripted::refusing(&pad.library), patience);
    let first = ask(&scenario(lines, of_the_pad, ""));
    let made = openweigh_simulator::answered::scenario(&first.text()).unwrap();
    let second = ask(&pad::pad(&made));
    let same = ["", ".before", ".clicks", ".started", ".run-loop", ".second-start", ".restarted", ".stopped"];
    let names =
        same.iter().map(|name| format!("pad.1{name}")).chain(["permission".to_owned(), "library".to_owned()]);
    for name in names {
        let of = |bundle: &Bundle| {
            let mut section = bundle.section(&name).unwrap().clone();
            // The id goes into no file, so that it is another one.
            section.entries.retain(|(key, _)| key != "device" && !key.ends_with("_its_id"));
            // Which later try is the first that works is a matter of the machine's speed.
            section.entries.retain(|(key, _)| !key.starts_with("after_") || key == "after_0_ms");
            section
        };
        assert_eq!(of(&second), of(&first), "{lines} {of_the_pad}\n{made}");
    }
}
