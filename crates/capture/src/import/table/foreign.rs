//! What is no table, told by how it begins.

use super::refusal::Kind;

/// The kind of a file that begins like this, if it is one of those that are no tables.
pub(crate) fn kind(head: &[u8]) -> Option<Kind> {
    let magic: [(&[u8], Kind); 8] = [
        (b"PK\x03\x04", Kind::Zip),
        (b"PK\x05\x06", Kind::Zip),
        (b"\x1f\x8b", Kind::Gzip),
        (b"PAR1", Kind::Parquet),
        (b"\x89HDF", Kind::Hdf5),
        (b"%PDF-", Kind::Pdf),
        (b"SQLite format 3\0", Kind::Sqlite),
        (b"\xd0\xcf\x11\xe0", Kind::OldExcel),
    ];
    if let Some((_, kind)) = magic.iter().find(|(start, _)| head.starts_with(start)) {
        return Some(*kind);
    }
    if head.starts_with(b"version https://git-lfs.github.com/spec/") {
        return Some(Kind::LfsPointer);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    let starts = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    if starts(b"<!doctype html") || starts(b"<html") || starts(b"<head") || starts(b"<body") {
        return Some(Kind::Html);
    }
    if starts(b"<?xml")
        || starts(b"<!--")
        || (starts(b"<") && text.get(1).is_some_and(u8::is_ascii_alphabetic))
    {
        return Some(Kind::Xml);
    }
    if is_latex(text) {
        return Some(Kind::Latex);
    }
    // One object a line is read; an object over several lines is not.
    let several = text.starts_with(b"{") && !super::jsonlines::is_likely(head);
    if several && text[1..].trim_ascii_start().starts_with(b"\"") {
        return Some(Kind::Json);
    }
    if text.starts_with(b"[")
        && text[1..].trim_ascii_start().first().is_some_and(|b| matches!(b, b'{' | b'[' | b']'))
    {
        return Some(Kind::Json);
    }
    None
}

/// Whether most lines are rows of a LaTeX table: `&` between fields, `\\\\` at the end.
fn is_latex(text: &[u8]) -> bool {
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let row = |line: &&[u8]| {
        let end = line.windows(2).rposition(|two| two == b"\\\\");
        end.is_some_and(|end| line[..end].contains(&b'&'))
    };
    let rows = lines().filter(row).count();
    rows > 1 && rows * 2 > lines().filter(|line| !line.starts_with(b"\\")).count()
}
