//! in-toto Statements v1 (in-toto/attestation, spec/v1/statement.md): a predicate about files by digest.
//!
//! Ours are typed and in the one layout of all our JSON files, so that a key cannot be there twice.

use crate::limits;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::digest::Digest;
use openweigh_formats::malformed::{Fault, Malformed, shortened};
use openweigh_formats::path::RelativePath;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::marker::PhantomData;

/// What a statement says of its subjects.
pub trait Predicate: Serialize + DeserializeOwned {
    /// The URI of its type.
    const TYPE: &'static str;

    /// Checks what single values cannot show, the subjects among them.
    ///
    /// # Errors
    /// The first contradiction.
    fn check(&self, subject: &[Subject]) -> Result<(), Fault>;
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(bound = "P: Predicate + schemars::JsonSchema"))]
#[serde(deny_unknown_fields, bound = "P: Predicate")]
pub struct Statement<P> {
    #[serde(rename = "_type")]
    kind: Kind,
    /// What it is about.
    #[cfg_attr(test, schemars(length(min = 1, max = limits::SUBJECTS)))]
    pub subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: TypeOf<P>,
    /// What it says.
    pub predicate: P,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
enum Kind {
    #[serde(rename = "https://in-toto.io/Statement/v1")]
    V1,
}

/// A file by name and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its path, relative to the release.
    pub name: RelativePath,
    /// The digest of its bytes.
    pub digest: DigestSet,
}

/// in-toto's set of digests, of which one is used here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DigestSet {
    /// SHA-256.
    pub sha256: Digest,
}

impl Subject {
    /// The subject of a name that is known to be a path.
    pub(crate) fn new(name: &str, digest: &Digest) -> Self {
        let name = name.parse().expect("the names of our subjects are paths");
        Self { name, digest: DigestSet { sha256: digest.clone() } }
    }
}

/// The type of a predicate, which is written and wanted, but never held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TypeOf<P>(PhantomData<P>);

#[cfg(test)]
impl<P: Predicate> schemars::JsonSchema for TypeOf<P> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        P::TYPE.into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "const": P::TYPE })
    }
}

impl<P: Predicate> Serialize for TypeOf<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(P::TYPE)
    }
}

impl<'de, P: Predicate> Deserialize<'de> for TypeOf<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = String::deserialize(deserializer)?;
        if found == P::TYPE {
            return Ok(Self(PhantomData));
        }
        let found = shortened(&found, 80);
        Err(D::Error::custom(format!("found predicate type `{found}`, expected `{}`", P::TYPE)))
    }
}

impl<P: Predicate> Document for Statement<P> {
    /// A statement has no format key; this names the kind when a file of another kind has one.
    const FORMAT: &'static str = "in-toto Statement v1";

    fn check(&self) -> Result<(), Fault> {
        let count = self.subject.len();
        if !(1..=limits::SUBJECTS).contains(&count) {
            return Err(Fault::Inconsistent {
                what: "subject".to_owned(),
                found: count.to_string(),
                expected: format!("1 to {} files", limits::SUBJECTS),
            });
        }
        self.predicate.check(&self.subject)
    }
}

impl<P: Predicate> Statement<P> {
    /// A statement about files.
    ///
    /// # Errors
    /// The first contradiction between its parts.
    pub fn new(subject: Vec<Subject>, predicate: P) -> Result<Self, Fault> {
        let statement = Self { kind: Kind::V1, subject, predicate_type: TypeOf(PhantomData), predicate };
        statement.check()?;
        Ok(statement)
    }

    /// Reads the payload of an envelope, in our layout and no other.
    ///
    /// # Errors
    /// Another predicate, or where and how the bytes depart from the format.
    pub fn read(payload: &[u8]) -> Result<Self, Malformed> {
        let found = predicate_type(payload)?;
        if found != P::TYPE {
            let found = shortened(&found, 80);
            return Err(Malformed::whole(Fault::OtherKind { found, expected: P::TYPE.to_owned() }));
        }
        canonical::read(payload)
    }

    /// The bytes of the statement: the payload of an envelope.
    pub fn write(&self) -> Vec<u8> {
        canonical::write(self)
    }
}

/// What kind of statement a payload is, by the type of its predicate.
///
/// # Errors
/// It is too large, or no JSON object with a `predicateType`.
pub fn predicate_type(payload: &[u8]) -> Result<String, Malformed> {
    #[derive(Deserialize)]
    struct Tag {
        #[serde(rename = "predicateType")]
        predicate_type: String,
    }
    let found = payload.len() as u64;
    if found > limits::ENVELOPE_BYTES {
        return Err(Malformed::whole(Fault::TooLarge { found, limit: limits::ENVELOPE_BYTES }));
    }
    let tag: Tag = serde_json::from_slice(payload).map_err(|error| {
        let fault = Fault::Syntax(error.to_string());
        Malformed::at(error.line().max(1), error.column().max(1), fault)
    })?;
    Ok(tag.predicate_type)
}
