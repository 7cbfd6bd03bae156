//! Sums of Decimal columns, of all rows and of groups: exact, or refused.
//!
//! polars adds the integers of a column in 128 bits that wrap around. If the absolute values of a
//! column add up to at most 38 digits, then so does every sum over some of its rows, in any order,
//! and none can wrap: that is checked here before polars adds.

use crate::decimals::DIGITS;
use crate::{FrameError, decimals};
use openweigh_exact::{Decimal, IBig, UBig};
use polars_core::prelude::{AnyValue, DataFrame, DecimalChunked};

/// The sum of a Decimal column; nulls count as nothing, so the sum of no value is 0.
///
/// # Errors
/// There is no such Decimal column, or its sums could pass 38 digits.
///
/// # Panics
/// If polars gives a Decimal column a sum of another type.
pub fn total(frame: &DataFrame, column: &str) -> Result<Decimal, FrameError> {
    let values = decimals::column(frame, column)?;
    check(column, values)?;
    match frame.column(column)?.sum_reduce()?.into_value() {
        AnyValue::Decimal(digits, _, places) => {
            let places = u32::try_from(places).expect("places are 38 at most");
            Ok(Decimal::new(IBig::from(digits), places))
        }
        other => unreachable!("the sum of a Decimal column is {other:?}"),
    }
}

/// The sums of Decimal columns over the rows that agree in all `keys`: a frame of the keys, in the
/// order in which they first occur, and of a column `<name>_sum` for each of `columns`. Nulls of a
/// key are a group of their own; nulls of a value count as nothing.
///
/// # Errors
/// There is no such key or no such Decimal column, or its sums could pass 38 digits.
pub fn by(frame: &DataFrame, keys: &[&str], columns: &[&str]) -> Result<DataFrame, FrameError> {
    for column in columns {
        check(column, decimals::column(frame, column)?)?;
    }
    let groups = frame.group_by_stable(keys.iter().copied())?.select(columns.iter().copied());
    #[expect(deprecated, reason = "its successor is the lazy engine, which would double the build")]
    let sums = groups.sum()?;
    Ok(sums)
}

fn check(column: &str, values: &DecimalChunked) -> Result<(), FrameError> {
    let absolute = values.physical().iter().flatten().map(|digits| UBig::from(digits.unsigned_abs()));
    let found = absolute.sum::<UBig>().to_string().len();
    if found > DIGITS {
        return Err(FrameError::Sum { column: column.to_owned(), found, limit: DIGITS });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;
    use crate::table::tests::read;
    use openweigh_formats::table::Table;
    use openweigh_formats::text::ColumnName;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn ours(table: &Table, column: &str) -> Decimal {
        let name: ColumnName = column.parse().unwrap();
        let values = (0..table.rows()).filter_map(|row| table.number(&name, row));
        values.fold(Decimal::ZERO, |sum, value| sum.plus(&value))
    }

    fn cells(frame: &DataFrame, column: &str) -> Vec<Decimal> {
        let values = decimals::column(frame, column).unwrap();
        let places = u32::try_from(values.scale()).unwrap();
        values.physical().iter().map(|digits| Decimal::new(IBig::from(digits.unwrap()), places)).collect()
    }

    #[test]
    fn sums_of_polars_are_ours() {
        let tables = [
            "x\n0.1\n0.2\n0.3\n",
            "x\n-1\n-2.5\n-0.001\n",
            "x\n0.1\n-0.1\n100000000000000000000\n-0.00000000000001\n",
            "x\n9007199254740993\n0.5\n-9007199254740992\n",
            "x\n999999999999999999999999999999999999\n999999999999999999999999999999999999\n-999999999999999999999999999999999999.9\n",
            "x\n0.00000000000000000000000000000000000001\n0.00000000000000000000000000000000000002\n",
            "x,note\n1,a\n,b\n-2.25,c\n",
            "x,note\n,a\n",
            "x\n",
        ];
        for csv in tables {
            let table = read(csv);
            let frame = table::to_frame(&table).unwrap();
            assert_eq!(total(&frame, "x").unwrap(), ours(&table, "x"), "{csv}");
        }
        let nines = "9".repeat(37);
        let ten = read(&format!("x\n{}", format!("{nines}\n").repeat(10)));
        let frame = table::to_frame(&ten).unwrap();
        assert_eq!(total(&frame, "x").unwrap().to_string(), format!("{nines}0"));
    }

    #[test]
    fn sums_of_groups_are_ours() {
        let table = read("note,x,y\nb,0.1,1\na,-2,2\nb,0.25,\n,7,-3\na,,4.5\n,0.125,5\n");
        let frame = table::to_frame(&table).unwrap();
        let sums = by(&frame, &["note"], &["x", "y"]).unwrap();
        let keys: Vec<Option<&str>> = sums.column("note").unwrap().str().unwrap().iter().collect();
        assert_eq!(keys, [Some("b"), Some("a"), None]);
        let texts = |column: &str| cells(&sums, column).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(texts("x_sum"), ["0.35", "-2", "7.125"]);
        assert_eq!(texts("y_sum"), ["1", "6.5", "2"]);
        let twofold = by(&frame, &["note", "y"], &["x"]).unwrap();
        assert_eq!(twofold.height(), 6);
    }

    #[test]
    fn sums_that_could_wrap_are_refused_where_polars_wraps() {
        let nines = "9".repeat(38);
        let frame = table::to_frame(&read(&format!("note,x\na,{nines}\na,{nines}\n"))).unwrap();
        let refused = "column `x`: its absolute values add up to 39 digits, a Decimal sum is safe up to 38";
        assert_eq!(total(&frame, "x").unwrap_err().to_string(), refused);
        assert_eq!(by(&frame, &["note"], &["x"]).unwrap_err().to_string(), refused);
        // What polars 0.55 does without the check. If this ever fails, the crate's page has news to tell.
        let wrapped = (10i128.pow(38) - 1).wrapping_mul(2);
        assert!(wrapped < 0);
        let sum = frame.column("x").unwrap().sum_reduce().unwrap().into_value();
        assert_eq!(sum, AnyValue::Decimal(wrapped, 38, 0));
        let frame = table::to_frame(&read(&format!("x\n{nines}\n1\n"))).unwrap();
        let sum = frame.column("x").unwrap().sum_reduce().unwrap().into_value();
        assert_eq!(sum, AnyValue::Decimal(10i128.pow(38), 38, 0), "39 digits in a column of 38");
    }

    #[test]
    fn only_decimals_are_summed() {
        let frame = table::to_frame(&read("note,x\na,1\n")).unwrap();
        assert!(matches!(total(&frame, "note"), Err(FrameError::Polars(_))));
        assert!(matches!(total(&frame, "y"), Err(FrameError::Polars(_))));
        assert!(matches!(by(&frame, &["y"], &["x"]), Err(FrameError::Polars(_))));
        assert!(matches!(by(&frame, &["x"], &["note"]), Err(FrameError::Polars(_))));
    }

    proptest! {
        #[test]
        fn any_sums_are_ours(rows in prop::collection::vec((0u8..4, prop::option::of((any::<i64>(), 0u32..15))), 0..60)) {
            let mut csv = "note,x\n".to_owned();
            let mut groups: BTreeMap<String, Decimal> = BTreeMap::new();
            for (group, value) in rows {
                let value = value.map(|(digits, places)| Decimal::new(IBig::from(digits), places));
                let sum = groups.entry(format!("g{group}")).or_insert(Decimal::ZERO);
                *sum = value.iter().fold(sum.clone(), |sum, value| sum.plus(value));
                csv += &format!("g{group},{}\n", value.map_or_else(String::new, |value| value.to_string()));
            }
            let table = read(&csv);
            let frame = table::to_frame(&table).unwrap();
            prop_assert_eq!(total(&frame, "x").unwrap(), ours(&table, "x"));
            let sums = by(&frame, &["note"], &["x"]).unwrap();
            let keys = sums.column("note").unwrap().str().unwrap().iter().map(|key| key.unwrap().to_owned());
            let found: BTreeMap<String, Decimal> = keys.zip(cells(&sums, "x_sum")).collect();
            prop_assert_eq!(found, groups);
        }
    }
}
