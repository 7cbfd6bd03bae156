//! Armored SSHSIG signatures (OpenSSH's `PROTOCOL.sshsig`), as `ssh-keygen -Y sign` writes and
//! `ssh-keygen -Y verify` checks them.
//!
//! The message is hashed with SHA-512, and the namespace is signed with it, so that a signature made for
//! one purpose is none for another. With an Ed25519 key the bytes equal those of `ssh-keygen`.

use crate::key::{KeyError, PublicKey, SignError, Signature, Signer};
use crate::limits;
use openweigh_formats::malformed::shortened;
use ssh_key::{HashAlg, LineEnding, SshSig};

/// The namespace of signatures over a release's `SHA256SUMS`, and of who may withdraw it.
pub const RELEASE: &str = "openweigh-release";
/// The namespace that lets a key sign receipts, if its line names namespaces at all.
pub const RECEIPT: &str = "openweigh-receipt";

/// A signature that cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SshsigError {
    /// Too long to be one.
    #[error("found {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Bytes that are not an armored SSHSIG.
    #[error("not an SSH signature: {reason}")]
    Unreadable {
        /// What is wrong.
        reason: String,
    },
    /// Hashed otherwise than signatures are here: one message, one digest.
    #[error(
        "found a signature over the message's {found}, expected sha512; sign with `ssh-keygen -Y sign`, whose default it is"
    )]
    Hash {
        /// The hash function.
        found: String,
    },
    /// Another text for the same signature: were it accepted, a release could be changed unnoticed.
    #[error("line {line} is not laid out as `ssh-keygen -Y sign` writes it; fetch the file again")]
    Layout {
        /// The first line that differs, from 1.
        line: usize,
    },
    /// Made by a key of an algorithm that is not used here.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Made for another purpose.
    #[error("found a signature for the namespace `{found}`, expected `{expected}`")]
    Namespace {
        /// The signed namespace, shortened.
        found: String,
        /// The namespace wanted.
        expected: String,
    },
    /// The bytes are not those that were signed.
    #[error("the signature does not fit the bytes")]
    Mismatch,
}

/// Signs a message in a namespace: the text of a `.sig` file, ended by LF.
///
/// # Errors
/// The namespace is empty, or the signer refused.
pub fn sign(signer: &dyn Signer, namespace: &str, message: &[u8]) -> Result<String, SignError> {
    let data =
        SshSig::signed_data(namespace, HashAlg::Sha512, message).map_err(|_| SignError::NoNamespace)?;
    let signature = signer.sign(&data)?;
    SshSig::new(signer.public_key().data().clone(), namespace, HashAlg::Sha512, signature.as_ssh().clone())
        .and_then(|sig| armored(&sig))
        .map_err(|_| SignError::Refused)
}

/// The one text of a signature, as `ssh-keygen` lays it out: lines of 70 characters, the last one ended too.
fn armored(sig: &SshSig) -> ssh_key::Result<String> {
    let mut text = sig.to_pem(LineEnding::LF)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

/// The first line, from 1, in which two texts differ, if they do.
fn first_difference(found: &[u8], expected: &[u8]) -> Option<usize> {
    let place = found.iter().zip(expected).position(|(a, b)| a != b);
    let place = place.or_else(|| (found.len() != expected.len()).then(|| found.len().min(expected.len())))?;
    Some(1 + found[..place].iter().filter(|&&byte| byte == b'\n').count())
}

/// A signature as read, not yet checked against a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArmoredSignature {
    sig: SshSig,
    key: PublicKey,
}

impl ArmoredSignature {
    /// Reads the text of a `.sig` file. Line ends, padding and spare text that PEM leaves free are not free
    /// here: one signature, one text.
    ///
    /// # Errors
    /// Not such a text, laid out otherwise, or by a key of another algorithm.
    pub fn read(bytes: &[u8]) -> Result<Self, SshsigError> {
        let found = bytes.len() as u64;
        if found > limits::SIGNATURE_BYTES {
            return Err(SshsigError::TooLarge { found, limit: limits::SIGNATURE_BYTES });
        }
        // With blank lines around it, it is read only to say so below.
        let sig = SshSig::from_pem(bytes)
            .or_else(|error| SshSig::from_pem(bytes.trim_ascii()).map_err(|_| error))
            .map_err(|error| SshsigError::Unreadable { reason: error.to_string() })?;
        if sig.version() != SshSig::VERSION {
            return Err(SshsigError::Unreadable { reason: format!("version {}", sig.version()) });
        }
        if sig.hash_alg() != HashAlg::Sha512 {
            return Err(SshsigError::Hash { found: sig.hash_alg().to_string() });
        }
        let text = armored(&sig).map_err(|error| SshsigError::Unreadable { reason: error.to_string() })?;
        if let Some(line) = first_difference(bytes, text.as_bytes()) {
            return Err(SshsigError::Layout { line });
        }
        let key = PublicKey::from_data(sig.public_key().clone())?;
        Ok(Self { sig, key })
    }

    /// The key that claims to have signed.
    pub fn public_key(&self) -> &PublicKey {
        &self.key
    }

    /// The namespace it was made for.
    pub fn namespace(&self) -> &str {
        self.sig.namespace()
    }

    /// Checks that the key made this signature of the message in the namespace. Whose key it is, and
    /// whether it may sign, is for [`Keyring`](crate::keyring::Keyring) to say.
    ///
    /// # Errors
    /// Another namespace, or other bytes.
    pub fn verify(&self, namespace: &str, message: &[u8]) -> Result<&PublicKey, SshsigError> {
        if self.sig.namespace() != namespace {
            let found = shortened(self.sig.namespace(), 80);
            return Err(SshsigError::Namespace { found, expected: namespace.to_owned() });
        }
        let data = SshSig::signed_data(namespace, self.sig.hash_alg(), message)
            .map_err(|error| SshsigError::Unreadable { reason: error.to_string() })?;
        let signature = Signature::from_ssh(self.sig.signature().clone());
        if self.sig.reserved().is_empty() && self.key.verifies(&data, &signature) {
            Ok(&self.key)
        } else {
            Err(SshsigError::Mismatch)
        }
    }
}
