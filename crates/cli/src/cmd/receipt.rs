//! `openweigh receipt`

use super::verify::{self, around};
use crate::answer::Receipt;
use crate::args::Global;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::{attest, exit, keys, place, show};
use openweigh_formats::Digest;
use openweigh_formats::count;
use openweigh_formats::release;
use openweigh_release::receipts;
use openweigh_trust::receipt;
use std::path::PathBuf;

/// Sign that you derived a release again: a receipt that others count
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh receipt load-cell --key ~/.ssh/id_ed25519
  openweigh receipt load-cell --key ~/.ssh/id_ed25519.pub     by the SSH agent

The receipt is written to attest/<id>/ beside the release. It has no clock in it: the same program signs the same bytes.")]
pub(crate) struct Args {
    /// The folder of the release
    #[arg(value_name = "RELEASE")]
    release: PathBuf,
    /// Your key: a private key file, or a public one whose private half an SSH agent holds
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Folder with the touches that the release keeps back, at their paths
    #[arg(long, value_name = "DIR")]
    sessions: Option<PathBuf>,
    /// Folder to write it to [default: attest, beside the release]
    #[arg(long, value_name = "DIR")]
    attest: Option<PathBuf>,
    /// Replace your earlier receipt
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let key = keys::signer(&args.key)?;
    let (done, _) =
        verify::whole(&args.release.join(release::MANIFEST), None, args.sessions.as_deref(), global, screen)?;
    let Some(manifest) = done.manifest.as_ref().filter(|_| done.checks.holds()) else {
        return Err(Failure::NoReceipt { path: place::shown(&args.release) });
    };
    let sums = around::sums(&args.release)?;
    let tool = around::tool().map_err(|(path, source)| Failure::Open { path, source })?;
    let found = receipts::of(manifest, &done.checks, tool);
    let statement = found.of(&done.id, &Digest::of(&sums)).map_err(|fault| Failure::Malformed {
        path: place::shown(&args.release.join(release::MANIFEST)),
        source: openweigh_formats::Malformed::whole(fault),
    })?;
    let bytes = receipt::sign(&statement, key.as_ref())?;
    let place = (args.release.as_path(), &done.id, args.attest.as_deref());
    let (path, written) = attest::write(place, "receipt", key.public_key(), &bytes, args.force)?;
    let predicate = &statement.predicate;
    screen.document(&Receipt {
        file: place::shown(&path),
        release: done.id.to_string(),
        key: key.public_key().fingerprint().to_string(),
        derived: predicate.derived.len(),
        claims: predicate.claims.len(),
        tool: predicate.tool.sha256.to_string(),
    });
    screen.line(&format!(
        "{}: {} derived again, {} recomputed; signed with key {}",
        done.name,
        count::of(predicate.derived.len(), "file"),
        count::of(predicate.claims.len(), "claim"),
        key.public_key().fingerprint()
    ))?;
    show::written(&path, written, &Digest::of(&bytes), screen)?;
    Ok(exit::DONE)
}
