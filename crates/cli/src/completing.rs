//! Completion of words that name something: datasets, recipes, weights of the ledger around the current folder.

use crate::place;
use clap::{Arg, Command};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use openweigh_capture::builtin;
use openweigh_ledger::Kind;
use std::ffi::OsStr;

/// The environment's variable by which a shell asks for completions.
pub(crate) const VARIABLE: &str = "OPENWEIGH_COMPLETE";

/// The program, whose arguments that name something know what there is.
pub(crate) fn with(command: Command) -> Command {
    command.mut_args(argument).mut_subcommands(with)
}

fn argument(arg: Arg) -> Arg {
    let kinds: &'static [Kind] = match arg.get_id().as_str() {
        "dataset" | "datasets" => &[Kind::Dataset],
        "recipe" => &[Kind::Recipe],
        "weights" | "parent" => &[Kind::Weights],
        "results" => &[Kind::Results],
        "claims" => &[Kind::Claims],
        "manifest" | "manifests" | "previous" | "release" => &[Kind::Manifest],
        "publication" => &[Kind::Publication],
        "protocol" => &[Kind::Protocol],
        "file" | "source" => &[Kind::Weights, Kind::Dataset, Kind::Results, Kind::Manifest, Kind::Recipe],
        _ => return arg,
    };
    arg.add(ArgValueCompleter::new(move |current: &OsStr| candidates(kinds, current)))
}

/// What a ledger has of some kinds that begins with what was typed; and folders and files, which may be meant, too.
fn candidates(kinds: &[Kind], current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(typed) = current.to_str() else { return Vec::new() };
    let ledger = place::ledger().ok();
    let mut names: Vec<String> =
        kinds.iter().filter_map(|kind| Some(ledger.as_ref()?.names(*kind))).flatten().collect();
    if kinds.contains(&Kind::Protocol) {
        names.extend(builtin::PROTOCOLS.map(|(name, _, _)| name.to_owned()));
    }
    names.sort();
    names.dedup();
    let mut found: Vec<CompletionCandidate> = (names.into_iter())
        .filter(|name| name.starts_with(typed) && !name.chars().any(openweigh_formats::text::misleads))
        .map(CompletionCandidate::new)
        .collect();
    if found.is_empty() {
        use clap_complete::engine::{PathCompleter, ValueCompleter};
        found = PathCompleter::any().complete(current);
    }
    found
}
