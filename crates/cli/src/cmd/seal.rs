//! `openweigh seal`

use crate::answer::Sealed;
use crate::args::Global;
use crate::cmd::verify::tell;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_formats::count;
use openweigh_formats::manifest::{Manifest, Role, Tool};
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::{Digest, claim, limits};
use openweigh_ledger::seal::{Request, seal};
use openweigh_ledger::{Kind, Ledger, Written};
use openweigh_verify::{Scope, Summary, Verdict, verify};
use std::path::{Path, PathBuf};

/// Pin weights, results and their data in a manifest
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh seal --name load-cell --version 1.0.0 --weights load-cell-1.0.0 --results load-cell-1.0.0
  openweigh seal --name scale --version 1.1.0 --weights scale-1.1.0 --claims scale --previous scale-1.0.0
  openweigh seal --name coins --version 1.0.0 --dataset coins     data alone, of which nothing is derived yet")]
pub(crate) struct Args {
    /// Name of the manifest
    #[arg(long, value_name = "N")]
    name: Name,
    /// Version of the manifest (semver)
    #[arg(long, value_name = "V")]
    version: Version,
    /// Title, in one line
    #[arg(long, value_name = "TEXT")]
    title: Option<Line>,
    /// Weights, by `name-version` or path
    #[arg(long, value_name = "W", required_unless_present = "dataset", num_args = 1..)]
    weights: Vec<String>,
    /// Datasets by name or folder, to be published alone; those that weights follow from are listed anyway
    #[arg(long, value_name = "D", num_args = 1.., conflicts_with_all = ["weights", "results"])]
    dataset: Vec<String>,
    /// Results, by name or path; with several weights, `R=W` says which ones they came from
    #[arg(long, value_name = "R", num_args = 1..)]
    results: Vec<String>,
    /// Claims, by name or path: a TOML file of `[[claim]]` tables
    #[arg(long, value_name = "C")]
    claims: Option<String>,
    /// Manifest that this one succeeds, by `name-version` or path
    #[arg(long, value_name = "M")]
    previous: Option<String>,
    /// File to write, `-` for standard output [default: manifests/N-V.json]
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace an existing manifest
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let weights = (args.weights.iter())
        .map(|word| listed(&ledger, &place::find(&ledger, Kind::Weights, word)?))
        .collect::<Result<Vec<_>, _>>()?;
    let results =
        (args.results.iter()).map(|word| results(&ledger, word, &weights)).collect::<Result<Vec<_>, _>>()?;
    let datasets = (args.dataset.iter())
        .map(|word| listed(&ledger, &place::describe(&ledger, word)?.0))
        .collect::<Result<Vec<_>, _>>()?;
    let claims = match &args.claims {
        None => Vec::new(),
        Some(word) => {
            let path = &place::find(&ledger, Kind::Claims, word)?;
            let bytes = place::read(path, limits::TOML_BYTES)?;
            claim::from_toml(&bytes)
                .map_err(|source| Failure::Malformed { path: place::shown(path), source })?
        }
    };
    let succeeds = |word: &String| previous(&ledger, word, &args.name, &args.version);
    let previous = args.previous.as_ref().map(succeeds).transpose()?;
    let title = args.title.map_or_else(|| Line::try_from(args.name.to_string()), Ok);
    let request = Request {
        title: title.map_err(|error| Failure::usage(error.to_string()))?,
        name: args.name,
        version: args.version,
        previous,
        weights,
        datasets,
        results,
        claims,
        tool: tool(),
        max_csv: global.max_csv(),
    };
    let progress = Progress::of("reading and hashing");
    let sealed = seal(&ledger, request)?;
    drop(progress);
    let (manifest, bytes) = (&sealed.manifest, sealed.bytes());
    own_name(&ledger, manifest, args.output.as_deref())?;
    holds(&ledger, manifest, global, screen)?;
    if args.output.as_deref() == Some(Path::new("-")) {
        screen.raw(&bytes)?;
        return Ok(exit::DONE);
    }
    let default = || ledger.on_disk(&Ledger::manifest(&manifest.name, &manifest.version));
    let path = args.output.clone().unwrap_or_else(default);
    let written = sealed.write(&ledger, args.output.as_deref(), args.force)?;
    let digest = Digest::of(&bytes);
    screen.document(&Sealed {
        file: place::shown(&path),
        sha256: digest.to_string(),
        written: written != Written::Same,
        files: manifest.files.len(),
        derivations: manifest.derivations.len(),
        claims: manifest.claims.len(),
    });
    screen.line(&format!(
        "{} {}: lists {}, {}, {}",
        manifest.name,
        manifest.version,
        count::of(manifest.files.len(), "file"),
        count::of(manifest.derivations.len(), "derivation"),
        count::of(manifest.claims.len(), "claim")
    ))?;
    unlicensed(manifest, screen)?;
    show::written(&path, written, &digest, screen)?;
    screen.line("checked before it was sealed, as `verify` checks it")?;
    show::next(&format!("verify {}", place::shown(&path)), screen)?;
    Ok(exit::DONE)
}

/// That data without a licence can be sealed and verified, but not published.
fn unlicensed(manifest: &Manifest, screen: &mut Screen) -> Result<(), Failure> {
    let Some(file) = manifest.of_role(Role::Dataset).find(|file| !file.licence.is_stated()) else {
        return Ok(());
    };
    screen.line(&format!(
        "  {} states no licence, so this cannot be published; to publish it, import the data again under another --name with --license, and fit, replay and seal those",
        file.path
    ))
}

/// What `verify` refuses is not sealed: all of it is gone through first.
fn holds(ledger: &Ledger, manifest: &Manifest, global: &Global, screen: &mut Screen) -> Result<(), Failure> {
    let progress = Progress::of("checking");
    let report = verify(manifest, &OnDisk(ledger, &progress), &Scope::Ledger, global.budget(), |_| {});
    drop(progress);
    let found = report.summary();
    // What cannot be checked here is told, and is for others to judge: the text of a licence of one's own, say.
    if found <= Summary::Incomplete {
        return Ok(());
    }
    let bad = report.items.iter().filter(|item| item.verdict != Verdict::Checked);
    for item in bad {
        tell(item, screen)?;
    }
    Err(Failure::Unsealed { found })
}

/// A manifest among the others is called what it calls itself.
fn own_name(ledger: &Ledger, manifest: &Manifest, typed: Option<&Path>) -> Result<(), Failure> {
    let own = Ledger::manifest(&manifest.name, &manifest.version);
    let other = typed.and_then(|typed| ledger.relative(typed));
    match other.filter(|other| other.parent() == own.parent() && *other != own) {
        None => Ok(()),
        Some(other) => Err(Failure::usage(format!("{other}: the file of this manifest is called {own}"))),
    }
}

fn tool() -> Tool {
    let version = env!("CARGO_PKG_VERSION").parse().expect("the package has a semantic version");
    Tool { name: "openweigh".to_owned().try_into().expect("a line"), version }
}

/// The path inside the ledger of a file that shall be listed.
fn listed(ledger: &Ledger, path: &Path) -> Result<RelativePath, Failure> {
    ledger.relative(path).ok_or_else(|| {
        let root = place::shown(ledger.root());
        Failure::usage(format!(
            "{} is not inside the ledger {root}, or its name cannot be listed",
            path.display()
        ))
    })
}

/// Results and the weights they came from.
fn results(
    ledger: &Ledger,
    word: &str,
    weights: &[RelativePath],
) -> Result<(RelativePath, RelativePath), Failure> {
    let (word, named) = match word.split_once('=') {
        Some((results, weights)) => (results, Some(weights)),
        None => (word, None),
    };
    let path = listed(ledger, &place::find(ledger, Kind::Results, word)?)?;
    let stem = |path: &RelativePath| {
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
    };
    let from = match (named, weights) {
        (Some(named), _) => {
            let named = listed(ledger, &place::find(ledger, Kind::Weights, named)?)?;
            weights.iter().find(|weights| **weights == named)
        }
        (None, [only]) => Some(only),
        // Results are named after their weights; of several that fit, the longest name is meant.
        (None, many) => {
            let own = stem(&path);
            let fits = |weights: &&RelativePath| {
                own.strip_prefix(&stem(weights))
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("-on-"))
            };
            many.iter().filter(fits).max_by_key(|weights| weights.as_str().len())
        }
    };
    let from = from.ok_or_else(|| {
        Failure::usage(format!(
            "which of the weights do the results {path} come from? say --results {word}=WEIGHTS"
        ))
    })?;
    Ok((path, from.clone()))
}

/// The id of a manifest that another one is to succeed.
fn previous(ledger: &Ledger, word: &str, name: &Name, version: &Version) -> Result<Digest, Failure> {
    let path = place::find(ledger, Kind::Manifest, word)?;
    let (previous, digest) = place::document::<Manifest>(&path)?;
    if previous.name != *name || *version <= previous.version {
        return Err(Failure::usage(format!(
            "`{name}` {version} cannot succeed `{}` {}: the name stays, and the version rises",
            previous.name, previous.version
        )));
    }
    Ok(digest)
}
