//! A ledger, a scenario and the simulator, for tests of recording.

#![allow(dead_code, reason = "each test program uses its part")]

use crate::scene::Ran;
use openweigh_formats::dataset::{Dataset, DatasetRole};
use openweigh_formats::session::Session;
use openweigh_formats::touches::{Quantity, TouchReader};
use openweigh_formats::weighings::{self, Weighing};
use openweigh_formats::{Digest, canonical, events};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A finger, and 50 g then 100 g for eight seconds each.
pub(crate) const TWO_LOADS: &str = r#"
seed = 1
behaviour = "ideal"
pace = "unthrottled"
at_end = "unplug"
[[pad]]
kind = "magic-trackpad"
[[pad.contact]]
kind = "finger"
from_s = 1.0
until_s = 40.0
force_g = 60.0
tremor_g = 0.5
[[pad.load]]
grams = 50.0
on_s = 8.0
off_s = 16.0
[[pad.load]]
grams = 100.0
on_s = 24.0
off_s = 32.0
"#;

/// A finger that stays for days.
pub(crate) const LONG: &str = r#"
seed = 2
behaviour = "ideal"
pace = "PACE"
[[pad]]
kind = "magic-trackpad"
[[pad.contact]]
kind = "finger"
from_s = 0.0
until_s = 200000.0
force_g = 60.0
"#;

pub(crate) const PROTOCOL: &str = r#"format = "openweigh.protocol/1"
name = "two-loads"
[stability]
tolerance = "6"
hold_s = "2"
min_change = "3"
timeout_s = "20"
[[step]]
prompt = "Rest a finger"
role = "tare"
id = "t0"
[[step]]
prompt = "Put on 50 g"
role = "reference"
reference_g = "50"
id = "a"
tare = "previous"
[[step]]
prompt = "Take it off"
role = "tare"
id = "t1"
[[step]]
prompt = "Put on 100 g"
role = "reference"
reference_g = "100"
id = "b"
tare = "t1"
"#;

pub(crate) fn simulator() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let beside = program.parent().unwrap();
    let name = format!("{DLL_PREFIX}openweigh_simulator{DLL_SUFFIX}");
    let places = [beside.join(&name), beside.parent().unwrap().join(&name)];
    places.into_iter().find(|path| path.exists()).expect("cargo builds the simulator before the tests")
}

/// A ledger with a simulated pad.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

impl Bench {
    pub(crate) fn new(scenario: &str) -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let bench = Self { folder };
        for inner in ["datasets", "manifests"] {
            std::fs::create_dir(bench.path(inner)).unwrap();
        }
        std::fs::write(bench.path("protocol.toml"), PROTOCOL).unwrap();
        bench.plays(scenario);
        bench
    }

    pub(crate) fn plays(&self, scenario: &str) {
        std::fs::write(self.path("scenario.toml"), scenario).unwrap();
    }

    pub(crate) fn path(&self, inner: &str) -> PathBuf {
        self.folder.path().join(inner)
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openweigh"));
        command
            .current_dir(self.folder.path())
            .args(words)
            .env("OPENWEIGH_SCENARIO", self.path("scenario.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        ran(self.command(words).output().unwrap())
    }

    /// Records with room for every frame, so that nothing depends on the machine.
    pub(crate) fn record(&self, words: &[&str]) -> Ran {
        let library = simulator();
        let usual =
            ["record", "--library", library.to_str().unwrap(), "--capacity", "200000", "--salt", "salt"];
        self.run(&[&usual[..], words].concat())
    }

    pub(crate) fn child(&self, words: &[&str]) -> Child {
        let library = simulator();
        let usual = ["record", "--library", library.to_str().unwrap(), "--salt", "salt"];
        self.command(&[&usual[..], words].concat()).spawn().unwrap()
    }
}

pub(crate) fn ran(output: std::process::Output) -> Ran {
    let stdout = String::from_utf8(output.stdout).unwrap();
    crate::scene::answers::check(&stdout);
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A session as it is on disk, every file read by its strict reader and found in the dataset by its digest.
pub(crate) struct OnDisk {
    pub(crate) dataset: Dataset,
    pub(crate) session: Session,
    pub(crate) weighings: Vec<Weighing>,
    pub(crate) first_s: f64,
    pub(crate) last_s: f64,
}

pub(crate) fn read(folder: &Path, id: &str) -> OnDisk {
    let dataset: Dataset = canonical::read(&std::fs::read(folder.join("dataset.json")).unwrap()).unwrap();
    let bytes = |role: DatasetRole| {
        let file = dataset.session_file(id, role).unwrap();
        let bytes = std::fs::read(folder.join(file.path.as_str())).unwrap();
        assert_eq!((bytes.len() as u64, Digest::of(&bytes)), (file.bytes, file.sha256.clone()));
        bytes
    };
    let session: Session = canonical::read(&bytes(DatasetRole::Session)).unwrap();
    events::read(&bytes(DatasetRole::Events)).unwrap();
    let weighings = weighings::read(&bytes(DatasetRole::Weighings)).unwrap();
    let mut reader = TouchReader::new(&[Quantity::Pressure]);
    let (mut first, mut last, mut touches) = (None, None, 0);
    let fed = reader.feed(&bytes(DatasetRole::Touches), &mut |row| {
        touches += u64::from(row.state.is_some());
        if first.is_none() {
            first = Some(row.device_s.clone());
        }
        last = Some(row.device_s.clone());
    });
    fed.unwrap();
    assert_eq!(session.quality.frames, reader.finish().unwrap());
    assert_eq!(session.quality.touches, touches);
    let seconds = |number: Option<openweigh_formats::csv::Number>| -> f64 {
        number.unwrap().value().unwrap().to_string().parse().unwrap()
    };
    OnDisk { first_s: seconds(first), last_s: seconds(last), dataset, session, weighings }
}

/// Every file below a folder, with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(inner) = waiting.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.push((name, std::fs::read(path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Waits until the recording has begun.
pub(crate) fn begun(child: &mut Child) -> BufReader<std::process::ChildStderr> {
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while lines.read_line(&mut line).unwrap() > 0 && !line.contains("recording session") {
        line.clear();
    }
    lines
}

/// Waits until a file of a recording that goes on says this, however slow the machine is.
pub(crate) fn says(bench: &Bench, file: &str, what: &str) {
    let path = bench.path("datasets/pad/sessions").join(file);
    for _ in 0..60_000 {
        if std::fs::read_to_string(&path).is_ok_and(|text| text.contains(what)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("{file} never says {what}");
}
