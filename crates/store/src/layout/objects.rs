//! The objects of a layout in a bucket or on a web server, below a prefix.

use super::{Before, NotPut, Version};
use crate::blob::Blocks;
use crate::error::StoreError;
use futures_util::{StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::path::Path as Key;
use object_store::{Error, GetOptions, GetRange, GetResult, ObjectStore, PutMode, PutPayload, UpdateVersion};
use openweigh_formats::malformed::shortened;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// Bytes gathered before a part of a large blob is sent.
const PART: usize = 8 << 20;

/// Where they are.
#[derive(Debug)]
pub(crate) struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    shown: String,
}

impl Objects {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, prefix: &str, shown: &str) -> Self {
        Self { store, prefix: prefix.to_owned(), shown: shown.to_owned() }
    }

    /// The bytes of an object, with its version; none if there is no such object.
    pub(super) async fn read(&self, name: &str) -> Result<Option<(Blocks, Version)>, StoreError> {
        match self.store.get_opts(&self.key(name), GetOptions::default()).await {
            Ok(found) => {
                let (e_tag, version) = (found.meta.e_tag.clone(), found.meta.version.clone());
                Ok(Some((self.stream(name, found), Version { e_tag, version })))
            }
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name, &error)),
        }
    }

    /// The bytes of an object from some byte on, and the byte they truly begin at: not every server knows ranges.
    pub(super) async fn read_from(&self, name: &str, from: u64) -> Result<(u64, Blocks), StoreError> {
        let mut from = from;
        let options = |range| GetOptions { range, ..GetOptions::default() };
        let range = (from > 0).then_some(GetRange::Offset(from));
        let mut found = self.store.get_opts(&self.key(name), options(range)).await;
        if from > 0 && !matches!(found, Ok(_) | Err(Error::NotFound { .. })) {
            from = 0;
            found = self.store.get_opts(&self.key(name), options(None)).await;
        }
        let found = found.map_err(|error| self.failed(name, &error))?;
        Ok((from, self.stream(name, found)))
    }

    /// How many bytes an object has; none if there is none.
    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, StoreError> {
        let options = GetOptions { head: true, ..GetOptions::default() };
        match self.store.get_opts(&self.key(name), options).await {
            Ok(found) => Ok(Some(found.meta.size)),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(name, &error)),
        }
    }

    /// Writes a small object, if what is there is what it was.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>, before: Before) -> Result<(), NotPut> {
        let mode = match before {
            Before::Nothing => PutMode::Create,
            Before::This(Version { e_tag, version }) => PutMode::Update(UpdateVersion { e_tag, version }),
            Before::Anything => PutMode::Overwrite,
        };
        let put = self.store.put_opts(&self.key(name), PutPayload::from(bytes), mode.into()).await;
        put.map(|_| ()).map_err(|error| match error {
            Error::NotImplemented { .. } => NotPut::Unversioned,
            Error::Precondition { .. } | Error::AlreadyExists { .. } => NotPut::Changed,
            error => NotPut::Failed(self.failed(name, &error)),
        })
    }

    /// Sends a large object in parts.
    pub(super) async fn upload(&self, name: &str, blocks: &mut Blocks) -> Result<(), StoreError> {
        let mut writer = BufWriter::with_capacity(Arc::clone(&self.store), self.key(name), PART);
        while let Some(block) = blocks.next().await {
            let put = match block {
                Ok(block) => writer.put(block).await.map_err(|error| self.failed(name, &error)),
                Err(error) => Err(error),
            };
            if let Err(error) = put {
                // What is left of an upload is invisible; the first mistake is the one to tell.
                let _ = writer.abort().await;
                return Err(error);
            }
        }
        writer.shutdown().await.map_err(|error| StoreError::unreachable(&self.place(name), &error))
    }

    fn stream(&self, name: &str, found: GetResult) -> Blocks {
        let place = self.place(name);
        Box::pin(found.into_stream().map_err(move |error| StoreError::unreachable(&place, &error)))
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

    fn place(&self, name: &str) -> String {
        format!("{}/{name}", self.shown)
    }

    fn key(&self, name: &str) -> Key {
        let prefix = &self.prefix;
        if prefix.is_empty() { Key::from(name) } else { Key::from(format!("{prefix}/{name}")) }
    }
}
