//! From TOML values to the recipe's types, remembering the path to whatever is wrong.
//!
//! serde's own way with `kind = "..."` and `name = "..."` buffers the table and loses the path on
//! the way; here the variant is looked up in the table and the rest is read in place.

use super::problem::{Problem, Segment, suggestion};
use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use toml::{Table, Value};

/// A value about to be read.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(pub &'a Value);

impl<'a> Node<'a> {
    fn expected(self, what: &str) -> Problem {
        let found = match self.0 {
            Value::String(text) => format!("the text \"{text}\""),
            Value::Integer(number) => format!("the number {number}"),
            Value::Float(number) => format!("the number {number}"),
            Value::Boolean(value) => format!("{value}"),
            Value::Datetime(_) => "a date or time".to_string(),
            Value::Array(_) => "a list [...]".to_string(),
            Value::Table(_) => "a table of keys".to_string(),
        };
        Problem::here(format!("expected {what}, found {found}"))
    }

    fn whole(self) -> Result<i64, Problem> {
        match self.0 {
            Value::Integer(number) => Ok(*number),
            _ => Err(self.expected("a whole number")),
        }
    }
}

macro_rules! whole_numbers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
            match u64::try_from(self.whole()?) {
                Ok(number) => visitor.visit_u64(number),
                Err(_) => Err(self.expected("a whole number of at least 0")),
            }
        }
    )*};
}

macro_rules! tables {
    ($table:expr, $visitor:expr, $skip:expr) => {
        $visitor.visit_map(Entries {
            entries: $table,
            skip: $skip,
            value: None,
        })
    };
}

impl<'a> Deserializer<'a> for Node<'a> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Datetime(time) => visitor.visit_string(time.to_string()),
            Value::Array(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
            }),
            Value::Table(table) => tables!(Some(table.iter()), visitor, None),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Boolean(value) => visitor.visit_bool(*value),
            _ => Err(self.expected("true or false")),
        }
    }

    whole_numbers! {
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Integer(number) => visitor.visit_f64(*number as f64),
            _ => Err(self.expected("a number")),
        }
    }

    fn deserialize_f32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.expected("text in quotes")),
        }
    }

    fn deserialize_str<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_string(visitor)
    }

    /// TOML has no null; `"none"` stands for it.
    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) if text == NONE => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Array(_) => self.deserialize_any(visitor),
            _ => Err(self.expected("a list [...]")),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Array(items) if items.len() == length => self.deserialize_any(visitor),
            _ => Err(self.expected(&format!("a list of {length} numbers"))),
        }
    }

    fn deserialize_struct<V: Visitor<'a>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Table(_) => self.deserialize_any(visitor),
            _ => Err(self.expected("a table of keys")),
        }
    }

    /// The variant comes from the key that is a layer's name (`Layer`), from `kind` (`Model`) or
    /// from `name`; a text alone names a variant without options.
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        enumeration: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let variant = match (self.0, enumeration) {
            (Value::String(name), "Model") => {
                return Err(self.expected(&format!("a table with `kind = \"{name}\"`")));
            }
            (Value::String(name), _) => Variant {
                name,
                tag: None,
                content: None,
            },
            (Value::Table(table), "Layer") => layer_variant(table, variants)?,
            (Value::Table(table), "Model") => tagged(table, "kind", None, variants)?,
            (Value::Table(table), "Optimizer") => tagged(table, "name", Some("adam"), variants)?,
            (Value::Table(table), "Schedule") => tagged(table, "name", Some("constant"), variants)?,
            _ => return Err(self.expected("a name in quotes")),
        };
        visitor.visit_enum(variant)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i128 u128 char bytes byte_buf unit unit_struct newtype_struct tuple_struct map identifier
        ignored_any
    }
}

/// `{ name = "adam", learning-rate = 0.001 }`: the variant is the value of one key.
fn tagged<'a>(
    table: &'a Table,
    tag: &'static str,
    default: Option<&'static str>,
    variants: &'static [&'static str],
) -> Result<Variant<'a>, Problem> {
    let name = match (table.get(tag), default) {
        (Some(Value::String(name)), _) => name.as_str(),
        (Some(other), _) => {
            return Err(Node(other).expected("a name in quotes").inside_key(tag));
        }
        (None, Some(default)) => default,
        (None, None) => {
            return Err(Problem {
                help: Some(format!("one of: {}", variants.join(", "))),
                ..Problem::here(format!("missing key `{tag}`"))
            });
        }
    };
    Ok(Variant {
        name,
        tag: Some(tag),
        content: Some((table, None)),
    })
}

/// `{ conv = 32, kernel = 3 }`: the variant is the key that is a layer's name.
fn layer_variant<'a>(
    table: &'a Table,
    variants: &'static [&'static str],
) -> Result<Variant<'a>, Problem> {
    let mut named = table.keys().filter(|key| variants.contains(&key.as_str()));
    match (named.next(), named.next()) {
        (Some(first), Some(second)) => Err(Problem {
            at_key: true,
            help: Some("write each layer as its own element of the list".to_string()),
            ..Problem::here(format!(
                "one layer with two names, `{first}` and `{second}`"
            ))
        }
        .inside_key(second)),
        // { batch-norm = { momentum = 0.1 } }: the options are in a table of their own.
        (Some(name), None) => match &table[name] {
            Value::Table(inner) if table.len() == 1 => Ok(Variant {
                name,
                tag: None,
                content: Some((inner, Some(name))),
            }),
            _ => Ok(Variant {
                name,
                tag: None,
                content: Some((table, None)),
            }),
        },
        (None, _) => {
            let options = ["kernel", "stride", "padding", "dilation", "bias"];
            let wrong = table.keys().find(|key| !options.contains(&key.as_str()));
            Err(match wrong {
                Some(key) => Problem {
                    at_key: true,
                    help: Some(suggestion(key, variants, "layers")),
                    ..Problem::here(format!("no layer is called `{key}`"))
                }
                .inside_key(key),
                None => Problem {
                    help: Some(format!("valid layers: {}", variants.join(", "))),
                    ..Problem::here("no key of this table names a layer")
                },
            })
        }
    }
}

/// A variant and the table with its options.
struct Variant<'a> {
    name: &'a str,
    /// The key that held the name and is no option.
    tag: Option<&'static str>,
    /// The options, and the key that leads to them where they are in a table of their own.
    content: Option<(&'a Table, Option<&'a str>)>,
}

impl<'a> Variant<'a> {
    fn options<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        let Some((table, key)) = self.content else {
            return tables!(None, visitor, None).map_err(|problem| match &problem.help {
                // "conv" alone: say how the rest is written.
                None => Problem {
                    help: Some(format!("write it as a table: {{ {} = ... }}", self.name)),
                    ..problem
                },
                Some(_) => problem,
            });
        };
        tables!(Some(table.iter()), visitor, self.tag).map_err(|problem| match key {
            Some(key) => problem.inside_key(key),
            None => problem,
        })
    }
}

impl<'a> EnumAccess<'a> for Variant<'a> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<(S::Value, Self), Problem> {
        let name: StrDeserializer<'_, Problem> = self.name.into_deserializer();
        match seed.deserialize(name) {
            Ok(value) => Ok((value, self)),
            Err(problem) => Err(match self.tag {
                Some(tag) => problem.inside_key(tag),
                None => problem,
            }),
        }
    }
}

impl<'a> VariantAccess<'a> for Variant<'a> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        match self.content.and_then(|(table, _)| table.keys().next()) {
            None => Ok(()),
            Some(key) => Err(Problem {
                at_key: true,
                help: Some(format!("write \"{}\" alone", self.name)),
                ..Problem::here(format!("`{}` has no options", self.name))
            }
            .inside_key(key)),
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, Problem> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, Problem> {
        Err(Problem::here("no layer is written as a list"))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.options(visitor)
    }
}

/// The options of a newtype variant, read as its inner struct.
impl<'a> Deserializer<'a> for Variant<'a> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.options(visitor)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
        ignored_any
    }
}

struct Entries<'a> {
    /// None where a variant was named without options.
    entries: Option<toml::map::Iter<'a, String, Value>>,
    skip: Option<&'static str>,
    value: Option<(&'a str, &'a Value)>,
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        let skip = self.skip;
        let left = self.entries.as_mut();
        let next = left.and_then(|left| left.find(|(key, _)| Some(key.as_str()) != skip));
        let Some((key, value)) = next else {
            return Ok(None);
        };
        self.value = Some((key, value));
        let key: StrDeserializer<'_, Problem> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'a>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        match self.value.take() {
            Some((key, value)) => seed
                .deserialize(Node(value))
                .map_err(|problem| problem.inside_key(key)),
            None => Err(Problem::here("a value was asked for before its key")),
        }
    }
}

struct Items<'a> {
    items: std::iter::Enumerate<std::slice::Iter<'a, Value>>,
}

impl<'a> SeqAccess<'a> for Items<'a> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'a>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Problem> {
        let Some((index, value)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(Node(value))
            .map(Some)
            .map_err(|problem| problem.inside(Segment::Index(index)))
    }
}

/// How a recipe writes 'no value'.
const NONE: &str = "none";

/// An option written as `"none"` where it is `None`, so that a recipe can state it.
pub(super) mod optional {
    use super::NONE;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<T: Serialize, S: Serializer>(
        value: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => value.serialize(serializer),
            None => serializer.serialize_str(NONE),
        }
    }

    pub fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        Option::deserialize(deserializer)
    }
}
