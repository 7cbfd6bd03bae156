//! JSON lines: an object a line, whose keys are the columns.

use super::converted::{push_number, push_text};
use super::lines::{LINE_BYTES, Source};
use super::refusal::{Reason, Refusal};
use openweigh_formats::limits;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::io::{BufRead, BufReader, Read};

/// Whether a source begins with an object on a line.
pub(crate) fn is_likely(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    text.starts_with(b"{") && (line.len() == text.len() || pairs(line).is_ok())
}

/// Whether a source is one object that has no number, as a server's answer in the place of a file.
pub(crate) fn is_message(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii();
    let digit = |value: &RawValue| value.get().starts_with(|c: char| c.is_ascii_digit() || c == '-');
    !text.contains(&b'\n') && pairs(text).is_ok_and(|pairs| !pairs.iter().any(|(_, value)| digit(value)))
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}

/// The keys and values of an object.
fn pairs(line: &[u8]) -> Result<Vec<(String, &RawValue)>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(line);
    let pairs = (&mut json).deserialize_map(Pairs)?;
    json.end()?;
    Ok(pairs)
}

/// Reads a line without its end; false at the end of the source.
fn line(reader: &mut dyn BufRead, number: u64, line: &mut Vec<u8>) -> Result<bool, Refusal> {
    line.clear();
    let count = reader.take(LINE_BYTES as u64 + 1).read_until(b'\n', line)?;
    if line.len() > LINE_BYTES {
        return Err(Refusal::at(number, 0, Reason::LongLine(LINE_BYTES)));
    }
    if number == 1 && line.starts_with(b"\xef\xbb\xbf") {
        line.drain(..3);
    }
    while line.last().is_some_and(u8::is_ascii_whitespace) {
        line.pop();
    }
    Ok(count > 0)
}

fn malformed(number: u64, error: &serde_json::Error) -> Refusal {
    let what = format!("expected one JSON object on this line: {error}");
    Refusal::at(number, error.column() as u64, Reason::Malformed(what))
}

/// All keys, in the order in which they first appear.
pub(crate) fn keys(source: &mut dyn Source, max: u64) -> Result<Vec<String>, Refusal> {
    let mut reader = BufReader::new(source.open()?);
    let mut keys: Vec<String> = Vec::new();
    let (mut text, mut number, mut bytes) = (Vec::new(), 1, 0);
    while line(&mut reader, number, &mut text)? {
        bytes += text.len() as u64;
        if bytes > max {
            return Err(Refusal::whole(Reason::TooLarge(max)));
        }
        if !text.is_empty() {
            let pairs = pairs(&text).map_err(|error| malformed(number, &error))?;
            // Before the keys are compared with each other: a line holds a hundred thousand.
            if pairs.len() > limits::COLUMNS {
                let reason = Reason::Columns { found: pairs.len(), limit: limits::COLUMNS };
                return Err(Refusal::at(number, 0, reason));
            }
            for (at, (key, _)) in pairs.iter().enumerate() {
                if keys.get(at) != Some(key) && !keys.contains(key) {
                    keys.push(key.clone());
                }
                if pairs[..at].iter().any(|(earlier, _)| earlier == key) {
                    let what = format!("found the key `{key}` twice in one object");
                    return Err(Refusal::at(number, 0, Reason::Malformed(what)));
                }
            }
            if keys.len() > limits::COLUMNS {
                let reason = Reason::Columns { found: keys.len(), limit: limits::COLUMNS };
                return Err(Refusal::at(number, 0, reason));
            }
        }
        number += 1;
    }
    Ok(keys)
}

/// Gives a header and a line of fields for each object.
pub(crate) struct Reader<'a> {
    from: BufReader<Box<dyn Read + 'a>>,
    keys: Vec<String>,
    header: Vec<u8>,
    number: u64,
    text: Vec<u8>,
    out: Vec<u8>,
    given: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(reader: Box<dyn Read + 'a>, keys: Vec<String>) -> Self {
        let mut out = Vec::new();
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                out.push(b'\t');
            }
            push_text(key, &mut out);
        }
        let header = out.clone();
        out.push(b'\n');
        Self { from: BufReader::new(reader), keys, header, number: 1, text: Vec::new(), out, given: 0 }
    }

    /// Converts the next line; false at the end.
    fn fill(&mut self) -> Result<bool, Refusal> {
        self.out.clear();
        self.given = 0;
        if !line(&mut self.from, self.number, &mut self.text)? {
            return Ok(false);
        }
        if !self.text.is_empty() {
            let pairs = pairs(&self.text).map_err(|error| malformed(self.number, &error))?;
            for (at, key) in self.keys.iter().enumerate() {
                if at > 0 {
                    self.out.push(b'\t');
                }
                let same = pairs.get(at).filter(|pair| &pair.0 == key);
                let value =
                    same.or_else(|| pairs.iter().find(|pair| &pair.0 == key)).map(|pair| pair.1.get());
                match value {
                    None | Some("null") => self.out.extend_from_slice(b"\"\""),
                    Some(value) if value.starts_with('"') => {
                        let text: String =
                            serde_json::from_str(value).map_err(|error| malformed(self.number, &error))?;
                        push_text(&text, &mut self.out);
                    }
                    Some(value) if value.starts_with(['{', '[']) => {
                        return Err(Refusal::at(self.number, 0, Reason::Malformed(nested(key, value))));
                    }
                    Some(value) => push_number(value, &mut self.out),
                }
            }
            // As a line of the table below it would be left out as the header once more.
            if self.out == self.header {
                let what = "found an object whose values are the keys, expected data; leave this line out";
                return Err(Refusal::at(self.number, 0, Reason::Malformed(what.to_owned())));
            }
        }
        self.number += 1;
        self.out.push(b'\n');
        Ok(true)
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, block: &mut [u8]) -> std::io::Result<usize> {
        let mut count = 0;
        while count < block.len() {
            if self.given == self.out.len() && !self.fill().map_err(std::io::Error::other)? {
                break;
            }
            let length = (self.out.len() - self.given).min(block.len() - count);
            block[count..count + length].copy_from_slice(&self.out[self.given..self.given + length]);
            self.given += length;
            count += length;
        }
        Ok(count)
    }
}
/// What is the matter with a value that is an object or a list, and how an object is made flat.
fn nested(key: &str, value: &str) -> String {
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let mut what = format!("the key `{key}` holds an object or a list, expected a number or a text");
    if value.starts_with('{') && plain && key.starts_with(|c: char| c.is_ascii_alphabetic()) {
        what.push_str(&format!("; make each object flat first: `jq -c '. + .{key} | del(.{key})' FILE`"));
    }
    what
}
