//! What holds for a reader whatever the bytes: the laws that `fuzz/` searches for exceptions from, and that
//! `found.rs` checks on the inputs in this folder.

#![allow(dead_code, reason = "each fuzz target uses one law")]

use openweigh_exact::column::Integers;
use openweigh_exact::{Column, Decimal, Fixed};
use openweigh_formats::canonical::{self, Document};
use openweigh_formats::claim::{self, Claim};
use openweigh_formats::dataset::{Dataset, Kind, SESSION_FILES};
use openweigh_formats::limits::MAX_SUM_CHARACTERS;
use openweigh_formats::manifest::Manifest;
use openweigh_formats::recipe::Recipe;
use openweigh_formats::samples::{self, SampleReader};
use openweigh_formats::session::Session;
use openweigh_formats::sums::Sums;
use openweigh_formats::table::{Cells, Table, TableReader};
use openweigh_formats::term::Term;
use openweigh_formats::text::ColumnName;
use openweigh_formats::touches::{self, Quantity, TouchReader};
use openweigh_formats::{Fault, Malformed, csv, events, weighings};

/// A fault can be told, and its place is in the file or just behind it.
fn told(bytes: &[u8], error: &Malformed) {
    assert!(!error.to_string().is_empty());
    let lines = bytes.split(|&byte| byte == b'\n').count();
    assert!((1..=lines).contains(&error.position.line), "{error}");
    assert!((1..=bytes.len() + 2).contains(&error.position.column), "{error}");
}

/// Each line a decimal: one value has one text, alone and in a column of the others.
pub(crate) fn decimal(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut values: Vec<Decimal> = Vec::new();
    for line in text.split('\n') {
        match line.parse::<Decimal>() {
            Ok(value) => {
                assert_eq!(value.to_string(), line);
                assert_eq!(Decimal::new(value.digits().clone(), value.places()), value);
                values.push(value);
            }
            Err(error) => assert!(error.at() <= line.len() && !error.to_string().is_empty()),
        }
        if let Ok(value) = Decimal::parse_within(line, MAX_SUM_CHARACTERS) {
            assert_eq!(value.to_string(), line);
        }
        if let Ok(fixed) = Fixed::parse(line) {
            assert_eq!(fixed.to_string(), line);
            let decimal = fixed.to_decimal();
            assert_eq!(decimal.to_string().parse::<Decimal>().as_ref(), Ok(&decimal));
            assert_eq!(line.parse() == Ok(decimal), fixed.places() == 0 || !line.ends_with('0'));
        }
    }
    in_a_column(&values);
    for pair in values.windows(2) {
        let difference = pair[0].minus(&pair[1]);
        assert_eq!(pair[0].cmp(&pair[1]), difference.cmp(&Decimal::ZERO));
        assert_eq!(difference.plus(&pair[1]), pair[0]);
    }
}

fn in_a_column(values: &[Decimal]) {
    let column: Column = values.iter().cloned().collect();
    let mut narrow = Column::default();
    for value in values {
        match i64::try_from(value.digits()) {
            Ok(digits) => narrow.push_narrow(digits, value.places()),
            Err(_) => narrow.push(value),
        }
    }
    assert_eq!(column, narrow);
    assert!(matches!(column.integers(), Integers::Wide(_)) || column.bits() <= 64);
    for (row, value) in values.iter().enumerate() {
        let (mut canonical, mut fixed) = (Vec::new(), Vec::new());
        column.write_canonical(row, &mut canonical);
        column.write_fixed(row, &mut fixed);
        assert_eq!(canonical, value.to_string().into_bytes());
        assert_eq!(fixed, column.fixed(row).to_string().into_bytes());
        assert_eq!(&column.value(row), value);
        assert_eq!(column.fixed(row).to_decimal(), *value);
    }
    let mut sorted = values.to_vec();
    sorted.sort();
    assert_eq!(column.range(), sorted.first().cloned().zip(sorted.last().cloned()));
    let Some(knot) = values.first() else { return };
    for (row, above) in column.hinge(knot).values().enumerate() {
        assert_eq!(above, values[row].minus(knot).max(Decimal::ZERO));
    }
    let rows: Vec<usize> = (0..values.len()).rev().collect();
    for (row, difference) in column.minus(&column.gather(&rows)).values().enumerate() {
        assert_eq!(difference, values[row].minus(&values[rows[row]]));
    }
}

/// The first byte says how many columns there are, which of them are numbers, and whether the right
/// header is put before the rest; the second how the file comes in blocks.
pub(crate) fn table(bytes: &[u8]) {
    let [shape, blocks, text @ ..] = bytes else { return };
    let names: Vec<ColumnName> =
        ["x", "y2", "note", "t"].iter().map(|name| name.parse().expect("a column name")).collect();
    let columns: Vec<(&ColumnName, bool)> = names[..=usize::from(shape & 3)]
        .iter()
        .enumerate()
        .map(|(at, name)| (name, shape >> (2 + at) & 1 == 0))
        .collect();
    let header = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",") + "\n";
    let text = if shape & 64 == 0 { [header.as_bytes(), text].concat() } else { text.to_vec() };
    let whole = read(&columns, &text, usize::MAX);
    let chunked = read(&columns, &text, usize::from(*blocks) + 1);
    match (whole, chunked) {
        (Ok(table), chunked) => {
            assert_eq!(chunked.as_ref(), Ok(&table));
            assert_eq!(String::from_utf8(written(&table)), String::from_utf8(text));
        }
        (Err(error), chunked) => {
            told(&text, &error);
            let other = chunked.expect_err("blocks change no verdict");
            told(&text, &other);
            // A line over the limit is refused before it is taken apart, if its end has not come.
            assert!(error == other || matches!(other.fault, Fault::LongLine { .. }), "{error} but {other}");
        }
    }
}

/// Reads a table in blocks of 1 to `largest` bytes, of changing size.
fn read(columns: &[(&ColumnName, bool)], mut text: &[u8], largest: usize) -> Result<Table, Malformed> {
    let mut reader = TableReader::new(columns.iter().copied());
    let mut state = largest;
    while !text.is_empty() {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12345);
        let size = if largest == usize::MAX { text.len() } else { 1 + (state >> 16) % largest };
        let (block, rest) = text.split_at(size.min(text.len()));
        reader.feed(block)?;
        text = rest;
    }
    reader.finish()
}

/// The bytes of a table's file.
fn written(table: &Table) -> Vec<u8> {
    let mut out = Vec::new();
    csv::write_line(&mut out, table.columns().iter().map(|(name, _)| name.as_str()));
    for row in 0..table.rows() {
        for (at, (name, cells)) in table.columns().iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            match cells {
                Cells::Numbers { values, missing } => {
                    let there = missing.binary_search(&row).is_err();
                    assert_eq!(table.number(name, row), there.then(|| values.value(row)));
                    if there {
                        values.write_canonical(row, &mut out);
                    }
                }
                Cells::Texts { joined, ends } => {
                    let start = if row == 0 { 0 } else { ends[row - 1] };
                    out.extend_from_slice(&joined.as_bytes()[start..ends[row]]);
                }
            }
        }
        out.push(b'\n');
    }
    out
}

/// What is accepted is what would be written; and what is written is accepted, if its parts agree.
pub(crate) fn document<T: Document + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> Option<T> {
    let read = canonical::read::<T>(bytes);
    match &read {
        Ok(document) => assert_eq!(canonical::write(document), bytes),
        Err(error) => told(bytes, error),
    }
    let loose: T = serde_json::from_slice(bytes).ok()?;
    let checked = loose.check();
    let again = canonical::read::<T>(&canonical::write(&loose));
    match (again, checked) {
        (Ok(document), Ok(())) => assert_eq!(document, loose),
        (Err(error), Err(fault)) => assert_eq!(error.fault, fault),
        (again, checked) => panic!("{again:?}, but {checked:?}"),
    }
    read.ok()
}

pub(crate) fn dataset(bytes: &[u8]) {
    let Some(dataset) = document::<Dataset>(bytes) else { return };
    assert_eq!(dataset.measurements().is_some(), dataset.kind == Kind::Table);
    for session in dataset.sessions() {
        assert!(SESSION_FILES.iter().all(|(_, role)| dataset.session_file(session, *role).is_some()));
    }
    assert!(dataset.columns.iter().all(|column| dataset.column(&column.name) == Some(column)));
    assert!(dataset.licence.ids().iter().all(|id| !id.is_empty()));
}

pub(crate) fn manifest(bytes: &[u8]) {
    let Some(manifest) = document::<Manifest>(bytes) else { return };
    assert!(manifest.files.iter().all(|file| manifest.file(&file.path) == Some(file)));
    for derivation in &manifest.derivations {
        assert!(
            derivation.inputs.iter().chain(&derivation.outputs).all(|path| manifest.file(path).is_some())
        );
        assert!(derivation.outputs.iter().all(|path| manifest.derivation_of(path) == Some(derivation)));
    }
    assert!(manifest.claims.iter().all(|claim| manifest.file(&claim.over.file).is_some()));
}

pub(crate) fn recipe(bytes: &[u8]) {
    let recipe = match Recipe::from_toml(bytes) {
        Ok(recipe) => recipe,
        Err(error) => return told(bytes, &error),
    };
    assert_eq!(recipe.check(), Ok(()));
    assert!(!recipe.features().contains(&recipe.model.target));
    let text = serde_json::to_string(&recipe).expect("recipes are written into weights");
    assert_eq!(serde_json::from_str::<Recipe>(&text).expect("and read from there"), recipe);
}

pub(crate) fn claims(bytes: &[u8]) {
    let claims = match claim::from_toml(bytes) {
        Ok(claims) => claims,
        Err(error) => return told(bytes, &error),
    };
    assert!(claims.iter().all(|claim| claim.check().is_ok()));
    let text = serde_json::to_string(&claims).expect("claims are written into manifests");
    assert_eq!(serde_json::from_str::<Vec<Claim>>(&text).expect("and read from there"), claims);
}

pub(crate) fn sums(bytes: &[u8]) {
    match Sums::read(bytes) {
        Ok(sums) => assert_eq!(sums.write(), bytes),
        Err(error) => told(bytes, &error),
    }
}

pub(crate) fn results(bytes: &[u8]) {
    let lines = csv::checked(bytes).map(|lines| lines.map(str::to_owned).collect::<Vec<_>>());
    match csv::lines(bytes) {
        Ok(rows) => {
            let mut out = Vec::new();
            for row in &rows {
                csv::write_line(&mut out, row.iter().copied());
            }
            assert_eq!(out, bytes);
            assert!(rows.windows(2).all(|pair| pair[0].len() == pair[1].len()));
            let joined: Vec<String> = rows.iter().map(|row| row.join(",")).collect();
            assert_eq!(lines, Ok(joined));
        }
        Err(error) => {
            told(bytes, &error);
            assert_eq!(lines, Err(error));
        }
    }
}

/// Each line a term.
pub(crate) fn term(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut terms: Vec<Term> = Vec::new();
    for line in text.split('\n') {
        match line.parse::<Term>() {
            Ok(term) => {
                assert_eq!(term.to_string(), line);
                assert_eq!(term.is_one(), line == "1");
                assert_eq!(term.sorted().len(), term.factors().len());
                terms.push(term);
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    let features = Term::features(&terms);
    let reads =
        |name: &ColumnName| terms.iter().flat_map(Term::factors).any(|factor| factor.base.feature() == name);
    assert!(features.iter().all(reads));
}

/// A session's rows, below the right header: the first byte says in blocks of how many bytes they come. Blocks
/// change nothing, and each row that is read is one that a writer would have written.
pub(crate) fn touches(bytes: &[u8]) {
    let Some((size, rows)) = bytes.split_first() else { return };
    let text = [touches::COLUMNS.join(",").as_bytes(), b"\n", rows].concat();
    let read = |size: usize| {
        let (mut reader, mut found) = (TouchReader::default(), Vec::new());
        let fed =
            text.chunks(size).try_for_each(|block| reader.feed(block, &mut |row| found.push(row.clone())));
        (fed.and_then(|()| reader.finish()), found)
    };
    let (whole, found) = read(text.len());
    let (blocks, again) = read(usize::from(*size) + 1);
    assert_eq!((&whole, &found), (&blocks, &again));
    let Ok(frames) = whole else { return told(&text, &whole.unwrap_err()) };
    let lines: Vec<Vec<&str>> = csv::lines(&text).expect("what is read is in the dialect");
    assert_eq!(lines.len(), found.len() + 1);
    assert_eq!(found.last().map_or(0, |row| row.frame + 1), frames);
    for (cells, row) in lines[1..].iter().zip(&found) {
        assert_eq!(cells[0], row.frame.to_string());
        assert_eq!(cells[5], row.state.map_or("", |state| state.as_str()));
        for quantity in Quantity::ALL {
            let at = touches::COLUMNS.iter().position(|name| *name == quantity.as_str()).expect("a column");
            let value = row.value(quantity).value().map(|value| value.to_string());
            assert_eq!(cells[at], value.unwrap_or_default());
        }
    }
}

/// The small files of a session: what is read is written back byte for byte.
pub(crate) fn session(bytes: &[u8]) {
    match weighings::read(bytes) {
        Ok(found) => {
            let lines: String = found.iter().map(weighings::Weighing::line).collect();
            assert_eq!(format!("{}\n{lines}", weighings::HEADER).as_bytes(), bytes);
        }
        Err(error) => told(bytes, &error),
    }
    match events::read(bytes) {
        Ok(found) => {
            let lines: String = found.iter().map(events::Event::line).collect();
            assert_eq!(format!("{}\n{lines}", events::HEADER).as_bytes(), bytes);
        }
        Err(error) => told(bytes, &error),
    }
    document::<Session>(bytes);
}

/// Samples of two channels, in blocks of any size.
pub(crate) fn samples(bytes: &[u8]) {
    let Some((size, rows)) = bytes.split_first() else { return };
    let channels: Vec<ColumnName> =
        ["count", "temperature"].iter().map(|name| name.parse().expect("a name")).collect();
    let text = [samples::header(&channels).as_bytes(), b"\n", rows].concat();
    let read = |size: usize| {
        let (mut reader, mut found) = (SampleReader::new(&channels), Vec::new());
        let fed = text
            .chunks(size)
            .try_for_each(|block| reader.feed(block, &mut |sample| found.push(sample.clone())));
        (fed.and_then(|()| reader.finish()), found)
    };
    let (whole, found) = read(text.len());
    let (blocks, again) = read(usize::from(*size) + 1);
    assert_eq!((&whole, &found), (&blocks, &again));
    let Ok(count) = whole else { return told(&text, &whole.unwrap_err()) };
    assert_eq!(found.len() as u64, count);
    let lines: Vec<Vec<&str>> = csv::lines(&text).expect("what is read is in the dialect");
    assert_eq!(lines.len(), found.len() + 1);
    for (cells, sample) in lines[1..].iter().zip(&found) {
        assert_eq!(cells[0], sample.number.to_string());
        for (cell, value) in cells[3..].iter().zip(&sample.values).chain([(&cells[1], &sample.device_s)]) {
            assert_eq!(*cell, value.value().map(|value| value.to_string()).unwrap_or_default());
        }
    }
}
