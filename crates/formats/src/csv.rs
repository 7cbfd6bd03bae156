//! The one CSV dialect (docs/spec/2-csv.md), as far as it does not depend on columns.

use crate::limits;
use crate::malformed::{Fault, Malformed};

/// Whether a text field may hold this byte.
pub fn is_text_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b' ' | b'.' | b'_' | b'+' | b':' | b'/' | b'(' | b')' | b'-')
}

/// Appends one line: fields between commas, LF at the end.
pub fn write_line<'a>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = &'a str>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(field.as_bytes());
    }
    out.push(b'\n');
}

/// The fields of the lines of a file that is read as a whole.
///
/// # Errors
/// As [`checked`].
pub fn lines(bytes: &[u8]) -> Result<Vec<Vec<&str>>, Malformed> {
    Ok(checked(bytes)?.map(|line| line.split(',').collect()).collect())
}

/// The lines of a file that is read as a whole, without taking them apart: the fields of a hostile file
/// take up to a hundred times its size.
///
/// # Errors
/// The first line that breaks the dialect, or has not as many fields as the header.
pub fn checked(bytes: &[u8]) -> Result<std::str::SplitTerminator<'_, char>, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::whole(Fault::NotUtf8))?;
    if !text.is_empty() && !text.ends_with('\n') {
        let line = text.lines().count();
        return Err(Malformed::at(line, 1, Fault::NoFinalNewline));
    }
    let lines = text.split_terminator('\n');
    let mut header = None;
    for (at, line) in lines.clone().enumerate() {
        if line.len() >= limits::LINE_BYTES {
            return Err(Malformed::at(at + 1, 1, Fault::LongLine { limit: limits::LINE_BYTES }));
        }
        if line.ends_with('\r') {
            return Err(Malformed::at(at + 1, line.len(), Fault::CarriageReturn));
        }
        let found = line.split(',').count();
        let expected = *header.get_or_insert(found);
        if found != expected {
            return Err(Malformed::at(at + 1, 1, Fault::FieldCount { found, expected }));
        }
    }
    Ok(lines)
}
