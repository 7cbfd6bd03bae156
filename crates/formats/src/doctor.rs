//! What a machine answered about its pads, as one file that a stranger can read: `openweigh.doctor/1`, described in
//! docs/how-to/doctor.md. TOML: a table for each question, sentences about it as comments, and plain keys.
//!
//! It is no artifact: nothing is derived from it, and no manifest lists it.

use crate::handwritten::{self, quoted};
use crate::malformed::{Fault, Malformed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The format's name.
pub const FORMAT: &str = "openweigh.doctor/1";

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Value {
    /// Words, or a number that is not whole, as text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Yes or no.
    Truth(bool),
    /// Several words or numbers.
    List(Vec<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<Vec<String>> for Value {
    fn from(list: Vec<String>) -> Self {
        Self::List(list)
    }
}

/// The answers to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// Words of lower-case letters, digits and `-`, with dots between them: `pad.1.touched`.
    pub name: String,
    /// What is asked, for people.
    pub about: String,
    /// Keys and answers.
    pub entries: Vec<(String, Value)>,
}

impl Section {
    /// A question without answers so far.
    pub fn new(name: impl Into<String>, about: &str) -> Self {
        Self { name: name.into(), about: about.to_owned(), entries: Vec::new() }
    }

    /// Adds an answer.
    pub fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.entries.push((key.to_owned(), value.into()));
    }

    /// Adds an answer, if there is one.
    pub fn put_known<T: Into<Value>>(&mut self, key: &str, value: Option<T>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// An answer by its key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().find_map(|(known, value)| (known == key).then_some(value))
    }
}

/// A whole file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// What it is and what of a person is in it: paragraphs.
    pub preface: Vec<String>,
    /// The questions.
    pub sections: Vec<Section>,
}

#[derive(Deserialize)]
struct Tables {
    #[serde(rename = "format")]
    _format: String,
    #[serde(flatten)]
    tables: toml::Table,
}

impl Bundle {
    /// A question by its name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// An answer by its question and key.
    pub fn get(&self, section: &str, key: &str) -> Option<&Value> {
        self.section(section)?.get(key)
    }

    /// The file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for paragraph in &self.preface {
            comment(&mut text, paragraph);
            text.push_str("#\n");
        }
        // A `String` takes everything.
        let _ = writeln!(text, "format = {}", quoted(FORMAT));
        for section in &self.sections {
            text.push('\n');
            comment(&mut text, &section.about);
            let _ = writeln!(text, "[{}]", section.name);
            for (key, value) in &section.entries {
                let _ = writeln!(text, "{key} = {}", written(value));
            }
        }
        text
    }

    /// Reads a file. What its comments say is not kept, and its questions come in the order of their names.
    ///
    /// # Errors
    /// It is no TOML, of another format, or holds what no answer is.
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let Tables { tables, .. } = handwritten::read(bytes, FORMAT)?;
        let mut bundle = Self::default();
        for (name, value) in tables {
            match value {
                toml::Value::Table(table) => bundle.collect(&name, table)?,
                _ => return Err(strange(&name)),
            }
        }
        Ok(bundle)
    }

    fn collect(&mut self, name: &str, table: toml::Table) -> Result<(), Malformed> {
        let mut section = Section::new(name, "");
        let mut inner = Vec::new();
        for (key, value) in table {
            match value {
                toml::Value::Table(table) => inner.push((format!("{name}.{key}"), table)),
                value => {
                    let value = answer(value).ok_or_else(|| strange(&format!("{name}.{key}")))?;
                    section.entries.push((key, value));
                }
            }
        }
        if !section.entries.is_empty() || inner.is_empty() {
            self.sections.push(section);
        }
        inner.into_iter().try_for_each(|(name, table)| self.collect(&name, table))
    }

    /// The answers by section and question, with dots kept in the names of sections.
    pub fn answers(&self) -> BTreeMap<&str, BTreeMap<&str, &Value>> {
        let sections = self.sections.iter().map(|section| {
            let entries = section.entries.iter().map(|(key, value)| (key.as_str(), value));
            (section.name.as_str(), entries.collect())
        });
        sections.collect()
    }
}

fn strange(name: &str) -> Malformed {
    let found = crate::malformed::shortened(name, 80);
    Malformed::whole(Fault::Syntax(format!(
        "`{found}`: expected text, a whole number, true, false or a list of texts"
    )))
}

fn answer(value: toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::Text(text),
        toml::Value::Integer(number) => Value::Whole(number),
        toml::Value::Boolean(truth) => Value::Truth(truth),
        toml::Value::Array(values) => {
            let texts = values.into_iter().map(|value| match value {
                toml::Value::String(text) => Some(text),
                _ => None,
            });
            Value::List(texts.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn written(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Whole(number) => number.to_string(),
        Value::Truth(truth) => truth.to_string(),
        Value::List(list) => {
            let texts: Vec<String> = list.iter().map(|text| quoted(text)).collect();
            format!("[{}]", texts.join(", "))
        }
    }
}

/// Words as lines of a comment, of at most 100 columns.
fn comment(text: &mut String, words: &str) {
    let mut line = String::from("#");
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > 100 && line.len() > 1 {
            text.push_str(&line);
            text.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bundle() -> Bundle {
        let mut pad = Section::new("pad.1", "What the pad says.");
        pad.put("model", "a \"pad\"\\ \u{1b}[2J\u{202e} é");
        pad.put("family", 129);
        pad.put("force", true);
        pad.put("values", vec!["0".to_owned(), "2".to_owned()]);
        let mut touched = Section::new("pad.1.touched", &"many words ".repeat(40));
        touched.put("left_out", "nobody is there");
        Bundle { preface: vec!["What this is.".to_owned()], sections: vec![pad, touched] }
    }

    #[test]
    fn a_file_is_read_back() {
        let text = bundle().text();
        assert!(text.starts_with(
            "# What this is.\n#\nformat = \"openweigh.doctor/1\"\n\n# What the pad says.\n[pad.1]\n"
        ));
        assert!(
            text.lines().all(|line| line.len() <= 100)
                && !text.contains('\u{1b}')
                && !text.contains('\u{202e}')
        );
        let read = Bundle::read(text.as_bytes()).unwrap();
        for section in &bundle().sections {
            for (key, value) in &section.entries {
                assert_eq!(read.get(&section.name, key), Some(value));
            }
        }
        assert_eq!(read.sections.len(), 2);
        assert_eq!(bundle().answers()["pad.1"]["family"], &Value::Whole(129));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for wrong in [
            "format = \"openweigh.doctor/2\"",
            "format = \"openweigh.recipe/1\"",
            "[pad]",
            "format = \"openweigh.doctor/1\"\nfamily = 1",
            "format = \"openweigh.doctor/1\"\n[pad]\nslope = 0.984",
            "format = \"openweigh.doctor/1\"\n[pad]\nvalues = [1]",
            "format = \"openweigh.doctor/1\"\n[pad\n",
        ] {
            assert!(Bundle::read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
