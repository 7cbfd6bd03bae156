//! Simulated time. What a callback is told does not depend on when it runs.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

/// The latest moment that any pad has reached, in ns.
static LATEST: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The moment of the frame whose callback runs on this thread.
    static NOW: Cell<Option<u64>> = const { Cell::new(None) };
}

/// Sets the moment for what runs on this thread from now on.
pub(crate) fn enter(moment_ns: u64) {
    NOW.set(Some(moment_ns));
    LATEST.fetch_max(moment_ns, Ordering::Relaxed);
}

/// Starts again from here.
pub(crate) fn reset(moment_ns: u64) {
    LATEST.store(moment_ns, Ordering::Relaxed);
}

/// Seconds: of the frame that is being told of, else of the latest one.
pub(crate) fn now_s() -> f64 {
    let moment_ns = NOW.get().unwrap_or_else(|| LATEST.load(Ordering::Relaxed));
    moment_ns as f64 / 1e9
}
