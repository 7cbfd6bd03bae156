//! Recordings as `Format::Evtest`.
#![no_main]

#[path = "../../crates/capture/tests/found/laws.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::import(bytes, openweigh_capture::import::Format::Evtest));
