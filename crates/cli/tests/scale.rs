//! The live scale through the simulator: what it shows, logs and records is what `replay` derives.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::*;
use scene::{Ran, repository};

const WEIGHTS: &str = "magic-trackpad-affine-1.0.0";

/// The published scenario with another seed, and the published weights.
fn kitchen() -> Bench {
    let scenario =
        std::fs::read_to_string(repository().join("scenarios/simulated-magic-trackpad.toml")).unwrap();
    let bench = Bench::new(&scenario.replace("seed = 1\n", "seed = 5\n"));
    let folder = bench.path("artifacts/weights");
    std::fs::create_dir_all(&folder).unwrap();
    let file = format!("{WEIGHTS}.json");
    std::fs::copy(repository().join("artifacts/weights").join(&file), folder.join(file)).unwrap();
    bench
}

fn scale(bench: &Bench, command: &str, words: &[&str]) -> Ran {
    let library = simulator();
    let pad = [
        "--model",
        "simulated Magic Trackpad",
        "--transport",
        "unknown (4)",
        "--quantum",
        "2",
        "--salt",
        "salt",
    ];
    let usual = [command, "--library", library.to_str().unwrap()];
    bench.run(&[&usual[..], &pad, words].concat())
}

/// The cells of some columns, without the header.
fn columns(text: &str, wanted: &[&str]) -> Vec<Vec<String>> {
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let places: Vec<usize> =
        wanted.iter().map(|name| header.iter().position(|own| own == name).unwrap()).collect();
    lines.map(|cells| places.iter().map(|at| cells[*at].clone()).collect()).collect()
}

#[test]
fn every_logged_gram_is_replayed_to_the_digit() {
    let bench = kitchen();
    let words =
        ["--weights", WEIGHTS, "--log", "log.csv", "--record", "--as", "kitchen", "--license", "CC0-1.0"];
    let ran = scale(&bench, "scale", &words);
    ran.ends(0)
        .says("tare01  at rest in frames")
        .says("w01  20.65 ± 1.01 g")
        .says("wrote datasets/kitchen/sessions/s01");
    bench.run(&["replay", "--weights", WEIGHTS, "--dataset", "kitchen"]).ends(0);
    let read = |path: &str| std::fs::read_to_string(bench.path(path)).unwrap();
    let logged = columns(&read("log.csv"), &["session", "grams", "expanded_u_g", "flags"]);
    let results = read(&format!("artifacts/results/{WEIGHTS}-on-kitchen.csv"));
    let replayed: Vec<_> = columns(&results, &["session", "grams", "expanded_u_g", "flags"])
        .into_iter()
        .filter(|cells| !cells[1].is_empty())
        .collect();
    assert_eq!(logged, replayed);
    assert_eq!(logged.len(), 10);
    // A second run is appended, to the log and to the dataset.
    scale(&bench, "scale", &words).ends(0).says("datasets/kitchen/sessions/s02");
    assert_eq!(read("log.csv").lines().count(), 21);
}

#[test]
fn one_load_is_weighed_and_it_ends() {
    let bench = kitchen();
    let ran = scale(&bench, "weigh-once", &["--weights", WEIGHTS]).ends(0).says("w01  20.65 ± 1.01 g");
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    let ran = scale(&bench, "weigh-once", &["--weights", WEIGHTS, "--json", "-q"]).ends(0);
    let documents: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = documents.last().unwrap();
    assert_eq!((last["weighing"].as_str(), last["grams"].as_str()), (Some("w01"), Some("20.65")));
    assert_eq!((documents.len(), last["format"].as_str()), (1, Some("openweigh.weigh-once/1")));
}

#[test]
fn what_cannot_be_a_scale_is_refused() {
    let bench = kitchen();
    let library = simulator();
    let library = library.to_str().unwrap();
    bench
        .run(&["scale", "--library", library, "--weights", WEIGHTS])
        .ends(2)
        .says("the weights apply to simulated Magic Trackpad")
        .says("leave out --weights");
    scale(&bench, "scale", &["--weights", WEIGHTS, "--unit", "stone"])
        .ends(2)
        .says("expected one of g, kg, oz");
    std::fs::write(bench.path("mine.csv"), "date,weight\n").unwrap();
    scale(&bench, "scale", &["--weights", WEIGHTS, "--log", "mine.csv"]).ends(3).says("found another header");
    assert_eq!(std::fs::read_to_string(bench.path("mine.csv")).unwrap(), "date,weight\n");
    std::fs::write(
        bench.path("cut.csv"),
        "session,first_frame,last_frame,tare,grams,expanded_u_g,flags,weights\ns01,2",
    )
    .unwrap();
    scale(&bench, "scale", &["--weights", WEIGHTS, "--log", "cut.csv"]).ends(3).says("its last line was cut");
    let held = std::fs::File::create(bench.path("held.csv")).unwrap();
    held.lock().unwrap();
    scale(&bench, "scale", &["--weights", WEIGHTS, "--log", "held.csv"])
        .ends(3)
        .says("another scale writes this log");
    scale(&bench, "scale", &["--weights", WEIGHTS, "--log", "."]).ends(3);
    scale(&bench, "scale", &["--rest", "601"]).ends(2).says("at most 600");
    scale(&bench, "weigh-once", &[]).ends(0).says("counts").says("without weights");
}
