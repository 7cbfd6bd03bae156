//! A pad's timeline as frames: 88.9 a second on a grid of milliseconds, and none while nothing touches.

use crate::abi::{Record, state};
use crate::physics::{Hardware, Memory, count, fading};
use crate::random::Random;
use crate::scenario::{Contact, Event, Field, Happening, Pad, Toucher};
use crate::score::{Return, Shot, Step, begun_ms};

/// Between two frames, in seconds.
const PERIOD_S: f64 = 0.011_25;

/// How soon the pad takes unconnected metal for dirt: nothing is left of it in about a second.
const ADAPTING_S: f64 = 0.25;

/// What is left when the pad stops telling of it.
const ADAPTED: f64 = 0.02;

/// The milliseconds of the n-th frame: every 11.25 ms, cut to whole ones, and so strictly increasing.
fn grid_ms(tick: u64) -> u64 {
    tick * 45 / 4
}

/// How far a contact is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Away,
    Down,
    Leaving,
}

/// A contact while it is followed.
#[derive(Clone, Copy, Debug, Default)]
struct Followed {
    phase: Phase,
    path: i32,
    memory: Memory,
    /// Of unconnected metal: what the pad still lets count.
    left: f64,
    /// Where the finger has wandered to, and how it trembles.
    wander: [f64; 2],
    tremble: f64,
    before: [f32; 2],
}

pub(crate) struct Timeline {
    pad: Pad,
    hardware: Hardware,
    random: Random,
    contacts: Vec<(Contact, Followed)>,
    events: Vec<Event>,
    next_event: usize,
    tick: u64,
    end_s: f64,
    counter: i32,
    /// What the device's own number of a frame holds.
    counter_mask: u32,
    arrival_ns: u64,
    told: u64,
    /// Frames before this tick come all at once, when it is reached.
    burst_until: u64,
    odd: Option<(Field, f64)>,
    unplugs_with_next: bool,
    /// Whether the last frame had touches, so that one without any must follow.
    touched: bool,
}

impl Timeline {
    pub(crate) fn new(pad: &Pad, seed: u32, number: usize, counter_bits: u32) -> Timeline {
        let contacts: Vec<(Contact, Followed)> = pad
            .contact
            .iter()
            .map(|contact| (*contact.get_ref(), Followed { left: 1.0, ..Followed::default() }))
            .collect();
        let mut events: Vec<Event> = pad.event.iter().map(|event| event.get_ref().clone()).collect();
        events.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
        Timeline {
            hardware: pad.hardware(),
            random: Random::new(u64::from(seed), number),
            contacts,
            events,
            next_event: 0,
            tick: 0,
            end_s: end_s(pad),
            counter: pad.first_frame.unwrap_or(1),
            counter_mask: u32::MAX >> 32_u32.saturating_sub(counter_bits),
            arrival_ns: 0,
            told: 0,
            burst_until: 0,
            odd: None,
            unplugs_with_next: false,
            touched: false,
            pad: pad.clone(),
        }
    }

    /// Makes the next frame ready in `shot`, or says what else comes.
    pub(crate) fn step(&mut self, shot: &mut Shot) -> Step {
        loop {
            let time_s = grid_ms(self.tick) as f64 / 1000.0;
            if time_s >= self.end_s {
                return Step::End;
            }
            shot.records.clear();
            shot.count = None;
            shot.null = false;
            let extra = match self.due_event(time_s) {
                None => false,
                Some(event) => match self.happen(event, shot) {
                    Ok(extra) => extra,
                    Err(step) => return step,
                },
            };
            let told = extra || self.touches(time_s, &mut shot.records);
            if told {
                self.finish(shot);
            }
            self.tick += 1;
            if told {
                let unplugs = std::mem::replace(&mut self.unplugs_with_next, false);
                return if unplugs { Step::FrameThenUnplug } else { Step::Frame };
            }
        }
    }

    fn due_event(&mut self, time_s: f64) -> Option<Event> {
        let event = self.events.get(self.next_event)?;
        let is_due = event.at_s <= time_s && event.once.as_ref().is_none_or(|file| file.exists());
        is_due.then(|| {
            self.next_event += 1;
            event.clone()
        })
    }

    /// Lets an event happen. Tells whether it took the place of this frame, or a step that is no frame.
    fn happen(&mut self, event: Event, shot: &mut Shot) -> Result<bool, Step> {
        match event.kind {
            Happening::Sleep => {
                shot.pause_s = event.for_s;
                self.pass(event.for_s.unwrap_or(0.0));
                return Err(Step::Sleep);
            }
            Happening::Unplug => {
                shot.pause_s = event.for_s;
                shot.returns = Return { id: event.id, transport: event.transport, once: event.back_once };
                if let Some(for_s) = event.for_s {
                    self.pass(for_s);
                }
                return Err(Step::Unplug);
            }
            Happening::Lost => {
                let lost = event.frames.unwrap_or(0);
                self.tick += u64::from(lost);
                self.counter = self.counter.wrapping_add((lost & self.counter_mask).cast_signed());
            }
            Happening::UnplugDuringCallback => self.unplugs_with_next = true,
            Happening::Burst => {
                self.burst_until = self.tick + u64::from(event.frames.unwrap_or(0));
            }
            Happening::Counter => self.counter = event.to.unwrap_or(0),
            Happening::Value => self.odd = event.field.zip(event.value),
            Happening::Empty => return Ok(true),
            Happening::Full => {
                let touch = |path| Record {
                    path,
                    state: state::TOUCHING,
                    hand: 1,
                    position: [path as f32 / 64.0, 0.5],
                    total: 0.5,
                    pressure: path as f32 * 2.0,
                    ..Record::default()
                };
                shot.records.extend((1..=64).map(touch));
                return Ok(true);
            }
            Happening::Null => {
                shot.null = true;
                shot.count = Some(3);
                return Ok(true);
            }
            Happening::NullEmpty => {
                shot.null = true;
                return Ok(true);
            }
            Happening::Count => {
                shot.count = event.count;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Skips a time without frames. What touched is not followed over it.
    fn pass(&mut self, for_s: f64) {
        self.tick += (for_s / PERIOD_S) as u64 + 1;
        self.touched = false;
        for (_, followed) in &mut self.contacts {
            *followed = Followed { left: followed.left, ..Followed::default() };
        }
    }

    /// What touches now. Tells whether there is a frame: one without touches ends a series.
    fn touches(&mut self, time_s: f64, records: &mut Vec<Record>) -> bool {
        self.adapt(time_s);
        let carriers: Vec<Option<Contact>> =
            self.contacts.iter().map(|(contact, followed)| there(contact, followed, time_s)).collect();
        let mut felt = vec![0.0; carriers.len()];
        self.pad.shared(time_s, &carriers, &mut felt);
        for number in 0..carriers.len() {
            let present = carriers[number].is_some();
            if let Some(record) = self.follow(number, present, felt[number], time_s) {
                records.push(record);
            }
        }
        let touched = std::mem::replace(&mut self.touched, !records.is_empty());
        touched || !records.is_empty()
    }

    /// Unconnected metal fades while nothing connected touches.
    fn adapt(&mut self, time_s: f64) {
        let connected =
            self.contacts.iter().any(|(other, _)| other.kind != Toucher::Metal && other.touches_at(time_s));
        for (contact, followed) in &mut self.contacts {
            if contact.kind == Toucher::Metal && contact.touches_at(time_s) && !connected {
                followed.left -= followed.left * fading(PERIOD_S, ADAPTING_S);
            }
        }
    }

    /// One contact, one frame further.
    fn follow(&mut self, number: usize, present: bool, shared_g: f64, time_s: f64) -> Option<Record> {
        let (contact, mut followed) = self.contacts[number];
        let (phase, state) = match (followed.phase, present) {
            (Phase::Away, false) => return None,
            (Phase::Away, true) => {
                followed.path = self.free_path();
                followed.memory = Memory::default();
                (Phase::Down, state::MAKE)
            }
            (_, true) => (Phase::Down, state::TOUCHING),
            (Phase::Down, false) => (Phase::Leaving, state::BREAK),
            (Phase::Leaving, false) => (Phase::Away, state::OUT_OF_RANGE),
        };
        followed.phase = phase;
        let record = self.record(&contact, &mut followed, state, shared_g, time_s);
        self.contacts[number].1 = followed;
        Some(record)
    }

    /// The smallest number that no other contact has: numbers are used again after a lift.
    fn free_path(&self) -> i32 {
        let taken =
            |path| self.contacts.iter().any(|(_, other)| other.phase != Phase::Away && other.path == path);
        (1..=i32::MAX).find(|&path| !taken(path)).unwrap_or(0)
    }

    fn record(
        &mut self,
        contact: &Contact,
        followed: &mut Followed,
        state: i32,
        shared_g: f64,
        time_s: f64,
    ) -> Record {
        self.tremble(contact, followed);
        let wandered = |from: f64, by: f64| (from + by).clamp(0.0, 1.0) as f32;
        let position = [wandered(contact.x, followed.wander[0]), wandered(contact.y, followed.wander[1])];
        let velocity = if state == state::MAKE {
            [0.0, 0.0]
        } else {
            [0, 1].map(|axis| {
                ((f64::from(position[axis]) - f64::from(followed.before[axis])) / PERIOD_S) as f32
            })
        };
        followed.before = position;
        let size_mm = [0, 1].map(|axis| f64::from(self.hardware.surface[axis]) / 100.0);
        // The origin of millimetres is the middle of the lower edge.
        let position_mm = [
            ((f64::from(position[0]) - 0.5) * size_mm[0]) as f32,
            (f64::from(position[1]) * size_mm[1]) as f32,
        ];
        let velocity_mm = [0, 1].map(|axis| (f64::from(velocity[axis]) * size_mm[axis]) as f32);
        let base = Record {
            path: followed.path,
            state,
            hand: 1,
            position,
            velocity,
            position_mm,
            velocity_mm,
            ..Record::default()
        };
        if state == state::OUT_OF_RANGE {
            return base;
        }
        let own_g = contact.force_at(time_s) + followed.tremble;
        let force_g = (own_g.max(0.0) * self.pad.gain_at(contact.x, contact.y) + shared_g) * followed.left;
        let felt_g = followed.memory.feel(force_g, self.pad.hysteresis, self.pad.creep, PERIOD_S);
        let pressure = count(&self.pad, &self.hardware, felt_g, time_s, &mut self.random);
        Record { pressure, ..self.shape(base, felt_g * 0.01, followed.left) }
    }

    /// What is measured of a contact besides force. Nothing is known of how it follows the force, so it
    /// follows a little, in the steps that were seen in recordings.
    fn shape(&mut self, base: Record, grown: f64, left: f64) -> Record {
        let jitter = f64::from(self.random.below(9)) - 4.0;
        let major = hundredths(6.5 + grown.min(8.0) + jitter * 0.01);
        let total = ((56.0 + grown.min(60.0) + jitter) * left).floor() / 128.0;
        let density = ((240.0 + jitter * 2.0) * left).floor() / 256.0;
        // A quarter of a right angle is the step of angles.
        let angle = (std::f64::consts::FRAC_PI_8 * 4.0) as f32;
        Record {
            total: total as f32,
            density: density as f32,
            angle,
            axes: [major, hundredths(f64::from(major) * 0.875)],
            ..base
        }
    }

    /// A finger trembles: a force that swings back to its mean, and a place that wanders a little.
    fn tremble(&mut self, contact: &Contact, followed: &mut Followed) {
        if contact.kind != Toucher::Finger || contact.tremor_g == 0.0 {
            return;
        }
        // What stays of it and what is new keep the standard deviation: 0.8² + 0.6² = 1.
        followed.tremble = 0.8 * followed.tremble + 0.6 * contact.tremor_g * self.random.normal();
        for axis in 0..2 {
            followed.wander[axis] = 0.99 * followed.wander[axis] + 0.0002 * self.random.normal();
        }
    }

    /// Gives a frame its number and its times.
    fn finish(&mut self, shot: &mut Shot) {
        let begun_ms = begun_ms(&self.pad);
        let moment_ms = begun_ms + grid_ms(self.tick);
        shot.timestamp_s = moment_ms as f64 / 1000.0;
        shot.counter = self.counter;
        self.counter = self.counter.wrapping_add(1);
        let ready_ms = begun_ms + grid_ms(self.tick.max(self.burst_until));
        let latency_ns = 2_000_000 + u64::from(self.random.below(3_000_000));
        self.arrival_ns = (ready_ms * 1_000_000 + latency_ns).max(self.arrival_ns + 1_000);
        shot.arrival_ns = self.arrival_ns;
        self.told += 1;
        shot.due = (shot.arrival_ns, self.told);
        for record in &mut shot.records {
            record.frame = shot.counter;
            record.timestamp = shot.timestamp_s;
        }
        if let Some(record) = shot.records.first_mut()
            && let Some((field, value)) = self.odd.take()
        {
            set(record, field, value);
        }
    }
}

/// The contact, if it touches and the pad still feels it.
fn there(contact: &Contact, followed: &Followed, time_s: f64) -> Option<Contact> {
    (contact.touches_at(time_s) && followed.left > ADAPTED).then_some(*contact)
}

fn hundredths(mm: f64) -> f32 {
    ((mm * 100.0 + 0.5).floor() / 100.0) as f32
}

fn set(record: &mut Record, field: Field, value: f64) {
    let narrow = value as f32;
    match field {
        Field::Timestamp => record.timestamp = value,
        Field::X => record.position[0] = narrow,
        Field::Y => record.position[1] = narrow,
        Field::Total => record.total = narrow,
        Field::Pressure => record.pressure = narrow,
        Field::Angle => record.angle = narrow,
        Field::Density => record.density = narrow,
    }
}

/// When the timeline ends: as said, or a second after the last thing.
fn end_s(pad: &Pad) -> f64 {
    let contacts = pad.contact.iter().map(|contact| contact.get_ref().until_s);
    let loads = pad.load.iter().map(toml::Spanned::get_ref).map(|load| load.off_s.unwrap_or(load.on_s));
    let events =
        pad.event.iter().map(toml::Spanned::get_ref).map(|event| event.at_s + event.for_s.unwrap_or(0.0));
    let last = contacts.chain(loads).chain(events).fold(0.0, f64::max);
    pad.seconds.unwrap_or(last + 1.0)
}
