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
    /// Whether a sign that stands alone belongs to the number behind it.
    pub(crate) signs: bool,
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

/// Where the time ends that a serial monitor writes before a line, and where the line begins: `14:02:11.123 -> `, or
/// `14:02:11.123 > `. It is a field if the line has others.
pub(crate) fn stamped(line: &[u8], delimiter: u8) -> Option<(usize, usize)> {
    if line.get(2) != Some(&b':') || line.get(5) != Some(&b':') {
        return None;
    }
    let end = line.iter().position(|byte| *byte == b' ').filter(|end| (8..=15).contains(end))?;
    let is_time = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.');
    let arrows: [&[u8]; 2] = [b" -> ", b" > "];
    let arrow = arrows.into_iter().find(|arrow| line[end..].starts_with(arrow))?;
    let rest = end + arrow.len();
    (line[..end].iter().all(is_time) && line[rest..].contains(&delimiter)).then_some((end, rest))
}

/// The sign that stands alone before a number in a line whose fields are apart by spaces: `N  +  10.0 g`.
pub(crate) fn sign_apart(line: &[u8]) -> Option<u8> {
    let mut words =
        line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).peekable();
    while let Some(word) = words.next() {
        let number = words.peek().is_some_and(|next| next[0].is_ascii_digit());
        if number && matches!(word, b"+" | b"-") {
            return Some(word[0]);
        }
    }
    None
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
        Self { delimiter, signs: false, fields: Vec::new(), beside: Vec::new() }
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
                let from = self.stamp(line, delimiter);
                let mut start = from;
                for end in memchr::memchr_iter(delimiter, &line[from..]) {
                    self.push(line, start, from + end);
                    start = from + end + 1;
                }
                self.push(line, start, line.len());
                Ok(())
            }
            Some(delimiter) => {
                let from = self.stamp(line, delimiter);
                self.split_quoted(line, from, |byte| byte == delimiter, false)
            }
            None if self.delimiter == Delimiter::None => self.split_quoted(line, 0, |_| false, false),
            None => {
                if self.delimiter == Delimiter::Gaps {
                    self.split_gaps(line)?;
                } else {
                    self.split_quoted(line, 0, |byte| matches!(byte, b' ' | b'\t'), true)?;
                }
                if self.signs {
                    self.join_signs(line);
                }
                Ok(())
            }
        }
    }

    /// Puts signs that stand alone to the numbers behind them.
    fn join_signs(&mut self, line: &[u8]) {
        let mut at = 1;
        while at < self.fields.len() {
            let (sign, number) = (self.fields[at - 1], self.fields[at]);
            let alone = !sign.beside && !number.beside && matches!(&line[sign.start..sign.end], b"+" | b"-");
            if alone && line.get(number.start).is_some_and(u8::is_ascii_digit) {
                self.fields[at - 1].end = number.end;
                self.fields.remove(at);
            }
            at += 1;
        }
    }

    fn push(&mut self, line: &[u8], start: usize, end: usize) {
        let (text, gone) = trimmed(&line[start..end]);
        let start = start + gone;
        self.fields.push(Field { start, end: start + text.len(), beside: false, at: start });
    }

    /// Takes the time in that a serial monitor wrote, and says where the other fields begin.
    fn stamp(&mut self, line: &[u8], delimiter: u8) -> usize {
        stamped(line, delimiter).map_or(0, |(end, rest)| {
            self.push(line, 0, end);
            rest
        })
    }

    fn split_quoted(
        &mut self,
        line: &[u8],
        from: usize,
        ends: impl Fn(u8) -> bool,
        runs: bool,
    ) -> Result<(), Broken> {
        let blank = |at: usize| matches!(line.get(at), Some(b' ' | b'\t')) && (runs || !ends(line[at]));
        let mut at = from;
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
            (Delimiter::Comma, "14:02:11.123 -> 0,8", vec!["14:02:11.123", "0", "8"]),
            (Delimiter::Comma, "14:02:11 > \"a\",8", vec!["14:02:11", "a", "8"]),
            (Delimiter::Semicolon, "14:02:11.123 -> 0,8", vec!["14:02:11.123 -> 0,8"]),
            (Delimiter::Comma, "14:02:11.123 -> 0", vec!["14:02:11.123 -> 0"]),
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
