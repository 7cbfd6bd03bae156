//! Keys that no longer count: OpenSSH's revocation lists.
//!
//! Three forms are read:
//!
//! - one public key a line, as `ssh-keygen -Y verify -r` takes it;
//! - lines of a KRL specification (ssh-keygen(1), KEY REVOCATION LISTS): `key:` and `sha256:` with a public
//!   key, `hash:` with a fingerprint;
//! - the binary list that `ssh-keygen -k` makes (`PROTOCOL.krl`): its sections of keys and of SHA-256
//!   fingerprints. Its sections about certificates revoke nothing that could sign here and are skipped;
//!   fingerprints by SHA-1 and unknown sections are refused, as what they revoke would be missed.

use crate::key::{Fingerprint, PublicKey};
use crate::limits;
use crate::signers::{found, text_within};
use openweigh_formats::malformed::{Fault, Malformed};
use ssh_key::public;
use ssh_key::sha2::Digest as _;
use std::collections::BTreeSet;

/// The first bytes of a binary list.
const MAGIC: &[u8] = b"SSHKRL\n\0";

/// The keys that are revoked, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revoked(BTreeSet<Fingerprint>);

impl Revoked {
    /// Reads a list of either form.
    ///
    /// # Errors
    /// The first line or section that is not of the format or not supported.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.starts_with(MAGIC) { Self::read_binary(bytes) } else { Self::read_text(bytes) }
    }

    /// Whether a key is revoked.
    pub fn holds(&self, key: &PublicKey) -> bool {
        self.0.contains(&key.fingerprint())
            || key.other_fingerprint().is_some_and(|other| self.0.contains(&other))
    }

    /// How many keys are revoked.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn read_text(bytes: &[u8]) -> Result<Self, Malformed> {
        let text = text_within(bytes, limits::REVOKED_BYTES)?;
        let mut prints = BTreeSet::new();
        for (at, line) in text.split('\n').enumerate() {
            let content = line.trim_matches([' ', '\t']);
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            let column = line.len() - line.trim_start_matches([' ', '\t']).len() + 1;
            prints.insert(revoked_by(content).map_err(|fault| Malformed::at(at + 1, column, fault))?);
        }
        Ok(Self(prints))
    }

    fn read_binary(bytes: &[u8]) -> Result<Self, Malformed> {
        let size = bytes.len() as u64;
        if size > limits::REVOKED_BYTES {
            return Err(Malformed::whole(Fault::TooLarge { found: size, limit: limits::REVOKED_BYTES }));
        }
        binary(&bytes[MAGIC.len()..]).map(Self).map_err(Malformed::whole)
    }
}

fn revoked_by(content: &str) -> Result<Fingerprint, Fault> {
    let (directive, value) = match content.split_once(':') {
        Some((word, value)) if word.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            (word.to_ascii_lowercase(), value.trim_matches([' ', '\t']))
        }
        _ => ("key".to_owned(), content),
    };
    match directive.as_str() {
        "key" => fingerprint(value),
        "sha256" | "hash" if value.starts_with("SHA256:") => value
            .parse()
            .map_err(|_| found("line", content, "a fingerprint `SHA256:` and 43 characters of base64")),
        "sha256" => fingerprint(value),
        _ => Err(found(
            "line",
            content,
            "a public key, `key:`, `sha256:` or `hash:`; others are not supported",
        )),
    }
}

fn fingerprint(line: &str) -> Result<Fingerprint, Fault> {
    let mut words = line.split([' ', '\t']).filter(|word| !word.is_empty());
    let key = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
    public::PublicKey::from_openssh(&key)
        .map(|key| Fingerprint::of_data(key.key_data()))
        .map_err(|_| found("line", line, "a public key of OpenSSH"))
}

/// The sections after the magic: version, list version, date, flags, reserved, comment, and then a byte of
/// kind and a string each.
fn binary(bytes: &[u8]) -> Result<BTreeSet<Fingerprint>, Fault> {
    let cut = || found("revocation list", "the end of the file", "the rest of a binary list");
    let (version, rest) = bytes.split_first_chunk::<4>().ok_or_else(cut)?;
    if u32::from_be_bytes(*version) != 1 {
        let version = u32::from_be_bytes(*version).to_string();
        return Err(found("version of the revocation list", &version, "1"));
    }
    let (_, rest) = rest.split_first_chunk::<24>().ok_or_else(cut)?;
    let (_, rest) = string(rest).ok_or_else(cut)?;
    let (_, mut rest) = string(rest).ok_or_else(cut)?;
    let mut prints = BTreeSet::new();
    while let Some((kind, after)) = rest.split_first() {
        let (mut section, after) = string(after).ok_or_else(cut)?;
        rest = after;
        match kind {
            1 => {}
            2 | 5 => {
                while !section.is_empty() {
                    let (item, after) = string(section).ok_or_else(cut)?;
                    section = after;
                    let digest = if *kind == 2 {
                        ssh_key::sha2::Sha256::digest(item).into()
                    } else {
                        digest_of(item)?
                    };
                    prints.insert(Fingerprint::of_digest(digest));
                }
            }
            3 => return Err(found("section", "fingerprints by SHA-1", "keys, or fingerprints by SHA-256")),
            other => return Err(found("section", &other.to_string(), "keys, or fingerprints by SHA-256")),
        }
    }
    Ok(prints)
}

fn digest_of(item: &[u8]) -> Result<[u8; 32], Fault> {
    item.try_into().map_err(|_| found("fingerprint", &format!("{} bytes", item.len()), "32 bytes"))
}

/// A length of four bytes and as many bytes (RFC 4251, 5), and what follows.
pub(crate) fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}
