//! The region proposal network: objectness and box corrections for every anchor, and its two losses.
//!
//! N images, A anchors per image in (y, x, a) order. 'deltas' are (dx, dy, dw, dh) relative to the anchor.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use kernels::boxes::Xyxy;

use super::losses::{BoxTarget, CorrectionLoss, binary_cross_entropy, select_rows};
use super::normed_conv::same_size;
use super::rpn_targets::RpnTargets;
use crate::layers::{ConvLayer, Initializer};
use crate::ops::Maps;
use recipe::Rpn;

/// 3x3 convolutions with ReLU, then two 1x1 convolutions: one logit and four deltas per anchor.
#[derive(Module, Debug)]
pub struct RpnHead {
    conv: ConvLayer,
    /// The hidden convolutions behind the first.
    more: Vec<ConvLayer>,
    cls_logits: ConvLayer,
    bbox_pred: ConvLayer,
}

/// The network's outputs for each anchor.
#[derive(Clone, Debug)]
pub struct RpnOutput {
    /// Logits of 'is an object', `[N, A]`.
    pub objectness: Tensor<2>,
    /// Corrections, `[N, A, 4]`.
    pub deltas: Tensor<3>,
}

impl RpnHead {
    /// For feature maps of `channels` and `anchors` anchors a cell; weights N(0, 0.01), biases 0 (Ren et al. 2015).
    pub fn new(channels: usize, recipe: &Rpn, anchors: usize, init: &mut Initializer) -> Self {
        let hidden = recipe.channels.unwrap_or(channels);
        let mut conv = |inputs, outputs, kernel, relu| {
            let conv = same_size(inputs, outputs, kernel);
            ConvLayer::with_normal_weights(conv, 0.01, relu, init)
        };
        Self {
            conv: conv(channels, hidden, 3, true),
            more: (1..recipe.convolutions)
                .map(|_| conv(hidden, hidden, 3, true))
                .collect(),
            cls_logits: conv(hidden, anchors, 1, false),
            bbox_pred: conv(hidden, 4 * anchors, 1, false),
        }
    }

    /// Levels of `[N, C, H_l, W_l]` to one row per anchor, A = the sum of H_l * W_l * anchors per cell.
    pub fn forward(&self, levels: &[Maps]) -> RpnOutput {
        let (objectness, deltas): (Vec<_>, Vec<_>) = levels
            .iter()
            .map(|features| {
                let first = self.conv.forward(features.clone());
                let hidden = self.more.iter().fold(first, |x, conv| conv.forward(x));
                let objectness = self.cls_logits.forward(hidden.clone()).into_cells();
                let deltas = self.bbox_pred.forward(hidden).into_cells(); // channel = anchor * 4 + k
                let [images, cells, per_cell] = objectness.dims();
                let anchors = cells * per_cell;
                (
                    objectness.reshape([images, anchors]),
                    deltas.reshape([images, anchors, 4]),
                )
            })
            .unzip();
        RpnOutput {
            objectness: joined(objectness),
            deltas: joined(deltas),
        }
    }
}

/// The anchors (dimension 1) of all levels in a row.
fn joined<const D: usize>(mut levels: Vec<Tensor<D>>) -> Tensor<D> {
    match levels.len() {
        1 => levels.remove(0),
        _ => Tensor::cat(levels, 1),
    }
}

/// The objectness and box losses over the sampled anchors of all images.
///
/// Objectness: binary cross-entropy, mean over the sample. Boxes: `box_loss`, summed over the positives
/// divided by the size of the whole sample. `anchors` are those of one image.
pub fn rpn_losses(
    output: RpnOutput,
    targets: &[RpnTargets],
    anchors: &[Xyxy],
    box_loss: &CorrectionLoss,
) -> [Tensor<1>; 2] {
    let [_, per_image] = output.objectness.dims();
    let device = output.objectness.device();
    let mut positive = Vec::new();
    let mut wanted = Vec::new();
    let mut sampled = Vec::new();
    let mut objects = Vec::new();
    for (image, targets) in targets.iter().enumerate() {
        let row = |anchor: &usize| image * per_image + anchor;
        positive.extend(targets.positive.iter().map(|object| row(&object.anchor)));
        wanted.extend(targets.positive.iter().map(|object| BoxTarget {
            reference: anchors[object.anchor],
            deltas: object.deltas,
        }));
        sampled.extend(targets.positive.iter().map(|object| row(&object.anchor)));
        objects.resize(sampled.len(), 1.0_f32);
        sampled.extend(targets.negative.iter().map(row));
        objects.resize(sampled.len(), 0.0);
    }
    let count = sampled.len().max(1) as f64;
    let images = targets.len();
    let objectness = match sampled.len() {
        // Still a function of the weights: training cannot step back from a constant.
        0 => output.objectness.sum() * 0.0,
        rows => {
            let logits = output.objectness.reshape([images * per_image, 1]);
            let objects = Tensor::<2>::from_data(TensorData::new(objects, [rows, 1]), &device);
            binary_cross_entropy(select_rows(logits, &sampled), objects) / count
        }
    };
    let boxes = match positive.len() {
        0 => Tensor::zeros([1], &device),
        _ => {
            let all = output.deltas.reshape([images * per_image, 4]);
            box_loss.of(select_rows(all, &positive), &wanted) / count
        }
    };
    [objectness, boxes]
}
