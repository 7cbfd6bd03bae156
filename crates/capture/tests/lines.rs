//! Lines of numbers as a source: every digit as it was written, and what is no reading told.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_capture::import::signal::TimeUnit;
use openweigh_capture::import::table::DecimalSign;
use openweigh_capture::lines::{Address, Choice, LineError, Lines, Listening};
use openweigh_capture::{Frame, FrameText, Moment, Source};
use openweigh_formats::events::Kind;
use openweigh_formats::session::Channel;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

fn channel(name: &str) -> Channel {
    Channel { name: name.parse().unwrap(), unit: None, quantum: None, ceiling: None }
}

/// Time in the first number of a line, `raw` in the second.
fn two() -> Choice {
    Choice {
        channels: vec![channel("raw")],
        places: vec![("raw".parse().unwrap(), 2)],
        time: Some((1, TimeUnit::Milliseconds)),
        decimal: DecimalSign::Point,
    }
}

fn understood(text: &str, choice: Choice) -> Result<Lines, LineError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, text).unwrap();
    let mut listening = Listening::open(Address::File(file.path().to_owned()), choice)?;
    while !listening.learn(LONG)? {}
    Ok(listening.source())
}

/// The rows that a recorder would write, and the events between them.
fn all(mut lines: Lines) -> (String, Vec<(Kind, String)>) {
    let (mut text, mut rows, mut events) = (FrameText::new(lines.info()), Vec::new(), Vec::new());
    let mut frame = Frame::default();
    loop {
        match lines.next(&mut frame, LONG) {
            Moment::Frame => {
                // When a line came is another time in every run.
                frame.arrival_ns = Some(0);
                text.push(&mut rows, &frame);
            }
            Moment::Event(kind, detail) => events.push((kind, detail)),
            Moment::Silence => {}
            Moment::End => return (String::from_utf8(rows).unwrap(), events),
        }
    }
}

#[test]
fn every_digit_is_as_it_was_written() {
    let text = "ready v2\n0 1.50\n10 -12345678901234567890.1234567890123\n20 +0.1e1 g\n30 nan\n40 5\n50 6";
    // A unit behind a number is of no account, a word in its place is.
    let (rows, events) = all(understood(text, two()).unwrap());
    assert_eq!(
        rows, "0,0,0,1.5\n1,0.01,0,-12345678901234567890.1234567890123\n2,0.04,0,5\n",
        "the line with a word, that with another, and the last, which has no end, are no readings"
    );
    assert_eq!(events.last().unwrap(), &(Kind::Note, "4 lines that are no readings".to_owned()));
}

#[test]
fn without_a_time_the_arrival_is_the_time() {
    let mut lines =
        understood("1\n2\n3\n", Choice { channels: vec![channel("a")], places: vec![], time: None, ..two() })
            .unwrap();
    assert!(lines.info().clock.device.as_str().starts_with("the arrival"));
    let (mut frame, mut before) = (Frame::default(), -1.0);
    for value in ["1", "2", "3"] {
        assert_eq!(lines.next(&mut frame, LONG), Moment::Frame);
        assert_eq!(frame.sample.as_ref().unwrap().values, [Some(value.to_owned())]);
        assert!(frame.device_s >= before);
        before = frame.device_s;
    }
    assert_eq!(lines.next(&mut frame, LONG), Moment::End);
}

#[test]
fn a_clock_that_goes_back_interrupts() {
    let (rows, events) = all(understood("10 1\n20 2\n5 3\n", two()).unwrap());
    assert_eq!(rows, "0,0.01,0,1\n1,0.02,0,2\n2,0.005,0,3\n");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].0, Kind::Gap);
}

#[test]
fn what_is_not_said_is_not_guessed() {
    let name = |name: &str| name.parse().unwrap();
    let bare = |place: Option<usize>| Choice {
        channels: vec![channel("a")],
        places: place.map(|place| (name("a"), place)).into_iter().collect(),
        time: None,
        ..two()
    };
    assert!(matches!(understood("1 2\n3 4\n", bare(None)), Err(LineError::Several { .. })));
    assert!(matches!(
        understood("1 2\n3 4\n", bare(Some(3))),
        Err(LineError::NoNumber { place: 3, found: 2, .. })
    ));
    assert!(matches!(understood("1\n", bare(None)), Err(LineError::Nothing { ended: true, .. })));
    assert!(matches!(understood("1\nx 2\n3\n", bare(None)), Err(LineError::Nothing { .. })));
    let said = |channels: &[&str], places: &[(&str, usize)]| Choice {
        channels: channels.iter().map(|own| channel(own)).collect(),
        places: places.iter().map(|(own, place)| (name(own), *place)).collect(),
        ..two()
    };
    let refused = |choice| understood("1 2\n3 4\n", choice).unwrap_err();
    assert!(matches!(refused(said(&["a"], &[("a", 1)])), LineError::Twice { place: 1 }));
    assert!(matches!(refused(said(&["a"], &[("a", 2), ("a", 3)])), LineError::NamedTwice { .. }));
    assert!(matches!(refused(said(&["a"], &[("b", 2)])), LineError::NoChannel { place: 2, .. }));
    assert!(matches!(refused(said(&["arrival_ns"], &[("arrival_ns", 2)])), LineError::Taken { .. }));
}

#[test]
fn whoever_waits_is_heard_among_lines_that_are_none() {
    let mut lines = understood(&format!("0 1\n1 2\n{}", "x\n".repeat(5000)), two()).unwrap();
    let (mut frame, mut silences) = (Frame::default(), 0);
    loop {
        match lines.next(&mut frame, LONG) {
            Moment::Silence => silences += 1,
            Moment::End => break,
            _ => {}
        }
    }
    assert!(silences > 1, "{silences}");
}

#[test]
fn lines_that_are_broken_for_ever_are_given_up() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, b"\xff\n".repeat(5000)).unwrap();
    let mut listening = Listening::open(Address::File(file.path().to_owned()), two()).unwrap();
    assert!(matches!(listening.learn(LONG), Err(LineError::Nothing { ended: false, .. })));
}
