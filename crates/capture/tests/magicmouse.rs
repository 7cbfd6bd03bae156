//! A Magic Trackpad 2 as Linux has it: reports as the pad sends them over Bluetooth, given to the kernel through uhid,
//! and what its driver hid-magicmouse makes of them, read through the event device. It needs Linux with `/dev/uhid`
//! and that driver, as `scripts/check-evdev` has them in a virtual machine.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_capture::evdev::{Evdev, Folders, devices, open};
use openweigh_capture::{Frame, Moment, PadOptions, Source};
use openweigh_formats::session::PressureUnit;
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;

/// Requests and answers of uhid (`linux/uhid.h`).
const DESTROY: u32 = 1;
const SET_REPORT: u32 = 13;
const SET_REPORT_REPLY: u32 = 14;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;

/// A mouse of two buttons, as far as the kernel is told: the driver makes a pad of it.
const DESCRIPTOR: [u8; 36] = [
    0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x85, 0x02, 0x05, 0x09, 0x19, 0x01, 0x29,
    0x02, 0x15, 0x00, 0x25, 0x01, 0x95, 0x02, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x06, 0x81, 0x03,
    0xc0, 0xc0,
];

/// A pad that the kernel was told of. Dropped, it is gone.
struct Pad(File);

impl Pad {
    fn create(name: &str) -> Self {
        let mut request = vec![0; 4 + 128 + 64 + 64];
        request[..4].copy_from_slice(&CREATE2.to_ne_bytes());
        request[4..4 + name.len()].copy_from_slice(name.as_bytes());
        request[4 + 128 + 64..][..5].copy_from_slice(b"ab:cd");
        let (bluetooth, length) = (5u16, u16::try_from(DESCRIPTOR.len()).unwrap());
        request.extend(length.to_ne_bytes());
        request.extend(bluetooth.to_ne_bytes());
        for number in [0x004cu32, 0x0265, 1, 0] {
            request.extend(number.to_ne_bytes());
        }
        request.extend(DESCRIPTOR);
        let options = || File::options().read(true).write(true).open("/dev/uhid");
        let file = options().expect("a Linux with /dev/uhid: scripts/check-evdev");
        (&file).write_all(&request).unwrap();
        let answering = file.try_clone().unwrap();
        std::thread::spawn(move || answer(&answering));
        Self(file)
    }

    /// A report of touches: slot, width, height, pressure.
    fn report(&self, touches: &[(u8, u16, u16, u8)]) {
        let mut report = vec![0x31, 0, 0, 0];
        for (slot, x, y, pressure) in touches {
            let low = |value: u16| value.to_le_bytes()[0];
            let size = 20;
            report.extend([
                low(*x),
                low(x >> 8 & 0x1f) | low((y & 7) << 5),
                low(y >> 3),
                0x80 | low(y >> 11 & 3),
                15,
                12,
                size,
                *pressure,
                4 << 5 | slot,
            ]);
        }
        let mut request = INPUT2.to_ne_bytes().to_vec();
        request.extend(u16::try_from(report.len()).unwrap().to_ne_bytes());
        request.extend(report);
        (&self.0).write_all(&request).unwrap();
    }
}

impl Drop for Pad {
    fn drop(&mut self) {
        (&self.0).write_all(&DESTROY.to_ne_bytes()).unwrap();
    }
}

/// Agrees to whatever the driver switches on, until the pad is gone.
fn answer(mut file: &File) {
    let mut request = [0; 4380];
    while let Ok(4..) = file.read(&mut request) {
        if request[..4] == SET_REPORT.to_ne_bytes() {
            let mut reply = SET_REPORT_REPLY.to_ne_bytes().to_vec();
            reply.extend(&request[4..8]);
            reply.extend(0u16.to_ne_bytes());
            file.write_all(&reply).unwrap();
        }
    }
}

fn read(name: &str) -> Evdev {
    for _ in 0..1000 {
        let all = devices(&Folders::default(), "salt", false, &open).unwrap();
        let own = all.into_iter().find(|one| one.name.as_deref() == Some(name) && one.pad.is_ok());
        if let Some(found) = own {
            assert!(found.device.is_some(), "it has an address");
            return Evdev::open(&found.path, &PadOptions::default(), true, &open).unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{name} did not appear");
}

#[test]
#[ignore = "needs /dev/uhid: scripts/check-evdev"]
fn the_force_that_a_magic_trackpad_reports_is_read() {
    let pad = Pad::create("a pad of this test");
    // The driver names it.
    let mut source = read("Apple Inc. Magic Trackpad 2");
    let told = source.info().source.clone();
    assert_eq!((told.driver.as_str(), told.model.as_str()), ("hid-magicmouse", "Magic Trackpad 2"));
    assert_eq!((told.unit, told.ceiling.unwrap().to_string()), (PressureUnit::Counts, "253".to_owned()));
    let mut frame = Frame::default();
    for pressure in (0..=252u8).step_by(2) {
        // A finger that stays, and a load that grows.
        pad.report(&[(1, 100 + u16::from(pressure), 50, 30), (2, 500, 300, pressure)]);
        match source.next(&mut frame, Duration::from_secs(5)) {
            Moment::Frame => {}
            Moment::Event(kind, detail) => panic!("{kind:?}: {detail}"),
            Moment::Silence | Moment::End => panic!("expected a frame"),
        }
        let found: Vec<f32> = frame.touches.iter().map(|touch| touch.pressure.unwrap()).collect();
        assert_eq!(found, [30.0, f32::from(pressure)]);
    }
}
