//! The scenario that the environment names, in a process of its own each time.

#![allow(unsafe_code, reason = "C functions are called")]
#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]
#![allow(clippy::print_stdout, reason = "the child tells its parent")]

use openweigh_simulator as _;
use std::ffi::c_void;
use std::path::Path;
use std::process::Command;

unsafe extern "C" {
    fn MTDeviceCreateList() -> *mut c_void;
    fn CFArrayGetCount(array: *mut c_void) -> isize;
}

/// Not a test of its own: what the others run with a scenario.
#[test]
#[ignore = "run by the other tests"]
fn child() {
    // SAFETY: an array is made and asked, twice.
    let counts = [(); 2].map(|()| unsafe { CFArrayGetCount(MTDeviceCreateList()) });
    println!("devices: {counts:?}");
}

/// What a process says, on both outputs, when this is its scenario.
fn run(scenario: Option<&Path>) -> (String, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child", "--ignored", "--nocapture"]).env_remove("OPENWEIGH_SCENARIO");
    if let Some(path) = scenario {
        command.env("OPENWEIGH_SCENARIO", path);
    }
    let output = command.output().unwrap();
    let texts = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let [said, complained] = texts;
    (said.lines().find(|line| line.contains("devices: ")).unwrap().to_owned(), complained)
}

#[test]
fn without_one_the_default_is_played() {
    let (said, complained) = run(None);
    assert!(said.ends_with("devices: [1, 1]"), "{said}");
    assert_eq!(complained, "");
}

#[test]
fn a_scenario_is_read_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("two.toml");
    std::fs::write(&path, "[[pad]]\n[[pad]]\nkind = \"touch-bar\"\n").unwrap();
    assert!(run(Some(&path)).0.ends_with("devices: [2, 2]"));
}

#[test]
fn a_recording_lies_beside_its_scenario() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("played.toml");
    std::fs::write(&path, "[[pad]]\nplayback = \"some.csv\"\n").unwrap();
    let text =
        format!("{}\n1,5,0,0x0400000000000001,1.5,0,,,,,,,,,,,\n", openweigh_simulator::playback::HEADER);
    std::fs::write(folder.path().join("some.csv"), text).unwrap();
    assert!(run(Some(&path)).0.ends_with("devices: [1, 1]"));
}

#[test]
fn a_mistake_leaves_no_devices_and_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.toml");
    let cases = [
        ("seed = 1\n[[pad]]\nkind = \"mouse\"\n", format!("{}:3:8: unknown variant `mouse`", path.display())),
        ("[[pad]]\nplayback = \"none.csv\"\n", format!("{}/none.csv: ", folder.path().display())),
        (
            "[[pad]]\nplayback = \"bad.csv\"\n",
            format!("{}/bad.csv:2:19: found \"0xzz\" as device_id", folder.path().display()),
        ),
        ("[[pad]]\nplayback = \"good.csv\"\ndevice_index = 3\n", "device 3 is not in ".to_owned()),
    ];
    let row = |id: &str| {
        format!("{}\n1,5000000000000,0,{id},1.5,0,,,,,,,,,,,\n", openweigh_simulator::playback::HEADER)
    };
    std::fs::write(folder.path().join("bad.csv"), row("0xzz")).unwrap();
    std::fs::write(folder.path().join("good.csv"), row("0x1")).unwrap();
    for (text, expected) in cases {
        std::fs::write(&path, text).unwrap();
        let (said, complained) = run(Some(&path));
        assert!(said.ends_with("devices: [0, 0]"), "{said}");
        assert_eq!(complained.lines().count(), 1, "{complained}");
        assert!(complained.starts_with(&format!("openweigh-simulator: {expected}")), "{complained}");
    }
    let (said, complained) = run(Some(&folder.path().join("nowhere.toml")));
    assert!(said.ends_with("devices: [0, 0]"));
    assert!(complained.contains("nowhere.toml: "), "{complained}");
}
