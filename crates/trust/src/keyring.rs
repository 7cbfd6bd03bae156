//! Whom to believe: allowed signers, revoked keys and a moment, taken together.

use crate::key::{Fingerprint, PublicKey};
use crate::patterns::Principal;
use crate::revoked::Revoked;
use crate::signers::{AllowedSigners, Standing, Unlisted};
use crate::sshsig::{ArmoredSignature, RELEASE, SshsigError};
use crate::time::Time;

/// What the verifier goes by. The moment is the caller's: nothing here knows a clock.
#[derive(Debug, Clone, Copy)]
pub struct Keyring<'a> {
    /// Who may sign.
    pub signers: &'a AllowedSigners,
    /// Which keys no longer count.
    pub revoked: &'a Revoked,
    /// The moment at which keys must be valid.
    pub at: Time,
}

/// Why a signature is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is not a good signature of these bytes.
    #[error(transparent)]
    Signature(#[from] SshsigError),
    /// A signature of an envelope does not fit its payload.
    #[error("the signature by the key {fingerprint} does not fit the payload")]
    Mismatch {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// Its key is revoked.
    #[error("the key {fingerprint} is revoked")]
    Revoked {
        /// The key.
        fingerprint: Fingerprint,
    },
    /// Its key may not sign this, or not now.
    #[error(transparent)]
    Unlisted(#[from] Unlisted),
}

/// A good signature by a key that may sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<'a> {
    /// The key.
    pub key: PublicKey,
    /// The lines of the allowed signers by which it may.
    pub standing: Standing<'a>,
}

impl<'a> Keyring<'a> {
    /// Judges a key that made a good signature: whose it is, unless it is unknown, revoked, out of time, or
    /// meant for something else.
    ///
    /// # Errors
    /// The first of these.
    pub fn judge(&self, key: &PublicKey, namespace: &str) -> Result<Signed<'a>, Distrust> {
        self.not_revoked(key)?;
        let standing = self.signers.look_up(key, namespace, self.at)?;
        Ok(Signed { key: key.clone(), standing })
    }

    /// The same, for one of some principals.
    ///
    /// # Errors
    /// As for [`judge`](Self::judge), or the key is another's.
    pub fn judge_as(
        &self,
        key: &PublicKey,
        principals: &[Principal],
        namespace: &str,
    ) -> Result<Signed<'a>, Distrust> {
        self.not_revoked(key)?;
        let standing = self.signers.check(key, principals, namespace, self.at)?;
        Ok(Signed { key: key.clone(), standing })
    }

    /// The same of a withdrawal: a key that has expired since, or before, still withdraws; a revoked one does not.
    ///
    /// # Errors
    /// As for [`judge_as`](Self::judge_as), but for a key that has expired.
    pub fn judge_withdrawal(
        &self,
        key: &PublicKey,
        principals: &[Principal],
    ) -> Result<Signed<'a>, Distrust> {
        self.not_revoked(key)?;
        let standing = self.signers.look_up_expired(key, RELEASE, self.at)?.of(key, principals)?;
        Ok(Signed { key: key.clone(), standing })
    }

    /// Checks the signature of a release: of its `SHA256SUMS`, in the namespace [`RELEASE`], by one of
    /// the principals who may sign it.
    ///
    /// # Errors
    /// The signature does not fit, or its key may not sign.
    pub fn verify_release(
        &self,
        sums: &[u8],
        armored: &[u8],
        principals: &[Principal],
    ) -> Result<Signed<'a>, Distrust> {
        let signature = ArmoredSignature::read(armored)?;
        let key = signature.verify(RELEASE, sums)?;
        self.judge_as(key, principals, RELEASE)
    }

    fn not_revoked(&self, key: &PublicKey) -> Result<(), Distrust> {
        if self.revoked.holds(key) {
            Err(Distrust::Revoked { fingerprint: key.fingerprint() })
        } else {
            Ok(())
        }
    }
}
