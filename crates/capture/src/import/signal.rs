//! Logs of sensors: a table with times becomes signal sessions (docs/spec/3-datasets.md, 3.6).
//!
//! A log is read by the reader of foreign [tables](super::table), which decides how and refuses what is not certain.
//! Here it is only said which column is the time, which are channels, and what tells sessions apart. What is not
//! clear about the clock is refused as well: its unit, and a time that goes back.

mod folder;
mod session;
mod time;

pub use folder::{About, write};
pub use session::id_of;
pub use time::TimeUnit;

use super::table::{Cell, Plan, Reason, Refusal, Row, Source};
use openweigh_formats::Digest;
use openweigh_formats::dataset::CellType;
use openweigh_formats::limits;
use openweigh_formats::number::Number;
use openweigh_formats::samples;
use openweigh_formats::session::{Channel, Session};
use openweigh_formats::text::{ColumnName, Unit};
use openweigh_formats::weighings::Id;
use openweigh_ledger::DraftError;
use session::Open;
use std::collections::BTreeMap;
use std::io::Write;

/// What a person says about a log.
#[derive(Debug, Clone)]
pub struct Choice {
    /// The column of the time: as in the log, as it is called afterwards, or `#2`.
    pub time: String,
    /// The columns of the channels.
    pub values: Vec<String>,
    /// The column whose values tell sessions apart.
    pub session_by: Option<String>,
    /// The unit of the time, where the log does not state it.
    pub time_unit: Option<TimeUnit>,
    /// What a clock that goes back means.
    pub backwards: Backwards,
}

/// What a clock that goes back means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backwards {
    /// It is refused.
    #[default]
    Refuse,
    /// Another session begins.
    Split,
    /// An interruption of the session.
    Gap,
}

impl std::str::FromStr for Backwards {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "split" => Ok(Self::Split),
            "gap" => Ok(Self::Gap),
            _ => Err("expected split or gap".to_owned()),
        }
    }
}

/// Why a log gives no sessions.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// The table cannot be read, or not for certain.
    #[error("{0}")]
    Table(Refusal),
    /// There is no such column.
    #[error("{option} {name}: there is no such column; there are {}", available.join(", "))]
    NoColumn {
        /// The option that names it.
        option: &'static str,
        /// The name.
        name: String,
        /// The columns that there are.
        available: Vec<String>,
    },
    /// A channel that is no column of numbers.
    #[error(
        "--value {name}: this column holds texts, and a channel holds numbers; --missing WORD names a word that stands for no value"
    )]
    NotNumbers {
        /// The column.
        name: String,
    },
    /// A column that is named twice.
    #[error("`{name}` is named twice: time, channels and the column of sessions are different ones")]
    Twice {
        /// The column.
        name: String,
    },
    /// A channel whose name the format has for something else.
    #[error(
        "a channel cannot be called `{name}`, which samples.csv has for something else: add --rename {name}=NEW"
    )]
    Taken {
        /// The name.
        name: ColumnName,
    },
    /// A time without a unit.
    #[error("the unit of `{column}` is not stated in the log: add --time-unit s, ms, us, ns or min")]
    NoUnit {
        /// The column.
        column: String,
    },
    /// A text that is no time.
    #[error(
        "{line}: `{found}` is no time{}; expected a number, a date and time as 2026-05-04 13:05:09.25, or a time of day as 13:05:09.25",
        if found.contains(';') { " (a comma of the log is shown as `;`)" } else { "" }
    )]
    NoTime {
        /// The line.
        line: u64,
        /// The text.
        found: String,
    },
    /// A clock that goes back.
    #[error(
        "{line}: the time goes back from {before} s to {now} s; if the log holds several runs, add --backwards split (each becomes a session) or --session-by COL; if the clock was set, add --backwards gap"
    )]
    Backwards {
        /// The line.
        line: u64,
        /// Seconds before.
        before: String,
        /// Seconds now.
        now: String,
    },
    /// Too many sessions.
    #[error("{line}: more than {limit} sessions; does the column tell runs apart?")]
    TooMany {
        /// The line.
        line: u64,
        /// The limit.
        limit: usize,
    },
    /// Two texts that give one session's id.
    #[error(
        "`{first}` and `{second}` would both be the session `{id}`, where letter case makes no difference: rename one of them"
    )]
    Same {
        /// The id.
        id: Id,
        /// A text.
        first: String,
        /// The other.
        second: String,
    },
    /// A file that cannot be written.
    #[error("{path}: cannot be written: {error}")]
    Write {
        /// Where.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// A folder or a file of the dataset cannot be made.
    #[error(transparent)]
    Ledger(#[from] DraftError),
    /// The dataset exists.
    #[error("the dataset {path} exists already: choose another --name")]
    Exists {
        /// Where.
        path: String,
    },
}

/// Where the samples of a session go.
pub trait Sink {
    /// Begins the file of a session.
    ///
    /// # Errors
    /// It cannot be written.
    fn begin(&mut self, id: &Id) -> Result<Box<dyn Write>, SignalError>;
}

/// A session as it was read.
#[derive(Debug, Clone)]
pub struct Made {
    /// Its description.
    pub session: Session,
    /// Its events, as a file.
    pub events: Vec<u8>,
    /// Size and digest of its samples.
    pub samples: (u64, Digest),
    /// The time of its last sample less that of its first, in seconds.
    pub seconds: Option<Number>,
}

/// Which columns of a log mean what.
#[derive(Debug)]
struct Layout {
    time: usize,
    unit: Option<TimeUnit>,
    values: Vec<usize>,
    by: Option<usize>,
    channels: Vec<Channel>,
}

impl Layout {
    fn of(plan: &Plan, choice: &Choice) -> Result<Self, SignalError> {
        let place = |option: &'static str, name: &String| {
            let numbered =
                |at: usize| name.strip_prefix('#').is_some_and(|number| number == (at + 1).to_string());
            let mut columns = plan.columns.iter().enumerate();
            let found = columns
                .find(|(at, column)| column.name.as_str() == name || column.header == *name || numbered(*at));
            found.map(|(at, _)| at).ok_or_else(|| SignalError::NoColumn {
                option,
                name: name.clone(),
                available: plan.columns.iter().map(|column| column.name.to_string()).collect(),
            })
        };
        let time = place("--time", &choice.time)?;
        let values =
            choice.values.iter().map(|name| place("--value", name)).collect::<Result<Vec<_>, _>>()?;
        let by = choice.session_by.as_ref().map(|name| place("--session-by", name)).transpose()?;
        let used: Vec<usize> = [time].into_iter().chain(values.iter().copied()).chain(by).collect();
        if let Some(at) = (1..used.len()).find(|at| used[..*at].contains(&used[*at])) {
            return Err(SignalError::Twice { name: plan.columns[used[at]].name.to_string() });
        }
        let column = &plan.columns[time];
        let unit = match (column.cells, choice.time_unit) {
            (CellType::Text, _) => None,
            (CellType::Number, Some(unit)) => Some(unit),
            (CellType::Number, None) => {
                let stated = column.unit.as_ref().map(Unit::as_str);
                let unit = stated.map_or_else(|| TimeUnit::of_name(&column.header), TimeUnit::of);
                let column = column.name.to_string();
                Some(unit.ok_or(SignalError::NoUnit { column })?)
            }
        };
        let mut channels = Vec::new();
        for at in &values {
            let column = &plan.columns[*at];
            if column.cells == CellType::Text {
                return Err(SignalError::NotNumbers { name: column.name.to_string() });
            }
            if samples::COLUMNS.contains(&column.name.as_str()) {
                return Err(SignalError::Taken { name: column.name.clone() });
            }
            let (name, unit) = (column.name.clone(), column.unit.clone());
            channels.push(Channel { name, unit, quantum: None, ceiling: None });
        }
        Ok(Self { time, unit, values, by, channels })
    }
}

/// Reads a log that was surveyed, and writes the samples of its sessions to where `sink` says; `own` is the id of a
/// session that no column names.
///
/// # Errors
/// Something about the log is not clear, or cannot be written.
pub fn read(
    plan: &Plan,
    source: &mut dyn Source,
    choice: &Choice,
    own: &Id,
    sink: &mut dyn Sink,
) -> Result<Vec<Made>, SignalError> {
    let layout = Layout::of(plan, choice)?;
    let mut log = Log {
        layout,
        choice,
        own,
        open: BTreeMap::new(),
        folded: BTreeMap::new(),
        current: BTreeMap::new(),
        sink,
    };
    let mut fault = None;
    let rows = plan.rows(source, &mut |row| {
        log.row(row).map_err(|error| {
            fault = Some(error);
            Refusal::whole(Reason::Changed)
        })
    });
    if let Some(fault) = fault {
        return Err(fault);
    }
    rows.map_err(SignalError::Table)?;
    log.open.into_values().map(|(_, open)| open.finish()).collect()
}

/// A log while it is read.
struct Log<'a> {
    layout: Layout,
    choice: &'a Choice,
    own: &'a Id,
    /// The sessions, each with the text that names it.
    open: BTreeMap<Id, (String, Open)>,
    /// Their ids without letter case, each with that text.
    folded: BTreeMap<String, String>,
    /// The session that the rows of a text go to: its id, and how many there were before of the same text.
    current: BTreeMap<String, (Id, u32)>,
    sink: &'a mut dyn Sink,
}

impl Log<'_> {
    fn row(&mut self, row: &Row<'_>) -> Result<(), SignalError> {
        let cells: Vec<Cell<'_>> = row.cells().collect();
        let time = match cells[self.layout.time] {
            Cell::Missing => None,
            Cell::Number(text) => self.layout.unit.and_then(|unit| unit.seconds(text)),
            Cell::Text(text) => {
                let seconds = time::stamp(text);
                let found = || SignalError::NoTime { line: row.line, found: text.to_owned() };
                Some(seconds.ok_or_else(found)?)
            }
        };
        let text = self.layout.by.map_or("", |by| match cells[by] {
            Cell::Missing => "",
            Cell::Number(text) | Cell::Text(text) => text,
        });
        let mut id = match self.current.get(text) {
            Some((id, _)) => id.clone(),
            None => self.begin(text, 0, row.line)?,
        };
        let (_, open) = self.open.get_mut(&id).expect("a session that was begun");
        if let Some((before, now)) = open.goes_back(time.as_ref()) {
            match self.choice.backwards {
                Backwards::Refuse => {
                    return Err(SignalError::Backwards { line: row.line, before, now });
                }
                Backwards::Gap => open.note_step(row.line),
                Backwards::Split => {
                    let parts = self.current.get(text).map_or(0, |(_, parts)| *parts);
                    id = self.begin(text, parts + 1, row.line)?;
                }
            }
        }
        let (_, open) = self.open.get_mut(&id).expect("a session that was begun");
        open.push(time, self.layout.values.iter().map(|at| cells[*at]))
    }

    /// Begins a session; of a log that may be split, its parts are counted from 1.
    fn begin(&mut self, text: &str, part: u32, line: u64) -> Result<Id, SignalError> {
        let base = if self.layout.by.is_some() { id_of(text) } else { self.own.clone() };
        let id = match self.choice.backwards {
            Backwards::Split => id_of(&format!("{base}-{}", part + 1)),
            _ => base,
        };
        if self.open.len() >= limits::SESSIONS {
            return Err(SignalError::TooMany { line, limit: limits::SESSIONS });
        }
        // Letter case makes no other session: no manifest may list paths that differ in nothing else.
        let folded = id.as_str().to_ascii_lowercase();
        if let Some(first) = self.folded.get(&folded) {
            return Err(SignalError::Same { id, first: first.clone(), second: text.to_owned() });
        }
        self.folded.insert(folded, text.to_owned());
        let out = self.sink.begin(&id)?;
        let open = Open::new(id.clone(), self.layout.channels.clone(), self.layout.unit, out);
        self.open.insert(id.clone(), (text.to_owned(), open));
        self.current.insert(text.to_owned(), (id.clone(), part));
        Ok(id)
    }
}
