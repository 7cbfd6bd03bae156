//! `openweigh withdraw`

use crate::answer::Withdrawn;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::{attest, exit, keys, place, show};
use openweigh_formats::manifest::Manifest;
use openweigh_formats::release;
use openweigh_formats::{Digest, Malformed};
use openweigh_trust::withdrawal::{self, Reason, Withdrawal};
use std::path::PathBuf;

/// Withdraw a release: a signed statement that `verify` shows
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh withdraw load-cell --reason 'The 50 g mass was 52 g.' --key ~/.ssh/id_ed25519
  openweigh withdraw load-cell --reason 'Wrong mass; see 1.0.1.' --replacement load-cell-1.0.1 --key key.pub

It is written to attest/<id>/ beside the release; `openweigh push` takes it to where the release is.")]
pub(crate) struct Args {
    /// The folder of the release
    #[arg(value_name = "RELEASE")]
    release: PathBuf,
    /// What is wrong with it
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The release to be used instead: its folder, or its id
    #[arg(long, value_name = "RELEASE")]
    replacement: Option<String>,
    /// The key that signed the release, or another that its users' policies let withdraw it
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Folder to write it to [default: attest, beside the release]
    #[arg(long, value_name = "DIR")]
    attest: Option<PathBuf>,
    /// Replace your earlier withdrawal
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, screen: &mut Screen) -> Result<u8, Failure> {
    let key = keys::signer(&args.key)?;
    let reason: Reason = args.reason.parse().map_err(|error| Failure::usage(format!("--reason: {error}")))?;
    let path = args.release.join(release::MANIFEST);
    let (manifest, id): (Manifest, Digest) = place::document(&path)?;
    let replacement = args.replacement.as_ref().map(|word| replacement(word)).transpose()?;
    let statement = Withdrawal { reason, replacement }
        .of(&id)
        .map_err(|fault| Failure::Malformed { path: place::shown(&path), source: Malformed::whole(fault) })?;
    let bytes = withdrawal::sign(&statement, key.as_ref())?;
    let place = (args.release.as_path(), &id, args.attest.as_deref());
    let (path, written) = attest::write(place, "withdrawal", key.public_key(), &bytes, args.force)?;
    screen.document(&Withdrawn {
        file: place::shown(&path),
        release: id.to_string(),
        key: key.public_key().fingerprint().to_string(),
    });
    screen.line(&format!(
        "{} {} is withdrawn by the key {}",
        manifest.name,
        manifest.version,
        key.public_key().fingerprint()
    ))?;
    show::written(&path, written, &Digest::of(&bytes), screen)?;
    Ok(exit::DONE)
}

/// The id of the release to be used instead.
fn replacement(word: &str) -> Result<Digest, Failure> {
    let folder = PathBuf::from(word);
    if folder.is_dir() {
        return place::document::<Manifest>(&folder.join(release::MANIFEST)).map(|(_, id)| id);
    }
    word.parse()
        .map_err(|_| Failure::usage(format!("--replacement: {word} is no folder of a release and no id")))
}
