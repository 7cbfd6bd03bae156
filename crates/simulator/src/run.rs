//! A thread for each device that is started, and the order in which they speak.

use crate::abi::Reference;
use crate::behaviour::Access;
use crate::clock;
use crate::machine::{Callback, Handle};
use crate::report::Calls;
use crate::scenario::{AtEnd, Pace};
use crate::score::{Return, Score, Shot, Step};
use crate::stage::{Played, complain, lock};
use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// Sees to it that frames are told of in the order of their times, over all devices that are started.
pub(crate) struct Conductor {
    turns: Mutex<Turns>,
    changed: Condvar,
    /// How many devices there are.
    pads: usize,
    /// How long the first frames wait for the other devices to be started, so that all speak in turn.
    gathering: Duration,
}

#[derive(Default)]
struct Turns {
    /// When the next frame of each started device is due.
    due: BTreeMap<usize, (u64, u64)>,
    /// Devices that have been started at least once.
    started: BTreeMap<usize, Instant>,
}

/// One run of a device, from start to stop.
pub(crate) struct Run {
    /// Started too soon after a stop: it tells of nothing.
    deaf: bool,
    stopped: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    id: Mutex<Option<ThreadId>>,
}

impl Run {
    /// Whether this is the thread of the run.
    pub(crate) fn is_mine(&self) -> bool {
        *lock(&self.id) == Some(std::thread::current().id())
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

impl Conductor {
    pub(crate) fn new(pads: usize, gathering: Duration) -> Conductor {
        Conductor { turns: Mutex::default(), changed: Condvar::new(), pads, gathering }
    }

    fn wait<'a>(&self, turns: MutexGuard<'a, Turns>, longest: Duration) -> MutexGuard<'a, Turns> {
        self.changed.wait_timeout(turns, longest).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Takes part, once all devices are started or none has been for a while.
    #[allow(clippy::disallowed_methods, reason = "the wait is for other threads, in real time")]
    fn gather(&self, number: usize, run: &Run) {
        let mut turns = lock(&self.turns);
        let first = turns.started.insert(number, Instant::now()).is_none();
        turns.due.insert(number, (0, 0));
        self.changed.notify_all();
        while first && turns.started.len() < self.pads && !run.is_stopped() {
            let last = turns.started.values().max().copied();
            let left = self.gathering.saturating_sub(last.map_or(self.gathering, |last| last.elapsed()));
            if left.is_zero() {
                break;
            }
            turns = self.wait(turns, left);
        }
    }

    /// Waits until this device is the next to speak. `false` if it was stopped.
    fn turn(&self, number: usize, due: (u64, u64), run: &Run) -> bool {
        let mut turns = lock(&self.turns);
        turns.due.insert(number, due);
        if turns.due.len() > 1 {
            self.changed.notify_all();
        }
        let key = (due, number);
        while !run.is_stopped() && turns.due.iter().any(|(&other, &at)| (at, other) < key) {
            turns = self.wait(turns, Duration::from_secs(1));
        }
        !run.is_stopped()
    }

    fn leave(&self, number: usize) {
        lock(&self.turns).due.remove(&number);
        self.changed.notify_all();
    }

    /// Sleeps until this moment. `false` if it was stopped.
    #[allow(clippy::disallowed_methods, reason = "pace is kept in real time")]
    fn until(&self, moment: Instant, run: &Run) -> bool {
        let mut turns = lock(&self.turns);
        while !run.is_stopped() {
            let left = moment.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            turns = self.wait(turns, left);
        }
        false
    }

    fn until_stopped(&self, run: &Run) {
        let mut turns = lock(&self.turns);
        while !run.is_stopped() {
            turns = self.wait(turns, Duration::from_secs(1));
        }
    }

    fn stop(&self, run: &Run) {
        let _turns = lock(&self.turns);
        run.stopped.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }
}

/// How many handles were ever started.
static STARTED: AtomicUsize = AtomicUsize::new(0);

/// How many handles were ever started, each counted once.
pub(crate) fn started() -> usize {
    STARTED.load(Ordering::SeqCst)
}

/// Starts a thread for the device; it must not run.
pub(crate) fn start(handle: &Arc<Handle>) -> bool {
    let run = Arc::new(Run {
        deaf: is_too_soon(handle),
        stopped: AtomicBool::new(false),
        thread: Mutex::default(),
        id: Mutex::default(),
    });
    let (played, mine) = (Arc::clone(handle), Arc::clone(&run));
    let begin = move || {
        *lock(&mine.id) = Some(std::thread::current().id());
        play(&played, &mine);
    };
    // Held until the run is in its place: the first call may already want to stop it.
    let mut place = lock(&handle.run);
    let Ok(thread) = std::thread::Builder::new().name("mt_ThreadedMTEntry".to_owned()).spawn(begin) else {
        return false;
    };
    *lock(&run.thread) = Some(thread);
    *place = Some(run);
    if !handle.has_run.swap(true, Ordering::SeqCst) {
        STARTED.fetch_add(1, Ordering::SeqCst);
    }
    lock(&handle.pad.started).push((handle.number, Arc::downgrade(handle)));
    true
}

/// Whether a pad was stopped a moment ago, so that a start does nothing.
fn is_too_soon(handle: &Handle) -> bool {
    let pause = Duration::from_secs_f64(handle.stage.behaviour.restart_pause_s);
    lock(&handle.pad.stopped).is_some_and(|stopped| stopped.elapsed() < pause)
}

/// Stops the device's thread, and waits for its end unless this is that thread, or the scenario says not to.
pub(crate) fn stop(handle: &Handle) {
    handle.pad.player.compare_exchange(handle.number, 0, Ordering::SeqCst, Ordering::SeqCst).ok();
    let was_started = {
        let mut started = lock(&handle.pad.started);
        let before = started.len();
        started.retain(|(number, _)| *number != handle.number);
        before > started.len()
    };
    if was_started {
        *lock(&handle.pad.stopped) = Some(now());
    }
    let Some(run) = lock(&handle.run).clone() else {
        return;
    };
    handle.stage.conductor.stop(&run);
    let thread = lock(&run.thread).take();
    if let Some(thread) = thread
        && !run.is_mine()
        && handle.stage.stop_waits
    {
        // A thread that panicked has ended too.
        let _ = thread.join();
    }
}

/// The thread of a device.
fn play(handle: &Handle, run: &Run) {
    let mut calls = handle.stage.report.then(Calls::new);
    perform(handle, run, &mut calls);
    if let Some(calls) = calls {
        let pad = &handle.pad;
        let (frames, touches) =
            (pad.sent_frames.load(Ordering::Relaxed), pad.sent_touches.load(Ordering::Relaxed));
        complain(&format_args!("told of {frames} frames with {touches} touches; {calls}"));
    }
}

fn perform(handle: &Handle, run: &Run, calls: &mut Option<Calls>) {
    let (stage, pad) = (&handle.stage, &handle.pad);
    if run.deaf || stage.behaviour.input_monitoring == Access::Denied {
        return stage.conductor.until_stopped(run);
    }
    // Whoever played before has ended when this is given.
    let Some(mut score) = turn_to_play(handle, run) else { return };
    stage.conductor.gather(pad.number, run);
    let mut beat = Beat::new(stage.pace);
    let mut listeners = Vec::new();
    while !run.is_stopped() {
        let step = score.look();
        match step {
            Step::Frame | Step::FrameThenUnplug => {
                let shot = &score.shot;
                let in_time = beat.moment(shot).is_none_or(|moment| stage.conductor.until(moment, run));
                if !in_time || !stage.conductor.turn(pad.number, shot.due, run) {
                    break;
                }
                if step == Step::FrameThenUnplug {
                    pad.alive.store(false, Ordering::SeqCst);
                }
                tell(handle, shot, &mut listeners, calls);
            }
            Step::Sleep => {
                pad.sleeps.fetch_add(1, Ordering::SeqCst);
                let slept_ns = (score.shot.pause_s.unwrap_or(0.0) * 1e9) as u64;
                clock::slept(pad.slept_ns.fetch_add(slept_ns, Ordering::SeqCst) + slept_ns);
                if stage.behaviour.survives_sleep {
                    score.taken();
                    continue;
                }
            }
            Step::Unplug => {
                pad.alive.store(false, Ordering::SeqCst);
                if let Some(for_s) = score.shot.pause_s {
                    let away = Duration::from_secs_f64(for_s / stage.pace.factor());
                    come_back(pad, away, score.shot.returns.clone());
                }
            }
            Step::End if stage.at_end == AtEnd::Unplug => pad.alive.store(false, Ordering::SeqCst),
            Step::End => {
                stage.conductor.leave(pad.number);
                stage.conductor.until_stopped(run);
                return;
            }
        }
        score.taken();
        if step != Step::Frame {
            break;
        }
    }
    stage.conductor.leave(pad.number);
    if !stage.behaviour.tells_stops {
        // Nobody is told: as far as the handle knows, it runs until it is stopped.
        drop(score);
        return stage.conductor.until_stopped(run);
    }
    pad.player.compare_exchange(handle.number, 0, Ordering::SeqCst, Ordering::SeqCst).ok();
}

/// Waits until no other handle of the pad plays. None if this one was stopped before.
fn turn_to_play<'a>(handle: &'a Handle, run: &Run) -> Option<MutexGuard<'a, Score>> {
    while !run.is_stopped() {
        match handle.pad.score.try_lock() {
            Ok(score) => return Some(score),
            Err(TryLockError::Poisoned(score)) => return Some(score.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    None
}

/// Plugs a pad in again after a while, whatever becomes of those who listened to it.
fn come_back(pad: &Arc<Played>, after: Duration, how: Return) {
    let pad = Arc::clone(pad);
    let back = move || {
        std::thread::sleep(after);
        while how.once.as_ref().is_some_and(|file| !file.exists()) {
            std::thread::sleep(Duration::from_millis(10));
        }
        if let Some(id) = how.id {
            pad.id.store(id, Ordering::SeqCst);
        }
        if let Some(transport) = how.transport {
            pad.transport.store(transport, Ordering::SeqCst);
        }
        pad.returns.fetch_add(1, Ordering::SeqCst);
        pad.alive.store(true, Ordering::SeqCst);
    };
    // Without a thread it stays away, which is what a scenario may ask for too.
    drop(std::thread::Builder::new().spawn(back));
}

#[allow(clippy::disallowed_methods, reason = "a pause is measured in real time")]
fn now() -> Instant {
    Instant::now()
}

/// How long calls took, in ns, as far as there is room. For measuring; empty as a rule.
static TIMES: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static TIMED: AtomicBool = AtomicBool::new(false);

/// Measures calls from now on, this many.
pub(crate) fn time_calls(most: usize) {
    *lock(&TIMES) = Vec::with_capacity(most);
    TIMED.store(true, Ordering::SeqCst);
}

/// How long the call of this number took, in ns.
pub(crate) fn call_time_ns(number: usize) -> Option<u32> {
    lock(&TIMES).get(number).copied()
}

#[allow(clippy::disallowed_methods, reason = "a call is measured in real time")]
fn timed(calls: &mut Option<Calls>, call: impl FnOnce()) {
    if calls.is_none() && !TIMED.load(Ordering::Relaxed) {
        return call();
    }
    let begun = Instant::now();
    call();
    let took = begun.elapsed();
    if let Some(calls) = calls {
        calls.add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
        return;
    }
    let mut times = lock(&TIMES);
    if times.len() < times.capacity() {
        times.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
    }
}

/// How many threads run a run loop.
static LOOPS: AtomicUsize = AtomicUsize::new(0);

/// Is a thread's run loop for so long.
pub(crate) fn loop_for(longest: Duration) {
    LOOPS.fetch_add(1, Ordering::SeqCst);
    std::thread::sleep(longest);
    LOOPS.fetch_sub(1, Ordering::SeqCst);
}

/// Calls back everybody who is registered.
fn tell(handle: &Handle, shot: &Shot, listeners: &mut Vec<(Reference, Callback)>, calls: &mut Option<Calls>) {
    clock::enter(shot.arrival_ns);
    listeners.clear();
    if handle.stage.behaviour.needs_run_loop && LOOPS.load(Ordering::SeqCst) == 0 {
        return;
    }
    let heard = |other: &Handle| -> Vec<(Reference, Callback)> {
        let device = other.reference();
        lock(&other.callbacks).iter().map(|callback| (device, *callback)).collect()
    };
    listeners.extend(heard(handle));
    if handle.stage.behaviour.second_start {
        let started = lock(&handle.pad.started).clone();
        let others = started.iter().filter(|(number, _)| *number != handle.number);
        others.filter_map(|(_, other)| other.upgrade()).for_each(|other| listeners.extend(heard(&other)));
    }
    if listeners.is_empty() {
        return;
    }
    handle.pad.sent_frames.fetch_add(1, Ordering::Relaxed);
    handle.pad.sent_touches.fetch_add(shot.records.len() as u64, Ordering::Relaxed);
    let touches = if shot.null { ptr::null() } else { shot.records.as_ptr() };
    let count = shot.count.unwrap_or_else(|| i32::try_from(shot.records.len()).unwrap_or(i32::MAX));
    for (device, listener) in &*listeners {
        let device = *device;
        // SAFETY: whoever registered it promised a function of this type, and that it may be called until
        // it is unregistered and the device stopped. The records live until the call returns; counts that
        // are not theirs are what a scenario asked for, to see that they are not believed.
        timed(calls, || unsafe {
            match *listener {
                Callback::Plain(function) => {
                    function(device, touches, count, shot.timestamp_s, shot.counter);
                }
                Callback::WithRefcon(function, refcon) => {
                    let refcon = ptr::with_exposed_provenance_mut(refcon);
                    function(device, touches, count, shot.timestamp_s, shot.counter, refcon);
                }
            }
        });
    }
}

/// When frames are due in real time: counted from the first of the run.
struct Beat {
    factor: Option<f64>,
    begun: Option<(Instant, u64)>,
}

impl Beat {
    fn new(pace: Pace) -> Beat {
        let factor = match pace {
            Pace::RealTime => Some(1.0),
            Pace::Times(factor) => Some(factor),
            Pace::Unthrottled => None,
        };
        Beat { factor, begun: None }
    }

    #[allow(clippy::disallowed_methods, reason = "pace is kept in real time")]
    fn moment(&mut self, shot: &Shot) -> Option<Instant> {
        let factor = self.factor?;
        let due_ns = shot.due.0;
        let (begun, first_ns) = *self.begun.get_or_insert_with(|| (Instant::now(), due_ns));
        let since = Duration::try_from_secs_f64(due_ns.saturating_sub(first_ns) as f64 / 1e9 / factor);
        begun.checked_add(since.unwrap_or(Duration::MAX)).or(Some(begun))
    }
}
