//! Sources that are no lines of fields: workbooks and JSON lines, turned into such lines as they are read.
//!
//! Cells are separated by tabs. A number of binary64 or of JSON with a point in it is written with an exponent, so
//! that no file's convention can make another number of it; a text is quoted.

use super::foreign;
use super::jsonlines;
use super::lines::{Fingerprint, Source};
use super::options::{Delimiter, Header, Options};
use super::plan::Plan;
use super::refusal::{Kind, Reason, Refusal};
use super::survey;
use super::workbook;
use openweigh_formats::digest::Hasher;
use openweigh_formats::limits;
use std::io::Read;

/// What a source is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Conversion {
    /// The keys of its objects, in order.
    JsonLines(Vec<String>),
    /// The sheet.
    Workbook(String),
}

/// Appends a text as a quoted field.
pub(crate) fn push_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\"\""),
            c if c.is_control() => out.push(b' '),
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// Appends a number in digits: one with a point gets an exponent, too.
pub(crate) fn push_number(digits: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(digits.as_bytes());
    if digits.contains('.') && !digits.contains(['e', 'E']) {
        out.extend_from_slice(b"e0");
    }
}

/// A source under a conversion.
struct Converted<'a> {
    source: &'a mut dyn Source,
    conversion: &'a Conversion,
}

impl Source for Converted<'_> {
    fn open(&mut self) -> std::io::Result<Box<dyn Read + '_>> {
        match self.conversion {
            Conversion::JsonLines(keys) => {
                Ok(Box::new(jsonlines::Reader::new(self.source.open()?, keys.clone())))
            }
            Conversion::Workbook(sheet) => {
                let lines = workbook::lines(self.source, sheet).map_err(std::io::Error::other)?;
                Ok(Box::new(std::io::Cursor::new(lines)))
            }
        }
    }
}

/// What a source that begins like this must be converted from.
pub(crate) fn kind(source: &mut dyn Source, options: &Options) -> Result<Option<Conversion>, Refusal> {
    let head = survey::beginning(source)?;
    if foreign::kind(&head) == Some(Kind::Zip) {
        return Ok(Some(Conversion::Workbook(workbook::sheet(source, options.sheet.as_deref())?)));
    }
    if options.sheet.is_some() {
        let option = format!("--sheet {}", options.sheet.clone().unwrap_or_default());
        return Err(Refusal::whole(Reason::Option { option, expected: "this is no workbook".into() }));
    }
    if jsonlines::is_likely(&head) {
        return Ok(Some(Conversion::JsonLines(jsonlines::keys(source, max(options))?)));
    }
    Ok(None)
}

fn max(options: &Options) -> u64 {
    if options.max_bytes == 0 { limits::CSV_BYTES } else { options.max_bytes }
}

/// The digest and the size of a source.
fn fingerprint(source: &mut dyn Source, max: u64) -> Result<Fingerprint, Refusal> {
    let mut hasher = Hasher::default();
    let mut bytes = 0;
    let mut block = vec![0; 256 << 10];
    let mut reader = source.open()?;
    loop {
        let count = reader.read(&mut block)?;
        if count == 0 {
            return Ok(Fingerprint { bytes, sha256: hasher.finish() });
        }
        hasher.update(&block[..count]);
        bytes += count as u64;
        if bytes > max {
            return Err(Refusal::whole(Reason::TooLarge(max)));
        }
    }
}

/// Decides how a converted source is read.
pub(crate) fn attempt(
    source: &mut dyn Source,
    options: &Options,
    conversion: Conversion,
) -> Result<Plan, Refusal> {
    let fingerprint = fingerprint(source, max(options))?;
    let mut inner = options.clone();
    inner.delimiter = Some(Delimiter::Tab);
    inner.encoding = Some("utf-8".into());
    inner.max_bytes = u64::MAX;
    let shift = u64::from(matches!(conversion, Conversion::JsonLines(_)));
    if shift == 1 && jsonlines::is_message(&survey::beginning(source)?) {
        return Err(Refusal::whole(Reason::Kind(Kind::JsonMessage)));
    }
    if shift == 1 {
        inner.header = Header::Line(1);
    }
    let mut plan = survey::attempt_lines(&mut Converted { source, conversion: &conversion }, &inner)
        .map_err(|refusal| moved(refusal, shift))?;
    plan.source = fingerprint;
    plan.sheet = match &conversion {
        Conversion::Workbook(sheet) => Some(sheet.clone()),
        Conversion::JsonLines(_) => None,
    };
    if shift == 1 {
        plan.header_line = None;
        plan.skipped = 0;
    }
    plan.converted = Some(conversion);
    Ok(plan)
}

/// Reads the rows of a converted source.
pub(crate) fn rows(
    plan: &Plan,
    conversion: &Conversion,
    source: &mut dyn Source,
    each: super::write::Each,
) -> Result<super::Rows, Refusal> {
    let shift = u64::from(matches!(conversion, Conversion::JsonLines(_)));
    let found = fingerprint(source, u64::MAX)?;
    if found != plan.source {
        return Err(Refusal::whole(Reason::Changed));
    }
    let mut rows = plan
        .rows_of_lines(&mut Converted { source, conversion }, false, each)
        .map_err(|refusal| moved(refusal, shift))?;
    // Numbers are written out here as they were spelled there, or as the shortest decimals of their binary64.
    rows.changes.retain(|change| change.kind != super::ChangeKind::Canonical);
    Ok(rows)
}

/// The line of the source, where one stands above it that the source has not.
fn moved(mut refusal: Refusal, shift: u64) -> Refusal {
    refusal.place.line = refusal.place.line.saturating_sub(shift);
    refusal.place.column = 0;
    if let Reason::Read(error) = &mut refusal.reason
        && let Some(inner) = error.get_mut().and_then(|inner| inner.downcast_mut::<Refusal>())
    {
        let (place, reason) = (inner.place, std::mem::replace(&mut inner.reason, Reason::Changed));
        return Refusal { place, reason, ways: refusal.ways };
    }
    refusal
}
