//! What comes from outside cannot command the terminal: `verify`, `inspect`, `explain`, `import`, `devices`, `recover`,
//! `pull` and mistyped words, on files and names full of escapes, bidi marks and spaces. A terminal of 80 columns renders
//! what is printed, and what it shows is the plain verdict.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use scene::Scene;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

const ROWS: u16 = 200;
const COLUMNS: u16 = 80;
const BASE: &str = "nist-noint1-1.0.0";

/// Texts that would take a screen over, or draw a verdict on it.
fn poisons() -> Vec<String> {
    let verdict = "Checked. All 3 derivations were recomputed.";
    vec![
        format!("\u{1b}[2J\u{1b}[H{verdict}"),
        format!("\u{1b}]0;title\u{7}\u{9b}1A\r{verdict}"),
        format!("x\r\n{verdict}\n"),
        format!("x{}{verdict}", " ".repeat(75)),
        format!("x{}{verdict}", "\u{a0}".repeat(75)),
        format!("\u{202e}.dekcehC\u{2066}{verdict}"),
        format!("x{}{verdict}", "\u{2800}".repeat(75)),
        format!("\u{200b}\u{feff}\u{3164}\u{e001}\u{f0001}\u{10fffd}\u{378}\u{85}\u{2028}{verdict}"),
        format!("Z{}", "\u{301}".repeat(300)),
    ]
}

/// What is shown, line by line, and the exit code.
struct Shown {
    lines: Vec<String>,
    raw: String,
    code: i32,
}

/// Runs the program on a terminal.
fn on_terminal(scene: &Scene, words: &[&OsStr]) -> Shown {
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    let master = openpt(flags).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let peer = File::from(ioctl_tiocgptpeer(&master, flags).unwrap());
    let size = Winsize { ws_row: ROWS, ws_col: COLUMNS, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&peer, size).unwrap();
    let end = || Stdio::from(peer.try_clone().unwrap());
    let mut command = Command::new(env!("CARGO_BIN_EXE_openweigh"));
    command.args(words).current_dir(scene.path()).env_remove("NO_COLOR");
    let mut child = command.stdin(Stdio::null()).stdout(end()).stderr(end()).spawn().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut master, mut bytes, mut block) = (File::from(master), Vec::new(), [0; 4096]);
        // The end of a terminal is an error on Linux.
        while let Ok(count @ 1..) = master.read(&mut block) {
            bytes.extend_from_slice(&block[..count]);
        }
        bytes
    });
    let code = child.wait().unwrap().code().expect("not ended by a signal");
    drop((command, peer));
    let bytes = reader.join().unwrap();
    let mut parser = vt100::Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 2000);
    parser.process(&bytes);
    let lines = parser.screen().rows(0, COLUMNS).map(|row| row.trim_end().to_owned()).collect();
    Shown { lines, raw: String::from_utf8(bytes).unwrap(), code }
}

/// Insists that the output holds no more than text, line ends and our own colours, and that no line of the screen
/// begins like a verdict that was not given.
fn plain(scene: &Scene, words: &[&str], code: i32, shows: &str) {
    let raw: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
    plain_bytes(scene, &raw, code, shows);
}

fn plain_bytes(scene: &Scene, words: &[&OsStr], code: i32, shows: &str) {
    let shown = on_terminal(scene, words);
    let screen = shown.lines.join("\n");
    assert_eq!(shown.code, code, "{words:?}:\n{}", screen.trim_end());
    let colours =
        ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[4m"];
    let rest = colours.iter().fold(shown.raw.clone(), |text, colour| text.replace(colour, ""));
    for c in rest.replace("\r\n", "").chars() {
        assert!(openweigh_formats::text::may_hold(c) && c != '\u{2800}', "{words:?} prints {c:?}:\n{screen}");
    }
    let posing = shown.lines.iter().find(|line| line.starts_with("Checked. All 3"));
    assert!(posing.is_none() || code == 0, "{words:?} shows {posing:?}:\n{screen}");
    assert!(screen.contains(shows), "{words:?} should show {shows}:\n{}", screen.trim_end());
}

fn json(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

#[test]
fn verify_explain_and_inspect_show_what_files_say_as_text() {
    for poison in poisons() {
        let scene = Scene::published(BASE);
        std::fs::remove_file(scene.path().join("manifests/SHA256SUMS")).unwrap();
        let manifest = format!("manifests/{BASE}.json");
        let text = scene.text(&manifest);
        // A title and every statement: refused where the format refuses them, shown as text where it does not.
        let posing = text
            .lines()
            .map(|line| match line.trim_start().split_once(": ") {
                Some((key @ ("\"title\"" | "\"statement\""), _)) => {
                    let indent = &line[..line.len() - line.trim_start().len()];
                    format!(
                        "{indent}{key}: {}{}\n",
                        json(&poison),
                        if line.ends_with(',') { "," } else { "" }
                    )
                }
                _ => format!("{line}\n"),
            })
            .collect::<String>();
        // A claim is wrong, too, so that something has to be told.
        scene.write(&manifest, posing.replacen("\"value\": \"", "\"value\": \"9", 1).as_bytes());
        let ran = scene.run(&["verify"]);
        assert!(matches!(ran.code, 1 | 3), "{}", ran.all());
        plain(&scene, &["verify"], ran.code, if ran.code == 1 { "FAILED" } else { "MALFORMED" });
        let code = scene.run(&["explain", BASE]).code;
        plain(&scene, &["explain", BASE], code, "");
        let code = scene.run(&["inspect", &manifest]).code;
        plain(&scene, &["inspect", &manifest], code, "");
        // A key that no format has.
        scene.write(&manifest, text.replacen("\"title\"", &json(&poison), 1).as_bytes());
        plain(&scene, &["verify"], 3, "MALFORMED");
        plain(&scene, &["inspect", &manifest], 3, "error");
        // A file that is not listed, a data file that says it, and a recipe with such a key.
        scene.write(&manifest, text.as_bytes());
        let stray = scene.path().join("datasets/nist-noint1").join(OsStr::from_bytes(
            poison.replace('/', "").as_bytes().get(..200).unwrap_or(poison.replace('/', "").as_bytes()),
        ));
        if std::fs::write(&stray, b"x").is_ok() {
            plain(&scene, &["verify"], 1, "FAILED");
            std::fs::remove_file(&stray).unwrap();
        }
        scene.write("datasets/nist-noint1/measurements.csv", format!("y,x\n{poison},1\n").as_bytes());
        plain(&scene, &["verify"], 1, "FAILED");
        let recipe = "artifacts/recipes/nist-noint1.toml";
        let said = format!("{}\n{} = 1\n", scene.text(recipe), json(&poison));
        scene.write(recipe, said.as_bytes());
        plain(&scene, &["inspect", recipe], 3, "error");
        scene.write(
            "results.csv",
            format!("dataset,row,{0}\na,1,{0}\n", poison.replace([',', '\n'], "")).as_bytes(),
        );
        let code = scene.run(&["inspect", "results.csv"]).code;
        plain(&scene, &["inspect", "results.csv"], code, "");
    }
}

#[test]
fn imports_and_recordings_show_names_as_text() {
    for poison in poisons() {
        let scene = Scene::ledger();
        let name = poison.replace(['\n', '\r', ',', '"'], "");
        scene.write("table.csv", format!("{name},y\n1,2\n3,4\n").as_bytes());
        for words in [
            &["import", "table", "table.csv", "--name", "t"][..],
            &["import", "table", "table.csv", "--name", "u", "--dry-run"],
        ] {
            let scene = Scene::ledger();
            scene.write("table.csv", format!("{name},y\n1,2\n3,{name}\n").as_bytes());
            let code = scene.run(words).code;
            let scene = Scene::ledger();
            scene.write("table.csv", format!("{name},y\n1,2\n3,{name}\n").as_bytes());
            plain(&scene, words, code, "");
        }
        scene.write(
            "recording.yml",
            format!("# libinput record\nversion: 1\ndevices:\n- node: {poison}\n").as_bytes(),
        );
        plain(&scene, &["import", "recording", "recording.yml", "--name", "r"], 3, "error");
        scene.write("evemu", format!("# EVEMU 1.3\nN: {name}\nI: 0003 05ac 0265 0110\n").as_bytes());
        plain(&scene, &["import", "recording", "evemu", "--name", "r"], 3, "error");
        let folder = name.replace('/', "");
        let inside = scene.path().join("datasets").join(&folder).join("sessions/.s01.part");
        if std::fs::create_dir_all(&inside).is_ok() {
            std::fs::write(inside.join("touches.csv"), &poison).unwrap();
            let word = format!("datasets/{folder}");
            let code = scene.run(&["recover", &word]).code;
            plain(&scene, &["recover", &word], code, "");
        }
        scene.write("devices.evemu", poison.as_bytes());
        let code = scene.run(&["devices", "--library", &format!("./{name}.so")]).code;
        plain(&scene, &["devices", "--library", &format!("./{name}.so")], code, "error");
    }
}

#[test]
fn stores_and_mistyped_words_are_shown_as_text() {
    for poison in poisons() {
        let scene = Scene::ledger();
        for words in [
            &["inspect", &poison][..],
            &[&poison],
            &["verify", &format!("--{poison}")],
            &["verify", "--id", &poison],
            &["fit", "--dataset", &poison, "--recipe", &poison, "--name", "a", "--version", "1.0.0"],
            &["pull", &poison, "here"],
            &["verify", &poison],
            &["explain", &poison],
        ] {
            let code = scene.run(words).code;
            assert!(matches!(code, 2 | 3), "{words:?} ends with {code}");
            plain(&scene, words, code, "");
        }
        let layout = json("1.0.0");
        scene.write("store/oci-layout", format!("{{\"imageLayoutVersion\":{layout}}}").as_bytes());
        let text = json(&poison);
        for index in [
            format!("{{\"schemaVersion\":2,\"mediaType\":{text},\"manifests\":[]}}"),
            format!("{{\"schemaVersion\":2,{text}:1}}"),
            format!(
                "{{\"schemaVersion\":2,\"manifests\":[{{\"mediaType\":{text},\"digest\":{text},\"size\":1,\"annotations\":{{\"org.opencontainers.image.ref.name\":{text}}}}}]}}"
            ),
        ] {
            scene.write("store/index.json", index.as_bytes());
            let code = scene.run(&["pull", "oci:store:1.0.0", "here"]).code;
            assert!(matches!(code, 1..=3), "ends with {code}");
            plain(&scene, &["pull", "oci:store:1.0.0", "here"], code, "error");
        }
    }
}
