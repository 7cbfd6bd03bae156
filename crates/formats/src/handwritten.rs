//! Files that people write: TOML, each with its format named inside, and every mistake with its place.

use crate::limits;
use crate::malformed::{Fault, Malformed, Position, shortened};
use crate::missing;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;

/// Reads TOML into a type whose format key is `format`.
///
/// # Errors
/// Where and how the bytes depart from TOML, or from the type; or that they are of another format.
pub fn read<T: DeserializeOwned>(bytes: &[u8], format: &str) -> Result<T, Malformed> {
    read_any(bytes, &[format])
}

/// As [`read`], of a format in several versions, the newest last.
///
/// # Errors
/// As [`read`].
pub fn read_any<T: DeserializeOwned>(bytes: &[u8], formats: &[&str]) -> Result<T, Malformed> {
    #[derive(Deserialize)]
    struct Tag {
        format: String,
    }
    let size = bytes.len() as u64;
    if size > limits::TOML_BYTES {
        return Err(Malformed::whole(Fault::TooLarge { found: size, limit: limits::TOML_BYTES }));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| Malformed {
        position: Position::of(bytes, error.valid_up_to()),
        fault: Fault::NotUtf8,
    })?;
    begins(text)?;
    if let Ok(Tag { format: found }) = toml::from_str(text)
        && !formats.contains(&found.as_str())
    {
        let expected = formats.last().copied().unwrap_or_default().to_owned();
        let found = shortened(&found, 80);
        let same_kind = found.split('/').next() == expected.split('/').next();
        return Err(Malformed::whole(if same_kind {
            Fault::OtherVersion { found, expected }
        } else {
            Fault::OtherKind { found, expected }
        }));
    }
    toml::from_str(text).map_err(|error| {
        if let Some(lacking) = missing::in_toml::<T>(text) {
            return lacking;
        }
        let position =
            error.span().map_or(Position { line: 1, column: 1 }, |span| Position::of(bytes, span.start));
        Malformed { position, fault: Fault::Syntax(error.message().to_owned()) }
    })
}

/// TOML's first line that says something holds a table's name or a key and its value. What is something else
/// altogether, such as the rows of a session, is refused here, and not after a parser has read it all.
fn begins(text: &str) -> Result<(), Malformed> {
    let said = |line: &str| !line.is_empty() && !line.starts_with('#');
    match text
        .lines()
        .map(|line| line.trim_matches(['\u{feff}', ' ', '\t']))
        .enumerate()
        .find(|(_, line)| said(line))
    {
        Some((at, line)) if !line.starts_with('[') && !line.contains('=') => {
            let message = format!("expected `key = value` or `[table]`, found `{}`", shortened(line, 40));
            Err(Malformed::at(at + 1, 1, Fault::Syntax(message)))
        }
        _ => Ok(()),
    }
}

/// A text as TOML has it, in which nothing commands a terminal.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || !crate::shown::plain(c.encode_utf8(&mut [0; 4])).starts_with(c) => {
                // A `String` takes everything.
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    struct Anything {
        format: String,
    }

    #[test]
    fn only_the_first_line_of_something_else_is_read() {
        let session = format!("# rows\n\n{}", "0,1003,,33750003\n".repeat(1000));
        let fault = read::<Anything>(session.as_bytes(), "a/1").unwrap_err();
        assert_eq!(fault.to_string(), "3:1: expected `key = value` or `[table]`, found `0,1003,,33750003`");
        for good in ["format = 'a/1'", "\t# why\n \"format\"=\n'a/1'", "\u{feff}[b]\n"] {
            let read = read::<Anything>(good.as_bytes(), "a/1");
            assert!(!read.is_err_and(|fault| fault.to_string().contains("or `[table]`")), "{good}");
        }
        assert_eq!(read::<Anything>(b"\n format = 'a/1' # so", "a/1").unwrap().format, "a/1");
    }
}
