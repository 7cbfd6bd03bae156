//! `openweigh inspect`

use crate::answer::InspectedResults;
use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::show;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::count;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::recipe::Estimator;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::shown::quoted;
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, csv, limits};
use openweigh_ledger::Ledger;
use serde_json::json;
use std::path::PathBuf;

/// Show a dataset, weights, results, a recipe or a manifest
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh inspect artifacts/weights/load-cell-1.0.0.json
  openweigh inspect load-cell-1.0.0
  openweigh inspect datasets/load-cell")]
pub(crate) struct Args {
    /// Weights, a dataset, a recipe, a manifest or results: by path, or by name in the ledger, `name-version`
    #[arg(value_name = "FILE")]
    file: String,
}

/// Whether the beginning of a file says that it is this kind of document, of any version.
fn is<T: Document>(head: &str) -> bool {
    [T::FORMAT].iter().chain(T::LATER).any(|format| head.contains(&format!("\"{format}\"")))
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let mut found = place::named(&args.file)?.into_iter();
    let path = found.next().unwrap_or_else(|| PathBuf::from(&args.file));
    let limit = if path.extension().is_some_and(|extension| extension == "csv") {
        global.max_csv()
    } else {
        limits::JSON_BYTES
    };
    let bytes = place::read(&path, limit)?;
    let digest = Digest::of(&bytes);
    let head: String = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
    let malformed = |source| Failure::Malformed { path: place::shown(&path), source };
    if is::<Weights>(&head) {
        let weights: Weights = canonical::read(&bytes).map_err(malformed)?;
        screen.artifact(&weights);
        show::weights(&weights, screen)?;
        let declared = weights.recipe.fit.estimator == Estimator::Declared;
        let verb = if declared { "declared, not fitted; judged on" } else { "fitted on" };
        for trained in &weights.trained_on {
            screen.line(&format!(
                "  {verb} {} {}, sha256 {}…",
                trained.name,
                trained.version,
                trained.sha256.short()
            ))?;
        }
        screen.line(&format!("  licence {}", weights.licence))?;
    } else if is::<Dataset>(&head) {
        let described: Dataset = canonical::read(&bytes).map_err(malformed)?;
        dataset(&described, screen)?;
        let folder = Ledger::at(path.parent().map_or_else(PathBuf::new, PathBuf::from));
        let progress = Progress::new(!global.quiet && !global.json);
        let shelf = place::OnDisk(&folder, &progress);
        for note in openweigh_verify::contradictions::contradictions(&described, &shelf, global.max_csv()) {
            screen.line(&screen.tone(Tone::Doubtful, &format!("  note: {note}")))?;
        }
    } else if is::<Manifest>(&head) {
        manifest(&canonical::read(&bytes).map_err(malformed)?, screen)?;
    } else if head.contains("openweigh.recipe/") {
        recipe(&Recipe::from_toml(&bytes).map_err(malformed)?, screen)?;
    } else if head.starts_with("dataset,") {
        results(csv::checked(&bytes).map_err(malformed)?, screen)?;
    } else {
        return Err(Failure::input(
            place::shown(&path),
            "found no file of openweigh: expected weights, a dataset (by its folder), a recipe, a manifest or results; a table of another program comes in with `openweigh import table FILE --name NAME`",
        ));
    }
    screen.line(&screen.tone(Tone::Faint, &format!("  sha256 {digest}")))?;
    for other in found {
        screen.line(&format!("  of the same name: {}", place::shown(&other)))?;
    }
    Ok(exit::DONE)
}

fn heading(text: &str, screen: &mut Screen) -> Result<(), Failure> {
    screen.line(&screen.tone(Tone::Strong, text))
}

fn dataset(dataset: &Dataset, screen: &mut Screen) -> Result<(), Failure> {
    screen.artifact(dataset);
    heading(&show::title(&dataset.name, &dataset.version, &dataset.title), screen)?;
    if !dataset.description.as_str().is_empty() {
        screen.line(&format!("  {}", quoted(dataset.description.as_str())))?;
    }
    let origin = quoted(dataset.provenance.origin.as_str());
    screen.line(&format!("  {}: {origin}", dataset.provenance.kind.as_str()))?;
    let mut rows = vec![["column", "unit", "type"].map(str::to_owned).to_vec()];
    for column in &dataset.columns {
        let unit = column.unit.as_ref().map_or("not stated", |unit| unit.as_str());
        let cells = json!(column.cells).as_str().unwrap_or_default().to_owned();
        rows.push(vec![column.name.to_string(), unit.to_owned(), cells]);
    }
    if !dataset.columns.is_empty() {
        show::table(&rows, &[false, false, false], screen)?;
    }
    for file in &dataset.files {
        screen.line(&format!("  {}: {} bytes, sha256 {}…", file.path, file.bytes, file.sha256.short()))?;
    }
    for one in &dataset.excluded {
        let what = match (&one.session, &one.weighing, one.row) {
            (Some(session), Some(weighing), _) => format!("{session}/{weighing}"),
            (.., row) => format!("row {}", row.unwrap_or_default()),
        };
        let text = format!("  excluded: {what}, never fitted: {}", quoted(one.reason.as_str()));
        screen.line(&screen.tone(Tone::Doubtful, &text))?;
    }
    if let Some(from) = &dataset.provenance.derived_from {
        screen.line(&format!(
            "  derived from {} {}, sha256 {}…",
            from.name,
            from.version,
            from.sha256.short()
        ))?;
    }
    screen.line(&format!("  licence {}", dataset.licence))
}

fn manifest(manifest: &Manifest, screen: &mut Screen) -> Result<(), Failure> {
    screen.artifact(manifest);
    heading(&show::title(&manifest.name, &manifest.version, &manifest.title), screen)?;
    let mut rows = vec![["file", "role", "bytes", "sha256", "licence"].map(str::to_owned).to_vec()];
    for file in &manifest.files {
        let digest = format!("{}…", file.sha256.short());
        rows.push(vec![
            file.path.to_string(),
            file.role.as_str().to_owned(),
            file.bytes.to_string(),
            digest,
            file.licence.to_string(),
        ]);
    }
    show::table(&rows, &[false, false, true, false, false], screen)?;
    let mut rows = vec![["claim", "quantity", "value", "unit"].map(str::to_owned).to_vec()];
    for claim in &manifest.claims {
        let unit = claim.unit.as_ref().map_or("", |unit| unit.as_str());
        rows.push(vec![
            claim.id.to_string(),
            claim.quantity.as_str().to_owned(),
            claim.value.to_string(),
            unit.to_owned(),
        ]);
    }
    if rows.len() > 1 {
        show::table(&rows, &[false, false, false, false], screen)?;
    }
    Ok(())
}

fn recipe(recipe: &Recipe, screen: &mut Screen) -> Result<(), Failure> {
    screen.artifact(recipe);
    let terms: Vec<String> = recipe.model.terms.iter().map(ToString::to_string).collect();
    heading(&format!("recipe {}", recipe.name), screen)?;
    screen.line(&format!("  {} from the terms {}", recipe.model.target, terms.join(", ")))?;
    let (estimator, validation) = (String::from(recipe.fit.estimator), String::from(recipe.fit.validation));
    screen
        .line(&format!("  {estimator}, {} significant digits, validation {validation}", recipe.fit.digits))?;
    let unit = recipe
        .result
        .unit
        .as_ref()
        .map_or("in a unit that is not stated".to_owned(), |unit| format!("in {unit}"));
    let coverage =
        recipe.result.coverage.as_ref().map_or(String::new(), |factor| format!(", coverage factor {factor}"));
    screen.line(&format!("  results {unit}, {} decimals{coverage}", recipe.result.decimals))
}

fn results<'a>(lines: impl Iterator<Item = &'a str> + Clone, screen: &mut Screen) -> Result<(), Failure> {
    let count = lines.clone().count().saturating_sub(1);
    let shown: Vec<Vec<String>> =
        lines.take(11).map(|line| line.split(',').map(str::to_owned).collect()).collect();
    screen.document(&InspectedResults { columns: shown.first().cloned(), rows: count });
    heading(&format!("results: {}", count::of(count, "row")), screen)?;
    let right: Vec<bool> = shown.first().map_or(Vec::new(), |header| {
        header.iter().map(|name| !matches!(name.as_str(), "dataset" | "flags")).collect()
    });
    show::table(&shown, &right, screen)?;
    if count > 10 {
        screen.line(&format!("  … and {} more", count - 10))?;
    }
    Ok(())
}
