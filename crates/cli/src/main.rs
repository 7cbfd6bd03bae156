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

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
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
