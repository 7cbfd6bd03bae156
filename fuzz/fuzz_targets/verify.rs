//! A release of twelve files, some of them changed, verified as a whole.
#![no_main]

#[path = "../../crates/replay/tests/found/laws.rs"]
mod laws;
#[path = "../../crates/replay/tests/found/release.rs"]
mod release;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::verify(bytes));
