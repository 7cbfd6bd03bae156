//! Inputs that once made a reader panic, hang or break a law, and a few that might have: each file of
//! `found/<law>/` keeps its law. `scripts/fuzz` looks for more, and begins with these.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]
#![allow(
    clippy::option_option,
    clippy::collapsible_match,
    clippy::collapsible_if,
    reason = "laws read best spelled out"
)]

#[path = "found/files.rs"]
mod files;
#[path = "found/laws.rs"]
mod laws;

use files::every_file;
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::dataset::Dataset;
use openweigh_formats::{Fault, csv, limits};

#[test]
fn found_inputs_keep_the_laws() {
    every_file("decimal", laws::decimal);
    every_file("table", laws::table);
    every_file("dataset", laws::dataset);
    every_file("manifest", laws::manifest);
    every_file("recipe", laws::recipe);
    every_file("claims", laws::claims);
    every_file("sums", laws::sums);
    every_file("results", laws::results);
    every_file("term", laws::term);
    every_file("touches", laws::touches);
    every_file("samples", laws::samples);
    every_file("session", laws::session);
}

#[test]
fn nesting_without_end_is_refused() {
    let deep = |open: &str, count| open.repeat(count).into_bytes();
    for toml in [deep("a.", 500_000), [b"a=".to_vec(), deep("[", 1_000_000)].concat(), deep("[[", 500_000)] {
        laws::recipe(&toml);
        laws::claims(&toml);
    }
    for json in [deep("[", 1_000_000), deep("{\"files\":[", 100_000)] {
        laws::dataset(&json);
        laws::manifest(&json);
    }
}

#[test]
fn large_files_are_parsed_only_with_a_value_a_line() {
    let bytes = include_bytes!("../../../datasets/nist-noint1/dataset.json");
    let mut dataset: Dataset = canonical::read(bytes).unwrap();
    // What looks like the end of a value inside a text is none.
    dataset.authors = vec!["A \\\",[{]} \"name".parse().unwrap(); 100_000];
    let large = canonical::write(&dataset);
    assert_eq!(canonical::read(&large).as_ref(), Ok(&dataset));
    let packed = serde_json::to_vec(&dataset).unwrap();
    assert!(packed.len() > 1 << 20 && packed.starts_with(b"{\"format\":"));
    let error = canonical::read::<Dataset>(&packed).unwrap_err();
    assert_eq!((error.position.line, error.position.column), (1, 1));
    assert!(error.to_string().ends_with("expected `a line end`"), "{error}");
    assert!(dataset.check().is_ok());
}

#[test]
fn long_lines_are_refused_in_results() {
    let line = |length: usize| [vec![b','; length], b"\n".to_vec()].concat();
    assert!(csv::checked(&line(limits::LINE_BYTES - 1)).is_ok());
    let error = csv::checked(&line(limits::LINE_BYTES)).unwrap_err();
    assert_eq!(error.fault, Fault::LongLine { limit: limits::LINE_BYTES });
    // A number and a text column, in blocks of up to 256 bytes.
    for length in limits::LINE_BYTES - 3..limits::LINE_BYTES + 3 {
        laws::table(&[&[1 | 2 << 2, 255], b"1,".as_slice(), &vec![b'a'; length - 2], b"\n2,\n"].concat());
    }
}
