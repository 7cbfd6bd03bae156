//! From a release to an OCI artifact and back, as bytes. Equal releases give equal bytes.

use crate::error::Fault;
use crate::limits;
use crate::release::Release;
use crate::tree::{self, MANIFEST, ReleasePath, SUMS};
use crate::wire::{
    self, Descriptor, EMPTY, EMPTY_BYTES, ID, IMAGE_MANIFEST, ImageManifest, NAME, RELEASE, TITLE, VERSION,
};
use openweigh_formats::Digest;
use openweigh_formats::malformed::shortened;
use std::collections::BTreeMap;

/// The image manifest of a release: a layer a file, in the order of the paths.
pub(crate) fn package(release: &Release) -> ImageManifest {
    let layers = release.files.iter().map(|(path, (length, digest))| {
        let digest = wire::BlobDigest(digest.clone());
        Descriptor::new(media_type(path.as_str()), digest, *length).titled(path.as_str())
    });
    let mut manifest = ImageManifest::artifact(RELEASE, layers.collect());
    manifest.annotations = [
        (TITLE, release.head.title.to_string()),
        (VERSION, release.head.version.to_string()),
        (NAME, release.head.name.to_string()),
        (ID, release.id.to_string()),
    ]
    .map(|(key, text)| (key.to_owned(), text))
    .into();
    manifest
}

/// What kind of bytes a file holds, by its name.
fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "csv" => "text/csv",
        "json" | "jsonld" => "application/json",
        "toml" => "application/toml",
        "yaml" | "yml" | "cff" => "application/yaml",
        "md" => "text/markdown",
        "html" => "text/html",
        "svg" => "image/svg+xml",
        "parquet" => "application/vnd.apache.parquet",
        "txt" | "sig" | "gitattributes" => "text/plain",
        _ if name == SUMS => "text/plain",
        _ => "application/octet-stream",
    }
}

/// What an image manifest promises, after everything that can be known from it was checked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    /// The SHA-256 of `manifest.json`.
    pub(crate) id: Digest,
    pub(crate) files: BTreeMap<ReleasePath, Descriptor>,
}

impl Contents {
    /// Reads an image manifest as a release.
    pub(crate) fn read(bytes: &[u8], file_bytes: u64) -> Result<Self, Fault> {
        let manifest = artifact(bytes)?;
        let kind = manifest.artifact_type.as_deref().unwrap_or("no artifactType");
        if kind != RELEASE {
            return Err(Fault::found(kind, format!("a release, `{RELEASE}`")));
        }
        if manifest.layers.len() > limits::FILES {
            return Err(tree::too_many(manifest.layers.len()));
        }
        let mut titled = Vec::new();
        for layer in &manifest.layers {
            let title = layer.annotations.get(TITLE);
            let title = title.ok_or_else(|| Fault::NoTitle(layer.digest.to_string()))?;
            titled.push(ReleasePath::new(title)?);
            at_most("bytes of a file", layer.size, file_bytes)?;
        }
        tree::check(&titled)?;
        let total = manifest.layers.iter().fold(0u64, |sum, layer| sum.saturating_add(layer.size));
        at_most("bytes of all files", total, limits::RELEASE_BYTES)?;
        let files: BTreeMap<_, _> = titled.into_iter().zip(manifest.layers).collect();
        let file = |name: &str| {
            let found = files.iter().find(|(path, _)| path.as_str() == name);
            found.map(|(_, layer)| layer).ok_or_else(|| Fault::Lacks(name.to_owned()))
        };
        at_most("bytes of SHA256SUMS", file(SUMS)?.size, limits::SUMS_BYTES)?;
        let id = file(MANIFEST)?.digest.0.clone();
        if let Some(other) = manifest.annotations.get(ID).filter(|text| *text != id.as_str()) {
            return Err(Fault::found(other, format!("`{id}`, the digest of {MANIFEST}")));
        }
        Ok(Self { id, files })
    }

    /// Insists that the list of digests and the layers name the same files.
    pub(crate) fn agree(&self, sums: &[u8]) -> Result<(), Fault> {
        let listed = tree::sums(sums)?;
        for (path, digest) in &listed {
            if self.files.get(path).is_none_or(|layer| layer.digest.0 != *digest) {
                return Err(Fault::Disagree(path.to_string()));
            }
        }
        let own = |path: &ReleasePath| [SUMS, tree::SIGNATURE].contains(&path.as_str());
        match self.files.keys().find(|path| !own(path) && !listed.contains_key(path)) {
            Some(path) => Err(Fault::Disagree(path.to_string())),
            None => Ok(()),
        }
    }

    /// Bytes of all files.
    pub(crate) fn total(&self) -> u64 {
        self.files.values().map(|layer| layer.size).sum()
    }
}

/// Whether an image is of the release with this id, whatever else is in it.
pub(crate) fn is_of(bytes: &[u8], id: &Digest) -> bool {
    let manifest = |layer: &Descriptor| {
        layer.digest.0 == *id && layer.annotations.get(TITLE).is_some_and(|title| title == MANIFEST)
    };
    artifact(bytes).is_ok_and(|image| image.layers.iter().any(manifest))
}

/// Reads an image manifest with the empty config.
pub(crate) fn artifact(bytes: &[u8]) -> Result<ImageManifest, Fault> {
    let manifest: ImageManifest = wire::read(bytes)?;
    if manifest.schema_version != 2 {
        return Err(Fault::found(&manifest.schema_version.to_string(), "schemaVersion 2"));
    }
    // The text may be left out; another one is another kind of document.
    if let Some(other) = manifest.media_type.as_deref().filter(|text| *text != IMAGE_MANIFEST) {
        return Err(Fault::found(other, format!("`{IMAGE_MANIFEST}`")));
    }
    let empty = Descriptor::of(EMPTY, EMPTY_BYTES);
    if manifest.config.media_type != EMPTY || manifest.config.digest != empty.digest {
        let found = format!("{} {}", manifest.config.media_type, manifest.config.digest);
        return Err(Fault::Found { found: shortened(&found, 160), expected: "the empty config".to_owned() });
    }
    Ok(manifest)
}

pub(crate) fn at_most(what: &'static str, found: u64, limit: u64) -> Result<(), Fault> {
    if found > limit { Err(Fault::TooMany { what, found, limit }) } else { Ok(()) }
}
