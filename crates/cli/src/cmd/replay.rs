//! `openweigh replay`

use crate::args::Global;
use crate::failure::Failure;
use crate::place;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_exact::{root, round};
use openweigh_formats::Digest;
use openweigh_formats::weights::Weights;
use openweigh_ledger::{Ledger, Written};
use openweigh_replay::verify::{Pair, write};
use serde_json::json;
use std::path::PathBuf;

/// Apply weights to datasets: a table of predictions
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh replay --weights load-cell-1.0.0 --dataset load-cell
  openweigh replay --weights load-cell-1.0.0 --dataset day-3 -o - | head")]
pub(crate) struct Args {
    /// Weights, by `name-version` or path
    #[arg(long, value_name = "W")]
    weights: String,
    /// Datasets, by name or folder, in order
    #[arg(long, value_name = "D", required = true, num_args = 1..)]
    dataset: Vec<String>,
    /// Where to write, `-` for standard output [default: artifacts/results/W.csv, or W-on-D.csv on
    /// other data than W was fitted on]
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let (weights, _) = place::weights(&ledger, &args.weights)?;
    let loaded = place::datasets(&ledger, &args.dataset, &weights.recipe, global.max_csv())?;
    let pairs: Vec<Pair<'_>> = loaded.iter().map(|loaded| (&loaded.dataset, loaded.data())).collect();
    let (mut bytes, progress) = (Vec::new(), Progress::new(true));
    let outcome = write(&weights, &pairs, global.threads(), &mut |block| {
        bytes.extend_from_slice(block);
        progress.show(|| format!("predicting: {} MB of results", bytes.len() / 1_000_000));
    })?;
    drop(progress);
    if args.output.as_deref() == Some(std::path::Path::new("-")) {
        screen.raw(&bytes)?;
        return Ok(exit::DONE);
    }
    let typed = args.output.as_deref();
    // A path that was typed needs no name of ours.
    let stem = typed.map_or_else(|| stem(&weights, &loaded), |_| weights.name.to_string());
    let own = Ledger::results(&stem).map_err(|error| Failure::usage(format!("choose -o FILE: {error}")))?;
    let from = place::read_of(&ledger, &loaded);
    let (path, written) = place::write(&ledger, typed, &own, &bytes, args.force, &from)?;
    let digest = Digest::of(&bytes);
    let (rows, errors) = (loaded.iter().map(place::Loaded::rows).sum::<usize>(), &outcome.errors);
    let decimals = weights.recipe.result.decimals;
    let rmse = errors.mean_square().map(|square| root::to_places(&square, decimals).to_string());
    let mean = errors.mean().map(|mean| round::to_places(&mean, decimals).to_string());
    let largest = errors.largest().map(|largest| round::to_places(&largest, decimals).to_string());
    screen.document(json!({
        "file": place::shown(&path), "sha256": digest.as_str(), "bytes": bytes.len(), "rows": rows,
        "written": written != Written::Same,
        "errors": { "n": errors.rows(), "rmse": rmse, "mean_error": mean, "max_abs_error": largest },
    }));
    screen.line(&format!("{rows} rows, {} of them compared with a known target", errors.rows()))?;
    if let (Some(rmse), Some(mean), Some(largest)) = (rmse, mean, largest) {
        let unit = weights.recipe.result.unit.as_ref().map_or(String::new(), |unit| format!(" {unit}"));
        screen
            .line(&format!("  rmse {rmse}{unit}, mean error {mean}{unit}, largest error {largest}{unit}"))?;
    }
    show::written(&path, written, &digest, screen)?;
    Ok(exit::DONE)
}

/// `W`, or `W-on-D` on other data than the weights were fitted on.
fn stem(weights: &Weights, loaded: &[place::Loaded]) -> String {
    let own = format!("{}-{}", weights.name, weights.version);
    let trained = weights.trained_on.iter().map(|trained| &trained.sha256);
    if trained.eq(loaded.iter().map(|loaded| &loaded.sha256)) {
        return own;
    }
    let names: Vec<&str> = loaded.iter().map(|loaded| loaded.dataset.name.as_str()).collect();
    format!("{own}-on-{}", names.join("-and-"))
}
