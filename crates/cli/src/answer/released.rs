//! Of commands about releases.

use super::answer;
use serde::Serialize;

/// `publish`
#[derive(Serialize)]
#[serde(untagged)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) enum Published {
    /// It was written.
    Release {
        /// The folder.
        release: String,
        /// The id of the release.
        id: String,
        /// How many files it has.
        files: usize,
        /// `false` if the same bytes were there before.
        written: bool,
    },
    /// It was shown, with `--dry-run`.
    Preview {
        /// The files that would become public.
        files: Vec<PublicFile>,
        /// Their length.
        bytes: u64,
        /// `false`.
        written: bool,
    },
}
answer!(Published, "openweigh.publish/1");

/// A file that would become public.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct PublicFile {
    /// Its path in the release.
    pub(crate) path: String,
    /// Its length.
    pub(crate) bytes: u64,
    /// What it tells about people; empty if nothing.
    pub(crate) about_people: String,
}

/// `push`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Pushed {
    /// Where it is now.
    pub(crate) destination: String,
    /// The digest of its image manifest.
    pub(crate) digest: String,
    /// The id of the release.
    pub(crate) id: String,
    /// Whether it was new there.
    pub(crate) state: &'static str,
    /// How many files it has.
    pub(crate) files: usize,
    /// Their length.
    pub(crate) bytes: u64,
    /// How many files were sent.
    pub(crate) sent: usize,
    /// Their length.
    pub(crate) sent_bytes: u64,
    /// How many attestations went along.
    pub(crate) attestations: usize,
    /// The exit code.
    pub(crate) exit: u8,
}
answer!(Pushed, "openweigh.push/1");

/// `pull`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Pulled {
    /// Where it is from.
    pub(crate) source: String,
    /// The folder that it is in now.
    pub(crate) directory: String,
    /// The digest of its image manifest.
    pub(crate) digest: String,
    /// The id of the release.
    pub(crate) id: String,
    /// Whether it was new here.
    pub(crate) state: &'static str,
    /// How many files it has.
    pub(crate) files: usize,
    /// Their length.
    pub(crate) bytes: u64,
    /// How many bytes came.
    pub(crate) received_bytes: u64,
    /// How many were here from an earlier attempt.
    pub(crate) resumed_bytes: u64,
    /// The attestations that came along.
    pub(crate) attestations: Vec<String>,
    /// What belongs to the release and was not fetched.
    pub(crate) passed_over: Vec<String>,
    /// What could not be read.
    pub(crate) not_checkable: Vec<String>,
    /// `false`: only digests were compared.
    pub(crate) verified: bool,
    /// The command that verifies it.
    pub(crate) next: String,
    /// The exit code.
    pub(crate) exit: u8,
}
answer!(Pulled, "openweigh.pull/1");

/// `receipt`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Receipt {
    /// The receipt.
    pub(crate) file: String,
    /// The id of the release.
    pub(crate) release: String,
    /// The key that signed.
    pub(crate) key: String,
    /// How many files were derived again.
    pub(crate) derived: usize,
    /// How many claims were recomputed.
    pub(crate) claims: usize,
    /// SHA-256 of the program.
    pub(crate) tool: String,
}
answer!(Receipt, "openweigh.receipt/1");

/// `withdraw`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Withdrawn {
    /// The withdrawal.
    pub(crate) file: String,
    /// The id of the release.
    pub(crate) release: String,
    /// The key that signed.
    pub(crate) key: String,
}
answer!(Withdrawn, "openweigh.withdraw/1");
