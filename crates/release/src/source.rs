//! What every generated file of a release follows from, and whether it is enough to be published.

use crate::parties::text_path;
use crate::previous::Previous;
use openweigh_formats::Digest;
use openweigh_formats::dataset::{Dataset, Kind};
use openweigh_formats::licence::Licence;
use openweigh_formats::manifest::{Manifest, ManifestFile, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_formats::release::{PREVIOUS, PUBLICATION};
use openweigh_formats::weights::Weights;
use openweigh_formats::withheld;
use openweigh_verify::Opened;
use openweigh_verify::Verdict;
use openweigh_verify::licences::Texts;
use std::collections::{BTreeMap, BTreeSet};

/// A manifest with what its files say, and what the publisher says.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The manifest.
    pub manifest: &'a Manifest,
    /// SHA-256 of the manifest's bytes: the id of the release.
    pub id: &'a Digest,
    /// What the publisher says.
    pub publication: &'a Publication,
    /// SHA-256 of the bytes of `publication.toml`.
    pub publication_id: &'a Digest,
    /// The manifest's files, as far as they have their digests.
    pub opened: &'a Opened,
    /// Texts of licences that the publication names and the manifest has no text of, by SPDX id: see
    /// [`texts_wanted`].
    pub texts: &'a BTreeMap<String, Vec<u8>>,
    /// The release that this one succeeds.
    pub previous: Option<&'a Previous>,
    /// The bytes of the results; needed where there is a release before, to tell what moved.
    pub results: &'a BTreeMap<RelativePath, Vec<u8>>,
    /// Files of the manifest that the release keeps back.
    pub withheld: &'a BTreeSet<RelativePath>,
}

/// Whether a path is of readings of a dataset, which are data as it is.
fn in_folder_of(path: &str, dataset: &Dataset) -> bool {
    let rest = path.strip_prefix(withheld::FOLDER).and_then(|rest| rest.strip_prefix('/'));
    rest.and_then(|rest| rest.split_once('/')).is_some_and(|(folder, _)| folder == dataset.name.as_str())
}

/// The ids of the licences that the publication names and the manifest lists no text of: the cards may be under
/// another licence than the data, and REUSE 3.3 wants the text of each in the release.
pub fn texts_wanted(manifest: &Manifest, publication: &Publication) -> Vec<String> {
    let listed = |path: &str| manifest.of_role(Role::Licence).any(|file| file.path.as_str() == path);
    let mut ids = publication.licence.ids();
    ids.retain(|id| !listed(&text_path(id)));
    ids.sort();
    ids
}

/// Something without which nothing is published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {what}")]
pub struct Missing {
    /// The file that should say it.
    pub path: String,
    /// What is missing.
    pub what: String,
}

impl<'a> Source<'a> {
    /// The weights, by path.
    pub fn weights(&self) -> impl Iterator<Item = (&'a RelativePath, &'a Weights)> {
        self.opened.weights.iter()
    }

    /// The datasets, by path.
    pub fn datasets(&self) -> impl Iterator<Item = (&'a RelativePath, &'a Dataset)> {
        self.opened.datasets.iter()
    }

    /// The files of the manifest that are in the release, by path.
    pub fn present(&self) -> impl Iterator<Item = &'a ManifestFile> + use<'a> {
        let withheld = self.withheld;
        self.manifest.files.iter().filter(move |file| !withheld.contains(&file.path))
    }

    /// The files of a role, by path.
    pub fn files(&self, role: Role) -> impl Iterator<Item = &'a ManifestFile> {
        self.manifest.of_role(role)
    }

    /// Whether all documents of the manifest could be read: only then do the generated files follow.
    pub fn is_complete(&self) -> bool {
        let all = |role, found: usize| self.files(role).count() == found;
        all(Role::Weights, self.opened.weights.len())
            && all(Role::Dataset, self.opened.datasets.len())
            && all(Role::Recipe, self.opened.recipes.len())
            && all(Role::Session, self.opened.sessions.len())
            && (self.withheld.is_empty() || self.opened.readings.iter().all(|one| one.sessions.is_some()))
    }

    /// The licence of a generated file: that of the publisher's words, but readings have that of their dataset, and
    /// what is kept of the release before keeps its own.
    pub fn licence_of_generated(&self, path: &str) -> &'a Licence {
        if let Some(dataset) = self.datasets().find(|(_, dataset)| in_folder_of(path, dataset)) {
            return &dataset.1.licence;
        }
        let kept = path.strip_prefix(PREVIOUS).and_then(|path| path.strip_prefix('/'));
        let kept = kept.and_then(|path| self.previous?.manifest.file(&path.parse().ok()?));
        let licence = kept.map(|file| &file.licence).filter(|licence| licence.is_stated());
        licence.unwrap_or(&self.publication.licence)
    }

    /// The dataset that lists a file.
    pub fn dataset_of(&self, path: &RelativePath) -> Option<&'a Dataset> {
        let lists = |at: &RelativePath, dataset: &Dataset| {
            dataset.files.iter().any(|file| at.sibling(&file.path).is_ok_and(|file| file == *path))
        };
        self.datasets().find(|(at, dataset)| *at == path || lists(at, dataset)).map(|(_, dataset)| dataset)
    }

    /// The weights that results were derived with.
    pub fn weights_of(&self, results: &RelativePath) -> Option<&'a Weights> {
        let derivation = self.manifest.derivation_of(results)?;
        self.opened.weights.get(derivation.inputs.first()?)
    }

    /// What is missing for strangers to use this: licences, origins, authors, ranges, the device.
    pub fn missing(&self) -> Vec<Missing> {
        let mut missing = Vec::new();
        let mut add = |path: &RelativePath, what: &str| {
            missing.push(Missing { path: path.to_string(), what: what.to_owned() });
        };
        for (path, dataset) in self.datasets() {
            if !dataset.licence.is_stated() {
                add(path, licence_wanted(dataset.kind));
            }
            if dataset.provenance.origin.as_str().trim().is_empty() {
                add(path, "no origin is stated: import the data again under another --name with --origin");
            }
            if self.manifest.is_data_alone()
                && dataset.kind != Kind::TouchSessions
                && self.publication.instrument.is_none()
            {
                add(path, &self.instrument_wanted("the device that measured is not stated"));
            }
            if dataset.authors.is_empty() && dataset.provenance.origin.as_str().trim().is_empty() {
                add(path, "nobody is named who made the data");
            }
        }
        for (path, weights) in self.weights() {
            if !weights.licence.is_stated() {
                add(
                    path,
                    "no licence is stated: fit again with --license and another --version, or on data that state one",
                );
            }
            if weights.range.is_empty() && !weights.recipe.features().is_empty() {
                add(path, "the range in which they hold is not stated");
            }
            if weights.applies_to.pad.is_none() && self.publication.instrument.is_none() {
                add(path, &self.instrument_wanted("the device they apply to is not stated"));
            }
        }
        self.add_missing_words(&mut missing);
        missing
    }

    /// That the instrument is to be said, and in which file a ledger has what a publisher says.
    fn instrument_wanted(&self, what: &str) -> String {
        let name = &self.manifest.name;
        format!("{what}: write `instrument = \"...\"` into artifacts/publications/{name}.toml")
    }

    /// What the publisher has yet to say or to provide.
    fn add_missing_words(&self, missing: &mut Vec<Missing>) {
        if self.publication.date.is_none() {
            // RO-Crate 1.1 demands `datePublished`, and no clock is read, so that the same release comes out again.
            let what =
                "no day of publication is stated, which RO-Crate demands: write `date = \"YYYY-MM-DD\"`";
            missing.push(Missing { path: PUBLICATION.to_owned(), what: what.to_owned() });
        }
        for id in texts_wanted(self.manifest, self.publication) {
            if !self.texts.contains_key(&id) {
                let what = format!("the text of the licence of the cards, `{id}`, is needed: put it there");
                missing.push(Missing { path: text_path(&id), what });
            }
        }
    }
}

/// Texts of the licences of a publisher's words that are not those of their ids; those of the manifest were verified with
/// it. Ids that the SPDX list does not have cannot be judged.
pub fn false_texts(texts: &BTreeMap<String, Vec<u8>>) -> Vec<Missing> {
    let mut compared = Texts::default();
    let judged = texts.iter().map(|(id, text)| (id, compared.verdict(id, text)));
    judged
        .filter_map(|(id, verdict)| match verdict {
            Verdict::Failed(finding) => Some(Missing { path: text_path(id), what: finding.kind.to_string() }),
            _ => None,
        })
        .collect()
}

/// That a dataset states no licence, and what helps: what weights and manifests pin is not changed any more.
fn licence_wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Table => {
            "no licence is stated, and these data are pinned: bring them in again with `openweigh import table FILE --name OTHER --license SPDX`, then fit, replay and seal those"
        }
        Kind::SignalSessions => {
            "no licence is stated, and these data are pinned: bring them in again with `openweigh import signal LOG --name OTHER --license SPDX` and the options as before, then weigh, fit, replay and seal those"
        }
        Kind::TouchSessions => {
            "no licence is stated, and these data are pinned: record a session more into a copy with `openweigh record --name NAME --as OTHER --license SPDX`, or bring a recording in again under another --name with --license; then fit, replay and seal those"
        }
    }
}
