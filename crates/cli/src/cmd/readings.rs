//! `openweigh readings`

use crate::answer::Readings;
use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::show;
use openweigh_dataset::Data;
use openweigh_formats::Digest;
use openweigh_formats::csv::all_shielded;
use openweigh_ledger::{Kind, Written};
use openweigh_replay::grams::{self, Place};
use std::path::PathBuf;

/// Print the readings that a recipe computes from sessions
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh readings --dataset coins --recipe trackpad-affine
  openweigh readings --dataset coins --recipe trackpad-affine -o readings.csv")]
pub(crate) struct Args {
    /// Datasets, by name or folder, in order
    #[arg(long, value_name = "D", required = true, num_args = 1..)]
    dataset: Vec<String>,
    /// Recipe, by name or path
    #[arg(long, value_name = "R")]
    recipe: String,
    /// File to write, `-` for standard output [default: -]
    #[arg(short, value_name = "FILE.csv")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let recipe = place::recipe(&place::find(&ledger, Kind::Recipe, &args.recipe)?)?;
    if recipe.reading.is_none() {
        return Err(Failure::usage(format!(
            "the recipe `{}` has no [reading]: it is for tables, whose rows are its readings",
            recipe.name
        )));
    }
    let loaded = place::datasets(&ledger, &args.dataset, &recipe, global.max_csv())?;
    let (mut bytes, mut rows) = (grams::readings_header(&recipe), 0);
    for one in &loaded {
        let Data::Sessions(sessions) = one.data() else { continue };
        for session in sessions {
            let (id, weighings) = (&session.session.id, session.weighings.as_slice());
            for chunk in &session.chunks {
                let place = Place { dataset: &one.dataset, session: id, weighings };
                bytes.extend_from_slice(&grams::readings_lines(&recipe, place, chunk));
                rows += chunk.keys.len();
            }
        }
    }
    // People open this in a spreadsheet, and a label is a text from outside.
    let bytes = String::from_utf8(bytes).map(|text| all_shielded(&text).into_bytes());
    let bytes = bytes.expect("readings are made of texts");
    let Some(path) = args.output.as_ref().filter(|path| path.as_os_str() != "-") else {
        screen.raw(&bytes)?;
        return Ok(exit::DONE);
    };
    let written = ledger.write_typed(path, &bytes, args.force, &[])?;
    let digest = Digest::of(&bytes);
    screen.document(&Readings {
        file: place::shown(path),
        sha256: digest.to_string(),
        bytes: bytes.len(),
        rows,
        written: written != Written::Same,
    });
    show::written(path, written, &digest, screen)?;
    Ok(exit::DONE)
}
