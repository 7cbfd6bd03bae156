//! Keys that some versions of a format have, and others have not.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The value of a key that not every version of a format has: in some the key itself is absent, in the others it
/// is there, and may be `null`.
///
/// A field of this type is declared with `#[serde(default, skip_serializing_if = "Versioned::is_absent")]`, and the
/// document's check insists that it is absent just where its version has it not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versioned<T> {
    /// The file is of a version without this key.
    #[default]
    Absent,
    /// The file has the key.
    Present(Option<T>),
}

impl<T> Versioned<T> {
    /// A value that is there.
    pub const fn some(value: T) -> Self {
        Self::Present(Some(value))
    }

    /// The key with `null`.
    pub const NULL: Self = Self::Present(None);

    /// Whether the key is absent.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, where there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Present(None) => None,
            Self::Present(Some(value)) => Some(value),
        }
    }
}

impl<T: Serialize> Serialize for Versioned<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Versioned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Present)
    }
}

#[cfg(any(test, feature = "schemas"))]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Versioned<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Option::<T>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Option::<T>::json_schema(generator)
    }

    fn inline_schema() -> bool {
        Option::<T>::inline_schema()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        #[serde(default, skip_serializing_if = "Versioned::is_absent")]
        key: Versioned<u8>,
    }

    #[test]
    fn a_key_is_absent_null_or_there() {
        for (text, key) in [
            ("{}", Versioned::Absent),
            (r#"{"key":null}"#, Versioned::NULL),
            (r#"{"key":3}"#, Versioned::some(3)),
        ] {
            let file: File = serde_json::from_str(text).unwrap();
            assert_eq!(file.key, key);
            assert_eq!(serde_json::to_string(&file).unwrap(), text);
        }
    }
}
