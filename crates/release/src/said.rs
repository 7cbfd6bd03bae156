//! What anybody said about a release: receipts and withdrawals. Whether they are believed is decided elsewhere; here is
//! decided what each file may be, and what a file that was not read may have been.

use openweigh_formats::Digest;
use openweigh_trust::dsse::{self, Envelope};
use openweigh_trust::withdrawal::FAMILY;
use openweigh_trust::{limits, statement};

/// A statement, signed by somebody; whether it is to be believed is not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// The name of its file, escaped.
    pub file: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What kind of statement it is.
    pub kind: String,
}

impl Attestation {
    /// Whether it withdraws a release, in any version of the format.
    pub fn is_withdrawal(&self) -> bool {
        self.kind.starts_with(FAMILY)
    }
}

/// What lies in a folder of statements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Statements, by file name.
    pub statements: Vec<Attestation>,
    /// Files that could be a withdrawal and were not read, and why: whoever trusts the release must know.
    pub unread: Vec<(String, String)>,
    /// Files that are certainly no withdrawal, and why they count for nothing.
    pub notes: Vec<(String, String)>,
}

impl Said {
    /// Takes a file that was read to its end, as what it is: `file` is how it is told, `name` is what it is called in
    /// its own folder.
    pub fn take(&mut self, file: String, name: &str, bytes: Vec<u8>) {
        let envelope = Envelope::read(&bytes);
        match envelope.and_then(|envelope| statement::predicate_type(envelope.payload())) {
            Ok(kind) => self.statements.push(Attestation { file, bytes, kind }),
            // Cut or damaged, it may have been one.
            Err(error) if dsse::may_have_withdrawn(&bytes) || is_called_ours(name, &bytes) => {
                self.unread.push((file, format!("it is a statement that cannot be read: {error}")));
            }
            Err(error) => self.notes.push((file, format!("no statement, and counts for nothing: {error}"))),
        }
    }

    /// A file that was not read: whether it is missed depends on whether it may be a withdrawal.
    pub fn not_read(&mut self, file: String, size: u64, why: String) {
        if size <= limits::WITHDRAWAL_BYTES {
            self.unread.push((file, why));
        } else {
            self.notes.push((file, why));
        }
    }

    /// Adds what lies in another place: of that, only what speaks against the release.
    pub fn warned_by(&mut self, other: Self) {
        self.statements.extend(other.statements.into_iter().filter(Attestation::is_withdrawal));
        self.unread.extend(other.unread);
    }
}

/// Whether a file has a name that this program gives to withdrawals, and other bytes than that name promises: a name
/// of 64 digits is the SHA-256 of what was pulled.
fn is_called_ours(name: &str, bytes: &[u8]) -> bool {
    let Some(stem) = name.strip_suffix(".json") else { return false };
    let pulled = stem.parse::<Digest>().is_ok_and(|digest| digest != Digest::of(bytes));
    pulled || stem.starts_with("withdrawal-")
}
