//! What version 2 of weights says of their origin: not filled yet.

use crate::digest::Digest;
use crate::number::Number;
use crate::path::RelativePath;
use crate::text::{Line, Name};
use serde::{Deserialize, Serialize};

/// A session that was fitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct FittedSession {
    /// Its dataset.
    pub dataset: Name,
    /// The session.
    pub session: Line,
    /// SHA-256 of its data.
    pub sha256: Digest,
    /// Fitted rows.
    pub n: u64,
    /// The share with which it counts.
    pub keep: Number,
}

/// The sums of each session, in a file of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Blocks {
    /// Where.
    pub path: RelativePath,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// From which weights some come, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Lineage {
    /// By which operation.
    pub operation: Operation,
    /// From which weights.
    pub parents: Vec<Parent>,
    /// What was added or taken away.
    pub deltas: Vec<Digest>,
}

/// What makes weights of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Operation {
    /// A fit.
    Fit,
    /// Sums added.
    Merge,
    /// A session taken away.
    Drop,
    /// Sessions added to a share of what was.
    Adapt,
}

/// Weights that others come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Parent {
    /// SHA-256 of the weights.
    pub sha256: Digest,
    /// The share with which their sums count.
    pub keep: Number,
}
