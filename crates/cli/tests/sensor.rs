//! The live scale on sensors that write lines of numbers: standard input, a pipe, a serial port, a server.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::{Ran, Scene};
use std::fmt::Write as _;
use std::io::Write as _;

/// A load cell, 100 readings a second: empty, 100 g, empty, 200 g, three seconds each. Simulated.
fn readings() -> Vec<(u64, i64)> {
    let stretches = [(8000, 300), (8500, 1), (9000, 300), (8500, 1), (8000, 300), (9000, 1), (10_000, 300)];
    let levels = stretches.into_iter().flat_map(|(level, count)| std::iter::repeat_n(level, count));
    let noise = |at: usize| i64::try_from(at * 7 % 3).unwrap() - 1;
    levels.enumerate().map(|(at, level): (usize, i64)| (at as u64 * 10, level + noise(at))).collect()
}

fn lines(line: impl Fn(u64, i64) -> String) -> String {
    readings().into_iter().fold(String::new(), |mut text, (time, value)| {
        writeln!(text, "{}", line(time, value)).unwrap();
        text
    })
}

fn two(time: u64, value: i64) -> String {
    format!("{time},{value}")
}

/// A ledger with weights of that load cell, fitted on its log.
fn calibrated() -> Scene {
    let scene = Scene::empty();
    scene.run(&["init", "."]).ends(0);
    scene.write("log.csv", format!("time_ms,raw\n{}", lines(two)).as_bytes());
    let import = ["import", "signal", "log.csv", "--name", "cell", "--time", "time_ms", "--value", "raw"];
    scene.run(&import).ends(0);
    for weighing in [
        "--frames 20..280 --role tare --id e1",
        "--frames 320..580 --reference-g 100 --tare e1 --id a",
        "--frames 620..880 --role tare --id e2",
        "--frames 920..1180 --reference-g 200 --tare e2 --id b",
    ] {
        scene
            .run(&["weigh", "cell", "log"].into_iter().chain(weighing.split(' ')).collect::<Vec<_>>())
            .ends(0);
    }
    scene.run(&["fit", "--dataset", "cell", "--preset", "affine"]).ends(0);
    scene
}

const TWO: [&str; 8] = ["--channel", "raw=2", "--time", "1", "--time-unit", "ms", "--weights", "cell-1.0.0"];

fn scale(scene: &Scene, words: &[&str], input: &str) -> Ran {
    scene.run_with(&[&["scale", "--unattended"], words].concat(), input.as_bytes())
}

#[test]
fn what_the_scale_shows_is_what_the_log_replays_to() {
    let scene = calibrated();
    let words = [&["--source", "-"][..], &TWO, &["--log", "live.csv"]].concat();
    scale(&scene, &words, &lines(two)).ends(0).says("w01  100.00 g").says("w02  200.00 g");
    // The same frames, weighed in the imported log, are the same grams.
    let log = scene.text("live.csv");
    let rows: Vec<Vec<&str>> = log.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 2);
    let import = ["import", "signal", "log.csv", "--name", "again", "--time", "time_ms", "--value", "raw"];
    scene.run(&import).ends(0);
    scene.run(&["weigh", "again", "log", "--frames", "0..100", "--role", "tare", "--id", "tare01"]).ends(0);
    for (at, row) in rows.iter().enumerate() {
        let (frames, id) = (format!("{}..{}", row[1], row[2]), format!("w{}", at + 1));
        let words = [
            "weigh", "again", "log", "--frames", &frames, "--role", "unknown", "--tare", "tare01", "--id",
            &id,
        ];
        scene.run(&words).ends(0);
    }
    scene.run(&["replay", "--weights", "cell-1.0.0", "--dataset", "again", "-o", "again.csv"]).ends(0);
    let again = scene.text("again.csv");
    let column = again.lines().next().unwrap().split(',').position(|name| name == "grams").unwrap();
    let replayed: Vec<&str> =
        again.lines().skip(2).map(|line| line.split(',').nth(column).unwrap()).collect();
    assert_eq!(replayed, rows.iter().map(|row| row[4]).collect::<Vec<_>>());
}

#[test]
fn lines_are_read_however_they_are_written() {
    let scene = calibrated();
    let greeted = format!(
        "HX711 scale v1.2\nCalibration factor: 2280\n{}",
        lines(|time, value| {
            let status = if time % 4000 == 0 { "low battery\n" } else { "" };
            format!("{status}t={time} ms; Reading: {value} counts")
        })
    );
    scale(&scene, &[&["--source", "-"][..], &TWO].concat(), &greeted)
        .ends(0)
        .says("w02  200.00 g")
        .says("note: 6 lines that are no readings");
    let comma = lines(|time, value| format!("{},{:03};{value},0\r", time / 1000, time % 1000));
    let mut words = [&["--source", "-", "--decimal", "comma"][..], &TWO].concat();
    let unit = words.iter().position(|word| *word == "ms").unwrap();
    words[unit] = "s";
    scale(&scene, &words, &comma).ends(0).says("w02  200.00 g");
    // In another unit the digits would mean something else.
    let grams = lines(|time, value| {
        if (3000..6000).contains(&time) { format!("{time} ms 9 kg") } else { format!("{time} ms {value} g") }
    });
    scale(&scene, &[&["--source", "-"][..], &TWO].concat(), &grams)
        .ends(0)
        .says("200.00 g")
        .says("note: 300 lines that are no readings");
    // A sign that stands apart belongs to its number.
    let below = lines(|time, value| format!("{time} ST -  {value}"));
    let own = ["--source", "-", "--channel", "raw=2", "--time", "1", "--time-unit", "ms", "--json"];
    let ran = scale(&scene, &own, &below).ends(0);
    let last: serde_json::Value = serde_json::from_str(ran.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["values"]["raw"], "-9999.990099");
}

#[test]
fn what_is_not_clear_is_refused_with_what_to_type() {
    let scene = calibrated();
    let refused = |words: &[&str], input: &str| scale(&scene, words, input);
    refused(&["--source", "-"], &lines(two))
        .ends(2)
        .says("each line has 2 numbers")
        .says("--channel value=2");
    refused(&["--source", "-", "--weights", "cell-1.0.0"], &lines(two)).ends(2).says("--channel raw=2");
    refused(&["--source", "-", "--channel", "raw=3"], &lines(two)).ends(2).says("there is no number 3");
    let both = ["--source", "-", "--channel", "raw=1", "--time", "1", "--time-unit", "ms"];
    refused(&both, &lines(two)).ends(2).says("two things");
    refused(&both[..6], &lines(two)).ends(2).says("--time-unit");
    let twice = ["--source", "-", "--channel", "raw=1", "--channel", "raw=2"];
    refused(&twice, &lines(two)).ends(2).says("--channel raw is said twice");
    refused(&["--source", "-", "--channel", "device_s=2"], &lines(two)).ends(2).says("choose another name");
    refused(&["--source", "-", "--channel", "mass=2", "--weights", "cell-1.0.0"], &lines(two))
        .ends(2)
        .says("there are raw");
    refused(&["--source", "-"], "hello\nworld\n")
        .ends(3)
        .says("the last was \"world\"")
        .says("--decimal comma");
    refused(&["--source", "-"], &"x\n".repeat(2000)).ends(3).says("in a thousand");
    refused(&["--source", "-"], "\u{1b}[2J 1\n").ends(3).says("\\u{1b}[2J 1");
    refused(&["--source", "serial:log.csv"], "").ends(3).says("this is no serial port").says("file:PATH");
    refused(&["--source", "tcp:localhost"], "").ends(2).says("tcp:HOST:PORT");
    refused(&["--source", "-", "--library", "x"], "").ends(2);
    refused(&["--source", "-", "--record", "--license", "CC0-1.0"], &lines(two))
        .ends(2)
        .says("import signal");
    refused(&["--source", "file:."], "").ends(3).says("Is a directory");
    scene.run_with(&["weigh-once", "--source", "-"], b"1\n2\n3\n").ends(2).says("before a load rested");
}

/// A scale on a source, while something is written for it.
fn while_written(scene: &Scene, source: &str, write: impl FnOnce() + Send) -> Ran {
    std::thread::scope(|scope| {
        scope.spawn(write);
        scale(scene, &[&["--source", source][..], &TWO].concat(), "")
    })
}

#[test]
fn a_server_and_a_serial_port_give_lines() {
    let scene = calibrated();
    // The first line may be half of one, and is not read: 0 is what it would weigh otherwise.
    let text = format!("7\n{}", lines(two));
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let source = format!("tcp:{}", server.local_addr().unwrap());
    let sent = text.clone();
    while_written(&scene, &source, move || {
        let _ = server.accept().unwrap().0.write_all(sent.as_bytes());
    })
    .ends(0)
    .says("w02  200.00 g")
    .says("device-lost");
    #[cfg(target_os = "linux")]
    {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        // Held open until the program has it, so that the port is not gone in between.
        let held = std::fs::File::options().read(true).write(true).open(&path).unwrap();
        // Line by line, a terminal throws away what nobody reads.
        let mut state = tcgetattr(&held).unwrap();
        state.make_raw();
        tcsetattr(&held, OptionalActions::Now, &state).unwrap();
        while_written(&scene, &format!("serial:{path}@57600"), move || {
            let mut master = std::fs::File::from(master);
            // What the port holds is little: this waits until it is read.
            master.write_all(text.as_bytes()).unwrap();
            // With the last master what was not read is gone.
            while rustix::io::ioctl_fionread(&held).unwrap() > 0 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        })
        .ends(0)
        .says("w02  200.00 g")
        .says("device-lost");
    }
}
