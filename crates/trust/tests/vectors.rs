//! Signatures with verdicts, as data: `tests/vectors`.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_formats::digest::Digest;
use openweigh_trust::dsse::Envelope;
use openweigh_trust::key::{KeyError, PrivateKey, PublicKey, Signer};
use openweigh_trust::oms::{self, Files, OmsError};
use openweigh_trust::receipt::{Derived, Receipt, Recomputed, Stage, Tool};
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::{AllowedSigners, Unlisted};
use openweigh_trust::sshsig::{self, ArmoredSignature, RECEIPT, RELEASE, SshsigError};
use openweigh_trust::withdrawal::{self, Withdrawal};
use openweigh_trust::{Keyring, receipt};

fn read(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

fn private(name: &str) -> PrivateKey {
    PrivateKey::read(&read(&format!("keys/test-only-{name}")), Some(b"test passphrase")).unwrap()
}

fn public(name: &str) -> PublicKey {
    PublicKey::from_line(&read(&format!("keys/test-only-{name}.pub"))).unwrap()
}

fn rows(name: &str) -> Vec<Vec<String>> {
    let text = String::from_utf8(read(name)).unwrap();
    text.lines().skip(1).map(|row| row.split('\t').map(|cell| cell.replace("\\n", "\n")).collect()).collect()
}

fn words(line: Vec<u8>) -> String {
    String::from_utf8(line).unwrap().split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn allowed_signers_give_these_verdicts() {
    let key = public("ed25519-alice");
    for row in rows("allowed-signers.tsv") {
        let [_, verdict, principal, namespace, moment, file] = row.as_slice() else { panic!("{row:?}") };
        let text = file
            .replace("@alice", &key.to_line())
            .replace("@bob", &public("ed25519-bob").to_line())
            .replace("@rsa", &words(read("keys/test-only-rsa-erin.pub")));
        let found = AllowedSigners::read(text.as_bytes()).map(|signers| {
            let principals = [principal.parse().unwrap()];
            signers.check(&key, &principals, namespace, moment.parse().unwrap()).map(|_| ())
        });
        let found = match found {
            Err(_) => "malformed",
            Ok(Ok(())) => "good",
            Ok(Err(Unlisted::UnknownKey { .. })) => "unknown",
            Ok(Err(Unlisted::OtherPrincipal { .. })) => "principal",
            Ok(Err(Unlisted::Namespace { .. })) => "namespace",
            Ok(Err(Unlisted::NotYet { .. })) => "not-yet",
            Ok(Err(Unlisted::Expired { .. })) => "expired",
        };
        assert_eq!(found, verdict, "{file}");
    }
}

#[test]
fn mistakes_in_allowed_signers_are_named_with_their_place() {
    let key = public("ed25519-alice").to_line();
    for (text, expected) in [
        (format!("\n  a@b nonsense {key}"), "2:3: option: found `nonsense ssh-ed25519"),
        (format!("a@b cert-authority {key}"), "certificates are not supported"),
        (format!("a@b valid-before=\"20270101\" {key}"), "expected a moment in UTC"),
        (format!("a@b {key}\r\n"), "1:85: found a carriage return"),
        ("a@b ssh-ed25519 AAAA".to_owned(), "key: found `ssh-ed25519 AAAA`"),
        ("\u{feff}".to_owned(), "found a byte order mark"),
    ] {
        let message = AllowedSigners::read(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\n  should contain {expected}");
    }
}

#[test]
fn signatures_of_ssh_keygen_are_ours() {
    let message = read("message.txt");
    let theirs = read("foreign/ssh-keygen-9.2-alice.sig");
    assert_eq!(sshsig::sign(&private("ed25519-alice"), RELEASE, &message).unwrap().as_bytes(), theirs);
    for (file, name) in
        [("ssh-keygen-9.2-alice.sig", "ed25519-alice"), ("ssh-keygen-9.2-dave.sig", "p256-dave")]
    {
        let signature = ArmoredSignature::read(&read(&format!("foreign/{file}"))).unwrap();
        assert_eq!(signature.verify(RELEASE, &message), Ok(&public(name)));
        assert_eq!(signature.verify(RELEASE, b"other"), Err(SshsigError::Mismatch));
        assert!(matches!(signature.verify("file", &message), Err(SshsigError::Namespace { .. })));
    }
    let dave = private("p256-dave");
    let signed = |key: &dyn Signer| sshsig::sign(key, RELEASE, &message).unwrap();
    assert_eq!(signed(&dave), signed(&dave));
    assert!(sshsig::sign(&dave, "", &message).is_err());
}

/// Base64 and PEM leave bits, line ends and text around the armour free; a signature file leaves nothing free.
#[test]
fn a_message_hashed_otherwise_is_refused() {
    let error = ArmoredSignature::read(&read("foreign/ssh-keygen-9.2-alice-sha256.sig")).unwrap_err();
    assert_eq!(error, SshsigError::Hash { found: "sha256".to_owned() });
}

#[test]
fn no_other_text_is_the_same_signature() {
    let message = read("message.txt");
    for file in ["ssh-keygen-9.2-alice.sig", "ssh-keygen-9.2-dave.sig"] {
        let theirs = read(&format!("foreign/{file}"));
        let accepted = |bytes: &[u8]| {
            ArmoredSignature::read(bytes).is_ok_and(|signature| signature.verify(RELEASE, &message).is_ok())
        };
        assert!(accepted(&theirs));
        for at in 0..theirs.len() {
            for bit in 0..8 {
                let mut changed = theirs.clone();
                changed[at] ^= 1 << bit;
                assert!(!accepted(&changed), "{file}: byte {at}, bit {bit}");
            }
            assert!(!accepted(&theirs[..at]), "{file}: cut to {at} bytes");
            assert!(!accepted(&[&theirs[..at], b"\n", &theirs[at..]].concat()), "{file}: a line end at {at}");
        }
        assert!(!accepted(&[b"a note\n", theirs.as_slice()].concat()));
        assert!(!accepted(&[theirs.as_slice(), b"\n"].concat()));
        let windows = String::from_utf8(theirs).unwrap().replace('\n', "\r\n");
        assert_eq!(ArmoredSignature::read(windows.as_bytes()), Err(SshsigError::Layout { line: 1 }));
    }
}

#[test]
fn private_keys_are_read_or_refused_for_a_reason() {
    let encrypted = read("keys/test-only-ed25519-encrypted");
    assert_eq!(PrivateKey::read(&encrypted, None).unwrap_err(), KeyError::Encrypted);
    assert_eq!(PrivateKey::read(&encrypted, Some(b"wrong")).unwrap_err(), KeyError::Passphrase);
    let key = PrivateKey::read(&encrypted, Some(b"test passphrase")).unwrap();
    assert_eq!(key.public_key(), &public("ed25519-encrypted"));
    let found = PublicKey::from_line(&read("keys/test-only-rsa-erin.pub")).unwrap_err();
    assert_eq!(found, KeyError::Algorithm { found: "ssh-rsa".to_owned() });
    let huge = vec![b'a'; 1 << 20];
    assert!(matches!(PrivateKey::read(&huge, None), Err(KeyError::TooLarge { .. })));
    let spki = PublicKey::from_spki_pem(&read("keys/test-only-p256-oms.spki.pem")).unwrap();
    for form in ["p256-oms.sec1.pem", "p256-oms.pkcs8.pem"] {
        assert_eq!(private(form).public_key(), &spki);
    }
    // A secret number that begins with a zero byte: OpenSSH leaves it out, PEM keeps it.
    let short = PrivateKey::read(&read("keys/test-only-p256-short"), None);
    assert!(matches!(short, Err(KeyError::OpenSsh { .. })), "{short:?}");
    private("p256-short.sec1.pem");
    assert_eq!(spki.to_spki_pem().unwrap().as_bytes(), read("keys/test-only-p256-oms.spki.pem"));
    assert_eq!(public("ed25519-alice").to_spki_pem(), None);
    // What a private key is must not be shown with it.
    assert_eq!(format!("{key:?}"), format!("PrivateKey({})", public("ed25519-encrypted").fingerprint()));
}

#[test]
fn revocation_lists_of_all_forms() {
    let (bob, carol) = (public("ed25519-bob"), public("ed25519-carol"));
    let text = |line: String| Revoked::read(format!("# gone\n\n{line}\n").as_bytes());
    for list in [
        Revoked::read(&read("foreign/krl-by-default.bin")),
        Revoked::read(&read("foreign/krl-of-keys.bin")),
        Revoked::read(&read("foreign/krl-of-hash-and-serials.bin")),
        text(bob.to_line()),
        text(format!("  {} bob", bob.to_line())),
        text(format!("key: {}", bob.to_line())),
        text(format!("sha256: {}", bob.to_line())),
        text(format!("hash: {}", bob.fingerprint())),
        text(format!("sha256: {}", bob.fingerprint())),
    ] {
        let list = list.unwrap();
        assert!(list.holds(&bob) && !list.holds(&carol) && list.len() == 1);
    }
    let binary = read("foreign/krl-by-default.bin");
    for end in 8..binary.len() {
        // Cut between sections is a list that is empty, as in OpenSSH; elsewhere it is refused.
        assert!(Revoked::read(&binary[..end]).map_or(true, |list| list.is_empty()), "{end}");
    }
    for bad in ["serial: 1", "id: bob", "sha1: x", "hash: SHA256:x", "nonsense"] {
        assert!(text(bad.to_owned()).is_err(), "{bad}");
    }
    let message = Revoked::read(&read("foreign/krl-of-sha1.bin")).unwrap_err().to_string();
    assert!(message.contains("fingerprints by SHA-1"), "{message}");
}

fn sample() -> Receipt {
    Receipt {
        tool: Tool {
            name: "openweigh".parse().unwrap(),
            version: "0.1.0".parse().unwrap(),
            sha256: Digest::of(b"tool"),
        },
        derived: vec![Derived {
            path: "artifacts/weights/a.json".parse().unwrap(),
            sha256: Digest::of(b"weights"),
        }],
        claims: vec![Recomputed { id: "a-b1".parse().unwrap(), value: "0.00073".parse().unwrap() }],
        stages: vec![Stage { stage: "digests".parse().unwrap(), items: 3 }],
    }
}

#[test]
fn equal_inputs_give_the_committed_bytes() {
    let (manifest, sums) = (Digest::of(b"manifest\n"), Digest::of(b"sums\n"));
    for name in ["ed25519-bob", "p256-dave"] {
        let statement = sample().of(&manifest, &sums).unwrap();
        let bytes = receipt::sign(&statement, &private(name)).unwrap();
        assert_eq!(bytes, read(&format!("ours/receipt-{name}.dsse.json")));
    }
    let withdrawn = Withdrawal { reason: "The scale was tilted.".parse().unwrap(), replacement: None };
    let bytes = withdrawal::sign(&withdrawn.of(&manifest).unwrap(), &private("ed25519-alice")).unwrap();
    assert_eq!(bytes, read("ours/withdrawal-ed25519-alice.dsse.json"));
    let bundle = oms::write(&folder(), "release", &private("p256-oms.pkcs8.pem")).unwrap();
    assert_eq!(bundle, read("ours/bundle.oms.sig"));
}

#[test]
fn envelopes_that_were_changed_are_refused() {
    let good = String::from_utf8(read("ours/receipt-ed25519-bob.dsse.json")).unwrap();
    let line = format!("bob@example.org {}", public("ed25519-bob").to_line());
    let (signers, revoked) = (AllowedSigners::read(line.as_bytes()).unwrap(), Revoked::default());
    let keyring = Keyring { signers: &signers, revoked: &revoked, at: "20260601Z".parse().unwrap() };
    let open = |text: &str| match Envelope::read(text.as_bytes()) {
        Ok(envelope) => envelope.open(&keyring, RECEIPT).map(|_| ()).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    assert_eq!(open(&good), Ok(()));
    for row in rows("envelopes.tsv") {
        let [replaced, with, expected] = row.as_slice() else { panic!("{row:?}") };
        assert!(good.contains(replaced.as_str()), "{replaced}");
        let message = open(&good.replace(replaced.as_str(), with)).unwrap_err();
        assert!(message.contains(expected.as_str()), "{message}\n  should contain {expected}");
    }
}

/// The folder that the bundles are about.
fn folder() -> Files {
    [("README.md", "a\n"), ("weights/a.json", "w\n"), ("weights.csv", "z\n"), (".gitattributes", "x\n")]
        .map(|(name, text)| (name.to_owned(), Digest::of(text.as_bytes())))
        .into()
}

#[test]
fn bundles_of_model_signing_and_ours_cover_every_file() {
    let key = PublicKey::from_spki_pem(&read("keys/test-only-p256-oms.spki.pem")).unwrap();
    for bundle in ["foreign/model_signing-1.1.1.oms.sig", "ours/bundle.oms.sig"] {
        let bundle = read(bundle);
        let verify = |files: &Files, own| oms::verify(&bundle, &key, files, own);
        let covered = verify(&folder(), None).unwrap();
        assert_eq!((covered.signed, covered.left_out), (3, vec![".gitattributes".to_owned()]));
        let mut files = folder();
        files.insert("weights.csv".to_owned(), Digest::of(b"y\n"));
        assert!(matches!(verify(&files, None), Err(OmsError::Changed { name, .. }) if name == "weights.csv"));
        files.remove("weights.csv");
        assert!(matches!(verify(&files, None), Err(OmsError::Removed { name }) if name == "weights.csv"));
        let mut files = folder();
        files.insert("weights/b.json".to_owned(), Digest::of(b""));
        assert!(matches!(verify(&files, None), Err(OmsError::Added { name }) if name == "weights/b.json"));
        assert!(verify(&files, Some("weights/b.json")).is_ok());
        let mut files = folder();
        files.insert("sub/.gitignore".to_owned(), Digest::of(b""));
        assert!(
            matches!(verify(&files, None), Err(OmsError::Added { .. })),
            "git's own are at the top alone"
        );
        let other = public("p256-dave");
        assert!(matches!(
            oms::verify(&bundle, &other, &folder(), None),
            Err(OmsError::Other { what: "hint of the key", .. })
        ));
        let other = public("ed25519-alice");
        assert!(matches!(oms::verify(&bundle, &other, &folder(), None), Err(OmsError::Algorithm { .. })));
    }
    let ignoring = read("foreign/model_signing-1.1.1-weights-ignored.oms.sig");
    let error = oms::verify(&ignoring, &key, &folder(), None).unwrap_err();
    assert_eq!(error.to_string(), "the bundle ignores `weights/a.json`, and so leaves out weights/a.json");
    assert!(oms::write(&folder(), "release", &private("ed25519-alice")).is_err());
    assert!(oms::write(&folder(), "../release", &private("p256-dave")).is_err());
}
