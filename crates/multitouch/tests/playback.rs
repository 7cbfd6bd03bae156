//! Recordings of real pads, bit for bit through the ABI. The folder is named by `OPENWEIGH_RECORDINGS`.

#![allow(clippy::cast_precision_loss, reason = "arrivals are less than a hundred days")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]
#![allow(clippy::disallowed_methods, reason = "the folder of the recordings is named by the environment")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod pad;

use openweigh_multitouch::{Frame, Options};
use openweigh_simulator::playback::HEADER;
use pad::{drain, pad};
use std::path::{Path, PathBuf};

fn recordings() -> Vec<PathBuf> {
    let Some(folder) = std::env::var_os("OPENWEIGH_RECORDINGS") else {
        eprintln!("skipped: OPENWEIGH_RECORDINGS names no folder");
        return Vec::new();
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    files.sort();
    assert!(!files.is_empty(), "no recording in the folder");
    files
}

/// Plays a file and compares each value with its text, per device.
fn compare(path: &Path) -> usize {
    let scenario = format!("pace = \"unthrottled\"\n[[pad]]\nplayback = \"{}\"\n", path.display());
    let pad = pad(&scenario);
    let devices = pad.library.devices().unwrap();
    let options = Options { capacity: 1 << 16 };
    let mut streams: Vec<_> = devices.iter().map(|device| device.start(options).unwrap()).collect();
    let text = std::fs::read_to_string(path).unwrap();
    let mut compared = 0;
    for stream in &mut streams {
        let frames = drain(stream);
        let id = format!("{:#018x}", stream.device().id());
        let mut rows = text.lines().skip(1).filter(|row| row.split(',').nth(3) == Some(&id));
        for frame in &frames {
            compared += frame_is(frame, &mut rows);
        }
        assert_eq!(rows.next(), None, "all rows of {id} are played");
    }
    drop(streams);
    drop(devices);
    pad.assert_faultless();
    compared
}

/// The frame has the values of the next rows; how many rows.
fn frame_is<'a>(frame: &Frame, rows: &mut impl Iterator<Item = &'a str>) -> usize {
    assert!(frame.dropped_before.is_nothing());
    let mut count = 0;
    for number in 0..frame.touches.len().max(1) {
        let row: Vec<&str> = rows.next().unwrap().split(',').collect();
        count += 1;
        assert_eq!(row[0], frame.device_frame.to_string());
        let arrival_ns: u64 = row[1].parse().unwrap();
        assert_eq!(frame.arrival_s.unwrap().to_bits(), (arrival_ns as f64 / 1e9).to_bits());
        assert_eq!(frame.device_s.to_bits(), row[4].parse::<f64>().unwrap().to_bits());
        assert_eq!(row[5], frame.touches.len().to_string());
        let Some(touch) = frame.touches.get(number) else {
            assert!(row[6..].iter().all(|field| field.is_empty()));
            continue;
        };
        assert_eq!(touch.frame, frame.device_frame);
        assert_eq!(touch.timestamp.to_bits(), frame.device_s.to_bits());
        assert_eq!(row[6], number.to_string());
        assert_eq!(row[7], touch.path.to_string());
        assert_eq!(row[8], touch.state.to_string());
        let floats = [
            touch.x,
            touch.y,
            touch.total,
            touch.pressure,
            touch.major,
            touch.minor,
            touch.angle,
            touch.density,
        ];
        for (text, value) in row[9..].iter().zip(floats) {
            assert_eq!(text.parse::<f32>().unwrap().to_bits(), value.to_bits(), "{text}");
        }
    }
    count
}

#[test]
fn real_recordings_pass_bit_for_bit() {
    for path in recordings() {
        let rows = std::fs::read_to_string(&path).unwrap().lines().count() - 1;
        assert_eq!(compare(&path), rows, "{}", path.display());
    }
}

/// Two devices that interleave, arrivals that step back, a frame without contacts, values with many digits.
fn handmade() -> String {
    let rows = [
        "7,1000,0,0x0400000000000001,10.5,2,0,3,4,0.1,0.2,0.3,14,5.11,4.22,1.57079637,0.98",
        "7,1000,0,0x0400000000000001,10.5,2,1,5,4,0.59888339,0.472063184,0.3984375,254,1e-40,3.4e38,-0,1",
        "8,900,1,0x0400000000000002,99.123,1,0,1,3,1,0,0.5,6,5,4,0.392699093,0.25",
        "9,2000,0,0x0400000000000001,10.511,0,,,,,,,,,,,",
        "2147483647,3000,1,0x0400000000000002,99.134,0,,,,,,,,,,,",
    ];
    rows.iter().fold(format!("{HEADER}\n"), |text, row| text + row + "\n")
}

#[test]
fn a_handmade_recording_passes_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handmade.csv");
    std::fs::write(&path, handmade()).unwrap();
    assert_eq!(compare(&path), 5);
}

#[test]
fn one_device_of_a_recording_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("handmade.csv");
    std::fs::write(&path, handmade()).unwrap();
    let scenario =
        format!("pace = \"unthrottled\"\n[[pad]]\nplayback = \"{}\"\ndevice_index = 1\n", path.display());
    let pad = pad(&scenario);
    let mut stream = pad.start(100);
    assert_eq!(stream.device().id(), 0x0400_0000_0000_0002);
    let numbers: Vec<i32> = drain(&mut stream).iter().map(|frame| frame.device_frame).collect();
    assert_eq!(numbers, [8, i32::MAX]);
}
