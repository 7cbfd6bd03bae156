//! Datasets, readings and results as frames of polars, for people who look at them.
//!
//! With the feature `polars` (off by default: it costs minutes of build and a C compiler for
//! Parquet's compressors) there are `table`, `readings` and `results`, which make frames;
//! `sums` and `join`, which group, add and pair them; and `parquet`, which turns them into
//! bytes and back. Without the feature this crate is empty.
//!
//! A number column becomes `Decimal(38, places)` from the exact integers of the data, never by way
//! of a float; a missing value and an empty text become null. A value of more than 38 digits is an
//! error that names its column and row.
//!
//! What it does *not* do: nothing here feeds an artifact. No fit, replay, seal or verification
//! depends on this crate, and a frame or Parquet file is a copy to look at that nothing verifies.
//! It opens no file.
//!
//! # What polars does with decimals
//!
//! As of polars 0.55:
//!
//! - `sum` of a column **wraps around silently** at 128 bits, and a sum of 39 digits below that
//!   stays in a column that claims 38. `sum` of groups does the same in a release build and panics
//!   where overflow is checked. `sums` refuses columns where that could happen.
//! - `+` and `-` of columns are exact or an error; `*` and `/` round to the column's places.
//! - `mean`, `median`, `var`, `std` and quantiles go through binary floats: to look at, not to cite.

#[cfg(feature = "polars")]
pub mod decimals;
#[cfg(feature = "polars")]
mod error;
#[cfg(feature = "polars")]
pub mod join;
#[cfg(feature = "polars")]
pub mod parquet;
#[cfg(feature = "polars")]
pub mod readings;
#[cfg(feature = "polars")]
pub mod results;
#[cfg(feature = "polars")]
pub mod sums;
#[cfg(feature = "polars")]
pub mod table;
#[cfg(feature = "polars")]
mod texts;

#[cfg(feature = "polars")]
pub use error::FrameError;
#[cfg(feature = "polars")]
pub use polars_core::prelude::DataFrame;
