//! Foreign tables: lenient on reading, so what it reads need not be much; strict on writing, so what it
//! writes is read by the strict reader.
#![no_main]

use openweigh_formats::dataset::CellType;
use openweigh_formats::table::TableReader;

/// The part of the command that reads: `crates/cli/src/cmd/import_table.rs` from its second half on,
/// cut out by `build.rs` since it is private to a program.
mod import {
    use openweigh_exact::{Decimal, DecimalError, IBig};
    use openweigh_formats::dataset::CellType;
    use openweigh_formats::malformed::shortened;
    use openweigh_formats::text::ColumnName;
    use openweigh_formats::{csv as dialect, limits};
    use std::collections::BTreeMap;

    /// Stands for the command's failure.
    #[derive(Debug)]
    pub(crate) struct Failure(pub(crate) String);

    impl Failure {
        fn input(path: impl ToString, what: impl ToString) -> Self {
            Self(format!("{}: {}", path.to_string(), what.to_string()))
        }
    }

    include!(concat!(env!("OUT_DIR"), "/import_table.rs"));

    /// What the command does between reading and writing.
    pub(crate) fn table(bytes: &[u8]) -> Result<(Vec<ColumnName>, Vec<CellType>, Vec<u8>), Failure> {
        let mut changes = Changes::default();
        let foreign = Foreign::read(bytes, "file", &mut changes)?;
        let names = foreign.column_names("file", &mut changes)?;
        let types = foreign.column_types(&names, &mut changes);
        let table = foreign.strict(&names, &types, "file", &mut changes)?;
        assert!(changes.lines().iter().all(|line| !line.is_empty()));
        Ok((names, types, table))
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (names, types, table) = match import::table(bytes) {
        Ok(read) => read,
        Err(import::Failure(text)) => return assert!(!text.is_empty()),
    };
    let columns = names.iter().zip(types.iter().map(|kind| *kind == CellType::Number));
    let mut reader = TableReader::new(columns);
    let read = reader.feed(&table).and_then(|()| reader.finish());
    assert!(read.is_ok(), "{} in {}", read.unwrap_err(), String::from_utf8_lossy(&table));
    // A table in the strict dialect comes back as it is, but for rows that say nothing.
    if table
        .split(|&byte| byte == b'\n')
        .any(|line| !line.is_empty() && line.iter().all(|&byte| byte == b','))
    {
        return;
    }
    let again = import::table(&table).expect("a strict table is a foreign one, too");
    assert_eq!(again, (names, types, table));
});
