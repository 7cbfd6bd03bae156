//! What happens when functions are not there. Their names are changed in a copy of the library, which works
//! where names are plain text in it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{ClickError, Condition, Identity, Library, OpenError, Options};
use pad::{drain, lacking, pad_without};
use std::path::Path;

const SHORT: &str = r#"
pace = "unthrottled"
[[pad]]
seconds = 1.0
[[pad.contact]]
kind = "finger"
from_s = 0.1
until_s = 0.5
force_g = 40.0
"#;

fn refusal(path: &Path) -> OpenError {
    Library::open(path).err().expect("it cannot be used")
}

#[test]
fn another_library_misses_the_first_function() {
    let error = refusal(Path::new("libc.so.6"));
    assert_eq!(error.to_string(), "libc.so.6: has no function MTDeviceCreateList");
}

#[test]
fn each_required_function_is_named_when_it_is_missing() {
    let required = [
        "MTDeviceCreateList",
        "MTDeviceGetDeviceID",
        "MTDeviceStart",
        "MTDeviceStop",
        "MTUnregisterContactFrameCallback",
        "CFArrayGetCount",
        "CFArrayGetValueAtIndex",
        "CFRetain",
        "CFRelease",
    ];
    for name in required {
        let (_folder, path) = lacking(&[name]);
        assert!(matches!(refusal(&path), OpenError::Missing { name: found, .. } if found == name), "{name}");
    }
    let both = ["MTRegisterContactFrameCallback", "MTRegisterContactFrameCallbackWithRefcon"];
    let (_folder, path) = lacking(&both);
    assert!(matches!(refusal(&path), OpenError::Missing { name, .. } if name == both[0]));
}

#[test]
fn without_the_optional_functions_frames_still_come() {
    let optional = [
        "MTAbsoluteTimeGetCurrent",
        "MTDeviceIsRunning",
        "MTDeviceIsBuiltIn",
        "MTDeviceIsOpaqueSurface",
        "MTDeviceSupportsForce",
        "MTDeviceGetFamilyID",
        "MTDeviceGetVersion",
        "MTDeviceGetDriverType",
        "MTDeviceGetTransportMethod",
        "MTDeviceGetSensorSurfaceDimensions",
        "MTDeviceGetSensorDimensions",
        "MTDeviceSetSystemForceResponseEnabled",
    ];
    let pad = pad_without(&optional, SHORT);
    assert_eq!(pad.library.missing(), optional);
    assert_eq!(pad.library.clock_s(), None);
    let device = pad.only();
    let identity = device.identity();
    assert_eq!(identity, Identity { id: device.id(), ..Default::default() });
    assert_eq!(device.disable_clicks().err(), Some(ClickError::Unsupported));
    assert_eq!(device.is_running(), None);

    let mut stream = device.start(Options::default()).unwrap();
    let frames = drain(&mut stream);
    assert!(frames.len() > 30);
    assert!(frames.iter().all(|frame| frame.arrival_s.is_none()));
    assert_eq!(stream.condition(), Condition::Gone);
}

#[test]
fn a_stream_without_a_word_on_life_is_running_for_good() {
    let pad = pad_without(&["MTDeviceIsAlive", "MTDeviceIsRunning"], SHORT);
    let stream = pad.start(100);
    assert_eq!(stream.condition(), Condition::Running);
    assert_eq!(pad.library.missing(), ["MTDeviceIsRunning", "MTDeviceIsAlive"]);
}

#[test]
fn the_plain_callback_gives_the_same_frames() {
    let plain = pad_without(&["MTRegisterContactFrameCallbackWithRefcon"], SHORT);
    assert_eq!(plain.library.missing(), ["MTRegisterContactFrameCallbackWithRefcon"]);
    let mut stream = plain.start(1 << 12);
    let mut found = drain(&mut stream);
    stream.stop();
    plain.assert_faultless();
    let mut expected = pad::play(SHORT);
    assert!(!found.is_empty());
    for frame in found.iter_mut().chain(&mut expected) {
        frame.arrival_monotonic = std::time::Duration::ZERO;
    }
    assert_eq!(found, expected);
}
