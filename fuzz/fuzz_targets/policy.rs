//! A policy, its signers and its revoked keys together, a zero byte between them: whoever is believed is listed, for
//! that purpose, and not revoked; and who could be whom does not depend on who is asked first.
#![no_main]

use openweigh_trust::key::PublicKey;
use openweigh_trust::keyring::Keyring;
use openweigh_trust::policy::Policy;
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::sshsig::{RECEIPT, RELEASE};
use openweigh_trust::time::Time;
use std::sync::LazyLock;

static KEYS: LazyLock<Vec<PublicKey>> = LazyLock::new(|| {
    let lines: [&[u8]; 4] = [
        include_bytes!("../../crates/trust/tests/vectors/keys/test-only-ed25519-alice.pub"),
        include_bytes!("../../crates/trust/tests/vectors/keys/test-only-ed25519-bob.pub"),
        include_bytes!("../../crates/trust/tests/vectors/keys/test-only-p256-dave.pub"),
        include_bytes!("../../crates/trust/tests/vectors/keys/test-only-p256-dave-compressed.pub"),
    ];
    lines.iter().map(|line| PublicKey::from_line(line).expect("a test key")).collect()
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |&byte| byte == 0);
    let [policy, signers, revoked] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let policy = Policy::read(policy).ok();
    let (Ok(signers), Ok(revoked)) = (AllowedSigners::read(signers), Revoked::read(revoked)) else { return };
    for seconds in [0, 1 << 30, 1 << 31] {
        let keyring = Keyring { signers: &signers, revoked: &revoked, at: Time::from_unix(seconds) };
        for key in KEYS.iter() {
            let listed = signers.entries().iter().any(|entry| entry.fingerprint == key.fingerprint());
            let free = !revoked.holds(key);
            for namespace in [RELEASE, RECEIPT] {
                assert!(keyring.judge(key, namespace).is_err() || listed && free);
            }
            let Some(policy) = &policy else { continue };
            let own = &policy.release.signers;
            let signs = keyring.judge_as(key, own, RELEASE).is_ok();
            let withdraws = keyring.judge_withdrawal(key, own).is_ok();
            assert!(!signs || listed && free);
            assert!(!signs || withdraws, "who may sign may withdraw, and still may when the key has expired");
        }
    }
    for (at, one) in KEYS.iter().enumerate() {
        for other in &KEYS[at..] {
            let (one, other) = (signers.person(one), signers.person(other));
            assert_eq!(one.may_be(&other), other.may_be(&one));
        }
    }
    let [.., point, compressed] = &KEYS[..] else { unreachable!() };
    assert_eq!(revoked.holds(point), revoked.holds(compressed), "one point, one key");
});
