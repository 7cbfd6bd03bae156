//! The inputs that were found, shared with the tests of `replay`: both keep them in this folder.

use std::path::Path;

pub(crate) fn every_file(name: &str, law: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../formats/tests/found").join(name);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        law(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}
