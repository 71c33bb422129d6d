//! JSON as TOML, with the keys of tables in the order in which they come.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use toml_edit::{Array, InlineTable, Value};

/// A value for a recipe; `None` for null, which TOML has not.
pub struct TomlValue(pub Option<Value>);

impl<'de> Deserialize<'de> for TomlValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = TomlValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value that TOML has")
    }

    fn visit_unit<E: de::Error>(self) -> Result<TomlValue, E> {
        Ok(TomlValue(None))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<TomlValue, E> {
        Ok(TomlValue(Some(value.into())))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<TomlValue, E> {
        Ok(TomlValue(Some(value.into())))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<TomlValue, E> {
        let value = i64::try_from(value).map_err(|_| E::custom(format!("{value} is too large")))?;
        self.visit_i64(value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<TomlValue, E> {
        Ok(TomlValue(Some(value.into())))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<TomlValue, E> {
        Ok(TomlValue(Some(value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<TomlValue, A::Error> {
        let mut array = Array::new();
        while let Some(TomlValue(value)) = sequence.next_element()? {
            array.push(value.ok_or_else(|| de::Error::custom("a list can't hold null"))?);
        }
        Ok(TomlValue(Some(array.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TomlValue, A::Error> {
        let mut table = InlineTable::new();
        while let Some((key, TomlValue(value))) = map.next_entry::<String, TomlValue>()? {
            if let Some(value) = value {
                table.insert(key, value);
            }
        }
        Ok(TomlValue(Some(table.into())))
    }
}
