//! What is asked of an event device, whoever answers.

use super::pad::Description;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// An event device: one of the kernel, or one that a test makes up.
pub trait Device: Send {
    /// What it says of itself.
    ///
    /// # Errors
    /// The system refuses.
    fn description(&self) -> std::io::Result<Description>;

    /// A serial number or an address, where there is one.
    fn unique_id(&self) -> Option<String>;

    /// Gives the events times of a clock that does not jump, and, if `grab` says so, keeps them from the desktop.
    ///
    /// # Errors
    /// What could not be done, and why.
    fn prepare(&mut self, grab: bool) -> Result<(), (&'static str, std::io::Error)>;

    /// What its slots hold now: tells each value with its slot and its axis. Gives the slot that is selected.
    ///
    /// # Errors
    /// The system refuses.
    fn contacts(
        &self,
        slots: usize,
        tell: &mut dyn FnMut(usize, u16, i32) -> std::io::Result<()>,
    ) -> std::io::Result<usize>;

    /// Adds what waits to be read, after waiting for it no longer than that. Nothing came if nothing is added.
    ///
    /// # Errors
    /// The device is gone.
    fn read(&mut self, events: &mut Vec<Event>, longest: Duration) -> std::io::Result<()>;
}

/// An event as a device gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Since the beginning of the clock.
    pub time: Duration,
    /// Type.
    pub kind: u16,
    /// Code.
    pub code: u16,
    /// Value.
    pub value: i32,
}

/// How a path becomes a device: [`open`](super::open), or a test's way.
pub type Open<'a> = &'a dyn Fn(&Path) -> std::io::Result<Box<dyn Device>>;

/// Why a device is not recorded.
#[derive(Debug, thiserror::Error)]
pub enum EvdevError {
    /// The system refused.
    #[error("{}: cannot {what}: {source}", path.display())]
    System {
        /// The device.
        path: PathBuf,
        /// What was to be done: `open`, `grab`.
        what: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// It is no pad to weigh with.
    #[error("{}: {refusal}", path.display())]
    Refused {
        /// The device.
        path: PathBuf,
        /// Why.
        refusal: super::Refusal,
    },
}
