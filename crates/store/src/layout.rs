//! An OCI image layout, in a folder, in a bucket or on a web server: the same keys everywhere.

use crate::blob::{Blob, Blocks, Meter, checked};
use crate::disk::Disk;
use crate::error::{Fault, StoreError};
use crate::limits;
use crate::location::is_referrers_tag;
use crate::wire::{self, BlobDigest, Descriptor, ImageIndex, LayoutMark, REF_NAME};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, GetRange, GetResult, ObjectStore, PutMode, PutPayload, UpdateVersion};
use openweigh_formats::malformed::shortened;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

const MARK: &str = "oci-layout";
const INDEX: &str = "index.json";
/// Bytes gathered before a part of a large blob is sent.
const PART: usize = 8 << 20;
/// Times that an index is read again because another program changed it meanwhile.
const PATIENCE: usize = 16;

/// A layout.
#[derive(Debug)]
pub(crate) struct Layout {
    kept: Kept,
    shown: String,
}

/// Where its objects are.
#[derive(Debug)]
enum Kept {
    /// In a folder of this machine.
    Disk(Disk),
    /// In a bucket or on a web server, below a prefix.
    #[cfg_attr(not(feature = "network"), expect(dead_code, reason = "folders are opened by `folder`"))]
    Objects(Arc<dyn ObjectStore>, String),
}

/// What an object was when it was read, where the store keeps versions.
type Version = Option<UpdateVersion>;

/// Why an object was not put.
enum NotPut {
    /// It changed since it was read.
    Changed,
    /// The store keeps no versions.
    Unversioned,
    /// Anything else.
    Failed(StoreError),
}

impl Layout {
    #[cfg(feature = "network")]
    pub(crate) fn new(objects: Arc<dyn ObjectStore>, prefix: &str, shown: String) -> Self {
        Self { kept: Kept::Objects(objects, prefix.to_owned()), shown }
    }

    /// A layout in a folder, which is made if it shall be written into.
    pub(crate) fn folder(path: &Path, shown: String, write: bool) -> Result<Self, StoreError> {
        if write {
            std::fs::create_dir_all(path).map_err(StoreError::system(path))?;
        } else if !path.is_dir() {
            return Err(StoreError::Absent { location: shown, what: "such folder".to_owned() });
        }
        let disk = Disk::at(path)?;
        if write && !disk.has(MARK) && !disk.is_empty()? {
            return Err(StoreError::NotAStore { path: path.to_path_buf() });
        }
        Ok(Self { kept: Kept::Disk(disk), shown })
    }

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.shown)
    }

    fn failed(&self, name: &str, error: &Error) -> StoreError {
        let location = self.place(name);
        match error {
            Error::NotFound { .. } => StoreError::Absent { location, what: "such object".to_owned() },
            Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
                StoreError::Denied { location, what: shortened(&error.to_string(), 400) }
            }
            _ => StoreError::unreachable(&location, error),
        }
    }

    /// A small object, with its version; there is none if the answer is none.
    async fn small(&self, name: &str, limit: u64) -> Result<Option<(Bytes, Version)>, StoreError> {
        let (version, mut blocks) = match &self.kept {
            Kept::Disk(disk) => match disk.blocks(name, 0)? {
                Some(blocks) => (None, blocks),
                None => return Ok(None),
            },
            Kept::Objects(objects, prefix) => {
                let found = match objects.get_opts(&key(prefix, name), GetOptions::default()).await {
                    Ok(found) => found,
                    Err(Error::NotFound { .. }) => return Ok(None),
                    Err(error) => return Err(self.failed(name, &error)),
                };
                let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
                (Some(UpdateVersion { e_tag, version }), self.stream(name, found))
            }
        };
        let mut bytes = Vec::new();
        while let Some(block) = blocks.next().await {
            bytes.extend_from_slice(&block?);
            if bytes.len() as u64 > limit {
                let fault = Fault::TooMany { what: "bytes", found: bytes.len() as u64, limit };
                return Err(StoreError::Refused { place: self.place(name), fault });
            }
        }
        Ok(Some((bytes.into(), version)))
    }

    /// Insists that this is a layout of version 1; makes it one if nothing is there and `write`.
    pub(crate) async fn begin(&self, write: bool) -> Result<(), StoreError> {
        if let Some((bytes, _)) = self.small(MARK, limits::MANIFEST_BYTES).await? {
            let mark: LayoutMark = wire::read(&bytes).map_err(StoreError::refused(self.place(MARK)))?;
            let version = mark.image_layout_version;
            if !version.starts_with("1.") {
                let fault = Fault::found(&version, "an imageLayoutVersion that starts with `1.`");
                return Err(StoreError::Refused { place: self.place(MARK), fault });
            }
            return Ok(());
        }
        if !write {
            let what = "`oci-layout`: it is no store".to_owned();
            return Err(StoreError::Absent { location: self.shown.clone(), what });
        }
        let mark = wire::write(&LayoutMark { image_layout_version: "1.0.0".to_owned() });
        match self.put(MARK, mark, PutMode::Overwrite).await {
            Err(NotPut::Failed(error)) => Err(error),
            _ => Ok(()),
        }
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, mode: PutMode) -> Result<(), NotPut> {
        match &self.kept {
            // The lock holds there.
            Kept::Disk(disk) => disk.put(name, &bytes).map_err(NotPut::Failed),
            Kept::Objects(objects, prefix) => {
                let put = objects.put_opts(&key(prefix, name), PutPayload::from(bytes), mode.into()).await;
                put.map(|_| ()).map_err(|error| match error {
                    Error::NotImplemented { .. } => NotPut::Unversioned,
                    Error::Precondition { .. } | Error::AlreadyExists { .. } => NotPut::Changed,
                    error => NotPut::Failed(self.failed(name, &error)),
                })
            }
        }
    }

    fn stream(&self, name: &str, found: GetResult) -> Blocks {
        let place = self.place(name);
        Box::pin(found.into_stream().map_err(move |error| StoreError::unreachable(&place, &error)))
    }

    async fn index(&self) -> Result<(ImageIndex, Version), StoreError> {
        let Some((bytes, version)) = self.small(INDEX, limits::INDEX_BYTES).await? else {
            return Ok((ImageIndex::default(), None));
        };
        let index = wire::read(&bytes).map_err(StoreError::refused(self.place(INDEX)))?;
        Ok((index, version))
    }

    /// The tags that people gave.
    pub(crate) async fn tags(&self) -> Result<Vec<String>, StoreError> {
        let (index, _) = self.index().await?;
        let tags = index.manifests.into_iter().filter_map(|mut entry| entry.annotations.remove(REF_NAME));
        Ok(tags.filter(|tag| !is_referrers_tag(tag)).collect())
    }

    /// What the index holds that may be a release: its entries, tagged or not, and what lists of referrers are about.
    pub(crate) async fn images(&self) -> Result<Vec<BlobDigest>, StoreError> {
        let (index, _) = self.index().await?;
        let image = |entry: Descriptor| match entry.annotations.get(REF_NAME) {
            Some(tag) if is_referrers_tag(tag) => tag.replacen('-', ":", 1).try_into().ok(),
            _ => Some(entry.digest),
        };
        let found: BTreeSet<BlobDigest> = index.manifests.into_iter().filter_map(image).collect();
        Ok(found.into_iter().collect())
    }

    /// The document that a tag means. Whoever gives one tag to two documents is asked which is meant.
    pub(crate) async fn tagged(&self, tag: &str) -> Result<Option<(BlobDigest, Bytes)>, StoreError> {
        let mut found = self.all_tagged(tag).await?;
        if let [(first, _), (second, _), ..] = found.as_slice() {
            return Err(StoreError::TagTwice {
                place: self.place(INDEX),
                tag: tag.to_owned(),
                found: [first.to_string(), second.to_string()],
            });
        }
        Ok(found.pop())
    }

    /// All documents that a tag stands for, in the order of the index.
    pub(crate) async fn all_tagged(&self, tag: &str) -> Result<Vec<(BlobDigest, Bytes)>, StoreError> {
        let (index, _) = self.index().await?;
        let mut found: Vec<(BlobDigest, Bytes)> = Vec::new();
        for entry in index.manifests.into_iter().filter(|entry| is_tagged(entry, tag)) {
            if found.iter().any(|(digest, _)| *digest == entry.digest) {
                continue;
            }
            let bytes = self.document(&entry.digest).await?;
            let bytes = checked(&self.place(&blob_name(&entry.digest)), &entry, bytes)?;
            found.push((entry.digest, bytes));
        }
        Ok(found)
    }

    /// A document by its digest.
    pub(crate) async fn document(&self, digest: &BlobDigest) -> Result<Bytes, StoreError> {
        let name = blob_name(digest);
        let Some((bytes, _)) = self.small(&name, limits::MANIFEST_BYTES).await? else {
            return Err(StoreError::Absent { location: self.shown.clone(), what: digest.to_string() });
        };
        let promised = Descriptor::new("", digest.clone(), bytes.len() as u64);
        checked(&self.place(&name), &promised, bytes)
    }

    /// Whether a blob of this length is there.
    pub(crate) async fn has(&self, blob: &Descriptor) -> Result<bool, StoreError> {
        let name = blob_name(&blob.digest);
        let (objects, prefix) = match &self.kept {
            Kept::Disk(disk) => return Ok(disk.size(&name)? == Some(blob.size)),
            Kept::Objects(objects, prefix) => (objects, prefix),
        };
        let options = GetOptions { head: true, ..GetOptions::default() };
        match objects.get_opts(&key(prefix, &name), options).await {
            Ok(found) => Ok(found.meta.size == blob.size),
            Err(Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed(&name, &error)),
        }
    }

    /// A blob from some byte on, and the byte it truly begins at: not every server knows ranges.
    pub(crate) async fn blob(&self, blob: &Descriptor, from: u64) -> Result<(u64, Blocks), StoreError> {
        let (name, mut from) = (blob_name(&blob.digest), from);
        let (objects, prefix) = match &self.kept {
            Kept::Disk(disk) => {
                let absent =
                    || StoreError::Absent { location: self.place(&name), what: "such object".to_owned() };
                return Ok((from, disk.blocks(&name, from)?.ok_or_else(absent)?));
            }
            Kept::Objects(objects, prefix) => (objects, prefix),
        };
        let options = |range| GetOptions { range, ..GetOptions::default() };
        let range = (from > 0).then_some(GetRange::Offset(from));
        let mut found = objects.get_opts(&key(prefix, &name), options(range)).await;
        if from > 0 && !matches!(found, Ok(_) | Err(Error::NotFound { .. })) {
            from = 0;
            found = objects.get_opts(&key(prefix, &name), options(None)).await;
        }
        let found = found.map_err(|error| self.failed(&name, &error))?;
        Ok((from, self.stream(&name, found)))
    }

    /// Sends a blob. It appears under its name once it is whole and its digest is right.
    pub(crate) async fn put_blob(&self, blob: &Blob, meter: &Meter) -> Result<(), StoreError> {
        let name = blob_name(&blob.descriptor.digest);
        let mut blocks = blob.blocks(meter)?;
        let (objects, prefix) = match &self.kept {
            Kept::Disk(disk) => {
                let mut upload = disk.begin(&name)?;
                while let Some(block) = blocks.next().await {
                    upload.write(&block?)?;
                }
                return upload.finish();
            }
            Kept::Objects(objects, prefix) => (objects, prefix),
        };
        let mut writer = BufWriter::with_capacity(Arc::clone(objects), key(prefix, &name), PART);
        while let Some(block) = blocks.next().await {
            let put = match block {
                Ok(block) => writer.put(block).await.map_err(|error| self.failed(&name, &error)),
                Err(error) => Err(error),
            };
            if let Err(error) = put {
                // What is left of an upload is invisible; the first mistake is the one to tell.
                let _ = writer.abort().await;
                return Err(error);
            }
        }
        writer.shutdown().await.map_err(|error| StoreError::unreachable(&self.place(&name), &error))
    }

    /// Lets a tag mean a document that is there, if the tag still means what it did.
    pub(crate) async fn tag(
        &self,
        tag: &str,
        document: &Descriptor,
        was: Option<&BlobDigest>,
    ) -> Result<(), StoreError> {
        let _lock = self.lock()?;
        for _ in 0..PATIENCE {
            let (mut index, version) = self.index().await?;
            let found = index.manifests.iter().find(|entry| is_tagged(entry, tag)).map(|entry| &entry.digest);
            if found == Some(&document.digest) {
                return Ok(());
            }
            if found != was {
                return Err(StoreError::TagTaken {
                    location: self.shown.clone(),
                    tag: tag.to_owned(),
                    found: found.map_or_else(|| "nothing".to_owned(), ToString::to_string),
                    ours: document.digest.to_string(),
                });
            }
            let mut entry = document.clone();
            entry.annotations.insert(REF_NAME.to_owned(), tag.to_owned());
            match index.manifests.iter_mut().find(|entry| is_tagged(entry, tag)) {
                Some(old) => *old = entry,
                None => index.manifests.push(entry),
            }
            let bytes = wire::write(&index);
            let mode = version.map_or(PutMode::Create, PutMode::Update);
            let put = match self.put(INDEX, bytes.clone(), mode).await {
                Err(NotPut::Unversioned) => self.put(INDEX, bytes, PutMode::Overwrite).await,
                put => put,
            };
            match put {
                Ok(()) => return Ok(()),
                Err(NotPut::Failed(error)) => return Err(error),
                Err(NotPut::Changed | NotPut::Unversioned) => {}
            }
        }
        let what = "index.json changed again and again while a tag was written".to_owned();
        Err(StoreError::Unreachable { location: self.shown.clone(), what })
    }

    /// Keeps other programs of this machine from changing the index meanwhile.
    fn lock(&self) -> Result<Option<File>, StoreError> {
        let Kept::Disk(disk) = &self.kept else { return Ok(None) };
        let file = disk.open(MARK)?;
        if let Some(file) = &file {
            file.lock().map_err(StoreError::system(self.place(MARK)))?;
        }
        Ok(file)
    }
}

fn key(prefix: &str, name: &str) -> Key {
    if prefix.is_empty() { Key::from(name) } else { Key::from(format!("{prefix}/{name}")) }
}

fn blob_name(digest: &BlobDigest) -> String {
    format!("blobs/sha256/{}", digest.0)
}

fn is_tagged(entry: &Descriptor, tag: &str) -> bool {
    entry.annotations.get(REF_NAME).is_some_and(|name| name == tag)
}
