//! The classes of the Model Openness Framework, from its components.

use crate::answer::Answer;
use crate::components::Component;

/// A class; each one asks for everything of those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// III, Open Model: the model can be used and judged.
    OpenModel,
    /// II, Open Tooling: it can be trained and tested, too.
    OpenTooling,
    /// I, Open Science: everything is there.
    OpenScience,
}

impl Class {
    /// All classes, the least demanding first.
    pub const ALL: [Self; 3] = [Self::OpenModel, Self::OpenTooling, Self::OpenScience];

    /// The number, as the framework writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenModel => "III",
            Self::OpenTooling => "II",
            Self::OpenScience => "I",
        }
    }

    /// The name that the framework gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenModel => "Open Model",
            Self::OpenTooling => "Open Tooling",
            Self::OpenScience => "Open Science",
        }
    }
}

/// What the framework says of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framework {
    /// The components, in the order of the framework's tool.
    pub components: Vec<Component>,
    /// Whether each class of [`Class::ALL`] is reached.
    pub reached: [Answer; 3],
}

impl Framework {
    /// Whether a class is reached.
    pub fn reaches(&self, class: Class) -> Answer {
        self.reached[class as usize]
    }

    /// The highest class that is reached.
    pub fn class(&self) -> Option<Class> {
        Class::ALL.into_iter().rev().find(|class| self.reaches(*class).holds())
    }

    /// What keeps a release from a class.
    pub fn lacks(&self, class: Class) -> impl Iterator<Item = &Component> {
        self.components
            .iter()
            .filter(move |own| own.required && own.class <= class && !counted(own, &self.components).holds())
    }
}

/// The classes that components reach: a class is reached if every component that it, or a lesser one, requires is there
/// under a licence that suits it.
pub fn classify(components: Vec<Component>) -> Framework {
    let reached = Class::ALL.map(|class| {
        let required = components.iter().filter(|own| own.required && own.class <= class);
        match Answer::all(required.map(|own| counted(own, &components))) {
            Answer::NotApplicable => Answer::Unknown,
            answer => answer,
        }
    });
    Framework { components, reached }
}

/// The answer that counts for the classes: a research paper makes a technical report unnecessary.
fn counted(component: &Component, all: &[Component]) -> Answer {
    let paper = || all.iter().any(|own| own.key == "research-paper" && own.answer() == Answer::Yes);
    if component.key == "technical-report" && paper() { Answer::Yes } else { component.answer() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::ROWS;

    /// A release whose components all have one answer, apart from some.
    fn but(keys: &[(&str, Answer)]) -> Framework {
        let component = |row: &crate::components::Row| {
            let present =
                keys.iter().find(|(key, _)| *key == row.key).map_or(Answer::Yes, |(_, answer)| *answer);
            Component {
                key: row.key,
                title: row.title,
                class: row.class,
                required: row.required,
                present,
                licence: Answer::Yes,
                note: String::new(),
                evidence: Vec::new(),
            }
        };
        classify(ROWS.iter().map(component).collect())
    }

    #[test]
    fn the_framework_has_seventeen_components() {
        assert_eq!(ROWS.len(), 17);
        let required = |class| ROWS.iter().filter(|row| row.required && row.class == class).count();
        // As the framework's own tool counts them: 6, 10 and 14, the optional ones apart.
        assert_eq!(Class::ALL.map(required), [6, 4, 4]);
    }

    #[test]
    fn a_class_asks_for_everything_of_the_lesser_ones() {
        assert_eq!(but(&[]).class(), Some(Class::OpenScience));
        assert_eq!(but(&[("research-paper", Answer::No)]).class(), Some(Class::OpenTooling));
        assert_eq!(but(&[("technical-report", Answer::No)]).class(), Some(Class::OpenScience));
        let neither = but(&[("technical-report", Answer::No), ("research-paper", Answer::No)]);
        assert_eq!(neither.class(), None);
        assert_eq!(but(&[("training-code", Answer::No)]).class(), Some(Class::OpenModel));
        assert_eq!(but(&[("model-card", Answer::No)]).class(), None);
        assert_eq!(
            but(&[("sample-outputs", Answer::No), ("model-metadata", Answer::No)]).class(),
            Some(Class::OpenScience)
        );
        assert_eq!(
            but(&[("parameters-intermediate", Answer::NotApplicable)]).class(),
            Some(Class::OpenScience)
        );
    }

    #[test]
    fn what_is_not_known_reaches_nothing() {
        let unknown = but(&[("parameters-final", Answer::Unknown)]);
        assert_eq!((unknown.class(), unknown.reached), (None, [Answer::Unknown; 3]));
        let lacks: Vec<&str> = unknown.lacks(Class::OpenModel).map(|own| own.key).collect();
        assert_eq!(lacks, ["parameters-final"]);
        let worse = but(&[("parameters-final", Answer::Unknown), ("datasets", Answer::No)]);
        assert_eq!(worse.reached, [Answer::Unknown, Answer::Unknown, Answer::No]);
    }
}
