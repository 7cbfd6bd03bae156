//! What a laboratory wants to know of a calibration (docs/spec/12-reports.md).
//!
//! [`characterise`](mod@characterise) states figures of the instrument. [`report`](mod@report) writes the page of a calibration: what was calibrated, how, against what, how well, and what is
//! not covered. [`observations`] gathers what it tells of: the fitted rows with their predictions.
//!
//! What this crate does *not* do: it opens no file, reads no clock, and never says that an instrument passes.

pub mod characterise;
pub mod observations;
pub mod report;

pub use characterise::characterise;
pub use observations::{Observation, Observations};
pub use report::{Subject, report};
