//! Masks as an evaluation needs them, all of their points or runs. [`super::mask`] reads them for the box around them alone,
//! and passes over what is wrong; here it is an error.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{Field, Key, Read, entry};
use super::packed::unpack;

/// The mask of an annotation or a detection, as its file has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Segmentation {
    /// There is none.
    #[default]
    Missing,
    /// `[x, y, x, y, ...]` in pixels each.
    Polygons(Vec<Vec<f64>>),
    /// Run lengths down the columns of an image, outside and inside by turns, outside first. Nothing says yet that they
    /// cover the image.
    Runs {
        /// Height and width of the image.
        size: [u32; 2],
        /// The run lengths.
        runs: Vec<u32>,
    },
}

/// The masks of a file of annotations.
#[derive(Deserialize)]
pub struct SegmentedFile {
    pub annotations: Vec<Segmented>,
}

/// An entry with a mask.
pub struct Segmented {
    pub segmentation: Segmentation,
}

entry!(Segmented { segmentation });

impl Field for Segmentation {
    const EXPECTED: &str = "a mask: polygons, or an object with `size` and `counts`";

    fn null() -> Option<Self> {
        Some(Self::Missing)
    }

    /// A list of polygons, or the numbers of a single one.
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut polygons = Vec::new();
        let mut numbers = Vec::new();
        while let Some(Read(part)) = list.next_element()? {
            match part {
                Part::Number(number) => numbers.push(number),
                Part::Polygon(polygon) => polygons.push(polygon),
            }
        }
        if numbers.is_empty() {
            return Ok(Some(Self::Polygons(polygons)));
        }
        if polygons.is_empty() {
            return Ok(Some(Self::Polygons(vec![numbers])));
        }
        Err(A::Error::custom(
            "expected polygons, found numbers among them",
        ))
    }

    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut size = None;
        let mut counts = None;
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "size" => size = Some(map.next_value()?),
                "counts" => counts = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        let Read(Size(size)) = size.ok_or_else(|| A::Error::missing_field("size"))?;
        let Read(Counts(runs)) = counts.ok_or_else(|| A::Error::missing_field("counts"))?;
        Ok(Some(Self::Runs { size, runs }))
    }
}

/// A polygon, or a number of one.
enum Part {
    Number(f64),
    Polygon(Vec<f64>),
}

impl Field for Part {
    const EXPECTED: &str = "a polygon: a list of numbers";

    fn integer(value: i64) -> Option<Self> {
        f64::integer(value).map(Self::Number)
    }
    fn number(value: f64) -> Option<Self> {
        Some(Self::Number(value))
    }
    fn text(value: &str) -> Option<Self> {
        f64::text(value).map(Self::Number)
    }
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut numbers = Vec::new();
        while let Some(Read(number)) = list.next_element()? {
            numbers.push(number);
        }
        Ok(Some(Self::Polygon(numbers)))
    }
}

/// A run length, or a side of an image.
struct Whole(u32);

impl Field for Whole {
    const EXPECTED: &str = "a whole number from 0 to 4294967295";

    fn integer(value: i64) -> Option<Self> {
        u32::try_from(value).ok().map(Self)
    }
    fn number(value: f64) -> Option<Self> {
        i64::number(value).and_then(Self::integer)
    }
    fn text(value: &str) -> Option<Self> {
        value.parse().ok().map(Self)
    }
}

struct Size([u32; 2]);

impl Field for Size {
    const EXPECTED: &str = "[height, width]";

    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut sides = [0; 2];
        for side in &mut sides {
            match list.next_element()? {
                Some(Read(Whole(value))) => *side = value,
                None => return Ok(None),
            }
        }
        let more: Option<IgnoredAny> = list.next_element()?;
        Ok(more.is_none().then_some(Self(sides)))
    }
}

struct Counts(Vec<u32>);

impl Field for Counts {
    const EXPECTED: &str = "run lengths: a list, or a text as pycocotools packs them";

    fn checked_text(value: &str) -> Result<Option<Self>, String> {
        let runs = unpack(value.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Some(Self(runs)))
    }
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut runs = Vec::new();
        while let Some(Read(Whole(run))) = list.next_element()? {
            runs.push(run);
        }
        Ok(Some(Self(runs)))
    }
}
