//! What can happen to a pad, and what its reader sees of it.

#![allow(clippy::float_cmp, reason = "values that are exact by their making")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{Condition, Frame, Options, StartError, Touch};
use pad::{drain, pad, play};
use std::time::Duration;

/// A finger from 0.1 s to 2 s on an unthrottled Magic Trackpad, and what is added.
fn finger(more: &str) -> String {
    format!(
        r#"
        pace = "unthrottled"
        [[pad]]
        seconds = 3.0
        noise = 0.0
        [[pad.contact]]
        kind = "finger"
        from_s = 0.1
        until_s = 2.0
        force_g = 40.0
        {more}
        "#
    )
}

fn pressures(frames: &[Frame]) -> Vec<f32> {
    frames.iter().flat_map(|frame| frame.touches.iter().map(|touch| touch.pressure)).collect()
}

#[test]
fn a_touch_comes_lies_and_goes_and_then_there_is_silence() {
    let frames = play(&finger(""));
    let states: Vec<Vec<i32>> =
        frames.iter().map(|frame| frame.touches.iter().map(|touch| touch.state).collect()).collect();
    let last = states.len() - 1;
    assert_eq!(states[0], [3]);
    assert!(states[1..last - 2].iter().all(|states| states == &[4]));
    assert_eq!(states[last - 2..], [vec![5], vec![7], vec![]]);
    assert_eq!(frames[last - 1].touches[0].pressure, 0.0);
    // 1.9 s at 88.9 a second, and the three at the end.
    assert!((168..=174).contains(&frames.len()), "{}", frames.len());
}

#[test]
fn times_are_whole_milliseconds_and_rise() {
    let frames = play(&finger(""));
    for pair in frames.windows(2) {
        let step = pair[1].device_s - pair[0].device_s;
        assert!((0.0109..0.0121).contains(&step), "{step}");
        assert!(pair[1].arrival_s.unwrap() > pair[0].arrival_s.unwrap());
        assert_eq!(pair[1].device_frame, pair[0].device_frame + 1);
    }
    for frame in &frames {
        let text = format!("{:.3}", frame.device_s);
        assert_eq!(text.parse::<f64>().unwrap(), frame.device_s);
        let late = frame.arrival_s.unwrap() - frame.device_s;
        assert!((0.002..0.006).contains(&late), "{late}");
        assert!(frame.touches.iter().all(|touch| touch.frame == frame.device_frame));
        assert!(frame.touches.iter().all(|touch| touch.timestamp == frame.device_s));
    }
}

#[test]
fn a_load_on_a_finger_is_felt_in_even_counts() {
    let frames = play(&finger("[[pad.load]]\ngrams = 20.0\non_s = 1.0\noff_s = 1.5"));
    let counts = pressures(&frames);
    // 40 g and 60 g, at half a count a gram.
    assert!(counts.contains(&20.0) && counts.contains(&30.0));
    assert!(counts.iter().all(|count| count % 2.0 == 0.0));
    assert_eq!(counts.iter().copied().fold(0.0, f32::max), 30.0);
}

#[test]
fn a_reading_ends_at_the_ceiling() {
    let load = "[[pad.load]]\ngrams = 2000.0\non_s = 1.0\noff_s = 1.5";
    let largest = |text: &str| pressures(&play(text)).into_iter().fold(0.0, f32::max);
    assert_eq!(largest(&finger(load)), 506.0);
    let stated = finger(load).replacen("[[pad]]\n", "[[pad]]\nquantum = 2.0\nceiling = 254.0\n", 1);
    assert_eq!(largest(&stated), 254.0);
}

/// As in recordings of real pads, which reach 297.
#[test]
fn counts_are_single_above_256() {
    let counts = pressures(&play(&finger("[[pad.load]]\ngrams = 545.0\non_s = 1.0\noff_s = 1.5")));
    assert_eq!(counts.iter().copied().fold(0.0, f32::max), 293.0, "20 of the finger, 272.5 of the load");
    assert!(counts.iter().filter(|count| **count < 256.0).all(|count| count % 2.0 == 0.0));
}

#[test]
fn a_pad_without_force_sensor_shows_none() {
    let frames = play(
        r#"
        pace = "unthrottled"
        [[pad]]
        kind = "no-force"
        [[pad.contact]]
        kind = "finger"
        from_s = 0.0
        until_s = 1.0
        force_g = 500.0
        "#,
    );
    assert!(pressures(&frames).iter().all(|count| *count == 0.0));
    assert!(frames.len() > 80);
}

#[test]
fn several_contacts_share_a_load() {
    let frames = play(
        r#"
        pace = "unthrottled"
        [[pad]]
        kind = "apple-silicon"
        noise = 0.0
        [[pad.contact]]
        kind = "base"
        from_s = 0.0
        until_s = 2.0
        x = 0.3
        share = 3.0
        [[pad.contact]]
        kind = "base"
        from_s = 0.0
        until_s = 2.0
        x = 0.7
        [[pad.load]]
        grams = 200.0
        on_s = 0.5
        off_s = 1.5
        "#,
    );
    let loaded: Vec<&Frame> =
        frames.iter().filter(|frame| (1000.7..1001.4).contains(&frame.device_s)).collect();
    assert!(loaded.len() > 50);
    for frame in loaded {
        let shares: Vec<f32> = frame.touches.iter().map(|touch| touch.pressure).collect();
        assert_eq!(shares, [150.0, 50.0]);
        assert_ne!(frame.touches[0].path, frame.touches[1].path);
    }
}

#[test]
fn metal_alone_fades_in_about_a_second_and_with_a_finger_it_stays() {
    let scenario = |finger: &str| {
        format!(
            r#"
            pace = "unthrottled"
            [[pad]]
            kind = "apple-silicon"
            noise = 0.0
            [[pad.contact]]
            kind = "metal"
            from_s = 0.5
            until_s = 3.5
            force_g = 100.0
            {finger}
            "#
        )
    };
    let last = |frames: &[Frame]| {
        let heavy =
            |frame: &&Frame| frame.touches.iter().any(|touch| touch.pressure > 20.0 && touch.x == 0.5);
        frames.iter().rfind(heavy).unwrap().device_s - 1000.0
    };
    let alone = play(&scenario(""));
    assert!((0.6..1.5).contains(&last(&alone)), "{}", last(&alone));
    assert!(alone.last().unwrap().device_s < 1002.0);
    let held = "[[pad.contact]]\nkind = \"finger\"\nfrom_s = 0.1\nuntil_s = 4.0\nx = 0.2\nforce_g = 30.0";
    let beside = play(&scenario(held));
    assert!(last(&beside) > 3.4);
}

#[test]
fn odd_values_pass_as_they_are() {
    for (value, holds) in [
        ("nan", f32::is_nan as fn(f32) -> bool),
        ("inf", |found| found == f32::INFINITY),
        ("-inf", |found| found == f32::NEG_INFINITY),
        ("-3.5", |found| found == -3.5),
    ] {
        for (field, read) in [
            ("pressure", (|touch| touch.pressure) as fn(&Touch) -> f32),
            ("x", |touch| touch.x),
            ("total", |touch| touch.total),
            ("density", |touch| touch.density),
        ] {
            let event =
                format!("[[pad.event]]\nkind = \"value\"\nat_s = 1.0\nfield = \"{field}\"\nvalue = {value}");
            let frames = play(&finger(&event));
            let odd = frames.iter().flat_map(|frame| &frame.touches).filter(|touch| holds(read(touch)));
            assert_eq!(odd.count(), 1, "{field} {value}");
        }
    }
}

#[test]
fn frames_with_none_and_with_64_touches_pass() {
    let frames = play(&finger(
        "[[pad.event]]\nkind = \"empty\"\nat_s = 1.0\n[[pad.event]]\nkind = \"full\"\nat_s = 1.5",
    ));
    let counts: Vec<usize> = frames.iter().map(|frame| frame.touches.len()).collect();
    assert_eq!(counts.iter().filter(|&&count| count == 0).count(), 2);
    assert_eq!(counts.iter().filter(|&&count| count == 64).count(), 1);
    let full = frames.iter().find(|frame| frame.touches.len() == 64).unwrap();
    let paths: Vec<i32> = full.touches.iter().map(|touch| touch.path).collect();
    assert_eq!(paths, (1..=64).collect::<Vec<i32>>());
}

#[test]
fn what_makes_no_sense_is_counted_and_not_read() {
    let events: String = [-1, i32::MIN, 65, i32::MAX]
        .map(|count| format!("[[pad.event]]\nkind = \"count\"\nat_s = 1.0\ncount = {count}\n"))
        .concat();
    let more = "[[pad.event]]\nkind = \"null\"\nat_s = 1.2\n[[pad.event]]\nkind = \"null-empty\"\nat_s = 1.3";
    let pad = pad(&finger(&(events + more)));
    let mut stream = pad.start(1 << 12);
    let frames = drain(&mut stream);
    let sent = pad.sent(stream.device().id()).0;
    let ending = stream.stop();
    assert_eq!(ending.malformed, 5);
    assert!(ending.dropped_after.is_nothing());
    let dropped: u64 = frames.iter().map(|frame| frame.dropped_before.frames).sum();
    assert_eq!(dropped, 5);
    assert_eq!(frames.len() as u64 + dropped, sent);
    // The place is exact: four in a row, then one.
    let gaps: Vec<u64> =
        frames.iter().map(|frame| frame.dropped_before.frames).filter(|&frames| frames > 0).collect();
    assert_eq!(gaps, [4, 1]);
    for pair in frames.windows(2) {
        let gap = u64::try_from(pair[1].device_frame - pair[0].device_frame).unwrap();
        assert_eq!(gap, 1 + pair[1].dropped_before.frames);
    }
    // No address and no touches is a frame like any other.
    assert_eq!(frames.iter().filter(|frame| frame.touches.is_empty()).count(), 2);
}

#[test]
fn the_number_of_a_frame_wraps() {
    let frames = play(&finger("[[pad.event]]\nkind = \"counter\"\nat_s = 1.0\nto = 2147483647"));
    let at = frames.iter().position(|frame| frame.device_frame == i32::MAX).unwrap();
    assert_eq!(frames[at + 1].device_frame, i32::MIN);
    assert_eq!(frames[at + 2].device_frame, i32::MIN + 1);
}

#[test]
fn a_burst_arrives_at_once() {
    let frames = play(&finger("[[pad.event]]\nkind = \"burst\"\nat_s = 1.0\nframes = 20"));
    let close =
        frames.windows(2).filter(|pair| pair[1].arrival_s.unwrap() - pair[0].arrival_s.unwrap() < 0.004);
    assert!(close.count() >= 19);
    // The device's own times are as ever.
    assert!(frames.windows(2).all(|pair| pair[1].device_s - pair[0].device_s > 0.0109));
}

#[test]
fn a_pulled_out_pad_is_gone() {
    let pad = pad(&finger("[[pad.event]]\nkind = \"unplug\"\nat_s = 1.0"));
    let mut stream = pad.start(1 << 12);
    let id = stream.device().id();
    let frames = drain(&mut stream);
    assert!(frames.last().unwrap().device_s < 1001.0);
    assert_eq!(stream.condition(), Condition::Gone);
    assert!(pad.library.devices().unwrap().is_empty());
    assert_eq!(stream.restart(), Err(StartError::Gone { id }));
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn a_pad_that_goes_during_the_callback_gives_that_frame() {
    let pad = pad(&finger("[[pad.event]]\nkind = \"unplug-during-callback\"\nat_s = 1.0"));
    let mut stream = pad.start(1 << 12);
    let frames = drain(&mut stream);
    assert!(frames.last().unwrap().device_s >= 1001.0);
    assert_eq!(frames.len() as u64, pad.sent(stream.device().id()).0);
    assert_eq!(stream.condition(), Condition::Gone);
    drop(stream);
    pad.assert_faultless();
}

#[test]
fn after_sleep_a_restart_goes_on() {
    let pad = pad(&finger("[[pad.event]]\nkind = \"sleep\"\nat_s = 0.5\nfor_s = 1.0"));
    let mut stream = pad.start(1 << 12);
    let before = drain(&mut stream);
    assert_eq!(stream.condition(), Condition::Stopped);
    assert!(before.last().unwrap().device_s < 1000.5);
    // An old handle does not start: it has to be looked up again.
    stream.restart().unwrap();
    let after = drain(&mut stream);
    assert_eq!(stream.condition(), Condition::Gone);
    assert!(after[0].device_s > 1001.5);
    assert_eq!(after[0].touches[0].state, 3);
    assert_eq!(after[0].device_frame, before.last().unwrap().device_frame + 1);
    assert!(stream.stop().dropped_after.is_nothing());
    pad.assert_faultless();
}

#[test]
fn an_old_handle_does_not_start_after_sleep() {
    let pad = pad(&finger("[[pad.event]]\nkind = \"sleep\"\nat_s = 0.5\nfor_s = 1.0"));
    let device = pad.only();
    let mut stream = device.start(Options::default()).unwrap();
    drain(&mut stream);
    drop(stream);
    let refused = device.start(Options::default()).err();
    assert!(matches!(refused, Some(StartError::Status { .. })), "{refused:?}");
}

#[test]
fn a_silent_end_keeps_the_pad() {
    let pad = pad(&format!("at_end = \"silence\"\n{}", finger("")));
    let mut stream = pad.start(1 << 12);
    let mut frame = Frame::default();
    let mut count = 0;
    // The frame without touches comes last.
    while count == 0 || !frame.touches.is_empty() {
        assert!(stream.wait(pad::LONG));
        assert!(stream.next(&mut frame));
        count += 1;
    }
    assert!(count > 160);
    assert!(!stream.wait(Duration::from_millis(100)));
    assert_eq!(stream.condition(), Condition::Running);
    assert!(!stream.next(&mut frame));
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn two_runs_give_equal_bytes() {
    let scenario = r#"
        seed = 42
        pace = PACE
        [[pad]]
        drift = 0.1
        creep = { fraction = 0.05, time_s = 1.0 }
        hysteresis = 2.0
        gauges = [0.9, 1.0, 1.1, 1.0]
        [[pad.contact]]
        kind = "finger"
        from_s = 0.1
        until_s = 3.0
        force_g = 50.0
        tremor_g = 3.0
        [[pad.load]]
        grams = 30.0
        on_s = 1.0
        x = 0.1
        y = 0.9
    "#;
    let run = |pace: &str| {
        let mut frames = play(&scenario.replace("PACE", pace));
        for frame in &mut frames {
            frame.arrival_monotonic = Duration::ZERO;
        }
        frames
    };
    let first = run("\"unthrottled\"");
    assert!(first.len() > 200);
    assert_eq!(first, run("\"unthrottled\""));
    // The pace changes nothing either.
    assert_eq!(first, run("20.0"));
    // Nor does the machine: the digest of the first run that anybody made.
    assert_eq!(digest(&first), 8_576_204_295_257_593_533, "the simulator's numbers have changed");
}

/// FNV-1a over all that is simulated.
fn digest(frames: &[Frame]) -> u64 {
    let mut digest = 0xcbf2_9ce4_8422_2325_u64;
    let mut mix = |bytes: &[u8]| {
        for byte in bytes {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    };
    for frame in frames {
        mix(&frame.device_frame.to_le_bytes());
        mix(&frame.device_s.to_le_bytes());
        mix(&frame.arrival_s.unwrap().to_le_bytes());
        frame.touches.iter().for_each(|touch| mix(&touch.encode()));
    }
    digest
}

#[test]
fn two_pads_speak_in_the_order_of_their_times() {
    let pad = pad(r#"
        pace = "unthrottled"
        [[pad]]
        [[pad.contact]]
        kind = "finger"
        from_s = 0.1
        until_s = 1.0
        [[pad]]
        kind = "apple-silicon"
        [[pad.contact]]
        kind = "finger"
        from_s = 0.1
        until_s = 1.0
        "#);
    let devices = pad.library.devices().unwrap();
    let options = Options { capacity: 4096 };
    let mut streams: Vec<_> = devices.iter().map(|device| device.start(options).unwrap()).collect();
    let frames: Vec<Vec<Frame>> = streams.iter_mut().map(drain).collect();
    let mut all: Vec<&Frame> = frames.iter().flatten().collect();
    all.sort_by(|a, b| a.arrival_s.unwrap().total_cmp(&b.arrival_s.unwrap()));
    // Both streams count real time from about the same moment: in the order of simulated arrivals, real
    // ones rise within each and never lag by more than the start of the two.
    assert!(all.len() > 160);
    assert_eq!(frames[0].len(), frames[1].len());
    drop(streams);
    drop(devices);
    pad.assert_faultless();
}
