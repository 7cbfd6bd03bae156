//! Why a weighing cannot be stated after the fact.

use openweigh_exact::Decimal;
use openweigh_formats::Malformed;
use openweigh_formats::number::Number;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use openweigh_formats::weighings::{Id, Weighing};
use openweigh_ledger::OpenError;
use openweigh_ledger::edit::EditError;

/// Why nothing is stated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeighError {
    /// The dataset cannot be read or changed.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A table has no sessions.
    #[error("the dataset `{name}` is a table, and only sessions have weighings")]
    Table {
        /// Its name.
        name: Name,
    },
    /// It has no such session.
    #[error("the dataset `{name}` has no session `{session}`; it has {}", listed(among))]
    NoSession {
        /// The dataset.
        name: Name,
        /// What was asked for.
        session: Id,
        /// What there is.
        among: Vec<String>,
    },
    /// It has no such channel.
    #[error("the session has no channel `{channel}`; it has {}", listed(among))]
    NoChannel {
        /// What was asked for.
        channel: String,
        /// What there is.
        among: Vec<String>,
    },
    /// A file cannot be read.
    #[error("{path}: {source}")]
    Open {
        /// Which.
        path: RelativePath,
        /// Why.
        source: OpenError,
    },
    /// A file is not of its format, or would not be.
    #[error("{path}:{source}")]
    Malformed {
        /// Which.
        path: RelativePath,
        /// Where and how.
        source: Malformed,
    },
    /// Frames that the session does not have.
    #[error("found frames {first} to {last}, expected some of 0 to {end}, which the session has")]
    Outside {
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
        /// The session's last one.
        end: u64,
    },
    /// No frame lies between two times.
    #[error("no frame lies between {from} and {to} s; the session goes from 0 to {end} s")]
    NoFrames {
        /// From here.
        from: Decimal,
        /// To there.
        to: Decimal,
        /// How long the session is.
        end: Decimal,
    },
    /// A frame can be in one weighing alone.
    #[error("frames {first} to {last} overlap the weighing `{}`, which has {} to {}", with.id, with.first_frame, with.last_frame)]
    Overlap {
        /// The first one.
        first: u64,
        /// The last one.
        last: u64,
        /// The weighing that has some of them.
        with: Box<Weighing>,
    },
    /// The id is taken.
    #[error("the session has a weighing `{id}` already")]
    Taken {
        /// The id.
        id: Id,
    },
    /// No weighing has this id.
    #[error("the session has no weighing `{id}`; it has {}", listed(among))]
    NoWeighing {
        /// What was asked for.
        id: Id,
        /// What there is.
        among: Vec<String>,
    },
    /// No tare has this id.
    #[error("the session has no tare `{tare}`; its tares: {}", listed(among))]
    NoTare {
        /// What was asked for.
        tare: Id,
        /// What there is.
        among: Vec<String>,
    },
    /// Another weighing is weighed against it.
    #[error("`{id}` is the tare of `{of}`")]
    InUse {
        /// The tare.
        id: Id,
        /// The weighing.
        of: Id,
    },
    /// A mass or an uncertainty below 0.
    #[error("{what}: found {found}, expected a number of grams from 0")]
    Negative {
        /// Which.
        what: &'static str,
        /// What was found.
        found: Number,
    },
    /// A protocol gives all weighings of a session.
    #[error("the session has {} already; a protocol gives all of a session", if *count == 1 { "a weighing".to_owned() } else { format!("{count} weighings") })]
    HasWeighings {
        /// How many.
        count: usize,
    },
}

/// What there is, for a message.
fn listed(words: &[String]) -> String {
    match words {
        [] => "none".to_owned(),
        words if words.len() > 8 => format!("{} and {} more", words[..8].join(", "), words.len() - 8),
        words => words.join(", "),
    }
}
