//! Each command with `--json`: one document, which is what its schema in `docs/spec/schemas/output` says.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod bench;
mod scene;

use bench::{Bench, TWO_LOADS, simulator};
use scene::people::key;
use scene::{Ran, Scene, answers, repository};
use std::collections::BTreeSet;

const NIST: &str = "nist-pontius-1.0.0";
const PAD: &str = "simulated-magic-trackpad";

/// Runs commands with `--json`, and keeps which schemas described what they printed.
struct Told<'a> {
    run: &'a dyn Fn(&[&str]) -> Ran,
    seen: BTreeSet<String>,
    /// What was not as it should be, of all commands.
    wrong: Vec<String>,
}

impl<'a> Told<'a> {
    fn by(run: &'a dyn Fn(&[&str]) -> Ran) -> Self {
        Self { run, seen: BTreeSet::new(), wrong: Vec::new() }
    }

    /// Runs a command that prints one document, in a format.
    fn tells(&mut self, format: &str, words: &[&str]) {
        let ran = (self.run)(&[words, &["--json"]].concat());
        match serde_json::from_str::<serde_json::Value>(&ran.stdout) {
            Ok(document) if document["format"] == format!("openweigh.{format}") => {
                self.seen.extend(answers::check(&ran.stdout));
            }
            _ => self.wrong.push(format!("{words:?}, not {format}: {}{}", ran.stdout, ran.stderr)),
        }
    }

    fn all(self) -> BTreeSet<String> {
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        self.seen
    }
}

/// What a table becomes, up to its release.
fn of_tables() -> BTreeSet<String> {
    let scene = Scene::published(NIST);
    let publication = "artifacts/publications/nist-pontius.toml";
    scene.write(publication, &std::fs::read(repository().join(publication)).unwrap());
    key(&scene, "alice");
    scene.write("log.csv", b"t,v\n0,1\n0.1,2\n0.2,1\n0.3,2\n");
    scene.write("table.csv", b"y,x\n1.1,1\n1.9,2\n,5\n3.2,3\n3.8,4\n");
    let run = |words: &[&str]| scene.run(words);
    let mut told = Told::by(&run);
    told.tells("init/1", &["init", "new"]);
    told.tells("error/1", &["fit"]);
    told.tells("error/1", &["inspect", "nowhere"]);
    told.tells("import-table/1", &["import", "table", "table.csv", "--dry-run"]);
    told.tells("import-table/1", &["import", "table", "table.csv", "--name", "line"]);
    told.tells(
        "import-signal/1",
        &["import", "signal", "log.csv", "--name", "log", "--time", "t", "--value", "v", "--time-unit", "s"],
    );
    told.tells("recipe-new/1", &["recipe", "new", "--dataset", "line", "--target", "y", "--terms", "1,x"]);
    let line = ["--name", "line", "--version", "1.0.0"];
    told.tells("fit/1", &[&["fit", "--dataset", "line", "--recipe", "line"], &line[..]].concat());
    told.tells("replay/1", &["replay", "--weights", "line-1.0.0", "--dataset", "line"]);
    told.tells("claims-new/1", &["claims", "new", "--weights", "line-1.0.0"]);
    let seal = ["seal", "--weights", "line-1.0.0", "--results", "line-1.0.0"];
    told.tells("seal/1", &[&seal[..], &line].concat());
    told.tells("explain/1", &["explain", "line-1.0.0", "2"]);
    told.tells("explain/1", &["explain", "line-1.0.0", "artifacts/results/line-1.0.0.csv"]);
    told.tells("exclude/1", &["exclude", "line", "1", "--reason", "A draught.", "--as", "line-without"]);
    told.tells("predict/1", &["predict", "--weights", "line-1.0.0", "x=2"]);
    told.tells("inspect/1", &["inspect", "artifacts/results/line-1.0.0.csv"]);
    told.tells("weights/1", &["inspect", "artifacts/weights/line-1.0.0.json"]);
    told.tells("weights/1", &["explain", "artifacts/weights/line-1.0.0.json"]);
    told.tells("dataset/2", &["inspect", "line"]);
    told.tells("recipe/1", &["inspect", "artifacts/recipes/line.toml"]);
    told.tells("manifest/1", &["inspect", &format!("manifests/{NIST}.json")]);
    told.tells("characterise/1", &["characterise", "nist-pontius"]);
    told.tells("report/1", &["report", NIST]);
    told.tells("explain/1", &["explain", NIST]);
    told.tells("explain/1", &["explain", NIST, "r-squared"]);
    told.tells("explain/1", &["explain", NIST, "b2"]);
    told.tells("verify/2", &["verify"]);
    told.tells("publish/1", &["publish", NIST, "-o", "release", "--dry-run"]);
    told.tells("publish/1", &["publish", NIST, "-o", "release", "--key", "alice"]);
    told.tells("verify/2", &["verify", "release"]);
    told.tells("grade/1", &["grade", "release"]);
    told.tells("receipt/1", &["receipt", "release", "--key", "alice", "--attest", "attest"]);
    told.tells("push/1", &["push", "release", "oci:store"]);
    told.tells("pull/1", &["pull", "oci:store", "pulled"]);
    told.tells(
        "withdraw/1",
        &["withdraw", "release", "--reason", "damaged", "--key", "alice", "--attest", "attest"],
    );
    told.all()
}

/// What sessions become.
fn of_sessions() -> BTreeSet<String> {
    let scene = Scene::published(&format!("{PAD}-1.0.0"));
    let recording = repository().join("crates/capture/tests/recordings/two-pads.csv");
    scene.write("pads.csv", &std::fs::read(recording).unwrap());
    let run = |words: &[&str]| scene.run(words);
    let mut told = Told::by(&run);
    told.tells("import-recording/2", &["import", "recording", "pads.csv", "--name", "pads"]);
    told.tells("weigh.suggest/1", &["weigh", PAD, "s01", "--suggest"]);
    told.tells("weigh/1", &["weigh", PAD, "s01", "--remove", "up-020", "--as", "other"]);
    told.tells(
        "readings/1",
        &["readings", "--dataset", PAD, "--recipe", "magic-trackpad-affine", "-o", "r.csv"],
    );
    told.tells("explain/1", &["explain", &format!("{PAD}-1.0.0"), "s01/up-050"]);
    told.tells("protocol-list/1", &["protocol", "list"]);
    told.tells("protocol-new/1", &["protocol", "new", "--name", "mine", "--masses", "10,20"]);
    told.all()
}

/// What a pad does.
fn of_pads() -> BTreeSet<String> {
    let bench = Bench::new(TWO_LOADS);
    let library = simulator();
    let library = library.to_str().unwrap();
    let run = |words: &[&str]| bench.run(words);
    let mut told = Told::by(&run);
    told.tells("devices/1", &["devices", "--library", library, "--salt", "salt"]);
    told.tells("doctor/1", &["doctor", "--library", library, "--salt", "salt"]);
    let record = ["record", "--library", library, "--capacity", "200000", "--salt", "salt", "--name", "pad"];
    told.tells("record/1", &record);
    told.tells("recover/1", &["recover", "pad"]);
    let scale = ["--library", library, "--salt", "salt", "-q"];
    told.tells("weigh-once/1", &[&["weigh-once"], &scale[..]].concat());
    let ran = bench.run(&[&["scale", "--json", "--unattended"], &scale[..]].concat());
    let described = answers::check(&ran.stdout);
    assert!(!described.is_empty(), "{}", ran.all());
    told.seen.extend(described);
    told.all()
}

#[test]
fn each_command_prints_what_its_schema_says() {
    let seen: BTreeSet<String> = [of_tables(), of_sessions(), of_pads()].into_iter().flatten().collect();
    // Only a build with polars exports.
    let missing: Vec<String> =
        answers::names().into_iter().filter(|name| !seen.contains(name) && name != "export-1").collect();
    assert!(missing.is_empty(), "no command here printed {missing:?}");
}
