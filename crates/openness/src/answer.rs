//! Answers, and what proves them.

/// The answer to one question. The order is that of caution: of several answers the least one holds for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// It is not so.
    No,
    /// Nothing at hand decides it.
    Unknown,
    /// It is so.
    Yes,
    /// The question does not arise.
    NotApplicable,
}

impl Answer {
    /// The answer in a word or two.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Unknown => "unknown",
            Self::Yes => "yes",
            Self::NotApplicable => "not applicable",
        }
    }

    /// The answer that holds for all of these; nothing at all is no proof of anything.
    pub fn all(answers: impl IntoIterator<Item = Self>) -> Self {
        answers.into_iter().min().unwrap_or(Self::Unknown)
    }

    /// Yes if it is so.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Whether nothing speaks against it.
    pub fn holds(self) -> bool {
        matches!(self, Self::Yes | Self::NotApplicable)
    }
}

/// Where an answer can be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// The file, relative to the release.
    pub file: String,
    /// The key in it, or nothing if it is the file as a whole.
    pub key: Option<String>,
}

impl Evidence {
    /// A file as a whole.
    pub fn file(file: impl ToString) -> Self {
        Self { file: file.to_string(), key: None }
    }

    /// A key of a file.
    pub fn at(file: impl ToString, key: &str) -> Self {
        Self { file: file.to_string(), key: Some(key.to_owned()) }
    }
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.key {
            Some(key) => write!(out, "{}: {key}", self.file),
            None => out.write_str(&self.file),
        }
    }
}

/// One criterion with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// A short name that does not change.
    pub key: String,
    /// What is asked, for people.
    pub title: String,
    /// The answer.
    pub answer: Answer,
    /// Why, or what is missing.
    pub note: String,
    /// Where that can be read.
    pub evidence: Vec<Evidence>,
}
