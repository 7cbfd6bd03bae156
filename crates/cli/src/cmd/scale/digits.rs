//! Digits five rows high.

/// The rows of a character: three cells wide, a point or a sign narrower.
fn glyph(c: char) -> Option<[&'static str; 5]> {
    Some(match c {
        '0' => ["███", "█ █", "█ █", "█ █", "███"],
        '1' => ["  █", "  █", "  █", "  █", "  █"],
        '2' => ["███", "  █", "███", "█  ", "███"],
        '3' => ["███", "  █", "███", "  █", "███"],
        '4' => ["█ █", "█ █", "███", "  █", "  █"],
        '5' => ["███", "█  ", "███", "  █", "███"],
        '6' => ["███", "█  ", "███", "█ █", "███"],
        '7' => ["███", "  █", "  █", "  █", "  █"],
        '8' => ["███", "█ █", "███", "█ █", "███"],
        '9' => ["███", "█ █", "███", "  █", "███"],
        '-' => ["  ", "  ", "██", "  ", "  "],
        '.' | ',' => [" ", " ", " ", " ", "█"],
        _ => return None,
    })
}

/// The rows of a number; none if it has other characters.
pub(super) fn rows(number: &str) -> Option<[String; 5]> {
    let mut rows: [String; 5] = std::array::from_fn(|_| String::new());
    for (at, c) in number.chars().enumerate() {
        let glyph = glyph(c)?;
        for (row, part) in rows.iter_mut().zip(glyph) {
            if at > 0 {
                row.push(' ');
            }
            row.push_str(part);
        }
    }
    Some(rows)
}
