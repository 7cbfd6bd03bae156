//! Withdrawals: a release should no longer be used, and why. Predicate `urn:openweigh:withdrawal:1`.
//!
//! A withdrawal is a signed statement about a manifest by digest, so that whoever holds an old release can be told. It
//! counts if one who may sign releases signed it.

use crate::dsse::Envelope;
use crate::key::{SignError, Signer};
use crate::keyring::{Distrust, Keyring, Signed};
use crate::limits;
use crate::patterns::Principal;
use crate::receipt::MANIFEST;
use crate::statement::{Predicate, Statement, Subject};
use openweigh_formats::digest::Digest;
use openweigh_formats::malformed::{Fault, Malformed, shortened};
use openweigh_formats::text::Line;
use serde::{Deserialize, Serialize};

/// Why, and what to use instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Why: a line or a few.
    pub reason: Reason,
    /// The manifest of the release to use instead, if there is one.
    pub replacement: Option<Digest>,
}

/// A text of some printable lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minLength" = 1, "maxLength" = limits::REASON)))]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

/// A text that is not a reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "found `{found}`, expected printable lines of text, none at the ends empty, at most {} characters",
    limits::REASON
)]
pub struct ReasonError {
    /// What was found, shortened.
    pub found: String,
}

impl Reason {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = ReasonError;

    fn try_from(text: String) -> Result<Self, ReasonError> {
        let good = !text.is_empty()
            && text.trim() == text
            && text.chars().count() <= limits::REASON
            && text.split('\n').all(|line| line.parse::<Line>().is_ok());
        if good { Ok(Self(text)) } else { Err(ReasonError { found: shortened(&text, 60) }) }
    }
}

impl std::str::FromStr for Reason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, ReasonError> {
        Self::try_from(text.to_owned())
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// Why a withdrawal does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WithdrawalError {
    /// It is not of the format.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It withdraws another release.
    #[error("it withdraws the release {found}, not {expected}")]
    OtherRelease {
        /// The manifest that it withdraws.
        found: Digest,
        /// The manifest looked for.
        expected: Digest,
    },
    /// Its signer may not withdraw releases.
    #[error(transparent)]
    Distrust(#[from] Distrust),
}

impl Predicate for Withdrawal {
    const TYPE: &'static str = "urn:openweigh:withdrawal:1";

    fn check(&self, subject: &[Subject]) -> Result<(), Fault> {
        let names: Vec<&str> = subject.iter().map(|one| one.name.as_str()).collect();
        if names != [MANIFEST] {
            return Err(Fault::Inconsistent {
                what: "subject".to_owned(),
                found: names.join(", "),
                expected: MANIFEST.to_owned(),
            });
        }
        if self.replacement.as_ref() == Some(&subject[0].digest.sha256) {
            return Err(Fault::Inconsistent {
                what: "replacement".to_owned(),
                found: "the withdrawn manifest".to_owned(),
                expected: "another one or null".to_owned(),
            });
        }
        Ok(())
    }
}

impl Withdrawal {
    /// The statement that says it of a release.
    ///
    /// # Errors
    /// The replacement is the release itself.
    pub fn of(self, manifest: &Digest) -> Result<Statement<Self>, Fault> {
        Statement::new(vec![Subject::new(MANIFEST, manifest)], self)
    }
}

/// Signs a withdrawal: the bytes of its envelope.
///
/// # Errors
/// The signer refused.
pub fn sign(statement: &Statement<Withdrawal>, signer: &dyn Signer) -> Result<Vec<u8>, SignError> {
    Envelope::sign(statement.write(), signer).map(|envelope| envelope.write())
}

/// How the types of withdrawals of every version begin.
pub const FAMILY: &str = "urn:openweigh:withdrawal:";

/// Whether one who may withdraw signed an envelope, whatever it says: what they say and cannot be read is no reason to
/// go on as if they had said nothing.
pub fn is_by_one_who_may(envelope: &Envelope, keyring: &Keyring<'_>, principals: &[Principal]) -> bool {
    envelope.keys(keyring).any(|key| key.and_then(|key| keyring.judge_withdrawal(&key, principals)).is_ok())
}

/// Checks that an envelope withdraws a release, and that one of the principals who may sign releases
/// signed it: evidence against a release does not lapse when a key expires, nor by what others sign beside it.
///
/// # Errors
/// Why it does not count.
pub fn verify<'a>(
    envelope: &[u8],
    manifest: &Digest,
    keyring: &Keyring<'a>,
    principals: &[Principal],
) -> Result<(Withdrawal, Signed<'a>), WithdrawalError> {
    let (found, limit) = (envelope.len() as u64, limits::WITHDRAWAL_BYTES);
    if found > limit {
        return Err(Malformed::whole(Fault::TooLarge { found, limit }).into());
    }
    let envelope = Envelope::read(envelope)?;
    let statement = Statement::<Withdrawal>::read(envelope.payload())?;
    let found = &statement.subject[0].digest.sha256;
    if found != manifest {
        return Err(WithdrawalError::OtherRelease { found: found.clone(), expected: manifest.clone() });
    }
    let mut last = None;
    for key in envelope.keys(keyring) {
        match key.and_then(|key| keyring.judge_withdrawal(&key, principals)) {
            Ok(signed) => return Ok((statement.predicate, signed)),
            Err(distrust) => last = Some(distrust),
        }
    }
    Err(last.expect("an envelope has a signature").into())
}
