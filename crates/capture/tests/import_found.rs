//! Inputs that fuzzing found, and the samples: the laws hold of each.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

#[path = "found/laws.rs"]
#[expect(unreachable_pub, reason = "shared with the fuzz targets")]
mod laws;

use openweigh_capture::import::Format;
use std::path::Path;

#[test]
fn laws_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    for (target, format) in [
        ("import_libinput", Format::Libinput),
        ("import_evemu", Format::Evemu),
        ("import_evtest", Format::Evtest),
        ("import_hid", Format::Hid),
        ("import_atpcap", Format::Atpcap),
        ("import_csv", Format::GlassToKey),
    ] {
        let found = std::fs::read_dir(folder.join("found").join(target)).into_iter().flatten();
        let samples = std::fs::read_dir(folder.join("recordings")).unwrap();
        for entry in found.chain(samples) {
            let path = entry.unwrap().path();
            if path.is_file() {
                laws::import(&std::fs::read(&path).unwrap(), format);
            }
        }
    }
}
