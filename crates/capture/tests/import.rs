//! Recordings of other programs: what is imported is what they hold, and what is wrong is refused in words.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_capture::import::{self, Destination, Format, ImportError, Options, Platform, Survey};
use openweigh_capture::{About, Place, Recorded, Warning};
use openweigh_formats::dataset::{Provenance, ProvenanceKind};
use openweigh_formats::events::Kind;
use openweigh_formats::session::{Environment, PressureUnit};
use scene::read;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(recordings().join(name)).unwrap()
}

fn text(name: &str) -> String {
    String::from_utf8(bytes(name)).unwrap()
}

fn options() -> Options {
    Options { format: None, device: None, counts: false, model: None, platform: None, max_bytes: 1 << 20 }
}

fn survey(recording: impl AsRef<[u8]>) -> Result<Survey, ImportError> {
    import::survey(&mut recording.as_ref(), &options())
}

fn destination(root: &Path, name: &str) -> Destination {
    Destination {
        place: Place::new(root, &name.parse().unwrap()),
        about: About::default(),
        environment: Environment::default(),
        provenance: Provenance::stated(
            ProvenanceKind::Simulated,
            "Made by rule, for tests; nothing was measured.".parse().unwrap(),
        ),
        salt: "a salt for tests".to_owned(),
    }
}

fn import_as(recording: &[u8], root: &Path, name: &str) -> Result<Vec<Recorded>, ImportError> {
    let survey = import::survey(&mut &recording[..], &options())?;
    import::import(&mut &recording[..], &options(), &survey, &destination(root, name))
}

/// Why a recording is refused.
fn refused(recording: impl AsRef<[u8]>) -> String {
    survey(recording).unwrap_err().to_string()
}

const SAMPLES: [(&str, Format); 10] = [
    ("trackpad.yml", Format::Libinput),
    ("dropped.yml", Format::Libinput),
    ("haptic.evemu", Format::Evemu),
    ("trackpad.evtest", Format::Evtest),
    ("usb-c.hid", Format::Hid),
    ("bluetooth.hid", Format::Hid),
    ("two-pads.csv", Format::GlassToKey),
    ("two-pads.atpcap", Format::Atpcap),
    ("linux.atpcap", Format::Atpcap),
    ("windows.atpcap", Format::Atpcap),
];

/// The files below a folder, by their paths.
fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with(".openweigh") {
                // The ledger's own: its lock is no part of what was imported.
            } else if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn samples_become_the_golden_datasets() {
    let golden = recordings().join("golden");
    #[expect(clippy::disallowed_methods, reason = "asks whether to write what is expected anew")]
    let write = std::env::var_os("OPENWEIGH_WRITE_GOLDEN").is_some();
    let root = scene::folder();
    for (sample, format) in SAMPLES {
        let name = sample.replace('.', "-");
        let recording = bytes(sample);
        assert_eq!(survey(&recording).unwrap().format, format, "{sample}");
        let recorded = import_as(&recording, root.path(), &name).unwrap();
        for one in &recorded {
            read(one.place.folder(), one.session.id.as_str());
        }
    }
    if write {
        let _ = std::fs::remove_dir_all(&golden);
        for (path, content) in tree(root.path()) {
            let path = golden.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }
    let (found, expected) = (tree(root.path()), tree(&golden));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, content) in &found {
        assert_eq!(content, &expected[path], "{path}");
    }
}

/// Rows of `touches.csv` as cells.
fn rows(recording: impl AsRef<[u8]>, session: usize) -> Vec<Vec<String>> {
    let texts = import::texts(&mut recording.as_ref(), &options()).unwrap();
    let text = String::from_utf8(texts[session].touches.clone()).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

#[test]
fn all_roads_of_linux_tell_the_same() {
    let (yaml, evemu) = (rows(text("trackpad.yml"), 0), rows(text("haptic.evemu"), 0));
    assert_eq!(yaml, evemu);
    assert_eq!(yaml, rows(text("trackpad.evtest"), 0));
    let pressures: Vec<&str> = yaml.iter().filter(|row| row[4] == "32").map(|row| row[13].as_str()).collect();
    let held = [&["60"; 6][..], &["64"; 6]].concat();
    assert_eq!(pressures, held, "a value that is not sent again holds");
    let states: Vec<&str> = yaml.iter().filter(|row| row[4] == "32").map(|row| row[5].as_str()).collect();
    assert_eq!((states[0], &states[1..]), ("make-touch", &["touching"; 11][..]));
    assert_eq!(yaml.last().unwrap()[4], "", "the last frame has no contact");
}

#[test]
fn raw_reports_tell_the_same_as_the_driver() {
    let (usb, bluetooth) = (rows(text("usb-c.hid"), 0), rows(text("bluetooth.hid"), 0));
    assert_eq!(usb, bluetooth);
    let kernel = rows(text("trackpad.yml"), 0);
    let pick = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
        let touches = rows.iter().filter(|row| !row[4].is_empty());
        touches.map(|row| [8, 9, 13].map(|at| row[at].clone()).to_vec()).collect()
    };
    assert_eq!(pick(&usb), pick(&kernel), "x, y and pressure");
    let times: Vec<f64> = usb.iter().map(|row| row[2].parse().unwrap()).collect();
    assert!(times.is_sorted() && times[0] < 2097.152 && *times.last().unwrap() > 2097.152, "{times:?}");
    // Frames of the pad are as far apart by its own clock as by the times of arrival: 11.25 ms.
    let ends = [&usb[0], usb.last().unwrap()].map(|row| row[3].parse::<f64>().unwrap() / 1e9);
    assert!((times[times.len() - 1] - times[0] - (ends[1] - ends[0])).abs() < 0.001, "{times:?} {ends:?}");
}

#[test]
fn both_forms_of_glasstokey_tell_the_same() {
    for device in [0, 1] {
        assert_eq!(rows(text("two-pads.csv"), device), rows(bytes("two-pads.atpcap"), device));
    }
    let found = survey(text("two-pads.csv")).unwrap();
    assert_eq!(found.sessions.len(), 2);
    assert!(found.sessions.iter().all(|session| session.source.unit == PressureUnit::Counts));
    // A framework that says nothing but 0 speaks of a pad without force sensors.
    let mut silent = String::new();
    for line in text("two-pads.csv").lines() {
        let mut cells: Vec<&str> = line.split(',').collect();
        if cells[12] != "pressure" && !cells[12].is_empty() && cells[2] == "1" {
            cells[12] = "0";
        }
        silent += &format!("{}\n", cells.join(","));
    }
    let units: Vec<_> = survey(silent).unwrap().sessions.iter().map(|session| session.source.unit).collect();
    assert_eq!(units, [PressureUnit::Counts, PressureUnit::Unknown]);
}

/// What a platform writes means the same once it is read.
#[test]
fn glasstokey_means_on_each_platform_what_it_wrote_there() {
    let linux = survey(bytes("linux.atpcap")).unwrap();
    let about = |at: usize| {
        let source = &linux.sessions[at].source;
        [&source.os, &source.driver, &source.model].map(ToString::to_string)
    };
    assert_eq!(about(0), ["linux", "hid-magicmouse", "Magic Trackpad 2"]);
    assert_eq!(about(1), ["linux", "hid-magicmouse", "Magic Trackpad USB-C"]);
    let told = |at: usize| linux.sessions[at].source.ceiling.as_ref().map(ToString::to_string);
    assert_eq!((told(0), linux.sessions[0].source.unit), (Some("253".to_owned()), PressureUnit::Counts));
    let texts = import::texts(&mut bytes("linux.atpcap").as_slice(), &options()).unwrap();
    assert_eq!(texts[0].events, []);
    assert_eq!(texts[1].events, [(Some(11), Kind::Gap)], "opened again");
    // Pressure, and positions from the bottom, are those that the kernel told.
    let pick = |rows: &[Vec<String>]| -> Vec<Vec<String>> {
        let touches = rows.iter().filter(|row| !row[4].is_empty());
        touches.map(|row| [4, 8, 13].map(|at| row[at].clone()).to_vec()).collect()
    };
    let (rows_linux, kernel) = (rows(bytes("linux.atpcap"), 0), rows(text("trackpad.yml"), 0));
    assert_eq!(pick(&rows_linux), pick(&kernel), "track, x and pressure");
    for (ours, theirs) in rows_linux.iter().zip(&kernel) {
        if !ours[4].is_empty() {
            let near = |at: usize| ours[at].parse::<f64>().unwrap() - theirs[at].parse::<f64>().unwrap();
            assert!(near(9).abs() < 1e-6, "{ours:?} {theirs:?}");
            assert_eq!(
                (&*ours[5], &*ours[12], &*ours[15]),
                ("touching", "", ""),
                "what was not measured is empty"
            );
        }
    }
    // Before the clock's zero, and before the description: neither is lost.
    assert_eq!((&*rows_linux[0][1], &*rows_linux[0][2], &*rows_linux[0][3]), ("0", "-0.015", "-35000000"));
    assert_eq!(linux.sessions[0].warnings, []);

    let windows = survey(bytes("windows.atpcap")).unwrap();
    let source = &windows.sessions[0].source;
    assert_eq!((source.os.as_str(), source.unit), ("windows", PressureUnit::Unknown), "no force came");
    let rows_windows = rows(bytes("windows.atpcap"), 0);
    assert_eq!(rows_windows[0][9], kernel[0][9], "from the bottom already");
    let states: Vec<&str> = rows_windows.iter().map(|row| row[5].as_str()).collect();
    assert!(states.contains(&"hover") && states.contains(&"touching"));
}

#[test]
fn glasstokey_of_an_unknown_platform_is_asked_for() {
    let of = |word: &str, platform: Option<Platform>| {
        let mut recording = bytes("two-pads.atpcap");
        let at = recording.windows(5).position(|five| five == b"macOS").unwrap();
        recording[at..at + 5].copy_from_slice(word.as_bytes());
        import::survey(&mut &recording[..], &Options { platform, ..options() })
    };
    let unknown = of("Plan9", None).unwrap_err();
    assert!(matches!(unknown, ImportError::Platform { .. }));
    assert!(unknown.to_string().starts_with("byte 54: found the platform `Plan9`"), "{unknown}");
    assert!(of("Plan9", Some(Platform::Mac)).is_ok());
    // A word that is wrong is noticed where the numbers cannot be so.
    let pressure = of("linux", None).unwrap_err().to_string();
    assert!(pressure.contains("the state 4, expected the state 0 or 1"), "{pressure}");
    let mut without = bytes("two-pads.atpcap");
    let length = 34 + usize::try_from(i32::from_le_bytes(without[20..24].try_into().unwrap())).unwrap();
    without.drain(20..20 + length);
    assert!(matches!(survey(&without), Err(ImportError::Platform { .. })));
    // A pad that nobody knows measures no force on Linux, as everywhere there, until somebody says so.
    let mut other = bytes("linux.atpcap");
    let ids: Vec<usize> =
        (0..other.len() - 4).filter(|at| other[*at..*at + 4] == [0xac, 0x05, 0, 0]).collect();
    for at in ids {
        other[at..at + 2].copy_from_slice(&[0xcb, 0x06]);
    }
    let refused = refused(&other);
    assert!(refused.contains("06cb:0265 is not known to measure force"), "{refused}");
    assert!(import::survey(&mut &other[..], &Options { counts: true, ..options() }).is_ok());
}

#[test]
fn what_contradicts_a_recording_is_told() {
    let warnings = |recording: &[u8]| survey(recording).unwrap().sessions[0].warnings.clone();
    for (sample, _) in SAMPLES.into_iter().filter(|(sample, _)| *sample != "dropped.yml") {
        assert_eq!(warnings(&bytes(sample)), [], "{sample}");
    }
    assert_eq!(warnings(&bytes("dropped.yml")), [Warning::Gaps { gaps: 1 }]);
    // Pressures beyond what the axis declares.
    let high = text("haptic.evemu").replace("A: 3a 0 253 0 0 1", "A: 3a 0 100 0 0 1");
    let told = warnings(high.as_bytes());
    let [Warning::AtCeiling { touches: at }, Warning::AboveCeiling { ceiling, touches: above }] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((&**ceiling, *at, *above), ("100", 9, 9));
    // A pad's clock that runs as fast as half the time of arrival.
    let mut slow = String::new();
    for line in text("usb-c.hid").lines() {
        let time = line.strip_prefix("E: ").and_then(|rest| rest.split_once(' '));
        slow += &time.map_or(format!("{line}\n"), |(time, rest)| {
            let micros: u64 = time.replace('.', "").parse().unwrap();
            format!("E: {:06}.{:06} {rest}\n", 4 * micros / 1_000_000, 4 * micros % 1_000_000)
        });
    }
    let told = warnings(slow.as_bytes());
    assert_eq!(told, [Warning::ClocksDisagree { device_ms: 258, arrival_ms: 1032 }]);
    let words = told[0].to_string();
    assert!(words.ends_with("disagree: 0.258 s and 1.032 s from the first frame to the last"), "{words}");
}

#[test]
fn a_text_becomes_the_nearest_binary32() {
    let changed = |value: &str| {
        let text = text("two-pads.csv").replacen("0.470047295", value, 1);
        rows(text, 0)[0][8].clone()
    };
    assert_eq!(changed("0.470047295"), "0.4700473");
    assert_eq!(changed("0.47004729509353637695312500"), "0.4700473");
    assert_eq!(changed("1e-50"), "0");
    assert_eq!(changed("nan"), "", "no number is an empty cell");
    assert_eq!(changed("-inf"), "", "nor is infinity");
    // A number that no binary32 holds is a number all the same, and is not thrown away.
    for beyond in ["1e39", "1e999", "-1e400"] {
        let error = refused(text("two-pads.csv").replacen("0.470047295", beyond, 1));
        let expected = format!("2:44: found `{beyond}`, expected in column `x` a number within the range");
        assert!(error.starts_with(&expected), "{error}");
    }
    let time = refused(text("two-pads.csv").replacen("2227.465", "1e999", 1));
    assert!(time.contains("in column `timestamp_s` a number within the range"), "{time}");
}

#[test]
fn lost_events_are_a_gap() {
    let texts = import::texts(&mut bytes("dropped.yml").as_slice(), &options()).unwrap();
    assert_eq!(texts[0].events, [(Some(9), Kind::Gap), (Some(10), Kind::Note)]);
    let rows = rows(text("dropped.yml"), 0);
    let of = |frame: &str| rows.iter().filter(|row| row[0] == frame && !row[4].is_empty()).count();
    assert_eq!((of("9"), of("10")), (2, 0), "nothing is known until it is told anew");
}

#[test]
fn a_device_can_be_chosen() {
    let chosen = |sample: &str, device: &str| {
        let options = Options { device: Some(device.to_owned()), ..options() };
        import::survey(&mut bytes(sample).as_slice(), &options).map(|survey| survey.sessions.len())
    };
    for device in ["1", "/dev/input/event7", "Apple Inc. Magic Trackpad, simulated: nothing was measured"] {
        assert_eq!(chosen("trackpad.yml", device).unwrap(), 1, "{device}");
    }
    assert_eq!(chosen("two-pads.csv", "0x0400000000000002").unwrap(), 1);
    let none = chosen("two-pads.csv", "7").unwrap_err().to_string();
    assert!(none.starts_with("found no device that reports force: device 0: not the device"), "{none}");
    let keyboard = chosen("trackpad.yml", "0").unwrap_err().to_string();
    assert!(keyboard.contains("A keyboard, simulated: no contacts in slots"), "{keyboard}");
}

#[test]
fn size_is_no_force() {
    let with = |change: &dyn Fn(String) -> String| refused(change(text("haptic.evemu")));
    let undeclared = with(&|text| text.replace("A: 3a 0 253 0 0 1", "A: 3a 0 253 0 0 0"));
    assert!(undeclared.contains("declares resolution 0, so it may be the size"), "{undeclared}");
    let unknown = with(&|text| text.replace("A: 3a 0 253 0 0 1", "A: 3a 0 253 0 0"));
    assert!(unknown.contains("declares no resolution"), "four numbers are unknown, not 0: {unknown}");
    let none = with(&|text| text.replace("A: 3a", "A: 3b"));
    assert!(none.contains("only ABS_PRESSURE, which is as a rule the size"), "{none}");
    let bcm = |text: String| text.replace("06cb 0001", "05ac 0262");
    assert!(with(&bcm).contains("bcm5974 copies the size"));
    // A person's word makes an unknown pad one of counts, and no more.
    let options = Options { counts: true, ..options() };
    let told = text("haptic.evemu").replace("A: 3a 0 253 0 0 1", "A: 3a 0 253 0 0 0");
    let found = import::survey(&mut told.as_bytes(), &options).unwrap();
    assert_eq!(found.sessions[0].source.unit, PressureUnit::Counts);
    assert!(import::survey(&mut bcm(told).as_bytes(), &options).is_err());
}

/// Events without the description of their device, which another command prints.
#[test]
fn events_alone_are_told_what_they_lack() {
    let whole = text("haptic.evemu");
    let (description, events) = whole.split_at(whole.find("E: ").unwrap());
    let error = survey(events).unwrap_err();
    assert!(matches!(error, ImportError::NoDescription { position } if position.line == 1), "{error}");
    assert_eq!(survey(format!("{description}{events}")).unwrap().sessions.len(), 1);
    let printed = text("trackpad.evtest");
    let events = &printed[printed.find("Event: time").unwrap()..];
    assert!(matches!(survey(events), Err(ImportError::NoDescription { .. })));
}

/// People shorten the description: an axis of contacts that an event names is one that the device has.
#[test]
fn a_shortened_text_of_evtest_is_read_all_the_same() {
    let whole = text("trackpad.evtest");
    let short = |code: &str, lines: usize| {
        let mut kept: Vec<&str> = Vec::new();
        let mut skip = 0;
        for line in whole.lines() {
            skip = if line.contains(&format!("Event code {code} (")) { lines } else { skip };
            if skip == 0 {
                kept.push(line);
            }
            skip = skip.saturating_sub(1);
        }
        kept.join("\n") + "\n"
    };
    for (code, lines) in [("47", 4), ("57", 4)] {
        let text = short(code, lines);
        assert!(text.len() < whole.len());
        assert_eq!(rows(text, 0), rows(&whole, 0), "without {code}");
    }
}

#[test]
fn each_version_of_evemu_is_read_as_it_is() {
    let of = |version: &str, change: &dyn Fn(&str) -> String| {
        let text = text("haptic.evemu");
        survey(change(&text.replacen("# EVEMU 1.3\n", version, 1)))
    };
    let same = |text: &str| text.to_owned();
    let name = |text: &str| text.replace("N: A haptic pad", "N: A #1 haptic pad");
    for version in ["", "# EVEMU 1.1\n", "# EVEMU 1.2\n", "# EVEMU 1.3\n"] {
        assert_eq!(of(version, &same).unwrap().sessions[0].device, "A haptic pad, simulated", "{version}");
        assert_eq!(of(version, &name).unwrap().sessions[0].device, "A #1 haptic pad, simulated", "{version}");
    }
    // The first version has no comments behind a line, and no resolution.
    let refused = of("# EVEMU 1.0\n", &same).unwrap_err().to_string();
    assert!(refused.contains("found `#`, expected nothing after the value"), "{refused}");
    let bare =
        |text: &str| text.lines().map(|line| line.split("\t#").next().unwrap().to_owned() + "\n").collect();
    assert!(of("# EVEMU 1.0\n", &bare).is_ok());
    for version in ["1.4", "2.0", "1.", "x"] {
        let refused = of(&format!("# EVEMU {version}\n"), &same).unwrap_err().to_string();
        let expected = format!("1:9: found `{version}`, expected a version of the format, 1.0 to 1.3");
        assert_eq!(refused, expected);
    }
}

#[test]
fn mistakes_have_a_place() {
    let lines = |sample: &str, at: usize, line: &str| {
        let mut lines: Vec<String> = text(sample).lines().map(str::to_owned).collect();
        line.clone_into(&mut lines[at - 1]);
        lines.join("\n") + "\n"
    };
    for (recording, expected) in [
        (
            lines("haptic.evemu", 17, "E: 0.017 0003 0039 0031"),
            "17:4: found `0.017`, expected seconds, a point",
        ),
        (lines("haptic.evemu", 17, "E: 0.000017 0003 002f 0016"), "17:1: found slot 16, expected 0 to 15"),
        (
            lines("haptic.evemu", 16, "A: 3a 0 253 0"),
            "16:3: found ` 3a 0 253 0`, expected the code of an axis",
        ),
        (
            lines("trackpad.evtest", 3, "Input device ID: bus 3"),
            "3:18: found `bus 3`, expected bus, vendor, product and version",
        ),
        (
            lines("trackpad.evtest", 70, "Event: time 0.17, type 3 (EV_ABS), code 57 (X), value 3"),
            "70:13: found `0.17`, expected seconds, a point",
        ),
        (
            lines("trackpad.evtest", 70, "Event: time 0.000017, type 3 (EV_ABS), code 57 (X), value 1e999"),
            "70:59: found `1e999`, expected a value that is a whole number",
        ),
        (lines("trackpad.yml", 2, "version: 2"), "2:10: found `2`, expected version 1 of the format"),
        (
            lines("trackpad.yml", 46, "    - [0, 17, 3, 57]"),
            "46:7: found `[0, 17, 3, 57]`, expected an event",
        ),
        (lines("trackpad.yml", 7, "  os: &a x"), "7:7: found `&a x`, expected no anchors"),
        (lines("trackpad.yml", 7, "  os: [x, *a]"), "7:7: found `[x, *a]`, expected no anchors"),
        (lines("usb-c.hid", 7, "E: 000000.000300 4 31 00"), "7:18: found `4`, expected 2 bytes"),
        (lines("usb-c.hid", 7, "E: 000000.000300 1 3g"), "7:20: found `3g`, expected a byte"),
        (
            lines("two-pads.csv", 2, "1,0,0,7,2.5,2,0,1,4,0,0,0,0,0,0,0,0"),
            "3:1: found another frame after 1 of 2",
        ),
        (
            lines("two-pads.csv", 2, "1,0,0,7,2.5,1,0,1,8,0,0,0,0,0,0,0,0"),
            "2:19: found `8`, expected in column `state`",
        ),
        (
            lines("two-pads.csv", 2, "1,0,0,7,2.5,0,,,,,,,,,,,1"),
            "2:15: found ``, expected in column `contact_index`",
        ),
    ] {
        let found = refused(&recording);
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    let mut seven = bytes("two-pads.atpcap");
    seven[8] = 2;
    assert!(
        refused(&seven).starts_with("byte 8: found version 2, expected version 3"),
        "{}",
        refused(&seven)
    );
    assert!(refused("hello\n").starts_with("found `hello` at the beginning"));
}

/// Cut anywhere, a recording is refused or is one that ended early; nothing stops the program.
#[test]
fn recordings_are_cut_anywhere() {
    for (sample, format) in SAMPLES {
        let whole = bytes(sample);
        for end in 0..whole.len() {
            let cut = survey(&whole[..end]);
            if let Ok(survey) = cut {
                let early = matches!(
                    format,
                    Format::Libinput | Format::Evemu | Format::Evtest | Format::Hid | Format::GlassToKey
                );
                // Where no number of frames is told beforehand, a cut between two records cannot be seen.
                let told = sample == "two-pads.atpcap";
                let between = format == Format::Atpcap && !told && record_ends(&whole).contains(&end);
                assert!(between || early && whole[end - 1] == b'\n', "{sample} cut at {end}");
                assert!(survey.sessions.iter().all(|session| session.quality.frames > 0));
            }
        }
    }
}

/// Where the records of an `.atpcap` end.
fn record_ends(recording: &[u8]) -> Vec<usize> {
    let mut ends = vec![20];
    while let Some(length) = recording.get(ends[ends.len() - 1]..).and_then(|rest| rest.first_chunk::<4>()) {
        ends.push(ends[ends.len() - 1] + 34 + usize::try_from(i32::from_le_bytes(*length)).unwrap());
    }
    ends
}

#[test]
fn what_is_too_large_is_refused() {
    let small = Options { max_bytes: 1000, ..options() };
    for (sample, _) in SAMPLES {
        let error = import::survey(&mut bytes(sample).as_slice(), &small).unwrap_err();
        assert!(matches!(error, ImportError::TooLarge { limit: 1000 }), "{sample}: {error}");
    }
    let long = format!("frame_seq,{}", "x".repeat(70_000));
    assert!(refused(long).starts_with("1:1: found a line longer than that, expected at most 65536 bytes"));
    let deep = format!("version: 1\ndevices:\n{}\n", "- ".repeat(40));
    assert!(refused(deep).contains("expected fewer items within items"));
    let devices: String = (0..40).map(|n| format!("{n},0,{n},{n},1,0,{}\n", ",".repeat(10))).collect();
    let header = text("two-pads.csv").lines().next().unwrap().to_owned();
    assert!(
        refused(format!("{header}\n{devices}"))
            .contains("expected in column `device_index` one of at most 32")
    );
    // Each interruption takes time to be written safely.
    let events: String = "E: 0.000001 0000 0003 0\nE: 0.000001 0000 0000 0\n".repeat(3_000);
    assert!(refused(text("haptic.evemu") + &events).ends_with("expected a recording that works"));
}

#[test]
fn a_failure_leaves_nothing_behind() {
    let root = scene::folder();
    let recording = bytes("two-pads.csv");
    let survey = survey(&recording).unwrap();
    let destination = destination(root.path(), "pad");
    let cut = &recording[..recording.len() - 40];
    assert!(import::import(&mut &cut[..], &options(), &survey, &destination).is_err());
    let other = text("two-pads.csv").replace("0.4375", "0.4376");
    let error = import::import(&mut other.as_bytes(), &options(), &survey, &destination).unwrap_err();
    assert!(matches!(error, ImportError::Changed), "{error}");
    assert!(!root.path().join("datasets/pad").exists());
}

#[test]
fn sessions_are_added_as_one_edition() {
    let root = scene::folder();
    let version = |recorded: Vec<Recorded>| recorded[0].place.read().unwrap().unwrap().version.to_string();
    assert_eq!(version(import_as(&bytes("two-pads.csv"), root.path(), "pad").unwrap()), "1.0.0");
    let more = import_as(&bytes("usb-c.hid"), root.path(), "pad").unwrap();
    assert_eq!(more[0].session.id.as_str(), "s03");
    assert_eq!(version(more), "1.1.0");
}
