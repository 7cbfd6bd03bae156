//! JSON for formats of other people: keys stand in the order in which they are written, and there is no way to
//! write a number that is not a whole one.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// A JSON value without floats and without an order of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Json {
    /// A text.
    Text(String),
    /// A count or a size.
    Count(u64),
    /// Yes or no.
    Flag(bool),
    /// A list.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

/// An object whose keys keep their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Object(Vec<(String, Json)>);

impl Object {
    /// An object with one key.
    pub(crate) fn of(key: &str, value: impl Into<Json>) -> Self {
        Self::default().with(key, value)
    }

    /// The object with one more key.
    pub(crate) fn with(mut self, key: &str, value: impl Into<Json>) -> Self {
        self.0.push((key.to_owned(), value.into()));
        self
    }

    /// The object with one more key, if there is a value.
    pub(crate) fn with_some(self, key: &str, value: Option<impl Into<Json>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// The object with one more key, if the list holds something.
    pub(crate) fn with_any(self, key: &str, list: Vec<Json>) -> Self {
        if list.is_empty() { self } else { self.with(key, list) }
    }

    /// The file: two spaces for each level, one LF at the end.
    pub(crate) fn document(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("keys are texts");
        text.push('\n');
        text
    }
}

impl Json {
    /// The value on one line without spaces.
    pub(crate) fn packed(&self) -> String {
        serde_json::to_string(self).expect("keys are texts")
    }
}

/// A list of values.
pub(crate) fn list<T: Into<Json>>(values: impl IntoIterator<Item = T>) -> Vec<Json> {
    values.into_iter().map(Into::into).collect()
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (key, value) in &self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => to.serialize_str(text),
            Self::Count(count) => to.serialize_u64(*count),
            Self::Flag(flag) => to.serialize_bool(*flag),
            Self::List(list) => to.collect_seq(list),
            Self::Object(object) => object.serialize(to),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Json {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<bool> for Json {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Vec<Json>> for Json {
    fn from(list: Vec<Json>) -> Self {
        Self::List(list)
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_order() {
        let object = Object::of("b", "x\n").with("a", list([1u64, 2])).with_some("c", None::<&str>);
        assert_eq!(object.document(), "{\n  \"b\": \"x\\n\",\n  \"a\": [\n    1,\n    2\n  ]\n}\n");
        assert_eq!(Json::from(object).packed(), r#"{"b":"x\n","a":[1,2]}"#);
    }
}
