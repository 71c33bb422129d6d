//! The sections of a Faster R-CNN's recipe: backbone, anchors, proposals, regions, detections.
//!
//! Box sides and sizes are pixels of the image; IoU is intersection over union, 0 to 1. The
//! defaults suit one digit on 28 x 28 pixels.

use super::layer::Layer;
use serde::{Deserialize, Serialize};

/// Faster R-CNN (Ren et al. 2015) in its modern, jointly trained form with one feature map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FasterRcnn {
    /// Layers from the image to the feature map.
    pub backbone: Backbone,
    /// Reference boxes laid over every cell of the feature map.
    #[serde(default)]
    pub anchors: Anchors,
    /// Region proposal network: which anchors hold an object, and where exactly.
    #[serde(default)]
    pub rpn: Rpn,
    /// The head that classifies each proposed region and refines its box.
    #[serde(default)]
    pub roi: Roi,
    /// What is done with the head's output when detecting.
    #[serde(default)]
    pub detections: Detections,
}

/// The convolutional part that all regions share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Backbone {
    /// In order, `[C, H, W]` in and out: no flatten, linear or global-avg-pool.
    pub layers: Vec<Layer>,
}

/// Reference boxes: every size at every ratio on every cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Anchors {
    /// Square roots of the boxes' areas, in pixels; default 12 and 17.
    pub sizes: Vec<f64>,
    /// Height over width; default 1, 1.7 and 3.
    pub ratios: Vec<f64>,
    /// Where in its cell an anchor's centre lies: 0 the corner, 0.5 (default) the middle.
    pub offset: f64,
    /// Corners rounded to whole pixels, as torchvision does; default false.
    pub rounded: bool,
}

impl Default for Anchors {
    fn default() -> Self {
        Self {
            sizes: vec![12.0, 17.0],
            ratios: vec![1.0, 1.7, 3.0],
            offset: 0.5,
            rounded: false,
        }
    }
}

impl Anchors {
    /// Anchors on each cell.
    pub fn per_cell(&self) -> usize {
        self.sizes.len() * self.ratios.len()
    }
}

/// Region proposal network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rpn {
    /// Channels of its hidden 3x3 convolution; default "none": as many as the feature map has.
    #[serde(with = "super::value::optional")]
    pub channels: Option<usize>,
    /// An anchor with at least this IoU with a truth is an object; default 0.7.
    pub positive_iou: f64,
    /// An anchor with less than this IoU with every truth is background; default 0.3.
    pub negative_iou: f64,
    /// Whether each truth's best anchors are objects even below `positive-iou`; default true.
    pub low_quality: bool,
    /// Whether a truth's best anchor must overlap it at all; default true. torchvision's false
    /// turns every anchor into an object when some truth touches none.
    pub require_overlap: bool,
    /// Anchors per image that the losses look at; default 64.
    pub sample: usize,
    /// At most this share of the sample is objects; default 0.5.
    pub positive_fraction: f64,
    /// Proposals with more than this IoU with a better one are dropped; default 0.7.
    pub nms: f64,
    /// Best anchors per image that enter the suppression while training; default 294.
    pub pre_nms_train: usize,
    /// Proposals per image that leave it while training; default 64.
    pub post_nms_train: usize,
    /// Best anchors per image that enter the suppression when detecting; default 100.
    pub pre_nms_test: usize,
    /// Proposals per image that leave it when detecting; default 16.
    pub post_nms_test: usize,
    /// Pixels: proposals with a shorter side are dropped; default 0.001.
    pub min_side: f64,
    /// Where the box loss turns from square to straight; default 1/9.
    pub smooth_l1_beta: f64,
}

impl Default for Rpn {
    fn default() -> Self {
        Self {
            channels: None,
            positive_iou: 0.7,
            negative_iou: 0.3,
            low_quality: true,
            require_overlap: true,
            sample: 64,
            positive_fraction: 0.5,
            nms: 0.7,
            pre_nms_train: 294,
            post_nms_train: 64,
            pre_nms_test: 100,
            post_nms_test: 16,
            min_side: 1e-3,
            smooth_l1_beta: 1.0 / 9.0,
        }
    }
}

/// Region head: RoIAlign, hidden layers, then class scores and box corrections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Roi {
    /// Side of the grid that RoIAlign reads from a region; default 5: 5 x 5.
    pub output: usize,
    /// Samples per side of each grid cell; default 2: four a cell.
    pub sampling: usize,
    /// Whether pixels' centres lie at half coordinates, as they should; default true.
    pub aligned: bool,
    /// Features of the hidden linear layers; default [128, 128].
    pub hidden: Vec<usize>,
    /// Normalisation after each hidden layer; default none.
    pub norm: Norm,
    /// Probability of zeroing a hidden feature while training; default 0.
    pub dropout: f64,
    /// A region with at least this IoU with a truth is an object; default 0.5.
    pub positive_iou: f64,
    /// Regions per image that the losses look at; default 16.
    pub sample: usize,
    /// At most this share of the sample is objects; default 0.5.
    pub positive_fraction: f64,
    /// Scales of the corrections (dx, dy, dw, dh); default [10, 10, 5, 5].
    pub box_weights: [f64; 4],
    /// Where the box loss turns from square to straight; default 1/9.
    pub smooth_l1_beta: f64,
}

impl Default for Roi {
    fn default() -> Self {
        Self {
            output: 5,
            sampling: 2,
            aligned: true,
            hidden: vec![128, 128],
            norm: Norm::None,
            dropout: 0.0,
            positive_iou: 0.5,
            sample: 16,
            positive_fraction: 0.5,
            box_weights: [10.0, 10.0, 5.0, 5.0],
            smooth_l1_beta: 1.0 / 9.0,
        }
    }
}

/// Normalisation inside the region head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// None.
    #[default]
    None,
    /// Over the batch (all regions of all images of a step).
    Batch,
    /// Over groups of features of each region on its own.
    Group,
}

/// From the head's output to the detections of an image.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Detections {
    /// Detections with at most this probability are dropped; default 0: with one digit an image
    /// the best detection is the answer, however unsure.
    pub score_threshold: f64,
    /// Detections with more than this IoU with a better one of the same class are dropped;
    /// default 0.5.
    pub nms: f64,
    /// At most this many detections an image; default 5.
    pub per_image: usize,
    /// Pixels: detections with a shorter side are dropped; default 0.01.
    pub min_side: f64,
}

impl Default for Detections {
    fn default() -> Self {
        Self {
            score_threshold: 0.0,
            nms: 0.5,
            per_image: 5,
            min_side: 1e-2,
        }
    }
}
