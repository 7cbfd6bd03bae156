//! How open a release is, judged by what is in it and never by what it says of itself (docs/how-to/grade.md).
//!
//! Four questions, each answered criterion by criterion with the file that proves it or the part that is missing: are
//! these open weights, is this open source, which class of the Model Openness Framework is it, and was it reproduced?
//!
//! ```text
//! texts::read(manifest, from) -> Texts            what each LICENSES/<id>.txt is
//! Subject { manifest, contents, report, … }        everything that a grade follows from
//! grade(&Subject) -> Grade                         every answer with its evidence
//! ```
//!
//! What this crate does *not* do: it opens no file, prints nothing, and believes no label. A licence counts if its text is
//! there and is that licence; code counts if it derived the published bytes again.

pub mod answer;
pub mod components;
pub mod framework;
pub mod reproduced;
pub mod source;
pub mod subject;
pub mod terms;
pub mod texts;
pub mod weights;

pub use answer::{Answer, Criterion, Evidence};
pub use framework::{Class, Framework};
pub use reproduced::{Reproduced, ReproducedBy};
pub use subject::{Card, State, Subject, Tool};
pub use texts::Texts;

/// The definition of open weights that is applied.
pub const OPEN_WEIGHTS: &str = "Open Weight Definition 0.3";
/// The definition of open source that is applied.
pub const OPEN_SOURCE: &str = "Open Source AI Definition 1.0";
/// The framework whose classes are given.
pub const FRAMEWORK: &str = "Model Openness Framework 1.0";

/// Everything that was found about a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// The ten criteria of open weights.
    pub open_weights: Vec<Criterion>,
    /// The parts of open source: information on the data, code, parameters.
    pub open_source: Vec<Criterion>,
    /// The components and the class of the Model Openness Framework.
    pub framework: Framework,
    /// By whom it was derived again.
    pub reproduced: Reproduced,
    /// Each licence text, and whether it is the licence it is called.
    pub texts: Vec<Criterion>,
}

/// Grades a release.
pub fn grade(subject: &Subject<'_>) -> Grade {
    Grade {
        open_weights: weights::criteria(subject),
        open_source: source::criteria(subject),
        framework: framework::classify(components::all(subject)),
        reproduced: reproduced::of(subject),
        texts: texts::criteria(subject.texts),
    }
}

impl Grade {
    /// All answers of the grade.
    pub fn answers(&self) -> impl Iterator<Item = Answer> {
        let components = self.framework.components.iter().map(components::Component::answer);
        let lists = [&self.open_weights, &self.open_source, &self.texts, &self.reproduced.criteria];
        lists.into_iter().flatten().map(|criterion| criterion.answer).chain(components)
    }
}
