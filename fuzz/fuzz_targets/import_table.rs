//! Foreign tables: whatever is read is in the strict dialect, and is read again as what it is; whatever is refused
//! says why, and the options that it names work.
#![no_main]

use openweigh_capture::import::table::{Delimiter, Options, survey};
use openweigh_formats::csv;
use openweigh_formats::dataset::CellType;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    // The first byte says some options, so that all ways are gone.
    let Some((said, bytes)) = bytes.split_first() else { return };
    let mut options = Options { max_bytes: 1 << 20, ..Options::default() };
    if said & 1 == 1 {
        options.header = openweigh_capture::import::table::Header::None;
    }
    if said & 2 == 2 {
        options.delimiter = Delimiter::ALL.get(usize::from(said >> 5)).copied();
    }
    if said & 4 == 4 {
        options.encoding = Some("windows-1252".into());
    }
    if said & 8 == 8 {
        options.comment.push("#".into());
    }
    let mut source = bytes;
    let plan = match survey(&mut source, &options) {
        Ok(plan) => plan,
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            for way in &refusal.ways {
                let mut said = options.clone();
                way.flags.iter().for_each(|flag| flag.apply(&mut said));
                assert!(survey(&mut source, &said).is_ok(), "{way}");
            }
            return;
        }
    };
    let mut table = Vec::new();
    let Ok(rows) = plan.write(&mut source, &mut table) else { return };
    let text = std::str::from_utf8(&table).expect("UTF-8");
    assert_eq!(text.lines().count() as u64, rows.rows + 1);
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), plan.columns.len());
        for (cell, column) in cells.iter().zip(&plan.columns) {
            match column.cells {
                CellType::Number => {
                    let with_end = format!("{cell}\n");
                    assert!(csv::number(with_end.as_bytes(), 0, b'\n').is_some(), "{cell}");
                }
                CellType::Text => assert!(csv::cell_flaw(cell).is_none(), "{cell}"),
            }
        }
    }
    assert!(plan.source("file").reading.is_some());
});
