//! Stages 3 and 4: weights and results, derived again from the data (7.2).

use crate::divergence;
use crate::finding::{Finding, Kind, Open, Other};
use crate::opened::{Opened, Streamed};
use crate::report::{Item, Stage, Verdict};
use crate::scope::Budget;
use crate::withheld::reserved;
use openweigh_fit::{FitError, Fitted, Header, Training, Work, fit_within};
use openweigh_formats::digest::Hasher;
use openweigh_formats::files::{self, Files};
use openweigh_formats::manifest::{Derivation, Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::{Digest, canonical};
use openweigh_replay::ReplayError;
use openweigh_replay::predict::Outcome;
use openweigh_replay::write::{Pair, write, write_within};
use std::collections::BTreeMap;

/// What was derived again.
#[derive(Debug, Default)]
pub struct Derived {
    /// Fits by the path of the weights, with whether the published weights are the same.
    pub fits: BTreeMap<RelativePath, (Fitted, bool)>,
    /// Figures of results by their path: only of results that were derived again byte for byte, from
    /// weights that were.
    pub results: BTreeMap<RelativePath, Outcome>,
}

/// Results that are kept for a comparison line by line.
const COMPARED_BYTES: u64 = 64 << 20;

/// Stages 3 and 4: derives weights, then results, again.
pub fn derive(
    manifest: &Manifest,
    opened: &Opened,
    from: &dyn Files,
    budget: Budget,
    derived: &mut Derived,
    add: &mut impl FnMut(Item),
) {
    let mut work = Work::default();
    for file in manifest.of_role(Role::Weights) {
        let verdict = fit_again(manifest, file, opened, budget, derived, &mut work);
        let verdict = reserved(verdict, manifest, opened, &file.path);
        add(Item { stage: Stage::Weights, subject: file.path.to_string(), verdict });
    }
    for file in manifest.of_role(Role::Results) {
        let verdict = replay_again(manifest, file, opened, from, budget, derived, &mut work);
        let verdict = reserved(verdict, manifest, opened, &file.path);
        add(Item { stage: Stage::Results, subject: file.path.to_string(), verdict });
    }
}

/// The datasets among some inputs, as a recipe reads them, or the first one that could not be read.
fn datasets<'a>(
    opened: &'a Opened,
    inputs: &[RelativePath],
    recipe: &Recipe,
) -> Result<Vec<(&'a RelativePath, Pair<'a>)>, Open> {
    (inputs.iter())
        .map(|path| {
            let found = opened.datasets.get_key_value(path);
            let pair = found.and_then(|(path, _)| opened.dataset(path, recipe).map(|pair| (path, pair)));
            pair.ok_or_else(|| Open::DatasetUnread(path.clone()))
        })
        .collect()
}

fn fit_again(
    manifest: &Manifest,
    file: &ManifestFile,
    opened: &Opened,
    budget: Budget,
    derived: &mut Derived,
    work: &mut Work,
) -> Verdict {
    let not_checkable = Verdict::NotCheckable;
    let Some(published) = opened.weights.get(&file.path) else {
        return not_checkable(Open::WeightsUnread);
    };
    let Some(Derivation { inputs, .. }) = manifest.derivation_of(&file.path) else {
        return not_checkable(Open::NoFit);
    };
    let Some((recipe_path, rest)) = inputs.split_first() else {
        return not_checkable(Open::NoRecipe);
    };
    let Some(recipe) = opened.recipes.get(recipe_path) else {
        return not_checkable(Open::RecipeUnread);
    };
    let of_role = |role: Role| {
        let matches = move |path: &&RelativePath| manifest.file(path).is_some_and(|file| file.role == role);
        rest.iter().filter(matches).cloned().collect::<Vec<RelativePath>>()
    };
    if let Err(finding) = check_parent(manifest, published.parent.value(), &of_role(Role::Weights)) {
        return Verdict::Failed(finding);
    }
    let datasets = match datasets(opened, &of_role(Role::Dataset), recipe) {
        Ok(datasets) => datasets,
        Err(why) => return Verdict::NotCheckable(why),
    };
    let training: Vec<Training<'_>> = (datasets.iter())
        .filter_map(|(path, (dataset, data))| {
            manifest.file(path).map(|file| Training { dataset, sha256: &file.sha256, data: *data })
        })
        .collect();
    // The same recipe and data under another name are fitted once.
    let known =
        derived.fits.values().map(|(fitted, _)| fitted).find(|fitted| fitted.is_of(recipe, &training));
    let fitted = match known {
        Some(known) => Ok(known.under(Header::of(published))),
        None => fit_within(Header::of(published), recipe, &training, budget.threads, work),
    };
    match fitted {
        Err(error) => cannot_fit(error),
        Ok(fitted) => {
            let same = Digest::of(&canonical::write(&fitted.weights)) == file.sha256;
            let verdict = if same {
                Verdict::Checked
            } else {
                Verdict::Failed(divergence::of_weights(published, &fitted))
            };
            derived.fits.insert(file.path.clone(), (fitted, same));
            verdict
        }
    }
}

/// That a limit was met says nothing of the weights.
fn cannot_fit(error: FitError) -> Verdict {
    let is_limit = error.is_limit();
    let finding = Kind::GivesNoWeights(error).into();
    if is_limit { Verdict::Malformed(finding) } else { Verdict::Failed(finding) }
}

/// The parent that weights name is the one that their derivation lists.
fn check_parent(
    manifest: &Manifest,
    parent: Option<&Digest>,
    listed: &[RelativePath],
) -> Result<(), Finding> {
    let listed: Vec<&Digest> =
        listed.iter().filter_map(|path| manifest.file(path)).map(|file| &file.sha256).collect();
    let named: Vec<&Digest> = parent.into_iter().collect();
    if listed == named {
        return Ok(());
    }
    let text = |digests: &[&Digest]| {
        digests.first().map_or_else(|| "no parent".to_owned(), |digest| (*digest).to_string())
    };
    Err(Finding {
        published: Some(text(&named)),
        other: Some(Other::Listed(text(&listed))),
        ..Kind::OtherParent.into()
    })
}

fn replay_again(
    manifest: &Manifest,
    file: &ManifestFile,
    opened: &Opened,
    from: &dyn Files,
    budget: Budget,
    derived: &mut Derived,
    work: &mut Work,
) -> Verdict {
    let not_checkable = Verdict::NotCheckable;
    let Some(Derivation { inputs, .. }) = manifest.derivation_of(&file.path) else {
        return not_checkable(Open::NoReplay);
    };
    let Some((weights_path, rest)) = inputs.split_first() else {
        return not_checkable(Open::NoWeights);
    };
    let Some(weights) = opened.weights.get(weights_path) else {
        return not_checkable(Open::WeightsOfResultsUnread);
    };
    if !opened.results.contains(&file.path) {
        return not_checkable(Open::ResultsUnread);
    }
    if let Some(streamed) = opened.streamed.get(&file.path) {
        return streamed_again(streamed, file, weights_path, derived);
    }
    let datasets = match datasets(opened, rest, &weights.recipe) {
        Ok(datasets) => datasets,
        Err(why) => return Verdict::NotCheckable(why),
    };
    let pairs: Vec<Pair<'_>> = datasets.into_iter().map(|(_, pair)| pair).collect();
    let mut hasher = Hasher::default();
    let sink = &mut |bytes: &[u8]| hasher.update(bytes);
    let outcome = write_within(weights, &pairs, budget.threads, work, sink);
    match outcome {
        Err(error) => cannot_apply(error),
        Ok(outcome) if hasher.finish() == file.sha256 => {
            let from_checked_weights = derived.fits.get(weights_path).is_some_and(|(_, same)| *same);
            if from_checked_weights {
                derived.results.insert(file.path.clone(), outcome);
            }
            Verdict::Checked
        }
        Ok(_) => Verdict::Failed(compare(weights, &pairs, file, opened, from, budget)),
    }
}

fn cannot_apply(error: ReplayError) -> Verdict {
    let is_limit = matches!(&error, ReplayError::Fit(error) if error.is_limit());
    let finding = Kind::NotApplicable(error).into();
    if is_limit { Verdict::Malformed(finding) } else { Verdict::Failed(finding) }
}

/// Results by frame, which were derived while the touches were read.
fn streamed_again(
    streamed: &Streamed,
    file: &ManifestFile,
    weights: &RelativePath,
    derived: &mut Derived,
) -> Verdict {
    if let Some(error) = &streamed.fault {
        return cannot_apply(error.clone());
    }
    if !streamed.complete {
        return Verdict::NotCheckable(Open::SessionUnread);
    }
    if streamed.sha256 != file.sha256 {
        return Verdict::Failed(Finding {
            published: Some(file.sha256.to_string()),
            other: Some(Other::Derived(streamed.sha256.to_string())),
            ..Kind::OtherResults.into()
        });
    }
    if derived.fits.get(weights).is_some_and(|(_, same)| *same) {
        derived.results.insert(file.path.clone(), streamed.outcome.clone());
    }
    Verdict::Checked
}

/// Finds where published results part from those derived again.
fn compare(
    weights: &openweigh_formats::weights::Weights,
    datasets: &[Pair<'_>],
    file: &ManifestFile,
    opened: &Opened,
    from: &dyn Files,
    budget: Budget,
) -> Finding {
    let mut derived = Vec::new();
    let written = write(weights, datasets, budget.threads, &mut |bytes| derived.extend_from_slice(bytes));
    let published = files::bytes(from, &file.path, COMPARED_BYTES).ok();
    let published = published.filter(|bytes| Digest::of(bytes) == file.sha256);
    match (published, written) {
        (Some(published), Ok(_)) => {
            let others = opened.weights.values().filter(|other| *other != weights);
            divergence::of_results(&published, &derived, others, datasets)
        }
        _ => Kind::OtherResults.into(),
    }
}
