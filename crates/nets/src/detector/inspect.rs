//! Every intermediate result on the way to the detections of one image, for `explain`.
//!
//! A anchors, K classes without background.

use std::ops::Range;

use burn::tensor::Tensor;

use super::faster_rcnn::FasterRcnn;
use super::proposals::{LevelOutput, Proposal, ProposalLimits, propose, sigmoid};
use crate::layers::Mode;
use crate::ops::both_to_host;
use crate::prediction::Detection;
use kernels::boxes::Xyxy;
use kernels::scores::softmax;

/// What a detector saw in one image, stage by stage; every list is ordered from the best score down.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// All anchors, each with the probability that it holds an object.
    pub anchors: Vec<Proposal>,
    /// The best anchors with their corrections, as they enter non-maximum suppression.
    pub corrected: Vec<Proposal>,
    /// What remains after it: the regions that the second stage classifies.
    pub proposals: Vec<Proposal>,
    /// The second stage's probabilities of background and each class for every proposal, in the same order.
    pub probabilities: Vec<Vec<f32>>,
    /// The detections.
    pub detections: Vec<Detection>,
}

impl FasterRcnn {
    /// Follows one image, `[1, C, H, W]`, through both stages.
    pub fn inspect(&self, image: Tensor<4>) -> Inspection {
        let features = self.features(image, Mode::Inference);
        let rpn = self.rpn.forward(&features);
        let (logits, deltas) = both_to_host(rpn.objectness, rpn.deltas);
        let settings = &self.settings;
        let options = &settings.recipe.rpn;
        let limits = ProposalLimits::detection(options);
        let of_level = |range: &Range<usize>| LevelOutput {
            anchors: &settings.anchors[range.clone()],
            logits: &logits[range.clone()],
            deltas: &deltas[range.start * 4..range.end * 4],
        };
        let levels: Vec<_> = settings.levels.iter().map(of_level).collect();
        let proposals = propose(options, limits, settings.image, &levels);
        let corrected = {
            // No IoU is above 1: nothing is suppressed.
            let all = recipe::Rpn {
                nms: 1.0,
                ..options.clone()
            };
            let limits = ProposalLimits {
                post_nms: usize::MAX,
                ..limits
            };
            propose(&all, limits, settings.image, &levels)
        };
        let mut anchors: Vec<Proposal> = settings
            .anchors
            .iter()
            .zip(&logits)
            .map(|(&bounds, &logit)| Proposal {
                bounds,
                score: sigmoid(logit),
            })
            .collect();
        anchors.sort_by(|a, b| b.score.total_cmp(&a.score));
        let boxes: Vec<Xyxy> = proposals.iter().map(|proposal| proposal.bounds).collect();
        let output = self.regions(&features, [boxes.clone()], Mode::Inference);
        let columns = settings.classes + 1;
        let (logits, deltas) = both_to_host(output.logits, output.deltas);
        Inspection {
            anchors,
            corrected,
            proposals,
            probabilities: logits.chunks_exact(columns).map(softmax).collect(),
            detections: self.answer(&logits, &deltas, &boxes).detections,
        }
    }
}
