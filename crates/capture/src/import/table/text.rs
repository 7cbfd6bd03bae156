//! Texts of cells, as a dataset may hold them.

use super::number::is_number;
use openweigh_formats::csv::{is_text_byte, shielded};
use openweigh_formats::text::tidied;

/// Appends the text of a cell. Gives whether it is another than the source's, or why it cannot be held.
pub(crate) fn stored(cell: &[u8], out: &mut Vec<u8>) -> Result<bool, &'static str> {
    let plain =
        cell.iter().all(|byte| is_text_byte(*byte)) && !cell.starts_with(b"+") && !cell.starts_with(b"-");
    if plain && !cell.windows(2).any(|two| two == b"  ") {
        out.extend_from_slice(cell);
        return Ok(false);
    }
    let text = std::str::from_utf8(cell).map_err(|_| "it is not UTF-8")?;
    let mut tidy = tidied(text);
    if tidy.contains([',', '"']) {
        // Both would need quotes, which the tables of datasets do not have.
        tidy = tidy.replace(',', ";").replace('"', "'");
    }
    if tidy.is_empty() {
        return Err("nothing of it is a character that texts may hold");
    }
    // `1`, a space of no width and `2` are not 12.
    if is_number(&tidy) && !is_number(&text.replace('\t', " ")) {
        return Err(
            "it has signs that are not seen, and without them it would be a number; take them out of the file",
        );
    }
    // No spreadsheet shall run what somebody wrote into a table.
    let tidy = shielded(&tidy);
    out.extend_from_slice(tidy.as_bytes());
    Ok(tidy.as_bytes() != cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_their_letters() {
        for (cell, expected) in [
            ("klein", "klein"),
            ("wörld €", "wörld €"),
            ("砝码一", "砝码一"),
            ("a,  \"b\"", "a; 'b'"),
            ("a\u{200b}b", "ab"),
            ("u\u{308}", "ü"),
            ("a\tb", "a b"),
            ("=1+1", "'=1+1"),
            ("\t@A1", "'@A1"),
            ("-5 V", "'-5 V"),
            ("-5", "-5"),
            ("-", "-"),
        ] {
            let mut out = Vec::new();
            assert_eq!(stored(cell.as_bytes(), &mut out), Ok(cell != expected), "{cell}");
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
        assert!(stored("\u{e000}".as_bytes(), &mut Vec::new()).is_err());
        assert!(stored("1\u{200b}2".as_bytes(), &mut Vec::new()).is_err());
    }
}
