//! What a check found, as data. Its words, and the codes that machines are told, are made here and nowhere else.

mod cause;
mod kind;
mod open;

pub use cause::{Cause, Guess, Proof};
pub use kind::{Kind, Nearest};
pub use open::Open;

use openweigh_formats::{Malformed, Position};

/// Why a check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub kind: Kind,
    /// Where in the file.
    pub position: Option<Position>,
    /// The value that is published.
    pub published: Option<String>,
    /// The value that it is compared with.
    pub other: Option<Other>,
    /// How far the two are apart.
    pub distance: Option<String>,
    /// How that came about.
    pub cause: Option<Cause>,
}

/// A value beside the published one, by where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// It was derived again.
    Derived(String),
    /// It is what the file has.
    Found(String),
    /// Another file lists it.
    Listed(String),
}

impl Other {
    /// The value.
    pub fn value(&self) -> &str {
        match self {
            Self::Derived(value) | Self::Found(value) | Self::Listed(value) => value,
        }
    }

    /// Where it comes from, in a word: the label for people and the key for machines.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Derived(_) => "derived",
            Self::Found(_) => "found",
            Self::Listed(_) => "listed",
        }
    }
}

impl Finding {
    /// The value that was derived again, if it is that.
    pub fn derived(&self) -> Option<&str> {
        match &self.other {
            Some(Other::Derived(value)) => Some(value),
            _ => None,
        }
    }

    /// What stands under the sentence, each part with its label.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let published = self.published.iter().map(|value| ("published", value.clone()));
        let other = self.other.iter().map(|other| (other.label(), other.value().to_owned()));
        let distance = self.distance.iter().map(|distance| ("off by", distance.clone()));
        let cause = self.cause.iter().map(|cause| (cause.label(), cause.to_string()));
        published.chain(other).chain(distance).chain(cause).collect()
    }
}

impl From<Kind> for Finding {
    fn from(kind: Kind) -> Self {
        Self { kind, position: None, published: None, other: None, distance: None, cause: None }
    }
}

impl From<&Malformed> for Finding {
    fn from(error: &Malformed) -> Self {
        Self { position: Some(error.position), ..Kind::Malformed(error.fault.clone()).into() }
    }
}
