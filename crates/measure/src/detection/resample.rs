//! Whether two models' average precisions differ by more than the choice of images explains: the paired bootstrap.
//!
//! Which detection finds which truth is decided within an image and stays as it is, however often the image is drawn. So
//! images are matched once, and a resample only adds up again: each detection and truth counts as often as its image.

#[cfg(test)]
mod tests;

use rayon::prelude::*;
use serde::Serialize;

use super::accumulate::{CategoryShapes, Kept, match_all_images};
use super::figures::{mean, recall_grid};
use super::groups::Groups;
use super::shape::Shape;
use super::{AREAS, CocoError, Detection, GroundTruth, Options, THRESHOLDS};
use crate::significance::{Interval, bootstrap_each};

/// What became of the detections of each image, all sizes together: enough for the average precision of any resample of the
/// images.
pub struct ImageOutcomes {
    images: usize,
    categories: Vec<CategoryOutcomes>,
}

struct CategoryOutcomes {
    /// Images and how many truths count there.
    truths: Vec<(u32, u32)>,
    /// The image of each detection that is kept, best score first.
    images: Vec<u32>,
    /// By IoU threshold, the detections that are no false alarms, best score first.
    exceptions: [Vec<Exception>; THRESHOLDS],
}

/// A detection that is no false alarm.
#[derive(Clone, Copy)]
struct Exception {
    /// Its place among the detections of its class.
    place: u32,
    /// Whether it found a truth; otherwise it is ignored.
    hit: bool,
}

/// AP and AP50 of two models on the same images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ApDifferences {
    /// How often images were drawn.
    pub resamples: usize,
    /// AP, mean of the ten IoU thresholds.
    pub map: ApDifference,
    /// AP at IoU .50.
    pub map_50: ApDifference,
}

/// How much the average precisions of two models differ.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ApDifference {
    /// Of the first model.
    pub first: f64,
    /// Of the other.
    pub other: f64,
    /// `first - other`.
    pub difference: f64,
    /// 95 % interval of the difference: where it lies for other images of the same kind.
    pub interval: Interval,
    /// Whether the interval excludes zero.
    pub distinguishable: bool,
}

impl ImageOutcomes {
    /// Matches detections with truths as [`evaluate`](super::evaluate) does.
    ///
    /// # Errors
    /// As for [`evaluate`](super::evaluate).
    pub fn of<S: Shape>(
        ground_truth: &GroundTruth<S>,
        detections: &[Detection<S>],
        options: &Options,
    ) -> Result<Self, CocoError> {
        let groups = Groups::new(ground_truth, detections, options.pycocotools_quirks)?;
        let limit = options.max_detections.into_iter().max().unwrap_or(0);
        let of_category = |shapes: CategoryShapes<S>| {
            let (kept, _) = match_all_images(&shapes, limit, options.pycocotools_quirks);
            CategoryOutcomes::new(&shapes, &kept)
        };
        Ok(Self {
            images: groups.images,
            categories: groups
                .categories
                .par_iter()
                .map(|group| of_category(group.sorted()))
                .collect(),
        })
    }

    /// AP and AP50 if each image, in order of id, counts as often as `weights` says; `None` if no truth counts.
    fn average_precisions(&self, weights: &[u32]) -> Option<[f64; 2]> {
        let classes = self.categories.iter();
        let classes: Vec<[f64; 2]> = classes
            .filter_map(|category| category.average_precisions(weights))
            .collect();
        let mean_of = |figure: usize| mean(classes.iter().map(|class| class[figure]));
        (!classes.is_empty()).then(|| [mean_of(0), mean_of(1)])
    }
}

impl CategoryOutcomes {
    fn new<S>(shapes: &CategoryShapes<S>, kept: &[Kept]) -> Self {
        let mut truths: Vec<(u32, u32)> = Vec::new();
        let counting = shapes
            .truths
            .iter()
            .filter(|(_, truth)| !truth.crowd && AREAS[0].contains(truth.area));
        for (image, _) in counting {
            let image = *image as u32;
            match truths.last_mut() {
                Some((last, count)) if *last == image => *count += 1,
                _ => truths.push((image, 1)),
            }
        }
        let exceptions = std::array::from_fn(|t| {
            let exception = |(place, detection): (usize, &Kept)| {
                let outcome = detection.outcomes[0];
                let is_set = |bits: u16| bits >> t & 1 == 1;
                (!is_set(outcome.false_alarm)).then_some(Exception {
                    place: place as u32,
                    hit: is_set(outcome.hit),
                })
            };
            kept.iter().enumerate().filter_map(exception).collect()
        });
        Self {
            truths,
            images: kept.iter().map(|detection| detection.image).collect(),
            exceptions,
        }
    }

    fn average_precisions(&self, weights: &[u32]) -> Option<[f64; 2]> {
        let weight = |image: u32| weights[image as usize];
        let truths: u32 = self
            .truths
            .iter()
            .map(|(image, count)| count * weight(*image))
            .sum();
        if truths == 0 {
            return None;
        }
        // How many detections there are up to each one, itself included.
        let mut detections = 0;
        let upto: Vec<u32> = self
            .images
            .iter()
            .map(|image| {
                detections += weight(*image);
                detections
            })
            .collect();
        let grid = recall_grid();
        let mut curve: Vec<(u32, f64)> = Vec::new();
        let ap: [f64; THRESHOLDS] = std::array::from_fn(|t| {
            curve.clear();
            let mut found = 0;
            let mut ignored = 0;
            for exception in &self.exceptions[t] {
                let place = exception.place as usize;
                let times = weight(self.images[place]);
                if !exception.hit {
                    ignored += times;
                } else if times > 0 {
                    // Copies follow each other. Precision rises from one hit to the next, so that of the last counts for
                    // all of them.
                    found += times;
                    let all = f64::from(upto[place] - ignored) + f64::EPSILON;
                    curve.push((found, f64::from(found) / all));
                }
            }
            for i in (1..curve.len()).rev() {
                curve[i - 1].1 = curve[i - 1].1.max(curve[i].1);
            }
            let mut rest = curve.as_slice();
            mean(grid.iter().map(|&recall| {
                while let Some(((found, _), after)) = rest.split_first()
                    && f64::from(*found) / f64::from(truths) < recall
                {
                    rest = after;
                }
                rest.first().map_or(0.0, |(_, precision)| *precision)
            }))
        });
        Some([mean(ap.into_iter()), ap[0]])
    }
}

/// Compares two models on the images of one ground truth by the paired percentile bootstrap: `resamples` times, images are
/// drawn with replacement, the same for both. The same `seed` gives the same intervals on every machine. `None` if no truth
/// counts.
pub fn ap_differences(
    first: &ImageOutcomes,
    other: &ImageOutcomes,
    resamples: usize,
    seed: u64,
) -> Option<ApDifferences> {
    let images = first.images;
    let both = |weights: &[u32]| {
        first
            .average_precisions(weights)
            .zip(other.average_precisions(weights))
    };
    let (of_first, of_other) = both(&vec![1; images])?;
    let intervals = bootstrap_each(images, resamples, seed, |drawn| {
        let mut weights = vec![0; images];
        for &image in drawn {
            weights[image] += 1;
        }
        // Of images without any truth: nothing differs.
        both(&weights).map_or([0.0; 2], |(a, b)| [a[0] - b[0], a[1] - b[1]])
    });
    let [map, map_50] = [0, 1].map(|figure| ApDifference {
        first: of_first[figure],
        other: of_other[figure],
        difference: of_first[figure] - of_other[figure],
        interval: intervals[figure],
        distinguishable: intervals[figure].excludes_zero(),
    });
    Some(ApDifferences {
        resamples,
        map,
        map_50,
    })
}
