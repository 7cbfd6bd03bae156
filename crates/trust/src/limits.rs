//! How large anything about a signature may be, said once.
//!
//! A hostile file may be refused; it may not stall or exhaust the machine.

/// Bytes of a private or public key file.
pub const KEY_BYTES: u64 = 64 << 10;
/// Rounds of bcrypt that protect an encrypted private key; OpenSSH writes 16 or 24.
pub const KEY_ROUNDS: u32 = 4_096;
/// Bytes of an armored SSHSIG.
pub const SIGNATURE_BYTES: u64 = 16 << 10;
/// Bytes of an allowed signers file.
pub const SIGNERS_BYTES: u64 = 1 << 20;
/// Bytes of a pattern in a pattern list; OpenSSH matches nothing against a longer one.
pub const PATTERN_BYTES: usize = 1_022;
/// Characters of a principal.
pub const PRINCIPAL: usize = 255;
/// Bytes of a list of revoked keys, of either form.
pub const REVOKED_BYTES: u64 = 16 << 20;
/// Principals in a list of a policy.
pub const POLICY_PRINCIPALS: usize = 1_000;
/// Bytes of a DSSE envelope.
pub const ENVELOPE_BYTES: u64 = 16 << 20;
/// Bytes of the envelope of a withdrawal: its reason and 16 signatures take half as many.
pub const WITHDRAWAL_BYTES: u64 = 64 << 10;
/// Signatures of an envelope.
pub const ENVELOPE_SIGNATURES: usize = 16;
/// Bytes of one signature of an envelope: Ed25519 takes 64, P-256 in DER at most 72.
pub const ENVELOPE_SIGNATURE_BYTES: usize = 72;
/// Subjects of a statement.
pub const SUBJECTS: usize = 1_000;
/// Stages of a receipt.
pub const STAGES: usize = 100;
/// Receipts counted for one release.
pub const RECEIPTS: usize = 1_000;
/// Characters of the reason of a withdrawal.
pub const REASON: usize = 4_000;
/// Whole numbers in JSON: those that every reader holds exactly.
pub const INTEGER: u64 = (1 << 53) - 1;
/// Bytes of an OMS bundle.
pub const BUNDLE_BYTES: u64 = 16 << 20;
/// Files that an OMS bundle lists.
pub const BUNDLE_FILES: usize = 10_000;
/// Bytes of a file's name in an OMS bundle.
pub const BUNDLE_NAME: usize = 1_024;
/// Bytes of an agent's answer; OpenSSH's agent sends at most as many.
pub const AGENT_BYTES: u32 = 256 << 10;
/// Keys that an agent may list.
pub const AGENT_KEYS: u32 = 1_024;
