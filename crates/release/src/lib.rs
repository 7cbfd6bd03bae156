//! A manifest as a release: a folder that strangers check with their own tools (docs/spec/10-releases.md).
//!
//! A release holds the files of one manifest at their paths, and beside them what other people's programs read: a card
//! for the Hugging Face Hub, a data package, Croissant, RO-Crate, a citation, licences, checksums. All of that is
//! *generated*: a function of the [`Source`], so that publishing twice gives the same bytes, and so that
//! whoever verifies it can generate it again and name the first character that somebody edited.
//!
//! ```text
//! manifest.json, publication.toml, datasets/…, artifacts/…, LICENSES/…    copied
//! README.md CHANGELOG.md CITATION.cff datapackage.json croissant.json
//! params.json ro-crate-metadata.json REUSE.toml .gitattributes exports/… SHA256SUMS   generated
//! withheld.json withheld/…                              generated, in place of what is kept back
//! SHA256SUMS.sig                                                          signed
//! ```
//!
//! [`verify()`] is the whole act of checking one: bytes, derivations, claims, cards, signatures, receipts, withdrawals, under
//! the reader's [`Trust`]. Its [`Report`] serialises to the document that the command prints with `--json`.
//!
//! What this crate does *not* do: it opens no file, reads no clock, and signs nothing.

pub mod card;
pub mod changelog;
pub mod check;
pub mod citation;
pub mod coefficients;
pub mod croissant;
pub mod datapackage;
pub mod document;
pub mod generate;
mod json;
pub mod outcome;
pub mod parameters;
mod parties;
pub mod previous;
pub mod provenance;
mod quantity;
pub mod receipts;
pub mod report;
pub mod reuse;
pub mod rocrate;
pub mod said;
mod signature;
pub mod source;
mod tables;
pub mod trust;
mod verify;
pub mod withheld;

pub use report::{Remark, Report, Signed};
pub use source::{Missing, Source};
pub use trust::{Accepted, Around, Bundle, Nothing, Trust};
pub use verify::{Subject, Told, open, verify};
