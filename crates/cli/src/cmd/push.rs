//! `openweigh push`

use crate::answer;
use crate::args::Global;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::{access, exit};
use openweigh_formats::count;
use openweigh_store::{Location, Moment, Push, Pushed, State, push};
use std::path::PathBuf;

/// Send a release to a store: a folder, a bucket or a registry
#[derive(Debug, clap::Args)]
#[command(after_help = "Stores:
  oci:DIR[:TAG], file:///DIR[:TAG]   an OCI image layout in a folder
  oci://HOST[:PORT]/REPOSITORY[:TAG] a registry; HTTPS, and plain HTTP on this machine
  s3://BUCKET/PREFIX[:TAG]           a bucket; AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL and their like are heeded
Without TAG, the version of the release. Registries: OPENWEIGH_REGISTRY_USER and
OPENWEIGH_REGISTRY_PASSWORD for the one in OPENWEIGH_REGISTRY_HOST, or what `docker login` left.

Examples:
  openweigh push release oci:store
  openweigh push release oci://registry.example.org/lab/load-cell:1.0.0")]
pub(crate) struct Args {
    /// Folder of the release
    #[arg(value_name = "RELEASE")]
    release: PathBuf,
    /// The store
    #[arg(value_name = "DESTINATION")]
    to: String,
    #[command(flatten)]
    moving: Moving,
    /// Move a tag that names another release
    #[arg(long)]
    force: bool,
}

/// What moving in either direction understands.
#[derive(Debug, clap::Args)]
pub(crate) struct Moving {
    /// Take receipts, withdrawals and the signature beside the release along
    #[arg(long, value_name = "YES", num_args = 0..=1, require_equals = true, default_value_t = true)]
    #[arg(default_missing_value = "true", action = clap::ArgAction::Set)]
    pub(crate) with_attestations: bool,
    /// Use plain HTTP with other machines, too
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Let HOST have your registry password too, if the registry sends for a token there
    #[arg(long, value_name = "HOST")]
    pub(crate) token_host: Option<String>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let to: Location = args.to.parse()?;
    let progress = Progress::new(!global.quiet);
    let request = Push {
        release: &args.release,
        to: &to,
        force: args.force,
        companions: args.moving.with_attestations,
        file_bytes: global.max_csv(),
        access: &access::of(&to, &args.moving)?,
    };
    let pushed = push(&request, &mut |moment| progress.show(|| moving("pushing", moment)))?;
    drop(progress);
    let location = format!("{}:{}", to.place, pushed.tag);
    tell(&pushed, &location, screen)?;
    screen.document(&answer::Pushed {
        destination: location,
        digest: pushed.digest.to_string(),
        id: pushed.id.to_string(),
        state: state(pushed.state),
        files: pushed.files,
        bytes: pushed.bytes,
        sent: pushed.sent,
        sent_bytes: pushed.sent_bytes,
        attestations: pushed.companions,
        exit: exit::DONE,
    });
    Ok(exit::DONE)
}

fn tell(pushed: &Pushed, location: &str, screen: &mut Screen) -> Result<(), Failure> {
    let what = match pushed.state {
        State::Same => "is there already, the same",
        State::New => "pushed",
        State::Replaced => "pushed, the tag meant another release before",
    };
    screen.line(&format!("{location} {what}"))?;
    screen.line(&format!(
        "  {}, {} bytes; sent {}, {} bytes; attestations and signatures that are new: {}",
        count::of(pushed.files, "file"),
        pushed.bytes,
        count::of(pushed.sent, "blob"),
        pushed.sent_bytes,
        pushed.companions
    ))?;
    screen.line(&screen.tone(Tone::Faint, &format!("  {}", pushed.digest)))?;
    screen.line(&screen.tone(Tone::Faint, &format!("  release {}", pushed.id)))
}

/// One line about what moves.
pub(crate) fn moving(verb: &str, moment: &Moment) -> String {
    let megabytes = |bytes: u64| bytes / 1_000_000;
    let Moment { file, passed, total } = moment;
    if *total == 0 {
        return format!("{file}: {} MB", megabytes(*passed));
    }
    format!("{verb} {file}: {} of {} MB", megabytes(*passed), megabytes(*total))
}

pub(crate) fn state(state: State) -> &'static str {
    match state {
        State::New => "new",
        State::Same => "same",
        State::Replaced => "replaced",
    }
}
