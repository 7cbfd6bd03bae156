//! How many touches a second are written: `cargo bench -p openweigh-capture`.

#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::cast_precision_loss, reason = "a bench")]
#![allow(clippy::disallowed_methods, missing_docs, reason = "a bench measures time")]

#[path = "../tests/scene/mod.rs"]
mod scene;

use openweigh_capture::Recorder;
use std::time::Instant;

const FRAMES: u64 = 2_000_000;

/// The most memory that the process had, in MB, where the system tells.
fn peak_mb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
}

/// Seconds that this thread has computed, where the system tells: what a machine that does nothing else takes.
fn computed_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e9)
}

fn main() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = Recorder::create(scene::order(root.path(), "bench"), &scene::info()).unwrap();
    // Values as of a finger that moves: as many digits as a pad gives.
    let mut seed = 1u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / 16_777_216.0
    };
    let mut frames: Vec<_> = (0..1000)
        .map(|at| {
            let mut touch = scene::touch(1, (random() * 127.0).round() * 2.0);
            for value in [&mut touch.x, &mut touch.y, &mut touch.vx, &mut touch.vy, &mut touch.total] {
                *value = Some(random());
            }
            for value in [&mut touch.x_mm, &mut touch.y_mm, &mut touch.vx_mm, &mut touch.vy_mm] {
                *value = Some(random() * 100.0);
            }
            for value in [&mut touch.major, &mut touch.minor, &mut touch.density, &mut touch.angle] {
                *value = Some(random() * 10.0);
            }
            scene::frame(at, vec![touch])
        })
        .collect();
    let (begun, computed) = (Instant::now(), computed_s());
    for at in 0..FRAMES {
        let frame = &mut frames[(at % 1000) as usize];
        frame.device_s = at as f64 * 0.011_25;
        recorder.frame(frame).unwrap();
    }
    let own = computed_s().zip(computed).map_or_else(String::new, |(after, before)| {
        let own = after - before;
        format!("; the recording thread computed {own:.2} s, {:.2} million rows/s", FRAMES as f64 / own / 1e6)
    });
    let recorded = recorder.finish().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let bytes = std::fs::metadata(recorded.folder.join("touches.csv")).unwrap().len();
    println!(
        "{FRAMES} touch rows, {:.0} MB of text: {seconds:.2} s, {:.2} million rows/s, peak {} MB{own}",
        bytes as f64 / 1e6,
        FRAMES as f64 / seconds / 1e6,
        peak_mb().map_or_else(|| "?".to_owned(), |mb| mb.to_string()),
    );
}
