//! `openweigh fit`

use crate::answer::Fitted;
use crate::args::Global;
use crate::cmd::proposing::{self, ModelArgs};
use crate::failure::Failure;
use crate::place;
use crate::progress::Progress;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_fit::{FitError, Header, Training, fit};
use openweigh_formats::licence::Licence;
use openweigh_formats::recipe::{Estimator, Recipe};
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::{Digest, canonical, limits};
use openweigh_ledger::{Kind, Ledger, Written};
use std::path::PathBuf;

/// Fit calibration weights (the coefficients) to datasets
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh fit --dataset coins --target mass --preset affine
  openweigh fit --dataset coins --target mass --terms 1,reading,reading^2 --name scale
  openweigh fit --dataset load-cell --recipe load-cell --name load-cell --version 1.0.0
  openweigh fit --dataset day-1 day-2 --recipe affine --name scale --version 2.0.0 -o -

Without --recipe, the recipe that was made of --terms or --preset is written into artifacts/recipes.")]
#[command(group(clap::ArgGroup::new("what").args(["recipe", "terms", "preset"])))]
pub(crate) struct Args {
    /// Datasets, by name or folder, in order
    #[arg(long, value_name = "D", required = true, num_args = 1..)]
    dataset: Vec<String>,
    /// Recipe, by name or path
    #[arg(long, value_name = "R", conflicts_with_all = ["target", "decimals", "validation"])]
    recipe: Option<String>,
    /// Name of the weights [default: that of the first dataset]
    #[arg(long, value_name = "N")]
    name: Option<Name>,
    /// Version of the weights (semver)
    #[arg(long, value_name = "V", default_value = "1.0.0")]
    version: Version,
    /// Title, in one line
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// Licence of the weights, an SPDX expression [default: that of the data]
    #[arg(long, value_name = "SPDX")]
    license: Option<Licence>,
    /// Weights that these continue, by `name-version` or path
    #[arg(long, value_name = "W")]
    parent: Option<String>,
    /// File to write, `-` for standard output [default: artifacts/weights/N-V.json]
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    model: ModelArgs,
}

/// Where the recipe is from.
enum Origin {
    /// From a file of the ledger.
    File(PathBuf),
    /// From the command line; the file is yet to be written.
    Words,
}

pub(crate) fn run(args: Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => place::describe(&ledger, &args.dataset[0])?.1.name,
    };
    let (recipe, loaded, from) = model(&args, &ledger, name.clone(), global.max_csv())?;
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
        name,
        version: args.version,
    };
    let progress = Progress::of("fitting");
    let fitted = fit(header, &recipe, &training, global.threads());
    drop(progress);
    let weights = fitted.map_err(|error| one_session(error, &from))?.weights;
    let bytes = canonical::write(&weights);
    if args.output.as_deref() == Some(std::path::Path::new("-")) {
        if let Origin::Words = from {
            proposing::write(&ledger, &recipe, false)?;
        }
        screen.raw(&bytes)?;
        return Ok(exit::DONE);
    }
    let own = Ledger::weights(&weights.name, &weights.version);
    let read = place::read_of(&ledger, &loaded);
    let (path, written) = place::write(&ledger, args.output.as_deref(), &own, &bytes, args.force, &read)?;
    let digest = Digest::of(&bytes);
    let made = match &from {
        Origin::Words => Some(proposing::write(&ledger, &recipe, false)?),
        Origin::File(_) => None,
    };
    screen.document(&Fitted {
        file: place::shown(&path),
        sha256: digest.to_string(),
        bytes: bytes.len(),
        written: written != Written::Same,
        weights: &weights,
        recipe: made.as_ref().map(|(path, _)| place::shown(path)),
    });
    if let Some((path, written)) = &made {
        let text = recipe.to_toml();
        show::text(&text, screen)?;
        show::written(path, *written, &Digest::of(text.as_bytes()), screen)?;
    }
    show::weights(&weights, screen)?;
    show::written(&path, written, &digest, screen)?;
    let (name, version, datasets) = (&weights.name, &weights.version, args.dataset.join(" "));
    show::next(&format!("replay --weights {name}-{version} --dataset {datasets}"), screen)?;
    Ok(exit::DONE)
}

/// The recipe, with the datasets as it reads them.
fn model(
    args: &Args,
    ledger: &Ledger,
    name: Name,
    max_csv: u64,
) -> Result<(Recipe, Vec<place::Loaded>, Origin), Failure> {
    match (&args.recipe, args.model.wish(name)) {
        (None, Some(wish)) => {
            let (mut recipe, loaded) = proposing::propose(&wish, ledger, &args.dataset, max_csv)?;
            proposing::settle_name(ledger, &mut recipe);
            Ok((recipe, loaded, Origin::Words))
        }
        (None, None) => Err(Failure::NoModel { datasets: args.dataset.join(" ") }),
        (Some(word), _) => {
            let path = place::find(ledger, Kind::Recipe, word)?;
            let recipe = place::recipe(&path)?;
            let loaded = place::datasets(ledger, &args.dataset, &recipe, max_csv)?;
            Ok((recipe, loaded, Origin::File(path)))
        }
    }
}

/// Sessions that are to be left out, where there is only one: what to write, and where.
fn one_session(error: FitError, from: &Origin) -> Failure {
    let FitError::OneSession = error else { return error.into() };
    let place = match from {
        Origin::Words => None,
        Origin::File(path) => {
            let bytes = place::read(path, limits::TOML_BYTES).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let line = text.lines().position(|line| line.trim_start().starts_with("validation"));
            Some(format!("{}:{}", place::shown(path), line.map_or(1, |at| at + 1)))
        }
    };
    Failure::OneSession { place }
}
