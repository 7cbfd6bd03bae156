//! The devices of the scenario, made once, and the scenario itself, found once.

use crate::behaviour::{Answers, Behaviour, Manner};
use crate::clock;
use crate::machine::Handle;
use crate::physics::Hardware;
use crate::playback::{self, Recording};
use crate::run::Conductor;
use crate::scenario::{AtEnd, DEFAULT, Pace, Pad, Scenario, ScenarioError};
use crate::score::{Flooding, Score, Source, begun_ms};
use crate::timeline::Timeline;
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// The variable that names the scenario.
const VARIABLE: &str = "OPENWEIGH_SCENARIO";

/// All devices, and how they are played.
pub(crate) struct Stage {
    pub(crate) pads: Vec<Arc<Played>>,
    pub(crate) pace: Pace,
    pub(crate) at_end: AtEnd,
    pub(crate) stop_waits: bool,
    pub(crate) report: bool,
    pub(crate) behaviour: Behaviour,
    pub(crate) conductor: Conductor,
}

/// A device: what it is, what it plays, and how it is.
pub(crate) struct Played {
    /// Its id and how it is connected: both may be others when it comes back.
    pub(crate) id: AtomicU64,
    pub(crate) transport: AtomicI32,
    /// Its id at first, by which a test asks what it sent.
    pub(crate) called: u64,
    /// Its place among the pads.
    pub(crate) number: usize,
    pub(crate) hardware: Hardware,
    pub(crate) score: Mutex<Score>,
    /// In the list.
    pub(crate) alive: AtomicBool,
    /// Pressing hard clicks.
    pub(crate) clicks: AtomicBool,
    /// How often the machine slept: references from before are stale.
    pub(crate) sleeps: AtomicU64,
    /// How long it has slept, in ns.
    pub(crate) slept_ns: AtomicU64,
    /// How often it was plugged in again: another entry of the registry each time.
    pub(crate) returns: AtomicU64,
    /// The reference that plays, or 0.
    pub(crate) player: AtomicU64,
    /// Handles that are started, with their numbers, of which one plays.
    pub(crate) started: Mutex<Vec<(u64, Weak<Handle>)>>,
    /// When one was stopped last.
    pub(crate) stopped: Mutex<Option<Instant>>,
    /// What it says of force, and whether its clicks can be switched off.
    pub(crate) says_force: bool,
    pub(crate) clicks_fixed: bool,
    /// What callbacks were told.
    pub(crate) sent_frames: AtomicU64,
    pub(crate) sent_touches: AtomicU64,
}

/// Locks, whatever happened to another thread that held it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

static STAGE: Mutex<Option<Arc<Stage>>> = Mutex::new(None);

/// The stage that is set; set now if it was not.
pub(crate) fn stage() -> Arc<Stage> {
    Arc::clone(lock(&STAGE).get_or_insert_with(|| Arc::new(from_environment())))
}

/// Sets the stage anew from a scenario's text. Whatever plays on the old one goes on there.
pub(crate) fn set(text: &str, folder: &Path) -> bool {
    let set = read(text, folder);
    if let Err(fault) = &set {
        complain(fault);
    }
    let held = set.is_ok();
    *lock(&STAGE) = Some(Arc::new(set.unwrap_or_else(|_| Stage::empty())));
    held
}

/// The one place that prints: a list of devices has no room for a reason. If nobody can hear it, that is no
/// reason to panic in somebody else's process.
pub(crate) fn complain(fault: &dyn Display) {
    let _ = writeln!(std::io::stderr(), "openweigh-simulator: {fault}");
}

/// Says on standard output what the framework might.
pub(crate) fn print(text: &CStr) {
    let _ = std::io::stdout().write_all(text.to_bytes()).and_then(|()| std::io::stdout().flush());
}

/// Why there is no stage.
#[derive(Debug, thiserror::Error)]
enum Unplayable {
    #[error("{file}{fault}")]
    Scenario { file: String, fault: ScenarioError },
    #[error(transparent)]
    Recording(#[from] playback::RecordingError),
    #[error("device {index} is not in {path}")]
    NoSuchDevice { index: u32, path: String },
}

#[allow(
    clippy::disallowed_methods,
    reason = "the scenario is named by the environment: no other door is in the ABI"
)]
fn from_environment() -> Stage {
    let Some(path) = std::env::var_os(VARIABLE) else {
        return read(DEFAULT, Path::new("")).unwrap_or_else(|_| Stage::empty());
    };
    let path = Path::new(&path);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            complain(&format_args!("{}: {error}", path.display()));
            return Stage::empty();
        }
    };
    read(&text, path.parent().unwrap_or(Path::new(""))).unwrap_or_else(|fault| {
        let fault = match fault {
            Unplayable::Scenario { fault, .. } => {
                Unplayable::Scenario { file: format!("{}:", path.display()), fault }
            }
            other => other,
        };
        complain(&fault);
        Stage::empty()
    })
}

fn read(text: &str, folder: &Path) -> Result<Stage, Unplayable> {
    let scenario = Scenario::parse(text)
        .map_err(|fault| Unplayable::Scenario { file: String::new(), fault })?
        .beside(folder);
    let behaviour = scenario.answers.with(scenario.behaviour);
    let mut cast = Vec::new();
    for pad in &scenario.pads {
        match &pad.playback {
            None => cast.push(play(pad, scenario.seed, cast.len(), behaviour)),
            Some(file) => play_back(pad, file, &mut cast)?,
        }
    }
    let first_ms = scenario.pads.iter().filter(|pad| pad.playback.is_none()).map(begun_ms).min();
    clock::reset(first_ms.unwrap_or(0) * 1_000_000);
    clock::behave(behaviour.system_clock, behaviour.clock_slope);
    Ok(Stage {
        conductor: Conductor::new(cast.len(), Duration::from_secs_f64(scenario.gathering_s)),
        pads: cast.into_iter().map(Arc::new).collect(),
        pace: scenario.pace,
        at_end: scenario.at_end,
        stop_waits: scenario.stop_waits,
        report: scenario.report,
        behaviour,
    })
}

impl Stage {
    fn empty() -> Stage {
        let behaviour = Answers::default().with(Manner::Mac);
        clock::behave(behaviour.system_clock, behaviour.clock_slope);
        Stage {
            pads: Vec::new(),
            pace: Pace::RealTime,
            at_end: AtEnd::Unplug,
            stop_waits: true,
            report: false,
            behaviour,
            conductor: Conductor::new(0, Duration::ZERO),
        }
    }
}

fn play(pad: &Pad, seed: u32, number: usize, behaviour: Behaviour) -> Played {
    let source = match pad.flood {
        Some(flood) => Source::Flood(Flooding::new(flood, begun_ms(pad))),
        None => Source::Timeline(Box::new(Timeline::new(pad, seed, number, behaviour.frame_bits))),
    };
    Played::new(pad, pad.id.unwrap_or(0), number, source)
}

fn play_back(pad: &Pad, file: &Path, cast: &mut Vec<Played>) -> Result<(), Unplayable> {
    let mut devices: BTreeMap<u32, u64> = playback::devices(file)?;
    if let Some(index) = pad.device_index {
        devices.retain(|&found, _| found == index);
        if devices.is_empty() {
            return Err(Unplayable::NoSuchDevice { index, path: file.display().to_string() });
        }
    }
    for (index, id) in devices {
        let source = Source::Recording(Box::new(Recording::open(file, index)?));
        cast.push(Played::new(pad, id, cast.len(), source));
    }
    Ok(())
}

impl Played {
    fn new(pad: &Pad, id: u64, number: usize, source: Source) -> Played {
        let hardware = pad.hardware();
        Played {
            says_force: pad.says_force.unwrap_or(hardware.force),
            clicks_fixed: pad.clicks_fixed,
            id: AtomicU64::new(id),
            transport: AtomicI32::new(hardware.transport),
            called: id,
            number,
            hardware,
            score: Mutex::new(Score::new(source)),
            alive: AtomicBool::new(true),
            clicks: AtomicBool::new(true),
            sleeps: AtomicU64::new(0),
            slept_ns: AtomicU64::new(0),
            returns: AtomicU64::new(0),
            player: AtomicU64::new(0),
            started: Mutex::default(),
            stopped: Mutex::new(None),
            sent_frames: AtomicU64::new(0),
            sent_touches: AtomicU64::new(0),
        }
    }
}
