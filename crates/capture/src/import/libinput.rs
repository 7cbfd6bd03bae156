//! `libinput record`, version 1: the part of YAML that it writes, read line by line.
//!
//! Keys and items in block layout, whole numbers in lists in square brackets. What is not known is passed over,
//! whatever is in it. Anchors, aliases and tags are refused wherever they stand: the program never writes them,
//! and a few lines of them unfold into gigabytes elsewhere.

use super::error::LeftOut;
use super::feed::{Feed, LATEST_US, parsed};
use super::following::Following;
use super::sink::Sink;
use super::{DEVICES, ImportError, Options};
use crate::evdev::{Axis, Description};

/// How deep keys and items may be nested.
const DEPTH: usize = 32;

/// Numbers of a list that are kept: none that matters is longer.
const LIST: usize = 8;

/// Reads it.
pub(crate) fn read(
    feed: &mut Feed<'_>,
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Vec<LeftOut>, ImportError> {
    let mut reader = Reader { options, left_out: Vec::new(), devices: 0, version: false, device: None };
    let mut path = Path::default();
    let mut flow = Flow::default();
    let mut below = None;
    let mut line = Vec::new();
    while feed.line(&mut line)? {
        if flow.is_open() {
            flow.follow(&line);
            continue;
        }
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        let mut text = &line[indent..];
        if text.trim_ascii().is_empty() || text.starts_with(b"#") {
            continue;
        }
        // The lines of a text that a key announced belong to it, whatever they look like.
        if below.is_some_and(|below| indent > below) {
            continue;
        }
        below = None;
        if text.starts_with(b"\t") || text.starts_with(b"%") {
            return Err(feed.part(&line, text, "a line of libinput record: spaces, then a key or an item"));
        }
        if text == b"---" && feed.line == 1 {
            continue;
        }
        let mut at = indent;
        while let Some(rest) = text.strip_prefix(b"-").filter(|rest| rest.is_empty() || rest[0] == b' ') {
            path.item(at).ok_or_else(|| feed.part(&line, text, "fewer items within items"))?;
            if path.is(&["devices", "-"]) {
                reader.next_device(feed, &line, sink)?;
            }
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            at += 1 + spaces;
            text = &rest[spaces..];
        }
        let value = match key(text) {
            Some((key, value)) => {
                path.key(at, key).ok_or_else(|| feed.part(&line, text, "fewer keys within keys"))?;
                value
            }
            None => text,
        };
        let value = uncommented(value).trim_ascii();
        match value.first() {
            Some(b'&' | b'*' | b'!' | b'@' | b'`') => {
                return Err(feed.part(
                    &line,
                    value,
                    "no anchors, aliases or tags: libinput record writes none",
                ));
            }
            Some(b'|' | b'>') => below = Some(indent),
            Some(b'[' | b'{') => flow.follow(value),
            _ => {}
        }
        if flow.has_alias {
            return Err(feed.part(&line, value, "no anchors, aliases or tags: libinput record writes none"));
        }
        let known = reader.take(&path, value, &line, feed, sink)?;
        if known && flow.is_open() {
            return Err(feed.part(&line, value, "a list that ends in its line"));
        }
    }
    if flow.is_open() {
        return Err(feed.at(1, "the end of the file within a list", "`]`: the recording was cut"));
    }
    reader.end_device(sink)?;
    if !reader.version {
        return Err(feed.at(1, "no version", "`version: 1` before the devices"));
    }
    Ok(reader.left_out)
}

/// What is being gathered.
struct Reader<'a> {
    options: &'a Options,
    left_out: Vec<LeftOut>,
    devices: usize,
    version: bool,
    device: Option<Recorded>,
}

/// A device of the file.
#[derive(Default)]
struct Recorded {
    description: Description,
    node: String,
    /// Whether its events have begun, which follow its description.
    begun: bool,
    following: Option<Following>,
}

impl Reader<'_> {
    fn next_device(&mut self, feed: &Feed<'_>, line: &[u8], sink: &mut dyn Sink) -> Result<(), ImportError> {
        self.end_device(sink)?;
        if !self.version {
            return Err(feed.part(line, line, "`version: 1` before the devices"));
        }
        if self.devices >= DEVICES {
            return Err(feed.part(line, line, format!("at most {DEVICES} devices")));
        }
        self.devices += 1;
        self.device = Some(Recorded::default());
        Ok(())
    }

    fn end_device(&mut self, sink: &mut dyn Sink) -> Result<(), ImportError> {
        let Some(mut device) = self.device.take() else { return Ok(()) };
        // A device without events is judged, too, so that people learn what was wrong with it.
        self.begin(&mut device, sink)?;
        device.following.map_or(Ok(()), |following| following.end(sink))
    }

    fn begin(&mut self, device: &mut Recorded, sink: &mut dyn Sink) -> Result<(), ImportError> {
        if device.begun {
            return Ok(());
        }
        device.begun = true;
        let number = self.devices - 1;
        match Following::begin(&device.description, number, &device.node, self.options, sink)? {
            Ok(following) => device.following = Some(following),
            Err(reason) => self.left_out.push(reason),
        }
        Ok(())
    }

    /// Takes the value of a path, if the path is known.
    fn take(
        &mut self,
        path: &Path,
        value: &[u8],
        line: &[u8],
        feed: &Feed<'_>,
        sink: &mut dyn Sink,
    ) -> Result<bool, ImportError> {
        if path.is(&["version"]) {
            if value != b"1" {
                return Err(feed.part(line, value, "version 1 of the format of libinput record"));
            }
            self.version = true;
            return Ok(true);
        }
        let Some(mut device) = self.device.take() else { return Ok(false) };
        let known = self.take_of_device(&mut device, path, value, line, feed, sink);
        self.device = Some(device);
        known
    }

    fn take_of_device(
        &mut self,
        device: &mut Recorded,
        path: &Path,
        value: &[u8],
        line: &[u8],
        feed: &Feed<'_>,
        sink: &mut dyn Sink,
    ) -> Result<bool, ImportError> {
        if path.is(&["devices", "-", "events", "-", "evdev", "-"]) {
            self.begin(device, sink)?;
            let event = event(value).ok_or_else(|| {
                feed.part(line, value, "an event: [seconds, microseconds, type, code, value]")
            })?;
            if let Some(following) = &mut device.following {
                following.event(event, feed, sink)?;
            }
            return Ok(true);
        }
        let before_events = |device: &Recorded| {
            if device.begun {
                Err(feed.part(line, line, "the description of the device before its events"))
            } else {
                Ok(())
            }
        };
        if path.is(&["devices", "-", "node"]) {
            device.node = text(value);
        } else if path.is(&["devices", "-", "evdev", "name"]) {
            device.description.name = text(value);
        } else if path.is(&["devices", "-", "evdev", "id"]) {
            before_events(device)?;
            let ids = list(value).filter(|ids| ids.len() == 4);
            let ids =
                ids.and_then(|ids| ids.into_iter().map(u16::try_from).collect::<Result<Vec<_>, _>>().ok());
            let ids = ids.ok_or_else(|| feed.part(line, value, "[bus, vendor, product, version]"))?;
            let description = &mut device.description;
            (description.bus, description.vendor, description.product) = (ids[0], ids[1], ids[2]);
        } else if let Some(code) = path.last_below(&["devices", "-", "evdev", "absinfo"]) {
            before_events(device)?;
            let code = code.parse::<u16>().ok().filter(|code| *code < 0x40);
            let numbers = list(value).unwrap_or_default();
            let numbers: Vec<Option<i32>> =
                numbers.into_iter().map(|number| number.try_into().ok()).collect();
            let (Some(code), [Some(min), Some(max), Some(_), Some(_), resolution @ Some(_)]) =
                (code, &numbers[..])
            else {
                return Err(feed.part(line, value, "an axis: code: [min, max, fuzz, flat, resolution]"));
            };
            let axis = Axis { min: *min, max: *max, resolution: *resolution };
            device.description.axes.insert(code, axis);
        } else {
            return Ok(false);
        }
        Ok(true)
    }
}

/// Where in the document a line is: keys and items, each with its indent.
#[derive(Default)]
struct Path(Vec<(usize, Part)>);

enum Part {
    Key(String),
    Item,
}

impl Path {
    /// An item begins at an indent. It may be as far left as the key that it belongs to.
    fn item(&mut self, indent: usize) -> Option<()> {
        while let Some((at, part)) = self.0.last()
            && (*at > indent || (*at == indent && matches!(part, Part::Item)))
        {
            self.0.pop();
        }
        self.push(indent, Part::Item)
    }

    /// A key stands at an indent.
    fn key(&mut self, indent: usize, key: &[u8]) -> Option<()> {
        while self.0.last().is_some_and(|(at, _)| *at >= indent) {
            self.0.pop();
        }
        let key = key.iter().take(64).copied().collect::<Vec<u8>>();
        self.push(indent, Part::Key(String::from_utf8_lossy(&key).into_owned()))
    }

    fn push(&mut self, indent: usize, part: Part) -> Option<()> {
        self.0.push((indent, part));
        (self.0.len() <= DEPTH).then_some(())
    }

    fn begins(&self, words: &[&str]) -> bool {
        self.0.iter().zip(words).all(|((_, part), word)| match part {
            Part::Key(key) => key == word,
            Part::Item => *word == "-",
        })
    }

    /// Whether these are the keys, and `-` for items.
    fn is(&self, words: &[&str]) -> bool {
        self.0.len() == words.len() && self.begins(words)
    }

    /// The key below these.
    fn last_below(&self, words: &[&str]) -> Option<&str> {
        let below = self.0.len() == words.len() + 1 && self.begins(words);
        match self.0.last() {
            Some((_, Part::Key(key))) if below => Some(key),
            _ => None,
        }
    }
}

/// A list, or a map, in brackets, perhaps over several lines.
#[derive(Default)]
struct Flow {
    depth: usize,
    quoted: Option<u8>,
    escaped: bool,
    has_alias: bool,
}

impl Flow {
    fn is_open(&self) -> bool {
        self.depth > 0
    }

    fn follow(&mut self, text: &[u8]) {
        let mut before = b' ';
        for &byte in text {
            match (self.quoted, byte) {
                _ if self.escaped => self.escaped = false,
                (Some(b'"'), b'\\') => self.escaped = true,
                (Some(quote), _) if quote == byte => self.quoted = None,
                (Some(_), _) => {}
                (None, b'"' | b'\'') if b"[{,: ".contains(&before) => self.quoted = Some(byte),
                (None, b'[' | b'{') => self.depth += 1,
                (None, b']' | b'}') => self.depth = self.depth.saturating_sub(1),
                (None, b'#') if before == b' ' => break,
                (None, b'&' | b'*' | b'!') if b"[{,: ".contains(&before) => self.has_alias = true,
                _ => {}
            }
            before = byte;
        }
        self.escaped = false;
    }
}

/// The key of a line and what stands behind it.
fn key(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if matches!(text.first(), Some(b'[' | b'{' | b'"' | b'\'' | b'#')) {
        return None;
    }
    let colon = memchr::memchr_iter(b':', text)
        .find(|at| text.get(at + 1).is_none_or(|byte| matches!(byte, b' ' | b'\t')))?;
    Some((text[..colon].trim_ascii(), &text[colon + 1..]))
}

/// A value without the comment behind it.
fn uncommented(value: &[u8]) -> &[u8] {
    let quoted = value.trim_ascii_start().starts_with(b"\"");
    if quoted {
        return value;
    }
    let comment = memchr::memchr_iter(b'#', value).find(|at| *at == 0 || value[at - 1] == b' ');
    &value[..comment.unwrap_or(value.len())]
}

/// A text, in quotes or without.
fn text(value: &[u8]) -> String {
    let inner = match value {
        [b'"', inner @ ..] => memchr::memchr(b'"', inner).map_or(inner, |end| &inner[..end]),
        _ => value,
    };
    String::from_utf8_lossy(inner).into_owned()
}

/// Whole numbers between square brackets.
fn list(value: &[u8]) -> Option<Vec<i64>> {
    let inner = value.strip_prefix(b"[")?.strip_suffix(b"]")?;
    let mut numbers = Vec::new();
    for part in inner.split(|byte| *byte == b',') {
        if numbers.len() == LIST {
            return None;
        }
        numbers.push(parsed(part.trim_ascii())?);
    }
    Some(numbers)
}

/// An event: time in microseconds, type, code, value.
fn event(value: &[u8]) -> Option<(u64, u16, u16, i32)> {
    let [seconds, micros, kind, code, value] = list(value)?[..] else { return None };
    let (seconds, micros) = (u64::try_from(seconds).ok()?, u64::try_from(micros).ok()?);
    let time = seconds.checked_mul(1_000_000)?.checked_add(micros)?;
    let fits = micros < 1_000_000 && time <= LATEST_US;
    Some((time, kind.try_into().ok()?, code.try_into().ok()?, value.try_into().ok()?)).filter(|_| fits)
}
