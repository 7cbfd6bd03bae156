//! Recordings on a pad that behaves as on a Mac: what goes wrong there is written, and nothing is lost on the way.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::{Bench, read, says, simulator};
use openweigh_formats::events::{self, Kind};
use openweigh_formats::session::Clicks;

/// A base that lies there, at five times the pace of a pad. `lines` are of the scenario, `pad` of its pad.
fn scenario(lines: &str, pad: &str) -> String {
    format!(
        "seed = 3\npace = 5.0\n{lines}\n[[pad]]\nkind = \"magic-trackpad\"\nseconds = 3000.0\n{pad}\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 2990.0\nforce_g = 60.0\n"
    )
}

fn with_event(lines: &str, event: &str) -> String {
    format!("{}[[pad.event]]\nat_s = 4.0\n{event}\n", scenario(lines, ""))
}

/// Kinds and details of the events of the first session.
fn told(bench: &Bench) -> Vec<(Kind, String)> {
    let bytes = std::fs::read(bench.path("datasets/pad/sessions/s01/events.csv")).unwrap();
    events::read(&bytes).unwrap().into_iter().map(|event| (event.kind, event.detail.to_string())).collect()
}

/// Their kinds, without notes: where the machine is slow, one says that a stream was started once more.
fn kinds(told: &[(Kind, String)]) -> Vec<Kind> {
    told.iter().map(|(kind, _)| *kind).filter(|kind| *kind != Kind::Note).collect()
}

/// Frames of the device that are neither in the session nor counted. Of the device's numbers only 8 bits are its own.
fn missing(bench: &Bench) -> i64 {
    let text = std::fs::read_to_string(bench.path("datasets/pad/sessions/s01/touches.csv")).unwrap();
    let numbers: Vec<i64> =
        text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect();
    let steps = numbers[numbers.len() - 1] - numbers[0] + 1;
    let quality = read(&bench.path("datasets/pad"), "s01").session.quality;
    let unseen = i64::try_from(quality.dropped / 256 * 256).unwrap();
    steps + unseen - i64::try_from(quality.frames + quality.dropped).unwrap()
}

#[test]
fn a_sleep_is_two_events_and_the_recording_goes_on() {
    for (lines, woken) in
        [("", "the stream was started again"), ("answers = { survives_sleep = true }", "frames go on")]
    {
        let bench = Bench::new(&with_event(lines, "kind = \"sleep\"\nfor_s = 3.0"));
        bench.record(&["--name", "pad", "--seconds", "12"]).ends(0).says("slept for 3.0 s");
        let events = told(&bench);
        assert_eq!(kinds(&events), [Kind::Sleep, Kind::Wake], "{events:?}");
        assert_eq!((&*events[0].1, &*events[1].1), ("the machine slept for 3.0 s", woken));
        let found = read(&bench.path("datasets/pad"), "s01");
        assert!(found.last_s - found.first_s > 11.5);
        assert_eq!((found.session.quality.gaps, missing(&bench)), (2, 0));
        assert_eq!(found.session.clock.arrival.as_str(), "time the machine was awake, ns");
    }
}

#[test]
fn a_pad_that_is_unplugged_and_plugged_in_again_is_recorded_on() {
    // For a moment, and for longer than it is looked for.
    for for_s in ["2.0", "16.0"] {
        let bench = Bench::new(&with_event("", &format!("kind = \"unplug\"\nfor_s = {for_s}")));
        let ran = bench.record(&["--name", "pad", "--seconds", "24"]).ends(0);
        ran.says("device-lost: the pad");
        let events = told(&bench);
        assert_eq!(kinds(&events), [Kind::DeviceLost, Kind::Wake], "{events:?}");
        assert!(events[1].1.contains("the stream was started again"), "{events:?}");
        assert_eq!(missing(&bench), 0);
    }
}

#[test]
fn a_pad_that_stays_away_ends_the_recording() {
    let bench = Bench::new(&with_event("", "kind = \"unplug\""));
    bench.record(&["--name", "pad"]).ends(0).says("the pad is not in the list of devices any more");
    assert_eq!(kinds(&told(&bench)), [Kind::DeviceLost]);
    assert_eq!(missing(&bench), 0);
}

#[test]
fn a_pad_that_comes_back_with_another_id_is_another_pad() {
    let bench = Bench::new(&with_event("", "kind = \"unplug\"\nfor_s = 2.0\ntransport = 1\nid = 83"));
    bench.record(&["--name", "pad"]).ends(0).says("the pad is not in the list of devices any more");
    assert_eq!(kinds(&told(&bench)), [Kind::DeviceLost]);
    assert_eq!(missing(&bench), 0);
}

#[test]
fn built_in_pads_of_one_model_are_told_apart_by_their_machines() {
    let one = |machine: &str| {
        let pad = scenario(&format!("answers = {{ {machine} }}"), "id = 216172783253880832");
        let bench = Bench::new(&pad.replace("magic-trackpad", "apple-silicon"));
        let library = simulator();
        let devices = ["devices", "--salt", "salt", "--library", library.to_str().unwrap()];
        let shown = bench.run(&devices).ends(0).stdout;
        let json = bench.run(&[&devices[..], &["--json"]].concat()).ends(0).stdout;
        let listed: serde_json::Value = serde_json::from_str(&json).unwrap();
        let listed = &listed["devices"][0];
        let by_location = listed["named_by"] == "location";
        assert_eq!(shown.contains("is named by location: "), by_location);
        bench.record(&["--name", "pad", "--frames", "5"]).ends(0);
        let noted = |(_, detail): &(Kind, String)| detail.contains("the pad is named by its place");
        assert_eq!(told(&bench).iter().any(noted), by_location);
        let recorded = read(&bench.path("datasets/pad"), "s01").session.source.device.unwrap();
        assert_eq!(listed["device"], recorded.as_str());
        (recorded.to_string(), by_location)
    };
    let (first, second, unknown) = (one("machine = 1"), one("machine = 2"), one(""));
    assert_eq!((first.1, second.1, unknown.1), (false, false, true));
    assert_ne!(first.0, second.0);
    // Only its place is known: any machine of this model has a pad of this name.
    assert_eq!(unknown, one(""));
}

#[test]
fn frames_that_are_lost_before_they_come_are_counted_by_their_numbers() {
    let bench = Bench::new(&with_event("", "kind = \"lost\"\nframes = 7"));
    bench.record(&["--name", "pad", "--seconds", "8"]).ends(0);
    let events = told(&bench);
    let lost = |kind: &Kind| *kind == Kind::Dropped;
    assert_eq!(kinds(&events).into_iter().filter(lost).count(), 1, "{events:?}");
    assert!(events.iter().any(|(_, detail)| detail == "7 frames before they came to this program"));
    assert_eq!(read(&bench.path("datasets/pad"), "s01").session.quality.dropped, 7);
    assert_eq!(missing(&bench), 0);
}

#[test]
fn clicks_are_what_the_pad_says_of_them() {
    let clicks = |pad: &str, words: &[&str]| {
        let bench = Bench::new(&scenario("", pad));
        let ran = bench.record(&[&["--name", "pad", "--frames", "5"], words].concat()).ends(0);
        (read(&bench.path("datasets/pad"), "s01").session.source.clicks, ran)
    };
    assert_eq!(clicks("", &[]).0, Clicks::On);
    assert_eq!(clicks("", &["--no-click"]).0, Clicks::Off);
    let (kept, ran) = clicks("clicks_fixed = true", &["--no-click"]);
    assert_eq!(kept, Clicks::On);
    ran.says("the pad does not say that its clicks are off");
}

#[test]
fn a_registry_that_denies_force_can_be_overruled() {
    let bench = Bench::new(&scenario("", "says_force = false"));
    let refused = bench.record(&["--name", "pad", "--frames", "5"]);
    refused.says("it has no force sensors").says("--force-capable");
    bench.record(&["--name", "pad", "--frames", "5", "--force-capable"]).ends(0);
}

#[test]
fn the_right_to_listen_is_asked_for() {
    let bench = Bench::new(&scenario("answers = { input_monitoring = \"denied\" }", ""));
    let ran = bench.record(&["--name", "pad", "--seconds", "1"]).ends(3);
    ran.says(
        "Input Monitoring is not allowed for Simulated Terminal.app, the program that started openweigh.",
    );
    assert!(!bench.path("datasets/pad").exists());
}

#[test]
fn what_the_framework_prints_spoils_no_document() {
    let bench = Bench::new(&scenario("answers = { prints = true }", ""));
    let ran = bench.record(&["--json", "--name", "pad", "--frames", "5"]).ends(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["sessions"][0]["session"], "s01");
    assert!(ran.stderr.contains("a message of the framework"), "it is said where messages are");
}

#[test]
fn frames_that_need_a_run_loop_are_recorded() {
    let bench = Bench::new(&scenario("answers = { needs_run_loop = true }", ""));
    bench.record(&["--name", "pad", "--frames", "5"]).ends(0);
    assert_eq!(read(&bench.path("datasets/pad"), "s01").session.quality.frames, 5);
}

/// Each thing that goes wrong is in the file by the time that the program is killed, and is recovered.
#[test]
fn whoever_is_killed_in_the_midst_of_it_recovers_what_happened() {
    let away = "kind = \"unplug\"\nfor_s = 2.0";
    let other_way = "kind = \"unplug\"\nfor_s = 2.0\ntransport = 1";
    let sleep = "kind = \"sleep\"\nfor_s = 3.0";
    let cases: [(&str, &str, &[Kind], u64); 7] = [
        ("kind = \"unplug\"", "device-lost", &[Kind::DeviceLost], 0),
        (away, "wake", &[Kind::DeviceLost, Kind::Wake], 0),
        (other_way, "wake", &[Kind::DeviceLost, Kind::Wake], 0),
        (sleep, "sleep", &[Kind::Sleep], 0),
        (sleep, "wake", &[Kind::Sleep, Kind::Wake], 0),
        ("kind = \"lost\"\nframes = 7", "dropped", &[Kind::Dropped], 7),
        ("kind = \"lost\"\nframes = 900", "dropped", &[Kind::Dropped], 900),
    ];
    for (event, word, expected, dropped) in cases {
        let bench = Bench::new(&with_event("", event));
        let mut child = bench.child(&["--name", "pad"]);
        says(&bench, "s01.part/events.csv", word);
        if dropped > 0 {
            // Only with a frame after them can lost ones be told from the frames that a kill takes along.
            says(&bench, "s01.part/touches.csv", "\n400,");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        bench.run(&["recover", "datasets/pad"]).ends(0).says("session s01");
        let events = told(&bench);
        assert!(kinds(&events).starts_with(expected), "{event}: {events:?}");
        let quality = read(&bench.path("datasets/pad"), "s01").session.quality;
        assert_eq!((quality.dropped, missing(&bench)), (dropped, 0), "{event}");
        // Four seconds of frames came before it.
        assert!(quality.frames > 300, "{event}: {} frames", quality.frames);
    }
}

/// Two programs record one pad, and both are killed.
#[test]
fn two_programs_that_record_a_pad_are_both_recovered() {
    let bench = Bench::new(&scenario("", ""));
    let mut children = ["a", "b"].map(|id| bench.child(&["--name", "pad", "--session", id]));
    for id in ["a", "b"] {
        says(&bench, &format!("{id}.part/touches.csv"), "\n100,");
    }
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    bench.run(&["recover", "datasets/pad"]).ends(0).says("session a").says("session b");
    for id in ["a", "b"] {
        let quality = read(&bench.path("datasets/pad"), id).session.quality;
        assert!(quality.frames > 100 && quality.dropped == 0, "{id}");
    }
}
