//! JSON Schemas of the types: tests hold the committed ones against them.

use schemars::{JsonSchema, schema_for};
use std::path::Path;

/// The schema of a text type: a string with a pattern, and at most so many characters.
macro_rules! string_schema {
    ($name:ident, $most:literal, $pattern:literal) => {
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "maxLength": $most, "pattern": $pattern })
            }
        }
    };
}
pub(crate) use string_schema;

/// Compares the committed schema of a type, a file of `docs/spec/schemas`, with the type.
///
/// With `OPENWEIGH_WRITE_SCHEMAS` in the environment it writes the file first.
///
/// # Errors
/// What is wrong, in words for whoever runs the tests.
pub fn compare<T: JsonSchema>(name: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/spec/schemas").join(name);
    let generated = serde_json::to_string_pretty(&schema_for!(T)).map_err(|error| error.to_string())? + "\n";
    #[expect(clippy::disallowed_methods, reason = "how a person asks the tests to rewrite the files")]
    if std::env::var_os("OPENWEIGH_WRITE_SCHEMAS").is_some() {
        std::fs::write(&path, &generated).map_err(|error| format!("{name}: {error}"))?;
    }
    let committed = std::fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
    if committed != generated {
        return Err(format!("{name} is out of date: run the tests once with OPENWEIGH_WRITE_SCHEMAS=1"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::canonical::Document;
    use crate::dataset::wire::{Dataset1, Dataset2};
    use crate::{
        dataset::Dataset, manifest::Manifest, publication::Publication, recipe::Recipe, session::Session,
        weights::Weights, withheld::Withheld,
    };

    #[test]
    fn committed_schemas_match_the_types() {
        super::compare::<Dataset1<'static>>("dataset.schema.json").unwrap();
        super::compare::<Dataset2<'static>>("dataset-2.schema.json").unwrap();
        super::compare::<Recipe>("recipe.schema.json").unwrap();
        super::compare::<Session>("session.schema.json").unwrap();
        super::compare::<Weights>("weights.schema.json").unwrap();
        super::compare::<Manifest>("manifest.schema.json").unwrap();
        super::compare::<Withheld>("withheld.schema.json").unwrap();
        super::compare::<Publication>("publication.schema.json").unwrap();
    }

    #[test]
    fn format_names_match_their_types() {
        let name = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        assert_eq!(name(serde_json::to_value(crate::dataset::Format::V1).unwrap()), Dataset::FORMAT);
        assert_eq!(name(serde_json::to_value(crate::weights::Format::V1).unwrap()), Weights::FORMAT);
        assert_eq!(name(serde_json::to_value(crate::manifest::Format::V1).unwrap()), Manifest::FORMAT);
        assert_eq!(name(serde_json::to_value(crate::dataset::Format::V2).unwrap()), Dataset::LATER[0]);
        assert_eq!(name(serde_json::to_value(crate::manifest::Format::V2).unwrap()), Manifest::LATER[0]);
    }
}
