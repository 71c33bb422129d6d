//! How sizes in rows and columns are written in TOML.

use super::Pool;
use serde::{Deserialize, Deserializer, Serialize};

/// A pair of sizes, written as one number when both are equal.
pub(super) mod pair {
    use serde::de::{self, Deserializer, SeqAccess, Visitor};
    use serde::ser::{Serialize, Serializer};
    use std::fmt;

    pub fn serialize<S: Serializer>(pair: &[usize; 2], serializer: S) -> Result<S::Ok, S::Error> {
        if pair[0] == pair[1] {
            pair[0].serialize(serializer)
        } else {
            pair.serialize(serializer)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<[usize; 2], D::Error> {
        struct Pair;

        impl<'de> Visitor<'de> for Pair {
            type Value = [usize; 2];

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number or a pair [rows, columns]")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<[usize; 2], E> {
                let size = usize::try_from(value)
                    .map_err(|_| E::custom(format!("{value} is too large")))?;
                Ok([size, size])
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<[usize; 2], E> {
                if value.fract() != 0.0 || !(0.0..1e9).contains(&value) {
                    return Err(E::invalid_type(de::Unexpected::Float(value), &self));
                }
                self.visit_u64(value as u64)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<[usize; 2], A::Error> {
                let wrong = || de::Error::custom("expected two numbers: [rows, columns]");
                let rows = seq.next_element()?.ok_or_else(wrong)?;
                let columns = seq.next_element()?.ok_or_else(wrong)?;
                match seq.next_element::<usize>()? {
                    None => Ok([rows, columns]),
                    Some(_) => Err(wrong()),
                }
            }
        }

        deserializer.deserialize_any(Pair)
    }
}

/// The two pooling layers differ only in the key that holds the window's size, which is their name.
macro_rules! pool_keys {
    ($module:ident, $name:literal) => {
        pub(super) mod $module {
            use super::*;
            use serde::Serializer;

            #[derive(Serialize, Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Keys {
                #[serde(rename = $name, with = "pair")]
                size: [usize; 2],
                #[serde(default, with = "optional_pair")]
                stride: Option<[usize; 2]>,
                #[serde(default, with = "pair")]
                padding: [usize; 2],
            }

            pub fn serialize<S: Serializer>(pool: &Pool, serializer: S) -> Result<S::Ok, S::Error> {
                Keys {
                    size: pool.size,
                    stride: Some(pool.stride),
                    padding: pool.padding,
                }
                .serialize(serializer)
            }

            pub fn deserialize<'de, D: Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Pool, D::Error> {
                let keys = Keys::deserialize(deserializer)?;
                Ok(Pool {
                    size: keys.size,
                    stride: keys.stride.unwrap_or(keys.size),
                    padding: keys.padding,
                })
            }
        }
    };
}

pool_keys!(max_pool, "max-pool");
pool_keys!(avg_pool, "avg-pool");

/// A pair that may be left out.
mod optional_pair {
    use super::pair;
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(
        value: &Option<[usize; 2]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => pair::serialize(value, serializer),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<[usize; 2]>, D::Error> {
        pair::deserialize(deserializer).map(Some)
    }
}
