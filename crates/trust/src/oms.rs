//! `OpenSSF` Model Signing bundles, v1.0 (ossf/model-signing-spec): one P-256 signature over the names and
//! digests of all files of a folder, which `model_signing` 1.1.1 checks.
//!
//! A bundle is a Sigstore bundle (v0.3, JSON) of a key's hint and a DSSE envelope of an in-toto statement; its
//! predicate lists every file. The hint is the SHA-256 of the public key in SPKI PEM with LF line ends. Ours is
//! in one layout, its files are in the order of their names, and its signature is deterministic.
//!
//! In the format the *signer* says which paths are not covered, and stock verifiers go by it: a bundle can leave
//! out the weights and still be good. Here the format says it: git's own files at the top of the folder, and
//! the bundle itself if it lies inside. A bundle that ignores any other path is refused.

use crate::dsse::{Bytes, PAYLOAD_TYPE, pae};
use crate::key::{Algorithm, PublicKey, SignError, Signature, Signer};
use crate::limits;
use openweigh_formats::digest::{Digest, Hasher};
use openweigh_formats::malformed::shortened;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Files by name, `/` between folders.
pub type Files = BTreeMap<String, Digest>;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";
/// What `model_signing` leaves out by itself, with all below.
const HOUSEKEEPING: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Why a bundle does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OmsError {
    /// Too large to be read.
    #[error("found {found} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Bytes found.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// Not JSON of the expected shape.
    #[error("{part}: {reason}")]
    Unreadable {
        /// The bundle or its payload.
        part: &'static str,
        /// What is wrong, and where.
        reason: String,
    },
    /// A part with another value than the format or this program has.
    #[error("{what}: found `{found}`, expected `{expected}`")]
    Other {
        /// Which part.
        what: &'static str,
        /// What was found, shortened.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The key is not a P-256 one.
    #[error("found a key of algorithm `{found}`, expected `ecdsa-sha2-nistp256`")]
    Algorithm {
        /// Its algorithm.
        found: Algorithm,
    },
    /// The signature was not made by this key, or of other bytes.
    #[error("the signature does not fit the key and the payload")]
    Mismatch,
    /// The signer leaves out what must be covered.
    #[error("the bundle ignores `{path}`, {}", left_out.as_ref().map_or("which the format does not allow".to_owned(), |file| format!("and so leaves out {file}")))]
    Ignored {
        /// The path, shortened.
        path: String,
        /// The first file that it leaves out, if there is one now.
        left_out: Option<String>,
    },
    /// A file that the bundle does not list.
    #[error("{name} is not in the bundle")]
    Added {
        /// The file.
        name: String,
    },
    /// A file that the bundle lists.
    #[error("{name} is in the bundle, and not among the files")]
    Removed {
        /// The file, shortened.
        name: String,
    },
    /// A file of other bytes.
    #[error("{name}: found {found}, the bundle has {expected}")]
    Changed {
        /// The file.
        name: String,
        /// Its digest.
        found: Digest,
        /// Its digest in the bundle.
        expected: Digest,
    },
}

/// What a good bundle covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The name that the signer gave the folder.
    pub name: String,
    /// How many files are signed.
    pub signed: usize,
    /// The files that are not: git's own, and the bundle itself.
    pub left_out: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bundle {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Envelope,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    public_key: Option<Hint>,
    #[serde(default, rename = "tlogEntries")]
    log_entries: Vec<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Hint {
    hint: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    payload: Bytes,
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Serialize, Deserialize)]
struct EnvelopeSignature {
    sig: Bytes,
    #[serde(default)]
    keyid: String,
}

#[derive(Serialize, Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Folder>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
struct Folder {
    name: String,
    digest: Root,
}

#[derive(Serialize, Deserialize)]
struct Root {
    sha256: Digest,
}

#[derive(Serialize, Deserialize)]
struct Predicate {
    serialization: Serialization,
    resources: Vec<Resource>,
}

#[derive(Serialize, Deserialize)]
struct Serialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    #[serde(default)]
    ignore_paths: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Resource {
    name: String,
    algorithm: String,
    digest: Digest,
}

/// Signs all files of a folder but git's own: the bytes of the bundle, which lies beside the folder.
///
/// # Errors
/// The key is not a P-256 one, a name cannot be listed, or the signer refused.
pub fn write(files: &Files, name: &str, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    let key = signer.public_key();
    let (found, expected) = (key.algorithm(), Algorithm::P256);
    let hint = hint(key).ok_or(SignError::Algorithm { found, expected })?;
    let unfit =
        |what, found: &str, expected| SignError::Unfit { what, found: shortened(found, 60), expected };
    if name.contains('/') || !is_name(name) {
        return Err(unfit("name", name, "the name of a folder"));
    }
    let covered: Vec<_> = files.iter().filter(|(name, _)| !is_housekeeping(name)).collect();
    if !(1..=limits::BUNDLE_FILES).contains(&covered.len()) {
        return Err(unfit("files", &covered.len().to_string(), "1 to 10000 files"));
    }
    if let Some((bad, _)) = covered.iter().find(|(name, _)| !is_name(name)) {
        return Err(unfit("file", bad, "a relative path without `..`, `\\` and control characters"));
    }
    let resource = |(name, digest): (&String, &Digest)| Resource {
        name: name.clone(),
        algorithm: "sha256".to_owned(),
        digest: digest.clone(),
    };
    let resources: Vec<Resource> = covered.into_iter().map(resource).collect();
    let statement = Statement {
        kind: STATEMENT_TYPE.to_owned(),
        subject: vec![Folder { name: name.to_owned(), digest: Root { sha256: root(&resources) } }],
        predicate_type: PREDICATE_TYPE.to_owned(),
        predicate: Predicate {
            serialization: Serialization {
                method: "files".to_owned(),
                hash_type: "sha256".to_owned(),
                allow_symlinks: false,
                ignore_paths: HOUSEKEEPING.map(str::to_owned).to_vec(),
            },
            resources,
        },
    };
    let payload = pretty(&statement);
    let sig = Bytes(signer.sign(&pae(PAYLOAD_TYPE, &payload))?.to_plain());
    Ok(pretty(&Bundle {
        media_type: MEDIA_TYPE.to_owned(),
        verification_material: Material {
            public_key: Some(Hint { hint: Some(hint) }),
            log_entries: Vec::new(),
        },
        dsse_envelope: Envelope {
            payload: Bytes(payload),
            payload_type: PAYLOAD_TYPE.to_owned(),
            // The specification wants the id empty: the hint above names the key.
            signatures: vec![EnvelopeSignature { sig, keyid: String::new() }],
        },
    }))
}

/// Checks a bundle against a key and against all files of the folder. `own` is the name of the bundle itself, if it
/// lies in the folder.
///
/// # Errors
/// The first thing that does not hold: form, key, signature, coverage, or a file.
pub fn verify(
    bundle: &[u8],
    key: &PublicKey,
    files: &Files,
    own: Option<&str>,
) -> Result<Coverage, OmsError> {
    let found = bundle.len() as u64;
    if found > limits::BUNDLE_BYTES {
        return Err(OmsError::TooLarge { found, limit: limits::BUNDLE_BYTES });
    }
    let bundle: Bundle = parse("bundle", bundle)?;
    check_signature(&bundle, key)?;
    let statement: Statement = parse("payload", &bundle.dsse_envelope.payload.0)?;
    let folder = check_statement(&statement)?;
    for path in &statement.predicate.serialization.ignore_paths {
        check_ignored(path, files, own)?;
    }
    let left_out = compare(&statement.predicate.resources, files, own)?;
    Ok(Coverage { name: folder.name.clone(), signed: statement.predicate.resources.len(), left_out })
}

fn check_signature(bundle: &Bundle, key: &PublicKey) -> Result<(), OmsError> {
    same("mediaType", &bundle.media_type, MEDIA_TYPE)?;
    let hint = hint(key).ok_or(OmsError::Algorithm { found: key.algorithm() })?;
    match &bundle.verification_material.public_key {
        None => return other("verificationMaterial", "a certificate or a log", "a public key"),
        // Bundles before 1.1 have no hint; the signature decides.
        Some(public) => public.hint.iter().try_for_each(|found| same("hint of the key", found, &hint))?,
    }
    let envelope = &bundle.dsse_envelope;
    same("payloadType", &envelope.payload_type, PAYLOAD_TYPE)?;
    let [signature] = envelope.signatures.as_slice() else {
        return other("signatures", &envelope.signatures.len().to_string(), "1");
    };
    let signed = Signature::from_plain(Algorithm::P256, &signature.sig.0)
        .is_ok_and(|signature| key.verifies(&pae(PAYLOAD_TYPE, &envelope.payload.0), &signature));
    if signed { Ok(()) } else { Err(OmsError::Mismatch) }
}

fn check_statement(statement: &Statement) -> Result<&Folder, OmsError> {
    same("_type", &statement.kind, STATEMENT_TYPE)?;
    same("predicateType", &statement.predicate_type, PREDICATE_TYPE)?;
    let Predicate { serialization, resources } = &statement.predicate;
    same("method", &serialization.method, "files")?;
    same("hash_type", &serialization.hash_type, "sha256")?;
    if !(1..=limits::BUNDLE_FILES).contains(&resources.len()) {
        return other("resources", &resources.len().to_string(), "1 to 10000 files");
    }
    for resource in resources {
        same("algorithm", &resource.algorithm, "sha256")?;
    }
    let [folder] = statement.subject.as_slice() else {
        return other("subject", &statement.subject.len().to_string(), "1");
    };
    same("digest of the subject", folder.digest.sha256.as_str(), root(resources).as_str())?;
    Ok(folder)
}

/// Refuses a path to ignore that is neither git's own nor the bundle itself.
fn check_ignored(path: &str, files: &Files, own: Option<&str>) -> Result<(), OmsError> {
    let bare = path.strip_prefix("./").unwrap_or(path);
    let bare = bare.strip_suffix('/').unwrap_or(bare);
    if HOUSEKEEPING.contains(&bare) || own == Some(bare) {
        return Ok(());
    }
    let below =
        |name: &str| name.strip_prefix(bare).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let left_out = files.keys().find(|name| bare == "." || bare.is_empty() || below(name));
    Err(OmsError::Ignored { path: shortened(path, 200), left_out: left_out.cloned() })
}

/// Compares what is signed with what is there, and gives what need not be signed.
fn compare(resources: &[Resource], files: &Files, own: Option<&str>) -> Result<Vec<String>, OmsError> {
    let mut signed: BTreeMap<&str, &Digest> = BTreeMap::new();
    for resource in resources {
        if signed.insert(&resource.name, &resource.digest).is_some() {
            let found = format!("{} twice", shortened(&resource.name, 200));
            return other("resources", &found, "each file once");
        }
        match files.get(&resource.name) {
            None => return Err(OmsError::Removed { name: shortened(&resource.name, 200) }),
            Some(found) if *found != resource.digest => {
                let (name, expected) = (resource.name.clone(), resource.digest.clone());
                return Err(OmsError::Changed { name, found: found.clone(), expected });
            }
            Some(_) => {}
        }
    }
    let mut left_out = Vec::new();
    for name in files.keys().filter(|name| !signed.contains_key(name.as_str())) {
        if !is_housekeeping(name) && own != Some(name) {
            return Err(OmsError::Added { name: name.clone() });
        }
        left_out.push(name.clone());
    }
    Ok(left_out)
}

/// The SHA-256 over the digests alone, one after the other: the names are safe in the signed list beside it.
fn root(resources: &[Resource]) -> Digest {
    let mut hasher = Hasher::default();
    for resource in resources {
        let digits = resource.digest.as_str().as_bytes();
        let value = |digit: u8| if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| value(pair[0]) << 4 | value(pair[1])).collect();
        hasher.update(&bytes);
    }
    hasher.finish()
}

fn hint(key: &PublicKey) -> Option<String> {
    key.to_spki_pem().map(|pem| Digest::of(pem.as_bytes()).to_string())
}

fn is_housekeeping(name: &str) -> bool {
    HOUSEKEEPING.contains(&name.split('/').next().unwrap_or_default())
}

fn is_name(name: &str) -> bool {
    name.len() <= limits::BUNDLE_NAME
        && !name.chars().any(|c| c.is_control() || c == '\\')
        && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn parse<T: serde::de::DeserializeOwned>(part: &'static str, bytes: &[u8]) -> Result<T, OmsError> {
    serde_json::from_slice(bytes).map_err(|error| OmsError::Unreadable { part, reason: error.to_string() })
}

fn pretty(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).expect("bundles have string keys and no floats");
    bytes.push(b'\n');
    bytes
}

fn same(what: &'static str, found: &str, expected: &str) -> Result<(), OmsError> {
    if found == expected { Ok(()) } else { other(what, found, expected) }
}

fn other<T>(what: &'static str, found: &str, expected: &str) -> Result<T, OmsError> {
    Err(OmsError::Other { what, found: shortened(found, 300), expected: expected.to_owned() })
}
