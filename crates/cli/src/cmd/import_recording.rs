//! `openweigh import recording`: what other programs recorded becomes sessions, value by value.

use super::record::pads;
use crate::answer::{ImportedRecording, LeftOut, RecordingSession, Warned};
use crate::args::Global;
use crate::cmd::about::{self, AboutArgs};
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::show;
use openweigh_capture::Place;
use openweigh_capture::import::{self, Destination, Format, ImportError, Platform, Survey, Surveyed};
use openweigh_formats::count;
use openweigh_formats::dataset::{Dataset, Provenance, ProvenanceKind};
use openweigh_formats::session::Environment;
use openweigh_formats::text::{Line, Name};
use openweigh_ledger::OpenError;
use openweigh_ledger::edit::Edit;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

/// A recording on standard input is kept in memory, since it is read twice.
const STANDARD_INPUT: u64 = 128 << 20;

/// Import a trackpad recording that another program made
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh import recording pad.yml --name coins --license CC0-1.0 --author 'A. Person'
  openweigh import recording run.atpcap --name two-pads --device 1 --model 'Magic Trackpad 2'

Formats: libinput record (YAML), evemu-record, evtest's text, hid-recorder (Magic Trackpad 2 and USB-C),
GlassToKey (.atpcap version 3, CSV). Pads that report force: the Magic Trackpad 2 and USB-C, and devices whose axis
ABS_MT_PRESSURE declares units per gram. Others are refused, since there pressure is the size of the contact.
Each device becomes a session. No value is altered.")]
pub(crate) struct Args {
    /// The recording; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of the dataset
    #[arg(long, value_name = "N")]
    name: Name,
    /// Add the sessions to the dataset if it is there
    #[arg(long)]
    add: bool,
    /// Its format [default: found in the content]
    #[arg(long, value_name = "FORMAT", value_parser = ["libinput", "evemu", "evtest", "hid", "atpcap", "glasstokey-csv"])]
    format: Option<String>,
    /// Only this device of the recording: its number, name, node or id
    #[arg(long, value_name = "SELECT")]
    device: Option<String>,
    /// The system under which `GlassToKey` recorded, if the recording does not tell
    #[arg(long, value_name = "SYSTEM", value_parser = ["mac", "linux", "windows"])]
    platform: Option<String>,
    /// That the pad measures force though its axis declares no unit
    #[arg(long, value_name = "UNIT", value_parser = ["counts"])]
    pressure_unit: Option<String>,
    /// The pad's model, if the recording does not tell it
    #[arg(long, value_name = "TEXT")]
    model: Option<Line>,
    /// The recording is of a simulation, not of a pad
    #[arg(long)]
    simulated: bool,
    /// Where it comes from, in a sentence
    #[arg(long, value_name = "TEXT")]
    origin: Option<Line>,
    /// Salt of the devices' names [default: the ledger's own, in .openweigh/salt]
    #[arg(long, value_name = "TEXT")]
    salt: Option<String>,
    /// Add the sessions to a new dataset of this name, a copy that says what it was derived from
    #[arg(long = "as", value_name = "NEW", requires = "add")]
    under: Option<Name>,
    #[command(flatten)]
    dataset: AboutArgs,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let ledger = place::ledger()?;
    let source = place::shown(&args.file);
    let failed = |error| Failure::Import { path: source.clone(), source: error };
    let recording = Recording::open(&args.file, global)?;
    let progress = Progress::new(!global.quiet && !global.json);
    let options = import::Options {
        format: Format::ALL.into_iter().find(|format| args.format.as_deref() == Some(format.as_str())),
        device: args.device.clone(),
        counts: args.pressure_unit.is_some(),
        model: args.model.clone(),
        platform: Platform::ALL
            .into_iter()
            .find(|platform| args.platform.as_deref() == Some(platform.as_str())),
        max_bytes: global.max_csv(),
    };
    let survey =
        import::survey(&mut *recording.reader("looking at", &progress)?, &options).map_err(failed)?;
    let dataset = Place::new(ledger.root(), &args.name);
    if let Some(found) = dataset.read()? {
        let known = sessions_in(&found, &survey);
        if known == survey.sessions.len() {
            return left_alone(&dataset, &survey, screen);
        }
        let folder = place::shown(dataset.folder());
        if known > 0 {
            let found = format!("{known} of {} sessions are in the dataset already", survey.sessions.len());
            let what = format!("{found}; import the others with --device, so that none is counted twice");
            return Err(Failure::input(folder, what));
        }
        if !args.add {
            let what = "found a dataset of this name, expected none; choose another, or add to it with --add";
            return Err(Failure::input(folder, what));
        }
    }
    let dataset = match &args.under {
        None => dataset,
        Some(under) => {
            Edit::open(&ledger, &args.name)?.commit(Some(under))?;
            Place::new(ledger.root(), under)
        }
    };
    let destination = Destination {
        place: dataset,
        about: args.dataset.about(),
        environment: Environment::default(),
        provenance: provenance(args, survey.format)?,
        salt: pads::salt(&ledger, args.salt.as_ref())?,
    };
    let recorded =
        import::import(&mut *recording.reader("importing", &progress)?, &options, &survey, &destination)
            .map_err(failed)?;
    drop(progress);
    if let Some(licence) = &args.dataset.license {
        ledger.keep_licence_texts(licence)?;
    }
    let names: Vec<&str> = recorded.iter().map(|recorded| recorded.session.id.as_str()).collect();
    let sha256 = recorded.last().map(|recorded| recorded.dataset.to_string());
    let folder = place::shown(destination.place.folder());
    screen.document(&document(&folder, &survey, &names, sha256.as_deref()));
    said(&survey, &names, screen)?;
    if let Some(dataset) = destination.place.read()? {
        let how = format!("{} another --name", about::STATED_AGAIN);
        about::licence_wanted(&dataset, &how, screen)?;
    }
    screen.line(&format!("wrote {folder}"))?;
    if let Some(sha256) = sha256 {
        screen.line(&screen.tone(Tone::Faint, &format!("  sha256 {sha256}")))?;
    }
    if let Some(first) = names.first() {
        show::next(&format!("weigh {} {first} --suggest", destination.place.name()), screen)?;
    }
    Ok(exit::DONE)
}

/// How many of the sessions are in the dataset already, byte for byte.
fn sessions_in(dataset: &Dataset, survey: &Survey) -> usize {
    let has = |digest| dataset.files.iter().any(|file| file.sha256 == digest);
    survey.sessions.iter().filter(|session| has(session.touches.clone())).count()
}

fn left_alone(dataset: &Place, survey: &Survey, screen: &mut Screen) -> Result<u8, Failure> {
    let folder = place::shown(dataset.folder());
    screen.document(&document(&folder, survey, &[], None));
    screen.line(&format!("{folder} has these touches already, byte for byte the same; left alone"))?;
    Ok(exit::DONE)
}

fn provenance(args: &Args, format: Format) -> Result<Provenance, Failure> {
    let file = args.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let file = file.filter(|name| name != "-").unwrap_or_else(|| "standard input".to_owned());
    let told = || format!("Imported from {file}, a recording of {}.", format.words());
    let origin = match &args.origin {
        Some(origin) => origin.clone(),
        None => Line::try_from(told()).map_err(|error| {
            Failure::usage(format!(
                "the name of the file cannot stand in the dataset: {error}; give --origin"
            ))
        })?,
    };
    let kind = if args.simulated { ProvenanceKind::Simulated } else { ProvenanceKind::Measured };
    Ok(Provenance::stated(kind, origin))
}

fn document(folder: &str, survey: &Survey, names: &[&str], sha256: Option<&str>) -> ImportedRecording {
    let session = |(at, session): (usize, &Surveyed)| RecordingSession {
        session: names.get(at).map(|name| (*name).to_owned()),
        device: session.device.clone(),
        unit: session.source.unit.as_str(),
        quality: session.quality,
        touches_sha256: session.touches.to_string(),
        warnings: Warned::all(&session.warnings),
    };
    let left_out = |out: &import::LeftOut| LeftOut { device: out.device.clone(), why: out.why.to_string() };
    ImportedRecording {
        dataset: folder.to_owned(),
        recording_format: survey.format.as_str(),
        recording_sha256: survey.sha256.to_string(),
        written: !names.is_empty(),
        sessions: survey.sessions.iter().enumerate().map(session).collect(),
        left_out: survey.left_out.iter().map(left_out).collect(),
        sha256: sha256.map(str::to_owned),
    }
}

fn said(survey: &Survey, names: &[&str], screen: &mut Screen) -> Result<(), Failure> {
    screen.line(&format!("a recording of {}", survey.format.words()))?;
    for (session, name) in survey.sessions.iter().zip(names) {
        let quality = session.quality;
        let unit = session.source.unit.as_str();
        let (frames, touches) = (count::of(quality.frames, "frame"), count::of(quality.touches, "touch"));
        let device = place::harmless(&session.device);
        screen.line(&format!("  {name}: {device}, {frames}, {touches}, pressure in {unit}"))?;
        for warning in &session.warnings {
            let advice = warning.advice();
            screen.line(&screen.tone(Tone::Doubtful, &format!("    {warning}; {advice}")))?;
        }
    }
    for out in &survey.left_out {
        screen.line(&screen.tone(Tone::Doubtful, &format!("  left out: {out}")))?;
    }
    Ok(())
}

/// A recording that can be read twice.
enum Recording {
    File(PathBuf),
    Memory(Vec<u8>),
}

impl Recording {
    fn open(path: &Path, global: &Global) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return place::read(path, global.max_csv().min(STANDARD_INPUT)).map(Self::Memory);
        }
        let failed = |source: OpenError| Failure::Open { path: place::shown(path), source };
        let found = std::fs::metadata(path).map_err(|error| {
            let missing = error.kind() == std::io::ErrorKind::NotFound;
            failed(if missing { OpenError::Missing } else { error.into() })
        })?;
        if !found.is_file() {
            // A pipe would be empty the second time, a folder is no recording.
            return Err(Failure::input(path.display(), "found no file; give `-` for standard input"));
        }
        let (found, limit) = (found.len(), global.max_csv());
        if found > limit {
            return Err(failed(OpenError::TooLarge { found, limit }));
        }
        Ok(Self::File(path.to_path_buf()))
    }

    fn reader<'a>(
        &'a self,
        doing: &'static str,
        progress: &'a Progress,
    ) -> Result<Box<dyn BufRead + 'a>, Failure> {
        let file: Box<dyn Read + 'a> = match self {
            Self::Memory(bytes) => return Ok(Box::new(Cursor::new(bytes))),
            Self::File(path) => Box::new(File::open(path).map_err(|error| Failure::Import {
                path: place::shown(path),
                source: ImportError::Read(error),
            })?),
        };
        let watched = Watched { file, done: 0, doing, progress };
        Ok(Box::new(BufReader::with_capacity(256 << 10, watched)))
    }
}

/// Says how far a file was read.
struct Watched<'a> {
    file: Box<dyn Read + 'a>,
    done: u64,
    doing: &'static str,
    progress: &'a Progress,
}

impl Read for Watched<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(out)?;
        self.done += read as u64;
        self.progress.show(|| format!("{}: {} MB", self.doing, self.done / 1_000_000));
        Ok(read)
    }
}
