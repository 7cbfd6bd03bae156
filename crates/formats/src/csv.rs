//! The one CSV dialect (docs/spec/2-csv.md), as far as it does not depend on columns.

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

/// The lines of a file that is read as a whole: `(line number, fields)`.
///
/// # Errors
/// The first line that breaks the dialect, or has not as many fields as the header.
pub fn lines(bytes: &[u8]) -> Result<Vec<Vec<&str>>, Malformed> {
    let text = std::str::from_utf8(bytes).map_err(|_| Malformed::whole(Fault::NotUtf8))?;
    if !text.is_empty() && !text.ends_with('\n') {
        let line = text.lines().count();
        return Err(Malformed::at(line, 1, Fault::NoFinalNewline));
    }
    let mut rows: Vec<Vec<&str>> = Vec::new();
    for (at, line) in text.split_terminator('\n').enumerate() {
        if line.ends_with('\r') {
            return Err(Malformed::at(at + 1, line.len(), Fault::CarriageReturn));
        }
        let fields: Vec<&str> = line.split(',').collect();
        let expected = rows.first().map_or(fields.len(), Vec::len);
        if fields.len() != expected {
            return Err(Malformed::at(at + 1, 1, Fault::FieldCount { found: fields.len(), expected }));
        }
        rows.push(fields);
    }
    Ok(rows)
}
