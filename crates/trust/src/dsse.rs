//! DSSE v1 envelopes (secure-systems-lab/dsse, protocol.md): a payload, what it is, and signatures of both.
//!
//! Ours hold in-toto statements, have one layout (the one of all our JSON files: two spaces, our order of
//! keys, a line end after the last brace), and name each signer by the SHA-256 fingerprint of its SSH key.
//! What is signed is the pre-authentication encoding, with Ed25519 as it is or with P-256 as DER.

use crate::key::{Fingerprint, PublicKey, SignError, Signature, Signer};
use crate::keyring::{Distrust, Keyring, Signed};
use crate::limits;
use crate::signers::Unlisted;
use base64ct::{Base64, Encoding as _};
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::malformed::{Fault, Malformed};
use serde::{Deserialize, Serialize};

/// The type of every payload here: an in-toto statement in JSON.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The bytes that a signature of an envelope is over.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend(payload);
    bytes
}

/// An envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Envelope {
    #[serde(rename = "payloadType")]
    payload_type: PayloadType,
    payload: Bytes,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum PayloadType {
    #[serde(rename = "application/vnd.in-toto+json")]
    InToto,
}

/// A signature and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    keyid: Fingerprint,
    sig: Bytes,
}

/// Whether bytes that are no envelope may have been one of a withdrawal, before they were cut or damaged: they name a
/// payload, and as far as that can be read it is no receipt.
pub fn may_have_withdrawn(bytes: &[u8]) -> bool {
    const RECEIPT: &str = "urn:openweigh:receipt:";
    // UTF-16, as some shells write again what they read, is the same text with a zero beside each character.
    let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    let text = String::from_utf8_lossy(&bytes);
    let Some((_, behind)) = text.split_once("\"payload\"") else { return text.contains("\"payload") };
    let is_digit = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/');
    let payload = behind.trim_start_matches([' ', ':', '"', '\n', '\t']);
    let payload: String = payload.chars().take_while(is_digit).collect();
    let whole = payload.len() / 4 * 4;
    let said = Base64::decode_vec(&payload[..whole]).unwrap_or_default();
    !String::from_utf8_lossy(&said).contains(RECEIPT)
}

/// Bytes as standard base64 with padding (RFC 4648, 4), in the one spelling that decodes to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Base64::decode_vec(&text).map(Self).map_err(|_| "not standard base64 with padding")
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> Self {
        Base64::encode_string(&bytes.0)
    }
}

impl Document for Envelope {
    /// An envelope has no format key; this names the kind when a file of another kind has one.
    const FORMAT: &'static str = "DSSE v1 envelope";

    fn check(&self) -> Result<(), Fault> {
        let fault = |what: &str, found: String, expected: String| {
            Err(Fault::Inconsistent { what: what.to_owned(), found, expected })
        };
        let count = self.signatures.len();
        if !(1..=limits::ENVELOPE_SIGNATURES).contains(&count) {
            return fault("signatures", count.to_string(), format!("1 to {}", limits::ENVELOPE_SIGNATURES));
        }
        for (at, one) in self.signatures.iter().enumerate() {
            if self.signatures[..at].iter().any(|other| other.keyid == one.keyid) {
                return fault("signatures", format!("{} twice", one.keyid), "one by each key".to_owned());
            }
            if one.sig.0.len() > limits::ENVELOPE_SIGNATURE_BYTES {
                let expected = format!("at most {}", limits::ENVELOPE_SIGNATURE_BYTES);
                return fault("sig", format!("{} bytes", one.sig.0.len()), expected);
            }
        }
        Ok(())
    }
}

impl Envelope {
    /// Signs a payload, which is an in-toto statement.
    ///
    /// # Errors
    /// The signer refused.
    pub fn sign(payload: Vec<u8>, signer: &dyn Signer) -> Result<Self, SignError> {
        let mut envelope =
            Self { payload_type: PayloadType::InToto, payload: Bytes(payload), signatures: Vec::new() };
        envelope.add(signer)?;
        Ok(envelope)
    }

    /// Adds a signature, or makes that of the same key anew.
    ///
    /// # Errors
    /// The signer refused.
    pub fn add(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        let keyid = signer.public_key().fingerprint();
        let sig = Bytes(signer.sign(&pae(PAYLOAD_TYPE, &self.payload.0))?.to_plain());
        self.signatures.retain(|other| other.keyid != keyid);
        self.signatures.push(EnvelopeSignature { keyid, sig });
        Ok(())
    }

    /// Reads an envelope, in our layout and no other.
    ///
    /// # Errors
    /// Where and how the bytes depart from the format.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let found = bytes.len() as u64;
        if found > limits::ENVELOPE_BYTES {
            return Err(Malformed::whole(Fault::TooLarge { found, limit: limits::ENVELOPE_BYTES }));
        }
        canonical::read(bytes)
    }

    /// The bytes of the envelope.
    pub fn write(&self) -> Vec<u8> {
        canonical::write(self)
    }

    /// The payload, believed or not.
    pub fn payload(&self) -> &[u8] {
        &self.payload.0
    }

    /// The keys that claim to have signed, in the file's order.
    pub fn key_ids(&self) -> impl Iterator<Item = &Fingerprint> {
        self.signatures.iter().map(|one| &one.keyid)
    }

    /// Whether a key made a signature of the envelope.
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let print = key.fingerprint();
        self.signatures
            .iter()
            .find(|one| one.keyid == print)
            .is_some_and(|one| one.fits(key, &self.payload.0))
    }

    /// Checks every signature of the envelope, and that each key may sign in the namespace now. An envelope
    /// with one signature that is not good is not good.
    ///
    /// # Errors
    /// Why the first signature that is not believed is not.
    pub fn open<'a>(&self, keyring: &Keyring<'a>, namespace: &str) -> Result<Vec<Signed<'a>>, Distrust> {
        self.signatures
            .iter()
            .map(|one| {
                let key = self.key_of(one, keyring)?;
                keyring.judge(&key, namespace)
            })
            .collect()
    }

    /// The keys of the allowed signers whose signatures fit, each signature with its answer.
    pub(crate) fn keys(&self, keyring: &Keyring<'_>) -> impl Iterator<Item = Result<PublicKey, Distrust>> {
        self.signatures.iter().map(|one| self.key_of(one, keyring))
    }

    fn key_of(&self, one: &EnvelopeSignature, keyring: &Keyring<'_>) -> Result<PublicKey, Distrust> {
        let fingerprint = one.keyid.clone();
        let key = keyring
            .signers
            .key(&fingerprint)
            .ok_or_else(|| Unlisted::UnknownKey { fingerprint: fingerprint.clone() })?;
        if one.fits(&key, &self.payload.0) { Ok(key) } else { Err(Distrust::Mismatch { fingerprint }) }
    }
}

impl EnvelopeSignature {
    fn fits(&self, key: &PublicKey, payload: &[u8]) -> bool {
        Signature::from_plain(key.algorithm(), &self.sig.0)
            .is_ok_and(|signature| key.verifies(&pae(PAYLOAD_TYPE, payload), &signature))
    }
}
