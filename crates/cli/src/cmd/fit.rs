//! `openweigh fit`

use crate::args::Global;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_fit::{Header, Training, fit};
use openweigh_formats::licence::Licence;
use openweigh_formats::recipe::Estimator;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::{Digest, canonical};
use openweigh_ledger::{Ledger, Written, write_atomically};
use serde_json::json;
use std::path::PathBuf;

/// Fit weights to datasets, as a recipe says
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh fit --dataset load-cell --recipe load-cell --name load-cell --version 1.0.0
  openweigh fit --dataset day-1 day-2 --recipe artifacts/recipes/affine.toml --name scale --version 2.0.0 -o -")]
pub(crate) struct Args {
    /// Datasets, by name or folder, in order
    #[arg(long, value_name = "D", required = true, num_args = 1..)]
    dataset: Vec<String>,
    /// Recipe, by name or path
    #[arg(long, value_name = "R")]
    recipe: String,
    /// Name of the weights
    #[arg(long, value_name = "N")]
    name: Name,
    /// Their semantic version
    #[arg(long, value_name = "V")]
    version: Version,
    /// One line for people
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// Licence of the weights, an SPDX expression [default: that of the data]
    #[arg(long, value_name = "SPDX")]
    license: Option<Licence>,
    /// Weights that these continue, by `name-version` or path
    #[arg(long, value_name = "W")]
    parent: Option<String>,
    /// Where to write, `-` for standard output [default: artifacts/weights/N-V.json]
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let recipe = place::recipe(&ledger, &args.recipe)?;
    let loaded = place::datasets(&ledger, &args.dataset, &recipe, global.max_csv())?;
    let parent = args.parent.as_ref().map(|word| place::weights(&ledger, word)).transpose()?;
    let training: Vec<Training<'_>> = loaded.iter().map(place::Loaded::training).collect();
    let named: Vec<&str> = loaded.iter().map(|loaded| loaded.dataset.name.as_str()).collect();
    let declared = recipe.fit.estimator == Estimator::Declared;
    let verb = if declared { "judged on" } else { "fitted on" };
    let title =
        args.title.map_or_else(|| Line::try_from(format!("{} {verb} {}", recipe.name, named.join(", "))), Ok);
    let header = Header {
        title: title.map_err(|error| Failure::usage(format!("--title: {error}")))?,
        licence: args.license,
        parent: parent.map(|(_, digest)| digest),
        name: args.name,
        version: args.version,
    };
    let weights = fit(header, &recipe, &training, global.threads())?.weights;
    let bytes = canonical::write(&weights);
    if args.output.as_deref() == Some(std::path::Path::new("-")) {
        screen.raw(&bytes)?;
        return Ok(exit::DONE);
    }
    let default = || ledger.on_disk(&Ledger::weights(&weights.name, &weights.version));
    let path = args.output.unwrap_or_else(default);
    let written = write_atomically(&path, &bytes, args.force)?;
    let digest = Digest::of(&bytes);
    screen.document(json!({
        "file": place::shown(&path), "sha256": digest.as_str(), "bytes": bytes.len(),
        "written": written != Written::Same, "weights": show::json_of(&weights),
    }));
    show::weights(&weights, screen)?;
    show::written(&path, written, &digest, screen)?;
    Ok(exit::DONE)
}
