//! Whom a reader believes, and what lies around a release: everything about a release that is not in it.

use crate::said::Said;
use openweigh_formats::Digest;
use openweigh_trust::policy::Policy;
use openweigh_trust::receipt::Tool;
use openweigh_trust::revoked::Revoked;
use openweigh_trust::signers::AllowedSigners;
use openweigh_trust::time::Time;
use openweigh_trust::{Keyring, PublicKey, oms};

/// A trust policy with the files that it names, and the moment at which keys must be valid.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The policy.
    pub policy: Policy,
    /// Who may sign what.
    pub signers: AllowedSigners,
    /// Keys that no longer count.
    pub revoked: Revoked,
    /// The moment.
    pub at: Time,
}

impl Accepted {
    pub(crate) fn keyring(&self) -> Keyring<'_> {
        Keyring { signers: &self.signers, revoked: &self.revoked, at: self.at }
    }
}

/// Whose word counts.
#[derive(Clone, Copy)]
pub struct Trust<'a> {
    /// Whose signatures are accepted; without a policy nobody's are judged.
    pub policy: Option<&'a Accepted>,
    /// Independent receipts that are required, whatever the policy says.
    pub receipts: Option<u32>,
    /// The key that an OMS bundle beside the release must be signed with.
    pub oms_key: Option<&'a PublicKey>,
    /// What lies around the release.
    pub around: &'a dyn Around,
}

impl Trust<'static> {
    /// Nobody in particular, and nothing lies around: the release is checked for itself.
    pub const NOBODY: Self = Self { policy: None, receipts: None, oms_key: None, around: &Nothing };
}

/// Where what lies around a release is found. A folder on disk has it beside the release.
pub trait Around {
    /// What anybody said about the release with this manifest: receipts and withdrawals.
    fn said(&self, id: &Digest) -> Said;

    /// The program that derives again, for comparing it with those of receipts.
    ///
    /// # Errors
    /// It cannot be read.
    fn tool(&self) -> Result<Tool, String>;

    /// The OMS bundle, which covers the release from beside it.
    fn bundle(&self) -> Bundle;

    /// Every file of the release with its digest, as an OMS bundle lists them.
    ///
    /// # Errors
    /// A file cannot be read.
    fn digests(&self) -> Result<oms::Files, String>;
}

/// The file of an OMS bundle.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// What the file is called.
    pub name: String,
    /// Its bytes, none where there is none, or why they cannot be read.
    pub bytes: Result<Option<Vec<u8>>, String>,
}

/// Nothing lies around.
#[derive(Debug, Clone, Copy)]
pub struct Nothing;

impl Around for Nothing {
    fn said(&self, _: &Digest) -> Said {
        Said::default()
    }

    fn tool(&self) -> Result<Tool, String> {
        Err("it is not known which program this is".to_owned())
    }

    fn bundle(&self) -> Bundle {
        Bundle { name: "the OMS bundle".to_owned(), bytes: Ok(None) }
    }

    fn digests(&self) -> Result<oms::Files, String> {
        Ok(oms::Files::new())
    }
}
