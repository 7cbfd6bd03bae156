//! What is being done, on standard error, for work of over a second and only on a terminal: how much of it, how fast,
//! and how long it will take.

use crate::screen;
use openweigh_formats::shown::plain;
use openweigh_ledger::Holder;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Milliseconds before anything is shown.
const PATIENCE: u64 = 1000;

/// Milliseconds between two texts.
const REWRITTEN: u64 = 100;

/// Milliseconds without another text, after which the seconds are counted.
const SILENCE: u64 = 500;

/// Characters of a text: one that is wider than a terminal could not be taken back.
const WIDEST: usize = 100;

/// Says on a terminal that somebody else is changing the ledger, and that this command waits.
pub(crate) fn waiting(holder: &Holder) {
    if std::io::stderr().is_terminal() {
        screen::say(&format!("waiting for {holder}, which is changing this ledger"));
    }
}

/// A line that is rewritten while work goes on.
pub(crate) struct Progress {
    wanted: bool,
    started: Instant,
    /// When, in milliseconds after the start; 0 if nothing was shown yet.
    shown: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    ticking: Option<JoinHandle<()>>,
}

/// The clock is for people waiting; nothing that it says reaches an artifact.
#[expect(clippy::disallowed_methods, reason = "tells how long something takes")]
fn now() -> Instant {
    Instant::now()
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn write(text: &str) {
    // Progress that cannot be shown is no reason to stop.
    let text: String = plain(text).chars().take(WIDEST).collect();
    let _ = write!(std::io::stderr(), "\r\x1b[K  {text}");
}

impl Progress {
    pub(crate) fn new(wanted: bool) -> Self {
        let wanted = wanted && std::io::stderr().is_terminal();
        let (shown, ended) = (Arc::default(), Arc::default());
        Self { wanted, started: now(), shown, ended, ticking: None }
    }

    /// One that counts the seconds while there is nothing else to show.
    pub(crate) fn of(text: &'static str) -> Self {
        let mut progress = Self::new(true);
        if !progress.wanted {
            return progress;
        }
        let (started, shown, ended) =
            (progress.started, Arc::clone(&progress.shown), Arc::clone(&progress.ended));
        progress.ticking = Some(std::thread::spawn(move || {
            while !ended.load(Relaxed) {
                let at = millis(started);
                if at >= shown.load(Relaxed).saturating_add(SILENCE).max(PATIENCE) {
                    shown.store(at, Relaxed);
                    write(&format!("{text}: {} s", at / 1000));
                }
                std::thread::park_timeout(Duration::from_millis(REWRITTEN));
            }
        }));
        progress
    }

    /// Shows a text, unless it is too early or another one was shown just now.
    pub(crate) fn show(&self, text: impl FnOnce() -> String) {
        if !self.wanted {
            return;
        }
        let at = millis(self.started);
        if at >= self.shown.load(Relaxed).saturating_add(REWRITTEN).max(PATIENCE) {
            self.shown.store(at, Relaxed);
            write(&text());
        }
    }

    /// Measures work of so many bytes, if that is known, from now on.
    pub(crate) fn meter(&self, total: Option<u64>) -> Meter<'_> {
        Meter { progress: self, since: now(), total }
    }
}

/// Work that is measured in bytes.
pub(crate) struct Meter<'a> {
    progress: &'a Progress,
    since: Instant,
    total: Option<u64>,
}

impl Meter<'_> {
    /// Shows how many bytes are done.
    pub(crate) fn show(&self, what: impl FnOnce() -> String, done: u64) {
        self.progress.show(|| format!("{}: {}", what(), measured(done, self.total, self.since.elapsed())));
    }
}

/// `12 of 100 MB (12 %), 6.0 MB/s, 15 s left`; without a total, how much and how fast.
fn measured(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let mega = |bytes: u64| bytes / 1_000_000;
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = done.saturating_mul(1000) / millis;
    let speed = format!("{}.{} MB/s", rate / 1_000_000, rate / 100_000 % 10);
    match total.filter(|total| *total >= done && *total > 0) {
        None => format!("{} MB, {speed}", mega(done)),
        Some(total) => {
            let left = (total - done).checked_div(rate);
            let left = left.map_or_else(String::new, |seconds| format!(", {seconds} s left"));
            let share = u128::from(done) * 100 / u128::from(total);
            format!("{} of {} MB ({share} %), {speed}{left}", mega(done), mega(total))
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.ended.store(true, Relaxed);
        if let Some(ticking) = self.ticking.take() {
            ticking.thread().unpark();
            // A clock that stopped is no reason to stop.
            let _ = ticking.join();
        }
        if self.shown.load(Relaxed) > 0 {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_rate_and_time_left_are_told() {
        let second = Duration::from_secs(2);
        assert_eq!(
            measured(12_000_000, Some(100_000_000), second),
            "12 of 100 MB (12 %), 6.0 MB/s, 14 s left"
        );
        assert_eq!(measured(12_300_000, None, second), "12 MB, 6.1 MB/s");
        // A file that grows has no share.
        assert_eq!(measured(12_000_000, Some(1), second), "12 MB, 6.0 MB/s");
        assert_eq!(measured(0, Some(5_000_000), Duration::ZERO), "0 of 5 MB (0 %), 0.0 MB/s");
    }
}
