//! `weighings.csv`: in which frames of a session which load rested (docs/spec/3-datasets.md, 3.5).

use crate::csv;
use crate::malformed::{Fault, Malformed, shortened};
use crate::number::Number;
use crate::text::text_type;
use openweigh_exact::Decimal;
use std::collections::BTreeMap;

/// The header of version 1.
pub const HEADER: &str = "weighing,role,label,first_frame,last_frame,tare,reference_g,reference_u_g";

/// The header of version 2: further columns behind those of version 1.
pub const HEADER_2: &str = "weighing,role,label,first_frame,last_frame,tare,reference_g,reference_u_g,reference,series,direction,position,hold_s";

text_type!(
    /// What a weighing, or a session, is called: `coin-1`.
    Id,
    "an id of letters, digits and `. _ -`, at most 64 characters, starting with a letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$",
    64,
    |text| {
        text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    }
);

text_type!(
    /// A text cell: a label, or the detail of an event.
    Cell,
    "letters, digits, space and `. _ + : / ( ) -`, at most 200 characters",
    "^[A-Za-z0-9 ._+:/()-]*$",
    200,
    |text| text.len() <= 200 && text.bytes().all(csv::is_text_byte)
);

/// What rests during a weighing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Nothing but what is always there.
    Tare,
    /// A mass that is known.
    Reference,
    /// A mass that is not.
    Unknown,
}

impl Role {
    const ALL: [Self; 3] = [Self::Tare, Self::Reference, Self::Unknown];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tare => "tare",
            Self::Reference => "reference",
            Self::Unknown => "unknown",
        }
    }
}

/// An interval of frames in which one load, or none, rests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighing {
    /// Its id in the session.
    pub id: Id,
    /// What rests.
    pub role: Role,
    /// The load in words.
    pub label: Cell,
    /// The first frame.
    pub first_frame: u64,
    /// The last frame, included.
    pub last_frame: u64,
    /// The tare to subtract, by its id.
    pub tare: Option<Id>,
    /// The load's mass in grams.
    pub reference_g: Option<Number>,
    /// Standard uncertainty of that mass, in grams.
    pub reference_u_g: Option<Number>,
    /// What version 2 adds; none in a file of version 1.
    pub details: Option<Details>,
}

/// What a weighing of version 2 may say besides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// The load among the dataset's `references.csv`.
    pub reference: Option<Id>,
    /// The series of loads that it belongs to.
    pub series: Option<Id>,
    /// Whether the load before it in the series was smaller or larger.
    pub direction: Option<Direction>,
    /// Where on the pan the load rests.
    pub position: Option<Id>,
    /// For how many seconds it has rested, where that matters.
    pub hold_s: Option<Number>,
}

/// Which way a series of loads goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Loads are added.
    Up,
    /// Loads are taken away.
    Down,
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Up, Self::Down];

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
        }
    }
}

/// A cell that may be empty.
fn shown<T: ToString>(cell: Option<&T>) -> String {
    cell.map(ToString::to_string).unwrap_or_default()
}

impl Details {
    /// Its part of a line, with the comma before it.
    fn cells(&self) -> String {
        format!(
            ",{},{},{},{},{}",
            shown(self.reference.as_ref()),
            shown(self.series.as_ref()),
            self.direction.map_or("", Direction::as_str),
            shown(self.position.as_ref()),
            shown(self.hold_s.as_ref()),
        )
    }
}

/// The whole file: of version 2 where a weighing has something of it, else of version 1.
pub fn write(weighings: &[Weighing]) -> Vec<u8> {
    let says_more =
        |weighing: &Weighing| weighing.details.as_ref().is_some_and(|details| *details != Details::default());
    let second = weighings.iter().any(says_more);
    let mut text = format!("{}\n", if second { HEADER_2 } else { HEADER });
    for weighing in weighings {
        let details = second.then(|| weighing.details.clone().unwrap_or_default());
        text += &Weighing { details, ..weighing.clone() }.line();
    }
    text.into_bytes()
}

impl Weighing {
    /// Its line, of the version that it is of.
    pub fn line(&self) -> String {
        format!(
            "{},{},{},{},{},{},{},{}{}\n",
            self.id,
            self.role.as_str(),
            self.label,
            self.first_frame,
            self.last_frame,
            self.tare.as_ref().map_or("", Id::as_str),
            shown(self.reference_g.as_ref()),
            shown(self.reference_u_g.as_ref()),
            self.details.as_ref().map(Details::cells).unwrap_or_default(),
        )
    }
}

fn wrong(line: usize, column: &str, found: &str, expected: impl std::fmt::Display) -> Malformed {
    let fault = Fault::Inconsistent {
        what: format!("column `{column}`"),
        found: format!("`{}`", shortened(found, 60)),
        expected: expected.to_string(),
    };
    Malformed::at(line, 1, fault)
}

/// A cell as a type with a rule of its own.
fn cell<T: TryFrom<String>>(line: usize, column: &str, text: &str) -> Result<T, Malformed>
where
    T::Error: std::fmt::Display,
{
    T::try_from(text.to_owned())
        .map_err(|error| Malformed::at(line, 1, Fault::Syntax(format!("in column `{column}`: {error}"))))
}

fn optional<T: TryFrom<String>>(line: usize, column: &str, text: &str) -> Result<Option<T>, Malformed>
where
    T::Error: std::fmt::Display,
{
    if text.is_empty() { Ok(None) } else { cell(line, column, text).map(Some) }
}

/// A cell that holds the number of a frame.
pub(crate) fn frame(line: usize, column: &str, text: &str) -> Result<u64, Malformed> {
    let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    number.ok_or_else(|| wrong(line, column, text, "the number of a frame, from 0"))
}

/// Reads all weighings of a session.
///
/// # Errors
/// The first line that breaks the format, or contradicts those before.
pub fn read(bytes: &[u8]) -> Result<Vec<Weighing>, Malformed> {
    let lines = csv::checked(bytes)?;
    let header = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let second = header == HEADER_2.as_bytes();
    if !second {
        csv::header(header, HEADER)?;
    }
    let mut weighings: Vec<Weighing> = Vec::new();
    for (at, text) in lines.enumerate().skip(1) {
        let line = at + 1;
        let cells: Vec<&str> = text.split(',').collect();
        let role = Role::ALL.into_iter().find(|role| role.as_str() == cells[1]);
        let weighing = Weighing {
            id: cell(line, "weighing", cells[0])?,
            role: role.ok_or_else(|| wrong(line, "role", cells[1], "`tare`, `reference` or `unknown`"))?,
            label: cell(line, "label", cells[2])?,
            first_frame: frame(line, "first_frame", cells[3])?,
            last_frame: frame(line, "last_frame", cells[4])?,
            tare: optional(line, "tare", cells[5])?,
            reference_g: optional(line, "reference_g", cells[6])?,
            reference_u_g: optional(line, "reference_u_g", cells[7])?,
            details: if second { Some(details(line, &cells[8..])?) } else { None },
        };
        check(&weighing, weighings.last(), line)?;
        weighings.push(weighing);
    }
    check_tares(&weighings)?;
    Ok(weighings)
}

/// The cells that version 2 adds.
fn details(line: usize, cells: &[&str]) -> Result<Details, Malformed> {
    let direction = Direction::ALL.into_iter().find(|direction| direction.as_str() == cells[2]);
    if direction.is_none() && !cells[2].is_empty() {
        return Err(wrong(line, "direction", cells[2], "`up`, `down` or nothing"));
    }
    let hold_s: Option<Number> = optional(line, "hold_s", cells[4])?;
    if hold_s.as_ref().is_some_and(|hold| hold.0 < Decimal::ZERO) {
        return Err(wrong(line, "hold_s", cells[4], "a number of seconds from 0"));
    }
    Ok(Details {
        reference: optional(line, "reference", cells[0])?,
        series: optional(line, "series", cells[1])?,
        direction,
        position: optional(line, "position", cells[3])?,
        hold_s,
    })
}

/// What a weighing must be by itself, and behind the one before.
fn check(weighing: &Weighing, before: Option<&Weighing>, line: usize) -> Result<(), Malformed> {
    if weighing.last_frame < weighing.first_frame {
        let expected = format!("{} or later", weighing.first_frame);
        return Err(wrong(line, "last_frame", &weighing.last_frame.to_string(), expected));
    }
    if let Some(before) = before
        && weighing.first_frame <= before.last_frame
    {
        let expected = format!("a frame after {}, the last one of `{}`", before.last_frame, before.id);
        return Err(wrong(line, "first_frame", &weighing.first_frame.to_string(), expected));
    }
    match (weighing.role, &weighing.reference_g, &weighing.reference_u_g, &weighing.tare) {
        (Role::Reference, None, ..) => Err(wrong(line, "reference_g", "", "the mass of a reference")),
        (Role::Tare | Role::Unknown, Some(mass), ..) => {
            Err(wrong(line, "reference_g", &mass.to_string(), "nothing: only a reference has a known mass"))
        }
        (_, None, Some(uncertainty), _) => {
            Err(wrong(line, "reference_u_g", &uncertainty.to_string(), "nothing without a mass"))
        }
        (Role::Tare, .., Some(tare)) => {
            Err(wrong(line, "tare", tare.as_str(), "nothing: it is a tare itself"))
        }
        (_, _, Some(uncertainty), _) if uncertainty.0 < Decimal::ZERO => {
            Err(wrong(line, "reference_u_g", &uncertainty.to_string(), "a standard uncertainty, 0 or more"))
        }
        _ => Ok(()),
    }
}

fn check_tares(weighings: &[Weighing]) -> Result<(), Malformed> {
    let mut roles: BTreeMap<&Id, Role> = BTreeMap::new();
    for (at, weighing) in weighings.iter().enumerate() {
        if roles.insert(&weighing.id, weighing.role).is_some() {
            return Err(wrong(at + 2, "weighing", weighing.id.as_str(), "each id once"));
        }
    }
    for (at, weighing) in weighings.iter().enumerate() {
        if let Some(tare) = &weighing.tare
            && roles.get(tare) != Some(&Role::Tare)
        {
            return Err(wrong(
                at + 2,
                "tare",
                tare.as_str(),
                "a weighing of this session with the role `tare`",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weighings_are_read_and_written_back() {
        let text = format!(
            "{HEADER}\ntare-1,tare,,0,9,,,\ncoin-1,reference,1 euro (new),12,40,tare-1,7.5,0.02\nx,unknown,,41,41,,,\n"
        );
        let weighings = read(text.as_bytes()).unwrap();
        assert_eq!(weighings.len(), 3);
        let lines: String = weighings.iter().map(Weighing::line).collect();
        assert_eq!(format!("{HEADER}\n{lines}"), text);
        assert_eq!(write(&weighings), text.as_bytes());
    }

    #[test]
    fn version_2_is_written_where_something_of_it_is_used() {
        let text = format!("{HEADER_2}\na,reference,,0,9,,50,,m-50,s1,up,2,1.5\nb,unknown,,12,40,,,,,,,,\n");
        let mut weighings = read(text.as_bytes()).unwrap();
        assert_eq!(write(&weighings), text.as_bytes());
        weighings[0].details = None;
        let first = format!("{HEADER}\na,reference,,0,9,,50,\nb,unknown,,12,40,,,\n");
        assert_eq!(write(&weighings), first.as_bytes());
        for (rows, message) in [
            ("a,unknown,,0,9,,,,,,left,,\n", "2:1: column `direction`: found `left`, expected `up`, `down`"),
            ("a,unknown,,0,9,,,,,,,,-1\n", "2:1: column `hold_s`: found `-1`, expected a number of seconds"),
            ("a,unknown,,0,9,,,\n", "2:1: found 8 fields, expected 13"),
        ] {
            let error = read(format!("{HEADER_2}\n{rows}").as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}\nnot\n{message}");
        }
    }

    #[test]
    fn contradictions_are_named() {
        for (rows, message) in [
            ("a,tare,,5,4,,,\n", "2:1: column `last_frame`: found `4`, expected 5 or later"),
            (
                "a,reference,,0,4,,,\n",
                "2:1: column `reference_g`: found ``, expected the mass of a reference",
            ),
            (
                "a,tare,,0,4,,,\nb,unknown,,4,5,,,\n",
                "3:1: column `first_frame`: found `4`, expected a frame after 4, the last one of `a`",
            ),
            (
                "a,unknown,,0,4,b,,\n",
                "2:1: column `tare`: found `b`, expected a weighing of this session with the role `tare`",
            ),
            ("a,tare,,0,4,,,\na,tare,,5,6,,,\n", "3:1: column `weighing`: found `a`, expected each id once"),
            (
                "a,reference,,0,4,,5,-0.1\n",
                "2:1: column `reference_u_g`: found `-0.1`, expected a standard uncertainty, 0 or more",
            ),
            (
                "a,full,,0,4,,,\n",
                "2:1: column `role`: found `full`, expected `tare`, `reference` or `unknown`",
            ),
            (
                "a,tare,,00,4,,,\n",
                "2:1: column `first_frame`: found `00`, expected the number of a frame, from 0",
            ),
        ] {
            let error = read(format!("{HEADER}\n{rows}").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
