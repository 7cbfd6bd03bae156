//! `openweigh init`

use crate::answer::Initialised;
use crate::exit;
use crate::failure::Failure;
use crate::place::shown;
use crate::screen::Screen;
use openweigh_ledger::Ledger;
use std::path::PathBuf;

/// Create an empty ledger: folders for datasets, artifacts and manifests
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh init                 here
  openweigh init my-scale        in a new folder")]
pub(crate) struct Args {
    /// Folder to create it in
    #[arg(value_name = "DIR", default_value = ".")]
    folder: PathBuf,
}

pub(crate) fn run(args: &Args, screen: &mut Screen) -> Result<u8, Failure> {
    let made = Ledger::at(&args.folder).create()?;
    let made: Vec<String> = made.iter().map(|path| shown(path)).collect();
    screen.document(&Initialised { directory: args.folder.display().to_string(), made: made.clone() });
    if made.is_empty() {
        screen.line(&format!("{} is a ledger already; nothing was changed", args.folder.display()))?;
        return Ok(exit::DONE);
    }
    screen.line(&format!("made a ledger in {}:", args.folder.display()))?;
    for path in &made {
        screen.line(&format!("  {path}"))?;
    }
    screen.line("next: openweigh import table FILE.csv --name NAME")?;
    Ok(exit::DONE)
}
