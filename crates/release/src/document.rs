//! What was found, for machines: the document `openweigh.verify/2` that `verify --json` prints.

use crate::outcome::{self, Work};
use crate::report::{Report, Signed};
use openweigh_verify::{Cause, Note, Other, Summary};
use serde::{Serialize, Serializer};

/// The document's format.
pub const FORMAT: &str = "openweigh.verify/2";

/// What was found of some manifests. Later versions of the program may add keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Document {
    /// `openweigh.verify/2`.
    pub format: &'static str,
    /// What was done and found, for people.
    pub sentence: String,
    /// Each manifest, in the order in which they were asked for.
    pub manifests: Vec<Manifest>,
    /// Files that none of the ledger's manifests lists, where that was asked.
    pub unlisted: Option<Vec<String>>,
    /// The exit code of the command.
    pub exit: u8,
}

/// What was found of one manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Manifest {
    /// Where it lies.
    pub manifest: String,
    /// Its SHA-256, which is the id of its release.
    pub sha256: String,
    /// `checked`, `not checkable`, `malformed` or `failed`.
    pub verdict: &'static str,
    /// What was done.
    pub done: Done,
    /// Each check.
    pub items: Vec<Item>,
    /// What is told beside the checks, for people.
    pub notes: Vec<String>,
    /// The same, for machines.
    pub note_codes: Vec<&'static str>,
}

/// What was done with one manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Done {
    /// Files whose bytes are the listed ones.
    pub files: usize,
    /// Weights and results that were derived again, and are the published ones.
    pub derivations: usize,
    /// Claims that were recomputed, and hold.
    pub claims: usize,
    /// Cards of a release that are what the manifest generates.
    pub cards: usize,
    /// Items that could not be checked.
    pub not_checkable: usize,
    /// Files among them that the publisher keeps back.
    pub kept_back: usize,
    /// Whether nothing is derived in this manifest.
    pub data_alone: bool,
    /// `false` where the changelog repeats what earlier releases said.
    pub earlier_entries_recomputed: Option<bool>,
    /// Who signed it; `null` for a manifest that is not in a release.
    pub signature: Option<Signature>,
}

/// What is known of who published a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Signature {
    /// `unsigned`, `signed` (whose key it is was not asked), `accepted` (by the policy) or `refused`.
    pub state: &'static str,
    /// The names that the policy has for the signer.
    pub by: Option<String>,
    /// The key.
    pub key: Option<String>,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Item {
    /// Of what: `manifest`, `bytes`, `weights`, `results`, `claims`, ….
    pub stage: &'static str,
    /// The file, or the claim.
    pub subject: String,
    /// `checked`, `not checkable`, `malformed` or `failed`.
    pub verdict: &'static str,
    /// What is wrong, of what failed or is malformed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
    /// Why it is not checkable, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The same, for machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

/// What is wrong. Of `derived`, `found` and `listed` at most one is a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schemas", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Finding {
    /// What it is, for machines.
    pub code: &'static str,
    /// What it is, for people.
    pub what: String,
    /// The line in the file, from 1.
    pub line: Option<usize>,
    /// The column in the line, from 1.
    pub column: Option<usize>,
    /// The value that is published.
    pub published: Option<String>,
    /// The value that was derived again.
    pub derived: Option<String>,
    /// What the file has.
    pub found: Option<String>,
    /// What another file lists.
    pub listed: Option<String>,
    /// How far the two are apart.
    pub distance: Option<String>,
    /// How that came about, for people.
    pub cause: Option<String>,
    /// The same, for machines, where it has a code.
    pub cause_code: Option<&'static str>,
    /// `proved`, `likely` or `stated`.
    pub certainty: Option<&'static str>,
}

/// Everything found of some manifests, and the files that none of a ledger's manifests lists, where that was asked.
pub fn of(reports: &[Report], unlisted: Option<&[String]>) -> Document {
    let worst = worst(reports);
    Document {
        format: FORMAT,
        sentence: outcome::sentence(reports, worst),
        manifests: reports.iter().map(Manifest::of).collect(),
        unlisted: unlisted.map(<[String]>::to_vec),
        exit: exit_code(worst),
    }
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
    /// As the document that the command prints of this one alone: with the keys in the order of the alphabet.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let document = serde_json::to_value(of(std::slice::from_ref(self), None));
        document.expect("documents have string keys").serialize(serializer)
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

impl Manifest {
    fn of(report: &Report) -> Self {
        Self {
            manifest: report.path.clone(),
            sha256: report.id.to_string(),
            verdict: verdict(report.checks.summary()),
            done: Done::of(report),
            items: report.checks.items.iter().map(Item::of).collect(),
            notes: report.checks.notes.iter().map(ToString::to_string).collect(),
            note_codes: report.checks.notes.iter().map(Note::code).collect(),
        }
    }
}

impl Done {
    fn of(report: &Report) -> Self {
        let work = Work::of(std::slice::from_ref(report));
        Self {
            files: work.files,
            derivations: work.derivations,
            claims: work.claims,
            cards: work.cards,
            not_checkable: work.open,
            kept_back: work.kept_back,
            data_alone: work.data_alone > 0,
            earlier_entries_recomputed: (work.earlier > 0).then_some(false),
            signature: Signature::of(&report.signed),
        }
    }
}

impl Signature {
    fn of(signed: &Signed) -> Option<Self> {
        let (state, by, key) = match signed {
            Signed::NotAsked => return None,
            Signed::No => ("unsigned", None, None),
            Signed::Key(key) => ("signed", None, Some(key)),
            Signed::Accepted(by, key) => ("accepted", Some(by), Some(key)),
            Signed::Refused => ("refused", None, None),
        };
        Some(Self { state, by: by.cloned(), key: key.cloned() })
    }
}

impl Item {
    fn of(item: &openweigh_verify::Item) -> Self {
        use openweigh_verify::Verdict;
        let (verdict, finding, open) = match &item.verdict {
            Verdict::Checked => ("checked", None, None),
            Verdict::Failed(finding) => ("failed", Some(finding), None),
            Verdict::Malformed(finding) => ("malformed", Some(finding), None),
            Verdict::NotCheckable(open) => ("not checkable", None, Some(open)),
        };
        Self {
            stage: item.stage.as_str(),
            subject: item.subject.clone(),
            verdict,
            finding: finding.map(Finding::of),
            reason: open.map(ToString::to_string),
            code: open.map(openweigh_verify::Open::code),
        }
    }
}

impl Finding {
    fn of(finding: &openweigh_verify::Finding) -> Self {
        let (derived, found, listed) = match &finding.other {
            None => (None, None, None),
            Some(Other::Derived(value)) => (Some(value), None, None),
            Some(Other::Found(value)) => (None, Some(value), None),
            Some(Other::Listed(value)) => (None, None, Some(value)),
        };
        let cause = finding.cause.as_ref();
        Self {
            code: finding.kind.code(),
            what: finding.kind.to_string(),
            line: finding.position.map(|position| position.line),
            column: finding.position.map(|position| position.column),
            published: finding.published.clone(),
            derived: derived.cloned(),
            found: found.cloned(),
            listed: listed.cloned(),
            distance: finding.distance.clone(),
            cause: cause.map(Cause::to_string),
            cause_code: cause.and_then(Cause::code),
            certainty: cause.map(Cause::certainty),
        }
    }
}
