//! The table of a dataset as a frame: number columns as Decimals, text columns as texts.
//!
//! ```
//! use openweigh_formats::table::TableReader;
//! use openweigh_frames::{sums, table};
//!
//! let (load, note) = ("load_g".parse()?, "note".parse()?);
//! let mut reader = TableReader::new([(&load, true), (&note, false)]);
//! reader.feed(b"load_g,note\n0.1,cold\n0.2,warm\n-1.25,cold\n,warm\n")?;
//! let frame = table::to_frame(&reader.finish()?)?;
//! assert_eq!(frame.shape(), (4, 2));
//! assert_eq!(sums::total(&frame, "load_g")?.to_string(), "-0.95");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::{FrameError, decimals, texts};
use openweigh_formats::table::{Cells, Table};
use polars_core::prelude::{DataFrame, IntoColumn};

/// The table's columns, in file order.
///
/// # Errors
/// A value needs more than 38 digits.
pub fn to_frame(table: &Table) -> Result<DataFrame, FrameError> {
    let columns = table.columns().iter().map(|(name, cells)| {
        let series = match cells {
            Cells::Numbers { values, missing } => decimals::of_column(name.as_str(), values, missing)?,
            Cells::Texts { joined, ends } => {
                let starts = std::iter::once(0).chain(ends.iter().copied());
                let cells = starts.zip(ends).map(|(start, &end)| &joined[start..end]);
                texts::series(name.as_str(), cells)
            }
        };
        Ok(series.into_column())
    });
    let columns = columns.collect::<Result<Vec<_>, FrameError>>()?;
    Ok(DataFrame::new(table.rows(), columns)?)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use openweigh_formats::table::TableReader;
    use openweigh_formats::text::ColumnName;
    use polars_core::prelude::{AnyValue, DataType};

    /// A table from CSV text; columns whose name starts with `note` hold texts.
    pub(crate) fn read(csv: &str) -> Table {
        let header = csv.lines().next().unwrap();
        let names: Vec<ColumnName> = header.split(',').map(|name| name.parse().unwrap()).collect();
        let mut reader =
            TableReader::new(names.iter().map(|name| (name, !name.as_str().starts_with("note"))));
        reader.feed(csv.as_bytes()).unwrap();
        reader.finish().unwrap()
    }

    #[test]
    fn columns_keep_their_order_types_and_gaps() {
        let frame =
            to_frame(&read("x,note,y\n1.5,a b,-2\n,,\n0.25,(c),1234567890123456789012345.5\n")).unwrap();
        let types: Vec<DataType> = frame.columns().iter().map(|column| column.dtype().clone()).collect();
        assert_eq!(types, [DataType::Decimal(38, 2), DataType::String, DataType::Decimal(38, 1)]);
        assert_eq!(frame.column("x").unwrap().get(0).unwrap(), AnyValue::Decimal(150, 38, 2));
        assert_eq!(frame.column("note").unwrap().get(0).unwrap(), AnyValue::String("a b"));
        for column in frame.columns() {
            assert_eq!(column.get(1).unwrap(), AnyValue::Null);
        }
        let long = AnyValue::Decimal(12_345_678_901_234_567_890_123_455, 38, 1);
        assert_eq!(frame.column("y").unwrap().get(2).unwrap(), long);
    }

    #[test]
    fn a_table_without_rows_is_a_frame_without_rows() {
        assert_eq!(to_frame(&read("x,note\n")).unwrap().shape(), (0, 2));
    }
}
