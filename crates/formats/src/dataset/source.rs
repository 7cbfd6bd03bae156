//! The file that a dataset was imported from, and how it was read. Version 2.

use crate::canonical::inconsistent;
use crate::digest::Digest;
use crate::malformed::Fault;
use crate::text::{ColumnName, Line, Name, Version};
use serde::{Deserialize, Serialize};

/// The file that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Source {
    /// Its name, without folders.
    pub name: Line,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// How it was read, if it is a table.
    pub reading: Option<HowRead>,
}

/// How a foreign table was read: with this, the same bytes give the same dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct HowRead {
    /// Name of the encoding, as the WHATWG has it: `UTF-8`; of a workbook or of JSON lines null.
    pub encoding: Option<Line>,
    /// What stood between fields: `comma`, `semicolon`, `tab`, `bar`, `spaces` or `two-spaces`; null if nothing did.
    pub delimiter: Option<Line>,
    /// The decimal sign: `.` or `,`; null if no number had one.
    pub decimal: Option<Line>,
    /// The grouping sign of numbers: `.`, `,`, `'` or `space`; null if there was none.
    pub group: Option<Line>,
    /// What began a comment, or null.
    pub comment: Option<Line>,
    /// Lines before the header or the first row that were left out.
    pub skipped: u64,
    /// The line of the column names, from 1; null if the file had none.
    pub header_line: Option<u64>,
    /// The line of the units, from 1; null if the file had none.
    pub units_line: Option<u64>,
    /// The sheet of a workbook.
    pub sheet: Option<Line>,
    /// Words that stand for a missing value.
    pub missing: Vec<Line>,
    /// Columns that were kept as text although numbers are in them.
    pub text: Vec<ColumnName>,
    /// Columns that were left out, by their names in the source.
    pub dropped: Vec<Line>,
    /// Columns whose names changed.
    pub renamed: Vec<Rename>,
}

/// A column whose name changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Rename {
    /// Its name in the source.
    pub from: Line,
    /// Its name here.
    pub to: ColumnName,
}

/// The dataset that another was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct DerivedFrom {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// SHA-256 of its `dataset.json`.
    pub sha256: Digest,
}

impl Source {
    pub(super) fn check(&self) -> Result<(), Fault> {
        super::check_text("source", self.name.as_str())?;
        let Some(reading) = &self.reading else { return Ok(()) };
        let words = [
            (
                "delimiter",
                &reading.delimiter,
                ["comma", "semicolon", "tab", "bar", "spaces", "two-spaces"].as_slice(),
            ),
            ("decimal", &reading.decimal, &[".", ","]),
            ("group", &reading.group, &[".", ",", "'", "space"]),
        ];
        for (key, word, known) in words {
            if let Some(word) = word.as_ref().filter(|word| !known.contains(&word.as_str())) {
                return Err(inconsistent(
                    key,
                    format!("`{word}`"),
                    format!("one of `{}`", known.join("` `")),
                ));
            }
        }
        let one = [&reading.encoding, &reading.comment, &reading.sheet].into_iter().flatten();
        let many = reading.missing.iter().chain(&reading.dropped);
        for text in one.chain(many).chain(reading.renamed.iter().map(|rename| &rename.from)) {
            super::check_text("reading", text.as_str())?;
        }
        Ok(())
    }
}
