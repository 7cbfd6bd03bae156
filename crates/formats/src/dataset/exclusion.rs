//! What stays in the data and is never fitted. Version 2.

use super::{Dataset, Kind};
use crate::canonical::inconsistent;
use crate::malformed::Fault;
use crate::text::Line;
use crate::weighings::Id;
use serde::{Deserialize, Serialize};

/// Something of the data that is never fitted, and why: a weighing of a session, or a row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Exclusion {
    /// The session.
    pub session: Option<Id>,
    /// Its weighing.
    pub weighing: Option<Id>,
    /// The row of a table, from 0.
    pub row: Option<u64>,
    /// Why.
    pub reason: Line,
}

impl Dataset {
    /// Whether a row of the table is excluded.
    pub fn excludes_row(&self, row: u64) -> bool {
        self.excluded.iter().any(|one| one.row == Some(row))
    }

    /// Why a weighing of a session is excluded, none if it is not.
    pub fn exclusion(&self, session: &str, weighing: &str) -> Option<&Exclusion> {
        let is = |id: &Option<Id>, text: &str| id.as_ref().is_some_and(|id| id.as_str() == text);
        self.excluded.iter().find(|one| is(&one.session, session) && is(&one.weighing, weighing))
    }

    pub(super) fn check_excluded(&self) -> Result<(), Fault> {
        let sessions = self.sessions();
        for (at, one) in self.excluded.iter().enumerate() {
            let place = (&one.session, &one.weighing, one.row);
            let whole = match (self.kind, place) {
                (Kind::Table, (None, None, Some(_))) => true,
                (Kind::TouchSessions | Kind::SignalSessions, (Some(session), Some(_), None)) => {
                    sessions.contains(&session.as_str())
                }
                _ => false,
            };
            if !whole || one.reason.as_str().is_empty() {
                let expected = "a row of a table, or a weighing of one of the sessions, with a reason";
                return Err(inconsistent("excluded", format!("entry {}", at + 1), expected));
            }
            let ascending = |earlier: &Exclusion| (&earlier.session, &earlier.weighing, earlier.row) < place;
            if at > 0 && !ascending(&self.excluded[at - 1]) {
                let expected = "ascending order, each once";
                return Err(inconsistent("excluded", format!("entry {}", at + 1), expected));
            }
        }
        Ok(())
    }
}
