//! The limit of streams, in a process without others.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{Options, StartError};
use pad::pad;

#[test]
fn as_many_streams_as_there_are_places() {
    let pads = "[[pad]]\nflood = { frames = 1, touches = 1 }\n".repeat(65);
    let pad = pad(&format!("at_end = \"silence\"\npace = \"unthrottled\"\n{pads}"));
    let devices = pad.library.devices().unwrap();
    let options = Options { capacity: 1 };
    let mut streams: Vec<_> = devices.iter().map_while(|device| device.start(options).ok()).collect();
    assert_eq!(streams.len(), 64);
    assert_eq!(devices[64].start(options).err(), Some(StartError::TooMany));
    // A place that is left is free.
    streams.pop();
    streams.push(devices[64].start(options).unwrap());
    drop(streams);
    pad.assert_faultless();
}
