//! Of `grade`: how open a release is.

use super::answer;
use openweigh_openness::components::Component;
use openweigh_openness::{Criterion, Evidence};
use serde::Serialize;
use std::collections::BTreeMap;

/// `grade`
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Graded {
    /// The manifest.
    pub(crate) manifest: String,
    /// The id of its release.
    pub(crate) release: String,
    /// The whole in a sentence.
    pub(crate) headline: String,
    /// Whether the weights are open.
    pub(crate) open_weights: Judgement,
    /// Whether it is open source.
    pub(crate) open_source: Judgement,
    /// Its class in the Model Openness Framework.
    pub(crate) model_openness: Openness,
    /// Whether it was derived again.
    pub(crate) reproduced: Reproduced,
    /// Whether licence texts are there and are the listed ones.
    pub(crate) licence_texts: Texts,
    /// What `--require` asked for.
    pub(crate) required: Vec<Requirement>,
    /// The exit code.
    pub(crate) exit: u8,
}
answer!(Graded, "openweigh.grade/1");

/// A definition of openness, criterion by criterion.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Judgement {
    /// Whose definition it is.
    pub(crate) definition: &'static str,
    /// `yes`, `no`, `unknown` or `not applicable`.
    pub(crate) answer: &'static str,
    /// Each criterion.
    pub(crate) criteria: Vec<Judged>,
}

/// A criterion with its answer.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Judged {
    /// A short name that does not change.
    pub(crate) key: String,
    /// What is asked.
    pub(crate) title: String,
    /// `yes`, `no`, `unknown` or `not applicable`.
    pub(crate) answer: &'static str,
    /// Why, or what is missing.
    pub(crate) note: String,
    /// Where that can be read.
    pub(crate) evidence: Vec<Proof>,
}

/// Where an answer can be read.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Proof {
    /// The file.
    pub(crate) file: String,
    /// The key in it.
    pub(crate) key: Option<String>,
}

/// The Model Openness Framework.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Openness {
    /// Its name and version.
    pub(crate) framework: &'static str,
    /// The class that is reached.
    pub(crate) class: Option<&'static str>,
    /// Each class, and whether it is reached.
    pub(crate) classes: BTreeMap<&'static str, &'static str>,
    /// Each component.
    pub(crate) components: Vec<Part>,
}

/// A component of a model.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Part {
    /// A short name that does not change.
    pub(crate) key: String,
    /// What it is.
    pub(crate) title: String,
    /// The class that asks for it.
    pub(crate) class: &'static str,
    /// Whether the class needs it.
    pub(crate) required: bool,
    /// Both of the next two.
    pub(crate) answer: &'static str,
    /// Whether it is there.
    pub(crate) present: &'static str,
    /// Whether its licence is open.
    pub(crate) licence: &'static str,
    /// Why, or what is missing.
    pub(crate) note: String,
    /// Where that can be read.
    pub(crate) evidence: Vec<Proof>,
}

/// Derived again, here and by others.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Reproduced {
    /// By this run.
    pub(crate) here: &'static str,
    /// Each stage.
    pub(crate) stages: Vec<Judged>,
    /// Receipts of others.
    pub(crate) receipts: Vec<Witness>,
}

/// A receipt.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Witness {
    /// Who signed it.
    pub(crate) who: String,
    /// The file.
    pub(crate) file: String,
}

/// The texts of licences.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Texts {
    /// The version of the SPDX list that they are compared with.
    pub(crate) spdx_list: String,
    /// Each licence.
    pub(crate) texts: Vec<Judged>,
}

/// Something that `--require` asked for.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Requirement {
    /// What.
    pub(crate) what: String,
    /// `yes`, `no`, `unknown` or `not applicable`.
    pub(crate) answer: &'static str,
}

impl Judged {
    pub(crate) fn all(criteria: &[Criterion]) -> Vec<Self> {
        let one = |own: &Criterion| Self {
            key: own.key.clone(),
            title: own.title.clone(),
            answer: own.answer.as_str(),
            note: own.note.clone(),
            evidence: Proof::all(&own.evidence),
        };
        criteria.iter().map(one).collect()
    }
}

impl Proof {
    fn all(evidence: &[Evidence]) -> Vec<Self> {
        evidence.iter().map(|one| Self { file: one.file.clone(), key: one.key.clone() }).collect()
    }
}

impl Part {
    pub(crate) fn of(own: &Component) -> Self {
        Self {
            key: own.key.to_string(),
            title: own.title.to_string(),
            class: own.class.as_str(),
            required: own.required,
            answer: own.answer().as_str(),
            present: own.present.as_str(),
            licence: own.licence.as_str(),
            note: own.note.clone(),
            evidence: Proof::all(&own.evidence),
        }
    }
}
