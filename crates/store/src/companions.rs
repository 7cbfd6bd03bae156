//! What stands beside a release: receipts and withdrawals by anyone, and a signature over the folder.
//!
//! Each is an artifact of its own whose subject is the release, so that it can be added without
//! changing a byte of what it speaks of.

use crate::blob::{Blob, Meter, checked};
use crate::error::{Fault, StoreError};
use crate::limits;
use crate::package::{artifact, at_most};
use crate::remote::Remote;
use crate::tree::ReleasePath;
use crate::wire::{
    self, ATTESTATION, BlobDigest, Descriptor, EMPTY, EMPTY_BYTES, IMAGE_INDEX, IMAGE_MANIFEST, ImageIndex,
    ImageManifest, MODEL_SIGNATURE, TITLE,
};
use bytes::Bytes;
use openweigh_formats::Digest;
use openweigh_formats::malformed::shortened;
use openweigh_ledger::{EntryKind, Folder, Written};
use std::path::PathBuf;

/// How the signature over the folder is called in a store, where the folder has no name.
const SIGNATURE_TITLE: &str = "release.oms.sig";
/// How it ends beside the folder.
const SIGNATURE_ENDING: &str = ".oms.sig";
/// Times that a list of referrers is read again because it changed meanwhile.
const PATIENCE: usize = 16;

/// A receipt, a withdrawal or a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Companion {
    kind: &'static str,
    title: String,
    bytes: Bytes,
}

/// The folder that statements about releases lie in, beside the release.
const FOLDER: &str = "attest";

/// The companions beside the folder of a release.
pub(crate) fn beside(release: &Folder, id: &Digest) -> Result<Vec<Companion>, StoreError> {
    let mut found = Vec::new();
    let Some((above, name)) = release.above()?.zip(release.name()?) else { return Ok(found) };
    let all = above.enter(FOLDER)?;
    let own = all.map(|all| all.enter(id.as_str())).transpose()?.flatten();
    if let Some(own) = own {
        let titles: Vec<String> = own.names()?.into_iter().filter(|title| is_title(title)).collect();
        at_most("attestations", titles.len() as u64, limits::COMPANIONS as u64)
            .map_err(StoreError::refused(own.path().display().to_string()))?;
        for title in titles {
            if let Some(bytes) = own.read(&title, limits::COMPANION_BYTES)? {
                found.push(Companion { kind: ATTESTATION, title, bytes: bytes.into() });
            }
        }
    }
    let signature = format!("{}{SIGNATURE_ENDING}", name.to_string_lossy());
    if let Some(bytes) = above.read(&signature, limits::COMPANION_BYTES)? {
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
        let was = remote.all_tagged(&tag).await?;
        let mut index = ImageIndex::default();
        for (digest, bytes) in &was {
            index.manifests.extend(read_index(digest, bytes)?.manifests);
        }
        if index.manifests.iter().any(|other| other.digest == referrer.digest) {
            return Ok(());
        }
        index.manifests.push(referrer.clone());
        index.manifests.sort_by(|one, other| one.digest.cmp(&other.digest));
        index.manifests.dedup_by(|one, other| one.digest == other.digest);
        let document = Blob::of_bytes("the list of referrers", IMAGE_INDEX, wire::write(&index));
        match remote.put_tagged(document, &tag, was.first().map(|(digest, _)| digest)).await {
            Err(StoreError::TagTaken { .. }) => {}
            done => return done,
        }
    }
    let what = "the list of referrers changed again and again while it was written".to_owned();
    Err(StoreError::Unreachable { location: tag, what })
}

fn read_index(digest: &BlobDigest, bytes: &[u8]) -> Result<ImageIndex, StoreError> {
    let place = format!("the list of referrers {digest}");
    wire::read(bytes).map_err(StoreError::refused(&place))
}

/// What a store lists as referring to a manifest, by itself and under the tag.
async fn referrers(remote: &Remote, subject: &BlobDigest) -> Result<Vec<Descriptor>, StoreError> {
    let mut found = Vec::new();
    if let Some(bytes) = remote.own_referrers(subject).await? {
        found.extend(read_index(subject, &bytes)?.manifests);
    } else {
        // A second list under the tag hides nothing of the first.
        for (digest, bytes) in remote.all_tagged(&subject.referrers_tag()).await? {
            found.extend(read_index(&digest, &bytes)?.manifests);
        }
    }
    found.sort_by(|one, other| one.digest.cmp(&other.digest));
    found.dedup_by(|one, other| one.digest == other.digest);
    Ok(found)
}

/// What came of the statements about a release.
#[derive(Debug, Default)]
pub(crate) struct Arrived {
    /// The paths of those that are new here.
    pub(crate) written: Vec<PathBuf>,
    /// What certainly is no statement of ours, and why.
    pub(crate) passed_over: Vec<String>,
    /// What could be a withdrawal and is not here now, and why.
    pub(crate) unread: Vec<String>,
}

/// A statement that a store has, before its bytes are fetched.
struct Offered {
    kind: &'static str,
    title: String,
    layer: Descriptor,
}

/// What a store lists as referring to a release.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// Documents, each with the image that it is to be about.
    documents: Vec<(BlobDigest, Descriptor)>,
    /// Where else statements may be, and why nobody looked.
    not_sought: Vec<String>,
}

/// Everything that a store lists as referring to a release, in whichever image of it. Without the list nothing is
/// known about withdrawals.
pub(crate) async fn offered(
    remote: &Remote,
    subject: &BlobDigest,
    id: &Digest,
) -> Result<Listed, StoreError> {
    let mut listed = Listed::default();
    let mut list = |image: &BlobDigest, own: Vec<Descriptor>| {
        listed.documents.extend(own.into_iter().map(|document| (image.clone(), document)));
    };
    list(subject, referrers(remote, subject).await?);
    match remote.twins(id, subject, limits::TWINS).await {
        Ok((twins, more)) => {
            for twin in twins {
                match referrers(remote, &twin).await {
                    Ok(own) => list(&twin, own),
                    Err(error) => listed
                        .not_sought
                        .push(format!("what is said about {twin}, another image of the release: {error}")),
                }
            }
            if more {
                let most = limits::TWINS;
                listed
                    .not_sought
                    .push(format!("an image of the store beyond the first {most}, at which nobody looked"));
            }
        }
        Err(error) => {
            listed
                .not_sought
                .push(format!("another image of the release, which was not looked for: {error}"));
        }
    }
    // Those that call themselves statements first: of the others not all may be looked at.
    listed.documents.sort_by_key(|(_, one)| !one.artifact_type.as_deref().is_some_and(is_ours));
    Ok(listed)
}

/// Fetches statements and writes each as it comes, beside the release that was put in its place. Those that are small
/// enough to be withdrawals come first, smallest first. What refers to the release and is no statement of ours is
/// passed over: others may attach what we do not know. What could be a withdrawal and is not written is said.
pub(crate) async fn pull(
    remote: &Remote,
    subject: &BlobDigest,
    listed: &Listed,
    (above, name, id): (&Folder, &str, &Digest),
) -> Arrived {
    let (mut arrived, mut offers) = (Arrived::default(), Vec::<Offered>::new());
    arrived.unread.extend(listed.not_sought.iter().cloned());
    for (image, one) in listed.documents.iter().take(limits::COMPANIONS) {
        let said = match remote.document(&one.digest).await {
            Ok(document) => understood(&document, image),
            Err(error) => {
                arrived.unread.push(format!("{}: {error}", one.digest));
                continue;
            }
        };
        match said {
            // A signature over a folder is about the cards in it, too; a statement is about the manifest.
            Ok(offered) if image != subject && offered.kind == MODEL_SIGNATURE => {}
            Ok(offered) => offers.push(offered),
            Err(NotOurs::Certainly(fault)) => arrived.passed_over.push(format!("{}: {fault}", one.digest)),
            Err(NotOurs::Perhaps(fault)) => arrived.unread.push(format!("{}: {fault}", one.digest)),
        }
    }
    if listed.documents.len() > limits::COMPANIONS {
        let (first, more) = (limits::COMPANIONS, listed.documents.len() - limits::COMPANIONS);
        arrived.unread.push(format!("{more} more of what refers to the release, beyond the first {first}"));
    }
    offers.sort_by(|one, other| (one.layer.size, &one.title).cmp(&(other.layer.size, &other.title)));
    let mut room = limits::COMPANIONS_BYTES;
    for offer in offers {
        let what = format!("{} ({})", shortened(&offer.title, 80), offer.layer.digest);
        if offer.layer.size > room.min(limits::COMPANION_BYTES) {
            let why = format!("{what}: {} bytes, and {room} of all statements are left", offer.layer.size);
            arrived.sort_out(offer.layer.size, why);
            continue;
        }
        room -= offer.layer.size;
        let kept = match fetch(remote, &offer.title, &offer.layer).await {
            Ok(bytes) => keep(above, name, id, offer.kind, &bytes),
            Err(error) => Err(error),
        };
        match kept {
            Ok(written) => arrived.written.extend(written),
            Err(error) => arrived.sort_out(offer.layer.size, format!("{what}: {error}")),
        }
    }
    arrived
}

impl Arrived {
    /// What is too large for a withdrawal is missed by nobody.
    fn sort_out(&mut self, size: u64, why: String) {
        if size <= limits::WITHDRAWAL_BYTES {
            self.unread.push(why);
        } else {
            self.passed_over.push(why);
        }
    }
}

fn is_ours(kind: &str) -> bool {
    [ATTESTATION, MODEL_SIGNATURE].contains(&kind)
}

/// Why a document offers no statement.
enum NotOurs {
    /// It is something else, or about something else.
    Certainly(Fault),
    /// It calls itself a statement about this release.
    Perhaps(Fault),
}

fn understood(document: &[u8], subject: &BlobDigest) -> Result<Offered, NotOurs> {
    let manifest = artifact(document).map_err(NotOurs::Perhaps)?;
    let kind = manifest.artifact_type.as_deref().unwrap_or("no artifactType");
    let known = [ATTESTATION, MODEL_SIGNATURE].into_iter().find(|known| *known == kind);
    let other = || NotOurs::Certainly(Fault::found(kind, "an attestation or a signature"));
    let kind = known.ok_or_else(other)?;
    if manifest.subject.is_none_or(|other| other.digest != *subject) {
        return Err(NotOurs::Certainly(Fault::Syntax("it refers to something else".to_owned())));
    }
    let [layer] = <[Descriptor; 1]>::try_from(manifest.layers)
        .map_err(|layers| NotOurs::Perhaps(Fault::found(&format!("{} layers", layers.len()), "one")))?;
    let title = layer.annotations.get(TITLE).cloned().unwrap_or_else(|| layer.digest.to_string());
    Ok(Offered { kind, title, layer })
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

/// Writes a companion beside the folder of a release; gives its path if it is new. A statement is called by its
/// digest, so that none takes the place of another, whatever it calls itself. A signature over the folder is called as
/// its readers expect it, unless another one is there.
fn keep(
    above: &Folder,
    name: &str,
    id: &Digest,
    kind: &'static str,
    bytes: &Bytes,
) -> Result<Option<PathBuf>, StoreError> {
    let digest = Digest::of(bytes);
    if kind == MODEL_SIGNATURE {
        let called = format!("{name}{SIGNATURE_ENDING}");
        return match put_new(above, &called, bytes) {
            Err(StoreError::Exists { .. }) => {
                put_new(above, &format!("{name}-{digest}{SIGNATURE_ENDING}"), bytes)
            }
            put => put,
        };
    }
    let folder = above.make(FOLDER)?.make(id.as_str())?;
    // Under another name it may be here already: one's own, pushed and pulled again.
    for other in folder.names()?.iter().filter(|name| folder.kind(name) == Some(EntryKind::File)) {
        if folder.size(other)? == Some(bytes.len() as u64)
            && folder.digest(other)?.is_some_and(|(_, found)| found == digest)
        {
            return Ok(None);
        }
    }
    put_new(&folder, &format!("{digest}.json"), bytes)
}

fn put_new(folder: &Folder, name: &str, bytes: &[u8]) -> Result<Option<PathBuf>, StoreError> {
    let written = folder.write(name, bytes, false)?;
    Ok((written == Written::New).then(|| folder.path().join(name)))
}
