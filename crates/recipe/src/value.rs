//! From parsed TOML to the recipe's types, remembering the path to whatever is wrong.
//!
//! toml's own deserializer forgets the path inside of enums that are written as `{ kind = "...", ... }`, because serde
//! has to buffer them. Here the variant is looked up in the table and the rest is read in place.

use super::problem::{Problem, Segment, suggestion};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// A value about to be read.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(pub &'a DeValue<'a>);

impl<'a> Node<'a> {
    fn expected(self, what: &str) -> Problem {
        let found = match self.0 {
            DeValue::String(text) => format!("the text \"{text}\""),
            DeValue::Integer(number) => format!("the number {number}"),
            DeValue::Float(number) => format!("the number {number}"),
            DeValue::Boolean(value) => format!("{value}"),
            DeValue::Datetime(_) => "a date or time".to_string(),
            DeValue::Array(_) => "a list [...]".to_string(),
            DeValue::Table(_) => "a table of keys".to_string(),
        };
        Problem::here(format!("expected {what}, found {found}"))
    }

    /// Also 5.0, as some programs write whole numbers.
    fn whole(self) -> Result<u64, Problem> {
        let number = match self.0 {
            DeValue::Integer(text) => i128::from_str_radix(text.as_str(), text.radix()).ok(),
            DeValue::Float(_) => {
                let number = self.number()?;
                // Beyond 2^53 a float does not say which whole number was meant.
                let whole = number.fract() == 0.0 && number.abs() <= (1_u64 << 53) as f64;
                if !whole {
                    return Err(self.expected("a whole number"));
                }
                Some(number as i128)
            }
            _ => return Err(self.expected("a whole number")),
        };
        match number {
            Some(number) if number < 0 => Err(self.expected("a whole number of at least 0")),
            Some(number) if number <= i64::MAX.into() => Ok(number as u64),
            _ => {
                let most = format!("a whole number of at most {}, TOML's largest", i64::MAX);
                Err(self.expected(&most))
            }
        }
    }

    fn number(self) -> Result<f64, Problem> {
        let number = match self.0 {
            DeValue::Float(text) => text.as_str().parse().ok(),
            DeValue::Integer(text) => i128::from_str_radix(text.as_str(), text.radix())
                .ok()
                .map(|number| number as f64),
            _ => None,
        };
        number.ok_or_else(|| self.expected("a number"))
    }
}

impl<'a> Deserializer<'a> for Node<'a> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            DeValue::String(text) => visitor.visit_borrowed_str(text),
            DeValue::Integer(_) => visitor.visit_u64(self.whole()?),
            DeValue::Float(_) => visitor.visit_f64(self.number()?),
            DeValue::Boolean(value) => visitor.visit_bool(*value),
            DeValue::Datetime(time) => visitor.visit_string(time.to_string()),
            DeValue::Array(items) => visitor.visit_seq(Items {
                items: items.iter().enumerate(),
            }),
            DeValue::Table(table) => visitor.visit_map(Entries::new(Some(table), None)),
        }
    }

    fn deserialize_bool<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            DeValue::Boolean(value) => visitor.visit_bool(*value),
            _ => Err(self.expected("true or false")),
        }
    }

    fn deserialize_u64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_u32<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_u64(self.whole()?)
    }

    fn deserialize_f64<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_string<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            DeValue::String(text) => visitor.visit_borrowed_str(text),
            _ => Err(self.expected("text in quotes")),
        }
    }

    /// TOML has no null; `"none"` stands for it.
    fn deserialize_option<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            DeValue::String(text) if text == NONE => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_seq<V: Visitor<'a>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            DeValue::Array(_) => self.deserialize_any(visitor),
            _ => Err(self.expected("a list [...]")),
        }
    }

    fn deserialize_tuple<V: Visitor<'a>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            DeValue::Array(items) if items.len() == length => self.deserialize_any(visitor),
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
            DeValue::Table(_) => self.deserialize_any(visitor),
            _ => Err(self.expected("a table of keys")),
        }
    }

    /// A text alone names a variant without options. In a table, the enum's serde name says where the variant's name
    /// is: in the key `kind`, which must be there; in the key `name`, without which it is the first variant; otherwise
    /// the key itself is the name of the variant.
    fn deserialize_enum<V: Visitor<'a>>(
        self,
        tag: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let variant = match (self.0, tag) {
            (DeValue::String(name), "kind") => {
                return Err(self.expected(&format!("a table with `kind = \"{name}\"`")));
            }
            (DeValue::String(name), _) => Variant::alone(name),
            (DeValue::Table(table), "kind" | "name") => {
                match table.get(tag).map(Spanned::get_ref) {
                    Some(DeValue::String(name)) => Variant::tagged(name, tag, table),
                    Some(other) => {
                        return Err(Node(other).expected("a name in quotes").inside_key(tag));
                    }
                    None if tag == "name" => Variant::tagged(variants[0], tag, table),
                    None => {
                        return Err(Problem::here(format!("missing key `{tag}`"))
                            .with_help(format!("one of: {}", variants.join(", "))));
                    }
                }
            }
            (DeValue::Table(table), _) if !table.is_empty() => layer(table, variants)?,
            _ => return Err(self.expected("a name in quotes")),
        };
        visitor.visit_enum(variant)
    }

    serde::forward_to_deserialize_any! {
        <V: Visitor<'a>>
        i8 i16 i32 i64 i128 u8 u16 u128 f32 char str bytes byte_buf unit unit_struct newtype_struct
        tuple_struct map identifier ignored_any
    }
}

/// `{ conv = 32, kernel = 3 }`: the variant is the key that is the name of a layer.
fn layer<'a>(table: &'a DeTable<'a>, variants: &[&str]) -> Result<Variant<'a>, Problem> {
    let keys = || table.keys().map(|key| key.get_ref().as_ref());
    let mut named = keys().filter(|key: &&str| variants.contains(key));
    match (named.next(), named.next()) {
        (Some(first), Some(second)) => Err(Problem::at_key(
            second,
            format!("one layer with two names, `{first}` and `{second}`"),
        )
        .with_help("write each layer as its own element of the list")),
        (Some(name), None) => Ok(match table[name].get_ref() {
            // { batch-norm = { momentum = 0.1 } }: the options are in a table of their own.
            DeValue::Table(inner) if table.len() == 1 => Variant {
                inside: Some(name),
                ..Variant::with_options(name, inner)
            },
            _ => Variant::with_options(name, table),
        }),
        (None, _) => {
            let options = [
                "kernel",
                "stride",
                "padding",
                "dilation",
                "groups",
                "bias",
                "shortcut",
                "gate",
                "block",
                "channels",
                "width",
                "expand",
                "squeeze",
                "activation",
            ];
            Err(match keys().find(|key| !options.contains(key)) {
                Some(key) => Problem::at_key(key, format!("no layer is called `{key}`"))
                    .with_help(suggestion(key, variants, "names")),
                None => Problem::here("no key of this table names a layer")
                    .with_help(format!("one of: {}", variants.join(", "))),
            })
        }
    }
}

/// A variant and the table with its options.
struct Variant<'a> {
    name: &'a str,
    /// The key that held the name and is not an option.
    tag: Option<&'static str>,
    options: Option<&'a DeTable<'a>>,
    /// The key that leads to the options if they are in a table of their own.
    inside: Option<&'a str>,
}

impl<'a> Variant<'a> {
    fn alone(name: &'a str) -> Self {
        Self {
            name,
            tag: None,
            options: None,
            inside: None,
        }
    }

    fn with_options(name: &'a str, options: &'a DeTable<'a>) -> Self {
        Self {
            options: Some(options),
            ..Self::alone(name)
        }
    }

    fn tagged(name: &'a str, tag: &'static str, options: &'a DeTable<'a>) -> Self {
        Self {
            tag: Some(tag),
            ..Self::with_options(name, options)
        }
    }

    fn entries(&self) -> Entries<'a> {
        Entries::new(self.options, self.tag)
    }

    /// Completes a problem with the options.
    fn explain(&self, problem: Problem) -> Problem {
        match (self.options, self.inside) {
            // "conv" alone: say how the rest is written.
            (None, _) if problem.help.is_none() => {
                problem.with_help(format!("write it as a table: {{ {} = ... }}", self.name))
            }
            (Some(_), Some(key)) => problem.inside_key(key),
            _ => problem,
        }
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
        match self.entries().entries.next() {
            None => Ok(()),
            Some((key, _)) => {
                let what = format!("`{}` has no options", self.name);
                let help = format!("write \"{}\" alone", self.name);
                Err(Problem::at_key(key.get_ref(), what).with_help(help))
            }
        }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'a>>(self, seed: S) -> Result<S::Value, Problem> {
        seed.deserialize(MapAccessDeserializer::new(self.entries()))
            .map_err(|problem| self.explain(problem))
    }

    fn tuple_variant<V: Visitor<'a>>(self, _: usize, _: V) -> Result<V::Value, Problem> {
        Err(Problem::here("expected a table of keys"))
    }

    fn struct_variant<V: Visitor<'a>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor
            .visit_map(self.entries())
            .map_err(|problem| self.explain(problem))
    }
}

struct Entries<'a> {
    entries: Box<dyn Iterator<Item = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>)> + 'a>,
    value: Option<(&'a str, &'a DeValue<'a>)>,
}

impl<'a> Entries<'a> {
    /// All but the key `tag`.
    fn new(table: Option<&'a DeTable<'a>>, tag: Option<&'static str>) -> Self {
        let entries = table.into_iter().flatten();
        Self {
            entries: Box::new(entries.filter(move |(key, _)| Some(key.get_ref().as_ref()) != tag)),
            value: None,
        }
    }
}

impl<'a> MapAccess<'a> for Entries<'a> {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'a>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Problem> {
        let Some((key, value)) = self.entries.next() else {
            return Ok(None);
        };
        self.value = Some((key.get_ref(), value.get_ref()));
        let key: StrDeserializer<'_, Problem> = key.get_ref().as_ref().into_deserializer();
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
    items: std::iter::Enumerate<std::slice::Iter<'a, Spanned<DeValue<'a>>>>,
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
        seed.deserialize(Node(value.get_ref()))
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
