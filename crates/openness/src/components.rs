//! The seventeen components of the Model Openness Framework, and what stands for each in a release.

use crate::answer::{Answer, Evidence};
use crate::framework::Class;
use crate::subject::{State, Subject};
use crate::terms::{self, Kind};
use openweigh_formats::licence::Licence;
use openweigh_formats::manifest::Role;

/// A component as the framework lists it.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// A short name that does not change.
    pub key: &'static str,
    /// The framework's name.
    pub title: &'static str,
    /// The least class that asks for it.
    pub class: Class,
    /// Whether that class needs it.
    pub required: bool,
    /// The kinds of work whose licences suit it.
    pub kinds: &'static [Kind],
}

/// A component of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// A short name that does not change.
    pub key: &'static str,
    /// The framework's name.
    pub title: &'static str,
    /// The least class that asks for it.
    pub class: Class,
    /// Whether that class needs it.
    pub required: bool,
    /// Whether it is there.
    pub present: Answer,
    /// Whether its licence suits it.
    pub licence: Answer,
    /// What it is, or what is missing.
    pub note: String,
    /// Where.
    pub evidence: Vec<Evidence>,
}

impl Component {
    /// Whether it is there under a licence that suits it.
    pub fn answer(&self) -> Answer {
        match self.present {
            Answer::Yes => self.licence,
            other => other,
        }
    }
}

const CODE: &[Kind] = &[Kind::Code];
const DATA: &[Kind] = &[Kind::Data];
const TEXT: &[Kind] = &[Kind::Document, Kind::Code];
const ANY: &[Kind] = &[Kind::Data, Kind::Code, Kind::Document];

const fn row(
    key: &'static str,
    title: &'static str,
    class: Class,
    required: bool,
    kinds: &'static [Kind],
) -> Row {
    Row { key, title, class, required, kinds }
}

use Class::{OpenModel as III, OpenScience as I, OpenTooling as II};

/// The components, with classes and kinds as the framework's tool has them (`lfai/model_openness_tool`, `mof.settings.yml`).
pub const ROWS: [Row; 17] = [
    row("model-architecture", "Model architecture", III, true, CODE),
    row("data-preprocessing-code", "Data preprocessing code", I, true, CODE),
    row("training-code", "Training code", II, true, CODE),
    row("inference-code", "Inference code", II, true, CODE),
    row("evaluation-code", "Evaluation code", II, true, CODE),
    row("supporting-libraries", "Supporting libraries and tools", II, false, CODE),
    row("parameters-final", "Model parameters (final)", III, true, &[Kind::Data, Kind::Code]),
    row("parameters-intermediate", "Model parameters (intermediate)", I, true, &[Kind::Data, Kind::Code]),
    row("datasets", "Datasets", I, true, ANY),
    row("evaluation-data", "Evaluation data", II, true, DATA),
    row("model-metadata", "Model metadata", I, false, DATA),
    row("sample-outputs", "Sample model outputs", III, false, ANY),
    row("model-card", "Model card", III, true, TEXT),
    // The description of a dataset is part of it and stands under its licence.
    row("data-card", "Data card", III, true, ANY),
    row("technical-report", "Technical report", III, true, TEXT),
    row("research-paper", "Research paper", I, true, &[Kind::Document]),
    // Figures are data as well as a text about them.
    row("evaluation-results", "Evaluation results", III, true, ANY),
];

/// What was found of a component, before its licence is judged.
struct Found<'a> {
    present: Answer,
    note: String,
    evidence: Vec<Evidence>,
    licences: Licences<'a>,
}

/// Under what a component stands.
enum Licences<'a> {
    /// The licence of the program that did the work.
    Program(&'a Licence),
    /// The licences of these files; their texts are in the release.
    Files(Vec<&'a Licence>),
}

impl<'a> Found<'a> {
    fn new(
        present: Answer,
        note: impl Into<String>,
        evidence: Vec<Evidence>,
        licences: Licences<'a>,
    ) -> Self {
        Self { present, note: note.into(), evidence, licences }
    }
}

/// All components of a release.
pub fn all(subject: &Subject<'_>) -> Vec<Component> {
    ROWS.iter()
        .map(|row| {
            let found = find(subject, row.key);
            let licence = match &found.licences {
                Licences::Program(licence) => suits(terms::of_label(licence), row.kinds),
                Licences::Files(licences) => {
                    Answer::all(licences.iter().map(|own| suits(terms::of(own, subject.texts), row.kinds)))
                }
            };
            let mut note = found.note;
            if found.present == Answer::Yes && licence == Answer::No {
                note.push_str(", but under a licence that does not suit it");
            } else if found.present == Answer::Yes && licence == Answer::Unknown {
                note.push_str(", but of its licence nothing certain is known");
            }
            let Row { key, title, class, required, .. } = *row;
            Component {
                key,
                title,
                class,
                required,
                present: found.present,
                licence,
                note,
                evidence: found.evidence,
            }
        })
        .collect()
}

fn suits(terms: terms::Terms, kinds: &[Kind]) -> Answer {
    kinds.iter().map(|kind| terms.suits(*kind)).max().unwrap_or(Answer::Unknown)
}

fn find<'a>(subject: &Subject<'a>, key: &str) -> Found<'a> {
    match key {
        "model-architecture" | "training-code" => {
            let what = if key == "training-code" { "the fit" } else { "the formula" };
            let (key, role) =
                if key == "training-code" { ("fit", Role::Recipe) } else { ("model", Role::Recipe) };
            code(subject, subject.weights_derived(), what, subject.keys(role, key))
        }
        "data-preprocessing-code" => preprocessing(subject),
        "inference-code" => inference(subject),
        "evaluation-code" => evaluation_code(subject),
        "supporting-libraries" => Found::new(
            Answer::NotApplicable,
            "the program needs none beside it",
            Vec::new(),
            Licences::Program(&subject.tool.licence),
        ),
        "parameters-final" => parameters(subject, "the coefficients", "terms"),
        "parameters-intermediate" => {
            parameters(subject, "the exact sums that the coefficients are solved from", "normal")
        }
        "model-metadata" => parameters(subject, "recipe, range, training data and parent", "trained_on"),
        "datasets" => datasets(subject),
        "evaluation-data" => evaluation_data(subject),
        "sample-outputs" => outputs(subject),
        "model-card" => model_card(subject),
        "data-card" => data_card(subject),
        "technical-report" => technical_report(subject),
        "evaluation-results" => evaluation_results(subject),
        _ => Found::new(
            Answer::No,
            "missing: a paper; a release has no place for one",
            Vec::new(),
            Licences::Files(Vec::new()),
        ),
    }
}

/// Code is there if this program has just done the same work with the same outcome.
fn code<'a>(subject: &Subject<'a>, derived: Answer, what: &str, evidence: Vec<Evidence>) -> Found<'a> {
    let tool = subject.tool;
    let by = format!("{} {}", tool.name, tool.version);
    let note = match derived {
        Answer::Yes => format!("{what}, by {by}, which gave the same bytes again"),
        Answer::No => format!("missing: the code of {what}; {by} gives other bytes"),
        _ => format!("{by} could not do {what} again"),
    };
    Found::new(derived, note, evidence, Licences::Program(&tool.licence))
}

fn preprocessing<'a>(subject: &Subject<'a>) -> Found<'a> {
    let reads = subject.contents.recipes.values().any(|recipe| recipe.reading.is_some());
    let (what, key) =
        if reads { ("the readings", "reading") } else { ("the terms from the columns", "model") };
    code(subject, subject.weights_derived(), what, subject.keys(Role::Recipe, key))
}

fn inference<'a>(subject: &Subject<'a>) -> Found<'a> {
    if subject.paths(Role::Results).next().is_some() {
        return code(subject, subject.results_derived(), "the prediction", subject.files(Role::Results));
    }
    let formula = "missing: results that would show the prediction done again";
    Found::new(Answer::No, formula, Vec::new(), Licences::Program(&subject.tool.licence))
}

/// Whether the weights state figures on rows that the fit had not seen, or results compare predictions with what was
/// measured.
fn judged(subject: &Subject<'_>) -> Vec<Evidence> {
    let validated = (subject.contents.weights.iter())
        .filter(|(_, weights)| weights.validation.is_some())
        .map(|(path, _)| Evidence::at(path, "validation"));
    validated.chain(subject.keys(Role::Results, "error")).collect()
}

fn evaluation_code<'a>(subject: &Subject<'a>) -> Found<'a> {
    let evidence = judged(subject);
    if evidence.is_empty() {
        let missing = "missing: a validation in the recipe, or results with errors";
        return Found::new(Answer::No, missing, evidence, Licences::Program(&subject.tool.licence));
    }
    let derived = subject.weights_derived().min(match subject.paths(Role::Results).next() {
        Some(_) => subject.results_derived(),
        None => Answer::Yes,
    });
    code(subject, derived, "the evaluation", evidence)
}

fn parameters<'a>(subject: &Subject<'a>, what: &str, key: &str) -> Found<'a> {
    let listed = subject.paths(Role::Weights).count();
    let read = subject.contents.weights.len();
    let licences = subject.contents.weights.values().map(|weights| &weights.licence).collect();
    let note = if read == listed {
        what.to_owned()
    } else {
        format!("missing: {} of {listed} weights", listed - read)
    };
    Found::new(Answer::of(read == listed), note, subject.keys(Role::Weights, key), Licences::Files(licences))
}

fn data_licences<'a>(subject: &Subject<'a>) -> Licences<'a> {
    Licences::Files(subject.contents.datasets.values().map(|dataset| &dataset.licence).collect())
}

fn datasets<'a>(subject: &Subject<'a>) -> Found<'a> {
    let here = subject.datasets().map(|(path, dataset)| match dataset {
        Some(dataset) => subject.has_data(path, dataset),
        None => Answer::No,
    });
    let present = Answer::all(here);
    let note =
        if present == Answer::Yes { "every row that was fitted" } else { "missing: data that are listed" };
    let evidence = [Role::Measurements, Role::Touches, Role::Samples]
        .into_iter()
        .flat_map(|role| subject.files(role))
        .collect();
    Found::new(present, note, evidence, data_licences(subject))
}

fn evaluation_data<'a>(subject: &Subject<'a>) -> Found<'a> {
    let mut found = datasets(subject);
    if found.present == Answer::Yes {
        let judged = !judged(subject).is_empty();
        found.present = Answer::of(judged);
        let (yes, no) = ("the rows that predictions are compared with", "missing: nothing is evaluated");
        found.note = if judged { yes } else { no }.to_owned();
    }
    found
}

fn outputs<'a>(subject: &Subject<'a>) -> Found<'a> {
    let files = subject.files(Role::Results);
    let licences = subject.manifest.of_role(Role::Results).map(|file| &file.licence).collect();
    if files.is_empty() {
        return Found::new(Answer::No, "missing: results", files, Licences::Files(licences));
    }
    let note = "predictions with their uncertainties";
    Found::new(
        Answer::of(subject.contents.results.len() == files.len()),
        note,
        files,
        Licences::Files(licences),
    )
}

/// The card of the release, under the publisher's licence for words.
fn card_licence<'a>(subject: &Subject<'a>) -> Licences<'a> {
    Licences::Files(subject.publication.map(|publication| &publication.licence).into_iter().collect())
}

const CARD: &str = "README.md";

fn model_card<'a>(subject: &Subject<'a>) -> Found<'a> {
    let (present, note) = match (subject.publication, subject.card(CARD)) {
        (None, _) => (Answer::No, "missing: a card, which `openweigh publish` writes"),
        (Some(_), State::Genuine) => {
            (Answer::Yes, "uses and limits, with figures that follow from the files")
        }
        (Some(_), State::Edited) => (Answer::No, "the card is not the one that follows from the files"),
        (Some(_), State::Missing) => (Answer::No, "missing: the card"),
    };
    let evidence = if present == Answer::Yes { vec![Evidence::file(CARD)] } else { Vec::new() };
    Found::new(present, note, evidence, card_licence(subject))
}

/// A dataset describes itself: where it comes from, its columns with units, who made it.
fn data_card<'a>(subject: &Subject<'a>) -> Found<'a> {
    let mut missing = Vec::new();
    for (path, dataset) in subject.datasets() {
        let stated = |dataset: &openweigh_formats::dataset::Dataset| {
            !dataset.provenance.origin.as_str().trim().is_empty() && !dataset.title.as_str().trim().is_empty()
        };
        if !dataset.is_some_and(stated) {
            missing.push(path.to_string());
        }
    }
    let note = if missing.is_empty() {
        "source, columns and units of each dataset".to_owned()
    } else {
        format!("missing: the source of {}", missing.join(", "))
    };
    Found::new(Answer::of(missing.is_empty()), note, subject.files(Role::Dataset), data_licences(subject))
}

/// What the weights can do and how they are used: the card with its uses and limits, beside weights that state their
/// range and their errors.
fn technical_report<'a>(subject: &Subject<'a>) -> Found<'a> {
    let card = model_card(subject);
    if card.present != Answer::Yes {
        return Found::new(card.present, card.note, card.evidence, card.licences);
    }
    let silent = subject.contents.weights.iter().find(|(_, weights)| {
        let ranged = !weights.range.is_empty() || weights.recipe.features().is_empty();
        let errors = weights.covariance.is_some() || weights.validation.is_some();
        !ranged || !errors
    });
    if let Some((path, _)) = silent {
        let note = format!("missing: the range or the errors of {path}");
        return Found::new(Answer::No, note, Vec::new(), card.licences);
    }
    let mut evidence =
        vec![Evidence::at("publication.toml", "uses"), Evidence::at("publication.toml", "limits")];
    evidence.extend(subject.keys(Role::Weights, "range"));
    Found::new(Answer::Yes, "uses, limits, range and errors", evidence, card.licences)
}

fn evaluation_results<'a>(subject: &Subject<'a>) -> Found<'a> {
    let evidence = judged(subject);
    let derived = subject.weights_derived();
    let licences = subject.contents.weights.values().map(|weights| &weights.licence).collect();
    let (present, note) = if evidence.is_empty() {
        (Answer::No, "missing: a validation in the recipe, or results with errors")
    } else if derived == Answer::Yes {
        (Answer::Yes, "errors on rows that the fit had not seen, or beside what was measured; derived again")
    } else {
        (derived, "figures that could not be derived again")
    };
    Found::new(present, note, evidence, Licences::Files(licences))
}
