//! The ledger of this repository as frames: what it holds, polars must add up as we do.

use openweigh_dataset::Data;
use openweigh_exact::Decimal;
use openweigh_fit::{Readings, Training};
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{CellType, Dataset};
use openweigh_formats::table::{Cells, Table, TableReader};
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, limits};
use openweigh_frames::{join, parquet, readings, results, sums, table};
use std::path::{Path, PathBuf};

struct Loaded {
    dataset: Dataset,
    sha256: Digest,
    table: Table,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files of a folder, none if there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn document<T: Document>(path: &Path) -> (T, Digest) {
    let bytes = std::fs::read(path).expect("a readable document");
    assert!(bytes.len() as u64 <= limits::JSON_BYTES);
    (canonical::read(&bytes).expect("a document of ours"), Digest::of(&bytes))
}

fn load(folder: &Path) -> Option<Loaded> {
    let path = folder.join("dataset.json");
    if !path.exists() {
        return None;
    }
    let (dataset, sha256): (Dataset, Digest) = document(&path);
    let listed = dataset.measurements()?;
    let columns = dataset.columns.iter().map(|column| (&column.name, column.cells == CellType::Number));
    let mut reader = TableReader::new(columns);
    reader
        .feed(&std::fs::read(folder.join(listed.path.as_str())).expect("a readable table"))
        .expect("a table");
    let table = reader.finish().expect("a whole table");
    Some(Loaded { dataset, sha256, table })
}

fn sum(values: impl Iterator<Item = Decimal>) -> Decimal {
    values.fold(Decimal::ZERO, |sum, value| sum.plus(&value))
}

/// Checks every number column of the table against its frame, and the frame against its Parquet.
fn check(table: &Table, name: &str) {
    let frame = table::to_frame(table).expect("numbers of 38 digits");
    assert_eq!(frame.shape(), (table.rows(), table.columns().len()), "{name}");
    for (column, cells) in table.columns() {
        if let Cells::Numbers { .. } = cells {
            let ours = sum((0..table.rows()).filter_map(|row| table.number(column, row)));
            assert_eq!(
                sums::total(&frame, column.as_str()).expect("a safe sum"),
                ours,
                "{name}, column {column}"
            );
        }
    }
    let back = parquet::write(&frame).and_then(|bytes| parquet::read(&bytes));
    assert!(back.is_ok_and(|back| back.equals_missing(&frame)), "{name} through Parquet");
}

#[test]
fn datasets_add_up_and_survive_parquet() {
    for loaded in files("datasets").iter().filter_map(|folder| load(folder)) {
        check(&loaded.table, loaded.dataset.name.as_str());
    }
}

#[test]
fn readings_add_up() {
    for path in files("artifacts/weights") {
        let (weights, _): (Weights, _) = document(&path);
        let folders =
            weights.trained_on.iter().map(|trained| root().join("datasets").join(trained.name.as_str()));
        let Some(loaded) = folders.map(|folder| load(&folder)).collect::<Option<Vec<_>>>() else { continue };
        let training: Vec<Training<'_>> = (loaded.iter())
            .map(|Loaded { dataset, sha256, table }| Training { dataset, sha256, data: Data::Table(table) })
            .collect();
        let Ok(gathered) = Readings::gather(&weights.recipe, &training) else { continue };
        let target = &weights.recipe.model.target;
        let frame = readings::to_frame(&gathered, target).unwrap();
        assert_eq!(frame.height(), gathered.rows());
        for (name, column) in gathered.features().chain([(target, gathered.target())]) {
            assert_eq!(
                sums::total(&frame, name.as_str()).unwrap(),
                sum(column.values()),
                "{}, {name}",
                path.display()
            );
        }
    }
}

#[test]
fn results_add_up_and_meet_their_rows() {
    for path in files("artifacts/results") {
        let frame = results::to_frame(&std::fs::read(&path).unwrap()).unwrap();
        let back = parquet::read(&parquet::write(&frame).unwrap()).unwrap();
        assert!(back.equals_missing(&frame), "{} through Parquet", path.display());
        let total = |column: &str| sums::total(&frame, column).unwrap();
        if frame.column("error").is_err() {
            // Results of touch sessions have no table to meet.
            continue;
        }
        // error = predicted - target where there is a target, so this holds only if no row lacks one.
        if frame.column("error").unwrap().null_count() == 0 {
            assert_eq!(total("error"), total("predicted").minus(&total("target")), "{}", path.display());
        }
        for loaded in files("datasets").iter().filter_map(|folder| load(folder)) {
            let dataset = table::to_frame(&loaded.table).unwrap();
            let joined = join::beside(&frame, &loaded.dataset.name, &dataset).unwrap();
            assert!(joined.height() == 0 || joined.height() == loaded.table.rows(), "{}", path.display());
            assert_eq!(joined.width(), frame.width() + dataset.width());
        }
    }
}
