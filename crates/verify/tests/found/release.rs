//! A release in memory: two of the repository's published manifests in one, and what may be done to it.

#![allow(dead_code, reason = "each fuzz target uses its part")]

use openweigh_dataset::Data;
use openweigh_fit::{Header, Training, fit};
use openweigh_formats::canonical;
use openweigh_formats::claim::{Claim, Over, Quantity};
use openweigh_formats::dataset::{CellType, Dataset};
use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::manifest::{Manifest, Role};
use openweigh_formats::number::Stated;
use openweigh_formats::path::RelativePath;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::table::{Table, TableReader};
use openweigh_formats::weights::Weights;
use openweigh_formats::{Digest, csv};
use openweigh_replay::write;
use openweigh_verify::Report;
use openweigh_verify::Scope;
use openweigh_verify::{Budget, verify};
use std::sync::OnceLock;

/// A file as published, as it is now, and as the others know it.
#[derive(Clone)]
struct File {
    path: RelativePath,
    published: Vec<u8>,
    now: Vec<u8>,
    sealed: Vec<u8>,
}

impl File {
    /// Whether it is of the manifest of this name.
    fn of(&self, name: &str) -> bool {
        self.path.as_str().contains(name)
    }
}

/// Files and the manifest over them.
#[derive(Clone)]
pub(crate) struct Release {
    /// The manifest as published, its licence and claims aside.
    manifest: Manifest,
    /// The manifest's bytes.
    bytes: Vec<u8>,
    files: Vec<File>,
}

macro_rules! files {
    ($($path:literal)*) => {
        [$(($path, include_bytes!(concat!("../../../../", $path)).as_slice())),*]
    };
}

/// What is in the release, in the order of the letters that name its files. The text of the licence is
/// short, since no one reads it here.
const FILES: [(&str, &[u8]); 10] = files![
    "artifacts/recipes/nist-noint1.toml"
    "artifacts/recipes/nist-pontius.toml"
    "artifacts/results/nist-noint1-1.0.0.csv"
    "artifacts/results/nist-pontius-1.0.0.csv"
    "artifacts/weights/nist-noint1-1.0.0.json"
    "artifacts/weights/nist-pontius-1.0.0.json"
    "datasets/nist-noint1/dataset.json"
    "datasets/nist-noint1/measurements.csv"
    "datasets/nist-pontius/dataset.json"
    "datasets/nist-pontius/measurements.csv"
];
const MANIFESTS: [(&str, &[u8]); 2] =
    files!["manifests/nist-noint1-1.0.0.json" "manifests/nist-pontius-1.0.0.json"];
const NAMES: [&str; 2] = ["nist-noint1", "nist-pontius"];
const LICENCE: (&str, &[u8]) = ("LICENSES/CC0-1.0.txt", include_bytes!("../../../../LICENSES/CC0-1.0.txt"));

impl Release {
    /// The release, unchanged.
    pub(crate) fn published() -> Self {
        static PUBLISHED: OnceLock<Release> = OnceLock::new();
        PUBLISHED.get_or_init(Self::assembled).clone()
    }

    fn assembled() -> Self {
        let [mut manifest, other] =
            MANIFESTS.map(|(_, bytes)| canonical::read::<Manifest>(bytes).expect("published"));
        manifest.files.extend(other.files.into_iter().filter(|file| file.role != Role::Licence));
        manifest.files.sort_by(|left, right| left.path.as_str().cmp(right.path.as_str()));
        manifest.derivations.extend(other.derivations);
        for mut claim in other.claims {
            claim.id = format!("pontius-{}", claim.id).parse().expect("an id");
            manifest.claims.push(claim);
        }
        for file in manifest.files.iter_mut().filter(|file| file.role == Role::Licence) {
            (file.bytes, file.sha256) = (LICENCE.1.len() as u64, Digest::of(LICENCE.1));
        }
        let file = |(path, bytes): (&str, &[u8])| File {
            path: path.parse().expect("a path"),
            published: bytes.to_vec(),
            now: bytes.to_vec(),
            sealed: bytes.to_vec(),
        };
        let bytes = canonical::write(&manifest);
        Self { manifest, bytes, files: FILES.into_iter().chain([LICENCE]).map(file).collect() }
    }

    /// Replaces the bytes of a file by its place in the list; the manifest stands behind the files.
    pub(crate) fn replace(&mut self, place: usize, bytes: &[u8]) {
        if let Some(file) = self.files.get_mut(place) {
            file.now = bytes.to_vec();
        } else if place == self.files.len() {
            self.bytes = bytes.to_vec();
        }
    }

    /// The manifest's bytes.
    pub(crate) fn manifest(&self) -> &[u8] {
        &self.bytes
    }

    /// Leaves out what has no changed file, if the manifest is as published: it would only take time.
    pub(crate) fn narrow(&mut self) {
        let touched = |name: &str| self.files.iter().any(|file| file.of(name) && file.now != file.published);
        let [first, second] = NAMES.map(touched);
        if first == second || self.bytes != canonical::write(&self.manifest) {
            return;
        }
        let left_out = NAMES[usize::from(first)];
        self.files.retain(|file| !file.of(left_out));
        let Manifest { files, derivations, claims, .. } = &mut self.manifest;
        let of = |path: &RelativePath| path.as_str().contains(left_out);
        files.retain(|file| !of(&file.path));
        derivations.retain(|derivation| !of(&derivation.outputs[0]));
        claims.retain(|claim| !of(&claim.over.file));
        self.bytes = canonical::write(&self.manifest);
    }

    /// The sizes of the files that have changed, now and as published.
    pub(crate) fn changed(&self) -> Vec<(usize, usize)> {
        let changed = self.files.iter().filter(|file| file.now != file.published);
        changed.map(|file| (file.now.len(), file.published.len())).collect()
    }

    /// Verifies the files against the manifest as it was published, or derived.
    pub(crate) fn verify(&self) -> Report {
        self.verify_against(&self.manifest)
    }

    /// Verifies the files against the manifest as it is now, if it can be read.
    pub(crate) fn verify_changed(&self) -> Option<Report> {
        canonical::read(&self.bytes).ok().map(|manifest| self.verify_against(&manifest))
    }

    fn verify_against(&self, manifest: &Manifest) -> Report {
        verify(
            manifest,
            self,
            &Scope::Ledger,
            Budget { threads: 1, max_csv: 1 << 20, search: openweigh_formats::edit::SearchBudget::default() },
            |_| {},
        )
    }

    /// Corrects the digests of changed files wherever they stand, from the tables to the manifest, and
    /// leaves everything else as it is.
    pub(crate) fn seal(&mut self) {
        let order = |path: &str| match path {
            path if path.ends_with("measurements.csv") => 0,
            path if path.ends_with("dataset.json") => 1,
            _ => 2,
        };
        let mut places: Vec<usize> = (0..self.files.len()).collect();
        places.sort_by_key(|&place| order(self.files[place].path.as_str()));
        for place in places {
            let File { now, sealed, .. } = self.files[place].clone();
            if sealed != now {
                let others = self.files.iter_mut().map(|file| &mut file.now);
                others.chain([&mut self.bytes]).for_each(|text| reseal(text, &sealed, &now));
                self.files[place].sealed = now;
            }
        }
        if let Ok(manifest) = canonical::read(&self.bytes) {
            self.manifest = manifest;
        }
    }

    /// Fits and replays what is here, and claims one cell of each results file; tells whether all of it
    /// is possible under the files' names and licences.
    pub(crate) fn derive(&mut self) -> bool {
        self.bytes = canonical::write(&self.manifest);
        self.seal();
        // Another text is not that of its licence, which fails whatever is derived.
        if self.now(LICENCE.0) != LICENCE.1 {
            return false;
        }
        let (mut manifest, mut claims) = (self.manifest.clone(), Vec::new());
        let files = self.files.clone();
        for name in NAMES.into_iter().filter(|name| files.iter().any(|file| file.of(name))) {
            let Some(cell) = self.derive_one(name) else { return false };
            claims.extend(cell);
        }
        manifest.claims = claims;
        self.bytes = canonical::write(&manifest);
        true
    }

    fn derive_one(&mut self, name: &str) -> Option<Option<Claim>> {
        let paths = ["recipes/@.toml", "results/@-1.0.0.csv", "weights/@-1.0.0.json"]
            .map(|path| format!("artifacts/{}", path.replace('@', name)));
        let [recipe, results, weights] = paths;
        let description = format!("datasets/{name}/dataset.json");
        let recipe = Recipe::from_toml(self.now(&recipe)).ok()?;
        let dataset: Dataset = canonical::read(self.now(&description)).ok()?;
        let named = recipe.name.as_str() == name && dataset.name.as_str() == name;
        if !named || dataset.licence.as_str() != "CC0-1.0" {
            return None;
        }
        let measurements = self.now(&format!("datasets/{name}/measurements.csv"));
        let listed = dataset.measurements()?;
        if listed.bytes != measurements.len() as u64 || listed.sha256 != Digest::of(measurements) {
            return None;
        }
        let table = read(&dataset, measurements)?;
        let published: Weights = canonical::read(self.published_bytes(&weights)).ok()?;
        let sha256 = Digest::of(self.now(&description));
        let training = [Training { dataset: &dataset, sha256: &sha256, data: Data::Table(&table) }];
        let fitted = fit(Header::of(&published), &recipe, &training, 1).ok()?;
        let mut lines = Vec::new();
        write(&fitted.weights, &[(&dataset, Data::Table(&table))], 1, &mut |block| {
            lines.extend_from_slice(block);
        })
        .ok()?;
        let claim = claim(name, &results, &recipe, &lines);
        self.file(&weights).now = canonical::write(&fitted.weights);
        self.file(&results).now = lines;
        Some(claim)
    }

    fn place(&self, path: &str) -> usize {
        self.files.iter().position(|file| file.path.as_str() == path).expect("one of the files")
    }

    fn file(&mut self, path: &str) -> &mut File {
        let place = self.place(path);
        &mut self.files[place]
    }

    fn now(&self, path: &str) -> &[u8] {
        &self.files[self.place(path)].now
    }

    fn published_bytes(&self, path: &str) -> &[u8] {
        &self.files[self.place(path)].published
    }

    /// A published dataset's description.
    pub(crate) fn dataset(&self, path: &str) -> Dataset {
        canonical::read(self.published_bytes(path)).expect("published")
    }
}

/// The claim of the first prediction, if there is one that a claim can state.
fn claim(name: &str, results: &str, recipe: &Recipe, lines: &[u8]) -> Option<Claim> {
    let rows = csv::lines(lines).expect("results are in the dialect");
    let line = rows.get(1)?;
    let value = Stated::try_from(line[line.len() - 5].to_owned()).ok()?;
    Some(Claim {
        id: format!("{name}-0").parse().expect("an id"),
        statement: "The first prediction".parse().expect("a line"),
        quantity: Quantity::Predicted,
        over: Over {
            file: results.parse().expect("a path"),
            term: None,
            dataset: Some(name.parse().expect("a name")),
            row: Some(0),
            session: None,
            weighing: None,
        },
        value,
        unit: recipe.result.unit.clone(),
    })
}

/// Reads a table as its description says.
fn read(dataset: &Dataset, bytes: &[u8]) -> Option<Table> {
    let columns = dataset.columns.iter().map(|column| (&column.name, column.cells == CellType::Number));
    let mut reader = TableReader::new(columns);
    reader.feed(bytes).ok()?;
    reader.finish().ok()
}

/// Puts the size and digest of `now` where those of `sealed` stand.
fn reseal(text: &mut Vec<u8>, sealed: &[u8], now: &[u8]) {
    let Ok(old) = std::str::from_utf8(text) else { return };
    let digest = |bytes: &[u8]| format!("\"sha256\": \"{}\"", Digest::of(bytes));
    let entry = |bytes: &[u8]| format!("\"bytes\": {},\n      {}", bytes.len(), digest(bytes));
    let new = old.replace(&entry(sealed), &entry(now)).replace(&digest(sealed), &digest(now));
    *text = new.into_bytes();
}

impl Files for Release {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        let file = self.files.iter().find(|file| file.path == *path).ok_or(Unreadable::Missing)?;
        let found = file.now.len() as u64;
        if found > limit {
            return Err(Unreadable::TooLarge { found, limit });
        }
        file.now.chunks(100).for_each(sink);
        Ok(())
    }

    fn everything(&self, folder: Option<&str>) -> Result<Vec<String>, Unreadable> {
        let inside = |path: &&RelativePath| {
            folder.is_none_or(|folder| {
                path.as_str().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
            })
        };
        Ok(self.files.iter().map(|file| &file.path).filter(inside).map(ToString::to_string).collect())
    }
}
