//! A file for each defect, with its expected verdict: `tests/defects/*.toml`.
//!
//! Each starts from a published manifest of the repository and changes it: `replace` (the first
//! occurrence of `from`), `write`, `delete`, `rename`, `link`, `lines = "crlf"`, `mark` (byte order
//! mark). `reseal = true` then makes all digests honest again: what is left is a lie that only a
//! derivation can find.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_formats::Digest;
use scene::Scene;
use scene::change::Change;
use scene::reseal::Sealed;
use std::path::Path;

const BASE: &str = "nist-noint1-1.0.0";

#[test]
fn every_defect_is_found_and_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/defects");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 40, "the defects are there");
    let mut wrong = Vec::new();
    for path in &paths {
        let defect: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        if let Err(why) = check(&defect) {
            wrong.push(format!("{}: {why}", path.file_stem().unwrap().display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} defects:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}

fn check(defect: &toml::Table) -> Result<(), String> {
    let base = defect.get("base").map_or(BASE, |base| base.as_str().unwrap());
    let scene = Scene::published(base);
    for change in defect["change"].as_array().unwrap() {
        let change = Change::new(change.as_table().unwrap(), &str::to_owned);
        assert!(change.apply(scene.path()), "`{}` is no change", change.verb());
    }
    if defect.get("reseal").is_some_and(|reseal| reseal.as_bool().unwrap()) {
        reseal(&scene, base);
    }
    let ran = scene.run(&["verify", &format!("manifests/{base}.json")]);
    let expect = defect["expect"].as_table().unwrap();
    let code = i32::try_from(expect["exit"].as_integer().unwrap()).unwrap();
    if ran.code != code {
        return Err(format!("exit {} instead of {code}\n{}", ran.code, ran.all()));
    }
    for text in expect["says"].as_array().unwrap() {
        let text = text.as_str().unwrap();
        if !ran.all().contains(text) {
            return Err(format!("does not say `{text}`:\n{}", ran.all()));
        }
    }
    Ok(())
}

/// Makes every digest in the ledger honest again.
fn reseal(scene: &Scene, base: &str) {
    let (manifest, was) = (format!("manifests/{base}.json"), scene::repository());
    let published = std::fs::read_to_string(was.join(&manifest)).unwrap();
    Sealed { was: &was, published, is: scene.path(), manifest: &manifest }.renew();
    let line = format!("{}  {base}.json\n", Digest::of(&scene.read(&manifest)));
    scene.write("manifests/SHA256SUMS", line.as_bytes());
}
