//! Which rows of which file a figure comes from.

use super::Scene;
use crate::failure::Failure;
use crate::screen::{Screen, padded};
use openweigh_dataset::{Data, SessionReadings};
use openweigh_formats::claim::{Claim, Quantity};
use openweigh_formats::count;
use openweigh_formats::dataset::{DatasetRole, MEASUREMENTS};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::weighings::Role;
use openweigh_formats::weights::Weights;
use openweigh_replay::Uncertain;

/// Sessions that are listed one by one.
const LISTED: usize = 12;

impl Scene<'_> {
    /// The rows that a claim about weights or about the errors of results comes from.
    pub(super) fn rows_of(&self, claim: &Claim, screen: &mut Screen) -> Result<(), Failure> {
        let file = &claim.over.file;
        if let Some(weights) = self.contents.weights.get(file) {
            return self.fitted_rows(file, &weights.recipe, screen);
        }
        let figure = matches!(
            claim.quantity,
            Quantity::Rmse | Quantity::MeanError | Quantity::MaxAbsError | Quantity::N
        );
        if figure && self.contents.results.contains(file) {
            screen.line(&format!("  {}the lines of {file} that have an error", padded("rows", 10)))?;
        }
        Ok(())
    }

    /// The rows that weights were fitted on.
    pub(super) fn fitted_rows(
        &self,
        weights: &RelativePath,
        recipe: &Recipe,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        let Some(derivation) = self.manifest.derivation_of(weights) else { return Ok(()) };
        for input in &derivation.inputs {
            let Some((dataset, data)) = self.contents.dataset(input, recipe) else { continue };
            let excluded = match dataset.excluded.len() {
                0 => String::new(),
                some => format!(", without the {some} that {input} excludes"),
            };
            let rows = match data {
                Data::Table(table) => {
                    let file = input.as_str().replace("dataset.json", MEASUREMENTS);
                    format!("{file}, lines 2 to {}{excluded}", table.rows() + 1)
                }
                Data::Sessions(sessions) => {
                    let folder = input.as_str().replace("dataset.json", "sessions");
                    format!("{folder}: {}{excluded}", weighed(sessions))
                }
            };
            screen.line(&format!("  {}{rows}", padded("rows", 10)))?;
        }
        Ok(())
    }

    /// The frames of a weighing and of its tare, with the files that they stand in.
    pub(super) fn frames(
        &self,
        path: &RelativePath,
        one: &SessionReadings,
        weighing: &str,
        screen: &mut Screen,
    ) -> Result<(), Failure> {
        let Some(dataset) = self.contents.datasets.get(path) else { return Ok(()) };
        let id = one.session.id.as_str();
        let file = |role: DatasetRole| {
            let file = dataset.session_file(id, role)?;
            path.sibling(&file.path).ok()
        };
        let Some(frames) = file(dataset.kind.frames()) else { return Ok(()) };
        let stated = file(DatasetRole::Weighings);
        let named = |id: &str| one.weighings.iter().position(|own| own.id.as_str() == id);
        let tell = |word: &str, at: usize, screen: &mut Screen| {
            let own = &one.weighings[at];
            let (first, last) = (own.first_frame, own.last_frame);
            let listed =
                stated.as_ref().map_or_else(String::new, |file| format!(" ({file}, line {})", at + 2));
            screen.line(&format!("  {}frames {first} to {last} of {frames}{listed}", padded(word, 10)))
        };
        let Some(at) = named(weighing) else { return Ok(()) };
        tell("read from", at, screen)?;
        match one.weighings[at].tare.as_ref().and_then(|tare| named(tare.as_str())) {
            Some(tare) => tell("its tare", tare, screen),
            None => Ok(()),
        }
    }
}

/// How many loads of known mass each session weighed.
fn weighed(sessions: &[SessionReadings]) -> String {
    let known =
        |one: &SessionReadings| one.weighings.iter().filter(|own| own.role == Role::Reference).count();
    let mut listed: Vec<String> = sessions
        .iter()
        .take(LISTED)
        .map(|one| format!("{} ({} of known mass)", one.session.id, count::of(known(one), "weighing")))
        .collect();
    if sessions.len() > LISTED {
        listed.push(format!("and {}", count::of(sessions.len() - LISTED, "more session")));
    }
    listed.join(", ")
}

/// What stands behind ±, and how it was rounded.
pub(super) fn uncertainty(
    uncertain: Option<&Uncertain>,
    weights: &Weights,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let Some(uncertain) = uncertain else { return Ok(()) };
    let decimals = weights.recipe.result.decimals;
    let (k, root) = match (&uncertain.budget, &weights.recipe.result.coverage) {
        (Some(stated), _) => {
            (format!("{} ({})", stated.k, count::of(stated.dof, "degree of freedom")), "k²·u²")
        }
        (None, Some(k)) => (k.to_string(), "k²·(s² + xᵀCx)"),
        (None, None) => return Ok(()),
    };
    screen.line(&format!(
        "  {}{}, the expanded uncertainty: the root of {root} with k = {k}, to {decimals} decimals, half to even",
        padded("±", 10),
        uncertain.expanded
    ))
}
