//! A store that was opened, whichever kind it is.

use crate::Access;
use crate::blob::{Blob, Blocks, Meter};
use crate::error::StoreError;
use crate::layout::Layout;
use crate::location::{Location, Place, Reference};
use crate::package;
#[cfg(feature = "network")]
use crate::registry::Registry;
use crate::wire::{BlobDigest, Descriptor};
use bytes::Bytes;
use openweigh_formats::Digest;
use std::collections::BTreeSet;

/// A store that was opened.
#[derive(Debug)]
pub(crate) enum Remote {
    Layout(Layout),
    #[cfg(feature = "network")]
    Registry(Box<Registry>),
}

/// A document of a store, with what identifies it.
pub(crate) type Document = (BlobDigest, Bytes);

impl Remote {
    pub(crate) async fn open(location: &Location, access: &Access, write: bool) -> Result<Self, StoreError> {
        let shown = location.place.to_string();
        let layout = match &location.place {
            Place::Folder(path) => Layout::folder(path, shown, write)?,
            #[cfg(feature = "network")]
            Place::Registry { host, repository } => {
                return Registry::new(host, repository, access, write)
                    .map(|registry| Self::Registry(Box::new(registry)));
            }
            #[cfg(feature = "network")]
            Place::Bucket { bucket, prefix } => crate::cloud::bucket(bucket, prefix, shown, access, write)?,
            #[cfg(feature = "network")]
            Place::Web(url) if !write => crate::cloud::web(url, shown)?,
            #[cfg(feature = "network")]
            Place::Web(_) => return Err(StoreError::ReadOnly { location: shown }),
            #[cfg(not(feature = "network"))]
            _ => {
                let _ = access;
                return Err(StoreError::NoNetwork { location: shown });
            }
        };
        layout.begin(write).await?;
        Ok(Self::Layout(layout))
    }

    pub(crate) async fn tags(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Layout(layout) => layout.tags().await,
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.tags().await,
        }
    }

    /// The document that a tag means.
    pub(crate) async fn tagged(&self, tag: &str) -> Result<Option<Document>, StoreError> {
        match self {
            Self::Layout(layout) => layout.tagged(tag).await,
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.document(tag).await,
        }
    }

    /// All documents that a tag stands for: whoever writes an index by hand may list one tag twice.
    pub(crate) async fn all_tagged(&self, tag: &str) -> Result<Vec<Document>, StoreError> {
        match self {
            Self::Layout(layout) => layout.all_tagged(tag).await,
            #[cfg(feature = "network")]
            Self::Registry(registry) => Ok(registry.document(tag).await?.into_iter().collect()),
        }
    }

    /// The images of this very release that the store holds beside the one that was asked for: other cards around the
    /// same manifest are another image, and a withdrawal is about the manifest. Looks at so many images at most, and
    /// says whether there were more.
    pub(crate) async fn twins(
        &self,
        id: &Digest,
        own: &BlobDigest,
        most: usize,
    ) -> Result<(Vec<BlobDigest>, bool), StoreError> {
        let mut twins = BTreeSet::new();
        let more = match self {
            Self::Layout(layout) => {
                let images = layout.images().await?;
                for digest in images.iter().take(most) {
                    match layout.document(digest).await {
                        Ok(bytes) if package::is_of(&bytes, id) => drop(twins.insert(digest.clone())),
                        Ok(_) => {}
                        // What is listed and not there, or has other bytes, is no image that anybody could pull.
                        Err(
                            StoreError::Absent { .. } | StoreError::Digest { .. } | StoreError::Length { .. },
                        ) => {}
                        Err(error) => return Err(error),
                    }
                }
                images.len() > most
            }
            #[cfg(feature = "network")]
            Self::Registry(registry) => {
                let tags = registry.tags().await?;
                for tag in tags.iter().take(most) {
                    if let Some((digest, bytes)) = registry.document(tag).await?
                        && package::is_of(&bytes, id)
                    {
                        twins.insert(digest);
                    }
                }
                tags.len() > most
            }
        };
        twins.remove(own);
        Ok((twins.into_iter().collect(), more))
    }

    /// A document by its digest.
    pub(crate) async fn document(&self, digest: &BlobDigest) -> Result<Bytes, StoreError> {
        match self {
            Self::Layout(layout) => layout.document(digest).await,
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.document_by(digest).await,
        }
    }

    /// The image manifest that is meant; of several tags one must be named.
    pub(crate) async fn find(&self, location: &Location) -> Result<(Reference, Document), StoreError> {
        let absent = |what: String| StoreError::Absent { location: location.place.to_string(), what };
        let tag = match &location.reference {
            Some(Reference::Digest(digest)) => {
                let bytes = self.document(digest).await?;
                return Ok((Reference::Digest(digest.clone()), (digest.clone(), bytes)));
            }
            Some(Reference::Tag(tag)) => tag.clone(),
            None => match <[String; 1]>::try_from(self.tags().await?) {
                Ok([tag]) => tag,
                Err(tags) => {
                    return Err(StoreError::WhichTag { location: location.place.to_string(), tags });
                }
            },
        };
        let found = self.tagged(&tag).await?.ok_or_else(|| absent(format!("tag `{tag}`")))?;
        Ok((Reference::Tag(tag), found))
    }

    pub(crate) async fn has(&self, blob: &Descriptor) -> Result<bool, StoreError> {
        match self {
            Self::Layout(layout) => layout.has(blob).await,
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.has(blob).await,
        }
    }

    /// A blob from some byte on, and the byte it truly begins at.
    pub(crate) async fn blob(&self, blob: &Descriptor, from: u64) -> Result<(u64, Blocks), StoreError> {
        match self {
            Self::Layout(layout) => layout.blob(blob, from).await,
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.blob(blob, from).await,
        }
    }

    /// Sends a blob unless it is there; says whether it was sent.
    pub(crate) async fn put_blob(&self, blob: &Blob, meter: &Meter) -> Result<bool, StoreError> {
        if self.has(&blob.descriptor).await? {
            return Ok(false);
        }
        match self {
            Self::Layout(layout) => layout.put_blob(blob, meter).await?,
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.put_blob(blob, meter).await?,
        }
        Ok(true)
    }

    /// Sends a document and lets a tag mean it, if the tag still means what it did; registries have no
    /// such condition, so there the last one to write wins.
    pub(crate) async fn put_tagged(
        &self,
        document: Blob,
        tag: &str,
        was: Option<&BlobDigest>,
    ) -> Result<(), StoreError> {
        match self {
            Self::Layout(layout) => {
                if !layout.has(&document.descriptor).await? {
                    layout.put_blob(&document, &Meter::default()).await?;
                }
                layout.tag(tag, &document.descriptor, was).await
            }
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.put_document(&document, tag).await.map(|_| ()),
        }
    }

    /// Sends a document that refers to another; says whether the store lists it as a referrer by itself.
    pub(crate) async fn put_referring(&self, document: Blob) -> Result<bool, StoreError> {
        match self {
            Self::Layout(layout) => {
                if !layout.has(&document.descriptor).await? {
                    layout.put_blob(&document, &Meter::default()).await?;
                }
                Ok(false)
            }
            #[cfg(feature = "network")]
            Self::Registry(registry) => {
                let reference = document.descriptor.digest.to_string();
                registry.put_document(&document, &reference).await
            }
        }
    }

    /// The list of referrers that the store keeps by itself, if it keeps one.
    #[cfg_attr(
        not(feature = "network"),
        expect(clippy::unused_async, unused_variables, reason = "layouts keep none")
    )]
    pub(crate) async fn own_referrers(&self, subject: &BlobDigest) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::Layout(_) => Ok(None),
            #[cfg(feature = "network")]
            Self::Registry(registry) => registry.referrers(subject).await,
        }
    }
}
