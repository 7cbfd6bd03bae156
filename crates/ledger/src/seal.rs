//! Gathering files into a manifest.

use crate::change::{Change, Expected};
use crate::draft::{DraftError, Written};
use crate::folder::EntryKind;
use crate::layout::Ledger;
use crate::licences;
use crate::lookup::Kind;
use crate::open::OpenError;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::claim::Claim;
use openweigh_formats::dataset::Dataset;
use openweigh_formats::licence::Licence;
use openweigh_formats::limits;
use openweigh_formats::manifest::{Derivation, DerivationKind, Manifest, ManifestFile, Role, Tool};
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::sums::Sums;
use openweigh_formats::text::{Line, Name, Version};
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, Malformed, digest::Hasher};
use std::collections::BTreeMap;
use std::path::Path;

/// What a manifest shall hold.
#[derive(Debug)]
pub struct Request {
    /// Its name.
    pub name: Name,
    /// Its version.
    pub version: Version,
    /// One line for people.
    pub title: Line,
    /// The manifest it succeeds.
    pub previous: Option<Digest>,
    /// The weights.
    pub weights: Vec<RelativePath>,
    /// Datasets, of a manifest of data alone; those that something is derived from are found by themselves.
    pub datasets: Vec<RelativePath>,
    /// The results, each with the weights it was derived from.
    pub results: Vec<(RelativePath, RelativePath)>,
    /// The claims.
    pub claims: Vec<Claim>,
    /// The program that seals.
    pub tool: Tool,
    /// Bytes of a CSV file.
    pub max_csv: u64,
}

/// Why no manifest could be made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// A file could not be read.
    #[error("{path}: {source}")]
    Open {
        /// Which.
        path: RelativePath,
        /// Why.
        source: OpenError,
    },
    /// A file is malformed.
    #[error("{path}:{source}")]
    Malformed {
        /// Which.
        path: RelativePath,
        /// How.
        source: Malformed,
    },
    /// The dataset that weights were trained on is not here, or has changed.
    #[error("{weights} was fitted on `{dataset}` with SHA-256 {expected}, found {}", found.as_ref().map_or("no such dataset", Digest::as_str))]
    Dataset {
        /// The weights.
        weights: RelativePath,
        /// The dataset.
        dataset: Name,
        /// The digest of its description when fitted.
        expected: Digest,
        /// The digest now.
        found: Option<Digest>,
    },
    /// The weights that others continue are not here.
    #[error("{weights} continues weights with SHA-256 {sha256}, and no file in artifacts/weights has it")]
    Parent {
        /// The weights.
        weights: RelativePath,
        /// The digest of their parent.
        sha256: Digest,
    },
    /// The recipe file is not the one inside the weights.
    #[error("{recipe} is not the recipe that {weights} was fitted with")]
    Recipe {
        /// The weights.
        weights: RelativePath,
        /// The recipe file.
        recipe: RelativePath,
    },
    /// The text of a licence is needed and not here.
    #[error("the text of the licence `{id}` is needed: put it into {path}")]
    Licence {
        /// Its SPDX id.
        id: String,
        /// Where it belongs.
        path: String,
    },
    /// The manifest would contradict itself.
    #[error("{0}")]
    Inconsistent(openweigh_formats::Fault),
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] DraftError),
}

/// A manifest that holds, as long as what it was made of does not change.
#[derive(Debug)]
pub struct Sealed {
    /// The manifest.
    pub manifest: Manifest,
    /// What it lists, apart from the data files, which their descriptions pin.
    relies_on: Vec<(RelativePath, Digest)>,
}

/// Weights: where they are, what they say, and where those are that they continue.
type Descendant = (RelativePath, Weights, Option<RelativePath>);

struct Gatherer<'a> {
    ledger: &'a Ledger,
    max_csv: u64,
    files: BTreeMap<RelativePath, ManifestFile>,
    licences: Vec<Licence>,
}

/// Reads and hashes everything that belongs to the weights and results, and lists it.
///
/// # Errors
/// Something that must be listed is missing, malformed, or not what the weights were fitted on.
pub fn seal(ledger: &Ledger, request: Request) -> Result<Sealed, SealError> {
    let mut gather =
        Gatherer { ledger, max_csv: request.max_csv, files: BTreeMap::new(), licences: Vec::new() };
    let mut derivations = Vec::new();
    let mut derived = |kind, inputs, output| {
        derivations.push(Derivation { kind, inputs, outputs: vec![output], tool: request.tool.clone() });
    };
    let mut licence_of = BTreeMap::new();
    for (path, weights, parent) in gather.lines_of_descent(&request.weights)? {
        let mut inputs = vec![gather.recipe(&path, &weights)?];
        for trained in &weights.trained_on {
            let dataset = Ledger::dataset(&trained.name);
            let found = gather.dataset(&dataset).map(|found| Some(found.1)).or_else(|error| match error {
                SealError::Open { source: OpenError::Missing, .. } => Ok(None),
                other => Err(other),
            })?;
            if found.as_ref() != Some(&trained.sha256) {
                return Err(SealError::Dataset {
                    weights: path.clone(),
                    dataset: trained.name.clone(),
                    expected: trained.sha256.clone(),
                    found,
                });
            }
            inputs.push(dataset);
        }
        inputs.extend(parent);
        licence_of.insert(path.clone(), weights.licence.clone());
        derived(DerivationKind::Fit, inputs, path);
    }
    for (path, weights) in &request.results {
        let licence = licence_of.get(weights).cloned().unwrap_or_else(Licence::no_assertion);
        let datasets = gather.results(path, licence)?;
        derived(
            DerivationKind::Replay,
            [weights.clone()].into_iter().chain(datasets).collect(),
            path.clone(),
        );
    }
    for path in &request.datasets {
        gather.dataset(path)?;
    }
    gather.licence_texts()?;
    let files: Vec<ManifestFile> = gather.files.into_values().collect();
    let manifest = Manifest {
        format: Manifest::least_format(&files),
        name: request.name,
        version: request.version,
        title: request.title,
        previous: request.previous,
        files,
        derivations,
        claims: request.claims,
    };
    manifest.check().map_err(SealError::Inconsistent)?;
    let heads = manifest.files.iter().filter(|file| {
        matches!(file.role, Role::Dataset | Role::Weights | Role::Recipe | Role::Results | Role::Licence)
    });
    let relies_on = heads.map(|file| (file.path.clone(), file.sha256.clone())).collect();
    Ok(Sealed { manifest, relies_on })
}

impl Sealed {
    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        canonical::write(&self.manifest)
    }

    /// Writes the manifest to its place in the ledger, or to a path that a person typed. In `manifests/`, its digest
    /// is put into `SHA256SUMS` with it.
    ///
    /// # Errors
    /// Another manifest is there and `force` is not given, something that it lists has changed, or the system refuses.
    pub fn write(&self, ledger: &Ledger, typed: Option<&Path>, force: bool) -> Result<Written, SealError> {
        let bytes = self.bytes();
        let path = match typed {
            None => Ledger::manifest(&self.manifest.name, &self.manifest.version),
            Some(typed) => match ledger.relative(typed).filter(|path| path.parent() == Some("manifests")) {
                Some(path) => path,
                None => return Ok(ledger.write_typed(typed, &bytes, force, &self.relies_on)?),
            },
        };
        let mut change = Change::of(ledger);
        change.put(&path, &bytes, Expected::unless(force))?;
        for (path, sha256) in &self.relies_on {
            change.relies_on(path.clone(), sha256.clone());
        }
        let lock = ledger.lock()?;
        let sums_path = Ledger::manifest_sums();
        let found = match ledger.folder_of(&sums_path)? {
            Some((folder, name)) => folder.read(name, limits::TOML_BYTES)?,
            None => None,
        };
        let malformed = |source| SealError::Malformed { path: sums_path.clone(), source };
        let mut sums = match found.as_deref() {
            Some(found) => Sums::read(found).map_err(malformed)?,
            None => others(ledger)?,
        };
        let name = path.as_str().rsplit('/').next().unwrap_or_default();
        sums.0.insert(name.parse().expect("a part of a path"), Digest::of(&bytes));
        change.put(&sums_path, &sums.write(), Expected::read(found.as_deref().map(Digest::of)))?;
        let done = change.commit_under(&lock)?;
        Ok(done.first().copied().unwrap_or(Written::Same))
    }
}

/// The manifests that are there already, for a list that was not: it has a line for each.
fn others(ledger: &Ledger) -> Result<Sums, SealError> {
    let mut sums = Sums::default();
    let Some((folder, _)) = ledger.folder_of(&Ledger::manifest_sums())? else { return Ok(sums) };
    for (name, kind) in folder.entries()? {
        let named = name.to_str().filter(|name| kind == EntryKind::File && name.ends_with(".json"));
        let Some(path) = named.and_then(|name| name.parse::<RelativePath>().ok()) else { continue };
        if let Some((_, digest)) = folder.digest(path.as_str())? {
            sums.0.insert(path, digest);
        }
    }
    Ok(sums)
}

impl Gatherer<'_> {
    fn read(&self, path: &RelativePath, limit: u64) -> Result<Vec<u8>, SealError> {
        let mut bytes = Vec::new();
        let read = self.ledger.read(path, limit, &mut |block| bytes.extend_from_slice(block));
        read.map(|()| bytes).map_err(|source| SealError::Open { path: path.clone(), source })
    }

    fn list(&mut self, path: &RelativePath, role: Role, bytes: u64, sha256: Digest, licence: &Licence) {
        let entry = ManifestFile { path: path.clone(), role, bytes, sha256, licence: licence.clone() };
        self.files.insert(path.clone(), entry);
    }

    fn document<T: Document>(&self, path: &RelativePath) -> Result<(T, Vec<u8>), SealError> {
        let bytes = self.read(path, limits::JSON_BYTES)?;
        let document =
            canonical::read(&bytes).map_err(|source| SealError::Malformed { path: path.clone(), source })?;
        Ok((document, bytes))
    }

    fn weights(&mut self, path: &RelativePath) -> Result<Weights, SealError> {
        let (weights, bytes): (Weights, _) = self.document(path)?;
        self.list(path, Role::Weights, bytes.len() as u64, Digest::of(&bytes), &weights.licence);
        self.licences.push(weights.licence.clone());
        Ok(weights)
    }

    /// The weights, and those that they continue, each once and behind its parent, with the path of the parent.
    fn lines_of_descent(&mut self, named: &[RelativePath]) -> Result<Vec<Descendant>, SealError> {
        let mut in_order: Vec<Descendant> = Vec::new();
        let mut by_digest: Option<BTreeMap<Digest, RelativePath>> = None;
        for path in named {
            // The weights and their forebears, youngest first.
            let (mut line, mut next) = (Vec::new(), Some(path.clone()));
            while let Some(path) = next.take() {
                if in_order.iter().any(|(known, ..)| *known == path) {
                    break;
                }
                let weights = self.weights(&path)?;
                let parent = match weights.parent.value() {
                    None => None,
                    Some(sha256) => {
                        let known = by_digest.get_or_insert_with(|| self.weights_by_digest(named));
                        let missing = || SealError::Parent { weights: path.clone(), sha256: sha256.clone() };
                        Some(known.get(sha256).cloned().ok_or_else(missing)?)
                    }
                };
                next.clone_from(&parent);
                line.push((path, weights, parent));
            }
            in_order.extend(line.into_iter().rev());
        }
        Ok(in_order)
    }

    /// The weights that the request names and those of the ledger; of equal ones, those that it names.
    fn weights_by_digest(&self, named: &[RelativePath]) -> BTreeMap<Digest, RelativePath> {
        let of_ledger = self.ledger.names(Kind::Weights).into_iter();
        let of_ledger = of_ledger.filter_map(|name| format!("artifacts/weights/{name}.json").parse().ok());
        let mut found = BTreeMap::new();
        for path in named.iter().cloned().chain(of_ledger) {
            if let Ok(bytes) = self.read(&path, limits::JSON_BYTES) {
                found.entry(Digest::of(&bytes)).or_insert(path);
            }
        }
        found
    }

    fn recipe(&mut self, weights_path: &RelativePath, weights: &Weights) -> Result<RelativePath, SealError> {
        let path = Ledger::recipe(&weights.recipe.name);
        let bytes = self.read(&path, limits::TOML_BYTES)?;
        let recipe = Recipe::from_toml(&bytes)
            .map_err(|source| SealError::Malformed { path: path.clone(), source })?;
        if recipe != weights.recipe {
            return Err(SealError::Recipe { weights: weights_path.clone(), recipe: path });
        }
        self.list(&path, Role::Recipe, bytes.len() as u64, Digest::of(&bytes), &weights.licence);
        Ok(path)
    }

    /// Lists a dataset and its files; gives the digest of its description.
    fn dataset(&mut self, path: &RelativePath) -> Result<(Dataset, Digest), SealError> {
        let (dataset, bytes): (Dataset, _) = self.document(path)?;
        let digest = Digest::of(&bytes);
        self.list(path, Role::Dataset, bytes.len() as u64, digest.clone(), &dataset.licence);
        for file in &dataset.files {
            let at = path
                .sibling(&file.path)
                .map_err(|_| SealError::Open { path: file.path.clone(), source: OpenError::Missing })?;
            let (size, sha256) = self.hash(&at)?;
            self.list(&at, Role::from(file.role), size, sha256, &dataset.licence);
        }
        self.licences.push(dataset.licence.clone());
        Ok((dataset, digest))
    }

    fn hash(&self, path: &RelativePath) -> Result<(u64, Digest), SealError> {
        let (mut size, mut hasher) = (0, Hasher::default());
        let read = self.ledger.read(path, self.max_csv, &mut |block| {
            size += block.len() as u64;
            hasher.update(block);
        });
        read.map_err(|source| SealError::Open { path: path.clone(), source })?;
        Ok((size, hasher.finish()))
    }

    /// Lists results, and the datasets that their lines name.
    fn results(&mut self, path: &RelativePath, licence: Licence) -> Result<Vec<RelativePath>, SealError> {
        let (mut size, mut hasher, mut names) = (0, Hasher::default(), DatasetNames::default());
        let read = self.ledger.read(path, self.max_csv, &mut |block| {
            size += block.len() as u64;
            hasher.update(block);
            names.feed(block);
        });
        read.map_err(|source| SealError::Open { path: path.clone(), source })?;
        self.list(path, Role::Results, size, hasher.finish(), &licence);
        let names = names.finish().map_err(|source| SealError::Malformed { path: path.clone(), source })?;
        let datasets: Vec<RelativePath> = names.iter().map(Ledger::dataset).collect();
        for dataset in &datasets {
            self.dataset(dataset)?;
        }
        Ok(datasets)
    }

    fn licence_texts(&mut self) -> Result<(), SealError> {
        let ids: std::collections::BTreeSet<String> = self.licences.iter().flat_map(Licence::ids).collect();
        for id in ids {
            let wanted = || SealError::Licence { id: id.clone(), path: format!("LICENSES/{id}.txt") };
            let path = Ledger::licence(&id).ok_or_else(wanted)?;
            let on_disk = self.ledger.on_disk(&path);
            if !on_disk.exists() {
                let text = licences::text(&id).ok_or_else(wanted)?;
                match self.ledger.write(&path, text.as_bytes(), false, &[]) {
                    Ok(_) | Err(DraftError::Exists { .. }) => {}
                    Err(DraftError::System { .. }) => return Err(wanted()),
                    Err(error) => return Err(error.into()),
                }
            }
            let bytes = self.read(&path, limits::JSON_BYTES)?;
            let own: Licence = id.parse().unwrap_or_else(|_| Licence::no_assertion());
            self.list(&path, Role::Licence, bytes.len() as u64, Digest::of(&bytes), &own);
        }
        Ok(())
    }
}

/// The first fields of the lines of a results file, each once in order, read as the bytes pass by.
#[derive(Default)]
struct DatasetNames {
    names: Vec<Vec<u8>>,
    field: Vec<u8>,
    in_field: bool,
    lines: usize,
}

impl DatasetNames {
    fn feed(&mut self, block: &[u8]) {
        for &byte in block {
            if self.lines == 0 {
                // The header names columns, not datasets.
            } else if self.in_field && byte != b',' && byte != b'\n' && self.field.len() <= 64 {
                self.field.push(byte);
            } else if self.in_field {
                self.in_field = false;
                if !self.names.contains(&self.field) {
                    self.names.push(self.field.clone());
                }
            }
            if byte == b'\n' {
                self.lines += 1;
                self.in_field = true;
                self.field.clear();
            }
        }
    }

    fn finish(self) -> Result<Vec<Name>, Malformed> {
        let name = |field: &Vec<u8>| {
            let text = String::from_utf8_lossy(field).into_owned();
            text.parse::<Name>().map_err(|_| {
                let fault = format!("found `{text}` in the first column, expected the name of a dataset");
                Malformed::whole(openweigh_formats::Fault::Syntax(fault))
            })
        };
        self.names.iter().map(name).collect()
    }
}
