//! Pads and salts, as the command line names them: those of a library, and those among the event devices.

use super::access;
use crate::failure::Failure;
use crate::place;
use openweigh_capture::evdev::{self, Evdev, EvdevError, Folders, Found};
use openweigh_capture::{PadOptions, Source, SourceInfo, pad};
use openweigh_formats::session::{Clicks, PressureUnit};
use openweigh_ledger::Ledger;
use openweigh_multitouch::{ClickGuard, Device, Library, default_path};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where pads are looked for.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where pads are looked for")]
pub(crate) struct Where {
    /// Library to use in place of Apple's framework and of the event devices: the simulator
    #[arg(long, value_name = "PATH")]
    library: Option<PathBuf>,
    /// Folder of the event devices, on Linux [default: /dev/input, or none with --library]
    #[arg(long, value_name = "DIR")]
    input: Option<PathBuf>,
}

/// What was found there.
pub(crate) struct Pads {
    /// Where the library is, or would be.
    pub(crate) path: PathBuf,
    /// The library; or why it is absent, which is as it should be on Linux.
    pub(crate) library: Result<Library, openweigh_multitouch::OpenError>,
    pub(crate) devices: Vec<Device>,
    /// Where event devices were looked for.
    pub(crate) input: Option<PathBuf>,
    pub(crate) events: Vec<Found>,
}

impl Where {
    /// The library that is to be opened: the one that was given, or Apple's.
    pub(crate) fn library(&self) -> PathBuf {
        self.library.clone().unwrap_or_else(|| default_path().to_owned())
    }

    /// The folder of event devices. Who names a library wants its pads, and not one that happens to be at this machine.
    fn input(&self) -> Option<PathBuf> {
        let usual = || self.library.is_none().then(|| Folders::default().devices);
        self.input.clone().or_else(usual)
    }

    /// The event devices there. None where they are not looked for.
    pub(crate) fn events(&self, salt: &str, counts: bool) -> Result<Option<Vec<Found>>, EvdevError> {
        let found =
            |devices| evdev::devices(&Folders { devices, ..Folders::default() }, salt, counts, &evdev::open);
        self.input().map(found).transpose()
    }

    /// Looks there. `counts` is a person's word that force without a unit is force.
    pub(crate) fn look(&self, salt: &str, counts: bool) -> Result<Pads, Failure> {
        let path = self.library();
        let library = match Library::open(&path) {
            Err(error) if self.library.is_some() || !cfg!(target_os = "linux") => {
                return Err(Failure::Library(error));
            }
            opened => opened,
        };
        let devices = match &library {
            Ok(library) => library.devices().map_err(|error| Failure::input(place::shown(&path), error))?,
            Err(_) => Vec::new(),
        };
        let (input, events) = (self.input(), self.events(salt, counts)?.unwrap_or_default());
        Ok(Pads { path, library, devices, input, events })
    }
}

/// The salt that was given, or the ledger's.
pub(crate) fn salt(ledger: &Ledger, given: Option<&String>) -> Result<String, Failure> {
    match given {
        Some(salt) => Ok(salt.clone()),
        None => Ok(openweigh_capture::salt(ledger.root())?),
    }
}

/// A pad that may be recorded.
#[derive(Clone)]
pub(crate) enum Pad {
    Framework(Device),
    Event(PathBuf),
}

/// A pad by its names, and why it cannot be weighed on.
pub(crate) struct Candidate<P> {
    pub(crate) name: String,
    path: Option<PathBuf>,
    refused: Option<Failure>,
    pub(crate) pad: P,
}

impl Pads {
    /// The machine's own number, of which the names of built-in pads are made.
    pub(crate) fn machine(&self) -> Option<[u8; 16]> {
        self.library.as_ref().ok().and_then(Library::machine)
    }

    /// Takes the pads out, to choose among them. `capable`: a person's word that they have force sensors.
    pub(crate) fn candidates(&mut self, options: &PadOptions, capable: bool) -> Vec<Candidate<Pad>> {
        let framework = std::mem::take(&mut self.devices).into_iter().map(|device| {
            let identity = device.identity();
            let name = pad::pad_hash(&identity, options).to_string();
            let refused = pad::refusal(&identity).filter(|_| !capable).map(|why| {
                let what = format!("{name} cannot be weighed on: {why}");
                Failure::Pad(format!("{what}; if you know that it has them, say so with --force-capable"))
            });
            Candidate { name, path: None, refused, pad: Pad::Framework(device) }
        });
        let events = std::mem::take(&mut self.events).into_iter().map(|found| {
            let path = found.path.clone();
            Candidate {
                name: found.device.as_ref().map_or_else(|| place::shown(&path), ToString::to_string),
                refused: found.pad.err().map(Failure::Evdev),
                pad: Pad::Event(path.clone()),
                path: Some(path),
            }
        });
        framework.chain(events).collect()
    }
}

/// The wanted pad, the only one or all, and what else was found there. A path needs no search.
pub(crate) fn choose(
    place: &Where,
    wanted: Option<&str>,
    options: &mut PadOptions,
    capable: bool,
    all: bool,
) -> Result<(Option<Pads>, Vec<Pad>), Failure> {
    if let Some(path) = by_path(wanted) {
        return Ok((None, vec![Pad::Event(path)]));
    }
    let mut found = place.look(&options.salt, options.unit == Some(PressureUnit::Counts))?;
    options.machine = found.machine();
    let candidates = found.candidates(options, capable);
    Ok((Some(found), chosen(candidates, wanted, all)?))
}

/// The event device that a word means by its path, whatever else is at the machine.
pub(crate) fn by_path(wanted: Option<&str>) -> Option<PathBuf> {
    wanted.filter(|wanted| wanted.contains('/')).map(PathBuf::from)
}

/// Starts to listen to an event device.
pub(crate) fn listen(path: &Path, options: &PadOptions, grab: bool) -> Result<Evdev, EvdevError> {
    Evdev::open(path, options, grab, &evdev::open)
}

/// A pad that is found and not started.
pub(crate) struct Opened<'a> {
    /// What is to be written about it.
    pub(crate) info: SourceInfo,
    how: How<'a>,
}

enum How<'a> {
    Framework(&'a Device, Option<Arc<ClickGuard>>, &'a PadOptions),
    Event(Box<Evdev>),
}

/// Asks a pad what is to be written about it. An event device is listened to from now on.
pub(crate) fn open<'a>(
    pad: &'a Pad,
    guard: Option<Arc<ClickGuard>>,
    found: Option<&Pads>,
    options: &'a PadOptions,
    grab: bool,
) -> Result<Opened<'a>, Failure> {
    match (pad, found) {
        (Pad::Framework(device), Some(found)) => {
            // As the pad itself says now: what was asked of it may have been refused.
            let clicks = match device.clicks() {
                Some(true) => Clicks::On,
                Some(false) => Clicks::Off,
                None => Clicks::Unknown,
            };
            if guard.is_some() && clicks != Clicks::Off {
                access::clicks_stay_on();
            }
            let clock = device.arrival_clock();
            let info = pad::describe(&device.identity(), &found.path, clock, clicks, options)?;
            Ok(Opened { info, how: How::Framework(device, guard, options) })
        }
        (Pad::Framework(_), None) => unreachable!("a pad of a library was found with it"),
        (Pad::Event(path), _) => {
            let pad = listen(path, options, grab)?;
            Ok(Opened { info: pad.info().clone(), how: How::Event(Box::new(pad)) })
        }
    }
}

impl Opened<'_> {
    /// Starts it.
    pub(crate) fn start(self) -> Result<Box<dyn Source + Send>, Failure> {
        match self.how {
            How::Framework(device, guard, options) => {
                let pad = openweigh_capture::Pad::start(device, self.info, guard, options);
                Ok(Box::new(pad.map_err(|error| Failure::Pad(error.to_string()))?))
            }
            How::Event(pad) => Ok(pad),
        }
    }
}

/// The pads to record: the named one, the only one, or all.
pub(crate) fn chosen<P>(
    candidates: Vec<Candidate<P>>,
    wanted: Option<&str>,
    all: bool,
) -> Result<Vec<P>, Failure> {
    let names = |candidates: &[Candidate<P>]| {
        candidates.iter().map(|one| one.name.clone()).collect::<Vec<_>>().join(", ")
    };
    if let Some(wanted) = wanted {
        let called = |one: &Candidate<P>| {
            one.name.starts_with(wanted) || one.path.as_deref().is_some_and(|path| path.ends_with(wanted))
        };
        let known = names(&candidates);
        let mut found: Vec<Candidate<P>> = candidates.into_iter().filter(called).collect();
        return match (found.pop(), found.len()) {
            (Some(Candidate { refused: Some(why), .. }), 0) => Err(why),
            (Some(one), 0) => Ok(vec![one.pad]),
            (None, _) => Err(Failure::usage(format!(
                "No trackpad matches \"{wanted}\". Run `openweigh devices` to list them{}",
                if known.is_empty() { String::new() } else { format!("; there are: {known}") }
            ))),
            (Some(_), more) => Err(Failure::usage(format!(
                "{} trackpads match \"{wanted}\"; give more of the name to --device: {known}",
                more + 1
            ))),
        };
    }
    let (refused, usable): (Vec<_>, Vec<_>) = candidates.into_iter().partition(|one| one.refused.is_some());
    match usable.len() {
        0 => {
            let count = refused.len();
            let mut why: Vec<Failure> = refused.into_iter().filter_map(|one| one.refused).collect();
            match (why.pop(), count) {
                (None, _) => Err(Failure::Pad("found no pad".to_owned())),
                (Some(only), 1) => Err(only),
                _ => Err(Failure::Pad(format!("found {count} trackpads, none of which can be used"))),
            }
        }
        1 => Ok(usable.into_iter().map(|one| one.pad).collect()),
        _ if all => Ok(usable.into_iter().map(|one| one.pad).collect()),
        found => Err(Failure::usage(format!(
            "found {found} trackpads that can be used; choose with --device ({}), or --all-devices",
            names(&usable)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(name: &str, path: Option<&str>, refused: bool) -> Candidate<&'static str> {
        Candidate {
            name: name.to_owned(),
            path: path.map(PathBuf::from),
            refused: refused.then(|| Failure::Pad(format!("{name} is refused"))),
            pad: if path.is_some() { "event" } else { "framework" },
        }
    }

    fn choose(wanted: Option<&str>, all: bool, refused: [bool; 3]) -> Result<Vec<&'static str>, String> {
        let candidates = vec![
            candidate("aa11", None, refused[0]),
            candidate("aa22", Some("/dev/input/event7"), refused[1]),
            candidate("/dev/input/event12", Some("/dev/input/event12"), refused[2]),
        ];
        chosen(candidates, wanted, all).map_err(|failure| failure.to_string())
    }

    #[test]
    fn pads_are_chosen_by_name_or_path() {
        let none = [false; 3];
        assert_eq!(choose(Some("aa1"), false, none), Ok(vec!["framework"]));
        assert_eq!(choose(Some("aa22"), false, none), Ok(vec!["event"]));
        assert_eq!(choose(Some("event12"), false, none), Ok(vec!["event"]));
        let several =
            "2 trackpads match \"aa\"; give more of the name to --device: aa11, aa22, /dev/input/event12";
        assert_eq!(choose(Some("aa"), false, none), Err(several.to_owned()));
        assert!(choose(Some("event1"), false, none).unwrap_err().contains("No trackpad matches \"event1\""));
        assert_eq!(choose(Some("event7"), false, [false, true, false]), Err("aa22 is refused".to_owned()));
        assert_eq!(choose(None, true, [false, true, false]), Ok(vec!["framework", "event"]));
        assert_eq!(choose(None, false, [true, false, true]), Ok(vec!["event"]));
        assert!(choose(None, false, none).unwrap_err().starts_with("found 3 trackpads that can be used"));
        assert_eq!(
            choose(None, false, [true; 3]),
            Err("found 3 trackpads, none of which can be used".to_owned())
        );
        let only = chosen(vec![candidate("aa11", None, true)], None, false).map_err(|why| why.to_string());
        assert_eq!(
            only,
            Err("aa11 is refused".to_owned()),
            "of a single one it is told what is wrong with it"
        );
        let nothing = chosen(Vec::<Candidate<()>>::new(), None, false).map_err(|why| why.to_string());
        assert_eq!(nothing, Err("found no pad".to_owned()));
    }

    #[test]
    fn a_path_needs_no_search() {
        assert_eq!(by_path(Some("/dev/input/event7")), Some(PathBuf::from("/dev/input/event7")));
        assert_eq!(by_path(Some("8f51")), None);
        assert_eq!(by_path(None), None);
    }
}
