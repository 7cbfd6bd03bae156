//! A file for each defect, with its expected verdict: `tests/defects/*.toml`.
//!
//! Each starts from a published manifest of the repository and changes it: `replace` (the first
//! occurrence of `from`), `write`, `delete`, `rename`, `link`, `lines = "crlf"`, `mark` (byte order
//! mark). `reseal = true` then makes all digests honest again: what is left is a lie that only a
//! derivation can find. `run` is a list of commands that are run before any change, and `manifest` names the one to
//! be verified, if they made another.
//!
//! With `OPENWEIGH_DEFECTS=FOLDER` each changed ledger is left in `FOLDER/<name>`, with the expected exit code in
//! `FOLDER/<name>.exit` and the manifest's path in `FOLDER/<name>.manifest`, for other implementations to judge
//! (`scripts/check-defects`).

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
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if let Err(why) = check(&defect, &name) {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} defects:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}

fn check(defect: &toml::Table, name: &str) -> Result<(), String> {
    let base = defect.get("base").map_or(BASE, |base| base.as_str().unwrap());
    let scene = Scene::published(base);
    for words in defect.get("run").map_or(&[][..], |run| run.as_array().unwrap()) {
        let words: Vec<&str> = words.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
        scene.run(&words).ends(0);
    }
    let manifest = defect.get("manifest").map_or(base, |manifest| manifest.as_str().unwrap());
    let before = Scene::empty();
    scene::change::copy_folder(scene.path(), before.path());
    for change in defect.get("change").map_or(&[][..], |change| change.as_array().unwrap()) {
        let change = Change::new(change.as_table().unwrap(), &str::to_owned);
        assert!(change.apply(scene.path()), "`{}` is no change", change.verb());
    }
    if defect.get("reseal").is_some_and(|reseal| reseal.as_bool().unwrap()) {
        reseal(&scene, &before, manifest);
    }
    let path = format!("manifests/{manifest}.json");
    let ran = scene.run(&["verify", &path]);
    let expect = defect["expect"].as_table().unwrap();
    let code = i32::try_from(expect["exit"].as_integer().unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "how scripts/check-defects asks for the ledgers")]
    let kept = std::env::var_os("OPENWEIGH_DEFECTS");
    if let Some(folder) = kept {
        leave(&scene, &Path::new(&folder).join(name), code, &path);
    }
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
fn reseal(scene: &Scene, before: &Scene, manifest: &str) {
    let path = format!("manifests/{manifest}.json");
    let published = before.text(&path);
    Sealed { was: before.path(), published, is: scene.path(), manifest: &path }.renew();
    let line = format!("{}  {manifest}.json\n", Digest::of(&scene.read(&path)));
    scene.write("manifests/SHA256SUMS", line.as_bytes());
}

/// Leaves a changed ledger for others to judge.
fn leave(scene: &Scene, at: &Path, code: i32, manifest: &str) {
    std::fs::create_dir_all(at.parent().unwrap()).unwrap();
    let _ = std::fs::remove_dir_all(at);
    // As it is, links and folders in the place of files too.
    let copied = std::process::Command::new("cp").arg("-a").arg(scene.path()).arg(at).status().unwrap();
    assert!(copied.success(), "copied to {}", at.display());
    std::fs::write(at.with_extension("exit"), format!("{code}\n")).unwrap();
    std::fs::write(at.with_extension("manifest"), format!("{manifest}\n")).unwrap();
}
