//! Exact decimals into Decimal columns, integer by integer.

use crate::FrameError;
use openweigh_exact::column::{Column, Integers};
use openweigh_exact::decimal::power_of_ten;
use openweigh_exact::{Fixed, IBig};
use polars_core::prelude::{DataFrame, DecimalChunked, Int128Chunked, IntoSeries, NewChunkedArray, Series};

/// Digits of every Decimal column: the most that fit 128 bits whatever they are.
pub const DIGITS: usize = 38;

/// 10^38, the first integer that does not fit.
const LIMIT: u128 = 10u128.pow(38);

/// A Decimal column with the places of `values`; the rows in `missing` are null.
///
/// # Errors
/// A value needs more than 38 digits.
pub fn of_column(name: &str, values: &Column, missing: &[usize]) -> Result<Series, FrameError> {
    let places = values.places();
    if let Some(row) = first_beyond(places, (0..values.len()).map(|row| values.value(row).places())) {
        let found = values.value(row).places();
        return Err(FrameError::Places { column: name.to_owned(), row, found, limit: DIGITS });
    }
    let mut cells = match values.integers() {
        Integers::Narrow(values) => values.iter().map(|&value| Some(i128::from(value))).collect::<Vec<_>>(),
        Integers::Wide(values) => {
            let fitted =
                values.iter().enumerate().map(|(row, value)| fitted(name, row, value, places).map(Some));
            fitted.collect::<Result<_, _>>()?
        }
    };
    for &row in missing {
        cells[row] = None;
    }
    series(name, cells, places)
}

/// A Decimal column with the most places that a cell states; what is none is null.
///
/// # Errors
/// A value needs more than 38 digits.
pub fn of_cells(name: &str, cells: &[Option<Fixed>]) -> Result<Series, FrameError> {
    let stated = || cells.iter().map(|cell| cell.as_ref().map_or(0, Fixed::places));
    let places = stated().max().unwrap_or(0);
    if let Some(row) = first_beyond(places, stated()) {
        let found = stated().nth(row).unwrap_or(places);
        return Err(FrameError::Places { column: name.to_owned(), row, found, limit: DIGITS });
    }
    let fitted = cells.iter().enumerate().map(|(row, cell)| {
        let Some(cell) = cell else { return Ok(None) };
        let scaled = cell.digits() * IBig::from(power_of_ten(places - cell.places()));
        fitted(name, row, &scaled, places).map(Some)
    });
    let cells = fitted.collect::<Result<_, _>>()?;
    series(name, cells, places)
}

/// The Decimal column of this name.
///
/// # Errors
/// The frame has none, or it is of another type.
pub fn column<'a>(frame: &'a DataFrame, name: &str) -> Result<&'a DecimalChunked, FrameError> {
    Ok(frame.column(name)?.as_materialized_series().decimal()?)
}

/// The first row with more places than there are digits, looked for only if `most` says there is one.
fn first_beyond(most: u32, mut places: impl Iterator<Item = u32>) -> Option<usize> {
    if most as usize <= DIGITS { None } else { places.position(|places| places as usize > DIGITS) }
}

fn fitted(column: &str, row: usize, value: &IBig, places: u32) -> Result<i128, FrameError> {
    let narrow = i128::try_from(value).ok().filter(|value| value.unsigned_abs() < LIMIT);
    narrow.ok_or_else(|| {
        let found = value.to_string().trim_start_matches('-').len();
        FrameError::Digits { column: column.to_owned(), row, found, places, limit: DIGITS }
    })
}

fn series(name: &str, cells: Vec<Option<i128>>, places: u32) -> Result<Series, FrameError> {
    let integers = Int128Chunked::from_iter_options(name.into(), cells.into_iter());
    Ok(integers.into_decimal(DIGITS, places as usize)?.into_series())
}

#[cfg(test)]
mod tests {
    use super::*;
    use openweigh_exact::Decimal;

    fn column(texts: &[&str]) -> Column {
        texts.iter().map(|text| text.parse::<Decimal>().unwrap()).collect()
    }

    fn integers(series: &Series) -> Vec<Option<i128>> {
        series.decimal().unwrap().physical().iter().collect()
    }

    #[test]
    fn integers_arrive_as_they_are() {
        let narrow = of_column("x", &column(&["1.5", "-0.25", "0", "7"]), &[2]).unwrap();
        assert_eq!(integers(&narrow), [Some(150), Some(-25), None, Some(700)]);
        assert_eq!(narrow.decimal().unwrap().scale(), 2);
        assert_eq!(narrow.decimal().unwrap().precision(), 38);
        let largest = "9".repeat(38);
        let wide = of_column("x", &column(&[&largest, &format!("-{largest}")]), &[]).unwrap();
        let limit = 10i128.pow(38) - 1;
        assert_eq!(integers(&wide), [Some(limit), Some(-limit)]);
        let places = of_column("x", &column(&["0.00000000000000000000000000000000000001"]), &[]).unwrap();
        assert_eq!((integers(&places), places.decimal().unwrap().scale()), (vec![Some(1)], 38));
    }

    #[test]
    fn what_does_not_fit_names_its_row() {
        let told = |texts: &[&str]| of_column("x", &column(texts), &[]).unwrap_err().to_string();
        let too_long = format!("1{}", "0".repeat(38));
        assert_eq!(
            told(&["1", &too_long]),
            "column `x`, row 1: found 39 digits with the column's 0 places, a Decimal column holds at most 38"
        );
        // Each fits alone; one scale for both does not.
        let far_apart = format!("-1{}", "0".repeat(30));
        assert_eq!(
            told(&["0.0000000001", &far_apart]),
            "column `x`, row 1: found 41 digits with the column's 10 places, a Decimal column holds at most 38"
        );
        let fine = format!("0.{}1", "0".repeat(38));
        assert_eq!(
            told(&["2", "0", &fine]),
            "column `x`, row 2: found 39 fraction digits, a Decimal column holds at most 38 digits in all"
        );
    }

    #[test]
    fn stated_places_are_kept() {
        let fixed = |text: &str| Some(Fixed::parse(text).unwrap());
        let series = of_cells("x", &[fixed("1.50"), None, fixed("-2.00")]).unwrap();
        assert_eq!(
            (integers(&series), series.decimal().unwrap().scale()),
            (vec![Some(150), None, Some(-200)], 2)
        );
        let mixed = of_cells("x", &[fixed("1.5"), fixed("0.001")]).unwrap();
        assert_eq!((integers(&mixed), mixed.decimal().unwrap().scale()), (vec![Some(1500), Some(1)], 3));
        let zeros = format!("1.{}", "0".repeat(50));
        let told = of_cells("x", &[fixed("1"), fixed(&zeros)]).unwrap_err().to_string();
        assert_eq!(
            told,
            "column `x`, row 1: found 50 fraction digits, a Decimal column holds at most 38 digits in all"
        );
        assert_eq!(of_cells("x", &[None]).unwrap().null_count(), 1);
    }
}
