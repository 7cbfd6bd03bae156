//! `openweigh exclude`

use crate::answer::Exclusion;
use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use openweigh_formats::text::{Line, Name};
use openweigh_formats::weighings::Id;
use openweigh_ledger::edit::Edit;

/// Keep a weighing or a row out of every fit, but in the data
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh exclude coins s01/w07 --reason 'the cable touched the pad'
  openweigh exclude load-cell 12 --reason 'read before it had settled'

What is excluded stays in the data and in the results, where it is marked. `openweigh inspect` lists it.")]
pub(crate) struct Args {
    /// Dataset, by name
    #[arg(value_name = "DATASET")]
    dataset: Name,
    /// A weighing as SESSION/WEIGHING, or the number of a row, counted from 0
    #[arg(value_name = "WHAT")]
    what: String,
    /// Why, in a sentence
    #[arg(long, value_name = "TEXT")]
    reason: Line,
    /// Write into a new dataset, a copy that says what it was derived from
    #[arg(long = "as", value_name = "NEW")]
    under: Option<Name>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    if args.reason.as_str().trim().is_empty() {
        return Err(Failure::usage("--reason: found nothing, expected why, in a sentence"));
    }
    let mut edit = Edit::open(&ledger, &args.dataset)?;
    let what = if let Some((session, weighing)) = args.what.split_once('/') {
        let id =
            |text: &str| Id::try_from(text.to_owned()).map_err(|error| Failure::usage(error.to_string()));
        edit.exclude_weighing(&id(session)?, &id(weighing)?, args.reason.clone())?;
        format!("the weighing {}", args.what)
    } else {
        let row = args.what.parse().map_err(|_| {
            Failure::usage(format!(
                "found `{}`, expected SESSION/WEIGHING, or the number of a row",
                place::harmless(&args.what)
            ))
        })?;
        edit.exclude_row(row, args.reason.clone(), global.max_csv())?;
        format!("row {row} (line {} of measurements.csv)", row + 2)
    };
    let edited = edit.commit(args.under.as_ref())?;
    screen.document(&Exclusion {
        dataset: edited.dataset.name.to_string(),
        version: edited.dataset.version.to_string(),
        sha256: edited.sha256.to_string(),
        excluded: args.what.clone(),
    });
    screen.line(&format!("excluded {what}: it stays in the data and is never fitted"))?;
    super::weigh::wrote(&edited, screen)?;
    Ok(exit::DONE)
}
