//! `openweigh recipe new`

use crate::answer::RecipeNew;
use crate::args::Global;
use crate::cmd::proposing::{self, ModelArgs};
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_formats::Digest;
use openweigh_formats::text::Name;
use openweigh_ledger::Written;

/// Write a recipe: what is fitted, and how
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh recipe new --dataset coins --target mass --preset affine
  openweigh recipe new --dataset coins --target mass --terms 1,reading,reading^2 --name bent")]
pub(crate) struct Args {
    /// Datasets that it is for, by name or folder
    #[arg(long, value_name = "D", required = true, num_args = 1..)]
    dataset: Vec<String>,
    /// Name of the recipe [default: that of the first dataset]
    #[arg(long, value_name = "N")]
    name: Option<Name>,
    /// Replace an existing recipe
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    model: ModelArgs,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let (_, first, _) = place::describe(&ledger, &args.dataset[0])?;
    let name = args.name.clone().unwrap_or(first.name);
    let datasets = args.dataset.join(" ");
    let wish = args.model.wish(name).ok_or_else(|| Failure::NoModel { datasets: datasets.clone() })?;
    let (mut recipe, _) = proposing::propose(&wish, &ledger, &args.dataset, global.max_csv())?;
    if args.name.is_none() && !args.force {
        proposing::settle_name(&ledger, &mut recipe);
    }
    let (path, written) = proposing::write(&ledger, &recipe, args.force)?;
    let text = recipe.to_toml();
    screen.document(&RecipeNew {
        file: place::shown(&path),
        written: written != Written::Same,
        recipe: &recipe,
    });
    show::text(&text, screen)?;
    show::written(&path, written, &Digest::of(text.as_bytes()), screen)?;
    show::next(&format!("fit --dataset {datasets} --recipe {}", recipe.name), screen)?;
    Ok(exit::DONE)
}
