//! Releases that keep the touches back: what strangers can check, what they are told they cannot, and what those can
//! who are given the touches.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::{Scene, repository};
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = "simulated-magic-trackpad-1.0.0";
const READINGS: &str = "release/withheld/simulated-magic-trackpad/magic-trackpad-affine.csv";

/// The repository's simulated pad, published without its touches.
fn withheld() -> Scene {
    let scene = Scene::published(MANIFEST);
    let publication = "artifacts/publications/simulated-magic-trackpad.toml";
    scene.write(publication, &std::fs::read(repository().join(publication)).unwrap());
    scene
        .run(&["publish", MANIFEST, "-o", "release", "--withhold", "sessions"])
        .ends(0)
        .says("kept back: the touches of 4 sessions");
    scene
}

fn sums_hold(release: &Path) -> bool {
    let check = ["--check", "--strict", "--quiet", "SHA256SUMS"];
    Command::new("sha256sum").args(check).current_dir(release).status().unwrap().success()
}

/// Makes the checksums fit again, as the publisher could who sealed a lie.
fn reseal(scene: &Scene) {
    let sums = scene.text("release/SHA256SUMS");
    let fresh: String = sums
        .lines()
        .map(|line| {
            let (_, path) = line.split_once("  ").unwrap();
            let digest = openweigh_formats::Digest::of(&scene.read(&format!("release/{path}")));
            format!("{digest}  {path}\n")
        })
        .collect();
    scene.write("release/SHA256SUMS", fresh.as_bytes());
}

#[test]
fn strangers_check_what_follows_from_the_readings_and_are_told_the_rest() {
    let scene = withheld();
    let here = |path: &str| scene.path().join("release").join(path).exists();
    assert!(here("withheld.json") && here("datasets/simulated-magic-trackpad/dataset.json"));
    let touches = scene.text("release/withheld.json");
    assert_eq!(touches.matches("touches.csv").count(), 4);
    for line in touches.lines().filter(|line| line.contains("touches.csv")) {
        assert!(!here(line.trim().trim_start_matches("\"path\": \"").trim_end_matches("\",")), "{line}");
    }
    assert!(sums_hold(&scene.path().join("release")));
    assert!(scene.text("release/README.md").contains("## Kept back"));
    let told = scene.run(&["verify", "release", "-v"]).ends(4);
    let told = told.says("kept back by the publisher").says("that those are the readings of the touches");
    assert!(!told.all().contains("FAILED"), "{}", told.all());
    scene.run(&["grade", "release"]).says("are not here as listed");
}

#[test]
fn whoever_has_the_touches_checks_everything() {
    let scene = withheld();
    scene.run(&["verify", "release", "--sessions", "."]).ends(0);
    let touches = "datasets/simulated-magic-trackpad/sessions";
    let one = std::fs::read_dir(scene.path().join(touches)).unwrap().next().unwrap().unwrap().file_name();
    let path = format!("{touches}/{}/touches.csv", one.to_str().unwrap());
    // Touches that are not those whose digest was published.
    let mut other = scene.read(&path);
    let last = other.len() - 2;
    other[last] ^= 1;
    scene.write(&path, &other);
    scene.run(&["verify", "release", "--sessions", "."]).ends(1).says("not the published ones");
    // Some of the touches: the rest stays unproved, nothing fails.
    std::fs::remove_file(scene.path().join(&path)).unwrap();
    scene.run(&["verify", "release", "--sessions", "."]).ends(4).says("kept back by the publisher");
    // What is said to be kept back must not lie in the release, where checksums do not cover it.
    std::fs::copy(repository().join(&path), scene.path().join("release").join(&path)).unwrap();
    scene.run(&["verify", "release"]).ends(1).says("withheld.json says that it is kept back");
}

#[test]
fn keeping_back_is_not_a_way_around_the_cards() {
    let scene = Scene::published(MANIFEST);
    let publication = "artifacts/publications/simulated-magic-trackpad.toml";
    scene.write(publication, &std::fs::read(repository().join(publication)).unwrap());
    scene.run(&["publish", MANIFEST, "-o", "release"]).ends(0);
    let sessions = "datasets/simulated-magic-trackpad/sessions";
    let one = std::fs::read_dir(scene.path().join(sessions)).unwrap().next().unwrap().unwrap().file_name();
    let path = format!("{sessions}/{}/touches.csv", one.to_str().unwrap());
    let touches = scene.read(&path);
    std::fs::remove_file(scene.path().join("release").join(&path)).unwrap();
    // Merely missing is missing, whoever has a copy.
    scene.run(&["verify", "release"]).ends(1).says("the file is missing");
    scene.run(&["verify", "release", "--sessions", "."]).ends(1).says("the file is missing");
    // A statement by whoever has no key, which states no readings, excuses neither a card nor a stray file.
    let digest = openweigh_formats::Digest::of;
    let statement = format!(
        "{{\n  \"format\": \"openweigh.withheld/1\",\n  \"manifest\": \"{}\",\n  \"files\": [\n    {{\n      \"path\": \"{path}\",\n      \
         \"bytes\": {},\n      \"sha256\": \"{}\"\n    }}\n  ],\n  \"readings\": []\n}}\n",
        digest(&scene.read("release/manifest.json")),
        touches.len(),
        digest(&touches)
    );
    scene.write("release/withheld.json", statement.as_bytes());
    scene.write("release/README.md", b"# All is well\n");
    scene.write("release/setup.py", b"pass\n");
    scene
        .run(&["verify", "release"])
        .ends(1)
        .says("no readings that recipe `magic-trackpad-affine` makes of it");
}

#[test]
fn a_receipt_of_somebody_with_the_touches_tells_others() {
    let scene = Scene::published(MANIFEST);
    let publication = "artifacts/publications/simulated-magic-trackpad.toml";
    scene.write(publication, &std::fs::read(repository().join(publication)).unwrap());
    let keys = repository().join("crates/trust/tests/vectors/keys");
    let key = |name: &str| keys.join(format!("test-only-ed25519-{name}")).to_str().unwrap().to_owned();
    let line = |name: &str| std::fs::read_to_string(format!("{}.pub", key(name))).unwrap();
    let (alice, bob) = (key("alice"), key("bob"));
    scene.run(&["publish", MANIFEST, "-o", "release", "--withhold", "sessions", "--key", &alice]).ends(0);
    scene.write("signers", format!("alice {}bob {}", line("alice"), line("bob")).as_bytes());
    let policy = "format = \"openweigh.policy/1\"\nallowed_signers = \"signers\"\n[release]\nsigners = [\"alice\"]\n\
                  [receipts]\nverifiers = [\"bob\"]\nminimum = 1\n";
    scene.write("policy.toml", policy.as_bytes());
    // Whoever has not the touches has nothing to sign.
    scene.run(&["receipt", "release", "--key", &bob]).ends(1).says("no receipt");
    scene.run(&["verify", "release", "--policy", "policy.toml"]).ends(1).says("found 0 independent receipts");
    scene
        .run(&["receipt", "release", "--key", &bob, "--sessions", "."])
        .ends(0)
        .says("4 files derived again");
    scene.run(&["verify", "release", "--policy", "policy.toml"]).ends(4).says("derived again by bob");
    scene.run(&["verify", "release", "--policy", "policy.toml", "--sessions", "."]).ends(0);
}

#[test]
fn readings_from_which_nothing_follows_are_refused() {
    let scene = withheld();
    let honest = scene.text(READINGS);
    let statement = scene.text("release/withheld.json");
    let header = honest.lines().next().unwrap();
    let at = header.split(',').position(|name| name == "pressure").unwrap();
    // Another value in the reading of a reference, another layout of the same value, a line lost.
    let cell = |change: &dyn Fn(&str) -> String| {
        let mut changed = false;
        let lines = honest.lines().map(|line| {
            let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            if !changed && line.contains(",reference,") {
                cells[at] = change(&cells[at]);
                changed = true;
            }
            cells.join(",") + "\n"
        });
        lines.collect::<String>()
    };
    let lost: String =
        honest.lines().take(honest.lines().count() - 1).map(|line| format!("{line}\n")).collect();
    for (edited, code, said) in [
        (cell(&|_| "17".to_owned()), 1, "coefficient"),
        (cell(&|value| format!("{value}.0")), 3, "expected"),
        (cell(&|_| "1e400".to_owned()), 3, "expected"),
        (lost, 3, "one for each of its weighings"),
        (honest.replacen("reference", "Reference", 1), 3, "expected"),
    ] {
        scene.write(READINGS, edited.as_bytes());
        scene.write("release/withheld.json", statement.as_bytes());
        // With a wrong digest.
        scene
            .run(&["verify", "release"])
            .ends(1)
            .says("these are not the readings that withheld.json states");
        // With the right one, and checksums that fit.
        let digest = |text: &str| openweigh_formats::Digest::of(text.as_bytes()).to_string();
        let stated = statement.replacen(&digest(&honest), &digest(&edited), 1).replacen(
            &format!("\"bytes\": {},", honest.len()),
            &format!("\"bytes\": {},", edited.len()),
            1,
        );
        scene.write("release/withheld.json", stated.as_bytes());
        reseal(&scene);
        scene.run(&["verify", "release"]).ends(code).says(said);
    }
}

#[test]
fn a_statement_that_is_not_true_is_refused() {
    let scene = withheld();
    let honest = scene.text("release/withheld.json");
    let replaced = |from: &str, to: &str| {
        assert!(honest.contains(from), "{from}");
        scene.write("release/withheld.json", honest.replacen(from, to, 1).as_bytes());
        scene.run(&["verify", "release"])
    };
    // Something that is not touches, a file that the manifest does not list, another format.
    replaced("touches.csv", "weighings.csv").ends(1);
    replaced("/touches.csv", "/touched.csv").ends(1).says("not touches that the manifest lists");
    replaced("withheld/1", "withheld/2").says("withheld.json");
    // Without the statement the files are missing, and that is that.
    std::fs::remove_file(scene.path().join("release/withheld.json")).unwrap();
    scene.run(&["verify", "release"]).ends(1).says("touches.csv").says("the file is missing");
}

#[test]
fn nothing_is_kept_back_where_there_is_nothing_or_it_would_not_help() {
    let scene = Scene::published("nist-pontius-1.0.0");
    let publication = "artifacts/publications/nist-pontius.toml";
    scene.write(publication, &std::fs::read(repository().join(publication)).unwrap());
    scene
        .run(&["publish", "nist-pontius-1.0.0", "-o", "release", "--withhold", "sessions"])
        .says("it has no touch sessions");
    assert!(!scene.path().join("release").exists());
}
