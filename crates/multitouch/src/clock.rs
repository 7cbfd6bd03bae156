//! The system's two clocks: one that goes on while the machine sleeps, and one that stands still.
//!
//! On a Mac nothing public tells a program without a run loop that the machine slept. The difference of the two does.

use std::time::Duration;

/// The system's number of the clock that goes on asleep (`CLOCK_MONOTONIC_RAW`).
const RAW: u32 = 4;

/// The system's number of the clock that does not (`CLOCK_UPTIME_RAW`).
const UPTIME: u32 = 8;

/// How a clock is read.
#[derive(Clone, Copy)]
pub(crate) struct SystemClock(Option<unsafe extern "C" fn(u32) -> u64>);

/// Both clocks at one moment. 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) awake_ns: u64,
    raw_ns: u64,
}

impl Moment {
    /// How long the machine has slept since it was started.
    pub(crate) fn asleep_ns(self) -> u64 {
        self.raw_ns.saturating_sub(self.awake_ns)
    }
}

impl SystemClock {
    /// `read` must be `clock_gettime_nsec_np`, or made like it.
    pub(crate) fn new(read: Option<unsafe extern "C" fn(u32) -> u64>) -> SystemClock {
        SystemClock(read)
    }

    pub(crate) fn read(self) -> Moment {
        let Some(read) = self.0 else { return Moment::default() };
        // SAFETY: the function takes a number and may be called from any thread.
        unsafe { Moment { awake_ns: read(UPTIME), raw_ns: read(RAW) } }
    }

    /// The moment now; none where the system has no such clocks.
    pub(crate) fn now(self) -> Option<Moment> {
        Some(self.read()).filter(|moment| moment.awake_ns > 0)
    }
}

impl Moment {
    /// The same as a duration.
    pub(crate) fn asleep(self) -> Duration {
        Duration::from_nanos(self.asleep_ns())
    }
}
