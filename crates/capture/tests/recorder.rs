//! What the recorder writes is what the strict readers read.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_capture::{CaptureError, Frame, Phase, Recorder, Touch};
use openweigh_formats::events::{Event, Kind};
use openweigh_formats::touches::State;
use openweigh_formats::weighings::{Role, Weighing};
use scene::{frame, info, order, read, touch};

fn tare(id: &str, first: u64, last: u64) -> Weighing {
    Weighing {
        id: id.parse().unwrap(),
        role: Role::Tare,
        label: String::new().try_into().unwrap(),
        first_frame: first,
        last_frame: last,
        tare: None,
        reference_g: None,
        reference_u_g: None,
        details: None,
    }
}

#[test]
fn a_session_is_read_back_and_its_quality_is_counted() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
    assert!(recorder.part().ends_with("datasets/pad/sessions/s01.part"));
    recorder.event(Kind::Note, "before, anything").unwrap();
    recorder.frame(&frame(0, vec![])).unwrap();
    recorder.frame(&frame(1, vec![touch(1, 100.0), touch(2, 251.0)])).unwrap();
    let mut odd = touch(1, f32::NAN);
    odd.state = Phase::of_number(9);
    odd.x = Some(f32::INFINITY);
    odd.finger = None;
    recorder.frame(&frame(1, vec![odd])).unwrap();
    recorder.frame(&Frame { device_s: f64::NAN, ..frame(3, vec![Touch::bare(4, State::Linger)]) }).unwrap();
    recorder.dropped(3, "3 frames 5 touches").unwrap();
    recorder.frame(&Frame { device_frame: None, arrival_ns: None, ..frame(4, vec![]) }).unwrap();
    recorder.weighing(&tare("t1", 0, 1)).unwrap();
    recorder.weighing(&tare("t2", 2, 3)).unwrap();
    recorder.retract().unwrap();
    recorder.weighing(&tare("t2", 3, 4)).unwrap();
    let recorded = recorder.finish().unwrap();
    assert_eq!((recorded.weighings, recorded.unknown_states), (2, 1));

    let found = read(recorded.place.folder(), "s01");
    let quality = found.session.quality;
    assert_eq!((quality.frames, quality.touches), (5, 4));
    assert_eq!((quality.dropped, quality.gaps, quality.non_finite), (3, 1, 3));
    assert_eq!((quality.at_ceiling, quality.clock_steps), (1, 1));
    let told: Vec<_> =
        found.events.iter().map(|event| (event.after_frame, event.kind, event.detail.as_str())).collect();
    assert_eq!(
        told,
        [
            (None, Kind::Note, "before  anything"),
            (Some(2), Kind::Note, "touch 1: state 9 written as not-tracking"),
            (Some(3), Kind::Dropped, "3 frames 5 touches"),
        ]
    );
    assert_eq!(found.weighings[1], tare("t2", 3, 4));
    let text = std::fs::read_to_string(recorded.folder.join("touches.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows[0], "0,1000,17,3,,,,,,,,,,,,,,,,,,,,");
    assert_eq!(
        rows[1],
        "1,1001,17.01125,11250003,1,touching,2,1,0.5123,0.25,-0.001953125,0,0.9375,100,1.5707964,9.31,7.02,\
         81.17,57.3,-0.3,0.000000001,0,0,1.04321"
    );
    assert_eq!(rows[4], "3,1003,,33750003,4,linger,,,,,,,,,,,,,,,,,,");
}

#[test]
fn losses_that_the_events_have_no_room_for_are_told_in_one() {
    let root = scene::folder();
    let mut recorder = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
    recorder.frame(&frame(0, vec![])).unwrap();
    let detail = format!("3 frames {}", "of many words ".repeat(14));
    for _ in 0..100_000 {
        recorder.dropped(3, &detail).unwrap();
    }
    let recorded = recorder.finish().unwrap();
    let found = read(recorded.place.folder(), "s01");
    let frames = |event: &Event| event.detail.as_str().split(' ').next().unwrap().parse::<u64>().unwrap();
    assert_eq!(found.events.iter().map(frames).sum::<u64>(), 300_000);
    assert_eq!(found.session.quality.dropped, 300_000);
    assert_eq!(found.session.quality.gaps, found.events.len() as u64);
    assert!(found.events.len() < 100_000, "there was no room for all");
}

#[test]
fn sessions_are_added_one_after_the_other() {
    let root = tempfile::tempdir().unwrap();
    for id in ["s01", "s02", "a", "s03"] {
        let mut order = order(root.path(), "pad");
        order.session = id.starts_with('a').then(|| id.parse().unwrap());
        let mut recorder = Recorder::create(order, &info()).unwrap();
        assert_eq!(recorder.id().as_str(), id);
        recorder.frame(&frame(0, vec![touch(1, 10.0)])).unwrap();
        let recorded = recorder.finish().unwrap();
        read(recorded.place.folder(), id);
    }
    let found = read(&root.path().join("datasets/pad"), "s01");
    assert_eq!(found.dataset.sessions(), ["a", "s01", "s02", "s03"]);
    assert_eq!(found.dataset.version.to_string(), "1.3.0");
    let mut again = order(root.path(), "pad");
    again.session = Some("s02".parse().unwrap());
    assert!(matches!(Recorder::create(again, &info()), Err(CaptureError::SessionExists { .. })));
    // Letter case makes no other session: no manifest could list both.
    let mut twin = order(root.path(), "pad");
    twin.session = Some("S02".parse().unwrap());
    assert!(matches!(Recorder::create(twin, &info()), Err(CaptureError::SessionExists { .. })));
}

#[test]
fn equal_frames_give_equal_bytes() {
    let digests: Vec<_> = (0..2)
        .map(|_| {
            let root = tempfile::tempdir().unwrap();
            let mut recorder = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
            for at in 0..5000 {
                recorder.frame(&frame(at, vec![touch(1, 3.0)])).unwrap();
            }
            recorder.finish().unwrap().dataset
        })
        .collect();
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn what_was_there_is_not_mixed_nor_touched() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
    recorder.frame(&frame(0, vec![])).unwrap();
    let before = recorder.finish().unwrap().dataset;
    let mut measured = info();
    measured.provenance.kind = openweigh_formats::dataset::ProvenanceKind::Measured;
    let refused = Recorder::create(order(root.path(), "pad"), &measured).unwrap_err();
    assert!(refused.to_string().ends_with(
        "the dataset is simulated, this session would be measured; a dataset is all one or all the other"
    ));
    let empty = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
    assert!(matches!(empty.finish(), Err(CaptureError::NoFrames { .. })));
    let dropped = Recorder::create(order(root.path(), "pad"), &info()).unwrap();
    drop(dropped);
    let bytes = std::fs::read(root.path().join("datasets/pad/dataset.json")).unwrap();
    assert_eq!(openweigh_formats::Digest::of(&bytes), before);
    let never = Recorder::create(order(root.path(), "other"), &info()).unwrap();
    assert!(never.finish().is_err());
    assert!(!root.path().join("datasets/other").exists(), "a dataset without a session is none");
}
