//! A verifier's policy, TOML `openweigh.policy/1`: whom to believe, and how many of them.
//!
//! ```toml
//! format = "openweigh.policy/1"
//! allowed_signers = "allowed_signers"
//! revoked = "revoked_keys"
//!
//! [release]
//! signers = ["alice@example.org"]
//!
//! [receipts]
//! verifiers = ["bob@example.org", "carol@example.org"]
//! minimum = 2
//! ```
//!
//! What must be signed and listed is fixed by the formats. There is no key here that would weaken it.

use crate::limits;
use crate::patterns::Principal;
use openweigh_formats::handwritten;
use openweigh_formats::malformed::{Fault, Malformed};
use openweigh_formats::path::RelativePath;
use serde::Deserialize;

/// Version of the format. 1: the first.
pub const FORMAT: &str = "openweigh.policy/1";

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Kind and version of the file.
    #[cfg_attr(test, schemars(extend("const" = FORMAT)))]
    pub format: String,
    /// The file of allowed signers, relative to the policy's folder.
    pub allowed_signers: RelativePath,
    /// The file of revoked keys, likewise.
    pub revoked: Option<RelativePath>,
    /// About releases.
    pub release: Release,
    /// About receipts.
    pub receipts: Option<Receipts>,
}

/// Who speaks for releases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Who may sign releases and withdraw them, at least one.
    #[cfg_attr(test, schemars(length(min = 1, max = limits::POLICY_PRINCIPALS)))]
    pub signers: Vec<Principal>,
}

/// Whose receipts count.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Receipts {
    /// Whose; anybody's in the allowed signers if not said.
    #[cfg_attr(test, schemars(length(min = 1, max = limits::POLICY_PRINCIPALS)))]
    pub verifiers: Option<Vec<Principal>>,
    /// How many independent ones are wanted, from 1; the command line's default if not said.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub minimum: Option<u32>,
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// The first mistake, with its line and column.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let policy: Self = handwritten::read(bytes, FORMAT)?;
        policy.check().map_err(Malformed::whole)?;
        Ok(policy)
    }

    /// The principals whose receipts count, none for anybody's in the allowed signers.
    pub fn verifiers(&self) -> Option<&[Principal]> {
        self.receipts.as_ref()?.verifiers.as_deref()
    }

    /// How many independent receipts are wanted, if the policy says so.
    pub fn minimum(&self) -> Option<u32> {
        self.receipts.as_ref()?.minimum
    }

    fn check(&self) -> Result<(), Fault> {
        check_list("release.signers", &self.release.signers)?;
        if let Some(verifiers) = self.verifiers() {
            check_list("receipts.verifiers", verifiers)?;
        }
        match self.minimum() {
            Some(0) => Err(Fault::Inconsistent {
                what: "receipts.minimum".to_owned(),
                found: "0".to_owned(),
                expected: "a number from 1".to_owned(),
            }),
            _ => Ok(()),
        }
    }
}

fn check_list(what: &str, list: &[Principal]) -> Result<(), Fault> {
    let fault =
        |found: String, expected: String| Fault::Inconsistent { what: what.to_owned(), found, expected };
    if list.is_empty() || list.len() > limits::POLICY_PRINCIPALS {
        let expected = format!("1 to {} principals", limits::POLICY_PRINCIPALS);
        return Err(fault(list.len().to_string(), expected));
    }
    match list.iter().enumerate().find(|(at, one)| list[..*at].contains(one)) {
        Some((_, one)) => Err(fault(format!("`{one}` twice"), "each principal once".to_owned())),
        None => Ok(()),
    }
}
