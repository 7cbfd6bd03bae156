//! Frames made by rule, and sessions read back by the strict readers.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses some; what cannot be unwrapped has failed"
)]

use openweigh_capture::{About, Frame, Order, Phase, Place, SourceInfo, Touch};
use openweigh_formats::dataset::{Dataset, DatasetRole, Provenance, ProvenanceKind};
use openweigh_formats::events::{self, Event};
use openweigh_formats::session::{Clicks, Clock, Environment, PressureUnit, Session, Source};
use openweigh_formats::touches::{Quantity, State, TouchReader};
use openweigh_formats::weighings::{self, Weighing};
use openweigh_formats::{Digest, canonical};
use std::path::Path;

/// A folder in memory, where the system has one: some tests sync thousands of files.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

pub fn info() -> SourceInfo {
    SourceInfo {
        source: Source {
            os: "simulated".parse().unwrap(),
            driver: "by rule".parse().unwrap(),
            model: "a pad".parse().unwrap(),
            transport: "unknown".parse().unwrap(),
            family: Some(129),
            device: None,
            surface: None,
            sensor: None,
            unit: PressureUnit::Counts,
            quantum: None,
            ceiling: Some("250".to_owned().try_into().unwrap()),
            clicks: Clicks::Unknown,
        },
        clock: Clock { device: "made".parse().unwrap(), arrival: "made".parse().unwrap() },
        provenance: Provenance::stated(
            ProvenanceKind::Simulated,
            "Made by rule, for a test.".parse().unwrap(),
        ),
        steady: true,
        channels: None,
    }
}

pub fn order(root: &Path, name: &str) -> Order {
    Order {
        place: Place::new(root, &name.parse().unwrap()),
        session: None,
        about: About::default(),
        environment: Environment::default(),
    }
}

/// A contact with every field, values of every kind.
pub fn touch(path: i64, pressure: f32) -> Touch {
    Touch {
        path,
        state: Phase::Known(State::Touching),
        finger: Some(2),
        hand: Some(1),
        x: Some(0.5123),
        y: Some(0.25),
        vx: Some(-0.001_953_125),
        vy: Some(0.0),
        total: Some(0.937_5),
        pressure: Some(pressure),
        angle: Some(std::f32::consts::FRAC_PI_2),
        major: Some(9.31),
        minor: Some(7.02),
        x_mm: Some(81.17),
        y_mm: Some(57.3),
        vx_mm: Some(-0.3),
        vy_mm: Some(1.0e-9),
        field14: Some(0),
        field15: Some(0),
        density: Some(1.043_21),
    }
}

#[allow(clippy::cast_precision_loss)]
pub fn frame(at: u64, touches: Vec<Touch>) -> Frame {
    Frame {
        device_frame: Some(i64::try_from(at).unwrap() + 1000),
        device_s: 17.0 + at as f64 * 0.01125,
        arrival_ns: Some(i64::try_from(at).unwrap() * 11_250_000 + 3),
        touches,
        sample: None,
    }
}

/// A session as it is on disk, every file read by its strict reader and found in the dataset by its digest.
pub struct OnDisk {
    pub dataset: Dataset,
    pub session: Session,
    pub events: Vec<Event>,
    pub weighings: Vec<Weighing>,
    pub frames: u64,
    pub touches: u64,
    pub last_device_s: Option<String>,
}

pub fn read(dataset_folder: &Path, id: &str) -> OnDisk {
    let dataset: Dataset =
        canonical::read(&std::fs::read(dataset_folder.join("dataset.json")).unwrap()).unwrap();
    let bytes = |role: DatasetRole| {
        let file = dataset.session_file(id, role).unwrap();
        let bytes = std::fs::read(dataset_folder.join(file.path.as_str())).unwrap();
        assert_eq!((bytes.len() as u64, Digest::of(&bytes)), (file.bytes, file.sha256.clone()));
        bytes
    };
    let mut reader = TouchReader::new(&Quantity::ALL);
    let (mut touches, mut last) = (0, None);
    let fed = reader.feed(&bytes(DatasetRole::Touches), &mut |row| {
        touches += u64::from(row.state.is_some());
        last = row.device_s.value().map(|time| time.to_string());
    });
    fed.unwrap();
    let frames = reader.finish().unwrap();
    let on_disk = OnDisk {
        session: canonical::read(&bytes(DatasetRole::Session)).unwrap(),
        events: events::read(&bytes(DatasetRole::Events)).unwrap(),
        weighings: weighings::read(&bytes(DatasetRole::Weighings)).unwrap(),
        frames,
        touches,
        last_device_s: last,
        dataset,
    };
    assert_eq!(on_disk.session.id.as_str(), id);
    assert_eq!(on_disk.session.quality.frames, frames);
    assert_eq!(on_disk.session.quality.touches, touches);
    let names: Vec<_> = std::fs::read_dir(dataset_folder.join("sessions").join(id)).unwrap().collect();
    assert_eq!(names.len(), 4, "{names:?}");
    on_disk
}
