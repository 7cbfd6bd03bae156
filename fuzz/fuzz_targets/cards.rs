//! A whole release in memory, with its cards: as published it is found right; with other bytes in one of its generated
//! files, or with one more file, it is not; with other words of the publisher its cards are generated, twice the same.
//! The first byte says which, the second which file; the rest is its bytes.
#![no_main]

use openweigh_formats::files::{Files, Unreadable};
use openweigh_formats::manifest::Manifest;
use openweigh_formats::path::RelativePath;
use openweigh_formats::publication::Publication;
use openweigh_formats::{Digest, canonical, edit, limits, release};
use openweigh_release::Source;
use openweigh_release::check::Release;
use openweigh_release::generate::{Generated, generate as cards_of};
use openweigh_verify::{Budget, Opened, Scope, Verdict, examine};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

macro_rules! files {
    ($($path:literal)*) => {
        [$(($path, include_bytes!(concat!("../../", $path)).as_slice())),*]
    };
}

const LISTED: [(&str, &[u8]); 6] = files![
    "LICENSES/CC0-1.0.txt"
    "artifacts/recipes/nist-pontius.toml"
    "artifacts/results/nist-pontius-1.0.0.csv"
    "artifacts/weights/nist-pontius-1.0.0.json"
    "datasets/nist-pontius/dataset.json"
    "datasets/nist-pontius/measurements.csv"
];
const MANIFEST: &[u8] = include_bytes!("../../manifests/nist-pontius-1.0.0.json");
const SAID: &[u8] = include_bytes!("../../artifacts/publications/nist-pontius.toml");

#[derive(Clone)]
struct Memory(BTreeMap<String, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &RelativePath, limit: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        let bytes = self.0.get(path.as_str()).ok_or(Unreadable::Missing)?;
        let found = bytes.len() as u64;
        if found > limit {
            return Err(Unreadable::TooLarge { found, limit });
        }
        sink(bytes);
        Ok(())
    }

    fn everything(&self, below: Option<&str>) -> Result<Vec<String>, Unreadable> {
        let inside = |path: &&String| below.is_none_or(|below| path.starts_with(below));
        Ok(self.0.keys().filter(inside).cloned().collect())
    }
}

struct Published {
    manifest: Manifest,
    id: Digest,
    opened: Opened,
    release: Memory,
    generated: Vec<String>,
}

fn generate(manifest: &Manifest, id: &Digest, opened: &Opened, said: &[u8]) -> Option<Vec<Generated>> {
    let publication = Publication::from_toml(said).ok()?;
    let texts = BTreeMap::from([("CC0-1.0".to_owned(), LISTED[0].1.to_vec())]);
    let results = BTreeMap::from([(LISTED[2].0.parse().expect("a path"), LISTED[2].1.to_vec())]);
    let source = Source {
        manifest,
        id,
        publication: &publication,
        publication_id: &Digest::of(said),
        opened,
        texts: &texts,
        previous: None,
        results: &results,
        withheld: &BTreeSet::new(),
    };
    let files = cards_of(&source);
    assert_eq!(files, cards_of(&source), "the same again");
    let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths.len(), files.len(), "each once");
    for file in files.iter().filter(|file| file.path.ends_with(".json")) {
        serde_json::from_slice::<serde_json::Value>(&file.bytes).expect("what is called JSON is JSON");
    }
    Some(files)
}

static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
    let manifest: Manifest = canonical::read(MANIFEST).expect("a manifest");
    let id = Digest::of(MANIFEST);
    let mut release = Memory(LISTED.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).into());
    let budget = Budget { threads: 1, max_csv: limits::CSV_BYTES, search: edit::SearchBudget::none() };
    let opened = examine(&manifest, &release, &Scope::Files, budget, |_| {}).1;
    let files = generate(&manifest, &id, &opened, SAID).expect("a publication");
    let generated = files.iter().map(|file| file.path.clone()).collect();
    release.0.extend(files.into_iter().map(|file| (file.path, file.bytes)));
    release.0.insert(release::MANIFEST.to_owned(), MANIFEST.to_vec());
    release.0.insert(release::PUBLICATION.to_owned(), SAID.to_vec());
    Published { manifest, id, opened, release, generated }
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [manner, at, rest @ ..] = bytes else { return };
    let own = &*PUBLISHED;
    let holds = |files: &Memory| {
        let release =
            Release { manifest: &own.manifest, id: &own.id, opened: &own.opened, max_csv: limits::CSV_BYTES };
        release.check(files).iter().all(|item| matches!(item.verdict, Verdict::Checked))
    };
    let mut changed = own.release.clone();
    match manner {
        b'g' => {
            let path = &own.generated[usize::from(*at) % own.generated.len()];
            let before = changed.0.insert(path.clone(), rest.to_vec()).expect("it is there");
            assert_eq!(holds(&changed), before == rest, "{path}");
        }
        b'a' => {
            let name = String::from_utf8_lossy(rest).into_owned();
            let known = changed.0.contains_key(&name)
                || release::HOUSEKEEPING.iter().any(|own| name.starts_with(own));
            let signature = name == release::SIGNATURE;
            changed.0.entry(name.clone()).or_default();
            assert_eq!(holds(&changed), known || signature, "{name:?}");
        }
        b'p' => {
            // The publisher's words are anybody's: cards are made of whatever can be read.
            drop(generate(&own.manifest, &own.id, &own.opened, rest));
        }
        _ => assert!(holds(&changed)),
    }
});
