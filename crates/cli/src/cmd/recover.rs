//! `openweigh recover`

use crate::answer::{Recovered, RecoveredSession};
use crate::exit;
use crate::failure::Failure;
use crate::place;
use crate::screen::{Screen, Tone};
use openweigh_capture::{Kept, Loss, PART, Place, Recovery, recover};
use openweigh_formats::count;
use openweigh_formats::text::Name;
use openweigh_formats::weighings::Id;
use openweigh_ledger::Folder;
use openweigh_ledger::edit::Edit;
use std::path::{Path, PathBuf};

/// Finish a recording that was killed
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh recover datasets/coins
  openweigh recover datasets/coins/sessions/s02.part")]
pub(crate) struct Args {
    /// The dataset, by folder or name, or the folder of one session
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Finish it in a new dataset of this name, a copy that says what it was derived from
    #[arg(long = "as", value_name = "NEW")]
    under: Option<Name>,
}

pub(crate) fn run(args: &Args, screen: &mut Screen) -> Result<u8, Failure> {
    let (place, only) = find(&args.folder)?;
    let mut ids = place.unfinished()?;
    if let Some(only) = &only {
        ids.retain(|id| id == only);
    }
    if ids.is_empty() {
        let folder = PathBuf::from(place::shown(&args.folder));
        // Whoever asks for what is the case already gets it.
        screen.document(&Recovered { dataset: place::shown(place.folder()), recovered: Vec::new() });
        screen.line(&format!("{}: nothing to recover; every session is whole", folder.display()))?;
        return Ok(exit::DONE);
    }
    let place = match &args.under {
        None => place,
        Some(under) => {
            let to = Place::new(place.ledger().root(), under);
            if place.read()?.is_some() {
                Edit::open(place.ledger(), place.name())?.commit(Some(under))?;
            }
            for id in &ids {
                place.hand_over(id, &to)?;
            }
            to
        }
    };
    let mut documents = Vec::new();
    for id in &ids {
        let recovery = recover(&place, id)?;
        documents.push(document(&recovery));
        tell(&recovery, screen)?;
    }
    screen.document(&Recovered { dataset: place::shown(place.folder()), recovered: documents });
    Ok(exit::DONE)
}

/// The dataset that a folder is, or is in, and the session if it is one's.
fn find(folder: &Path) -> Result<(Place, Option<Id>), Failure> {
    let in_ledger = || {
        let name: Name = folder.to_str()?.parse().ok()?;
        Some(Place::new(place::ledger().ok()?.root(), &name))
    };
    let Ok(full) = Folder::at(folder).and_then(|folder| folder.real()) else {
        return in_ledger().filter(|place| place.folder().is_dir()).map(|place| (place, None)).ok_or_else(
            || {
                Failure::input(
                    place::shown(folder),
                    "found no such folder, expected that of a dataset or session",
                )
            },
        );
    };
    let named = |folder: &Path| folder.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let session = full.parent().filter(|parent| named(parent).as_deref() == Some("sessions"));
    let place = match session {
        Some(sessions) => sessions.parent().and_then(Place::of_folder),
        None => Place::of_folder(&full),
    };
    let id = session
        .and_then(|_| named(&full))
        .and_then(|name| Id::try_from(name.strip_suffix(PART).unwrap_or(&name).to_owned()).ok());
    let place = place.ok_or_else(|| {
        Failure::input(place::shown(folder), "found a folder that is not called as a dataset or session is")
    })?;
    Ok((place, id))
}

fn document(recovery: &Recovery) -> RecoveredSession {
    let kept = recovery.kept.as_ref();
    RecoveredSession {
        session: recovery.id.to_string(),
        kept: kept.is_some(),
        frames: kept.map_or(0, |kept| kept.session.quality.frames),
        touches: kept.map_or(0, |kept| kept.session.quality.touches),
        weighings: kept.map_or(0, |kept| kept.weighings),
        last_device_s: kept.and_then(|kept| kept.last_device_s.clone()),
        losses: recovery.losses.iter().map(words).collect(),
        sha256: kept.map(|kept| kept.dataset.to_string()),
    }
}

fn words(loss: &Loss) -> String {
    match loss {
        Loss::Tail { file, bytes, aside: Some(aside), why } => {
            let why = why.as_ref().map_or_else(String::new, |why| format!(" ({why})"));
            let aside = place::shown(aside);
            format!(
                "{file}: the last {bytes} bytes are left out, from the first line that is not of the recording{why}; \
                 they are kept in {aside}, since good rows may be among them"
            )
        }
        Loss::Tail { file, bytes, why: None, .. } => {
            format!("{file}: {bytes} bytes at the end are half a line")
        }
        Loss::Tail { file, bytes, why: Some(why), .. } => {
            format!("{file}: {bytes} bytes at the end are not of the recording ({why})")
        }
        Loss::Touches { frame } => format!("frame {frame}, the last one, lacks at least one touch"),
        Loss::Aside { file, aside } => {
            format!("{file}: the rows that are left out are kept in {}", place::shown(aside))
        }
        Loss::Weighing { id } => format!("weighing {id} reaches beyond the last frame"),
        Loss::Event { kind } => {
            format!("an event ({}) came after the last frame that was kept, and is told there", kind.as_str())
        }
    }
}

fn tell(recovery: &Recovery, screen: &mut Screen) -> Result<(), Failure> {
    let Some(Kept { folder, session, weighings, last_device_s, .. }) = &recovery.kept else {
        return screen
            .line(&format!("session {}: no frame had been written; its folder was removed", recovery.id));
    };
    let quality = &session.quality;
    screen.line(&format!(
        "session {}: {}, {}, {}, to {} s of the device",
        recovery.id,
        count::of(quality.frames, "frame"),
        count::of(quality.touches, "touch"),
        count::of(*weighings, "weighing"),
        last_device_s.as_deref().unwrap_or("an unknown time"),
    ))?;
    for loss in &recovery.losses {
        screen.line(&format!("  {}: {}", screen.tone(Tone::Doubtful, "lost"), words(loss)))?;
    }
    screen.line(&format!("finished {}", place::shown(folder)))
}
