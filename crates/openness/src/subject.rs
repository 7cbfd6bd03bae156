//! Everything that a grade follows from.

use crate::answer::{Answer, Evidence};
use crate::reproduced::ReproducedBy;
use crate::texts::Texts;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::licence::Licence;
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_verify::Opened;
use openweigh_verify::{Report, Stage, Verdict};

/// A release, read and derived again.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The manifest.
    pub manifest: &'a Manifest,
    /// Its files, as far as they have their digests and formats.
    pub contents: &'a Opened,
    /// What verification found, here and now.
    pub report: &'a Report,
    /// What the publisher says in words; a manifest in a ledger has none yet.
    pub publication: Option<&'a Publication>,
    /// What its licence texts are.
    pub texts: &'a Texts,
    /// The generated files of the release.
    pub cards: &'a [Card],
    /// The program that derives again.
    pub tool: &'a Tool,
    /// Receipts whose signatures were checked.
    pub receipts: &'a [ReproducedBy],
}

/// A file of a release that follows from the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// Where in the release.
    pub path: String,
    /// Whether it is the one that follows.
    pub state: State,
}

/// Whether a generated file is what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Byte for byte.
    Genuine,
    /// It holds something else.
    Edited,
    /// It is not there.
    Missing,
}

/// The program that derives again: a fact of the program itself, not of the release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The licence it was compiled under.
    pub licence: Licence,
}

impl<'a> Subject<'a> {
    /// Whether verification found an item of a stage right.
    pub(crate) fn checked(&self, stage: Stage, subject: &str) -> Answer {
        let found = self.report.items.iter().filter(|item| item.stage == stage && item.subject == subject);
        Answer::all(found.map(|item| match item.verdict {
            Verdict::Checked => Answer::Yes,
            Verdict::Failed(_) => Answer::No,
            Verdict::Malformed(_) | Verdict::NotCheckable(_) => Answer::Unknown,
        }))
    }

    /// Whether all weights followed from the data and the recipe, with this program.
    pub(crate) fn weights_derived(&self) -> Answer {
        let weights = self.manifest.of_role(Role::Weights);
        Answer::all(weights.map(|file| self.checked(Stage::Weights, file.path.as_str())))
    }

    /// Whether all results followed from the weights, with this program.
    pub(crate) fn results_derived(&self) -> Answer {
        let results = self.manifest.of_role(Role::Results);
        Answer::all(results.map(|file| self.checked(Stage::Results, file.path.as_str())))
    }

    /// The files of a role.
    pub(crate) fn paths(&self, role: Role) -> impl Iterator<Item = &'a RelativePath> + use<'a> {
        self.manifest.of_role(role).map(|file| &file.path)
    }

    /// The files of a role, as evidence.
    pub(crate) fn files(&self, role: Role) -> Vec<Evidence> {
        self.paths(role).map(Evidence::file).collect()
    }

    /// A key of each file of a role, as evidence.
    pub(crate) fn keys(&self, role: Role, key: &str) -> Vec<Evidence> {
        self.paths(role).map(|path| Evidence::at(path, key)).collect()
    }

    /// Every listed dataset; none for one that could not be read.
    pub(crate) fn datasets(&self) -> impl Iterator<Item = (&'a RelativePath, Option<&'a Dataset>)> + use<'a> {
        let contents = self.contents;
        self.paths(Role::Dataset).map(move |path| (path, contents.datasets.get(path)))
    }

    /// Whether a dataset's own files are all here: those with the data, and those about them.
    pub(crate) fn has_data(&self, path: &RelativePath, dataset: &Dataset) -> Answer {
        Answer::all(dataset.files.iter().map(|file| match path.sibling(&file.path) {
            Ok(at) => self.checked(Stage::Bytes, at.as_str()),
            Err(_) => Answer::No,
        }))
    }

    /// The state of a generated file.
    pub(crate) fn card(&self, path: &str) -> State {
        self.cards.iter().find(|card| card.path == path).map_or(State::Missing, |card| card.state)
    }
}
