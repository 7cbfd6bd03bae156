//! `openweigh export`, in builds with the feature `frames`; the others say what they lack.

use std::path::PathBuf;

#[cfg(feature = "frames")]
pub(crate) use with_frames::run;
#[cfg(not(feature = "frames"))]
pub(crate) use without_frames::run;

/// Export a dataset or results to other formats, every digit kept
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh export --parquet -o load-cell.parquet load-cell
  openweigh export --parquet -o - artifacts/results/load-cell-1.0.0.csv > results.parquet

Numbers become decimals of 38 digits, missing values become null. The copy is to look at; nothing verifies it.")]
pub(crate) struct Args {
    /// A dataset, by name or folder, results, by name or path, or a release that has one of them
    #[arg(value_name = "DATASET|RESULTS")]
    source: String,
    /// As a Parquet file
    #[arg(long, required = true)]
    parquet: bool,
    /// File to write, `-` for standard output
    #[arg(short, value_name = "FILE")]
    output: PathBuf,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

#[cfg(not(feature = "frames"))]
mod without_frames {
    use super::Args;
    use crate::args::Global;
    use crate::failure::Failure;
    use crate::screen::Screen;

    pub(crate) fn run(_: &Args, _: &Global, _: &mut Screen) -> Result<u8, Failure> {
        Err(Failure::usage(
            "this build has no frames, which export needs; `cargo build --release --features frames` makes one that \
             has them (it takes some minutes)",
        ))
    }
}

#[cfg(feature = "frames")]
mod with_frames {
    use super::Args;
    use crate::args::Global;
    use crate::failure::Failure;
    use crate::screen::Screen;
    use crate::{exit, place};
    use openweigh_formats::count;
    use openweigh_formats::dataset::{Kind, MEASUREMENTS};
    use openweigh_frames::{DataFrame, FrameError, parquet, results, table};
    use openweigh_ledger::lookup::is_release;
    use openweigh_ledger::{Ledger, Written};
    use std::path::{Path, PathBuf};

    pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
        let frame = frame(&args.source, global)?;
        let bytes = parquet::write(&frame).map_err(|error| failure(&args.source, error))?;
        if args.output == Path::new("-") {
            screen.raw(&bytes)?;
            return Ok(exit::DONE);
        }
        let written = place::ledger()?.write_typed(&args.output, &bytes, args.force, &[])?;
        let (path, (rows, columns)) = (place::shown(&args.output), frame.shape());
        let (file, bytes, written_now) = (path.clone(), bytes.len(), written != Written::Same);
        screen.document(&crate::answer::Exported { file, bytes, rows, columns, written: written_now });
        let done = match written {
            Written::New => "wrote",
            Written::Same => "left alone, byte for byte the same:",
            Written::Replaced => "replaced",
        };
        screen.line(&format!(
            "{done} {path}: {}, {}",
            count::of(rows, "row"),
            count::of(columns, "column")
        ))?;
        Ok(exit::DONE)
    }

    fn frame(word: &str, global: &Global) -> Result<DataFrame, Failure> {
        let ledger = place::ledger()?;
        if let Some(path) = results_path(&ledger, word) {
            let bytes = place::read(&path, global.max_csv())?;
            return results::to_frame(&bytes).map_err(|error| failure(&place::shown(&path), error));
        }
        // A table's columns are declared beside it.
        let path = Path::new(word);
        let word = if path.ends_with(MEASUREMENTS) {
            place::shown(&path.with_file_name("dataset.json"))
        } else {
            word.to_owned()
        };
        // One word, one dataset.
        let (_, table) = place::table_of(&ledger, &word, global.max_csv())?;
        table::to_frame(&table).map_err(|error| failure(&word, error))
    }

    /// The results that a word means, none if it means a dataset.
    fn results_path(ledger: &Ledger, word: &str) -> Option<PathBuf> {
        let path = PathBuf::from(word);
        if path.is_dir() && is_release(&path) {
            // Of a release with a table that is copied, of one with sessions their results.
            let table =
                place::describe(ledger, word).is_ok_and(|(_, dataset, _)| dataset.kind == Kind::Table);
            return ledger.find(openweigh_ledger::Kind::Results, word).ok().filter(|_| !table);
        }
        if path.exists() {
            let csv = path.extension().is_some_and(|extension| extension == "csv");
            return (csv && !path.ends_with(MEASUREMENTS)).then_some(path);
        }
        let named = Ledger::results(word).ok().map(|path| ledger.on_disk(&path));
        named.filter(|path| path.exists())
    }

    fn failure(path: &str, error: FrameError) -> Failure {
        match error {
            FrameError::Malformed(source) => Failure::Malformed { path: path.to_owned(), source },
            error => Failure::input(path, error),
        }
    }
}
