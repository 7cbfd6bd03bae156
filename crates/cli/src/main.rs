//! `openweigh`: words, flags, progress and exit codes around the crates that do the work.

mod access;
mod answer;
mod args;
mod attest;
mod cmd;
mod completing;
mod exit;
mod failure;
mod keys;
mod meant;
mod place;
mod progress;
mod screen;
mod show;

use clap::{ArgMatches, CommandFactory, FromArgMatches};
use std::process::ExitCode;

fn main() -> ExitCode {
    // A shell asks for completions by a variable of the environment; then nothing else is done.
    let program = || completing::with(args::Args::command());
    clap_complete::CompleteEnv::with_factory(program).var(completing::VARIABLE).complete();
    let matches = args::Args::command().try_get_matches();
    let parsed = matches.and_then(|matches| Ok((called(&matches), args::Args::from_arg_matches(&matches)?)));
    let args = match parsed {
        Ok((command, args)) => {
            openweigh_ledger::lock::introduce(&format!("openweigh {}", command.join(" ")), progress::waiting);
            args
        }
        Err(message) => {
            let message = meant::meant(message);
            // Help and version are answers, everything else is a mistake in the words.
            let code = if message.use_stderr() { exit::USAGE } else { exit::DONE };
            if message.use_stderr() {
                return ExitCode::from(screen::mistake(message, code));
            }
            return message.print().map_or(ExitCode::from(exit::USAGE), |()| ExitCode::from(code));
        }
    };
    let mut screen = screen::Screen::new(&args.global);
    let outcome = cmd::run(args, &mut screen);
    ExitCode::from(screen.close(outcome))
}

/// The command's words: others are told them of who holds a ledger's lock.
fn called(matches: &ArgMatches) -> Vec<String> {
    let mut words = Vec::new();
    let mut at = matches;
    while let Some((name, inner)) = at.subcommand() {
        words.push(name.to_owned());
        at = inner;
    }
    words
}
