//! Finishing a recording that was killed.
//!
//! Of each file the longest run of whole and valid lines is kept: a kill leaves half a line, a power loss
//! zeros or the rests of other files. Everything that the session says about itself is then counted from
//! what is there, and it goes the same last way into its dataset as one that ended well.

use crate::error::CaptureError;
use crate::place::{About, DRAFT, PART, Place};
use crate::remains;
use openweigh_exact::Decimal;
use openweigh_formats::canonical;
use openweigh_formats::dataset::{Dataset, Provenance};
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::{self, Event, Kind};
use openweigh_formats::session::{Quality, Session};
use openweigh_formats::touches::{COLUMNS, Quantity, Row, TouchReader};
use openweigh_formats::weighings::{self, Id, Weighing};
use openweigh_formats::{Digest, Fault, Malformed, limits};
use openweigh_ledger::{Folder, OpenError};
use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What was found of a recording, and what was made of it.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// The session's id.
    pub id: Id,
    /// Where it is now; none if no frame had been written, so that nothing was kept.
    pub kept: Option<Kept>,
    /// What was left out, in the order of the files.
    pub losses: Vec<Loss>,
}

/// A session that was finished.
#[derive(Debug, Clone)]
pub struct Kept {
    /// Its folder.
    pub folder: PathBuf,
    /// Its description.
    pub session: Session,
    /// How many weighings it has.
    pub weighings: usize,
    /// The device's time at the last frame, as it is written.
    pub last_device_s: Option<String>,
    /// SHA-256 of the dataset's description.
    pub dataset: Digest,
}

/// Something that could not be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loss {
    /// The end of a file was no valid line.
    Tail {
        /// Its name.
        file: &'static str,
        /// How many bytes.
        bytes: u64,
        /// Where and how it breaks the format; none if it is only a line without an end.
        why: Option<Malformed>,
        /// Where these bytes are kept, if more than one line is left out.
        aside: Option<PathBuf>,
    },
    /// The line that was cut belongs to the last frame that is kept: that frame lacks a touch or more.
    Touches {
        /// Its number.
        frame: u64,
    },
    /// A weighing reaches beyond the last frame.
    Weighing {
        /// Its id.
        id: Id,
    },
    /// Whole rows of a file that are left out are kept elsewhere.
    Aside {
        /// The file's name.
        file: &'static str,
        /// Where.
        aside: PathBuf,
    },
    /// An event after the last frame; it is told as if it came right after that.
    Event {
        /// What it was.
        kind: Kind,
    },
}

impl Place {
    /// The sessions that are not, or not wholly, in the dataset, with whether each is still in its `.part`
    /// folder.
    ///
    /// # Errors
    /// The folder or the description cannot be read.
    pub fn unfinished(&self) -> Result<Vec<Id>, CaptureError> {
        let dataset = self.read()?;
        let listed = dataset.as_ref().map(Dataset::sessions).unwrap_or_default();
        let Some(sessions) = self.sessions_folder()? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for name in sessions.names()? {
            let part = name.strip_suffix(PART);
            let Ok(id) = Id::try_from(part.unwrap_or(&name).to_owned()) else { continue };
            let whole = listed.contains(&id.as_str())
                && !sessions.enter(&name).is_ok_and(|folder| folder.is_some_and(|folder| folder.has(DRAFT)));
            if sessions.has_folder(&name) && (part.is_some() || !whole) {
                found.push(id);
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Finishes a recording that was cut.
///
/// # Errors
/// It is still running, its description is gone, or the system cannot write. It then stays as it was, or
/// can be recovered again.
pub fn recover(place: &Place, id: &Id) -> Result<Recovery, CaptureError> {
    let folder = unfinished_folder(place, id)?;
    remains::insist_plain(&folder)?;
    let path = || folder.path().join("touches.csv");
    // Cut before its first file was there, it has none. One handle is locked, read and shortened.
    let touches = folder.open_to_change("touches.csv")?;
    if let Some(file) = &touches {
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(CaptureError::Running { folder: folder.path().to_path_buf() });
            }
            Err(TryLockError::Error(error)) => return Err(CaptureError::system(path(), "lock")(error)),
        }
    }
    folder.sweep()?;
    place.sweep()?;
    let mut losses = Vec::new();
    let mut description = match described(&folder, id) {
        Ok(description) => description,
        // Cut before there was anything to describe.
        Err(error) => return if touches.is_some() { Err(error) } else { give_up(place, id, &folder) },
    };
    admitted(place, &folder)?;
    let ceiling = description.source.ceiling.as_ref().map(|ceiling| ceiling.0.clone());
    let kept = match &touches {
        Some(file) => Some(Touches::keep(file, &path(), ceiling, (place, id), &mut losses)?),
        None => None,
    };
    let Some(kept) = kept.filter(|kept| kept.counts.frames > 0) else {
        return give_up(place, id, &folder);
    };
    let last = kept.counts.frames - 1;
    let events = keep_events((place, id), &folder, last, description.quality.frames == 0, &mut losses)?;
    let weighings = keep_weighings((place, id), &folder, last, &mut losses)?;
    description.quality = kept.quality(&events);
    let (provenance, about) = provenance(place, &folder)?;
    let event_lines = lines(events::HEADER, events.iter().map(Event::line));
    let weighing_lines = lines(weighings::HEADER, weighings.iter().map(Weighing::line));
    let text = canonical::write(&description);
    // The description last: with counts in it, it says that the rest is done.
    for (name, bytes) in
        [("events.csv", &event_lines), ("weighings.csv", &weighing_lines), ("session.json", &text)]
    {
        folder.put(name, bytes)?;
    }
    let of = |bytes: &[u8]| (bytes.len() as u64, Digest::of(bytes));
    let files = [of(&event_lines), of(&text), (kept.bytes, kept.digest.clone()), of(&weighing_lines)];
    folder.sync()?;
    let dataset = place.admit(id, files, &about, &provenance)?;
    let kept = Kept {
        folder: place.session(id),
        session: description,
        weighings: weighings.len(),
        last_device_s: kept.last_device_s,
        dataset,
    };
    Ok(Recovery { id: id.clone(), kept: Some(kept), losses })
}

/// The folder of a session that is not finished. No link leads to it.
fn unfinished_folder(place: &Place, id: &Id) -> Result<Folder, CaptureError> {
    let missing = || CaptureError::Open { path: place.session(id), source: OpenError::Missing };
    let sessions = place.sessions_folder()?.ok_or_else(missing)?;
    if let Some(part) = sessions.enter(&format!("{id}{PART}"))? {
        return Ok(part);
    }
    sessions.enter(id.as_str())?.ok_or_else(missing)
}

/// Nothing was recorded: what was prepared for it goes.
fn give_up(place: &Place, id: &Id, folder: &Folder) -> Result<Recovery, CaptureError> {
    remains::empty(folder)?;
    if let (Some(sessions), Some(name)) = (place.sessions_folder()?, folder.path().file_name()) {
        sessions.remove_folder(&name.to_string_lossy())?;
    }
    place.remove_if_empty();
    Ok(Recovery { id: id.clone(), kept: None, losses: Vec::new() })
}

fn described(folder: &Folder, id: &Id) -> Result<Session, CaptureError> {
    const NAME: &str = "session.json";
    let unknown = |why: String| CaptureError::NoDescription { path: folder.path().join(NAME), why };
    let bytes =
        folder.read(NAME, limits::JSON_BYTES)?.ok_or_else(|| unknown("the file is missing".to_owned()))?;
    let session: Session = canonical::read(&bytes).map_err(|error| unknown(error.to_string()))?;
    if session.id != *id {
        return Err(unknown(format!("it is of session `{}`", session.id)));
    }
    Ok(session)
}

/// What the dataset will be if there is none yet.
fn draft(folder: &Folder) -> Result<Dataset, CaptureError> {
    let unknown = |why: String| CaptureError::NoDescription { path: folder.path().join(DRAFT), why };
    let bytes =
        folder.read(DRAFT, limits::JSON_BYTES)?.ok_or_else(|| unknown("the file is missing".to_owned()))?;
    canonical::read(&bytes).map_err(|error| unknown(error.to_string()))
}

/// Insists that what was recorded for a dataset is of its kind, before anything is changed.
fn admitted(place: &Place, folder: &Folder) -> Result<(), CaptureError> {
    let Some(dataset) = place.read()?.filter(|_| folder.has(DRAFT)) else { return Ok(()) };
    let (found, wanted) = (dataset.provenance.kind, draft(folder)?.provenance.kind);
    if found == wanted {
        return Ok(());
    }
    let folder = place.folder().to_path_buf();
    Err(CaptureError::Mixed { folder, found: found.as_str(), wanted: wanted.as_str() })
}

/// Where the dataset's sessions come from: as it says itself, or as its draft says.
fn provenance(place: &Place, folder: &Folder) -> Result<(Provenance, About), CaptureError> {
    if let Some(dataset) = place.read()? {
        // A session that is listed already changes nothing, its version neither.
        let listed = dataset.sessions().iter().any(|id| folder.path().ends_with(id));
        let version = listed.then(|| dataset.version.clone());
        return Ok((dataset.provenance, About { version, ..About::default() }));
    }
    let draft = draft(folder)?;
    let about = About {
        version: Some(draft.version),
        title: Some(draft.title),
        description: Some(draft.description),
        licence: Some(draft.licence),
        authors: draft.authors,
    };
    Ok((draft.provenance, about))
}

fn lines(header: &str, lines: impl Iterator<Item = String>) -> Vec<u8> {
    let mut text = format!("{header}\n");
    text.extend(lines);
    text.into_bytes()
}

/// What the last event of a recording that was cut says.
const CUT: &str = "the recording was cut here and recovered";

/// The events that can be kept, and one that says that the recording was cut, if it was.
fn keep_events(
    of: (&Place, &Id),
    folder: &Folder,
    last: u64,
    cut: bool,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Event>, CaptureError> {
    let mut events = prefix(of, folder, "events.csv", losses, events::read)?;
    for event in events.iter_mut().filter(|event| event.after_frame > Some(last)) {
        losses.push(Loss::Event { kind: event.kind });
        event.after_frame = Some(last);
    }
    if cut && events.last().is_none_or(|event| event.detail.as_str() != CUT) {
        let detail = CUT.to_owned().try_into().expect("made of the characters of a cell");
        events.push(Event { after_frame: Some(last), kind: Kind::Gap, detail });
    }
    Ok(events)
}

/// The weighings whose frames are all there.
fn keep_weighings(
    of: (&Place, &Id),
    folder: &Folder,
    last: u64,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Weighing>, CaptureError> {
    let (mut kept, mut left_out): (Vec<Weighing>, Vec<String>) = (Vec::new(), Vec::new());
    for weighing in prefix(of, folder, "weighings.csv", losses, weighings::read)? {
        let has_tare =
            weighing.tare.as_ref().is_none_or(|tare| kept.iter().any(|earlier| earlier.id == *tare));
        if weighing.last_frame <= last && has_tare {
            kept.push(weighing);
        } else {
            left_out.push(weighing.line());
            losses.push(Loss::Weighing { id: weighing.id });
        }
    }
    // Where frames are kept aside, so are the weighings that belong to them.
    let is_aside = |loss: &Loss| matches!(loss, Loss::Tail { file: "touches.csv", aside: Some(_), .. });
    if !left_out.is_empty() && losses.iter().any(is_aside) {
        let lines = left_out.concat();
        let aside = remains::aside(of.0, of.1, "weighings.csv", &mut lines.as_bytes())?;
        losses.push(Loss::Aside { file: "weighings.csv", aside });
    }
    Ok(kept)
}

/// What the longest valid run of whole lines of a small file says.
fn prefix<T>(
    (place, id): (&Place, &Id),
    folder: &Folder,
    file: &'static str,
    losses: &mut Vec<Loss>,
    read: impl Fn(&[u8]) -> Result<Vec<T>, Malformed>,
) -> Result<Vec<T>, CaptureError> {
    let Some(bytes) = folder.read(file, limits::SESSION_CSV_BYTES)? else { return Ok(Vec::new()) };
    let text = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let mut end = memchr::memrchr(b'\n', &bytes[..text]).map_or(0, |at| at + 1);
    let mut why = None;
    let rows = loop {
        if end == 0 {
            break Vec::new();
        }
        match read(&bytes[..end]) {
            Ok(rows) => break rows,
            Err(malformed) => {
                // All lines before the bad one; of a bad header nothing.
                let before = malformed.position.line.saturating_sub(2);
                let cut = match malformed.position.line {
                    0 | 1 => 0,
                    _ => memchr::memchr_iter(b'\n', &bytes[..end]).nth(before).map_or(0, |at| at + 1),
                };
                end = if cut < end { cut } else { 0 };
                why = Some(malformed);
            }
        }
    };
    if end < bytes.len() {
        let tail = &bytes[end..];
        let has_more = memchr::memchr(b'\n', tail).is_some_and(|at| at + 1 < tail.len());
        let aside = if has_more { Some(remains::aside(place, id, file, &mut { tail })?) } else { None };
        losses.push(Loss::Tail { file, bytes: tail.len() as u64, why, aside });
    }
    Ok(rows)
}

/// The valid part of `touches.csv`.
struct Touches {
    bytes: u64,
    digest: Digest,
    last_device_s: Option<String>,
    counts: Quality,
    /// For each column, in how many rows of touches it is empty.
    empty: [u64; COLUMNS.len()],
    before: Option<Decimal>,
    ceiling: Option<Decimal>,
}

/// The columns that a device fills with binary32 values.
fn measured() -> impl Iterator<Item = usize> {
    (8..=20).chain([23])
}

impl Touches {
    /// Cuts the file behind its last valid line.
    fn keep(
        file: &File,
        path: &Path,
        ceiling: Option<Decimal>,
        (place, id): (&Place, &Id),
        losses: &mut Vec<Loss>,
    ) -> Result<Self, CaptureError> {
        let failed = || CaptureError::system(path, "read");
        let length = file.metadata().map_err(failed())?.len();
        let mut kept = Self {
            bytes: 0,
            digest: Digest::of(&[]),
            last_device_s: None,
            counts: Quality::default(),
            empty: [0; COLUMNS.len()],
            before: None,
            ceiling,
        };
        let mut hasher = Hasher::default();
        let mut reader = TouchReader::new(&[Quantity::Pressure]);
        let mut source = BufReader::with_capacity(1 << 20, file);
        let (mut line, mut why) = (Vec::new(), None);
        loop {
            line.clear();
            let most = limits::LINE_BYTES as u64;
            source.by_ref().take(most).read_until(b'\n', &mut line).map_err(failed())?;
            if !line.ends_with(b"\n") {
                break;
            }
            let mut row = None;
            if let Err(malformed) = reader.feed(&line, &mut |found| row = Some(found.clone())) {
                why = Some(malformed);
                break;
            }
            hasher.update(&line);
            kept.bytes += line.len() as u64;
            if let Some(row) = row {
                kept.count(&line, &row);
            }
        }
        let lost = length - kept.bytes;
        if lost > 0 {
            let frames = kept.counts.frames;
            if frames == 0 && !remains::had_just_begun(file, path)? {
                // Not a recording that had just begun: this is for a person to look at.
                let source =
                    why.unwrap_or(Malformed::at(1, 1, Fault::LongLine { limit: limits::LINE_BYTES }));
                return Err(CaptureError::Malformed { path: path.to_path_buf(), source });
            }
            // More than the one line that a kill leaves: what stands behind a bad line may be good, and is a person's.
            let aside = if lost > line.len() as u64 {
                let mut tail: &File = file;
                tail.seek(SeekFrom::Start(kept.bytes)).map_err(failed())?;
                Some(remains::aside(place, id, "touches.csv", &mut tail)?)
            } else {
                None
            };
            losses.push(Loss::Tail { file: "touches.csv", bytes: lost, why, aside });
            if frames > 0 && line.starts_with(format!("{},", frames - 1).as_bytes()) {
                losses.push(Loss::Touches { frame: frames - 1 });
            }
            let cut = file.set_len(kept.bytes).and_then(|()| file.sync_all());
            cut.map_err(CaptureError::system(path, "shorten"))?;
        }
        kept.digest = hasher.finish();
        Ok(kept)
    }

    fn count(&mut self, line: &[u8], row: &Row) {
        if row.frame >= self.counts.frames {
            self.counts.frames = row.frame + 1;
            let time = row.device_s.value();
            self.last_device_s = time.as_ref().map(ToString::to_string);
            match time {
                None => self.counts.non_finite += 1,
                Some(time) => {
                    if self.before.as_ref().is_some_and(|before| time <= *before) {
                        self.counts.clock_steps += 1;
                    }
                    self.before = Some(time);
                }
            }
        }
        if row.state.is_none() {
            return;
        }
        self.counts.touches += 1;
        let cells = line.strip_suffix(b"\n").unwrap_or(line).split(|byte| *byte == b',');
        for (column, _) in cells.enumerate().filter(|(_, cell)| cell.is_empty()) {
            self.empty[column] += 1;
        }
        if let (Some(ceiling), Some(pressure)) = (&self.ceiling, row.value(Quantity::Pressure).value())
            && pressure >= *ceiling
        {
            self.counts.at_ceiling += 1;
        }
    }

    /// The session's counts. A column that is always empty is one that the source does not tell; where only
    /// some of its cells are, their values were no numbers.
    fn quality(&self, events: &[Event]) -> Quality {
        let told = |column: &usize| self.empty[*column] < self.counts.touches;
        let non_finite: u64 = measured().filter(told).map(|column| self.empty[column]).sum();
        let dropped = events.iter().filter(|event| event.kind == Kind::Dropped);
        let frames =
            |event: &Event| event.detail.as_str().split(' ').next().and_then(|word| word.parse::<u64>().ok());
        Quality {
            non_finite: self.counts.non_finite + non_finite,
            gaps: events.iter().filter(|event| event.kind.interrupts()).count() as u64,
            dropped: dropped.filter_map(frames).sum::<u64>(),
            ..self.counts
        }
    }
}
