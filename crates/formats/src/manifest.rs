//! Manifests: which bytes, how each was derived, what is claimed (docs/spec/7-manifests.md).

use crate::canonical::{Document, inconsistent};
use crate::claim::{self, Claim};
use crate::dataset::DatasetRole;
use crate::digest::Digest;
use crate::licence::Licence;
use crate::limits;
use crate::malformed::Fault;
use crate::path::RelativePath;
use crate::text::{Line, Name, Version};
use serde::{Deserialize, Serialize};

/// Version of the format. 1: the first. 2: files of signal sessions, balances and references.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.manifest/1")]
    V1,
    /// Version 2.
    #[serde(rename = "openweigh.manifest/2")]
    V2,
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Manifest {
    /// Kind and version of the file.
    pub format: Format,
    /// Name, and first part of the file's name.
    pub name: Name,
    /// Semantic version, and second part of the file's name.
    pub version: Version,
    /// One line for people.
    pub title: Line,
    /// The manifest that this one succeeds.
    pub previous: Option<Digest>,
    /// Every file, by path.
    pub files: Vec<ManifestFile>,
    /// How each derived file was derived.
    pub derivations: Vec<Derivation>,
    /// Published numbers.
    pub claims: Vec<Claim>,
}

/// A file, relative to the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct ManifestFile {
    /// Where.
    pub path: RelativePath,
    /// What it is.
    pub role: Role,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its licence.
    pub licence: Licence,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Role {
    /// A `dataset.json`.
    Dataset,
    /// A dataset's table.
    Measurements,
    /// A session's `session.json`.
    Session,
    /// A session's `touches.csv`.
    Touches,
    /// A session's `events.csv`.
    Events,
    /// A session's `weighings.csv`.
    Weighings,
    /// A recipe.
    Recipe,
    /// Weights.
    Weights,
    /// Results.
    Results,
    /// The text of a licence.
    Licence,
    /// A session's `samples.csv`. Version 2.
    Samples,
    /// A session's `balance.csv`. Version 2.
    Balance,
    /// A dataset's `references.csv`. Version 2.
    References,
}

impl Role {
    /// Whether readings are made of the file's frames.
    pub fn is_of_frames(self) -> bool {
        matches!(self, Self::Touches | Self::Samples)
    }

    /// The version of the format that brought this role.
    pub fn format(self) -> Format {
        match self {
            Self::Samples | Self::Balance | Self::References => Format::V2,
            _ => Format::V1,
        }
    }

    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Measurements => "measurements",
            Self::Session => "session",
            Self::Touches => "touches",
            Self::Events => "events",
            Self::Weighings => "weighings",
            Self::Recipe => "recipe",
            Self::Weights => "weights",
            Self::Results => "results",
            Self::Licence => "licence",
            Self::Samples => "samples",
            Self::Balance => "balance",
            Self::References => "references",
        }
    }
}

impl From<DatasetRole> for Role {
    fn from(role: DatasetRole) -> Self {
        match role {
            DatasetRole::Measurements => Self::Measurements,
            DatasetRole::Session => Self::Session,
            DatasetRole::Touches => Self::Touches,
            DatasetRole::Events => Self::Events,
            DatasetRole::Weighings => Self::Weighings,
            DatasetRole::Samples => Self::Samples,
            DatasetRole::Balance => Self::Balance,
            DatasetRole::References => Self::References,
        }
    }
}

/// How one file was derived from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Derivation {
    /// By which function.
    pub kind: DerivationKind,
    /// From which files, in order.
    pub inputs: Vec<RelativePath>,
    /// Into which file.
    pub outputs: Vec<RelativePath>,
    /// With which program.
    pub tool: Tool,
}

/// The functions of the toolkit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum DerivationKind {
    /// Recipe, datasets → weights.
    Fit,
    /// Weights, datasets → results.
    Replay,
}

impl DerivationKind {
    /// The word in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fit => "fit",
            Self::Replay => "replay",
        }
    }
}

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Tool {
    /// Its name.
    pub name: Line,
    /// Its version.
    pub version: Version,
}

impl Manifest {
    /// The entry of a path.
    pub fn file(&self, path: &RelativePath) -> Option<&ManifestFile> {
        self.files
            .binary_search_by(|file| file.path.as_str().cmp(path.as_str()))
            .ok()
            .map(|at| &self.files[at])
    }

    /// The derivation whose output is `path`.
    pub fn derivation_of(&self, path: &RelativePath) -> Option<&Derivation> {
        self.derivations.iter().find(|derivation| derivation.outputs.contains(path))
    }

    /// The entries of a role, by path.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &ManifestFile> {
        self.files.iter().filter(move |file| file.role == role)
    }

    /// The oldest version that has all of these roles.
    pub fn least_format(files: &[ManifestFile]) -> Format {
        let new = files.iter().any(|file| file.role.format() == Format::V2);
        if new { Format::V2 } else { Format::V1 }
    }

    fn check_files(&self) -> Result<(), Fault> {
        if self.format == Format::V1
            && let Some(file) = self.files.iter().find(|file| file.role.format() != Format::V1)
        {
            let found = format!("`{}` in the role `{}`", file.path, file.role.as_str());
            return Err(inconsistent("files", found, "roles of version 1"));
        }
        if self.derivations.len() > limits::FILES {
            let expected = format!("at most {}", limits::FILES);
            return Err(inconsistent("derivations", self.derivations.len(), expected));
        }
        if self.files.len() > limits::FILES {
            return Err(inconsistent("files", self.files.len(), format!("at most {}", limits::FILES)));
        }
        if self.of_role(Role::Weights).next().is_none() && !self.is_data_alone() {
            return Err(inconsistent(
                "files",
                "no weights",
                "at least one weights file, or datasets and nothing derived: without them there is nothing to check",
            ));
        }
        for pair in self.files.windows(2) {
            if pair[0].path.as_str() >= pair[1].path.as_str() {
                let found = format!("`{}` after `{}`", pair[1].path, pair[0].path);
                return Err(inconsistent("files", found, "paths in ascending order, each once"));
            }
        }
        let mut folded = std::collections::BTreeSet::new();
        for file in &self.files {
            if !folded.insert(file.path.folded()) {
                let found = format!("`{}` and its twin in other letter case", file.path);
                return Err(inconsistent("files", found, "paths that differ by more than case"));
            }
        }
        Ok(())
    }

    /// Whether it publishes datasets of which nothing is derived yet.
    pub fn is_data_alone(&self) -> bool {
        let derived = |file: &ManifestFile| matches!(file.role, Role::Recipe | Role::Weights | Role::Results);
        self.of_role(Role::Dataset).next().is_some() && !self.files.iter().any(derived)
    }

    fn check_derivation(&self, at: usize) -> Result<(), Fault> {
        let derivation = &self.derivations[at];
        let what = format!("derivation {}", at + 1);
        let mut inputs = std::collections::BTreeSet::new();
        if let Some(path) = derivation.inputs.iter().find(|path| !inputs.insert(*path)) {
            return Err(inconsistent(&what, format!("`{path}` twice"), "each input once"));
        }
        for path in derivation.inputs.iter().chain(&derivation.outputs) {
            if self.file(path).is_none() {
                return Err(inconsistent(
                    &what,
                    format!("`{path}`, which is not listed"),
                    "a path listed in `files`",
                ));
            }
        }
        let roles = |paths: &[RelativePath]| -> Vec<Role> {
            paths.iter().filter_map(|path| self.file(path)).map(|file| file.role).collect()
        };
        let (inputs, outputs) = (roles(&derivation.inputs), roles(&derivation.outputs));
        let datasets = |roles: &[Role]| !roles.is_empty() && roles.iter().all(|role| *role == Role::Dataset);
        let sound = match (derivation.kind, inputs.as_slice(), outputs.as_slice()) {
            (
                DerivationKind::Fit,
                [Role::Recipe, rest @ .., Role::Weights] | [Role::Recipe, rest @ ..],
                [Role::Weights],
            ) => datasets(rest),
            (DerivationKind::Replay, [Role::Weights, rest @ ..], [Role::Results]) => datasets(rest),
            _ => false,
        };
        if !sound {
            let expected = match derivation.kind {
                DerivationKind::Fit => "a recipe, datasets and at most one parent; out of them weights",
                DerivationKind::Replay => "weights and datasets; out of them results",
            };
            return Err(inconsistent(&what, "other inputs or outputs", expected));
        }
        Ok(())
    }
}

impl Document for Manifest {
    const FORMAT: &'static str = "openweigh.manifest/1";
    const LATER: &'static [&'static str] = &["openweigh.manifest/2"];

    fn check(&self) -> Result<(), Fault> {
        self.check_files()?;
        let inputs: usize = self.derivations.iter().map(|derivation| derivation.inputs.len()).sum();
        if inputs > limits::INPUTS {
            let expected = format!("at most {} of all derivations together", limits::INPUTS);
            return Err(inconsistent("inputs", inputs, expected));
        }
        for at in 0..self.derivations.len() {
            self.check_derivation(at)?;
        }
        let mut outputs = std::collections::BTreeSet::new();
        for path in self.derivations.iter().flat_map(|derivation| &derivation.outputs) {
            if !outputs.insert(path) {
                let found = format!("`{path}` derived a second time");
                return Err(inconsistent("derivations", found, "one derivation of each file"));
            }
        }
        claim::check_all(&self.claims)?;
        for claim in &self.claims {
            let role = self.file(&claim.over.file).map(|file| file.role);
            if !matches!(role, Some(Role::Weights | Role::Results)) {
                let found = format!("`{}`", claim.over.file);
                return Err(inconsistent(
                    format!("claim `{}`: over.file", claim.id),
                    found,
                    "listed weights or results",
                ));
            }
        }
        Ok(())
    }
}
