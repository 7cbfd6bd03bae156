//! Weights and releases that once made verification panic, hang or break a law, and a few that might have.
//! The inputs lie beside those of the readers, in `crates/formats/tests/found`.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]
#![allow(
    clippy::option_option,
    clippy::collapsible_match,
    clippy::collapsible_if,
    reason = "laws read best spelled out"
)]

#[path = "../../formats/tests/found/files.rs"]
mod files;
#[path = "found/laws.rs"]
mod laws;
#[path = "found/release.rs"]
mod release;

use files::every_file;
use openweigh_verify::Summary;

#[test]
fn found_weights_predict_or_say_why_not() {
    every_file("weights", laws::weights);
}

#[test]
fn results_of_another_size_than_listed_are_noticed() {
    let mut release = release::Release::published();
    assert_eq!(release.verify().summary(), Summary::Checked);
    let manifest = String::from_utf8(release.manifest().to_vec()).unwrap();
    let (before, results) = manifest.split_once("\"role\": \"results\"").unwrap();
    let changed =
        format!("{before}\"role\": \"results\"{}", results.replacen("\"bytes\": ", "\"bytes\": 1", 1));
    release.replace(11, changed.as_bytes());
    assert_eq!(release.verify_changed().unwrap().summary(), Summary::Failed);
}

#[test]
fn found_releases_are_verified() {
    every_file("verify", laws::verify);
}
