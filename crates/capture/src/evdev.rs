//! Linux input devices: what an event device says of itself, what its events mean, and a live source.
//!
//! Judging a device, following its slots and looking for devices need no Linux: recordings made there are read
//! everywhere, and a [`Device`] may be one that a test makes up. Only asking the kernel is compiled for Linux alone.
//!
//! Facts from the kernel's documentation (`event-codes`, `multi-touch-protocol`): with protocol B only what
//! changes is sent, for the slot selected last; a frame ends with `SYN_REPORT`; after `SYN_DROPPED` everything
//! up to the next `SYN_REPORT` is worthless; on devices that measure force the resolution of
//! `ABS_MT_PRESSURE` is units per gram, and a resolution of 0 means the size of the contact, or nothing known.

mod device;
mod find;
#[cfg(target_os = "linux")]
mod kernel;
mod live;
mod pad;
mod slots;

pub use device::{Device, EvdevError, Event, Open};
pub use find::{Folders, Found, devices};
#[cfg(target_os = "linux")]
pub use kernel::open;
pub use live::Evdev;
pub use pad::{Axis, Description, Pad, Refusal};
pub(crate) use pad::{MAGIC_TRACKPAD_CEILING, line_of, transport, whole};
pub(crate) use slots::ratio;
pub use slots::{SlotFault, Slots, Step};

/// Other systems have no event devices.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn open(_: &std::path::Path) -> std::io::Result<Box<dyn Device>> {
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, "event devices are of Linux"))
}

/// Event types and codes (`linux/input-event-codes.h`), as far as they matter here.
pub mod codes {
    /// Frames.
    pub const EV_SYN: u16 = 0;
    /// Absolute axes.
    pub const EV_ABS: u16 = 3;
    /// The frame is complete.
    pub const SYN_REPORT: u16 = 0;
    /// Events were lost.
    pub const SYN_DROPPED: u16 = 3;
    /// Force or size of a single contact.
    pub const ABS_PRESSURE: u16 = 0x18;
    /// Which slot the next events are of.
    pub const ABS_MT_SLOT: u16 = 0x2f;
    /// Longer axis of the contact.
    pub const ABS_MT_TOUCH_MAJOR: u16 = 0x30;
    /// Shorter axis of the contact.
    pub const ABS_MT_TOUCH_MINOR: u16 = 0x31;
    /// Position along the width.
    pub const ABS_MT_POSITION_X: u16 = 0x35;
    /// Position along the height, from the top.
    pub const ABS_MT_POSITION_Y: u16 = 0x36;
    /// Track of the contact; negative ends it.
    pub const ABS_MT_TRACKING_ID: u16 = 0x39;
    /// Force of the contact.
    pub const ABS_MT_PRESSURE: u16 = 0x3a;
    /// Distance of a contact that hovers.
    pub const ABS_MT_DISTANCE: u16 = 0x3b;
}
