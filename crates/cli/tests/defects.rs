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
        apply(&scene, change.as_table().unwrap());
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

fn apply(scene: &Scene, change: &toml::Table) {
    let text = |key: &str| change[key].as_str().unwrap();
    let path = text("file");
    match text("do") {
        "replace" => {
            let old = scene.text(path);
            assert!(old.contains(text("from")), "{path} holds {}", text("from"));
            scene.write(path, old.replacen(text("from"), text("to"), 1).as_bytes());
        }
        "write" => scene.write(path, text("text").as_bytes()),
        "delete" => std::fs::remove_file(scene.path().join(path)).unwrap(),
        "rename" => {
            let to = scene.path().join(text("to"));
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::rename(scene.path().join(path), to).unwrap();
        }
        "link" => {
            let at = scene.path().join(path);
            std::fs::rename(&at, scene.path().join("elsewhere")).unwrap();
            std::os::unix::fs::symlink(scene.path().join("elsewhere"), at).unwrap();
        }
        "folder" => {
            std::fs::remove_file(scene.path().join(path)).unwrap();
            std::fs::create_dir(scene.path().join(path)).unwrap();
        }
        "crlf" => scene.write(path, scene.text(path).replace('\n', "\r\n").as_bytes()),
        "mark" => scene.write(path, format!("\u{feff}{}", scene.text(path)).as_bytes()),
        "unend" => scene.write(path, scene.text(path).trim_end().as_bytes()),
        "swap-lines" => {
            let text = scene.text(path);
            let mut lines: Vec<&str> = text.lines().collect();
            lines.swap(2, 3);
            scene.write(path, format!("{}\n", lines.join("\n")).as_bytes());
        }
        other => panic!("unknown change {other}"),
    }
}

/// Makes every digest and size in the ledger that of the file it names, innermost first.
fn reseal(scene: &Scene, base: &str) {
    let manifest = format!("manifests/{base}.json");
    let published = std::fs::read_to_string(scene::repository().join(&manifest)).unwrap();
    let paths: Vec<&str> = published
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"path\": \"")?.strip_suffix("\","))
        .collect();
    let is_description = |path: &&&str| path.ends_with("/dataset.json");
    let was = |path: &str| std::fs::read(scene::repository().join(path)).unwrap();
    let is_there = |path: &str| scene.path().join(path).is_file();
    // The entry of a path: its size and digest stand in the lines below it.
    let renew = |holder: &str, listed: &str, path: &str| {
        let text = scene.text(holder);
        let Some(at) = text.find(&format!("\"path\": \"{listed}\"")).filter(|_| is_there(path)) else {
            return;
        };
        let entry = |bytes: &[u8]| format!("{},\n      \"sha256\": \"{}\"", bytes.len(), Digest::of(bytes));
        let entries = text[at..].replacen(&entry(&was(path)), &entry(&scene.read(path)), 1);
        scene.write(holder, [&text[..at], &entries].concat().as_bytes());
    };
    for description in paths.iter().filter(is_description) {
        let folder = description.strip_suffix("dataset.json").unwrap();
        for path in paths.iter().filter(|path| path.starts_with(folder)) {
            renew(description, path.strip_prefix(folder).unwrap(), path);
        }
    }
    for weights in paths.iter().filter(|path| path.starts_with("artifacts/weights/") && is_there(path)) {
        let mut text = scene.text(weights);
        for description in paths.iter().filter(is_description).filter(|path| is_there(path)) {
            let (old, new) = (Digest::of(&was(description)), Digest::of(&scene.read(description)));
            text = text.replace(old.as_str(), new.as_str());
        }
        scene.write(weights, text.as_bytes());
    }
    for path in &paths {
        renew(&manifest, path, path);
    }
    let line = format!("{}  {base}.json\n", Digest::of(&scene.read(&manifest)));
    scene.write("manifests/SHA256SUMS", line.as_bytes());
}
