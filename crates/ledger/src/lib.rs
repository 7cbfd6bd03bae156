//! A ledger: a folder with `datasets/`, `artifacts/` and `manifests/`, on disk.
//!
//! This is the only crate that touches the file system. [`layout`] says where things are, [`lookup`] finds them by name, [`open`]
//! reads plain files inside the root and nothing else, [`draft`] writes beside and renames, so that
//! no reader ever sees half a file, [`seal`] gathers files into a manifest, and [`release`] copies a
//! manifest's files into a folder of their own.
//!
//! What this crate does *not* do: it computes nothing and never reads the clock.

pub mod draft;
pub mod layout;
pub mod licences;
pub mod lookup;
pub mod open;
pub mod release;
pub mod seal;

pub use draft::{DraftError, Written, write_atomically};
pub use layout::Ledger;
pub use lookup::{Kind, NotFound};
pub use open::{OpenError, read_blocks, read_whole};
