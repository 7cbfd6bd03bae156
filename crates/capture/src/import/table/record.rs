//! A line as fields.

use super::options::Delimiter;
use super::refusal::Reason;

/// Where a field is: in the line, or, if its quotes had to be undone, beside it.
#[derive(Debug, Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
    beside: bool,
    /// Where it begins in the line.
    at: usize,
}

/// Splits lines, one at a time.
#[derive(Debug, Clone)]
pub(crate) struct Splitter {
    delimiter: Delimiter,
    fields: Vec<Field>,
    beside: Vec<u8>,
}

/// A line that is no record: at which byte of it, from 0, and why.
#[derive(Debug)]
pub(crate) struct Broken {
    pub(crate) at: usize,
    pub(crate) reason: Reason,
}

/// The length of the blank that text starts with: a space, a tab, or a space that does not break.
fn blank_at_start(text: &[u8]) -> usize {
    match text {
        [b' ' | b'\t', ..] => 1,
        [0xc2, 0xa0, ..] => 2,
        [0xef, 0xbb, 0xbf, ..] => 3,
        _ => 0,
    }
}

/// Text without blanks at its ends, and how many bytes went from its beginning.
pub(crate) fn trimmed(mut text: &[u8]) -> (&[u8], usize) {
    let mut gone = 0;
    while let count @ 1.. = blank_at_start(text) {
        text = &text[count..];
        gone += count;
    }
    loop {
        text = match text {
            [rest @ .., b' ' | b'\t'] | [rest @ .., 0xc2, 0xa0] => rest,
            _ => return (text, gone),
        };
    }
}

impl Splitter {
    pub(crate) fn new(delimiter: Delimiter) -> Self {
        Self { delimiter, fields: Vec::new(), beside: Vec::new() }
    }

    /// How many fields the line has that was split last.
    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    /// A field of the line that was split last, without blanks at its ends.
    pub(crate) fn field<'a>(&'a self, line: &'a [u8], index: usize) -> &'a [u8] {
        let Field { start, end, beside, .. } = self.fields[index];
        if beside { &self.beside[start..end] } else { &line[start..end] }
    }

    /// The byte of the line at which a field begins, from 1.
    pub(crate) fn column(&self, index: usize) -> u64 {
        self.fields.get(index).map_or(0, |field| field.at as u64 + 1)
    }

    /// Splits a line.
    pub(crate) fn split(&mut self, line: &[u8]) -> Result<(), Broken> {
        self.fields.clear();
        self.beside.clear();
        match self.delimiter.byte() {
            Some(delimiter) if memchr::memchr(b'"', line).is_none() => {
                let mut start = 0;
                for end in memchr::memchr_iter(delimiter, line) {
                    self.push(line, start, end);
                    start = end + 1;
                }
                self.push(line, start, line.len());
                Ok(())
            }
            Some(delimiter) => self.split_quoted(line, |byte| byte == delimiter, false),
            None if self.delimiter == Delimiter::None => self.split_quoted(line, |_| false, false),
            None if self.delimiter == Delimiter::Gaps => self.split_gaps(line),
            None => self.split_quoted(line, |byte| matches!(byte, b' ' | b'\t'), true),
        }
    }

    fn push(&mut self, line: &[u8], start: usize, end: usize) {
        let (text, gone) = trimmed(&line[start..end]);
        let start = start + gone;
        self.fields.push(Field { start, end: start + text.len(), beside: false, at: start });
    }

    fn split_quoted(&mut self, line: &[u8], ends: impl Fn(u8) -> bool, runs: bool) -> Result<(), Broken> {
        let blank = |at: usize| matches!(line.get(at), Some(b' ' | b'\t')) && (runs || !ends(line[at]));
        let mut at = 0;
        loop {
            while blank(at) {
                at += 1;
            }
            if runs && at >= line.len() && !self.fields.is_empty() {
                return Ok(());
            }
            if line.get(at) == Some(&b'"') {
                let end = self.unquote(line, at)?;
                at = end;
                while !runs && blank(at) {
                    at += 1;
                }
                if line.get(at).is_some_and(|byte| !ends(*byte)) {
                    let rest = String::from_utf8_lossy(&line[at..]).into_owned();
                    return Err(Broken { at, reason: Reason::AfterQuote(rest) });
                }
            } else {
                let length = line[at..].iter().position(|byte| ends(*byte)).unwrap_or(line.len() - at);
                self.push(line, at, at + length);
                at += length;
            }
            if at >= line.len() {
                return Ok(());
            }
            at += 1;
        }
    }

    /// Splits at tabs, and where two spaces or more stand; one space is part of a field.
    fn split_gaps(&mut self, line: &[u8]) -> Result<(), Broken> {
        let is_gap = |at: usize| match line.get(at) {
            Some(b'\t') => true,
            Some(b' ') => matches!(line.get(at + 1), None | Some(b' ' | b'\t')),
            _ => false,
        };
        let mut at = 0;
        loop {
            while matches!(line.get(at), Some(b' ' | b'\t')) {
                at += 1;
            }
            if at >= line.len() && !self.fields.is_empty() {
                return Ok(());
            }
            if line.get(at) == Some(&b'"') {
                at = self.unquote(line, at)?;
                if at < line.len() && !is_gap(at) {
                    let rest = String::from_utf8_lossy(&line[at..]).into_owned();
                    return Err(Broken { at, reason: Reason::AfterQuote(rest) });
                }
            } else {
                let end = (at..line.len()).find(|at| is_gap(*at)).unwrap_or(line.len());
                self.push(line, at, end);
                at = end;
            }
            if at >= line.len() {
                return Ok(());
            }
        }
    }

    /// Takes in a field whose quote opens at `open`; gives where it ends.
    fn unquote(&mut self, line: &[u8], open: usize) -> Result<usize, Broken> {
        let mut at = open + 1;
        let start = self.beside.len();
        let mut doubled = false;
        loop {
            let Some(length) = memchr::memchr(b'"', &line[at..]) else {
                return Err(Broken { at: open, reason: Reason::OpenQuote });
            };
            if line.get(at + length + 1) == Some(&b'"') {
                doubled = true;
                self.beside.extend_from_slice(&line[at..=at + length]);
                at += length + 2;
                continue;
            }
            let end = at + length;
            let field = if doubled {
                self.beside.extend_from_slice(&line[at..end]);
                let (text, gone) = trimmed(&self.beside[start..]);
                Field { start: start + gone, end: start + gone + text.len(), beside: true, at: open }
            } else {
                let (text, gone) = trimmed(&line[open + 1..end]);
                let start = open + 1 + gone;
                Field { start, end: start + text.len(), beside: false, at: open }
            };
            self.fields.push(field);
            return Ok(end + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(delimiter: Delimiter, line: &str) -> Vec<String> {
        let mut splitter = Splitter::new(delimiter);
        match splitter.split(line.as_bytes()) {
            Ok(()) => (0..splitter.len())
                .map(|at| String::from_utf8_lossy(splitter.field(line.as_bytes(), at)).into_owned())
                .collect(),
            Err(broken) => vec![format!("{}: {:?}", broken.at, broken.reason)],
        }
    }

    #[test]
    fn fields_and_quotes() {
        for (delimiter, line, fields) in [
            (Delimiter::Comma, "a, b ,c", vec!["a", "b", "c"]),
            (Delimiter::Comma, "a,,", vec!["a", "", ""]),
            (Delimiter::Comma, "", vec![""]),
            (Delimiter::Comma, "\"a,b\",\"c\"\"d\" ,e", vec!["a,b", "c\"d", "e"]),
            (Delimiter::Comma, "5\" disk,2", vec!["5\" disk", "2"]),
            (Delimiter::Comma, "1, \"a", vec!["3: OpenQuote"]),
            (Delimiter::Comma, "\"a\"b,2", vec!["3: AfterQuote(\"b,2\")"]),
            (Delimiter::Comma, "\"\",1", vec!["", "1"]),
            (Delimiter::Comma, "\"a\",", vec!["a", ""]),
            (Delimiter::Tab, "a\t b\t\t", vec!["a", "b", "", ""]),
            (Delimiter::Tab, "\"a\"\t\tb", vec!["a", "", "b"]),
            (Delimiter::Spaces, "  1   \"a b\" \t 3 ", vec!["1", "a b", "3"]),
            (Delimiter::Spaces, "", vec![""]),
            (Delimiter::Gaps, " Sample ID   Mass \t1  ", vec!["Sample ID", "Mass", "1"]),
            (Delimiter::Gaps, "\"a  b\"  c", vec!["a  b", "c"]),
            (Delimiter::Gaps, "", vec![""]),
            (Delimiter::Gaps, "   ", vec![""]),
            (Delimiter::None, "a, b", vec!["a, b"]),
            (Delimiter::None, "\"1,5\"", vec!["1,5"]),
        ] {
            assert_eq!(split(delimiter, line), fields, "{line}");
        }
    }
}
