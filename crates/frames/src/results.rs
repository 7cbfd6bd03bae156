//! Results (docs/spec/6-results.md) as a frame.

use crate::{FrameError, decimals, texts};
use openweigh_exact::{Decimal, DecimalError, Fixed};
use openweigh_formats::csv::{is_text_byte, lines};
use openweigh_formats::malformed::shortened;
use openweigh_formats::{Fault, Malformed};
use polars_core::prelude::{DataFrame, Int64Chunked, IntoColumn, IntoSeries, Series};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Row,
    /// As in the data.
    Canonical,
    /// Rounded to stated places.
    Fixed,
}

/// The results' columns: names, roles, labels and `flags` as texts, `row`, `frame` and `frames` as
/// 64-bit integers, the others as Decimals with the most places that one of their cells states.
///
/// # Errors
/// Bytes that are not results, a feature named like a column that all results have, or a
/// value that needs more than 38 digits.
pub fn to_frame(csv: &[u8]) -> Result<DataFrame, FrameError> {
    let lines = lines(csv)?;
    let header = lines.first().map(Vec::as_slice).unwrap_or_default();
    let kinds = kinds(header)?;
    if let Some((_, name)) = header.iter().enumerate().find(|(at, name)| header[..*at].contains(name)) {
        return Err(FrameError::Twice { column: (*name).to_owned() });
    }
    let cells = Cells { lines: &lines };
    let columns = kinds.into_iter().enumerate().map(|(at, kind)| {
        let series = match kind {
            Kind::Text => cells.texts(at)?,
            Kind::Row => cells.rows(at)?,
            Kind::Canonical => cells.numbers(at, |text| {
                text.parse::<Decimal>().map(|value| Fixed::new(value.digits().clone(), value.places()))
            })?,
            Kind::Fixed => cells.numbers(at, Fixed::parse)?,
        };
        Ok(series.into_column())
    });
    let columns = columns.collect::<Result<Vec<_>, FrameError>>()?;
    Ok(DataFrame::new(lines.len() - 1, columns)?)
}

/// The columns before and after the features.
struct Layout {
    before: &'static [(&'static str, Kind)],
    after: &'static [(&'static str, Kind)],
}

/// Results of a table, and of touch sessions by weighing and by frame.
const LAYOUTS: [Layout; 3] = [
    Layout {
        before: &[("dataset", Kind::Text), ("row", Kind::Row)],
        after: &[
            ("predicted", Kind::Fixed),
            ("expanded_u", Kind::Fixed),
            ("target", Kind::Canonical),
            ("error", Kind::Fixed),
            ("flags", Kind::Text),
        ],
    },
    Layout {
        before: &[
            ("dataset", Kind::Text),
            ("session", Kind::Text),
            ("weighing", Kind::Text),
            ("role", Kind::Text),
            ("label", Kind::Text),
            ("frames", Kind::Row),
        ],
        after: &[
            ("grams", Kind::Fixed),
            ("expanded_u_g", Kind::Fixed),
            ("reference_g", Kind::Canonical),
            ("error_g", Kind::Fixed),
            ("flags", Kind::Text),
        ],
    },
    Layout {
        before: &[("dataset", Kind::Text), ("session", Kind::Text), ("frame", Kind::Row)],
        after: &[("grams", Kind::Fixed), ("flags", Kind::Text)],
    },
];

impl Layout {
    fn kinds(&self, header: &[&str]) -> Option<Vec<Kind>> {
        let features = header.len().checked_sub(self.before.len() + self.after.len())?;
        let all = || {
            let between = std::iter::repeat_n((None, Kind::Canonical), features);
            let named = |column: &(&'static str, Kind)| (Some(column.0), column.1);
            self.before.iter().map(named).chain(between).chain(self.after.iter().map(named))
        };
        let fits = all().zip(header).all(|((name, _), found)| name.is_none_or(|name| name == *found));
        fits.then(|| all().map(|(_, kind)| kind).collect())
    }

    fn text(&self) -> String {
        let names = |columns: &[(&'static str, Kind)]| {
            columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",")
        };
        format!("{},<features>,{}", names(self.before), names(self.after))
    }
}

fn kinds(header: &[&str]) -> Result<Vec<Kind>, Malformed> {
    LAYOUTS.iter().find_map(|layout| layout.kinds(header)).ok_or_else(|| {
        let found = shortened(&header.join(","), 200);
        let expected = LAYOUTS.iter().map(Layout::text).collect::<Vec<_>>().join("` or `");
        Malformed::at(1, 1, Fault::Header { found, expected })
    })
}

/// The fields of all lines; the first line is the header.
struct Cells<'a> {
    lines: &'a [Vec<&'a str>],
}

impl<'a> Cells<'a> {
    fn name(&self, at: usize) -> &'a str {
        self.lines[0][at]
    }

    fn column(&self, at: usize) -> impl Iterator<Item = &'a str> {
        self.lines[1..].iter().map(move |fields| fields[at])
    }

    /// A fault `offset` bytes into a field.
    fn malformed(&self, row: usize, at: usize, offset: usize, fault: Fault) -> Malformed {
        let before: usize = self.lines[row + 1][..at].iter().map(|field| field.len() + 1).sum();
        Malformed::at(row + 2, before + offset + 1, fault)
    }

    fn number(&self, row: usize, at: usize, reason: DecimalError) -> Malformed {
        let (column, found) = (self.name(at).to_owned(), shortened(self.lines[row + 1][at], 40));
        self.malformed(row, at, reason.at(), Fault::Number { column, found, reason })
    }

    fn texts(&self, at: usize) -> Result<Series, Malformed> {
        for (row, text) in self.column(at).enumerate() {
            let bad = text.char_indices().find(|(_, c)| !u8::try_from(*c).is_ok_and(is_text_byte));
            if let Some((offset, found)) = bad {
                let found = found.escape_debug().to_string();
                return Err(self.malformed(
                    row,
                    at,
                    offset,
                    Fault::Text { column: self.name(at).to_owned(), found },
                ));
            }
        }
        Ok(texts::series(self.name(at), self.column(at)))
    }

    fn rows(&self, at: usize) -> Result<Series, Malformed> {
        let rows = self.column(at).enumerate().map(|(row, text)| {
            text.parse::<Decimal>().map_err(|reason| self.number(row, at, reason))?;
            text.parse::<i64>().ok().filter(|row| *row >= 0).ok_or_else(|| {
                let (found, expected) = (text.to_owned(), "a count from 0".to_owned());
                self.malformed(row, at, 0, Fault::Inconsistent { what: "row".to_owned(), found, expected })
            })
        });
        let rows = rows.collect::<Result<Vec<i64>, Malformed>>()?;
        Ok(Int64Chunked::from_vec(self.name(at).into(), rows).into_series())
    }

    fn numbers(
        &self,
        at: usize,
        parse: fn(&str) -> Result<Fixed, DecimalError>,
    ) -> Result<Series, FrameError> {
        let cells = self.column(at).enumerate().map(|(row, text)| {
            let some = (!text.is_empty()).then(|| parse(text));
            some.transpose().map_err(|reason| self.number(row, at, reason))
        });
        let cells = cells.collect::<Result<Vec<_>, Malformed>>()?;
        decimals::of_cells(self.name(at), &cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_core::prelude::{AnyValue, DataType};

    const HEADER: &str = "dataset,row,x,predicted,expanded_u,target,error,flags\n";

    fn read(rows: &str) -> Result<DataFrame, FrameError> {
        to_frame(format!("{HEADER}{rows}").as_bytes())
    }

    #[test]
    fn the_example_of_the_specification() {
        let rows =
            "example,0,1,1.09,0.53,1.1,-0.01,\nexample,1,2.5,2.50,,,,extrapolated\nexample,2,,,,1.25,,gap\n";
        let frame = read(rows).unwrap();
        let types: Vec<DataType> = frame.columns().iter().map(|column| column.dtype().clone()).collect();
        let decimal = |places| DataType::Decimal(38, places);
        let (text, row) = (DataType::String, DataType::Int64);
        assert_eq!(
            types,
            [text.clone(), row, decimal(1), decimal(2), decimal(2), decimal(2), decimal(2), text]
        );
        let cell = |name: &str, row| frame.column(name).unwrap().get(row).unwrap().into_static();
        assert_eq!(cell("error", 0), AnyValue::Decimal(-1, 38, 2));
        assert_eq!(cell("target", 0), AnyValue::Decimal(110, 38, 2));
        assert_eq!(cell("predicted", 1), AnyValue::Decimal(250, 38, 2));
        assert_eq!(cell("row", 2), AnyValue::Int64(2));
        assert_eq!(cell("predicted", 2), AnyValue::Null);
        assert_eq!(
            (cell("flags", 0), cell("flags", 2)),
            (AnyValue::Null, AnyValue::String("gap").into_static())
        );
    }

    #[test]
    fn every_departure_names_its_place() {
        let cases = [
            (
                "a,0,1,1.09,0.53,1.10,-0.01,\n",
                "2:17: in column `target`: found `1.10`: a trailing zero in the fraction; a canonical number ends in a digit that counts",
            ),
            (
                "a,0,1,1.09,0.53,1.1,-0.01,\na,1,1,1e2,0.53,1.1,-0.01,\n",
                "3:8: in column `predicted`: found `1e2`: `e` at character 2; a number is written with digits, at most one `.` and a leading `-`",
            ),
            ("a,-1,1,1,1,1,1,\n", "2:3: row: found -1, expected a count from 0"),
            ("a,0.5,1,1,1,1,1,\n", "2:3: row: found 0.5, expected a count from 0"),
            ("a,,1,1,1,1,1,\n", "2:3: in column `row`: found ``: an empty field where a number is required"),
            (
                "a,0,1,1,1,1,1,x;y\n",
                "2:16: in column `flags`: found `;`, expected letters, digits, space or one of `. _ + : / ( ) -`",
            ),
            ("a,0,1\n", "2:1: found 3 fields, expected 8"),
        ];
        for (rows, message) in cases {
            assert_eq!(read(rows).unwrap_err().to_string(), message);
        }
        let told = |csv: &str| to_frame(csv.as_bytes()).unwrap_err().to_string();
        let expected = "expected `dataset,row,<features>,predicted,expanded_u,target,error,flags`";
        assert!(told("").starts_with(&format!("1:1: found the header ``, {expected} or `dataset,session,")));
        assert!(told("x,y\n1,2\n").starts_with(&format!("1:1: found the header `x,y`, {expected} or ")));
        let by_frame = to_frame(b"dataset,session,frame,pressure,grams,flags\na,s,0,1,2.50,\n").unwrap();
        assert_eq!(by_frame.shape(), (1, 6));
        assert_eq!(
            told("dataset,row,row,predicted,expanded_u,target,error,flags\n"),
            "column `row` occurs twice, a frame has each name once"
        );
    }

    #[test]
    fn results_without_features_or_rows_are_results() {
        assert_eq!(read("").unwrap().shape(), (0, 8));
        assert_eq!(to_frame(b"dataset,row,predicted,expanded_u,target,error,flags\n").unwrap().width(), 7);
    }

    #[test]
    fn a_value_that_does_not_fit_names_its_row() {
        let rows = format!("a,0,1,1,1,1,1,\na,1,1{},1,1,1,1,\n", "0".repeat(38));
        assert_eq!(
            read(&rows).unwrap_err().to_string(),
            "column `x`, row 1: found 39 digits with the column's 0 places, a Decimal column holds at most 38"
        );
    }
}
