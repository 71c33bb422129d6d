//! COCO evaluation of detections, boxes or masks, with the figures of pycocotools.
//!
//! Glossary. A *truth* is an annotated object, a *detection* a box or mask that a model reports with a score;
//! a *crowd* is a truth that stands for many objects and takes any number of detections.
//! A truth *counts* in an area range if it is not a crowd and its `area` is in range. *AP* (average
//! precision) is the mean height of the precision-recall curve read at 101 recalls, *AR* (average
//! recall) the share of truths found; both are means over ten IoU thresholds and over classes.
//! Source of the definitions: `COCOeval` of pycocotools 2.0.11 with `iouType` "bbox" or "segm".
//!
//! ```
//! use measure::detection::{Category, Detection, GroundTruth, Options, Truth, Xywh, evaluate};
//! let bounds = Xywh::from([10., 10., 50., 50.]);
//! let ground_truth = GroundTruth {
//!     images: vec![1],
//!     categories: vec![Category { id: 7, name: "seven".into() }],
//!     truths: vec![Truth { image: 1, category: 7, id: 1, bounds, area: 2500., crowd: false }],
//! };
//! let detections = [Detection { image: 1, category: 7, bounds, score: 0.9 }];
//! let report = evaluate(&ground_truth, &detections, &Options::default())?;
//! assert!(report.figures.ap > Some(0.999_999));
//! assert_eq!(report.figures.ap_small, None); // No truth is small.
//! # Ok::<(), measure::detection::CocoError>(())
//! ```

mod accumulate;
mod error;
mod figures;
mod groups;
mod hints;
mod iou;
mod mask;
mod matched;
mod matching;
mod mistakes;
mod report;
mod resample;
mod shape;

use rayon::prelude::*;

pub use error::{CocoError, List};
pub use figures::{Curve, Figures, recall_grid};
pub use hints::{Hint, count_hints, hints, shift_that_fits};
pub use iou::{Xywh, crowd_overlap, iou};
pub use mask::{Mask, MaskError, polygon_bytes};
pub use matched::{Match, matches};
pub use matching::iou_thresholds;
pub use mistakes::{DetectionMistakes, Fate, Judged, Mistake, MistakeFigures, judge, mistakes};
pub use report::{CategoryReport, CocoReport, csv_field};
pub use resample::{ApDifference, ApDifferences, ImageOutcomes, ap_differences};
pub use shape::{Fault, Shape};

/// IoU thresholds: .50, .55, ..., .95 (see [`iou_thresholds`]).
pub const THRESHOLDS: usize = 10;
/// Points of the recall grid: 0, .01, ..., 1 (see [`recall_grid`]).
pub const RECALLS: usize = 101;

/// A range of box areas in square pixels, both ends included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AreaRange {
    pub least: f64,
    pub most: f64,
}

impl AreaRange {
    const fn new(least: f64, most: f64) -> Self {
        Self { least, most }
    }

    fn contains(self, area: f64) -> bool {
        self.least <= area && area <= self.most
    }
}

/// All, small (up to 32 x 32), medium, large (from 96 x 96); 1e10 is pycocotools' infinity.
pub(crate) const AREAS: [AreaRange; 4] = [
    AreaRange::new(0.0, 1e10),
    AreaRange::new(0.0, 1024.0),
    AreaRange::new(1024.0, 9216.0),
    AreaRange::new(9216.0, 1e10),
];

/// An annotated object.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Truth<S = Xywh> {
    /// Id of its image.
    pub image: i64,
    /// Id of its class.
    pub category: i64,
    /// Its own id; only [`Options::pycocotools_quirks`] and [`hints`] look at it.
    pub id: i64,
    /// Where it is: its box or its mask.
    pub bounds: S,
    /// Its area in square pixels, which decides its size class. In COCO's own files it is the area of the mask, not of
    /// the box.
    pub area: f64,
    /// Whether it stands for a group: never missed, and takes any number of detections.
    pub crowd: bool,
}

/// A box or mask that a model reports.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Detection<S = Xywh> {
    /// Id of its image.
    pub image: i64,
    /// Id of the class reported.
    pub category: i64,
    /// Where it is: its box or its mask.
    pub bounds: S,
    /// Any finite number; a higher score means more certain.
    pub score: f64,
}

/// A class that objects can have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Category {
    /// Its id in the annotations.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// Everything annotated, which detections are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundTruth<S = Xywh> {
    /// Ids of the images, including those without objects: a detection there is a false alarm.
    pub images: Vec<i64>,
    /// The classes.
    pub categories: Vec<Category>,
    /// The objects.
    pub truths: Vec<Truth<S>>,
}

// Of boxes alone, so that `GroundTruth::default()` needs no type.
impl Default for GroundTruth {
    fn default() -> Self {
        Self {
            images: vec![],
            categories: vec![],
            truths: vec![],
        }
    }
}

/// How to evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Repeat what pycocotools does by mistake or in silence: a truth with annotation id 0 is lost
    /// when it is found, of truths with one id each is replaced by the last, boxes of unknown classes
    /// and truths of unknown images are dropped, and boxes may have negative sizes (they never match).
    /// Without it every truth counts once, and the others are errors.
    pub pycocotools_quirks: bool,
    /// Detections counted per image and class, in any order. AP and AR by size use the largest;
    /// AR is reported for each of the three.
    pub max_detections: [usize; 3],
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pycocotools_quirks: false,
            max_detections: [1, 10, 100],
        }
    }
}

/// Compares detections with the ground truth.
///
/// Ties between equal scores go to the earlier detection, then to the lower image id. The result does
/// not depend on the number of threads: classes are independent, and are put together in order of id.
///
/// # Errors
/// [`CocoError`] names the first truth or detection whose image or class is unknown, whose
/// numbers are not finite, or whose size is negative.
pub fn evaluate<S: Shape>(
    ground_truth: &GroundTruth<S>,
    detections: &[Detection<S>],
    options: &Options,
) -> Result<CocoReport, CocoError> {
    let groups = groups::Groups::new(ground_truth, detections, options.pycocotools_quirks)?;
    let mut max_detections = options.max_detections;
    max_detections.sort_unstable();
    let categories = groups
        .categories
        .par_iter()
        .map(|group| {
            let shapes = group.sorted();
            let result =
                accumulate::evaluate_category(&shapes, max_detections, options.pycocotools_quirks);
            CategoryReport::new(group.category, shapes.detections.len(), result)
        })
        .collect();
    Ok(CocoReport::new(groups.images, max_detections, categories))
}

/// A results file as COCO's tools read it, one detection a line.
pub fn to_json(detections: &[Detection]) -> String {
    let lines: Vec<String> = detections
        .iter()
        .map(|found| {
            let Xywh {
                x,
                y,
                width,
                height,
            } = found.bounds;
            // JSON has no infinity; scores and boxes that pass an evaluation are finite.
            serde_json::json!({
                "image_id": found.image,
                "category_id": found.category,
                "bbox": [x, y, width, height],
                "score": found.score,
            })
            .to_string()
        })
        .collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}
