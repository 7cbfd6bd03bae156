//! Recordings that are killed at random moments: a program of its own, since what is lost is a matter of time,
//! and other tests would take the time away.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]
#![allow(
    clippy::disallowed_methods,
    reason = "kills come at moments of a clock, and their number from outside"
)]

mod bench;
mod scene;

use bench::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How long a thread had to wait for this machine, in all: what nobody who needs it can make up for.
struct Lateness {
    over: Arc<AtomicBool>,
    watch: std::thread::JoinHandle<Duration>,
}

impl Lateness {
    fn watched() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let watch = std::thread::spawn(move || {
            let (nap, mut late) = (Duration::from_millis(10), Duration::ZERO);
            while !ended.load(Relaxed) {
                let begun = Instant::now();
                std::thread::sleep(nap);
                late += begun.elapsed().saturating_sub(nap);
            }
            late
        });
        Self { over, watch }
    }

    fn seconds(self) -> f64 {
        self.over.store(true, Relaxed);
        self.watch.join().unwrap().as_secs_f64()
    }
}

/// The rows of the frames that are on disk whole: a frame's rows have one number, and only the next frame ends it.
fn whole(touches: &str) -> u64 {
    let complete = touches.rsplit_once('\n').map_or("", |(lines, _)| lines);
    let number = |line: &str| line.split(',').next().and_then(|cell| cell.parse::<u64>().ok());
    complete.lines().filter_map(number).next_back().unwrap_or(0)
}

/// One kill at a random moment. Gives how much more than the machine's own lateness was lost, in seconds, where the pad's
/// pace was that of a pad.
fn kill(at: u64, random: u64) -> Option<f64> {
    // Every third at the pace of a pad, every third at full speed, every third about when it ends by itself.
    let (pace, extra): (_, &[&str]) = match at % 3 {
        0 => ("\"real-time\"", &[]),
        1 => ("500.0", &[]),
        _ => ("\"unthrottled\"", &["--frames", "3000", "--capacity", "200000"]),
    };
    let bench = Bench::new(&LONG.replace("\"PACE\"", pace));
    bench.plays(TWO_LOADS);
    bench.record(&["--name", "pad", "--frames", "3"]).ends(0);
    bench.plays(&LONG.replace("\"PACE\"", pace));
    let before = files(&bench.path("datasets"));
    let lateness = Lateness::watched();
    let mut child = bench.child(&[&["--name", "pad"], extra].concat());
    let lines = begun(&mut child);
    let started = Instant::now();
    if at.is_multiple_of(3) {
        // Rows come to the disk while the recording goes on, and not only at its end.
        says(&bench, "s02.part/touches.csv", &format!("\n{},", random % 100));
    }
    let longest = if at % 3 == 2 { 60_000 } else { 1_000_000 };
    std::thread::sleep(Duration::from_micros(random % longest));
    let after = started.elapsed().as_secs_f64();
    child.kill().unwrap();
    child.wait().unwrap();
    drop(lines);
    let late = lateness.seconds();
    // What was there is there, whatever became of the new session.
    let listed = read(&bench.path("datasets/pad"), "s01").dataset;
    for (name, bytes) in before.iter().filter(|(name, _)| name.contains("s01")) {
        assert_eq!(std::fs::read(bench.path("datasets").join(name)).unwrap(), *bytes);
    }
    let ended = listed.sessions().len() == 2;
    let left =
        std::fs::read_to_string(bench.path("datasets/pad/sessions/s02.part/touches.csv")).unwrap_or_default();
    let recovered = bench.run(&["recover", "datasets/pad"]);
    if !ended {
        let recovered = recovered.ends(0);
        if recovered.stdout.contains("no frame had been written") {
            assert_eq!(whole(&left), 0, "frames were on disk");
            return None;
        }
    }
    let found = read(&bench.path("datasets/pad"), "s02");
    // Of what was on disk nothing is lost.
    assert!(
        found.session.quality.frames >= whole(&left),
        "{} of {}",
        found.session.quality.frames,
        whole(&left)
    );
    read(&bench.path("datasets/pad"), "s01");
    bench.run(&["recover", "datasets/pad"]).ends(0).says("nothing to recover");
    assert_eq!(std::fs::read_dir(bench.path("datasets/pad/sessions")).unwrap().count(), 2);
    at.is_multiple_of(3).then_some(after - (found.last_s - found.first_s) - late)
}

/// `scripts/check-record N` makes it N kills.
#[test]
fn a_killed_recording_loses_less_than_its_last_second() {
    let count = std::env::var("OPENWEIGH_KILLS").map_or(6, |count| count.parse().unwrap());
    let mut seed = 7u64;
    let mut worst = 0.0f64;
    for at in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        worst = worst.max(kill(at, seed >> 33).unwrap_or(0.0));
    }
    assert!(worst < 1.0, "{worst} s were lost");
    #[expect(clippy::print_stderr, reason = "what the script is for")]
    {
        eprintln!(
            "{count} kills; the most that was lost at a pad's pace: {worst:.3} s more than the machine was late"
        );
    }
}
