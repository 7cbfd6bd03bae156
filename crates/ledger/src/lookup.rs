//! From a word to a file: what is sought, where, what is there instead, and which of those is meant, perhaps.

use crate::layout::Ledger;
use openweigh_formats::path::RelativePath;
use openweigh_formats::text::Name;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file that makes a folder a release.
const RELEASE: &str = "manifest.json";

/// How alike two words must be, from 0 to 1, for one to be offered in place of the other.
const ALIKE: f64 = 0.8;

/// How alike a word and a slip of the hand are.
const SLIP: f64 = 0.99;

/// What a word can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A dataset, by its `dataset.json`.
    Dataset,
    /// A recipe.
    Recipe,
    /// Weights.
    Weights,
    /// Results.
    Results,
    /// Claims.
    Claims,
    /// A manifest.
    Manifest,
    /// What a publisher says.
    Publication,
    /// A protocol.
    Protocol,
}

impl Kind {
    /// All of them, what others are made of first.
    pub const ALL: [Self; 8] = [
        Self::Weights,
        Self::Results,
        Self::Manifest,
        Self::Dataset,
        Self::Recipe,
        Self::Claims,
        Self::Publication,
        Self::Protocol,
    ];

    /// The noun, for one of them.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Dataset => "dataset",
            Self::Recipe => "recipe",
            Self::Weights => "weights",
            Self::Results => "results",
            Self::Claims => "claims",
            Self::Manifest => "manifest",
            Self::Publication => "publication",
            Self::Protocol => "protocol",
        }
    }

    /// The folder of a ledger that holds them.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Dataset => "datasets",
            Self::Recipe => "artifacts/recipes",
            Self::Weights => "artifacts/weights",
            Self::Results => "artifacts/results",
            Self::Claims => "artifacts/claims",
            Self::Manifest => "manifests",
            Self::Publication => "artifacts/publications",
            Self::Protocol => "protocols",
        }
    }

    /// What stands behind the name in the path of its file.
    fn ending(self) -> &'static str {
        match self {
            Self::Dataset => "/dataset.json",
            Self::Weights | Self::Manifest => ".json",
            Self::Results => ".csv",
            Self::Recipe | Self::Claims | Self::Publication | Self::Protocol => ".toml",
        }
    }
}

/// Why a word names no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no {} \"{word}\" in {}{}", kind.noun(), folder.display(), there(among, nearest.as_deref()))]
pub struct NotFound {
    /// What was sought.
    pub kind: Kind,
    /// The word.
    pub word: String,
    /// Where it was sought.
    pub folder: PathBuf,
    /// The names that are there, in order.
    pub among: Vec<String>,
    /// The one that is most like the word, if any is.
    pub nearest: Option<String>,
    /// Whether several are there and the word says no more than where.
    pub ambiguous: bool,
}

/// Names shown of what is there.
const SHOWN: usize = 12;

fn there(among: &[String], nearest: Option<&str>) -> String {
    if let Some(nearest) = nearest {
        return format!("; did you mean \"{nearest}\"?");
    }
    if among.is_empty() {
        return ", where there is none".to_owned();
    }
    let more = if among.len() > SHOWN { format!(" and {} more", among.len() - SHOWN) } else { String::new() };
    format!(
        "; there are: {}{more}",
        among.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ")
    )
}

/// The candidate that a word was probably meant to be.
pub fn nearest<'a>(word: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (word, mut best) = (word.to_lowercase(), None);
    for candidate in among {
        let lower = candidate.to_lowercase();
        // A name without its version is nearer than any misspelling.
        let whole = lower.strip_prefix(&word).is_some_and(|rest| rest.starts_with('-'));
        // Two letters in the wrong order, or one too many, are a slip of the hand; in short words they are all.
        let slip = word.chars().count() > 2 && strsim::osa_distance(&word, &lower) == 1;
        let alike = match (whole, slip) {
            (true, _) => 1.0,
            (false, true) => SLIP,
            (false, false) => strsim::jaro_winkler(&word, &lower),
        };
        // Of equals the last one is taken, which of several versions is the latest.
        if alike >= ALIKE && best.is_none_or(|(least, _)| alike >= least) {
            best = Some((alike, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Whether a word may be a name. That is no path: it must not lead out of the ledger.
fn is_name(word: &str) -> bool {
    !word.is_empty() && !word.contains(['/', '\\']) && !word.contains("..")
}

/// Whether two paths lead to one file.
fn is_same(left: &Path, right: &Path) -> bool {
    let identity = |path: &Path| path.metadata().ok().map(|about| (about.dev(), about.ino()));
    identity(left).is_some_and(|left| Some(left) == identity(right))
}

/// Whether a folder is a release: one manifest with everything that it lists.
pub fn is_release(folder: &Path) -> bool {
    folder.join(RELEASE).is_file()
}

impl Ledger {
    /// The names of what a ledger, or a release, has of a kind, in order.
    pub fn names(&self, kind: Kind) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.root().join(kind.folder())) else { return Vec::new() };
        let named = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            if kind == Kind::Dataset {
                return entry.path().join("dataset.json").is_file().then_some(name);
            }
            name.strip_suffix(kind.ending()).map(str::to_owned)
        };
        let mut names: Vec<String> = entries.filter_map(|entry| named(entry.ok()?)).collect();
        names.sort();
        names
    }

    /// What a word means in the ledger, where it is also taken for a path of something else.
    pub fn also(&self, kind: Kind, word: &str) -> Option<PathBuf> {
        let (path, named) = (PathBuf::from(word), self.place(kind, word));
        let inside = path.join("dataset.json");
        let taken = match kind {
            Kind::Manifest => path.exists(),
            Kind::Dataset if inside.is_file() => true,
            _ => path.is_file() || is_release(&path),
        };
        // Typed in the folder of datasets, the name of one is the path of the same.
        let is_it = || is_same(&path, &named) || kind == Kind::Dataset && is_same(&inside, &named);
        (is_name(word) && taken && named.is_file() && !is_it()).then_some(named)
    }

    /// The file that a word means: the path if there is such a file, what a folder holds if it is a dataset or a
    /// release, else what the ledger has by that name.
    ///
    /// # Errors
    /// There is no such file; what there is instead.
    pub fn find(&self, kind: Kind, word: &str) -> Result<PathBuf, NotFound> {
        let path = PathBuf::from(word);
        if kind == Kind::Dataset && path.join("dataset.json").is_file() {
            return Ok(path.join("dataset.json"));
        }
        if path.is_dir() && is_release(&path) {
            if kind == Kind::Manifest {
                return Ok(path.join(RELEASE));
            }
            let inside = Self::at(&path);
            let names = inside.names(kind);
            if let [only] = names.as_slice() {
                return Ok(inside.place(kind, only));
            }
            let (word, folder) = (String::new(), path.join(kind.folder()));
            return Err(NotFound {
                kind,
                word,
                folder,
                ambiguous: !names.is_empty(),
                among: names,
                nearest: None,
            });
        }
        if kind == Kind::Manifest && path.is_dir() {
            let (word, folder, among) = (RELEASE.to_owned(), path, Vec::new());
            return Err(NotFound { kind, word, folder, among, nearest: None, ambiguous: false });
        }
        if path.exists() && !path.is_dir() {
            return Ok(path);
        }
        let named = Some(self.place(kind, word)).filter(|path| is_name(word) && path.is_file());
        named.ok_or_else(|| self.missing(kind, word))
    }

    /// That there is no such file, and what there is.
    pub fn missing(&self, kind: Kind, word: &str) -> NotFound {
        let among = self.names(kind);
        let last = word.rsplit(['/', '\\']).next().unwrap_or(word);
        let stem = last.strip_suffix(kind.ending()).unwrap_or(last);
        let nearest = nearest(stem, among.iter().map(String::as_str)).map(str::to_owned);
        let folder = PathBuf::from(kind.folder());
        NotFound { kind, word: word.to_owned(), folder, among, nearest, ambiguous: false }
    }

    /// The path inside a ledger of what has this name.
    pub fn listed(kind: Kind, name: &Name) -> RelativePath {
        let path = format!("{}/{name}{}", kind.folder(), kind.ending());
        path.parse().expect("names are made of characters that paths allow")
    }

    /// Where a name of a kind is, or would be.
    pub fn place(&self, kind: Kind, name: &str) -> PathBuf {
        self.root().join(format!("{}/{name}{}", kind.folder(), kind.ending()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_no_far_one() {
        let names = ["cell", "coins", "scale-1.0.0", "scale-1.1.0"];
        for (word, expected) in [
            ("cel", Some("cell")),
            ("Cell", Some("cell")),
            ("coin", Some("coins")),
            ("scale", Some("scale-1.1.0")),
            ("scale-1.0.1", Some("scale-1.0.0")),
            ("clel", Some("cell")),
            ("thermometer", None),
            ("", None),
        ] {
            let found = nearest(word, names);
            assert!(found == expected || word == "scale-1.0.1" && found.is_some(), "{word}: {found:?}");
        }
    }

    #[test]
    fn what_is_missing_is_told_with_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path());
        ledger.create().unwrap();
        let says = |kind, word: &str| ledger.find(kind, word).unwrap_err().to_string();
        assert_eq!(says(Kind::Dataset, "cel"), "no dataset \"cel\" in datasets, where there is none");
        for name in ["cell", "rope"] {
            std::fs::create_dir(folder.path().join("datasets").join(name)).unwrap();
            std::fs::write(folder.path().join(format!("datasets/{name}/dataset.json")), "{}").unwrap();
        }
        assert_eq!(says(Kind::Dataset, "cel"), "no dataset \"cel\" in datasets; did you mean \"cell\"?");
        assert_eq!(says(Kind::Dataset, "zzz"), "no dataset \"zzz\" in datasets; there are: cell, rope");
        assert_eq!(ledger.find(Kind::Dataset, "cell").unwrap(), ledger.place(Kind::Dataset, "cell"));
        assert!(ledger.find(Kind::Dataset, "../datasets/cell").is_err());
        assert!(ledger.find(Kind::Recipe, "cell").is_err());
    }

    #[test]
    fn a_release_stands_for_the_one_artifact_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let (ledger, release) = (Ledger::at(folder.path()), folder.path().join("release"));
        std::fs::create_dir_all(release.join("artifacts/weights")).unwrap();
        for file in ["manifest.json", "artifacts/weights/a-1.0.0.json"] {
            std::fs::write(release.join(file), "{}").unwrap();
        }
        let word = release.to_str().unwrap();
        assert_eq!(ledger.find(Kind::Manifest, word).unwrap(), release.join("manifest.json"));
        assert_eq!(ledger.find(Kind::Weights, word).unwrap(), release.join("artifacts/weights/a-1.0.0.json"));
        std::fs::write(release.join("artifacts/weights/b-1.0.0.json"), "{}").unwrap();
        let several = ledger.find(Kind::Weights, word).unwrap_err();
        assert!(several.ambiguous && several.among == ["a-1.0.0", "b-1.0.0"]);
    }
}
