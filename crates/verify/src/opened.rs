//! What was opened of a manifest's files: documents, tables, readings, each only with its digest and in its format.

use crate::licences::Texts;
use crate::report::Note;
use crate::withheld::Kept;
use openweigh_dataset::{Data, SessionReadings};
use openweigh_fit::Work;
use openweigh_formats::dataset::{Dataset, Kind};
use openweigh_formats::events::Event;
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::session::Session;
use openweigh_formats::table::Table;
use openweigh_formats::weighings::Weighing;
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, edit};
use openweigh_replay::ReplayError;
use openweigh_replay::predict::Outcome;
use std::collections::BTreeMap;

/// What could be read of a manifest's files: only what has its digest and its format.
#[derive(Debug, Default)]
pub struct Opened {
    /// Datasets.
    pub datasets: BTreeMap<RelativePath, Dataset>,
    /// Tables, by the path of the table.
    pub tables: BTreeMap<RelativePath, Table>,
    /// Recipes.
    pub recipes: BTreeMap<RelativePath, Recipe>,
    /// Weights.
    pub weights: BTreeMap<RelativePath, Weights>,
    /// Results whose bytes have their digest.
    pub results: Vec<RelativePath>,
    /// The sessions' descriptions, weighings and events, each by its path.
    pub sessions: BTreeMap<RelativePath, Session>,
    /// Weighings, by their path.
    pub weighings: BTreeMap<RelativePath, Vec<Weighing>>,
    /// Events, by their path.
    pub events: BTreeMap<RelativePath, Vec<Event>>,
    /// The readings of touch sessions, by dataset and recipe.
    pub readings: Vec<DatasetReadings>,
    /// Results by frame that were derived while the touches passed by.
    pub streamed: BTreeMap<RelativePath, Streamed>,
    /// What changes no verdict.
    pub notes: Vec<Note>,
    /// What a release keeps back.
    pub kept: Kept,
    /// The texts of licences that were compared.
    pub(crate) texts: Texts,
    /// What may still be spent on finding out how changed files were changed.
    pub(crate) search: edit::SearchBudget,
    /// What was spent on results that were derived while the touches passed by.
    pub(crate) work: Work,
}

/// The readings that a recipe makes of a dataset.
#[derive(Debug)]
pub struct DatasetReadings {
    /// The `dataset.json`.
    pub dataset: RelativePath,
    /// The recipe.
    pub recipe: Recipe,
    /// Session by session; none where one of them could not be read. Of a recipe by frame, only the readings
    /// that are fitted are kept.
    pub sessions: Option<Vec<SessionReadings>>,
}

/// Results derived from touches as they were read.
#[derive(Debug)]
pub struct Streamed {
    /// SHA-256 of the results' bytes.
    pub sha256: Digest,
    /// Their figures.
    pub outcome: Outcome,
    /// Why they could not be derived, if so.
    pub fault: Option<ReplayError>,
    /// Whether all sessions could be read.
    pub complete: bool,
}

impl Opened {
    /// The dataset of a `dataset.json`, and its data as the recipe reads them, if all could be read.
    pub fn dataset(&self, path: &RelativePath, recipe: &Recipe) -> Option<(&Dataset, Data<'_>)> {
        let dataset = self.datasets.get(path)?;
        let data = match dataset.kind {
            Kind::Table => Data::Table(self.tables.get(&path.sibling(&dataset.measurements()?.path).ok()?)?),
            // A recipe of the other kind makes no readings, which is told when they are asked for.
            Kind::TouchSessions | Kind::SignalSessions if recipe.reading.is_none() => Data::Sessions(&[]),
            Kind::TouchSessions | Kind::SignalSessions => Data::Sessions(self.readings(path, recipe)?),
        };
        Some((dataset, data))
    }

    /// The table of a dataset, if it has one that could be read.
    pub fn table(&self, path: &RelativePath) -> Option<(&Dataset, &Table)> {
        let dataset = self.datasets.get(path)?;
        let table = path.sibling(&dataset.measurements()?.path).ok()?;
        Some((dataset, self.tables.get(&table)?))
    }

    fn readings(&self, path: &RelativePath, recipe: &Recipe) -> Option<&[SessionReadings]> {
        let found = self.readings.iter().find(|own| own.dataset == *path && reads_alike(&own.recipe, recipe));
        found?.sessions.as_deref()
    }
}

/// Whether two recipes make the same readings.
pub(crate) fn reads_alike(left: &Recipe, right: &Recipe) -> bool {
    left.reading == right.reading
        && left.features() == right.features()
        && left.model.tare == right.model.tare
        && left.reads_places() == right.reads_places()
}
