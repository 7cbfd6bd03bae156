//! Touch sessions from files: the small files whole, the touches in one pass that hashes what it reads.
//!
//! One thread reads and hashes, another takes the rows apart and forms readings, a third does with them what is
//! wanted, so that a session of any size needs a few blocks of memory and little more time than its digest.

use crate::ReadingError;
use crate::weighing::{Chunk, Reducer};
use openweigh_formats::declared::{Contradicted, Declared};
use openweigh_formats::digest::Hasher;
use openweigh_formats::events::Event;
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::session::Session;
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

/// What a session is besides its touches.
#[derive(Debug, Clone)]
pub struct Beside {
    /// Its description.
    pub session: Session,
    /// Its weighings.
    pub weighings: Vec<Weighing>,
    /// What happened between its frames.
    pub events: Vec<Event>,
}

/// What one pass over a session's touches found.
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

/// Reads a session's touches once: hashes them, and hands the readings that each recipe makes to `sink`.
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
            let mut declared = Declared::of(&beside.session.source);
            let parsed = parse(beside, recipes, &mut declared, &made, &blocks, &emptied);
            (parsed, declared.contradicted())
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
        let (parsed, contradicted) = parsing.join().expect("parsing does not panic");
        using.join().expect("readings are used without panic");
        let fault = parsed.err();
        read.map(|()| Pass { bytes, sha256: hasher.finish(), fault, contradicted })
    })
}

fn parse(
    beside: &Beside,
    recipes: &[&Recipe],
    declared: &mut Declared,
    made: &SyncSender<Made>,
    blocks: &Receiver<(Vec<u8>, usize)>,
    emptied: &SyncSender<Vec<u8>>,
) -> Result<(), Stopped> {
    let mut wanted: Vec<Quantity> =
        recipes.iter().flat_map(|recipe| crate::weighing::quantities(recipe)).collect();
    wanted.push(Quantity::Pressure);
    let mut reader = TouchReader::new(&wanted);
    let mut reducers: Vec<Reducer<'_>> =
        recipes.iter().map(|recipe| Reducer::new(recipe, &beside.weighings, &beside.events)).collect();
    let mut touches = 0u64;
    for (block, start) in blocks {
        let mut ready = Vec::new();
        for part in block[start..].chunks(PART) {
            let mut row = |row: &Row| {
                touches += u64::from(row.state.is_some());
                declared.see(row.value(Quantity::Pressure));
                for reducer in &mut reducers {
                    reducer.row(row);
                }
            };
            reader.feed(part, &mut row)?;
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
    let frames = reader.finish()?;
    agree(beside, frames, touches)?;
    for (at, reducer) in reducers.iter_mut().enumerate() {
        let chunk = reducer.finish()?;
        if made.send(vec![(at, chunk)]).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Insists that the other files of the session speak of these touches.
fn agree(beside: &Beside, frames: u64, touches: u64) -> Result<(), Malformed> {
    let wrong = |what: String, found: String, expected: String| {
        Malformed::whole(Fault::Inconsistent { what, found, expected })
    };
    let quality = &beside.session.quality;
    for (what, stated, counted) in [("frames", quality.frames, frames), ("touches", quality.touches, touches)]
    {
        if stated != counted {
            let what = format!("`quality.{what}` of session.json");
            return Err(wrong(what, stated.to_string(), format!("{counted}, as many as touches.csv has")));
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
