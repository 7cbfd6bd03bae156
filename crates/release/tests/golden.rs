//! What is generated of two published manifests, file by file as committed under `tests/golden`; and laws about it.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::manifest::Manifest;
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_formats::{Digest, canonical, limits};
use openweigh_release::generate::{self, Generated};
use openweigh_release::{Missing, Source};
use openweigh_verify::Budget;
use openweigh_verify::Scope;
use openweigh_verify::Summary;
use openweigh_verify::examine;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The repository as the ledger.
struct Repository;

impl Files for Repository {
    fn read(&self, path: &RelativePath, _: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        let bytes = std::fs::read(repository().join(path.as_str()));
        sink(&bytes.map_err(|error| Unreadable::System(error.to_string()))?);
        Ok(())
    }

    fn everything(&self, _: Option<&str>) -> Result<Vec<String>, Unreadable> {
        Ok(Vec::new())
    }
}

/// Hands the source of a published manifest, with the publication edited, to `then`.
fn with_source<T>(
    name: &str,
    edit: impl Fn(String) -> String,
    texts: &BTreeMap<String, Vec<u8>>,
    then: impl FnOnce(&Source<'_>) -> T,
) -> T {
    let bytes = std::fs::read(repository().join(format!("manifests/{name}-1.0.0.json"))).unwrap();
    let manifest: Manifest = canonical::read(&bytes).unwrap();
    let said = repository().join(format!("artifacts/publications/{name}.toml"));
    let said = edit(std::fs::read_to_string(said).unwrap());
    let budget = Budget {
        threads: 1,
        max_csv: limits::CSV_BYTES,
        search: openweigh_formats::edit::SearchBudget::default(),
    };
    let (report, contents) = examine(&manifest, &Repository, &Scope::Ledger, budget, |_| {});
    assert_eq!(report.summary(), Summary::Checked);
    then(&Source {
        manifest: &manifest,
        id: &Digest::of(&bytes),
        publication: &Publication::from_toml(said.as_bytes()).unwrap(),
        publication_id: &Digest::of(said.as_bytes()),
        opened: &contents,
        texts,
        previous: None,
        results: &BTreeMap::new(),
        withheld: &std::collections::BTreeSet::new(),
    })
}

fn generated(name: &str) -> Vec<Generated> {
    with_source(
        name,
        |said| said,
        &BTreeMap::new(),
        |source| {
            assert_eq!(source.missing(), []);
            let files = generate::generate(source);
            assert_eq!(files, generate::generate(source), "two runs give the same bytes");
            files
        },
    )
}

fn named<'a>(files: &'a [Generated], path: &str) -> &'a [u8] {
    &files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}")).bytes
}

fn check(name: &str, paths: &[&str]) {
    compare(&generated(name), name, paths);
}

fn compare(files: &[Generated], name: &str, paths: &[&str]) {
    for path in paths {
        let found = named(files, path);
        let golden = repository().join("crates/release/tests/golden").join(name).join(path);
        #[expect(clippy::disallowed_methods, reason = "how a person asks the test to rewrite the files")]
        if std::env::var_os("OPENWEIGH_WRITE_GOLDEN").is_some() {
            std::fs::create_dir_all(golden.parent().unwrap()).unwrap();
            std::fs::write(&golden, found).unwrap();
        }
        let committed = std::fs::read(&golden).unwrap_or_default();
        assert!(
            committed == found,
            "{name}: {path} differs: run the test once with OPENWEIGH_WRITE_GOLDEN=1"
        );
    }
}

#[test]
fn a_table_is_described_as_committed() {
    let paths = [
        "CHANGELOG.md",
        "CITATION.cff",
        "README.md",
        "REUSE.toml",
        "croissant.json",
        "datapackage.json",
        "exports/nist-pontius-1.0.0.safetensors",
        "exports/nist-pontius-1.0.0.slsa.json",
        "ro-crate-metadata.json",
    ];
    check("nist-pontius", &paths);
}

#[test]
fn sessions_are_described_as_committed() {
    // The others are long and say the same of each session.
    let paths = [
        "CHANGELOG.md",
        "CITATION.cff",
        "README.md",
        "REUSE.toml",
        "exports/magic-trackpad-affine-1.0.0.slsa.json",
        "exports/trackweight-identity-1.0.0.safetensors",
    ];
    check("simulated-magic-trackpad", &paths);
}

#[test]
fn the_second_generator_writes_as_committed() {
    let edit = |said: String| {
        let said = said.replace("publication/1", "publication/2");
        said.replace("keywords", "risks = \"# None & <none>\"\nmisuse = \"- Trade | law\"\nkeywords")
    };
    for name in ["nist-pontius", "simulated-magic-trackpad"] {
        let files = with_source(name, edit, &BTreeMap::new(), generate::generate);
        compare(&files, &format!("{name}-2"), &["CHANGELOG.md", "README.md", "params.json"]);
    }
}

#[test]
fn described_columns_are_those_of_the_files() {
    for name in ["nist-pontius", "simulated-magic-trackpad"] {
        let files = generated(name);
        let package: serde_json::Value = serde_json::from_slice(named(&files, "datapackage.json")).unwrap();
        let croissant: serde_json::Value = serde_json::from_slice(named(&files, "croissant.json")).unwrap();
        let resources = package["resources"].as_array().unwrap();
        let records = croissant["recordSet"].as_array().unwrap();
        assert_eq!(resources.len(), records.len());
        for (resource, record) in resources.iter().zip(records) {
            let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
            let path = text(&resource["path"]);
            let table = std::fs::read_to_string(repository().join(&path)).unwrap();
            let header: Vec<&str> = table.lines().next().unwrap().split(',').collect();
            let fields = resource["schema"]["fields"].as_array().unwrap();
            let names: Vec<String> = fields.iter().map(|field| text(&field["name"])).collect();
            assert_eq!(names, header, "{path}");
            let column = |field: &serde_json::Value| text(&field["source"]["extract"]["column"]);
            let columns: Vec<String> = record["field"].as_array().unwrap().iter().map(column).collect();
            assert_eq!(columns, header, "{path}");
        }
    }
}

#[test]
fn every_file_has_a_licence_and_a_place_in_the_crate() {
    let files = generated("simulated-magic-trackpad");
    let sums = String::from_utf8(named(&files, "SHA256SUMS").to_vec()).unwrap();
    let reuse = String::from_utf8(named(&files, "REUSE.toml").to_vec()).unwrap();
    let graph: serde_json::Value = serde_json::from_slice(named(&files, "ro-crate-metadata.json")).unwrap();
    let graph = graph["@graph"].as_array().unwrap();
    for line in sums.lines() {
        let path = line.split_once("  ").unwrap().1;
        let licence_text = path.starts_with("LICENSES/") || path == "REUSE.toml";
        assert!(licence_text || reuse.contains(&format!("    \"{path}\",\n")), "REUSE.toml: {path}");
        assert!(graph.iter().any(|entity| entity["@id"] == path), "ro-crate-metadata.json: {path}");
    }
}

#[test]
fn what_the_words_lack_is_told() {
    let told = |edit: fn(String) -> String, texts: &BTreeMap<String, Vec<u8>>| -> Vec<String> {
        with_source("nist-pontius", edit, texts, |source| {
            let files = generate::generate(source);
            for (id, text) in texts {
                assert_eq!(named(&files, &format!("LICENSES/{id}.txt")), text);
            }
            source.missing().iter().map(Missing::to_string).collect()
        })
    };
    let none = BTreeMap::new();
    let undated = told(|said| said.replace("date = ", "# "), &none);
    assert!(undated.len() == 1 && undated[0].contains("no day of publication"), "{undated:?}");
    let other = |said: String| said.replace("licence = \"CC0-1.0\"", "licence = \"CC-BY-4.0\"");
    let textless = told(other, &none);
    assert!(textless.len() == 1 && textless[0].starts_with("LICENSES/CC-BY-4.0.txt: "), "{textless:?}");
    let texts = BTreeMap::from([("CC-BY-4.0".to_owned(), b"The text.\n".to_vec())]);
    assert!(told(other, &texts).is_empty());
}

/// Two crates read the table of characters; what texts may hold is seen, and what is escaped on a terminal is in cards.
#[test]
fn cards_and_terminals_agree_on_what_nobody_sees() {
    let spaces = ['\u{a0}', '\u{1680}', '\u{202f}', '\u{205f}', '\u{3000}'];
    for c in '\0'..=char::MAX {
        let space = spaces.contains(&c) || ('\u{2000}'..='\u{200a}').contains(&c);
        let shown = openweigh_formats::shown::plain(&format!("a{c}b")).chars().count() == 3;
        let seen = !openweigh_markup::visible::is_unseen(c);
        assert_eq!(seen, shown || space, "{c:?}");
    }
}
