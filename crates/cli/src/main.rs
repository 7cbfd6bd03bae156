//! `openweigh`: words, flags, progress and exit codes around the crates that do the work.

mod access;
mod args;
mod attest;
mod cmd;
mod count;
mod exit;
mod failure;
mod keys;
mod place;
mod progress;
mod screen;
mod show;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use std::process::ExitCode;

fn main() -> ExitCode {
    let matches = args::Args::command().try_get_matches();
    let parsed = matches.and_then(|matches| Ok((called(&matches), args::Args::from_arg_matches(&matches)?)));
    let args = match parsed {
        Ok((command, args)) => {
            openweigh_ledger::lock::introduce(&command, progress::waiting);
            args
        }
        Err(message) => {
            // Help and version are answers, everything else is a mistake in the words.
            let code = if message.use_stderr() { exit::USAGE } else { exit::DONE };
            return message.print().map_or(ExitCode::from(exit::USAGE), |()| ExitCode::from(code));
        }
    };
    let mut screen = screen::Screen::new(&args.global);
    let outcome = cmd::run(args, &mut screen);
    ExitCode::from(screen.close(outcome))
}

/// The command as others are told who holds a ledger's lock: `openweigh import table`.
fn called(matches: &ArgMatches) -> String {
    let mut words = vec!["openweigh"];
    let mut at = matches;
    while let Some((name, inner)) = at.subcommand() {
        words.push(name);
        at = inner;
    }
    words.join(" ")
}
