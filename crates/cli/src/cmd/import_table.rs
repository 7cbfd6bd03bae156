//! `openweigh import table`: lenient on reading, strict on writing, and plain about what changed.

use crate::args::Global;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_exact::{Decimal, DecimalError, IBig};
use openweigh_formats::dataset::{
    CellType, ColumnSpec, Dataset, DatasetFile, DatasetRole, Format, Kind, MEASUREMENTS, Provenance,
    ProvenanceKind,
};
use openweigh_formats::licence::Licence;
use openweigh_formats::malformed::shortened;
use openweigh_formats::text::{ColumnName, Line, Name, Unit, Version};
use openweigh_formats::{Digest, canonical, csv as dialect, limits};
use openweigh_ledger::{Ledger, Written};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Turn a foreign table into a dataset
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh import table readings.csv --name load-cell --unit load=lb --unit deflection=in
  openweigh import table export.csv --name hx711 --license CC0-1.0 --provenance measured \\
      --origin 'Measured by A. Person with an HX711 and a 5 kg bar, May 2026.'")]
pub(crate) struct Args {
    /// The table: CSV with `,`, `;` or tabs, `-` for standard input
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Name of the dataset
    #[arg(long, value_name = "N")]
    name: Name,
    /// Its semantic version
    #[arg(long, value_name = "V", default_value = "1.0.0")]
    version: Version,
    /// One line for people [default: the name]
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// More for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: Line,
    /// Licence of the data, an SPDX expression
    #[arg(long, value_name = "SPDX", default_value = "NOASSERTION")]
    license: Licence,
    /// Who made it; may be repeated
    #[arg(long, value_name = "NAME")]
    author: Vec<Line>,
    /// Whether the numbers were measured for this dataset, simulated, or transcribed from elsewhere
    #[arg(long, value_name = "KIND", default_value = "transcribed", value_parser = ["measured", "simulated", "transcribed"])]
    provenance: String,
    /// Where the numbers come from, in a sentence
    #[arg(long, value_name = "TEXT")]
    origin: Option<Line>,
    /// Unit of a column; may be repeated
    #[arg(long, value_name = "COL=UNIT")]
    unit: Vec<String>,
    /// Replace an existing dataset
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let bytes = place::read(&args.file, global.max_csv())?;
    let source = place::shown(&args.file);
    let mut changes = Changes::default();
    let foreign = Foreign::read(&bytes, &source, &mut changes)?;
    let names = foreign.column_names(&source, &mut changes)?;
    let types = foreign.column_types(&names, &mut changes);
    let table = foreign.strict(&names, &types, &source, &mut changes)?;
    let dataset = describe(args, &names, &types, &table, &source)?;
    let description = canonical::write(&dataset);
    let folder = ledger.root().join("datasets").join(args.name.as_str());
    let table_path =
        Ledger::dataset(&args.name).sibling(&dataset.files[0].path).expect("a path of the layout");
    let files = [(table_path, &*table), (Ledger::dataset(&args.name), &*description)];
    let wrote = ledger.write_dataset(&args.name, &files, args.force)?;
    ledger.keep_licence_texts(&args.license)?;
    let rows = foreign.rows.len();
    screen.document(json!({
        "dataset": place::shown(&folder), "rows": rows, "written": wrote != Written::Same,
        "columns": names.iter().map(ColumnName::as_str).collect::<Vec<_>>(), "changes": changes.lines(),
        "sha256": Digest::of(&description).as_str(),
    }));
    screen.line(&format!("{rows} rows of {} columns", names.len()))?;
    for line in changes.lines() {
        screen.line(&format!("  changed: {line}"))?;
    }
    if dataset.columns.iter().any(|column| column.unit.is_none() && column.cells == CellType::Number) {
        screen.line("  units are missing; state them with --unit COLUMN=UNIT if the source does")?;
    }
    show::written(&folder.join("dataset.json"), wrote, &Digest::of(&description), screen)?;
    Ok(exit::DONE)
}

fn describe(
    args: &Args,
    names: &[ColumnName],
    types: &[CellType],
    table: &[u8],
    source: &str,
) -> Result<Dataset, Failure> {
    let mut units: BTreeMap<&str, Unit> = BTreeMap::new();
    for pair in &args.unit {
        let (column, unit) = pair
            .split_once('=')
            .ok_or_else(|| Failure::usage(format!("--unit {pair}: expected COLUMN=UNIT")))?;
        if !names.iter().any(|name| name.as_str() == column) {
            let known: Vec<&str> = names.iter().map(ColumnName::as_str).collect();
            return Err(Failure::usage(format!(
                "--unit {pair}: there is no column `{column}`; there are {}",
                known.join(", ")
            )));
        }
        units
            .insert(column, unit.parse().map_err(|error| Failure::usage(format!("--unit {pair}: {error}")))?);
    }
    let columns = (names.iter().zip(types))
        .map(|(name, &cells)| ColumnSpec::new(name.clone(), units.remove(name.as_str()), cells))
        .collect();
    let line = |text: String| Line::try_from(text).map_err(|error| Failure::input(source, error));
    let file_name = args
        .file
        .file_name()
        .map_or_else(|| "standard input".into(), |name| name.to_string_lossy().into_owned());
    Ok(Dataset {
        format: Format::V1,
        name: args.name.clone(),
        version: args.version.clone(),
        title: args.title.clone().map_or_else(|| line(args.name.to_string()), Ok)?,
        description: args.description.clone(),
        licence: args.license.clone(),
        authors: args.author.clone(),
        provenance: Provenance::stated(
            match args.provenance.as_str() {
                "measured" => ProvenanceKind::Measured,
                "simulated" => ProvenanceKind::Simulated,
                _ => ProvenanceKind::Transcribed,
            },
            args.origin
                .clone()
                .map_or_else(|| line(format!("Imported from {file_name}; the origin was not stated.")), Ok)?,
        ),
        kind: Kind::Table,
        columns,
        session_column: None,
        excluded: Vec::new(),
        files: vec![DatasetFile {
            path: MEASUREMENTS.parse().expect("a constant"),
            role: DatasetRole::Measurements,
            bytes: table.len() as u64,
            sha256: Digest::of(table),
        }],
    })
}

/// What was changed on the way in: each kind with a count and its first instance.
#[derive(Default)]
struct Changes(BTreeMap<&'static str, (usize, String)>);

impl Changes {
    fn note(&mut self, kind: &'static str, first: impl FnOnce() -> String) {
        self.0.entry(kind).or_insert_with(|| (0, first())).0 += 1;
    }

    fn lines(&self) -> Vec<String> {
        (self.0.iter())
            .map(|(kind, (count, first))| match (count, first.as_str()) {
                (_, "") => (*kind).to_owned(),
                (1, first) => format!("{kind} ({first})"),
                (count, first) => format!("{kind}, {count} times (first: {first})"),
            })
            .collect()
    }
}

/// A foreign table: a header and rows of raw fields, each row with its line.
struct Foreign {
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
    decimal_comma: bool,
}

impl Foreign {
    fn read(bytes: &[u8], source: &str, changes: &mut Changes) -> Result<Self, Failure> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map_or(bytes, |rest| {
            changes.note("the byte order mark was dropped", String::new);
            rest
        });
        if let Err(error) = std::str::from_utf8(bytes) {
            let place = openweigh_formats::Position::of(bytes, error.valid_up_to());
            return Err(Failure::input(
                format!("{source}:{place}"),
                "found bytes that are not UTF-8; save the table as UTF-8",
            ));
        }
        if bytes.contains(&b'\r') {
            changes.note("line ends became LF", String::new);
        }
        let first_line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let count = |delimiter: u8| first_line.iter().filter(|&&byte| byte == delimiter).count();
        let delimiter =
            [b',', b';', b'\t'].into_iter().max_by_key(|&delimiter| (count(delimiter), delimiter == b','));
        let delimiter = delimiter.unwrap_or(b',');
        if delimiter == b';' && bytes.contains(&b',') {
            changes.note("`,` inside a number was read as the decimal sign", String::new);
        }
        if delimiter != b',' {
            changes.note("the delimiter became `,`", || {
                if delimiter == b';' { "from `;`".into() } else { "from tabs".into() }
            });
        }
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let mut records = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| Failure::input(source, error))?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.iter().all(str::is_empty) {
                changes.note("an empty line was dropped", || format!("line {line}"));
                continue;
            }
            records.push((line, record.iter().map(str::to_owned).collect::<Vec<_>>()));
        }
        if records.is_empty() {
            return Err(Failure::input(source, "found no rows, expected a header row and data below it"));
        }
        let (_, header) = records.remove(0);
        for (line, row) in &records {
            if row.len() != header.len() {
                let (found, expected) = (row.len(), header.len());
                return Err(Failure::input(
                    format!("{source}:{line}:1"),
                    format!("found {found} fields, expected {expected} as in the header"),
                ));
            }
        }
        if header.len() > limits::COLUMNS {
            return Err(Failure::input(
                source,
                format!("found {} columns, at most {} are allowed", header.len(), limits::COLUMNS),
            ));
        }
        Ok(Self { header, rows: records, decimal_comma: delimiter == b';' })
    }

    fn column_names(&self, source: &str, changes: &mut Changes) -> Result<Vec<ColumnName>, Failure> {
        let mut names: Vec<ColumnName> = Vec::new();
        for (at, raw) in self.header.iter().enumerate() {
            if raw.parse::<Decimal>().is_ok() {
                return Err(Failure::input(
                    format!("{source}:1"),
                    format!("found the number `{raw}` in the first row, expected a header of column names"),
                ));
            }
            let mut text: String =
                raw.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            text = text.trim_matches('_').to_owned();
            if raw.starts_with('_') {
                text.insert(0, '_');
            }
            if text.is_empty() {
                text = format!("column_{}", at + 1);
            } else if text.starts_with(|c: char| c.is_ascii_digit()) {
                text.insert(0, '_');
            }
            if text != *raw {
                changes.note("a column was renamed", || format!("`{}` to `{text}`", shortened(raw, 40)));
            }
            let name: ColumnName = text.parse().map_err(|error| {
                Failure::input(format!("{source}:1"), format!("column {}: {error}", at + 1))
            })?;
            if names.contains(&name) {
                return Err(Failure::input(
                    format!("{source}:1"),
                    format!("found two columns `{name}`, expected each name once"),
                ));
            }
            names.push(name);
        }
        Ok(names)
    }

    /// A column is of numbers if every cell that says something is a number.
    fn column_types(&self, names: &[ColumnName], changes: &mut Changes) -> Vec<CellType> {
        (0..self.header.len())
            .map(|at| {
                let mut numbers = 0;
                let mut first_text = None;
                for (line, row) in &self.rows {
                    match number(&row[at], self.decimal_comma) {
                        // A number that is too long is still a number, and is refused as one.
                        Cell::Number(_) | Cell::TooLong(_) => numbers += 1,
                        Cell::Missing => {}
                        Cell::Text => {
                            first_text.get_or_insert((line, &row[at]));
                        }
                    }
                }
                let Some((line, text)) = first_text else { return CellType::Number };
                if numbers > 0 {
                    let name = &names[at];
                    changes.note("a column with some numbers is kept as text", || {
                        format!("`{name}`, because of `{}` in line {line}", shortened(text, 30))
                    });
                }
                CellType::Text
            })
            .collect()
    }

    /// The table in the strict dialect.
    fn strict(
        &self,
        names: &[ColumnName],
        types: &[CellType],
        source: &str,
        changes: &mut Changes,
    ) -> Result<Vec<u8>, Failure> {
        let mut out = Vec::new();
        dialect::write_line(&mut out, names.iter().map(ColumnName::as_str));
        for (line, row) in &self.rows {
            let mut cells = Vec::with_capacity(row.len());
            for ((raw, kind), name) in row.iter().zip(types).zip(names) {
                let cell = match kind {
                    CellType::Text => text(raw),
                    CellType::Number => match number(raw, self.decimal_comma) {
                        Cell::Number(value) => value,
                        Cell::TooLong(error) => {
                            return Err(Failure::input(
                                format!("{source}:{line}"),
                                format!("in column `{name}`: found {error}"),
                            ));
                        }
                        Cell::Missing | Cell::Text => String::new(),
                    },
                };
                if cell != *raw {
                    let kind = match (kind, cell.is_empty()) {
                        (CellType::Number, false) => "a number was rewritten canonically",
                        (CellType::Number, true) => "a word for a missing number became an empty field",
                        (CellType::Text, _) => "characters outside the dialect became `_`",
                    };
                    changes.note(kind, || {
                        format!("line {line}, `{name}`: `{}` to `{cell}`", shortened(raw, 40))
                    });
                }
                cells.push(cell);
            }
            if cells.len() == 1 && cells[0].is_empty() {
                return Err(Failure::input(
                    format!("{source}:{line}"),
                    "a table of one column cannot have a missing value; add a column, or leave the row out",
                ));
            }
            dialect::write_line(&mut out, cells.iter().map(String::as_str));
        }
        Ok(out)
    }
}

fn text(raw: &str) -> String {
    raw.chars().map(|c| if u8::try_from(c).is_ok_and(dialect::is_text_byte) { c } else { '_' }).collect()
}

enum Cell {
    Number(String),
    Missing,
    Text,
    TooLong(DecimalError),
}

/// Reads a number as people and programs write them: sign, point or decimal comma, exponent.
fn number(raw: &str, decimal_comma: bool) -> Cell {
    if raw.parse::<Decimal>().is_ok() {
        return Cell::Number(raw.to_owned());
    }
    let lower = raw.to_ascii_lowercase();
    let unsigned = lower.trim_start_matches(['+', '-']);
    if raw.is_empty() || matches!(unsigned, "nan" | "na" | "n/a" | "null" | "none" | "inf" | "infinity") {
        return Cell::Missing;
    }
    let (mantissa, exponent) = match lower.split_once('e') {
        Some((mantissa, exponent)) => match exponent.strip_prefix('+').unwrap_or(exponent).parse::<i32>() {
            Ok(exponent) => (mantissa, exponent),
            Err(_) => return Cell::Text,
        },
        None => (lower.as_str(), 0),
    };
    let mantissa = if decimal_comma { mantissa.replacen(',', ".", 1) } else { mantissa.to_owned() };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, mantissa.strip_prefix('+').unwrap_or(&mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all = format!("{whole}{fraction}");
    if all.is_empty() || !all.bytes().all(|byte| byte.is_ascii_digit()) {
        return Cell::Text;
    }
    let limit = limits::MAX_CHARACTERS;
    // Checked before any arithmetic: 1e999999999 must not become a number of a billion digits.
    if all.len() > limit || exponent.unsigned_abs() > 2 * u32::try_from(limit).unwrap_or(u32::MAX) {
        return Cell::TooLong(DecimalError::TooLong {
            found: all.len().max(exponent.unsigned_abs() as usize),
            limit,
        });
    }
    let magnitude: IBig = all.parse().unwrap_or(IBig::ZERO);
    let signed = if negative { -magnitude } else { magnitude };
    let places = i64::try_from(fraction.len()).unwrap_or(0) - i64::from(exponent);
    let value = match u32::try_from(places) {
        Ok(places) => Decimal::new(signed, places),
        Err(_) => Decimal::new(signed * IBig::from(10).pow(usize::try_from(-places).unwrap_or(0)), 0),
    };
    let text = value.to_string();
    if text.len() > limit {
        Cell::TooLong(DecimalError::TooLong { found: text.len(), limit })
    } else {
        Cell::Number(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_people_write_them() {
        let read = |text: &str| match number(text, true) {
            Cell::Number(value) => value,
            Cell::Missing => "missing".to_owned(),
            Cell::Text => "text".to_owned(),
            Cell::TooLong(_) => "too long".to_owned(),
        };
        let cases = [
            ("1.50", "1.5"),
            ("+2", "2"),
            ("-0.0", "0"),
            (".5", "0.5"),
            ("5.", "5"),
            ("007", "7"),
            ("1e3", "1000"),
            ("-1.25E-2", "-0.0125"),
            ("1,5", "1.5"),
            ("NaN", "missing"),
            ("-inf", "missing"),
            ("", "missing"),
            ("12 g", "text"),
            ("1.2.3", "text"),
            ("e5", "text"),
            ("1e", "text"),
            ("1e999999999", "too long"),
            ("1e200", "too long"),
            ("--1", "text"),
            ("1_000", "text"),
            ("0x10", "text"),
            (".", "text"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text), expected, "{text}");
        }
    }
}
