//! A release of twelve files, some of them changed, verified as a whole.
#![no_main]

#[path = "../../crates/verify/tests/found/laws.rs"]
mod laws;
#[path = "../../crates/verify/tests/found/release.rs"]
mod release;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::verify(bytes));
