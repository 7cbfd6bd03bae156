//! The framework's binary interface, as public reverse engineering agrees on it: 64-bit, little-endian.

use std::ffi::c_void;
use std::mem::{offset_of, size_of};

/// A device of the framework. A Core Foundation object, so it is retained and released.
pub type DeviceRef = *mut c_void;

/// A list of devices: a Core Foundation array.
pub type ArrayRef = *const c_void;

/// What the framework calls for each frame: device, touches, how many, device time in seconds, frame
/// number. Headers disagree on the result; it is read on new systems, where anything but 0 takes the frame
/// away from the desktop.
pub type ContactCallback = unsafe extern "C" fn(DeviceRef, *const c_void, i32, f64, i32) -> i32;

/// The same with the pointer given when it was registered.
pub type ContactCallbackWithRefcon =
    unsafe extern "C" fn(DeviceRef, *const c_void, i32, f64, i32, *mut c_void) -> i32;

/// The length of one touch record.
pub const TOUCH_BYTES: usize = 96;

/// The most touches that a frame can have and be believed. Pads track 16; the array of a frame that says
/// more than this is not read.
pub const MOST_TOUCHES: usize = 64;

/// One contact in one frame, with the very bits that the framework gave.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub struct Touch {
    /// The number of the frame, as the record has it.
    pub frame: i32,
    /// Bytes 4 to 7, which nobody has explained.
    pub padding: i32,
    /// Seconds of the device's clock.
    pub timestamp: f64,
    /// Number of the track; used again after a lift.
    pub path: i32,
    /// 0 not tracking, 1 start in range, 2 hover, 3 make touch, 4 touching, 5 break touch, 6 linger, 7 out
    /// of range.
    pub state: i32,
    /// The framework's guess of the finger.
    pub finger: i32,
    /// The framework's guess of the hand.
    pub hand: i32,
    /// 0 to 1 from the left edge.
    pub x: f32,
    /// 0 to 1 from the bottom edge.
    pub y: f32,
    /// Speed of `x`.
    pub vx: f32,
    /// Speed of `y`.
    pub vy: f32,
    /// Total capacitance, about 0 to 1.2.
    pub total: f32,
    /// Force in counts of the device; 0 where there is no force sensor. Not a mass.
    pub pressure: f32,
    /// Radians.
    pub angle: f32,
    /// Longer axis of the ellipse, probably in mm.
    pub major: f32,
    /// Shorter axis of the ellipse, probably in mm.
    pub minor: f32,
    /// Millimetres.
    pub x_mm: f32,
    /// Millimetres.
    pub y_mm: f32,
    /// Millimetres a second.
    pub vx_mm: f32,
    /// Millimetres a second.
    pub vy_mm: f32,
    /// Meaning unknown; 0 as a rule.
    pub field14: i32,
    /// Meaning unknown; 0 as a rule.
    pub field15: i32,
    /// Capacitance by area.
    pub density: f32,
}

// The layout is the contract. A field that moves must not compile.
const _: () = {
    assert!(size_of::<Touch>() == TOUCH_BYTES);
    assert!(offset_of!(Touch, frame) == 0);
    assert!(offset_of!(Touch, padding) == 4);
    assert!(offset_of!(Touch, timestamp) == 8);
    assert!(offset_of!(Touch, path) == 16);
    assert!(offset_of!(Touch, state) == 20);
    assert!(offset_of!(Touch, finger) == 24);
    assert!(offset_of!(Touch, hand) == 28);
    assert!(offset_of!(Touch, x) == 32);
    assert!(offset_of!(Touch, y) == 36);
    assert!(offset_of!(Touch, vx) == 40);
    assert!(offset_of!(Touch, vy) == 44);
    assert!(offset_of!(Touch, total) == 48);
    assert!(offset_of!(Touch, pressure) == 52);
    assert!(offset_of!(Touch, angle) == 56);
    assert!(offset_of!(Touch, major) == 60);
    assert!(offset_of!(Touch, minor) == 64);
    assert!(offset_of!(Touch, x_mm) == 68);
    assert!(offset_of!(Touch, y_mm) == 72);
    assert!(offset_of!(Touch, vx_mm) == 76);
    assert!(offset_of!(Touch, vy_mm) == 80);
    assert!(offset_of!(Touch, field14) == 84);
    assert!(offset_of!(Touch, field15) == 88);
    assert!(offset_of!(Touch, density) == 92);
};

/// The four bytes of a field.
fn four(record: &[u8; TOUCH_BYTES], at: usize) -> [u8; 4] {
    [record[at], record[at + 1], record[at + 2], record[at + 3]]
}

impl Touch {
    /// The touch that a record's bytes denote.
    pub fn decode(record: &[u8; TOUCH_BYTES]) -> Touch {
        let int = |at| i32::from_le_bytes(four(record, at));
        let float = |at| f32::from_le_bytes(four(record, at));
        let [a, b, c, d] = four(record, 8);
        let [e, f, g, h] = four(record, 12);
        Touch {
            frame: int(0),
            padding: int(4),
            timestamp: f64::from_le_bytes([a, b, c, d, e, f, g, h]),
            path: int(16),
            state: int(20),
            finger: int(24),
            hand: int(28),
            x: float(32),
            y: float(36),
            vx: float(40),
            vy: float(44),
            total: float(48),
            pressure: float(52),
            angle: float(56),
            major: float(60),
            minor: float(64),
            x_mm: float(68),
            y_mm: float(72),
            vx_mm: float(76),
            vy_mm: float(80),
            field14: int(84),
            field15: int(88),
            density: float(92),
        }
    }

    /// The record that [`decode`](Self::decode) reads back.
    pub fn encode(&self) -> [u8; TOUCH_BYTES] {
        let mut record = [0; TOUCH_BYTES];
        let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.frame.to_le_bytes());
        put(4, &self.padding.to_le_bytes());
        put(8, &self.timestamp.to_le_bytes());
        for (at, int) in [self.path, self.state, self.finger, self.hand].into_iter().enumerate() {
            put(16 + 4 * at, &int.to_le_bytes());
        }
        let floats = [
            self.x,
            self.y,
            self.vx,
            self.vy,
            self.total,
            self.pressure,
            self.angle,
            self.major,
            self.minor,
            self.x_mm,
            self.y_mm,
            self.vx_mm,
            self.vy_mm,
        ];
        for (at, float) in floats.into_iter().enumerate() {
            put(32 + 4 * at, &float.to_le_bytes());
        }
        put(84, &self.field14.to_le_bytes());
        put(88, &self.field15.to_le_bytes());
        put(92, &self.density.to_le_bytes());
        record
    }
}
