//! What a library and a device say of themselves.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{Library, OpenError};
use pad::pad;
use std::path::Path;

#[test]
fn a_library_that_is_not_there_is_named() {
    let error = Library::open(Path::new("/nowhere/MultitouchSupport")).err().unwrap();
    assert!(
        matches!(&error, OpenError::Load { path, .. } if path == Path::new("/nowhere/MultitouchSupport"))
    );
    assert!(error.to_string().starts_with("/nowhere/MultitouchSupport: cannot be opened: "), "{error}");
}

#[test]
fn with_all_functions_nothing_is_missing() {
    assert_eq!(pad("[[pad]]").library.missing(), [""; 0]);
}

#[test]
fn a_device_says_what_it_is() {
    let pad = pad(r#"
        pace = "unthrottled"
        [[pad]]
        kind = "touch-bar"
        [[pad]]
        kind = "apple-silicon"
        id = 0x0400000012345678
        family = 109
        transport = 3
        surface = [100, 200]
        sensor = [3, 4]
    "#);
    let devices = pad.library.devices().unwrap();
    let [bar, device] = &devices[..] else { panic!("two devices") };
    assert_eq!(bar.identity().supports_force, Some(false));
    assert_eq!(bar.identity().opaque_surface, Some(false));
    let identity = device.identity();
    assert_eq!(identity.id, 0x0400_0000_1234_5678);
    assert_eq!(identity.family, Some(109));
    assert_eq!(identity.transport, Some(3));
    assert_eq!(identity.surface, Some((100, 200)));
    assert_eq!(identity.sensor, Some((3, 4)));
    assert_eq!(identity.supports_force, Some(true));
    assert_eq!(identity.built_in, Some(true));
    assert_eq!(pad.library.device(identity.id).unwrap().unwrap().id(), identity.id);
    assert!(pad.library.device(7).unwrap().is_none());
    drop(devices);
    pad.assert_faultless();
}
