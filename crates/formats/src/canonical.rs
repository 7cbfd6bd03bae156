//! One layout for every JSON file (docs/spec/7-manifests.md, 7.4): one writer, and a reader that
//! accepts nothing but what the writer would have written.

use crate::limits;
use crate::malformed::{Fault, Malformed, Position, shortened};
use crate::missing;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A JSON file of ours.
pub trait Document: Serialize + DeserializeOwned {
    /// The format's name and first version, the value of its first key.
    const FORMAT: &'static str;

    /// Later versions that are read and written as well, oldest first.
    const LATER: &'static [&'static str] = &[];

    /// Checks what single values cannot show: that the parts agree.
    ///
    /// # Errors
    /// The first contradiction.
    fn check(&self) -> Result<(), Fault>;
}

/// The canonical bytes of a document.
pub fn write<T: Document>(document: &T) -> Vec<u8> {
    write_sized(document, 1 << 10)
}

/// The canonical bytes of a document that takes about so many.
fn write_sized<T: Document>(document: &T, size: usize) -> Vec<u8> {
    // serde_json's pretty layout is the layout of the specification for objects, lists, strings and
    // integers, and no document holds anything else; a golden test pins it.
    let mut bytes = Vec::with_capacity(size);
    serde_json::to_writer_pretty(&mut bytes, document).expect("documents have string keys and no floats");
    bytes.push(b'\n');
    bytes
}

/// Reads a document and insists that its bytes are canonical.
///
/// # Errors
/// Where and how the bytes depart from the format.
pub fn read<T: Document>(bytes: &[u8]) -> Result<T, Malformed> {
    let size = bytes.len() as u64;
    if size > limits::JSON_BYTES {
        return Err(Malformed::whole(Fault::TooLarge { found: size, limit: limits::JSON_BYTES }));
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Malformed::whole(Fault::ByteOrderMark));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Malformed {
        position: Position::of(bytes, error.valid_up_to()),
        fault: Fault::NotUtf8,
    })?;
    check_format::<T>(text)?;
    if bytes.len() > PACKED_BYTES
        && let Some(at) = packed(bytes)
    {
        let found = rest_of_line(bytes, at);
        let fault = Fault::NotCanonical { found, expected: "a line end".to_owned() };
        return Err(Malformed { position: Position::of(bytes, at), fault });
    }
    let document: T = serde_json::from_str(text)
        .map_err(|error| missing::in_json::<T>(text).unwrap_or_else(|| syntax(&error)))?;
    let expected = write_sized(&document, bytes.len() + 1);
    if expected != bytes {
        return Err(first_difference(bytes, &expected));
    }
    document.check().map_err(Malformed::whole)?;
    Ok(document)
}

/// Bytes up to which a file may be parsed whatever its layout.
const PACKED_BYTES: usize = 1 << 20;

/// Where a line holds more than one value. Parsed, such a file takes up to forty times its size, a
/// canonical one six times.
fn packed(bytes: &[u8]) -> Option<usize> {
    let (mut inside, mut escaped) = (false, false);
    bytes.windows(2).position(|pair| {
        let (was_inside, was_escaped) = (inside, escaped);
        escaped = inside && !escaped && pair[0] == b'\\';
        inside ^= pair[0] == b'"' && !was_escaped;
        let wanted: &[u8] = match pair[0] {
            b',' => b"\n",
            b'[' => b"\n]",
            b'{' => b"\n}",
            _ => return false,
        };
        !was_inside && !wanted.contains(&pair[1])
    })
}

/// Refuses another kind of file, or another version, before anything else is said about it.
fn check_format<T: Document>(text: &str) -> Result<(), Malformed> {
    #[derive(Deserialize)]
    struct Tag {
        format: String,
    }
    let Ok(Tag { format: found }) = serde_json::from_str(text) else { return Ok(()) };
    if found == T::FORMAT || T::LATER.contains(&found.as_str()) {
        return Ok(());
    }
    let expected = T::LATER.last().unwrap_or(&T::FORMAT).to_string();
    let found = shortened(&found, 80);
    let kind = |format: &str| format.split('/').next().map(str::to_owned);
    Err(Malformed::whole(if kind(&found) == kind(&expected) {
        Fault::OtherVersion { found, expected }
    } else {
        Fault::OtherKind { found, expected }
    }))
}

fn syntax(error: &serde_json::Error) -> Malformed {
    let text = error.to_string();
    let suffix = format!(" at line {} column {}", error.line(), error.column());
    let message = text.strip_suffix(&suffix).unwrap_or(&text);
    Malformed::at(error.line().max(1), error.column().max(1), Fault::Syntax(message.to_owned()))
}

fn first_difference(found: &[u8], expected: &[u8]) -> Malformed {
    let at = found.iter().zip(expected).take_while(|(left, right)| left == right).count();
    let position = Position::of(found, at);
    let fault = if found.get(at) == Some(&b'\r') {
        Fault::CarriageReturn
    } else {
        Fault::NotCanonical { found: rest_of_line(found, at), expected: rest_of_line(expected, at) }
    };
    Malformed { position, fault }
}

fn rest_of_line(bytes: &[u8], at: usize) -> String {
    let rest = &bytes[at.min(bytes.len())..];
    if rest.is_empty() {
        return "the end of the file".to_owned();
    }
    // What is shown is short, and the line may not be.
    let rest = &rest[..rest.len().min(1000)];
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    if end == 0 { "a line end".to_owned() } else { shortened(&String::from_utf8_lossy(&rest[..end]), 60) }
}

/// A key/value contradiction in words.
pub(crate) fn inconsistent(what: impl Into<String>, found: impl ToString, expected: impl ToString) -> Fault {
    Fault::Inconsistent { what: what.into(), found: found.to_string(), expected: expected.to_string() }
}
