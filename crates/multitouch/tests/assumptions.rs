//! What a reader might assume that does not know Macs: each assumption holds with one scenario, and is wrong with another
//! that differs in one line. So each of these lines of a scenario matters, and a reader that assumed this would fail.

#![allow(unsafe_code, reason = "a reader that assumes too much is one of raw calls")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{Condition, Frame, Options, Presence, Stream};
use pad::{Pad, pad};
use std::any::Any;
use std::ffi::c_void;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

/// A base that rests for long; `lines` are of the scenario, `more` of its pad and its events.
fn played(lines: &str, more: &str) -> Pad {
    pad(&format!(
        "pace = 100.0\n{lines}\n[[pad]]\nseconds = 600000.0\n{more}\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 599999.0\nforce_g = 60.0\n"
    ))
}

/// The same with an event after ten seconds.
fn event(lines: &str, event: &str) -> Pad {
    let rests = "[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 599999.0\nforce_g = 60.0\n";
    pad(&format!(
        "pace = 100.0\n{lines}\n[[pad]]\nseconds = 600000.0\n{rests}[[pad.event]]\nat_s = 10.0\n{event}\n"
    ))
}

const MAC: &str = "behaviour = \"mac\"";
const IDEAL: &str = "behaviour = \"ideal\"";
/// Longer than a frame takes, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(4);
const SLEEP: &str = "kind = \"sleep\"\nfor_s = 5.0";

/// Whether this comes to be soon; frames that come are read meanwhile.
fn soon(stream: &mut Stream, mut holds: impl FnMut(&Stream) -> bool) -> bool {
    let mut frame = Frame::default();
    (0..2000).any(|_| {
        while stream.next(&mut frame) {}
        stream.wait(Duration::from_millis(2));
        holds(stream)
    })
}

/// All frames, to the end or for as long as they come.
fn frames(stream: &mut Stream) -> Vec<Frame> {
    let (mut all, mut frame) = (Vec::new(), Frame::default());
    while all.len() < 2000 && stream.wait(pad::LONG) {
        while all.len() < 2000 && stream.next(&mut frame) {
            all.push(frame.clone());
        }
    }
    all
}

/// An assumption, and whether it is right with a pad.
type Assumption = fn(&Pad) -> bool;

/// A pad that gives frames says that it is alive.
fn alive_with_frames(pad: &Pad) -> bool {
    let stream = pad.start(1 << 16);
    assert!(stream.wait(pad::LONG));
    stream.device().is_alive() == Some(true)
}

/// A pad that was pulled out does not run.
fn gone_is_not_running(pad: &Pad) -> bool {
    let mut stream = pad.start(1 << 16);
    assert!(stream.wait(pad::LONG));
    while stream.presence() != Presence::Gone {
        stream.wait(Duration::from_millis(2));
    }
    soon(&mut stream, |stream| stream.device().is_running() == Some(false))
}

/// A stream that a sleep has stopped says so.
fn sleep_is_told(pad: &Pad) -> bool {
    let mut stream = pad.start(1 << 16);
    soon(&mut stream, |stream| stream.condition() == Condition::Stopped)
}

/// What another program has started cannot be started.
fn one_start_a_pad(pad: &Pad) -> bool {
    let _first = pad.start(1 << 10);
    pad.only().start(Options { capacity: 1 << 10 }).is_err()
}

/// A handle from before a sleep is refused.
fn stale_is_refused(pad: &Pad) -> bool {
    let device = pad.only();
    let mut stream = device.start(Options { capacity: 1 << 16 }).unwrap();
    let slept =
        |stream: &Stream| stream.condition() == Condition::Stopped || stream.asleep() > Some(Duration::ZERO);
    assert!(soon(&mut stream, slept));
    drop(stream);
    device.start(Options { capacity: 1 << 10 }).is_err()
}

/// A start that succeeds gives frames.
fn success_is_frames(pad: &Pad) -> bool {
    let mut stream = pad.start(1 << 10);
    assert!(stream.wait(pad::LONG));
    stream.restart().unwrap();
    let mut frame = Frame::default();
    while stream.next(&mut frame) {}
    stream.wait(PATIENCE)
}

/// The framework's clock runs as the pad's does, whatever happens.
fn framework_clock_is_time(pad: &Pad) -> bool {
    let frames = frames(&mut pad.start(1 << 16));
    let (first, last) = (&frames[0], &frames[frames.len() - 1]);
    let arrived = last.arrival_s.unwrap() - first.arrival_s.unwrap();
    (arrived / (last.device_s - first.device_s) - 1.0).abs() < 0.001
}

/// A pad in the list gives frames.
fn listed_is_working(pad: &Pad) -> bool {
    let (mut stream, mut frame, mut came) = (pad.start(1 << 16), Frame::default(), 0);
    while came < 2000 && stream.presence() != Presence::Returned {
        came += u32::from(stream.next(&mut frame));
    }
    assert!(pad.library.devices().unwrap().iter().any(|device| device.id() == stream.device().id()));
    while came < 2000 && stream.next(&mut frame) {
        came += 1;
    }
    stream.wait(PATIENCE)
}

/// Every frame comes to the callback.
fn none_is_lost(pad: &Pad) -> bool {
    let frames = frames(&mut pad.start(1 << 16));
    frames.windows(2).all(|pair| pair[1].device_frame == pair[0].device_frame + 1)
}

/// Clicks that were switched off are off.
fn set_is_off(pad: &Pad) -> bool {
    let _guard = pad.only().disable_clicks().unwrap();
    pad.only().clicks() == Some(false)
}

/// A pad that says it has no force gives none.
fn denied_is_none(pad: &Pad) -> bool {
    let denied = pad.only().identity().supports_force == Some(false);
    let pressed = frames(&mut pad.start(1 << 16))
        .iter()
        .flat_map(|frame| &frame.touches)
        .any(|touch| touch.pressure > 0.0);
    !(denied && pressed)
}

/// Frames come without a run loop.
fn no_loop_is_needed(pad: &Pad) -> bool {
    pad.start(1 << 10).without_run_loop().wait(PATIENCE)
}

unsafe extern "C" fn ignore(_: *mut c_void, _: *const c_void, _: i32, _: f64, _: i32) -> i32 {
    0
}

/// A callback may be registered before each start, and never be taken back.
fn slots_are_many(pad: &Pad) -> bool {
    type Create = unsafe extern "C" fn() -> *mut c_void;
    type Ignored = unsafe extern "C" fn(*mut c_void, *const c_void, i32, f64, i32) -> i32;
    // SAFETY: the framework's prototypes; the callback lives as long as the program.
    unsafe {
        let create = pad.raw.get::<Create>(b"MTDeviceCreateDefault\0").unwrap();
        let register = pad
            .raw
            .get::<unsafe extern "C" fn(*mut c_void, Ignored)>(b"MTRegisterContactFrameCallback\0")
            .unwrap();
        let device = create();
        (0..5).for_each(|_| register(device, ignore));
    }
    pad.faults().is_empty()
}

/// Any handle of a pad that runs says so.
fn fresh_handles_know(pad: &Pad) -> bool {
    let _stream = pad.start(1 << 10);
    pad.only().is_running() == Some(true)
}

/// Of a device that counts on, a number tells how many frames were lost.
fn numbers_tell_losses(pad: &Pad) -> bool {
    let frames = frames(&mut pad.start(1 << 16));
    frames.windows(2).any(|pair| pair[1].device_frame == pair[0].device_frame + 901)
}

/// A pad that comes back has the id that it had.
fn ids_are_for_good(pad: &Pad) -> bool {
    let mut stream = pad.start(1 << 16);
    soon(&mut stream, |stream| stream.presence() == Presence::Returned)
}

/// A pad stays connected as it was.
fn transports_stay(pad: &Pad) -> bool {
    let first = pad.only();
    let mut stream = first.start(Options { capacity: 1 << 16 }).unwrap();
    assert!(soon(&mut stream, |stream| stream.presence() == Presence::Returned));
    pad.only().identity().transport == first.identity().transport
}

/// Built-in pads of two machines have two ids.
fn an_id_is_one_pads(pad: &Pad) -> bool {
    let other = played(MAC, "kind = \"apple-silicon\"\nid = 216172783253880832");
    pad.only().id() != other.only().id()
}

/// Whoever may not listen is refused.
fn denied_is_refused(pad: &Pad) -> bool {
    let started = pad.only().start(Options { capacity: 1 << 10 });
    started.is_err() || started.unwrap().wait(PATIENCE)
}

type Create = unsafe extern "C" fn() -> *mut c_void;
type Of = unsafe extern "C" fn(*mut c_void) -> i32;
type Told = unsafe extern "C" fn(*mut c_void, *const c_void, i32, f64, i32, *mut c_void) -> i32;
type Register = unsafe extern "C" fn(*mut c_void, Told, *mut c_void) -> u8;

/// What callbacks are given lives as long as the program, and is held until then: valgrind finds it.
static KEPT: Mutex<Vec<&'static (dyn Any + Send + Sync)>> = Mutex::new(Vec::new());

fn kept<T: Any + Send + Sync>(what: T) -> &'static T {
    let kept: &'static T = Box::leak(Box::new(what));
    KEPT.lock().unwrap().push(kept);
    kept
}

/// Functions of the framework, as a program has them that calls them itself.
struct Raw {
    stop: Of,
    release: Of,
    done: AtomicUsize,
}

/// Stops its device at the first frame, and lets go of it.
unsafe extern "C" fn leave(
    device: *mut c_void,
    _: *const c_void,
    _: i32,
    _: f64,
    _: i32,
    raw: *mut c_void,
) -> i32 {
    // SAFETY: `raw` is what was registered, which lives as long as the program; the device is its own until here.
    unsafe {
        let raw = &*raw.cast::<Raw>();
        if raw.done.load(SeqCst) == 0 {
            (raw.stop)(device);
            (raw.release)(device);
            raw.done.fetch_add(1, SeqCst);
        }
    }
    0
}

/// A device may be let go of wherever it ends.
fn released_anywhere(pad: &Pad) -> bool {
    // SAFETY: the framework's prototypes; what is registered lives as long as the program.
    unsafe {
        let function = |name: &[u8]| *pad.raw.get::<Of>(name).unwrap();
        let raw = kept(Raw {
            stop: function(b"MTDeviceStop\0"),
            release: function(b"MTDeviceRelease\0"),
            done: AtomicUsize::new(0),
        });
        let device = pad.raw.get::<Create>(b"MTDeviceCreateDefault\0").unwrap()();
        let register = pad.raw.get::<Register>(b"MTRegisterContactFrameCallbackWithRefcon\0").unwrap();
        register(device, leave, (&raw const *raw).cast_mut().cast());
        pad.raw.get::<unsafe extern "C" fn(*mut c_void, i32) -> i32>(b"MTDeviceStart\0").unwrap()(device, 0);
        while raw.done.load(SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    pad.faults().is_empty()
}

/// Counts how often it is told.
unsafe extern "C" fn tally(
    _: *mut c_void,
    _: *const c_void,
    _: i32,
    _: f64,
    _: i32,
    count: *mut c_void,
) -> i32 {
    // SAFETY: what was registered, which lives as long as the program.
    unsafe { &*count.cast::<AtomicUsize>() }.fetch_add(1, SeqCst);
    0
}

/// Who unregisters does it for itself.
fn unregistered_is_one(pad: &Pad) -> bool {
    let counts = kept([AtomicUsize::new(0), AtomicUsize::new(0)]);
    // SAFETY: as above.
    unsafe {
        let device = pad.raw.get::<Create>(b"MTDeviceCreateDefault\0").unwrap()();
        let register = pad.raw.get::<Register>(b"MTRegisterContactFrameCallbackWithRefcon\0").unwrap();
        for count in counts {
            register(device, tally, (&raw const *count).cast_mut().cast());
        }
        let unregister = pad
            .raw
            .get::<unsafe extern "C" fn(*mut c_void, Told) -> i32>(b"MTUnregisterContactFrameCallback\0")
            .unwrap();
        unregister(device, tally);
        pad.raw.get::<unsafe extern "C" fn(*mut c_void, i32) -> i32>(b"MTDeviceStart\0").unwrap()(device, 0);
        // A stream of another handle sees that frames came meanwhile.
        let (mut stream, mut frame, mut came) = (pad.start(1 << 10), Frame::default(), 0);
        while counts[0].load(SeqCst) == 0 && came < 20 {
            stream.wait(Duration::from_millis(2));
            came += u32::from(stream.next(&mut frame));
        }
        pad.raw.get::<Of>(b"MTDeviceStop\0").unwrap()(device);
    }
    counts[0].load(SeqCst) > 0 && counts[1].load(SeqCst) == 0
}

#[test]
fn each_line_of_a_scenario_makes_an_assumption_wrong() {
    let pause = "behaviour = \"mac\"\nanswers = { restart_pause_s = 1000000.0 }";
    let survives =
        |manner: &str| format!("{manner}\nanswers = {{ survives_sleep = true, clock_slope = 1.0 }}");
    let unplug = "kind = \"unplug\"";
    let built_in = |id: u64| played(MAC, &format!("kind = \"apple-silicon\"\nid = {id}"));
    let back = |how: &str| event(MAC, &format!("kind = \"unplug\"\nfor_s = 1.0\n{how}"));
    let answers = |line: &str| played(&format!("behaviour = \"ideal\"\nanswers = {{ {line} }}"), "");
    let cases: [(&str, Assumption, Pad, Pad); 22] = [
        ("alive", alive_with_frames, played(IDEAL, ""), played(MAC, "")),
        ("running", gone_is_not_running, event(IDEAL, unplug), event(MAC, unplug)),
        ("sleep", sleep_is_told, event(IDEAL, SLEEP), event(MAC, SLEEP)),
        ("second start", one_start_a_pad, played(IDEAL, ""), played(MAC, "")),
        ("old handles", stale_is_refused, event(IDEAL, SLEEP), event(MAC, SLEEP)),
        ("restart", success_is_frames, played(IDEAL, ""), played(pause, "")),
        ("slope", framework_clock_is_time, played(IDEAL, ""), played(MAC, "")),
        (
            "clock asleep",
            framework_clock_is_time,
            event(&survives(IDEAL), SLEEP),
            event(&survives(MAC), SLEEP),
        ),
        ("return", listed_is_working, played(MAC, ""), event(MAC, "kind = \"unplug\"\nfor_s = 1.0")),
        ("lost frames", none_is_lost, played(MAC, ""), event(MAC, "kind = \"lost\"\nframes = 7")),
        ("clicks", set_is_off, played(MAC, ""), played(MAC, "clicks_fixed = true")),
        ("force", denied_is_none, played(MAC, "says_force = true"), played(MAC, "says_force = false")),
        (
            "run loop",
            no_loop_is_needed,
            played(MAC, ""),
            played("behaviour = \"mac\"\nanswers = { needs_run_loop = true }", ""),
        ),
        ("slots", slots_are_many, played(IDEAL, ""), played(MAC, "")),
        ("fresh handles", fresh_handles_know, answers("fresh_runs = true"), played(MAC, "")),
        (
            "8 bits",
            numbers_tell_losses,
            event("behaviour = \"mac\"\nanswers = { frame_bits = 32 }", "kind = \"lost\"\nframes = 900"),
            event(MAC, "kind = \"lost\"\nframes = 900"),
        ),
        ("ids", ids_are_for_good, back(""), back("transport = 1\nid = 83")),
        ("transports", transports_stay, back(""), back("transport = 1")),
        ("built in", an_id_is_one_pads, built_in(83), built_in(216_172_783_253_880_832)),
        (
            "permission",
            denied_is_refused,
            played(MAC, ""),
            played("behaviour = \"mac\"\nanswers = { input_monitoring = \"denied\" }", ""),
        ),
        ("last release", released_anywhere, played(IDEAL, ""), played(MAC, "")),
        (
            "unregister",
            unregistered_is_one,
            answers("unregisters_all = false, second_start = true"),
            played(MAC, ""),
        ),
    ];
    for (name, assumption, right, wrong) in cases {
        assert!(assumption(&right), "{name}: it does not hold where it is said to");
        assert!(!assumption(&wrong), "{name}: the scenario does not show it to be wrong");
    }
}
