//! `openweigh pull`

use super::push::{Moving, moving, state};
use crate::answer;
use crate::args::Global;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::{access, exit, place};
use openweigh_formats::count;
use openweigh_store::{Location, Pull, Pulled, State, pull};
use std::path::PathBuf;

/// Fetch a release from a store: a folder, bucket, web server or registry
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Stores: those of `openweigh push`, and https://HOST/PATH[:TAG], an image layout on a web server.
@sha256:DIGEST instead of :TAG names exact bytes. Without either, the only tag that is there.
A pull that was cut short is continued when the same command is run again.

Examples:
  openweigh pull oci:store:1.0.0 release
  openweigh pull https://example.org/store release"
)]
pub(crate) struct Args {
    /// The store
    #[arg(value_name = "SOURCE")]
    from: String,
    /// Folder to put the release in
    #[arg(value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    moving: Moving,
    /// Replace a release in DIR that differs
    #[arg(long)]
    force: bool,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let from: Location = args.from.parse()?;
    let progress = Progress::new(!global.quiet);
    let request = Pull {
        from: &from,
        to: &args.to,
        force: args.force,
        companions: args.moving.with_attestations,
        file_bytes: global.max_csv(),
        access: &access::of(&from, &args.moving)?,
    };
    let pulled = pull(&request, &mut |moment| progress.show(|| moving("pulling", moment)))?;
    drop(progress);
    let code = if pulled.unread.is_empty() { exit::DONE } else { exit::INCOMPLETE };
    let next = format!("openweigh verify {}", place::shown(&args.to));
    tell(args, &from, &pulled, &next, screen)?;
    screen.document(&answer::Pulled {
        source: format!("{}{}", from.place, pulled.reference),
        directory: place::shown(&args.to),
        digest: pulled.digest.to_string(),
        id: pulled.id.to_string(),
        state: state(pulled.state),
        files: pulled.files,
        bytes: pulled.bytes,
        received_bytes: pulled.moved,
        resumed_bytes: pulled.kept,
        attestations: pulled.companions.iter().map(|path| place::shown(path)).collect(),
        passed_over: pulled.passed_over,
        not_checkable: pulled.unread,
        verified: false,
        next,
        exit: code,
    });
    Ok(code)
}

fn tell(
    args: &Args,
    from: &Location,
    pulled: &Pulled,
    next: &str,
    screen: &mut Screen,
) -> Result<(), Failure> {
    let folder = place::shown(&args.to);
    let source = format!("{}{}", from.place, pulled.reference);
    screen.line(&match pulled.state {
        State::New => format!("{folder} pulled from {source}"),
        State::Same => format!("{folder} is there already, byte for byte {source}; left alone"),
        State::Replaced => format!("{folder} replaced by {source}"),
    })?;
    let (files, bytes, moved) = (count::of(pulled.files, "file"), pulled.bytes, pulled.moved);
    let kept =
        if pulled.kept > 0 { format!(", {} were here from before", pulled.kept) } else { String::new() };
    screen.line(&format!("  {files}, {bytes} bytes; received {moved}{kept}"))?;
    for path in &pulled.companions {
        screen.line(&format!("  and {}", place::shown(path)))?;
    }
    for other in &pulled.passed_over {
        screen.line(&screen.tone(Tone::Doubtful, &format!("  passed over {other}")))?;
    }
    for unread in &pulled.unread {
        let text = format!("NOT CHECKABLE  {unread}; it could withdraw the release, and is not here");
        screen.finding(&screen.tone(Tone::Doubtful, &text))?;
    }
    screen.line(&screen.tone(Tone::Faint, &format!("  {}", pulled.digest)))?;
    screen.line(&screen.tone(Tone::Faint, &format!("  release {}", pulled.id)))?;
    screen.line(&format!("pulled, not yet verified; next: {next}"))
}
