//! Cuts the reader of foreign tables out of the command line program, which is no library.

use std::{env, fs, path::Path};

const SOURCE: &str = "../crates/cli/src/cmd/import_table.rs";
const FROM: &str = "/// What was changed on the way in";
const TO: &str = "#[cfg(test)]";

fn main() {
    println!("cargo::rerun-if-changed={SOURCE}");
    let text = fs::read_to_string(SOURCE).expect("the command's source");
    let from = text.find(FROM).unwrap_or_else(|| panic!("{SOURCE} does not hold `{FROM}`"));
    let to = text[from..].find(TO).map_or(text.len(), |at| from + at);
    let out = env::var_os("OUT_DIR").expect("set by cargo");
    fs::write(Path::new(&out).join("import_table.rs"), &text[from..to]).expect("a file of cargo's");
}
