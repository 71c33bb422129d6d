//! Matching: which truth, if any, a candidate box (an anchor or a proposal) stands for.
//!
//! 'candidate' is a box to be labelled, 'truth' is annotated; 'quality' is their IoU, `[truths, candidates]` row by row.

use kernels::boxes::Xyxy;
use recipe::{Roi, Rpn};

/// What a candidate is trained to predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// The truth of this index.
    Truth(usize),
    /// Nothing.
    Background,
    /// Between the thresholds: left out of the loss.
    Ignored,
}

/// The rule: thresholds on the best IoU of a candidate over all truths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matcher {
    /// From this IoU on a candidate stands for its best truth.
    pub positive: f32,
    /// Below this IoU it is background; in between it is ignored.
    pub negative: f32,
    /// Whether the best candidates of each truth (ties included) are positive, however low their IoU. Such a candidate
    /// stands for its own best truth, which need not be the truth that made it positive.
    pub low_quality: bool,
    /// Whether the best candidates of a truth must overlap it at all. Without it (torchvision, detectron2) a truth that
    /// overlaps no candidate has best IoU 0, which most candidates share, and floods the batch with positives.
    pub require_overlap: bool,
}

impl Matcher {
    /// The rule for anchors.
    pub fn of_anchors(rpn: &Rpn) -> Self {
        Self {
            positive: rpn.positive_iou as f32,
            negative: rpn.negative_iou as f32,
            low_quality: rpn.low_quality,
            require_overlap: rpn.require_overlap,
        }
    }

    /// The rule for regions: an object or background.
    pub fn of_regions(roi: &Roi) -> Self {
        Self {
            positive: roi.positive_iou as f32,
            negative: roi.positive_iou as f32,
            low_quality: false,
            require_overlap: true,
        }
    }

    /// One match per candidate; without truths all are background.
    pub fn match_boxes(&self, truths: &[Xyxy], candidates: &[Xyxy]) -> Vec<Match> {
        let pairs = truths
            .iter()
            .flat_map(|truth| candidates.iter().map(|c| truth.iou(*c)));
        self.match_quality(&pairs.collect::<Vec<_>>(), candidates.len())
    }

    /// One match per candidate from `quality [truths, candidates]`; of equal truths the first is best.
    pub fn match_quality(&self, quality: &[f32], candidates: usize) -> Vec<Match> {
        if candidates == 0 {
            return Vec::new();
        }
        // Best truth and its IoU; no comparison with NaN is true, so it is never the best.
        let mut best = vec![(0, 0.0_f32); candidates];
        for (truth, row) in quality.chunks_exact(candidates).enumerate() {
            for (best, &iou) in best.iter_mut().zip(row) {
                if iou > best.1 {
                    *best = (truth, iou);
                }
            }
        }
        let by_threshold = |&(truth, iou): &(usize, f32)| {
            if quality.is_empty() || iou < self.negative {
                Match::Background
            } else if iou < self.positive {
                Match::Ignored
            } else {
                Match::Truth(truth)
            }
        };
        let mut matches: Vec<Match> = best.iter().map(by_threshold).collect();
        if self.low_quality {
            for row in quality.chunks_exact(candidates) {
                let top = row.iter().copied().fold(0.0, f32::max);
                if top == 0.0 && self.require_overlap {
                    continue;
                }
                for (i, _) in row.iter().enumerate().filter(|(_, iou)| **iou == top) {
                    matches[i] = Match::Truth(best[i].0);
                }
            }
        }
        matches
    }
}

#[cfg(test)]
mod tests;
