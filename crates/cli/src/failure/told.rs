//! What people are told of a failure, line by line.

use super::Failure;
use crate::place;
use openweigh_formats::shown::plain;
use openweigh_ledger::DraftError;
use openweigh_release::Missing;

impl Failure {
    /// The words. Only a list, and the readings of a table side by side, have several lines; a line end that a text from
    /// outside brings in is escaped: refusals of tables escape cells and names themselves.
    pub(crate) fn told(&self) -> String {
        match self {
            Self::Incomplete(_) => self.to_string(),
            Self::Table { .. } => self.to_string().split('\n').map(plain).collect::<Vec<_>>().join("\n"),
            _ => plain(&self.to_string()),
        }
    }
}

/// What is missing, a line each.
pub(super) fn lines(missing: &[Missing]) -> String {
    missing.iter().map(|missing| format!("  {}", plain(&missing.to_string()))).collect::<Vec<_>>().join("\n")
}

/// Why a file was not written, with its path as a person there would type it.
pub(super) fn unwritten(error: &DraftError) -> String {
    match error {
        DraftError::Exists { path } => format!("{} exists with other content", place::shown(path)),
        DraftError::System { path, source } => format!("cannot write {}: {source}", place::shown(path)),
        other => other.to_string(),
    }
}

/// The terms that say which column is the reading, a line each.
pub(crate) fn in_place_of_preset(terms: &[String]) -> String {
    let lines = terms.iter().map(|terms| {
        // A shell would take the brackets of a hinge for its own.
        let quote = if terms.contains('(') { "'" } else { "" };
        format!("\n  --terms {quote}{terms}{quote}")
    });
    let knot = terms.iter().any(|terms| terms.contains("KNOT"));
    let knot = if knot { ", with the reading where the line bends for KNOT" } else { "" };
    format!("type one of these in place of --preset{knot}:{}", lines.collect::<String>())
}
