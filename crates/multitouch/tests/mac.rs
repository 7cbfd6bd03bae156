//! What a Mac does when something goes wrong, and a reader that copes: each test is a line of a scenario.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod pad;

use openweigh_multitouch::{Access, ArrivalClock, Condition, Frame, Options, Presence, Stream};
use pad::{Pad, pad};
use std::time::Duration;

/// A base that lies there for long, on a Magic Trackpad behind a library that behaves as on a Mac.
fn mac(before: &str, more: &str) -> Pad {
    pad(&format!(
        "behaviour = \"mac\"\npace = \"unthrottled\"\n{before}\n[[pad]]\nseconds = 60.0\n{more}\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 50.0\n"
    ))
}

/// The same as fast as time goes: it does not play to its end while something slow is done to it.
fn mac_in_real_time(before: &str) -> Pad {
    pad(&format!(
        "behaviour = \"mac\"\npace = \"real-time\"\n{before}\n[[pad]]\nseconds = 600.0\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 600.0\n"
    ))
}

/// An event of the pad.
fn mac_event(before: &str, event: &str) -> Pad {
    pad(&format!(
        "behaviour = \"mac\"\npace = \"unthrottled\"\n{before}\n[[pad]]\nseconds = 60.0\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 50.0\n[[pad.event]]\nat_s = 10.0\n{event}\n"
    ))
}

/// An event that waits until there is a file `go` in this folder; the pad is not played to its end before.
fn mac_waits(event: &str, folder: &std::path::Path) -> Pad {
    pad(&format!(
        "behaviour = \"mac\"\npace = 10.0\n[[pad]]\nseconds = 100000.0\n\
         [[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 99990.0\n\
         [[pad.event]]\nat_s = 0.0\n{event}\nonce = \"{}\"\n",
        folder.join("go").display()
    ))
}

/// Longer than a start has to wait after a stop.
const PAUSE: Duration = Duration::from_millis(500);

/// All frames until this is so of the stream, after which none comes.
fn until(stream: &mut Stream, mut ended: impl FnMut(&Stream) -> bool) -> Vec<Frame> {
    let (mut frames, mut frame) = (Vec::new(), Frame::default());
    for _ in 0..300_000 {
        // What came before the end is in the queue by the time the end is seen.
        let last = ended(stream);
        while stream.next(&mut frame) {
            frames.push(frame.clone());
        }
        if last {
            return frames;
        }
        stream.wait(Duration::from_millis(2));
    }
    panic!("it never happened");
}

/// Frames after a start, of which some come: the stream is halted then.
fn some(stream: &mut Stream) -> Vec<Frame> {
    assert!(stream.wait(pad::LONG));
    stream.halt();
    until(stream, |_| true)
}

/// All frames until the pad is in no list any more: it was unplugged, or its scenario has ended.
fn until_gone(stream: &mut Stream) -> Vec<Frame> {
    until(stream, |stream| stream.presence() == Presence::Gone)
}

/// Starts it until frames come: after a pause that is long enough.
fn restart_until_frames_come(stream: &mut Stream) {
    for pause in [PAUSE, PAUSE * 4, PAUSE * 16] {
        stream.halt();
        std::thread::sleep(pause);
        stream.restart().unwrap();
        if stream.wait(PAUSE * 20) {
            return;
        }
    }
    panic!("no frame comes");
}

#[test]
fn neither_alive_nor_running_tells_of_anything() {
    let pad = mac_event("", "kind = \"unplug\"");
    let device = pad.only();
    assert_eq!((device.is_alive(), device.is_running()), (Some(false), Some(false)));
    let mut stream = device.start(Options { capacity: 1 << 16 }).unwrap();
    assert!(!until_gone(&mut stream).is_empty());
    // Pulled out long ago.
    assert_eq!(stream.device().is_running(), Some(true));
    assert_eq!(stream.condition(), Condition::Running);
    assert_eq!(stream.presence(), Presence::Gone);
    assert_eq!(stream.restart().unwrap_err().to_string(), "the pad is gone");
    drop(stream);
    pad.assert_faultless();
}

#[test]
fn a_pad_that_comes_back_is_another_entry_of_the_registry() {
    let go = tempfile::tempdir().unwrap();
    let pad = mac_waits("kind = \"unplug\"\nfor_s = 1.0", go.path());
    let mut stream = pad.start(1 << 16);
    assert!(stream.wait(pad::LONG));
    assert_eq!(stream.presence(), Presence::Here);
    std::fs::write(go.path().join("go"), "").unwrap();
    let before = until(&mut stream, |stream| stream.presence() == Presence::Returned);
    stream.halt();
    std::thread::sleep(PAUSE);
    stream.restart().unwrap();
    let after = some(&mut stream);
    assert!(after[0].device_s > before.last().unwrap().device_s + 1.0);
    assert_eq!((before.len() + after.len()) as u64, pad.sent(stream.device().id()).0);
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn a_pad_goes_on_over_another_transport_if_it_keeps_its_id() {
    let first = 0x0400_0000_5000_0000_u64;
    for id in [first, 0x0500_0000_0000_0001] {
        let pad = mac_event("", &format!("kind = \"unplug\"\nfor_s = 1.0\ntransport = 1\nid = {id}"));
        let device = pad.only();
        assert_eq!((device.id(), device.identity().transport), (first, Some(4)));
        let mut stream = device.start(Options { capacity: 1 << 16 }).unwrap();
        let returned =
            |_: &Stream| pad.library.devices().unwrap().iter().any(|one| one.identity().transport == Some(1));
        let before = until(&mut stream, returned);
        let there = pad.only();
        assert_eq!((there.id(), there.identity().transport), (id, Some(1)));
        stream.halt();
        std::thread::sleep(PAUSE);
        if id == first {
            assert_eq!(stream.presence(), Presence::Returned);
            stream.restart().unwrap();
            let after = until_gone(&mut stream);
            assert_eq!((before.len() + after.len()) as u64, pad.sent(first).0);
        } else {
            // Nothing says that this is the same pad.
            assert_eq!(stream.presence(), Presence::Gone);
            assert_eq!(stream.restart().unwrap_err().to_string(), "the pad is gone");
        }
        stream.stop();
        pad.assert_faultless();
    }
}

#[test]
fn sleep_is_told_by_the_clocks_alone() {
    let go = tempfile::tempdir().unwrap();
    let pad = mac_waits("kind = \"sleep\"\nfor_s = 5.0", go.path());
    let mut stream = pad.start(1 << 16);
    assert!(stream.wait(pad::LONG));
    assert_eq!(stream.asleep(), Some(Duration::ZERO));
    std::fs::write(go.path().join("go"), "").unwrap();
    let before = until(&mut stream, |stream| stream.asleep() > Some(Duration::ZERO));
    assert!(before.iter().all(|frame| frame.asleep.is_zero()));
    assert_eq!(stream.asleep(), Some(Duration::from_secs(5)));
    assert_eq!((stream.condition(), stream.presence()), (Condition::Running, Presence::Here));
    stream.halt();
    std::thread::sleep(PAUSE);
    stream.restart().unwrap();
    let after = some(&mut stream);
    assert!(after.iter().all(|frame| frame.asleep == Duration::from_secs(5)));
    // The device's clock went on, and the time of arrival stood still.
    let (last, first) = (before.last().unwrap(), &after[0]);
    assert!(first.device_s - last.device_s > 5.0);
    assert!(first.awake_ns.unwrap() - last.awake_ns.unwrap() < 100_000_000);
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn a_stream_may_survive_its_sleep() {
    let pad = mac_event("answers = { survives_sleep = true }", "kind = \"sleep\"\nfor_s = 5.0");
    let mut stream = pad.start(1 << 16);
    let frames = until_gone(&mut stream);
    let slept: Vec<u64> = frames.iter().map(|frame| frame.asleep.as_secs()).collect();
    assert!(slept.is_sorted() && slept[0] == 0 && slept[slept.len() - 1] == 5);
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn a_start_too_soon_after_a_stop_succeeds_and_gives_nothing() {
    let flood = |pause_s: &str| {
        pad(&format!(
            "behaviour = \"mac\"\npace = \"unthrottled\"\nanswers = {{ restart_pause_s = {pause_s} }}\n[[pad]]\n\
             flood = {{ frames = 1000000000000, touches = 1 }}"
        ))
    };
    // Any pause is too short.
    let never = flood("1000000.0");
    let mut stream = never.start(1 << 10);
    assert!(stream.wait(pad::LONG));
    stream.restart().unwrap();
    let mut frame = Frame::default();
    while stream.next(&mut frame) {}
    assert!(!stream.wait(Duration::from_millis(200)), "status 0, and no frame");
    stream.stop();
    never.assert_faultless();
    let short = flood("0.4");
    let mut stream = short.start(1 << 10);
    assert!(stream.wait(pad::LONG));
    stream.halt();
    while stream.next(&mut frame) {}
    restart_until_frames_come(&mut stream);
    stream.stop();
    short.assert_faultless();
}

#[test]
fn frames_that_need_a_run_loop_come_to_who_waits() {
    let pad = mac_in_real_time("answers = { needs_run_loop = true, restart_pause_s = 0.0 }");
    let stream = pad.start(1 << 10).without_run_loop();
    assert!(!stream.wait(PAUSE), "nobody runs a run loop");
    drop(stream);
    let stream = pad.start(1 << 10);
    assert!(stream.wait(pad::LONG));
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn two_programs_may_record_a_pad() {
    let pad = mac_in_real_time("");
    let (mut first, mut second) = (pad.start(1 << 16), pad.start(1 << 16));
    assert!(second.wait(pad::LONG));
    let mut frame = Frame::default();
    assert!(second.next(&mut frame));
    let mut same = Frame::default();
    // The same frame comes to the first, whatever came before.
    while same.device_frame != frame.device_frame {
        assert!(first.wait(pad::LONG));
        assert!(first.next(&mut same));
    }
    drop(first);
    drop(second);
    pad.assert_faultless();
}

#[test]
fn nothing_rests_on_what_registering_answers() {
    let pad = mac("answers = { register_answers = false }", "");
    let mut stream = pad.start(1 << 16);
    assert!(!until_gone(&mut stream).is_empty());
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn one_callback_is_registered_however_often_a_pad_is_started() {
    let pad = mac_in_real_time("answers = { callback_slots = 1, restart_pause_s = 0.0 }");
    let mut stream = pad.start(1 << 16);
    for _ in 0..10 {
        stream.restart().unwrap();
    }
    assert!(stream.wait(pad::LONG));
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn the_frameworks_clock_is_not_the_time_of_arrival() {
    let pad = mac("", "");
    assert_eq!(pad.library.arrival_clock(), ArrivalClock::System);
    let mut stream = pad.start(1 << 16);
    let frames = until_gone(&mut stream);
    let (first, last) = (&frames[0], frames.last().unwrap());
    let device_s = last.device_s - first.device_s;
    let slope = |seconds: f64| seconds / device_s;
    let arrival_ns = last.awake_ns.unwrap() - first.awake_ns.unwrap();
    #[expect(clippy::cast_precision_loss, reason = "some seconds")]
    let system = slope(arrival_ns as f64 / 1e9);
    let framework = slope(last.arrival_s.unwrap() - first.arrival_s.unwrap());
    assert!((system - 1.0).abs() < 1e-3 && (framework - 0.984).abs() < 1e-3, "{system} {framework}");
    stream.stop();
    pad.assert_faultless();
}

#[test]
fn rights_and_clicks_are_asked_not_guessed() {
    let access =
        |answer: &str| mac(&format!("answers = {{ input_monitoring = \"{answer}\" }}"), "").library.access();
    assert_eq!(access("granted"), Some(Access::Granted));
    assert_eq!(access("unknown"), Some(Access::Unknown));
    let denied = mac("answers = { input_monitoring = \"denied\" }", "");
    assert_eq!(
        (denied.library.access(), denied.library.request_access()),
        (Some(Access::Denied), Some(false))
    );
    let stream = denied.start(1 << 10);
    assert!(!stream.wait(PAUSE), "it starts, and gives nothing");
    drop(stream);
    for (fixed, off) in [(false, Some(false)), (true, Some(true))] {
        let pad = mac("", &format!("clicks_fixed = {fixed}"));
        let guard = pad.only().disable_clicks().unwrap();
        assert_eq!((guard.clicks(), pad.only().clicks()), (off, off));
        drop(guard);
        assert_eq!(pad.only().clicks(), Some(true));
    }
}

#[test]
fn what_a_pad_says_of_its_force_may_be_wrong() {
    let pad = mac("", "says_force = false");
    assert_eq!(pad.only().identity().supports_force, Some(false));
    let mut stream = pad.start(1 << 16);
    assert!(!until_gone(&mut stream).is_empty());
    stream.stop();
}

#[test]
fn two_streams_of_one_device_do_not_end_each_other() {
    let pad = mac_in_real_time("answers = { restart_pause_s = 0.0 }");
    let device = pad.only();
    let start = || device.start(Options { capacity: 1 << 16 }).unwrap();
    let (first, mut second) = (start(), start());
    assert!(first.wait(pad::LONG) && second.wait(pad::LONG));
    drop(first);
    let mut frame = Frame::default();
    while second.next(&mut frame) {}
    assert!(second.wait(pad::LONG), "the end of the first one is none of the second");
    drop(second);
    // The handle is free again.
    assert!(start().wait(pad::LONG));
    pad.assert_faultless();
}

/// How many random orders are tried: `scripts/check-abi` asks for more.
#[allow(clippy::disallowed_methods, reason = "a test takes its count from whoever runs it")]
fn orders() -> u32 {
    std::env::var("OPENWEIGH_ORDERS").map_or(10, |count| count.parse().expect("a number of orders"))
}

/// A pad that sleeps and vanishes, twenty times in turn, so fast that each of a hundred things meets it otherwise. Every
/// other one stops without waiting for its thread; some stay in the end.
fn restless(round: u32) -> String {
    let waits = round.is_multiple_of(2);
    let at_end = ["unplug", "silence"][usize::from(round % 4 < 2)];
    let events: String = (1..20)
        .map(|at| {
            let kind = ["kind = \"sleep\"\nfor_s = 0.2", "kind = \"unplug\"\nfor_s = 0.2"][at % 2];
            format!("[[pad.event]]\nat_s = {at}.0\n{kind}\n")
        })
        .collect();
    format!(
        "behaviour = \"mac\"\npace = 50.0\nat_end = \"{at_end}\"\nstop_waits = {waits}\n\
         answers = {{ restart_pause_s = 0.0 }}\n[[pad]]\nseconds = 30.0\n[[pad.contact]]\nkind = \"base\"\nfrom_s = 0.0\nuntil_s = 29.0\n{events}"
    )
}

/// A hundred things at random that may be done to streams of a pad.
fn disorder(pad: &Pad, mut chance: u32) {
    let mut random = |below: u32| {
        chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (chance >> 16) % below
    };
    let options = Options { capacity: 256 };
    let mut streams: Vec<Stream> = Vec::new();
    for _ in 0..100 {
        let at = random(4) as usize;
        match (random(10), streams.get_mut(at)) {
            (0..=1, None) => {
                let devices = pad.library.devices().unwrap();
                streams.extend(devices.first().and_then(|device| device.start(options).ok()));
            }
            // A second stream of the same device.
            (2, Some(stream)) => {
                let second = stream.device().start(options);
                streams.extend(second);
            }
            (3, Some(_)) => drop(streams.swap_remove(at)),
            (4, Some(stream)) => drop(stream.restart()),
            (5, Some(stream)) => stream.halt(),
            (6, Some(stream)) => drop(stream.presence()),
            (7, Some(stream)) => drop(stream.wait(Duration::from_millis(3))),
            (8, Some(_)) => panic_with(streams.swap_remove(at)),
            (_, Some(stream)) => {
                let mut frame = Frame::default();
                while stream.next(&mut frame) {}
            }
            _ => {}
        }
    }
}

/// Whoever has a stream panics.
fn panic_with(stream: Stream) {
    let panics = move || {
        let _held = stream;
        std::panic::resume_unwind(Box::new("a panic"))
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).unwrap_err();
}

/// Random orders of everything that may be done to a stream, while the pad sleeps, vanishes and comes back.
#[test]
fn any_order_of_start_stop_look_and_drop_is_orderly() {
    let pad = pad(&restless(0));
    for round in 0..orders() {
        pad.plays(&restless(round));
        disorder(&pad, 7 + round);
        // One count of each started handle is never given back, and nothing else is kept.
        assert_eq!(pad.held(), pad.started());
        pad.assert_faultless();
    }
    #[expect(clippy::print_stdout, reason = "scripts/check-abi counts what each started handle keeps")]
    {
        println!("started handles: {}", pad.started());
    }
}
