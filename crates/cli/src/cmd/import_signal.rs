//! `openweigh import signal`: logs of a sensor become sessions that can be weighed.

use crate::answer::{ImportedSignal, SignalSession};
use crate::args::Global;
use crate::cmd::about::{self, ImportedArgs};
use crate::cmd::import_table::read_with;
use crate::cmd::reading_args::ReadingArgs;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::{exit, place, show};
use openweigh_capture::import::signal::{self, Backwards, Choice, Made, SignalError, TimeUnit};
use openweigh_capture::import::table::{self, Plan};
use openweigh_formats::dataset::Provenance;
use openweigh_formats::text::Name;
use openweigh_formats::weighings::Id;
use openweigh_ledger::Written;
use std::fs::File;
use std::path::{Path, PathBuf};

/// Import logs of a sensor, for example a load cell
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh import signal hx711.csv --name bar --time 'Zeit (ms)' --value Messwert
  openweigh import signal run-*.tsv --name stand --time time_s --value thrust --value temperature
  openweigh import signal log.csv --name stand --time t --time-unit ms --value count --session-by run

Each file is a session, or each value of --session-by. COL is a column's name in the log, its name in the
dataset, or its number, as in '#2'. What is not certain is refused, with the options that settle it.")]
pub(crate) struct Args {
    /// The logs, each a session
    #[arg(value_name = "LOG", required = true)]
    files: Vec<PathBuf>,
    /// Name of the dataset
    #[arg(long, value_name = "N")]
    name: Name,
    /// The column of the time: numbers, dates and times, or times of day
    #[arg(long, value_name = "COL")]
    time: String,
    /// A column of numbers that becomes a channel; may be repeated
    #[arg(long, value_name = "COL", required = true)]
    value: Vec<String>,
    /// The column whose values tell sessions apart
    #[arg(long, value_name = "COL")]
    session_by: Option<String>,
    /// Unit of the time, where the log does not state it: s, ms, us, ns, min
    #[arg(long, value_name = "UNIT")]
    time_unit: Option<TimeUnit>,
    /// What a time that goes back means: split (another session), gap (an interruption)
    #[arg(long, value_name = "MEANING")]
    backwards: Option<Backwards>,
    #[command(flatten)]
    about: ImportedArgs,
    #[command(flatten)]
    reading: ReadingArgs,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let options = args.reading.options(global.max_csv())?;
    let mut plans: Vec<(PathBuf, File, Plan)> = Vec::new();
    for path in &args.files {
        let failed =
            |error: std::io::Error| Failure::input(place::shown(path), format!("cannot be read: {error}"));
        let mut file = File::open(path).map_err(failed)?;
        let plan = table::survey(&mut file, &options);
        let plan = plan.map_err(|refusal| refused(path, SignalError::Table(refusal)))?;
        plans.push((path.clone(), file, plan));
    }
    let choice = Choice {
        time: args.time.clone(),
        values: args.value.clone(),
        session_by: args.session_by.clone(),
        time_unit: args.time_unit,
        backwards: args.backwards.unwrap_or_default(),
    };
    let provenance = provenance(args, &plans);
    let mut at = args.files[0].clone();
    let written = signal::write(&ledger, args.about.about(&args.name), |sink| {
        let mut made = Vec::new();
        for (path, file, plan) in &mut plans {
            at.clone_from(path);
            made.extend(signal::read(plan, file, &choice, &session_of(path), sink)?);
        }
        Ok((made, provenance))
    });
    let (dataset, sha256, made) = written.map_err(|error| refused(&at, error))?;
    ledger.keep_licence_texts(&args.about.license)?;
    let folder = ledger.root().join("datasets").join(args.name.as_str());
    let session = |one: &Made| SignalSession {
        session: one.session.id.to_string(),
        samples: one.session.quality.frames,
        seconds: one.seconds.as_ref().map(ToString::to_string),
        gaps: one.session.quality.gaps,
        missing: one.session.quality.non_finite,
    };
    screen.document(&ImportedSignal {
        dataset: place::shown(&folder),
        sha256: sha256.to_string(),
        sessions: made.iter().map(session).collect(),
    });
    tell(&made, screen)?;
    tell_reading(&plans, screen)?;
    if plans.len() > 1 {
        screen.line("  dataset.json names the logs in its origin; how a log was read and its SHA-256 are stated of a single log alone")?;
    }
    about::licence_wanted(&dataset, &format!("{} another --name", about::STATED_AGAIN), screen)?;
    show::written(&folder.join("dataset.json"), Written::New, &sha256, screen)?;
    if let Some(first) = dataset.sessions().first() {
        screen.line(&format!("next: openweigh weigh {} {first} --suggest", dataset.name))?;
    }
    Ok(exit::DONE)
}

fn tell(made: &[Made], screen: &mut Screen) -> Result<(), Failure> {
    let mut rows = vec![["session", "samples", "seconds", "gaps", "missing"].map(str::to_owned).to_vec()];
    for one in made {
        let quality = &one.session.quality;
        let seconds = one.seconds.as_ref().map(ToString::to_string).unwrap_or_default();
        let numbers = [quality.frames, quality.gaps, quality.non_finite].map(|count| count.to_string());
        let [samples, gaps, missing] = numbers;
        rows.push(vec![one.session.id.to_string(), samples, seconds, gaps, missing]);
    }
    show::table(&rows, &[false, true, true, true, true], screen)?;
    let channels = made.first().and_then(|one| one.session.channels()).unwrap_or_default();
    for channel in channels {
        let name = &channel.name;
        if let Some(unit) = &channel.unit {
            screen.line(&format!("  channel {name} in {unit}"))?;
        } else {
            screen.line(&format!(
                "  channel {name}: no unit is stated; add for example --unit {name}=counts"
            ))?;
        }
    }
    Ok(())
}

/// How the logs were read: once, if all were read alike.
fn tell_reading(plans: &[(PathBuf, File, Plan)], screen: &mut Screen) -> Result<(), Failure> {
    let read: Vec<Vec<String>> = plans.iter().map(|(.., plan)| read_with(plan)).collect();
    let alike = read.windows(2).all(|pair| pair[0] == pair[1]);
    for ((path, ..), lines) in plans.iter().zip(&read).take(if alike { 1 } else { plans.len() }) {
        let of = if alike { String::new() } else { format!("{}: ", place::shown(path)) };
        lines.iter().try_for_each(|line| screen.line(&format!("  {of}{line}")))?;
    }
    Ok(())
}

/// The id of a file's session: its name without its ending.
fn session_of(path: &Path) -> Id {
    signal::id_of(&path.file_stem().unwrap_or_default().to_string_lossy())
}

/// Where the numbers come from; of a single log also how it was read.
fn provenance(args: &Args, plans: &[(PathBuf, File, Plan)]) -> Provenance {
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let names: Vec<String> = plans.iter().map(|(path, ..)| name(path)).collect();
    let source = match plans {
        [(path, _, plan)] => Some(plan.source(&name(path))),
        _ => None,
    };
    args.about.provenance(&names, source)
}

/// What is wrong with a log: where, and what to type.
fn refused(path: &Path, error: SignalError) -> Failure {
    let path = place::shown(path);
    match error {
        SignalError::Table(source) => Failure::Table { path, source },
        SignalError::NoTime { line, .. }
        | SignalError::Backwards { line, .. }
        | SignalError::TooMany { line, .. } => {
            let text = error.to_string();
            let what = text.split_once(": ").map_or(text.as_str(), |(_, what)| what);
            Failure::input(format!("{path}:{line}"), what.to_owned())
        }
        SignalError::Exists { .. } | SignalError::Write { .. } | SignalError::Ledger(_) => {
            Failure::usage(error.to_string())
        }
        _ => Failure::input(path, error.to_string()),
    }
}
