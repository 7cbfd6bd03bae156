//! `openweigh report`

use crate::answer::{ReportPage, Reported};
use crate::args::Global;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_fit::{Training, Work};
use openweigh_formats::Digest;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::weights::Weights;
use openweigh_ledger::{Kind, Ledger, Written};
use openweigh_metrology::{Subject, report};
use std::path::{Path, PathBuf};

/// Write the report of a calibration: one page of HTML, to read and to print
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh report scale-1.0.0
  openweigh report magic-trackpad-affine-1.0.0 -o report.html")]
pub(crate) struct Args {
    /// Weights, or a manifest or release, whose weights are reported: by `name-version` or path
    #[arg(value_name = "FILE")]
    file: String,
    /// File to write, `-` for standard output [default: artifacts/reports/NAME-VERSION.html]
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let (ledger, paths) = subjects(&args.file)?;
    if paths.len() > 1 && args.output.is_some() {
        let names: Vec<String> =
            paths.iter().map(|path| format!("openweigh report {}", place::shown(path))).collect();
        let what = format!(
            "it has {} weights, and -o names one file: type one of\n  {}",
            paths.len(),
            names.join("\n  ")
        );
        return Err(Failure::usage(what));
    }
    let mut documents = Vec::new();
    for path in paths {
        let (weights, sha256): (Weights, Digest) = place::document(&path)?;
        let loaded = training(&ledger, &weights, global)?;
        let training: Vec<Training<'_>> = loaded.iter().map(place::Loaded::training).collect();
        let subject = Subject { weights: &weights, sha256: &sha256, training: &training };
        let page = report(&subject, global.threads(), &mut Work::default())?;
        if args.output.as_deref() == Some(Path::new("-")) {
            screen.raw(page.as_bytes())?;
            return Ok(exit::DONE);
        }
        let own = Ledger::report(&weights.name, &weights.version);
        let from = place::read_of(&ledger, &loaded);
        let typed = args.output.as_deref();
        let (path, written) = place::write(&ledger, typed, &own, page.as_bytes(), args.force, &from)?;
        let digest = Digest::of(page.as_bytes());
        documents.push(ReportPage {
            weights: format!("{}-{}", weights.name, weights.version),
            file: place::shown(&path),
            sha256: digest.to_string(),
            bytes: page.len(),
            written: written != Written::Same,
        });
        show::written(&path, written, &digest, screen)?;
    }
    screen.document(&Reported { reports: documents });
    Ok(exit::DONE)
}

/// The weights that a word means, and the ledger or release that they lie in.
fn subjects(word: &str) -> Result<(Ledger, Vec<PathBuf>), Failure> {
    let ledger = place::ledger()?;
    let is_manifest = |path: &Path| {
        openweigh_ledger::lookup::is_release(path)
            || path.file_name().is_some_and(|name| name == "manifest.json")
            || path.parent().and_then(Path::file_name).is_some_and(|folder| folder == "manifests")
    };
    let typed = Path::new(word);
    let weights = place::find(&ledger, Kind::Weights, word);
    let manifest = match (weights, is_manifest(typed)) {
        (Ok(path), false) => return Ok((around(&ledger, &path), vec![path])),
        // What is neither is told as weights that are missing.
        (weights, _) => {
            place::find(&ledger, Kind::Manifest, word).or_else(|error| weights.and(Err(error)))?
        }
    };
    let (document, _): (Manifest, Digest) = place::document(&manifest)?;
    let folder = manifest.parent().unwrap_or(Path::new("."));
    let root = if folder.file_name().is_some_and(|name| name == "manifests") {
        folder.parent().unwrap_or(Path::new(".")).to_path_buf()
    } else {
        folder.to_path_buf()
    };
    let root = Ledger::at(if root.as_os_str().is_empty() { PathBuf::from(".") } else { root });
    let paths: Vec<PathBuf> = document.of_role(Role::Weights).map(|file| root.on_disk(&file.path)).collect();
    if paths.is_empty() {
        return Err(Failure::input(
            place::shown(&manifest),
            "it lists no weights, so there is nothing to report",
        ));
    }
    Ok((root, paths))
}

/// The ledger or release around a file, or else the one of the current folder.
fn around(ledger: &Ledger, path: &Path) -> Ledger {
    let folder =
        place::real(path.parent().filter(|own| !own.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    Ledger::around(&folder)
        .filter(|own| place::real(own.root()) != place::real(ledger.root()))
        .unwrap_or_else(|| ledger.clone())
}

/// The datasets that weights were fitted on, with the very bytes.
pub(crate) fn training(
    ledger: &Ledger,
    weights: &Weights,
    global: &Global,
) -> Result<Vec<place::Loaded>, Failure> {
    let folder = |name: &openweigh_formats::text::Name| {
        place::shown(ledger.on_disk(&Ledger::dataset(name)).parent().unwrap_or(Path::new(".")))
    };
    let words: Vec<String> = weights.trained_on.iter().map(|one| folder(&one.name)).collect();
    let loaded = place::datasets(ledger, &words, &weights.recipe, global.max_csv())?;
    for (found, expected) in loaded.iter().zip(&weights.trained_on) {
        if found.sha256 != expected.sha256 {
            return Err(Failure::input(
                folder(&expected.name),
                format!(
                    "the weights were fitted on other bytes of dataset.json: found SHA-256 {}, expected {}; fit again with `openweigh fit --dataset {} --recipe {} --name {} --version NEW`",
                    found.sha256, expected.sha256, expected.name, weights.recipe.name, weights.name
                ),
            ));
        }
    }
    Ok(loaded)
}
