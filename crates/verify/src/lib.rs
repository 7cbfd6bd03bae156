//! Everything that a manifest claims, derived again (docs/spec/8-verification.md); the first divergence explained.
//!
//! [`verify`] goes through the stages: [`inventory`] for bytes and [`completeness`], with the touches in one pass, then
//! [`derive`](mod@derive) for weights and results, then [`claims`]. [`withheld`] has what a release states in place of what it
//! keeps back. [`divergence`] finds where two derivations part and says by how much and why that is likely. [`trace`] tells
//! how a single number came to be.
//!
//! What this crate does *not* do: it opens no file, and it knows nothing of signatures. Whoever calls it supplies a
//! [`Files`](openweigh_formats::files::Files) that hands out bytes, and everything taken from it is hashed before it is believed.

mod bytes;
pub mod claims;
pub mod completeness;
pub mod contradictions;
pub mod derive;
pub mod divergence;
pub mod finding;
pub mod inventory;
pub mod licences;
pub mod opened;
pub mod proposal;
pub mod report;
pub mod scope;
mod stages;
mod touches;
pub mod trace;
pub mod withheld;

pub use finding::{Cause, Finding, Guess, Kind, Open, Other, Proof};
pub use opened::Opened;
pub use report::{Item, Note, Report, Stage, Summary, Verdict};
pub use scope::{Budget, Scope};
pub use stages::{examine, verify};
