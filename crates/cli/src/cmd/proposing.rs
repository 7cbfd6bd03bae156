//! What commands are told that make a recipe: which column, from which terms.

use crate::failure::Failure;
use crate::place::{self, Loaded};
use openweigh_fit::Training;
use openweigh_fit::proposal::{self, Preset, Shape, Wish};
use openweigh_formats::dataset::{self, Dataset, DatasetRole};
use openweigh_formats::recipe::{Recipe, Validation};
use openweigh_formats::session::Session;
use openweigh_formats::term::Term;
use openweigh_formats::text::{ColumnName, Name};
use openweigh_ledger::{Kind, Ledger, Written};
use std::path::{Path, PathBuf};

/// The model, without a recipe that says it.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "In place of a recipe")]
pub(crate) struct ModelArgs {
    /// Column to predict [default of sessions: `reference_g`, the known masses]
    #[arg(long, value_name = "COL")]
    pub(crate) target: Option<ColumnName>,
    /// Terms of the model, between commas: 1,reading,reading^2
    #[arg(long, value_name = "A,B,…", conflicts_with = "preset", value_parser = terms)]
    pub(crate) terms: Option<TermList>,
    /// A model by name, where one column alone can be the reading
    #[arg(long, value_name = "P", value_enum)]
    pub(crate) preset: Option<PresetWord>,
    /// Decimals of a prediction [default: one more than the target has, at least 2]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=50))]
    decimals: Option<u32>,
    /// How the fit is validated: none, leave-one-out, leave-one-session-out, k-fold:K [default: by leaving out
    /// sessions where there are several, else rows]
    #[arg(long, value_name = "HOW", value_parser = validation)]
    validation: Option<Validation>,
}

/// Terms, as one value of the command line.
#[derive(Debug, Clone)]
pub(crate) struct TermList(Vec<Term>);

fn terms(text: &str) -> Result<TermList, String> {
    Term::list(text).map(TermList).map_err(|error| error.to_string())
}

fn validation(text: &str) -> Result<Validation, String> {
    Validation::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// A preset by its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PresetWord(Preset);

impl clap::ValueEnum for PresetWord {
    fn value_variants<'a>() -> &'a [Self] {
        const WORDS: [PresetWord; Preset::ALL.len()] = {
            let mut words = [PresetWord(Preset::Affine); Preset::ALL.len()];
            let mut at = 0;
            while at < words.len() {
                words[at] = PresetWord(Preset::ALL[at]);
                at += 1;
            }
            words
        };
        &WORDS
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.as_str()).help(self.0.meaning()))
    }
}

impl ModelArgs {
    /// The wish for a recipe of that name, if terms or a preset are given.
    pub(crate) fn wish(&self, name: Name) -> Option<Wish> {
        let shape = match (&self.terms, self.preset) {
            (Some(TermList(terms)), _) => Shape::Terms(terms.clone()),
            (None, Some(PresetWord(preset))) => Shape::Preset(preset),
            (None, None) => return None,
        };
        let target = self.target.clone();
        Some(Wish { name, target, shape, decimals: self.decimals, validation: self.validation })
    }
}

/// The recipe that is wished for, with the datasets as it reads them.
pub(crate) fn propose(
    wish: &Wish,
    ledger: &Ledger,
    words: &[String],
    max_csv: u64,
) -> Result<(Recipe, Vec<Loaded>), Failure> {
    let found = (words.iter())
        .map(|word| place::describe(ledger, word).map(|(path, dataset, _)| (path, dataset)))
        .collect::<Result<Vec<(PathBuf, Dataset)>, _>>()?;
    let described: Vec<&Dataset> = found.iter().map(|(_, dataset)| dataset).collect();
    let channels = found.first().map_or(Ok(Vec::new()), |(path, dataset)| channels(path, dataset))?;
    let mut recipe = proposal::draft(wish, &described, &channels)?;
    let loaded = place::datasets(ledger, words, &recipe, max_csv)?;
    let training: Vec<Training<'_>> = loaded.iter().map(Loaded::training).collect();
    proposal::settle(wish, &mut recipe, &training)?;
    Ok((recipe, loaded))
}

/// The channels of a dataset of signals, as its first session names them.
fn channels(path: &Path, dataset: &Dataset) -> Result<Vec<ColumnName>, Failure> {
    let first = dataset.files.iter().find(|file| file.role == DatasetRole::Session);
    let Some(first) = first.filter(|_| dataset.kind == dataset::Kind::SignalSessions) else {
        return Ok(Vec::new());
    };
    let (session, _): (Session, _) = place::document(&path.with_file_name(first.path.as_str()))?;
    Ok(session.channels().unwrap_or_default().iter().map(|channel| channel.name.clone()).collect())
}

/// Gives a recipe a name that is free in the ledger, or the one under which it is there already.
pub(crate) fn settle_name(ledger: &Ledger, recipe: &mut Recipe) {
    let own = recipe.name.clone();
    for number in 1_u32.. {
        if number > 1 {
            let Ok(next) = Name::try_from(format!("{own}-{number}")) else { return };
            recipe.name = next;
        }
        let path = ledger.place(Kind::Recipe, recipe.name.as_str());
        let there = place::read(&path, openweigh_formats::limits::TOML_BYTES).ok();
        if !path.exists() || there.is_some_and(|bytes| bytes == recipe.to_toml().into_bytes()) {
            return;
        }
    }
}

/// Writes a recipe into the ledger.
pub(crate) fn write(ledger: &Ledger, recipe: &Recipe, force: bool) -> Result<(PathBuf, Written), Failure> {
    let path = Ledger::recipe(&recipe.name);
    let written = ledger.write(&path, recipe.to_toml().as_bytes(), force, &[])?;
    Ok((ledger.on_disk(&path), written))
}
