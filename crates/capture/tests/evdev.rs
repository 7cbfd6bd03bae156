//! Event devices that the test makes up: looked for, judged, and recorded as the kernel's would be.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_capture::evdev::codes::{
    ABS_MT_POSITION_X, ABS_MT_POSITION_Y, ABS_MT_PRESSURE, ABS_MT_SLOT, ABS_MT_TRACKING_ID, ABS_PRESSURE,
    EV_ABS, EV_SYN, SYN_DROPPED, SYN_REPORT,
};
use openweigh_capture::evdev::{
    Axis, Description, Device, Evdev, EvdevError, Event, Folders, Refusal, devices,
};
use openweigh_capture::{End, Journal, Limits, News, Operator, PadOptions, Recorder, Wish, run};
use openweigh_formats::events::Kind;
use openweigh_formats::session::PressureUnit;
use scene::{order, read};
use std::collections::VecDeque;
use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// A device that gives what it was given, block by block, and then is gone.
#[derive(Default)]
struct Made {
    description: Description,
    unique: Option<&'static str>,
    held: Vec<(usize, u16, i32)>,
    blocks: VecDeque<Vec<Event>>,
    no_grab: bool,
}

impl Device for Made {
    fn description(&self) -> std::io::Result<Description> {
        Ok(self.description.clone())
    }

    fn unique_id(&self) -> Option<String> {
        self.unique.map(str::to_owned)
    }

    fn prepare(&mut self, grab: bool) -> Result<(), (&'static str, Error)> {
        if grab && self.no_grab { Err(("grab", ErrorKind::ResourceBusy.into())) } else { Ok(()) }
    }

    fn contacts(
        &self,
        slots: usize,
        tell: &mut dyn FnMut(usize, u16, i32) -> std::io::Result<()>,
    ) -> std::io::Result<usize> {
        assert_eq!(slots, 16);
        self.held.iter().try_for_each(|(at, code, value)| tell(*at, *code, *value))?;
        Ok(0)
    }

    fn read(&mut self, events: &mut Vec<Event>, _: Duration) -> std::io::Result<()> {
        events.extend(self.blocks.pop_front().ok_or(ErrorKind::NotConnected)?);
        Ok(())
    }
}

fn axes(pressure: u16, resolution: i32) -> Description {
    let axis = |min, max, resolution| Axis { min, max, resolution: Some(resolution) };
    let axes = [
        (ABS_MT_SLOT, axis(0, 15, 0)),
        (ABS_MT_TRACKING_ID, axis(0, 65535, 0)),
        (ABS_MT_POSITION_X, axis(-3678, 3934, 47)),
        (ABS_MT_POSITION_Y, axis(-2478, 2587, 44)),
        (pressure, axis(0, 253, resolution)),
    ];
    let (vendor, product) = (0x06cb, 1);
    Description { name: "A pad".to_owned(), bus: 3, vendor, product, axes: axes.into() }
}

fn magic_trackpad() -> Made {
    let description = Description { bus: 5, vendor: 0x004c, product: 0x0265, ..axes(ABS_MT_PRESSURE, 0) };
    Made { description, unique: Some("ab:cd"), ..Made::default() }
}

/// Events of a frame at so many milliseconds.
fn block(ms: u64, changes: &[(u16, i32)]) -> Vec<Event> {
    let time = Duration::from_millis(ms);
    let event = |kind, code, value| Event { time, kind, code, value };
    let changes = changes.iter().map(|(code, value)| event(EV_ABS, *code, *value));
    changes.chain([event(EV_SYN, SYN_REPORT, 0)]).collect()
}

/// A machine that has a device of each sort, by the number of the event device.
fn machine(path: &Path) -> std::io::Result<Box<dyn Device>> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let described = |description| Made { description, ..Made::default() };
    let made = match name {
        "event0" => described(Description { name: "Keyboard".to_owned(), ..Description::default() }),
        "event2" => magic_trackpad(),
        "event3" => {
            let of_apple = Description { vendor: 0x05ac, product: 0x0262, ..axes(ABS_PRESSURE, 0) };
            described(Description { name: "bcm5974".to_owned(), ..of_apple })
        }
        "event4" => described(axes(ABS_MT_PRESSURE, 0)),
        "event11" => described(Description { bus: 0x1c, ..axes(ABS_MT_PRESSURE, 1) }),
        "event5" | "event6" | "event7" => return Err(ErrorKind::PermissionDenied.into()),
        other => panic!("{other} was opened"),
    };
    Ok(Box::new(made))
}

fn folders() -> (tempfile::TempDir, Folders) {
    let folder = tempfile::tempdir().unwrap();
    let found = Folders { devices: folder.path().join("input"), class: folder.path().join("class") };
    std::fs::create_dir(&found.devices).unwrap();
    for name in ["mouse0", "event11", "event2", "event0", "event3", "event4", "event5", "event6", "event7"] {
        std::fs::write(found.devices.join(name), "").unwrap();
    }
    // What everybody may read: a pad, a keyboard; nothing of the third.
    for (name, said, bits) in
        [("event5", "A locked pad\n", "273800001000003\n"), ("event6", "A locked keyboard\n", "1f\n")]
    {
        let device = found.class.join(name).join("device");
        std::fs::create_dir_all(device.join("capabilities")).unwrap();
        std::fs::write(device.join("name"), said).unwrap();
        std::fs::write(device.join("capabilities/abs"), bits).unwrap();
    }
    (folder, found)
}

#[test]
fn devices_are_found_and_judged() {
    let (_folder, folders) = folders();
    let found = devices(&folders, "salt", false, &machine).unwrap();
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let names: Vec<String> = found.iter().map(|found| name(&found.path)).collect();
    assert_eq!(names, ["event2", "event3", "event4", "event5", "event7", "event11"], "by number");
    let pad = found[0].pad.as_ref().unwrap();
    assert_eq!((pad.source.model.as_str(), pad.source.unit), ("Magic Trackpad 2", PressureUnit::Counts));
    assert_eq!(found[0].device.as_ref().unwrap().as_str().len(), 16);
    let refused = |at: usize| match found[at].pad.as_ref().unwrap_err() {
        EvdevError::Refused { refusal, .. } => refusal.clone(),
        other @ EvdevError::System { .. } => panic!("{other}"),
    };
    assert_eq!(refused(1), Refusal::SizeAsPressure);
    assert!(matches!(refused(2), Refusal::Undeclared { .. }));
    for (at, called) in [(3, Some("A locked pad")), (4, None)] {
        assert_eq!(found[at].name.as_deref(), called);
        let error = found[at].pad.as_ref().unwrap_err();
        assert!(
            matches!(error, EvdevError::System { source, .. } if source.kind() == ErrorKind::PermissionDenied)
        );
        assert!(error.to_string().contains(": cannot open: permission denied"), "{error}");
    }
    assert_eq!(found[5].pad.as_ref().unwrap().source.unit, PressureUnit::Grams);
    // A person's word makes counts of what declares nothing, and never of a size.
    let told = devices(&folders, "salt", true, &machine).unwrap();
    assert!(told[2].pad.is_ok() && told[1].pad.is_err());
    // Another salt is another name.
    let other = devices(&folders, "pepper", false, &machine).unwrap();
    assert_ne!(other[0].device, found[0].device);
}

#[test]
fn a_machine_without_event_devices_has_none() {
    let nowhere = Folders { devices: "/nowhere/input".into(), class: "/nowhere".into() };
    assert!(devices(&nowhere, "", false, &machine).unwrap().is_empty());
    let file = tempfile::NamedTempFile::new().unwrap();
    let no_folder = Folders { devices: file.path().to_owned(), class: "/nowhere".into() };
    let error = devices(&no_folder, "", false, &machine).unwrap_err();
    assert!(error.to_string().contains("cannot list the devices"), "{error}");
}

/// Nobody watches.
struct Nobody;

impl Operator for Nobody {
    fn wish(&mut self) -> Option<Wish> {
        None
    }
    fn tell(&mut self, _: &News<'_>) {}
    fn show(&mut self, _: &dyn Journal, _: Option<&openweigh_capture::Guide>, _: &openweigh_capture::Frame) {}
}

/// A finger that was there before, a load, and events that were lost on the way.
fn played() -> Box<dyn Device> {
    let mut lost = block(30, &[(ABS_MT_PRESSURE, 99)]);
    lost.insert(0, Event { kind: EV_SYN, code: SYN_DROPPED, value: 0, ..lost[0] });
    let mut made = magic_trackpad();
    made.held = vec![(0, ABS_MT_TRACKING_ID, 7), (0, ABS_MT_PRESSURE, 20), (0, ABS_MT_POSITION_X, 128)];
    made.blocks = [
        block(10, &[(ABS_MT_PRESSURE, 21)]),
        // A frame in two parts, and nothing between them.
        block(20, &[(ABS_MT_PRESSURE, 22)])[..1].to_vec(),
        Vec::new(),
        block(20, &[]),
        lost,
        // What still waited is older than the answer, and thrown away.
        block(35, &[(ABS_MT_PRESSURE, 98)]),
        Vec::new(),
        block(40, &[(ABS_MT_SLOT, 99), (ABS_MT_PRESSURE, 253)]),
        block(50, &[(ABS_MT_TRACKING_ID, -1)]),
    ]
    .into();
    Box::new(made)
}

#[test]
fn an_event_device_is_recorded_until_it_goes() {
    let root = tempfile::tempdir().unwrap();
    let options = PadOptions { salt: "salt".to_owned(), ..PadOptions::default() };
    let mut pad = Evdev::open(Path::new("/dev/input/event2"), &options, true, &|_| Ok(played())).unwrap();
    let info = openweigh_capture::Source::info(&pad).clone();
    assert_eq!((info.source.os.as_str(), info.source.driver.as_str()), ("linux", "hid-magicmouse"));
    let recorder = Recorder::create(order(root.path(), "pad"), &info).unwrap();
    let ended = run(&mut pad, recorder, None, &Limits::default(), &mut Nobody).unwrap();
    assert_eq!(ended.end, End::Source);
    assert!(pad.ended().unwrap().starts_with("/dev/input/event2: "));
    let found = read(ended.recorded.place.folder(), "s01");
    let quality = found.session.quality;
    assert_eq!((found.frames, found.touches), (4, 3));
    assert_eq!((quality.gaps, quality.at_ceiling), (2, 1));
    assert_eq!(found.last_device_s.as_deref(), Some("0.05"));
    let kinds: Vec<Kind> = found.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::Gap, Kind::Note, Kind::DeviceLost]);
    let touches = ended.recorded.folder.join("touches.csv");
    let text = std::fs::read_to_string(touches).unwrap();
    // Frame, device frame, seconds, nanoseconds: the values hold that were asked for at the start.
    assert!(text.lines().nth(1).unwrap().contains(",0.01,10000000,"), "{text}");
    assert!(text.contains(",21,") && text.contains(",22,") && text.contains(",253,"), "{text}");
    assert!(!text.contains(",99,") && !text.contains(",98,"), "{text}");
}

#[test]
fn what_is_told_of_a_pad_stands_and_what_cannot_be_done_is_said() {
    let open = |options: &PadOptions, grab, made: fn() -> Made| {
        let open = |_: &Path| -> std::io::Result<Box<dyn Device>> { Ok(Box::new(made())) };
        Evdev::open(Path::new("/dev/input/event2"), options, grab, &open)
    };
    let told = PadOptions {
        model: Some("A new pad".parse().unwrap()),
        unit: Some(PressureUnit::Counts),
        ceiling: Some("200".to_owned().try_into().unwrap()),
        ..PadOptions::default()
    };
    let undeclared = || Made { description: axes(ABS_MT_PRESSURE, 0), ..Made::default() };
    let pad = open(&told, false, undeclared).unwrap();
    let source = openweigh_capture::Source::info(&pad).source.clone();
    assert_eq!((source.model.as_str(), source.unit), ("A new pad", PressureUnit::Counts));
    assert_eq!((source.ceiling.unwrap().to_string().as_str(), source.device), ("200", None));
    let error = open(&PadOptions::default(), false, undeclared).err().unwrap();
    assert!(error.to_string().contains("not known to measure force"), "{error}");
    let busy = || Made { no_grab: true, ..magic_trackpad() };
    let error = open(&PadOptions::default(), true, busy).err().unwrap();
    assert!(error.to_string().starts_with("/dev/input/event2: cannot grab: "), "{error}");
    let far = || Made { held: vec![(16, ABS_MT_PRESSURE, 1)], ..magic_trackpad() };
    let error = open(&PadOptions::default(), false, far).err().unwrap();
    assert!(error.to_string().contains("cannot ask for its contacts: "), "{error}");
}
