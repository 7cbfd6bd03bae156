//! Laws over bytes that somebody changed or made up: no reader panics, and what was signed and changed is
//! refused.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod readers;

use openweigh_formats::digest::Digest;
use openweigh_trust::dsse::Envelope;
use openweigh_trust::key::{PrivateKey, Signature, Signer};
use openweigh_trust::oms::{self, Files};
use openweigh_trust::sshsig::{self, ArmoredSignature, RELEASE};
use proptest::prelude::*;
use readers::read_as_everything;

fn read(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn private(name: &str) -> PrivateKey {
    PrivateKey::read(&read(&format!("keys/test-only-{name}")), None).unwrap()
}

const SAMPLES: [&str; 10] = [
    "foreign/krl-by-default.bin",
    "foreign/krl-of-hash-and-serials.bin",
    "foreign/ssh-keygen-9.2-alice.sig",
    "foreign/ssh-keygen-9.2-dave.sig",
    "foreign/model_signing-1.1.1.oms.sig",
    "ours/receipt-p256-dave.dsse.json",
    "keys/test-only-ed25519-alice",
    "keys/test-only-ed25519-encrypted",
    "keys/test-only-p256-oms.pkcs8.pem",
    "keys/test-only-p256-dave.pub",
];

#[test]
fn deep_and_endless_files_are_refused() {
    for text in
        ["[".repeat(1 << 20), "{\"a\":".repeat(1 << 18), "A".repeat(20 << 20), "a@b \"".repeat(1 << 17)]
    {
        read_as_everything(text.as_bytes());
    }
    let deep = format!("{{\"predicateType\":\"x\",\"a\":{}", "[".repeat(1 << 20));
    read_as_everything(deep.as_bytes());
}

#[test]
fn every_changed_byte_of_an_envelope_is_noticed() {
    let key = private("p256-dave");
    let good = read("ours/receipt-p256-dave.dsse.json");
    assert!(Envelope::read(&good).unwrap().is_signed_by(key.public_key()));
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let noticed = Envelope::read(&bytes).map_or(true, |one| !one.is_signed_by(key.public_key()));
        assert!(noticed, "byte {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_reader_panics_on_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes);
        read_as_everything(&[b"SSHKRL\n\0\0\0\0\x01".as_slice(), &bytes].concat());
    }

    #[test]
    fn no_reader_panics_on_lines(text in "[ a@,!*?\"=\\\\#:\n\t]{0,12}(namespaces=|valid-after=|ssh-ed25519 |key:|-----BEGIN )?[ -~\n]{0,60}") {
        read_as_everything(text.as_bytes());
    }

    #[test]
    fn no_reader_panics_on_changed_samples(which in 0..SAMPLES.len(), at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = read(SAMPLES[which]);
        let at = at.index(bytes.len());
        bytes[at] = with;
        if cut { bytes.truncate(at); }
        read_as_everything(&bytes);
    }

    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(message in proptest::collection::vec(any::<u8>(), 0..200), at in any::<prop::sample::Index>()) {
        for name in ["ed25519-alice", "p256-dave"] {
            let key = private(name);
            let armored = sshsig::sign(&key, RELEASE, &message).unwrap();
            let signature = ArmoredSignature::read(armored.as_bytes()).unwrap();
            prop_assert!(signature.verify(RELEASE, &message).is_ok());
            let mut other = message.clone();
            if other.is_empty() { other.push(0) } else { let at = at.index(other.len()); other[at] ^= 1 }
            prop_assert!(signature.verify(RELEASE, &other).is_err());
            let plain = key.sign(&message).unwrap().to_plain();
            let read = Signature::from_plain(key.public_key().algorithm(), &plain).unwrap();
            prop_assert!(key.public_key().verifies(&message, &read));
            prop_assert_eq!(read.to_plain(), plain);
        }
    }

    #[test]
    fn a_bundle_covers_exactly_its_files(names in proptest::collection::btree_set("[a-c]{1,2}(/[a-c.]?[a-c])?", 1..6), extra in "[d-f]{1,3}", which in any::<prop::sample::Index>()) {
        let key = private("p256-oms.pkcs8.pem");
        let files: Files = names.into_iter().map(|name| { let digest = Digest::of(name.as_bytes()); (name, digest) }).collect();
        let bundle = oms::write(&files, "folder", &key).unwrap();
        let verify = |files: &Files| oms::verify(&bundle, key.public_key(), files, None).is_ok();
        prop_assert!(verify(&files));
        let name = files.keys().nth(which.index(files.len())).unwrap().clone();
        let (mut fewer, mut more, mut changed) = (files.clone(), files.clone(), files);
        fewer.remove(&name);
        more.insert(extra, Digest::of(b""));
        changed.insert(name, Digest::of(b"changed"));
        prop_assert!(!verify(&fewer) && !verify(&more) && !verify(&changed));
    }
}
