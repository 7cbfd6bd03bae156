//! From grams to counts, with the ways in which a pad errs; and the truth, which the pad never tells.

use crate::random::Random;
use crate::scenario::{Contact, Creep, Kind, Load, Pad, Toucher};

/// How a pad turns force into counts, and what it says about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Hardware {
    /// Counts by gram.
    pub gain: f64,
    /// Step between counts.
    pub quantum: f64,
    /// From which count on the step is 1, if it is anywhere.
    pub single_from: Option<f64>,
    /// The most that a contact can show.
    pub ceiling: f64,
    /// Standard deviation of a reading, in counts.
    pub noise: f64,
    /// Whether there is a force sensor.
    pub force: bool,
    /// Number of the model's family.
    pub family: i32,
    /// Kind of connection.
    pub transport: i32,
    /// Part of the machine.
    pub built_in: bool,
    /// A pad and not a screen.
    pub opaque: bool,
    /// Width and height, hundredths of a millimetre.
    pub surface: [i32; 2],
    /// Rows and columns.
    pub sensor: [i32; 2],
}

impl Kind {
    /// What is usual for this kind. The scales are those that public sources make likely. In recordings of Magic
    /// Trackpads on Macs counts are even up to 256, single above, and reach 297; where they end nobody has seen, and
    /// here it is twice the end of the kernel's axis.
    pub fn hardware(self) -> Hardware {
        let magic = Hardware {
            gain: 0.5,
            quantum: 2.0,
            single_from: Some(256.0),
            ceiling: 506.0,
            noise: 0.7,
            force: true,
            family: 129,
            transport: 4,
            built_in: false,
            opaque: true,
            surface: [16_000, 11_490],
            sensor: [22, 30],
        };
        match self {
            Kind::MagicTrackpad => magic,
            Kind::AppleSilicon => Hardware {
                gain: 1.0,
                quantum: 1.0,
                single_from: None,
                ceiling: 6000.0,
                noise: 0.9,
                family: 108,
                transport: 1,
                built_in: true,
                surface: [12_480, 7_580],
                sensor: [18, 26],
                ..magic
            },
            Kind::NoForce => Hardware { force: false, family: 128, surface: [13_000, 11_000], ..magic },
            Kind::TouchBar => Hardware {
                force: false,
                family: 176,
                transport: 1,
                built_in: true,
                opaque: false,
                surface: [100_500, 3_000],
                sensor: [2, 136],
                ..magic
            },
        }
    }
}

/// From 0 to 1 while something comes down or goes up, in a straight line.
fn ramp(since_s: f64, ramp_s: f64) -> f64 {
    if since_s < 0.0 {
        0.0
    } else if since_s >= ramp_s {
        1.0
    } else {
        since_s / ramp_s
    }
}

impl Load {
    /// How much of it weighs at this time. Taking it away takes as long as putting it down.
    pub fn grams_at(&self, time_s: f64) -> f64 {
        let up = self.off_s.map_or(0.0, |off_s| ramp(time_s - off_s, self.ramp_s));
        self.grams * (ramp(time_s - self.on_s, self.ramp_s) - up).max(0.0)
    }
}

impl Contact {
    /// Whether it touches at this time.
    pub fn touches_at(&self, time_s: f64) -> bool {
        (self.from_s..self.until_s).contains(&time_s)
    }

    /// Its own force at this time, without trembling.
    pub fn force_at(&self, time_s: f64) -> f64 {
        if self.touches_at(time_s) { self.force_g * ramp(time_s - self.from_s, self.ramp_s) } else { 0.0 }
    }
}

impl Pad {
    /// The pad with what its kind sets and what the scenario sets otherwise.
    pub fn hardware(&self) -> Hardware {
        let usual = self.kind.hardware();
        Hardware {
            gain: self.gain.unwrap_or(usual.gain),
            quantum: self.quantum.unwrap_or(usual.quantum),
            // A step that is given holds everywhere.
            single_from: usual.single_from.filter(|_| self.quantum.is_none()),
            ceiling: self.ceiling.unwrap_or(usual.ceiling),
            noise: self.noise.unwrap_or(usual.noise),
            family: self.family.unwrap_or(usual.family),
            transport: self.transport.unwrap_or(usual.transport),
            surface: self.surface.unwrap_or(usual.surface),
            sensor: self.sensor.unwrap_or(usual.sensor),
            ..usual
        }
    }

    /// The truth: what lies on the pad to be weighed, in grams.
    pub fn load_g(&self, time_s: f64) -> f64 {
        self.load.iter().map(|load| load.get_ref().grams_at(time_s)).sum()
    }

    /// The truth: what presses besides the loads, in grams, without trembling.
    pub fn hold_g(&self, time_s: f64) -> f64 {
        self.contact.iter().map(|contact| contact.get_ref().force_at(time_s)).sum()
    }

    /// The gain of the gauges together for a force at this place: each counts by how near it is.
    pub fn gain_at(&self, x: f64, y: f64) -> f64 {
        let [bottom_left, bottom_right, top_left, top_right] = self.gauges.unwrap_or([1.0; 4]);
        let bottom = bottom_left * (1.0 - x) + bottom_right * x;
        let top = top_left * (1.0 - x) + top_right * x;
        bottom * (1.0 - y) + top * y
    }

    /// The force that each contact which touches takes of the loads, as the gauges feel it.
    pub(crate) fn shared(&self, time_s: f64, carriers: &[Option<Contact>], felt: &mut [f64]) {
        for load in self.load.iter().map(toml::Spanned::get_ref) {
            let grams = load.grams_at(time_s);
            let weights = |carrier: &Option<Contact>| carrier.map_or(0.0, |carrier| weight(&carrier, load));
            let whole: f64 = carriers.iter().map(weights).sum();
            if grams == 0.0 || whole <= 0.0 {
                continue;
            }
            for (carrier, felt) in carriers.iter().zip(felt.iter_mut()) {
                if let Some(contact) = carrier {
                    let gain = self.gain_at(load.x.unwrap_or(contact.x), load.y.unwrap_or(contact.y));
                    *felt += grams * weight(contact, load) / whole * gain;
                }
            }
        }
    }
}

/// How much a contact carries of a load, beside others: nearer ones more, as the square of the distance.
fn weight(carrier: &Contact, load: &Load) -> f64 {
    let (x, y) = (load.x.unwrap_or(carrier.x) - carrier.x, load.y.unwrap_or(carrier.y) - carrier.y);
    match carrier.kind {
        Toucher::Metal => 0.0,
        Toucher::Finger | Toucher::Base => carrier.share / (x * x + y * y + 0.01),
    }
}

/// What a contact's gauge remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory {
    /// Follows the force, but only when it turns back far enough.
    played: f64,
    /// Follows that, slowly.
    crept: f64,
}

impl Memory {
    /// The force as it is felt, `step_s` after the last time.
    pub(crate) fn feel(&mut self, force_g: f64, hysteresis_g: f64, creep: Creep, step_s: f64) -> f64 {
        self.played = self.played.max(force_g - hysteresis_g).min(force_g + hysteresis_g);
        if creep.fraction != 0.0 {
            self.crept += (self.played - self.crept) * fading(step_s, creep.time_s);
        }
        self.played + creep.fraction * self.crept
    }
}

/// How much of a difference is gone after this time.
pub(crate) fn fading(step_s: f64, time_s: f64) -> f64 {
    1.0 - libm::exp(-step_s / time_s)
}

/// The count that a contact shows for a force.
pub(crate) fn count(pad: &Pad, hardware: &Hardware, felt_g: f64, time_s: f64, random: &mut Random) -> f32 {
    if !hardware.force {
        return 0.0;
    }
    let noise = if hardware.noise == 0.0 { 0.0 } else { hardware.noise * random.normal() };
    let analogue =
        pad.offset + hardware.gain * felt_g + pad.bend * felt_g * felt_g + pad.drift * time_s + noise;
    let single = hardware.single_from.is_some_and(|from| analogue >= from);
    let step = if single { 1.0 } else { hardware.quantum };
    let steps = (analogue / step + 0.5).floor();
    (steps * step).clamp(0.0, hardware.ceiling.max(0.0)) as f32
}
