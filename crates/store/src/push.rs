//! From a folder into a store.

use crate::blob::{Blob, Content, Meter, Moment};
use crate::error::StoreError;
use crate::location::{Location, Reference};
use crate::package::package;
use crate::release::Release;
use crate::remote::Remote;
use crate::wire::{self, BlobDigest, Descriptor, EMPTY, EMPTY_BYTES, IMAGE_MANIFEST};
use crate::{Access, State, companions, drive};
use openweigh_formats::Digest;
use std::path::Path;

/// What shall be pushed, and where to.
#[derive(Debug)]
pub struct Push<'a> {
    /// The folder of the release.
    pub release: &'a Path,
    /// The store.
    pub to: &'a Location,
    /// Whether a tag that means something else may be changed.
    pub force: bool,
    /// Whether receipts, withdrawals and the signature beside the folder go along.
    pub companions: bool,
    /// Bytes of a file.
    pub file_bytes: u64,
    /// Who asks.
    pub access: &'a Access,
}

/// What pushing did.
#[derive(Debug)]
pub struct Pushed {
    /// Under which tag.
    pub tag: String,
    /// The digest of the image manifest.
    pub digest: BlobDigest,
    /// The SHA-256 of `manifest.json`.
    pub id: Digest,
    /// Whether the store had this release.
    pub state: State,
    /// Files of the release.
    pub files: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// Blobs that were sent; the others were there.
    pub sent: usize,
    /// Bytes of those.
    pub sent_bytes: u64,
    /// Receipts, withdrawals and signatures that were sent.
    pub companions: usize,
}

/// Checks a release and sends it.
///
/// # Errors
/// The folder is not as its `SHA256SUMS` says, the tag means something else, or the store does not
/// take what is sent.
pub fn push(request: &Push<'_>, watch: &mut dyn FnMut(&Moment)) -> Result<Pushed, StoreError> {
    let release = Release::open(request.release, request.file_bytes, &mut |file, passed| {
        watch(&Moment { file: format!("checking {file}"), passed, total: 0 });
    })?;
    let meter = Meter::default();
    drive(&meter, watch, send(request, &release, &meter))
}

async fn send(request: &Push<'_>, release: &Release, meter: &Meter) -> Result<Pushed, StoreError> {
    let tag = match &request.to.reference {
        Some(Reference::Tag(tag)) => tag.clone(),
        // Tags have no `+`; the build metadata of a version are set off as Helm does it.
        None => release.head.version.to_string().replace('+', "_"),
        Some(Reference::Digest(_)) => {
            let what = "a digest follows from what is pushed; name a tag, or nothing".to_owned();
            return Err(StoreError::Location { word: request.to.place.to_string(), what });
        }
    };
    let remote = Remote::open(request.to, request.access, true).await?;
    let manifest = package(release);
    let document = Blob::of_bytes("the image manifest", IMAGE_MANIFEST, wire::write(&manifest));
    let descriptor = document.descriptor.clone();
    let was = remote.tagged(&tag).await?.map(|(digest, _)| digest);
    let known = was.as_ref() == Some(&descriptor.digest);
    if let Some(other) = was.as_ref().filter(|_| !known && !request.force) {
        return Err(StoreError::TagTaken {
            location: request.to.place.to_string(),
            tag,
            found: other.to_string(),
            ours: descriptor.digest.to_string(),
        });
    }
    let bytes = release.files.values().map(|(length, _)| length).sum();
    meter.expect(bytes);
    let (sent, sent_bytes) = blobs(&remote, release, &manifest.layers, meter).await?;
    let mut pushed = Pushed {
        tag,
        digest: descriptor.digest.clone(),
        id: release.id.clone(),
        state: match (known, &was) {
            (true, _) => State::Same,
            (false, Some(_)) => State::Replaced,
            (false, None) => State::New,
        },
        files: release.files.len(),
        bytes,
        sent,
        sent_bytes,
        companions: 0,
    };
    let mut listed = document;
    listed.descriptor.artifact_type.clone_from(&manifest.artifact_type);
    remote.put_tagged(listed, &pushed.tag, was.as_ref()).await?;
    if request.companions {
        for companion in companions::beside(&release.folder, &release.id)? {
            pushed.companions += usize::from(companions::push(&remote, &companion, &descriptor).await?);
        }
    }
    Ok(pushed)
}

/// Sends the files and the empty config, before anything speaks of them.
async fn blobs(
    remote: &Remote,
    release: &Release,
    layers: &[Descriptor],
    meter: &Meter,
) -> Result<(usize, u64), StoreError> {
    let (mut sent, mut sent_bytes) = (0, 0);
    for (path, layer) in release.files.keys().zip(layers) {
        meter.name(path.as_str());
        let content = Content::File(release.folder.again()?, path.as_str().to_owned());
        let blob = Blob { name: path.to_string(), descriptor: layer.clone(), content };
        if remote.put_blob(&blob, meter).await? {
            sent += 1;
            sent_bytes += layer.size;
        } else {
            meter.pass(layer.size);
        }
    }
    remote.put_blob(&Blob::of_bytes("the empty config", EMPTY, EMPTY_BYTES.to_vec()), meter).await?;
    Ok((sent, sent_bytes))
}
