//! Releases through a layout in a folder: the bytes it holds, and what is refused.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_formats::Digest;
use openweigh_formats::manifest::{Format, Manifest, ManifestFile, Role};
use openweigh_store::{
    Access, Fault, Location, Moment, Pull, Pulled, Push, Pushed, ReleaseFault, State, StoreError, limits,
    pull, push,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A place for a release, a store, and what is pulled.
struct Scene {
    folder: tempfile::TempDir,
}

const FILES: [(&str, &str); 5] = [
    (".gitattributes", "* -text\n"),
    ("README.md", "# A stand-in\n"),
    ("datasets/a/empty.csv", ""),
    ("datasets/a/measurements.csv", "x,y\n1,2\n"),
    ("manifest.json", "{\"name\":\"stand-in\",\"version\":\"1.0.0\",\"title\":\"A stand-in\"}\n"),
];

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        scene.release(&FILES);
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a release with its list of digests.
    fn release(&self, files: &[(&str, &str)]) {
        let mut sums = String::new();
        for (path, text) in files {
            self.write(&format!("release/{path}"), text.as_bytes());
            sums.push_str(&format!("{}  {path}\n", Digest::of(text.as_bytes())));
        }
        self.write("release/SHA256SUMS", sums.as_bytes());
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    fn location(&self, tag: &str) -> Location {
        format!("oci:{}{tag}", self.path("store").display()).parse().unwrap()
    }

    fn push(&self, tag: &str, force: bool) -> Result<Pushed, StoreError> {
        let request = Push {
            release: &self.path("release"),
            to: &self.location(tag),
            force,
            companions: true,
            file_bytes: limits::FILE_BYTES,
            access: &Access::default(),
        };
        push(&request, &mut |_: &Moment| {})
    }

    fn pull(&self, tag: &str, to: &str, force: bool) -> Result<Pulled, StoreError> {
        let request = Pull {
            from: &self.location(tag),
            to: &self.path(to),
            force,
            companions: true,
            file_bytes: limits::FILE_BYTES,
            access: &Access::default(),
        };
        pull(&request, &mut |_: &Moment| {})
    }

    /// Changes the pushed image manifest and tags it again, as someone could who owns the store.
    fn forge(&self, change: impl FnOnce(&mut Value)) {
        let index_path = self.path("store/index.json");
        let mut index: Value = serde_json::from_slice(&std::fs::read(&index_path).unwrap()).unwrap();
        let entry = &mut index["manifests"][0];
        let digest = entry["digest"].as_str().unwrap().replace("sha256:", "store/blobs/sha256/");
        let mut manifest: Value =
            serde_json::from_slice(&std::fs::read(self.path(&digest)).unwrap()).unwrap();
        change(&mut manifest);
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let digest = Digest::of(&bytes);
        self.write(&format!("store/blobs/sha256/{digest}"), &bytes);
        entry["digest"] = json!(format!("sha256:{digest}"));
        entry["size"] = json!(bytes.len());
        std::fs::write(index_path, index.to_string()).unwrap();
    }

    fn blob(&self, text: &str) -> PathBuf {
        self.path(&format!("store/blobs/sha256/{}", Digest::of(text.as_bytes())))
    }
}

/// Every file below a folder.
fn tree(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let (mut waiting, mut found) = (vec![root.to_path_buf()], BTreeMap::new());
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn what_is_pushed_is_pulled() {
    let scene = Scene::new();
    let pushed = scene.push("", false).unwrap();
    assert_eq!((pushed.tag.as_str(), pushed.state, pushed.files), ("1.0.0", State::New, 6));
    assert_eq!(pushed.sent, 6);
    let again = scene.push("", false).unwrap();
    assert_eq!((again.state, again.sent), (State::Same, 0));
    let pulled = scene.pull("", "pulled", false).unwrap();
    assert_eq!((pulled.state, pulled.id, pulled.digest.clone()), (State::New, pushed.id, pushed.digest));
    assert_eq!(tree(&scene.path("pulled")), tree(&scene.path("release")));
    assert_eq!(scene.pull("", "pulled", false).unwrap().state, State::Same);
    assert_eq!(scene.pull(&format!("@{}", pulled.digest), "other", false).unwrap().state, State::New);
    let left: Vec<_> =
        std::fs::read_dir(scene.folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "no draft is left behind: {left:?}");
}

#[test]
fn the_bytes_of_a_layout_are_fixed() {
    let scene = Scene::new();
    scene.push(":1.0.0", false).unwrap();
    let found = tree(&scene.path("store"));
    let text = |name: &str| String::from_utf8(found[name].clone()).unwrap();
    let mut shown = format!("oci-layout\n{}\n\nindex.json\n{}\n", text("oci-layout"), text("index.json"));
    for (name, bytes) in &found {
        if bytes.starts_with(b"{\"schemaVersion\"") && name.starts_with("blobs") {
            shown.push_str(&format!("\n{name}\n{}\n", text(name)));
        }
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/layout.golden");
    #[expect(clippy::disallowed_methods, reason = "how a person asks the test to rewrite the file")]
    if std::env::var_os("OPENWEIGH_WRITE_GOLDEN").is_some() {
        std::fs::write(&golden, &shown).unwrap();
    }
    assert_eq!(shown, std::fs::read_to_string(golden).unwrap());
    assert_eq!(found.len(), 2 + 6 + 2, "the marks, the files, the empty config and the manifest");
}

#[test]
fn a_release_that_is_not_as_listed_is_not_sent() {
    let fault = |change: &dyn Fn(&Scene)| {
        let scene = Scene::new();
        change(&scene);
        let error = scene.push("", false).unwrap_err();
        assert!(!scene.path("store").exists(), "nothing was sent");
        error
    };
    let error = fault(&|scene| scene.write("release/README.md", b"# Another\n"));
    assert!(matches!(error, StoreError::Digest { file, .. } if file.ends_with("README.md")));
    let error = fault(&|scene| scene.write("release/more.txt", b""));
    assert!(matches!(error, StoreError::Release { fault: ReleaseFault::Unlisted, .. }));
    let error = fault(&|scene| std::fs::remove_file(scene.path("release/README.md")).unwrap());
    assert!(matches!(error, StoreError::Release { fault: ReleaseFault::Missing, .. }));
    let error = fault(&|scene| std::fs::remove_file(scene.path("release/SHA256SUMS")).unwrap());
    assert!(matches!(error, StoreError::Release { fault: ReleaseFault::Text(Fault::Lacks(_)), .. }));
    let error = fault(&|scene| scene.release(&[("manifest.json", "{}")]));
    assert!(
        matches!(error, StoreError::Release { fault: ReleaseFault::Unlisted, .. }),
        "others are there still"
    );
    #[cfg(unix)]
    {
        let error = fault(&|scene| {
            let path = scene.path("release/README.md");
            std::fs::rename(&path, scene.path("elsewhere")).unwrap();
            std::os::unix::fs::symlink(scene.path("elsewhere"), path).unwrap();
        });
        assert!(matches!(error, StoreError::Release { fault: ReleaseFault::NotPlain(_), .. }));
    }
}

/// A manifest of the stand-in's data: only what has one is a release that may be replaced.
fn manifest() -> String {
    let file = |path: &str, role, text: &str| ManifestFile {
        path: path.parse().unwrap(),
        role,
        bytes: text.len() as u64,
        sha256: Digest::of(text.as_bytes()),
        licence: "CC0-1.0".parse().unwrap(),
    };
    let manifest = Manifest {
        format: Format::V1,
        name: "a".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        title: "A".parse().unwrap(),
        previous: None,
        files: vec![
            file(FILES[2].0, Role::Dataset, FILES[2].1),
            file(FILES[3].0, Role::Measurements, FILES[3].1),
        ],
        derivations: Vec::new(),
        claims: Vec::new(),
    };
    String::from_utf8(openweigh_formats::canonical::write(&manifest)).unwrap()
}

#[test]
fn a_tag_keeps_its_meaning_unless_forced() {
    let scene = Scene::new();
    let manifest = manifest();
    let mut files = FILES;
    files[4].1 = &manifest;
    scene.release(&files);
    let first = scene.push(":1", false).unwrap();
    files[1].1 = "# Another stand-in\n";
    scene.release(&files);
    assert!(matches!(scene.push(":1", false), Err(StoreError::TagTaken { .. })));
    assert_eq!(scene.push(":2", false).unwrap().sent, 2, "the changed file and the list");
    assert!(
        matches!(scene.pull("", "pulled", false), Err(StoreError::WhichTag { tags, .. }) if tags == ["1", "2"])
    );
    assert!(matches!(scene.pull(":3", "pulled", false), Err(StoreError::Absent { .. })));
    let forced = scene.push(":1", true).unwrap();
    assert_eq!(forced.state, State::Replaced);
    assert_ne!(forced.digest, first.digest);
    assert_eq!(scene.pull(&format!("@{}", first.digest), "pulled", false).unwrap().id, first.id);
    assert!(matches!(scene.pull(":1", "pulled", false), Err(StoreError::Exists { .. })));
    assert_eq!(scene.pull(":1", "pulled", true).unwrap().state, State::Replaced);
    assert_eq!(tree(&scene.path("pulled")), tree(&scene.path("release")));
}

#[test]
fn a_folder_of_other_things_is_no_store() {
    let scene = Scene::new();
    scene.write("store/thesis.txt", b"");
    assert!(matches!(scene.push("", false), Err(StoreError::NotAStore { .. })));
    assert!(matches!(scene.pull(":1", "pulled", false), Err(StoreError::Absent { .. })));
}

#[test]
fn changed_and_cut_blobs_are_noticed() {
    let scene = Scene::new();
    scene.push("", false).unwrap();
    let blob = scene.blob(FILES[3].1);
    for (bytes, is_digest) in [(&b"x,y\n1,3\n"[..], true), (b"x,y\n", false), (b"x,y\n1,2\n3,4\n", false)] {
        std::fs::write(&blob, bytes).unwrap();
        let error = scene.pull("", "pulled", false).unwrap_err();
        match error {
            StoreError::Digest { file, .. } => assert!(is_digest && file == FILES[3].0),
            StoreError::Length { file, .. } => assert!(!is_digest && file == FILES[3].0),
            other => panic!("{other}"),
        }
        assert!(!scene.path("pulled").exists());
    }
    std::fs::remove_file(&blob).unwrap();
    assert!(matches!(scene.pull("", "pulled", false), Err(StoreError::Absent { .. })));
    std::fs::write(&blob, FILES[3].1).unwrap();
    let pulled = scene.pull("", "pulled", false).unwrap();
    assert!(pulled.kept > 0, "what had come was kept");
    assert_eq!(tree(&scene.path("pulled")), tree(&scene.path("release")));
}

#[test]
fn changed_documents_are_noticed() {
    let scene = Scene::new();
    let digest = scene.push("", false).unwrap().digest;
    let index = scene.path("store/index.json");
    let whole = std::fs::read(&index).unwrap();
    std::fs::write(&index, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(
        scene.pull("", "pulled", false),
        Err(StoreError::Refused { fault: Fault::Syntax(_), .. })
    ));
    std::fs::write(&index, &whole).unwrap();
    let manifest = scene.path(&format!("store/blobs/sha256/{}", digest.0));
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("text/csv", "text/css")).unwrap();
    assert!(matches!(scene.pull("", "pulled", false), Err(StoreError::Digest { .. })));
    std::fs::write(&manifest, &text[..100]).unwrap();
    assert!(matches!(scene.pull("", "pulled", false), Err(StoreError::Digest { .. })));
    scene.write("store/oci-layout", b"{\"imageLayoutVersion\":\"2.0.0\"}");
    assert!(matches!(scene.pull("", "pulled", false), Err(StoreError::Refused { .. })));
}

#[test]
fn what_is_no_release_is_refused() {
    type Change = fn(&mut Value);
    type Expected = fn(&Fault) -> bool;
    const TITLE: &str = "org.opencontainers.image.title";
    fn title(manifest: &mut Value, at: usize, title: &str) {
        manifest["layers"][at]["annotations"][TITLE] = json!(title);
    }
    let refused: [(&str, Change, Expected); 14] = [
        ("escape", |m| title(m, 3, "../../x"), |f| matches!(f, Fault::Path(_))),
        ("absolute", |m| title(m, 3, "/x"), |f| matches!(f, Fault::Path(_))),
        ("hidden", |m| title(m, 3, ".bashrc"), |f| matches!(f, Fault::Path(_))),
        ("twin", |m| title(m, 3, "readme.md"), |f| matches!(f, Fault::Twins { .. })),
        ("twice", |m| title(m, 3, "README.md"), |f| matches!(f, Fault::Twice(_))),
        ("in the way", |m| title(m, 3, "README.md/x"), |f| matches!(f, Fault::FileAndFolder(_))),
        ("untitled", |m| m["layers"][1]["annotations"] = json!({}), |f| matches!(f, Fault::NoTitle(_))),
        ("renamed", |m| title(m, 3, "other.md"), |f| matches!(f, Fault::Disagree(_))),
        (
            "left out",
            |m| drop(m["layers"].as_array_mut().unwrap().remove(3)),
            |f| matches!(f, Fault::Disagree(_)),
        ),
        ("other kind", |m| m["artifactType"] = json!("text/x"), |f| matches!(f, Fault::Found { .. })),
        (
            "no kind",
            |m| drop(m.as_object_mut().unwrap().remove("artifactType")),
            |f| matches!(f, Fault::Found { .. }),
        ),
        ("config", |m| m["config"]["mediaType"] = json!("a/b"), |f| matches!(f, Fault::Found { .. })),
        ("huge", |m| m["layers"][1]["size"] = json!(1u64 << 40), |f| matches!(f, Fault::TooMany { .. })),
        (
            "many",
            |m| {
                let layer = m["layers"][1].clone();
                m["layers"].as_array_mut().unwrap().extend(vec![layer; limits::FILES]);
            },
            |f| matches!(f, Fault::TooMany { .. }),
        ),
    ];
    for (name, change, expected) in refused {
        let scene = Scene::new();
        scene.push("", false).unwrap();
        scene.forge(change);
        match scene.pull("", "pulled", false) {
            Err(StoreError::Refused { fault, .. }) => assert!(expected(&fault), "{name}: {fault}"),
            other => panic!("{name}: {other:?}"),
        }
        let left: Vec<_> =
            std::fs::read_dir(scene.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{name}: nothing was written: {left:?}");
    }
}

#[test]
fn a_pull_that_was_cut_short_is_continued() {
    let scene = Scene::new();
    let long = "1,2\n".repeat(100_000);
    let mut files = FILES;
    files[3].1 = &long;
    scene.release(&files);
    let pushed = scene.push("", false).unwrap();
    let part =
        format!(".pulled-{}.draft/parts/{}.part", pushed.digest.0.short(), Digest::of(long.as_bytes()));
    scene.write(&part, &long.as_bytes()[..123_457]);
    let pulled = scene.pull("", "pulled", false).unwrap();
    assert_eq!(pulled.kept, 123_457);
    assert_eq!(pulled.kept + pulled.moved, pulled.bytes);
    assert_eq!(tree(&scene.path("pulled")), tree(&scene.path("release")));
    // A damaged part, one that is too long, and one that is whole.
    for bytes in [vec![b'x'; 5_000], vec![b'x'; long.len() + 1], long.clone().into_bytes()] {
        std::fs::remove_dir_all(scene.path("pulled")).unwrap();
        scene.write(&part, &bytes);
        assert_eq!(scene.pull("", "pulled", false).unwrap().state, State::New);
        assert_eq!(tree(&scene.path("pulled")), tree(&scene.path("release")));
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_a_draft_leads_nowhere() {
    let scene = Scene::new();
    let pushed = scene.push("", false).unwrap();
    let draft = format!(".pulled-{}.draft", pushed.digest.0.short());
    scene.write("elsewhere/x", b"");
    let cases = [format!("{draft}/tree"), format!("{draft}/tree/datasets"), draft.clone()];
    for link in cases {
        let path = scene.path(&link);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(scene.path("elsewhere"), &path).unwrap();
        assert!(matches!(scene.pull("", "pulled", false), Err(StoreError::Release { .. })), "{link}");
        assert_eq!(tree(&scene.path("elsewhere")).len(), 1);
        std::fs::remove_file(path).unwrap();
        std::fs::remove_dir_all(scene.path(&draft)).unwrap_or_default();
    }
}

#[test]
fn receipts_and_signatures_travel_beside() {
    let scene = Scene::new();
    let id = Digest::of(FILES[4].1.as_bytes());
    assert_eq!(scene.push("", false).unwrap().companions, 0);
    scene.write(&format!("attest/{id}/receipt.json"), b"{\"by\":\"a\"}\n");
    scene.write(&format!("attest/{id}/withdrawal.json"), b"{\"by\":\"b\"}\n");
    scene.write(&format!("attest/{id}/notes.txt"), b"not for the store");
    scene.write("release.oms.sig", b"{\"mediaType\":\"x\"}\n");
    let pushed = scene.push("", false).unwrap();
    assert_eq!((pushed.state, pushed.companions), (State::Same, 3));
    assert_eq!(scene.push("", false).unwrap().companions, 0, "each once");
    let pulled = scene.pull("", "far/pulled", false).unwrap();
    assert_eq!(pulled.companions.len(), 3);
    let read = |name: &str| std::fs::read(scene.path(name)).unwrap();
    // A statement is called by its digest, whatever it calls itself.
    for text in ["{\"by\":\"a\"}\n", "{\"by\":\"b\"}\n"] {
        let name = format!("far/attest/{id}/{}.json", Digest::of(text.as_bytes()));
        assert_eq!(read(&name), text.as_bytes());
    }
    assert_eq!(read("far/pulled.oms.sig"), b"{\"mediaType\":\"x\"}\n");
    // One's own stays, and what is here under another name does not come again.
    let taken = scene.path(&format!("far/attest/{id}/{}.json", Digest::of(b"{\"by\":\"a\"}\n")));
    scene.write(&format!("far/attest/{id}/receipt.json"), b"{\"by\":\"a\"}\n");
    std::fs::remove_file(&taken).unwrap();
    let pulled = scene.pull("", "far/pulled", false).unwrap();
    assert_eq!((pulled.state, pulled.companions.len(), pulled.unread.len()), (State::Same, 0, 0));
    // What cannot be written is said.
    std::fs::remove_file(scene.path(&format!("far/attest/{id}/receipt.json"))).unwrap();
    std::os::unix::fs::symlink(scene.path("elsewhere"), &taken).unwrap();
    let pulled = scene.pull("", "far/pulled", false).unwrap();
    assert_eq!((pulled.companions.len(), pulled.unread.len()), (0, 1));
    assert!(!scene.path("elsewhere").exists());
    // So is one that the store changed: it could have been a withdrawal.
    std::fs::write(scene.blob("{\"by\":\"b\"}\n"), "{\"by\":\"c\"}\n").unwrap();
    let pulled = scene.pull("", "third", false).unwrap();
    assert_eq!((pulled.state, pulled.companions.len(), pulled.unread.len()), (State::New, 1, 1));
}

#[test]
fn what_is_no_plain_file_in_a_store_is_refused() {
    use std::os::unix::fs::symlink;
    let blob = |scene: &Scene| scene.blob(FILES[1].1);
    let index = |scene: &Scene| scene.path("store/index.json");
    let mark = |scene: &Scene| scene.path("store/oci-layout");
    let blobs = |scene: &Scene| scene.path("store/blobs");
    for place in [&blob as &dyn Fn(&Scene) -> PathBuf, &index, &mark, &blobs] {
        for pipe in [false, true] {
            let scene = Scene::new();
            scene.push("", false).unwrap();
            let (path, moved) = (place(&scene), scene.path("moved"));
            std::fs::rename(&path, &moved).unwrap();
            if pipe {
                std::os::unix::net::UnixListener::bind(&path).unwrap();
            } else {
                symlink(&moved, &path).unwrap();
            }
            let before = if moved.is_dir() { Vec::new() } else { std::fs::read(&moved).unwrap() };
            assert!(scene.pull("", "pulled", false).is_err(), "{}", path.display());
            assert!(!scene.path("pulled").exists());
            assert!(scene.push(":2", true).is_err(), "{}", path.display());
            if !moved.is_dir() {
                assert_eq!(before, std::fs::read(&moved).unwrap(), "{}", path.display());
            }
        }
    }
}

#[test]
fn only_a_release_is_replaced_and_version_control_is_kept() {
    let scene = Scene::new();
    let manifest = manifest();
    let mut files = FILES;
    files[4].1 = &manifest;
    scene.release(&files);
    scene.push("", false).unwrap();
    scene.pull("", "pulled", false).unwrap();
    scene.write("pulled/.git/config", b"mine");
    assert_eq!(scene.pull("", "pulled", false).unwrap().state, State::Same);
    scene.write("pulled/README.md", b"changed");
    assert!(matches!(scene.pull("", "pulled", false), Err(StoreError::Exists { .. })));
    // What somebody wrote into it is theirs, under whatever name.
    assert!(matches!(scene.pull("", "pulled", true), Err(StoreError::NotARelease { .. })));
    assert_eq!(std::fs::read(scene.path("pulled/README.md")).unwrap(), b"changed");
    std::fs::remove_file(scene.path("pulled/README.md")).unwrap();
    assert_eq!(scene.pull("", "pulled", true).unwrap().state, State::Replaced);
    assert_eq!(std::fs::read(scene.path("pulled/.git/config")).unwrap(), b"mine");
    scene.write("pulled/datasets/thesis.txt", b"mine");
    assert!(matches!(scene.pull("", "pulled", true), Err(StoreError::NotARelease { .. })));
    scene.write("file", b"mine");
    scene.write("folder/notes.txt", b"mine");
    for other in ["file", "folder"] {
        assert!(matches!(scene.pull("", other, true), Err(StoreError::NotARelease { .. })), "{other}");
    }
    std::fs::create_dir(scene.path("empty")).unwrap();
    assert_eq!(scene.pull("", "empty", true).unwrap().state, State::Replaced);
}
