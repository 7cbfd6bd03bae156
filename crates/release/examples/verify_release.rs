//! Verifies a release and prints what was found, as `openweigh verify --json` does:
//! `cargo run -p openweigh-release --example verify_release -- FOLDER`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example is a program")]

use openweigh_formats::{edit::SearchBudget, limits};
use openweigh_ledger::Ledger;
use openweigh_release::{Report, Subject, Trust, verify};
use openweigh_verify::{Budget, Summary};
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1) else {
        eprintln!("name the folder of a release");
        return ExitCode::from(2);
    };
    let report = of(&folder);
    println!("{}", as_json(&report));
    ExitCode::from(u8::from(report.summary() != Summary::Checked))
}

/// Everything that is to be said of the release in a folder, whoever signed it.
pub(crate) fn of(folder: &str) -> Report {
    let (files, mut search) = (Ledger::at(folder), SearchBudget::default());
    let budget = Budget { threads: 1, max_csv: limits::CSV_BYTES, search: SearchBudget::default() };
    let subject = Subject::release(&files, &format!("{folder}/"));
    verify(&subject, &Trust::NOBODY, budget, &mut search, &mut |_| {})
}

/// The document `openweigh.verify/2`.
pub(crate) fn as_json(report: &Report) -> String {
    serde_json::to_string_pretty(report).expect("a report is JSON")
}
