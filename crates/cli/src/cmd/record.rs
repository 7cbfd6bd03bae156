//! `openweigh record`

pub(crate) mod access;
pub(crate) mod pads;
pub(crate) mod screen;
pub(crate) mod signals;

use crate::answer::{self, RecordedSession, Warned};
use crate::args::Global;
use crate::cmd::about::{self, AboutArgs};
use crate::cmd::protocol;
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone};
use crate::show;
use openweigh_capture::{
    CaptureError, End, Ended, Guide, Limits, Order, PadOptions, Place, Protocol, Recorder, Source,
    run as follow,
};
use openweigh_formats::count;
use openweigh_formats::number::Number;
use openweigh_formats::session::{Environment, PressureUnit};
use openweigh_formats::text::{Line, Name};
use openweigh_formats::weighings::Id;
use openweigh_ledger::Ledger;
use openweigh_ledger::edit::Edit;
use openweigh_multitouch::ClickGuard;
use pads::{Pad as Chosen, Pads, Where};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Record a trackpad, guided step by step
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh record --name coins --protocol coins --no-click --license CC0-1.0
  openweigh record --name trial --library target/release/libopenweigh_simulator.so --seconds 60
  openweigh record --name linux --device /dev/input/event7 --grab --protocol masses

Ctrl-C ends a recording cleanly: the session is kept. A recording that was killed is finished with
`openweigh recover`.")]
pub(crate) struct Args {
    /// Name of the dataset; a new session is added if it is there
    #[arg(long, value_name = "N")]
    name: Name,
    /// Record into a new dataset of this name, a copy that says what it was derived from
    #[arg(long = "as", value_name = "NEW")]
    under: Option<Name>,
    /// The pad, by the name that `openweigh devices` gives it or the beginning of that, or by the path of an
    /// event device (Linux)
    #[arg(long, value_name = "ID")]
    device: Option<String>,
    /// Record every pad that reports force, each into a session of its own: suffix a, b…
    #[arg(long, conflicts_with = "device")]
    all_devices: bool,
    /// Protocol (which loads, in which order): a name from `openweigh protocol list`, or a file
    #[arg(long, value_name = "P")]
    protocol: Option<String>,
    /// Switch the pad's clicks off while it records (Mac)
    #[arg(long)]
    no_click: bool,
    /// Keep the pad from the desktop while it records, so that a load moves no pointer (Linux)
    #[arg(long)]
    grab: bool,
    /// The session's id [default: the next free of s01, s02…]
    #[arg(long, value_name = "ID")]
    session: Option<Id>,
    /// Stop after S seconds of the device's clock
    #[arg(long, value_name = "S", value_parser = positive)]
    seconds: Option<f64>,
    /// Stop after N frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    frames: Option<u64>,
    /// Size of the write queue, in touches; frames are dropped and counted when it is full
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    capacity: Option<u32>,
    /// Warn after this many seconds without a frame
    #[arg(long, value_name = "S", default_value = "5", value_parser = positive)]
    patience: f64,
    #[command(flatten)]
    place: Where,
    #[command(flatten)]
    dataset: AboutArgs,
    #[command(flatten)]
    told: ToldArgs,
}

/// What the pad cannot tell.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The session")]
struct ToldArgs {
    /// Model of the pad [default: as its family tells]
    #[arg(long, value_name = "TEXT")]
    model: Option<Line>,
    /// How it is connected [default: as the system tells]
    #[arg(long, value_name = "TEXT")]
    transport: Option<Line>,
    /// Record although the system says that the pad has no force sensors (Mac)
    #[arg(long)]
    force_capable: bool,
    /// Unit of its pressure: grams, counts, unknown [default: as far as it is known]
    #[arg(long, value_name = "UNIT", value_parser = ["grams", "counts", "unknown"])]
    pressure_unit: Option<String>,
    /// Step between two values of the pressure
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    quantum: Option<Number>,
    /// Largest value of the pressure
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    ceiling: Option<Number>,
    /// Salt of the device's name [default: the ledger's own, in .openweigh/salt]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
    /// Temperature in degrees Celsius
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_hyphen_values = true)]
    temperature_c: Option<Number>,
    /// Local gravity in m/s²
    #[arg(long, value_name = "NUMBER", value_parser = number)]
    gravity_m_s2: Option<Number>,
    /// Latitude in degrees
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_hyphen_values = true)]
    latitude_deg: Option<Number>,
    /// Altitude in metres
    #[arg(long, value_name = "NUMBER", value_parser = number, allow_hyphen_values = true)]
    altitude_m: Option<Number>,
    /// What touches the pad: finger, foil
    #[arg(long, value_name = "TEXT")]
    contact: Option<Line>,
    /// The operator's note
    #[arg(long, value_name = "TEXT")]
    note: Option<Line>,
}

pub(crate) fn number(text: &str) -> Result<Number, String> {
    Number::try_from(text.to_owned()).map_err(|error| error.to_string())
}

fn positive(text: &str) -> Result<f64, String> {
    let value = text.parse().ok().filter(|value: &f64| *value > 0.0 && value.is_finite());
    value.ok_or_else(|| "expected a number above 0".to_owned())
}

/// One pad that is ready to record.
struct Ready {
    pad: Box<dyn Source + Send>,
    recorder: Recorder,
    /// What its lines begin with, where there are several.
    prefix: String,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let protocol = args.protocol.as_ref().map(|word| protocol::find(&ledger, word)).transpose()?;
    let mut options = args.options(pads::salt(&ledger, args.told.salt.as_ref())?);
    screen.set_aside();
    let (pads, chosen) = args.choose(&mut options)?;
    if let Some(library) = pads.as_ref().and_then(|pads| pads.library.as_ref().ok()) {
        access::ask(library, global);
    }
    // Signals are heard before a click is switched off, so that none can come between.
    let listener = signals::Listener::new()?;
    let ended = listener.ended();
    let guards = chosen.iter().map(|pad| args.guard(pad)).collect::<Result<Vec<_>, _>>()?;
    if let Some(under) = &args.under {
        Edit::open(&ledger, &args.name)?.commit(Some(under))?;
    }
    let listening = listener.listen(guards.iter().flatten().map(Arc::downgrade).collect(), screen::restore);
    let sessions = args.sessions(&ledger, chosen.len());
    let mut ready = Vec::new();
    for ((pad, guard), session) in chosen.iter().zip(guards).zip(sessions) {
        let (pad, recorder) =
            args.start(pad, guard, pads.as_ref(), args.order(&ledger, session), &options)?;
        let prefix = if chosen.len() > 1 { format!("{}: ", recorder.id()) } else { String::new() };
        ready.push(Ready { pad, recorder, prefix });
    }
    let limits = Limits {
        seconds: args.seconds,
        frames: args.frames,
        patience: Duration::from_secs_f64(args.patience.min(1e6)),
    };
    let ids: Vec<Id> = ready.iter().map(|ready| ready.recorder.id().clone()).collect();
    let outcomes = record_all(ready, protocol.as_ref(), &limits, &ended, global);
    drop(listening);
    let mut done = Vec::new();
    let (mut failed, mut silent) = (None, Vec::new());
    for (id, outcome) in ids.into_iter().zip(outcomes) {
        match outcome {
            Ok(ended) => done.push(ended),
            // Among several pads, one that nobody touches is no failure.
            Err(CaptureError::NoFrames { .. }) if chosen.len() > 1 => silent.push(id),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if done.is_empty() && failed.is_none() {
        failed = Some(CaptureError::NoFrames { name: args.target().clone() });
    }
    for id in silent {
        screen.line(&format!("session {id}: no frame came; nothing was kept of it"))?;
    }
    if !done.is_empty() {
        if let Some(licence) = &args.dataset.license {
            ledger.keep_licence_texts(licence)?;
        }
        report(&done, screen)?;
    }
    failed.map_or(Ok(exit::DONE), |error| Err(error.into()))
}

fn record_all(
    ready: Vec<Ready>,
    protocol: Option<&Protocol>,
    limits: &Limits,
    ended: &Arc<AtomicBool>,
    global: &Global,
) -> Vec<Result<Ended, CaptureError>> {
    let alone = ready.len() == 1;
    let quiet = global.quiet;
    let one = |ready: Ready| {
        let Ready { mut pad, recorder, prefix } = ready;
        let mut panel = screen::Panel::new(Arc::clone(ended), prefix, alone && !global.json, quiet);
        follow(&mut *pad, recorder, protocol.cloned().map(Guide::new), limits, &mut panel)
    };
    if alone {
        return ready.into_iter().map(one).collect();
    }
    std::thread::scope(|scope| {
        let one = &one;
        let threads: Vec<_> = ready.into_iter().map(|ready| scope.spawn(move || one(ready))).collect();
        let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|panic| {
                // The others end as if asked to, and then this is told as what it is.
                ended.store(true, Ordering::SeqCst);
                std::panic::resume_unwind(panic)
            })
        };
        threads.into_iter().map(join).collect()
    })
}

impl Args {
    /// The dataset that the session goes into.
    fn target(&self) -> &Name {
        self.under.as_ref().unwrap_or(&self.name)
    }

    fn options(&self, salt: String) -> PadOptions {
        PadOptions {
            salt,
            model: self.told.model.clone(),
            transport: self.told.transport.clone(),
            unit: self.told.pressure_unit.as_deref().map(|unit| match unit {
                "grams" => PressureUnit::Grams,
                "counts" => PressureUnit::Counts,
                _ => PressureUnit::Unknown,
            }),
            quantum: self.told.quantum.clone(),
            ceiling: self.told.ceiling.clone(),
            capacity: self.capacity.and_then(|capacity| usize::try_from(capacity).ok()),
            machine: None,
        }
    }

    /// The pads to record, and what else was found with them.
    fn choose(&self, options: &mut PadOptions) -> Result<(Option<Pads>, Vec<Chosen>), Failure> {
        pads::choose(&self.place, self.device.as_deref(), options, self.told.force_capable, self.all_devices)
    }

    fn guard(&self, pad: &Chosen) -> Result<Option<Arc<ClickGuard>>, Failure> {
        if !self.no_click {
            return Ok(None);
        }
        let guard = match pad {
            Chosen::Framework(device) => {
                device.disable_clicks().map_err(|error| Failure::Pad(format!("--no-click: {error}")))?
            }
            Chosen::Event(path) => {
                let what = "found an event device, whose clicks Linux cannot switch off; leave --no-click out, \
                            and keep the desktop from the pad with --grab";
                return Err(Failure::usage(format!("{}: {what}", path.display())));
            }
        };
        Ok(Some(Arc::new(guard)))
    }

    /// Starts a pad and its session. Nothing is left of one that does not start.
    fn start(
        &self,
        pad: &Chosen,
        guard: Option<Arc<ClickGuard>>,
        found: Option<&Pads>,
        order: Order,
        options: &PadOptions,
    ) -> Result<(Box<dyn Source + Send>, Recorder), Failure> {
        let opened = pads::open(pad, guard, found, options, self.grab)?;
        let recorder = Recorder::create(order, &opened.info)?;
        match opened.start() {
            Ok(pad) => Ok((pad, recorder)),
            Err(error) => {
                recorder.discard()?;
                Err(error)
            }
        }
    }

    /// The ids of the sessions: for one pad as given or left to the recorder, for more with a letter each.
    fn sessions(&self, ledger: &Ledger, count: usize) -> Vec<Option<Id>> {
        if count == 1 {
            return vec![self.session.clone()];
        }
        let place = Place::new(ledger.root(), self.target());
        let letters = || (b'a'..=b'z').map(char::from).take(count);
        let ids = |base: &str| -> Option<Vec<Id>> {
            letters().map(|letter| Id::try_from(format!("{base}{letter}")).ok()).collect()
        };
        let free =
            |ids: &Vec<Id>| ids.iter().all(|id| !place.session(id).exists() && !place.part(id).exists());
        let given = self.session.as_ref().and_then(|base| ids(base.as_str()));
        let next = || (1..100_000).filter_map(|at| ids(&format!("s{at:02}"))).find(free);
        given.or_else(next).unwrap_or_default().into_iter().map(Some).collect()
    }

    fn order(&self, ledger: &Ledger, session: Option<Id>) -> Order {
        let told = &self.told;
        Order {
            place: Place::new(ledger.root(), self.target()),
            session,
            about: self.dataset.about(),
            environment: Environment {
                temperature_c: told.temperature_c.clone(),
                gravity_m_s2: told.gravity_m_s2.clone(),
                latitude_deg: told.latitude_deg.clone(),
                altitude_m: told.altitude_m.clone(),
                contact: told.contact.clone(),
                note: told.note.clone(),
            },
        }
    }
}

fn report(done: &[Ended], screen: &mut Screen) -> Result<(), Failure> {
    let ended = |end: End| match end {
        End::Protocol => "protocol done",
        End::Seconds => "time over",
        End::Frames => "frames complete",
        End::Source => "device lost",
        End::Wish => "ended by hand",
    };
    let session = |one: &Ended| {
        let recorded = &one.recorded;
        RecordedSession {
            session: recorded.session.id.to_string(),
            folder: place::shown(&recorded.folder),
            device: recorded.session.source.device.as_ref().map(ToString::to_string),
            ended: ended(one.end),
            weighings: recorded.weighings,
            quality: recorded.session.quality,
            warnings: Warned::all(&one.warnings),
        }
    };
    let last = done.last().map(|one| &one.recorded);
    screen.document(&answer::Recorded {
        dataset: last.map(|recorded| place::shown(recorded.place.folder())),
        sha256: last.map(|recorded| recorded.dataset.to_string()),
        sessions: done.iter().map(session).collect(),
    });
    for one in done {
        let Ended { recorded, end, warnings } = one;
        let quality = &recorded.session.quality;
        screen.line(&format!(
            "session {}: {}, {}, {}; {}",
            recorded.session.id,
            count::of(quality.frames, "frame"),
            count::of(quality.touches, "touch"),
            count::of(recorded.weighings, "weighing"),
            ended(*end)
        ))?;
        for warning in warnings {
            let word = screen.tone(Tone::Doubtful, "note");
            screen.line(&format!("  {word}: {warning}; {}", warning.advice()))?;
        }
        screen.line(&format!("wrote {}", place::shown(&recorded.folder)))?;
    }
    let Some(recorded) = last else { return Ok(()) };
    if let Some(dataset) = recorded.place.read()? {
        about::licence_wanted(
            &dataset,
            "add --license CC0-1.0, or another licence, to the next recording",
            screen,
        )?;
    }
    screen.line(&screen.tone(Tone::Faint, &format!("  sha256 of dataset.json {}", recorded.dataset)))?;
    let dataset = recorded
        .place
        .folder()
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    if done.iter().any(|one| one.recorded.weighings > 0) {
        let tared = done.iter().all(|one| one.recorded.tared);
        show::next(&format!("fit --dataset {dataset} --preset {}", show::preset(tared)), screen)
    } else {
        show::next(&format!("inspect {dataset}"), screen)
    }
}
