//! What was found of a manifest or release, as data: all that the last sentence, the lines and the document are made of.

use openweigh_formats::Digest;
use openweigh_formats::manifest::Manifest;
use openweigh_verify::{Item, Summary, Verdict};

/// A manifest that was gone through.
#[derive(Debug, Clone)]
pub struct Report {
    /// What it is called: by its file, in a release by itself.
    pub name: String,
    /// Its file, as the reader knows it.
    pub path: String,
    /// SHA-256 of its bytes.
    pub id: Digest,
    /// What it says, if it could be read.
    pub manifest: Option<Manifest>,
    /// Every check, and what changes no verdict.
    pub checks: openweigh_verify::Report,
    /// What is to be known of who speaks for it and about it.
    pub remarks: Vec<Remark>,
    /// Receipts of others that count: who, and the file.
    pub receipts: Vec<(String, String)>,
    /// What is known of who published it.
    pub signed: Signed,
}

/// What is known of who published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Signed {
    /// A manifest in a ledger, which nobody signs.
    #[default]
    NotAsked,
    /// Nobody signed it.
    No,
    /// A key signed it; whose it is was not asked.
    Key(String),
    /// The policy accepts who signed it: their names, and the key.
    Accepted(String, String),
    /// There is a signature, and it is not accepted.
    Refused,
}

/// Something about who speaks for a release, that is told and changes no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// Nobody signed it.
    Unsigned,
    /// A key signed it, and no policy was given that would say whose it is.
    SignedWith {
        /// The fingerprint.
        key: String,
    },
    /// The policy accepts its signature.
    SignedBy {
        /// Whose it is.
        names: String,
        /// The fingerprint.
        key: String,
    },
    /// A file among the statements that is none.
    NoStatement {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// More files of that kind.
    MoreNoStatements(usize),
    /// A withdrawal by somebody who may not withdraw it.
    NoWithdrawal {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
    /// A receipt that counts.
    DerivedAgain {
        /// By whom.
        names: String,
        /// Whether with this very program.
        same_program: bool,
        /// The file.
        file: String,
    },
    /// A receipt that does not count.
    NoReceipt {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
}

impl Report {
    /// A manifest of which there is only one thing to say.
    pub fn alone(path: String, id: Digest, verdict: Verdict) -> Self {
        let item = Item { stage: openweigh_verify::Stage::Bytes, subject: path.clone(), verdict };
        Self {
            name: stem(&path).to_owned(),
            path,
            id,
            manifest: None,
            checks: openweigh_verify::Report { items: vec![item], ..Default::default() },
            remarks: Vec::new(),
            receipts: Vec::new(),
            signed: Signed::NotAsked,
        }
    }

    /// The whole in a word.
    pub fn summary(&self) -> Summary {
        self.checks.summary()
    }
}

/// The name of a file without its folder and its extension.
pub(crate) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}
