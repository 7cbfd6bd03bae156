//! Results beside the data that they are of.

use crate::FrameError;
use openweigh_formats::text::Name;
use polars_core::prelude::{ChunkCompareEq, DataFrame, Int64Chunked, IntoColumn, NewChunkedArray};
use polars_ops::prelude::{DataFrameJoinOps, JoinArgs, JoinType, MaintainOrderJoin};

/// The dataset's row numbers while they are joined on; no column of a dataset can have this name.
const OWN_ROW: &str = "row of the dataset";

/// What a dataset's column is called where the results have a column of the same name.
const SUFFIX: &str = "_dataset";

/// The results of the dataset of this name, each with the columns of its row in the dataset; where
/// the results have a column of the same name (the features), the dataset's gets the suffix
/// `_dataset`.
///
/// Whether the results are of this version of the dataset is for a manifest to say, not for a join.
///
/// # Errors
/// The frames are not results and a table, or the results have a row that the dataset lacks.
pub fn beside(results: &DataFrame, name: &Name, dataset: &DataFrame) -> Result<DataFrame, FrameError> {
    let own = results.column("dataset")?.str()?.equal(name.as_str());
    let results = results.filter(&own)?;
    let rows = dataset.height();
    let known = |row: i64| usize::try_from(row).is_ok_and(|row| row < rows);
    if let Some(found) = results.column("row")?.i64()?.iter().flatten().find(|row| !known(*row)) {
        return Err(FrameError::NoRow { dataset: name.to_string(), found, rows });
    }
    let numbers = (0i64..).take(rows);
    let numbers = Int64Chunked::from_iter_values(OWN_ROW.into(), numbers).into_column();
    let columns = std::iter::once(numbers).chain(dataset.columns().iter().cloned()).collect();
    let dataset = DataFrame::new(rows, columns)?;
    let mut joined = JoinArgs::new(JoinType::Left).with_suffix(Some(SUFFIX.into()));
    joined.maintain_order = MaintainOrderJoin::Left;
    Ok(results.join(&dataset, ["row"], [OWN_ROW], joined, None)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{results, sums, table};
    use polars_core::prelude::AnyValue;

    const RESULTS: &[u8] = b"dataset,row,x,predicted,expanded_u,target,error,flags\n\
        other,0,9,9.00,0.10,9,0.00,\n\
        example,2,3,3.00,0.10,3.2,-0.20,\n\
        example,0,1,1.09,0.53,1.1,-0.01,\n\
        example,1,,,,2,,gap\n";

    fn dataset() -> DataFrame {
        table::to_frame(&table::tests::read("x,y,note\n1,1.1,cold\n,2,warm\n3,3.2,warm\n")).unwrap()
    }

    #[test]
    fn each_result_meets_its_row() {
        let (results, name) = (results::to_frame(RESULTS).unwrap(), "example".parse().unwrap());
        let joined = beside(&results, &name, &dataset()).unwrap();
        let names: Vec<&str> = joined.columns().iter().map(|column| column.name().as_str()).collect();
        let own = ["dataset", "row", "x", "predicted", "expanded_u", "target", "error", "flags"];
        assert_eq!(names, [&own[..], &["x_dataset", "y", "note"]].concat());
        let notes: Vec<Option<&str>> = joined.column("note").unwrap().str().unwrap().iter().collect();
        assert_eq!(notes, [Some("warm"), Some("cold"), Some("warm")]);
        assert_eq!(joined.column("y").unwrap().get(0).unwrap(), AnyValue::Decimal(32, 38, 1));
        assert_eq!(joined.column("x_dataset").unwrap().get(2).unwrap(), AnyValue::Null);
        // What joining is for: errors by something that the results do not list.
        let sums = sums::by(&joined, &["note"], &["error"]).unwrap();
        assert_eq!(sums.column("error_sum").unwrap().get(0).unwrap(), AnyValue::Decimal(-20, 38, 2));
        assert_eq!(sums::total(&joined, "target").unwrap(), sums::total(&joined, "y").unwrap());
    }

    #[test]
    fn a_row_that_is_not_there_is_an_error() {
        let (results, name) = (results::to_frame(RESULTS).unwrap(), "example".parse().unwrap());
        let told = beside(&results, &name, &dataset().slice(0, 2)).unwrap_err().to_string();
        assert_eq!(told, "the results have row 2 of `example`, expected one of its 2 rows");
        assert_eq!(beside(&results, &"none".parse().unwrap(), &dataset()).unwrap().height(), 0);
        assert!(matches!(beside(&dataset(), &name, &results), Err(FrameError::Polars(_))));
    }
}
