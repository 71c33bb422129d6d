//! How each type of field is read, and the entries made of them.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

use super::{Attributes, CocoAnnotation, CocoCategory, CocoDetection, CocoImage, Lenient};

/// A field's type: what it makes of each kind of JSON value. `None` is an error.
pub trait Field: Sized {
    /// For messages.
    const EXPECTED: &str;

    /// Of every kind of value that the type does not read.
    fn other() -> Option<Self> {
        None
    }
    /// Of null, and where the field is missing.
    fn null() -> Option<Self> {
        Self::other()
    }
    fn flag(_: bool) -> Option<Self> {
        Self::other()
    }
    fn integer(_: i64) -> Option<Self> {
        Self::other()
    }
    fn number(_: f64) -> Option<Self> {
        Self::other()
    }
    fn text(_: &str) -> Option<Self> {
        Self::other()
    }
    /// Of a text, with what is wrong in words.
    fn checked_text(value: &str) -> Result<Option<Self>, String> {
        Ok(Self::text(value))
    }
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let other = Self::other();
        // An error points at the start of what is not read.
        if other.is_some() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(other)
    }
    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        let other = Self::other();
        if other.is_some() {
            skip_object(map)?;
        }
        Ok(other)
    }
}

impl<T: Field> Field for Option<T> {
    const EXPECTED: &str = T::EXPECTED;

    fn null() -> Option<Self> {
        Some(None)
    }
    fn integer(value: i64) -> Option<Self> {
        T::integer(value).map(Some)
    }
    fn number(value: f64) -> Option<Self> {
        T::number(value).map(Some)
    }
    fn text(value: &str) -> Option<Self> {
        T::text(value).map(Some)
    }
}

/// An id.
impl Field for i64 {
    const EXPECTED: &str = "a whole number";

    fn integer(value: i64) -> Option<Self> {
        Some(value)
    }
    fn number(value: f64) -> Option<Self> {
        // Above 2^53 not every whole number is an f64, so this could differ from the number that was meant.
        (value.fract() == 0.0 && value.abs() < (1u64 << 53) as f64).then_some(value as i64)
    }
    fn text(value: &str) -> Option<Self> {
        Some(id_of_text(value))
    }
}

/// The number in a text. Any other text becomes a number below all ids in practice, see `is_text`.
pub fn id_of_text(text: &str) -> i64 {
    let number = || text.parse().ok().and_then(i64::number);
    text.parse().ok().or_else(number).unwrap_or_else(|| {
        let hash = blake3::hash(text.as_bytes());
        let bytes = std::array::from_fn(|byte| hash.as_bytes()[byte]);
        (u64::from_le_bytes(bytes) >> 2) as i64 | i64::MIN
    })
}

impl Field for f64 {
    const EXPECTED: &str = "a number";

    fn integer(value: i64) -> Option<Self> {
        Some(value as f64)
    }
    fn number(value: f64) -> Option<Self> {
        Some(value)
    }
    fn text(value: &str) -> Option<Self> {
        value.parse().ok()
    }
}

impl Field for bool {
    const EXPECTED: &str = "0 or 1";

    fn null() -> Option<Self> {
        Some(false)
    }
    fn flag(value: bool) -> Option<Self> {
        Some(value)
    }
    fn integer(value: i64) -> Option<Self> {
        Some(value != 0)
    }
    fn number(value: f64) -> Option<Self> {
        Some(value != 0.0)
    }
    fn text(value: &str) -> Option<Self> {
        value.parse().ok().map(|number: f64| number != 0.0)
    }
}

impl Field for String {
    const EXPECTED: &str = "a text";

    fn integer(value: i64) -> Option<Self> {
        Some(value.to_string())
    }
    fn number(value: f64) -> Option<Self> {
        Some(value.to_string())
    }
    fn text(value: &str) -> Option<Self> {
        Some(value.to_string())
    }
}

impl Field for Attributes {
    const EXPECTED: &str = "an object";

    fn other() -> Option<Self> {
        Some(Self::default())
    }
    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut rotation = 0.0;
        while let Some(Key(key)) = map.next_key()? {
            if key == "rotation" {
                let Read(Lenient(degrees)) = map.next_value()?;
                rotation = degrees.unwrap_or(0.0);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Some(Self { rotation }))
    }
}

impl<T: Field> Field for Lenient<T> {
    const EXPECTED: &str = T::EXPECTED;

    fn other() -> Option<Self> {
        Some(Self(None))
    }
    fn flag(value: bool) -> Option<Self> {
        Some(Self(T::flag(value)))
    }
    fn integer(value: i64) -> Option<Self> {
        Some(Self(T::integer(value)))
    }
    fn number(value: f64) -> Option<Self> {
        Some(Self(T::number(value)))
    }
    fn text(value: &str) -> Option<Self> {
        Some(Self(T::text(value)))
    }
}

pub(super) fn skip_object<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A field as it comes out of a file.
pub struct Read<T>(pub T);

impl<'de, T: Field> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<T: Field> FieldVisitor<T> {
    fn checked<E: Error>(self, value: Option<T>, found: Unexpected<'_>) -> Result<Read<T>, E> {
        value.map(Read).ok_or_else(|| E::invalid_type(found, &self))
    }
}

impl<'de, T: Field> Visitor<'de> for FieldVisitor<T> {
    type Value = Read<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_unit<E: Error>(self) -> Result<Read<T>, E> {
        self.checked(T::null(), Unexpected::Unit)
    }
    fn visit_bool<E: Error>(self, value: bool) -> Result<Read<T>, E> {
        self.checked(T::flag(value), Unexpected::Bool(value))
    }
    fn visit_i64<E: Error>(self, value: i64) -> Result<Read<T>, E> {
        self.checked(T::integer(value), Unexpected::Signed(value))
    }
    fn visit_u64<E: Error>(self, value: u64) -> Result<Read<T>, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => self.visit_f64(value as f64),
        }
    }
    fn visit_f64<E: Error>(self, value: f64) -> Result<Read<T>, E> {
        self.checked(T::number(value), Unexpected::Float(value))
    }
    fn visit_str<E: Error>(self, value: &str) -> Result<Read<T>, E> {
        let read = T::checked_text(value).map_err(E::custom)?;
        self.checked(read, Unexpected::Str(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Read<T>, A::Error> {
        self.checked(T::list(list)?, Unexpected::Seq)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Read<T>, A::Error> {
        self.checked(T::object(map)?, Unexpected::Map)
    }
}

/// The name of a field.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Key<'a>(#[serde(borrow)] pub Cow<'a, str>);

/// Reads the named fields of an entry in any order. Not derived, because serde refuses a field that is listed twice.
macro_rules! entry {
    ($entry:ident { $($field:ident),* }) => {
        impl<'de> Deserialize<'de> for $entry {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;

                impl<'de> Visitor<'de> for Fields {
                    type Value = $entry;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<$entry, A::Error> {
                        $(let mut $field = None;)*
                        while let Some(Key(key)) = map.next_key()? {
                            match &*key {
                                $(stringify!($field) => $field = Some(map.next_value()?),)*
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                }
                            }
                        }
                        Ok($entry {
                            $($field: match $field {
                                Some(Read(value)) => value,
                                None => Field::null()
                                    .ok_or_else(|| A::Error::missing_field(stringify!($field)))?,
                            },)*
                        })
                    }
                }

                deserializer.deserialize_map(Fields)
            }
        }
    };
}
pub(super) use entry;

entry!(CocoImage {
    id,
    file_name,
    width,
    height
});
entry!(CocoCategory {
    id,
    name,
    supercategory
});
entry!(CocoAnnotation {
    id,
    image_id,
    category_id,
    bbox,
    area,
    iscrowd,
    attributes
});
entry!(CocoDetection {
    image_id,
    category_id,
    bbox,
    score
});
