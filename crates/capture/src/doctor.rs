//! Questions to a machine about its pads, and its answers as one file: what works, and what nobody knows yet.
//!
//! Nobody who writes this has a Mac. So what is believed of Apple's framework is asked of those who have one: the same
//! questions to a Mac, to the event devices of Linux, and to the simulator, whose answers are known. What needs hands
//! is asked of a [`Person`]; where nobody is there, the question is left out and the file says so.
//!
//! No id, serial number or path goes into the file: a pad is called by its salted hash, and of ids and registry
//! entries it is told only whether they stayed the same.

mod events;
mod framework;
mod tally;

use crate::evdev::Found;
use crate::pad::{PadOptions, pad_hash};
use openweigh_formats::doctor::{Bundle, Section};
use openweigh_formats::session::DeviceHash;
use openweigh_multitouch::{Access, Fact, Library, OpenError};
use std::time::{Duration, Instant};

/// What a person is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Rest a finger on the pad, and leave it there.
    Touch,
    /// Press from lightly to as hard as is comfortable, slowly, and back.
    Press,
    /// Rest a finger on it again, while it is stopped and started.
    TouchAgain,
    /// Let the machine sleep for ten seconds, wake it, and rest a finger on the pad.
    Sleep,
    /// Pull the pad's cable out, or switch the pad off.
    Unplug,
    /// Plug it in again, or switch it on, and rest a finger on it.
    PlugIn,
    /// Connect it the other way: by Bluetooth in place of the cable, or by cable; and rest a finger on it.
    PlugOtherWay,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// The person would rather not.
    Skipped,
    /// Nobody is there.
    Nobody,
}

/// Who is asked.
pub trait Person {
    /// Asks for something, and waits for it.
    fn asked(&mut self, wish: Wish) -> Reply;

    /// Is told which question is being answered.
    fn follows(&mut self, question: &str);

    /// Whether the person wants the end: what is known by then is given.
    fn is_leaving(&self) -> bool;

    /// Runs another process that switches this pad's clicks off with [`hold_clicks`], and kills it while they are off.
    /// `false` if that was not possible.
    fn kill_while_clicks_are_off(&mut self, pad: &DeviceHash) -> bool;
}

/// How long the program listens.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    /// To the clocks.
    pub clocks: Duration,
    /// To a pad that is touched.
    pub frames: Duration,
    /// To a stream of which it is known that frames come.
    pub short: Duration,
    /// Not at all, between a stop and a start that is to succeed.
    pub settled: Duration,
    /// Whether a person is there, whom the system may ask for a permission.
    pub attended: bool,
}

impl Default for Listening {
    fn default() -> Self {
        Self {
            clocks: Duration::from_secs(5),
            frames: Duration::from_secs(6),
            short: Duration::from_secs(1),
            settled: Duration::from_millis(600),
            attended: true,
        }
    }
}

impl Listening {
    /// For where nobody is there.
    pub fn unattended() -> Self {
        Self {
            clocks: Duration::from_secs(1),
            frames: Duration::from_secs(2),
            attended: false,
            ..Self::default()
        }
    }
}

/// How the program was started, as its environment tells.
#[derive(Debug, Clone, Default)]
pub struct Terminal {
    /// What the terminal calls itself.
    pub name: Option<String>,
    /// Over a network.
    pub remote: bool,
    /// Inside a program that outlives its terminal, as tmux does.
    pub multiplexed: bool,
}

/// What is asked.
pub struct Machine<'a> {
    /// The library; or why there is none.
    pub library: Result<&'a Library, &'a OpenError>,
    /// Whether the library is Apple's own.
    pub genuine: bool,
    /// Event devices, where they were looked for.
    pub events: Option<&'a [Found]>,
    /// How an event device is opened.
    pub open: crate::evdev::Open<'a>,
    /// How the program was started.
    pub terminal: Terminal,
    /// The system's name and release.
    pub system: String,
    /// The program's version.
    pub version: String,
    /// The salt of the pads' names.
    pub salt: String,
    /// How long to listen.
    pub listening: Listening,
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeftOut {
    Nobody,
    Skipped,
    Interrupted,
    NoFrames,
    BuiltIn,
    NotStarted,
    NoFunction,
}

impl LeftOut {
    fn words(self) -> &'static str {
        match self {
            Self::Nobody => "it needs hands, and nobody was asked",
            Self::Skipped => "skipped",
            Self::Interrupted => "interrupted",
            Self::NoFrames => "no frame came, so nothing can be told",
            Self::BuiltIn => "a built-in pad cannot be unplugged",
            Self::NotStarted => "the pad did not start",
            Self::NoFunction => "the library has no function for it",
        }
    }
}

/// The questions, while they are asked.
struct Examination<'a> {
    person: &'a mut dyn Person,
    listening: Listening,
    options: PadOptions,
    bundle: Bundle,
}

/// Asks everything that can be asked of a machine. What a person broke off is said as what it is; the rest stands.
pub fn examine(machine: &Machine<'_>, person: &mut dyn Person) -> Bundle {
    let number = machine.library.ok().and_then(Library::machine);
    let options = PadOptions { salt: machine.salt.clone(), machine: number, ..PadOptions::default() };
    let bundle = Bundle { preface: preface(machine), sections: Vec::new() };
    let mut asked = Examination { person, listening: machine.listening, options, bundle };
    asked.about(machine);
    asked.library(machine);
    let mut pads = 0;
    if let Ok(library) = machine.library {
        asked.permission(library);
        asked.clocks(library);
        asked.framework(library, &mut pads);
    }
    if let Some(events) = machine.events {
        asked.events(events, machine.open, &mut pads);
    }
    asked.bundle
}

/// Switches a pad's clicks off, and holds them so while `waits` runs, in which the process is to be killed; after it
/// they are on again.
pub fn hold_clicks(library: &Library, pad: &DeviceHash, salt: &str, waits: impl FnOnce()) {
    let options = PadOptions { salt: salt.to_owned(), machine: library.machine(), ..PadOptions::default() };
    let devices = library.devices().unwrap_or_default();
    let named = |device: &&openweigh_multitouch::Device| pad_hash(&device.identity(), &options) == *pad;
    if let Some(Ok(guard)) = devices.iter().find(named).map(openweigh_multitouch::Device::disable_clicks) {
        waits();
        guard.restore();
    }
}

fn preface(machine: &Machine<'_>) -> Vec<String> {
    let mut preface = vec![
        "What a computer answered about its trackpads, asked by `openweigh doctor`. It helps people who have no such \
         computer to make openweigh right for it. Each table is a question; a line that begins with # explains."
            .to_owned(),
        "What of you is in it: the model of the computer, the version of its system, the name of the terminal, and what \
         was measured while somebody touched the pad: how hard, how often, how long; no position, nothing that was typed, \
         no name, no address, no time of day. No serial number and no id is in it: `device` is a hash of the pad's id \
         with a random text that is thrown away, so that nobody can find the pad by it, and two such files of one pad \
         have different ones."
            .to_owned(),
        "`left_out` says why a question was not answered. Read it before you send it, and delete what you do not want to \
         tell: every table may be missing."
            .to_owned(),
    ];
    if !machine.genuine && machine.library.is_ok() {
        preface.insert(1, "SIMULATED: the library stands in for Apple's. No device was asked.".to_owned());
    }
    preface
}

impl Examination<'_> {
    fn add(&mut self, section: Section) {
        self.bundle.sections.push(section);
    }

    /// Begins a question. `None` if the person has left: then it is noted as left out.
    fn begin(&mut self, name: &str, about: &str) -> Option<Section> {
        let section = Section::new(name, about);
        if self.person.is_leaving() {
            self.leave_out(section, LeftOut::Interrupted);
            return None;
        }
        self.person.follows(name);
        Some(section)
    }

    fn leave_out(&mut self, mut section: Section, why: LeftOut) {
        section.put("left_out", why.words());
        self.add(section);
    }

    /// Asks the person. `None` if it is not done: why is noted.
    fn ask(&mut self, section: &Section, wish: Wish) -> Option<()> {
        let why = match self.person.asked(wish) {
            _ if self.person.is_leaving() => LeftOut::Interrupted,
            Reply::Done => return Some(()),
            Reply::Skipped => LeftOut::Skipped,
            Reply::Nobody => LeftOut::Nobody,
        };
        self.leave_out(section.clone(), why);
        None
    }

    /// Waits, in steps after which the person may have left.
    fn pause(&self, longest: Duration) {
        let begun = now();
        while begun.elapsed() < longest && !self.person.is_leaving() {
            std::thread::sleep(Duration::from_millis(20).min(longest));
        }
    }

    fn about(&mut self, machine: &Machine<'_>) {
        let mut section =
            Section::new("about", "The program, the system, the machine, and what started the program.");
        section.put("openweigh", machine.version.as_str());
        section.put("system", machine.system.as_str());
        section.put("architecture", std::env::consts::ARCH);
        section.put("simulated", machine.library.is_ok() && !machine.genuine);
        if let Ok(library) = machine.library {
            section.put_known("system_version", library.fact(Fact::Version));
            section.put_known("system_build", library.fact(Fact::Build));
            section.put_known("machine", library.fact(Fact::Model));
            section.put_known("responsible_program", library.responsible().as_deref().and_then(program));
        }
        let Terminal { name, remote, multiplexed } = &machine.terminal;
        section.put_known("terminal", name.clone());
        section.put("over_ssh", *remote);
        section.put("in_tmux_or_screen", *multiplexed);
        self.add(section);
    }

    fn library(&mut self, machine: &Machine<'_>) {
        let about = "Apple's MultitouchSupport, or what was given in its place: does it open, and which functions are \
                     not in it?";
        let mut section = Section::new("library", about);
        section.put("opened", machine.library.is_ok());
        match machine.library {
            Ok(library) => {
                section.put(
                    "missing",
                    library.missing().iter().map(|name| (*name).to_owned()).collect::<Vec<_>>(),
                );
            }
            Err(OpenError::Missing { name, .. }) => {
                section.put("missing", vec![(*name).to_owned()]);
                section.put("reason", "without this function nothing works");
            }
            // The linker's words name folders of a person.
            Err(OpenError::Load { .. }) => section.put("reason", NOT_LOADED),
        }
        self.add(section);
    }

    fn permission(&mut self, library: &Library) {
        let about = "May the program listen to input devices (Input Monitoring)? `after` is once the system was asked to \
                     allow it, which is done where a person is there.";
        let Some(mut section) = self.begin("permission", about) else { return };
        section.put("before", access(library.access()));
        if self.listening.attended {
            section.put_known("granted_on_request", library.request_access());
            section.put("after", access(library.access()));
        }
        self.add(section);
    }

    fn clocks(&mut self, library: &Library) {
        let about = "How fast the clocks run against a steady one, while nothing else happens. 1.0000 is as fast. The \
                     framework's is said to run at 0.9840 on Apple silicon. The simulator's clocks stand still between frames.";
        let Some(mut section) = self.begin("clocks", about) else { return };
        let (begun, first) = (now(), library.clocks());
        self.pause(self.listening.clocks);
        let (took_s, last) = (begun.elapsed().as_secs_f64(), library.clocks());
        let slope = |run_s: Option<f64>| run_s.map(|run_s| slope(run_s, took_s));
        let run = |a: Option<Duration>, b: Option<Duration>| Some(b?.as_secs_f64() - a?.as_secs_f64());
        section.put("measured_for_ms", whole(begun.elapsed()));
        section.put_known("framework", slope(last.framework_s.zip(first.framework_s).map(|(b, a)| b - a)));
        section.put_known("system_awake", slope(run(first.awake, last.awake)));
        section.put_known("system_with_sleep", slope(both(first).zip(both(last)).map(|(a, b)| b - a)));
        section
            .put_known("asleep_so_far_s", last.asleep.map(|asleep| tally::decimals(asleep.as_secs_f64(), 1)));
        self.add(section);
    }
}

/// Why the library did not open, without the name of a folder.
const NOT_LOADED: &str = if cfg!(target_os = "macos") {
    "the system cannot load it"
} else {
    "the system cannot load it; Apple's framework is a part of macOS, and this is another system"
};

/// How fast a clock ran that showed so many seconds.
fn slope(run_s: f64, took_s: f64) -> String {
    if run_s == 0.0 { "stood still".to_owned() } else { tally::decimals(run_s / took_s, 4) }
}

fn both(clocks: openweigh_multitouch::Clocks) -> Option<f64> {
    Some(clocks.awake?.as_secs_f64() + clocks.asleep?.as_secs_f64())
}

fn access(answer: Option<Access>) -> &'static str {
    match answer {
        Some(Access::Granted) => "granted",
        Some(Access::Denied) => "denied",
        Some(Access::Unknown) => "never asked",
        None => "nobody can be asked",
    }
}

/// A program without the folders that it is in, which may name a person: the application, or else the file.
pub fn program(path: &std::path::Path) -> Option<String> {
    let parts = || path.components().map(|part| part.as_os_str().to_string_lossy().into_owned());
    parts().find(|part| part.ends_with(".app")).or_else(|| parts().next_back())
}

fn whole(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "how long is listened, and how fast clocks run")]
fn now() -> Instant {
    Instant::now()
}
