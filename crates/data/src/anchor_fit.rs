//! How well anchors fit the objects of a data set, and sizes and shapes that would fit better.
//!
//! An object's 'best IoU' is that with the anchor that overlaps it most, wherever that lies on the grid.

use kernels::boxes::Xyxy;
use rayon::prelude::*;
use serde::Serialize;

use crate::Dataset;
use crate::anchors::AnchorLevels;
use crate::random::{Key, Purpose, permutation};
use crate::resized::Resized;
use recipe::{self, AnchorShapes, ShapeError};

/// Searches for sizes and ratios, each from another start; the best counts.
const STARTS: u64 = 8;

/// How anchors fit objects.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct AnchorFit {
    /// Square roots of the anchors' areas, pixels; those of all levels in a row.
    pub sizes: Vec<f64>,
    /// Heights divided by widths.
    pub ratios: Vec<f64>,
    /// Anchors of an image.
    pub anchors: usize,
    /// Objects considered.
    pub objects: usize,
    /// Objects by best IoU: up to 0.1, up to 0.2, ..., up to 1.
    pub histogram: [usize; 10],
    /// Mean best IoU.
    pub mean_iou: f64,
    /// Share of the objects with a best IoU of at least 0.5.
    pub share_50: f64,
    /// Share of the objects with a best IoU of at least 0.7.
    pub share_70: f64,
    /// Objects whose best IoU is below `model.rpn.negative-iou`: only `low-quality` matches can teach them.
    pub unreached: usize,
}

impl AnchorFit {
    /// The fit of a recipe's anchors on images of `input` = `[C, H, W]`.
    ///
    /// # Errors
    /// [`ShapeError`] when the backbone does not fit the images.
    pub fn of(
        detector: &recipe::FasterRcnn,
        input: [usize; 3],
        objects: &[Xyxy],
    ) -> Result<Self, ShapeError> {
        let anchors = anchors(detector, input)?;
        let best: Vec<f32> = objects
            .par_iter()
            .map(|object| {
                anchors
                    .iter()
                    .map(|anchor| anchor.iou(*object))
                    .fold(0.0, f32::max)
            })
            .collect();
        let mut histogram = [0; 10];
        for iou in &best {
            histogram[((iou * 10.0) as usize).min(9)] += 1;
        }
        let count = objects.len();
        let share = |least: f32| {
            best.iter().filter(|iou| **iou >= least).count() as f64 / count.max(1) as f64
        };
        let sum: f64 = best.iter().map(|iou| f64::from(*iou)).sum();
        let negative = detector.rpn.negative_iou as f32;
        Ok(Self {
            sizes: detector.anchors.sizes.all(),
            ratios: detector.anchors.ratios.clone(),
            anchors: anchors.len(),
            objects: count,
            histogram,
            mean_iou: sum / count.max(1) as f64,
            share_50: share(0.5),
            share_70: share(0.7),
            unreached: best.iter().filter(|iou| **iou < negative).count(),
        })
    }
}

/// The boxes of up to `most` objects, from images in random order.
pub fn sample_objects(data: &Dataset, most: usize) -> Vec<Xyxy> {
    let order = permutation(0, Purpose::AnchorSearch, 0, data.count);
    let sides = data.sides();
    let mut boxes = Vec::new();
    for chunk in order.chunks(256) {
        let found: Vec<Vec<Xyxy>> = chunk
            .par_iter()
            .map(|&index| {
                let objects = data.objects(index).into_iter();
                objects
                    .filter(|object| !object.crowd)
                    .map(|object| match sides {
                        // In pixels of the network's input, where the anchors are.
                        Some(sides) => {
                            Resized::new(sides, data.image_size(index)).forth(object.bounds)
                        }
                        None => object.bounds,
                    })
                    .collect()
            })
            .collect();
        boxes.extend(found.into_iter().flatten());
        if boxes.len() >= most {
            boxes.truncate(most);
            break;
        }
    }
    boxes
}

/// The recipe with as many sizes and ratios as it has, but chosen for `objects`; `None` without objects.
///
/// The best of several searches by [`AnchorShapes::fitted`]. The same objects give the same result.
pub fn suggest(detector: &recipe::FasterRcnn, objects: &[Xyxy]) -> Option<recipe::FasterRcnn> {
    let boxes: Vec<[f64; 2]> = objects
        .iter()
        .map(|bounds| [f64::from(bounds.height()), f64::from(bounds.width())])
        .collect();
    if boxes.is_empty() {
        return None;
    }
    let counts = [
        detector.anchors.sizes.all().len(),
        detector.anchors.ratios.len(),
    ];
    let searches: Vec<(AnchorShapes, f64)> = (0..STARTS)
        .into_par_iter()
        .map(|start| search(&boxes, counts, start))
        .collect();
    // The first of equals.
    let (best, _) = searches
        .into_iter()
        .reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let best = best.rounded();
    let mut detector = detector.clone();
    detector.anchors.sizes = detector.anchors.sizes.with(&best.sizes);
    detector.anchors.ratios = best.ratios;
    Some(detector)
}

/// One search from the sizes and ratios of random objects, and its mean IoU.
fn search(boxes: &[[f64; 2]], [sizes, ratios]: [usize; 2], start: u64) -> (AnchorShapes, f64) {
    let mut stream = Key {
        seed: 0,
        purpose: Purpose::AnchorSearch,
        epoch: 1,
        index: start,
    }
    .stream();
    let mut random = || AnchorShapes::of(boxes[stream.below(boxes.len())]);
    let start = AnchorShapes {
        sizes: (0..sizes).map(|_| random()[0]).collect(),
        ratios: (0..ratios).map(|_| random()[1]).collect(),
    };
    start.fitted(boxes)
}

/// All anchors of an image, on all levels.
fn anchors(detector: &recipe::FasterRcnn, input: [usize; 3]) -> Result<Vec<Xyxy>, ShapeError> {
    let stages = recipe::stages(detector, input)?;
    Ok(AnchorLevels::new(detector, [input[1], input[2]], &stages).anchors)
}

#[cfg(test)]
mod tests;
