//! `openweigh doctor` where nobody is there: it asks nothing that needs hands, and says what it left out.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::{Bench, ran, simulator};
use openweigh_formats::doctor::{Bundle, Value};
use scene::Ran;
use std::process::Child;

/// A base that lies there.
const RESTS: &str = "pace = 5.0\n[[pad]]\nkind = \"magic-trackpad\"\nid = 81985529216486895\nseconds = 3000.0\n\
                     [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 2990.0\nforce_g = 60.0\n";

fn doctor(bench: &Bench, words: &[&str]) -> Ran {
    let library = simulator();
    bench.run(&[&["doctor", "--library", library.to_str().unwrap()], words].concat())
}

/// The file in what was printed.
fn file(stdout: &str) -> &str {
    stdout.rsplit_once("\n\n").map_or(stdout, |(file, _)| file)
}

fn read(text: &str) -> Bundle {
    Bundle::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn it_is_shown_whole_and_then_written() {
    let bench = Bench::new(&format!("answers = {{ prints = true }}\n{RESTS}"));
    let shown = doctor(&bench, &["-o", "pad.toml"]).ends(0).says("wrote pad.toml");
    let written = std::fs::read_to_string(bench.path("pad.toml")).unwrap();
    assert_eq!(file(&shown.stdout), written.trim_end(), "what the framework prints is not among it");
    let bundle = read(&written);
    assert!(written.contains("# SIMULATED: "));
    assert_eq!(bundle.get("about", "simulated"), Some(&true.into()));
    assert_eq!(bundle.get("pad.1.touched", "asked"), Some(&false.into()));
    assert_eq!(bundle.get("pad.1.clicks", "restored_after_a_kill"), Some(&"on".into()));
    for question in ["slept", "unplugged", "other-way"] {
        let left_out = bundle.get(&format!("pad.1.{question}"), "left_out");
        assert_eq!(left_out, Some(&"it needs hands, and nobody was asked".into()), "{question}");
    }
    assert!(!written.contains("81985529216486895") && !written.contains("123456789abcdef"));
    // A pad has another name in each file, so that the second one differs.
    doctor(&bench, &["-o", "pad.toml"]).ends(3).says("--force");
    assert_eq!(std::fs::read_to_string(bench.path("pad.toml")).unwrap(), written);
    doctor(&bench, &["-o", "pad.toml", "--force"]).ends(0);
    let name = |text: &str| read(text).get("pad.1", "device").cloned();
    assert_ne!(name(&std::fs::read_to_string(bench.path("pad.toml")).unwrap()), name(&written));
}

#[test]
fn for_machines_it_is_the_same_answers() {
    let bench = Bench::new(RESTS);
    let ran = doctor(&bench, &["--json", "--salt", "salt"]).ends(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(document["format"], "openweigh.doctor/1");
    assert_eq!(document["pad.1"]["transport"], "bluetooth");
    assert_eq!(document["library"]["missing"], serde_json::json!([]));
}

/// Sends what Ctrl-C sends.
fn interrupt(child: &Child) {
    let done = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(done.success());
}

#[test]
fn interrupted_it_gives_what_it_has() {
    let bench = Bench::new(RESTS);
    let library = simulator();
    let words = ["doctor", "--library", library.to_str().unwrap(), "-v", "-o", "pad.toml"];
    let mut child = bench.command(&words).spawn().unwrap();
    // It has begun once it says what it asks.
    let mut lines = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while std::io::BufRead::read_line(&mut lines, &mut line).unwrap() > 0 && !line.contains("pad.1.touched") {
        line.clear();
    }
    interrupt(&child);
    let ran = ran(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 4, "{}", ran.stdout);
    let written = std::fs::read_to_string(bench.path("pad.toml")).unwrap();
    let bundle = read(&written);
    assert!(bundle.get("pad.1.started", "status").is_some(), "{written}");
    assert_eq!(bundle.get("pad.1.slept", "left_out"), Some(&Value::Text("interrupted".to_owned())));
}

#[test]
fn a_machine_without_pads_or_framework_answers_too() {
    let bench = Bench::new(RESTS);
    std::fs::create_dir(bench.path("input")).unwrap();
    std::fs::write(bench.path("input/event0"), "no device").unwrap();
    let ran = bench.run(&["doctor", "--library", "nowhere.so", "--input", "input"]).ends(0);
    let bundle = read(file(&ran.stdout));
    assert_eq!(bundle.get("library", "opened"), Some(&false.into()));
    assert!(
        matches!(bundle.get("library", "reason"), Some(Value::Text(why)) if why.starts_with("the system cannot load it"))
    );
    assert_eq!(bundle.get("event-devices", "not_readable"), Some(&1.into()));
    assert!(
        matches!(bundle.get("pad.1", "refused"), Some(Value::Text(why)) if why.starts_with("cannot open: "))
    );
    let folder = bench.folder.path().display().to_string();
    assert!(!ran.stdout.contains(&folder), "no folder of a person is in it");
    // As on a hosted runner: a list, and nothing in it.
    bench.plays("behaviour = \"mac\"\npad = []\n");
    let bundle = read(file(&doctor(&bench, &[]).ends(0).stdout));
    assert_eq!(bundle.get("devices", "found"), Some(&0.into()));
}
