//! Every reader of the crate on the same bytes, for the tests and for libFuzzer.

use openweigh_trust::dsse::Envelope;
use openweigh_trust::key::{Algorithm, Fingerprint, PrivateKey, PublicKey, Signature};
use openweigh_trust::oms::{self, Files};
use openweigh_trust::patterns::Principal;
use openweigh_trust::policy::Policy;
use openweigh_trust::receipt::Receipt;
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::sshsig::{ArmoredSignature, RELEASE};
use openweigh_trust::statement::Statement;
use openweigh_trust::time::Time;
use openweigh_trust::withdrawal::Withdrawal;

/// Reads bytes as everything that the crate reads. A passphrase is not tried: bcrypt is slow on purpose.
pub(crate) fn read_as_everything(bytes: &[u8]) {
    let _ = PrivateKey::read(bytes, None);
    let _ = PublicKey::from_line(bytes);
    let spki = include_bytes!("../vectors/keys/test-only-p256-oms.spki.pem");
    let spki = PublicKey::from_spki_pem(spki).expect("a test key");
    let _ = PublicKey::from_spki_pem(bytes);
    if let Ok(signers) = AllowedSigners::read(bytes) {
        let at = Time::from_unix(1 << 31);
        let _ = signers.look_up(&spki, RELEASE, at).map(|standing| standing.names());
        for entry in signers.entries() {
            let _ = entry.principals.matches("alice@example.org");
        }
    }
    let _ = Revoked::read(bytes);
    let _ = Policy::read(bytes);
    let _ = ArmoredSignature::read(bytes).map(|one| one.verify(RELEASE, b"").is_ok());
    if let Ok(envelope) = Envelope::read(bytes) {
        assert_eq!(envelope.write(), bytes, "one layout");
        let _ = envelope.is_signed_by(&spki);
    }
    let written = [
        Statement::<Receipt>::read(bytes).map(|one| one.write()),
        Statement::<Withdrawal>::read(bytes).map(|one| one.write()),
    ];
    for written in written.into_iter().flatten() {
        assert_eq!(written, bytes, "one layout");
    }
    let _ = oms::verify(bytes, &spki, &Files::new(), None);
    for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
        let _ = Signature::from_plain(algorithm, bytes);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<Time>();
        let _ = text.parse::<Fingerprint>();
        let _ = text.parse::<Principal>();
    }
}
