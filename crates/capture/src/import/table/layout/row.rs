//! One row of the head of a table, and what it looks like.

use super::super::names::RECEIVED;
use super::super::number::Class;
use super::super::options::Delimiter;
use super::super::record::stamped;
use super::super::units;

/// A row of the head, taken apart.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) raw: Vec<u8>,
    pub(super) after_blank: bool,
    pub(super) again: u64,
    pub(super) first_again: u64,
    pub(super) cells: Vec<(Vec<u8>, u64)>,
    pub(super) classes: Vec<Class>,
}

impl Row {
    pub(super) fn text(&self, at: usize) -> String {
        self.cells.get(at).map(|cell| String::from_utf8_lossy(&cell.0).into_owned()).unwrap_or_default()
    }

    pub(super) fn texts(&self) -> Vec<String> {
        (0..self.cells.len()).map(|at| self.text(at)).collect()
    }

    /// Whether a serial monitor wrote the time before it, which is a field of its own.
    pub(super) fn is_stamped(&self, delimiter: Delimiter) -> bool {
        delimiter.byte().is_some_and(|byte| stamped(&self.raw, byte).is_some())
    }

    /// The texts as names.
    pub(super) fn names(&self, delimiter: Delimiter) -> Vec<String> {
        let mut texts = self.texts();
        if self.is_stamped(delimiter) {
            RECEIVED.clone_into(&mut texts[0]);
        }
        texts
    }

    /// Whether it has a text: a row of numbers alone may well stand twice.
    pub(super) fn is_telling(&self) -> bool {
        self.classes.iter().any(|class| matches!(class, Class::Text | Class::Numberish | Class::Stamp))
    }

    /// Whether any cell begins as a name does, and not as a number: `-7 NaN` is a row of another table.
    pub(super) fn is_named(&self) -> bool {
        let of_number = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b',');
        self.cells.iter().any(|(cell, _)| cell.first().is_some_and(|byte| !of_number(byte)))
    }

    /// Whether names hold what is rather a delimiter.
    pub(super) fn holds_delimiters(&self, own: Delimiter) -> bool {
        let others = [Delimiter::Semicolon, Delimiter::Tab, Delimiter::Pipe].map(Delimiter::byte);
        let foreign = |byte: &u8| others.contains(&Some(*byte)) && own.byte() != Some(*byte);
        self.cells.iter().any(|(cell, _)| cell.iter().any(foreign))
    }

    /// Whether it reads like a row of units: at least one known, the others empty or in brackets.
    pub(super) fn states_units(&self) -> bool {
        let texts = self.texts();
        let known = texts.iter().filter(|text| units::in_cell(text).is_some()).count();
        let free = |text: &&String| text.is_empty() || matches!(text.as_str(), "-" | "--" | "[]" | "()");
        // `1` and `-` are units of something, and data.
        let telling = |text: &&String| units::in_cell(text).is_some() && !matches!(text.as_str(), "1" | "-");
        texts.iter().any(|text| telling(&text)) && known + texts.iter().filter(free).count() == texts.len()
    }
}
