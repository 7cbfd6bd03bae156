//! A file for each change of a published release, with the grade that it must get: `tests/grades/*.toml`.
//!
//! Each starts from a release of a published manifest, made by `openweigh publish`, or from the manifest in its ledger
//! (`ledger = true`), and changes it: `replace` (every occurrence of `from`), `write`, `delete`. `resealed = true` then makes
//! the manifest's digests honest again, and the generated files those that follow. `expect` holds JSON pointers with
//! their values; `exit` and `require` are of the command.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

mod scene;

use openweigh_formats::Digest;
use scene::{Scene, repository};
use std::path::Path;

const BASE: &str = "nist-pontius-1.0.0";

/// A ledger with one manifest, its publication, and its release.
fn released() -> Scene {
    let scene = Scene::published(BASE);
    let publication = "artifacts/publications/nist-pontius.toml";
    scene.write(publication, &std::fs::read(repository().join(publication)).unwrap());
    scene.run(&["publish", BASE, "-o", "release"]).ends(0);
    scene
}

#[test]
fn every_change_gets_its_grade() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grades");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 15, "the cases are there");
    let mut wrong = Vec::new();
    for path in &paths {
        let case: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        if let Err(why) = check(&case) {
            wrong.push(format!("{}: {why}", path.file_stem().unwrap().display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), paths.len(), wrong.join("\n"));
}

fn check(case: &toml::Table) -> Result<(), String> {
    let scene = released();
    let in_ledger = case.get("ledger").is_some_and(|ledger| ledger.as_bool().unwrap());
    let folder = if in_ledger { "" } else { "release/" };
    for change in case.get("change").map_or(&[][..], |changes| changes.as_array().unwrap()) {
        apply(&scene, folder, change.as_table().unwrap());
    }
    if case.get("resealed").is_some_and(|resealed| resealed.as_bool().unwrap()) {
        reseal(&scene, folder);
    }
    let mut words = vec!["grade", if in_ledger { BASE } else { "release" }, "--json"];
    if let Some(required) = case.get("require") {
        words.extend(["--require", required.as_str().unwrap()]);
    }
    let ran = scene.run(&words);
    let code = i32::try_from(case["exit"].as_integer().unwrap()).unwrap();
    let document: serde_json::Value =
        serde_json::from_str(&ran.stdout).map_err(|error| format!("{error}: {}", ran.all()))?;
    let mut wrong = Vec::new();
    if ran.code != code {
        wrong.push(format!("exit {} instead of {code}: {}", ran.code, document["headline"]));
    }
    for (key, expected) in case.get("expect").map_or(&toml::Table::new(), |expect| expect.as_table().unwrap())
    {
        let found = find(&document, key);
        let expected = expected.as_str().unwrap();
        let found = found.as_str().map_or_else(|| found.to_string(), str::to_owned);
        if found != expected && !(key.ends_with("/note") && found.contains(expected)) {
            wrong.push(format!("{key} is `{found}`, not `{expected}`"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

/// The value at a path of keys; in a list, a key is that of a member.
fn find(document: &serde_json::Value, path: &str) -> serde_json::Value {
    path.split('/').fold(document.clone(), |value, part| match &value {
        serde_json::Value::Array(members) => {
            let found = members.iter().find(|member| member["key"] == part || member["what"] == part);
            found.cloned().unwrap_or_default()
        }
        value => value[part].clone(),
    })
}

fn apply(scene: &Scene, folder: &str, change: &toml::Table) {
    let text = |key: &str| change[key].as_str().unwrap();
    let path = format!("{folder}{}", text("file"));
    match text("do") {
        "replace" => {
            let old = scene.text(&path);
            assert!(old.contains(text("from")), "{path} holds {}", text("from"));
            scene.write(&path, old.replace(text("from"), text("to")).as_bytes());
        }
        "write" => scene.write(&path, text("text").as_bytes()),
        // The text of a licence as the SPDX list has it.
        "licence" => {
            let listed = spdx::license_id(text("text")).unwrap().text();
            scene.write(&path, listed.as_bytes());
        }
        "move" => {
            std::fs::rename(scene.path().join(&path), scene.path().join(folder).join(text("to"))).unwrap();
        }
        "delete" => std::fs::remove_file(scene.path().join(&path)).unwrap(),
        other => panic!("`{other}` is no change"),
    }
}

/// Gives the manifest the digests that its files have, and the release the checksums that follow.
fn reseal(scene: &Scene, folder: &str) {
    let path =
        if folder.is_empty() { format!("manifests/{BASE}.json") } else { format!("{folder}manifest.json") };
    // A dataset names its own files, so those come first.
    let dataset = format!("{folder}datasets/nist-pontius/dataset.json");
    let table = scene.read(&format!("{folder}datasets/nist-pontius/measurements.csv"));
    let mut description: serde_json::Value = serde_json::from_slice(&scene.read(&dataset)).unwrap();
    let old = description["files"][0]["sha256"].as_str().unwrap().to_owned();
    description["files"][0]["bytes"] = table.len().into();
    let text = scene.text(&dataset).replace(&old, Digest::of(&table).as_str());
    scene.write(&dataset, text.as_bytes());
    let manifest: serde_json::Value = serde_json::from_slice(&scene.read(&path)).unwrap();
    let mut text = scene.text(&path);
    for file in manifest["files"].as_array().unwrap() {
        let at = file["path"].as_str().unwrap();
        let bytes = scene.read(&format!("{folder}{at}"));
        let old = format!("\"bytes\": {},\n      \"sha256\": {}", file["bytes"], file["sha256"]);
        let new = format!("\"bytes\": {},\n      \"sha256\": \"{}\"", bytes.len(), Digest::of(&bytes));
        assert!(text.contains(&old), "{at} is listed");
        text = text.replace(&old, &new);
    }
    scene.write(&path, text.as_bytes());
    if folder.is_empty() {
        let sums = format!("{}  {BASE}.json\n", Digest::of(text.as_bytes()));
        scene.write("manifests/SHA256SUMS", sums.as_bytes());
        return;
    }
    let sums = format!("{folder}SHA256SUMS");
    let lines = scene.text(&sums);
    let renewed = lines.lines().filter_map(|line| line.split_once("  ")).map(|(_, at)| {
        // What was moved is listed under its new name.
        let there = scene.path().join(folder).join(at).exists();
        let at = if there { at.to_owned() } else { licence_text(scene, folder) };
        (at.clone(), Digest::of(&scene.read(&format!("{folder}{at}"))))
    });
    let mut renewed: Vec<(String, Digest)> = renewed.collect();
    renewed.sort();
    let text: String = renewed.iter().map(|(at, digest)| format!("{digest}  {at}\n")).collect();
    scene.write(&sums, text.as_bytes());
}

/// The only licence text of a release.
fn licence_text(scene: &Scene, folder: &str) -> String {
    let mut texts = std::fs::read_dir(scene.path().join(folder).join("LICENSES")).unwrap();
    format!("LICENSES/{}", texts.next().unwrap().unwrap().file_name().to_str().unwrap())
}

#[test]
fn a_release_is_graded_for_people() {
    let scene = released();
    let ran = scene.run(&["grade", "release"]).ends(0);
    for text in [
        "open weights: yes (10 of 10) · open source (OSAID): yes · MOF class II · reproduced: here, 0 receipts",
        "3 parameters of deflection = b0 + b1·load + b2·load^2",
        "for want of Research paper",
        "SPDX licence list",
    ] {
        assert!(ran.stdout.contains(text), "should say: {text}\n{}", ran.stdout);
    }
    scene.run(&["grade", "release", "--require", "open-weights,open-source", "--require", "class-2"]).ends(0);
    scene.run(&["grade", "release", "--require", "class-1"]).ends(1).says("required, and no: class-1");
    scene.run(&["grade", "nowhere"]).ends(3).says("nowhere");
    scene.run(&["grade", "release", "--require", "fame"]).ends(2);
}

#[test]
fn a_false_licence_text_is_not_published() {
    let scene = released();
    let path = "LICENSES/CC0-1.0.txt";
    scene.write(path, scene.text(path).replace("waives", "keeps").as_bytes());
    reseal(&scene, "");
    scene.run(&["verify", BASE]).ends(1).says("this is not the text of CC0-1.0");
    scene
        .run(&["publish", BASE, "-o", "again"])
        .ends(1)
        .says("this is not the text of CC0-1.0")
        .says("keeps");
    assert!(!scene.path().join("again").exists());
}
