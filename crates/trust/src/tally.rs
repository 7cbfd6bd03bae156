//! How many people, independent of each other and of the signer, derived a release again.
//!
//! A receipt counts if its signatures are good, its keys may sign receipts now and are not revoked, it is about this
//! very release, and it does not contradict what the verifier found. A person counts once. A person is every key and
//! every principal that any lines of the allowed signers connect, whatever their namespaces and times; two receipts
//! are one person's if these meet, or if a wildcard of one admits a name of the other, and that holds along chains.
//! Whoever could be the signer of the release does not count. In doubt two are one: a number may come out too low,
//! never too high.

use crate::dsse::Envelope;
use crate::key::Fingerprint;
use crate::keyring::{Distrust, Keyring, Signed};
use crate::limits;
use crate::patterns::Principal;
use crate::receipt::{Divergence, Receipt, Tool};
use crate::signers::Person;
use crate::sshsig::RECEIPT;
use crate::statement::Statement;
use openweigh_formats::digest::Digest;
use openweigh_formats::malformed::Malformed;

/// The release that receipts are about.
#[derive(Debug, Clone, Copy)]
pub struct Release<'a> {
    /// The digest of its `manifest.json`.
    pub manifest: &'a Digest,
    /// The digest of its `SHA256SUMS`.
    pub sums: &'a Digest,
    /// Who signed it, if that is known.
    pub signer: Option<&'a Signed<'a>>,
}

/// A receipt that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted<'a> {
    /// The file, as the caller named it.
    pub file: String,
    /// Who signed it.
    pub signed: Signed<'a>,
    /// The person, as all lines of the allowed signers connect keys and principals; a principal that only a
    /// wildcard admits is among the names if it is one of the verifiers.
    pub person: Person<'a>,
    /// The program that the signer used.
    pub tool: Tool,
}

/// A receipt, or one signature of it, that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissed {
    /// The file, as the caller named it.
    pub file: String,
    /// The key, if it is about one signature.
    pub key: Option<Fingerprint>,
    /// Why.
    pub reason: Reason,
}

/// Why a receipt does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It is not of the format.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// More receipts than are counted.
    #[error("more than {limit} receipts")]
    TooMany {
        /// Receipts that are counted.
        limit: usize,
    },
    /// It is about another release.
    #[error("it is about the manifest {found}, not {expected}")]
    OtherRelease {
        /// The manifest that it is about.
        found: Digest,
        /// The manifest of this release.
        expected: Digest,
    },
    /// It is about the same manifest among other files.
    #[error("it is about the SHA256SUMS {found}, not {expected}")]
    OtherSums {
        /// The list that it is about.
        found: Digest,
        /// The list of this release.
        expected: Digest,
    },
    /// It is not believed.
    #[error(transparent)]
    Distrust(#[from] Distrust),
    /// It contradicts what was found here.
    #[error(transparent)]
    Diverges(#[from] Divergence),
    /// Its signer is not one of the verifiers that count.
    #[error("its signer, `{listed}`, is not one of the verifiers that count")]
    NotVerifier {
        /// The principals of the signer's first line.
        listed: String,
    },
    /// Its signer is listed under wildcards alone, so that nobody knows who it is.
    #[error("its signer is listed as `{listed}`, which names nobody")]
    Nameless {
        /// The principals of the signer's first line.
        listed: String,
    },
    /// Its signer signed the release, too, or could be who did.
    #[error("its signer signed the release, too")]
    ReleaseSigner,
    /// Its signer counts already.
    #[error("its signer counts already, by {file}")]
    SamePerson {
        /// The receipt that counts.
        file: String,
    },
}

/// What counting gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally<'a> {
    /// One receipt of each independent person, in the order given.
    pub counted: Vec<Counted<'a>>,
    /// The others, each with its reason, in the order given.
    pub dismissed: Vec<Dismissed>,
}

impl Tally<'_> {
    /// How many independent people derived the release again.
    pub fn independent(&self) -> usize {
        self.counted.len()
    }
}

/// Counts receipts, each the name and bytes of an envelope. `verifiers` are the principals who count, all that
/// are in the allowed signers if not given; `own` is what the verifier found itself, if it did.
pub fn count_independent<'a>(
    receipts: &[(String, Vec<u8>)],
    release: &Release<'_>,
    keyring: &Keyring<'a>,
    verifiers: Option<&[Principal]>,
    own: Option<&Receipt>,
) -> Tally<'a> {
    let mut tally = Tally::default();
    let mut voices: Vec<Counted<'a>> = Vec::new();
    for (at, (file, bytes)) in receipts.iter().enumerate() {
        let dismissed = |key, reason| Dismissed { file: file.clone(), key, reason };
        if at >= limits::RECEIPTS {
            tally.dismissed.push(dismissed(None, Reason::TooMany { limit: limits::RECEIPTS }));
            continue;
        }
        match read(bytes, release, keyring, own) {
            Err(reason) => tally.dismissed.push(dismissed(None, reason)),
            Ok((tool, signers)) => {
                for signed in signers {
                    let key = Some(signed.key.fingerprint());
                    match identity(&signed, release, keyring, verifiers) {
                        Ok(person) => {
                            voices.push(Counted { file: file.clone(), signed, person, tool: tool.clone() });
                        }
                        Err(reason) => tally.dismissed.push(dismissed(key, reason)),
                    }
                }
            }
        }
    }
    for (at, first) in persons(&voices).into_iter().enumerate() {
        if first == at {
            tally.counted.push(voices[at].clone());
        } else {
            let reason = Reason::SamePerson { file: voices[first].file.clone() };
            let key = Some(voices[at].signed.key.fingerprint());
            tally.dismissed.push(Dismissed { file: voices[at].file.clone(), key, reason });
        }
    }
    let order = |file: &str| receipts.iter().position(|(name, _)| name == file);
    tally.dismissed.sort_by_key(|one| order(&one.file));
    tally
}

/// Reads a receipt and everything about it but who its signers are to each other.
fn read<'a>(
    bytes: &[u8],
    release: &Release<'_>,
    keyring: &Keyring<'a>,
    own: Option<&Receipt>,
) -> Result<(Tool, Vec<Signed<'a>>), Reason> {
    let envelope = Envelope::read(bytes)?;
    let statement = Statement::<Receipt>::read(envelope.payload())?;
    let [manifest, sums] = [0, 1].map(|at| &statement.subject[at].digest.sha256);
    if manifest != release.manifest {
        let expected = release.manifest.clone();
        return Err(Reason::OtherRelease { found: manifest.clone(), expected });
    }
    if sums != release.sums {
        return Err(Reason::OtherSums { found: sums.clone(), expected: release.sums.clone() });
    }
    let signers = envelope.open(keyring, RECEIPT)?;
    match own.and_then(|own| statement.predicate.divergence(own)) {
        Some(divergence) => Err(divergence.into()),
        None => Ok((statement.predicate.tool, signers)),
    }
}

/// Who a signer is, unless it does not count.
fn identity<'a>(
    signed: &Signed<'_>,
    release: &Release<'_>,
    keyring: &Keyring<'a>,
    verifiers: Option<&[Principal]>,
) -> Result<Person<'a>, Reason> {
    let listed = || {
        let first = signed.standing.entries()[0];
        openweigh_formats::malformed::shortened(first.principals.as_str(), 200)
    };
    let mut person = keyring.signers.person(&signed.key);
    if let Some(verifiers) = verifiers {
        let mut meant = verifiers.iter().filter(|one| signed.standing.is(one)).peekable();
        if meant.peek().is_none() {
            return Err(Reason::NotVerifier { listed: listed() });
        }
        person.names.extend(meant.cloned());
    }
    if person.names.is_empty() {
        return Err(Reason::Nameless { listed: listed() });
    }
    match release.signer {
        Some(signer) if person.may_be(&keyring.signers.person(&signer.key)) => Err(Reason::ReleaseSigner),
        _ => Ok(person),
    }
}

/// For each voice the first one that is, along a chain, the same person.
fn persons(voices: &[Counted<'_>]) -> Vec<usize> {
    let mut first: Vec<usize> = (0..voices.len()).collect();
    for at in 0..voices.len() {
        for earlier in 0..at {
            let (one, other) = (&voices[at], &voices[earlier]);
            let (from, to) = (first[at].max(first[earlier]), first[at].min(first[earlier]));
            if from != to && one.person.may_be(&other.person) {
                first.iter_mut().filter(|person| **person == from).for_each(|person| *person = to);
            }
        }
    }
    first
}
