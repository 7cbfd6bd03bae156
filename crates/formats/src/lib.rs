//! The formats of openweigh, version 1: `docs/spec/` as types.
//!
//! Bytes go in and domain types come out, or a [`Malformed`] that says where, what was found and
//! what was expected; domain types go in and the one canonical sequence of bytes comes out. Values
//! are parsed at this border, once: whoever holds a [`Term`](term::Term) or a
//! [`RelativePath`](path::RelativePath) holds a valid one.
//!
//! What this crate does *not* do: it knows no file system, clock, environment or random number.

pub mod canonical;
pub mod claim;
pub mod count;
pub mod csv;
pub mod dataset;
pub mod declared;
pub mod digest;
pub mod doctor;
pub mod edit;
pub mod events;
pub mod files;
pub mod handwritten;
pub mod licence;
pub mod limits;
pub mod malformed;
pub mod manifest;
mod marks;
mod missing;
pub mod number;
pub mod path;
pub mod publication;
pub mod reading;
pub mod recipe;
pub mod recount;
pub mod release;
pub mod samples;
#[cfg(any(test, feature = "schemas"))]
pub mod schemas;
pub mod session;
pub mod shown;
pub mod sums;
pub mod table;
pub mod term;
pub mod text;
pub mod touches;
pub mod versioned;
pub mod weighings;
pub mod weights;
pub mod withheld;

pub use digest::Digest;
pub use malformed::{Fault, Malformed, Position};
