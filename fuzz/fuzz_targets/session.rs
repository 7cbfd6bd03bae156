//! `session.json`, `weighings.csv` and `events.csv`.
#![no_main]

#[path = "../../crates/formats/tests/found/laws.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::session(bytes));
