//! Everything about signatures: who signed a release, who derived it again, who withdrew it.
//!
//! Bytes go in and verdicts come out, or a typed error that states what was found and what was expected. The crate
//! knows no file, clock or environment: the caller gives the bytes, the moment and the passphrase. Only [`agent`]
//! talks, to the socket that it is given.
//!
//! # Overview
//!
//! Sign a release, and check it:
//!
//! ```text
//! key::PrivateKey::read(pem, passphrase) -> PrivateKey          agent::AgentKey::find(socket, public) -> AgentKey
//! sshsig::sign(&dyn Signer, sshsig::RELEASE, sums) -> String
//! signers::AllowedSigners::read(bytes), revoked::Revoked::read(bytes), policy::Policy::read(bytes)
//! keyring::Keyring { signers, revoked, at }.verify_release(sums, armored, &principals) -> Signed | Distrust
//! ```
//!
//! Sign a receipt, and count receipts:
//!
//! ```text
//! Receipt { tool, derived, claims, stages }.of(&manifest, &sums) -> Statement<Receipt>
//! receipt::sign(&statement, &dyn Signer) -> envelope bytes
//! tally::count_independent(&[(file, bytes)], &Release { manifest, sums, signer }, &keyring, verifiers, own) -> Tally
//! Receipt::divergence(&self, own) -> Option<Divergence>
//! ```
//!
//! Withdraw a release, and learn that it was:
//!
//! ```text
//! Withdrawal { reason, replacement }.of(&manifest) -> Statement<Withdrawal>;  withdrawal::sign(…)
//! withdrawal::verify(envelope, &manifest, &keyring, &principals) -> (Withdrawal, Signed) | WithdrawalError
//! ```
//!
//! Speak to other programs:
//!
//! ```text
//! oms::write(&files, name, &dyn Signer) -> bundle bytes          oms::verify(bundle, &public, &files, own_name)
//! ```

pub mod agent;
pub mod dsse;
pub mod key;
pub mod keyring;
pub mod limits;
pub mod oms;
pub mod patterns;
pub mod policy;
pub mod receipt;
pub mod revoked;
pub mod signers;
pub mod sshsig;
pub mod statement;
pub mod tally;
pub mod time;
pub mod withdrawal;

pub use key::{Fingerprint, PrivateKey, PublicKey, Signer};
pub use keyring::{Distrust, Keyring, Signed};

#[cfg(test)]
#[test]
fn committed_schemas_match_the_types() {
    use openweigh_formats::schemas::compare;
    compare::<policy::Policy>("policy.schema.json").unwrap();
    compare::<statement::Statement<receipt::Receipt>>("receipt.schema.json").unwrap();
    compare::<statement::Statement<withdrawal::Withdrawal>>("withdrawal.schema.json").unwrap();
}
