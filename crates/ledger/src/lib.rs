//! A ledger: a folder with `datasets/`, `artifacts/` and `manifests/`, on disk.
//!
//! This is the only crate that touches the file system. [`layout`] says where things are, [`lookup`]
//! finds them by name, [`open`] reads plain files inside the root and nothing else, [`seal`] gathers files into a manifest, and [`release`] copies
//! a manifest's files into a folder of their own.
//!
//! Writing has two doors. A path that a person typed may lead through links ([`Typed`]). A path inside a ledger never
//! does ([`folder`]), and what is put there is a [`Change`]: some files, all of them or none, committed while the
//! ledger is locked ([`lock`]), and only if nobody was faster.
//!
//! What this crate does *not* do: it computes nothing and never reads the clock.

pub mod change;
pub mod draft;
pub mod edit;
pub mod folder;
pub mod layout;
pub mod licences;
pub mod lock;
pub mod lookup;
pub mod open;
pub mod pins;
pub mod release;
pub mod seal;
mod typed;
pub mod version_control;

pub use change::{Change, Draft, Expected};
pub use draft::{DraftError, Written};
pub use folder::{EntryKind, Folder};
pub use layout::Ledger;
pub use lock::{Holder, Lock};
pub use lookup::{Kind, NotFound};
pub use open::{OpenError, read_blocks, read_whole};
pub use typed::{Typed, write_atomically};
