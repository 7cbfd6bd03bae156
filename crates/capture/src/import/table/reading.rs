//! How a table was read, as `dataset.json` states it (docs/spec/3-datasets.md).

use super::lines::Fingerprint;
use super::options::{Delimiter, Group};
use super::plan::Plan;
use openweigh_formats::dataset::{ColumnSpec, HowRead, Rename, Source};
use openweigh_formats::text::{Line, tidied};

/// A text from outside as a line: it is tidied, and so can be one.
fn line(text: &str) -> Option<Line> {
    tidied(text).chars().take(2000).collect::<String>().parse().ok()
}

impl Plan {
    /// How the table was read.
    pub fn how_read(&self) -> HowRead {
        let word = |text: &str| text.parse().ok();
        let delimiter = match self.delimiter {
            Delimiter::Tab => Some("tab"),
            Delimiter::Semicolon => Some("semicolon"),
            Delimiter::Comma => Some("comma"),
            Delimiter::Pipe => Some("bar"),
            Delimiter::Spaces => Some("spaces"),
            Delimiter::Gaps => Some("two-spaces"),
            Delimiter::None => None,
        };
        let group = Some(self.convention.group).filter(|group| *group != Group::None);
        let renamed = self.columns.iter().filter_map(|column| {
            let from = line(&column.header).filter(|from| !from.as_str().is_empty())?;
            (from.as_str() != column.name.as_str()).then(|| Rename { from, to: column.name.clone() })
        });
        let comments: Vec<&str> = self.comment.iter().map(String::as_str).collect();
        let converted = self.converted.is_some();
        HowRead {
            encoding: Some(&self.encoding).filter(|_| !converted).and_then(|text| line(text)),
            delimiter: delimiter.filter(|_| !converted).and_then(word),
            decimal: Some(self.convention.decimal.as_str()).filter(|_| self.has_fractions).and_then(word),
            group: group.map(Group::as_str).and_then(word),
            comment: Some(comments.join(" ")).filter(|text| !text.is_empty()).and_then(|text| line(&text)),
            skipped: self.skipped,
            header_line: self.header_line,
            units_line: self.units_line,
            sheet: self.sheet.as_deref().and_then(line),
            missing: self.missing.iter().filter_map(|word| line(word)).collect(),
            text: self.kept_as_text.clone(),
            dropped: self.dropped.iter().filter_map(|name| line(name)).collect(),
            renamed: renamed.collect(),
        }
    }

    /// The file that was read: its name is stated without folders.
    pub fn source(&self, name: &str) -> Source {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let name = line(name).unwrap_or_else(|| "table".parse().expect("a constant"));
        let Fingerprint { bytes, sha256 } = self.source.clone();
        Source { name, bytes, sha256, reading: Some(self.how_read()) }
    }

    /// The columns, as a dataset declares them.
    pub fn declared(&self) -> Vec<ColumnSpec> {
        let declared =
            |column: &super::Column| ColumnSpec::new(column.name.clone(), column.unit.clone(), column.cells);
        self.columns.iter().map(declared).collect()
    }
}
