//! `openweigh claims new`

use crate::answer::{ClaimsNew, Proposed};
use crate::args::Global;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::{exit, show};
use openweigh_formats::Digest;
use openweigh_formats::claim;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use openweigh_ledger::{Kind, Ledger, Written};
use openweigh_verify::proposal;
use std::path::Path;

/// Propose claims: the numbers to be published, from weights and results
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh claims new --weights scale-1.0.0
  openweigh claims new --weights scale-1.0.0 --results scale-1.0.0 --name scale

Each number gets as many decimals as its uncertainty is worth. Edit the file as you like: `openweigh verify`
recomputes each claim from the data.")]
pub(crate) struct Args {
    /// Weights, by `name-version` or path
    #[arg(long, value_name = "W")]
    weights: String,
    /// Results of theirs, by name or path [default: those called as the weights are, if there are any]
    #[arg(long, value_name = "R")]
    results: Option<String>,
    /// Name of the claims [default: that of the weights]
    #[arg(long, value_name = "N")]
    name: Option<Name>,
    /// Replace existing claims
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let path = place::find(&ledger, Kind::Weights, &args.weights)?;
    let (weights, _) = place::weights(&ledger, &args.weights)?;
    let stem = format!("{}-{}", weights.name, weights.version);
    let found = match &args.results {
        Some(word) => Some(place::find(&ledger, Kind::Results, word)?),
        None => ledger.find(Kind::Results, &stem).ok(),
    };
    let results = match &found {
        None => None,
        Some(found) => Some((listed(&ledger, found)?, place::read(found, global.max_csv())?)),
    };
    let claims = proposal::claims(
        &listed(&ledger, &path)?,
        &weights,
        results.as_ref().map(|(path, bytes)| (path, bytes.as_slice())),
    )
    .map_err(|error| match (error, &found) {
        (proposal::ProposalError::Replay(error), _) => error.into(),
        (proposal::ProposalError::Malformed(source), found) => {
            let path = found.as_deref().map_or_else(String::new, place::shown);
            Failure::Malformed { path, source }
        }
    })?;
    let text = claim::to_toml(&claims);
    let name = args.name.clone().unwrap_or_else(|| weights.name.clone());
    let own = Ledger::listed(Kind::Claims, &name);
    let (to, written) = place::write(&ledger, None, &own, text.as_bytes(), args.force, &[])?;
    let proposed =
        claims.iter().map(|claim| Proposed { id: claim.id.to_string(), value: claim.value.to_string() });
    screen.document(&ClaimsNew {
        file: place::shown(&to),
        written: written != Written::Same,
        claims: proposed.collect(),
    });
    let mut rows = vec![["claim", "value", "unit", "statement"].map(str::to_owned).to_vec()];
    rows.extend(claims.iter().map(|claim| {
        let unit = claim.unit.as_ref().map_or_else(String::new, ToString::to_string);
        vec![claim.id.to_string(), claim.value.to_string(), unit, claim.statement.to_string()]
    }));
    show::table(&rows, &[false, true, false, false], screen)?;
    show::written(&to, written, &Digest::of(text.as_bytes()), screen)?;
    let stem_of =
        |path: &Path| path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let results = found.as_deref().map_or_else(String::new, |found| format!(" --results {}", stem_of(found)));
    let (own, version) = (&weights.name, &weights.version);
    let seal = format!("seal --name {own} --version {version} --weights {stem}{results} --claims {name}");
    show::next(&seal, screen)?;
    Ok(exit::DONE)
}

/// The path inside the ledger of a file that claims are about.
fn listed(ledger: &Ledger, path: &Path) -> Result<RelativePath, Failure> {
    ledger.relative(path).ok_or_else(|| {
        Failure::usage(format!("{} is not inside the ledger, so no manifest can list it", place::shown(path)))
    })
}
