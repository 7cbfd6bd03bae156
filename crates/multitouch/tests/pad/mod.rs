//! A simulator of one's own for each test: a copy of the library is another library to the linker, with
//! its own state.

#![allow(unreachable_pub, reason = "a module of tests")]
#![allow(dead_code, reason = "each test uses a part")]
#![allow(unsafe_code, reason = "the simulator's own functions are called")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_multitouch::{Condition, Device, Frame, Library, Options, Stream};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::{CStr, c_char, c_void};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longer than any test takes.
pub const LONG: Duration = Duration::from_mins(1);

pub struct Pad {
    pub library: Library,
    pub raw: libloading::Library,
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

/// The library that cargo has built for this test.
pub fn built() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let beside = program.parent().unwrap();
    let places = [beside.to_owned(), beside.parent().unwrap().to_owned()];
    let name = format!("{DLL_PREFIX}openweigh_simulator{DLL_SUFFIX}");
    let found = places.iter().map(|place| place.join(&name)).find(|path| path.exists());
    found.expect("cargo builds the simulator before the tests")
}

/// A copy in which these names are changed, so that it does not have the functions.
fn copy(folder: &Path, without: &[&str]) -> PathBuf {
    let mut bytes = std::fs::read(built()).unwrap();
    for name in without {
        let wanted: Vec<u8> = [b"\0", name.as_bytes(), b"\0"].concat();
        let places: Vec<usize> = find_all(&bytes, &wanted);
        assert!(!places.is_empty(), "{name} is not in the simulator");
        for place in places {
            bytes[place + 1] = b'X';
        }
    }
    let path = folder.join(format!("{DLL_PREFIX}pad{DLL_SUFFIX}"));
    std::fs::write(&path, bytes).unwrap();
    path
}

fn find_all(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let first = wanted[1];
    (1..bytes.len() - wanted.len())
        .filter(|&at| bytes[at] == first && bytes[at - 1..].starts_with(wanted))
        .map(|at| at - 1)
        .collect()
}

/// A folder with a copy that lacks these functions.
pub fn lacking(without: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = copy(folder.path(), without);
    (folder, path)
}

/// What a scenario leaves open is ideal, where a test is about something else.
fn behaving(scenario: &str) -> String {
    let says = scenario.contains("behaviour = ");
    if says { scenario.to_owned() } else { format!("behaviour = \"ideal\"\n{scenario}") }
}

pub fn pad(scenario: &str) -> Pad {
    pad_without(&[], scenario)
}

pub fn pad_without(without: &[&str], scenario: &str) -> Pad {
    let (folder, path) = lacking(without);
    // SAFETY: a library of ours.
    let raw = unsafe { libloading::Library::new(&path) }.unwrap();
    set(&raw, scenario);
    let library = Library::open(&path).unwrap();
    Pad { library, raw, path, _folder: folder }
}

fn set(raw: &libloading::Library, scenario: &str) {
    // SAFETY: the simulator's prototypes.
    let held = unsafe {
        let scenario = behaving(scenario);
        let set =
            raw.get::<unsafe extern "C" fn(*const u8, usize) -> bool>(b"OpenweighSimulatorSet\0").unwrap();
        set(scenario.as_ptr(), scenario.len())
    };
    assert!(held, "the scenario has a mistake");
}

impl Pad {
    /// Plays another scenario from now on, in the same library.
    pub fn plays(&self, scenario: &str) {
        set(&self.raw, scenario);
    }

    /// The only device.
    pub fn only(&self) -> Device {
        let mut devices = self.library.devices().unwrap();
        assert_eq!(devices.len(), 1);
        devices.remove(0)
    }

    pub fn start(&self, capacity: usize) -> Stream {
        self.only().start(Options { capacity }).unwrap()
    }

    /// What the reader did wrong.
    pub fn faults(&self) -> Vec<String> {
        // SAFETY: the simulator's prototype.
        let fault = unsafe {
            self.raw
                .get::<unsafe extern "C" fn(usize) -> *const c_char>(b"OpenweighSimulatorFault\0")
                .unwrap()
        };
        (0..)
            .map_while(|number| {
                // SAFETY: takes any number; what is not null is a static text.
                let text = unsafe { fault(number).as_ref().map(|text| CStr::from_ptr(text)) };
                text.map(|text| text.to_str().unwrap().to_owned())
            })
            .collect()
    }

    /// The reader did nothing wrong.
    pub fn assert_faultless(&self) {
        assert_eq!(self.faults(), Vec::<String>::new());
    }

    /// Devices and lists that the reader holds.
    pub fn held(&self) -> usize {
        self.count(b"OpenweighSimulatorHeld\0")
    }

    /// Handles that the reader ever started.
    pub fn started(&self) -> usize {
        self.count(b"OpenweighSimulatorStarted\0")
    }

    fn count(&self, what: &[u8]) -> usize {
        // SAFETY: the simulator's prototype of all its counts.
        unsafe { self.raw.get::<unsafe extern "C" fn() -> usize>(what).unwrap()() }
    }

    /// Frames and touches that the callbacks of a device were told.
    pub fn sent(&self, id: u64) -> (u64, u64) {
        let (mut frames, mut touches) = (0, 0);
        // SAFETY: the simulator's prototype.
        unsafe {
            let sent = self
                .raw
                .get::<unsafe extern "C" fn(u64, *mut u64, *mut u64) -> i32>(b"OpenweighSimulatorSent\0")
                .unwrap();
            assert_eq!(sent(id, &raw mut frames, &raw mut touches), 0);
        }
        (frames, touches)
    }

    /// Whether pressing hard clicks, on the first device.
    pub fn clicks(&self) -> bool {
        // SAFETY: the framework's prototypes.
        unsafe {
            let create =
                self.raw.get::<unsafe extern "C" fn() -> *mut c_void>(b"MTDeviceCreateDefault\0").unwrap();
            let release = self.raw.get::<unsafe extern "C" fn(*mut c_void)>(b"MTDeviceRelease\0").unwrap();
            let clicks = self
                .raw
                .get::<unsafe extern "C" fn(*mut c_void) -> bool>(b"MTDeviceGetSystemForceResponseEnabled\0")
                .unwrap();
            let device = create();
            let answer = clicks(device);
            release(device);
            answer
        }
    }
}

/// All frames until the stream is no longer running; it is then halted.
pub fn drain(stream: &mut Stream) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut frame = Frame::default();
    while stream.condition() == Condition::Running {
        while stream.next(&mut frame) {
            frames.push(frame.clone());
        }
        stream.wait(Duration::from_millis(5));
    }
    stream.halt();
    while stream.next(&mut frame) {
        frames.push(frame.clone());
    }
    frames
}

/// All frames of the only device of a scenario, and no fault.
pub fn play(scenario: &str) -> Vec<Frame> {
    let pad = pad(scenario);
    let mut stream = pad.start(1 << 16);
    let frames = drain(&mut stream);
    let ending = stream.stop();
    assert!(ending.dropped_after.is_nothing());
    assert!(frames.iter().all(|frame| frame.dropped_before.is_nothing()));
    pad.assert_faultless();
    frames
}
