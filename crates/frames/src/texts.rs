//! Text columns: an empty field is missing (docs/spec/1-decimals.md, 1.3), so it becomes null.

use polars_core::prelude::{IntoSeries, NewChunkedArray, Series, StringChunked};

pub(crate) fn series<'a>(name: &str, cells: impl Iterator<Item = &'a str>) -> Series {
    let cells = cells.map(|cell| (!cell.is_empty()).then_some(cell));
    StringChunked::from_iter_options(name.into(), cells).into_series()
}
