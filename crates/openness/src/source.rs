//! Open source in the sense of the Open Source AI Definition 1.0: information on the data, code, parameters.

use crate::answer::{Answer, Criterion, Evidence};
use crate::subject::Subject;
use crate::terms;
use crate::weights;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::manifest::Role;

/// The criteria: seven, in three parts, the part before the dot.
pub fn criteria(subject: &Subject<'_>) -> Vec<Criterion> {
    vec![
        described(subject),
        provenance(subject),
        present(subject),
        data_licence(subject),
        recipe(subject),
        program(subject),
        parameters(subject),
    ]
}

fn criterion(key: &str, title: &str, found: (Answer, String), evidence: Vec<Evidence>) -> Criterion {
    Criterion { key: key.to_owned(), title: title.to_owned(), answer: found.0, note: found.1, evidence }
}

/// Asks every dataset, and names those that fail.
fn each_dataset(
    subject: &Subject<'_>,
    good: &str,
    ask: impl Fn(&openweigh_formats::path::RelativePath, &Dataset) -> Result<(), (Answer, String)>,
) -> (Answer, String) {
    let mut answers = Vec::new();
    let mut notes = Vec::new();
    for (path, dataset) in subject.datasets() {
        let asked = dataset.map_or_else(
            || Err((Answer::No, "is missing, or is not what it is called".to_owned())),
            |dataset| ask(path, dataset),
        );
        match asked {
            Ok(()) => answers.push(Answer::Yes),
            Err((answer, what)) => {
                answers.push(answer);
                notes.push(format!("{path} {what}"));
            }
        }
    }
    if answers.is_empty() {
        return (Answer::No, "no data are listed".to_owned());
    }
    (Answer::all(answers), if notes.is_empty() { good.to_owned() } else { notes.join("; ") })
}

fn described(subject: &Subject<'_>) -> Criterion {
    let found = each_dataset(subject, "each dataset is described, and names its authors", |_, dataset| {
        let described = !dataset.description.as_str().trim().is_empty();
        match (described, dataset.authors.is_empty()) {
            (true, false) => Ok(()),
            (false, _) => Err((Answer::No, "describes nothing".to_owned())),
            (true, true) => Err((Answer::No, "names no author".to_owned())),
        }
    });
    let evidence = subject.keys(Role::Dataset, "description");
    criterion("data.description", "what the data are, and who made them", found, evidence)
}

fn provenance(subject: &Subject<'_>) -> Criterion {
    let found = each_dataset(subject, "each dataset states its origin", |_, dataset| {
        let stated = !dataset.provenance.origin.as_str().trim().is_empty();
        if stated { Ok(()) } else { Err((Answer::No, "says nothing of its origin".to_owned())) }
    });
    let evidence = subject.keys(Role::Dataset, "provenance");
    criterion("data.provenance", "where the data come from", found, evidence)
}

fn present(subject: &Subject<'_>) -> Criterion {
    let found =
        each_dataset(subject, "every file of each dataset is here, with its digest", |path, dataset| {
            match subject.has_data(path, dataset) {
                Answer::Yes => Ok(()),
                answer => Err((answer, "lists data that are not here as listed".to_owned())),
            }
        });
    let evidence = [Role::Measurements, Role::Touches, Role::Samples]
        .into_iter()
        .flat_map(|role| subject.files(role))
        .collect();
    criterion("data.present", "the data themselves", found, evidence)
}

fn data_licence(subject: &Subject<'_>) -> Criterion {
    let found =
        each_dataset(subject, "each dataset is under an open licence", |_, dataset| {
            match terms::of(&dataset.licence, subject.texts).are_open() {
                Answer::Yes => Ok(()),
                answer => {
                    Err((answer, format!("is under {}, which is not known to be open", dataset.licence)))
                }
            }
        });
    let evidence = subject.keys(Role::Dataset, "licence");
    criterion("data.licence", "the data under open terms", found, evidence)
}

fn recipe(subject: &Subject<'_>) -> Criterion {
    let listed = subject.paths(Role::Recipe).count();
    let read = subject.contents.recipes.len();
    let found = if listed == 0 {
        (Answer::No, "no recipe is listed".to_owned())
    } else if read < listed {
        (Answer::No, "a recipe is missing, or is not what it is called".to_owned())
    } else {
        let licences = subject.manifest.of_role(Role::Recipe).map(|file| &file.licence);
        let open = Answer::all(licences.map(|licence| terms::of(licence, subject.texts).are_open()));
        let note = match open {
            Answer::Yes => "every setting of the fit, under open terms",
            Answer::No => "the recipe is here, but not under open terms",
            _ => "the recipe is here, but of its licence nothing certain is known",
        };
        (open, note.to_owned())
    };
    criterion("code.recipe", "the settings of the fit", found, subject.files(Role::Recipe))
}

/// The code is no file of a release: it is the program that has just derived the same bytes.
fn program(subject: &Subject<'_>) -> Criterion {
    let tool = subject.tool;
    let derived = subject.weights_derived().min(match subject.paths(Role::Results).next() {
        Some(_) => subject.results_derived(),
        None => Answer::Yes,
    });
    let open = terms::of_label(&tool.licence).suits(terms::Kind::Code);
    let by = format!("{} {} ({})", tool.name, tool.version, tool.licence);
    let note = match (derived, open) {
        (Answer::Yes, Answer::Yes) => format!("{by} fitted and predicted the same bytes again"),
        (Answer::Yes, _) => format!("{by} is not under a licence that the OSI approved"),
        (Answer::No, _) => format!("{by} does not derive the published bytes: their code is not this"),
        _ => format!("{by} could not derive everything again"),
    };
    let evidence = subject.files(Role::Weights).into_iter().chain(subject.files(Role::Results)).collect();
    criterion("code.program", "the program that fits and predicts", (derived.min(open), note), evidence)
}

fn parameters(subject: &Subject<'_>) -> Criterion {
    let all = weights::criteria(subject);
    let answer = Answer::all(all.iter().map(|criterion| criterion.answer));
    let note = match all.iter().find(|criterion| criterion.answer == answer) {
        Some(first) if answer != Answer::Yes => first.note.clone(),
        _ => "they are open weights".to_owned(),
    };
    criterion("parameters", "the parameters", (answer, note), subject.keys(Role::Weights, "terms"))
}
