//! A store in a folder, whatever its index and its blobs say: a release comes whole, or nothing does, and nothing is
//! written beside it. The parts stand one after the other with a zero byte between them: the index first, then blobs;
//! each may name the digest of a later one as `{1}`, and its length as `{1n}`.
#![no_main]

use openweigh_formats::Digest;
use openweigh_store::{Access, Location, Pull, pull};
use std::fs;
use std::path::Path;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts: Vec<Vec<u8>> = bytes.split(|&byte| byte == 0).take(10).map(<[u8]>::to_vec).collect();
    for at in (0..parts.len()).rev() {
        let Ok(mut text) = String::from_utf8(parts[at].clone()) else { continue };
        for (other, part) in parts.iter().enumerate().skip(at + 1) {
            text = text.replace(&format!("{{{other}}}"), Digest::of(part).as_str());
            text = text.replace(&format!("{{{other}n}}"), &part.len().to_string());
        }
        parts[at] = text.into_bytes();
    }
    let place = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
    let (store, desk) = (place.path().join("store"), place.path().join("desk"));
    fs::create_dir_all(store.join("blobs/sha256")).expect("a folder");
    fs::create_dir(&desk).expect("a folder");
    fs::write(store.join("oci-layout"), b"{\"imageLayoutVersion\":\"1.0.0\"}").expect("a file");
    fs::write(store.join("index.json"), &parts[0]).expect("a file");
    for part in &parts[1..] {
        fs::write(store.join("blobs/sha256").join(Digest::of(part).as_str()), part).expect("a file");
    }
    let from: Location = format!("oci:{}", store.display()).parse().expect("a place");
    let access = Access::default();
    let to = desk.join("release");
    let request = Pull { from: &from, to: &to, force: false, companions: true, file_bytes: 1 << 20, access: &access };
    match pull(&request, &mut |_| {}) {
        Ok(pulled) => {
            let manifest = fs::read(to.join("manifest.json")).expect("a release has a manifest");
            assert_eq!(Digest::of(&manifest), pulled.id, "the manifest is the one that was promised");
            let expected = if pulled.companions.is_empty() { 1 } else { 2 };
            assert!(names(&desk).len() <= expected + 1, "{:?}", names(&desk));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            assert!(!to.exists(), "half a release is none");
        }
    }
    for name in names(&desk) {
        assert!(name.starts_with("release") || name.starts_with(".release") || name == "attest", "{name:?}");
    }
    assert_eq!(names(place.path()), ["desk", "store"]);
});
