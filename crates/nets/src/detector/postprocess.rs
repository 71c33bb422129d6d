//! Postprocessing: from the outputs of the box head on one image to its detections.
//!
//! R proposals per image, K classes without background; the head's columns are K + 1 with background first. 'deltas' are
//! (dx, dy, dw, dh), 'NMS' is non-maximum suppression.

use kernels::boxes::Xyxy;
use kernels::nms::batched_nms;

use crate::prediction::Detection;
use kernels::box_coder::BoxCoder;
use kernels::scores::softmax;
use recipe::{Detections, Roi};

/// What is asked of predictions instead of what the recipe says; `None` keeps the recipe's value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DetectionOptions {
    /// Detections with at most this probability are dropped, 0 to 1.
    pub score_threshold: Option<f64>,
    /// Detections with more than this IoU with a better one of the same class are dropped, 0 to 1.
    pub nms: Option<f64>,
    /// At most this many detections an image, at least 1.
    pub max_detections: Option<usize>,
}

impl DetectionOptions {
    /// The options of a recipe with these in their place.
    pub fn over(self, recipe: &Detections) -> Detections {
        Detections {
            score_threshold: self.score_threshold.unwrap_or(recipe.score_threshold),
            nms: self.nms.unwrap_or(recipe.nms),
            per_image: self.max_detections.unwrap_or(recipe.per_image),
            ..recipe.clone()
        }
    }
}

/// The detections of one image of `[height, width]` pixels (without padding), best first. `logits [R, K + 1]`,
/// `deltas [R, K + 1, 4]` or, class-agnostic, `[R, 4]`, `proposals [R]`. NaN is always dropped.
///
/// The steps are torchvision's `postprocess_detections`, except that boxes with too low a score are not decoded.
///
/// # Panics
/// When `logits` do not have K + 1 columns a proposal, or `deltas` as many boxes as the head predicts.
pub fn detect(
    options: &Detections,
    roi: &Roi,
    classes: usize,
    logits: &[f32],
    deltas: &[f32],
    proposals: &[Xyxy],
    image: [usize; 2],
) -> Vec<Detection> {
    let columns = classes + 1;
    let boxes_a_region = roi.box_regression.boxes(classes);
    let deltas = deltas.as_chunks::<4>().0;
    assert_eq!(
        logits.len(),
        proposals.len() * columns,
        "K + 1 logits a proposal"
    );
    assert_eq!(
        deltas.len(),
        proposals.len() * boxes_a_region,
        "four deltas a box of a proposal"
    );
    let coder = BoxCoder::new(roi.box_weights);
    let min_side = options.min_side as f32;
    let (mut boxes, mut scores, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    let rows = logits
        .chunks_exact(columns)
        .zip(deltas.chunks_exact(boxes_a_region));
    for ((logits, deltas), &proposal) in rows.zip(proposals) {
        let probabilities = softmax(logits);
        for (column, &score) in probabilities.iter().enumerate().skip(1) {
            let deltas = deltas[column.min(boxes_a_region - 1)];
            if score > options.score_threshold as f32 {
                let bounds = coder.decode(deltas, proposal).clip(image);
                if bounds.has_sides(min_side) {
                    boxes.push(bounds);
                    scores.push(score);
                    labels.push(column - 1);
                }
            }
        }
    }
    batched_nms(&boxes, &scores, &labels, options.nms, options.per_image)
        .into_iter()
        .map(|i| Detection {
            bounds: boxes[i],
            class: labels[i],
            score: scores[i],
        })
        .collect()
}

#[cfg(test)]
mod tests;
