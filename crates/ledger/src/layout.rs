//! Where things are in a ledger.

use crate::draft::{DraftError, Written};
use crate::folder::Folder;
use crate::lookup::is_release;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::{Name, Version};
use std::path::{Path, PathBuf};

/// A ledger, by its root.
#[derive(Debug, Clone)]
pub struct Ledger {
    root: PathBuf,
}

/// The folders of a ledger.
pub const FOLDERS: [&str; 7] = [
    "datasets",
    "artifacts/recipes",
    "artifacts/weights",
    "artifacts/results",
    "artifacts/claims",
    "artifacts/publications",
    "manifests",
];

const README: &str = "# A ledger of openweigh

| folder | holds |
|---|---|
| `datasets/` | measured, simulated or transcribed numbers, each dataset with its `dataset.json` |
| `artifacts/recipes/` | which model is fitted and how |
| `artifacts/weights/` | fitted coefficients, with the exact sums they follow from |
| `artifacts/results/` | predictions |
| `artifacts/claims/` | the numbers to be published, for `openweigh seal --claims` |
| `artifacts/publications/` | what a publisher says about a release, for `openweigh publish` |
| `manifests/` | which bytes belong together, how they were derived, and what is claimed |
| `LICENSES/` | the texts of the licences |

Check everything: `openweigh verify`
";

const GIT_ATTRIBUTES: &str = "# Digests are of bytes: git must not change a line end in these.
datasets/** -text
artifacts/** -text
manifests/** -text
LICENSES/** -text
";

fn relative(text: String) -> RelativePath {
    RelativePath::try_from(text).expect("names and versions are made of characters that paths allow")
}

impl Ledger {
    /// The ledger at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The innermost ledger or release around `start`: the nearest folder that has at least two of a ledger's
    /// folders, since many a project has a folder called `datasets`, or a release's manifest and checksums.
    pub fn around(start: &Path) -> Option<Self> {
        let is_root = |folder: &&Path| {
            FOLDERS.iter().filter(|inner| folder.join(inner).is_dir()).count() >= 2
                || (is_release(folder) && folder.join("SHA256SUMS").is_file())
        };
        start.ancestors().find(is_root).map(Self::at)
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path of the ledger is on disk.
    pub fn on_disk(&self, path: &RelativePath) -> PathBuf {
        path.as_str().split('/').fold(self.root.clone(), |folder, part| folder.join(part))
    }

    /// The path inside the ledger of a file on disk, if it is inside and may be listed.
    pub fn relative(&self, file: &Path) -> Option<RelativePath> {
        let root = Folder::at(&self.root).ok()?;
        let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut folder = Folder::at(folder).ok()?;
        let mut path = file.file_name()?.to_str()?.to_owned();
        while !folder.is(&root).ok()? {
            path = format!("{}/{path}", folder.name().ok()??.to_str()?);
            folder = folder.above().ok()??;
        }
        path.parse().ok()
    }

    /// `datasets/<name>/dataset.json`.
    pub fn dataset(name: &Name) -> RelativePath {
        relative(format!("datasets/{name}/dataset.json"))
    }

    /// `artifacts/recipes/<name>.toml`.
    pub fn recipe(name: &Name) -> RelativePath {
        relative(format!("artifacts/recipes/{name}.toml"))
    }

    /// `artifacts/weights/<name>-<version>.json`.
    pub fn weights(name: &Name, version: &Version) -> RelativePath {
        relative(format!("artifacts/weights/{name}-{version}.json"))
    }

    /// `artifacts/results/<stem>.csv`.
    ///
    /// # Errors
    /// The stem has characters that paths do not allow, or is too long.
    pub fn results(stem: &str) -> Result<RelativePath, openweigh_formats::text::TextError> {
        RelativePath::try_from(format!("artifacts/results/{stem}.csv"))
    }

    /// `artifacts/reports/<name>-<version>.html`.
    pub fn report(name: &Name, version: &Version) -> RelativePath {
        relative(format!("artifacts/reports/{name}-{version}.html"))
    }

    /// `manifests/<name>-<version>.json`.
    pub fn manifest(name: &Name, version: &Version) -> RelativePath {
        relative(format!("manifests/{name}-{version}.json"))
    }

    /// `manifests/SHA256SUMS`.
    pub fn manifest_sums() -> RelativePath {
        relative("manifests/SHA256SUMS".to_owned())
    }

    /// `LICENSES/<id>.txt`.
    pub fn licence(id: &str) -> Option<RelativePath> {
        format!("LICENSES/{id}.txt").parse().ok()
    }

    /// The JSON files in `manifests/`, by name.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn manifests(&self) -> std::io::Result<Vec<PathBuf>> {
        let folder = self.root.join("manifests");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                found.push(path);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Makes the folders, a README and `.gitattributes`; what is there already stays.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn create(&self) -> Result<Vec<PathBuf>, DraftError> {
        std::fs::create_dir_all(&self.root)
            .map_err(|source| DraftError::System { path: self.root.clone(), source })?;
        let (root, mut made) = (Folder::at(&self.root)?, Vec::new());
        for path in FOLDERS {
            let (above, name) = root.make_inner(path)?;
            if above.enter(name)?.is_none() {
                above.make(name)?;
                made.push(self.root.join(path));
            }
        }
        for (name, text) in [("README.md", README), (".gitattributes", GIT_ATTRIBUTES)] {
            if root.has(name) {
                continue;
            }
            match root.write(name, text.as_bytes(), false) {
                Ok(Written::New) => made.push(self.root.join(name)),
                // Somebody makes the same ledger.
                Ok(_) | Err(DraftError::Exists { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_made_through_no_link() {
        let place = tempfile::tempdir().unwrap();
        let at = |path: &str| place.path().join(path);
        std::fs::create_dir_all(at("outside")).unwrap();
        for (name, to) in [("artifacts", "outside"), ("README.md", "outside/new"), ("datasets", "nowhere")] {
            let root = at(&format!("ledger-{name}"));
            std::fs::create_dir(&root).unwrap();
            std::os::unix::fs::symlink(at(to), root.join(name)).unwrap();
            let made = Ledger::at(&root).create();
            assert_eq!(made.is_ok(), name == "README.md", "{name}: {made:?}");
        }
        assert_eq!(std::fs::read_dir(at("outside")).unwrap().count(), 0);
        let ledger = Ledger::at(at("new/ledger"));
        assert_eq!(ledger.create().unwrap().len(), FOLDERS.len() + 2);
        assert!(ledger.create().unwrap().is_empty());
        // A path of the ledger, however it is spelled.
        for spelled in ["new/ledger/datasets/x.csv", "new/ledger/artifacts/../datasets/x.csv"] {
            assert_eq!(ledger.relative(&at(spelled)).unwrap().as_str(), "datasets/x.csv");
        }
        assert_eq!(ledger.relative(&at("new/x.csv")), None);
    }
}
