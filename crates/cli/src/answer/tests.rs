//! The committed schemas are those of the types.

use super::*;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use std::collections::BTreeSet;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/schemas/output")
}

/// `openweigh.verify/2` is described in `verify-2.schema.json`.
fn file(format: &str) -> String {
    format!("{}.schema.json", format.trim_start_matches("openweigh.").replace('/', "-"))
}

/// The schema of an answer as it is printed: with its format.
fn schema<A: Answer + JsonSchema>() -> (String, serde_json::Value) {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<A>();
    let keys = schema.ensure_object();
    keys.insert("title".to_owned(), A::FORMAT.into());
    keys.insert("type".to_owned(), "object".into());
    let mut insert = |key: &str, value: serde_json::Value| keys.insert(key.to_owned(), value);
    let known = |keys: Option<serde_json::Value>| keys.unwrap_or_default();
    let mut properties = known(insert("properties", serde_json::Value::Null));
    if properties.is_null() {
        properties = serde_json::json!({});
    }
    properties["format"] = serde_json::json!({ "const": A::FORMAT });
    insert("properties", properties);
    let required = known(insert("required", serde_json::Value::Null));
    let mut required: Vec<serde_json::Value> = required.as_array().cloned().unwrap_or_default();
    if !required.contains(&"format".into()) {
        required.insert(0, "format".into());
    }
    insert("required", required.into());
    (file(A::FORMAT), schema.to_value())
}

fn all() -> Vec<(String, serde_json::Value)> {
    vec![
        schema::<Characterised>(),
        schema::<ClaimsNew>(),
        schema::<DeviceList>(),
        schema::<Doctor<'static>>(),
        schema::<Exclusion>(),
        schema::<Explained>(),
        schema::<Exported>(),
        schema::<Fitted<'static>>(),
        schema::<Graded>(),
        schema::<ImportedRecording>(),
        schema::<ImportedSignal>(),
        schema::<ImportedTable>(),
        schema::<Initialised>(),
        schema::<InspectedResults>(),
        schema::<Mistake>(),
        schema::<Prediction>(),
        schema::<ProtocolList>(),
        schema::<ProtocolNew>(),
        schema::<Published>(),
        schema::<Pulled>(),
        schema::<Pushed>(),
        schema::<Readings>(),
        schema::<Receipt>(),
        schema::<RecipeNew<'static>>(),
        schema::<Recorded>(),
        schema::<Recovered>(),
        schema::<Replayed>(),
        schema::<Reported>(),
        schema::<Scale>(),
        schema::<Sealed>(),
        schema::<Suggested>(),
        schema::<WeighOnce>(),
        schema::<Weighed>(),
        schema::<Withdrawn>(),
        schema::<openweigh_release::document::Document>(),
    ]
}

#[test]
fn committed_schemas_match_the_types() {
    let mut wrong = Vec::new();
    let all = all();
    for (name, schema) in &all {
        let text = format!("{schema:#}\n");
        let path = folder().join(name);
        #[expect(clippy::disallowed_methods, reason = "how a person asks the tests to rewrite the files")]
        if std::env::var_os("OPENWEIGH_WRITE_SCHEMAS").is_some() {
            std::fs::create_dir_all(folder()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            wrong.push(name.clone());
        }
    }
    assert!(wrong.is_empty(), "run the tests once with OPENWEIGH_WRITE_SCHEMAS=1: out of date are {wrong:?}");
    let listed: BTreeSet<String> = all.into_iter().map(|(name, _)| name).collect();
    let present: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(present, listed, "a file for each document, and no other");
}
