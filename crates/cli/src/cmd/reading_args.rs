//! What a person says about a foreign table or log: options of every command that reads one.

use crate::failure::Failure;
use openweigh_capture::import::table::{DecimalSign, Delimiter, Group, Header, Options};

/// How the source is read; what is not said is found in it.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How the source is read")]
pub(crate) struct ReadingArgs {
    /// Unit of a column; may be repeated
    #[arg(long, value_name = "COL=UNIT")]
    unit: Vec<String>,
    /// What stands between fields: , ; | tab spaces two-spaces none
    #[arg(long, value_name = "D")]
    delimiter: Option<Delimiter>,
    /// The decimal sign: . or ,
    #[arg(long, value_name = "SIGN")]
    decimal: Option<DecimalSign>,
    /// What stands between groups of three digits: none , . space '
    #[arg(long, value_name = "SIGN")]
    group: Option<Group>,
    /// Leave out lines that start with this; may be repeated
    #[arg(long, value_name = "TEXT")]
    comment: Vec<String>,
    /// Leave out N lines at the top
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    skip_rows: u64,
    /// The line with the names of the columns, counted from 1
    #[arg(long, value_name = "LINE", conflicts_with = "no_header", value_parser = clap::value_parser!(u64).range(1..))]
    header_row: Option<u64>,
    /// There are no names; columns are `column_1`, `column_2`, …
    #[arg(long)]
    no_header: bool,
    /// The line with the units of the columns, counted from 1
    #[arg(long, value_name = "LINE", value_parser = clap::value_parser!(u64).range(1..))]
    units_row: Option<u64>,
    /// A text that stands for a missing value; may be repeated
    #[arg(long, value_name = "TEXT")]
    missing: Vec<String>,
    /// Keep a column as text; may be repeated
    #[arg(long, value_name = "COL")]
    text: Vec<String>,
    /// Leave a column out; may be repeated
    #[arg(long, value_name = "COL")]
    drop: Vec<String>,
    /// Rename a column; may be repeated
    #[arg(long, value_name = "OLD=NEW")]
    rename: Vec<String>,
    /// Encoding of the text: utf-8, utf-16le, windows-1252, gbk, …
    #[arg(long, value_name = "LABEL")]
    encoding: Option<String>,
    /// Sheet of a workbook
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
}

impl ReadingArgs {
    /// The options of the reader.
    pub(crate) fn options(&self, max_bytes: u64) -> Result<Options, Failure> {
        let pairs = |option: &str, values: &[String], expected: &str| {
            let pair = |value: &String| {
                let parts =
                    value.rsplit_once('=').filter(|(left, right)| !left.is_empty() && !right.is_empty());
                let wrong = || Failure::usage(format!("{option} {value}: expected {expected}"));
                parts.map(|(left, right)| (left.to_owned(), right.to_owned())).ok_or_else(wrong)
            };
            values.iter().map(pair).collect::<Result<Vec<_>, _>>()
        };
        Ok(Options {
            delimiter: self.delimiter,
            decimal: self.decimal,
            group: self.group,
            comment: self.comment.clone(),
            skip: self.skip_rows,
            header: match (self.header_row, self.no_header) {
                (Some(line), _) => Header::Line(line),
                (None, true) => Header::None,
                (None, false) => Header::Auto,
            },
            units_line: self.units_row,
            missing: self.missing.clone(),
            text: self.text.clone(),
            drop: self.drop.clone(),
            rename: pairs("--rename", &self.rename, "OLD=NEW")?,
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            units: pairs("--unit", &self.unit, "COLUMN=UNIT")?,
            max_bytes,
        })
    }
}
