//! `openweigh completions` and `openweigh man`, for packagers.

use crate::args;
use crate::completing;
use crate::exit;
use crate::failure::Failure;
use crate::screen::Screen;
use clap::CommandFactory;

/// Print completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh completions bash > ~/.local/share/bash-completion/completions/openweigh
  openweigh completions zsh > _openweigh

They ask the program, so they know the datasets, recipes and weights of the ledger that you are in.")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Print the man page of the program, or of one of its commands
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh man > openweigh.1
  openweigh man import table | man -l -")]
pub(crate) struct ManArgs {
    /// The page of this command instead of the program's: `fit`, `import table`
    command: Vec<String>,
}

pub(crate) fn completions(args: &CompletionsArgs, screen: &mut Screen) -> Result<u8, Failure> {
    let (mut bytes, name) = (Vec::new(), "openweigh");
    let shells = clap_complete::env::Shells::builtins();
    let word = args.shell.to_string();
    let shell = shells.completer(&word).expect("every shell that clap names has a completer");
    shell.write_registration(completing::VARIABLE, name, name, name, &mut bytes).map_err(Failure::Output)?;
    screen.raw(&bytes)?;
    Ok(exit::DONE)
}

pub(crate) fn man(args: &ManArgs, screen: &mut Screen) -> Result<u8, Failure> {
    let mut program = args::Args::command();
    program.build();
    // Pages name each other with hyphens, as `openweigh-import-table(1)`.
    let words: Vec<&str> = args.command.iter().flat_map(|word| word.split('-')).collect();
    let mut page = &program;
    for word in &words {
        page = page.find_subcommand(word).ok_or_else(|| {
            Failure::usage(format!("there is no command `{}`; see openweigh --help", words.join(" ")))
        })?;
    }
    let mut bytes = Vec::new();
    clap_mangen::Man::new(page.clone()).render(&mut bytes).map_err(Failure::Output)?;
    screen.raw(with_values(&String::from_utf8_lossy(&bytes), page).as_bytes())?;
    Ok(exit::DONE)
}

/// The page with a synopsis that keeps the values of options: `--dataset <D>...`, as in help.
fn with_values(page: &str, command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let words: Vec<&str> = usage.trim_start_matches("Usage:").split_whitespace().collect();
    let synopsis = words.join(" ").replace('\\', "\\e").replace('-', "\\-");
    let mut replaced = String::with_capacity(page.len());
    let mut of_synopsis = false;
    for line in page.lines() {
        let line = if of_synopsis { synopsis.as_str() } else { line };
        of_synopsis = line == ".SH SYNOPSIS";
        replaced.push_str(line);
        replaced.push('\n');
    }
    replaced
}
