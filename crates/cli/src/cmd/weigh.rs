//! `openweigh weigh`

use crate::answer::{Rest, Stated, Suggested, Weighed};
use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone};
use crate::show;
use openweigh_capture::{Protocol, RecordedSession, Statement, Suggestion, Which};
use openweigh_dataset::rest::Stretch;
use openweigh_exact::{Decimal, Fixed};
use openweigh_formats::count;
use openweigh_formats::limits;
use openweigh_formats::number::Number;
use openweigh_formats::text::Name;
use openweigh_formats::weighings::{Cell, Id, Role, Weighing};
use openweigh_ledger::edit::Edited;
use openweigh_ledger::{Kind, Written};
use std::path::PathBuf;

/// State when which mass lay on the sensor, in a recorded session
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh weigh coins s01 --suggest
  openweigh weigh coins s01 --seconds 2..4.5 --role tare --id empty
  openweigh weigh coins s01 --frames 520..700 --reference-g 7.5 --u-g 0.01 --tare empty
  openweigh weigh coins s01 --protocol protocols/coins.toml

Seconds are counted from the session's first frame. Each change makes the next minor version of the dataset. A dataset
that weights or a manifest name is not changed: --as NEW writes into a copy.")]
pub(crate) struct Args {
    /// Dataset, by name
    #[arg(value_name = "DATASET")]
    dataset: Name,
    /// Session, by its id
    #[arg(value_name = "SESSION")]
    session: Id,
    /// List the stretches at rest, and what to type for each
    #[arg(long, group = "way")]
    suggest: bool,
    /// Stretch in seconds from the session's first frame: 2..4.5
    #[arg(long, value_name = "A..B", group = "way", value_parser = seconds)]
    seconds: Option<Which>,
    /// Stretch in frames, the last one included: 520..700
    #[arg(long, value_name = "A..B", group = "way", value_parser = frames)]
    frames: Option<Which>,
    /// Follow a protocol over the recorded frames
    #[arg(long, value_name = "FILE", group = "way")]
    protocol: Option<PathBuf>,
    /// Take a weighing back, by its id
    #[arg(long, value_name = "ID", group = "way")]
    remove: Option<Id>,
    /// Mass that rests, in grams
    #[arg(long, value_name = "G", allow_hyphen_values = true, value_parser = grams)]
    reference_g: Option<Number>,
    /// Standard uncertainty of that mass, in grams
    #[arg(long, value_name = "U", allow_hyphen_values = true, requires = "reference_g", value_parser = grams)]
    u_g: Option<Number>,
    /// Tare to subtract, by its id
    #[arg(long, value_name = "ID")]
    tare: Option<Id>,
    /// What rests [default: reference, where --reference-g is given]
    #[arg(long, value_name = "ROLE", value_parser = ["tare", "reference", "unknown"])]
    role: Option<String>,
    /// The load in words
    #[arg(long, value_name = "TEXT")]
    label: Option<String>,
    /// Id of the weighing [default: the next free of w01, w02…]
    #[arg(long, value_name = "ID")]
    id: Option<Id>,
    /// Channel that tells rest, for --suggest and --protocol [default: the first one, or pressure]
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// Seconds that a load has to be at rest, for --suggest
    #[arg(long, value_name = "S", default_value = "1", value_parser = positive)]
    hold: f64,
    /// Largest less smallest value at rest, for --suggest [default: estimated from the values]
    #[arg(long, value_name = "X", value_parser = positive)]
    noise: Option<f64>,
    /// Write into a new dataset, a copy that says what it was derived from
    #[arg(long = "as", value_name = "NEW")]
    under: Option<Name>,
}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| *value > 0.0 && value.is_finite());
    value.ok_or_else(|| "expected a number above 0".to_owned())
}

/// A number of grams, in which zeros at the end do no harm.
fn grams(text: &str) -> Result<Number, String> {
    let number = Fixed::parse(text).map(|number| Number(number.to_decimal()));
    number.map_err(|error| error.to_string())
}

fn ends(text: &str) -> Result<(&str, &str), String> {
    text.split_once("..").ok_or_else(|| "expected two numbers with `..` between: 2..4.5".to_owned())
}

fn frames(text: &str) -> Result<Which, String> {
    let (first, last) = ends(text)?;
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(Which::Frames(first, last)),
        _ => Err("expected the numbers of two frames, the smaller one first: 520..700".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Which, String> {
    let (from, to) = ends(text)?;
    let number = |text: &str| {
        let number = Fixed::parse(text).map(|number| number.to_decimal());
        let number = number.map_err(|_| format!("found `{text}`, expected a number of seconds"));
        number.and_then(|number| {
            if number < Decimal::ZERO { Err("expected seconds from 0".to_owned()) } else { Ok(number) }
        })
    };
    let (from, to) = (number(from)?, number(to)?);
    if from <= to {
        Ok(Which::Seconds(from, to))
    } else {
        Err("expected the earlier time first: 2..4.5".to_owned())
    }
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let mut session = RecordedSession::open(&ledger, &args.dataset, &args.session, global.max_csv())?;
    let channel = args.channel.as_deref();
    if args.suggest {
        let found = session.suggest(channel, args.hold, args.noise)?;
        return suggest(args, &session, &found, screen);
    }
    let mut left_out = Vec::new();
    if let Some(word) = &args.protocol {
        let path = place::find(&ledger, Kind::Protocol, &word.to_string_lossy())?;
        let bytes = place::read(&path, limits::TOML_BYTES)?;
        let protocol = Protocol::parse(&bytes)
            .map_err(|source| Failure::Malformed { path: place::shown(&path), source })?;
        left_out = session.follow(protocol, channel)?;
    } else if let Some(id) = &args.remove {
        session.remove(id)?;
    } else if let Some(which) = args.seconds.as_ref().or(args.frames.as_ref()) {
        session.state(args.said(which)?)?;
    } else {
        return Err(Failure::usage(
            "say which stretch with --seconds A..B or --frames A..B; --suggest lists those at rest",
        ));
    }
    let weighings = session.weighings().to_vec();
    let channels = session.channels();
    let edited = session.commit(args.under.as_ref())?;
    screen.document(&Weighed {
        dataset: edited.dataset.name.to_string(),
        session: args.session.to_string(),
        version: edited.dataset.version.to_string(),
        sha256: edited.sha256.to_string(),
        weighings: weighings.iter().map(Stated::of).collect(),
        left_out: left_out.iter().map(|step| step.id.to_string()).collect(),
    });
    list(args, &weighings, screen)?;
    for step in &left_out {
        let text = format!("  step `{}` was left out: nothing came to rest", step.id);
        screen.line(&screen.tone(Tone::Doubtful, &text))?;
    }
    wrote(&edited, screen)?;
    let dataset = &edited.dataset.name;
    let references = weighings.iter().filter(|weighing| weighing.role == Role::Reference).count();
    if references < 3 {
        screen.line(&format!("next: openweigh weigh {dataset} {} --suggest", args.session))?;
        return Ok(exit::DONE);
    }
    let tared = weighings.iter().all(|weighing| weighing.role != Role::Reference || weighing.tare.is_some());
    let model = if channels.len() > 1 {
        if args.channel.is_none() {
            let names: Vec<String> = channels.iter().map(|name| format!("`{name}`")).collect();
            screen.line(&format!("  CHANNEL is the channel that weighs, one of {}", names.join(", ")))?;
        }
        format!("--terms {}{}", if tared { "" } else { "1," }, args.channel.as_deref().unwrap_or("CHANNEL"))
    } else {
        format!("--preset {}", show::preset(tared))
    };
    screen.line(&format!("next: openweigh fit --dataset {dataset} {model}"))?;
    Ok(exit::DONE)
}

impl Args {
    fn said(&self, which: &Which) -> Result<Statement, Failure> {
        let role = match (self.role.as_deref(), &self.reference_g) {
            (Some("tare"), _) => Role::Tare,
            (Some("unknown"), _) => Role::Unknown,
            (Some(_), _) | (None, Some(_)) => Role::Reference,
            (None, None) => {
                return Err(Failure::usage(
                    "say what rests there: --reference-g G, --role tare or --role unknown",
                ));
            }
        };
        match (role, &self.reference_g, &self.tare) {
            (Role::Reference, None, _) => {
                return Err(Failure::usage("a reference has a known mass: add --reference-g G"));
            }
            (Role::Tare | Role::Unknown, Some(_), _) => {
                return Err(Failure::usage(
                    "only a reference has a known mass: leave out --reference-g or --role",
                ));
            }
            (Role::Tare, _, Some(_)) => {
                return Err(Failure::usage("a tare has no tare itself: leave out --tare"));
            }
            _ => {}
        }
        let label = Cell::try_from(self.label.clone().unwrap_or_default());
        Ok(Statement {
            which: which.clone(),
            role,
            id: self.id.clone(),
            label: label.map_err(|error| Failure::usage(format!("--label: {error}")))?,
            tare: self.tare.clone(),
            reference_g: self.reference_g.clone(),
            reference_u_g: self.u_g.clone(),
        })
    }
}

fn list(args: &Args, weighings: &[Weighing], screen: &mut Screen) -> Result<(), Failure> {
    screen.line(&format!("session {}: {}", args.session, count::of(weighings.len(), "weighing")))?;
    let head = ["weighing", "role", "frames", "mass (g)", "u (g)", "tare", "label"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let shown = |number: &Option<Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
    for weighing in weighings {
        rows.push(vec![
            weighing.id.to_string(),
            weighing.role.as_str().to_owned(),
            format!("{}..{}", weighing.first_frame, weighing.last_frame),
            shown(&weighing.reference_g),
            shown(&weighing.reference_u_g),
            weighing.tare.as_ref().map_or(String::new(), ToString::to_string),
            weighing.label.to_string(),
        ]);
    }
    show::table(&rows, &[false, false, true, true, true, false, false], screen)
}

/// Says which dataset was written.
pub(crate) fn wrote(edited: &Edited, screen: &mut Screen) -> Result<(), Failure> {
    let dataset = &edited.dataset;
    let from = dataset.provenance.derived_from.as_ref().filter(|_| dataset.version.to_string() == "1.0.0");
    let from = from.map_or(String::new(), |from| format!(", derived from {} {}", from.name, from.version));
    let path = format!("datasets/{}/dataset.json", dataset.name);
    screen.line(&match edited.written {
        Written::Same => format!("{path}, version {}, says so already; left alone", dataset.version),
        _ => format!("wrote {path}, version {}{from}", dataset.version),
    })?;
    screen.line(&screen.tone(Tone::Faint, &format!("  sha256 {}", edited.sha256)))
}

/// A stretch at rest as it is told: its line of the table, what to type if it is no weighing yet, and its document.
struct Told {
    row: Vec<String>,
    command: Option<String>,
    document: Rest,
}

/// Fraction digits with which values of this noise are told apart.
fn places(noise: f64) -> usize {
    let (mut places, mut scaled) = (2, noise * 10.0);
    while scaled < 1.0 && places < 12 {
        scaled *= 10.0;
        places += 1;
    }
    places
}

fn told(args: &Args, session: &RecordedSession<'_>, found: &Suggestion) -> Vec<Told> {
    let begin = found.begin_s.unwrap_or_default();
    let since = |time: f64| format!("{:.2}", time - begin);
    let places = places(found.noise);
    let lowest = found.stretches.iter().map(|stretch| stretch.mean).fold(f64::MAX, f64::min);
    // A tare stands for what is weighed after it, up to the next one.
    let mut tare: Option<String> = None;
    let mut fresh = (1_u32..)
        .map(|at| if at == 1 { "zero".to_owned() } else { format!("zero-{at}") })
        .filter(|id| !session.weighings().iter().any(|weighing| weighing.id.as_str() == id));
    let mut tell = |stretch: &Stretch| {
        let (first, last) = (stretch.first.frame, stretch.last.frame);
        let mut all = session.weighings().iter();
        let taken = all.find(|other| first <= other.last_frame && other.first_frame <= last);
        let weighing = taken.map(|other| other.id.to_string());
        let is_tare =
            taken.map_or(stretch.mean - lowest <= found.noise, |weighing| weighing.role == Role::Tare);
        let what = if is_tare {
            let id = weighing.clone().or_else(|| fresh.next()).unwrap_or_default();
            tare = Some(id.clone());
            format!("--role tare --id {id}")
        } else {
            let tare = tare.as_ref().map_or_else(String::new, |id| format!(" --tare {id}"));
            format!("--reference-g MASS{tare}")
        };
        let command =
            format!("openweigh weigh {} {} --frames {first}..{last} {what}", args.dataset, args.session);
        let (from, to) = (since(stretch.first.time), since(stretch.last.time));
        let (mean, spread) = (format!("{:.places$}", stretch.mean), format!("{:.places$}", stretch.spread));
        let document = Rest {
            first_frame: first,
            last_frame: last,
            frames: stretch.frames,
            from_s: from.clone(),
            to_s: to.clone(),
            mean: mean.clone(),
            spread: spread.clone(),
            weighing: weighing.clone(),
            command: command.clone(),
        };
        let frames = format!("{first}..{last}");
        let row = vec![frames, format!("{from}..{to}"), mean, spread, weighing.clone().unwrap_or_default()];
        Told { row, command: weighing.is_none().then_some(command), document }
    };
    found.stretches.iter().map(&mut tell).collect()
}

fn suggest(
    args: &Args,
    session: &RecordedSession<'_>,
    found: &Suggestion,
    screen: &mut Screen,
) -> Result<u8, Failure> {
    let told = told(args, session, found);
    screen.document(&Suggested {
        dataset: args.dataset.to_string(),
        session: args.session.to_string(),
        hold_s: found.hold_s.to_string(),
        noise: found.noise.to_string(),
        noise_is_estimated: found.is_estimated,
        stretches: told.iter().map(|told| told.document.clone()).collect(),
    });
    let origin = if found.is_estimated { " (estimated; --noise X sets it)" } else { "" };
    let (stretches, places) = (count::of(told.len(), "stretch"), places(found.noise));
    screen.line(&format!(
        "session {}: {stretches} at rest: in any {} s the values are within {:.places$}{origin}",
        args.session, found.hold_s, found.noise
    ))?;
    if told.is_empty() {
        screen.line("nothing rests that long: try a shorter --hold, or a larger --noise")?;
        return Ok(exit::DONE);
    }
    let head = ["frames", "seconds", "mean", "spread", "weighing"].map(str::to_owned).to_vec();
    let rows: Vec<_> = [head].into_iter().chain(told.iter().map(|told| told.row.clone())).collect();
    show::table(&rows, &[true, true, true, true, false], screen)?;
    let commands: Vec<_> = told.into_iter().filter_map(|told| told.command).collect();
    if commands.is_empty() {
        return Ok(exit::DONE);
    }
    screen.line(
        "what to type, with the mass in grams for MASS; --tare names what a load is weighed against:",
    )?;
    for command in commands {
        screen.line(&format!("  {command}"))?;
    }
    Ok(exit::DONE)
}
