//! Pads that the kernel itself believes in, made with uinput: found, judged, grabbed, read and lost as real ones are.
//! They need Linux with `/dev/uinput`, as `scripts/check-evdev` has it in a virtual machine.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use evdevil::event::{Abs, AbsEvent, InputEvent, Key};
use evdevil::uinput::{AbsSetup, UinputDevice};
use evdevil::{AbsInfo, Bus, InputId, InputProp};
use openweigh_capture::evdev::{Evdev, EvdevError, Folders, Found, Refusal, devices, open};
use openweigh_capture::{Frame, Moment, PadOptions, Source};
use openweigh_exact::Decimal;
use openweigh_formats::events::Kind;
use openweigh_formats::session::PressureUnit;
use openweigh_formats::touches::{Quantity, Row, TouchReader};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const PRESSURE: (Abs, i32, i32, i32) = (Abs::MT_PRESSURE, 0, 6000, 1);

/// The axes of a pad but its pressure: code, least, greatest, units per millimetre.
const AXES: [(Abs, i32, i32, i32); 4] = [
    (Abs::MT_SLOT, 0, 15, 0),
    (Abs::MT_TRACKING_ID, 0, 65535, 0),
    (Abs::MT_POSITION_X, -3678, 3934, 47),
    (Abs::MT_POSITION_Y, -2478, 2587, 44),
];

fn make(name: &str, id: InputId, pressure: Option<(Abs, i32, i32, i32)>) -> UinputDevice {
    let axes = AXES.into_iter().chain(pressure).map(|(axis, least, greatest, resolution)| {
        AbsSetup::new(axis, AbsInfo::new(least, greatest).with_resolution(resolution))
    });
    let builder = UinputDevice::builder().expect("a Linux with /dev/uinput: scripts/check-evdev");
    let builder = builder.with_input_id(id).unwrap().with_props([InputProp::POINTER]).unwrap();
    builder.with_keys([Key::BTN_TOUCH]).unwrap().with_abs_axes(axes).unwrap().build(name).unwrap()
}

/// A pad that declares a unit a gram.
fn grams(name: &str) -> UinputDevice {
    make(name, InputId::new(Bus::HOST, 0x05ac, 0x0351, 1), Some(PRESSURE))
}

/// What is found of it, as soon as there is a file to open.
fn found(name: &str) -> Found {
    for _ in 0..1000 {
        let all = devices(&Folders::default(), "salt", false, &open).unwrap();
        let opened = |found: &Found| !matches!(found.pad, Err(EvdevError::System { .. }));
        if let Some(found) = all.into_iter().find(|one| one.name.as_deref() == Some(name) && opened(one)) {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{name} did not appear");
}

/// A frame of changes: slot, axis, value.
fn tell(device: &UinputDevice, changes: &[(i32, Abs, i32)]) {
    let event = |axis, value| InputEvent::from(AbsEvent::new(axis, value));
    let events: Vec<InputEvent> = (changes.iter())
        .flat_map(|(slot, axis, value)| [event(Abs::MT_SLOT, *slot), event(*axis, *value)])
        .collect();
    device.write_events(&events).unwrap();
}

fn touch(slot: i32, track: i32, pressure: i32) -> [(i32, Abs, i32); 4] {
    [
        (slot, Abs::MT_TRACKING_ID, track),
        (slot, Abs::MT_POSITION_X, 100 + slot),
        (slot, Abs::MT_POSITION_Y, 200),
        (slot, Abs::MT_PRESSURE, pressure),
    ]
}

fn read(path: PathBuf) -> Evdev {
    Evdev::open(&path, &PadOptions::default(), true, &open).unwrap()
}

/// The pressures of the next frame.
fn next(source: &mut Evdev, frame: &mut Frame) -> Vec<f32> {
    match source.next(frame, Duration::from_secs(5)) {
        Moment::Frame => frame.touches.iter().map(|touch| touch.pressure.unwrap()).collect(),
        Moment::Event(kind, detail) => panic!("{kind:?}: {detail}"),
        Moment::Silence | Moment::End => panic!("expected a frame"),
    }
}

#[test]
#[ignore = "needs /dev/uinput: scripts/check-evdev"]
fn what_the_kernel_is_told_is_read() {
    let device = grams("a pad in grams");
    // On the pad before anybody looks.
    tell(&device, &touch(3, 700, 11));
    let found = found("a pad in grams");
    let pad = found.pad.unwrap();
    assert_eq!((pad.source.unit, pad.slots), (PressureUnit::Grams, 16));
    let mut source = read(found.path);
    let mut frame = Frame::default();
    let mut last = 0.0;
    for step in 0..200i16 {
        let force = f32::from(20 + step);
        let mut changes = vec![(3, Abs::MT_PRESSURE, 20 + i32::from(step))];
        match step {
            50 => changes.extend(touch(0, 701, 9)),
            // It stays what it is though nothing tells it again.
            51..150 => {}
            150 => changes.push((0, Abs::MT_TRACKING_ID, -1)),
            _ => {}
        }
        tell(&device, &changes);
        let pressures = next(&mut source, &mut frame);
        let held: &[f32] = match step {
            50..150 => &[9.0, force],
            _ => &[force],
        };
        // A touch that has just ended is in the frame that ends it.
        let own: Vec<f32> = if step == 150 { pressures[pressures.len() - 1..].to_vec() } else { pressures };
        assert_eq!(own, held, "step {step}");
        assert!(frame.device_s >= last, "the kernel's clock goes on");
        last = frame.device_s;
    }
}

#[test]
#[ignore = "needs /dev/uinput: scripts/check-evdev"]
fn what_overflows_is_told_and_caught_up_with() {
    let device = grams("a pad in a hurry");
    let mut source = read(found("a pad in a hurry").path);
    tell(&device, &touch(0, 1, 2));
    for pressure in 3..=5000 {
        tell(&device, &[(0, Abs::MT_PRESSURE, pressure)]);
    }
    let (mut frame, mut lost) = (Frame::default(), 0);
    loop {
        match source.next(&mut frame, Duration::from_millis(200)) {
            Moment::Frame => {}
            Moment::Event(kind, detail) => {
                assert_eq!(kind, Kind::Gap, "{detail}");
                lost += 1;
            }
            Moment::Silence => break,
            Moment::End => panic!("the pad is there"),
        }
    }
    assert!(lost >= 1, "5000 frames fit no queue of the kernel");
    tell(&device, &[(0, Abs::MT_POSITION_X, 5)]);
    assert_eq!(next(&mut source, &mut frame), [5000.0], "the last pressure, of which no event told");
}

#[test]
#[ignore = "needs /dev/uinput: scripts/check-evdev"]
fn one_that_is_unplugged_ends() {
    let device = grams("a pad that goes");
    let mut source = read(found("a pad that goes").path);
    tell(&device, &touch(0, 1, 2));
    let mut frame = Frame::default();
    assert_eq!(next(&mut source, &mut frame), [2.0]);
    drop(device);
    match source.next(&mut frame, Duration::from_secs(5)) {
        Moment::Event(Kind::DeviceLost, _) => {}
        _ => panic!("expected the loss"),
    }
    assert!(matches!(source.next(&mut frame, Duration::ZERO), Moment::End));
    assert!(source.ended().is_some());
}

#[test]
#[ignore = "needs /dev/uinput: scripts/check-evdev"]
fn one_that_another_has_grabbed_is_said_to_be() {
    let _device = grams("a pad of another");
    let path = found("a pad of another").path;
    let held = read(path.clone());
    let refused = Evdev::open(&path, &PadOptions::default(), true, &open).err().unwrap();
    assert!(matches!(&refused, EvdevError::System { what: "grab", .. }), "{refused}");
    drop(held);
    assert!(Evdev::open(&path, &PadOptions::default(), true, &open).is_ok(), "given back");
}

#[test]
#[ignore = "needs /dev/uinput: scripts/check-evdev"]
fn they_are_judged_by_what_the_kernel_says() {
    let apple = |product| InputId::new(Bus::BLUETOOTH, 0x004c, product, 1);
    let _magic = make("a magic trackpad", apple(0x0265), Some((Abs::MT_PRESSURE, 0, 253, 0)));
    let _plain = make("a pad without force", InputId::new(Bus::USB, 0x06cb, 1, 1), None);
    let pointer = Some((Abs::PRESSURE, 0, 255, 0));
    let _size = make("a pad of bcm5974", InputId::new(Bus::USB, 0x05ac, 0x0262, 1), pointer);
    assert_eq!(found("a magic trackpad").pad.unwrap().source.unit, PressureUnit::Counts);
    let refusal = |name| match found(name).pad {
        Err(EvdevError::Refused { refusal, .. }) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!(refusal("a pad without force"), Refusal::NoForce);
    assert_eq!(refusal("a pad of bcm5974"), Refusal::SizeAsPressure);
}

/// The commands, as a user runs them.
#[test]
#[ignore = "needs /dev/uinput: scripts/check-evdev"]
fn the_program_records_one() {
    let device = grams("a pad to record");
    let path = found("a pad to record").path;
    let folder = scene::folder();
    let run = |words: &[&str]| {
        let ran = Command::new("openweigh").arg("-C").arg(folder.path()).args(words).output().unwrap();
        let said = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        assert!(ran.status.success(), "{words:?}: {said}");
        said
    };
    run(&["init"]);
    assert!(run(&["devices"]).contains("a pad to record"));
    let told = std::thread::scope(|scope| {
        let recorded = scope.spawn(|| {
            run(&[
                "record",
                "--name",
                "kernel",
                "--device",
                path.to_str().unwrap(),
                "--grab",
                "--frames",
                "300",
            ])
        });
        let mut step = 0;
        tell(&device, &touch(0, 1, 2));
        while !recorded.is_finished() {
            step += 1;
            tell(&device, &[(0, Abs::MT_PRESSURE, 2 + step)]);
            std::thread::sleep(Duration::from_millis(5));
        }
        recorded.join().unwrap()
    });
    assert!(told.contains("300"), "{told}");
    let session = folder.path().join("datasets/kernel/sessions/s01");
    let (mut reader, mut forces) = (TouchReader::new(&[Quantity::Pressure]), Vec::new());
    let text = std::fs::read(session.join("touches.csv")).unwrap();
    reader.feed(&text, &mut |row: &Row| forces.push(row.value(Quantity::Pressure).value().unwrap())).unwrap();
    assert_eq!(reader.finish().unwrap(), 300);
    assert_eq!(forces.len(), 300);
    // A gram more in every frame: none is missing.
    for pair in forces.windows(2) {
        assert_eq!(pair[1], pair[0].plus(&Decimal::from(1)));
    }
}
