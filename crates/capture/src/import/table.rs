//! Foreign tables: read as they are, or refused with the option that settles what is not certain.
//!
//! A table is read twice. The first reading, [`survey()`], decides how: the encoding, the delimiter, the decimal sign
//! and the grouping of digits, the header, the units and the types of the columns, all from the whole file by
//! consistency, in memory that does not grow with it. What two conventions would read differently is refused, and
//! each refusal names the options that settle it, each tried before it is named. The second reading, [`Plan::rows`] or
//! [`Plan::write`], gives the rows.
//!
//! No row is lost, no number changes its value, and no cell that was a number becomes a text.

mod advice;
mod choice;
mod convention;
mod converted;
mod encoding;
mod foreign;
mod grouping;
mod jsonlines;
mod layout;
mod lines;
mod measured;
mod names;
mod number;
mod options;
mod plan;
mod reading;
mod record;
mod refusal;
mod stamp;
mod survey;
mod tally;
mod text;
mod units;
mod workbook;
mod write;

pub use lines::{Fingerprint, LINE_BYTES, LineEnds, Source};
pub use number::Convention;
pub(crate) use number::canonical;
pub use options::{DecimalSign, Delimiter, Flag, Group, Header, Options};
pub use plan::{Column, Note, Plan};
pub use refusal::{Kind, Place, Readings, Reason, Refusal, Way};
pub use survey::LeftOut;
pub use write::{Cell, Change, ChangeKind, Row, Rows, Summary};

/// Reads a table and decides how it is to be read; writes nothing.
///
/// # Errors
/// It is no table, or something in it is not certain: then the refusal names the options that settle it.
pub fn survey(source: &mut dyn Source, options: &Options) -> Result<Plan, Refusal> {
    survey::attempt(source, options).map_err(|refusal| advice::tried(source, options, refusal))
}
