//! The rows that are fitted: those that have the target and every feature (4.2).

use crate::FitError;
use openweigh_exact::Column;
use openweigh_formats::Digest;
use openweigh_formats::dataset::{CellType, Dataset};
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::Table;
use openweigh_formats::text::ColumnName;
use std::borrow::Cow;

/// A dataset to be fitted.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    /// Its description.
    pub dataset: &'a Dataset,
    /// SHA-256 of the description's bytes.
    pub sha256: &'a Digest,
    /// Its table.
    pub table: &'a Table,
}

/// The features and the target of all fitted rows, in the order of datasets and rows.
#[derive(Debug, Clone)]
pub struct Readings<'a> {
    features: Vec<(ColumnName, Cow<'a, Column>)>,
    target: Cow<'a, Column>,
}

/// The number column of a dataset, or the error that names it.
///
/// # Errors
/// There is no number column of this name.
pub fn numbers<'a>(
    dataset: &Dataset,
    table: &'a Table,
    column: &ColumnName,
) -> Result<(&'a Column, &'a [usize]), FitError> {
    table.numbers(column).ok_or_else(|| FitError::NoColumn {
        dataset: dataset.name.clone(),
        column: column.clone(),
        available: (dataset.columns.iter())
            .filter(|column| column.cells == CellType::Number)
            .map(|column| column.name.clone())
            .collect(),
    })
}

impl<'a> Readings<'a> {
    /// Gathers the fitted rows of all datasets.
    ///
    /// # Errors
    /// A missing column, units that disagree, or no row at all.
    pub fn gather(recipe: &Recipe, training: &[Training<'a>]) -> Result<Self, FitError> {
        let names: Vec<ColumnName> =
            recipe.features().into_iter().chain([recipe.model.target.clone()]).collect();
        check_units(recipe, &names, training)?;
        let mut gathered: Vec<Option<Cow<'a, Column>>> = vec![None; names.len()];
        for training in training {
            let columns = (names.iter())
                .map(|name| numbers(training.dataset, training.table, name))
                .collect::<Result<Vec<_>, _>>()?;
            let chosen = complete_rows(training.table.rows(), columns.iter().map(|(_, missing)| *missing));
            for (into, (column, _)) in gathered.iter_mut().zip(columns) {
                let part = match &chosen {
                    None => Cow::Borrowed(column),
                    Some(rows) => Cow::Owned(column.gather(rows)),
                };
                match into {
                    None => *into = Some(part),
                    Some(whole) => whole.to_mut().extend(&part),
                }
            }
        }
        let mut columns: Vec<Cow<'a, Column>> = gathered.into_iter().flatten().collect();
        let target = columns.pop().filter(|target| !target.is_empty()).ok_or(FitError::NoRows)?;
        Ok(Self { features: names.into_iter().zip(columns).collect(), target })
    }

    /// Number of fitted rows.
    pub fn rows(&self) -> usize {
        self.target.len()
    }

    /// The target.
    pub fn target(&self) -> &Column {
        &self.target
    }

    /// The features, in order.
    pub fn features(&self) -> impl Iterator<Item = (&ColumnName, &Column)> {
        self.features.iter().map(|(name, column)| (name, column.as_ref()))
    }

    /// A feature of the recipe.
    ///
    /// # Panics
    /// If the recipe has no such feature.
    pub fn feature(&self, name: &ColumnName) -> &Column {
        let found = self.features().find(|(own, _)| *own == name);
        found.map(|(_, column)| column).expect("the readings hold every feature of the recipe")
    }
}

/// The rows that no column lacks; none stands for all of them.
fn complete_rows<'a>(rows: usize, missing: impl Iterator<Item = &'a [usize]>) -> Option<Vec<usize>> {
    let mut lacking: std::collections::BTreeSet<usize> = std::collections::BTreeSet::new();
    missing.for_each(|rows| lacking.extend(rows));
    (!lacking.is_empty()).then(|| (0..rows).filter(|row| !lacking.contains(row)).collect())
}

fn check_units(recipe: &Recipe, names: &[ColumnName], training: &[Training<'_>]) -> Result<(), FitError> {
    let Some(first) = training.first() else { return Err(FitError::NoRows) };
    for name in names {
        let stated = first.dataset.column(name).map(|column| &column.unit);
        for training in training {
            let Some(column) = training.dataset.column(name) else { continue };
            if stated.is_some_and(|stated| *stated != column.unit) {
                return Err(FitError::Unit {
                    dataset: training.dataset.name.clone(),
                    column: name.clone(),
                    found: column.unit.clone(),
                    expected: stated.cloned().flatten(),
                });
            }
        }
    }
    let target = first.dataset.column(&recipe.model.target).and_then(|column| column.unit.clone());
    if target.is_some() && target != recipe.result.unit {
        return Err(FitError::Unit {
            dataset: first.dataset.name.clone(),
            column: recipe.model.target.clone(),
            found: target,
            expected: recipe.result.unit.clone(),
        });
    }
    Ok(())
}
