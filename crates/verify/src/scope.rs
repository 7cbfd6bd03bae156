//! What a manifest is checked against, and what may be spent on it.

use openweigh_formats::edit;

/// What a manifest has to account for.
#[derive(Debug, Clone)]
pub enum Scope {
    /// Its own files among others: a ledger has many manifests.
    Ledger,
    /// Its own files but those that are stated to be kept back; whoever calls accounts for the rest of the folder.
    Files,
    /// Everything in the folder, but for these files about the release itself.
    Release {
        /// The manifest, and what pins it.
        own: Vec<String>,
    },
}

/// How verification may use the machine; nothing here changes a verdict.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Threads.
    pub threads: usize,
    /// Bytes of a CSV file.
    pub max_csv: u64,
    /// What may be spent on finding out how a changed file was changed.
    pub search: edit::SearchBudget,
}
