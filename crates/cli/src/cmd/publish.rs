//! `openweigh publish`

use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::Screen;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::publication::Publication;
use openweigh_formats::{Digest, canonical, limits};
use openweigh_ledger::release::Parts;
use openweigh_ledger::{Ledger, Written};
use openweigh_publish::source::false_texts;
use openweigh_publish::{Source, release};
use openweigh_replay::examine;
use openweigh_replay::listing::{Contents, Scope};
use openweigh_replay::report::Summary;
use openweigh_replay::verify::Effort;
use serde_json::json;
use std::path::PathBuf;

/// Make a release of a manifest: a folder that strangers check with their own tools
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh publish load-cell-1.0.0 -o release
  openweigh publish load-cell-1.0.0 -o release --dry-run")]
pub(crate) struct Args {
    /// The manifest, by `name-version` or path
    #[arg(value_name = "MANIFEST")]
    manifest: String,
    /// The folder of the release
    #[arg(short, value_name = "DIR", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// What you say about it: a TOML file, by name or path [default: artifacts/publications/NAME.toml]
    #[arg(long, value_name = "P")]
    publication: Option<String>,
    /// List what would become public, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace an existing release
    #[arg(long)]
    force: bool,
}

/// A manifest that holds, with everything that its release follows from.
struct Prepared {
    ledger: Ledger,
    manifest: Manifest,
    bytes: Vec<u8>,
    contents: Contents,
    publication: Publication,
    said: Vec<u8>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let prepared = prepare(args, global, screen)?;
    let (id, said) = (Digest::of(&prepared.bytes), Digest::of(&prepared.said));
    let source = Source {
        manifest: &prepared.manifest,
        id: &id,
        publication: &prepared.publication,
        publication_id: &said,
        contents: &prepared.contents,
    };
    let progress = Progress::new(true);
    let mut missing = source.missing();
    missing.extend(false_texts(&prepared.manifest, &OnDisk(&prepared.ledger, &progress)));
    if !missing.is_empty() {
        return Err(Failure::Incomplete(missing));
    }
    let mut written = vec![
        (release::MANIFEST.to_owned(), prepared.bytes.clone()),
        (release::PUBLICATION.to_owned(), prepared.said.clone()),
    ];
    written.extend(release::generate(&source).into_iter().map(|file| (file.path, file.bytes)));
    let parts = Parts { copied: prepared.manifest.files.iter().collect(), written };
    let Some(output) = args.output.as_ref().filter(|_| !args.dry_run) else {
        return Ok(exit::DONE);
    };
    let done = openweigh_ledger::release::write(&prepared.ledger, &parts, output, args.force)?;
    let files = parts.copied.len() + parts.written.len();
    screen.document(json!({
        "release": place::shown(output), "id": id.as_str(), "files": files, "written": done != Written::Same,
    }));
    let shown = place::shown(output);
    screen.line(&match done {
        Written::New => format!("wrote {shown}: {files} files"),
        Written::Same => format!("{shown} is there already, byte for byte the same; left alone"),
        Written::Replaced => format!("replaced {shown}: {files} files"),
    })?;
    screen.line(&format!("  release {id}"))?;
    Ok(exit::DONE)
}

/// Reads the manifest and derives everything again: nothing is published that does not hold.
fn prepare(args: &Args, global: &Global, screen: &mut Screen) -> Result<Prepared, Failure> {
    let ledger = place::ledger()?;
    let path = place::manifest_path(&ledger, &args.manifest);
    let bytes = place::read(&path, limits::JSON_BYTES)?;
    let malformed = |source| Failure::Malformed { path: place::shown(&path), source };
    let manifest: Manifest = canonical::read(&bytes).map_err(malformed)?;
    let word = args.publication.clone().unwrap_or_else(|| manifest.name.to_string());
    let said_path = place::publication_path(&ledger, &word);
    let said = place::read(&said_path, limits::TOML_BYTES)?;
    let publication = Publication::from_toml(&said)
        .map_err(|source| Failure::Malformed { path: place::shown(&said_path), source })?;
    let effort = Effort { threads: global.threads(), max_csv: global.max_csv() };
    let (progress, mut broken) = (Progress::new(true), None);
    let shelf = OnDisk(&ledger, &progress);
    let (report, contents) = examine(&manifest, &shelf, &Scope::Ledger, effort, |item| {
        if broken.is_none() {
            broken = super::verify::tell(item, screen).err();
        }
    });
    if let Some(failure) = broken {
        return Err(failure);
    }
    if report.summary() != Summary::Checked {
        return Err(Failure::Unproved { path: place::shown(&path) });
    }
    Ok(Prepared { ledger, manifest, bytes, contents, publication, said })
}
