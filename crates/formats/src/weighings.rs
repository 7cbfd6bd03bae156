//! `weighings.csv`: in which frames of a session which load rested (docs/spec/3-datasets.md, 3.5).

use crate::csv;
use crate::malformed::{Fault, Malformed, shortened};
use crate::number::Number;
use crate::text::text_type;
use std::collections::BTreeMap;

/// The header.
pub const HEADER: &str = "weighing,role,label,first_frame,last_frame,tare,reference_g,reference_u_g";

text_type!(
    /// What a weighing, or a session, is called: `coin-1`.
    Id,
    "an id of letters, digits and `. _ -`, at most 64 characters, starting with a letter or digit",
    "^[A-Za-z0-9][A-Za-z0-9._-]*$",
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
}

impl Weighing {
    /// Its line.
    pub fn line(&self) -> String {
        let optional = |number: &Option<Number>| number.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            "{},{},{},{},{},{},{},{}\n",
            self.id,
            self.role.as_str(),
            self.label,
            self.first_frame,
            self.last_frame,
            self.tare.as_ref().map_or("", Id::as_str),
            optional(&self.reference_g),
            optional(&self.reference_u_g),
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
    csv::header(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default(), HEADER)?;
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
        };
        check(&weighing, weighings.last(), line)?;
        weighings.push(weighing);
    }
    check_tares(&weighings)?;
    Ok(weighings)
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
