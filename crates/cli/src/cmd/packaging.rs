//! `openweigh completions` and `openweigh man`, for packagers.

use crate::args;
use crate::exit;
use crate::failure::Failure;
use crate::screen::Screen;
use clap::CommandFactory;

/// Completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh completions bash > /usr/share/bash-completion/completions/openweigh
  openweigh completions zsh > _openweigh")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Man pages, one a command, all in one stream or one of them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh man > openweigh.1
  openweigh man fit | man -l -")]
pub(crate) struct ManArgs {
    /// The page of this command instead of the program's
    command: Option<String>,
}

pub(crate) fn completions(args: &CompletionsArgs, screen: &mut Screen) -> Result<u8, Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(args.shell, &mut args::Args::command(), "openweigh", &mut bytes);
    screen.raw(&bytes)?;
    Ok(exit::DONE)
}

pub(crate) fn man(args: &ManArgs, screen: &mut Screen) -> Result<u8, Failure> {
    let mut program = args::Args::command();
    program.build();
    let page = match &args.command {
        None => program,
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            found.ok_or_else(|| {
                Failure::usage(format!("there is no command `{name}`; see openweigh --help"))
            })?
        }
    };
    let mut bytes = Vec::new();
    clap_mangen::Man::new(page).render(&mut bytes).map_err(Failure::Output)?;
    screen.raw(&bytes)?;
    Ok(exit::DONE)
}
