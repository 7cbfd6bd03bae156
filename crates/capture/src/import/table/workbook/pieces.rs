//! The pieces of an XML text, one after the other, each of bounded length.

use super::super::refusal::Refusal;
use super::{large, wrong};
use openweigh_formats::limits;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::io::{BufRead, BufReader, Read};

/// Gives so many bytes for one piece, and a failure then.
struct Bounded<R> {
    inner: BufReader<R>,
    left: u64,
    total: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let given = self.fill_buf()?;
        let count = given.len().min(out.len());
        out[..count].copy_from_slice(&given[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        if self.left == 0 {
            return Err(std::io::Error::other("a piece of it is too long"));
        }
        let given = self.inner.fill_buf()?;
        Ok(&given[..given.len().min(usize::try_from(self.left).unwrap_or(usize::MAX))])
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.total += count as u64;
        self.inner.consume(count);
    }
}

/// Reads an XML text as the decoder of workbooks does.
pub(super) struct Pieces<R: Read> {
    reader: Reader<Bounded<R>>,
    buffer: Vec<u8>,
    limit: u64,
}

impl<R: Read> Pieces<R> {
    /// `limit`: bytes of the whole text.
    pub(super) fn new(from: R, limit: u64) -> Self {
        let mut reader = Reader::from_reader(Bounded { inner: BufReader::new(from), left: 0, total: 0 });
        let config = reader.config_mut();
        config.check_end_names = false;
        config.trim_text(false);
        config.check_comments = false;
        config.expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), limit }
    }

    /// The next piece, [`Event::Eof`] at the end.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Refusal> {
        let bounded = self.reader.get_mut();
        bounded.left = limits::WORKBOOK_TEXT;
        if bounded.total > self.limit {
            return Err(large(&format!("a part of over {} bytes", self.limit)));
        }
        self.buffer.clear();
        // What is read is bounded before it is looked at: a failure after so many bytes is a piece that is too long.
        match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => Ok(event),
            Err(quick_xml::Error::Io(_)) => {
                Err(large(&format!("a text or tag of over {} bytes", limits::WORKBOOK_TEXT)))
            }
            Err(error) => Err(wrong(&error)),
        }
    }

    /// Bytes of the text, as far as it has been read.
    pub(super) fn bytes(&mut self) -> u64 {
        self.reader.get_mut().total
    }
}

/// An attribute as it is written.
pub(super) fn attribute(tag: &BytesStart, name: &str) -> Option<String> {
    let found = tag.try_get_attribute(name).ok()??;
    Some(found.value.into_owned())
}

/// An attribute of a text that a person wrote.
pub(super) fn text(tag: &BytesStart, name: &str) -> Option<String> {
    let written = attribute(tag, name)?;
    quick_xml::escape::unescape(&written).ok().map(std::borrow::Cow::into_owned)
}
