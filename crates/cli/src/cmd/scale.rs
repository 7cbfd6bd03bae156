//! `openweigh scale` and `openweigh weigh-once`

mod desk;
mod digits;
mod log;
mod screen;
mod sensor;
mod view;
mod words;

use crate::answer::{self, OnScale, WeighOnce};
use crate::args::Global;
use crate::cmd::about::AboutArgs;
use crate::cmd::record::{access, number, pads, signals};
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::Screen;
use crate::show;
use desk::{Desk, Manner};
use openweigh_capture::{
    CaptureError, Limits, Order, PadOptions, Place, Recorder, Source, SourceInfo, run as follow, watch,
};
use openweigh_formats::number::Number;
use openweigh_formats::session::Environment;
use openweigh_formats::text::{Line, Name};
use openweigh_formats::weighings::{Id, Role};
use openweigh_formats::weights::Weights;
use openweigh_ledger::Ledger;
use openweigh_live::{Rule, Scale, Unit, Weighing};
use pads::Where;
use screen::Panel;
use sensor::SensorArgs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Weigh live: tare, put something on the pad, read grams with their uncertainty
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh scale --weights magic-trackpad-affine-1.0.0
  openweigh scale --weights magic-trackpad-affine-1.0.0 --library target/release/libopenweigh_simulator.so --log log.csv
  openweigh scale --weights magic-trackpad-affine-1.0.0 --record --as kitchen --license CC0-1.0
  openweigh scale --source serial:/dev/ttyUSB0@57600 --weights load-cell-affine-1.0.0

Keys: space takes a tare, enter weighs, u changes the unit, q ends. Where no terminal is there, or with --unattended, what
rests first is the tare, and each load that rests after it is weighed.

With --record the frames are kept as a session, and `openweigh replay` derives each weighing from them again, digit by
digit.")]
pub(crate) struct ScaleArgs {
    #[command(flatten)]
    pad: PadArgs,
    /// Weigh without keys: the first rest is the tare, each later one a weighing
    #[arg(long)]
    unattended: bool,
    /// Append a row for each weighing to this CSV file
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Keep the frames as a session of a dataset, with the weighings
    #[arg(long)]
    record: bool,
    /// Name of that dataset
    #[arg(long = "as", value_name = "NAME", default_value = "scale", requires = "record")]
    dataset: Name,
    /// Stop after S seconds of the device's clock
    #[arg(long, value_name = "S", value_parser = positive)]
    seconds: Option<f64>,
    #[command(flatten)]
    about: AboutArgs,
}

/// Wait until a load rests, print what it weighs, and end
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh weigh-once --weights magic-trackpad-affine-1.0.0
  openweigh weigh-once --weights trackweight-identity-1.0.0 --unit oz --json

With weights that subtract a tare, what rests first is the tare, and the load that rests after it is weighed.")]
pub(crate) struct OnceArgs {
    #[command(flatten)]
    pad: PadArgs,
}

/// Which pad, by which weights, and when it rests.
#[derive(Debug, clap::Args)]
pub(crate) struct PadArgs {
    /// Weights, by `name-version` or path, or a release that has one [default: none: the pad's own numbers]
    #[arg(long, value_name = "W")]
    weights: Option<String>,
    /// The pad, by the name that `openweigh devices` gives it or the beginning of that, or by the path of an
    /// event device (Linux)
    #[arg(long, value_name = "ID", conflicts_with = "source")]
    device: Option<String>,
    /// For how long a load has to rest, in seconds
    #[arg(long, value_name = "S", default_value = "1", value_parser = rest)]
    rest: f64,
    /// Within what a load rests, in the pad's unit [default: learned from the last values]
    #[arg(long, value_name = "NUMBER", value_parser = positive)]
    noise: Option<f64>,
    /// Unit to show: g, kg, oz, lb, ct, gr, N; logs are in grams
    #[arg(long, value_name = "UNIT", default_value = "g", value_parser = unit)]
    unit: Unit,
    /// Model of the pad, as the weights name it [default: as its family tells]
    #[arg(long, value_name = "TEXT", conflicts_with = "source")]
    model: Option<Line>,
    /// How it is connected, as the weights name it [default: as the system tells]
    #[arg(long, value_name = "TEXT", conflicts_with = "source")]
    transport: Option<Line>,
    /// Step between two values of the pressure, as the weights name it
    #[arg(long, value_name = "NUMBER", value_parser = number, conflicts_with = "source")]
    quantum: Option<Number>,
    /// Salt of the device's name [default: the ledger's own, in .openweigh/salt]
    #[arg(long, value_name = "TEXT", conflicts_with = "source")]
    salt: Option<String>,
    /// Keep the pad from the desktop, so that a load moves no pointer (Linux)
    #[arg(long, conflicts_with = "source")]
    grab: bool,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    sensor: SensorArgs,
}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| *value > 0.0 && value.is_finite());
    value.ok_or_else(|| "expected a number above 0".to_owned())
}

fn rest(text: &str) -> Result<f64, String> {
    let most = openweigh_live::steady::MOST_S;
    let value = text.parse().ok().filter(|value: &f64| *value > 0.0 && *value <= most);
    value.ok_or_else(|| format!("expected seconds above 0, at most {most}"))
}

fn unit(text: &str) -> Result<Unit, String> {
    let all = || Unit::ALL.map(Unit::symbol).join(", ");
    Unit::named(text).ok_or_else(|| format!("expected one of {}", all()))
}

/// Touches that may wait while a terminal is slow: some minutes of them.
const CAPACITY: usize = 200_000;

/// What a command wants besides.
struct Job<'a> {
    manner: Manner,
    keys: bool,
    log: Option<&'a PathBuf>,
    seconds: Option<f64>,
    record: Option<(&'a Name, &'a AboutArgs)>,
}

pub(crate) fn scale(args: &ScaleArgs, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let manner = Manner { unattended: args.unattended, tares: false, once: false, unit: args.pad.unit };
    let record = args.record.then_some((&args.dataset, &args.about));
    let (log, seconds) = (args.log.as_ref(), args.seconds);
    let keys = !args.unattended && !global.json && !global.quiet;
    run(&args.pad, Job { manner, keys, log, seconds, record }, global, screen)
}

pub(crate) fn once(args: &OnceArgs, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let manner = Manner { unattended: true, tares: false, once: true, unit: args.pad.unit };
    run(&args.pad, Job { manner, keys: false, log: None, seconds: None, record: None }, global, screen)
}

fn run(args: &PadArgs, job: Job<'_>, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let Job { mut manner, keys, log, seconds, record } = job;
    let ledger = place::ledger()?;
    let weights = args.weights.as_ref().map(|word| place::weights(&ledger, word)).transpose()?;
    let weights = weights.as_ref().map(|(weights, _)| weights);
    let mut rows = log.map(|path| log::Log::open(path)).transpose()?;
    screen.set_aside();
    let listener = signals::Listener::new()?;
    let ended = listener.ended();
    let _listening = listener.listen(Vec::new(), screen::restore);
    let Some(ready) = args.ready(&ledger, weights, record, &ended, global)? else {
        return Ok(exit::INTERRUPTED);
    };
    let Ready { mut source, info, recorder, scale } = ready;
    let of_lines = info.channels.is_some();
    let own = if of_lines { "the sensor's" } else { "the pad's" };
    let title = weights.map_or_else(|| format!("no weights: {own} own numbers"), words::called);
    let dataset = record.map(|(name, _)| name.to_string());
    let panel = keys.then(|| Panel::open(title, dataset, screen.has_color())).flatten();
    let drawn = panel.is_some();
    manner.unattended |= !drawn;
    manner.tares = scale.needs_tare() || weights.is_none();
    if !drawn && !global.quiet {
        crate::screen::say(hint(&manner, of_lines));
    }
    let (unit, once, kept) = (manner.unit, manner.once, record.is_some() || log.is_some());
    let (stops, interrupted) = (Arc::clone(&ended), Arc::clone(&ended));
    let mut lines = Vec::new();
    let mut take = |made: &Weighing, session: Option<&str>| -> Result<(), Failure> {
        if let Some(rows) = &mut rows {
            rows.push(made, session, weights)?;
        }
        // Who wants one number wants no tare.
        if once && made.weighing.role == Role::Tare {
            return Ok(());
        }
        if global.json {
            let document = document(made, session, weights);
            if once { screen.stream(&WeighOnce(document)) } else { screen.stream(&answer::Scale(document)) }?;
        } else if drawn {
            lines.push(words::said(weights, made, unit));
        } else {
            screen.line(&words::said(weights, made, unit))?;
        }
        // Nobody reads it any more, and nothing is kept of it.
        if screen.is_closed() && !kept {
            stops.store(true, Ordering::SeqCst);
        }
        Ok(())
    };
    let mut desk = Desk::new(scale, weights, &info, &manner, ended, panel, &mut take);
    let limits = Limits { seconds, frames: None, patience: Duration::from_secs(5) };
    let recorded = if let Some(recorder) = recorder {
        Some(follow(&mut *source, recorder, None, &limits, &mut desk))
    } else {
        watch(&mut *source, &limits, &mut desk)?;
        None
    };
    let (failed, loads) = (desk.failed.take(), desk.loads);
    // The terminal is given back before anything is said on it.
    drop(desk);
    for line in lines {
        screen.line(&line)?;
    }
    if let (Some(recorded), Some((name, about))) = (recorded.transpose()?, record) {
        if let Some(licence) = &about.license {
            ledger.keep_licence_texts(licence)?;
        }
        screen.line(&format!("wrote {}", place::shown(&recorded.recorded.folder)))?;
        if let Some(weights) = weights.filter(|_| loads > 0) {
            show::next(&format!("replay --weights {} --dataset {name}", words::called(weights)), screen)?;
        }
    }
    match failed {
        Some(failure) => Err(failure),
        None if !once || loads > 0 => Ok(exit::DONE),
        None if interrupted.load(Ordering::SeqCst) => Ok(exit::INTERRUPTED),
        None if of_lines => {
            Err(Failure::usage("nothing was weighed: the lines ended before a load rested".to_owned()))
        }
        None => Err(Failure::Pad("nothing was weighed: it ended before a load rested".to_owned())),
    }
}

/// A pad that was started, and the scale that reads it.
struct Ready<'w> {
    source: Box<dyn Source + Send>,
    info: SourceInfo,
    recorder: Option<Recorder>,
    scale: Scale<'w>,
}

impl PadArgs {
    /// Finds the source, and starts it once everything that could be refused was not. Nothing is left of one that does
    /// not start. None if somebody wanted the end before it began.
    fn ready<'w>(
        &self,
        ledger: &Ledger,
        weights: Option<&'w Weights>,
        record: Option<(&Name, &AboutArgs)>,
        ended: &AtomicBool,
        global: &Global,
    ) -> Result<Option<Ready<'w>>, Failure> {
        let rule = Rule { hold_s: self.rest, noise: self.noise };
        let live = || Id::try_from("live".to_owned()).expect("an id");
        if self.sensor.is_wanted() {
            if record.is_some() {
                return Err(Failure::usage(CaptureError::OfLines.to_string()));
            }
            let Some(lines) = self.sensor.listen(weights, ended, global)? else { return Ok(None) };
            let info = lines.info().clone();
            let scale = Scale::new(weights, &info.session(live(), Environment::default()), rule);
            let scale = scale.map_err(desk::failure)?;
            return Ok(Some(Ready { source: Box::new(lines), info, recorder: None, scale }));
        }
        let mut options = PadOptions {
            salt: pads::salt(ledger, self.salt.as_ref())?,
            model: self.model.clone(),
            transport: self.transport.clone(),
            quantum: self.quantum.clone(),
            capacity: Some(CAPACITY),
            ..PadOptions::default()
        };
        let (found, mut chosen) =
            pads::choose(&self.place, self.device.as_deref(), &mut options, false, false)?;
        let chosen = chosen.pop().ok_or_else(|| Failure::Pad("found no pad".to_owned()))?;
        if let Some(library) = found.as_ref().and_then(|pads| pads.library.as_ref().ok()) {
            access::ask(library, global);
        }
        let opened = pads::open(&chosen, None, found.as_ref(), &options, self.grab)?;
        let info = opened.info.clone();
        let scale = Scale::new(weights, &info.session(live(), Environment::default()), rule);
        let scale = scale.map_err(desk::failure)?;
        let order = |(name, about): (&Name, &AboutArgs)| Order {
            place: Place::new(ledger.root(), name),
            session: None,
            about: about.about(),
            environment: Environment::default(),
        };
        let recorder = record.map(|said| Recorder::create(order(said), &info)).transpose()?;
        match (opened.start(), recorder) {
            (Ok(source), recorder) => Ok(Some(Ready { source, info, recorder, scale })),
            (Err(failure), recorder) => {
                recorder.map_or(Ok(()), Recorder::discard)?;
                Err(failure)
            }
        }
    }
}

fn hint(manner: &Manner, of_lines: bool) -> &'static str {
    match (manner.tares, manner.once) {
        (true, true) if of_lines => "leave the scale empty until the tare is weighed; then put the load on",
        (false, true) if of_lines => "put the load on the scale",
        (true, true) => "lay your finger on the pad and hold it still: the tare; then add the load",
        (true, false) => {
            "what rests first is the tare; then each load is weighed once it rests. Ctrl-C ends it"
        }
        (false, true) => "put the load on the pad",
        (false, false) => "each load is weighed once it rests. Ctrl-C ends it",
    }
}

/// A weighing for machines.
fn document(made: &Weighing, session: Option<&str>, weights: Option<&Weights>) -> OnScale {
    let (weighing, reading) = (&made.weighing, &made.reading);
    let weighed = reading.weighed.as_ref();
    let values = (reading.values.iter())
        .map(|(name, value)| (name.to_string(), value.as_ref().map(ToString::to_string)));
    OnScale {
        session: session.map(str::to_owned),
        weighing: weighing.id.to_string(),
        role: weighing.role.as_str().to_owned(),
        first_frame: weighing.first_frame,
        last_frame: weighing.last_frame,
        tare: weighing.tare.as_ref().map(ToString::to_string),
        values: values.collect(),
        grams: weighed.and_then(|weighed| weighed.grams.as_ref()).map(ToString::to_string),
        expanded_u_g: weighed
            .and_then(|weighed| weighed.uncertain.as_ref())
            .map(|known| known.expanded.to_string()),
        flags: weighed.map_or_else(Vec::new, |weighed| weighed.flags.words().map(str::to_owned).collect()),
        weights: weights.map(words::called),
    }
}
