//! Receipts: somebody derived a release again and says what came out. Predicate `urn:openweigh:receipt:1`.
//!
//! A receipt is a statement about `manifest.json` and `SHA256SUMS` by digest. It lists every derived file, every
//! claim with the value that was recomputed, and how much each stage looked at, so that a third party can repeat it
//! and compare line by line. It holds no clock: equal verifications give equal bytes. Whose receipts count, and how
//! many, is for [`crate::tally`].

use crate::dsse::Envelope;
use crate::key::{SignError, Signer};
use crate::limits;
use crate::statement::{Predicate, Statement, Subject};
use openweigh_formats::claim::ClaimId;
use openweigh_formats::digest::Digest;
use openweigh_formats::malformed::Fault;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Line, Name, Version};
use serde::{Deserialize, Serialize};

/// The name of the subject that is the manifest.
pub const MANIFEST: &str = "manifest.json";
/// The name of the subject that lists all files.
pub const SUMS: &str = "SHA256SUMS";

/// What a verifier found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// With which program.
    pub tool: Tool,
    /// Every weights and results file that was derived again, by path.
    pub derived: Vec<Derived>,
    /// Every claim that was recomputed, by id.
    pub claims: Vec<Recomputed>,
    /// What was looked at, in order.
    pub stages: Vec<Stage>,
}

/// The program that verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Its name.
    pub name: Line,
    /// Its version.
    pub version: Version,
    /// The digest of its executable.
    pub sha256: Digest,
}

/// A file that was derived again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Derived {
    /// Where it is in the release.
    pub path: RelativePath,
    /// The digest of what the verifier derived.
    pub sha256: Digest,
}

/// A claim that was recomputed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Recomputed {
    /// Its name in the manifest.
    pub id: ClaimId,
    /// The value that the verifier computed.
    pub value: Line,
}

/// A stage of verification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Its name.
    pub stage: Name,
    /// How many things it looked at.
    pub items: u64,
}

/// Where two receipts of one release part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Divergence {
    /// A derived file.
    #[error("{path}: the receipt has {}, this verification {}", shown(receipt.as_ref()), shown(own.as_ref()))]
    Derived {
        /// The file.
        path: RelativePath,
        /// Its digest in the receipt.
        receipt: Option<Digest>,
        /// Its digest found here.
        own: Option<Digest>,
    },
    /// A claim.
    #[error("claim {id}: the receipt has {}, this verification {}", shown(receipt.as_ref()), shown(own.as_ref()))]
    Claim {
        /// The claim.
        id: ClaimId,
        /// Its value in the receipt.
        receipt: Option<Line>,
        /// Its value found here.
        own: Option<Line>,
    },
    /// A stage.
    #[error("stage {stage}: the receipt has {}, this verification {}", shown(receipt.as_ref()), shown(own.as_ref()))]
    Stage {
        /// The stage.
        stage: Name,
        /// Its count in the receipt.
        receipt: Option<u64>,
        /// Its count found here.
        own: Option<u64>,
    },
}

fn shown<T: ToString>(value: Option<&T>) -> String {
    value.map_or("nothing".to_owned(), ToString::to_string)
}

impl Receipt {
    /// The first place where a receipt departs from what a verifier found itself: files, claims, stages. The
    /// tool may differ, as that is what independence means.
    pub fn divergence(&self, own: &Self) -> Option<Divergence> {
        let derived = first_difference(&self.derived, &own.derived, |one| &one.path, |one| &one.sha256);
        let claims = first_difference(&self.claims, &own.claims, |one| &one.id, |one| &one.value);
        let stages = first_difference(&self.stages, &own.stages, |one| &one.stage, |one| &one.items);
        derived
            .map(|(path, receipt, own)| Divergence::Derived { path, receipt, own })
            .or_else(|| claims.map(|(id, receipt, own)| Divergence::Claim { id, receipt, own }))
            .or_else(|| stages.map(|(stage, receipt, own)| Divergence::Stage { stage, receipt, own }))
    }

    /// The statement that says it of a release.
    ///
    /// # Errors
    /// The first part that is out of order or too long.
    pub fn of(self, manifest: &Digest, sums: &Digest) -> Result<Statement<Self>, Fault> {
        Statement::new(vec![Subject::new(MANIFEST, manifest), Subject::new(SUMS, sums)], self)
    }
}

/// Signs a receipt: the bytes of its envelope.
///
/// # Errors
/// The signer refused.
pub fn sign(statement: &Statement<Receipt>, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    Envelope::sign(statement.write(), signer).map(|envelope| envelope.write())
}

/// The first key, in order, at which two lists differ, and its values in them.
fn first_difference<T, K: Ord + Clone, V: Eq + Clone>(
    left: &[T],
    right: &[T],
    key: impl Fn(&T) -> &K,
    value: impl Fn(&T) -> &V,
) -> Option<(K, Option<V>, Option<V>)> {
    let index = |list: &[T]| list.iter().map(|one| (key(one).clone(), value(one).clone())).collect();
    let (left, right): (std::collections::BTreeMap<K, V>, std::collections::BTreeMap<K, V>) =
        (index(left), index(right));
    let keys: std::collections::BTreeSet<&K> = left.keys().chain(right.keys()).collect();
    keys.into_iter()
        .find(|key| left.get(key) != right.get(key))
        .map(|key| (key.clone(), left.get(key).cloned(), right.get(key).cloned()))
}

impl Predicate for Receipt {
    const TYPE: &'static str = "urn:openweigh:receipt:1";

    fn check(&self, subject: &[Subject]) -> Result<(), Fault> {
        let names: Vec<&str> = subject.iter().map(|one| one.name.as_str()).collect();
        if names != [MANIFEST, SUMS] {
            return Err(fault("subject", names.join(", "), format!("{MANIFEST}, {SUMS}")));
        }
        ascending("derived", self.derived.iter().map(|one| one.path.as_str()))?;
        ascending("claims", self.claims.iter().map(|one| one.id.as_str()))?;
        let long = [
            ("derived", self.derived.len(), openweigh_formats::limits::FILES),
            ("claims", self.claims.len(), openweigh_formats::limits::CLAIMS),
            ("stages", self.stages.len(), limits::STAGES),
        ];
        if let Some((what, found, limit)) = long.into_iter().find(|(_, found, limit)| found > limit) {
            return Err(fault(what, found.to_string(), format!("at most {limit}")));
        }
        for (at, stage) in self.stages.iter().enumerate() {
            if self.stages[..at].iter().any(|other| other.stage == stage.stage) {
                return Err(fault(
                    "stages",
                    format!("`{}` twice", stage.stage),
                    "each stage once".to_owned(),
                ));
            }
            if stage.items > limits::INTEGER {
                let expected = format!("at most {}", limits::INTEGER);
                return Err(fault("stages", stage.items.to_string(), expected));
            }
        }
        Ok(())
    }
}

fn ascending<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let mut last = None;
    for name in names {
        if last.is_some_and(|last| last >= name) {
            return Err(fault(
                what,
                format!("`{name}` out of order"),
                "ascending order, each once".to_owned(),
            ));
        }
        last = Some(name);
    }
    Ok(())
}

fn fault(what: &str, found: String, expected: String) -> Fault {
    Fault::Inconsistent { what: what.to_owned(), found, expected }
}
