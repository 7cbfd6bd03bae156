//! `samples.csv`, in blocks of any size.
#![no_main]

#[path = "../../crates/formats/tests/found/laws.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::samples(bytes));
