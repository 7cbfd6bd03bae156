//! Results: what they come from, and whether a line of theirs is the one that is derived again.

use super::Scene;
use crate::answer::Explained;
use crate::exit;
use crate::failure::Failure;
use crate::screen::{Screen, Tone, padded};
use openweigh_dataset::Data;
use openweigh_formats::Digest;
use openweigh_formats::limits;
use openweigh_formats::manifest::Role;
use openweigh_formats::path::RelativePath;
use openweigh_formats::weights::Weights;

impl Scene<'_> {
    /// The name of the only dataset that has such a weighing.
    pub(super) fn dataset_of(&self, session: &str, weighing: &str) -> Result<&str, Failure> {
        let has = |path: &&RelativePath| {
            self.results_of(path)
                .and_then(|(_, weights)| self.contents.dataset(path, &weights.recipe))
                .is_some_and(|(_, data)| match data {
                    Data::Sessions(sessions) => sessions.iter().any(|one| {
                        one.session.id.as_str() == session
                            && one.weighings.iter().any(|own| own.id.as_str() == weighing)
                    }),
                    Data::Table(_) => false,
                })
        };
        let found = self.contents.datasets.iter().filter(|(path, _)| has(path));
        let names: Vec<&str> = found.map(|(_, dataset)| dataset.name.as_str()).collect();
        match names.as_slice() {
            [name] => Ok(name),
            [] => Err(Failure::usage(format!(
                "no results of this manifest are of a weighing `{session}/{weighing}`; `openweigh replay` prints those that \
                 there are"
            ))),
            several => Err(Failure::usage(format!(
                "`{session}/{weighing}` is in several datasets; say which one: {}",
                several
                    .iter()
                    .map(|name| format!("{name}:{session}/{weighing}"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ))),
        }
    }

    /// What results come from, and how their lines are made.
    pub(super) fn results(&self, path: &RelativePath, screen: &mut Screen) -> Result<u8, Failure> {
        let derivation = self.manifest.derivation_of(path);
        let inputs: Vec<&RelativePath> = derivation.iter().flat_map(|own| &own.inputs).collect();
        let weights = inputs.first().and_then(|own| self.contents.weights.get(*own));
        let Some(weights) = weights else {
            return Err(Failure::input(path, "its weights could not be read; `openweigh verify` says why"));
        };
        screen.line(&screen.tone(Tone::Strong, &format!("results {path}")))?;
        for input in &inputs {
            screen.line(&format!("  {}{input}", padded("from", 10)))?;
        }
        let recipe = &weights.recipe;
        let terms: Vec<String> =
            weights.terms.iter().map(|own| format!("({})·{}", own.coefficient, own.term)).collect();
        screen.line(&format!(
            "  {}{} = {}",
            padded("each line", 10),
            recipe.model.target,
            terms.join(" + ")
        ))?;
        let decimals = recipe.result.decimals;
        screen.line(&format!(
            "  {}to {decimals} decimals, half to even; so are ± and the error",
            padded("rounded", 10)
        ))?;
        let same = self.derived.results.contains_key(path);
        screen.document(&Explained::Results {
            results: path.to_string(),
            from: inputs.iter().map(ToString::to_string).collect(),
            derived: same,
        });
        let dataset = inputs.get(1).and_then(|path| self.contents.datasets.get(*path));
        if let Some(dataset) = dataset {
            let example = if dataset.measurements().is_some() { "0" } else { "SESSION/WEIGHING" };
            let (name, version) = (&self.manifest.name, &self.manifest.version);
            screen.line(&format!(
                "one of its lines: openweigh explain {name}-{version} {}:{example}",
                dataset.name
            ))?;
        }
        Ok(exit::DONE)
    }

    /// The results that predict a row of a dataset, with the weights they came from.
    fn results_of(&self, dataset: &RelativePath) -> Option<(&RelativePath, &Weights)> {
        self.manifest.of_role(Role::Results).find_map(|file| {
            let derivation = self.manifest.derivation_of(&file.path)?;
            let (weights, datasets) = derivation.inputs.split_first()?;
            datasets.contains(dataset).then_some(())?;
            Some((&file.path, self.contents.weights.get(weights)?))
        })
    }

    /// The `dataset.json` of a name that some results were derived from, with those results.
    pub(super) fn predicted(
        &self,
        name: Option<&str>,
    ) -> Result<(&RelativePath, &RelativePath, &Weights), Failure> {
        let named = |dataset: &&RelativePath| {
            self.contents
                .datasets
                .get(*dataset)
                .is_some_and(|dataset| name.is_none_or(|name| dataset.name.as_str() == name))
        };
        let path =
            self.contents.datasets.keys().filter(named).find(|dataset| self.results_of(dataset).is_some());
        let found =
            path.and_then(|path| self.results_of(path).map(|(results, weights)| (path, results, weights)));
        found.ok_or_else(|| {
            Failure::usage(format!(
                "no results of this manifest are of {}: make them with `openweigh replay`, and seal them with --results",
                name.map_or("any dataset".to_owned(), |name| format!("the dataset `{name}`"))
            ))
        })
    }

    /// Shows a line derived again, and whether the published one is the same.
    pub(super) fn compare(
        &self,
        results: &RelativePath,
        derived: &str,
        start: &str,
        screen: &mut Screen,
    ) -> Result<bool, Failure> {
        screen.line(&format!("  {}{derived}", padded("line", 10)))?;
        let published = self.published_line(results, start);
        let same = published.as_ref().is_none_or(|(_, line)| line == derived);
        match published {
            Some((line, _)) if same => {
                screen.line(&format!("  published in {results}, line {line}, the same"))?;
            }
            Some((line, text)) => {
                screen.finding(&format!("  published in {results}, line {line}, differently: {text}"))?;
            }
            None => screen.line(&format!("  {results} has no such line, or could not be read"))?,
        }
        Ok(same)
    }

    /// The published line of a row; only from bytes that have their digest.
    fn published_line(&self, results: &RelativePath, start: &str) -> Option<(usize, String)> {
        let listed = self.manifest.file(results).filter(|_| self.contents.results.contains(results))?;
        let mut bytes = Vec::new();
        self.ledger.read(results, limits::CSV_BYTES, &mut |block| bytes.extend_from_slice(block)).ok()?;
        if Digest::of(&bytes) != listed.sha256 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes);
        text.lines()
            .enumerate()
            .find(|(_, line)| line.starts_with(start))
            .map(|(at, line)| (at + 1, line.to_owned()))
    }
}
