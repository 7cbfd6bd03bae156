//! What verification found, for people and for machines.

use super::{Done, outcome};
use crate::count;
use crate::failure::Failure;
use crate::screen::{Screen, Tone, padded};
use crate::show;
use openweigh_verify::Summary;
use openweigh_verify::{Cause, Finding, Item, Note, Open, Report, Stage, Verdict};
use serde_json::{Value, json};

/// Files in no manifest that are named; of more there is the number, and all of them with `--json`.
const NAMED: usize = 5;

/// What stands above the findings of a manifest: always, or where only mistakes are wanted, above the first.
pub(super) struct Heading(pub(super) Option<String>);

impl Heading {
    pub(super) fn tell(&mut self, screen: &mut Screen) -> Result<(), Failure> {
        self.0.take().map_or(Ok(()), |title| screen.finding(&title))
    }

    /// Tells an item under it.
    pub(super) fn over(&mut self, item: &Item, screen: &mut Screen) -> Result<(), Failure> {
        if !matches!(item.verdict, Verdict::Checked) {
            self.tell(screen)?;
        }
        tell(item, screen)
    }
}

pub(super) fn tell_unlisted(unlisted: &[String], screen: &mut Screen) -> Result<(), Failure> {
    let names: Vec<&str> = unlisted.iter().take(NAMED).map(String::as_str).collect();
    let more = if unlisted.len() > NAMED { ", …" } else { "" };
    let what = match unlisted.len() {
        0 => return Ok(()),
        1 => "1 file is in no manifest".to_owned(),
        count => format!("{count} files are in no manifest"),
    };
    screen.line(&format!("note: {what}: {}{more}", names.join(", ")))
}

/// What changes no verdict and a reader should know all the same.
pub(super) fn tell_notes(done: &[Done], screen: &mut Screen) -> Result<(), Failure> {
    for note in done.iter().flat_map(|done| &done.report.notes) {
        screen.line(&screen.tone(Tone::Doubtful, &format!("note: {note}")))?;
    }
    Ok(())
}

/// Claims that share a reason for not being checkable, in one line each reason.
pub(super) fn tell_unchecked_claims(report: &Report, screen: &mut Screen) -> Result<(), Failure> {
    let mut reasons: Vec<(&Open, usize)> = Vec::new();
    for item in report.items.iter().filter(|item| item.stage == Stage::Claims) {
        let Verdict::NotCheckable(why) = &item.verdict else { continue };
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    for (why, count) in reasons {
        let word = screen.tone(Tone::Doubtful, &padded("not checkable", 14));
        let claims = count::of(count, "claim");
        screen.finding(&format!("  {word}  {} {claims}: {why}", padded(Stage::Claims.as_str(), 8)))?;
    }
    Ok(())
}

/// One item: a line where it holds (with -v), a paragraph where it does not.
pub(crate) fn tell(item: &Item, screen: &mut Screen) -> Result<(), Failure> {
    let label = |text: &str| padded(text, 14);
    let head = |word: String| format!("  {word}  {} {}", padded(item.stage.as_str(), 8), item.subject);
    match &item.verdict {
        Verdict::Checked if screen.is_verbose() => {
            screen.line(&head(screen.tone(Tone::Good, &label("checked"))))
        }
        Verdict::Checked => Ok(()),
        // Claims are told together afterwards.
        Verdict::NotCheckable(_) if item.stage == Stage::Claims => Ok(()),
        Verdict::NotCheckable(why) => {
            let word = screen.tone(Tone::Doubtful, &label("not checkable"));
            screen.finding(&format!("{}: {why}", head(word)))
        }
        Verdict::Failed(finding) => {
            let word = screen.tone(Tone::Bad, &label("FAILED"));
            tell_finding(&head(word), finding, screen)
        }
        Verdict::Malformed(finding) => {
            let word = screen.tone(Tone::Bad, &label("MALFORMED"));
            tell_finding(&head(word), finding, screen)
        }
    }
}

fn tell_finding(head: &str, finding: &Finding, screen: &mut Screen) -> Result<(), Failure> {
    let at = finding.position.map_or_else(String::new, |position| format!(":{position}"));
    screen.finding(&format!("{head}{at}"))?;
    screen.finding(&format!("      {}", finding.kind))?;
    finding
        .parts()
        .iter()
        .try_for_each(|(name, text)| screen.finding(&format!("      {} {text}", padded(name, 12))))
}

pub(super) fn summary(done: &[Done], worst: Summary, screen: &mut Screen) -> Result<(), Failure> {
    // A column for each stage that something was checked in: ledgers have neither signatures nor cards.
    let shown = |stage: &Stage| {
        !matches!(stage, Stage::Signature | Stage::Cards)
            || done.iter().any(|done| done.report.count(*stage).0 > 0)
    };
    let stages: Vec<Stage> = Stage::ALL.into_iter().filter(shown).collect();
    let mut rows = vec![vec!["manifest".to_owned()]];
    rows[0].extend(stages.iter().map(|stage| stage.as_str().to_owned()));
    rows[0].push("verdict".to_owned());
    for done in done {
        let mut row = vec![done.name.clone()];
        for stage in &stages {
            let (all, checked) = done.report.count(*stage);
            row.push(match (all, checked) {
                (0, _) => "-".to_owned(),
                (all, checked) if all == checked => all.to_string(),
                (all, checked) => format!("{checked} of {all}"),
            });
        }
        row.push(match done.report.summary() {
            Summary::Failed => "FAILED".to_owned(),
            other => verdict(other).to_owned(),
        });
        rows.push(row);
    }
    let right: Vec<bool> = [false].into_iter().chain(stages.iter().map(|_| true)).chain([false]).collect();
    screen.line("")?;
    show::table(&rows, &right, screen)?;
    let tone = match worst {
        Summary::Checked => Tone::Good,
        Summary::Incomplete => Tone::Doubtful,
        Summary::Malformed | Summary::Failed => Tone::Bad,
    };
    screen.line("")?;
    screen.line(&screen.tone(tone, &outcome::sentence(done, worst)))
}

pub(super) fn verdict(summary: Summary) -> &'static str {
    match summary {
        Summary::Checked => "checked",
        Summary::Incomplete => "not checkable",
        Summary::Malformed => "malformed",
        Summary::Failed => "failed",
    }
}

pub(super) fn as_json(done: &Done) -> Value {
    let items: Vec<Value> = (done.report.items.iter())
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
        "manifest": done.path, "sha256": done.id.as_str(), "verdict": verdict(done.report.summary()),
        "done": outcome::as_json(done), "items": items,
        "notes": done.report.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "note_codes": done.report.notes.iter().map(Note::code).collect::<Vec<_>>(),
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
