//! Texts of cells, as a dataset may hold them.

use openweigh_formats::csv::is_text_byte;

/// Appends the text of a cell. Gives whether it is another than the source's, or why it cannot be held.
pub(crate) fn stored(cell: &[u8], out: &mut Vec<u8>) -> Result<bool, &'static str> {
    if cell.iter().all(|byte| is_text_byte(*byte)) && !cell.windows(2).any(|two| two == b"  ") {
        out.extend_from_slice(cell);
        return Ok(false);
    }
    let text = std::str::from_utf8(cell).map_err(|_| "it is not UTF-8")?;
    let from = out.len();
    let mut blank = true;
    for c in text.chars() {
        let c = match c {
            // Both would need quotes, which the dataset's tables do not have.
            ',' => ';',
            '"' => '\'',
            c if c.is_whitespace() => ' ',
            c if is_invisible(c) => continue,
            c if c.is_control() => return Err("it has a control character"),
            c => c,
        };
        if c == ' ' && blank {
            continue;
        }
        blank = c == ' ';
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    while out.len() > from && out.last() == Some(&b' ') {
        out.pop();
    }
    Ok(&out[from..] != cell)
}

/// Characters that nobody sees and that only make two texts differ.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}
