//! What a dataset keeps and nothing is fitted on (docs/spec/3-datasets.md, `excluded`).

use crate::FitError;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::recipe::Tare;
use openweigh_formats::weighings::{Id, Weighing};

/// Which weighings of a session are excluded, by their place.
#[derive(Debug, Clone, Default)]
pub struct Excluded {
    /// Empty where none is.
    weighings: Vec<bool>,
}

impl Excluded {
    /// Whether the weighing at this place is.
    pub fn has(&self, weighing: usize) -> bool {
        self.weighings.get(weighing).copied().unwrap_or(false)
    }
}

/// The excluded weighings of a session: those that the dataset names, and loads whose tare it names, where tares are
/// subtracted.
///
/// # Errors
/// It names a weighing that the session has not.
pub fn of_weighings(
    dataset: &Dataset,
    session: &Id,
    weighings: &[Weighing],
    tare: Tare,
) -> Result<Excluded, FitError> {
    let of_session = |id: &Option<Id>| id.as_ref() == Some(session);
    let named: Vec<&Id> = (dataset.excluded.iter())
        .filter(|excluded| of_session(&excluded.session))
        .filter_map(|excluded| excluded.weighing.as_ref())
        .collect();
    if named.is_empty() {
        return Ok(Excluded::default());
    }
    if let Some(id) = named.iter().find(|id| !weighings.iter().any(|own| own.id == ***id)) {
        let what = format!("weighing `{id}` of session `{session}`");
        return Err(FitError::NothingExcluded { dataset: dataset.name.clone(), what });
    }
    let is_named = |id: &Id| named.contains(&id);
    let is_excluded = |weighing: &Weighing| {
        let subtracted = weighing.tare.as_ref().filter(|_| tare != Tare::None);
        is_named(&weighing.id) || subtracted.is_some_and(is_named)
    };
    Ok(Excluded { weighings: weighings.iter().map(is_excluded).collect() })
}

/// The excluded rows of a table of so many, ascending.
///
/// # Errors
/// It has no such row.
pub fn of_rows(dataset: &Dataset, rows: usize) -> Result<Vec<usize>, FitError> {
    let named = dataset.excluded.iter().filter_map(|excluded| excluded.row);
    let row = |row: u64| {
        usize::try_from(row).ok().filter(|row| *row < rows).ok_or_else(|| FitError::NothingExcluded {
            dataset: dataset.name.clone(),
            what: format!("row {row}"),
        })
    };
    named.map(row).collect()
}
