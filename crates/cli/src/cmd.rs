//! One file a command, each with its `Args` and a `run`.

pub(crate) mod about;
pub(crate) mod characterise;
pub(crate) mod claims;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod exclude;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod fit;
pub(crate) mod grade;
pub(crate) mod import_recording;
pub(crate) mod import_signal;
pub(crate) mod import_table;
pub(crate) mod init;
pub(crate) mod inspect;
pub(crate) mod packaging;
pub(crate) mod predict;
pub(crate) mod proposing;
pub(crate) mod protocol;
pub(crate) mod publish;
pub(crate) mod pull;
pub(crate) mod push;
pub(crate) mod reading_args;
pub(crate) mod readings;
pub(crate) mod receipt;
pub(crate) mod recipe;
pub(crate) mod record;
pub(crate) mod recover;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod scale;
pub(crate) mod seal;
pub(crate) mod verify;
pub(crate) mod weigh;
pub(crate) mod withdraw;

use crate::args::{Args, Claims, Command, Import, Protocol, Recipe};
use crate::failure::Failure;
use crate::screen::Screen;

/// Runs the command and gives its exit code.
pub(crate) fn run(args: Args, screen: &mut Screen) -> Result<u8, Failure> {
    let global = args.global;
    if let Some(directory) = &global.directory {
        std::env::set_current_dir(directory)
            .map_err(|source| Failure::usage(format!("cannot enter {}: {source}", directory.display())))?;
    }
    match args.command {
        Command::Init(args) => init::run(&args, screen),
        Command::Import(Import::Table(args)) => import_table::run(&args, &global, screen),
        Command::Import(Import::Signal(args)) => import_signal::run(&args, &global, screen),
        Command::Import(Import::Recording(args)) => import_recording::run(&args, &global, screen),
        Command::Devices(args) => devices::run(&args, screen),
        Command::Doctor(args) => doctor::run(&args, &global, screen),
        Command::Record(args) => record::run(&args, &global, screen),
        Command::Recover(args) => recover::run(&args, screen),
        Command::Weigh(args) => weigh::run(&args, &global, screen),
        Command::Exclude(args) => exclude::run(&args, &global, screen),
        Command::Fit(args) => fit::run(args, &global, screen),
        Command::Recipe(Recipe::New(args)) => recipe::run(&args, &global, screen),
        Command::Readings(args) => readings::run(&args, &global, screen),
        Command::Claims(Claims::New(args)) => claims::run(&args, &global, screen),
        Command::Protocol(Protocol::New(args)) => protocol::new(&args, screen),
        Command::Protocol(Protocol::List(_)) => protocol::list(screen),
        Command::Predict(args) => predict::run(&args, screen),
        Command::Replay(args) => replay::run(&args, &global, screen),
        Command::Characterise(args) => characterise::run(&args, &global, screen),
        Command::Report(args) => report::run(&args, &global, screen),
        Command::Scale(args) => scale::scale(&args, &global, screen),
        Command::WeighOnce(args) => scale::once(&args, &global, screen),
        Command::Seal(args) => seal::run(args, &global, screen),
        Command::Publish(args) => publish::run(&args, &global, screen),
        Command::Verify(args) => verify::run(&args, &global, screen),
        Command::Receipt(args) => receipt::run(&args, &global, screen),
        Command::Withdraw(args) => withdraw::run(&args, screen),
        Command::Grade(args) => grade::run(&args, &global, screen),
        Command::Explain(args) => explain::run(&args, &global, screen),
        Command::Inspect(args) => inspect::run(&args, &global, screen),
        Command::Push(args) => push::run(&args, &global, screen),
        Command::Pull(args) => pull::run(&args, &global, screen),
        Command::Export(args) => export::run(&args, &global, screen),
        Command::Completions(args) => packaging::completions(&args, screen),
        Command::Man(args) => packaging::man(&args, screen),
    }
}
