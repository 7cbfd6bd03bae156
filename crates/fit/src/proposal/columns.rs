//! Which columns of a table can be the known quantity, and which the reading.

use openweigh_formats::dataset::{CellType, ColumnSpec, Dataset};
use openweigh_formats::text::ColumnName;

/// Units of masses and forces, without the prefixes of the first three.
const LOADS: [&str; 13] = ["g", "N", "t", "lb", "lbs", "lbf", "oz", "ozf", "kgf", "gf", "kp", "kip", "stone"];

/// The number columns of a table, and the one among them that is likely the known quantity: the only one with a unit
/// of mass or force.
pub fn targets(dataset: &Dataset) -> (Vec<&ColumnName>, Option<&ColumnName>) {
    let is_load = |unit: &str| {
        LOADS.contains(&unit)
            || LOADS[..3].iter().any(|own| {
                unit.strip_suffix(own).is_some_and(|prefix| ["m", "k", "M", "u", "µ", "μ"].contains(&prefix))
            })
    };
    let numbers: Vec<&ColumnSpec> = dataset.columns.iter().filter(|column| is_number(column)).collect();
    let mut loads =
        numbers.iter().filter(|column| column.unit.as_ref().is_some_and(|unit| is_load(unit.as_str())));
    let likely = loads.next().filter(|_| loads.next().is_none()).map(|column| &column.name);
    (numbers.iter().map(|column| &column.name).collect(), likely)
}

/// Whether a column holds numbers that a model can be made of.
fn is_number(column: &ColumnSpec) -> bool {
    column.cells == CellType::Number && column.uncertainty_of.is_none()
}

/// The number columns of a table that may be the reading from which the target is predicted, those that rather count
/// the time or the rows last; and how many are not such.
pub fn readings<'a>(dataset: &'a Dataset, target: &ColumnName) -> (Vec<&'a ColumnName>, usize) {
    let others = || {
        let free = |column: &&ColumnSpec| {
            is_number(column)
                && column.name != *target
                && dataset.session_column.as_ref() != Some(&column.name)
        };
        dataset.columns.iter().filter(free)
    };
    let (counters, readings): (Vec<&ColumnSpec>, Vec<&ColumnSpec>) =
        others().partition(|column| counts(column));
    let first = readings.len();
    (readings.into_iter().chain(counters).map(|column| &column.name).collect(), first)
}

/// Units of time.
const TIMES: [&str; 10] = ["s", "ms", "us", "µs", "μs", "ns", "min", "h", "d", "sec"];

/// Words in the names of columns that count the time or the rows, in lower case.
const COUNTERS: [&str; 22] = [
    "time",
    "timestamp",
    "zeit",
    "temps",
    "tempo",
    "tiempo",
    "t",
    "date",
    "datum",
    "seconds",
    "sekunden",
    "millis",
    "micros",
    "elapsed",
    "index",
    "row",
    "no",
    "nr",
    "sample",
    "seq",
    "id",
    "n",
];

/// Whether a column rather counts the time or the rows: by its unit, or the first word of its name.
fn counts(column: &ColumnSpec) -> bool {
    let first =
        column.name.as_str().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_lowercase();
    match &column.unit {
        Some(unit) => TIMES.contains(&unit.as_str()),
        None => COUNTERS.contains(&first.as_str()),
    }
}
