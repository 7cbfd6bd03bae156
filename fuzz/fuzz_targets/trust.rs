//! Keys, signatures, allowed signers, revocation lists, policies, envelopes, statements and bundles.
#![no_main]

#[path = "../../crates/trust/tests/readers/mod.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| readers::read_as_everything(bytes));
