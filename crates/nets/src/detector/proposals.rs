//! Proposals: from the outputs of the proposal head on one image to the boxes worth a closer look.
//!
//! A anchors per cell; per level the outputs lie in (y, x, a) order like the anchors. 'logits' are objectness before the
//! sigmoid, 'deltas' are (dx, dy, dw, dh), 'NMS' is non-maximum suppression.

use kernels::boxes::Xyxy;
use kernels::nms::{batched_nms, top_by_score};

use kernels::box_coder::BoxCoder;
use recipe::Rpn;

/// How many boxes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProposalLimits {
    /// Best anchors of each level that enter the suppression.
    pub pre_nms: usize,
    /// Proposals per image that remain.
    pub post_nms: usize,
}

/// The outputs of the proposal head on one level of one image, and the anchors they belong to.
#[derive(Clone, Copy, Debug)]
pub struct LevelOutput<'a> {
    /// `[H * W * A]`.
    pub anchors: &'a [Xyxy],
    /// `[H * W * A]`.
    pub logits: &'a [f32],
    /// `[H * W * A, 4]`.
    pub deltas: &'a [f32],
}

/// A box that may hold an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Proposal {
    /// Where, inside the image.
    pub bounds: Xyxy,
    /// Probability that there is an object, 0 to 1.
    pub score: f32,
}

impl ProposalLimits {
    /// The limits in training.
    pub fn training(rpn: &Rpn) -> Self {
        Self {
            pre_nms: rpn.pre_nms_train,
            post_nms: rpn.post_nms_train,
        }
    }

    /// The limits in detection.
    pub fn detection(rpn: &Rpn) -> Self {
        Self {
            pre_nms: rpn.pre_nms_test,
            post_nms: rpn.post_nms_test,
        }
    }
}

/// The proposals of one image of `[height, width]` pixels (without padding), best first. NaN is always dropped.
///
/// The steps are torchvision's `filter_proposals`, except that boxes are decoded after the best logits are known.
///
/// # Panics
/// When a level does not have as many logits and deltas as anchors.
pub fn propose(
    rpn: &Rpn,
    limits: ProposalLimits,
    image: [usize; 2],
    levels: &[LevelOutput],
) -> Vec<Proposal> {
    let (mut boxes, mut scores, mut level_of) = (Vec::new(), Vec::new(), Vec::new());
    for (level, output) in levels.iter().enumerate() {
        let deltas = output.deltas.as_chunks::<4>().0;
        assert_eq!(
            output.logits.len(),
            output.anchors.len(),
            "level {level}: one logit an anchor"
        );
        assert_eq!(
            deltas.len(),
            output.anchors.len(),
            "level {level}: four deltas an anchor"
        );
        for i in top_by_score(output.logits, limits.pre_nms) {
            let bounds = BoxCoder::PROPOSALS
                .decode(deltas[i], output.anchors[i])
                .clip(image);
            let score = sigmoid(output.logits[i]);
            // No comparison with NaN is true.
            if bounds.has_sides(rpn.min_side as f32) && score >= rpn.score_threshold as f32 {
                boxes.push(bounds);
                scores.push(score);
                level_of.push(level);
            }
        }
    }
    batched_nms(&boxes, &scores, &level_of, rpn.nms, limits.post_nms)
        .into_iter()
        .map(|i| Proposal {
            bounds: boxes[i],
            score: scores[i],
        })
        .collect()
}

pub(super) fn sigmoid(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

#[cfg(test)]
mod tests;
