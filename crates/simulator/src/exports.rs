//! The functions that the library exports, under the names of the framework.
//!
//! Those that begin with `OpenweighSimulator` are not in the framework. They are for tests.

use crate::abi::{
    BAD_ARGUMENT, EXCLUSIVE_ACCESS, NO_DEVICE, NOT_OPEN, NOT_PERMITTED, Plain, Reference, SUCCESS, WithRefcon,
};
use crate::behaviour::Access;
use crate::machine::{self, Callback, Handle, fault};
use crate::stage::{self, lock};
use crate::{clock, run};
use std::ffi::{c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

// SAFETY of each `no_mangle`: the names are the framework's, which is never in the same process, or are
// ours by their first word.

/// Writes a value where the caller wants it.
///
/// # Safety
/// `to` must be null or have room for a `T`.
unsafe fn give<T>(to: *mut T, value: Option<T>) -> i32 {
    match value {
        Some(value) if !to.is_null() => {
            // SAFETY: not null, so there is room.
            unsafe { to.write_unaligned(value) };
            SUCCESS
        }
        _ => BAD_ARGUMENT,
    }
}

fn ask(device: Reference, question: impl FnOnce(&Handle) -> bool) -> bool {
    machine::device(device).is_some_and(|handle| question(&handle))
}

fn of<T>(device: Reference, question: impl FnOnce(&Handle) -> T) -> Option<T> {
    machine::device(device).map(|handle| question(&handle))
}

#[unsafe(no_mangle)]
extern "C" fn MTAbsoluteTimeGetCurrent() -> f64 {
    let (has_system_clock, slope) = clocks();
    // A clock that stands still asleep is the system's; without one, this one goes on.
    if has_system_clock { clock::awake_s(slope) } else { clock::now_s() }
}

/// Whether the system has clocks, and how fast the framework's runs.
fn clocks() -> (bool, f64) {
    clock::behaviour().unwrap_or_else(|| {
        let behaviour = stage::stage().behaviour;
        (behaviour.system_clock, behaviour.clock_slope)
    })
}

/// The system's clocks in ns: 4 goes on asleep, 8 does not. 0 where the scenario has none.
#[unsafe(no_mangle)]
extern "C" fn clock_gettime_nsec_np(clock: u32) -> u64 {
    match clock {
        _ if !clocks().0 => 0,
        4 => clock::moment_ns(),
        8 => clock::awake_ns(),
        _ => 0,
    }
}

/// Whether the terminal may listen: 0 it may, 1 it may not, 2 nobody has been asked.
#[unsafe(no_mangle)]
extern "C" fn IOHIDCheckAccess(_kind: u32) -> u32 {
    match stage::stage().behaviour.input_monitoring {
        Access::Granted => 0,
        Access::Denied => 1,
        Access::Unknown => 2,
    }
}

#[unsafe(no_mangle)]
extern "C" fn IOHIDRequestAccess(_kind: u32) -> bool {
    stage::stage().behaviour.input_monitoring == Access::Granted
}

/// The pad's entry as long as it is plugged in; 0 once it is gone.
#[unsafe(no_mangle)]
extern "C" fn MTDeviceGetService(device: Reference) -> u32 {
    of(device, |handle| {
        let pad = &handle.pad;
        let entry = pad.number as u32 * 256 + pad.returns.load(SeqCst) as u32 + 1;
        if pad.alive.load(SeqCst) { entry } else { 0 }
    })
    .unwrap_or(0)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn IORegistryEntryGetRegistryEntryID(service: u32, id: *mut u64) -> i32 {
    let entry = (service != 0).then_some(0x1_0000_0000 | u64::from(service));
    // SAFETY: the caller gives room for eight bytes, by the prototype.
    unsafe { give(id, entry) }
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceIsAvailable() -> bool {
    stage::stage().pads.iter().any(|pad| pad.alive.load(SeqCst))
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceCreateList() -> Reference {
    machine::make_list(&stage::stage())
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceCreateDefault() -> Reference {
    let stage = stage::stage();
    let first = stage.pads.iter().find(|pad| pad.alive.load(SeqCst));
    first.map_or(ptr::null_mut(), |pad| machine::make_device(&stage, pad))
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceCreateFromDeviceID(id: u64) -> Reference {
    let stage = stage::stage();
    let found = stage.pads.iter().find(|pad| pad.id.load(SeqCst) == id && pad.alive.load(SeqCst));
    found.map_or(ptr::null_mut(), |pad| machine::make_device(&stage, pad))
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceRelease(device: Reference) {
    machine::release(device);
}

#[unsafe(no_mangle)]
extern "C" fn CFRetain(object: Reference) -> Reference {
    machine::retain(object);
    object
}

#[unsafe(no_mangle)]
extern "C" fn CFRelease(object: Reference) {
    machine::release(object);
}

#[unsafe(no_mangle)]
extern "C" fn CFArrayGetCount(array: Reference) -> isize {
    machine::array(array).map_or(0, |keys| keys.len().cast_signed())
}

#[unsafe(no_mangle)]
extern "C" fn CFArrayGetValueAtIndex(array: Reference, index: isize) -> Reference {
    machine::array(array).map_or(ptr::null_mut(), |keys| machine::at(&keys, index))
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceStart(device: Reference, _mode: i32) -> i32 {
    let Some(handle) = machine::device(device) else {
        return BAD_ARGUMENT;
    };
    if !handle.pad.alive.load(SeqCst) {
        return NO_DEVICE;
    }
    let behaviour = handle.stage.behaviour;
    if behaviour.prints {
        stage::print(c"MTDeviceStart: a message of the framework\n");
    }
    if handle.is_stale() && !behaviour.stale_start {
        fault(c"a device from before a sleep was started");
        return NOT_OPEN;
    }
    if behaviour.second_start {
        if handle.is_started() {
            return SUCCESS;
        }
        handle.pad.player.compare_exchange(0, handle.number, SeqCst, SeqCst).ok();
        return if run::start(&handle) { SUCCESS } else { NO_DEVICE };
    }
    match handle.pad.player.compare_exchange(0, handle.number, SeqCst, SeqCst) {
        Err(player) if player == handle.number => SUCCESS,
        Err(_) => EXCLUSIVE_ACCESS,
        Ok(_) if run::start(&handle) => SUCCESS,
        Ok(_) => {
            handle.pad.player.store(0, SeqCst);
            NO_DEVICE
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceStop(device: Reference) -> i32 {
    let Some(handle) = machine::device(device) else {
        return BAD_ARGUMENT;
    };
    run::stop(&handle);
    SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceIsRunning(device: Reference) -> bool {
    ask(device, Handle::is_running)
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceIsAlive(device: Reference) -> bool {
    ask(device, |handle| handle.stage.behaviour.tells_life && handle.pad.alive.load(SeqCst))
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceIsBuiltIn(device: Reference) -> bool {
    ask(device, |handle| handle.pad.hardware.built_in)
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceIsMTHIDDevice(device: Reference) -> bool {
    ask(device, |_| true)
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceIsOpaqueSurface(device: Reference) -> bool {
    ask(device, |handle| handle.pad.hardware.opaque)
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceSupportsForce(device: Reference) -> bool {
    ask(device, |handle| handle.pad.says_force)
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceDriverIsReady(device: Reference) -> bool {
    ask(device, |handle| handle.pad.alive.load(SeqCst))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetDeviceID(device: Reference, id: *mut u64) -> i32 {
    // SAFETY: the caller gives room for eight bytes, by the prototype.
    unsafe { give(id, of(device, |handle| handle.id)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetFamilyID(device: Reference, family: *mut i32) -> i32 {
    // SAFETY: the caller gives room for four bytes, by the prototype.
    unsafe { give(family, of(device, |handle| handle.pad.hardware.family)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetVersion(device: Reference, version: *mut i32) -> i32 {
    // SAFETY: the caller gives room for four bytes, by the prototype.
    unsafe { give(version, of(device, |_| 1)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetDriverType(device: Reference, kind: *mut i32) -> i32 {
    // SAFETY: the caller gives room for four bytes, by the prototype.
    unsafe { give(kind, of(device, |_| 4)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetTransportMethod(device: Reference, transport: *mut i32) -> i32 {
    // SAFETY: the caller gives room for four bytes, by the prototype.
    unsafe { give(transport, of(device, |handle| handle.transport)) }
}

/// # Safety
/// As [`give`], twice.
unsafe fn give_pair(first: *mut i32, second: *mut i32, pair: Option<[i32; 2]>) -> i32 {
    // SAFETY: as the caller promises.
    match unsafe { give(first, pair.map(|pair| pair[0])) } {
        // SAFETY: as the caller promises.
        SUCCESS => unsafe { give(second, pair.map(|pair| pair[1])) },
        refused => refused,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetSensorSurfaceDimensions(device: Reference, w: *mut i32, h: *mut i32) -> i32 {
    // SAFETY: the caller gives room for twice four bytes, by the prototype.
    unsafe { give_pair(w, h, of(device, |handle| handle.pad.hardware.surface)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn MTDeviceGetSensorDimensions(
    device: Reference,
    rows: *mut i32,
    columns: *mut i32,
) -> i32 {
    // SAFETY: the caller gives room for twice four bytes, by the prototype.
    unsafe { give_pair(rows, columns, of(device, |handle| handle.pad.hardware.sensor)) }
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceGetMinDigitizerPressureValue(_device: Reference) -> i32 {
    0
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceGetMaxDigitizerPressureValue(_device: Reference) -> i32 {
    0
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceGetDigitizerPressureDynamicRange(_device: Reference) -> i32 {
    0
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceGetSystemForceResponseEnabled(device: Reference) -> bool {
    ask(device, |handle| handle.pad.clicks.load(SeqCst))
}

#[unsafe(no_mangle)]
extern "C" fn MTDeviceSetSystemForceResponseEnabled(device: Reference, enabled: u8) -> i32 {
    let set = of(device, |handle| {
        if !handle.pad.clicks_fixed {
            handle.pad.clicks.store(enabled != 0, SeqCst);
        }
        !handle.pad.clicks_fixed
    });
    match set {
        Some(true) => SUCCESS,
        Some(false) => NOT_PERMITTED,
        None => BAD_ARGUMENT,
    }
}

/// Takes a callback, if there is a slot left. What is answered depends on the scenario too.
fn register(device: Reference, callback: Callback) -> bool {
    of(device, |handle| {
        let behaviour = handle.stage.behaviour;
        let mut callbacks = lock(&handle.callbacks);
        if callbacks.len() < behaviour.callback_slots {
            callbacks.push(callback);
        } else {
            fault(c"more callbacks were registered than a handle takes");
        }
        behaviour.register_answers
    })
    .unwrap_or(false)
}

#[unsafe(no_mangle)]
extern "C" fn MTRegisterContactFrameCallback(device: Reference, callback: Option<Plain>) {
    if let Some(callback) = callback {
        register(device, Callback::Plain(callback));
    }
}

#[unsafe(no_mangle)]
extern "C" fn MTRegisterContactFrameCallbackWithRefcon(
    device: Reference,
    callback: Option<WithRefcon>,
    refcon: *mut c_void,
) -> bool {
    let refcon = refcon.expose_provenance();
    callback.is_some_and(|callback| register(device, Callback::WithRefcon(callback, refcon)))
}

#[unsafe(no_mangle)]
extern "C" fn MTUnregisterContactFrameCallback(device: Reference, callback: *const c_void) {
    let address = callback.addr();
    of(device, |handle| {
        let mut callbacks = lock(&handle.callbacks);
        if handle.stage.behaviour.unregisters_all {
            callbacks.retain(|known| known.address() != address);
        } else if let Some(last) = callbacks.iter().rposition(|known| known.address() == address) {
            callbacks.remove(last);
        }
    });
}

/// The machine's own number.
#[unsafe(no_mangle)]
unsafe extern "C" fn gethostuuid(number: *mut [u8; 16], _patience: *const i64) -> i32 {
    let machine = stage::stage().behaviour.machine;
    // SAFETY: the caller gives room for 16 bytes, by the prototype.
    unsafe { give(number, machine.map(|byte| [byte; 16])) }
}

/// What the system says of itself: that it is none.
#[unsafe(no_mangle)]
unsafe extern "C" fn sysctlbyname(
    name: *const c_char,
    to: *mut c_void,
    length: *mut usize,
    _new: *const c_void,
    _new_length: usize,
) -> i32 {
    // SAFETY: the caller gives a text that ends with a zero.
    let text: &[u8] = match unsafe { std::ffi::CStr::from_ptr(name) }.to_bytes() {
        b"hw.model" => b"Simulated1,1\0",
        b"kern.osproductversion" => b"0.0\0",
        b"kern.osversion" => b"0A0\0",
        _ => return -1,
    };
    // SAFETY: the caller says how much room there is, and gives it.
    unsafe {
        if *length < text.len() {
            return -1;
        }
        ptr::copy_nonoverlapping(text.as_ptr(), to.cast(), text.len());
        *length = text.len();
    }
    0
}

/// A program is responsible for itself.
#[unsafe(no_mangle)]
extern "C" fn responsibility_get_pid_responsible_for_pid(process: i32) -> i32 {
    process
}

/// Where every process has its program.
#[unsafe(no_mangle)]
unsafe extern "C" fn proc_pidpath(_process: i32, to: *mut u8, room: u32) -> i32 {
    let path = b"/Applications/Simulated Terminal.app/Contents/MacOS/Simulated Terminal";
    if (room as usize) < path.len() {
        return 0;
    }
    // SAFETY: the caller says how much room there is, and gives it.
    unsafe { ptr::copy_nonoverlapping(path.as_ptr(), to, path.len()) };
    i32::try_from(path.len()).unwrap_or(0)
}

/// The name of the usual mode of run loops: nobody looks at it.
#[unsafe(no_mangle)]
static kCFRunLoopDefaultMode: usize = 0;

/// Runs the run loop of a thread, in which nothing happens.
#[unsafe(no_mangle)]
extern "C" fn CFRunLoopRunInMode(_mode: *const c_void, seconds: f64, _one: u8) -> i32 {
    run::loop_for(std::time::Duration::try_from_secs_f64(seconds).unwrap_or_default());
    // kCFRunLoopRunTimedOut
    3
}

/// Sets the stage from a scenario's text, as if it had been named by the environment. Recordings are
/// looked for from the current folder.
#[unsafe(no_mangle)]
unsafe extern "C" fn OpenweighSimulatorSet(text: *const u8, length: usize) -> bool {
    // SAFETY: the caller gives the address and length of a text.
    let bytes = unsafe { std::slice::from_raw_parts(text, length) };
    std::str::from_utf8(bytes).is_ok_and(|text| stage::set(text, Path::new("")))
}

/// What the reader did wrong: the fault of this number, or null when there are no more.
#[unsafe(no_mangle)]
extern "C" fn OpenweighSimulatorFault(number: usize) -> *const c_char {
    machine::fault_at(number).map_or(ptr::null(), std::ffi::CStr::as_ptr)
}

/// How many references the reader holds: each was given to it, and not given back.
#[unsafe(no_mangle)]
extern "C" fn OpenweighSimulatorHeld() -> usize {
    machine::held()
}

/// How many handles were ever started, each counted once.
#[unsafe(no_mangle)]
extern "C" fn OpenweighSimulatorStarted() -> usize {
    run::started()
}

/// How many frames and touches the callbacks of a device were told.
#[unsafe(no_mangle)]
unsafe extern "C" fn OpenweighSimulatorSent(id: u64, frames: *mut u64, touches: *mut u64) -> i32 {
    let stage = stage::stage();
    let pad = stage.pads.iter().find(|pad| pad.called == id).map(Arc::clone);
    let sent = pad.map(|pad| (pad.sent_frames.load(Relaxed), pad.sent_touches.load(Relaxed)));
    // SAFETY: the caller gives room for twice eight bytes.
    unsafe {
        give(frames, sent.map(|sent| sent.0));
        give(touches, sent.map(|sent| sent.1))
    }
}

/// Measures how long callbacks take from now on, this many of them.
#[unsafe(no_mangle)]
extern "C" fn OpenweighSimulatorTimeCalls(most: usize) {
    run::time_calls(most);
}

/// How many ns the measured call of this number took, or -1 when there are no more.
#[unsafe(no_mangle)]
extern "C" fn OpenweighSimulatorCallTime(number: usize) -> i64 {
    run::call_time_ns(number).map_or(-1, i64::from)
}
