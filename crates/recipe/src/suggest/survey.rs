//! What is known of a data set before a recipe is suggested: plain numbers.

use serde::Serialize;

use crate::data::Format;

/// What a source holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Survey {
    /// As `data.source` names it.
    pub source: String,
    /// As `data.format` names it; `auto` where the program finds it out by itself.
    pub format: Format,
    /// Training pictures.
    pub train: usize,
    /// Pictures of the source's own validation split, if it has one.
    pub validation: Option<usize>,
    /// Pictures of the source's own test split, if it has one.
    pub test: Option<usize>,
    /// The classes, in the order of the network's outputs.
    pub classes: Vec<SurveyedClass>,
    /// Share of the training pictures that are in colour.
    pub colour: f64,
    /// Median `[height, width]` of the training pictures, pixels.
    pub size: [usize; 2],
    /// Share of the training pictures that have the most frequent size.
    pub same_size: f64,
    /// 10 % of the training pictures are narrower, 10 % wider than these widths divided by heights.
    pub aspects: [f64; 2],
    /// Whether the pictures are arrays of pixels, such as MNIST's, not files.
    pub arrays: bool,
    /// Annotated objects; `None` where each picture has one class and no box.
    pub objects: Option<SurveyedObjects>,
    /// Entries with something wrong.
    pub problems: usize,
}

/// A class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SurveyedClass {
    /// Its name.
    pub name: String,
    /// Training pictures that show it; with boxes, its objects.
    pub count: usize,
}

/// Annotated objects of the training pictures, without groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SurveyedObjects {
    /// How many there are.
    pub count: usize,
    /// Most objects of one picture.
    pub most_per_picture: usize,
    /// The boxes of a sample.
    #[serde(skip)]
    pub boxes: Vec<BoxShape>,
}

/// A box and the picture it lies on, pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoxShape {
    /// `[height, width]` of the box.
    pub size: [f64; 2],
    /// `[height, width]` of the picture.
    pub picture: [f64; 2],
}

impl SurveyedObjects {
    /// The nine deciles of the boxes' heights and widths, as fractions of the picture's; empty without boxes.
    pub fn deciles(&self) -> [Vec<f64>; 2] {
        [0, 1].map(|axis| {
            let mut sides: Vec<f64> = self
                .boxes
                .iter()
                .map(|shape| shape.size[axis] / shape.picture[axis])
                .collect();
            sides.sort_by(f64::total_cmp);
            match sides.len() {
                0 => Vec::new(),
                _ => (1..10)
                    .map(|tenth| sorted_quantile(&sides, f64::from(tenth) / 10.0))
                    .collect(),
            }
        })
    }
}

/// The value below which this share of sorted values lies; 0 without values.
pub(super) fn sorted_quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let place = (share * last as f64).round() as usize;
    sorted.get(place).copied().unwrap_or(0.0)
}

impl Survey {
    /// Whether a mirror image may show another class: digits, letters, or classes that are called left and right.
    pub(super) fn has_handed_classes(&self) -> bool {
        let names = || self.classes.iter().map(|class| class.name.to_lowercase());
        let is_symbol = |name: &String| {
            name.chars().count() == 1
                || (!name.is_empty() && name.chars().all(|c| c.is_ascii_digit()))
        };
        names().all(|name| is_symbol(&name))
            || names().any(|name| name.contains("left") || name.contains("right"))
    }

    /// Whether the pictures are small, grey arrays: symbols rather than photographs.
    pub(super) fn is_ink(&self) -> bool {
        self.arrays && self.colour == 0.0 && self.size[0].max(self.size[1]) <= 64
    }

    /// How many times as many pictures (or objects) the largest class has as the smallest that has any.
    pub(super) fn imbalance(&self) -> f64 {
        let counts = || {
            self.classes
                .iter()
                .map(|class| class.count)
                .filter(|count| *count > 0)
        };
        match (counts().max(), counts().min()) {
            (Some(most), Some(least)) => most as f64 / least as f64,
            _ => 1.0,
        }
    }
}
