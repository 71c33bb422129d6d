//! Masks, read only for the box around them: polygons, run lengths as a list, and run lengths as COCO's text.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fields::{Field, Key, Read, entry, skip_object};
use super::packed::unpack;
use super::{CocoBox, DetectedBox, FOUR_NUMBERS};

/// The masks of a file of annotations, in their order.
#[derive(Deserialize)]
pub struct Masks {
    pub annotations: Vec<Masked>,
}

/// An entry of `annotations`.
pub struct Masked {
    pub segmentation: Piece,
}

/// A mask, or a part of one.
pub enum Piece {
    Number(f64),
    Outline(Outline),
    /// Neither.
    Nothing,
}

impl Piece {
    /// The outline, which encloses nothing if a model reports a mask without pixels.
    pub fn any_outline(&self) -> Option<&Outline> {
        match self {
            Self::Outline(outline) => Some(outline).filter(|outline| outline.right >= outline.left),
            _ => None,
        }
    }

    /// The outline, if it encloses anything.
    pub fn outline(&self) -> Option<&Outline> {
        match self {
            Self::Outline(outline) => Some(outline)
                .filter(|outline| outline.right > outline.left && outline.bottom > outline.top),
            _ => None,
        }
    }
}

/// The box around points, and the area they enclose.
pub struct Outline {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    area: f64,
}

impl Outline {
    /// Of a mask without pixels.
    const BLANK: Self = Self {
        left: 0.0,
        top: 0.0,
        right: 0.0,
        bottom: 0.0,
        area: 0.0,
    };

    const EMPTY: Self = Self {
        left: f64::INFINITY,
        top: f64::INFINITY,
        right: f64::NEG_INFINITY,
        bottom: f64::NEG_INFINITY,
        area: 0.0,
    };

    /// `[x, y, width, height]`
    pub fn bounds(&self) -> [f64; 4] {
        [
            self.left,
            self.top,
            self.right - self.left,
            self.bottom - self.top,
        ]
    }

    /// Square pixels; `None` if the points enclose none.
    pub fn area(&self) -> Option<f64> {
        (self.area > 0.0 && self.area.is_finite()).then_some(self.area)
    }

    fn add(&mut self, other: &Self) {
        self.left = self.left.min(other.left);
        self.top = self.top.min(other.top);
        self.right = self.right.max(other.right);
        self.bottom = self.bottom.max(other.bottom);
        self.area += other.area;
    }

    fn point(x: f64, y: f64) -> Self {
        Self {
            left: x,
            top: y,
            right: x,
            bottom: y,
            area: 0.0,
        }
    }
}

impl Field for Piece {
    const EXPECTED: &str = "a mask";

    fn other() -> Option<Self> {
        Some(Self::Nothing)
    }
    fn integer(value: i64) -> Option<Self> {
        Some(Self::Number(value as f64))
    }
    fn number(value: f64) -> Option<Self> {
        Some(Self::Number(value))
    }
    fn text(value: &str) -> Option<Self> {
        value
            .parse()
            .map_or(Self::other(), |value| Some(Self::Number(value)))
    }

    /// Of `[x, y, x, y, ...]`, or of a list of such.
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut outline = Outline::EMPTY;
        let mut pending = None;
        let mut first = None;
        let mut last: Option<[f64; 2]> = None;
        let mut doubled = 0.0;
        while let Some(Read(piece)) = list.next_element()? {
            let number = match piece {
                Self::Number(number) => number,
                Self::Outline(other) => {
                    outline.add(&other);
                    continue;
                }
                Self::Nothing => continue,
            };
            let Some(x) = pending.take() else {
                pending = Some(number);
                continue;
            };
            let y = number;
            outline.add(&Outline::point(x, y));
            doubled += last.map_or(0.0, |[last_x, last_y]| last_x * y - x * last_y);
            first = first.or(Some([x, y]));
            last = Some([x, y]);
        }
        if let (Some([first_x, first_y]), Some([last_x, last_y])) = (first, last) {
            doubled += last_x * first_y - first_x * last_y;
        }
        outline.area += doubled.abs() / 2.0;
        Ok(Some(Self::Outline(outline)))
    }

    /// Of `{"size": [height, width], "counts": ...}`.
    fn object<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Self>, A::Error> {
        let mut size = Runs::default();
        let mut counts = Runs::default();
        while let Some(Key(key)) = map.next_key()? {
            match &*key {
                "size" => Read(size) = map.next_value()?,
                "counts" => Read(counts) = map.next_value()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Some(match size.0[..] {
            [height, width] => {
                around_runs(&counts.0, height, width).map_or(Self::Nothing, Self::Outline)
            }
            _ => Self::Nothing,
        }))
    }
}

/// Whole numbers; empty for anything else.
#[derive(Default)]
struct Runs(Vec<u64>);

impl Field for Runs {
    const EXPECTED: &str = "run lengths";

    fn other() -> Option<Self> {
        Some(Self::default())
    }
    fn text(value: &str) -> Option<Self> {
        let runs = unpack(value.as_bytes()).unwrap_or_default();
        Some(Self(runs.into_iter().map(u64::from).collect()))
    }
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut runs = Vec::new();
        while let Some(Read(piece)) = list.next_element()? {
            // Saturating: what is negative counts as 0.
            runs.push(if let Piece::Number(run) = piece {
                run as u64
            } else {
                0
            });
        }
        Ok(Some(Self(runs)))
    }
}

/// The box around every second run of pixels, which are counted down the columns.
fn around_runs(runs: &[u64], height: u64, width: u64) -> Option<Outline> {
    let pixels = height.checked_mul(width).filter(|pixels| *pixels > 0)?;
    let mut outline = Outline::EMPTY;
    let mut start = 0u64;
    for (index, &run) in runs.iter().enumerate() {
        let end = start.checked_add(run).filter(|end| *end <= pixels)?;
        if index % 2 == 1 && run > 0 {
            let (first, last) = (start / height, (end - 1) / height);
            let (top, bottom) = if first == last {
                (start % height, (end - 1) % height + 1)
            } else {
                (0, height)
            };
            outline.add(&Outline {
                left: first as f64,
                top: top as f64,
                right: (last + 1) as f64,
                bottom: bottom as f64,
                area: run as f64,
            });
        }
        start = end;
    }
    let blank = outline.area == 0.0;
    Some(if blank { Outline::BLANK } else { outline })
}

/// The box of an annotation. A wrong one does not stop the others from being read.
impl Field for CocoBox {
    const EXPECTED: &str = FOUR_NUMBERS;

    fn null() -> Option<Self> {
        Some(Self::Missing)
    }
    fn flag(value: bool) -> Option<Self> {
        Some(Self::Wrong(value.to_string()))
    }
    fn integer(value: i64) -> Option<Self> {
        Some(Self::Wrong(value.to_string()))
    }
    fn number(value: f64) -> Option<Self> {
        Some(Self::Wrong(value.to_string()))
    }
    fn text(_: &str) -> Option<Self> {
        Some(Self::Wrong("a text".to_string()))
    }
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut numbers = [0.0; 4];
        let mut count = 0;
        let mut strange = false;
        while let Some(Read(piece)) = list.next_element()? {
            let number = match piece {
                Piece::Number(number) => number,
                // As JavaScript writes NaN.
                Piece::Nothing => f64::NAN,
                Piece::Outline(_) => {
                    strange = true;
                    f64::NAN
                }
            };
            if let Some(place) = numbers.get_mut(count) {
                *place = number;
            }
            count += 1;
        }
        Ok(Some(match count {
            0 => Self::Missing,
            _ if strange => Self::Wrong("a list of lists or objects".to_string()),
            4 => Self::Given(numbers),
            count => Self::Wrong(format!("a list of {count}")),
        }))
    }
    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        skip_object(map)?;
        Ok(Some(Self::Wrong("an object".to_string())))
    }
}

/// The box of a detection. A wrong one is an error.
impl Field for DetectedBox {
    const EXPECTED: &str = FOUR_NUMBERS;

    fn null() -> Option<Self> {
        Some(Self::Missing)
    }
    fn list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut sides = [0.0; 4];
        for (place, side) in sides.iter_mut().enumerate() {
            match list.next_element()? {
                Some(Read(value)) => *side = value,
                None => return Ok((place == 0).then_some(Self::Missing)),
            }
        }
        let more: Option<IgnoredAny> = list.next_element()?;
        Ok(more.is_none().then_some(Self::Given(sides)))
    }
}

entry!(Masked { segmentation });
