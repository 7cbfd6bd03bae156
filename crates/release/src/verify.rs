//! The whole act: a manifest or a release, from its bytes to everything that is to be said of it.
//!
//! The command, a test and another program call [`verify`]; nothing about trust or scope is decided above it.

use crate::check::Release;

use crate::report::{Remark, Report, Signed, stem};
use crate::signature::Question;
use crate::trust::Trust;
use openweigh_formats::files::{self, Files, Unreadable};
use openweigh_formats::manifest::Manifest;
use openweigh_formats::path::RelativePath;
use openweigh_formats::release;
use openweigh_formats::sums::Sums;
use openweigh_formats::{Digest, canonical, edit, limits};
use openweigh_verify::{
    Budget, Cause, Finding, Item, Kind, Opened, Other, Proof, Scope, Stage, Verdict, examine,
};

/// What is verified: a manifest's bytes, and the files that it speaks of.
pub struct Subject<'a> {
    /// The files, of the ledger or of the release.
    pub files: &'a dyn Files,
    /// What the manifest has to account for.
    pub scope: Scope,
    /// The name of its file, without a folder.
    pub name: String,
    /// Its path as the reader knows it.
    pub shown: String,
    /// That of the `SHA256SUMS` beside it.
    pub shown_sums: String,
    /// The manifest's bytes, or the verdict that there are none.
    pub manifest: Result<Vec<u8>, Verdict>,
    /// The bytes of that `SHA256SUMS`, none where there is none, or why they cannot be read.
    pub sums: Result<Option<Vec<u8>>, String>,
    /// The SHA-256 that the reader wants the manifest to have.
    pub expected: Option<&'a Digest>,
}

/// What is told while it goes on.
#[derive(Debug)]
pub enum Told<'t> {
    /// The manifest was read.
    Manifest(&'t Manifest),
    /// A manifest, by its path, that cannot be read: what is wrong follows.
    Unread(&'t str),
    /// A check.
    Item(&'t Item),
    /// All was derived again; cards and signatures follow.
    Derived(&'t openweigh_verify::Report),
    /// Who speaks for a release, and about it.
    Remark(&'t Remark),
}

impl<'a> Subject<'a> {
    /// A release: a folder with a `manifest.json`. `shown` stands before the names of its files where they are told.
    pub fn release(files: &'a dyn Files, shown: &str) -> Self {
        let read =
            |name: &str, limit| files::bytes(files, &name.parse().expect("a name of the format"), limit);
        let manifest = read(release::MANIFEST, limits::JSON_BYTES).map_err(|error| match error {
            Unreadable::NotPlain(_) => Verdict::failed(Kind::Unreadable(error)),
            error => Verdict::Malformed(Kind::NotOpened(error.to_string()).into()),
        });
        let sums = match read(release::SUMS, limits::TOML_BYTES) {
            Ok(sums) => Ok(Some(sums)),
            Err(Unreadable::Missing) => Ok(None),
            Err(error) => Err(error.to_string()),
        };
        Self {
            files,
            scope: Scope::Files,
            name: release::MANIFEST.to_owned(),
            shown: format!("{shown}{}", release::MANIFEST),
            shown_sums: format!("{shown}{}", release::SUMS),
            manifest,
            sums,
            expected: None,
        }
    }

    /// Whether the manifest is the one that `SHA256SUMS` beside it, or the reader, says it is.
    fn pinned(&self, bytes: &[u8], id: &Digest, search: &mut edit::SearchBudget) -> Option<Item> {
        let item = |verdict| Some(Item { stage: Stage::Bytes, subject: self.shown.clone(), verdict });
        let mut mismatch = |listed: &Digest, by: &'static str| {
            // The length as published is not listed, so each kind of edit is tried.
            let size = bytes.len() as u64;
            let edit = [size, size.saturating_sub(1), size + 1]
                .into_iter()
                .find_map(|size| edit::locate(bytes, listed, size, search));
            item(Verdict::Failed(Finding {
                position: edit.as_ref().and_then(edit::Edit::position),
                published: Some(listed.to_string()),
                other: Some(Other::Found(id.to_string())),
                cause: edit.map(|edit| Cause::Proved(Proof::Edit(edit))),
                ..Kind::OtherManifest(by).into()
            }))
        };
        if let Some(wanted) = self.expected.filter(|wanted| *wanted != id) {
            return mismatch(wanted, "--id");
        }
        let sums = match &self.sums {
            Ok(Some(sums)) => Sums::read(sums),
            Ok(None) => return None,
            Err(error) => return item(Verdict::failed(Kind::SumsUnread(error.clone()))),
        };
        let sums = match sums {
            Ok(sums) => sums,
            Err(error) => {
                let verdict = Verdict::Malformed(Finding::from(&error));
                return Some(Item { stage: Stage::Bytes, subject: self.shown_sums.clone(), verdict });
            }
        };
        let name = self.name.parse::<RelativePath>().ok();
        match name.and_then(|name| sums.0.get(&name).cloned()) {
            Some(listed) if listed == *id => item(Verdict::Checked),
            Some(listed) => mismatch(&listed, release::SUMS),
            None => item(Verdict::failed(Kind::NotInSums)),
        }
    }
}

/// Verifies a manifest or a release: its bytes, all that it claims, derived again, its cards, and who speaks for it.
/// Each thing is told as it is done. `search` is what may be spent, of several manifests together, on finding out how a
/// changed manifest was changed.
pub fn verify(
    subject: &Subject<'_>,
    trust: &Trust<'_>,
    budget: Budget,
    search: &mut edit::SearchBudget,
    sink: &mut dyn FnMut(Told<'_>),
) -> Report {
    open(subject, trust, budget, search, sink).0
}

/// As [`verify`], and hands on what could be read: whoever judges a release by its files needs that.
pub fn open(
    subject: &Subject<'_>,
    trust: &Trust<'_>,
    budget: Budget,
    search: &mut edit::SearchBudget,
    sink: &mut dyn FnMut(Told<'_>),
) -> (Report, Option<Opened>) {
    let shown = subject.shown.clone();
    let bytes = match &subject.manifest {
        Ok(bytes) => bytes,
        Err(verdict) => {
            let report = Report::alone(shown, Digest::of(b""), verdict.clone());
            report.checks.items.iter().for_each(|item| sink(Told::Item(item)));
            return (report, None);
        }
    };
    let id = Digest::of(bytes);
    let pinned = subject.pinned(bytes, &id, search);
    let manifest: Manifest = match canonical::read(bytes) {
        Ok(manifest) => manifest,
        Err(source) => {
            let mut report = Report::alone(shown, id, Verdict::Malformed(Finding::from(&source)));
            // A changed byte is told as that, even where it also broke the layout.
            if let Some(item @ Item { verdict: Verdict::Failed(_), .. }) = pinned {
                report.checks.items.insert(0, item);
            }
            sink(Told::Unread(&report.path));
            report.checks.items.iter().for_each(|item| sink(Told::Item(item)));
            return (report, None);
        }
    };
    let (mut report, opened) = derived(subject, &manifest, &id, pinned, budget, sink);
    if matches!(subject.scope, Scope::Files) {
        let question = Question { subject, trust, manifest: &manifest, id: &id, checks: &report.checks };
        let answer = question.ask(sink);
        report.checks.items.extend(answer.items);
        (report.remarks, report.receipts, report.signed) = (answer.remarks, answer.receipts, answer.signed);
    }
    report.manifest = Some(manifest);
    (report, Some(opened))
}

/// Everything that the manifest claims, and the cards of a release.
fn derived(
    subject: &Subject<'_>,
    manifest: &Manifest,
    id: &Digest,
    pinned: Option<Item>,
    budget: Budget,
    sink: &mut dyn FnMut(Told<'_>),
) -> (Report, Opened) {
    let (from, shown) = (subject.files, subject.shown.clone());
    sink(Told::Manifest(manifest));
    let mut checks = openweigh_verify::Report::default();
    let own = format!("{}-{}", manifest.name, manifest.version);
    if matches!(subject.scope, Scope::Ledger) && stem(&subject.name) != own {
        let verdict = Verdict::failed(Kind::OtherFileName(own.clone()));
        checks.items.push(Item { stage: Stage::Bytes, subject: shown.clone(), verdict });
    }
    checks.items.extend(pinned);
    checks.items.iter().for_each(|item| sink(Told::Item(item)));
    let (rest, opened) = examine(manifest, from, &subject.scope, budget, |item| sink(Told::Item(item)));
    checks.items.extend(rest.items);
    checks.notes.extend(rest.notes);
    sink(Told::Derived(&checks));
    let is_release = matches!(subject.scope, Scope::Files);
    if is_release {
        let release = Release { manifest, id, opened: &opened, max_csv: budget.max_csv };
        for item in release.check(from) {
            sink(Told::Item(&item));
            checks.items.push(item);
        }
        checks.notes.extend(release.unread(from));
    }
    let name = if is_release { own } else { stem(&shown).to_owned() };
    let report = Report {
        name,
        path: shown,
        id: id.clone(),
        manifest: None,
        checks,
        remarks: Vec::new(),
        receipts: Vec::new(),
        signed: Signed::NotAsked,
    };
    (report, opened)
}
