//! Every intermediate result on the way to the detections of one image, for `explain`.
//!
//! A anchors, K classes without background.

use burn::tensor::Tensor;

use super::faster_rcnn::{FasterRcnn, level_outputs, sizes};
use super::proposals::{Proposal, ProposalLimits, propose, sigmoid};
use crate::layers::Mode;
use crate::ops::both_to_host;
use crate::prediction::Detection;
use data::resized::Resized;
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

impl Inspection {
    fn resize_back(&mut self, resized: &Resized) {
        let proposals = [&mut self.anchors, &mut self.corrected, &mut self.proposals];
        for proposal in proposals.into_iter().flatten() {
            proposal.bounds = resized.back(proposal.bounds);
        }
        for found in &mut self.detections {
            found.bounds = resized.back(found.bounds);
        }
    }
}

impl FasterRcnn {
    /// Follows one image, `[1, C, H, W]`, through both stages. If it was `resized`, boxes are in pixels of what it was
    /// before.
    pub fn inspect(&self, image: Tensor<4>, resized: Option<Resized>) -> Inspection {
        let size = sizes(&image, resized.as_slice())[0];
        let layout = self.layout(&image);
        let features = self.features(image, Mode::Inference);
        let rpn = self.rpn.forward(&features);
        let (logits, deltas) = both_to_host(rpn.objectness, rpn.deltas);
        let settings = &self.settings;
        let options = &settings.recipe.rpn;
        let limits = ProposalLimits::detection(options);
        let levels = level_outputs(&layout, &logits, &deltas);
        let proposals = propose(options, limits, size, &levels);
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
            propose(&all, limits, size, &levels)
        };
        let mut anchors: Vec<Proposal> = layout
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
        let mut inspection = Inspection {
            anchors,
            corrected,
            proposals,
            probabilities: logits.chunks_exact(columns).map(softmax).collect(),
            detections: self.answer(&logits, &deltas, &boxes, size).detections,
        };
        if let Some(resized) = resized {
            inspection.resize_back(&resized);
        }
        inspection
    }
}
