//! The sizes of anchors: one list for all feature maps, or one per map.

use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Square roots of anchors' areas, in pixels.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AnchorSizes {
    /// `[12, 17]`: the same on every level.
    Shared(Vec<f64>),
    /// `[[10, 14], [20, 28]]`: finest level first.
    PerLevel(Vec<Vec<f64>>),
}

impl AnchorSizes {
    /// The sizes of one level, counted from the finest; empty if there is no list for it.
    pub fn of_level(&self, level: usize) -> &[f64] {
        match self {
            Self::Shared(sizes) => sizes,
            Self::PerLevel(lists) => lists.get(level).map_or(&[], Vec::as_slice),
        }
    }

    /// The sizes of all levels, concatenated.
    pub fn all(&self) -> Vec<f64> {
        match self {
            Self::Shared(sizes) => sizes.clone(),
            Self::PerLevel(lists) => lists.concat(),
        }
    }

    /// The same number of other sizes, ascending, on the same levels.
    pub fn with(&self, sizes: &[f64]) -> Self {
        match self {
            Self::Shared(_) => Self::Shared(sizes.to_vec()),
            Self::PerLevel(lists) => {
                let mut rest = sizes;
                let mut level = |list: &Vec<f64>| {
                    let (sizes, others) = rest.split_at(list.len().min(rest.len()));
                    rest = others;
                    sizes.to_vec()
                };
                Self::PerLevel(lists.iter().map(&mut level).collect())
            }
        }
    }
}

/// One element of the list.
enum Entry {
    Size(f64),
    Level(Vec<f64>),
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number or a list of numbers")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Entry, E> {
                Ok(Entry::Size(value as f64))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Entry, E> {
                Ok(Entry::Size(value as f64))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Entry, E> {
                Ok(Entry::Size(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Entry, A::Error> {
                let mut sizes = Vec::new();
                while let Some(size) = seq.next_element()? {
                    sizes.push(size);
                }
                Ok(Entry::Level(sizes))
            }
        }

        deserializer.deserialize_any(EntryVisitor)
    }
}

impl<'de> Deserialize<'de> for AnchorSizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (mut shared, mut levels) = (Vec::new(), Vec::new());
        for entry in Vec::<Entry>::deserialize(deserializer)? {
            match entry {
                Entry::Size(size) => shared.push(size),
                Entry::Level(sizes) => levels.push(sizes),
            }
        }
        match (shared.is_empty(), levels.is_empty()) {
            (_, true) => Ok(Self::Shared(shared)),
            (true, false) => Ok(Self::PerLevel(levels)),
            (false, false) => Err(de::Error::custom(
                "numbers and lists are mixed: write one list of numbers for all levels, or a list of numbers for each",
            )),
        }
    }
}
