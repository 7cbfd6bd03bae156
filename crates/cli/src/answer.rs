//! What commands say to machines with `--json`: a type for each document, of which `docs/spec/schemas/output` has the
//! schemas. Keys are added and never renamed: a document that loses one gets another version.

mod explained;
mod graded;
mod imported;
mod released;
mod sessions;
mod written;

pub(crate) use explained::*;
pub(crate) use graded::*;
pub(crate) use imported::*;
pub(crate) use released::*;
pub(crate) use sessions::*;
pub(crate) use written::*;

use openweigh_formats::doctor;
use serde::Serialize;
use std::collections::BTreeMap;

/// The document of a command, with the name of its format.
pub(crate) trait Answer: Serialize {
    /// The name and the version.
    const FORMAT: &'static str;
}

/// Gives a type the name of its format.
macro_rules! answer {
    ($name:ident $(<$life:lifetime>)?, $format:literal) => {
        impl $(<$life>)? $crate::answer::Answer for $name $(<$life>)? {
            const FORMAT: &'static str = $format;
        }
    };
}
pub(crate) use answer;

/// `verify`: the library's own document, which names its format itself.
impl Answer for openweigh_release::document::Document {
    const FORMAT: &'static str = openweigh_release::document::FORMAT;
}

/// `doctor`: sections of questions with their answers.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Doctor<'a>(pub(crate) BTreeMap<&'a str, BTreeMap<&'a str, &'a doctor::Value>>);
answer!(Doctor<'a>, "openweigh.doctor/1");

/// What went wrong, of any command.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Mistake {
    /// What is wrong, for people.
    pub(crate) error: String,
    /// What to do about it.
    pub(crate) advice: Option<String>,
    /// The exit code.
    pub(crate) exit: u8,
}
answer!(Mistake, "openweigh.error/1");

#[cfg(test)]
mod tests;
