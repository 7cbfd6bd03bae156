//! Weights and releases that once made verification panic, hang or break a law, and a few that might have.
//! The inputs lie beside those of the readers, in `crates/formats/tests/found`.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]
#![allow(
    clippy::option_option,
    clippy::collapsible_match,
    clippy::collapsible_if,
    reason = "laws read best spelled out"
)]

#[path = "found/laws.rs"]
mod laws;
#[path = "found/release.rs"]
mod release;

use std::path::Path;

fn every_file(name: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/found").join(name);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        law(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn found_weights_predict_or_say_why_not() {
    every_file("weights", laws::weights);
}

#[test]
fn found_releases_are_verified() {
    every_file("verify", laws::verify);
}
