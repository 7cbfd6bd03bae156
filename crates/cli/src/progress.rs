//! What is being done, on standard error, for work of over a second and only on a terminal.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// A line that is rewritten while work goes on.
pub(crate) struct Progress {
    wanted: bool,
    started: Instant,
    shown: Cell<Option<Instant>>,
}

impl Progress {
    /// The clock is for people waiting; nothing that it says reaches an artifact.
    #[expect(clippy::disallowed_methods, reason = "tells whether a second has passed")]
    pub(crate) fn new(wanted: bool) -> Self {
        let wanted = wanted && std::io::stderr().is_terminal();
        Self { wanted, started: Instant::now(), shown: Cell::new(None) }
    }

    /// Shows a text, unless it is too early or another one was shown just now.
    pub(crate) fn show(&self, text: impl FnOnce() -> String) {
        let early = || self.started.elapsed() < Duration::from_secs(1);
        let recent = || self.shown.get().is_some_and(|shown| shown.elapsed() < Duration::from_millis(100));
        if !self.wanted || early() || recent() {
            return;
        }
        #[expect(clippy::disallowed_methods, reason = "tells when the line was last rewritten")]
        self.shown.set(Some(Instant::now()));
        // Progress that cannot be shown is no reason to stop.
        let _ = write!(std::io::stderr(), "\r\x1b[K  {}", text());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown.get().is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
