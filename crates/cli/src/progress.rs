//! What is being done, on standard error, for work of over a second and only on a terminal.

use crate::place::harmless;
use openweigh_ledger::Holder;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

/// Says on a terminal that somebody else is changing the ledger, and that this command waits.
pub(crate) fn waiting(holder: &Holder) {
    if std::io::stderr().is_terminal() {
        let holder = harmless(&holder.to_string());
        let _ = writeln!(std::io::stderr(), "waiting for {holder}, which is changing this ledger");
    }
}

/// A line that is rewritten while work goes on.
pub(crate) struct Progress {
    wanted: bool,
    started: Instant,
    /// When, in milliseconds after the start; 0 if nothing was shown yet.
    shown: AtomicU64,
}

impl Progress {
    /// The clock is for people waiting; nothing that it says reaches an artifact.
    #[expect(clippy::disallowed_methods, reason = "tells whether a second has passed")]
    pub(crate) fn new(wanted: bool) -> Self {
        let wanted = wanted && std::io::stderr().is_terminal();
        Self { wanted, started: Instant::now(), shown: AtomicU64::new(0) }
    }

    /// Shows a text, unless it is too early or another one was shown just now.
    pub(crate) fn show(&self, text: impl FnOnce() -> String) {
        if !self.wanted {
            return;
        }
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let next = self.shown.load(Relaxed).saturating_add(100).max(1000);
        if now < next {
            return;
        }
        self.shown.store(now, Relaxed);
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(std::io::stderr(), "\r\x1b[K  {}", text());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.load(Relaxed) > 0 {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
