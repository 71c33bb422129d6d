//! How well anchors fit the objects of a data set, and sizes and shapes that would fit better.
//!
//! An object's 'best IoU' is that with the anchor that overlaps it most, wherever that lies on the grid.

use kernels::boxes::Xyxy;
use rayon::prelude::*;
use serde::Serialize;

use super::anchors::AnchorLevels;
use data::Dataset;
use data::random::{Key, Purpose, permutation};
use recipe::{self, ShapeError};

/// Starts of the search for sizes and ratios; the best end counts.
const STARTS: u64 = 8;
/// Rounds of a search.
const ROUNDS: usize = 40;

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
    let mut boxes = Vec::new();
    for chunk in order.chunks(256) {
        let found: Vec<Vec<Xyxy>> = chunk
            .par_iter()
            .map(|&index| {
                let objects = data.objects(index).into_iter();
                objects
                    .filter(|object| !object.crowd)
                    .map(|object| object.bounds)
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
/// k-means with the distance 1 - IoU of boxes laid on one another (Redmon and Farhadi 2017), under the constraint that
/// every size comes in every ratio: objects go to the pair that overlaps them most, then each size becomes the geometric
/// mean of its objects' sizes, and each ratio likewise. The same objects give the same result.
pub fn suggest(detector: &recipe::FasterRcnn, objects: &[Xyxy]) -> Option<recipe::FasterRcnn> {
    let shapes: Vec<[f64; 2]> = objects
        .iter()
        .map(|bounds| [f64::from(bounds.width()), f64::from(bounds.height())])
        .collect();
    if shapes.is_empty() {
        return None;
    }
    let counts = [
        detector.anchors.sizes.all().len(),
        detector.anchors.ratios.len(),
    ];
    let searches: Vec<(f64, [Vec<f64>; 2])> = (0..STARTS)
        .into_par_iter()
        .map(|start| search(&shapes, counts, start))
        .collect();
    // The first of equals.
    let (_, [sizes, ratios]) = searches
        .into_iter()
        .reduce(|a, b| if b.0 > a.0 { b } else { a })?;
    let rounded = |values: Vec<f64>, digits: f64| {
        let mut values: Vec<f64> = values
            .into_iter()
            .map(|v| (v * digits).round() / digits)
            .collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let mut detector = detector.clone();
    detector.anchors.sizes = detector.anchors.sizes.with(&rounded(sizes, 10.0));
    detector.anchors.ratios = rounded(ratios, 100.0);
    Some(detector)
}

/// One search from random objects: its mean IoU, sizes and ratios.
fn search(shapes: &[[f64; 2]], counts: [usize; 2], start: u64) -> (f64, [Vec<f64>; 2]) {
    let mut stream = Key {
        seed: 0,
        purpose: Purpose::AnchorSearch,
        epoch: 1,
        index: start,
    }
    .stream();
    // Of an object: its size and its ratio.
    let feature = |[width, height]: [f64; 2]| [(width * height).sqrt(), height / width];
    let mut values = [0, 1].map(|which| -> Vec<f64> {
        (0..counts[which])
            .map(|_| feature(shapes[stream.below(shapes.len())])[which])
            .collect()
    });
    let mut mean = 0.0;
    for _ in 0..ROUNDS {
        // Sums of logarithms and counts, a size or ratio each.
        let mut sums = [0, 1].map(|which| vec![(0.0, 0usize); counts[which]]);
        let mut total = 0.0;
        for shape in shapes {
            let (iou, places) = nearest(*shape, &values);
            total += iou;
            for which in 0..2 {
                let (sum, count) = &mut sums[which][places[which]];
                *sum += feature(*shape)[which].ln();
                *count += 1;
            }
        }
        for which in 0..2 {
            for (value, (sum, count)) in values[which].iter_mut().zip(&sums[which]) {
                if *count > 0 {
                    *value = (sum / *count as f64).exp();
                }
            }
        }
        mean = total / shapes.len() as f64;
    }
    (mean, values)
}

/// The best IoU of a box with any size in any ratio, and the indices of both.
fn nearest([width, height]: [f64; 2], [sizes, ratios]: &[Vec<f64>; 2]) -> (f64, [usize; 2]) {
    let mut best = (-1.0, [0, 0]);
    for (i, size) in sizes.iter().enumerate() {
        for (j, ratio) in ratios.iter().enumerate() {
            let (w, h) = (size / ratio.sqrt(), size * ratio.sqrt());
            let shared = w.min(width) * h.min(height);
            let iou = shared / (w * h + width * height - shared);
            if iou > best.0 {
                best = (iou, [i, j]);
            }
        }
    }
    best
}

/// All anchors of an image, on all levels.
fn anchors(detector: &recipe::FasterRcnn, input: [usize; 3]) -> Result<Vec<Xyxy>, ShapeError> {
    let stages = recipe::stages(detector, input)?;
    Ok(AnchorLevels::new(detector, &stages).anchors)
}

#[cfg(test)]
mod tests;
