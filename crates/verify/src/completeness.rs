//! Stage 1, continued: what must be listed is, under its own name and in its true role, and nothing lies
//! beside it unlisted (docs/spec/7-manifests.md, 7.1).

use crate::finding::{Cause, Finding, Guess, Kind};
use crate::opened::Opened;
use crate::report::{Item, Note, Stage, Verdict};
use crate::scope::Scope;
use openweigh_formats::dataset::{Counted, DatasetRole};
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::licence::Licence;
use openweigh_formats::malformed::visible;
use openweigh_formats::manifest::{Derivation, DerivationKind, Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::shown::plain;
use std::collections::BTreeSet;

/// Stray files that are named one by one; of more, only the number is told.
const NAMED_STRAYS: usize = 10;

/// Everything that is missing, misnamed, in a false role, or unlisted.
pub(crate) fn check(manifest: &Manifest, opened: &Opened, from: &dyn Files, scope: &Scope) -> Vec<Item> {
    let mut found = Complaints { manifest, opened, items: Vec::new() };
    found.names();
    found.datasets();
    found.weights();
    found.results();
    found.roles();
    found.licences();
    found.provenance();
    match scope {
        Scope::Ledger => found.strays_of_datasets(from),
        Scope::Release { own } => {
            found.items.extend(strays(manifest, from, &|path| own.iter().any(|own| own == path)));
        }
        Scope::Files => {}
    }
    found.items
}

struct Complaints<'a> {
    manifest: &'a Manifest,
    opened: &'a Opened,
    items: Vec<Item>,
}

/// The file's name without its folder, and without its last extension.
fn name_and_stem(path: &RelativePath) -> (&str, &str) {
    let name = path.as_str().rsplit('/').next().unwrap_or_default();
    (name, name.rsplit_once('.').map_or(name, |(stem, _)| stem))
}

fn text_of(id: &str) -> String {
    format!("LICENSES/{id}.txt")
}

impl Complaints<'_> {
    fn add(&mut self, subject: &str, kind: Kind) {
        let verdict = Verdict::failed(kind);
        self.items.push(Item { stage: Stage::Bytes, subject: subject.to_owned(), verdict });
    }

    /// A file is called what its content calls itself: nobody takes one version for another by its name.
    fn names(&mut self) {
        let opened = self.opened;
        let folder = |path: &RelativePath| {
            path.parent().and_then(|parent| parent.rsplit('/').next()).map(str::to_owned)
        };
        for (path, weights) in &opened.weights {
            let own = format!("{}-{}", weights.name, weights.version);
            if name_and_stem(path).1 != own {
                self.add(path.as_str(), Kind::OtherFileName(own));
            }
        }
        for (path, recipe) in &opened.recipes {
            if name_and_stem(path).1 != recipe.name.as_str() {
                self.add(path.as_str(), Kind::OtherFileName(recipe.name.to_string()));
            }
        }
        for (path, session) in &opened.sessions {
            if folder(path).as_deref() != Some(session.id.as_str()) {
                self.add(path.as_str(), Kind::OtherFolderName(session.id.clone()));
            }
        }
        for (path, dataset) in &opened.datasets {
            let in_own_folder = folder(path).as_deref() == Some(dataset.name.as_str());
            if !in_own_folder || name_and_stem(path).0 != "dataset.json" {
                self.add(path.as_str(), Kind::DatasetElsewhere(dataset.name.clone()));
            }
        }
    }

    fn datasets(&mut self) {
        for (path, dataset) in &self.opened.datasets {
            let before = self.items.len();
            for file in &dataset.files {
                // Of a dataset with hundreds of files that are not there, the first ones are told.
                if self.items.len() - before >= NAMED_STRAYS {
                    break;
                }
                let Ok(at) = path.sibling(&file.path) else { continue };
                let what = match self.manifest.file(&at) {
                    None => Kind::FileUnlisted(at),
                    Some(listed) if listed.sha256 != file.sha256 || listed.bytes != file.bytes => {
                        Kind::FileStatedOtherwise(at)
                    }
                    Some(listed) if listed.role != Role::from(file.role) => Kind::OtherRole(at),
                    Some(listed) if listed.licence != dataset.licence => {
                        Kind::FileUnderOtherLicence { licence: dataset.licence.clone(), path: at }
                    }
                    Some(_) => continue,
                };
                self.add(path.as_str(), what);
            }
        }
    }

    fn weights(&mut self) {
        for (path, weights) in &self.opened.weights {
            if self.manifest.derivation_of(path).is_none() {
                self.add(path.as_str(), Kind::NoFit);
            }
            for trained in &weights.trained_on {
                if !self.manifest.of_role(Role::Dataset).any(|file| file.sha256 == trained.sha256) {
                    let (name, sha256) = (trained.name.clone(), trained.sha256.clone());
                    self.add(path.as_str(), Kind::TrainingUnlisted { name, sha256 });
                }
            }
        }
        for derivation in &self.manifest.derivations {
            self.each_once(derivation);
        }
    }

    /// No rows count twice, under whatever name they come.
    fn each_once(&mut self, derivation: &Derivation) {
        let mut counted = Counted::default();
        for input in &derivation.inputs {
            let Some(dataset) = self.opened.datasets.get(input) else { continue };
            if !counted.count(dataset) {
                let output = derivation.outputs.first().map_or("", RelativePath::as_str);
                self.add(output, Kind::InputTwice(input.clone()));
            }
        }
    }

    fn results(&mut self) {
        for file in self.manifest.of_role(Role::Results) {
            let Some(derivation) = self.manifest.derivation_of(&file.path) else {
                self.add(file.path.as_str(), Kind::NoReplay);
                continue;
            };
            let weights = derivation.inputs.first().and_then(|path| self.opened.weights.get(path));
            if weights.is_some_and(|weights| weights.licence != file.licence) {
                self.add(file.path.as_str(), Kind::OtherLicenceThanWeights);
            }
        }
    }

    /// Every listed file is what its role says, and something follows from it.
    fn roles(&mut self) {
        let used: BTreeSet<&RelativePath> =
            self.manifest.derivations.iter().flat_map(|own| &own.inputs).collect();
        let owned: BTreeSet<RelativePath> = (self.opened.datasets.iter())
            .flat_map(|(path, dataset)| dataset.files.iter().filter_map(|file| path.sibling(&file.path).ok()))
            .collect();
        let texts: BTreeSet<String> =
            self.stated().iter().flat_map(|(_, licence)| licence.ids()).map(|id| text_of(&id)).collect();
        let unread = self.opened.datasets.len() < self.manifest.of_role(Role::Dataset).count()
            || self.opened.weights.len() < self.manifest.of_role(Role::Weights).count();
        for file in &self.manifest.files {
            let what = match file.role {
                Role::Recipe | Role::Dataset
                    if !used.contains(&file.path) && !self.manifest.is_data_alone() =>
                {
                    Kind::Unused
                }
                // What could not be read may be what lists the table or states the licence.
                Role::Measurements
                | Role::Session
                | Role::Touches
                | Role::Samples
                | Role::Balance
                | Role::References
                | Role::Events
                | Role::Weighings
                    if !unread && !owned.contains(&file.path) =>
                {
                    Kind::OfNoDataset
                }
                Role::Licence if !unread && !texts.contains(file.path.as_str()) => Kind::TextOfNoLicence,
                _ => continue,
            };
            self.add(file.path.as_str(), what);
        }
    }

    /// The licences that datasets and weights state.
    fn stated(&self) -> Vec<(&RelativePath, &Licence)> {
        let datasets = self.opened.datasets.iter().map(|(path, dataset)| (path, &dataset.licence));
        datasets.chain(self.opened.weights.iter().map(|(path, weights)| (path, &weights.licence))).collect()
    }

    fn licences(&mut self) {
        let mut complaints = Vec::new();
        for (path, licence) in self.stated() {
            for text in licence.ids().iter().map(|id| text_of(id)) {
                let listed = text.parse().ok().and_then(|text| self.manifest.file(&text));
                if listed.is_none_or(|file| file.role != Role::Licence) {
                    complaints.push((path.to_string(), Kind::TextUnlisted(text)));
                }
            }
            if self.manifest.file(path).is_some_and(|file| file.licence != *licence) {
                complaints.push((path.to_string(), Kind::OtherLicence(licence.clone())));
            }
        }
        for derivation in self.manifest.derivations.iter().filter(|own| own.kind == DerivationKind::Fit) {
            let weights = derivation.outputs.first().and_then(|path| self.opened.weights.get(path));
            let recipe = derivation.inputs.first().and_then(|path| self.manifest.file(path));
            if let (Some(weights), Some(recipe)) = (weights, recipe)
                && weights.licence != recipe.licence
            {
                complaints.push((recipe.path.to_string(), Kind::OtherLicenceThanWeights));
            }
        }
        complaints.extend(self.licences_of_texts());
        for (subject, what) in complaints {
            self.add(&subject, what);
        }
    }

    /// The text of a licence is listed under that licence.
    fn licences_of_texts(&self) -> Vec<(String, Kind)> {
        let mut complaints = Vec::new();
        for (text, licence) in self.manifest.of_role(Role::Licence).map(|file| (&file.path, &file.licence)) {
            if !licence.ids().iter().any(|id| text_of(id) == text.as_str()) {
                complaints.push((text.to_string(), Kind::TextOfOtherLicence(licence.clone())));
            }
        }
        complaints
    }

    /// What a simulator made is not called measured.
    fn provenance(&mut self) {
        let mut complaints = Vec::new();
        for (path, dataset) in &self.opened.datasets {
            let files = dataset.files.iter().filter(|file| file.role == DatasetRole::Session);
            let sessions = files.filter_map(|file| path.sibling(&file.path).ok());
            for session in sessions.filter_map(|path| self.opened.sessions.get(&path)) {
                if dataset.denies(session) {
                    let (kind, session) = (dataset.provenance.kind, session.id.clone());
                    complaints.push((path.to_string(), Kind::Simulated { kind, session }));
                }
            }
        }
        for (subject, what) in complaints {
            self.add(&subject, what);
        }
    }

    /// Files that lie in the folders of datasets without being listed.
    fn strays_of_datasets(&mut self, from: &dyn Files) {
        let folders: BTreeSet<&str> =
            self.manifest.of_role(Role::Dataset).filter_map(|file| file.path.parent()).collect();
        for folder in folders {
            let own = |path: &str| unfinished_part(folder, path).is_some();
            self.items.extend(unlisted(self.manifest, from, Some(folder), &own));
        }
    }
}

/// The endings and beginnings of what is not finished: the folder of a session that is recorded, and the draft of a
/// file.
const PART: &str = ".part";
const DRAFT: &str = ".draft-";

/// What of a dataset's folder a path is in that was never finished, and whether that is a session.
fn unfinished_part<'a>(folder: &str, path: &'a str) -> Option<(&'a str, bool)> {
    let inside = path.strip_prefix(folder)?.strip_prefix('/')?;
    if let Some(in_sessions) = inside.strip_prefix("sessions/")
        && let Some((session, _)) = in_sessions.split_once('/')
        && session.ends_with(PART)
    {
        return Some((&path[..path.len() - in_sessions.len() + session.len()], true));
    }
    let name = inside.rsplit('/').next().unwrap_or(inside);
    name.starts_with(DRAFT).then_some((path, false))
}

/// A note of everything in the folders of a ledger's datasets that was never finished.
pub(crate) fn unfinished(manifest: &Manifest, from: &dyn Files, scope: &Scope) -> Vec<Note> {
    let Scope::Ledger = scope else { return Vec::new() };
    let folders: BTreeSet<&str> =
        manifest.of_role(Role::Dataset).filter_map(|file| file.path.parent()).collect();
    let mut notes: Vec<Note> = Vec::new();
    for folder in folders {
        let dataset = visible(folder.rsplit('/').next().unwrap_or(folder));
        for path in from.everything(Some(folder)).unwrap_or_default() {
            let Some((part, session)) = unfinished_part(folder, &path) else { continue };
            let note = Note::Unfinished { path: visible(part), dataset: dataset.clone(), session };
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    notes
}

/// Everything in a release that its manifest does not list and that `own` does not know.
pub fn strays(manifest: &Manifest, from: &dyn Files, own: &dyn Fn(&str) -> bool) -> Vec<Item> {
    unlisted(manifest, from, None, own)
}

/// An item for each file in a folder that is not listed, and for what could not be seen.
fn unlisted(
    manifest: &Manifest,
    from: &dyn Files,
    folder: Option<&str>,
    own: &dyn Fn(&str) -> bool,
) -> Vec<Item> {
    let failed = |subject: &str, kind: Kind| {
        let cause = litter(subject).map(|what| Cause::Likely(Guess::Litter(what)));
        let verdict = Verdict::Failed(Finding { cause, ..kind.into() });
        Item { stage: Stage::Bytes, subject: plain(&visible(subject)), verdict }
    };
    let mut strays = match from.everything(folder) {
        Ok(found) => found,
        // A folder that is not there: each of its files is told as missing already.
        Err(Unreadable::Missing) => return Vec::new(),
        Err(error) => return vec![failed(folder.unwrap_or("."), Kind::Unreadable(error))],
    };
    strays.retain(|path| {
        !own(path) && !path.parse().is_ok_and(|path: RelativePath| manifest.file(&path).is_some())
    });
    let in_release = folder.is_none();
    let mut items: Vec<Item> =
        strays.iter().take(NAMED_STRAYS).map(|path| failed(path, Kind::Stray { in_release })).collect();
    if strays.len() > NAMED_STRAYS {
        let more = strays.len() - NAMED_STRAYS;
        items.push(failed(".", Kind::Strays(more)));
    }
    items
}

/// What a file is that a system or an editor leaves behind, told by its name.
fn litter(path: &str) -> Option<&'static str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        ".DS_Store" => "a note of the Finder of macOS on how the folder is shown",
        "Thumbs.db" | "ehthumbs.db" | "desktop.ini" => {
            "a note of the Explorer of Windows on how the folder is shown"
        }
        ".directory" => "a note of the Dolphin of KDE on how the folder is shown",
        _ if name.starts_with("._") => "what macOS keeps beside a file on foreign disks",
        _ if name.starts_with(".~lock.") => "a lock of an office program",
        _ if name.ends_with('~') || name.ends_with(".bak") || name.ends_with(".orig") => {
            "a backup that an editor or a merge left"
        }
        _ if name.starts_with('.')
            && [".swp", ".swo", ".swn"].iter().any(|ending| name.ends_with(ending)) =>
        {
            "what the editor vim keeps while a file is open"
        }
        _ if name.starts_with(".#") || name.starts_with('#') && name.ends_with('#') => {
            "what the editor Emacs keeps while a file is open"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{litter, unfinished_part};

    #[test]
    fn what_is_not_finished_is_told_from_files() {
        for (path, part) in [
            ("datasets/d/sessions/s02.part/touches.csv", Some(("datasets/d/sessions/s02.part", true))),
            ("datasets/d/.draft-12-0", Some(("datasets/d/.draft-12-0", false))),
            ("datasets/d/sessions/s01/.draft-3", Some(("datasets/d/sessions/s01/.draft-3", false))),
            ("datasets/d/sessions/s02/touches.csv.part", None),
            ("datasets/d/s02.part/touches.csv", None),
            ("datasets/d/sessions/s02.part", None),
            ("datasets/e/sessions/s02.part/touches.csv", None),
        ] {
            assert_eq!(unfinished_part("datasets/d", path), part, "{path}");
        }
    }

    #[test]
    fn litter_is_told_from_files() {
        for path in [
            "datasets/a/.DS_Store",
            "datasets/a/Thumbs.db",
            "desktop.ini",
            "a/._dataset.json",
            "a/b.csv~",
            "a/.b.csv.swp",
            "a/#b.csv#",
            "a/.#b.csv",
            "a/b.csv.orig",
            "a/.~lock.b.csv#",
        ] {
            assert!(litter(path).is_some(), "{path}");
        }
        for path in ["a/extra.csv", "a~/b.csv", "a/.hidden", "a/b.swp", "a/DS_Store", ""] {
            assert_eq!(litter(path), None, "{path}");
        }
    }
}
