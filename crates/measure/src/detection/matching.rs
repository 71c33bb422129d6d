//! Which detections of one image and class find which truths, at every IoU threshold and area range at once.

use super::shape::Shape;
use super::{AREAS, Detection, THRESHOLDS, Truth};

/// The ten IoU thresholds as pycocotools has them (`numpy.linspace(.5, .95, 10)`): the ninth is
/// 0.8999999999999999, so that an IoU of exactly that value counts.
pub fn iou_thresholds() -> [f64; THRESHOLDS] {
    std::array::from_fn(|i| 0.5 + i as f64 * ((0.95 - 0.5) / 9.0))
}

/// What became of a detection in one area range; bit `t` is for IoU threshold `t`.
/// A bit that is set in neither word means ignored at that threshold.
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub(super) struct Outcome {
    /// It found a truth that counts.
    pub hit: u16,
    /// It found nothing, and its size is in the range.
    pub false_alarm: u16,
}

/// Matches image after image; holds the working memory, so that a category allocates it once.
pub(super) struct Matcher {
    thresholds: [f64; THRESHOLDS],
    /// pycocotools treats a match with annotation id 0 as no match.
    id_zero_is_no_match: bool,
    /// `[D, G]`, detections by truths in file order.
    overlaps: Vec<f64>,
    /// Truths in the order they are tried: those that count, then the ignored.
    order: Vec<usize>,
    /// By place in `order`: the thresholds at which the truth is taken.
    taken: Vec<u16>,
}

impl Matcher {
    pub fn new(id_zero_is_no_match: bool) -> Self {
        // min(): as in pycocotools, so that a threshold of 1 could be reached in spite of rounding.
        let thresholds = iou_thresholds().map(|t| t.min(1.0 - 1e-10));
        Self {
            thresholds,
            id_zero_is_no_match,
            overlaps: vec![],
            order: vec![],
            taken: vec![],
        }
    }

    /// Matches the truths (in file order) and detections (best score first) of one image and class.
    /// Adds the truths that count to `truths_that_count` and one row of outcomes per detection to `outcomes`.
    pub fn match_image<S: Shape>(
        &mut self,
        truths: &[&Truth<S>],
        detections: &[&Detection<S>],
        truths_that_count: &mut [usize; AREAS.len()],
        outcomes: &mut Vec<[Outcome; AREAS.len()]>,
    ) {
        let first = outcomes.len();
        outcomes.extend(detections.iter().map(|detection| unmatched(detection)));
        let rows = &mut outcomes[first..];
        if truths.is_empty() {
            return; // Most images and classes: false alarms only.
        }

        self.overlaps.clear();
        for detection in detections {
            let overlap = |truth: &&Truth<S>| detection.bounds.overlap(&truth.bounds, truth.crowd);
            self.overlaps.extend(truths.iter().map(overlap));
        }
        for (area, range) in AREAS.iter().enumerate() {
            let counts = |truth: &Truth<S>| !truth.crowd && range.contains(truth.area);
            self.order.clear();
            self.order
                .extend((0..truths.len()).filter(|&i| counts(truths[i])));
            let counting = self.order.len();
            self.order
                .extend((0..truths.len()).filter(|&i| !counts(truths[i])));
            truths_that_count[area] += counting;

            self.taken.clear();
            self.taken.resize(truths.len(), 0);
            for (d, row) in rows.iter_mut().enumerate() {
                self.match_detection(d, truths, counting, &mut row[area]);
            }
        }
    }

    fn match_detection<S>(
        &mut self,
        d: usize,
        truths: &[&Truth<S>],
        counting: usize,
        outcome: &mut Outcome,
    ) {
        let overlaps = &self.overlaps[d * truths.len()..][..truths.len()];
        let highest = overlaps.iter().copied().fold(0.0, f64::max);
        for (t, &threshold) in self.thresholds.iter().enumerate() {
            if highest < threshold {
                break; // Thresholds ascend: nothing can be found at the next ones either.
            }
            let bit = 1 << t;
            let mut best = threshold;
            let mut found = None;
            for (place, &g) in self.order.iter().enumerate() {
                if self.taken[place] & bit != 0 && !truths[g].crowd {
                    continue;
                }
                if place >= counting && found.is_some_and(|found| found < counting) {
                    break; // A truth that counts is never given up for an ignored one.
                }
                if overlaps[g] >= best {
                    // `>=`: on ties the later truth wins, as in pycocotools.
                    best = overlaps[g];
                    found = Some(place);
                }
            }
            let Some(place) = found else { continue };
            self.taken[place] |= bit;
            if place >= counting {
                outcome.false_alarm &= !bit;
            } else if !(self.id_zero_is_no_match && truths[self.order[place]].id == 0) {
                outcome.false_alarm &= !bit;
                outcome.hit |= bit;
            }
        }
    }
}

/// The outcomes of a detection that finds nothing: a false alarm where its size is in range.
fn unmatched<S: Shape>(detection: &Detection<S>) -> [Outcome; AREAS.len()] {
    const EVERY_THRESHOLD: u16 = (1 << THRESHOLDS) - 1;
    AREAS.map(|range| Outcome {
        hit: 0,
        false_alarm: if range.contains(detection.bounds.area()) {
            EVERY_THRESHOLD
        } else {
            0
        },
    })
}

#[cfg(test)]
mod tests;
