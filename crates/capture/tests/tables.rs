//! Foreign tables, a folder for each: `input`, `options` (a word a line, if any), and what must come of it. That is
//! `table.csv`, or `refused`: the refusal as it is shown, then a line for each way out. Every way must work, and where
//! a `table.csv` lies beside a refusal, the first way must give it.
//!
//! `OPENWEIGH_WRITE_TABLES=1` writes what came: read the difference.

#![allow(clippy::unwrap_used, reason = "what cannot be unwrapped is a failed test")]

use openweigh_capture::import::table::{Flag, Options, Refusal, survey};
use std::path::Path;

fn read(input: &[u8], options: &Options) -> Result<String, Refusal> {
    let mut source = input;
    let plan = survey(&mut source, options)?;
    let mut table = Vec::new();
    plan.write(&mut source, &mut table)?;
    let units: Vec<&str> =
        plan.columns.iter().map(|column| column.unit.as_ref().map_or("", |unit| unit.as_str())).collect();
    let text = String::from_utf8(table).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    // The units stand in a line of their own here, to be seen.
    let units = if units.iter().all(|unit| unit.is_empty()) {
        String::new()
    } else {
        format!("{}\n", units.join(","))
    };
    Ok(format!("{header}\n{units}{rows}"))
}

fn options(words: &str) -> Options {
    let mut options = Options::default();
    for line in words.lines() {
        let (name, value) = line.split_once(' ').unwrap_or((line, ""));
        let value = value.to_owned();
        let flag = match name {
            "--delimiter" => Flag::Delimiter(value.parse().unwrap()),
            "--decimal" => Flag::Decimal(value.parse().unwrap()),
            "--header-row" => Flag::HeaderRow(value.parse().unwrap()),
            "--units-row" => Flag::UnitsRow(value.parse().unwrap()),
            "--skip-rows" => Flag::SkipRows(value.parse().unwrap()),
            "--no-header" => Flag::NoHeader,
            "--comment" => Flag::Comment(value),
            "--missing" => Flag::Missing(value),
            "--text" => Flag::Text(value),
            "--drop" => Flag::Drop(value),
            "--encoding" => Flag::Encoding(value),
            "--rename" => {
                let (from, to) = value.split_once('=').unwrap();
                Flag::Rename(from.into(), to.into())
            }
            other => panic!("{other}"),
        };
        flag.apply(&mut options);
    }
    options
}

fn check(folder: &Path, write: bool) {
    let name = folder.file_name().unwrap().to_string_lossy().into_owned();
    let file = |what: &str| std::fs::read_to_string(folder.join(what)).ok();
    let input = std::fs::read(folder.join("input")).unwrap();
    let options = options(&file("options").unwrap_or_default());
    let (table, refused) = match read(&input, &options) {
        Ok(table) => (Some(table), None),
        Err(refusal) => {
            let mut said = format!("{refusal}\n");
            let mut first = None;
            for way in &refusal.ways {
                said.push_str(&format!("  {way}\n"));
                let mut more = options.clone();
                way.flags.iter().for_each(|flag| flag.apply(&mut more));
                let table = read(&input, &more).unwrap_or_else(|refusal| panic!("{name}: {way}: {refusal}"));
                first.get_or_insert(table);
            }
            (first, Some(said))
        }
    };
    if write {
        for (what, text) in [("table.csv", &table), ("refused", &refused)] {
            match text {
                Some(text) => std::fs::write(folder.join(what), text).unwrap(),
                None => drop(std::fs::remove_file(folder.join(what))),
            }
        }
    }
    assert_eq!(table, file("table.csv"), "{name}");
    assert_eq!(refused, file("refused"), "{name}");
}

#[test]
fn every_case_is_read_right_or_refused_with_what_works() {
    #[expect(clippy::disallowed_methods, reason = "how a person asks the test to rewrite the cases")]
    let write = std::env::var_os("OPENWEIGH_WRITE_TABLES").is_some();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tables");
    let mut count = 0;
    for case in std::fs::read_dir(cases).unwrap() {
        check(&case.unwrap().path(), write);
        count += 1;
    }
    assert!(count > 40, "{count} cases");
}
