//! Simulated time. What a callback is told does not depend on when it runs.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// The latest moment that any pad has reached, in ns.
static LATEST: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The moment of the frame whose callback runs on this thread.
    static NOW: Cell<Option<u64>> = const { Cell::new(None) };
}

/// How long the machine has slept so far, in ns.
static SLEPT: AtomicU64 = AtomicU64::new(0);

/// The machine has slept so long in all.
pub(crate) fn slept(total_ns: u64) {
    SLEPT.fetch_max(total_ns, Ordering::Relaxed);
}

/// The moment in ns, of the frame that is being told of, else the latest one; with the time asleep.
pub(crate) fn moment_ns() -> u64 {
    NOW.get().unwrap_or_else(|| LATEST.load(Ordering::Relaxed))
}

/// The same without the time asleep.
pub(crate) fn awake_ns() -> u64 {
    moment_ns().saturating_sub(SLEPT.load(Ordering::Relaxed))
}

/// Sets the moment for what runs on this thread from now on.
pub(crate) fn enter(moment_ns: u64) {
    NOW.set(Some(moment_ns));
    LATEST.fetch_max(moment_ns, Ordering::Relaxed);
}

/// Whether the system has clocks of its own (1 no, 2 yes), and how fast the framework's runs. Asked in every callback, so
/// that a lock would be most of what a callback takes. 0 before there is a stage.
static SYSTEM: AtomicU8 = AtomicU8::new(0);
static SLOPE: AtomicU64 = AtomicU64::new(0);

/// The clocks are like this from now on.
pub(crate) fn behave(system: bool, slope: f64) {
    SLOPE.store(slope.to_bits(), Ordering::Relaxed);
    SYSTEM.store(1 + u8::from(system), Ordering::Release);
}

/// Whether the system has clocks, and how fast the framework's runs. None before there is a stage.
pub(crate) fn behaviour() -> Option<(bool, f64)> {
    let system = SYSTEM.load(Ordering::Acquire).checked_sub(1)?;
    Some((system == 1, f64::from_bits(SLOPE.load(Ordering::Relaxed))))
}

/// Starts again from here.
pub(crate) fn reset(moment_ns: u64) {
    LATEST.store(moment_ns, Ordering::Relaxed);
    SLEPT.store(0, Ordering::Relaxed);
}

/// Seconds: of the frame that is being told of, else of the latest one.
pub(crate) fn now_s() -> f64 {
    moment_ns() as f64 / 1e9
}

/// The same as a clock has it that stands still asleep and runs this fast.
pub(crate) fn awake_s(slope: f64) -> f64 {
    awake_ns() as f64 / 1e9 * slope
}
