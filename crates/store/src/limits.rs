//! How large anything that comes out of a store may be, said once.
//!
//! A hostile store may be refused; it may not fill the disk or the memory.

/// Files of a release.
pub const FILES: usize = 2_000;
/// Bytes of a file, unless the user raises it.
pub const FILE_BYTES: u64 = openweigh_formats::limits::CSV_BYTES;
/// Bytes of all files of a release together.
pub const RELEASE_BYTES: u64 = 64 << 30;
/// Bytes of `SHA256SUMS`: 2 000 lines of the longest path.
pub const SUMS_BYTES: u64 = 1 << 20;
/// Bytes of an image manifest; registries refuse larger ones.
pub const MANIFEST_BYTES: u64 = 4 << 20;
/// Bytes of `index.json`, and of a list of referrers or tags.
pub const INDEX_BYTES: u64 = 16 << 20;
/// Receipts, withdrawals and signatures that refer to a release.
pub const COMPANIONS: usize = 1_000;
/// Bytes of one of them.
pub const COMPANION_BYTES: u64 = 4 << 20;
/// Bytes of all of them together.
pub const COMPANIONS_BYTES: u64 = 64 << 20;
/// Bytes of a withdrawal (docs/spec/10-releases.md): what is larger is none.
pub const WITHDRAWAL_BYTES: u64 = 64 << 10;
/// Images of a store that are looked at for others of the same release.
pub const TWINS: usize = 1_000;
/// Bytes handed on at a time.
pub(crate) const BLOCK: usize = 1 << 16;
