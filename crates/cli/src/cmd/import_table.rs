//! `openweigh import table`: a foreign table becomes a dataset, read right or refused with what to type.

mod report;
mod spool;

pub(crate) use report::{read_with, ways_out};

use crate::answer::{ImportedTable, MadeTable};
use crate::args::Global;
use crate::cmd::about::{self, ImportedArgs};
use crate::cmd::reading_args::ReadingArgs;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::{exit, place, show};
use openweigh_capture::import::signal::About;
use openweigh_capture::import::table::{self, Options, Plan};
use openweigh_fit::proposal;
use openweigh_formats::dataset::{CellType, Dataset, DatasetFile, DatasetRole, Format, Kind, MEASUREMENTS};
use openweigh_formats::digest::Hasher;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{ColumnName, Name};
use openweigh_formats::{Digest, canonical};
use openweigh_ledger::{Change, Draft, Expected, Ledger, Written};
use std::io::Write;
use std::path::PathBuf;

/// Import a table: CSV, JSON lines, .xlsx, .ods
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh import table readings.csv --name load-cell --unit load=lb --license CC0-1.0
  openweigh import table log.txt --dry-run
  openweigh import table export.csv --name hx711 --delimiter ';' --decimal , --missing 'HX711 not found.'

Reads CSV with any delimiter, JSON lines, .xlsx and .ods. The whole file decides how it is read; what is not
certain is refused, with the options that settle it. COL is a column's name in the source, its name in the
dataset, or its number, as in '#2'.")]
pub(crate) struct Args {
    /// The table; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the dataset
    #[arg(long, value_name = "N", required_unless_present = "dry_run")]
    name: Option<Name>,
    #[command(flatten)]
    about: ImportedArgs,
    /// Replace an existing dataset
    #[arg(long)]
    force: bool,
    /// Show the table as it would be stored, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let shown = place::shown(&args.file);
    let options: Options = args.reading.options(global.max_csv())?;
    let mut source = spool::open(&args.file, global.max_csv())?;
    let refused = |refusal| Failure::Table { path: shown.clone(), source: refusal };
    let plan = table::survey(&mut source, &options).map_err(refused)?;
    let Some(name) = args.name.as_ref().filter(|_| !args.dry_run) else {
        return report::dry_run(&plan, &mut source, &shown, screen);
    };
    let ledger = place::ledger()?;
    let kept = keep(args, name, &plan, &mut source, &ledger, &refused)?;
    let folder = ledger.root().join("datasets").join(name.as_str());
    screen.document(&ImportedTable {
        rows: plan.rows,
        written: kept.written != Written::Same,
        columns: report::names(&plan),
        changes: report::changes(&plan, &kept.rows),
        reading: plan.how_read(),
        made: Some(MadeTable { dataset: place::shown(&folder), sha256: kept.sha256.to_string() }),
        seen: None,
    });
    screen.line(&report::size(&plan))?;
    report::how(&plan, &kept.rows, screen)?;
    let unitless = |column: &table::Column| column.unit.is_none() && column.cells == CellType::Number;
    if let Some(column) = plan.columns.iter().find(|column| unitless(column)) {
        let name = &column.name;
        screen.line(&format!(
            "  units are missing; if the source states them, add for example --unit {name}=UNIT"
        ))?;
    }
    about::licence_wanted(&kept.dataset, &format!("{} --force", about::STATED_AGAIN), screen)?;
    show::written(&folder.join("dataset.json"), kept.written, &kept.sha256, screen)?;
    next(args, &kept.dataset).iter().try_for_each(|line| screen.line(line))?;
    Ok(exit::DONE)
}

/// The command that comes next: a fit, where there is something to fit. What only a person can know is a word in
/// capitals, and a line says what may stand for it.
fn next(args: &Args, dataset: &Dataset) -> Vec<String> {
    let (name, (numbers, likely)) = (&dataset.name, proposal::targets(dataset));
    let listed = |names: &[&ColumnName]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let fit = format!("next: openweigh fit --dataset {name}");
    let Some(target) = likely else {
        return match numbers.as_slice() {
            [] | [_] => vec![format!("next: openweigh inspect {name}")],
            [_, _] => vec![
                format!("  KNOWN is the known quantity, one of {}", listed(&numbers)),
                format!("{fit} --preset affine --target KNOWN"),
            ],
            _ => vec![
                format!(
                    "  KNOWN is the known quantity, READING what it is predicted from: {}",
                    listed(&numbers)
                ),
                format!("{fit} --target KNOWN --terms 1,READING"),
            ],
        };
    };
    match proposal::readings(dataset, target) {
        (readings, 0) => {
            let log = readings.first().map(|time| {
                let file = place::shown(&args.file);
                format!(
                    "  `{time}` rather counts than weighs; a log of `{target}` becomes sessions to weigh with `openweigh import signal {file} --name OTHER --time {time} --value {target}`"
                )
            });
            log.into_iter().chain([format!("next: openweigh inspect {name}")]).collect()
        }
        (readings, 1) if readings.len() == 1 => vec![format!("{fit} --preset affine --target {target}")],
        (readings, 1) => vec![format!("{fit} --target {target} --terms 1,{}", readings[0])],
        (readings, likely) => vec![
            format!("  READING is what `{target}` is predicted from, one of {}", listed(&readings[..likely])),
            format!("{fit} --target {target} --terms 1,READING"),
        ],
    }
}

/// What was kept.
struct Kept {
    dataset: Dataset,
    rows: table::Rows,
    written: Written,
    sha256: Digest,
}

/// A file in the making, counted and hashed as it is written.
struct Counted {
    draft: Draft,
    hasher: Hasher,
    bytes: u64,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let count = self.draft.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.draft.flush()
    }
}

/// Writes the table and its description, both or none.
fn keep(
    args: &Args,
    name: &Name,
    plan: &Plan,
    source: &mut std::fs::File,
    ledger: &Ledger,
    refused: &dyn Fn(table::Refusal) -> Failure,
) -> Result<Kept, Failure> {
    let description_path = Ledger::dataset(name);
    let measurements: RelativePath = MEASUREMENTS.parse().expect("a constant");
    let table_path = description_path.sibling(&measurements).expect("a path of the layout");
    let draft = Draft::begin(ledger, &table_path)?;
    let mut counted = Counted { draft, hasher: Hasher::default(), bytes: 0 };
    let rows = plan.write(source, &mut counted).map_err(refused)?;
    let Counted { draft, hasher, bytes } = counted;
    let file =
        DatasetFile { path: measurements, role: DatasetRole::Measurements, bytes, sha256: hasher.finish() };
    let dataset = describe(args, name, plan, file);
    let description = canonical::write(&dataset);
    let sha256 = Digest::of(&description);
    let mut change = Change::of(ledger);
    change.put_draft(draft, Expected::unless(args.force))?;
    change.put(&description_path, &description, Expected::unless(args.force))?;
    let written = ledger.commit_dataset(name, change)?;
    ledger.keep_licence_texts(&args.about.license)?;
    Ok(Kept { dataset, rows, written, sha256 })
}

fn describe(args: &Args, name: &Name, plan: &Plan, file: DatasetFile) -> Dataset {
    let file_name = match args.file.file_name() {
        Some(name) if args.file.as_os_str() != "-" => name.to_string_lossy().into_owned(),
        _ => "standard input".into(),
    };
    let About { name, version, title, description, licence, authors } = args.about.about(name);
    Dataset {
        format: Format::V2,
        name,
        version,
        title,
        description,
        licence,
        authors,
        provenance: args.about.provenance(std::slice::from_ref(&file_name), Some(plan.source(&file_name))),
        kind: Kind::Table,
        columns: plan.declared(),
        session_column: None,
        excluded: Vec::new(),
        files: vec![file],
    }
}
