//! From matched detections of one class to its precision-recall curves and the twelve figures.

use super::figures::{Curve, Figures, mean, recall_grid};
use super::matching::{Matcher, Outcome};
use super::shape::Shape;
use super::{AREAS, Detection, RECALLS, THRESHOLDS, Truth};

/// The boxes or masks of one class, each list sorted by image; `usize` is the image's place among the sorted ids.
pub(super) struct CategoryShapes<'a, S> {
    /// By image, then file order.
    pub truths: Vec<(usize, &'a Truth<S>)>,
    /// By image, then falling score, then file order.
    pub detections: Vec<(usize, &'a Detection<S>)>,
}

/// The result for one class.
pub(super) struct CategoryResult {
    pub truths: usize,
    /// Detections that were left out, because their image has too many of higher scores.
    pub over_limit: usize,
    pub figures: Figures,
    /// One per IoU threshold, all areas; empty where no truth counts.
    pub curves: Vec<Curve>,
    /// Highest recall per IoU threshold, all areas; `None` where no truth counts.
    pub recalls: Option<[f64; THRESHOLDS]>,
}

/// A detection among the `max_detections` of its image. Small, because a million of them are sorted.
pub(super) struct Kept {
    pub score: f64,
    /// The place of its image.
    pub image: u32,
    /// How many detections of its image score higher.
    pub rank: u32,
    pub outcomes: [Outcome; AREAS.len()],
}

/// Evaluates one class; `max_detections` ascends.
pub(super) fn evaluate_category<S: Shape>(
    shapes: &CategoryShapes<S>,
    max_detections: [usize; 3],
    quirks: bool,
) -> CategoryResult {
    let (kept, truths) = match_all_images(shapes, max_detections[2], quirks);
    let over_limit = shapes.detections.len() - kept.len();
    let [low, middle, high] = max_detections;
    let [all, small, medium, large] =
        std::array::from_fn(|area| AreaCurves::new(&kept, area, truths[area]));
    let ap = |curves: &Option<AreaCurves>| {
        curves
            .as_ref()
            .map(|c| mean(c.curves.iter().map(Curve::mean_precision)))
    };
    let ap_at = |t: usize| all.as_ref().map(|c| c.curves[t].mean_precision());
    let ar = |area: usize, limit: usize| {
        recalls(&kept, area, limit, truths[area]).map(|r| mean(r.into_iter()))
    };
    CategoryResult {
        truths: truths[0],
        over_limit,
        figures: Figures {
            ap: ap(&all),
            ap_50: ap_at(0),
            ap_75: ap_at(5),
            ap_small: ap(&small),
            ap_medium: ap(&medium),
            ap_large: ap(&large),
            ar_low: ar(0, low),
            ar_middle: ar(0, middle),
            ar_high: ar(0, high),
            ar_small: ar(1, high),
            ar_medium: ar(2, high),
            ar_large: ar(3, high),
        },
        recalls: recalls(&kept, 0, high, truths[0]),
        curves: all.map(|c| c.curves).unwrap_or_default(),
    }
}

/// The kept detections of all images, best score first, and how many truths count in each area range.
pub(super) fn match_all_images<S: Shape>(
    shapes: &CategoryShapes<S>,
    limit: usize,
    quirks: bool,
) -> (Vec<Kept>, [usize; AREAS.len()]) {
    let mut matcher = Matcher::new(quirks);
    let mut truths_that_count = [0; AREAS.len()];
    let mut outcomes = Vec::with_capacity(shapes.detections.len());
    let mut places = Vec::with_capacity(shapes.detections.len());
    let mut image_truths = vec![];
    let mut image_detections = vec![];

    let mut truths = shapes.truths.as_slice();
    let mut detections = shapes.detections.as_slice();
    while let Some(image) = [truths.first().map(|t| t.0), detections.first().map(|d| d.0)]
        .into_iter()
        .flatten()
        .min()
    {
        image_truths.clear();
        image_truths.extend(
            take_image(&mut truths, image)
                .iter()
                .map(|&(_, truth)| truth),
        );
        image_detections.clear();
        image_detections.extend(
            take_image(&mut detections, image)
                .iter()
                .take(limit)
                .map(|&(_, detection)| detection),
        );
        matcher.match_image(
            &image_truths,
            &image_detections,
            &mut truths_that_count,
            &mut outcomes,
        );
        places.extend(
            image_detections
                .iter()
                .enumerate()
                .map(|(rank, detection)| (detection.score, image as u32, rank as u32)),
        );
    }
    let mut kept: Vec<Kept> = places
        .into_iter()
        .zip(outcomes)
        .map(|((score, image, rank), outcomes)| Kept {
            score,
            image,
            rank,
            outcomes,
        })
        .collect();
    // Stable: equal scores stay in the order of images, which decides figures on coarse scores.
    kept.sort_by(|a, b| falling(a.score, b.score));
    (kept, truths_that_count)
}

/// Splits off the leading entries of an image.
fn take_image<'a, T>(rest: &mut &'a [(usize, T)], image: usize) -> &'a [(usize, T)] {
    let length = rest.iter().take_while(|entry| entry.0 == image).count();
    let (head, tail) = rest.split_at(length);
    *rest = tail;
    head
}

/// Orders the higher score first. Scores are checked to be finite; -0 and 0 are equal, as in NumPy.
pub(super) fn falling(a: f64, b: f64) -> std::cmp::Ordering {
    b.partial_cmp(&a).unwrap_or(std::cmp::Ordering::Equal)
}

/// The curves of one area range, one per IoU threshold.
struct AreaCurves {
    curves: Vec<Curve>,
}

impl AreaCurves {
    /// `None` where no truth counts: false alarms are then forgotten, as in pycocotools.
    fn new(kept: &[Kept], area: usize, truths: usize) -> Option<Self> {
        if truths == 0 {
            return None;
        }
        // Precision only rises, and recall only grows, at a hit: the points at hits are the whole curve.
        let mut hits: [Vec<(f64, f64)>; THRESHOLDS] = Default::default();
        let mut false_alarms = [0u32; THRESHOLDS];
        for detection in kept {
            let Outcome { hit, false_alarm } = detection.outcomes[area];
            for (t, alarms) in false_alarms.iter_mut().enumerate() {
                *alarms += u32::from(false_alarm >> t & 1);
            }
            for t in set_bits(hit) {
                let found = (hits[t].len() + 1) as f64;
                // EPSILON: pycocotools adds numpy.spacing(1) to the number of detections.
                let precision = found / (f64::from(false_alarms[t]) + found + f64::EPSILON);
                hits[t].push((precision, detection.score));
            }
        }
        let highest_score = kept.first().map_or(0.0, |detection| detection.score);
        Some(Self {
            curves: hits
                .into_iter()
                .map(|hits| curve(hits, truths, highest_score))
                .collect(),
        })
    }
}

/// Reads the recall grid off the (precision, score) of successive hits.
fn curve(mut hits: Vec<(f64, f64)>, truths: usize, highest_score: f64) -> Curve {
    for i in (1..hits.len()).rev() {
        hits[i - 1].0 = hits[i - 1].0.max(hits[i].0);
    }
    let mut curve = Curve {
        precision: [0.0; RECALLS],
        score: [0.0; RECALLS],
    };
    let mut first = 0;
    for (i, recall) in recall_grid().into_iter().enumerate() {
        while first < hits.len() && ((first + 1) as f64 / truths as f64) < recall {
            first += 1;
        }
        let Some(&(precision, score)) = hits.get(first) else {
            break;
        };
        curve.precision[i] = precision;
        // A recall of 0 is reached by the very first detection, hit or not.
        curve.score[i] = if recall == 0.0 { highest_score } else { score };
    }
    curve
}

/// The share of truths found per IoU threshold, by the `limit` best detections of each image.
fn recalls(kept: &[Kept], area: usize, limit: usize, truths: usize) -> Option<[f64; THRESHOLDS]> {
    let mut found = [0u32; THRESHOLDS];
    for detection in kept
        .iter()
        .filter(|detection| (detection.rank as usize) < limit)
    {
        for t in set_bits(detection.outcomes[area].hit) {
            found[t] += 1;
        }
    }
    (truths > 0).then(|| found.map(|found| f64::from(found) / truths as f64))
}

/// The places of the bits that are set. Mostly none is, so that this is faster than testing each.
fn set_bits(mut bits: u16) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (bits != 0).then_some(bits.trailing_zeros() as usize);
        bits &= bits.wrapping_sub(1);
        lowest
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recall_grid_is_numpy_linspace() {
        let grid = recall_grid();
        assert_eq!((grid[0], grid[100]), (0.0, 1.0));
        assert!(grid[35] > 0.35, "multiples of 0.01, not i / 100");
    }

    #[test]
    fn a_curve_is_the_envelope_from_the_right() {
        // Two of four truths found: at precision 1/2, then 2/3.
        let curve = curve(vec![(0.5, 0.9), (2.0 / 3.0, 0.7)], 4, 0.95);
        assert_eq!(curve.precision[0], 2.0 / 3.0);
        assert_eq!((curve.precision[50], curve.precision[51]), (2.0 / 3.0, 0.0));
        assert_eq!(
            (curve.score[0], curve.score[25], curve.score[26]),
            (0.95, 0.9, 0.7)
        );
    }
}
