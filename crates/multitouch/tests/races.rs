//! Threads: losses counted, stops in the middle, storms of restarts, and clicks put back.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{Condition, Frame, Options};
use pad::{drain, pad, pad_without};
use std::sync::Arc;
use std::time::Duration;

fn flood(frames: u64, touches: u32) -> String {
    format!("pace = \"unthrottled\"\n[[pad]]\nflood = {{ frames = {frames}, touches = {touches} }}")
}

/// Frames and touches that were read, and those told as lost.
fn add_up(frames: &[Frame]) -> [u64; 4] {
    let mut sums = [0; 4];
    for frame in frames {
        sums[0] += 1;
        sums[1] += frame.touches.len() as u64;
        sums[2] += frame.dropped_before.frames;
        sums[3] += frame.dropped_before.touches;
    }
    sums
}

#[test]
fn sent_is_read_and_lost() {
    for touches in [0, 1, 5, 16, 64] {
        let pad = pad(&flood(20_000, touches));
        let mut stream = pad.start(1);
        let mut frames = Vec::new();
        let mut frame = Frame::default();
        loop {
            let running = stream.condition() == Condition::Running;
            // Read slowly, a few at a time, so that some are lost.
            for _ in 0..3 {
                if stream.next(&mut frame) {
                    frames.push(frame.clone());
                }
            }
            if !running && !stream.next(&mut frame) {
                break;
            } else if !running {
                frames.push(frame.clone());
            }
        }
        let (sent_frames, sent_touches) = pad.sent(stream.device().id());
        let ending = stream.stop();
        let [read_frames, read_touches, lost_frames, lost_touches] = add_up(&frames);
        assert_eq!(sent_frames, 20_000);
        assert_eq!(read_frames + lost_frames + ending.dropped_after.frames, sent_frames);
        assert_eq!(read_touches + lost_touches + ending.dropped_after.touches, sent_touches);
        // The place of each loss is exact: numbers of frames go on after it as it says.
        for pair in frames.windows(2) {
            let step = u64::try_from(pair[1].device_frame - pair[0].device_frame).unwrap();
            assert_eq!(step, 1 + pair[1].dropped_before.frames);
        }
        pad.assert_faultless();
    }
}

#[test]
fn nobody_reads_and_all_is_counted() {
    let pad = pad(&flood(5_000, 5));
    let mut stream = pad.start(1);
    while stream.condition() == Condition::Running {
        std::thread::sleep(Duration::from_millis(1));
    }
    stream.halt();
    let frames = drain(&mut stream);
    let [read, touches, lost, _] = add_up(&frames);
    // 128 cells, six for each frame.
    assert_eq!((read, touches, lost), (21, 105, 0));
    let ending = stream.stop();
    assert_eq!(ending.dropped_after.frames, 5_000 - 21);
    assert_eq!(ending.dropped_after.touches, 25_000 - 105);
}

#[test]
fn a_stop_while_frames_pour_in_is_orderly() {
    for waits in [true, false] {
        for plain in [true, false] {
            let without: &[&str] = if plain { &["MTRegisterContactFrameCallbackWithRefcon"] } else { &[] };
            if plain && !cfg!(target_os = "linux") {
                continue;
            }
            let scenario = format!("stop_waits = {waits}\n{}", flood(u64::MAX >> 1, 5));
            let pad = pad_without(without, &scenario);
            for turn in 0..20 {
                let mut stream = pad.start(1 << 10);
                assert!(stream.wait(pad::LONG));
                let mut frame = Frame::default();
                assert!(stream.next(&mut frame));
                if turn % 2 == 0 {
                    drop(stream);
                } else {
                    stream.stop();
                }
            }
            pad.assert_faultless();
        }
    }
}

#[test]
fn a_storm_of_restarts_loses_nothing_that_is_not_counted() {
    for waits in [true, false] {
        let pad = pad(&format!("stop_waits = {waits}\n{}", flood(u64::MAX >> 1, 5)));
        let mut stream = pad.start(1 << 10);
        let mut frame = Frame::default();
        let mut read = 0;
        let mut lost = 0;
        for _ in 0..100 {
            assert!(stream.wait(pad::LONG));
            while stream.next(&mut frame) {
                read += 1;
                lost += frame.dropped_before.frames;
                if read % 100 == 0 {
                    break;
                }
            }
            stream.restart().unwrap();
        }
        stream.halt();
        while stream.next(&mut frame) {
            read += 1;
            lost += frame.dropped_before.frames;
        }
        let id = stream.device().id();
        let ending = stream.stop();
        if waits {
            assert_eq!(read + lost + ending.dropped_after.frames, pad.sent(id).0);
        }
        pad.assert_faultless();
    }
}

#[test]
fn a_hundred_sleeps() {
    let naps: String = (0..100)
        .map(|nap| format!("[[pad.event]]\nkind = \"sleep\"\nat_s = {nap}.5\nfor_s = 0.2\n"))
        .collect();
    let pad = pad(&format!(
        "pace = \"unthrottled\"\n[[pad]]\nseconds = 101.0\n[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 100.9\n{naps}"
    ));
    let mut stream = pad.start(1 << 14);
    let mut frames = drain(&mut stream);
    let mut wakes = 0;
    while stream.condition() == Condition::Stopped {
        stream.restart().unwrap();
        wakes += 1;
        frames.extend(drain(&mut stream));
    }
    assert_eq!(wakes, 100);
    let sent = pad.sent(stream.device().id()).0;
    assert_eq!(frames.len() as u64, sent);
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn a_device_that_runs_is_not_started_twice() {
    let pad = pad(&flood(u64::MAX >> 1, 1));
    let stream = pad.start(100);
    let second = pad.only().start(Options::default());
    assert!(second.is_err());
    drop(stream);
    drop(pad.only().start(Options::default()).unwrap());
    pad.assert_faultless();
}

#[test]
fn a_stream_outlives_device_and_library() {
    let (stream, pad) = {
        let pad = pad(&flood(u64::MAX >> 1, 1));
        (pad.start(100), pad)
    };
    let stream = std::thread::spawn(move || {
        assert!(stream.wait(pad::LONG));
        stream
    });
    drop(stream.join().unwrap());
    pad.assert_faultless();
}

#[test]
fn clicks_come_back_when_the_guard_goes() {
    let pad = pad(&flood(1, 1));
    assert!(pad.clicks());
    let guard = pad.only().disable_clicks().unwrap();
    assert!(!pad.clicks());
    drop(guard);
    assert!(pad.clicks());
}

#[test]
fn clicks_come_back_in_a_panic() {
    let pad = pad(&flood(1, 1));
    let device = pad.only();
    let panicked = std::thread::spawn(move || {
        let _guard = device.disable_clicks().unwrap();
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panicked.join().is_err());
    assert!(pad.clicks());
}

#[test]
fn clicks_come_back_once_and_from_any_thread() {
    let pad = pad(&flood(1, 1));
    let guard = Arc::new(pad.only().disable_clicks().unwrap());
    let others: Vec<_> = (0..4)
        .map(|_| {
            let guard = Arc::clone(&guard);
            std::thread::spawn(move || guard.restore())
        })
        .collect();
    for other in others {
        other.join().unwrap();
    }
    assert!(pad.clicks());
    // Restored is restored: somebody else may have set it since.
    guard.renew();
    assert!(pad.clicks());
    let second = pad.only().disable_clicks().unwrap();
    drop(guard);
    assert!(!pad.clicks());
    second.renew();
    drop(second);
    assert!(pad.clicks());
    pad.assert_faultless();
}
