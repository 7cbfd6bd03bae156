//! The values of a TOML or JSON file with their places, and a deserializer of them whose errors are types.

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_spanned::de::{SpannedDeserializer, is_spanned};
use std::fmt;
use toml::de::{DeTable, DeValue};

/// Texts that are tried for a value that was put in.
pub(super) const TEXTS: [&str; 5] = ["1", "a", "1.0.0", "CC0-1.0", "2000-01-01"];

/// Values in each other that are looked into.
const DEPTH: usize = 64;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    Text(String),
    /// A number or a day that no format of ours holds.
    Foreign,
    List(Vec<Value>),
    Object(Object),
    /// What was put in: it takes the form that is asked of it, as a text that of [`TEXTS`].
    Any {
        text: usize,
        start: usize,
    },
}

/// Keys and values, and where the object begins.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) entries: Vec<(String, Value)>,
    pub(super) start: usize,
}

/// A step from a value into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    At(usize),
}

/// Why values are none of a type.
#[derive(Debug)]
pub(super) enum Lack {
    /// An object lacks a key.
    Key { key: &'static str, path: Vec<Step>, start: usize },
    /// Something else, and where, if that is known.
    Other { path: Option<Vec<Step>> },
}

impl Lack {
    /// The same, seen from one step further out.
    fn behind(mut self, step: impl FnOnce() -> Step) -> Self {
        match &mut self {
            Self::Key { path, .. } => path.insert(0, step()),
            Self::Other { path } => path.get_or_insert_default().insert(0, step()),
        }
        self
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

impl std::error::Error for Lack {}

impl de::Error for Lack {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Other { path: None }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Key { key, path: Vec::new(), start: 0 }
    }
}

impl Value {
    /// The values of a TOML file, none if it is none.
    pub(super) fn of_toml(text: &str) -> Option<Self> {
        let table = DeTable::parse(text).ok()?;
        Some(Self::Object(object_of(table.get_ref(), 0)))
    }

    /// The values of a JSON file, none if it is none.
    pub(super) fn of_json(text: &str) -> Option<Self> {
        // What is read below is known to be JSON.
        serde_json::from_str::<de::IgnoredAny>(text).ok()?;
        let mut scan = Scan { text, at: 0 };
        scan.value(0)
    }

    /// The object that a path leads to; what was put in becomes one.
    pub(super) fn object_at(&mut self, path: &[Step]) -> Option<&mut Object> {
        let Some((step, rest)) = path.split_first() else {
            if let Self::Any { start, .. } = *self {
                *self = Self::Object(Object { entries: Vec::new(), start });
            }
            return match self {
                Self::Object(object) => Some(object),
                _ => None,
            };
        };
        match (self, step) {
            (Self::Object(object), Step::Key(key)) => {
                object.entries.iter_mut().find(|(own, _)| own == key)?.1.object_at(rest)
            }
            (Self::List(list), Step::At(at)) => list.get_mut(*at)?.object_at(rest),
            _ => None,
        }
    }
}

fn object_of(table: &DeTable<'_>, start: usize) -> Object {
    let mut entries: Vec<_> = (table.iter())
        .map(|(key, value)| {
            (key.span().start, key.get_ref().to_string(), of(value.get_ref(), value.span().start))
        })
        .collect();
    entries.sort_by_key(|(start, ..)| *start);
    Object { entries: entries.into_iter().map(|(_, key, value)| (key, value)).collect(), start }
}

fn of(value: &DeValue<'_>, start: usize) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => {
            i128::from_str_radix(integer.as_str(), integer.radix()).map_or(Value::Foreign, Value::Integer)
        }
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Foreign,
        DeValue::Boolean(boolean) => Value::Bool(*boolean),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|one| of(one.get_ref(), one.span().start)).collect())
        }
        DeValue::Table(table) => Value::Object(object_of(table, start)),
    }
}

/// A place in a text that is known to be JSON.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl Scan<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes over a mark, if it is there.
    fn take(&mut self, mark: u8) -> bool {
        let there = self.peek() == Some(mark);
        self.at += usize::from(there);
        there
    }

    fn string(&mut self) -> Option<String> {
        self.peek()?;
        let from = self.at;
        let (mut escaped, mut inside) = (false, false);
        let length = self.text.as_bytes()[from..].iter().position(|&byte| {
            let ends = inside && byte == b'"' && !escaped;
            escaped = inside && byte == b'\\' && !escaped;
            inside = true;
            ends
        })?;
        self.at = from + length + 1;
        serde_json::from_str(&self.text[from..self.at]).ok()
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEPTH {
            return None;
        }
        match self.peek()? {
            b'{' => {
                let mut object = Object { entries: Vec::new(), start: self.at };
                self.at += 1;
                while !self.take(b'}') {
                    self.take(b',');
                    let key = self.string()?;
                    self.take(b':');
                    object.entries.push((key, self.value(depth + 1)?));
                }
                Some(Value::Object(object))
            }
            b'[' => {
                self.at += 1;
                let mut list = Vec::new();
                while !self.take(b']') {
                    self.take(b',');
                    list.push(self.value(depth + 1)?);
                }
                Some(Value::List(list))
            }
            b'"' => self.string().map(Value::Text),
            _ => {
                let rest = &self.text[self.at..];
                let end = rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
                self.at += end;
                Some(match &rest[..end] {
                    "null" => Value::Null,
                    "true" => Value::Bool(true),
                    "false" => Value::Bool(false),
                    number => number.parse().map_or(Value::Foreign, Value::Integer),
                })
            }
        }
    }
}

/// The entries of an object, one after the other.
struct Entries<'a> {
    rest: std::slice::Iter<'a, (String, Value)>,
    value: Option<&'a (String, Value)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Lack;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Lack> {
        self.value = self.rest.next();
        let key = |(key, _): &(String, Value)| seed.deserialize(StrDeserializer::<Lack>::new(key));
        self.value.map(key).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Lack> {
        let (key, value) = self.value.expect("a value is asked for behind its key");
        seed.deserialize(value).map_err(|lack| lack.behind(|| Step::Key(key.clone())))
    }
}

/// The entries of a list, one after the other.
struct Items<'a>(std::iter::Enumerate<std::slice::Iter<'a, Value>>);

impl<'a> Items<'a> {
    fn of(list: &'a [Value]) -> Self {
        Self(list.iter().enumerate())
    }
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = Lack;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Lack> {
        let item = |(at, value)| seed.deserialize(value).map_err(|lack: Lack| lack.behind(|| Step::At(at)));
        self.0.next().map(item).transpose()
    }
}

impl Object {
    fn read<'de, V: Visitor<'de>>(&self, visitor: V) -> Result<V::Value, Lack> {
        let own = |lack| match lack {
            // The key is one of this object, since no step leads to it yet.
            Lack::Key { key, path, .. } if path.is_empty() => Lack::Key { key, path, start: self.start },
            lack => lack,
        };
        visitor.visit_map(Entries { rest: self.entries.iter(), value: None }).map_err(own)
    }
}

/// A value that was put in takes the form that is asked for; another one has its own.
macro_rules! forms {
    ($($method:ident => |$any:ident| $form:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Lack> {
            match *self {
                Value::Any { text: $any, .. } => $form(visitor),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl IntoDeserializer<'_, Lack> for &Value {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &Value {
    type Error = Lack;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Lack> {
        match self {
            Value::Null => visitor.visit_unit(),
            Value::Bool(boolean) => visitor.visit_bool(*boolean),
            Value::Integer(integer) => match (u64::try_from(*integer), i64::try_from(*integer)) {
                (Ok(integer), _) => visitor.visit_u64(integer),
                (_, Ok(integer)) => visitor.visit_i64(integer),
                _ => visitor.visit_i128(*integer),
            },
            Value::Text(text) => visitor.visit_str(text),
            Value::Foreign => Err(Lack::Other { path: None }),
            Value::List(list) => visitor.visit_seq(Items::of(list)),
            Value::Object(object) => object.read(visitor),
            Value::Any { text, .. } => visitor.visit_str(TEXTS[*text]),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Lack> {
        if matches!(self, Value::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Lack> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Lack> {
        match self {
            // What was put in, as an object without keys.
            Value::Any { start, .. } => Object { entries: Vec::new(), start: *start }.read(visitor),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Lack> {
        if is_spanned(name) {
            // The place of a value is not looked at here.
            return visitor.visit_map(SpannedDeserializer::<_, Lack>::new(self, 0..0));
        }
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Lack> {
        match self {
            Value::Any { .. } => {
                let first = variants.first().copied().unwrap_or_default();
                visitor.visit_enum(StrDeserializer::<Lack>::new(first))
            }
            Value::Text(text) => visitor.visit_enum(StrDeserializer::<Lack>::new(text)),
            Value::Object(object) => {
                let entries = Entries { rest: object.entries.iter(), value: None };
                MapAccessDeserializer::new(entries).deserialize_enum(name, variants, visitor)
            }
            _ => self.deserialize_any(visitor),
        }
    }

    forms! {
        deserialize_bool => |_any| |visitor: V| visitor.visit_bool(false);
        deserialize_i8 => |_any| |visitor: V| visitor.visit_i8(1);
        deserialize_i16 => |_any| |visitor: V| visitor.visit_i16(1);
        deserialize_i32 => |_any| |visitor: V| visitor.visit_i32(1);
        deserialize_i64 => |_any| |visitor: V| visitor.visit_i64(1);
        deserialize_u8 => |_any| |visitor: V| visitor.visit_u8(1);
        deserialize_u16 => |_any| |visitor: V| visitor.visit_u16(1);
        deserialize_u32 => |_any| |visitor: V| visitor.visit_u32(1);
        deserialize_u64 => |_any| |visitor: V| visitor.visit_u64(1);
        // Of lists, some may be empty, others not.
        deserialize_seq => |any| |visitor: V| {
            let entry = [Value::Any { text: any.saturating_sub(1), start: 0 }];
            visitor.visit_seq(Items::of(&entry[..usize::from(any > 0)]))
        };
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}
