//! The invariants of `crates/README.md`, so that they cannot rot.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::repository;
use std::path::{Path, PathBuf};

/// The Rust files of a crate's `src`, with their text.
fn sources(name: &str) -> Vec<(PathBuf, String)> {
    let mut waiting = vec![repository().join("crates").join(name).join("src")];
    let mut found = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

fn crates() -> Vec<String> {
    let folders = std::fs::read_dir(repository().join("crates")).unwrap().map(|entry| entry.unwrap());
    let mut names: Vec<String> = folders
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The part of a file that is compiled into the program, without comments.
fn code(text: &str) -> String {
    let program = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    program.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Insists that no source of these crates holds any of the words.
fn without(names: &[&str], words: &[&str]) {
    for name in names {
        for (path, text) in sources(name) {
            let code = code(&text);
            for word in words {
                assert!(!code.contains(word), "{} holds `{word}`", path.display());
            }
        }
    }
}

fn dependencies(name: &str) -> toml::Table {
    let path = repository().join("crates").join(name).join("Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    // A crate may need nothing.
    manifest.get("dependencies").map_or_else(toml::Table::new, |found| found.as_table().unwrap().clone())
}

#[test]
fn the_kernel_has_no_floats_and_no_io() {
    without(
        &["exact"],
        &["f64", "f32", "std::fs", "std::io", "std::env", "std::time", "std::thread", "HashMap"],
    );
}

#[test]
fn only_one_place_prints() {
    let words = ["println!", "print!", "eprintln!", "eprint!", "dbg!", "io::stdout()", "io::stderr()"];
    // A foreign program loads the simulator, which has no other way to speak.
    let silent: Vec<String> =
        crates().into_iter().filter(|name| !matches!(name.as_str(), "cli" | "simulator")).collect();
    without(&silent.iter().map(String::as_str).collect::<Vec<_>>(), &words);
    // In the command: `screen` for all that is said, `progress` and a recording for lines that are rewritten. Each
    // text of theirs goes through `shown::plain`.
    let printers = ["screen.rs", "progress.rs", "cmd/record/screen.rs"];
    for (path, text) in sources("cli") {
        if !printers.iter().any(|own| path.ends_with(format!("src/{own}"))) {
            for word in words {
                assert!(!code(&text).contains(word), "{} holds `{word}`", path.display());
            }
        }
    }
}

#[test]
fn formats_and_functions_know_no_disk_clock_or_environment() {
    let words =
        ["std::fs", "std::env", "std::time", "std::path", "std::io", "f64", "f32", "println!", "eprintln!"];
    without(&["fit", "replay", "metrology", "verify"], &words);
    for (path, text) in sources("dataset") {
        for word in &words {
            // Rest is looked for with binary64: it finds frames, and publishes no number of its own.
            let rest = *word == "f64" && path.ends_with("rest.rs");
            assert!(rest || !code(&text).contains(word), "{} holds `{word}`", path.display());
        }
    }
    // An export for programs that know nothing but binary64 is the one place of `release` where a decimal becomes one.
    let in_release: Vec<&str> = words.iter().filter(|word| **word != "f64").copied().collect();
    without(&["release"], &in_release);
    for (path, text) in sources("formats") {
        // The schemas' test is a test as a whole.
        if path.ends_with("schemas.rs") {
            continue;
        }
        for word in &words {
            // A deserializer names what it forwards; no value of ours is binary.
            let named = matches!(*word, "f64" | "f32") && path.ends_with("missing/values.rs");
            assert!(named || !code(&text).contains(word), "{} holds `{word}`", path.display());
        }
    }
}

#[test]
fn only_the_ledger_writes_files() {
    without(&["cli"], &["std::fs::write", "File::create", "std::fs::rename", "std::fs::remove"]);
}

#[test]
fn only_the_screen_prints() {
    for name in crates() {
        for (path, text) in sources(&name) {
            // A library that a foreign program loaded has no other way to say that its scenario is wrong.
            let stage = name == "simulator" && path.ends_with("stage.rs");
            if !path.ends_with("screen.rs") && !path.ends_with("progress.rs") && !stage {
                for word in ["println!", "print!(", "io::stdout()", "io::stderr()"] {
                    assert!(!code(&text).contains(word), "{} holds `{word}`", path.display());
                }
            }
        }
    }
}

/// What went wrong is told by types: words are for people, and change.
#[test]
fn nothing_is_decided_from_words_for_people() {
    let asked = [".contains(", ".starts_with(", ".ends_with(", ".split_once(", ".find(", ".matches("];
    let said = [".to_string()", ".message()", ".message", ".reason()", ".sentence()", ".stderr"];
    let words: Vec<String> =
        said.iter().flat_map(|said| asked.map(|asked| format!("{said}{asked}"))).collect();
    for name in crates() {
        without(&[&name], &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

/// A path inside somebody's folder is opened step by step, by handles: resolved as text, it could lead out meanwhile.
#[test]
fn no_path_is_resolved_before_it_is_opened() {
    for name in crates() {
        without(&[&name], &["canonicalize("]);
    }
}

#[test]
fn arrows_point_inward() {
    let allowed: [(&str, &[&str]); 11] = [
        ("exact", &[]),
        ("formats", &["openweigh-exact"]),
        ("ledger", &["openweigh-formats"]),
        ("store", &["openweigh-formats", "openweigh-ledger"]),
        ("dataset", &["openweigh-exact", "openweigh-formats"]),
        ("fit", &["openweigh-dataset", "openweigh-exact", "openweigh-formats"]),
        ("replay", &["openweigh-dataset", "openweigh-exact", "openweigh-fit", "openweigh-formats"]),
        (
            "metrology",
            &[
                "openweigh-dataset",
                "openweigh-exact",
                "openweigh-fit",
                "openweigh-formats",
                "openweigh-markup",
                "openweigh-replay",
            ],
        ),
        (
            "verify",
            &[
                "openweigh-dataset",
                "openweigh-exact",
                "openweigh-fit",
                "openweigh-formats",
                "openweigh-replay",
            ],
        ),
        (
            "release",
            &[
                "openweigh-exact",
                "openweigh-formats",
                "openweigh-markup",
                "openweigh-replay",
                "openweigh-trust",
                "openweigh-verify",
            ],
        ),
        ("trust", &["openweigh-formats"]),
    ];
    for (name, inward) in allowed {
        let own: Vec<String> =
            dependencies(name).keys().filter(|key| key.starts_with("openweigh")).cloned().collect();
        assert_eq!(own, inward, "{name}");
    }
}

#[test]
fn polars_has_a_room_of_its_own() {
    for name in crates().iter().filter(|name| *name != "frames") {
        assert!(!dependencies(name).contains_key("polars"), "{name} depends on polars");
    }
    let frames = dependencies("cli").get("openweigh-frames").cloned().unwrap();
    assert_eq!(frames["optional"].as_bool(), Some(true));
}

#[test]
fn the_network_has_a_room_of_its_own() {
    let network = ["object_store", "reqwest", "rustls", "tokio"];
    for name in crates().iter().filter(|name| *name != "store") {
        let hired = dependencies(name);
        assert!(!network.iter().any(|other| hired.contains_key(*other)), "{name} reaches the network");
    }
    // What a release is made of is decided by functions of bytes.
    for (path, text) in sources("store") {
        if ["tree.rs", "wire.rs", "package.rs", "location.rs"].iter().any(|pure| path.ends_with(pure)) {
            assert!(
                !code(&text).contains("std::fs") && !code(&text).contains("async "),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn every_dependency_is_hired_with_a_reason() {
    let text = std::fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let table = text.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    for line in table.lines().filter(|line| line.contains('=') && !line.starts_with(['#', 'o'])) {
        assert!(line.contains(" # "), "no reason beside: {line}");
    }
    for name in crates() {
        for (key, value) in dependencies(&name) {
            let workspace = value.as_table().and_then(|table| table.get("workspace"));
            assert_eq!(workspace.and_then(toml::Value::as_bool), Some(true), "{name}: {key}");
        }
    }
}

#[test]
fn the_map_names_every_crate() {
    let map = std::fs::read_to_string(repository().join("crates/README.md")).unwrap();
    for name in crates() {
        assert!(map.contains(&format!("| `{name}` |")), "crates/README.md does not name {name}");
    }
}

#[test]
fn names_say_something_and_files_are_of_a_readable_length() {
    for name in crates() {
        for (path, text) in sources(&name) {
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            assert!(
                !["util", "utils", "helper", "helpers", "common", "misc"].contains(&stem.as_str()),
                "{}",
                path.display()
            );
            let lines = text.lines().count();
            assert!(lines <= 500 || text.contains("// Long because"), "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn nothing_names_a_machine() {
    let tracked =
        std::process::Command::new("git").arg("ls-files").current_dir(repository()).output().unwrap();
    let machine = ["/ro", "ot/"].concat();
    for path in String::from_utf8(tracked.stdout).unwrap().lines() {
        let Ok(text) = std::fs::read_to_string(repository().join(Path::new(path))) else { continue };
        assert!(!text.contains(&machine), "{path} names a path of a machine");
    }
}
