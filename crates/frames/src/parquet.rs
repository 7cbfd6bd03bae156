//! A frame as the bytes of a Parquet file, and back.
//!
//! Decimals stay decimals: 16 bytes each and the column's scale, which every reader of Parquet
//! knows. Units and provenance are not in the file; they are in `dataset.json`.

use crate::FrameError;
use polars_core::prelude::DataFrame;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::ParquetWriter;
use std::io::Cursor;

/// The bytes of a Parquet file. Equal frames give equal bytes with one version of polars, not
/// across versions.
///
/// # Errors
/// polars cannot write one of the columns.
pub fn write(frame: &DataFrame) -> Result<Vec<u8>, FrameError> {
    let mut bytes = Vec::new();
    // The writer wants to regroup the frame's chunks, which a clone shares until then.
    ParquetWriter::new(&mut bytes).finish(&mut frame.clone())?;
    Ok(bytes)
}

/// The frame of a Parquet file.
///
/// # Errors
/// The bytes are not Parquet that this build reads.
pub fn read(bytes: &[u8]) -> Result<DataFrame, FrameError> {
    Ok(ParquetReader::new(Cursor::new(bytes)).finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{results, table};

    #[test]
    fn frames_survive_the_round_trip() {
        let nines = "9".repeat(38);
        let tables = [
            "x\n0.1\n-0.2\n".to_owned(),
            "x,note,y\n1.5,a b,-2\n,,\n0.25,(c),1234567890123456789012345.5\n".to_owned(),
            format!("x\n{nines}\n-{nines}\n0\n"),
            "x,note\n".to_owned(),
        ];
        let results = "dataset,row,x,predicted,expanded_u,target,error,flags\na,0,1,1.09,0.53,1.1,-0.01,\na,1,,,,,,gap\n";
        let mut frames: Vec<DataFrame> =
            tables.iter().map(|csv| table::to_frame(&table::tests::read(csv)).unwrap()).collect();
        frames.push(results::to_frame(results.as_bytes()).unwrap());
        for frame in frames {
            let bytes = write(&frame).unwrap();
            let back = read(&bytes).unwrap();
            assert_eq!(back.schema(), frame.schema());
            assert!(back.equals_missing(&frame));
            assert_eq!(write(&frame).unwrap(), bytes, "equal frames give equal bytes");
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        assert!(matches!(read(b"x,y\n1,2\n"), Err(FrameError::Polars(_))));
    }
}
