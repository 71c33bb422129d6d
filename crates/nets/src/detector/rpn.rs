//! The region proposal network: objectness and box corrections for every anchor, and its two losses.
//!
//! N images, A anchors an image in (y, x, a) order. 'deltas' are (dx, dy, dw, dh) relative to the anchor.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::losses::{binary_cross_entropy, select_rows, smooth_l1};
use super::rpn_targets::RpnTargets;
use crate::layers::{ConvLayer, Initializer};
use crate::ops::{Conv, Maps};

/// A 3x3 convolution with ReLU, then two 1x1 convolutions: one logit and four deltas an anchor.
#[derive(Module, Debug)]
pub struct RpnHead {
    conv: ConvLayer,
    cls_logits: ConvLayer,
    bbox_pred: ConvLayer,
}

/// What the network says of each anchor.
#[derive(Clone, Debug)]
pub struct RpnOutput {
    /// Logits of 'is an object', `[N, A]`.
    pub objectness: Tensor<2>,
    /// Corrections, `[N, A, 4]`.
    pub deltas: Tensor<3>,
}

impl RpnHead {
    /// For feature maps of `channels` and `anchors` anchors a cell; weights N(0, 0.01), biases 0 (Ren et al. 2015).
    pub fn new(channels: usize, hidden: usize, anchors: usize, init: &mut Initializer) -> Self {
        let conv = |inputs, outputs, kernel: usize| Conv {
            in_channels: inputs,
            out_channels: outputs,
            kernel: [kernel, kernel],
            stride: [1, 1],
            padding: [kernel / 2, kernel / 2],
            dilation: [1, 1],
        };
        Self {
            conv: ConvLayer::with_normal_weights(conv(channels, hidden, 3), 0.01, true, init),
            cls_logits: ConvLayer::with_normal_weights(conv(hidden, anchors, 1), 0.01, false, init),
            bbox_pred: ConvLayer::with_normal_weights(
                conv(hidden, 4 * anchors, 1),
                0.01,
                false,
                init,
            ),
        }
    }

    /// `[N, C, H, W]` to one row an anchor, A = H * W * anchors a cell.
    pub fn forward(&self, features: Maps) -> RpnOutput {
        let hidden = self.conv.forward(features);
        let objectness = self.cls_logits.forward(hidden.clone()).into_nchw();
        let deltas = self.bbox_pred.forward(hidden).into_nchw(); // channel = anchor * 4 + k
        let [images, per_cell, height, width] = objectness.dims();
        let anchors = height * width * per_cell;
        RpnOutput {
            objectness: objectness.permute([0, 2, 3, 1]).reshape([images, anchors]),
            deltas: deltas.permute([0, 2, 3, 1]).reshape([images, anchors, 4]),
        }
    }
}

/// The objectness and box losses over the sampled anchors of all images.
///
/// Objectness: binary cross-entropy, mean over the sample. Boxes: smooth L1, sum over the positives divided by the
/// size of the whole sample.
pub fn rpn_losses(output: RpnOutput, targets: &[RpnTargets], beta: f64) -> [Tensor<1>; 2] {
    let [_, anchors] = output.objectness.dims();
    let device = output.objectness.device();
    let mut positive = Vec::new();
    let mut deltas = Vec::new();
    let mut sampled = Vec::new();
    let mut objects = Vec::new();
    for (image, targets) in targets.iter().enumerate() {
        let row = |anchor: &usize| image * anchors + anchor;
        positive.extend(targets.positive.iter().map(|object| row(&object.anchor)));
        deltas.extend(targets.positive.iter().flat_map(|object| object.deltas));
        sampled.extend(targets.positive.iter().map(|object| row(&object.anchor)));
        objects.resize(sampled.len(), 1.0_f32);
        sampled.extend(targets.negative.iter().map(row));
        objects.resize(sampled.len(), 0.0);
    }
    let count = sampled.len().max(1) as f64;
    let images = targets.len();
    let objectness = match sampled.len() {
        0 => Tensor::zeros([1], &device),
        rows => {
            let logits = output.objectness.reshape([images * anchors, 1]);
            let objects = Tensor::<2>::from_data(TensorData::new(objects, [rows, 1]), &device);
            binary_cross_entropy(select_rows(logits, &sampled), objects) / count
        }
    };
    let boxes = match positive.len() {
        0 => Tensor::zeros([1], &device),
        rows => {
            let all = output.deltas.reshape([images * anchors, 4]);
            let deltas = Tensor::<2>::from_data(TensorData::new(deltas, [rows, 4]), &device);
            smooth_l1(select_rows(all, &positive), deltas, beta) / count
        }
    };
    [objectness, boxes]
}
