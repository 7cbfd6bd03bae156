//! Clicks switched off while weighing, and back on whatever happens.

use crate::device::Device;
use std::sync::{Mutex, PoisonError};

/// Why clicks cannot be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClickError {
    /// This library cannot do it.
    #[error("the library has no function MTDeviceSetSystemForceResponseEnabled")]
    Unsupported,
}

/// While it lives, pressing hard clicks nothing.
///
/// The setting outlives the process until the pad is plugged in again, so it is put back on every way out:
/// when the guard is dropped, also by a panic, and by [`restore`](Self::restore) from a thread that waits
/// for signals.
pub struct ClickGuard {
    device: Device,
    /// Whether clicks are still to be put back. Held while that is done, so that a second caller who
    /// returns may leave the process.
    off: Mutex<bool>,
}

impl ClickGuard {
    pub(crate) fn new(device: Device) -> Result<ClickGuard, ClickError> {
        let guard = ClickGuard { device, off: Mutex::new(true) };
        guard.set(false)?;
        Ok(guard)
    }

    /// Whether pressing hard clicks now, as the pad says; `None` where it does not tell.
    pub fn clicks(&self) -> Option<bool> {
        let fresh = self.device.library().device(self.device.id()).ok().flatten();
        fresh.as_ref().unwrap_or(&self.device).clicks()
    }

    /// Puts clicks back. Does nothing the second time; may be called from any thread.
    ///
    /// Clicks are switched on even if they were off before: that is how a crashed program leaves them, and
    /// nobody wants to keep it.
    pub fn restore(&self) {
        let mut off = self.off.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut off, false) {
            // The function was there when the guard was made.
            let _ = self.set(true);
        }
    }

    /// Switches clicks off once more, for a pad that was away and forgot. Does nothing once they are
    /// restored.
    pub fn renew(&self) {
        let off = self.off.lock().unwrap_or_else(PoisonError::into_inner);
        if *off {
            // As above.
            let _ = self.set(false);
        }
    }

    /// The setting belongs to the device, so it goes through a fresh handle where there is one: the one
    /// that was given may be from before a sleep.
    fn set(&self, clicks: bool) -> Result<(), ClickError> {
        let set = self.device.symbols().set_force_response.ok_or(ClickError::Unsupported)?;
        let fresh = self.device.library().device(self.device.id()).ok().flatten();
        let device = fresh.as_ref().unwrap_or(&self.device);
        // SAFETY: a living device.
        unsafe { set(device.raw(), u8::from(clicks)) };
        Ok(())
    }
}

impl Drop for ClickGuard {
    fn drop(&mut self) {
        self.restore();
    }
}
