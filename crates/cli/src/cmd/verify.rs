//! `openweigh verify`

use crate::args::Global;
use crate::exit;
use crate::failure::Failure;
use crate::place::{self, OnDisk};
use crate::progress::Progress;
use crate::screen::{Screen, Tone};
use crate::show;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::path::RelativePath;
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, canonical, edit, limits};
use openweigh_ledger::{Ledger, OpenError};
use openweigh_replay::listing::Scope;
use openweigh_replay::report::Summary;
use openweigh_replay::verify::Effort;
use openweigh_replay::{Finding, Item, Report, Stage, Verdict, verify};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Check manifests: bytes, weights, results, claims, each derived again
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  openweigh verify                                  every manifest of this ledger
  openweigh verify manifests/load-cell-1.0.0.json   one of them, -v for each item")]
pub(crate) struct Args {
    /// Manifests, by path or `name-version` [default: all of the ledger]
    #[arg(value_name = "MANIFEST")]
    manifests: Vec<String>,
    /// Require the (only) manifest to have this SHA-256
    #[arg(long, value_name = "SHA256")]
    id: Option<Digest>,
}

/// A manifest that was gone through.
struct Done {
    path: String,
    id: Digest,
    report: Report,
}

pub(crate) fn run(args: &Args, global: &Global, screen: &mut Screen) -> Result<u8, Failure> {
    let paths = manifests(args)?;
    if args.id.is_some() && paths.len() != 1 {
        return Err(Failure::usage(format!("--id is for one manifest, found {}", paths.len())));
    }
    let mut done = Vec::new();
    let mut effort = edit::Effort::default();
    for path in &paths {
        done.push(one(path, args.id.as_ref(), global, &mut effort, screen)?);
    }
    if args.manifests.is_empty() {
        done.extend(gone(&paths, screen)?);
    }
    let worst = done.iter().map(|done| done.report.summary()).max().unwrap_or(Summary::Checked);
    let code = match worst {
        Summary::Checked => exit::DONE,
        Summary::Incomplete => exit::INCOMPLETE,
        Summary::Malformed => exit::INPUT,
        Summary::Failed => exit::FAILED,
    };
    screen.document(json!({ "manifests": done.iter().map(as_json).collect::<Vec<_>>(), "exit": code }));
    summary(&done, worst, screen)?;
    Ok(code)
}

fn manifests(args: &Args) -> Result<Vec<PathBuf>, Failure> {
    let ledger = place::ledger()?;
    if args.manifests.is_empty() {
        let folder = place::shown(&ledger.root().join("manifests"));
        let found = ledger
            .manifests()
            .map_err(|error| Failure::Open { path: folder.clone(), source: error.into() })?;
        if found.is_empty() {
            return Err(Failure::input(
                folder,
                "found no manifest; make one with `openweigh seal`, or name one",
            ));
        }
        return Ok(found);
    }
    if args.manifests.iter().any(|word| word == "-") {
        return Err(Failure::usage(
            "a manifest is read where it stands, beside its files; name its path instead of `-`",
        ));
    }
    let named = |word: &String| {
        let path = PathBuf::from(word);
        let in_ledger = ledger.root().join("manifests").join(format!("{word}.json"));
        if !path.exists() && in_ledger.exists() { in_ledger } else { path }
    };
    Ok(args.manifests.iter().map(named).collect())
}

/// The root of a manifest, and what it has to account for: the folder above `manifests/` is a ledger,
/// any other folder is a release of its own.
pub(crate) fn root_of(path: &Path) -> (PathBuf, Scope) {
    // By the words of the path alone: a linked folder must not lead to the files of another ledger.
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = full.parent().unwrap_or(Path::new(".")).to_path_buf();
    match folder.file_name() {
        Some(name) if name == "manifests" => {
            (folder.parent().map_or(folder.clone(), Path::to_path_buf), Scope::Ledger)
        }
        _ => {
            let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
            (folder, Scope::Release { own: vec![name, "SHA256SUMS".to_owned()] })
        }
    }
}

/// Manifests that `SHA256SUMS` lists and that are not there.
fn gone(paths: &[PathBuf], screen: &mut Screen) -> Result<Vec<Done>, Failure> {
    let Some(folder) = paths.first().and_then(|path| path.parent()) else { return Ok(Vec::new()) };
    let sums = openweigh_ledger::read_whole(&folder.join("SHA256SUMS"), limits::TOML_BYTES).ok();
    // Sums that are malformed were told with each manifest.
    let sums = sums.and_then(|bytes| Sums::read(&bytes).ok()).unwrap_or_default();
    let mut gone = Vec::new();
    for (name, digest) in sums.0 {
        let path = folder.join(name.as_str());
        if !paths.contains(&path) {
            let finding = Finding::new("SHA256SUMS lists this manifest, and it is missing");
            gone.push(alone(place::shown(&path), digest, Verdict::Failed(finding), screen)?);
        }
    }
    Ok(gone)
}

/// A manifest of which there is only one thing to say.
fn alone(path: String, id: Digest, verdict: Verdict, screen: &mut Screen) -> Result<Done, Failure> {
    let item = Item { stage: Stage::Bytes, subject: path.clone(), verdict };
    tell(&item, screen)?;
    Ok(Done { path, id, report: Report { items: vec![item] } })
}

fn one(
    path: &Path,
    wanted: Option<&Digest>,
    global: &Global,
    search: &mut edit::Effort,
    screen: &mut Screen,
) -> Result<Done, Failure> {
    let shown = place::shown(path);
    let bytes = match place::read(path, limits::JSON_BYTES) {
        Ok(bytes) => bytes,
        Err(Failure::Open { source, .. }) => {
            let verdict = Verdict::Malformed(Finding::new(source.to_string()));
            return alone(shown, Digest::of(b""), verdict, screen);
        }
        Err(failure) => return Err(failure),
    };
    let id = Digest::of(&bytes);
    let pinned = pinned(path, &bytes, &id, wanted, search);
    let mut report = Report::default();
    let manifest: Manifest = match canonical::read(&bytes) {
        Ok(manifest) => manifest,
        Err(source) => {
            // A changed byte is told as that, even where it also broke the layout.
            if let Some(Item { verdict: Verdict::Failed(_), .. }) = &pinned {
                report.items.extend(pinned);
            }
            let finding =
                Finding { position: Some(source.position), ..Finding::new(source.fault.to_string()) };
            report.items.push(Item {
                stage: Stage::Bytes,
                subject: shown.clone(),
                verdict: Verdict::Malformed(finding),
            });
            screen.finding(&screen.tone(Tone::Strong, &shown))?;
            for item in &report.items {
                tell(item, screen)?;
            }
            return Ok(Done { path: shown, id, report });
        }
    };
    screen.line(
        &screen.tone(Tone::Strong, &format!("{} {}: {}", manifest.name, manifest.version, manifest.title)),
    )?;
    let (root, scope) = root_of(path);
    let ledger = Ledger::at(root);
    let effort = Effort { threads: global.threads(), max_csv: global.max_csv() };
    let named = path
        .file_stem()
        .is_some_and(|stem| stem == format!("{}-{}", manifest.name, manifest.version).as_str());
    if matches!(scope, Scope::Ledger) && !named {
        let what = format!(
            "it calls itself `{}-{}`, which is not what its file is called",
            manifest.name, manifest.version
        );
        let item = Item {
            stage: Stage::Bytes,
            subject: shown.clone(),
            verdict: Verdict::Failed(Finding::new(what)),
        };
        tell(&item, screen)?;
        report.items.push(item);
    }
    let (mut broken, progress) = (None, Progress::new(true));
    if let Some(item) = pinned {
        broken = tell(&item, screen).err();
        report.items.push(item);
    }
    let rest = verify(&manifest, &OnDisk(&ledger, &progress), &scope, effort, |item| {
        if broken.is_none() {
            broken = tell(item, screen).err();
        }
    });
    report.items.extend(rest.items);
    if broken.is_none() {
        broken = tell_unchecked_claims(&report, screen).err();
    }
    match broken {
        Some(failure) => Err(failure),
        None => Ok(Done { path: shown, id, report }),
    }
}

/// Whether the manifest is the one that `SHA256SUMS` beside it, or the user, says it is.
pub(crate) fn pinned(
    path: &Path,
    bytes: &[u8],
    id: &Digest,
    wanted: Option<&Digest>,
    search: &mut edit::Effort,
) -> Option<Item> {
    let subject = place::shown(path);
    let item = |verdict| Some(Item { stage: Stage::Bytes, subject: subject.clone(), verdict });
    let mut mismatch = |listed: &Digest, by: &str| {
        // The length as published is not listed, so each kind of edit is tried.
        let size = bytes.len() as u64;
        let edit = [size, size.saturating_sub(1), size + 1]
            .into_iter()
            .find_map(|size| edit::locate(bytes, listed, size, search));
        item(Verdict::Failed(Finding {
            position: edit.as_ref().and_then(edit::Edit::position),
            published: Some(listed.to_string()),
            expected: Some(id.to_string()),
            cause: edit.map(|edit| edit.to_string()),
            ..Finding::new(format!("the manifest is not the one that {by} lists"))
        }))
    };
    if let Some(wanted) = wanted
        && wanted != id
    {
        return mismatch(wanted, "--id");
    }
    let sums_path = path.with_file_name("SHA256SUMS");
    let sums = match openweigh_ledger::read_whole(&sums_path, limits::TOML_BYTES) {
        Ok(sums) => sums,
        Err(OpenError::Missing) => return None,
        Err(error) => return item(Verdict::Failed(Finding::new(format!("SHA256SUMS beside it: {error}")))),
    };
    let sums = match Sums::read(&sums) {
        Ok(sums) => sums,
        Err(error) => {
            let finding = Finding { position: Some(error.position), ..Finding::new(error.fault.to_string()) };
            return Some(Item {
                stage: Stage::Bytes,
                subject: place::shown(&sums_path),
                verdict: Verdict::Malformed(finding),
            });
        }
    };
    let name =
        path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<RelativePath>().ok());
    match name.and_then(|name| sums.0.get(&name).cloned()) {
        Some(listed) if listed == *id => item(Verdict::Checked),
        Some(listed) => mismatch(&listed, "SHA256SUMS"),
        None => item(Verdict::Failed(Finding::new("SHA256SUMS beside it does not list it"))),
    }
}

/// Claims that share a reason for not being checkable, in one line each reason.
fn tell_unchecked_claims(report: &Report, screen: &mut Screen) -> Result<(), Failure> {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for item in report.items.iter().filter(|item| item.stage == Stage::Claims) {
        let Verdict::NotCheckable(why) = &item.verdict else { continue };
        match reasons.iter_mut().find(|(known, _)| known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    for (why, count) in reasons {
        let word = screen.tone(Tone::Doubtful, &format!("{:<14}", "not checkable"));
        let noun = if count == 1 { "claim" } else { "claims" };
        screen.finding(&format!("  {word}  {:<8} {count} {noun}: {why}", Stage::Claims.as_str()))?;
    }
    Ok(())
}

/// One item: a line where it holds (with -v), a paragraph where it does not.
pub(crate) fn tell(item: &Item, screen: &mut Screen) -> Result<(), Failure> {
    let label = |text: &str| format!("{text:<14}");
    let head = |word: String| format!("  {word}  {:<8} {}", item.stage.as_str(), item.subject);
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
    screen.finding(&format!("      {}", finding.what))?;
    let parts = [
        ("published", &finding.published),
        ("derived", &finding.expected),
        ("off by", &finding.distance),
        ("probably", &finding.cause),
    ];
    // A cause that was found by digest is proved, not probable.
    let proved = finding.cause.as_ref().is_some_and(|cause| cause.contains("nothing else"));
    for (name, text) in parts {
        let Some(text) = text else { continue };
        let name = match name {
            "probably" if proved => "what changed",
            "derived" if finding.what.contains("SHA-256") || finding.what.contains("not the one that") => {
                "found"
            }
            "published" if finding.what.contains("not the one that") => "listed",
            name => name,
        };
        screen.finding(&format!("      {name:<12} {text}"))?;
    }
    Ok(())
}

fn summary(done: &[Done], worst: Summary, screen: &mut Screen) -> Result<(), Failure> {
    let mut rows = vec![vec!["manifest".to_owned()]];
    rows[0].extend(Stage::ALL.map(|stage| stage.as_str().to_owned()));
    rows[0].push("verdict".to_owned());
    for done in done {
        let name = Path::new(&done.path)
            .file_stem()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut row = vec![name];
        for stage in Stage::ALL {
            let (all, checked) = done.report.count(stage);
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
    screen.line("")?;
    show::table(&rows, &[false, true, true, true, true, false], screen)?;
    let (tone, text) = match worst {
        Summary::Checked => (
            Tone::Good,
            "Everything holds: every digit was derived again from the data and is the published one.",
        ),
        Summary::Incomplete => (Tone::Doubtful, "Nothing failed, but not everything could be checked."),
        Summary::Malformed => (Tone::Bad, "A file could not be read; what depends on it was not checked."),
        Summary::Failed => (Tone::Bad, "Something does not hold: see above."),
    };
    screen.line("")?;
    screen.line(&screen.tone(tone, text))
}

fn verdict(summary: Summary) -> &'static str {
    match summary {
        Summary::Checked => "checked",
        Summary::Incomplete => "not checkable",
        Summary::Malformed => "malformed",
        Summary::Failed => "failed",
    }
}

fn as_json(done: &Done) -> Value {
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
                value["finding"] = json!({
                    "what": finding.what,
                    "line": finding.position.map(|position| position.line),
                    "column": finding.position.map(|position| position.column),
                    "published": finding.published, "derived": finding.expected,
                    "distance": finding.distance, "cause": finding.cause,
                });
            }
            if let Some(why) = why {
                value["reason"] = json!(why);
            }
            value
        })
        .collect();
    json!({
        "manifest": done.path, "sha256": done.id.as_str(), "verdict": verdict(done.report.summary()), "items": items,
    })
}
