//! Keys: what signs, and what a signature is checked with.
//!
//! Two algorithms, so that there is nothing to choose wrongly: Ed25519 (RFC 8032) and ECDSA over
//! NIST P-256 with SHA-256 (FIPS 186-4). Both are deterministic here, the second by RFC 6979: equal
//! inputs give equal signatures. An SSH agent's Ed25519 is deterministic, too; its ECDSA need not be.
//!
//! Private keys come in OpenSSH's own format (`PROTOCOL.key`, with a passphrase or without), and P-256
//! ones in PKCS#8 or SEC 1 PEM as well. Public keys come as a line of a `.pub` file (RFC 4253, 6.6), or as
//! SPKI PEM (RFC 5480). A FIDO token's key (`sk-…`) signs other bytes than the message and is not read.

use crate::limits;
use p256::ecdsa::signature::{Signer as _, Verifier as _};
use p256::pkcs8::{DecodePrivateKey as _, DecodePublicKey as _, EncodePublicKey as _, LineEnding};
use ssh_key::private::{EcdsaKeypair, KeypairData};
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{HashAlg, Kdf, public};
use std::fmt;

/// A way to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// Ed25519.
    Ed25519,
    /// ECDSA over NIST P-256 with SHA-256.
    P256,
}

impl fmt::Display for Algorithm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::P256 => "ecdsa-sha2-nistp256",
        })
    }
}

/// A key that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file is larger than any key.
    #[error("found {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Bytes that are not a key, or not in a known form.
    #[error("not {expected}: {reason}")]
    Unreadable {
        /// What was expected.
        expected: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// An OpenSSH private key in a form that is not read. One in 256 keys of P-256 is: OpenSSH writes its secret
    /// number without leading zeros, and the library that reads it wants them.
    #[error("an OpenSSH private key that cannot be read: {reason}")]
    OpenSsh {
        /// What is wrong.
        reason: String,
    },
    /// A key of another algorithm.
    #[error("found a key of algorithm `{found}`, expected `ssh-ed25519` or `ecdsa-sha2-nistp256`")]
    Algorithm {
        /// Its algorithm.
        found: String,
    },
    /// The private key is encrypted, and no passphrase was given.
    #[error("the private key is encrypted and no passphrase was given")]
    Encrypted,
    /// The passphrase does not decrypt the private key.
    #[error("the passphrase does not decrypt the private key")]
    Passphrase,
    /// Decryption would take too long.
    #[error("the private key asks for {found} rounds of bcrypt, at most {limit} are allowed")]
    Rounds {
        /// Rounds that the file asks for.
        found: u32,
        /// Rounds allowed.
        limit: u32,
    },
    /// A signature that does not fit its algorithm.
    #[error("not a signature by a key of algorithm `{algorithm}`")]
    Signature {
        /// Algorithm of the key.
        algorithm: Algorithm,
    },
}

/// A signing that did not happen.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key refused.
    #[error("the key did not sign")]
    Refused,
    /// A namespace must not be empty.
    #[error("the namespace of a signature is empty")]
    NoNamespace,
    /// A key of another algorithm is needed.
    #[error("found a key of algorithm `{found}`, this signature needs `{expected}`")]
    Algorithm {
        /// The key's algorithm.
        found: Algorithm,
        /// What the format needs.
        expected: Algorithm,
    },
    /// A text that the format cannot hold.
    #[error("{what}: found `{found}`, expected {expected}")]
    Unfit {
        /// Which part.
        what: &'static str,
        /// What was found, shortened.
        found: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The agent failed.
    #[error(transparent)]
    Agent(#[from] crate::agent::AgentError),
}

/// The fingerprint of a public key as OpenSSH shows it: `SHA256:` and 43 characters of base64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn of_data(data: &KeyData) -> Self {
        Self(normal(data.clone()).fingerprint(HashAlg::Sha256).to_string())
    }

    /// The fingerprint that these 32 bytes are.
    pub(crate) fn of_digest(digest: [u8; 32]) -> Self {
        Self(ssh_key::Fingerprint::Sha256(digest).to_string())
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        let parsed: Option<ssh_key::Fingerprint> = text.parse().ok();
        // Only the one spelling that OpenSSH writes: it is compared as text.
        match parsed {
            Some(print) if print.is_sha256() && print.to_string() == text => Ok(Self(text)),
            _ => Err(KeyError::Unreadable {
                expected: "a fingerprint `SHA256:` and 43 characters of base64",
                reason: format!("found `{}`", openweigh_formats::malformed::shortened(&text, 60)),
            }),
        }
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Fingerprint> for String {
    fn from(print: Fingerprint) -> Self {
        print.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A key in the one form in which keys are compared: a point of P-256 has two encodings, and is one key.
pub(crate) fn normal(data: KeyData) -> KeyData {
    let KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)) = &data else { return data };
    match p256::PublicKey::from_sec1_bytes(point.as_bytes()) {
        Ok(key) => KeyData::Ecdsa(EcdsaPublicKey::NistP256(p256::EncodedPoint::from(&key))),
        Err(_) => data,
    }
}

/// A public key of a known algorithm.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicKey {
    data: KeyData,
    algorithm: Algorithm,
}

impl PublicKey {
    pub(crate) fn from_data(data: KeyData) -> Result<Self, KeyError> {
        let algorithm = match &data {
            KeyData::Ed25519(_) => Algorithm::Ed25519,
            KeyData::Ecdsa(EcdsaPublicKey::NistP256(_)) => Algorithm::P256,
            other => return Err(KeyError::Algorithm { found: other.algorithm().to_string() }),
        };
        Ok(Self { data: normal(data), algorithm })
    }

    pub(crate) fn data(&self) -> &KeyData {
        &self.data
    }

    /// The key as the SSH protocol writes it, if it is of a known algorithm.
    pub(crate) fn from_blob(blob: &[u8]) -> Option<Self> {
        let key = public::PublicKey::from_bytes(blob).ok()?;
        Self::from_data(key.key_data().clone()).ok()
    }

    pub(crate) fn to_blob(&self) -> Vec<u8> {
        public::PublicKey::from(self.data.clone()).to_bytes().expect("a key that was read is written")
    }

    /// Reads a line as in a `.pub` file: algorithm, base64, comment.
    ///
    /// # Errors
    /// Not such a line, or a key of another algorithm.
    pub fn from_line(text: &[u8]) -> Result<Self, KeyError> {
        let text = within(text)?;
        let key = public::PublicKey::from_openssh(text.trim_ascii())
            .map_err(|error| unreadable("an OpenSSH public key", &error))?;
        Self::from_data(key.key_data().clone())
    }

    /// Reads a P-256 key in SPKI PEM (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// # Errors
    /// Not such a key.
    pub fn from_spki_pem(pem: &[u8]) -> Result<Self, KeyError> {
        let key = p256::PublicKey::from_public_key_pem(within(pem)?.trim_ascii())
            .map_err(|error| unreadable("a P-256 public key in SPKI PEM", &error))?;
        Self::from_point(&key)
    }

    fn from_point(key: &p256::PublicKey) -> Result<Self, KeyError> {
        let point = p256::EncodedPoint::from(key);
        Self::from_data(KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)))
    }

    /// The key's algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key's fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_data(&self.data)
    }

    /// The fingerprint of the key's other encoding, if it has one: lists of fingerprints may hold either.
    pub(crate) fn other_fingerprint(&self) -> Option<Fingerprint> {
        let KeyData::Ecdsa(EcdsaPublicKey::NistP256(point)) = &self.data else { return None };
        let data = KeyData::Ecdsa(EcdsaPublicKey::NistP256(point.compress()));
        Some(Fingerprint(data.fingerprint(HashAlg::Sha256).to_string()))
    }

    /// The key as a line of a `.pub` file, without a comment and without a line end.
    pub fn to_line(&self) -> String {
        public::PublicKey::from(self.data.clone()).to_openssh().expect("a key that was read is written")
    }

    /// A P-256 key in SPKI PEM with LF line ends, none for an Ed25519 one.
    pub fn to_spki_pem(&self) -> Option<String> {
        let KeyData::Ecdsa(key) = &self.data else { return None };
        p256::PublicKey::from_sec1_bytes(key.as_sec1_bytes()).ok()?.to_public_key_pem(LineEnding::LF).ok()
    }

    /// Whether this key made the signature of the message.
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        self.data.verify(message, &signature.0).is_ok()
    }
}

/// A signature over bytes, before any envelope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(ssh_key::Signature);

impl Signature {
    pub(crate) fn from_ssh(signature: ssh_key::Signature) -> Self {
        Self(signature)
    }

    pub(crate) fn as_ssh(&self) -> &ssh_key::Signature {
        &self.0
    }

    /// The bytes that DSSE envelopes and OpenSSL know: 64 raw bytes of Ed25519, DER of P-256.
    pub fn to_plain(&self) -> Vec<u8> {
        match p256::ecdsa::Signature::try_from(&self.0) {
            Ok(ecdsa) => ecdsa.to_der().as_bytes().to_vec(),
            Err(_) => self.0.as_bytes().to_vec(),
        }
    }

    /// Reads those bytes again.
    ///
    /// # Errors
    /// They do not fit the algorithm.
    pub fn from_plain(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        let unfit = KeyError::Signature { algorithm };
        let read = match algorithm {
            Algorithm::Ed25519 => ssh_key::Signature::new(ssh_key::Algorithm::Ed25519, bytes),
            Algorithm::P256 => p256::ecdsa::Signature::from_der(bytes)
                .map_err(|_| ssh_key::Error::Crypto)
                .and_then(|signature| ssh_key::Signature::try_from(&signature)),
        };
        read.map(Self).map_err(|_| unfit)
    }
}

/// What can sign: a private key at hand, or an agent that holds it.
pub trait Signer {
    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// Signs a message.
    ///
    /// # Errors
    /// The key or the agent refused.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignError>;
}

/// A private key at hand.
#[derive(Clone)]
pub struct PrivateKey {
    keys: KeypairData,
    public: PublicKey,
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PrivateKey({})", self.public.fingerprint())
    }
}

impl PrivateKey {
    /// Reads an OpenSSH private key, or a P-256 key in PKCS#8 or SEC 1 PEM. The passphrase is for an
    /// encrypted OpenSSH key and unused otherwise.
    ///
    /// # Errors
    /// Not a private key of a known form and algorithm, or encrypted and the passphrase is missing or wrong.
    pub fn read(pem: &[u8], passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let text = within(pem)?;
        let label = text.trim_ascii_start().lines().next().unwrap_or_default().trim_ascii_end();
        match label {
            "-----BEGIN PRIVATE KEY-----" => Self::from_p256(
                &p256::SecretKey::from_pkcs8_pem(text.trim_ascii())
                    .map_err(|error| unreadable("a P-256 private key in PKCS#8 PEM", &error))?,
            ),
            "-----BEGIN EC PRIVATE KEY-----" => Self::from_p256(
                &p256::SecretKey::from_sec1_pem(text.trim_ascii())
                    .map_err(|error| unreadable("a P-256 private key in SEC 1 PEM", &error))?,
            ),
            "-----BEGIN ENCRYPTED PRIVATE KEY-----" => Err(KeyError::Encrypted),
            _ => Self::from_openssh(text, passphrase),
        }
    }

    fn from_openssh(text: &str, passphrase: Option<&[u8]>) -> Result<Self, KeyError> {
        let expected = "an OpenSSH private key, or one in PKCS#8 or SEC 1 PEM";
        let key = ssh_key::PrivateKey::from_openssh(text).map_err(|error| match error {
            ssh_key::Error::Encoding(_) if text.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----") => {
                KeyError::OpenSsh { reason: error.to_string() }
            }
            error => unreadable(expected, &error),
        })?;
        let public = PublicKey::from_data(key.public_key().key_data().clone())?;
        let keys = if key.is_encrypted() {
            let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
            if let Kdf::Bcrypt { rounds, .. } = key.kdf()
                && *rounds > limits::KEY_ROUNDS
            {
                return Err(KeyError::Rounds { found: *rounds, limit: limits::KEY_ROUNDS });
            }
            let decrypted = key.decrypt(passphrase).map_err(|error| match error {
                ssh_key::Error::Encoding(_) => KeyError::OpenSsh { reason: error.to_string() },
                _ => KeyError::Passphrase,
            });
            decrypted?.key_data().clone()
        } else {
            key.key_data().clone()
        };
        Ok(Self { keys, public })
    }

    fn from_p256(key: &p256::SecretKey) -> Result<Self, KeyError> {
        let public = PublicKey::from_point(&key.public_key())?;
        let point = p256::EncodedPoint::from(key.public_key());
        let keys = EcdsaKeypair::NistP256 { public: point, private: key.clone().into() };
        Ok(Self { keys: KeypairData::Ecdsa(keys), public })
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignError> {
        let signature = self.keys.try_sign(message).map_err(|_| SignError::Refused)?;
        let signature = Signature(signature);
        // A key file whose halves do not belong together signs what nobody can check.
        if self.public.verifies(message, &signature) { Ok(signature) } else { Err(SignError::Refused) }
    }
}

fn unreadable(expected: &'static str, reason: &impl ToString) -> KeyError {
    KeyError::Unreadable { expected, reason: reason.to_string() }
}

/// The text of a key file of tolerable size.
fn within(bytes: &[u8]) -> Result<&str, KeyError> {
    let found = bytes.len() as u64;
    if found > limits::KEY_BYTES {
        return Err(KeyError::TooLarge { found, limit: limits::KEY_BYTES });
    }
    std::str::from_utf8(bytes).map_err(|error| unreadable("a key", &error))
}
