//! What was found, for machines: the document `openweigh.verify/2` that `verify --json` prints.

use crate::outcome;
use crate::report::Report;
use openweigh_verify::{Cause, Finding, Note, Summary, Verdict};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

/// The document's format.
pub const FORMAT: &str = "openweigh.verify/2";

/// Everything found of some manifests, and the files that none of a ledger's manifests lists, where that was asked.
pub fn of(reports: &[Report], unlisted: Option<&[String]>) -> Value {
    let worst = worst(reports);
    json!({
        "format": FORMAT, "sentence": outcome::sentence(reports, worst),
        "manifests": reports.iter().map(as_json).collect::<Vec<_>>(), "unlisted": unlisted, "exit": exit_code(worst),
    })
}

/// What outweighs everything else in some reports.
pub fn worst(reports: &[Report]) -> Summary {
    reports.iter().map(Report::summary).max().unwrap_or(Summary::Checked)
}

/// The exit code of what verification found (docs/spec/8-verification.md).
pub fn exit_code(found: Summary) -> u8 {
    match found {
        Summary::Checked => 0,
        Summary::Incomplete => 4,
        Summary::Malformed => 3,
        Summary::Failed => 1,
    }
}

impl Serialize for Report {
    /// As the document that the command prints of this one alone.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        of(std::slice::from_ref(self), None).serialize(serializer)
    }
}

/// The whole in a word.
pub fn verdict(summary: Summary) -> &'static str {
    match summary {
        Summary::Checked => "checked",
        Summary::Incomplete => "not checkable",
        Summary::Malformed => "malformed",
        Summary::Failed => "failed",
    }
}

pub(crate) fn as_json(done: &Report) -> Value {
    let items: Vec<Value> = (done.checks.items.iter())
        .map(|item| {
            let (verdict, finding, why) = match &item.verdict {
                Verdict::Checked => ("checked", None, None),
                Verdict::Failed(finding) => ("failed", Some(finding), None),
                Verdict::Malformed(finding) => ("malformed", Some(finding), None),
                Verdict::NotCheckable(why) => ("not checkable", None, Some(why)),
            };
            let mut value =
                json!({ "stage": item.stage.as_str(), "subject": item.subject, "verdict": verdict });
            if let Some(finding) = finding {
                value["finding"] = finding_as_json(finding);
            }
            if let Some(why) = why {
                value["reason"] = json!(why.to_string());
                value["code"] = json!(why.code());
            }
            value
        })
        .collect();
    json!({
        "manifest": done.path, "sha256": done.id.as_str(), "verdict": verdict(done.checks.summary()),
        "done": outcome::as_json(done), "items": items,
        "notes": done.checks.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "note_codes": done.checks.notes.iter().map(Note::code).collect::<Vec<_>>(),
    })
}

/// A finding for machines. Of `derived`, `found` and `listed` at most one is a value.
fn finding_as_json(finding: &Finding) -> Value {
    let mut value = json!({
        "code": finding.kind.code(), "what": finding.kind.to_string(),
        "line": finding.position.map(|position| position.line),
        "column": finding.position.map(|position| position.column),
        "published": finding.published, "derived": null, "found": null, "listed": null,
        "distance": finding.distance,
        "cause": finding.cause.as_ref().map(Cause::to_string),
        "cause_code": finding.cause.as_ref().and_then(Cause::code),
        "certainty": finding.cause.as_ref().map(Cause::certainty),
    });
    if let Some(other) = &finding.other {
        value[other.label()] = json!(other.value());
    }
    value
}
