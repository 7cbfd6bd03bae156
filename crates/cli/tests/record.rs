//! Recording through the simulator, as a user does it: sessions that end well, badly, and not at all.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::*;
use openweigh_formats::dataset::ProvenanceKind;
use openweigh_formats::events;
use openweigh_formats::session::Clicks;
use scene::repository;
use std::path::Path;
use std::process::Command;

#[test]
fn a_guided_recording_is_the_same_every_time() {
    let bytes: Vec<_> = (0..3)
        .map(|_| {
            let bench = Bench::new(TWO_LOADS);
            let ran =
                bench.record(&["--name", "pad", "--protocol", "protocol.toml", "--no-click", "--title", "T"]);
            ran.ends(0).says("step 4 of 4: Put on 100 g").says("4 weighings; protocol done");
            let found = read(&bench.path("datasets/pad"), "s01");
            let tares: Vec<_> = found.weighings.iter().map(|weighing| weighing.tare.clone()).collect();
            assert_eq!(tares[1].as_ref().unwrap().as_str(), "t0");
            assert_eq!(tares[3].as_ref().unwrap().as_str(), "t1");
            assert_eq!(found.dataset.provenance.kind, ProvenanceKind::Simulated);
            assert_eq!(found.session.source.clicks, Clicks::Off);
            assert_eq!(found.session.quality.dropped, 0);
            files(&bench.path("datasets"))
        })
        .collect();
    assert_eq!(bytes[0].len(), 5);
    assert!(bytes.iter().all(|other| *other == bytes[0]));
}

#[test]
fn a_recording_ends_with_its_device_its_time_or_its_frames() {
    let bench = Bench::new(TWO_LOADS);
    bench.record(&["--name", "pad"]).ends(0).says("device lost").says("no weighing has a known mass");
    bench.record(&["--name", "pad", "--seconds", "2.5"]).ends(0).says("time over");
    bench.record(&["--name", "pad", "--frames", "77", "--session", "few"]).ends(0).says("frames complete");
    let folder = bench.path("datasets/pad");
    let timed = read(&folder, "s02");
    assert!((2.4..=2.5).contains(&(timed.last_s - timed.first_s)));
    let few = read(&folder, "few");
    assert_eq!(few.session.quality.frames, 77);
    assert_eq!(few.dataset.version.to_string(), "1.2.0");
    assert_eq!(few.dataset.sessions(), ["few", "s01", "s02"]);
    bench.record(&["--name", "pad", "--session", "few"]).ends(3).says("session `few` is there already");
    bench.run(&["recover", "datasets/pad"]).ends(0).says("nothing to recover");
    bench.run(&["recover", "pad"]).ends(0).says("nothing to recover");
    bench.run(&["recover", "nowhere"]).ends(3).says("found no such folder");
}

#[test]
fn pads_are_listed_and_chosen() {
    let touched = "[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.1\nuntil_s = 2.0\nforce_g = 9.0\n";
    let pad = |kind: &str| format!("[[pad]]\nkind = \"{kind}\"\nseconds = 3.0\n");
    let two = format!("{TWO_LOADS}{}{}{touched}", pad("no-force"), pad("apple-silicon"));
    let bench = Bench::new(&two);
    let library = simulator();
    let library = library.to_str().unwrap();
    let list = bench.run(&["devices", "--library", library, "--salt", "salt", "--json"]).ends(0);
    let list: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let devices = list["devices"].as_array().unwrap();
    assert_eq!(devices.len(), 3);
    assert_eq!(devices[0]["model"], "Magic Trackpad 2");
    assert_eq!(devices[1]["force"], false);
    assert!(devices[1]["refused"].as_str().unwrap().contains("no force sensors"));
    bench.record(&["--name", "pad"]).ends(2).says("found 2 trackpads that can be used");
    bench.record(&["--name", "pad", "--device", "zz"]).ends(2).says("No trackpad matches");
    let refused = devices[1]["device"].as_str().unwrap();
    bench.record(&["--name", "pad", "--device", refused]).ends(3).says("cannot be weighed on");
    let name = devices[2]["device"].as_str().unwrap();
    let told = [
        "--name",
        "pad",
        "--device",
        &name[..8],
        "--frames",
        "1",
        "--model",
        "A pad",
        "--pressure-unit",
        "grams",
    ];
    bench.run(&["devices", "--library", "/nowhere.so"]).ends(3).says("what to do");
    bench.record(&["--name", "both", "--all-devices", "--seconds", "1"]).ends(0).says("session s01b");
    read(&bench.path("datasets/both"), "s01a");
    let second = read(&bench.path("datasets/both"), "s01b");
    assert_eq!(second.session.source.device.unwrap().as_str(), name);
    bench.record(&told).ends(0);
    let found = read(&bench.path("datasets/pad"), "s01").session.source;
    assert_eq!((found.model.as_str(), found.unit.as_str()), ("A pad", "grams"));
    // A pad that nobody touches is no reason to fail the others.
    bench.plays(&format!("{TWO_LOADS}{}", pad("apple-silicon")));
    bench.record(&["--name", "one", "--all-devices"]).ends(0).says("s01b: no frame came; nothing");
    assert_eq!(read(&bench.path("datasets/one"), "s01a").dataset.sessions(), ["s01a"]);
}

#[test]
fn event_devices_are_listed_beside_a_library_or_alone() {
    let bench = Bench::new(TWO_LOADS);
    let library = simulator();
    let library = library.to_str().unwrap();
    std::fs::create_dir(bench.path("input")).unwrap();
    std::fs::write(bench.path("input/event3"), "no device").unwrap();
    std::fs::write(bench.path("input/mouse0"), "").unwrap();
    let words = ["devices", "--input", "input", "--salt", "salt"];
    let both = bench.run(&[&words[..], &["--library", library]].concat()).ends(0);
    both.says("Magic Trackpad 2").says("input/event3: cannot open: ");
    // A library that is named stands alone, whatever is at this machine.
    let alone = bench.run(&["devices", "--library", library, "--json"]).ends(0);
    let alone: serde_json::Value = serde_json::from_str(&alone.stdout).unwrap();
    assert_eq!((alone["devices"].as_array().unwrap().len(), &alone["input"]), (1, &serde_json::Value::Null));
    if cfg!(target_os = "linux") {
        bench.run(&words).ends(0).says("input/event3").says("MultitouchSupport is not on this machine");
        let nowhere = ["devices", "--input", "nowhere", "--salt", "salt", "--json"];
        let found: serde_json::Value = serde_json::from_str(&bench.run(&nowhere).ends(0).stdout).unwrap();
        assert_eq!(found["devices"].as_array().unwrap().len(), 0);
        assert!(found["absent"].as_str().unwrap().contains("MultitouchSupport"), "{found}");
        bench.run(&["record", "--name", "pad", "--input", "nowhere"]).ends(3).says("found no pad");
        bench.run(&["record", "--name", "pad", "--input", "input"]).ends(3).says("event3: cannot open: ");
    }
    // A path is opened without a search; and nothing is left of what did not begin.
    let missing = ["record", "--name", "pad", "--device", "./input/event9"];
    bench.run(&missing).ends(3).says("./input/event9: cannot open: ").says("openweigh devices");
    let clicks = ["record", "--name", "pad", "--device", "./input/event3", "--no-click"];
    bench.run(&clicks).ends(2).says("Linux cannot switch off").says("--grab");
    assert!(!bench.path("datasets/pad").exists());
}

#[test]
fn silence_is_explained_and_leaves_nothing() {
    let bench = Bench::new(
        "seed = 1\nbehaviour = \"ideal\"\npace = \"real-time\"\nat_end = \"silence\"\n[[pad]]\nkind = \"magic-trackpad\"\nseconds = 0.1\n",
    );
    let ran = bench.record(&["--name", "pad", "--seconds", "0.6", "--patience", "0.2"]).ends(3);
    ran.says("no frame so far").says("Input Monitoring").says("nothing was kept");
    assert!(!bench.path("datasets/pad").exists());
}

#[test]
fn measured_and_simulated_do_not_mix_and_protocols_are_checked() {
    let bench = Bench::new(TWO_LOADS);
    bench.record(&["--name", "pad", "--frames", "5"]).ends(0);
    let description = bench.path("datasets/pad/dataset.json");
    let text = std::fs::read_to_string(&description).unwrap();
    std::fs::write(&description, text.replace("\"kind\": \"simulated\"", "\"kind\": \"measured\"")).unwrap();
    bench.record(&["--name", "pad", "--frames", "5"]).ends(3).says("a dataset is all one or all the other");
    std::fs::write(bench.path("bad.toml"), PROTOCOL.replace("hold_s", "hold")).unwrap();
    bench
        .record(&["--name", "other", "--protocol", "bad.toml"])
        .ends(3)
        .says("bad.toml:5:1: unknown field `hold`");
    assert!(!bench.path("datasets/other").exists());
    for shipped in ["coins", "mass-set"] {
        let path = repository().join(format!("protocols/{shipped}.toml"));
        bench.record(&["--name", shipped, "--frames", "1", "--protocol", path.to_str().unwrap()]).ends(0);
    }
}

/// Kinds and details of a session's events.
fn told(folder: &Path, id: &str) -> Vec<(events::Kind, String)> {
    let bytes = std::fs::read(folder.join("sessions").join(id).join("events.csv")).unwrap();
    events::read(&bytes).unwrap().iter().map(|event| (event.kind, event.detail.to_string())).collect()
}

#[test]
fn what_happens_on_the_way_is_written() {
    let sleep = "[[pad.event]]\nkind = \"sleep\"\nat_s = 4.0\nfor_s = 1.0\n";
    let odd = "[[pad.event]]\nkind = \"value\"\nat_s = 6.0\nfield = \"pressure\"\nvalue = nan\n";
    let bench = Bench::new(&format!("{TWO_LOADS}{sleep}{odd}"));
    bench.plays(&format!("{TWO_LOADS}{sleep}{odd}").replace("\"unthrottled\"", "20.0"));
    bench.record(&["--name", "pad", "--no-click"]).ends(0).says("sleep").says("values that were no numbers");
    let folder = bench.path("datasets/pad");
    let kinds: Vec<_> = told(&folder, "s01").into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, [events::Kind::Sleep, events::Kind::Wake, events::Kind::DeviceLost]);
    let quality = read(&folder, "s01").session.quality;
    assert_eq!((quality.gaps, quality.non_finite), (3, 1));
}

/// A step and a ceiling that somebody stated, and that the pad does not keep to: said when it is recorded, and wherever
/// the session is looked at. No check fails for it.
#[test]
fn what_contradicts_what_is_stated_of_a_pad_is_told_everywhere() {
    let bench = Bench::new(TWO_LOADS);
    let stated = ["--name", "pad", "--protocol", "protocol.toml", "--quantum", "4", "--ceiling", "60"];
    let (off, above) = ("no multiple of the stated step of 4: ", "above the stated ceiling of 60: ");
    bench.record(&stated).ends(0).says(off).says(above);
    let note = "touches whose pressure is no multiple of the stated step of 4: ";
    bench.run(&["inspect", "datasets/pad/dataset.json"]).ends(0).says(note).says(above);
    std::fs::create_dir_all(bench.path("artifacts/recipes")).unwrap();
    let recipe = "format = \"openweigh.recipe/1\"\nname = \"line\"\n[reading]\nper = \"weighing\"\n\
                  [model]\ntarget = \"reference_g\"\nterms = [\"pressure\"]\n[fit]\nvalidation = \"none\"\n\
                  [result]\nunit = \"g\"\ndecimals = 2\n";
    std::fs::write(bench.path("artifacts/recipes/line.toml"), recipe).unwrap();
    bench
        .run(&["fit", "--dataset", "pad", "--recipe", "line", "--name", "line", "--version", "1.0.0"])
        .ends(0);
    bench.run(&["seal", "--name", "line", "--version", "1.0.0", "--weights", "line-1.0.0"]).ends(0);
    let verified = bench.run(&["verify"]).ends(0);
    verified.says(&format!("note: datasets/pad/sessions/s01/touches.csv: {note}")).says(above);
    let json: serde_json::Value = serde_json::from_str(&bench.run(&["--json", "verify"]).stdout).unwrap();
    assert_eq!(json["manifests"][0]["notes"].as_array().map(Vec::len), Some(1), "{json}");
}

#[test]
fn frames_that_come_too_fast_are_counted() {
    let flood = "seed = 1\nbehaviour = \"ideal\"\npace = \"unthrottled\"\nat_end = \"unplug\"\n[[pad]]\nkind = \"magic-trackpad\"\n\
                 [pad.flood]\nframes = 400000\ntouches = 2\n";
    let bench = Bench::new(flood);
    let library = simulator();
    let words = ["record", "--name", "pad", "--capacity", "64", "--library", library.to_str().unwrap()];
    bench.run(&words).ends(0);
    let found = read(&bench.path("datasets/pad"), "s01");
    let quality = found.session.quality;
    let lost: u64 = (told(&bench.path("datasets/pad"), "s01").iter())
        .filter(|(kind, _)| *kind == events::Kind::Dropped)
        .map(|(_, detail)| detail.split(' ').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(lost, quality.dropped);
    assert_eq!(quality.frames + quality.dropped, 400_000, "each frame is there or counted");
}

#[test]
fn signals_end_a_recording_cleanly() {
    for signal in ["INT", "TERM", "HUP"] {
        let bench = Bench::new(&LONG.replace("PACE", "real-time"));
        let mut child = bench.child(&["--name", "pad", "--no-click"]);
        let _lines = begun(&mut child);
        says(&bench, "s01.part/touches.csv", "\n6,");
        let kill = Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        let found = read(&bench.path("datasets/pad"), "s01");
        assert!(found.session.quality.frames > 5);
        assert_eq!(found.session.quality.gaps, 0);
    }
}

#[test]
fn a_full_disk_ends_a_recording_that_can_be_recovered() {
    let bench = Bench::new(&LONG.replace("\"PACE\"", "200.0"));
    bench.plays(TWO_LOADS);
    bench.record(&["--name", "pad"]).ends(0);
    let before = std::fs::read(bench.path("datasets/pad/dataset.json")).unwrap();
    bench.plays(&LONG.replace("\"PACE\"", "200.0"));
    // No file may be larger, and the signal that says so is not heard: as on a disk that is full.
    let library = simulator();
    let script = format!(
        "trap '' XFSZ; ulimit -f 900; exec '{}' record --name pad --salt salt --library '{}'",
        env!("CARGO_BIN_EXE_openweigh"),
        library.display()
    );
    let mut full = Command::new("bash");
    full.args(["-c", &script]).current_dir(bench.folder.path());
    let output = full.env("OPENWEIGH_SCENARIO", bench.path("scenario.toml")).output().unwrap();
    ran(output).ends(3).says("touches.csv: cannot write").says("openweigh recover");
    assert_eq!(std::fs::read(bench.path("datasets/pad/dataset.json")).unwrap(), before);
    bench.run(&["recover", "datasets/pad"]).ends(0).says("session s02").says("finished");
    let found = read(&bench.path("datasets/pad"), "s02");
    assert!(found.session.quality.frames > 1000);
    read(&bench.path("datasets/pad"), "s01");
}
