//! `openweigh replay`

use crate::answer::{Errors, Replayed};
use crate::args::Global;
use crate::failure::Failure;
use crate::place;
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::{exit, show};
use openweigh_exact::{root, round};
use openweigh_formats::Digest;
use openweigh_formats::count;
use openweigh_formats::recipe::REFERENCE;
use openweigh_formats::weights::Weights;
use openweigh_ledger::{Ledger, Written};
use openweigh_replay::overview::{self, Overview, Row};
use openweigh_replay::{Pair, write};
use std::path::PathBuf;

/// Predictions that are shown without `-v`.
const SHOWN: usize = 10;

/// What flags mean.
const FLAGS: [(&str, &str); 4] = [
    ("extrapolated", "outside the range that was fitted"),
    ("saturated", "the sensor may have been at its limit"),
    ("gap", "a feature is missing, so nothing is predicted"),
    ("excluded", "never fitted"),
];

/// Apply weights to datasets: predictions with their uncertainty
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
    /// File to write, `-` for standard output [default: artifacts/results/W.csv, or W-on-D.csv on
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
    let (mut bytes, progress) = (Vec::new(), Progress::of("predicting"));
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
    let shown = if screen.is_verbose() { usize::MAX } else { SHOWN };
    let seen = overview::of(&bytes, shown).map_err(|source| {
        // What was written just now is in the dialect.
        Failure::Malformed { path: place::shown(&path), source }
    })?;
    screen.document(&Replayed {
        file: place::shown(&path),
        sha256: digest.to_string(),
        bytes: bytes.len(),
        rows,
        written: written != Written::Same,
        extrapolated: seen.flagged("extrapolated"),
        gaps: seen.flagged("gap"),
        saturated: seen.flagged("saturated"),
        errors: Errors {
            n: errors.rows(),
            rmse: rmse.clone(),
            mean_error: mean.clone(),
            max_abs_error: largest.clone(),
        },
    });
    tell(&seen, &weights, screen)?;
    screen.line(&format!(
        "{}, {} of them compared with a known target",
        count::of(rows, "row"),
        errors.rows()
    ))?;
    for (flag, meaning) in FLAGS {
        let flagged = seen.flagged(flag);
        if flagged > 0 {
            let word = screen.tone(Tone::Doubtful, flag);
            screen.line(&format!("  {word}: {}: {meaning}", count::of(flagged, "row")))?;
        }
    }
    if let (Some(rmse), Some(mean), Some(largest)) = (rmse, mean, largest) {
        let unit = weights.recipe.result.unit.as_ref().map_or(String::new(), |unit| format!(" {unit}"));
        screen
            .line(&format!("  rmse {rmse}{unit}, mean error {mean}{unit}, largest error {largest}{unit}"))?;
    }
    show::written(&path, written, &digest, screen)?;
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    show::next(&format!("claims new --weights {} --results {stem}", args.weights), screen)?;
    Ok(exit::DONE)
}

/// The first predictions, each with its uncertainty.
fn tell(seen: &Overview, weights: &Weights, screen: &mut Screen) -> Result<(), Failure> {
    if seen.shown.is_empty() {
        return Ok(());
    }
    let unit = weights.recipe.result.unit.as_ref().map_or_else(String::new, |unit| format!(" {unit}"));
    let target = match weights.recipe.model.target.as_str() {
        REFERENCE => "mass",
        other => other,
    };
    let of = if weights.recipe.reading.is_some() { "weighing" } else { "row" };
    let mut rows =
        vec![vec![of.to_owned(), format!("known{unit}"), format!("{target}{unit}"), "±".to_owned()]];
    rows[0].extend(["error".to_owned(), "flags".to_owned()]);
    // Results of version 2 leave the expanded uncertainty empty until there are budgets.
    let expanded = seen.shown.iter().any(|row| !row.expanded_u.is_empty());
    let places = |cell: &dyn Fn(&Row) -> &String| {
        seen.shown.iter().map(|row| cell(row).split_once('.').map_or(0, |(_, behind)| behind.len() + 1)).max()
    };
    let known = places(&|row| &row.target).unwrap_or_default();
    rows.extend(seen.shown.iter().map(|row| {
        // Known values have as many decimals as they have; the points stand below each other.
        let behind = row.target.split_once('.').map_or(0, |(_, behind)| behind.len() + 1);
        vec![
            row.of.clone(),
            format!("{}{}", row.target, " ".repeat(known - behind)),
            row.predicted.clone(),
            row.expanded_u.clone(),
            row.error.clone(),
            row.flags.clone(),
        ]
    }));
    let mut right = vec![false, true, true, true, true, false];
    if !expanded {
        right.remove(3);
        for row in &mut rows {
            row.remove(3);
        }
    }
    show::table(&rows, &right, screen)?;
    if let Some(more) = seen.rows.checked_sub(seen.shown.len() as u64).filter(|more| *more > 0) {
        screen.line(&format!("  … {} in the file", count::of(more, "more line")))?;
    }
    if expanded { screen.line(&format!("  ± {}", super::predict::coverage(weights))) } else { Ok(()) }
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
