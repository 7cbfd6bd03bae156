//! Dates and times, as far as they can be told from names and numbers: they are kept as texts.

/// A date, a time, or both: digits between `-`, `/`, `.` or `:`.
pub(crate) fn is_stamp(cell: &[u8]) -> bool {
    let ends = [b" AM".as_slice(), b" PM", b" am", b" pm"];
    let body = ends.iter().find_map(|end| cell.strip_suffix(*end)).unwrap_or(cell);
    let between = |byte: &u8| matches!(byte, b' ' | b'T');
    let mut parts = body.split(between);
    match (parts.next(), parts.next(), parts.next()) {
        (Some(one), None, _) => is_date(one) || is_time(one),
        (Some(date), Some(time), None) => is_date(date) && is_time(time),
        _ => false,
    }
}

fn is_date(text: &[u8]) -> bool {
    [b'-', b'/', b'.'].into_iter().any(|mark| {
        let mut parts = text.split(|byte| *byte == mark);
        let parts = [parts.next(), parts.next(), parts.next(), parts.next().map(|_| b"".as_slice())];
        let [Some(first), Some(second), Some(third), None] = parts else { return false };
        let sound = |part: &[u8]| (1..=4).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
        // `1.2.3` may be a version, `12.07.2021` may not.
        let year = mark != b'.' || first.len() == 4 || third.len() == 4;
        [first, second, third].into_iter().all(sound) && year
    })
}

fn is_time(text: &[u8]) -> bool {
    let allowed = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'+' | b'-' | b'Z');
    text.first().is_some_and(u8::is_ascii_digit) && text.contains(&b':') && text.iter().all(allowed)
}
