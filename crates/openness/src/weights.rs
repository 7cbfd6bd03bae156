//! Open weights: the ten criteria of the Open Weight Definition 0.3.

use crate::answer::{Answer, Criterion, Evidence};
use crate::subject::Subject;
use crate::terms::{self, CRITERIA, FORM, Terms};
use openweigh_formats::manifest::Role;
use openweigh_formats::weights::Weights;

/// The folder of a release where the weights lie in other forms, which no one can take for the weights themselves.
const TRANSFORMED: &str = "exports/";

/// The criteria, in their order.
pub fn criteria(subject: &Subject<'_>) -> Vec<Criterion> {
    let licences: Vec<(String, Option<Terms>)> = subject
        .paths(Role::Weights)
        .map(|path| {
            let weights = subject.contents.weights.get(path);
            let terms = weights.map(|weights| terms::of(&weights.licence, subject.texts));
            (path.to_string(), terms)
        })
        .collect();
    CRITERIA
        .iter()
        .enumerate()
        .map(|(at, (key, title))| {
            if at == FORM {
                return form(subject, key, title);
            }
            let answers =
                licences.iter().map(|(_, terms)| terms.map_or(Answer::Unknown, |terms| terms.criteria[at]));
            let answer = Answer::all(answers);
            Criterion {
                key: (*key).to_owned(),
                title: (*title).to_owned(),
                answer,
                note: why(subject, answer),
                evidence: licence_evidence(subject),
            }
        })
        .collect()
}

/// Where the licences of the weights stand: the label, and the text.
fn licence_evidence(subject: &Subject<'_>) -> Vec<Evidence> {
    let mut ids: Vec<String> =
        subject.contents.weights.values().flat_map(|weights| weights.licence.ids()).collect();
    ids.sort();
    ids.dedup();
    let texts = ids.iter().map(|id| Evidence::file(format!("LICENSES/{id}.txt")));
    texts.chain(subject.keys(Role::Weights, "licence")).collect()
}

/// Why the licences answer so.
fn why(subject: &Subject<'_>, answer: Answer) -> String {
    let mut stated: Vec<&str> =
        subject.contents.weights.values().map(|weights| weights.licence.as_str()).collect();
    stated.sort_unstable();
    stated.dedup();
    let unstated = subject.contents.weights.values().any(|weights| !weights.licence.is_stated());
    let labels = stated.join(", ");
    match answer {
        Answer::Yes => format!("{labels} allows it"),
        Answer::No => format!("{labels} does not allow it"),
        _ if subject.contents.weights.len() < subject.paths(Role::Weights).count() => {
            "some weights could not be read".to_owned()
        }
        _ if unstated => "no licence is stated".to_owned(),
        _ => format!(
            "nothing certain is known of {labels}: an unlisted licence, or a text that is not its own"
        ),
    }
}

/// The weights are here, in the form in which they are used.
fn form(subject: &Subject<'_>, key: &str, title: &str) -> Criterion {
    let mut notes = Vec::new();
    let mut answers = Vec::new();
    for path in subject.paths(Role::Weights) {
        if let Some(weights) = subject.contents.weights.get(path) {
            answers.push(Answer::of(!weights.terms.is_empty()));
            notes.push(parameters(weights));
        } else {
            answers.push(Answer::No);
            notes.push(format!("{path} is missing, or is not what it is called"));
        }
    }
    let mut evidence = subject.keys(Role::Weights, "terms");
    let transformed: Vec<Evidence> = (subject.cards.iter())
        .filter(|card| card.path.starts_with(TRANSFORMED))
        .map(|card| Evidence::file(&card.path))
        .collect();
    if !transformed.is_empty() {
        notes.push(format!("other forms stand apart in {TRANSFORMED}"));
        evidence.extend(transformed);
    }
    Criterion {
        key: key.to_owned(),
        title: title.to_owned(),
        answer: Answer::all(answers),
        note: notes.join("; "),
        evidence,
    }
}

/// The parameters in words: how many, in which formula, in which unit.
fn parameters(weights: &Weights) -> String {
    let count = weights.terms.len();
    let parameters = if count == 1 { "parameter" } else { "parameters" };
    let unit = weights
        .recipe
        .result
        .unit
        .as_ref()
        .map_or("a unit that nobody states".to_owned(), ToString::to_string);
    format!("{} {}: {count} {parameters} of {}, in {unit}", weights.name, weights.version, formula(weights))
}

/// The formula, its parameters by number.
pub(crate) fn formula(weights: &Weights) -> String {
    let model = &weights.recipe.model;
    let terms = model
        .terms
        .iter()
        .enumerate()
        .map(|(at, term)| if term.is_one() { format!("b{at}") } else { format!("b{at}·{term}") });
    format!("{} = {}", model.target, terms.collect::<Vec<_>>().join(" + "))
}
