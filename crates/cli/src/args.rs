//! The command line: one variant a command, its flags beside it in `cmd`.

use crate::cmd;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Reproducible measurement artifacts: anyone re-derives every digit.
#[derive(Debug, Parser)]
#[command(
    name = "openweigh",
    bin_name = "openweigh",
    version,
    about,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(
    after_help = "Exit codes: 0 done, everything checked; 1 a check failed; 2 usage; 3 input malformed or \
unreadable; 4 nothing failed, something not checkable."
)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command understands.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Print one JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print failures only
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Print every item, and how long it took
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    /// Say when to use colour
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: When,
    /// Set the number of threads; no digit depends on it [default: one for each core]
    #[arg(long, value_name = "N", global = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Set the largest CSV file that is read, in bytes [default: 4 GiB]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) max_bytes: Option<u64>,
}

/// When to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Global {
    pub(crate) fn threads(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.map_or_else(cores, usize::from)
    }

    /// What may be spent on finding out how a changed file was changed: where only the verdict is wanted, nothing.
    pub(crate) fn search(&self) -> openweigh_formats::edit::SearchBudget {
        if self.quiet {
            openweigh_formats::edit::SearchBudget::none()
        } else {
            openweigh_formats::edit::SearchBudget::default()
        }
    }

    pub(crate) fn budget(&self) -> openweigh_verify::Budget {
        let (threads, max_csv, search) = (self.threads(), self.max_csv(), self.search());
        openweigh_verify::Budget { threads, max_csv, search }
    }

    pub(crate) fn max_csv(&self) -> u64 {
        self.max_bytes.unwrap_or(openweigh_formats::limits::CSV_BYTES)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(cmd::init::Args),
    #[command(subcommand)]
    Import(Import),
    Devices(cmd::devices::Args),
    Doctor(cmd::doctor::Args),
    Scale(Box<cmd::scale::ScaleArgs>),
    WeighOnce(Box<cmd::scale::OnceArgs>),
    Record(Box<cmd::record::Args>),
    Recover(cmd::recover::Args),
    Weigh(Box<cmd::weigh::Args>),
    Exclude(cmd::exclude::Args),
    Fit(cmd::fit::Args),
    #[command(subcommand)]
    Recipe(Recipe),
    #[command(subcommand)]
    Claims(Claims),
    #[command(subcommand)]
    Protocol(Protocol),
    Readings(cmd::readings::Args),
    Replay(cmd::replay::Args),
    Predict(cmd::predict::Args),
    Characterise(cmd::characterise::Args),
    Report(cmd::report::Args),
    Seal(cmd::seal::Args),
    Publish(cmd::publish::Args),
    Verify(cmd::verify::Args),
    Receipt(cmd::receipt::Args),
    Withdraw(cmd::withdraw::Args),
    Grade(cmd::grade::Args),
    Explain(cmd::explain::Args),
    Inspect(cmd::inspect::Args),
    Push(cmd::push::Args),
    Pull(cmd::pull::Args),
    Export(cmd::export::Args),
    Completions(cmd::packaging::CompletionsArgs),
    Man(cmd::packaging::ManArgs),
}

/// Import tables, recordings and sensor logs
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  openweigh import table readings.csv --name load-cell
  openweigh import recording pad.yml --name first-try")]
pub(crate) enum Import {
    Table(Box<cmd::import_table::Args>),
    Recording(Box<cmd::import_recording::Args>),
    Signal(Box<cmd::import_signal::Args>),
}

/// Write a recipe: what is fitted, and how
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  openweigh recipe new --dataset coins --target mass --preset affine
  openweigh recipe new --dataset coins --target mass --terms 1,reading")]
pub(crate) enum Recipe {
    New(cmd::recipe::Args),
}

/// Propose claims: the numbers that you publish
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  openweigh claims new --weights scale-1.0.0
  openweigh claims new --weights scale-1.0.0 --results scale-1.0.0")]
pub(crate) enum Claims {
    New(cmd::claims::Args),
}

/// Write and list protocols: which masses, in which order
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:
  openweigh protocol list
  openweigh protocol new --name kitchen --masses 10,20,50,100")]
pub(crate) enum Protocol {
    New(cmd::protocol::NewArgs),
    List(cmd::protocol::ListArgs),
}
