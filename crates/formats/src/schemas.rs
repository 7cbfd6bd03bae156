//! The committed JSON Schemas are those of the types.

use crate::canonical::Document;
use crate::{
    dataset::Dataset, manifest::Manifest, publication::Publication, recipe::Recipe, session::Session,
    weights::Weights, withheld::Withheld,
};
use schemars::{JsonSchema, schema_for};
use std::path::PathBuf;

/// The schema of a text type: a string with a pattern.
macro_rules! string_schema {
    ($name:ident, $pattern:literal) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern })
            }
        }
    };
}
pub(crate) use string_schema;

fn check<T: JsonSchema>(name: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/schemas").join(name);
    let mut generated = serde_json::to_string_pretty(&schema_for!(T)).unwrap();
    generated.push('\n');
    #[expect(clippy::disallowed_methods, reason = "how a person asks the test to rewrite the files")]
    if std::env::var_os("OPENWEIGH_WRITE_SCHEMAS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(
        committed == generated,
        "{name} is out of date: run the tests once with OPENWEIGH_WRITE_SCHEMAS=1"
    );
}

#[test]
fn committed_schemas_match_the_types() {
    check::<Dataset>("dataset.schema.json");
    check::<Recipe>("recipe.schema.json");
    check::<Session>("session.schema.json");
    check::<Weights>("weights.schema.json");
    check::<Manifest>("manifest.schema.json");
    check::<Withheld>("withheld.schema.json");
    check::<Publication>("publication.schema.json");
}

#[test]
fn format_names_match_their_types() {
    let name = |value: serde_json::Value| value.as_str().unwrap().to_owned();
    assert_eq!(name(serde_json::to_value(crate::dataset::Format::V1).unwrap()), Dataset::FORMAT);
    assert_eq!(name(serde_json::to_value(crate::weights::Format::V1).unwrap()), Weights::FORMAT);
    assert_eq!(name(serde_json::to_value(crate::manifest::Format::V1).unwrap()), Manifest::FORMAT);
}
