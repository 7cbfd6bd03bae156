//! What stands beside a release: receipts and withdrawals by anyone, and a signature over the folder.
//!
//! Each is an artifact of its own whose subject is the release, so that it can be added without
//! changing a byte of what it speaks of.

use crate::blob::{Blob, Meter, checked};
use crate::error::{Fault, StoreError};
use crate::package::{artifact, at_most};
use crate::remote::Remote;
use crate::tree::ReleasePath;
use crate::wire::{
    self, ATTESTATION, BlobDigest, Descriptor, EMPTY, EMPTY_BYTES, IMAGE_INDEX, IMAGE_MANIFEST, ImageIndex,
    ImageManifest, MODEL_SIGNATURE, TITLE,
};
use crate::{folder, limits};
use bytes::Bytes;
use openweigh_formats::Digest;
use openweigh_formats::malformed::shortened;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How the signature over the folder is called in a store, where the folder has no name.
const SIGNATURE_TITLE: &str = "release.oms.sig";
/// Times that a list of referrers is read again because it changed meanwhile.
const PATIENCE: usize = 16;

/// A receipt, a withdrawal or a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Companion {
    kind: &'static str,
    title: String,
    bytes: Bytes,
}

/// The companions beside the folder of a release.
pub(crate) fn beside(release: &Path, id: &Digest) -> Result<Vec<Companion>, StoreError> {
    let mut found = Vec::new();
    let Some((parent, name)) = release.parent().zip(release.file_name()) else { return Ok(found) };
    let folder = parent.join("attest").join(id.as_str());
    let mut titles = Vec::new();
    match std::fs::read_dir(&folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
        Err(error) => return Err(StoreError::system(&folder)(error)),
        Ok(entries) => {
            for entry in entries {
                let entry = entry.map_err(StoreError::system(&folder))?;
                titles.extend(entry.file_name().into_string().ok().filter(|title| is_title(title)));
            }
        }
    }
    titles.sort();
    at_most("attestations", titles.len() as u64, limits::COMPANIONS as u64)
        .map_err(StoreError::refused(folder.display().to_string()))?;
    for title in titles {
        if let Some(bytes) = folder::small(&folder.join(&title), limits::COMPANION_BYTES)? {
            found.push(Companion { kind: ATTESTATION, title, bytes: bytes.into() });
        }
    }
    let signature = parent.join(format!("{}.oms.sig", name.to_string_lossy()));
    if let Some(bytes) = folder::small(&signature, limits::COMPANION_BYTES)? {
        let title = SIGNATURE_TITLE.to_owned();
        found.push(Companion { kind: MODEL_SIGNATURE, title, bytes: bytes.into() });
    }
    Ok(found)
}

/// Whether an attestation may be called so: one part, and JSON.
fn is_title(title: &str) -> bool {
    ReleasePath::new(title).is_ok() && !title.contains('/') && title.ends_with(".json")
}

/// Sends a companion; says whether it was new.
pub(crate) async fn push(
    remote: &Remote,
    companion: &Companion,
    release: &Descriptor,
) -> Result<bool, StoreError> {
    let meter = Meter::default();
    let layer = Descriptor::of("application/json", &companion.bytes).titled(&companion.title);
    let mut manifest = ImageManifest::artifact(companion.kind, vec![layer.clone()]);
    manifest.subject = Some(Descriptor::new(IMAGE_MANIFEST, release.digest.clone(), release.size));
    let document = Blob::of_bytes(&companion.title, IMAGE_MANIFEST, wire::write(&manifest));
    let mut listed = document.descriptor.clone();
    listed.artifact_type = Some(companion.kind.to_owned());
    if referrers(remote, &release.digest).await?.iter().any(|other| other.digest == listed.digest) {
        return Ok(false);
    }
    let bytes = companion.bytes.to_vec();
    remote.put_blob(&Blob::of_bytes(&companion.title, &layer.media_type, bytes), &meter).await?;
    remote.put_blob(&Blob::of_bytes("the empty config", EMPTY, EMPTY_BYTES.to_vec()), &meter).await?;
    if !remote.put_referring(document).await? {
        list(remote, &release.digest, listed).await?;
    }
    Ok(true)
}

/// Adds to the list that stands under a tag, for stores that keep none by themselves.
async fn list(remote: &Remote, subject: &BlobDigest, referrer: Descriptor) -> Result<(), StoreError> {
    let tag = subject.referrers_tag();
    for _ in 0..PATIENCE {
        let was = remote.tagged(&tag).await?;
        let mut index = match &was {
            Some((digest, bytes)) => read_index(digest, bytes)?,
            None => ImageIndex::default(),
        };
        if index.manifests.iter().any(|other| other.digest == referrer.digest) {
            return Ok(());
        }
        index.manifests.push(referrer.clone());
        index.manifests.sort_by(|one, other| one.digest.cmp(&other.digest));
        let document = Blob::of_bytes("the list of referrers", IMAGE_INDEX, wire::write(&index));
        match remote.put_tagged(document, &tag, was.as_ref().map(|(digest, _)| digest)).await {
            Err(StoreError::TagTaken { .. }) => {}
            done => return done,
        }
    }
    let what = "the list of referrers changed again and again while it was written".to_owned();
    Err(StoreError::Unreachable { location: tag, what })
}

fn read_index(digest: &BlobDigest, bytes: &[u8]) -> Result<ImageIndex, StoreError> {
    let place = format!("the list of referrers {digest}");
    let index: ImageIndex = wire::read(bytes).map_err(StoreError::refused(&place))?;
    at_most("referrers", index.manifests.len() as u64, limits::COMPANIONS as u64)
        .map_err(StoreError::refused(place))?;
    Ok(index)
}

/// What a store lists as referring to a manifest, by itself and under the tag.
async fn referrers(remote: &Remote, subject: &BlobDigest) -> Result<Vec<Descriptor>, StoreError> {
    let mut found = Vec::new();
    if let Some(bytes) = remote.own_referrers(subject).await? {
        found.extend(read_index(subject, &bytes)?.manifests);
    } else if let Some((digest, bytes)) = remote.tagged(&subject.referrers_tag()).await? {
        found.extend(read_index(&digest, &bytes)?.manifests);
    }
    found.sort_by(|one, other| one.digest.cmp(&other.digest));
    found.dedup_by(|one, other| one.digest == other.digest);
    Ok(found)
}

/// Fetches all companions of a release, and says which referrers were passed over and why: others
/// may attach what we do not know, and that is no reason to refuse the release.
pub(crate) async fn pull(
    remote: &Remote,
    subject: &BlobDigest,
) -> Result<(Vec<Companion>, Vec<String>), StoreError> {
    let (mut found, mut passed_over) = (Vec::new(), Vec::new());
    for listed in referrers(remote, subject).await? {
        let document = remote.document(&listed.digest).await?;
        match understood(&document, subject) {
            Ok((kind, title, layer)) => {
                let bytes = fetch(remote, &title, &layer).await?;
                found.push(Companion { kind, title, bytes });
            }
            Err(fault) => passed_over.push(format!("{}: {fault}", listed.digest)),
        }
    }
    Ok((found, passed_over))
}

fn understood(document: &[u8], subject: &BlobDigest) -> Result<(&'static str, String, Descriptor), Fault> {
    let manifest = artifact(document)?;
    let kind = manifest.artifact_type.as_deref().unwrap_or("no artifactType");
    let known = [ATTESTATION, MODEL_SIGNATURE].into_iter().find(|known| *known == kind);
    let known = known.ok_or_else(|| Fault::found(kind, "an attestation or a signature"))?;
    if manifest.subject.is_none_or(|other| other.digest != *subject) {
        return Err(Fault::Syntax("it refers to something else".to_owned()));
    }
    let [layer] = <[Descriptor; 1]>::try_from(manifest.layers)
        .map_err(|layers| Fault::found(&format!("{} layers", layers.len()), "one"))?;
    at_most("bytes of an attestation", layer.size, limits::COMPANION_BYTES)?;
    let title = layer.annotations.get(TITLE).ok_or_else(|| Fault::NoTitle(layer.digest.to_string()))?;
    if known == ATTESTATION && !is_title(title) {
        return Err(Fault::Path(shortened(title, 80)));
    }
    Ok((known, title.clone(), layer))
}

async fn fetch(remote: &Remote, title: &str, layer: &Descriptor) -> Result<Bytes, StoreError> {
    use futures_util::TryStreamExt;
    if layer.size == 0 {
        return checked(title, layer, Bytes::new());
    }
    let (_, mut blocks) = remote.blob(layer, 0).await?;
    let (mut check, mut bytes) = (crate::blob::Check::new(title, layer), Vec::new());
    while let Some(block) = blocks.try_next().await? {
        check.feed(&block)?;
        bytes.extend_from_slice(&block);
    }
    check.finish()?;
    Ok(bytes.into())
}

/// Writes companions beside the folder of a release; gives the paths of those that are new. What is
/// there already stays: another file of the same name gets its digest into its own.
pub(crate) fn write(
    companions: &[Companion],
    release: &Path,
    id: &Digest,
) -> Result<Vec<PathBuf>, StoreError> {
    let Some((parent, name)) = release.parent().zip(release.file_name()) else { return Ok(Vec::new()) };
    let mut written = Vec::new();
    for companion in companions {
        let digest = Digest::of(&companion.bytes);
        let (folder, stem, extension) = if companion.kind == ATTESTATION {
            let stem = companion.title.trim_end_matches(".json").to_owned();
            (parent.join("attest").join(id.as_str()), stem, ".json")
        } else {
            (parent.to_path_buf(), name.to_string_lossy().into_owned(), ".oms.sig")
        };
        std::fs::create_dir_all(&folder).map_err(StoreError::system(&folder))?;
        for called in [format!("{stem}{extension}"), format!("{stem}-{}{extension}", digest.short())] {
            let path = folder.join(called);
            match put_new(&folder, &path, &companion.bytes)? {
                Put::New => written.push(path),
                Put::Same => {}
                Put::Other => continue,
            }
            break;
        }
    }
    Ok(written)
}

enum Put {
    New,
    Same,
    Other,
}

fn put_new(folder: &Path, path: &Path, bytes: &[u8]) -> Result<Put, StoreError> {
    let mut draft = tempfile::Builder::new();
    #[cfg(unix)]
    draft.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut draft = draft.prefix(".draft-").tempfile_in(folder).map_err(StoreError::system(folder))?;
    draft.write_all(bytes).and_then(|()| draft.as_file().sync_all()).map_err(StoreError::system(path))?;
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(Put::New),
        Err(failed) if failed.error.kind() == ErrorKind::AlreadyExists => {
            let there = folder::small(path, limits::COMPANION_BYTES);
            Ok(if there.is_ok_and(|there| there.as_deref() == Some(bytes)) { Put::Same } else { Put::Other })
        }
        Err(failed) => Err(StoreError::system(path)(failed.error)),
    }
}
