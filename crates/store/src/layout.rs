//! An OCI image layout, in a folder, in a bucket or on a web server: the same names everywhere.

#[cfg(feature = "network")]
mod objects;

use crate::blob::{Blob, Blocks, Meter, checked};
use crate::disk::Disk;
use crate::error::{Fault, StoreError};
use crate::limits;
use crate::location::is_referrers_tag;
use crate::wire::{self, BlobDigest, Descriptor, ImageIndex, LayoutMark, REF_NAME};
use bytes::Bytes;
use futures_util::StreamExt;
#[cfg(feature = "network")]
pub(crate) use objects::Objects;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

const MARK: &str = "oci-layout";
const INDEX: &str = "index.json";
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
    /// In a bucket or on a web server.
    #[cfg(feature = "network")]
    Objects(Objects),
}

/// What an object was when it was read, where the store keeps versions.
#[derive(Debug, Clone, Default)]
struct Version {
    #[cfg(feature = "network")]
    e_tag: Option<String>,
    #[cfg(feature = "network")]
    version: Option<String>,
}

/// What must be there for an object to be put.
#[derive(Debug, Clone)]
enum Before {
    /// Nothing.
    Nothing,
    /// What was read.
    This(Version),
    /// Whatever it is.
    Anything,
}

/// Why an object was not put.
enum NotPut {
    /// It changed since it was read.
    #[cfg_attr(not(feature = "network"), expect(dead_code, reason = "in a folder a lock is held"))]
    Changed,
    /// The store keeps no versions.
    #[cfg_attr(not(feature = "network"), expect(dead_code, reason = "in a folder a lock is held"))]
    Unversioned,
    /// Anything else.
    Failed(StoreError),
}

impl Layout {
    #[cfg(feature = "network")]
    pub(crate) fn new(objects: Objects, shown: String) -> Self {
        Self { kept: Kept::Objects(objects), shown }
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

    /// A small object, with its version; there is none if the answer is none.
    async fn small(&self, name: &str, limit: u64) -> Result<Option<(Bytes, Version)>, StoreError> {
        let opened = match &self.kept {
            Kept::Disk(disk) => disk.blocks(name, 0)?.map(|blocks| (blocks, Version::default())),
            #[cfg(feature = "network")]
            Kept::Objects(objects) => objects.read(name).await?,
        };
        let Some((mut blocks, version)) = opened else { return Ok(None) };
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
        match self.put(MARK, mark, Before::Anything).await {
            Err(NotPut::Failed(error)) => Err(error),
            _ => Ok(()),
        }
    }

    #[cfg_attr(
        not(feature = "network"),
        expect(clippy::unused_async, unused_variables, reason = "folders keep nobody waiting")
    )]
    async fn put(&self, name: &str, bytes: Vec<u8>, before: Before) -> Result<(), NotPut> {
        match &self.kept {
            // The lock holds there.
            Kept::Disk(disk) => disk.put(name, &bytes).map_err(NotPut::Failed),
            #[cfg(feature = "network")]
            Kept::Objects(objects) => objects.put(name, bytes, before).await,
        }
    }

    /// The index, and what must be there for another one to take its place.
    async fn index(&self) -> Result<(ImageIndex, Before), StoreError> {
        let Some((bytes, version)) = self.small(INDEX, limits::INDEX_BYTES).await? else {
            return Ok((ImageIndex::default(), Before::Nothing));
        };
        let index = wire::read(&bytes).map_err(StoreError::refused(self.place(INDEX)))?;
        Ok((index, Before::This(version)))
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
    #[cfg_attr(
        not(feature = "network"),
        expect(clippy::unused_async, reason = "folders keep nobody waiting")
    )]
    pub(crate) async fn has(&self, blob: &Descriptor) -> Result<bool, StoreError> {
        let name = blob_name(&blob.digest);
        let found = match &self.kept {
            Kept::Disk(disk) => disk.size(&name)?,
            #[cfg(feature = "network")]
            Kept::Objects(objects) => objects.size(&name).await?,
        };
        Ok(found == Some(blob.size))
    }

    /// A blob from some byte on, and the byte it truly begins at: not every server knows ranges.
    #[cfg_attr(
        not(feature = "network"),
        expect(clippy::unused_async, reason = "folders keep nobody waiting")
    )]
    pub(crate) async fn blob(&self, blob: &Descriptor, from: u64) -> Result<(u64, Blocks), StoreError> {
        let name = blob_name(&blob.digest);
        match &self.kept {
            Kept::Disk(disk) => {
                let absent =
                    || StoreError::Absent { location: self.place(&name), what: "such object".to_owned() };
                Ok((from, disk.blocks(&name, from)?.ok_or_else(absent)?))
            }
            #[cfg(feature = "network")]
            Kept::Objects(objects) => objects.read_from(&name, from).await,
        }
    }

    /// Sends a blob. It appears under its name once it is whole and its digest is right.
    pub(crate) async fn put_blob(&self, blob: &Blob, meter: &Meter) -> Result<(), StoreError> {
        let name = blob_name(&blob.descriptor.digest);
        let mut blocks = blob.blocks(meter)?;
        match &self.kept {
            Kept::Disk(disk) => {
                let mut upload = disk.begin(&name)?;
                while let Some(block) = blocks.next().await {
                    upload.write(&block?)?;
                }
                upload.finish()
            }
            #[cfg(feature = "network")]
            Kept::Objects(objects) => objects.upload(&name, &mut blocks).await,
        }
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
            let (mut index, before) = self.index().await?;
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
            let put = match self.put(INDEX, bytes.clone(), before).await {
                Err(NotPut::Unversioned) => self.put(INDEX, bytes, Before::Anything).await,
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
        #[cfg(feature = "network")]
        let Kept::Disk(disk) = &self.kept else { return Ok(None) };
        #[cfg(not(feature = "network"))]
        let Kept::Disk(disk) = &self.kept;
        let file = disk.open(MARK)?;
        if let Some(file) = &file {
            file.lock().map_err(StoreError::system(self.place(MARK)))?;
        }
        Ok(file)
    }
}

fn blob_name(digest: &BlobDigest) -> String {
    format!("blobs/sha256/{}", digest.0)
}

fn is_tagged(entry: &Descriptor, tag: &str) -> bool {
    entry.annotations.get(REF_NAME).is_some_and(|name| name == tag)
}
