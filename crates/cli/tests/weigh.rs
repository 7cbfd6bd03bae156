//! Weighings stated after the fact, exclusions, and datasets that are pinned: as a user does it.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_formats::canonical;
use openweigh_formats::dataset::{Dataset, DatasetRole};
use openweigh_formats::{Digest, weighings};
use scene::{Scene, repository};

const DATASET: &str = "simulated-magic-trackpad";

fn description(scene: &Scene, name: &str) -> Dataset {
    canonical::read(&scene.read(&format!("datasets/{name}/dataset.json"))).unwrap()
}

/// A ledger with the simulated dataset as it would be had nobody followed a protocol.
fn without_weighings() -> Scene {
    let scene = Scene::published("simulated-magic-trackpad-1.0.0");
    for folder in ["manifests", "artifacts/weights", "artifacts/results"] {
        std::fs::remove_dir_all(scene.path().join(folder)).unwrap();
        std::fs::create_dir_all(scene.path().join(folder)).unwrap();
    }
    let mut dataset = description(&scene, DATASET);
    let header = format!("{}\n", weighings::HEADER);
    for file in dataset.files.iter_mut().filter(|file| file.role == DatasetRole::Weighings) {
        file.bytes = header.len() as u64;
        file.sha256 = Digest::of(header.as_bytes());
        scene.write(&format!("datasets/{DATASET}/{}", file.path), header.as_bytes());
    }
    scene.write(&format!("datasets/{DATASET}/dataset.json"), &canonical::write(&dataset));
    scene
}

fn weigh(scene: &Scene, words: &[&str]) -> scene::Ran {
    scene.run(&[&["weigh", DATASET, "s01"], words].concat())
}

#[test]
fn a_protocol_afterwards_gives_the_weighings_that_it_gives_while_recording() {
    let scene = without_weighings();
    let protocol = repository().join("protocols/simulated-masses.toml");
    let sessions: Vec<String> =
        description(&scene, DATASET).sessions().into_iter().map(str::to_owned).collect();
    assert_eq!(sessions.len(), 4);
    for session in &sessions {
        let words = ["weigh", DATASET, session, "--protocol", protocol.to_str().unwrap()];
        scene.run(&words).ends(0).says("21 weighings").says("next: openweigh fit");
        let own = format!("datasets/{DATASET}/sessions/{session}/weighings.csv");
        assert_eq!(scene.text(&own), std::fs::read_to_string(repository().join(&own)).unwrap(), "{session}");
        scene.run(&words).ends(2).says("has 21 weighings already");
    }
    assert_eq!(description(&scene, DATASET).version.to_string(), "1.4.0");
    // Byte for byte the data of the published dataset, so that the fit is the published one but for the digest.
    let fit = [
        "fit",
        "--dataset",
        DATASET,
        "--recipe",
        "magic-trackpad-affine",
        "--name",
        "w",
        "--version",
        "1.0.0",
    ];
    scene.run(&fit).ends(0).says("2.0600821126726157");
}

#[test]
fn a_person_states_stretches_one_by_one() {
    let scene = without_weighings();
    weigh(&scene, &["--suggest", "--noise", "6"])
        .ends(0)
        .says("at rest")
        .says("--role tare")
        .says("--frames");
    weigh(&scene, &["--suggest"]).ends(0).says("(estimated; --noise X sets it)");
    weigh(&scene, &["--frames", "100..180", "--reference-g", "100.0", "--u-g", "0.010", "--id", "load"])
        .ends(0)
        .says("wrote datasets/simulated-magic-trackpad/dataset.json, version 1.1.0");
    weigh(&scene, &["--frames", "10..90", "--role", "tare", "--id", "empty"]).ends(0);
    weigh(&scene, &["--frames", "200..260", "--reference-g", "50", "--tare", "empty", "--label", "50 g"])
        .ends(0);
    let own = format!("datasets/{DATASET}/sessions/s01/weighings.csv");
    let rows =
        "empty,tare,,10,90,,,\nload,reference,,100,180,,100,0.01\nw01,reference,50 g,200,260,empty,50,\n";
    assert_eq!(scene.text(&own), format!("{}\n{rows}", weighings::HEADER));
    let before = scene.read(&format!("datasets/{DATASET}/dataset.json"));
    for (words, code, said) in [
        (&["--frames", "50..120", "--role", "unknown"][..], 2, "overlap the weighing `empty`"),
        (&["--frames", "300..999999", "--role", "unknown"], 2, "expected some of 0 to"),
        (&["--frames", "310..300", "--role", "unknown"], 2, "the smaller one first"),
        (&["--frames", "300..310", "--role", "unknown", "--tare", "emty"], 2, "its tares: empty"),
        (&["--frames", "300..310", "--role", "unknown", "--id", "load"], 2, "a weighing `load` already"),
        (&["--frames", "300..310", "--reference-g", "-1"], 2, "expected a number of grams from 0"),
        (&["--frames", "300..310", "--reference-g", "1", "--u-g", "-1"], 2, "--u-g: found -1"),
        (&["--frames", "300..310"], 2, "say what rests there"),
        (
            &["--frames", "300..310", "--role", "tare", "--reference-g", "1"],
            2,
            "only a reference has a known mass",
        ),
        (&["--seconds", "90000..90001", "--role", "tare"], 2, "no frame lies between 90000 and 90001 s"),
        (&["--reference-g", "1"], 2, "say which stretch"),
        (&["--remove", "empty"], 2, "`empty` is the tare of `w01`"),
        (&["--remove", "nothing"], 2, "it has empty, load, w01"),
    ] {
        weigh(&scene, words).ends(code).says(said);
    }
    scene.run(&["weigh", DATASET, "s09", "--suggest"]).ends(2).says("has no session `s09`");
    scene.run(&["weigh", "nothing", "s01", "--suggest"]).ends(3).says("no dataset `nothing`");
    assert_eq!(scene.read(&format!("datasets/{DATASET}/dataset.json")), before, "a refusal changes nothing");
    weigh(&scene, &["--seconds", "3.0..3.50", "--role", "unknown"]).ends(0);
    weigh(&scene, &["--remove", "load"]).ends(0);
    assert!(!scene.text(&own).contains("load"));
}

#[test]
fn nothing_pinned_is_changed_and_a_copy_is_offered() {
    let scene = Scene::published("simulated-magic-trackpad-1.0.0");
    let before = scene.read(&format!("datasets/{DATASET}/dataset.json"));
    let pinned = "pinned by artifacts/weights/magic-trackpad-affine-1.0.0.json, \
                  artifacts/weights/trackweight-identity-1.0.0.json and 1 more";
    let free = ["--frames", "0..1", "--role", "unknown"];
    weigh(&scene, &free).ends(1).says(pinned).says("--as NEW");
    let exclude = ["exclude", DATASET, "s02/up-100", "--reason", "The cable touched the pad."];
    scene.run(&exclude).ends(1).says(pinned);
    let copy = [&exclude[..], &["--as", "mended"]].concat();
    scene.run(&copy).ends(0).says("wrote datasets/mended/dataset.json, version 1.0.0, derived from");
    scene.run(&copy).ends(0).says("left alone");
    let other = ["exclude", DATASET, "s02/up-100", "--reason", "Another.", "--as", "mended"];
    scene.run(&other).ends(3).says("exists with other content").says("--as");
    scene.run(&["inspect", "mended"]).ends(0).says("excluded: s02/up-100").says("derived from").says("cable");
    assert_eq!(scene.read(&format!("datasets/{DATASET}/dataset.json")), before);
    scene.run(&["verify"]).ends(0);
    // The copy is free.
    let again = ["exclude", "mended", "s01/up-100", "--reason", "Another."];
    scene.run(&again).ends(0).says("version 1.1.0");
    let mended = description(&scene, "mended");
    assert_eq!(mended.excluded.len(), 2);
    for file in &mended.files {
        assert_eq!(Digest::of(&scene.read(&format!("datasets/mended/{}", file.path))), file.sha256);
    }
    scene.run(&["exclude", "mended", "s01/nothing", "--reason", "x"]).ends(2).says("no weighing `nothing`");
    scene.run(&["exclude", "mended", "3", "--reason", "x"]).ends(2).says("SESSION/WEIGHING");
    scene.run(&["exclude", "mended", "s01/up-100", "--reason", " "]).ends(2).says("--reason");
}

#[test]
fn rows_of_a_table_are_excluded() {
    let scene = Scene::ledger();
    scene.write("coins.csv", b"mass,reading\n0,12.1\n7.5,19.7\n8.5,20.6\n");
    scene.run(&["import", "table", "coins.csv", "--name", "coins"]).ends(0);
    scene.run(&["exclude", "coins", "3", "--reason", "x"]).ends(2).says("one of the 3 rows");
    let row = ["exclude", "coins", "2", "--reason", "Read too early."];
    scene.run(&row).ends(0).says("row 2 (line 4 of measurements.csv)").says("version 1.1.0");
    scene.run(&row).ends(0).says("version 1.1.0, says so already");
    scene.run(&["inspect", "coins"]).ends(0).says("excluded: row 2, never fitted: \"Read too early.\"");
    scene.run(&["weigh", "coins", "s01", "--suggest"]).ends(2).says("is a table");
}

#[test]
fn no_link_inside_a_dataset_leads_out() {
    let scene = without_weighings();
    let outside = Scene::empty();
    let sessions = scene.path().join(format!("datasets/{DATASET}/sessions"));
    std::fs::rename(&sessions, outside.path().join("sessions")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("sessions"), &sessions).unwrap();
    weigh(&scene, &["--frames", "0..1", "--role", "tare"]).ends(3).says("found a symbolic link");
    std::fs::remove_file(&sessions).unwrap();
    std::fs::rename(outside.path().join("sessions"), &sessions).unwrap();
    let description = scene.path().join(format!("datasets/{DATASET}/dataset.json"));
    std::fs::rename(&description, outside.path().join("dataset.json")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("dataset.json"), &description).unwrap();
    let before = outside.read("dataset.json");
    weigh(&scene, &["--frames", "0..1", "--role", "tare"]).ends(3).says("found a symbolic link");
    assert_eq!(outside.read("dataset.json"), before);
    std::fs::remove_file(&description).unwrap();
    std::fs::create_dir(&description).unwrap();
    weigh(&scene, &["--frames", "0..1", "--role", "tare"]).ends(3).says("expected a plain file");
}

#[test]
fn a_pinned_table_is_not_replaced() {
    let scene = Scene::published("nist-norris-1.0.0");
    scene.write("other.csv", b"a,b\n1,2\n");
    let import = ["import", "table", "other.csv", "--name", "nist-norris", "--force"];
    scene.run(&import).ends(1).says("pinned by").says("another --name");
    scene.run(&["verify"]).ends(0);
}
