//! By whom a release was derived again: by this program, here and now, and by others, as their receipts say.

use crate::answer::{Answer, Criterion, Evidence};
use crate::subject::Subject;
use openweigh_verify::Stage;
use openweigh_verify::Summary;

/// Somebody else's receipt, its signature checked by whoever hands it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReproducedBy {
    /// Who signed: a name that the reader's own list of signers gives to the key.
    pub who: String,
    /// The receipt's file, relative to the release.
    pub file: String,
}

/// Who derived it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduced {
    /// Whether everything held here.
    pub here: Answer,
    /// The stages, and others' receipts.
    pub criteria: Vec<Criterion>,
    /// The receipts.
    pub by: Vec<ReproducedBy>,
}

/// Who derived it again.
pub fn of(subject: &Subject<'_>) -> Reproduced {
    let here = match subject.report.summary() {
        Summary::Checked => Answer::Yes,
        Summary::Incomplete | Summary::Malformed => Answer::Unknown,
        Summary::Failed => Answer::No,
    };
    let criteria = Stage::ALL.into_iter().map(|stage| of_stage(subject, stage)).collect();
    Reproduced { here, criteria, by: subject.receipts.to_vec() }
}

fn of_stage(subject: &Subject<'_>, stage: Stage) -> Criterion {
    let items = || subject.report.items.iter().filter(|item| item.stage == stage);
    let answers = items().map(|item| match &item.verdict {
        openweigh_verify::Verdict::Checked => Answer::Yes,
        openweigh_verify::Verdict::Failed(_) => Answer::No,
        _ => Answer::Unknown,
    });
    let (all, checked) = subject.report.count(stage);
    let answer = if all == 0 { Answer::NotApplicable } else { Answer::all(answers) };
    let note = match all {
        0 => "there are none".to_owned(),
        _ => format!("{checked} of {all} hold"),
    };
    // What holds needs no list: it is everything. What does not is named, a claim by its id in the manifest.
    let failing = items().filter(|item| item.verdict != openweigh_verify::Verdict::Checked);
    let evidence = failing.map(|item| match stage {
        Stage::Claims => Evidence::at("claims", &item.subject),
        _ => Evidence::file(&item.subject),
    });
    let title = match stage {
        Stage::Bytes => "every file is there with its digest, and nothing beside",
        Stage::Signature => "whom a policy lets sign has signed it",
        Stage::Weights => "the weights follow from the data and the recipe",
        Stage::Results => "the results follow from the weights",
        Stage::Claims => "the claims follow from what was derived again",
        Stage::Cards => "cards and descriptions follow from all of these",
    };
    Criterion {
        key: stage.as_str().to_owned(),
        title: title.to_owned(),
        answer,
        note,
        evidence: evidence.collect(),
    }
}
