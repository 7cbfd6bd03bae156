//! What a release keeps back, and what it states instead (docs/spec/11-withheld.md).

use crate::canonical::{Document, inconsistent};
use crate::digest::Digest;
use crate::malformed::Fault;
use crate::path::RelativePath;
use crate::text::Name;
use serde::{Deserialize, Serialize};

/// Where in a release the statement lies.
pub const PATH: &str = "withheld.json";
/// The folder of what is stated instead.
pub const FOLDER: &str = "withheld";

/// Version of the format. 1: the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub enum Format {
    /// Version 1.
    #[serde(rename = "openweigh.withheld/1")]
    V1,
}

/// A statement of what is kept back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct Withheld {
    /// Kind and version of the file.
    pub format: Format,
    /// The manifest that lists the files: the id of the release.
    pub manifest: Digest,
    /// The files that are not in the release, by path, each with what commits to it.
    pub files: Vec<WithheldFile>,
    /// The readings that are stated instead, by path.
    pub readings: Vec<StatedReadings>,
}

/// A file that is listed in the manifest and not in the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct WithheldFile {
    /// Where it would be.
    pub path: RelativePath,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// A CSV file of the readings that a recipe makes of a dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(any(test, feature = "schemas"), derive(schemars::JsonSchema))]
pub struct StatedReadings {
    /// Where.
    pub path: RelativePath,
    /// The `dataset.json` of the sessions.
    pub dataset: RelativePath,
    /// The name of the recipe.
    pub recipe: Name,
    /// Size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

impl Withheld {
    /// The place of the readings that a recipe makes of a dataset.
    ///
    /// ```
    /// # use openweigh_formats::withheld::Withheld;
    /// let path = Withheld::readings_path(&"coins".parse().unwrap(), &"affine".parse().unwrap());
    /// assert_eq!(path.as_str(), "withheld/coins/affine.csv");
    /// ```
    ///
    /// # Panics
    /// Never: names make a path.
    pub fn readings_path(dataset: &Name, recipe: &Name) -> RelativePath {
        format!("{FOLDER}/{dataset}/{recipe}.csv").parse().expect("names make a path")
    }
}

impl Document for Withheld {
    const FORMAT: &'static str = "openweigh.withheld/1";

    fn check(&self) -> Result<(), Fault> {
        if self.files.is_empty() {
            return Err(inconsistent("files", "none", "at least one file that is kept back"));
        }
        let ascending =
            |what: &str, paths: Vec<&RelativePath>| match paths.windows(2).find(|pair| pair[0] >= pair[1]) {
                Some(pair) => {
                    Err(inconsistent(what, format!("`{}`", pair[1]), "paths in ascending order, each once"))
                }
                None => Ok(()),
            };
        ascending("files", self.files.iter().map(|file| &file.path).collect())?;
        ascending("readings", self.readings.iter().map(|one| &one.path).collect())?;
        for one in &self.readings {
            let folder =
                one.dataset.parent().and_then(|folder| folder.rsplit('/').next()).unwrap_or_default();
            let expected = format!("{FOLDER}/{folder}/{}.csv", one.recipe);
            if one.path.as_str() != expected {
                return Err(inconsistent("readings", format!("`{}`", one.path), format!("`{expected}`")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical;

    fn statement() -> Withheld {
        let file =
            |path: &str| WithheldFile { path: path.parse().unwrap(), bytes: 3, sha256: Digest::of(b"abc") };
        let readings = StatedReadings {
            path: "withheld/coins/affine.csv".parse().unwrap(),
            dataset: "datasets/coins/dataset.json".parse().unwrap(),
            recipe: "affine".parse().unwrap(),
            bytes: 0,
            sha256: Digest::of(b""),
        };
        Withheld {
            format: Format::V1,
            manifest: Digest::of(b"manifest"),
            files: vec![
                file("datasets/coins/sessions/a/touches.csv"),
                file("datasets/coins/sessions/b/touches.csv"),
            ],
            readings: vec![readings],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = canonical::write(&statement());
        assert_eq!(canonical::read::<Withheld>(&bytes).unwrap(), statement());
    }

    #[test]
    fn parts_that_disagree_are_refused() {
        let refused = |change: fn(&mut Withheld)| {
            let mut changed = statement();
            change(&mut changed);
            canonical::read::<Withheld>(&canonical::write(&changed)).is_err()
        };
        assert!(refused(|own| own.files.clear()));
        assert!(refused(|own| own.files.reverse()));
        assert!(refused(|own| own.files[1] = own.files[0].clone()));
        assert!(refused(|own| own.readings.push(own.readings[0].clone())));
        assert!(refused(|own| own.readings[0].path = "datasets/coins/dataset.json".parse().unwrap()));
        assert!(refused(|own| own.readings[0].recipe = "other".parse().unwrap()));
    }
}
