//! `events.csv`: what happened to a recording between its frames (docs/spec/3-datasets.md, 3.4).

use crate::csv;
use crate::malformed::{Fault, Malformed, shortened};
use crate::weighings::{Cell, frame};

/// The header.
pub const HEADER: &str = "after_frame,kind,detail";

/// Kinds of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Frames are missing, for whatever reason.
    Gap,
    /// Frames came faster than they could be kept.
    Dropped,
    /// The computer went to sleep.
    Sleep,
    /// The stream was started again.
    Wake,
    /// The device went away.
    DeviceLost,
    /// A person's remark.
    Note,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Gap, Self::Dropped, Self::Sleep, Self::Wake, Self::DeviceLost, Self::Note];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Dropped => "dropped",
            Self::Sleep => "sleep",
            Self::Wake => "wake",
            Self::DeviceLost => "device-lost",
            Self::Note => "note",
        }
    }

    /// Whether frames may be missing there.
    pub fn interrupts(self) -> bool {
        self != Self::Note
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The last frame before it, none if it was before the first.
    pub after_frame: Option<u64>,
    /// What happened.
    pub kind: Kind,
    /// In words.
    pub detail: Cell,
}

impl Event {
    /// Its line.
    pub fn line(&self) -> String {
        let after = self.after_frame.map(|frame| frame.to_string()).unwrap_or_default();
        format!("{after},{},{}\n", self.kind.as_str(), self.detail)
    }
}

/// Reads all events of a session.
///
/// # Errors
/// The first line that breaks the format.
pub fn read(bytes: &[u8]) -> Result<Vec<Event>, Malformed> {
    let lines = csv::checked(bytes)?;
    csv::header(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default(), HEADER)?;
    let mut events: Vec<Event> = Vec::new();
    for (at, text) in lines.enumerate().skip(1) {
        let line = at + 1;
        let cells: Vec<&str> = text.split(',').collect();
        let after = cells[0];
        let after_frame = if after.is_empty() { None } else { Some(frame(line, "after_frame", after)?) };
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == cells[1]);
        let inconsistent = |column: &str, found: &str, expected: String| {
            let (what, found) = (format!("column `{column}`"), format!("`{}`", shortened(found, 60)));
            Malformed::at(line, 1, Fault::Inconsistent { what, found, expected })
        };
        if events.last().is_some_and(|before| before.after_frame > after_frame) {
            return Err(inconsistent("after_frame", after, "events in the order of frames".to_owned()));
        }
        let kinds = || Kind::ALL.map(|kind| format!("`{}`", kind.as_str())).join(", ");
        let detail = Cell::try_from(cells[2].to_owned());
        events.push(Event {
            after_frame,
            kind: kind.ok_or_else(|| inconsistent("kind", cells[1], format!("one of {}", kinds())))?,
            detail: detail.map_err(|error| Malformed::at(line, 1, Fault::Syntax(error.to_string())))?,
        });
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_written_back() {
        let text = format!("{HEADER}\n,note,cold\n7,dropped,3 frames 5 touches\n7,device-lost,\n");
        let events = read(text.as_bytes()).unwrap();
        let lines: String = events.iter().map(Event::line).collect();
        assert_eq!(format!("{HEADER}\n{lines}"), text);
        let late = read(format!("{HEADER}\n7,gap,\n3,gap,\n").as_bytes()).unwrap_err();
        assert_eq!(
            late.to_string(),
            "3:1: column `after_frame`: found `3`, expected events in the order of frames"
        );
    }
}
