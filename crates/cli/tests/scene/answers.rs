//! Whatever a run prints as a document is held against the schema of its format, in every test.

use super::repository;
use jsonschema::Validator;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The schemas by the names of their files.
fn schemas() -> &'static BTreeMap<String, Validator> {
    static SCHEMAS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let mut found = BTreeMap::new();
        for folder in ["docs/spec/schemas", "docs/spec/schemas/output"] {
            for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if let Some(name) = name.strip_suffix(".schema.json") {
                    let schema = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
                    found.insert(name.to_owned(), jsonschema::validator_for(&schema).unwrap());
                }
            }
        }
        found
    })
}

/// The names of the schemas of what commands print.
pub(crate) fn names() -> BTreeSet<String> {
    let entries = std::fs::read_dir(repository().join("docs/spec/schemas/output")).unwrap();
    let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().replace(".schema.json", "");
    entries.map(|entry| name(entry.unwrap())).collect()
}

/// Where a format is described: `openweigh.verify/2` in `verify-2`, an artifact's in one file for all its versions.
fn schema(format: &str) -> Option<(String, &'static Validator)> {
    let name = format.strip_prefix("openweigh.")?.replace('/', "-");
    let artifact = name.strip_suffix("-1").or_else(|| name.strip_suffix("-2")).map(str::to_owned);
    [Some(name), artifact].into_iter().flatten().find_map(|name| {
        let validator = schemas().get(&name)?;
        Some((name, validator))
    })
}

/// Checks each document of a standard output, and says which schemas described them. Text for people has none.
pub(crate) fn check(stdout: &str) -> Vec<String> {
    if !stdout.starts_with('{') {
        return Vec::new();
    }
    let documents = serde_json::Deserializer::from_str(stdout).into_iter::<serde_json::Value>();
    let mut seen = Vec::new();
    for document in documents.map_while(Result::ok) {
        // A statement in an envelope, and what is exported for others, have formats of their own.
        let Some(format) = document.get("format").and_then(serde_json::Value::as_str) else { continue };
        let (name, schema) = schema(format).unwrap_or_else(|| panic!("no schema of `{format}`"));
        let wrong: Vec<String> = schema
            .iter_errors(&document)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "`{format}` is not what its schema says: {wrong:#?}\n{document:#}");
        seen.push(name);
    }
    seen
}
