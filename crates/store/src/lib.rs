//! Releases through content-addressed stores: OCI image layouts in folders, in buckets and on web
//! servers, and OCI registries.
//!
//! A release is a folder of plain files that its `SHA256SUMS` lists. In a store it is an artifact: an
//! image manifest with a layer for each file, found by a tag or by its digest. [`push()`] sends a folder
//! after checking every byte of it; [`pull()`] brings one back, believing nothing but digests, into a
//! draft that is renamed once it is whole.
//!
//! [`tree`] says which paths a release may have, [`wire`] which documents a store holds, `package` goes
//! from one to the other and back; these are functions of bytes. `layout`, `registry` and `cloud` know
//! how to reach a store, `draft` and `companions` write what came. Only here is anything asynchronous,
//! on one thread, and it does not show outside.
//!
//! Folders are always there. Registries, buckets and web servers come with the feature `network`, which
//! brings HTTP and TLS: most of what a build would compile.
//!
//! What this crate does *not* do: it does not verify a release (that is `release`), runs nothing that it
//! fetched, reads no environment and no clock.

mod access;
mod blob;
#[cfg(feature = "network")]
mod challenge;
#[cfg(feature = "network")]
mod cloud;
mod companions;
mod disk;
mod draft;
mod error;
mod folder;
mod layout;
pub mod limits;
mod location;
mod package;
mod pull;
mod push;
#[cfg(feature = "network")]
mod registry;
mod release;
mod remote;
pub mod tree;
pub mod wire;

pub use access::{Access, Login};
pub use blob::Moment;
pub use error::{Fault, ReleaseFault, StoreError};
pub use location::{Location, Place, Reference};
pub use pull::{Pull, Pulled, pull};
pub use push::{Push, Pushed, push};

use blob::Meter;
use std::future::Future;
use std::pin::pin;

/// What moving a release did to what was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There was nothing.
    New,
    /// It was there already, byte for byte.
    Same,
    /// Something else was replaced, as asked.
    Replaced,
}

/// How often those who wait hear of what moves.
#[cfg(feature = "network")]
const TICK: std::time::Duration = std::time::Duration::from_millis(100);

/// Runs the work on this thread, showing what moves in between.
#[cfg(feature = "network")]
fn drive<T>(
    meter: &Meter,
    watch: &mut dyn FnMut(&Moment),
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(StoreError::system("the runtime"))?.block_on(async {
        let mut work = pin!(work);
        loop {
            match tokio::time::timeout(TICK, &mut work).await {
                Ok(done) => return done,
                Err(_) => watch(&meter.moment()),
            }
        }
    })
}

/// Runs the work on this thread. Folders keep nobody waiting, so one poll does it.
#[cfg(not(feature = "network"))]
fn drive<T>(
    meter: &Meter,
    watch: &mut dyn FnMut(&Moment),
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    use std::task::{Context, Poll, Waker};
    let mut work = pin!(work);
    loop {
        match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(done) => return done,
            Poll::Pending => watch(&meter.moment()),
        }
    }
}
