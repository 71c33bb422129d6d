//! The box head: what is in a region and where exactly, and its two losses.
//!
//! R regions of all images together, K classes without background; class 0 inside is background.

use burn::module::Module;
use burn::tensor::Tensor;

use super::losses::{BoxTarget, CorrectionLoss, select_rows};
use super::normed_conv::NormedConv;
use super::roi_targets::{RoiLabel, RoiTarget};
use crate::layers::{
    BatchNormLayer, GroupNormLayer, Initializer, LinearLayer, Mode, dropout, dropout_key,
};
use crate::loss::cross_entropy;
use crate::ops::Maps;
use recipe::{Norm, Roi};

/// One hidden layer: linear, optional normalisation, ReLU.
#[derive(Module, Debug)]
struct Hidden {
    linear: LinearLayer,
    batch_norm: Option<BatchNormLayer>,
    group_norm: Option<GroupNormLayer>,
}

/// Convolutions, hidden linear layers, then class logits and corrections, four per class or four in all.
#[derive(Module, Debug)]
pub struct BoxHead {
    convolutions: Vec<NormedConv>,
    hidden: Vec<Hidden>,
    cls_score: LinearLayer,
    bbox_pred: LinearLayer,
    #[module(skip)]
    dropout: f64,
    /// Most regions that are sampled per image.
    #[module(skip)]
    sample: usize,
}

/// Number of the head's first layer in the keys of dropout; the backbone's layers are numbered from 0.
const FIRST_LAYER: u64 = 1 << 32;

/// The head's outputs for each region.
#[derive(Clone, Debug)]
pub struct BoxOutput {
    /// Class logits, `[R, K + 1]`; column 0 is background.
    pub logits: Tensor<2>,
    /// Corrections of each class, `[R, 4 (K + 1)]`, or of the region, `[R, 4]`.
    pub deltas: Tensor<2>,
}

impl BoxHead {
    /// For regions with `channels` channels. The outputs' weights start as N(0, 0.01) and N(0, 0.001), as in detectron2.
    pub fn new(channels: usize, classes: usize, roi: &Roi, init: &mut Initializer) -> Self {
        let mut channels = channels;
        let mut convolutions = Vec::with_capacity(roi.convolutions.len());
        for &outputs in &roi.convolutions {
            let sides = [channels, outputs];
            convolutions.push(NormedConv::new(sides, 3, roi.norm, true, init));
            channels = outputs;
        }
        let mut features = channels * roi.output * roi.output;
        let mut hidden = Vec::with_capacity(roi.hidden.len());
        for &outputs in &roi.hidden {
            let norm = roi.norm_of_hidden();
            hidden.push(Hidden {
                linear: LinearLayer::new(features, outputs, true, norm == Norm::None, init),
                batch_norm: (norm == Norm::Batch)
                    .then(|| BatchNormLayer::new(outputs, 0.1, 1e-5, true, init)),
                group_norm: (norm == Norm::Group).then(|| GroupNormLayer::new(outputs, true, init)),
            });
            features = outputs;
        }
        let boxes = roi.box_regression.boxes(classes);
        Self {
            convolutions,
            hidden,
            cls_score: LinearLayer::with_normal_weights(features, classes + 1, 0.01, init),
            bbox_pred: LinearLayer::with_normal_weights(features, 4 * boxes, 0.001, init),
            dropout: roi.dropout,
            sample: roi.sample,
        }
    }

    /// Pooled regions `[R, C, bins, bins]` to one row per region.
    pub fn forward(&self, regions: Maps, mode: Mode) -> BoxOutput {
        let convolved = self.convolutions.iter();
        let mut x = convolved
            .fold(regions, |x, layer| layer.forward(x, mode))
            .flatten();
        for (layer, number) in self.hidden.iter().zip(FIRST_LAYER..) {
            x = layer.linear.forward(x);
            if let Some(norm) = &layer.batch_norm {
                x = norm.forward(x, mode);
            }
            if let Some(norm) = &layer.group_norm {
                x = norm.forward(x);
            }
            if let (Mode::Training { seed, step, first }, true) = (mode, self.dropout > 0.0) {
                let key = dropout_key(seed, step, number);
                // The exact number of regions before these, unless an image had fewer than are sampled.
                x = dropout(x, self.dropout, key, first * self.sample);
            }
        }
        BoxOutput {
            logits: self.cls_score.forward(x.clone()).into_rows(),
            deltas: self.bbox_pred.forward(x).into_rows(),
        }
    }
}

/// The class and box losses over the sampled regions of all images, in the order of the output's rows.
///
/// Class: softmax cross-entropy with label smoothing, mean over the sample. Boxes: `box_loss` of the
/// true class's corrections, summed over the objects divided by the size of the whole sample.
pub fn box_losses(
    output: BoxOutput,
    targets: &[RoiTarget],
    box_loss: &CorrectionLoss,
    smoothing: f64,
) -> [Tensor<1>; 2] {
    let [regions, numbers] = output.deltas.dims();
    let boxes = numbers / 4;
    let device = output.logits.device();
    if targets.is_empty() {
        return [Tensor::zeros([1], &device), Tensor::zeros([1], &device)];
    }
    let labels: Vec<usize> = targets.iter().map(|target| target.label.column()).collect();
    let mut rows = Vec::new();
    let mut wanted = Vec::new();
    for (region, target) in targets.iter().enumerate() {
        if let RoiLabel::Object { deltas, .. } = target.label {
            // One box per class, background's included, or one for all.
            let column = if boxes == 1 { 0 } else { target.label.column() };
            rows.push(region * boxes + column);
            wanted.push(BoxTarget {
                reference: target.bounds,
                deltas,
            });
        }
    }
    let class = cross_entropy(output.logits, &labels, smoothing);
    let box_sum = if rows.is_empty() {
        Tensor::zeros([1], &device)
    } else {
        let of_class = select_rows(output.deltas.reshape([regions * boxes, 4]), &rows);
        box_loss.of(of_class, &wanted) / labels.len() as f64
    };
    [class, box_sum]
}
