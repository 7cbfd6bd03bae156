//! The command that was meant, where a slip of the hand made another word of it.

use crate::args::Args;
use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use openweigh_ledger::lookup;

/// The message, with the nearest command in it. clap finds words that begin alike; `fti` does not.
pub(crate) fn meant(mut message: clap::Error) -> clap::Error {
    let suggested = message.get(ContextKind::SuggestedSubcommand).is_some();
    let Some(ContextValue::String(word)) = message.get(ContextKind::InvalidSubcommand) else {
        return message;
    };
    if message.kind() != ErrorKind::InvalidSubcommand || suggested {
        return message;
    }
    let is_file = word.contains('.') || std::path::Path::new(word).exists();
    // `openweigh import log.csv`: what kind of import is meant depends on what is wanted of it.
    if is_file && std::env::args_os().any(|word| word == "import") {
        let ways = ["table", "signal", "recording"].map(|kind| format!("{kind} {word}")).to_vec();
        message.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(ways));
        return message;
    }
    let program = Args::command();
    let names = |command: &clap::Command| -> Vec<String> {
        command.get_subcommands().map(|command| command.get_name().to_owned()).collect()
    };
    let mut known = names(&program);
    known.extend(program.get_subcommands().flat_map(names));
    let nearest = lookup::nearest(word, known.iter().map(String::as_str)).map(str::to_owned);
    if let Some(nearest) = nearest {
        message.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![nearest]));
    }
    message
}
