//! The rows that a fit uses, as a frame: the features, then the target.

use crate::{FrameError, decimals};
use openweigh_fit::Readings;
use openweigh_formats::text::ColumnName;
use polars_core::prelude::{DataFrame, IntoColumn};

/// The features in recipe order, then the target under the name it has in the data. Rows with a gap
/// are not readings, so nothing is null.
///
/// # Errors
/// A value needs more than 38 digits; its row is counted from 0 among the readings.
pub fn to_frame(readings: &Readings<'_>, target: &ColumnName) -> Result<DataFrame, FrameError> {
    let named = readings.features().chain([(target, readings.target())]);
    let columns =
        named.map(|(name, values)| Ok(decimals::of_column(name.as_str(), values, &[])?.into_column()));
    let columns = columns.collect::<Result<Vec<_>, FrameError>>()?;
    Ok(DataFrame::new(readings.rows(), columns)?)
}
