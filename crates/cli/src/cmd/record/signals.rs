//! What is wished for from outside: Ctrl-C, a closed terminal, a shutdown.

use crate::exit;
use crate::failure::Failure;
use openweigh_multitouch::ClickGuard;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

/// Listens from the moment it is made. The first signal ends the recording as its user would; a second one
/// ends the process, with clicks and terminal put back: the session can then be recovered.
pub(crate) struct Listener {
    signals: Signals,
    ended: Arc<AtomicBool>,
}

/// Listens until it is dropped.
pub(crate) struct Listening {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn new() -> Result<Self, Failure> {
        let signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
            .map_err(|error| Failure::input("signals", format!("cannot be listened to: {error}")))?;
        Ok(Self { signals, ended: Arc::new(AtomicBool::new(false)) })
    }

    /// Whether the end is wished for.
    pub(crate) fn ended(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.ended)
    }

    /// `restore` gives the terminal back.
    pub(crate) fn listen(mut self, guards: Vec<Weak<ClickGuard>>, restore: fn()) -> Listening {
        let handle = self.signals.handle();
        let thread = std::thread::spawn(move || {
            for _ in self.signals.forever() {
                if self.ended.swap(true, Ordering::SeqCst) {
                    for guard in guards.iter().filter_map(Weak::upgrade) {
                        guard.restore();
                    }
                    restore();
                    std::process::exit(i32::from(exit::INTERRUPTED));
                }
            }
        });
        Listening { handle, thread: Some(thread) }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
