//! The framework's binary interface, written down a second time: if this and the reader's copy disagree, the
//! tests between them fail.

use std::ffi::c_void;
use std::mem::{offset_of, size_of};

/// A device or an array: a number made to look like a pointer.
pub type Reference = *mut c_void;

/// The callback that is told only the device.
pub type Plain = unsafe extern "C" fn(Reference, *const Record, i32, f64, i32) -> i32;

/// The callback that also gets back what it was registered with.
pub type WithRefcon = unsafe extern "C" fn(Reference, *const Record, i32, f64, i32, *mut c_void) -> i32;

/// All is well.
pub const SUCCESS: i32 = 0;
/// `kIOReturnBadArgument`
pub const BAD_ARGUMENT: i32 = 0xE000_02C2_u32.cast_signed();
/// `kIOReturnNoDevice`
pub const NO_DEVICE: i32 = 0xE000_02C0_u32.cast_signed();
/// `kIOReturnExclusiveAccess`
pub const EXCLUSIVE_ACCESS: i32 = 0xE000_02C5_u32.cast_signed();
/// `kIOReturnNotPermitted`
pub const NOT_PERMITTED: i32 = 0xE000_02E2_u32.cast_signed();
/// `kIOReturnNotOpen`
pub const NOT_OPEN: i32 = 0xE000_02CD_u32.cast_signed();

/// A touch as it is handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
#[allow(missing_docs, reason = "the names are those that the framework's readers agree on")]
pub struct Record {
    pub frame: i32,
    pub padding: u32,
    pub timestamp: f64,
    pub path: i32,
    pub state: i32,
    pub finger: i32,
    pub hand: i32,
    pub position: [f32; 2],
    pub velocity: [f32; 2],
    pub total: f32,
    pub pressure: f32,
    pub angle: f32,
    pub axes: [f32; 2],
    pub position_mm: [f32; 2],
    pub velocity_mm: [f32; 2],
    pub unknown: [i32; 2],
    pub density: f32,
}

const _: () = {
    assert!(size_of::<Record>() == 96);
    assert!(offset_of!(Record, timestamp) == 8);
    assert!(offset_of!(Record, path) == 16);
    assert!(offset_of!(Record, hand) == 28);
    assert!(offset_of!(Record, position) == 32);
    assert!(offset_of!(Record, velocity) == 40);
    assert!(offset_of!(Record, total) == 48);
    assert!(offset_of!(Record, pressure) == 52);
    assert!(offset_of!(Record, angle) == 56);
    assert!(offset_of!(Record, axes) == 60);
    assert!(offset_of!(Record, position_mm) == 68);
    assert!(offset_of!(Record, velocity_mm) == 76);
    assert!(offset_of!(Record, unknown) == 84);
    assert!(offset_of!(Record, density) == 92);
};

/// What a contact does in a frame.
pub mod state {
    /// It has just come down.
    pub const MAKE: i32 = 3;
    /// It lies there.
    pub const TOUCHING: i32 = 4;
    /// It is leaving.
    pub const BREAK: i32 = 5;
    /// It has left.
    pub const OUT_OF_RANGE: i32 = 7;
}
