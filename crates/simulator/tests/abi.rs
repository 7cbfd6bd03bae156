//! The library as a C program sees it, with what a reader may do inside a callback.

#![allow(unsafe_code, reason = "C functions are called")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_simulator::abi::{NO_DEVICE, NOT_OPEN, Plain, Record, Reference, SUCCESS, WithRefcon};
use std::ffi::{CStr, c_char, c_void};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

unsafe extern "C" {
    fn OpenweighSimulatorSet(text: *const u8, length: usize) -> bool;
    fn OpenweighSimulatorFault(number: usize) -> *const c_char;
    fn MTDeviceCreateDefault() -> Reference;
    fn MTDeviceCreateFromDeviceID(id: u64) -> Reference;
    fn MTDeviceGetDeviceID(device: Reference, id: *mut u64) -> i32;
    fn MTDeviceStart(device: Reference, mode: i32) -> i32;
    fn MTDeviceStop(device: Reference) -> i32;
    fn MTDeviceIsRunning(device: Reference) -> bool;
    fn MTDeviceIsAvailable() -> bool;
    fn MTDeviceRelease(device: Reference);
    fn MTDeviceGetMaxDigitizerPressureValue(device: Reference) -> i32;
    fn MTRegisterContactFrameCallback(device: Reference, callback: Plain);
    fn MTRegisterContactFrameCallbackWithRefcon(
        device: Reference,
        callback: WithRefcon,
        refcon: *mut c_void,
    ) -> bool;
    fn MTUnregisterContactFrameCallback(device: Reference, callback: *const c_void);
    fn MTAbsoluteTimeGetCurrent() -> f64;
}

/// There is one stage in a process, so one test at a time.
static TURN: Mutex<()> = Mutex::new(());

const FLOOD: &str = "pace = \"unthrottled\"\n[[pad]]\nflood = { frames = 100000000, touches = 5 }\n";

struct Stage {
    _turn: MutexGuard<'static, ()>,
    faults: usize,
}

fn fault(number: usize) -> Option<&'static str> {
    // SAFETY: takes any number; the text is static.
    unsafe {
        let text = OpenweighSimulatorFault(number);
        (!text.is_null()).then(|| CStr::from_ptr(text).to_str().unwrap())
    }
}

impl Stage {
    fn set(text: &str) -> Stage {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let says = text.contains("behaviour = ");
        let text = if says { text.to_owned() } else { format!("behaviour = \"ideal\"\n{text}") };
        // SAFETY: a text and its length.
        assert!(unsafe { OpenweighSimulatorSet(text.as_ptr(), text.len()) });
        Stage { _turn: turn, faults: (0..).map_while(fault).collect::<Vec<_>>().len() }
    }

    /// What went wrong since.
    fn faults(&self) -> Vec<&'static str> {
        (self.faults..).map_while(fault).collect()
    }
}

fn wait_until(holds: impl Fn() -> bool) {
    #[allow(clippy::disallowed_methods, reason = "a test that hangs must end")]
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never came to be");
        std::thread::sleep(Duration::from_millis(1));
    }
}

static CALLS: AtomicU32 = AtomicU32::new(0);

unsafe extern "C" fn count(_: Reference, _: *const Record, _: i32, _: f64, _: i32) -> i32 {
    CALLS.fetch_add(1, SeqCst);
    0
}

unsafe extern "C" fn stop_at_third(device: Reference, _: *const Record, _: i32, _: f64, _: i32) -> i32 {
    if CALLS.fetch_add(1, SeqCst) == 2 {
        // SAFETY: the device of the call is alive.
        assert_eq!(unsafe { MTDeviceStop(device) }, SUCCESS);
    }
    0
}

unsafe extern "C" fn leave_at_third(device: Reference, _: *const Record, _: i32, _: f64, _: i32) -> i32 {
    if CALLS.fetch_add(1, SeqCst) == 2 {
        // SAFETY: the device of the call is alive.
        unsafe { MTUnregisterContactFrameCallback(device, leave_at_third as *const c_void) };
    }
    0
}

#[test]
fn a_stop_inside_the_callback_does_not_hang() {
    for waits in [true, false] {
        let stage = Stage::set(&format!("stop_waits = {waits}\n{FLOOD}"));
        CALLS.store(0, SeqCst);
        // SAFETY: a device is made, used and released; the callback lives as long as the program.
        unsafe {
            let device = MTDeviceCreateDefault();
            MTRegisterContactFrameCallback(device, stop_at_third);
            assert_eq!(MTDeviceStart(device, 0), SUCCESS);
            wait_until(|| !MTDeviceIsRunning(device));
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(CALLS.load(SeqCst), 3);
            // And again: three were told, the fourth is next.
            assert_eq!(MTDeviceStart(device, 0), SUCCESS);
            wait_until(|| CALLS.load(SeqCst) > 100);
            MTDeviceStop(device);
            wait_until(|| !MTDeviceIsRunning(device));
            MTDeviceRelease(device);
        }
        assert_eq!(stage.faults(), [""; 0]);
    }
}

#[test]
fn who_leaves_inside_the_callback_is_not_called_again() {
    let stage = Stage::set(FLOOD);
    CALLS.store(0, SeqCst);
    // SAFETY: as above.
    unsafe {
        let device = MTDeviceCreateDefault();
        MTRegisterContactFrameCallback(device, leave_at_third);
        MTDeviceStart(device, 0);
        wait_until(|| CALLS.load(SeqCst) >= 3);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(CALLS.load(SeqCst), 3);
        MTDeviceStop(device);
        MTDeviceRelease(device);
    }
    assert_eq!(stage.faults(), [""; 0]);
}

unsafe extern "C" fn keep_refcon(
    _: Reference,
    touches: *const Record,
    count: i32,
    time_s: f64,
    frame: i32,
    refcon: *mut c_void,
) -> i32 {
    // SAFETY: the records are valid during the call; the refcon is the counter below.
    unsafe {
        for at in 0..usize::try_from(count).unwrap() {
            let record = &*touches.add(at);
            assert_eq!((record.frame, record.timestamp), (frame, time_s));
        }
        let late = MTAbsoluteTimeGetCurrent() - time_s;
        assert!((0.0..0.01).contains(&late));
        (*refcon.cast::<AtomicU32>()).fetch_add(1, SeqCst);
    }
    0
}

#[test]
fn the_refcon_comes_back_and_the_clock_is_the_frames() {
    static MINE: AtomicU32 = AtomicU32::new(0);
    let stage = Stage::set(
        "pace = \"unthrottled\"\n[[pad]]\n[[pad.contact]]\nkind = \"finger\"\nfrom_s = 0.0\nuntil_s = 2.0\n",
    );
    // SAFETY: as above; the counter is static.
    unsafe {
        let device = MTDeviceCreateDefault();
        assert_eq!(MTDeviceGetMaxDigitizerPressureValue(device), 0);
        assert!(MTRegisterContactFrameCallbackWithRefcon(
            device,
            keep_refcon,
            (&raw const MINE).cast_mut().cast()
        ));
        MTDeviceStart(device, 0);
        wait_until(|| !MTDeviceIsAvailable() && !MTDeviceIsRunning(device));
        assert_eq!(MTDeviceStart(device, 0), NO_DEVICE);
        assert!(MTDeviceCreateDefault().is_null());
        MTDeviceRelease(device);
    }
    assert!(MINE.load(SeqCst) > 170);
    assert_eq!(stage.faults(), [""; 0]);
}

/// Frame numbers, in the order of the calls.
static ORDER: Mutex<Vec<i32>> = Mutex::new(Vec::new());

unsafe extern "C" fn note(_: Reference, _: *const Record, _: i32, _: f64, frame: i32) -> i32 {
    ORDER.lock().unwrap().push(frame);
    0
}

/// Plays a recording of two devices, and gives the order in which frames were told of.
fn order(rows: &str) -> Vec<i32> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.csv");
    std::fs::write(&path, format!("{}\n{rows}", openweigh_simulator::playback::HEADER)).unwrap();
    let stage = Stage::set(&format!(
        "gathering_s = 600.0\npace = \"unthrottled\"\n[[pad]]\nplayback = \"{}\"\n",
        path.display()
    ));
    ORDER.lock().unwrap().clear();
    // SAFETY: as above.
    unsafe {
        let devices = [0x11, 0x22].map(|id| MTDeviceCreateFromDeviceID(id));
        for device in devices {
            MTRegisterContactFrameCallback(device, note);
            assert_eq!(MTDeviceStart(device, 0), SUCCESS);
        }
        wait_until(|| !MTDeviceIsAvailable() && devices.iter().all(|&device| !MTDeviceIsRunning(device)));
        for device in devices {
            MTDeviceRelease(device);
        }
    }
    assert_eq!(stage.faults(), [""; 0]);
    ORDER.lock().unwrap().clone()
}

/// A frame without contacts.
fn row(number: i32, arrival_ns: i32, device: usize) -> String {
    format!("{number},{arrival_ns},{device},{},{number}.5,0,,,,,,,,,,,\n", ["0x11", "0x22"][device])
}

#[test]
fn two_recorded_devices_speak_in_the_order_of_the_file() {
    // Runs of one device of every length, arrivals that are equal and some that step back.
    let rows: String = (0..2000)
        .map(|number| {
            row(number, number / 3 * 1000 - number % 7 * 300 + 10_000, usize::from(number % 11 < number % 5))
        })
        .collect();
    assert_eq!(order(&rows), (0..2000).collect::<Vec<i32>>());
}

#[test]
fn a_recording_that_breaks_off_in_the_middle_ends_there() {
    let rows = row(1, 10, 0) + &row(2, 20, 1) + "3,30,0,0x11,3.5,2,0,1,4,0,0,0,0,0,0,0,0\n" + &row(4, 40, 1);
    // Of the first device the frame that lacks its second contact is not told; the other one goes on.
    assert_eq!(order(&rows), [1, 2, 4]);
}

#[test]
fn misuse_is_noticed() {
    let stage = Stage::set(FLOOD);
    // SAFETY: the simulator follows no reference, so a stale one does no harm.
    unsafe {
        let device = MTDeviceCreateDefault();
        let mut id = 0;
        assert_eq!(MTDeviceGetDeviceID(device, &raw mut id), SUCCESS);
        let same = MTDeviceCreateFromDeviceID(id);
        assert_ne!(device, same);
        MTDeviceRelease(same);
        assert_ne!(MTDeviceGetDeviceID(same, &raw mut id), SUCCESS);
        MTDeviceRelease(same);
        MTDeviceStart(device, 0);
        MTDeviceRelease(device);
    }
    let faults = stage.faults();
    assert_eq!(
        faults,
        [
            "a reference that was released, or never made, was used",
            "a reference that was released, or never made, was released",
            "a running device was taken apart",
        ]
    );
}

#[test]
fn sleep_makes_references_stale() {
    let stage = Stage::set(
        "pace = \"unthrottled\"\n[[pad]]\n[[pad.contact]]\nkind = \"finger\"\nfrom_s = 0.0\nuntil_s = 2.0\n\
         [[pad.event]]\nkind = \"sleep\"\nat_s = 1.0\nfor_s = 0.1\n",
    );
    CALLS.store(0, SeqCst);
    // SAFETY: as above.
    unsafe {
        let device = MTDeviceCreateDefault();
        MTRegisterContactFrameCallback(device, count);
        MTDeviceStart(device, 0);
        wait_until(|| !MTDeviceIsRunning(device));
        assert_eq!(MTDeviceStart(device, 0), NOT_OPEN);
        assert!(MTDeviceIsAvailable());
        MTDeviceRelease(device);
    }
    assert!((85..=92).contains(&CALLS.load(SeqCst)));
    assert_eq!(
        stage.faults(),
        ["a device from before a sleep was started", "a device was taken apart after sleep"]
    );
}

#[test]
fn pace_is_kept() {
    for (pace, expected_s) in [("\"real-time\"", 0.5), ("5.0", 0.1)] {
        let _stage = Stage::set(&format!(
            "pace = {pace}\n[[pad]]\nseconds = 0.5\n[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 1.0\n"
        ));
        #[allow(clippy::disallowed_methods, reason = "real time is what is measured")]
        let begun = Instant::now();
        // SAFETY: as above.
        unsafe {
            let device = MTDeviceCreateDefault();
            MTRegisterContactFrameCallback(device, count);
            MTDeviceStart(device, 0);
            wait_until(|| !MTDeviceIsAvailable() && !MTDeviceIsRunning(device));
            MTDeviceRelease(device);
        }
        // Never faster; how much slower is up to the machine.
        assert!(begun.elapsed().as_secs_f64() > expected_s * 0.95, "{:?}", begun.elapsed());
    }
}
