//! Sessions from files: the small files whole, touches or samples in one pass that hashes what it reads.
//!
//! One thread reads and hashes, another takes the rows apart and forms readings, a third does with them what is
//! wanted, so that a session of any size needs a few blocks of memory and little more time than its digest.

use crate::ReadingError;
use crate::frame::Collector;
use crate::sample::Sampler;
use crate::weighing::{Chunk, Reducer, quantities};
use openweigh_formats::declared::{Contradicted, Declared};
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::Event;
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::recount::{Miscounted, Recount};
use openweigh_formats::samples::SampleReader;
use openweigh_formats::session::{Format, Session};
use openweigh_formats::text::ColumnName;
use openweigh_formats::touches::{Quantity, Row, TouchReader};
use openweigh_formats::weighings::Weighing;
use openweigh_formats::{Digest, Fault, Malformed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// Bytes that are handed from one thread to the other at a time.
const BLOCK: usize = 1 << 19;

/// Bytes whose readings make a chunk, so that what is made of them stays in a core's cache.
const PART: usize = 1 << 17;

/// Blocks on their way, each with where in it the bytes begin.
const BLOCKS: usize = 4;

/// Lists of chunks on their way, each of the readings of a block.
const LISTS: usize = 4;

/// What a session is besides its touches or samples.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its description.
    pub session: Session,
    /// Its weighings.
    pub weighings: Vec<Weighing>,
    /// What happened between its frames.
    pub events: Vec<Event>,
}

/// What one pass over a session's touches or samples found.
#[derive(Debug)]
pub struct Pass {
    /// Size of the file.
    pub bytes: u64,
    /// SHA-256 of the bytes that were parsed.
    pub sha256: Digest,
    /// What stopped the readings, if something did; the digest is of the whole file all the same.
    pub fault: Option<Stopped>,
    /// Touches whose pressure contradicts what the session declares, as far as they were read.
    pub contradicted: Contradicted,
    /// Counts of the data's quality that are not what the session states; none where the data stopped the reading.
    pub miscounted: Vec<Miscounted>,
}

/// What stops the readings of a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The file is not of its format, or contradicts the session's other files.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// No readings can be formed.
    #[error(transparent)]
    Reading(#[from] ReadingError),
}

/// Chunks of readings, each with the place of its recipe.
type Made = Vec<(usize, Chunk)>;

/// Takes chunks of readings, each with the place of its recipe.
pub type Sink<'a> = dyn FnMut(usize, Chunk) + Send + 'a;

/// Reads a session's touches or samples once: hashes them, and hands the readings that each recipe makes to `sink`.
///
/// # Errors
/// The file cannot be read.
///
/// # Panics
/// If the other thread panicked.
pub fn pass(
    from: &dyn Files,
    path: &RelativePath,
    limit: u64,
    beside: &Beside,
    recipes: &[&Recipe],
    sink: &mut Sink<'_>,
) -> Result<Pass, Unreadable> {
    let (full, blocks) = sync_channel::<(Vec<u8>, usize)>(BLOCKS);
    let (emptied, spare) = sync_channel::<Vec<u8>>(2 * BLOCKS);
    let (made, chunks) = sync_channel::<Made>(LISTS);
    std::thread::scope(|scope| {
        let parsing = scope.spawn(move || {
            let mut seen = Seen {
                declared: Declared::of(&beside.session.source),
                recount: Recount::of(&beside.session),
            };
            let frames = Frames::of(path, beside, recipes);
            let parsed =
                frames.and_then(|frames| parse(frames, beside, recipes, &mut seen, &made, &blocks, &emptied));
            let miscounted = if parsed.is_ok() { seen.recount.against(&beside.session) } else { Vec::new() };
            (parsed, seen.declared.contradicted(), miscounted)
        });
        let using = scope.spawn(move || chunks.into_iter().flatten().for_each(|(at, chunk)| sink(at, chunk)));
        let (mut bytes, mut hasher) = (0u64, Hasher::default());
        let read = from.read_owned(path, limit, vec![0; BLOCK], &mut |block, start| {
            bytes += (block.len() - start) as u64;
            hasher.update(&block[start..]);
            // A parser that stopped early no longer takes any.
            drop(full.send((block, start)));
            spare.try_recv().unwrap_or_else(|_| vec![0; BLOCK])
        });
        drop(full);
        let (parsed, contradicted, miscounted) = parsing.join().expect("parsing does not panic");
        using.join().expect("readings are used without panic");
        let fault = parsed.err();
        read.map(|()| Pass { bytes, sha256: hasher.finish(), fault, contradicted, miscounted })
    })
}

/// The data of a session on their way to frames, and to the frames as each recipe sees them.
enum Frames {
    Touches { reader: Box<TouchReader>, collectors: Vec<Collector>, touches: u64 },
    Samples { reader: SampleReader, samplers: Vec<Sampler> },
}

/// What the data say of what is declared of them.
struct Seen {
    declared: Declared,
    recount: Recount,
}

/// What was counted.
struct Counts {
    frames: u64,
    touches: u64,
}

impl Frames {
    fn of(path: &RelativePath, beside: &Beside, recipes: &[&Recipe]) -> Result<Self, Stopped> {
        let is_samples = path.as_str().ends_with("samples.csv");
        let Some(channels) = beside.session.channels().filter(|_| is_samples) else {
            if is_samples || beside.session.channels().is_some() {
                let (found, expected) = if is_samples {
                    ("none", "the channels of samples.csv")
                } else {
                    ("some", "`null` in a session with touches.csv")
                };
                let what = "`channels` of session.json".to_owned();
                let (found, expected) = (found.to_owned(), expected.to_owned());
                return Err(Malformed::whole(Fault::Inconsistent { what, found, expected }).into());
            }
            let mut wanted: Vec<Quantity> = recipes.iter().flat_map(|recipe| quantities(recipe)).collect();
            wanted.push(Quantity::Pressure);
            let collector =
                |recipe: &&Recipe| Some(Collector::new(recipe.reading.as_ref()?, &quantities(recipe)));
            let collectors = recipes.iter().filter_map(collector).collect();
            return Ok(Self::Touches { reader: Box::new(TouchReader::new(&wanted)), collectors, touches: 0 });
        };
        let names: Vec<ColumnName> = channels.iter().map(|channel| channel.name.clone()).collect();
        let samplers = recipes.iter().map(|recipe| Sampler::new(recipe, &beside.session));
        let samplers = samplers.collect::<Result<_, ReadingError>>()?;
        Ok(Self::Samples { reader: SampleReader::new(&names), samplers })
    }

    /// Reads the next bytes and hands the frames in them to the reducers.
    fn feed(&mut self, part: &[u8], seen: &mut Seen, reducers: &mut [Reducer<'_>]) -> Result<(), Malformed> {
        seen.recount.bytes(part);
        match self {
            Self::Touches { reader, collectors, touches } => reader.feed(part, &mut |row: &Row| {
                *touches += u64::from(row.state.is_some());
                let pressure = row.value(Quantity::Pressure);
                seen.declared.see(pressure);
                seen.recount.row(row.frame, &row.device_s, std::iter::once(pressure));
                for (collector, reducer) in collectors.iter_mut().zip(&mut *reducers) {
                    collector.row(row, &mut |frame| reducer.frame(frame));
                }
            }),
            Self::Samples { reader, samplers } => reader.feed(part, &mut |sample| {
                seen.recount.row(sample.number, &sample.device_s, sample.values.iter());
                for (sampler, reducer) in samplers.iter_mut().zip(&mut *reducers) {
                    reducer.frame(sampler.frame(sample));
                }
            }),
        }
    }

    fn finish(self, reducers: &mut [Reducer<'_>]) -> Result<Counts, Malformed> {
        match self {
            Self::Touches { reader, mut collectors, touches } => {
                let frames = reader.finish()?;
                for (collector, reducer) in collectors.iter_mut().zip(reducers) {
                    collector.finish(&mut |frame| reducer.frame(frame));
                }
                Ok(Counts { frames, touches })
            }
            Self::Samples { reader, .. } => Ok(Counts { frames: reader.finish()?, touches: 0 }),
        }
    }
}

fn parse(
    mut frames: Frames,
    beside: &Beside,
    recipes: &[&Recipe],
    seen: &mut Seen,
    made: &SyncSender<Made>,
    blocks: &Receiver<(Vec<u8>, usize)>,
    emptied: &SyncSender<Vec<u8>>,
) -> Result<(), Stopped> {
    let mut reducers: Vec<Reducer<'_>> =
        recipes.iter().map(|recipe| Reducer::new(recipe, &beside.weighings, &beside.events)).collect();
    for (block, start) in blocks {
        let mut ready = Vec::new();
        for part in block[start..].chunks(PART) {
            frames.feed(part, seen, &mut reducers)?;
            for (at, reducer) in reducers.iter_mut().enumerate() {
                while let Some(chunk) = reducer.ready()? {
                    ready.push((at, chunk));
                }
            }
        }
        // Whoever no longer takes any says why.
        if !ready.is_empty() && made.send(ready).is_err() {
            return Ok(());
        }
        drop(emptied.try_send(block));
    }
    let counts = frames.finish(&mut reducers)?;
    agree(beside, &counts)?;
    recounted(beside, &seen.recount)?;
    for (at, reducer) in reducers.iter_mut().enumerate() {
        let chunk = reducer.finish()?;
        if made.send(vec![(at, chunk)]).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Insists on the counts of the data's quality in a session of version 2; of version 1 they are noted.
fn recounted(beside: &Beside, recount: &Recount) -> Result<(), Malformed> {
    let second = beside.session.format != Format::V1;
    match recount.against(&beside.session).into_iter().find(|_| second) {
        None => Ok(()),
        Some(wrong) => Err(Malformed::whole(Fault::Inconsistent {
            what: format!("`quality.{}` of session.json", wrong.what),
            found: wrong.stated.to_string(),
            expected: wrong.expected(),
        })),
    }
}

/// Insists that the other files of the session speak of these touches or samples.
fn agree(beside: &Beside, counts: &Counts) -> Result<(), Malformed> {
    let Counts { frames, touches } = *counts;
    let data = if beside.session.channels().is_some() { "samples.csv" } else { "touches.csv" };
    let wrong = |what: String, found: String, expected: String| {
        Malformed::whole(Fault::Inconsistent { what, found, expected })
    };
    let quality = &beside.session.quality;
    for (what, stated, counted) in [("frames", quality.frames, frames), ("touches", quality.touches, touches)]
    {
        if stated != counted {
            let what = format!("`quality.{what}` of session.json");
            return Err(wrong(what, stated.to_string(), format!("{counted}, as many as {data} has")));
        }
    }
    let gaps = beside.events.iter().filter(|event| event.kind.interrupts()).count() as u64;
    if quality.gaps != gaps {
        let expected = format!("{gaps}, as many as events.csv has interruptions");
        return Err(wrong("`quality.gaps` of session.json".to_owned(), quality.gaps.to_string(), expected));
    }
    if let Some(late) = beside.weighings.last().filter(|weighing| weighing.last_frame >= frames) {
        let (what, found) =
            (format!("weighing `{}`", late.id), format!("its last frame is {}", late.last_frame));
        return Err(wrong(what, found, format!("a frame of the session, which has {frames}")));
    }
    let after = |event: &&Event| event.after_frame.is_some_and(|after| after >= frames);
    if let Some(late) = beside.events.iter().find(after) {
        let found = format!("an event after frame {}", late.after_frame.unwrap_or_default());
        return Err(wrong(
            "events.csv".to_owned(),
            found,
            format!("a frame of the session, which has {frames}"),
        ));
    }
    Ok(())
}
