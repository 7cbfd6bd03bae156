//! The documents of an OCI image layout and of the distribution protocol, as far as releases need them.
//!
//! Own structures rather than a crate's: the bytes that are written are a contract, and what is read
//! is refused where it names a key twice.

use crate::error::Fault;
use openweigh_formats::Digest;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// Media type of an image manifest.
pub(crate) const IMAGE_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// Media type of an image index.
pub(crate) const IMAGE_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// Media type of the empty config.
pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// The empty config.
pub(crate) const EMPTY_BYTES: &[u8] = b"{}";
/// What a release is.
pub const RELEASE: &str = "application/vnd.openweigh.release.v1";
/// What a receipt or a withdrawal is.
pub const ATTESTATION: &str = "application/vnd.openweigh.attestation.v1";
/// What a signature over the whole folder is, as model signing of the `OpenSSF` makes it.
pub const MODEL_SIGNATURE: &str = "application/vnd.openweigh.model-signature.v1";
/// The path of the file that a layer holds; the title of a release.
pub(crate) const TITLE: &str = "org.opencontainers.image.title";
/// The version of a release.
pub(crate) const VERSION: &str = "org.opencontainers.image.version";
/// The name of a release.
pub(crate) const NAME: &str = "vnd.openweigh.release.name";
/// The SHA-256 of the manifest of a release.
pub(crate) const ID: &str = "vnd.openweigh.release.id";
/// The tag of an entry of `index.json`.
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// A digest with its algorithm, of which there is one: `sha256:` and 64 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobDigest(pub Digest);

impl BlobDigest {
    /// The digest of bytes that are at hand.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Digest::of(bytes))
    }

    /// The tag under which the referrers of this manifest are listed where nothing else lists them.
    pub(crate) fn referrers_tag(&self) -> String {
        format!("sha256-{}", self.0)
    }
}

impl fmt::Display for BlobDigest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "sha256:{}", self.0)
    }
}

impl From<BlobDigest> for String {
    fn from(digest: BlobDigest) -> Self {
        digest.to_string()
    }
}

impl TryFrom<String> for BlobDigest {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        let digest = text.strip_prefix("sha256:").and_then(|hex| hex.parse().ok());
        digest.map(Self).ok_or_else(|| Fault::found(&text, "`sha256:` and 64 lower-case hexadecimal digits"))
    }
}

/// Texts by key.
pub(crate) type Annotations = BTreeMap<String, String>;

/// What a blob is, its digest and its length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: BlobDigest,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    pub(crate) annotations: Annotations,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    /// What other programs wrote into `index.json` is written back.
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, BlobDigest::of(bytes), bytes.len() as u64)
    }

    pub(crate) fn new(media_type: &str, digest: BlobDigest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            annotations: BTreeMap::new(),
            artifact_type: None,
            rest: Map::new(),
        }
    }

    pub(crate) fn titled(mut self, title: &str) -> Self {
        self.annotations.insert(TITLE.to_owned(), title.to_owned());
        self
    }
}

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageManifest {
    pub(crate) schema_version: u8,
    #[serde(default)]
    pub(crate) media_type: Option<String>,
    #[serde(default)]
    pub(crate) artifact_type: Option<String>,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "each_once")]
    pub(crate) annotations: Annotations,
}

impl ImageManifest {
    /// An artifact: a kind and its blobs, with the empty config.
    pub(crate) fn artifact(kind: &str, layers: Vec<Descriptor>) -> Self {
        Self {
            schema_version: 2,
            media_type: Some(IMAGE_MANIFEST.to_owned()),
            artifact_type: Some(kind.to_owned()),
            config: Descriptor::of(EMPTY, EMPTY_BYTES),
            layers,
            subject: None,
            annotations: BTreeMap::new(),
        }
    }
}

/// An image index: `index.json`, and a list of referrers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ImageIndex {
    pub(crate) schema_version: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    pub(crate) manifests: Vec<Descriptor>,
    #[serde(flatten)]
    pub(crate) rest: Map<String, Value>,
}

impl Default for ImageIndex {
    fn default() -> Self {
        let media_type = Some(IMAGE_INDEX.to_owned());
        Self { schema_version: 2, media_type, manifests: Vec::new(), rest: Map::new() }
    }
}

/// The file `oci-layout`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LayoutMark {
    pub(crate) image_layout_version: String,
}

/// The bytes of a document: compact JSON, keys in the order of the structures, texts by key sorted.
pub(crate) fn write<T: Serialize>(document: &T) -> Vec<u8> {
    serde_json::to_vec(document).expect("documents have text keys")
}

/// Reads a document.
pub(crate) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(bytes).map_err(|error| Fault::Syntax(error.to_string()))
}

/// Texts by key, refusing a key that is there twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Annotations, D::Error> {
    struct EachOnce;
    impl<'de> Visitor<'de> for EachOnce {
        type Value = Annotations;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("texts by key")
        }

        fn visit_unit<E>(self) -> Result<Annotations, E> {
            Ok(Annotations::new())
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Annotations, A::Error> {
            let mut texts = Annotations::new();
            while let Some((key, text)) = map.next_entry::<String, String>()? {
                if texts.insert(key, text).is_some() {
                    return Err(A::Error::custom("an annotation is there twice"));
                }
            }
            Ok(texts)
        }
    }
    deserializer.deserialize_any(EachOnce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_there_twice_is_refused() {
        let once = r#"{"mediaType":"a/b","digest":"sha256:DIGEST","size":1,"annotations":{"k":"v"}}"#
            .replace("DIGEST", Digest::of(b"").as_str());
        assert!(read::<Descriptor>(once.as_bytes()).is_ok());
        for twice in [
            once.replace(r#""size":1"#, r#""size":1,"size":2"#),
            once.replace(r#""k":"v""#, r#""k":"v","k":"w""#),
            once.replace("sha256:", "sha512:"),
            once.replace(r#""size":1"#, r#""size":-1"#),
        ] {
            assert!(read::<Descriptor>(twice.as_bytes()).is_err(), "{twice}");
        }
    }

    #[test]
    fn what_others_wrote_into_an_index_stays() {
        let digest = Digest::of(b"");
        let text = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"a/b","digest":"sha256:{digest}","size":0,"platform":{{"os":"linux"}}}}],"annotations":{{"k":"v"}}}}"#
        );
        let index: ImageIndex = read(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(write(&index)).unwrap(), text);
    }
}
