//! The size of a network's input: one for all pictures, or each picture in its own proportions.

use crate::options::{Checked, MOST_PIXELS, at, each, need, within};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The size of a network's input. In TOML `[height, width]`, or a table such as
/// `{ shorter = 800, longest = 1333, multiple = 32 }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum InputSize {
    /// `[height, width]` of every image, pixels.
    Fixed([usize; 2]),
    /// Every picture keeps its proportions.
    Sides(Sides),
}

/// Pictures in their own proportions, as torchvision's detectors take them: resized by bilinear interpolation without
/// antialiasing, then padded on the right and below with zeros. For detectors only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sides {
    /// Pixels: the shorter side is brought to this ...
    pub shorter: usize,
    /// ... unless the longer side would be more than this.
    pub longest: usize,
    /// The sides of the padded image are multiples of this; default 32.
    #[serde(default = "thirty_two")]
    pub multiple: usize,
}

fn thirty_two() -> usize {
    32
}

impl InputSize {
    /// `[height, width]` where it is the same for all pictures.
    pub fn fixed(self) -> Option<[usize; 2]> {
        match self {
            Self::Fixed(size) => Some(size),
            Self::Sides(_) => None,
        }
    }

    /// The sides, where pictures keep their proportions.
    pub fn sides(self) -> Option<Sides> {
        match self {
            Self::Fixed(_) => None,
            Self::Sides(sides) => Some(sides),
        }
    }

    /// `[height, width]` that networks are described and built for: the largest input that lies on its longer side.
    pub fn nominal(self) -> [usize; 2] {
        match self {
            Self::Fixed(size) => size,
            Self::Sides(sides) => sides.padded([sides.shorter, sides.longest]),
        }
    }
}

impl Sides {
    /// The size of a picture of `[height, width]` pixels in the network's input, without padding.
    pub fn resized(self, picture: [usize; 2]) -> [usize; 2] {
        let [shorter, longer] = [picture[0].min(picture[1]), picture[0].max(picture[1])];
        let ratio = |wanted: usize, side: usize| wanted as f64 / side.max(1) as f64;
        let scale = ratio(self.shorter, shorter).min(ratio(self.longest, longer));
        // Rounded down, which may take a whole number a little below it: torchvision does the same.
        picture.map(|side| ((side as f64 * scale) as usize).max(1))
    }

    /// The size with padding.
    pub fn padded(self, size: [usize; 2]) -> [usize; 2] {
        size.map(|side| side.next_multiple_of(self.multiple.max(1)))
    }
}

pub(super) fn check(size: &InputSize) -> Checked {
    let pixels = within(1..=MOST_PIXELS);
    match size {
        InputSize::Fixed(size) => each(pixels)(size),
        InputSize::Sides(sides) => {
            at("shorter", pixels(&sides.shorter))?;
            at("longest", pixels(&sides.longest))?;
            at("multiple", pixels(&sides.multiple))?;
            let rule = format!("at least shorter, {}", sides.shorter);
            let holds = sides.longest >= sides.shorter;
            at("longest", need(holds, &rule, sides.longest))
        }
    }
}

impl<'de> Deserialize<'de> for InputSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;

        impl<'de> Visitor<'de> for SizeVisitor {
            type Value = InputSize;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of 2 numbers, or a table with `shorter` and `longest`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<InputSize, A::Error> {
                let mut sides = Vec::new();
                while let Some(side) = seq.next_element::<usize>()? {
                    sides.push(side);
                }
                match sides[..] {
                    [height, width] => Ok(InputSize::Fixed([height, width])),
                    _ => Err(de::Error::invalid_length(sides.len(), &self)),
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InputSize, A::Error> {
                Sides::deserialize(MapAccessDeserializer::new(map)).map(InputSize::Sides)
            }
        }

        deserializer.deserialize_any(SizeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed by torchvision 0.29.2's GeneralizedRCNNTransform.
    #[test]
    fn sizes_are_torchvisions() {
        let sides = |shorter, longest| Sides {
            shorter,
            longest,
            multiple: 32,
        };
        #[rustfmt::skip]
        let cases = [
            (800, 1333, [427, 640], [800, 1199]), (800, 1333, [281, 140], [1333, 664]),
            (320, 640, [799, 480], [532, 320]), (320, 640, [687, 408], [538, 320]),
            (800, 1333, [116, 519], [297, 1333]), (800, 1333, [480, 640], [800, 1066]),
            (160, 256, [797, 52], [255, 16]), (800, 1333, [391, 388], [806, 799]),
        ];
        for (shorter, longest, picture, resized) in cases {
            assert_eq!(
                sides(shorter, longest).resized(picture),
                resized,
                "{picture:?}"
            );
        }
        assert_eq!(sides(800, 1333).padded([799, 1066]), [800, 1088]);
    }
}
