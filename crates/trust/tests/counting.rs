//! Whose receipts count, who may withdraw, and what a policy says.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_formats::digest::Digest;
use openweigh_trust::key::{PrivateKey, PublicKey};
use openweigh_trust::keyring::{Distrust, Keyring};
use openweigh_trust::policy::Policy;
use openweigh_trust::receipt::{self, Derived, Divergence, Receipt, Recomputed, Stage, Tool};
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::{AllowedSigners, Unlisted};
use openweigh_trust::sshsig::{self, RELEASE};
use openweigh_trust::tally::{Reason, Release, count_independent};
use openweigh_trust::withdrawal::{self, Withdrawal, WithdrawalError};

/// The fingerprint of `p256-dave-compressed.pub`, as `ssh-keygen -l` would compute it: SHA-256 of the blob.
const COMPRESSED: &str = "5F7IC4/BdsvywXwdtDNO3XEZvhvWiSsTwpdUOCp7Zac";

const NAMES: [&str; 4] = ["ed25519-alice", "ed25519-bob", "ed25519-carol", "p256-dave"];

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/test-only-");
    std::fs::read(format!("{folder}{name}")).unwrap()
}

fn private(at: usize) -> PrivateKey {
    PrivateKey::read(&file(NAMES[at]), None).unwrap()
}

fn public(at: usize) -> PublicKey {
    PublicKey::from_line(&file(&format!("{}.pub", NAMES[at]))).unwrap()
}

/// Allowed signers whose principals and options are given, by the four keys in order.
fn signers(lines: &[(&str, usize)]) -> AllowedSigners {
    let text: String =
        lines.iter().map(|(before, at)| format!("{before} {}\n", public(*at).to_line())).collect();
    AllowedSigners::read(text.as_bytes()).unwrap()
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

struct Scene {
    manifest: Digest,
    sums: Digest,
}

impl Scene {
    fn new() -> Self {
        Self { manifest: Digest::of(b"manifest"), sums: Digest::of(b"sums") }
    }

    fn receipt(&self, at: usize) -> (String, Vec<u8>) {
        let statement = sample().of(&self.manifest, &self.sums).unwrap();
        (NAMES[at].to_owned(), receipt::sign(&statement, &private(at)).unwrap())
    }

    fn release<'a>(&'a self, signer: Option<&'a openweigh_trust::Signed<'a>>) -> Release<'a> {
        Release { manifest: &self.manifest, sums: &self.sums, signer }
    }
}

/// Counts receipts by the keys given, of a release that alice signed; gives the number and reasons.
fn count(
    lines: &[(&str, usize)],
    revoked: &[usize],
    verifiers: Option<&[&str]>,
    by: &[usize],
) -> (usize, Vec<Reason>) {
    let scene = Scene::new();
    let (signers, none) = (signers(lines), Revoked::default());
    let revoked = revoked.iter().map(|at| public(*at).to_line() + "\n").collect::<String>();
    let revoked = Revoked::read(revoked.as_bytes()).unwrap();
    let at = "20260601Z".parse().unwrap();
    let signer = Keyring { signers: &signers, revoked: &none, at }.judge(&public(0), RELEASE).unwrap();
    let keyring = Keyring { signers: &signers, revoked: &revoked, at };
    let verifiers: Option<Vec<_>> =
        verifiers.map(|list| list.iter().map(|one| one.parse().unwrap()).collect());
    let receipts: Vec<_> = by.iter().map(|at| scene.receipt(*at)).collect();
    let release = scene.release(Some(&signer));
    let tally = count_independent(&receipts, &release, &keyring, verifiers.as_deref(), Some(&sample()));
    assert_eq!(tally.independent() + tally.dismissed.len(), by.len());
    (tally.independent(), tally.dismissed.into_iter().map(|one| one.reason).collect())
}

#[test]
fn independent_people_are_counted_once_each() {
    let plain = [("alice@x", 0), ("bob@x", 1), ("carol@x", 2), ("dave@x", 3)];
    assert_eq!(count(&plain, &[], None, &[1, 2, 3]), (3, vec![]));
    assert_eq!(count(&plain, &[], Some(&["bob@x", "dave@x"]), &[1, 3]), (2, vec![]));

    let same = |file: &str| Reason::SamePerson { file: file.to_owned() };
    // One receipt twice, one person with two keys, and two who share a third's name.
    assert_eq!(count(&plain, &[], None, &[1, 1]), (1, vec![same(NAMES[1])]));
    let lines = [("alice@x", 0), ("bob@x", 1), ("bob@x", 2), ("dave@x", 3)];
    assert_eq!(count(&lines, &[], None, &[1, 2, 3]), (2, vec![same(NAMES[1])]));
    let lines = [("alice@x", 0), ("bob@x", 1), ("carol@x", 2), ("bob@x,carol@x", 3)];
    assert_eq!(count(&lines, &[], None, &[1, 2, 3]), (1, vec![same(NAMES[1]), same(NAMES[1])]));
    // Whoever is listed under a wildcard could be anybody whom it admits.
    let lines = [("alice@x", 0), ("bob@x", 1), ("carol@y,*@x", 2)];
    assert_eq!(count(&lines, &[], None, &[1]), (1, vec![]));
    assert_eq!(count(&lines, &[], None, &[2]), (0, vec![Reason::ReleaseSigner]));
}

#[test]
fn who_is_who_is_the_union_of_all_lines() {
    let plain = [("alice@x", 0), ("bob@x", 1), ("carol@x", 2)];
    // The signer's second key, under another principal, is hers by a line that holds for something else, or no longer.
    for link in [("alice@x namespaces=\"git\"", 1), ("alice@x valid-before=\"20200101Z\"", 1)] {
        let lines = [plain[0], plain[1], plain[2], link];
        assert_eq!(count(&lines, &[], None, &[1, 2]), (1, vec![Reason::ReleaseSigner]));
    }
    // A chain over a key that signs nothing: alice is ally, ally is bob.
    let lines = [
        ("alice@x", 0),
        ("alice@x,ally@y namespaces=\"git\"", 3),
        ("ally@y,bob@x namespaces=\"file\"", 3),
        ("bob@x", 1),
    ];
    assert_eq!(count(&lines, &[], None, &[1]), (0, vec![Reason::ReleaseSigner]));
    // Two keys of one person, connected by a line that has expired.
    let lines = [plain[0], plain[1], plain[2], ("bob@x valid-before=\"20200101Z\"", 2)];
    let same = vec![Reason::SamePerson { file: NAMES[1].to_owned() }];
    assert_eq!(count(&lines, &[], None, &[1, 2]), (1, same));
}

#[test]
fn two_encodings_of_a_point_are_one_key() {
    let compressed = PublicKey::from_line(&file("p256-dave-compressed.pub")).unwrap();
    assert_eq!(compressed, public(3));
    assert_eq!(compressed.fingerprint(), public(3).fingerprint());
    // Revoked and listed in either encoding, by key.
    let line = String::from_utf8(file("p256-dave-compressed.pub")).unwrap();
    assert!(Revoked::read(line.as_bytes()).unwrap().holds(&public(3)));
    let signers = AllowedSigners::read(format!("dave@x {line}").as_bytes()).unwrap();
    assert!(signers.look_up(&public(3), RELEASE, "20260601Z".parse().unwrap()).is_ok());
    // And by the fingerprint that OpenSSH's tools would show for the compressed form.
    let shown = "sha256:SHA256:PRINT\n";
    let list = Revoked::read(shown.replace("PRINT", COMPRESSED).as_bytes()).unwrap();
    assert!(list.holds(&public(3)) && !list.holds(&public(1)));
}

#[test]
fn receipts_that_do_not_count_have_a_reason() {
    let plain = [("alice@x", 0), ("bob@x", 1), ("carol@x", 2)];
    assert_eq!(count(&plain, &[], None, &[0, 1]), (1, vec![Reason::ReleaseSigner]));
    let (counted, reasons) = count(&plain, &[1], None, &[1, 2]);
    assert!(counted == 1 && matches!(reasons[..], [Reason::Distrust(Distrust::Revoked { .. })]));
    let (counted, reasons) = count(&plain, &[], None, &[3]);
    assert!(counted == 0);
    assert!(matches!(reasons[..], [Reason::Distrust(Distrust::Unlisted(Unlisted::UnknownKey { .. }))]));
    let lines = [("alice@x", 0), ("bob@x namespaces=\"openweigh-release\"", 1)];
    let (_, reasons) = count(&lines, &[], None, &[1]);
    assert!(matches!(reasons[..], [Reason::Distrust(Distrust::Unlisted(Unlisted::Namespace { .. }))]));
    let lines = [("alice@x", 0), ("bob@x valid-before=\"20260101Z\"", 1)];
    let (_, reasons) = count(&lines, &[], None, &[1]);
    assert!(matches!(reasons[..], [Reason::Distrust(Distrust::Unlisted(Unlisted::Expired { .. }))]));
    let listed = || "bob@x".to_owned();
    let found = count(&plain, &[], Some(&["carol@x"]), &[1]);
    assert_eq!(found, (0, vec![Reason::NotVerifier { listed: listed() }]));
    let lines = [("alice@x", 0), ("*@y", 1)];
    assert_eq!(count(&lines, &[], None, &[1]), (0, vec![Reason::Nameless { listed: "*@y".to_owned() }]));
    assert_eq!(count(&lines, &[], Some(&["bob@y"]), &[1]), (1, vec![]));
}

#[test]
fn receipts_about_something_else_do_not_count() {
    let scene = Scene::new();
    let (signers, revoked) = (signers(&[("bob@x", 1)]), Revoked::default());
    let keyring = Keyring { signers: &signers, revoked: &revoked, at: "20260601Z".parse().unwrap() };
    let reason = |name: &str, bytes: Vec<u8>| {
        let own = sample();
        let receipts = [(name.to_owned(), bytes)];
        let tally = count_independent(&receipts, &scene.release(None), &keyring, None, Some(&own));
        tally.dismissed.first().map(|one| one.reason.clone())
    };
    let signed = |receipt: Receipt, manifest: &Digest, sums: &Digest| {
        receipt::sign(&receipt.of(manifest, sums).unwrap(), &private(1)).unwrap()
    };
    let other = Digest::of(b"other");
    assert_eq!(reason("good", signed(sample(), &scene.manifest, &scene.sums)), None);
    let found = reason("manifest", signed(sample(), &other, &scene.sums));
    assert!(matches!(found, Some(Reason::OtherRelease { .. })));
    let found = reason("sums", signed(sample(), &scene.manifest, &other));
    assert!(matches!(found, Some(Reason::OtherSums { .. })));
    let mut forged = sample();
    forged.claims[0].value = "0.00074".parse().unwrap();
    let found = reason("claim", signed(forged, &scene.manifest, &scene.sums)).unwrap().to_string();
    assert_eq!(found, "claim a-b1: the receipt has 0.00074, this verification 0.00073");
    let withdrawn = Withdrawal { reason: "No.".parse().unwrap(), replacement: None };
    let envelope = withdrawal::sign(&withdrawn.of(&scene.manifest).unwrap(), &private(1)).unwrap();
    let found = reason("withdrawal", envelope).unwrap().to_string();
    assert!(found.contains("another kind of file"), "{found}");
    assert!(matches!(reason("junk", b"junk".to_vec()), Some(Reason::Malformed(_))));
    let many: Vec<_> = (0..1_001).map(|_| ("junk".to_owned(), Vec::new())).collect();
    let tally = count_independent(&many, &scene.release(None), &keyring, None, None);
    assert!(matches!(tally.dismissed[1_000].reason, Reason::TooMany { .. }));
}

#[test]
fn the_first_divergence_is_named() {
    let own = sample();
    assert_eq!(sample().divergence(&own), None);
    let mut other = sample();
    other.tool.sha256 = Digest::of(b"another build");
    assert_eq!(other.divergence(&own), None);
    other.stages.clear();
    assert!(matches!(other.divergence(&own), Some(Divergence::Stage { receipt: None, own: Some(3), .. })));
    other.claims[0].id = "a-b0".parse().unwrap();
    assert!(
        matches!(other.divergence(&own), Some(Divergence::Claim { id, own: None, .. }) if id.as_str() == "a-b0")
    );
    other.derived[0].sha256 = Digest::of(b"");
    assert!(matches!(other.divergence(&own), Some(Divergence::Derived { .. })));
    let mut unordered = sample();
    unordered.claims =
        ["b", "a"].map(|id| Recomputed { id: id.parse().unwrap(), value: "1".parse().unwrap() }).to_vec();
    assert!(unordered.of(&Digest::of(b""), &Digest::of(b"")).is_err());
}

#[test]
fn who_may_sign_releases_may_withdraw_them() {
    let manifest = Digest::of(b"manifest");
    let lines = [("alice@x", 0), ("bob@x", 1), ("alice@x namespaces=\"openweigh-receipt\"", 2)];
    let (signers, revoked) = (signers(&lines), Revoked::default());
    let keyring = Keyring { signers: &signers, revoked: &revoked, at: "20260601Z".parse().unwrap() };
    let principals = ["alice@x".parse().unwrap()];
    let replacement = Some(Digest::of(b"newer"));
    let withdrawn = Withdrawal { reason: "Tilted.\nMeasured again.".parse().unwrap(), replacement };
    let statement = withdrawn.clone().of(&manifest).unwrap();
    let signed = |at| withdrawal::sign(&statement, &private(at)).unwrap();
    let verify = |at: usize| withdrawal::verify(&signed(at), &manifest, &keyring, &principals);
    assert_eq!(verify(0).unwrap().0, withdrawn);
    let distrust = |at| match verify(at).unwrap_err() {
        WithdrawalError::Distrust(Distrust::Unlisted(unlisted)) => unlisted,
        other => panic!("{other}"),
    };
    assert!(matches!(distrust(1), Unlisted::OtherPrincipal { .. }));
    assert!(matches!(distrust(2), Unlisted::Namespace { .. }));
    assert!(matches!(distrust(3), Unlisted::UnknownKey { .. }));
    let other = withdrawal::verify(&signed(0), &Digest::of(b"other"), &keyring, &principals);
    assert!(matches!(other, Err(WithdrawalError::OtherRelease { .. })));
    assert!(withdrawn.of(&Digest::of(b"newer")).is_err());
    for bad in ["", " a", "a\n", "a\r\nb", "a\tb", "\u{202e}a"] {
        assert!(bad.parse::<withdrawal::Reason>().is_err(), "{bad:?}");
    }

    let armored = sshsig::sign(&private(0), RELEASE, b"sums").unwrap();
    let release =
        |sums: &[u8], principals: &[_]| keyring.verify_release(sums, armored.as_bytes(), principals);
    assert_eq!(release(b"sums", &principals).unwrap().key, public(0));
    assert!(matches!(release(b"Sums", &principals), Err(Distrust::Signature(_))));
    assert!(matches!(release(b"sums", &[]), Err(Distrust::Unlisted(Unlisted::OtherPrincipal { .. }))));
}

#[test]
fn policies_are_read_and_mistakes_are_named_with_their_place() {
    let good = "format = \"openweigh.policy/1\"\nallowed_signers = \"allowed_signers\"\n\n[release]\nsigners = [\"alice@x\"]\n";
    let policy = Policy::read(good.as_bytes()).unwrap();
    assert_eq!((policy.verifiers(), policy.minimum(), &policy.revoked), (None, None, &None));
    let full = format!("{good}\n[receipts]\nverifiers = [\"bob@x\"]\nminimum = 3\n");
    assert_eq!(Policy::read(full.as_bytes()).unwrap().minimum(), Some(3));
    for (text, expected) in [
        (good.replace("policy/1", "policy/2"), "a newer program is needed"),
        (good.replace("policy/1", "recipe/1").replace("openweigh.p", "openweigh.r"), "openweigh.recipe/1"),
        (good.replace("\"alice@x\"", ""), "release.signers: found 0, expected 1 to 1000"),
        (good.replace("\"alice@x\"", "\"alice@x\", \"alice@x\""), "`alice@x` twice"),
        (good.replace("alice@x", "*@x"), "5:11: found `*@x`, expected a principal"),
        (good.replace("\"allowed_signers\"", "\"../a\""), "2:19: found `../a`"),
        (good.replace("signers = [", "signer = ["), "5:1: unknown field `signer`"),
        (full.replace("= 3", "= 0"), "receipts.minimum: found 0"),
        (format!("{good}skip = [\"weights\"]\n"), "unknown field `skip`"),
        (good.replace("[release]", "[release"), "4:9"),
    ] {
        let message = Policy::read(text.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}\n  should contain {expected}");
    }
}
