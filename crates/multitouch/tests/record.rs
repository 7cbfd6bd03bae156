//! The touch record, byte by byte.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_multitouch::Touch;
use openweigh_multitouch::abi::TOUCH_BYTES;
use proptest::prelude::*;

/// Offset, and a value that no other field has, as bytes.
fn handmade() -> [u8; TOUCH_BYTES] {
    let mut record = [0xEE; TOUCH_BYTES];
    let mut put = |at: usize, bytes: &[u8]| record[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &[0x01, 0x02, 0x03, 0x04]);
    // 2227.465, as a recording has it.
    put(8, &2227.465_f64.to_bits().to_le_bytes());
    for (number, at) in (16..32).step_by(4).enumerate() {
        put(at, &(10 + i32::try_from(number).unwrap()).to_le_bytes());
    }
    for (number, at) in (32..84).step_by(4).enumerate() {
        put(at, &(0.5 + f32::from(u8::try_from(number).unwrap())).to_le_bytes());
    }
    put(84, &(-1_i32).to_le_bytes());
    put(88, &(-2_i32).to_le_bytes());
    put(92, &1.25_f32.to_le_bytes());
    record
}

#[test]
fn each_field_is_where_it_should_be() {
    let expected = Touch {
        frame: 0x0403_0201,
        padding: i32::from_le_bytes([0xEE; 4]),
        timestamp: 2227.465,
        path: 10,
        state: 11,
        finger: 12,
        hand: 13,
        x: 0.5,
        y: 1.5,
        vx: 2.5,
        vy: 3.5,
        total: 4.5,
        pressure: 5.5,
        angle: 6.5,
        major: 7.5,
        minor: 8.5,
        x_mm: 9.5,
        y_mm: 10.5,
        vx_mm: 11.5,
        vy_mm: 12.5,
        field14: -1,
        field15: -2,
        density: 1.25,
    };
    assert_eq!(Touch::decode(&handmade()), expected);
}

proptest! {
    #[test]
    fn no_bit_is_lost(bytes in proptest::collection::vec(any::<u8>(), TOUCH_BYTES)) {
        let record: [u8; TOUCH_BYTES] = bytes.try_into().unwrap();
        prop_assert_eq!(Touch::decode(&record).encode(), record);
    }
}
