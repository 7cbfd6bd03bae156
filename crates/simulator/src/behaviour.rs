//! How the library behaves besides the frames: as on a Mac, as far as public sources tell, or as a program would
//! wish. Each line of [`Answers`] changes one of these; what is not said follows from [`Manner`].

use serde::Deserialize;

/// A set of answers that go together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// As the framework does on a Mac: nobody is told of sleep or unplugging, and a status of 0 promises nothing.
    #[default]
    Mac,
    /// As a program would wish: a device that stops says so.
    Ideal,
}

/// Whether the terminal may listen to input devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// It may.
    #[default]
    Granted,
    /// It may not: devices start, and no frame comes.
    Denied,
    /// Nobody has been asked yet; frames come all the same.
    Unknown,
}

/// Single answers, each a line of the table `[answers]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answers {
    /// Whether `MTDeviceIsAlive` is true while the pad is there; else it is false always.
    pub tells_life: Option<bool>,
    /// Whether `MTDeviceIsRunning` is false once sleep or unplugging ended the frames; else it is true from a start to
    /// its stop.
    pub tells_stops: Option<bool>,
    /// Whether a second handle of a pad may start while a first one runs; both are told of frames then.
    pub second_start: Option<bool>,
    /// Whether a handle from before a sleep may start.
    pub stale_start: Option<bool>,
    /// Whether frames go on by themselves after a sleep.
    pub survives_sleep: Option<bool>,
    /// Seconds after a stop within which a start gives status 0 and no frame.
    pub restart_pause_s: Option<f64>,
    /// Callbacks that a handle takes.
    pub callback_slots: Option<usize>,
    /// Whether unregistering a callback clears every slot of its function; else it clears the one that was filled last.
    pub unregisters_all: Option<bool>,
    /// Whether `MTDeviceIsRunning` of a handle from a fresh list is true while another handle of the pad runs.
    pub fresh_runs: Option<bool>,
    /// Whether the last release of a device is harmless on the device's own thread; else it is a fault, as it is a crash
    /// on a Mac.
    pub last_release_anywhere: Option<bool>,
    /// Bits of the device's own number of a frame. What callbacks are told goes on counting beyond, by what these bits
    /// tell of each step: a loss of 256 frames is none by 8 bits.
    pub frame_bits: Option<u32>,
    /// Whether registering a callback answers 1; else it answers 0 for success, as a function without an answer may.
    pub register_answers: Option<bool>,
    /// How fast `MTAbsoluteTimeGetCurrent` runs.
    pub clock_slope: Option<f64>,
    /// Whether the system has a clock of its own, with and without the time asleep.
    pub system_clock: Option<bool>,
    /// Whether the framework prints on standard output.
    pub prints: Option<bool>,
    /// Whether the terminal may listen to input devices.
    pub input_monitoring: Access,
    /// Whether frames come only while a thread of the program runs its run loop.
    pub needs_run_loop: Option<bool>,
    /// The machine's own number: all of its 16 bytes are this one. Without it, the machine does not tell.
    pub machine: Option<u8>,
}

/// The answers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub(crate) struct Behaviour {
    pub(crate) tells_life: bool,
    pub(crate) tells_stops: bool,
    pub(crate) second_start: bool,
    pub(crate) stale_start: bool,
    pub(crate) survives_sleep: bool,
    pub(crate) restart_pause_s: f64,
    pub(crate) callback_slots: usize,
    pub(crate) unregisters_all: bool,
    pub(crate) fresh_runs: bool,
    pub(crate) last_release_anywhere: bool,
    pub(crate) frame_bits: u32,
    pub(crate) register_answers: bool,
    pub(crate) clock_slope: f64,
    pub(crate) system_clock: bool,
    pub(crate) prints: bool,
    pub(crate) input_monitoring: Access,
    pub(crate) needs_run_loop: bool,
    pub(crate) machine: Option<u8>,
}

/// Of Apple silicon, whose timebase of 125/3 becomes 41 where it is divided as whole numbers.
const INTEGER_TIMEBASE: f64 = 41.0 * 3.0 / 125.0;

impl Answers {
    /// All of them, those that are not given by the manner.
    pub(crate) fn with(&self, manner: Manner) -> Behaviour {
        let mac = manner == Manner::Mac;
        Behaviour {
            tells_life: self.tells_life.unwrap_or(!mac),
            tells_stops: self.tells_stops.unwrap_or(!mac),
            second_start: self.second_start.unwrap_or(mac),
            stale_start: self.stale_start.unwrap_or(mac),
            survives_sleep: self.survives_sleep.unwrap_or(false),
            restart_pause_s: self.restart_pause_s.unwrap_or(if mac { 0.3 } else { 0.0 }),
            callback_slots: self.callback_slots.unwrap_or(if mac { 4 } else { usize::MAX }),
            unregisters_all: self.unregisters_all.unwrap_or(mac),
            fresh_runs: self.fresh_runs.unwrap_or(false),
            last_release_anywhere: self.last_release_anywhere.unwrap_or(!mac),
            frame_bits: self.frame_bits.unwrap_or(if mac { 8 } else { 32 }).clamp(1, 32),
            register_answers: self.register_answers.unwrap_or(true),
            clock_slope: self.clock_slope.unwrap_or(if mac { INTEGER_TIMEBASE } else { 1.0 }),
            system_clock: self.system_clock.unwrap_or(mac),
            prints: self.prints.unwrap_or(false),
            input_monitoring: self.input_monitoring,
            needs_run_loop: self.needs_run_loop.unwrap_or(false),
            machine: self.machine,
        }
    }
}
