//! `samples.csv`: what a sensor gave, number by number (docs/spec/3-datasets.md, 3.8).
//!
//! The reader takes blocks of bytes as they come, checks every cell of every row, and hands on each sample with
//! nothing allocated for a row of ordinary numbers.

mod reader;

pub use reader::SampleReader;

use crate::csv::Number;
use crate::text::ColumnName;

/// The columns before the channels, in file order.
pub const COLUMNS: [&str; 3] = ["sample", "device_s", "arrival_ns"];

/// One sample of all channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Its number in the session, from 0.
    pub number: u64,
    /// The device's time, in seconds; missing where the device gave none.
    pub device_s: Number,
    /// The value of each channel, in file order.
    pub values: Vec<Number>,
}

/// The header of a session with these channels, without its line end.
pub fn header<'a>(channels: impl IntoIterator<Item = &'a ColumnName>) -> String {
    let names = COLUMNS.into_iter().chain(channels.into_iter().map(ColumnName::as_str));
    names.collect::<Vec<_>>().join(",")
}

/// Appends the row of a sample: numbers in canonical text, a missing one as an empty text.
pub fn write_row<'a>(
    out: &mut Vec<u8>,
    number: u64,
    device_s: &'a str,
    arrival_ns: &'a str,
    values: impl IntoIterator<Item = &'a str>,
) {
    openweigh_exact::digits::write_natural(number, out);
    for text in [device_s, arrival_ns].into_iter().chain(values) {
        out.push(b',');
        out.extend_from_slice(text.as_bytes());
    }
    out.push(b'\n');
}
