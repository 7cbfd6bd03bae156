//! The reader of `samples.csv`, block by block.

use super::{COLUMNS, Sample, header};
use crate::csv::{self, Number};
use crate::limits;
use crate::malformed::{Fault, Malformed, shortened};
use crate::text::ColumnName;
use openweigh_exact::Decimal;

/// Reads samples from blocks of bytes.
#[derive(Debug)]
pub struct SampleReader {
    header: String,
    channels: Vec<ColumnName>,
    sample: Sample,
    /// The beginning of a line whose end has not come yet.
    pending: Vec<u8>,
    line: usize,
    /// Samples read so far.
    count: u64,
}

/// Where reading of a row stopped: at a cell's first byte, in a column.
#[derive(Clone, Copy)]
struct Stop {
    at: usize,
    column: usize,
}

impl SampleReader {
    /// A reader of a session with these channels.
    pub fn new(channels: &[ColumnName]) -> Self {
        let values = vec![Number::Missing; channels.len()];
        Self {
            header: header(channels),
            channels: channels.to_vec(),
            sample: Sample { number: 0, device_s: Number::Missing, values },
            pending: Vec::new(),
            line: 0,
            count: 0,
        }
    }

    /// Takes in the next bytes of the file and hands each sample to `sink`.
    ///
    /// # Errors
    /// The first line that breaks the format.
    pub fn feed(&mut self, block: &[u8], sink: &mut impl FnMut(&Sample)) -> Result<(), Malformed> {
        let mut pending = std::mem::take(&mut self.pending);
        let fed = csv::feed_lines(&mut pending, block, |lines| self.lines(lines, sink));
        self.pending = pending;
        fed?;
        if self.pending.len() > limits::LINE_BYTES {
            return Err(self.long_line(self.line + 1));
        }
        Ok(())
    }

    /// The number of samples, once all bytes were fed.
    ///
    /// # Errors
    /// The file has no header, or its last line has no end.
    pub fn finish(mut self) -> Result<u64, Malformed> {
        if !self.pending.is_empty() {
            let line = std::mem::take(&mut self.pending);
            let column = csv::feed_unended(line, |line| self.lines(line, &mut |_| {}))?;
            return Err(Malformed::at(self.line, column, Fault::NoFinalNewline));
        }
        if self.line == 0 {
            return Err(Malformed::whole(Fault::Header { found: String::new(), expected: self.header }));
        }
        Ok(self.count)
    }

    fn long_line(&self, line: usize) -> Malformed {
        Malformed::at(line, 1, Fault::LongLine { limit: limits::LINE_BYTES })
    }

    /// Reads whole lines.
    fn lines(&mut self, bytes: &[u8], sink: &mut impl FnMut(&Sample)) -> Result<(), Malformed> {
        let mut at = 0;
        if self.line == 0 && !bytes.is_empty() {
            at = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
            self.line = 1;
            csv::header(&bytes[..at], &self.header)?;
        }
        while at < bytes.len() {
            self.line += 1;
            let next = self.row(bytes, at).map_err(|stop| self.explain(bytes, at, stop))?;
            if next - at > limits::LINE_BYTES {
                return Err(self.long_line(self.line));
            }
            self.count += 1;
            at = next;
            sink(&self.sample);
        }
        Ok(())
    }

    /// Reads the row that starts at `start`; `bytes` end in LF. Gives where the next row starts.
    #[inline]
    fn row(&mut self, bytes: &[u8], start: usize) -> Result<usize, Stop> {
        let stop = |at: usize, column: usize| Stop { at, column };
        let (number, at) = csv::natural(bytes, start, b',').ok_or(stop(start, 0))?;
        if number != self.count {
            return Err(stop(start, 0));
        }
        self.sample.number = number;
        let (time, next) = csv::number(bytes, at, b',').ok_or(stop(at, 1))?;
        self.sample.device_s = time;
        let mut at = csv::integer(bytes, next, b',').ok_or(stop(next, 2))?;
        let last = self.sample.values.len().checked_sub(1);
        for (place, value) in self.sample.values.iter_mut().enumerate() {
            let end = if Some(place) == last { b'\n' } else { b',' };
            (*value, at) = csv::number(bytes, at, end).ok_or(stop(at, COLUMNS.len() + place))?;
        }
        Ok(at)
    }

    /// What is wrong with the cell at `bad` of the line that starts at `start`: the slow path, once.
    fn explain(&self, bytes: &[u8], start: usize, Stop { at: bad, column }: Stop) -> Malformed {
        let malformed = |offset: usize, fault| Malformed::at(self.line, offset - start + 1, fault);
        let line_end = start + memchr::memchr(b'\n', &bytes[start..]).unwrap_or(bytes.len() - start);
        let text = &bytes[start..line_end];
        let expected = COLUMNS.len() + self.channels.len();
        if text.is_empty() {
            return malformed(start, Fault::BlankLine { expected });
        }
        if text.len() >= limits::LINE_BYTES {
            return self.long_line(self.line);
        }
        if text.ends_with(b"\r") {
            return malformed(line_end - 1, Fault::CarriageReturn);
        }
        let found = memchr::memchr_iter(b',', text).count() + 1;
        if found != expected {
            return malformed(start, Fault::FieldCount { found, expected });
        }
        let cell_end = bad + memchr::memchr2(b',', b'\n', &bytes[bad..]).unwrap_or(bytes.len() - bad);
        let Ok(cell) = std::str::from_utf8(&bytes[bad..cell_end]) else {
            return malformed(bad, Fault::NotUtf8);
        };
        let name =
            COLUMNS.get(column).copied().unwrap_or_else(|| self.channels[column - COLUMNS.len()].as_str());
        if !matches!(column, 0 | 2)
            && let Err(reason) = cell.parse::<Decimal>()
        {
            let at = bad + reason.at();
            let fault = Fault::Number { column: name.to_owned(), found: shortened(cell, 40), reason };
            return malformed(at, fault);
        }
        let expected = match column {
            0 => format!("{}: samples are counted from 0, none left out", self.count),
            _ => "a whole number, or nothing".to_owned(),
        };
        let (what, found) = (format!("column `{name}`"), format!("`{}`", shortened(cell, 40)));
        malformed(bad, Fault::Inconsistent { what, found, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::write_row;
    use proptest::prelude::*;

    fn channels() -> Vec<ColumnName> {
        ["count", "temperature"].map(|name| name.parse().unwrap()).to_vec()
    }

    fn read(rows: &str, block: usize) -> Result<Vec<Sample>, Malformed> {
        let text = format!("{}\n{rows}", header(&channels()));
        let (mut reader, mut found) = (SampleReader::new(&channels()), Vec::new());
        for block in text.as_bytes().chunks(block) {
            reader.feed(block, &mut |sample| found.push(sample.clone()))?;
        }
        assert_eq!(reader.finish()?, found.len() as u64);
        Ok(found)
    }

    #[test]
    fn samples_are_read_whatever_the_blocks_and_written_back() {
        let rows = "0,0.0125,17,-8388608,21.5\n1,,,123456789012345678901234567890,\n2,0.02,,,0\n";
        let whole = read(rows, 1 << 20).unwrap();
        assert_eq!(whole.len(), 3);
        assert_eq!(whole[0].values[0], Number::Narrow { digits: -8_388_608, places: 0 });
        assert_eq!(whole[1].device_s, Number::Missing);
        for block in 1..rows.len() {
            assert_eq!(read(rows, block).unwrap(), whole);
        }
        let mut out = Vec::new();
        for sample in &whole {
            let text = |number: &Number| number.value().map(|value| value.to_string()).unwrap_or_default();
            let values: Vec<String> = sample.values.iter().map(text).collect();
            let arrival = if sample.number == 0 { "17" } else { "" };
            let time = text(&sample.device_s);
            write_row(&mut out, sample.number, &time, arrival, values.iter().map(String::as_str));
        }
        assert_eq!(String::from_utf8(out).unwrap(), rows);
    }

    #[test]
    fn departures_name_their_place() {
        for (rows, message) in [
            ("1,0,,5,6\n", "2:1: column `sample`: found `1`, expected 0: samples are counted from 0"),
            ("0,0,,5,6\n0,1,,5,6\n", "3:1: column `sample`: found `0`, expected 1: samples are counted"),
            ("00,0,,5,6\n", "2:1: column `sample`: found `00`, expected 0: samples"),
            ("0,0,,5.0,6\n", "2:6: in column `count`: found `5.0`: a trailing zero"),
            ("0,0,,5,-0\n", "2:8: in column `temperature`: found `-0`: negative zero"),
            ("0,1e3,,5,6\n", "2:4: in column `device_s`: found `1e3`: `e` at character 2"),
            ("0,0,1.5,5,6\n", "2:5: column `arrival_ns`: found `1.5`, expected a whole number"),
            ("0,0,,5\n", "2:1: found 4 fields, expected 5"),
            ("0,0,,5,6,7\n", "2:1: found 6 fields, expected 5"),
            ("0,0,,5,6\r\n", "2:9: found a carriage return"),
            ("\n", "2:1: found a blank line, expected 5 fields"),
            ("0,0,,5,6", "2:9: found the end of the file, expected LF"),
        ] {
            let error = read(rows, 1 << 20).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}\nnot\n{message}");
        }
        let other = SampleReader::new(&channels()).feed(b"sample,device_s,arrival_ns,count\n", &mut |_| {});
        assert!(matches!(other.unwrap_err().fault, Fault::Header { .. }));
        let endless = format!("0,0,,5,{}", "1".repeat(limits::LINE_BYTES));
        assert!(matches!(read(&endless, 4096).unwrap_err().fault, Fault::LongLine { .. }));
        assert!(matches!(read(&(endless + "\n"), 1 << 20).unwrap_err().fault, Fault::LongLine { .. }));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            bytes in prop::collection::vec(prop::sample::select(b"0,1.5-\n\r \xff".to_vec()), 0..120),
            block in 1usize..50,
        ) {
            let mut reader = SampleReader::new(&channels());
            let text = [header(&channels()).as_bytes(), b"\n0,0.5,,1,2\n", &bytes].concat();
            let fed = text.chunks(block).try_for_each(|block| reader.feed(block, &mut |_| {}));
            if fed.is_ok() {
                drop(reader.finish());
            }
        }
    }
}
