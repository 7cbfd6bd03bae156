//! Frames, events and weighings of a session, written as they come and made whole at the end.

use crate::error::CaptureError;
use crate::evidence::Evidence;
use crate::frame::{Frame, SourceInfo};
use crate::place::{About, DRAFT, Place};
use crate::rows::Rows;
use crate::writer::Writer;
use openweigh_formats::canonical;
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::{self, Event, Kind};
use openweigh_formats::session::{Environment, Quality, Session};
use openweigh_formats::touches::COLUMNS;
use openweigh_formats::weighings::{self, Cell, Id, Role, Weighing};
use openweigh_formats::{Digest, limits};
use openweigh_ledger::Folder;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Bytes of text that are handed on at once.
const BLOCK: usize = 512 << 10;

/// How long a row may wait in memory. A killed process loses these.
const LINGER: Duration = Duration::from_millis(100);

/// How many touches of a state without a name are told one by one. Beyond, a source is broken, and a file
/// of events has a limit.
const UNKNOWN_TOLD: u64 = 10_000;

/// What is to be recorded where.
#[derive(Debug, Clone)]
pub struct Order {
    /// The dataset.
    pub place: Place,
    /// The session's id; else the next that is free of `s01`, `s02`…
    pub session: Option<Id>,
    /// What is said about the dataset.
    pub about: About,
    /// What is told about the surroundings.
    pub environment: Environment,
}

/// A session in the making. Dropped without [`finish`](Self::finish) it stays as a killed one does, to be
/// recovered.
#[derive(Debug)]
pub struct Recorder {
    place: Place,
    about: About,
    info: SourceInfo,
    session: Session,
    part: PathBuf,
    folder: Folder,
    rows: Rows,
    writer: Writer,
    block: Vec<u8>,
    handed_on: Instant,
    events: Appended,
    events_waiting: String,
    weighings: Appended,
    /// Where the lines of the weighings begin, so that the last can be taken back.
    weighing_lines: Vec<String>,
    /// References without a tare.
    untared: u64,
    unknown: u64,
    /// Lost frames of which no event tells, since there was no room for more.
    untold: u64,
}

/// A session that is in its dataset.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The dataset.
    pub place: Place,
    /// Its folder.
    pub folder: PathBuf,
    /// Its description.
    pub session: Session,
    /// How many weighings it has.
    pub weighings: usize,
    /// Whether each reference has a tare.
    pub tared: bool,
    /// Touches in a state without a name.
    pub unknown_states: u64,
    /// SHA-256 of the dataset's description.
    pub dataset: Digest,
}

impl Recorder {
    /// Makes the folder of the session and its files, so that from now on there is something to recover.
    ///
    /// # Errors
    /// The dataset does not admit the session, or the system cannot write.
    pub fn create(order: Order, info: &SourceInfo) -> Result<Self, CaptureError> {
        let Order { place, session, about, environment } = order;
        if info.channels.is_some() {
            return Err(CaptureError::OfLines);
        }
        let existing = place.admits(info.provenance.kind)?;
        let listed = existing.as_ref().map(|(dataset, _)| dataset.sessions()).unwrap_or_default();
        let (id, part, folder) = place.reserve(session.as_ref(), &listed)?;
        let session = info.session(id, environment);
        let id = session.id.clone();
        let made = Self::begin(&place, about, info, session, &part, folder);
        if made.is_err() {
            // Nothing was recorded; a folder with half its files helps nobody.
            let _ = place.discard(&id);
        }
        made
    }

    fn begin(
        place: &Place,
        about: About,
        info: &SourceInfo,
        session: Session,
        part: &Path,
        folder: Folder,
    ) -> Result<Self, CaptureError> {
        let draft = place.draft(&about, &info.provenance);
        folder.put(DRAFT, &canonical::write(&draft))?;
        folder.put("session.json", &canonical::write(&session))?;
        let touches = part.join("touches.csv");
        let file = folder.create_new("touches.csv")?;
        // Held until the process ends, however it does: nobody recovers what is still being written.
        file.lock().map_err(CaptureError::system(&touches, "lock"))?;
        let mut writer = Writer::new(file).map_err(CaptureError::system(&touches, "write"))?;
        let header = format!("{}\n", COLUMNS.join(","));
        writer.send(header.into_bytes()).map_err(CaptureError::system(&touches, "write"))?;
        let events = Appended::create(&folder, "events.csv", events::HEADER)?;
        let weighings = Appended::create(&folder, "weighings.csv", weighings::HEADER)?;
        folder.sync()?;
        if let Some(sessions) = place.sessions_folder()? {
            sessions.sync()?;
        }
        #[expect(clippy::disallowed_methods, reason = "tells when rows are due to be handed on")]
        let handed_on = Instant::now();
        Ok(Self {
            place: place.clone(),
            about,
            info: info.clone(),
            rows: Rows::new(&session.source),
            session,
            part: part.to_path_buf(),
            folder,
            block: writer.block(2 * BLOCK),
            writer,
            handed_on,
            events,
            events_waiting: String::new(),
            weighings,
            weighing_lines: Vec::new(),
            untared: 0,
            unknown: 0,
            untold: 0,
        })
    }

    /// The session's id.
    pub fn id(&self) -> &Id {
        &self.session.id
    }

    /// Where the session is for now.
    pub fn part(&self) -> &Path {
        &self.part
    }

    /// Counts so far.
    pub fn quality(&self) -> Quality {
        self.rows.quality
    }

    /// What the frames so far show against what the session says of them.
    pub(crate) fn evidence(&self) -> Evidence {
        self.rows.evidence
    }

    /// The number of the frame written last.
    pub fn last_frame(&self) -> Option<u64> {
        self.rows.quality.frames.checked_sub(1)
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// The system cannot write, now or at an earlier frame.
    pub fn frame(&mut self, frame: &Frame) -> Result<(), CaptureError> {
        let mut unknown = Vec::new();
        self.rows.push(&mut self.block, frame, |path, state| unknown.push((path, state)));
        for (path, state) in unknown {
            self.unknown += 1;
            let detail = match self.unknown {
                1..UNKNOWN_TOLD => format!("touch {path}: state {state} written as not-tracking"),
                UNKNOWN_TOLD => "further states without a name are not told".to_owned(),
                _ => continue,
            };
            self.event(Kind::Note, &detail)?;
        }
        self.breathe()
    }

    /// Hands on what is due. To be called now and then when no frames come.
    ///
    /// # Errors
    /// The system could not write.
    pub fn breathe(&mut self) -> Result<(), CaptureError> {
        let waiting = !self.block.is_empty() || !self.events_waiting.is_empty();
        let due = self.block.len() >= BLOCK || (waiting && self.handed_on.elapsed() >= LINGER);
        if due { self.hand_on() } else { Ok(()) }
    }

    #[expect(clippy::disallowed_methods, reason = "tells when rows are due to be handed on")]
    fn hand_on(&mut self) -> Result<(), CaptureError> {
        self.handed_on = Instant::now();
        if !self.events_waiting.is_empty() {
            self.events.append(&self.events_waiting)?;
            self.events.sync_if_due()?;
            self.events_waiting.clear();
        }
        if self.block.is_empty() {
            return Ok(());
        }
        let next = self.writer.block(2 * BLOCK);
        let block = std::mem::replace(&mut self.block, next);
        self.writer.send(block).map_err(CaptureError::system(self.part.join("touches.csv"), "write"))
    }

    /// Writes what happened after the last frame, within a moment. The detail is cut and its characters replaced where a
    /// cell does not allow them.
    ///
    /// # Errors
    /// The system could not write what came before.
    pub fn event(&mut self, kind: Kind, detail: &str) -> Result<(), CaptureError> {
        if self.has_room() {
            self.note(kind, detail);
        }
        self.breathe()
    }

    /// Whether the events have not reached the limit of their file. Some lines fit behind it.
    fn has_room(&self) -> bool {
        self.events.bytes + self.events_waiting.len() as u64 <= limits::SESSION_CSV_BYTES - 1024
    }

    fn note(&mut self, kind: Kind, detail: &str) {
        let allowed = |c: char| u8::try_from(c).is_ok_and(openweigh_formats::csv::is_text_byte);
        let detail: String = detail.chars().take(200).map(|c| if allowed(c) { c } else { ' ' }).collect();
        let detail = Cell::try_from(detail).expect("every character is one of a cell");
        let event = Event { after_frame: self.last_frame(), kind, detail };
        // Gathered, as rows are: a source that loses frames must not wait for a disk between them.
        self.events_waiting.push_str(&event.line());
        if kind.interrupts() {
            self.rows.quality.gaps += 1;
        }
        if matches!(kind, Kind::Sleep | Kind::Wake | Kind::DeviceLost) {
            self.rows.evidence.interrupted();
        }
    }

    /// Writes that frames were lost before the next one. Of those for which there is no room any more, one
    /// line tells at the end: the events have as many as the session.
    ///
    /// # Errors
    /// The system cannot write.
    pub fn dropped(&mut self, frames: u64, detail: &str) -> Result<(), CaptureError> {
        self.rows.quality.dropped += frames;
        if !self.has_room() {
            self.untold += frames;
        }
        self.event(Kind::Dropped, detail)
    }

    /// Writes a weighing. It must follow the one before.
    ///
    /// # Errors
    /// The system cannot write.
    pub fn weighing(&mut self, weighing: &Weighing) -> Result<(), CaptureError> {
        // Its frames first: a weighing is of use only with them.
        self.hand_on()?;
        let line = weighing.line();
        self.weighings.append(&line)?;
        self.weighings.sync()?;
        self.weighing_lines.push(line);
        self.untared += u64::from(weighing.role == Role::Reference && weighing.tare.is_none());
        Ok(())
    }

    /// Takes the last weighing back.
    ///
    /// # Errors
    /// The system cannot write.
    pub fn retract(&mut self) -> Result<(), CaptureError> {
        match self.weighing_lines.pop() {
            Some(_) => self.weighings.rewrite(weighings::HEADER, &self.weighing_lines),
            None => Ok(()),
        }
    }

    /// Completes the session and adds it to its dataset.
    ///
    /// # Errors
    /// The system cannot write; the session can then be recovered. Without a frame there is no session, and
    /// nothing stays.
    pub fn finish(mut self) -> Result<Recorded, CaptureError> {
        if self.untold > 0 {
            let detail = format!("{} frames in many places, for which there was no room here", self.untold);
            self.note(Kind::Dropped, &detail);
        }
        self.hand_on()?;
        if self.rows.quality.frames == 0 {
            let name = self.place.name().clone();
            self.discard()?;
            return Err(CaptureError::NoFrames { name });
        }
        self.events.sync()?;
        let touches = self.part.join("touches.csv");
        let touches = self.writer.finish().map_err(CaptureError::system(touches, "write"))?;
        self.session.quality = self.rows.quality;
        let description = canonical::write(&self.session);
        self.folder.put("session.json", &description)?;
        // In the order of `SESSION_FILES`.
        let files = [
            self.events.done(),
            (description.len() as u64, Digest::of(&description)),
            (touches.bytes, touches.digest),
            self.weighings.done(),
        ];
        let dataset = self.place.admit(&self.session.id, files, &self.about, &self.info.provenance)?;
        Ok(Recorded {
            folder: self.place.session(&self.session.id),
            place: self.place,
            session: self.session,
            weighings: self.weighing_lines.len(),
            tared: self.untared == 0,
            unknown_states: self.unknown,
            dataset,
        })
    }

    /// Gives the recording up and removes its files.
    ///
    /// # Errors
    /// The system refuses to.
    pub fn discard(self) -> Result<(), CaptureError> {
        let Self { session, writer, place, .. } = self;
        drop(writer);
        place.discard(&session.id)
    }
}

/// A small file that grows by lines.
#[derive(Debug)]
struct Appended {
    path: PathBuf,
    file: File,
    hasher: Hasher,
    bytes: u64,
    /// Whether there are lines that are not durable.
    dirty: bool,
    synced: Option<Instant>,
}

impl Appended {
    fn create(folder: &Folder, name: &str, header: &str) -> Result<Self, CaptureError> {
        let (path, file) = (folder.path().join(name), folder.create_new(name)?);
        let mut appended =
            Self { path, file, hasher: Hasher::default(), bytes: 0, dirty: false, synced: None };
        appended.append(&format!("{header}\n"))?;
        appended.sync()?;
        Ok(appended)
    }

    fn append(&mut self, line: &str) -> Result<(), CaptureError> {
        self.file.write_all(line.as_bytes()).map_err(CaptureError::system(&self.path, "write"))?;
        self.dirty = true;
        self.hasher.update(line.as_bytes());
        self.bytes += line.len() as u64;
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "tells when lines are due to be made durable")]
    fn sync(&mut self) -> Result<(), CaptureError> {
        self.file.sync_data().map_err(CaptureError::system(&self.path, "write"))?;
        self.dirty = false;
        self.synced = Some(Instant::now());
        Ok(())
    }

    /// Makes lines durable at once, unless others just were: many at a time must not keep frames waiting.
    fn sync_if_due(&mut self) -> Result<(), CaptureError> {
        let recent = || self.synced.is_some_and(|synced| synced.elapsed() < LINGER);
        if self.dirty && !recent() { self.sync() } else { Ok(()) }
    }

    /// Shortens the file to these lines, which were its first.
    fn rewrite(&mut self, header: &str, lines: &[String]) -> Result<(), CaptureError> {
        let text = format!("{header}\n{}", lines.concat());
        self.hasher = Hasher::default();
        self.hasher.update(text.as_bytes());
        self.bytes = text.len() as u64;
        let cut = self.file.set_len(self.bytes).and_then(|()| self.file.seek(SeekFrom::End(0)));
        cut.and_then(|_| self.file.sync_data()).map_err(CaptureError::system(&self.path, "shorten"))
    }

    fn done(&self) -> (u64, Digest) {
        (self.bytes, self.hasher.clone().finish())
    }
}
