//! Why a table is not read, and what to type so that it is.

use super::number::Convention;
use super::options::{Delimiter, Flag};
use openweigh_formats::malformed::shortened;
use std::fmt;

/// Why a table is not read, where, and the ways out.
#[derive(Debug)]
pub struct Refusal {
    /// The place: a line, and a byte of it, each counted from 1; 0 where there is none.
    pub place: Place,
    /// What is the matter.
    pub reason: Reason,
    /// What to type, each way tried before it is named.
    pub ways: Vec<Way>,
}

/// A place in a table; a zero says that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// Line, from 1.
    pub line: u64,
    /// Byte within the line, from 1.
    pub column: u64,
}

/// Options that settle it, and what they make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What to type.
    pub flags: Vec<Flag>,
    /// What it does, in words.
    pub gives: String,
}

impl Way {
    pub(crate) fn new(flags: Vec<Flag>, gives: impl Into<String>) -> Self {
        Self { flags, gives: gives.into() }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags: Vec<String> = self.flags.iter().map(ToString::to_string).collect();
        out.write_str(&flags.join(" "))
    }
}

impl Refusal {
    pub(crate) fn new(place: Place, reason: Reason) -> Self {
        Self { place, reason, ways: Vec::new() }
    }

    pub(crate) fn whole(reason: Reason) -> Self {
        Self::new(Place::default(), reason)
    }

    pub(crate) fn at(line: u64, column: u64, reason: Reason) -> Self {
        Self::new(Place { line, column }, reason)
    }

    #[must_use]
    pub(crate) fn or(mut self, flags: Vec<Flag>, gives: impl Into<String>) -> Self {
        self.ways.push(Way::new(flags, gives));
        self
    }
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::whole(Reason::Read(error))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place { line: 0, .. } => write!(out, " {}", self.reason),
            Place { line, column: 0 } => write!(out, "{line}: {}", self.reason),
            Place { line, column } => write!(out, "{line}:{column}: {}", self.reason),
        }
    }
}

impl std::error::Error for Refusal {}

/// A cell under two conventions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings {
    /// The column.
    pub column: String,
    /// Where it stands.
    pub line: u64,
    /// The cell.
    pub cell: String,
    /// With `.` as the decimal sign.
    pub point: String,
    /// With `,` as the decimal sign.
    pub comma: String,
}

/// What is the matter.
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// The system could not read.
    Read(std::io::Error),
    /// The source changed between its two readings.
    Changed,
    /// It is another kind of file.
    Kind(Kind),
    /// There is nothing in it, or nothing below the header.
    NoRows {
        /// Whether there is a header.
        header: bool,
    },
    /// Bytes that are not of the encoding.
    Encoding {
        /// The encoding.
        encoding: String,
        /// What the line is under others, where that tells more.
        shown: Vec<(String, String)>,
    },
    /// An encoding that nobody knows.
    UnknownEncoding(String),
    /// A byte that no text has.
    Control(u8),
    /// A line that is too long.
    LongLine(usize),
    /// A source that is too large.
    TooLarge(u64),
    /// A quote that is not closed on its line.
    OpenQuote,
    /// A quote that is closed in the middle of a field.
    AfterQuote(String),
    /// Fields that are too few or too many.
    Fields {
        /// Found.
        found: usize,
        /// Expected.
        expected: usize,
        /// Lines of which this is so.
        lines: u64,
        /// Whether spaces are between the fields, so that an empty one is not seen.
        spaces: bool,
        /// The line, if it is the last and lacks fields.
        cut: Option<u64>,
    },
    /// More columns than a table may have.
    Columns {
        /// Found.
        found: usize,
        /// Allowed.
        limit: usize,
    },
    /// A text in a column of numbers.
    BadCell {
        /// Its column.
        column: String,
        /// The text.
        cell: String,
        /// Cells like it.
        cells: u64,
        /// Numbers in the column.
        numbers: u64,
    },
    /// A column of what looks like numbers and can be read as none.
    Numberish {
        /// Its column.
        column: String,
        /// A cell.
        cell: String,
    },
    /// Numbers with units behind them that are not the same, or that some lack.
    Units {
        /// Its column.
        column: String,
        /// A cell.
        cell: String,
        /// The unit of the others.
        unit: String,
    },
    /// The first row is like those below it.
    NoHeader,
    /// All columns are text, so a header would look like a row.
    AllText,
    /// The header has numbers in columns of numbers.
    HeaderNumbers {
        /// The number.
        cell: String,
    },
    /// Several rows look like a header.
    Headers {
        /// The lines, first and last.
        first: u64,
        /// The last one.
        last: u64,
    },
    /// A header without as many names as there are columns.
    HeaderFields {
        /// Found.
        found: usize,
        /// Expected.
        expected: usize,
    },
    /// Numbers that can be read in two ways.
    Ambiguous(Vec<Readings>),
    /// A number that the others contradict.
    Convention {
        /// Its column.
        column: String,
        /// The number.
        cell: String,
        /// What the others have.
        others: Convention,
    },
    /// A number of too many characters.
    LongNumber {
        /// Its column.
        column: String,
        /// The number, shortened.
        cell: String,
    },
    /// Two delimiters make a table.
    Delimiters(Vec<(Delimiter, Vec<String>)>),
    /// No delimiter makes a table.
    OneText,
    /// One table below another.
    Stacked {
        /// The second header.
        header: String,
        /// Its line.
        line: u64,
    },
    /// Lines that look like comments.
    Comments {
        /// What they start with.
        mark: String,
        /// How many there are.
        lines: u64,
    },
    /// No name can be made of a header.
    Name {
        /// The header.
        header: String,
        /// Why, in words.
        why: String,
    },
    /// Two columns of one name.
    Twice {
        /// The name.
        name: String,
        /// The other, where it is written otherwise.
        other: String,
        /// The numbers of both columns, from 1.
        columns: (usize, usize),
    },
    /// An option names a column that is not there.
    NoColumn {
        /// The option as typed.
        option: String,
        /// The columns that are there.
        columns: Vec<String>,
    },
    /// An option with a value that it cannot have.
    Option {
        /// The option as typed.
        option: String,
        /// What was expected.
        expected: String,
    },
    /// A text that cannot be stored.
    TextCell {
        /// Its column.
        column: String,
        /// The cell.
        cell: String,
        /// Why not.
        why: String,
    },
    /// A missing value in a table of one column.
    OnlyMissing,
    /// A row whose line would be too long in the dataset.
    LongRow(usize),
    /// A workbook or JSON lines that are not as they should be.
    Malformed(String),
    /// A workbook of several sheets.
    Sheets(Vec<String>),
}

impl Reason {
    /// Whether what was typed is at fault, not the table.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::Option { .. } | Self::NoColumn { .. } | Self::UnknownEncoding(_))
    }
}

/// What a file is that is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Kind {
    LfsPointer,
    Html,
    Xml,
    Json,
    JsonMessage,
    Zip,
    Gzip,
    Parquet,
    Hdf5,
    Pdf,
    Sqlite,
    Latex,
    OldExcel,
    Binary,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::LfsPointer => "this is a Git LFS pointer, not the table it stands for; run `git lfs pull`",
            Self::Html => "this is an HTML page, not a table; download the file itself (the raw file)",
            Self::Xml => "this is an XML document, not a table; export it as CSV",
            Self::Json => "this is a JSON document, not a table; write one object a line (JSON lines), for example with `jq -c '.[]'`",
            Self::JsonMessage => "this is one JSON object without a number, as a server answers, not a table; download the file itself",
            Self::Zip => "this is a zip archive, not a table; unpack it and import the table in it",
            Self::Gzip => "this is compressed with gzip; unpack it with `gunzip -k`",
            Self::Parquet => "this is a Parquet file; export it as CSV",
            Self::Hdf5 => "this is an HDF5 or MATLAB file; export the table in it as CSV",
            Self::Pdf => "this is a PDF document, not a table",
            Self::Sqlite => "this is an SQLite database; export the table in it: sqlite3 -csv -header FILE 'select * from TABLE'",
            Self::Latex => "this is a LaTeX table; make CSV of its rows: sed -n 's/ *\\\\.*$//p' FILE | sed 's/ *& */,/g' > FILE.csv",
            Self::OldExcel => "this is a workbook of an old Excel (.xls); save it as .xlsx or CSV",
            Self::Binary => "this is a binary file, not a table",
        })
    }
}

/// `1 row`, `2 rows`.
pub(crate) fn count(number: u64, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => write!(out, "cannot be read: {error}"),
            Self::Changed => out.write_str("the file changed while it was read; try again when it is complete"),
            Self::Kind(kind) => write!(out, "{kind}"),
            Self::NoRows { header: true } => out.write_str("found a header and no rows below it, expected at least one row"),
            Self::NoRows { header: false } => out.write_str("found no rows, expected a header and at least one row below it"),
            Self::Encoding { encoding, shown } => {
                write!(out, "found bytes that are not {encoding}, so the encoding of the text is not known")?;
                shown.iter().try_for_each(|(name, line)| write!(out, "\n    as {name}: {line}"))
            }
            Self::UnknownEncoding(label) => write!(out, "`{}` is no encoding that is known; expected a label such as utf-8, utf-16le, windows-1252 or gbk", shortened(label, 40)),
            Self::Control(0) => out.write_str("found a NUL byte, expected text; this may be UTF-16 without a byte order mark (--encoding utf-16le), or no text at all. Stray ones, as a logger leaves when its power fails, are taken out with: tr -d '\\000' < FILE > CLEAN.csv"),
            Self::Control(byte) => write!(out, "found the control character 0x{byte:02x}, expected text"),
            Self::LongLine(limit) => write!(out, "found a line of over {limit} bytes; a table has shorter lines"),
            Self::TooLarge(limit) => write!(out, "found more than {limit} bytes; allow more with --max-bytes"),
            Self::OpenQuote => out.write_str("found a quote (\") that opens a field and is not closed on this line; a field must end on the line where it begins. Close the quote, or take the line break out of the field"),
            Self::AfterQuote(rest) => write!(out, "found `{}` after a closing quote, expected the end of the field; a quote inside a quoted field is written twice", shortened(rest, 30)),
            Self::Fields { found, expected, lines, spaces, cut } => {
                write!(out, "found {}, expected {expected} as in the other rows", count(*found as u64, "field"))?;
                if *lines > 1 {
                    write!(out, " ({lines} lines are like this)")?;
                }
                if let Some(line) = cut {
                    return write!(out, "; the last line may be cut off: `head -n {} FILE > WHOLE.csv` leaves it out", line - 1);
                }
                if *spaces && found < expected {
                    out.write_str("; an empty field between spaces cannot be seen: write NA in its place, or save the table with another delimiter")?;
                }
                Ok(())
            }
            Self::Columns { found, limit } => write!(out, "found {found} columns, at most {limit} are allowed"),
            Self::BadCell { column, cell, cells, numbers } => {
                write!(out, "found the text `{}` in column `{}`, which has {}; expected a number", shortened(cell, 60), shortened(column, 60), count(*numbers, "number"))?;
                if *cells > 1 { write!(out, " ({cells} cells of the column are texts)") } else { Ok(()) }
            }
            Self::Numberish { column, cell } => write!(out, "the column `{}` looks like numbers, but `{}` cannot be read as one", shortened(column, 60), shortened(cell, 60)),
            Self::Units { column, cell, unit } => write!(out, "found `{}` in column `{}`, whose other numbers are in `{}`; expected one unit in a column", shortened(cell, 60), shortened(column, 60), shortened(unit, 24)),
            Self::NoHeader => out.write_str("the first row looks like the rows below it, so this may be a table without a header"),
            Self::AllText => out.write_str("all columns are text, so it cannot be seen whether the first row is a header"),
            Self::HeaderNumbers { cell } => write!(out, "found `{}` in the first row, in a column of numbers; expected a name in every column of a header", shortened(cell, 40)),
            Self::Headers { first, last } => write!(out, "lines {first} to {last} could each be the header; expected one row of names above the data"),
            Self::HeaderFields { found, expected } => write!(out, "found {} in the header row, expected {expected} as in the rows below", count(*found as u64, "name")),
            Self::Ambiguous(readings) => {
                out.write_str("the numbers can be read in two ways, and nothing in the file decides which:")?;
                readings.iter().try_for_each(|reading| {
                    let Readings { column, line, cell, point, comma } = reading;
                    write!(out, "\n    line {line}, column `{}`: `{cell}` is {point} if the decimal sign is `.`, {comma} if it is `,`", shortened(column, 60))
                })
            }
            Self::Convention { column, cell, others } => {
                write!(out, "found `{}` in column `{}`; the other numbers have the decimal sign `{}`", shortened(cell, 60), shortened(column, 60), others.decimal.as_str())?;
                match others.group.byte() {
                    None => out.write_str(" and no grouping of digits"),
                    Some(_) => write!(out, " and groups of three digits with `{}` between them", others.group.as_str()),
                }
            }
            Self::LongNumber { column, cell } => write!(out, "the number `{}` in column `{}` has too many digits: at most {} characters are allowed", shortened(cell, 40), shortened(column, 60), openweigh_formats::limits::MAX_CHARACTERS),
            Self::Delimiters(found) => {
                out.write_str("more than one delimiter makes a table of this file; the first row would be:")?;
                found.iter().try_for_each(|(delimiter, fields)| {
                    let fields: Vec<String> = fields.iter().take(6).map(|field| format!("`{}`", shortened(field, 30))).collect();
                    write!(out, "\n    delimiter {}: {}", delimiter.as_str(), fields.join(" "))
                })
            }
            Self::OneText => out.write_str("found one column of text and no numbers; this is no table of measurements, or its delimiter is not known"),
            Self::Stacked { header, line } => write!(out, "found `{}` below numbers: this looks like the header of a second table under the first. Split the file: `head -n {}` gives the first, `tail -n +{line}` the second; `paste -d ,` puts them side by side", shortened(header, 40), line - 1),
            Self::Comments { mark, lines } => write!(out, "found {} starting with `{}`, which may be comments", count(*lines, "line"), shortened(mark, 20)),
            Self::Name { header, why } => write!(out, "no column name can be made of `{}`: {why}", shortened(header, 60)),
            Self::Twice { name, other, columns: (first, second) } if name == other => write!(out, "columns {first} and {second} are both called `{}`; expected each name once", shortened(name, 60)),
            Self::Twice { name, other, columns: (first, second) } => write!(out, "columns {first} and {second}, `{}` and `{}`, would be taken for each other", shortened(name, 60), shortened(other, 60)),
            Self::NoColumn { option, columns } => {
                let names: Vec<String> = columns.iter().map(|name| shortened(name, 60)).collect();
                write!(out, "{}: there is no such column; there are {}", shortened(option, 80), names.join(", "))
            }
            Self::Option { option, expected } => write!(out, "{}: {expected}", shortened(option, 80)),
            Self::TextCell { column, cell, why } => write!(out, "the text `{}` in column `{}` cannot be stored: {why}", shortened(cell, 60), shortened(column, 60)),
            Self::OnlyMissing => out.write_str("a table of one column cannot have a missing value; leave the line out"),
            Self::LongRow(limit) => write!(out, "the row would take over {limit} bytes in the dataset, more than a line may have"),
            Self::Malformed(what) => out.write_str(&shortened(what, 300)),
            Self::Sheets(names) => {
                let few: Vec<String> =
                    names.iter().take(10).map(|name| format!("`{}`", shortened(name, 40))).collect();
                let more = if names.len() > few.len() { ", …" } else { "" };
                write!(out, "the workbook has {} sheets: {}{more}", names.len(), few.join(", "))
            }
        }
    }
}

/// The same reason again: those of a line that is no record.
pub(crate) fn restated(reason: &Reason) -> Reason {
    match reason {
        Reason::AfterQuote(rest) => Reason::AfterQuote(rest.clone()),
        _ => Reason::OpenQuote,
    }
}
