//! How long the callback keeps the framework's thread, and how many touches pass in a second.
//!
//! `cargo bench -p openweigh-multitouch`. The times include the two readings of the clock that measure them.

#![allow(unsafe_code, reason = "the simulator's own functions are called")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot run says where")]
#![allow(clippy::print_stdout, reason = "a bench prints")]
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "../tests/pad/mod.rs"]
mod pad;

use openweigh_multitouch::{Condition, Frame, Options};
use std::time::Instant;

const FRAMES: u32 = 1_000_000;
const TOUCHES: u32 = 5;

fn main() {
    let scenario =
        format!("pace = \"unthrottled\"\n[[pad]]\nflood = {{ frames = {FRAMES}, touches = {TOUCHES} }}");
    let seconds = through(&pad::pad(&scenario));
    println!("{:.2} million touches a second", f64::from(FRAMES * TOUCHES) / seconds / 1e6);

    let pad = pad::pad(&scenario);
    // SAFETY: the simulator's prototypes.
    let (start, time) = unsafe {
        (
            pad.raw.get::<unsafe extern "C" fn(usize)>(b"OpenweighSimulatorTimeCalls\0").unwrap(),
            pad.raw.get::<unsafe extern "C" fn(usize) -> i64>(b"OpenweighSimulatorCallTime\0").unwrap(),
        )
    };
    // SAFETY: takes any number.
    unsafe { start(FRAMES as usize) };
    through(&pad);
    // SAFETY: takes any number.
    let mut times: Vec<i64> =
        (0..).map_while(|number| Some(unsafe { time(number) }).filter(|&ns| ns >= 0)).collect();
    times.sort_unstable();
    let at = |per_mille: usize| times[(times.len() - 1) * per_mille / 1000];
    println!(
        "callback of {TOUCHES} touches: p50 {} ns, p99 {} ns, p99.9 {} ns, most {} ns, of {} calls",
        at(500),
        at(990),
        at(999),
        at(1000),
        times.len()
    );
}

/// Reads all frames as they come; how long that took.
fn through(pad: &pad::Pad) -> f64 {
    let begun = Instant::now();
    let mut stream = pad.only().start(Options { capacity: 1 << 16 }).unwrap();
    let mut frame = Frame::default();
    let (mut read, mut lost) = (0, 0);
    loop {
        let running = stream.condition() == Condition::Running;
        while stream.next(&mut frame) {
            read += 1;
            lost += frame.dropped_before.frames;
        }
        if !running {
            break;
        }
        std::hint::spin_loop();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let ending = stream.stop();
    println!("{read} frames read, {} lost, in {seconds:.3} s", lost + ending.dropped_after.frames);
    seconds
}
