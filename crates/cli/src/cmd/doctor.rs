//! `openweigh doctor`

mod asking;

use crate::answer::Doctor;
use crate::args::Global;
use crate::cmd::record::pads::Where;
use crate::cmd::record::signals::Listener;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, say};
use asking::Asking;
use openweigh_capture::doctor::{self, Listening, Machine, Terminal};
use openweigh_capture::{evdev, fresh_salt};
use openweigh_formats::session::DeviceHash;
use openweigh_multitouch::{Library, default_path};
use std::io::Read;
use std::path::PathBuf;

/// Ask this machine how its trackpads behave, and write one file about it
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh doctor
  openweigh doctor -o openweigh-doctor.toml
  openweigh doctor --library target/release/libopenweigh_simulator.so

On a terminal it takes about ten minutes and asks you to touch, press and unplug the pad, and to let the machine
sleep; Enter answers, s skips a question, q ends. Elsewhere it asks nothing that needs hands. The file is TOML
(docs/how-to/doctor.md). It holds no id, no serial number and no name of yours; it is shown before it is written, and
nothing is sent. Ctrl-C ends the questions: what is known by then is shown and written.")]
pub(crate) struct Args {
    /// Write the answers to this file
    #[arg(short, long, value_name = "BUNDLE")]
    output: Option<PathBuf>,
    /// Replace a different file that is already there
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: Where,
    /// Set the salt of the pads' names [default: random, and thrown away]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
    /// Switch this pad's clicks off until standard input ends: what the program does in another process, to be killed
    #[arg(long, value_name = "PAD", hide = true, requires = "salt")]
    hold_clicks: Option<DeviceHash>,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    screen.set_aside();
    let path = args.place.library();
    let library = Library::open(&path);
    if let Some(pad) = &args.hold_clicks {
        let library = library.map_err(Failure::Library)?;
        let salt = args.salt.as_deref().unwrap_or_default();
        let mut printed = Ok(());
        doctor::hold_clicks(&library, pad, salt, || {
            printed = screen.raw(b"off\n");
            // Whatever comes, it is the end that is waited for.
            let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        });
        return printed.map(|()| exit::DONE);
    }
    let salt = args.salt.clone().map_or_else(fresh_salt, Ok)?;
    let events = args.place.events(&salt, false)?;
    let listener = Listener::new()?;
    let ended = listener.ended();
    let listening = listener.listen(Vec::new(), crate::cmd::record::screen::restore);
    let mut person = Asking::new(ended, global, &path, &salt);
    let machine = Machine {
        library: library.as_ref(),
        genuine: path == default_path(),
        events: events.as_deref(),
        open: &evdev::open,
        terminal: terminal(),
        system: system(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        salt,
        listening: if person.is_there() { Listening::default() } else { Listening::unattended() },
    };
    person.welcome();
    let bundle = doctor::examine(&machine, &mut person);
    let text = bundle.text();
    screen.document(&Doctor(bundle.answers()));
    if !global.json {
        screen.raw(text.as_bytes())?;
    }
    let interrupted = person.has_left();
    if interrupted {
        say("interrupted: the questions that were left out are marked");
    }
    screen.line("")?;
    match &args.output {
        None => screen.line("nothing was written; keep it with `openweigh doctor -o openweigh-doctor.toml`"),
        Some(output) if person.agrees(output) => {
            place::ledger()?.write_typed(output, text.as_bytes(), args.force, &[])?;
            screen.line(&format!("wrote {}", place::shown(output)))
        }
        Some(_) => screen.line("nothing was written"),
    }?;
    drop(listening);
    Ok(if interrupted { exit::INCOMPLETE } else { exit::DONE })
}

#[expect(clippy::disallowed_methods, reason = "what the program was started in is one of the answers")]
fn terminal() -> Terminal {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    Terminal {
        name: std::env::var("TERM_PROGRAM").ok().filter(|name| !name.is_empty()),
        remote: is_set("SSH_CONNECTION"),
        multiplexed: is_set("TMUX") || is_set("STY"),
    }
}

/// The system's name, and the release of its kernel where that is a file.
fn system() -> String {
    let release = place::read(std::path::Path::new("/proc/sys/kernel/osrelease"), 4096);
    let release = release.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    format!("{} {}", std::env::consts::OS, release.unwrap_or_default().trim()).trim_end().to_owned()
}
