//! What a person says about a table, and the words in which it is typed.

use std::fmt;

/// What stands between the fields of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Delimiter {
    /// A tab.
    Tab,
    /// `;`
    Semicolon,
    /// `,`
    Comma,
    /// `|`
    Pipe,
    /// Runs of spaces, or of tabs among them.
    Spaces,
    /// Runs of two spaces or more, or of tabs: a single space is part of a field.
    Gaps,
    /// Nothing: each line is one field.
    None,
}

impl Delimiter {
    /// All, in the order in which they are thought of.
    pub const ALL: [Self; 7] =
        [Self::Tab, Self::Semicolon, Self::Comma, Self::Pipe, Self::Spaces, Self::Gaps, Self::None];

    /// The byte between fields, if it is always a single one.
    pub(crate) fn byte(self) -> Option<u8> {
        match self {
            Self::Tab => Some(b'\t'),
            Self::Semicolon => Some(b';'),
            Self::Comma => Some(b','),
            Self::Pipe => Some(b'|'),
            Self::Spaces | Self::Gaps | Self::None => None,
        }
    }

    /// The word for it in `dataset.json` and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tab => "tab",
            Self::Semicolon => ";",
            Self::Comma => ",",
            Self::Pipe => "|",
            Self::Spaces => "spaces",
            Self::Gaps => "two-spaces",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "\t" | "\\t" | "tab" => Self::Tab,
            ";" | "semicolon" => Self::Semicolon,
            "," | "comma" => Self::Comma,
            "|" | "pipe" => Self::Pipe,
            " " | "space" | "spaces" => Self::Spaces,
            "  " | "two-spaces" => Self::Gaps,
            "none" => Self::None,
            _ => return Err("expected one of , ; | tab spaces two-spaces none".into()),
        })
    }
}

/// The sign before the fraction of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalSign {
    /// `.`
    Point,
    /// `,`
    Comma,
}

impl DecimalSign {
    pub(crate) fn byte(self) -> u8 {
        match self {
            Self::Point => b'.',
            Self::Comma => b',',
        }
    }

    /// The sign.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Point => ".",
            Self::Comma => ",",
        }
    }
}

impl std::str::FromStr for DecimalSign {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "." | "point" => Ok(Self::Point),
            "," | "comma" => Ok(Self::Comma),
            _ => Err("expected . or ,".into()),
        }
    }
}

/// What stands between groups of three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// Nothing.
    None,
    /// `,`
    Comma,
    /// `.`
    Point,
    /// A space: plain, thin, or one that does not break.
    Space,
    /// `'` or `’`
    Apostrophe,
}

impl Group {
    pub(crate) fn byte(self) -> Option<u8> {
        match self {
            Self::None => None,
            Self::Comma => Some(b','),
            Self::Point => Some(b'.'),
            Self::Space => Some(b' '),
            Self::Apostrophe => Some(b'\''),
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Comma => ",",
            Self::Point => ".",
            Self::Space => "space",
            Self::Apostrophe => "'",
        }
    }
}

impl std::str::FromStr for Group {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "none" | "" => Self::None,
            "," | "comma" => Self::Comma,
            "." | "point" => Self::Point,
            " " | "space" => Self::Space,
            "'" | "\u{2019}" | "apostrophe" => Self::Apostrophe,
            _ => return Err("expected one of none , . space '".into()),
        })
    }
}

/// Where the names of the columns stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// To be found.
    #[default]
    Auto,
    /// Nowhere.
    None,
    /// On this line, counted from 1.
    Line(u64),
}

/// What a person says about a table; the rest is found in it.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--delimiter`
    pub delimiter: Option<Delimiter>,
    /// `--decimal`
    pub decimal: Option<DecimalSign>,
    /// `--group`
    pub group: Option<Group>,
    /// `--comment`: lines that start so are left out.
    pub comment: Vec<String>,
    /// `--skip-rows`: lines at the top that are left out.
    pub skip: u64,
    /// `--header-row`, `--no-header`
    pub header: Header,
    /// `--units-row`: a line, counted from 1.
    pub units_line: Option<u64>,
    /// `--missing`: words for a missing value.
    pub missing: Vec<String>,
    /// `--text`: columns that are kept as text. A column is named as in the source, as in the dataset, or `#2`.
    pub text: Vec<String>,
    /// `--drop`: columns that are left out.
    pub drop: Vec<String>,
    /// `--rename`: a column and its new name.
    pub rename: Vec<(String, String)>,
    /// `--encoding`: a label of the Encoding Standard.
    pub encoding: Option<String>,
    /// `--sheet`: of a workbook.
    pub sheet: Option<String>,
    /// `--unit`: a column and its unit.
    pub units: Vec<(String, String)>,
    /// The largest source, in bytes; 0 for the default.
    pub max_bytes: u64,
}

/// One option as it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flag {
    /// `--delimiter`
    Delimiter(Delimiter),
    /// `--decimal`
    Decimal(DecimalSign),
    /// `--group`
    Group(Group),
    /// `--comment`
    Comment(String),
    /// `--skip-rows`
    SkipRows(u64),
    /// `--header-row`
    HeaderRow(u64),
    /// `--no-header`
    NoHeader,
    /// `--units-row`
    UnitsRow(u64),
    /// `--missing`
    Missing(String),
    /// `--text`
    Text(String),
    /// `--drop`
    Drop(String),
    /// `--rename`
    Rename(String, String),
    /// `--encoding`
    Encoding(String),
    /// `--sheet`
    Sheet(String),
}

impl Flag {
    /// Says it.
    pub fn apply(&self, options: &mut Options) {
        match self.clone() {
            Self::Delimiter(value) => options.delimiter = Some(value),
            Self::Decimal(value) => options.decimal = Some(value),
            Self::Group(value) => options.group = Some(value),
            Self::Comment(value) => options.comment.push(value),
            Self::SkipRows(value) => options.skip = value,
            Self::HeaderRow(value) => options.header = Header::Line(value),
            Self::NoHeader => options.header = Header::None,
            Self::UnitsRow(value) => options.units_line = Some(value),
            Self::Missing(value) => options.missing.push(value),
            Self::Text(value) => options.text.push(value),
            Self::Drop(value) => options.drop.push(value),
            Self::Rename(from, to) => options.rename.push((from, to)),
            Self::Encoding(value) => options.encoding = Some(value),
            Self::Sheet(value) => options.sheet = Some(value),
        }
    }

    /// The words of a command line, before any quoting.
    pub fn words(&self) -> Vec<String> {
        let (name, value) = match self {
            Self::Delimiter(value) => ("--delimiter", value.as_str().to_owned()),
            Self::Decimal(value) => ("--decimal", value.as_str().to_owned()),
            Self::Group(value) => ("--group", value.as_str().to_owned()),
            Self::Comment(value) => ("--comment", value.clone()),
            Self::SkipRows(value) => ("--skip-rows", value.to_string()),
            Self::HeaderRow(value) => ("--header-row", value.to_string()),
            Self::NoHeader => return vec!["--no-header".into()],
            Self::UnitsRow(value) => ("--units-row", value.to_string()),
            Self::Missing(value) => ("--missing", value.clone()),
            Self::Text(value) => ("--text", value.clone()),
            Self::Drop(value) => ("--drop", value.clone()),
            Self::Rename(from, to) => ("--rename", format!("{from}={to}")),
            Self::Encoding(value) => ("--encoding", value.clone()),
            Self::Sheet(value) => ("--sheet", value.clone()),
        };
        if value.starts_with('-') { vec![format!("{name}={value}")] } else { vec![name.into(), value] }
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.words().iter().map(|word| quoted(word)).collect();
        out.write_str(&words.join(" "))
    }
}

impl Flag {
    /// Whether a person can type it: a sign that is not seen, or that a terminal takes, is shown otherwise.
    pub(crate) fn can_be_typed(&self) -> bool {
        self.words().iter().all(|word| openweigh_formats::shown::plain(word) == *word)
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | ',' | ':' | '+' | '@' | '%')
    };
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
