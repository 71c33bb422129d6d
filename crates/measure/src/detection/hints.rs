//! What may be wrong with the files when figures are low: boxes or ids that are counted in another way than COCO's.
//!
//! A sample of the images is evaluated the other way, and the hint is given only if AP is much higher then.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use super::{CocoReport, Detection, GroundTruth, Options, Truth, Xywh, evaluate, matches};

/// Only below this AP it is asked whether the files are what they should be: above, no other reading can double it.
const LOW: f64 = 0.5;
/// Another reading must add this much to AP, and double it.
const GAIN: f64 = 0.1;
/// With image ids that are off, next to nothing is found.
const NOTHING: f64 = 0.1;
/// Images that are enough to tell.
const SAMPLE: usize = 50;

/// Something about the files that whoever evaluates them should know.
#[derive(Clone, Debug, PartialEq)]
pub enum Hint {
    /// Annotations have the id of an earlier one.
    RepeatedIds {
        /// How many.
        count: usize,
        /// The first of them, by its place in the list.
        first: usize,
    },
    /// Detections are not counted, because their images have too many of one class.
    OverLimit {
        /// How many.
        count: usize,
        /// The limit per image and class.
        limit: usize,
    },
    /// All detections lie between 0 and 1, as fractions of the image would.
    Fractions,
    /// Read in another way, the files would have a much higher AP.
    Other {
        /// How.
        reading: Reading,
        /// AP of the sample as the files are.
        now: f64,
        /// And read that way.
        then: f64,
    },
}

/// Another way to read the files.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// The detections' boxes are `[x1, y1, x2, y2]`.
    Corners,
    /// The annotations' boxes are.
    TruthCorners,
    /// The detections' boxes are `[centre x, centre y, width, height]`.
    Centres,
    /// The detections' boxes have y before x.
    YFirst,
    /// The detections' image ids are to be shifted by this much.
    Images(i64),
    /// Their category ids are.
    Categories(i64),
    /// Their categories are mixed up; two that stand for each other, as (reported, meant).
    MixedUp(String, String),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RepeatedIds { count, first } => {
                let annotations = if *count == 1 {
                    "annotation has"
                } else {
                    "annotations have"
                };
                write!(
                    f,
                    "{count} {annotations} the id of an earlier one, the first is annotations[{first}]; each is counted. \
                     pycocotools counts the last of an id in place of the others: --pycocotools-quirks gives its figures"
                )
            }
            Self::OverLimit { count, limit } => write!(
                f,
                "{count} detections are not counted: their images have more than {limit} of one class, and only the {limit} \
                 with the highest scores count; --max-detections sets another limit"
            ),
            Self::Fractions => f.write_str(
                "the boxes of the detections look like fractions of the image (0 to 1), not pixels",
            ),
            Self::Other { reading, now, then } => write!(
                f,
                "{reading}: AP would be about {then:.2} instead of {now:.2}"
            ),
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const CORNERS: &str = "look like corners [x1, y1, x2, y2], not [x, y, width, height]";
        let ids = |f: &mut fmt::Formatter<'_>, what: &str, shift: &i64| {
            let way = if *shift > 0 { "low" } else { "high" };
            write!(
                f,
                "the {what} of the detections look off by one (too {way} by {})",
                shift.abs()
            )
        };
        match self {
            Self::Corners => write!(f, "the boxes of the detections {CORNERS}"),
            Self::TruthCorners => write!(f, "the boxes of the annotations {CORNERS}"),
            Self::Centres => f.write_str(
                "the boxes of the detections look like [centre x, centre y, width, height], not [x, y, width, height]",
            ),
            Self::YFirst => f.write_str("the boxes of the detections look like [y, x, height, width], not [x, y, width, height]"),
            Self::Images(shift) => ids(f, "image ids", shift),
            Self::Categories(shift) => ids(f, "category ids", shift),
            Self::MixedUp(reported, meant) => write!(
                f,
                "the categories of the detections look mixed up, those of {reported} lie on objects of {meant}"
            ),
        }
    }
}

/// What should be known about files of boxes that were evaluated to `report`.
pub fn hints(
    ground_truth: &GroundTruth,
    detections: &[Detection],
    options: &Options,
    report: &CocoReport,
) -> Vec<Hint> {
    let mut hints = count_hints(&ground_truth.truths, options, report);
    if !detections.is_empty() && report.figures.ap.is_some_and(|ap| ap < LOW) {
        hints.extend(other_reading(ground_truth, detections));
    }
    hints
}

/// The part of [`hints`] that holds for boxes and masks: what is counted otherwise than the files suggest.
pub fn count_hints<S>(truths: &[Truth<S>], options: &Options, report: &CocoReport) -> Vec<Hint> {
    let mut hints = Vec::new();
    if !options.pycocotools_quirks {
        hints.extend(repeated_ids(truths));
    }
    let over_limit: usize = report
        .per_category
        .iter()
        .map(|class| class.over_limit)
        .sum();
    if over_limit > 0 {
        hints.push(Hint::OverLimit {
            count: over_limit,
            limit: report.max_detections[2],
        });
    }
    hints
}

/// By how much all ids of one kind must be shifted so that the ground truth knows them: 1 or -1, or `None` if neither helps.
pub fn shift_that_fits(known: &[i64], ids: impl Iterator<Item = i64> + Clone) -> Option<i64> {
    let known: HashSet<i64> = known.iter().copied().collect();
    [1, -1].into_iter().find(|shift| {
        ids.clone()
            .all(|id| id.checked_add(*shift).is_some_and(|id| known.contains(&id)))
    })
}

fn repeated_ids<S>(truths: &[Truth<S>]) -> Option<Hint> {
    let mut ids = HashSet::with_capacity(truths.len());
    let mut again = truths
        .iter()
        .enumerate()
        .filter(|(_, truth)| !ids.insert(truth.id));
    let (first, _) = again.next()?;
    Some(Hint::RepeatedIds {
        count: 1 + again.count(),
        first,
    })
}

/// The reading that helps most, if one does.
fn other_reading(ground_truth: &GroundTruth, detections: &[Detection]) -> Option<Hint> {
    let within = |bounds: Xywh| {
        let Xywh {
            x,
            y,
            width,
            height,
        } = bounds;
        [x, y, width, height]
            .iter()
            .all(|number| (0.0..=1.0).contains(number))
    };
    if detections.iter().all(|found| within(found.bounds))
        && !ground_truth.truths.iter().any(|truth| within(truth.bounds))
    {
        return Some(Hint::Fractions);
    }
    let sample = Sample::of(ground_truth);
    let here = sample.detections(detections, 0);
    let now = sample.ap(&here);
    let moved = |change: fn(Xywh) -> Xywh| -> Vec<Detection> {
        let change = |found: &Detection| Detection {
            bounds: change(found.bounds),
            ..*found
        };
        here.iter().map(change).collect()
    };
    let relabelled = |change: &dyn Fn(i64) -> Option<i64>| -> Vec<Detection> {
        let change = |found: &Detection| {
            Some(Detection {
                category: change(found.category)?,
                ..*found
            })
        };
        here.iter().filter_map(change).collect()
    };
    let mut readings = vec![
        (Reading::Corners, sample.ap(&moved(from_corners))),
        (
            Reading::TruthCorners,
            sample.with_truths(from_corners).ap(&here),
        ),
        (Reading::Centres, sample.ap(&moved(from_centre))),
        (Reading::YFirst, sample.ap(&moved(transposed))),
    ];
    for shift in [1, -1] {
        if now < NOTHING {
            let there = sample.detections(detections, shift);
            readings.push((Reading::Images(shift), sample.ap(&there)));
        }
        let by_shift = relabelled(&|category| category.checked_add(shift));
        readings.push((Reading::Categories(shift), sample.ap(&by_shift)));
    }
    let meant = sample.meant(&here);
    if let Some((reported, other)) = meant.iter().find(|(reported, other)| reported != other) {
        let name = |id: &i64| {
            let mut categories = ground_truth.categories.iter();
            let category = categories.find(|category| category.id == *id);
            category.map_or(id.to_string(), |category| format!("'{}'", category.name))
        };
        let reading = Reading::MixedUp(name(reported), name(other));
        readings.push((
            reading,
            sample.ap(&relabelled(&|category| meant.get(&category).copied())),
        ));
    }
    // The first of equals: a shift is a simpler reason than a mix-up.
    let best = readings
        .into_iter()
        .reduce(|a, b| if b.1 > a.1 { b } else { a });
    let (reading, then) = best?;
    (then >= now + GAIN && then >= 2.0 * now).then_some(Hint::Other { reading, now, then })
}

fn from_corners(bounds: Xywh) -> Xywh {
    Xywh::from_corners([bounds.x, bounds.y, bounds.width, bounds.height])
}

fn from_centre(bounds: Xywh) -> Xywh {
    Xywh {
        x: bounds.x - bounds.width / 2.0,
        y: bounds.y - bounds.height / 2.0,
        ..bounds
    }
}

fn transposed(bounds: Xywh) -> Xywh {
    Xywh {
        x: bounds.y,
        y: bounds.x,
        width: bounds.height,
        height: bounds.width,
    }
}

/// Some images with objects.
struct Sample {
    ground_truth: GroundTruth,
    images: HashSet<i64>,
}

impl Sample {
    fn of(ground_truth: &GroundTruth) -> Self {
        let with_objects: BTreeSet<i64> = ground_truth
            .truths
            .iter()
            .map(|truth| truth.image)
            .collect();
        let step = with_objects.len().div_ceil(SAMPLE).max(1);
        let images: HashSet<i64> = with_objects.into_iter().step_by(step).collect();
        let truths = ground_truth
            .truths
            .iter()
            .filter(|truth| images.contains(&truth.image));
        // Ids that are neither 0 nor repeated, because the quirks are used to pass over negative sizes.
        let numbered = (1..).zip(truths).map(|(id, truth)| Truth { id, ..*truth });
        Self {
            ground_truth: GroundTruth {
                images: images.iter().copied().collect(),
                categories: ground_truth.categories.clone(),
                truths: numbered.collect(),
            },
            images,
        }
    }

    fn with_truths(&self, change: fn(Xywh) -> Xywh) -> Self {
        let mut ground_truth = self.ground_truth.clone();
        for truth in &mut ground_truth.truths {
            truth.bounds = change(truth.bounds);
        }
        Self {
            ground_truth,
            images: self.images.clone(),
        }
    }

    /// The detections of these images, if their image ids are shifted.
    fn detections(&self, detections: &[Detection], shift: i64) -> Vec<Detection> {
        let shifted = |found: &Detection| {
            let image = found.image.checked_add(shift)?;
            self.images
                .contains(&image)
                .then_some(Detection { image, ..*found })
        };
        detections.iter().filter_map(shifted).collect()
    }

    fn ap(&self, detections: &[Detection]) -> f64 {
        let options = Options {
            pycocotools_quirks: true,
            ..Options::default()
        };
        let report = evaluate(&self.ground_truth, detections, &options);
        report
            .ok()
            .and_then(|report| report.figures.ap)
            .unwrap_or(0.0)
    }

    /// For each category reported the one whose objects its boxes lie on most often; empty if two share one, because then
    /// a model takes the one for the other.
    fn meant(&self, detections: &[Detection]) -> BTreeMap<i64, i64> {
        let mut counts: BTreeMap<i64, BTreeMap<i64, usize>> = BTreeMap::new();
        for found in matches(&self.ground_truth.truths, detections, 0.5) {
            let reported = detections[found.detection].category;
            let truth = self.ground_truth.truths[found.truth].category;
            *counts
                .entry(reported)
                .or_default()
                .entry(truth)
                .or_default() += 1;
        }
        let most = |counts: BTreeMap<i64, usize>| {
            let most = counts
                .into_iter()
                .reduce(|a, b| if b.1 > a.1 { b } else { a });
            most.map(|(category, _)| category)
        };
        let meant: BTreeMap<i64, i64> = counts
            .into_iter()
            .filter_map(|(reported, counts)| Some((reported, most(counts)?)))
            .collect();
        let distinct: BTreeSet<&i64> = meant.values().collect();
        if distinct.len() == meant.len() {
            meant
        } else {
            BTreeMap::new()
        }
    }
}

#[cfg(test)]
mod tests;
