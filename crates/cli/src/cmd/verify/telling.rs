//! What verification found, for people and for machines.

use crate::failure::Failure;
use crate::screen::{Screen, Tone, padded};
use crate::show;
use openweigh_formats::count;
use openweigh_release::document::{self, verdict};
use openweigh_release::outcome;
use openweigh_release::{Remark, Report};
use openweigh_verify::{Finding, Item, Kind, Open, Stage, Summary, Verdict};

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
pub(super) fn tell_notes(done: &[Report], screen: &mut Screen) -> Result<(), Failure> {
    for note in done.iter().flat_map(|done| &done.checks.notes) {
        screen.line(&screen.tone(Tone::Doubtful, &format!("note: {note}")))?;
    }
    Ok(())
}

/// Claims that share a reason for not being checkable, in one line each reason.
pub(super) fn tell_unchecked_claims(
    report: &openweigh_verify::Report,
    screen: &mut Screen,
) -> Result<(), Failure> {
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
        .try_for_each(|(name, text)| screen.finding(&format!("      {} {text}", padded(name, 12))))?;
    match advice(&finding.kind) {
        Some(advice) => screen.finding(&format!("      {} {advice}", padded("what to do", 12))),
        None => Ok(()),
    }
}

/// What a reader can do about a policy that is not met.
fn advice(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Unsigned => {
            "ask the publisher to sign it (`openweigh publish --key`), or leave out --policy: the numbers are checked all the \
             same, and nobody vouches for them"
        }
        Kind::NotAccepted(_) => {
            "if you trust that key, add its line to the policy's allowed_signers and its name to `signers` under [release]; \
             `openweigh verify` without --policy shows the key"
        }
        Kind::Receipts { .. } => {
            "put receipts into `attest` beside the release, or name their folder with --attest; whoever derives the release \
             again writes one with `openweigh receipt`, and has to be in the policy's allowed_signers"
        }
        _ => return None,
    })
}

pub(super) fn summary(done: &[Report], screen: &mut Screen) -> Result<(), Failure> {
    let worst = document::worst(done);
    // A column for each stage that something was checked in: ledgers have neither signatures nor cards.
    let shown = |stage: &Stage| {
        !matches!(stage, Stage::Signature | Stage::Cards)
            || done.iter().any(|done| done.checks.count(*stage).0 > 0)
    };
    let stages: Vec<Stage> = Stage::ALL.into_iter().filter(shown).collect();
    let mut rows = vec![vec!["manifest".to_owned()]];
    rows[0].extend(stages.iter().map(|stage| stage.as_str().to_owned()));
    rows[0].push("verdict".to_owned());
    for done in done {
        let mut row = vec![done.name.clone()];
        for stage in &stages {
            let (all, checked) = done.checks.count(*stage);
            row.push(match (all, checked) {
                (0, _) => "-".to_owned(),
                (all, checked) if all == checked => all.to_string(),
                (all, checked) => format!("{checked} of {all}"),
            });
        }
        row.push(match done.summary() {
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

/// Who speaks for a release, and about it.
pub(super) fn tell_remark(remark: &Remark, screen: &mut Screen) -> Result<(), Failure> {
    let text = match remark {
        Remark::Unsigned => "not signed: nobody vouches for who published this".to_owned(),
        Remark::SignedWith { key } => {
            format!("signed with key {key}; pass --policy to check whose key that is")
        }
        Remark::SignedBy { names, key } => format!("signed by {names}, key {key}"),
        Remark::NoStatement { file, why } => format!("{file}: {why}"),
        Remark::MoreNoStatements(count) => format!("and {count} more that are no statements"),
        Remark::NoWithdrawal { file, why } => format!("{file}: a withdrawal that does not count: {why}"),
        Remark::DerivedAgain { names, same_program, file } => {
            let same = if *same_program { "this program" } else { "another build" };
            format!("derived again by {names}, with {same}: {file}")
        }
        Remark::NoReceipt { file, why } => format!("{file}: a receipt that does not count: {why}"),
    };
    screen.line(&format!("  {text}"))
}
