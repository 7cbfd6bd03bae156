//! The release that a release succeeds: as much of it as its successor carries, to tell what changed.
//!
//! A release with a predecessor holds, below `previous/`, that release's manifest, checksums, signature, changelog,
//! weights and results. The manifest names the predecessor by its digest, and everything else here is believed only by
//! the digests in it and in its `SHA256SUMS`: so whoever has the new release can recompute what moved, without the old.

use openweigh_formats::canonical;
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::limits;
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::release::{CHANGELOG, MANIFEST, SIGNATURE, SUMS};
use openweigh_formats::sums::Sums;
use openweigh_formats::text::{Name, Version};
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, Malformed};
use std::collections::BTreeMap;

/// What is kept of the predecessor.
#[derive(Debug, Clone)]
pub struct Previous {
    /// Its manifest.
    pub manifest: Manifest,
    /// Its id.
    pub id: Digest,
    /// Its weights.
    pub weights: BTreeMap<RelativePath, Weights>,
    /// Its changelog.
    pub changelog: String,
    /// All files kept, by their paths in the predecessor.
    pub files: BTreeMap<RelativePath, Vec<u8>>,
}

/// Why the predecessor cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreviousError {
    /// A file could not be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: String,
        /// Why.
        source: Unreadable,
    },
    /// A file is malformed.
    #[error("{path}:{source}")]
    Malformed {
        /// Which.
        path: String,
        /// How.
        source: Malformed,
    },
    /// A file has not the digest that it should have.
    #[error("{path}: found SHA-256 {found}, expected {expected}, as {by} says")]
    Digest {
        /// Which.
        path: String,
        /// What it has.
        found: Digest,
        /// What it should have.
        expected: Digest,
        /// Who says so.
        by: &'static str,
    },
    /// The version of what succeeds it is not higher.
    #[error("it is version {old}: a release after it cannot be version {new}")]
    Version {
        /// Its version.
        old: Version,
        /// The version of its successor.
        new: Version,
    },
    /// What succeeds it has another name.
    #[error("it is `{old}`: a release after it cannot be `{new}`")]
    Name {
        /// Its name.
        old: Name,
        /// The name of its successor.
        new: Name,
    },
    /// A file is in none of the lists.
    #[error("{path}: its SHA256SUMS does not list this file")]
    Unlisted {
        /// Which.
        path: String,
    },
}

/// A folder of a from, read file by file.
struct Folder<'a> {
    from: &'a dyn Files,
    prefix: &'a str,
    max_csv: u64,
}

impl Folder<'_> {
    fn shown(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, PreviousError> {
        let unreadable = |source| PreviousError::Unreadable { path: self.shown(path), source };
        let full = self.shown(path).parse().map_err(|error: openweigh_formats::text::TextError| {
            unreadable(Unreadable::System(error.to_string()))
        })?;
        let limit = if path.ends_with(".csv") { self.max_csv } else { limits::JSON_BYTES };
        files::bytes(self.from, &full, limit).map_err(unreadable)
    }

    fn document<T: canonical::Document>(&self, path: &str, bytes: &[u8]) -> Result<T, PreviousError> {
        canonical::read(bytes).map_err(|source| PreviousError::Malformed { path: self.shown(path), source })
    }

    fn same(
        &self,
        path: &str,
        bytes: &[u8],
        expected: &Digest,
        by: &'static str,
    ) -> Result<(), PreviousError> {
        let found = Digest::of(bytes);
        if found == *expected {
            return Ok(());
        }
        Err(PreviousError::Digest { path: self.shown(path), found, expected: expected.clone(), by })
    }

    fn listed(&self, file: &ManifestFile) -> Result<Vec<u8>, PreviousError> {
        let bytes = self.read(file.path.as_str())?;
        self.same(file.path.as_str(), &bytes, &file.sha256, "its manifest")?;
        Ok(bytes)
    }
}

impl Previous {
    /// That a manifest may succeed it: one version of a name is one release, and later ones are higher.
    ///
    /// # Errors
    /// The name is another, or the version is the same or lower.
    pub fn precedes(&self, next: &Manifest) -> Result<(), PreviousError> {
        if self.manifest.name != next.name {
            let (old, new) = (self.manifest.name.clone(), next.name.clone());
            return Err(PreviousError::Name { old, new });
        }
        let (old, new) = (&self.manifest.version, &next.version);
        if old >= new {
            return Err(PreviousError::Version { old: old.clone(), new: new.clone() });
        }
        Ok(())
    }

    /// Reads a predecessor with the id `expected`: from its own folder, or with the prefix `previous/` from its
    /// successor's.
    ///
    /// # Errors
    /// A file is missing, malformed, or not the one that the digests say.
    pub fn read(
        from: &dyn Files,
        prefix: &str,
        expected: &Digest,
        max_csv: u64,
    ) -> Result<Self, PreviousError> {
        let folder = Folder { from, prefix, max_csv };
        let mut files = BTreeMap::new();
        let path = |text: &str| text.parse::<RelativePath>().expect("a name of the format");
        let manifest_bytes = folder.read(MANIFEST)?;
        folder.same(MANIFEST, &manifest_bytes, expected, "the manifest that succeeds it")?;
        let manifest: Manifest = folder.document(MANIFEST, &manifest_bytes)?;
        let sums_bytes = folder.read(SUMS)?;
        let sums = Sums::read(&sums_bytes)
            .map_err(|source| PreviousError::Malformed { path: folder.shown(SUMS), source })?;
        let changelog = folder.read(CHANGELOG)?;
        for (name, bytes) in [(MANIFEST, &manifest_bytes), (CHANGELOG, &changelog)] {
            let listed = sums.0.get(&path(name));
            let listed = listed.ok_or_else(|| PreviousError::Unlisted { path: folder.shown(name) })?;
            folder.same(name, bytes, listed, "its SHA256SUMS")?;
        }
        match folder.read(SIGNATURE) {
            Ok(signature) => {
                files.insert(path(SIGNATURE), signature);
            }
            Err(PreviousError::Unreadable { source: Unreadable::Missing, .. }) => {}
            Err(error) => return Err(error),
        }
        let mut weights = BTreeMap::new();
        for file in manifest.of_role(Role::Weights) {
            let bytes = folder.listed(file)?;
            weights.insert(file.path.clone(), folder.document(file.path.as_str(), &bytes)?);
            files.insert(file.path.clone(), bytes);
        }
        for file in manifest.of_role(Role::Results) {
            files.insert(file.path.clone(), folder.listed(file)?);
        }
        let changelog_text = String::from_utf8_lossy(&changelog).into_owned();
        files.insert(path(MANIFEST), manifest_bytes);
        files.insert(path(SUMS), sums_bytes);
        files.insert(path(CHANGELOG), changelog);
        Ok(Self { manifest, id: expected.clone(), weights, changelog: changelog_text, files })
    }
}
