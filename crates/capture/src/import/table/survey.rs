//! The first reading: everything is decided, nothing is written.

use super::choice::{Found, choose};
use super::converted;
use super::encoding::{self, Decoding};
use super::foreign;
use super::layout::judge_layout;
use super::lines::{Fingerprint, LineEnds, Lines, Source};
use super::options::{Delimiter, Flag, Header, Options};
use super::plan::Plan;
use super::record::trimmed;
use super::refusal::{Reason, Refusal};
use super::tally::Tally;
use openweigh_formats::limits;
use std::io::Read;

/// Bytes of text on which all delimiters are tried; after them only those that may still be the right one.
const WINDOW: usize = 512 << 10;

/// Bytes from the beginning that tell a kind of file and an encoding.
const HEAD: usize = 64 << 10;

/// Marks that comments commonly start with.
const COMMENT_MARKS: [&str; 4] = ["#", "%", "//", "!"];

/// What a line is, before it is taken apart.
pub(crate) enum Line<'a> {
    /// To be left out.
    Out,
    /// To be left out: it starts with this one of the stated marks.
    Comment(usize),
    /// To be left out: dashes alone.
    Rule,
    /// Part of the table.
    In(&'a [u8]),
}

/// Lines that were left out because they start with a mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The mark, as it was stated.
    pub mark: String,
    /// How many they are.
    pub lines: u64,
    /// The numbers of the first of them.
    pub first: Vec<u64>,
}

impl LeftOut {
    /// Numbers that are kept.
    const KEPT: usize = 5;

    fn of(mark: &str) -> Self {
        Self { mark: mark.to_owned(), lines: 0, first: Vec::new() }
    }

    fn count(&mut self, number: u64) {
        self.lines += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(number);
        }
    }
}

/// Which lines are part of the table.
#[derive(Debug, Clone)]
pub(crate) struct Sieve {
    /// Lines up to this are left out.
    skip: u64,
    comments: Vec<String>,
    /// Lines that count although they are comments.
    wanted: [u64; 2],
}

impl Sieve {
    pub(crate) fn of(options: &Options) -> Self {
        let header = match options.header {
            Header::Line(line) => line,
            _ => 0,
        };
        Self {
            skip: options.skip.max(header.saturating_sub(1)),
            comments: options.comment.iter().filter(|mark| !mark.is_empty()).cloned().collect(),
            wanted: [header, options.units_line.unwrap_or(0)],
        }
    }

    /// Judges a line; of a comment that is wanted all the same the mark is left out.
    pub(crate) fn line<'a>(&self, number: u64, line: &'a [u8]) -> Line<'a> {
        if number <= self.skip {
            return Line::Out;
        }
        let text = trimmed(line).0;
        // The end of a file, as DOS wrote it.
        if text == b"\x1a" {
            return Line::In(b"");
        }
        let wanted = self.wanted.contains(&number);
        let at = self.comments.iter().position(|mark| text.starts_with(mark.as_bytes()));
        let mark = at.map(|at| &self.comments[at]);
        if !wanted && mark.is_none() && is_rule(text) {
            return Line::Rule;
        }
        match (at, wanted) {
            (None, false) => Line::In(line),
            (Some(at), false) => Line::Comment(at),
            (_, true) => {
                let known = mark.map(String::as_str).into_iter().chain(COMMENT_MARKS);
                let bare = known.into_iter().find_map(|mark| text.strip_prefix(mark.as_bytes()));
                Line::In(bare.map_or(line, |bare| trimmed(bare).0))
            }
        }
    }
}

/// Whether a line only draws a line below a header: `|----|:---|`, `-----+-----`.
fn is_rule(text: &[u8]) -> bool {
    let mark = |byte: &u8| matches!(byte, b'-' | b'=' | b'|' | b'+' | b':' | b' ' | b'\t');
    text.windows(3).any(|run| matches!(run, b"---" | b"===")) && text.iter().all(mark)
}

/// Lines that look like comments although nobody said so.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    lines: u64,
    others: u64,
    first: u64,
    last_above: u64,
    mark: &'static str,
}

impl Comments {
    fn see(&mut self, number: u64, line: &[u8]) {
        let text = trimmed(line).0;
        if text.is_empty() {
            return;
        }
        match COMMENT_MARKS.into_iter().find(|mark| text.starts_with(mark.as_bytes())) {
            Some(mark) if self.lines == 0 || self.mark == mark => {
                if self.lines == 0 {
                    (self.first, self.mark) = (number, mark);
                }
                if self.others == 0 {
                    self.last_above = number;
                }
                self.lines += 1;
            }
            _ => self.others += 1,
        }
    }

    /// A refusal that names them, if they may be what is the matter.
    fn refusal(&self, header: Option<&Plan>) -> Option<Refusal> {
        // `#mass raw` is a header; of `# mass` above two columns the mark alone would be a name.
        let own = |plan: &Plan| plan.header_line == Some(self.first) && !plan.has_header(self.mark);
        if self.lines == 0 || self.lines > self.others || (self.lines == 1 && header.is_some_and(own)) {
            return None;
        }
        let mark = self.mark.to_owned();
        let comment = Flag::Comment(mark.clone());
        let reason = Reason::Comments { mark: mark.clone(), lines: self.lines };
        let mut refusal = Refusal::at(self.first, 0, reason);
        let gives = format!("leaves out the lines that start with `{mark}`");
        if self.last_above > 0 {
            let line = self.last_above;
            let gives = format!("{gives}, and takes the names of the columns from line {line}");
            refusal = refusal.or(vec![comment.clone(), Flag::HeaderRow(line)], gives);
        }
        Some(refusal.or(vec![comment], gives))
    }
}

/// What the first reading found out.
pub(crate) struct Seen {
    pub(crate) fingerprint: Fingerprint,
    pub(crate) encoding: String,
    pub(crate) marked: bool,
    pub(crate) line_ends: LineEnds,
    /// Lines that `--comment` left out.
    pub(crate) left_out: Vec<LeftOut>,
    /// The line that says `sep=`.
    pub(crate) separator_line: u64,
    /// Lines of dashes.
    pub(crate) rules: u64,
    /// The first of them that stands between rows: in a table of one column it may be a row.
    pub(crate) inner_rule: Option<(u64, String)>,
}

/// Reads a source and decides; what is refused is refused without trying the ways out.
pub(crate) fn attempt(source: &mut dyn Source, options: &Options) -> Result<Plan, Refusal> {
    if options.encoding.is_none()
        && let Some(conversion) = converted::kind(source, options)?
    {
        return converted::attempt(source, options, conversion);
    }
    attempt_lines(source, options)
}

/// The same of a source that is lines of fields.
pub(crate) fn attempt_lines(source: &mut dyn Source, options: &Options) -> Result<Plan, Refusal> {
    let head = beginning(source)?;
    if options.encoding.is_none()
        && let Some(kind) = foreign::kind(&head)
    {
        return Err(Refusal::whole(Reason::Kind(kind)));
    }
    let (decoding, marked) = Decoding::of(&head, options.encoding.as_deref())?;
    let encoding = decoding.name();
    let max_bytes = if options.max_bytes == 0 { limits::CSV_BYTES } else { options.max_bytes };
    let mut lines = Lines::new(source.open()?, decoding, max_bytes, true);
    let read = read(&mut lines, options).map_err(|refusal| encoding::propose(refusal, &head))?;
    let line_ends = lines.ends();
    let fingerprint = lines.finish()?.ok_or_else(|| Refusal::whole(Reason::Changed))?;
    let Read1 { tallies, comments, left_out, separator_line, rules, inner_rule } = read;
    let seen = Seen { fingerprint, encoding, marked, line_ends, left_out, separator_line, rules, inner_rule };
    let found = decide(tallies, options);
    match found.and_then(|found| Plan::new(found, seen, options)) {
        Ok(plan) => match comments.refusal(Some(&plan)) {
            Some(refusal) if options.comment.is_empty() => Err(refusal),
            _ => Ok(plan),
        },
        Err(refusal) => match comments.refusal(None) {
            Some(comments) if options.comment.is_empty() => {
                let mut comments = comments;
                comments.ways.extend(refusal.ways);
                Err(comments)
            }
            _ => Err(refusal),
        },
    }
}

/// The first bytes of a source.
pub(crate) fn beginning(source: &mut dyn Source) -> Result<Vec<u8>, Refusal> {
    let mut head = Vec::new();
    source.open()?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// What one reading counted.
struct Read1 {
    tallies: Vec<Tally>,
    comments: Comments,
    left_out: Vec<LeftOut>,
    separator_line: u64,
    rules: u64,
    inner_rule: Option<(u64, String)>,
}

/// Counts the whole source, under each delimiter that may be the right one.
fn read(lines: &mut Lines, options: &Options) -> Result<Read1, Refusal> {
    let sieve = Sieve::of(options);
    let mut comments = Comments::default();
    let mut left_out: Vec<LeftOut> = sieve.comments.iter().map(|mark| LeftOut::of(mark)).collect();
    let mut tallies: Vec<Tally> = match options.delimiter {
        Some(delimiter) => vec![Tally::new(delimiter)],
        None => Delimiter::ALL.into_iter().map(Tally::new).collect(),
    };
    let (mut separator_line, mut rules, mut seen, mut open) = (0, 0, 0, tallies.len() > 1);
    let (mut above, mut rule, mut inner_rule) = (0u64, None, None);
    while let Some((number, line)) = lines.next()? {
        seen += line.len() + 1;
        if number == 1
            && options.delimiter.is_none()
            && let Some(delimiter) = separator(line)
        {
            separator_line = 1;
            tallies = vec![Tally::new(delimiter)];
            open = false;
            continue;
        }
        let line = match sieve.line(number, line) {
            Line::In(line) => line,
            Line::Out => continue,
            Line::Comment(at) => {
                left_out[at].count(number);
                continue;
            }
            Line::Rule => {
                rules += 1;
                if above > 1 && rule.is_none() {
                    rule = Some((number, String::from_utf8_lossy(trimmed(line).0).into_owned()));
                }
                continue;
            }
        };
        if !trimmed(line).0.is_empty() {
            above += 1;
            inner_rule = inner_rule.or_else(|| rule.take());
        }
        comments.see(number, line);
        for tally in &mut tallies {
            tally.feed(number, line, &options.missing);
        }
        if open && seen > WINDOW {
            open = false;
            keep_likely(&mut tallies, options);
        }
    }
    left_out.retain(|one| one.lines > 0);
    Ok(Read1 { tallies, comments, left_out, separator_line, rules, inner_rule })
}

/// The delimiter that a line such as `sep=;` states.
fn separator(line: &[u8]) -> Option<Delimiter> {
    let text = trimmed(line).0;
    let text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
    let (word, sign) = (text.get(..4)?, text.get(4..)?);
    let sign = if sign.is_empty() && line.ends_with(b"\t") { b"\t" } else { sign };
    if !word.eq_ignore_ascii_case(b"sep=") {
        return None;
    }
    std::str::from_utf8(sign).ok()?.parse().ok().filter(|delimiter: &Delimiter| delimiter.byte().is_some())
}

/// Lets go of delimiters that make a worse table than the best one of what was seen.
fn keep_likely(tallies: &mut Vec<Tally>, options: &Options) {
    let verdicts: Vec<_> = tallies.iter_mut().map(|tally| judge_layout(tally, options)).collect();
    let likely = super::choice::likely(tallies, &verdicts);
    let mut at = 0;
    tallies.retain(|_| {
        at += 1;
        likely.contains(&(at - 1))
    });
}

fn decide(mut tallies: Vec<Tally>, options: &Options) -> Result<Found, Refusal> {
    let verdicts: Vec<_> = tallies.iter_mut().map(|tally| judge_layout(tally, options)).collect();
    choose(tallies, verdicts)
}
