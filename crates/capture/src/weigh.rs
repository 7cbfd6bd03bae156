//! Weighings that are stated after the fact: which stretch of a recorded session bears which mass.
//!
//! A recording of another program, or one without a protocol, has frames and no weighings. Here a person says what
//! rested when; or sees which stretches are at rest; or has a protocol followed over what was recorded, which gives
//! the weighings that a recording under that protocol has, since it is the same state machine over the same values.

mod error;

pub use error::WeighError;

use crate::guide::{Guide, Outcome};
use crate::protocol::{Protocol, Step};
use openweigh_dataset::rest::{self, Moment, Stretch, Stretches};
use openweigh_exact::Decimal;
use openweigh_formats::dataset::{DatasetFile, DatasetRole, Kind};
use openweigh_formats::digest::Hasher;
use openweigh_formats::number::Number;
use openweigh_formats::samples::SampleReader;
use openweigh_formats::session::Session;
use openweigh_formats::text::{ColumnName, Name};
use openweigh_formats::touches::{Quantity, Row, State, TouchReader};
use openweigh_formats::weighings::{self, Cell, Id, Role, Weighing};
use openweigh_formats::{Malformed, canonical, csv};
use openweigh_ledger::Ledger;
use openweigh_ledger::edit::{Edit, EditError, Edited};

/// Differences between neighbours that are looked at to estimate the noise.
const DIFFERENCES: usize = 1 << 20;

/// Which frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// From one frame to another, which is included.
    Frames(u64, u64),
    /// From one time to another, in seconds of the device from the session's first frame.
    Seconds(Decimal, Decimal),
}

/// What a person says about a stretch.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Which frames.
    pub which: Which,
    /// What rested.
    pub role: Role,
    /// The weighing's id; else the next that is free of `w01`, `w02`…
    pub id: Option<Id>,
    /// The load in words.
    pub label: Cell,
    /// What to subtract.
    pub tare: Option<Id>,
    /// Mass of a reference.
    pub reference_g: Option<Number>,
    /// Its standard uncertainty.
    pub reference_u_g: Option<Number>,
}

/// Stretches at rest, and by which rule they were found.
#[derive(Debug, Clone)]
pub struct Suggestion {
    /// For how long something must rest.
    pub hold_s: f64,
    /// Within what.
    pub noise: f64,
    /// Whether nobody said so, and it was estimated.
    pub is_estimated: bool,
    /// What was found.
    pub stretches: Vec<Stretch>,
    /// The device's time at the first frame.
    pub begin_s: Option<f64>,
}

/// A session that is in its dataset.
#[derive(Debug)]
pub struct RecordedSession<'a> {
    ledger: &'a Ledger,
    edit: Edit<'a>,
    id: Id,
    session: Session,
    weighings: Vec<Weighing>,
    max_csv: u64,
}

impl<'a> RecordedSession<'a> {
    /// Opens a session of a dataset; at most `max_csv` bytes of its frames will be read.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(ledger: &'a Ledger, name: &Name, id: &Id, max_csv: u64) -> Result<Self, WeighError> {
        let edit = Edit::open(ledger, name)?;
        let dataset = edit.dataset();
        if dataset.kind == Kind::Table {
            return Err(WeighError::Table { name: name.clone() });
        }
        let missing = || WeighError::NoSession {
            name: name.clone(),
            session: id.clone(),
            among: edit.dataset().sessions().into_iter().map(str::to_owned).collect(),
        };
        let file = |role| dataset.session_file(id.as_str(), role).cloned().ok_or_else(missing);
        let (own, listed) = (file(DatasetRole::Session)?, file(DatasetRole::Weighings)?);
        let malformed = |file: &DatasetFile| {
            let path = edit.place_of(file);
            |source| WeighError::Malformed { path, source }
        };
        let session = canonical::read(&edit.read(&own)?).map_err(malformed(&own))?;
        let weighings = weighings::read(&edit.read(&listed)?).map_err(malformed(&listed))?;
        Ok(Self { ledger, id: id.clone(), session, weighings, max_csv, edit })
    }

    /// Its weighings, in the order of their frames.
    pub fn weighings(&self) -> &[Weighing] {
        &self.weighings
    }

    /// Its description.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The names of its channels; none of touches.
    pub fn channels(&self) -> Vec<ColumnName> {
        self.session.channels.value().into_iter().flatten().map(|channel| channel.name.clone()).collect()
    }

    /// States a weighing. Gives it, as it will stand in the file.
    ///
    /// # Errors
    /// It contradicts the session or another weighing.
    pub fn state(&mut self, said: Statement) -> Result<Weighing, WeighError> {
        for (what, number) in [("--reference-g", &said.reference_g), ("--u-g", &said.reference_u_g)] {
            if let Some(number) = number.as_ref().filter(|number| number.0 < Decimal::ZERO) {
                return Err(WeighError::Negative { what, found: number.clone() });
            }
        }
        let (first, last) = self.frames_of(&said.which)?;
        if let Some(with) =
            self.weighings.iter().find(|other| first <= other.last_frame && other.first_frame <= last)
        {
            return Err(WeighError::Overlap { first, last, with: Box::new(with.clone()) });
        }
        let taken = |id: &Id| self.weighings.iter().any(|other| other.id == *id);
        if let Some(id) = said.id.as_ref().filter(|id| taken(id)) {
            return Err(WeighError::Taken { id: id.clone() });
        }
        let tares = || self.weighings.iter().filter(|other| other.role == Role::Tare);
        if let Some(tare) = &said.tare
            && !tares().any(|other| other.id == *tare)
        {
            let among = tares().map(|other| other.id.to_string()).collect();
            return Err(WeighError::NoTare { tare: tare.clone(), among });
        }
        let next = || {
            let ids = (1..u32::MAX).map(|number| Id::try_from(format!("w{number:02}")).expect("an id"));
            ids.into_iter().find(|id| !taken(id)).expect("there are more numbers than weighings")
        };
        let weighing = Weighing {
            id: said.id.unwrap_or_else(next),
            role: said.role,
            label: said.label,
            first_frame: first,
            last_frame: last,
            tare: said.tare,
            reference_g: said.reference_g,
            reference_u_g: said.reference_u_g,
            details: None,
        };
        let mut all = self.weighings.clone();
        all.push(weighing.clone());
        all.sort_by_key(|weighing| weighing.first_frame);
        self.replace(all)?;
        Ok(weighing)
    }

    /// Takes a weighing back.
    ///
    /// # Errors
    /// There is none of this id, or it is the tare of another.
    pub fn remove(&mut self, id: &Id) -> Result<(), WeighError> {
        if !self.weighings.iter().any(|weighing| weighing.id == *id) {
            let among = self.weighings.iter().map(|weighing| weighing.id.to_string()).collect();
            return Err(WeighError::NoWeighing { id: id.clone(), among });
        }
        if let Some(other) = self.weighings.iter().find(|weighing| weighing.tare.as_ref() == Some(id)) {
            return Err(WeighError::InUse { id: id.clone(), of: other.id.clone() });
        }
        let rest = self.weighings.iter().filter(|weighing| weighing.id != *id).cloned().collect();
        self.edit.include(&self.id, id);
        self.replace(rest)
    }

    /// Follows a protocol over the frames. Gives the steps that were left out.
    ///
    /// # Errors
    /// The session has weighings, or its frames cannot be read.
    pub fn follow(&mut self, protocol: Protocol, channel: Option<&str>) -> Result<Vec<Step>, WeighError> {
        if !self.weighings.is_empty() {
            return Err(WeighError::HasWeighings { count: self.weighings.len() });
        }
        let (mut guide, mut made) = (Guide::new(protocol), Vec::new());
        self.loads(channel, &mut |frame, time, load| {
            let time = time.map_or(f64::NAN, binary64);
            if let Some(Outcome::Weighed(weighing)) = guide.take(frame, time, load) {
                made.push(*weighing);
            }
        })?;
        self.replace(made)?;
        Ok(guide.left_out().into_iter().cloned().collect())
    }

    /// The stretches at rest. The noise is estimated from the differences of neighbours if nobody states it.
    ///
    /// # Errors
    /// The frames cannot be read.
    pub fn suggest(
        &self,
        channel: Option<&str>,
        hold_s: f64,
        noise: Option<f64>,
    ) -> Result<Suggestion, WeighError> {
        let estimated = match noise {
            Some(noise) => noise,
            None => self.noise(channel)?,
        };
        let (mut stretches, mut begin_s) = (Stretches::new(hold_s, estimated), None);
        self.loads(channel, &mut |frame, time, load| {
            let time = time.map(binary64);
            begin_s = begin_s.or(time);
            stretches.push(time.zip(load).map(|(time, value)| Moment { frame, time, value }));
        })?;
        let (is_estimated, stretches) = (noise.is_none(), stretches.finish());
        Ok(Suggestion { hold_s, noise: estimated, is_estimated, stretches, begin_s })
    }

    /// Commits what was stated, in place or as a new dataset.
    ///
    /// # Errors
    /// The dataset is pinned, has changed since it was read, or the system refuses.
    pub fn commit(self, under: Option<&Name>) -> Result<Edited, WeighError> {
        Ok(self.edit.commit(under)?)
    }

    fn replace(&mut self, weighings: Vec<Weighing>) -> Result<(), WeighError> {
        let bytes = weighings::write(&weighings);
        let file = self.file(DatasetRole::Weighings)?;
        // Whatever else the format wants is said by its reader.
        let malformed = |source| WeighError::Malformed { path: self.edit.place_of(&file), source };
        self.weighings = weighings::read(&bytes).map_err(malformed)?;
        self.edit.put(&file.path, bytes);
        Ok(())
    }

    fn file(&self, role: DatasetRole) -> Result<DatasetFile, WeighError> {
        let found = self.edit.dataset().session_file(self.id.as_str(), role).cloned();
        found.ok_or_else(|| WeighError::NoSession {
            name: self.edit.dataset().name.clone(),
            session: self.id.clone(),
            among: Vec::new(),
        })
    }

    fn frames_of(&self, which: &Which) -> Result<(u64, u64), WeighError> {
        let end = self.session.quality.frames.saturating_sub(1);
        let (from, to) = match which {
            Which::Frames(first, last) if first <= last && *last <= end => return Ok((*first, *last)),
            Which::Frames(first, last) => {
                return Err(WeighError::Outside { first: *first, last: *last, end });
            }
            Which::Seconds(from, to) => (from, to),
        };
        let (mut begin, mut found, mut length) = (None, None, Decimal::ZERO);
        self.loads(None, &mut |frame, time, _| {
            let Some(time) = time else { return };
            let since = time.minus(begin.get_or_insert_with(|| time.clone()));
            if since >= *from && since <= *to {
                let (first, _) = found.unwrap_or((frame, frame));
                found = Some((first, frame));
            }
            length = since;
        })?;
        found.ok_or_else(|| WeighError::NoFrames { from: from.clone(), to: to.clone(), end: length })
    }

    fn noise(&self, channel: Option<&str>) -> Result<f64, WeighError> {
        let (mut differences, mut before): (Vec<f64>, Option<f64>) = (Vec::new(), None);
        self.loads(channel, &mut |_, _, load| {
            if let (Some(before), Some(load)) = (before, load)
                && differences.len() < DIFFERENCES
            {
                differences.push((load - before).abs());
            }
            before = load;
        })?;
        Ok(rest::noise(&mut differences))
    }

    /// The load of each frame in order: its number, the device's time, and the value if something rests.
    fn loads(&self, channel: Option<&str>, sink: &mut Loads<'_>) -> Result<(), WeighError> {
        if self.edit.dataset().kind == Kind::SignalSessions {
            return self.samples(channel, sink);
        }
        if let Some(channel) = channel.filter(|channel| *channel != Quantity::Pressure.as_str()) {
            let among = vec![Quantity::Pressure.as_str().to_owned()];
            return Err(WeighError::NoChannel { channel: channel.to_owned(), among });
        }
        let mut reader = TouchReader::new(&[Quantity::Pressure]);
        let mut gathered: Option<Gathered> = None;
        self.pass(DatasetRole::Touches, &mut |block| {
            reader.feed(block, &mut |row: &Row| {
                if gathered.as_ref().is_some_and(|gathered| gathered.frame != row.frame)
                    && let Some(done) = gathered.take()
                {
                    done.hand_on(sink);
                }
                gathered.get_or_insert_with(|| Gathered::of(row)).add(row);
            })
        })?;
        if let Some(last) = gathered {
            last.hand_on(sink);
        }
        Ok(())
    }

    fn samples(&self, channel: Option<&str>, sink: &mut Loads<'_>) -> Result<(), WeighError> {
        let names = self.channels();
        let at = channel.map_or(Some(0), |channel| names.iter().position(|name| name.as_str() == channel));
        let at = at.ok_or_else(|| WeighError::NoChannel {
            channel: channel.unwrap_or_default().to_owned(),
            among: names.iter().map(ToString::to_string).collect(),
        })?;
        let mut reader = SampleReader::new(&names);
        self.pass(DatasetRole::Samples, &mut |block| {
            reader.feed(block, &mut |sample| {
                let value = sample.values.get(at).and_then(csv::Number::value);
                sink(sample.number, sample.device_s.value().as_ref(), value.as_ref().map(binary64));
            })
        })
    }

    /// Reads a file of the session once. What it holds is believed only if it is the one that is listed.
    fn pass(
        &self,
        role: DatasetRole,
        feed: &mut dyn FnMut(&[u8]) -> Result<(), Malformed>,
    ) -> Result<(), WeighError> {
        let file = self.file(role)?;
        let path = self.edit.place_of(&file);
        let (mut hasher, mut fault) = (Hasher::default(), None);
        let read = self.ledger.read(&path, self.max_csv, &mut |block| {
            hasher.update(block);
            if fault.is_none() {
                fault = feed(block).err();
            }
        });
        read.map_err(|source| WeighError::Open { path: path.clone(), source })?;
        let found = hasher.finish();
        if found != file.sha256 {
            let (found, expected) = (Some(found), file.sha256);
            return Err(EditError::NotListed { path, found, expected }.into());
        }
        fault.map_or(Ok(()), |source| Err(WeighError::Malformed { path, source }))
    }
}

/// Takes a frame's number, the device's time, and the load if something rests.
type Loads<'a> = dyn FnMut(u64, Option<&Decimal>, Option<f64>) + 'a;

/// The touches of a frame that rest.
struct Gathered {
    frame: u64,
    time: Option<Decimal>,
    /// None if nothing rests.
    load: Option<f64>,
}

impl Gathered {
    fn of(row: &Row) -> Self {
        Self { frame: row.frame, time: row.device_s.value(), load: None }
    }

    fn add(&mut self, row: &Row) {
        if row.state != Some(State::Touching) {
            return;
        }
        // As it came from the device: a binary32.
        let pressure = row.value(Quantity::Pressure).value();
        let pressure = pressure.and_then(|value| value.to_string().parse::<f32>().ok());
        *self.load.get_or_insert(0.0) += pressure.map_or(f64::NAN, f64::from);
    }

    fn hand_on(self, sink: &mut Loads<'_>) {
        sink(self.frame, self.time.as_ref(), self.load.filter(|load| load.is_finite()));
    }
}

/// The binary64 that a device gave, of which the text is the shortest decimal.
fn binary64(value: &Decimal) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}
