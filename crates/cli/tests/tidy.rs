//! The invariants of `crates/README.md`, so that they cannot rot.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use scene::repository;
use std::collections::{BTreeMap, BTreeSet};
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
        // A file of its own that holds tests is in no program.
        let in_program = |path: &PathBuf| path.file_stem().is_some_and(|stem| stem != "tests");
        for (path, text) in sources(name).into_iter().filter(|(path, _)| in_program(path)) {
            let code = code(&text);
            for word in words {
                assert!(!code.contains(word), "{} holds `{word}`", path.display());
            }
        }
    }
}

/// What a crate needs when it runs, on any system.
fn dependencies(name: &str) -> toml::Table {
    let path = repository().join("crates").join(name).join("Cargo.toml");
    let manifest: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let of = |table: &toml::Table| {
        table.get("dependencies").map_or_else(toml::Table::new, |found| found.as_table().unwrap().clone())
    };
    let mut all = of(&manifest);
    for target in manifest.get("target").iter().flat_map(|targets| targets.as_table().unwrap().values()) {
        all.extend(of(target.as_table().unwrap()));
    }
    all
}

/// What stands between the first and the last of some marks.
fn between<'a>(text: &'a str, first: &str, last: &str) -> &'a str {
    text.split_once(first).and_then(|(_, rest)| rest.split_once(last)).map_or("", |(inner, _)| inner)
}

/// The modules that a crate's root declares.
fn modules(name: &str) -> BTreeSet<String> {
    let root = repository().join("crates").join(name).join("src");
    let root =
        ["lib.rs", "main.rs"].into_iter().map(|file| root.join(file)).find(|file| file.is_file()).unwrap();
    let text = std::fs::read_to_string(root).unwrap();
    let declared = |line: &str| {
        let line = line.strip_prefix("pub ").or(line.strip_prefix("pub(crate) ")).unwrap_or(line);
        line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    };
    code(&text).lines().filter_map(declared).collect()
}

/// A row of the map: what it says that a crate needs, and which modules it has.
struct Mapped {
    needs: BTreeSet<String>,
    modules: BTreeSet<String>,
}

/// The table of `crates/README.md`.
fn map() -> BTreeMap<String, Mapped> {
    let text = std::fs::read_to_string(repository().join("crates/README.md")).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').map(str::trim).collect();
        let [name, _, needs, modules, ""] = cells.as_slice() else { panic!("not five cells: {line}") };
        let mut listed = BTreeSet::new();
        let mut rest = *modules;
        // What stands in brackets says what a module is for.
        while let Some((before, behind)) = rest.split_once('(') {
            listed.extend(before.split(',').map(str::trim).map(str::to_owned));
            rest = behind.split_once(')').unwrap().1;
        }
        listed.extend(rest.split(',').map(str::trim).map(str::to_owned));
        // A module of a module is named by whoever likes to.
        listed.retain(|word| !word.is_empty() && !word.contains("::"));
        let needs = needs.split(", ").filter(|need| *need != "nothing").map(str::to_owned).collect();
        Some((name.trim_end_matches('`').to_owned(), Mapped { needs, modules: listed }))
    };
    between(&text, "| crate | in a sentence | needs | modules |\n|---|---|---|---|\n", "\n\n")
        .lines()
        .filter_map(row)
        .collect()
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
    // In the command: `screen` for all that is said, `progress`, a recording and a scale for lines that are rewritten. Each
    // text of theirs goes through `shown::plain`.
    let printers = ["screen.rs", "progress.rs", "cmd/record/screen.rs", "cmd/scale/screen.rs"];
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

/// The map of `crates/README.md` and Cargo agree: each crate, each arrow (on other systems, too), each module.
#[test]
fn the_map_is_what_is_built() {
    let map = map();
    assert_eq!(map.keys().cloned().collect::<Vec<_>>(), crates(), "the rows of crates/README.md");
    for (name, mapped) in &map {
        let own = dependencies(name);
        let needs: BTreeSet<String> =
            own.keys().filter_map(|key| key.strip_prefix("openweigh-")).map(str::to_owned).collect();
        assert_eq!(mapped.needs, needs, "crates/README.md says what {name} needs, and its Cargo.toml");
        assert_eq!(
            mapped.modules,
            modules(name),
            "crates/README.md lists the modules of {name}, and its root does"
        );
    }
}

/// From the arithmetic outward: who needs somebody stands on a higher floor.
#[test]
fn arrows_point_inward() {
    let floors: [&[&str]; 8] = [
        &["exact", "markup", "multitouch"],
        &["formats", "simulator"],
        &["dataset", "ledger", "trust"],
        &["fit", "capture", "store"],
        &["replay", "frames"],
        &["verify", "live", "metrology"],
        &["release", "openness"],
        &["cli"],
    ];
    let floor = |name: &str| floors.iter().position(|floor| floor.contains(&name)).unwrap();
    for (name, mapped) in map() {
        for need in &mapped.needs {
            assert!(floor(need) < floor(&name), "{name} needs {need}, which is not below it");
        }
    }
}

#[test]
fn polars_has_a_room_of_its_own() {
    let of_polars = |name: &str| dependencies(name).keys().any(|key| key.starts_with("polars"));
    assert!(of_polars("frames"), "this test looks for what no crate has");
    for name in crates().iter().filter(|name| *name != "frames") {
        assert!(!of_polars(name), "{name} depends on polars");
    }
    for (name, mapped) in map() {
        assert!(name == "cli" || !mapped.needs.contains("frames"), "{name} depends on frames");
    }
    let frames = dependencies("cli").get("openweigh-frames").cloned().unwrap();
    assert_eq!(frames["optional"].as_bool(), Some(true));
}

#[test]
fn the_network_has_a_room_of_its_own() {
    let network = ["object_store", "reqwest", "rustls", "tokio"];
    let hired = dependencies("store");
    assert!(network.iter().all(|word| hired.contains_key(*word)), "this test looks for what no crate has");
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

/// A package holds only what lies in the folder of its crate.
#[test]
fn crates_carry_what_they_include() {
    let copies = [
        ("docs/spec/unicode-14.0.txt", "formats/tables/unicode-14.0.txt"),
        ("docs/spec/unicode-14.0.txt", "markup/tables/unicode-14.0.txt"),
        ("protocols/coins.toml", "capture/protocols/coins.toml"),
        ("protocols/mass-set.toml", "capture/protocols/mass-set.toml"),
        ("protocols/simulated-masses.toml", "capture/protocols/simulated-masses.toml"),
    ];
    for (file, copy) in copies {
        let read = |path: PathBuf| std::fs::read(path).unwrap();
        let own = read(repository().join("crates").join(copy));
        assert!(own == read(repository().join(file)), "crates/{copy} is not {file}: copy it again");
    }
    for name in crates() {
        for (path, text) in sources(&name) {
            // Tests are not run from a package.
            let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
            let program = text.split("#[cfg(test)]").next().filter(|_| !is_test).unwrap_or_default();
            let depth =
                path.strip_prefix(repository().join("crates").join(&name)).unwrap().components().count();
            let out = ["str", "bytes"].map(|kind| format!("include_{kind}!(\"{}", "../".repeat(depth)));
            assert!(
                !out.iter().any(|out| program.contains(out)),
                "{} includes a file of another crate",
                path.display()
            );
        }
    }
}
