//! What holds for weights and for whole releases whatever their bytes: the laws that `fuzz/` searches for
//! exceptions from, and that `found.rs` checks on the inputs it has found.

#![allow(dead_code, reason = "each fuzz target uses one law")]

use crate::release::Release;
use openweigh_exact::Fixed;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::{CellType, ColumnSpec, Dataset};
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::weights::Weights;
use openweigh_replay::{Predictor, ReplayError};
use openweigh_verify::Summary;
use openweigh_verify::trace;

/// Weights that are read, whoever made them, are told why they cannot predict, or predict.
pub(crate) fn weights(bytes: &[u8]) {
    let read = canonical::read::<Weights>(bytes);
    if let Ok(weights) = &read {
        assert_eq!(canonical::write(weights), bytes);
    }
    let Ok(weights) = serde_json::from_slice::<Weights>(bytes) else { return };
    let again = canonical::read::<Weights>(&canonical::write(&weights));
    assert_eq!(again.is_ok(), weights.check().is_ok());
    if let Ok(weights) = again {
        predict(&weights);
    }
}

fn predict(weights: &Weights) {
    let predictor = match Predictor::new(weights) {
        Ok(predictor) => predictor,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (dataset, table) = applicable(weights);
    let mut out = predictor.header();
    let written =
        predictor.lines::<ReplayError>(&dataset, openweigh_dataset::Data::Table(&table), 1, |block| {
            out.extend_from_slice(block);
            Ok(())
        });
    if let Err(error) = written {
        return assert!(!error.to_string().is_empty());
    }
    let rows = openweigh_formats::csv::lines(&out).expect("results are in the dialect");
    assert_eq!(rows.len(), table.rows() + 1);
    for (row, line) in rows[1..].iter().enumerate() {
        let predicted = line[line.len() - 5];
        let trace = trace::of_row(weights, &dataset, &table, row).expect("the features are there");
        assert_eq!(trace.map_or_else(String::new, |trace| trace.predicted.to_string()), predicted);
        assert_eq!(predictor.line(&dataset, &table, row), [line.join(",").as_bytes(), b"\n"].concat());
        // An uncertainty is a root: at or above zero.
        assert!(!line[line.len() - 4].starts_with('-'));
        assert!(predicted.len() > 128 || predicted.is_empty() || Fixed::parse(predicted).is_ok());
    }
}

/// A dataset with the columns that weights apply to, and a few rows of it.
fn applicable(weights: &Weights) -> (Dataset, Table) {
    const CELLS: [&str; 9] = ["1", "0", "-2.5", "0.001", "1000000", "", "7", "-1", "99999999999999999999.5"];
    let mut dataset = Release::published().dataset("datasets/nist-noint1/dataset.json");
    dataset.columns = (weights.applies_to.columns.iter())
        .map(|column| ColumnSpec::new(column.name.clone(), column.unit.clone(), CellType::Number))
        .collect();
    let names = dataset.columns.iter().map(|column| (&column.name, true));
    let mut reader = TableReader::new(names);
    let count = dataset.columns.len();
    let mut text =
        dataset.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..CELLS.len() {
        let cells: Vec<&str> = (0..count).map(|at| CELLS[(row + 2 * at) % CELLS.len()]).collect();
        if count > 1 || !cells[0].is_empty() {
            text.push_str(&(cells.join(",") + "\n"));
        }
    }
    reader.feed(text.as_bytes()).expect("numbers in columns of numbers");
    (dataset, reader.finish().expect("a table"))
}

/// Changes a release and verifies it. The first byte says how honest the change is; what follows are
/// parts that begin with the letter of a file, end with a zero byte, and are that file's new bytes.
pub(crate) fn verify(bytes: &[u8]) {
    let Some((&manner, parts)) = bytes.split_first() else { return };
    let mut release = Release::published();
    for part in parts.split(|&byte| byte == 0) {
        let Some((letter, text)) = part.split_first() else { continue };
        release.replace(usize::from(letter.wrapping_sub(b'a')), text);
    }
    release.narrow();
    match manner {
        // The files are changed and the manifest is not: every change is noticed.
        b'u' => {
            let changed = release.changed();
            // The search for a change of one byte hashes a long file many times; it has tests of its own.
            let searched =
                |(found, published): &(usize, usize)| *found > 600 && found.abs_diff(*published) < 2;
            if !changed.iter().any(searched) {
                let summary = release.verify().summary();
                assert_eq!(summary, if changed.is_empty() { Summary::Checked } else { Summary::Failed });
            }
        }
        // The digests are corrected, so that everything is parsed: whatever follows is told.
        b's' => {
            release.seal();
            drop(release.verify_changed());
        }
        // Weights and results are derived again from what there is: everything is checked.
        b'h' => {
            if release.derive() {
                release.seal();
                let report = release.verify();
                assert_eq!(report.summary(), Summary::Checked, "{report:?}");
            }
        }
        _ => {}
    }
}
