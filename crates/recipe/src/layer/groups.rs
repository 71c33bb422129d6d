//! How a convolution divides its channels.

use crate::options::{Checked, MOST, need, within};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The parts into which a convolution divides its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// As many.
    Number(usize),
    /// As many as there are channels in: each channel has kernels of its own.
    Depthwise,
}

/// How a recipe writes [`Groups::Depthwise`].
const DEPTHWISE: &str = "depthwise";

impl Default for Groups {
    fn default() -> Self {
        Self::Number(1)
    }
}

impl Groups {
    /// Their number on this many channels.
    pub fn of(self, channels: usize) -> usize {
        match self {
            Self::Number(number) => number,
            Self::Depthwise => channels,
        }
    }

    /// The rule that can be checked without the input: output channels divide into the groups.
    pub(super) fn check(self, channels: usize) -> Checked {
        let Self::Number(number) = self else {
            return Ok(());
        };
        within(1..=MOST)(&number)?;
        let rule = format!("a divisor of the {channels} channels");
        need(channels.is_multiple_of(number), &rule, number)
    }
}

impl Serialize for Groups {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Depthwise => serializer.serialize_str(DEPTHWISE),
        }
    }
}

impl<'de> Deserialize<'de> for Groups {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GroupsVisitor;

        impl Visitor<'_> for GroupsVisitor {
            type Value = Groups;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number or \"depthwise\"")
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Groups, E> {
                match usize::try_from(value) {
                    Ok(number) => Ok(Groups::Number(number)),
                    Err(_) => Err(E::custom(format!("{value} is too large"))),
                }
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Groups, E> {
                if name == DEPTHWISE {
                    Ok(Groups::Depthwise)
                } else {
                    Err(E::unknown_variant(name, &[DEPTHWISE]))
                }
            }
        }

        deserializer.deserialize_any(GroupsVisitor)
    }
}
