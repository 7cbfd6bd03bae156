//! What each version of `dataset.json` may say.

use super::*;
use crate::canonical;

fn table(format: Format) -> Dataset {
    let text = |text: &str| text.parse().unwrap();
    let column =
        |name: &str, cells| ColumnSpec::new(name.parse().unwrap(), Some("g".parse().unwrap()), cells);
    Dataset {
        format,
        name: "coins".parse().unwrap(),
        version: "1.0.0".parse().unwrap(),
        title: text("Coins"),
        description: text(""),
        licence: "CC0-1.0".parse().unwrap(),
        authors: vec![text("A. Person")],
        provenance: Provenance::stated(ProvenanceKind::Simulated, text("Made up.")),
        kind: Kind::Table,
        columns: vec![column("mass", CellType::Number), column("run", CellType::Text)],
        session_column: None,
        excluded: Vec::new(),
        files: vec![DatasetFile {
            path: MEASUREMENTS.parse().unwrap(),
            role: DatasetRole::Measurements,
            bytes: 9,
            sha256: Digest::of(b"mass,run\n"),
        }],
    }
}

fn refused(dataset: &Dataset) -> String {
    canonical::read::<Dataset>(&canonical::write(dataset)).unwrap_err().to_string()
}

#[test]
fn each_version_has_its_own_keys_and_no_others() {
    for format in [Format::V1, Format::V2] {
        let dataset = table(format);
        let bytes = canonical::write(&dataset);
        assert_eq!(canonical::read::<Dataset>(&bytes).unwrap(), dataset);
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.contains("session_column"), format == Format::V2);
        let (from, to) = ("openweigh.dataset/1", "openweigh.dataset/2");
        let other = if format == Format::V1 { text.replace(from, to) } else { text.replace(to, from) };
        assert!(canonical::read::<Dataset>(other.as_bytes()).is_err(), "keys of version {format:?}");
    }
}

#[test]
fn what_version_1_cannot_say_needs_version_2() {
    assert_eq!(table(Format::V2).least_format(), Format::V1);
    let run: ColumnName = "run".parse().unwrap();
    let of_session = Dataset { session_column: Some(run), ..table(Format::V2) };
    let mut unicode = table(Format::V2);
    unicode.columns[0].name = "质量".parse().unwrap();
    let reason: Line = "it rolled away".parse().unwrap();
    let row = Exclusion { session: None, weighing: None, row: Some(3), reason };
    let excluding = Dataset { excluded: vec![row.clone()], ..table(Format::V2) };
    for dataset in [of_session, unicode.clone(), excluding.clone()] {
        assert_eq!(dataset.least_format(), Format::V2);
        assert_eq!(canonical::read::<Dataset>(&canonical::write(&dataset)).unwrap(), dataset);
    }
    unicode.format = Format::V1;
    assert_eq!(
        refused(&unicode),
        "1:1: columns: found `质量`, expected ASCII letters, digits and `_` in version 1"
    );
    assert!(excluding.excludes_row(3) && !excluding.excludes_row(2));
    let twice = Dataset { excluded: vec![row.clone(), row.clone()], ..table(Format::V2) };
    assert!(refused(&twice).contains("ascending order, each once"));
    let of_session = Exclusion { session: Some("s01".parse().unwrap()), ..row };
    let mixed = Dataset { excluded: vec![of_session], ..table(Format::V2) };
    assert!(refused(&mixed).contains("a row of a table"));
}

#[test]
fn texts_of_version_2_keep_its_rules() {
    let title = |title: &str| Dataset { title: title.parse().unwrap(), ..table(Format::V2) };
    assert!(canonical::read::<Dataset>(&canonical::write(&title("Münzen"))).is_ok());
    for bad in ["two  spaces", "invisible\u{ad}hyphen", " end"] {
        assert!(refused(&title(bad)).contains("text as docs/spec/2-csv.md, 2.2, has it"), "{bad}");
    }
    let mut uncertain = table(Format::V2);
    uncertain.columns[1].uncertainty_of = Some("mass".parse().unwrap());
    assert!(refused(&uncertain).contains("two columns of type `number`"));
}
