//! The rows that are fitted: those that have the target and every feature (4.2, 4.8).

use crate::FitError;
use crate::exclusion::{self, Excluded};
use crate::model::Inputs;
use openweigh_dataset::weighing::{Chunk, Key};
use openweigh_dataset::{Data, SessionReadings};
use openweigh_exact::Column;
use openweigh_formats::Digest;
use openweigh_formats::dataset::{CellType, Counted, Dataset};
use openweigh_formats::reading::Per;
use openweigh_formats::recipe::{Format, Recipe, Tare, Validation};
use openweigh_formats::table::Table;
use openweigh_formats::text::ColumnName;
use openweigh_formats::touches::Quantity;
use openweigh_formats::weighings::{Id, Role, Weighing};
use openweigh_formats::weights::Instrument;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

/// A dataset to be fitted.
#[derive(Debug, Clone, Copy)]
pub struct Training<'a> {
    /// Its description.
    pub dataset: &'a Dataset,
    /// SHA-256 of the description's bytes.
    pub sha256: &'a Digest,
    /// What it holds.
    pub data: Data<'a>,
}

/// The features and the target of all fitted rows, in the order of datasets and rows.
#[derive(Debug, Clone)]
pub struct Readings<'a> {
    names: Vec<ColumnName>,
    features: Vec<Cow<'a, Column>>,
    tares: Option<Vec<Column>>,
    target: Cow<'a, Column>,
    /// The uncertainty of the target, 0 where none is stated; of a recipe of version 2.
    uncertainty: Cow<'a, Column>,
    /// The rows of each session, in runs; empty for tables without sessions.
    sessions: Vec<Vec<Range<usize>>>,
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

/// Refuses data that would count twice, under whatever names they come.
///
/// # Errors
/// The dataset whose name or data were there before.
pub fn each_once<'a>(datasets: impl IntoIterator<Item = &'a Dataset>) -> Result<(), FitError> {
    let mut counted = Counted::default();
    match datasets.into_iter().find(|dataset| !counted.count(dataset)) {
        Some(dataset) => Err(FitError::Repeated { dataset: dataset.name.clone() }),
        None => Ok(()),
    }
}

impl<'a> Readings<'a> {
    /// Gathers the fitted rows of all datasets.
    ///
    /// # Errors
    /// A missing column, units that disagree, a load without a tare, or no row at all.
    pub fn gather(recipe: &Recipe, training: &[Training<'a>]) -> Result<Self, FitError> {
        check_kinds(recipe, training)?;
        let gathered = if recipe.reading.is_some() {
            of_sessions(recipe, training)?
        } else {
            of_tables(recipe, training)?
        };
        each_once(training.iter().map(|training| training.dataset))?;
        if gathered.target.is_empty() { Err(FitError::NoRows) } else { Ok(gathered) }
    }

    /// Number of fitted rows.
    pub fn rows(&self) -> usize {
        self.target.len()
    }

    /// The target.
    pub fn target(&self) -> &Column {
        &self.target
    }

    /// The same rows with the target's uncertainty in its place.
    pub fn of_uncertainty(&self) -> Readings<'_> {
        Readings { target: Cow::Borrowed(self.uncertainty.as_ref()), ..self.clone() }
    }

    /// The features, in order.
    pub fn features(&self) -> impl Iterator<Item = (&ColumnName, &Column)> {
        self.names.iter().zip(self.features.iter().map(AsRef::as_ref))
    }

    /// What the model's columns are made of.
    pub fn inputs(&self) -> Inputs<'_> {
        Inputs { features: &self.features, tares: self.tares.as_deref(), rows: self.rows() }
    }

    /// The rows of each session, in runs, in order; none of tables without sessions.
    pub fn sessions(&self) -> &[Vec<Range<usize>>] {
        &self.sessions
    }

    /// The features as the model sees them: less their tares where those are subtracted from the signal.
    pub fn ranged(&self, recipe: &Recipe) -> Vec<Cow<'_, Column>> {
        match &self.tares {
            Some(tares) if recipe.model.tare == Tare::Signal => {
                let one = |((name, load), tare): ((&ColumnName, &Cow<'a, Column>), &Column)| {
                    if recipe.is_place(name) { load.as_ref().clone() } else { load.minus(tare) }
                };
                let all = self.names.iter().zip(&self.features).zip(tares);
                all.map(|pair| Cow::Owned(one(pair))).collect()
            }
            _ => self.features.iter().map(|column| Cow::Borrowed(column.as_ref())).collect(),
        }
    }

    /// These rows alone, in this order.
    pub fn chosen(&self, rows: &[usize]) -> Readings<'static> {
        self.map(|column| column.gather(rows))
    }

    /// The rows of a range alone.
    pub fn part(&self, rows: Range<usize>) -> Readings<'static> {
        self.map(|column| column.slice(rows.clone()))
    }

    fn map(&self, part: impl Fn(&Column) -> Column) -> Readings<'static> {
        Readings {
            names: self.names.clone(),
            features: self.features.iter().map(|column| Cow::Owned(part(column))).collect(),
            tares: self.tares.as_ref().map(|tares| tares.iter().map(&part).collect()),
            target: Cow::Owned(part(&self.target)),
            // Of tables under a recipe of version 1 there is none.
            uncertainty: Cow::Owned(if self.uncertainty.is_empty() {
                Column::default()
            } else {
                part(&self.uncertainty)
            }),
            sessions: Vec::new(),
        }
    }
}

fn of_tables<'a>(recipe: &Recipe, training: &[Training<'a>]) -> Result<Readings<'a>, FitError> {
    let mut names: Vec<ColumnName> =
        recipe.features().into_iter().chain([recipe.model.target.clone()]).collect();
    check_units(recipe, &names, training)?;
    let mut gathered: Vec<Option<Cow<'a, Column>>> = vec![None; names.len()];
    let (mut sessions, mut start, mut uncertainty) = (Vec::new(), 0, Column::default());
    let by_session = recipe.fit.validation == Validation::LeaveOneSessionOut
        || recipe.format == Format::V2 && training.iter().all(|one| one.dataset.session_column.is_some());
    for training in training {
        let Data::Table(table) = training.data else { continue };
        let columns = (names.iter())
            .map(|name| numbers(training.dataset, table, name))
            .collect::<Result<Vec<_>, _>>()?;
        let excluded = exclusion::of_rows(training.dataset, table.rows())?;
        let lacking = columns.iter().map(|(_, missing)| *missing).chain([excluded.as_slice()]);
        let chosen = complete_rows(table.rows(), lacking);
        let rows = chosen.as_deref();
        push_uncertainty(recipe, training, table, rows, &mut uncertainty);
        if by_session {
            sessions.append(&mut sessions_of_table(training, table, chosen.as_deref(), &mut start)?);
        }
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
    let mut features: Vec<Cow<'a, Column>> = gathered.into_iter().flatten().collect();
    let target = features.pop().ok_or(FitError::NoRows)?;
    names.pop();
    let uncertainty = Cow::Owned(uncertainty);
    Ok(Readings { names, features, tares: None, target, uncertainty, sessions })
}

/// The uncertainties of a table's fitted targets, where some column states them.
fn push_uncertainty(
    recipe: &Recipe,
    training: &Training<'_>,
    table: &Table,
    chosen: Option<&[usize]>,
    into: &mut Column,
) {
    if recipe.format == Format::V1 {
        return;
    }
    let columns = training.dataset.columns.iter();
    let mut of_target = columns.filter(|one| one.uncertainty_of.as_ref() == Some(&recipe.model.target));
    let stated = of_target.find_map(|one| table.numbers(&one.name));
    let count = chosen.map_or(table.rows(), <[usize]>::len);
    for at in 0..count {
        let row = chosen.map_or(at, |rows| rows[at]);
        match stated.filter(|(_, missing)| missing.binary_search(&row).is_err()) {
            Some((column, _)) => into.push_from(column, row),
            None => into.push_narrow(0, 0),
        }
    }
}

/// The rows of each session of a table, counted from `start` among all fitted rows: neighbours make a run.
fn sessions_of_table(
    training: &Training<'_>,
    table: &Table,
    chosen: Option<&[usize]>,
    start: &mut usize,
) -> Result<Vec<Vec<Range<usize>>>, FitError> {
    let dataset = training.dataset;
    let column = dataset.session_column.as_ref();
    let column = column.ok_or_else(|| FitError::NoSessions { dataset: dataset.name.clone() })?;
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut sessions: Vec<Vec<Range<usize>>> = Vec::new();
    let count = chosen.map_or(table.rows(), <[usize]>::len);
    for at in 0..count {
        let row = chosen.map_or(at, |rows| rows[at]);
        let text = table.text(column, row).unwrap_or_default();
        let place = *places.entry(text).or_insert_with(|| {
            sessions.push(Vec::new());
            sessions.len() - 1
        });
        let row = *start + at;
        match sessions[place].last_mut() {
            Some(run) if run.end == row => run.end += 1,
            _ => sessions[place].push(row..row + 1),
        }
    }
    *start += count;
    Ok(sessions)
}

/// Fitted rows of sessions, as they are gathered.
struct Gathered {
    features: Vec<Column>,
    tares: Option<Vec<Column>>,
    target: Column,
    uncertainty: Column,
    sessions: Vec<Vec<Range<usize>>>,
}

fn of_sessions<'a>(recipe: &Recipe, training: &[Training<'_>]) -> Result<Readings<'a>, FitError> {
    let names = recipe.features();
    let columns = vec![Column::default(); names.len()];
    let tares = (recipe.model.tare != Tare::None).then(|| columns.clone());
    let (target, uncertainty) = (Column::default(), Column::default());
    let mut into = Gathered { features: columns, tares, target, uncertainty, sessions: Vec::new() };
    let mut instrument = None;
    for training in training {
        let Data::Sessions(sessions) = training.data else { continue };
        for one in sessions {
            let found = Instrument::of(&one.session, recipe);
            let expected = instrument.get_or_insert_with(|| found.clone());
            if found != *expected {
                return Err(FitError::Pad {
                    dataset: training.dataset.name.clone(),
                    session: one.session.id.clone(),
                    found: Box::new(found),
                    expected: Box::new(expected.clone()),
                });
            }
            check_tares(recipe, &one.session.id, &one.weighings)?;
            let start = into.target.len();
            let excluded = exclusion::of_weighings(
                training.dataset,
                &one.session.id,
                &one.weighings,
                recipe.model.tare,
            )?;
            for chunk in &one.chunks {
                into.push(one, chunk, &excluded);
            }
            if into.target.len() > start {
                let rows = start..into.target.len();
                into.sessions.push(Vec::from([rows]));
            }
        }
    }
    let features = into.features.into_iter().map(Cow::Owned).collect();
    let (target, uncertainty) = (Cow::Owned(into.target), Cow::Owned(into.uncertainty));
    Ok(Readings { names, features, tares: into.tares, target, uncertainty, sessions: into.sessions })
}

impl Gathered {
    fn push(&mut self, session: &SessionReadings, chunk: &Chunk, excluded: &Excluded) {
        for (at, key) in chunk.keys.iter().enumerate() {
            let Some(weighing) = key.weighing.filter(|weighing| !excluded.has(*weighing)) else { continue };
            let weighing = &session.weighings[weighing];
            let Some(mass) = weighing.reference_g.as_ref().filter(|_| is_fitted(key, weighing)) else {
                continue;
            };
            self.target.push(&mass.0);
            match &weighing.reference_u_g {
                Some(uncertainty) => self.uncertainty.push(&uncertainty.0),
                None => self.uncertainty.push_narrow(0, 0),
            }
            for (into, from) in self.features.iter_mut().zip(&chunk.features) {
                into.push_from(from, at);
            }
            for (into, from) in self.tares.iter_mut().flatten().zip(chunk.tares.iter().flatten()) {
                into.push_from(from, at);
            }
        }
    }
}

/// Insists that every load names a tare, under a recipe that subtracts one, and names an earlier one where
/// frames are read as they pass.
///
/// # Errors
/// The first load that does not.
pub fn check_tares(recipe: &Recipe, session: &Id, weighings: &[Weighing]) -> Result<(), FitError> {
    if recipe.model.tare == Tare::None {
        return Ok(());
    }
    let by_frame = recipe.reading.as_ref().is_some_and(|reading| reading.per == Per::Frame);
    for (at, load) in weighings.iter().enumerate().filter(|(_, load)| load.role != Role::Tare) {
        let (session, weighing) = (session.clone(), load.id.clone());
        let Some(tare) = &load.tare else { return Err(FitError::NoTare { session, weighing }) };
        if by_frame && !weighings[..at].iter().any(|earlier| earlier.id == *tare) {
            return Err(FitError::LateTare { session, weighing });
        }
    }
    Ok(())
}

/// Whether a session's reading is fitted, given its weighing.
pub fn is_fitted(key: &Key, weighing: &Weighing) -> bool {
    weighing.role == Role::Reference
        && key.complete
        && key.settled
        && key.tared
        && !key.saturated
        && !key.no_load
}

fn check_kinds(recipe: &Recipe, training: &[Training<'_>]) -> Result<(), FitError> {
    for training in training {
        check_kind(recipe, training.dataset)?;
    }
    Ok(())
}

/// Refuses a recipe for tables on sessions, and the other way round; a dataset with more in it than version 1 of
/// recipes knows of; and one that has no such features.
///
/// # Errors
/// The dataset is of another kind, or needs a recipe of version 2.
pub fn check_kind(recipe: &Recipe, dataset: &Dataset) -> Result<(), FitError> {
    use openweigh_formats::dataset::Kind;
    let newer = [
        (dataset.kind == Kind::SignalSessions, "sessions of signals"),
        (!dataset.excluded.is_empty(), "excluded rows or weighings"),
        (dataset.session_column.is_some(), "a session column"),
    ];
    if let Some((_, what)) = newer.into_iter().find(|(is, _)| *is && recipe.format == Format::V1) {
        return Err(FitError::OldRecipe { dataset: dataset.name.clone(), what });
    }
    let name = || dataset.name.clone();
    let Some(reading) = &recipe.reading else {
        if dataset.kind == Kind::Table {
            return Ok(());
        }
        return Err(FitError::Kind { dataset: name(), found: dataset.kind.as_str(), expected: "table" });
    };
    match dataset.kind {
        Kind::Table => {
            Err(FitError::Kind { dataset: name(), found: dataset.kind.as_str(), expected: "touch-sessions" })
        }
        Kind::SignalSessions => match reading.of_touches() {
            Some(key) => Err(FitError::TouchKey { dataset: name(), key }),
            None => Ok(()),
        },
        Kind::TouchSessions if recipe.format == Format::V2 && !recipe.reads_places() => {
            Err(FitError::NoTouchKey { dataset: name() })
        }
        Kind::TouchSessions => {
            let unknown = |feature: &ColumnName| Quantity::named(feature.as_str()).is_none();
            let Some(feature) = recipe.features().into_iter().find(unknown) else { return Ok(()) };
            let available = Quantity::ALL.iter().filter_map(|own| own.as_str().parse().ok()).collect();
            Err(FitError::NoQuantity { dataset: name(), feature, available })
        }
    }
}

/// The rows that no column lacks; none stands for all of them.
fn complete_rows<'a>(rows: usize, missing: impl Iterator<Item = &'a [usize]>) -> Option<Vec<usize>> {
    let mut lacking: Option<Vec<bool>> = None;
    for row in missing.flatten() {
        lacking.get_or_insert_with(|| vec![false; rows])[*row] = true;
    }
    lacking.map(|lacking| (0..rows).filter(|row| !lacking[*row]).collect())
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
