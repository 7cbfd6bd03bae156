//! Why there is no frame.

use openweigh_formats::Malformed;
use polars_core::prelude::PolarsError;

/// Why there is no frame, sum or file.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A value that needs more digits than a Decimal column holds.
    #[error(
        "column `{column}`, row {row}: found {found} digits with the column's {places} places, a Decimal column holds at most {limit}"
    )]
    Digits {
        /// The column.
        column: String,
        /// The row, counted from 0.
        row: usize,
        /// Digits of the value, written with all of the column's places.
        found: usize,
        /// The most places of a value in the column.
        places: u32,
        /// Digits allowed.
        limit: usize,
    },
    /// A value with more fraction digits than a Decimal column holds.
    #[error(
        "column `{column}`, row {row}: found {found} fraction digits, a Decimal column holds at most {limit} digits in all"
    )]
    Places {
        /// The column.
        column: String,
        /// The row, counted from 0.
        row: usize,
        /// Fraction digits of the value.
        found: u32,
        /// Digits allowed.
        limit: usize,
    },
    /// A column whose sums polars could wrap around.
    #[error(
        "column `{column}`: its absolute values add up to {found} digits, a Decimal sum is safe up to {limit}"
    )]
    Sum {
        /// The column.
        column: String,
        /// Digits of the sum of absolute values.
        found: usize,
        /// Digits allowed.
        limit: usize,
    },
    /// A name that two columns of the frame would have.
    #[error("column `{column}` occurs twice, a frame has each name once")]
    Twice {
        /// The column.
        column: String,
    },
    /// Results that refer to a row that the dataset does not have.
    #[error("the results have row {found} of `{dataset}`, expected one of its {rows} rows")]
    NoRow {
        /// Name of the dataset.
        dataset: String,
        /// The row referred to, counted from 0.
        found: i64,
        /// Rows of the dataset.
        rows: usize,
    },
    /// Bytes that are not results.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// polars refused: a column that is not there or of another type, bytes that are not Parquet.
    #[error(transparent)]
    Polars(#[from] PolarsError),
}
