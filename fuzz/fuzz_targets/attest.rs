//! Files beside a release, whatever they hold: a good withdrawal among them counts, good receipts count as often as
//! without them, and nobody else withdraws. The files stand one after the other with a zero byte between them.
#![no_main]

use openweigh_formats::digest::Digest;
use openweigh_trust::dsse::{Envelope, may_have_withdrawn};
use openweigh_trust::key::PublicKey;
use openweigh_trust::keyring::Keyring;
use openweigh_trust::patterns::Principal;
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::tally::{Release, count_independent};
use openweigh_trust::time::Time;
use openweigh_trust::withdrawal;
use std::sync::LazyLock;

const WITHDRAWAL: &[u8] = include_bytes!("../../crates/trust/tests/vectors/ours/withdrawal-ed25519-alice.dsse.json");
const RECEIPTS: [&[u8]; 2] = [
    include_bytes!("../../crates/trust/tests/vectors/ours/receipt-ed25519-bob.dsse.json"),
    include_bytes!("../../crates/trust/tests/vectors/ours/receipt-p256-dave.dsse.json"),
];
const KEYS: [(&str, &[u8]); 3] = [
    ("alice@example.org", include_bytes!("../../crates/trust/tests/vectors/keys/test-only-ed25519-alice.pub")),
    ("bob@example.org", include_bytes!("../../crates/trust/tests/vectors/keys/test-only-ed25519-bob.pub")),
    ("dave@example.org", include_bytes!("../../crates/trust/tests/vectors/keys/test-only-p256-dave.pub")),
];

struct Known {
    signers: AllowedSigners,
    revoked: Revoked,
    /// The manifest and the checksums that the statements are about.
    about: [Digest; 2],
    alice: [Principal; 1],
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let line = |(name, key): &(&str, &[u8])| {
        format!("{name} {}\n", PublicKey::from_line(key).expect("a test key").to_line())
    };
    let envelope = Envelope::read(RECEIPTS[0]).expect("a receipt");
    let said: serde_json::Value = serde_json::from_slice(envelope.payload()).expect("a statement");
    let digest = |at: usize| said["subject"][at]["digest"]["sha256"].as_str().expect("a digest").parse().expect("a digest");
    Known {
        signers: AllowedSigners::read(KEYS.iter().map(line).collect::<String>().as_bytes()).expect("signers"),
        revoked: Revoked::default(),
        about: [digest(0), digest(1)],
        alice: ["alice@example.org".parse().expect("a principal")],
    }
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let known = &*KNOWN;
    let keyring = Keyring { signers: &known.signers, revoked: &known.revoked, at: Time::from_unix(1 << 31) };
    let release = Release { manifest: &known.about[0], sums: &known.about[1], signer: None };
    let junk: Vec<&[u8]> = bytes.split(|&byte| byte == 0).take(8).collect();
    let withdraws = |file: &[u8]| withdrawal::verify(file, &known.about[0], &keyring, &known.alice).is_ok();
    assert!(withdraws(WITHDRAWAL), "whatever lies beside it");
    for file in &junk {
        let envelope = Envelope::read(file).ok();
        // Cut anywhere, a withdrawal is one that may have been one.
        let _ = may_have_withdrawn(file);
        if withdraws(file) {
            let signed = Envelope::read(WITHDRAWAL).expect("a withdrawal");
            assert_eq!(envelope.expect("it was read").payload(), signed.payload(), "nobody but alice withdraws");
        }
    }
    let named = |files: &[&[u8]]| -> Vec<(String, Vec<u8>)> {
        files.iter().enumerate().map(|(at, file)| (at.to_string(), file.to_vec())).collect()
    };
    let alone = count_independent(&named(&RECEIPTS), &release, &keyring, None, None);
    assert_eq!(alone.independent(), 2);
    let among = [&junk[..], &RECEIPTS[..]].concat();
    let among = count_independent(&named(&among), &release, &keyring, None, None);
    assert_eq!(among.independent(), 2, "junk neither counts nor keeps others from counting");
    for length in [WITHDRAWAL.len() / 2, bytes.len() % WITHDRAWAL.len()] {
        let cut = &WITHDRAWAL[..length];
        assert!(may_have_withdrawn(cut) || !cut.windows(9).any(|part| part == b"\"payload\""), "cut at {length}");
    }
});
