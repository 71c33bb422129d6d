//! The sections of a Faster R-CNN's recipe: backbone, pyramid, anchors, proposals, regions, detections.
//!
//! Box sides and sizes are pixels of the image; IoU is intersection over union, 0 to 1. The
//! defaults suit one digit on 28 x 28 pixels.

use super::anchor_sizes::AnchorSizes;
use super::layer::Layer;
use serde::{Deserialize, Serialize};

/// Faster R-CNN (Ren et al. 2015) in its modern, jointly trained form, with one feature map or a pyramid of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FasterRcnn {
    /// Layers from the image to the feature map.
    pub backbone: Backbone,
    /// Feature pyramid over several maps of the backbone; default "none": its last map alone.
    #[serde(default, with = "super::value::optional")]
    pub pyramid: Option<Pyramid>,
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

/// Feature pyramid network (Lin et al. 2017): small objects are found on fine maps, large ones on coarse maps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pyramid {
    /// Which maps of the backbone it starts from, finest first, by the pixels from one cell to the next (powers of
    /// 2); default [4, 8, 16]. Of several maps of one stride it is the last.
    pub strides: Vec<usize>,
    /// Channels of every level; default 64.
    pub channels: usize,
    /// Normalisation after each of its convolutions; default none.
    pub norm: Norm,
    /// Whether proposals also come from a still coarser level, every second cell of the last; default false.
    pub extra_level: bool,
    /// Pixels: a region whose area is the square of this is read from the level with stride 2 to the power of
    /// `canonical-level`, a region half as large from the next finer one; default 224.
    pub canonical_size: f64,
    /// See `canonical-size`; default 4, stride 16.
    pub canonical_level: u32,
}

impl Default for Pyramid {
    fn default() -> Self {
        Self {
            strides: vec![4, 8, 16],
            channels: 64,
            norm: Norm::None,
            extra_level: false,
            canonical_size: 224.0,
            canonical_level: 4,
        }
    }
}

/// Reference boxes: every size at every ratio on every cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Anchors {
    /// Square roots of the boxes' areas, in pixels; default 12 and 17. With a pyramid one list for all levels, or a
    /// list of lists of equal length, one a level.
    pub sizes: AnchorSizes,
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
            sizes: AnchorSizes::Shared(vec![12.0, 17.0]),
            ratios: vec![1.0, 1.7, 3.0],
            offset: 0.5,
            rounded: false,
        }
    }
}

impl Anchors {
    /// Anchors on each cell; as many on every level.
    pub fn per_cell(&self) -> usize {
        self.sizes.of_level(0).len() * self.ratios.len()
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
    /// What is minimised of the objects' corrections; default smooth-l1.
    pub box_loss: BoxLoss,
    /// The box loss is multiplied by it; default 1.
    pub box_loss_weight: f64,
    /// Where smooth-l1 turns from square to straight; default 1/9.
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
            box_loss: BoxLoss::SmoothL1,
            box_loss_weight: 1.0,
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
    /// Channels of 3x3 convolutions with ReLU on the pooled region, before the linear layers; default []: none.
    pub convolutions: Vec<usize>,
    /// Features of the hidden linear layers; default [128, 128].
    pub hidden: Vec<usize>,
    /// Normalisation after each convolution and hidden layer; default none.
    pub norm: Norm,
    /// Probability of zeroing a hidden feature while training; default 0.
    pub dropout: f64,
    /// A region with at least this IoU with a truth is an object; default 0.5.
    pub positive_iou: f64,
    /// Regions per image that the losses look at; default 16.
    pub sample: usize,
    /// At most this share of the sample is objects; default 0.5.
    pub positive_fraction: f64,
    /// Whether each class has corrections of its own; default class-specific.
    pub box_regression: BoxRegression,
    /// Scales of the corrections (dx, dy, dw, dh); default [10, 10, 5, 5].
    pub box_weights: [f64; 4],
    /// What is minimised of the objects' corrections; default smooth-l1.
    pub box_loss: BoxLoss,
    /// The box loss is multiplied by it; default 1. giou, which `box-weights` do not scale, wants more.
    pub box_loss_weight: f64,
    /// Where smooth-l1 turns from square to straight; default 1/9.
    pub smooth_l1_beta: f64,
}

impl Default for Roi {
    fn default() -> Self {
        Self {
            output: 5,
            sampling: 2,
            aligned: true,
            convolutions: Vec::new(),
            hidden: vec![128, 128],
            norm: Norm::None,
            dropout: 0.0,
            positive_iou: 0.5,
            sample: 16,
            positive_fraction: 0.5,
            box_regression: BoxRegression::ClassSpecific,
            box_weights: [10.0, 10.0, 5.0, 5.0],
            box_loss: BoxLoss::SmoothL1,
            box_loss_weight: 1.0,
            smooth_l1_beta: 1.0 / 9.0,
        }
    }
}

/// Normalisation inside the region head or the pyramid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Norm {
    /// None.
    #[default]
    None,
    /// Over the batch (all regions of all images of a step).
    Batch,
    /// Over groups of features of each region (or image) on its own.
    Group,
}

/// What the region head corrects: one box a class, or one box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxRegression {
    /// Four corrections for each class.
    #[default]
    ClassSpecific,
    /// Four corrections, whatever the class.
    ClassAgnostic,
}

impl BoxRegression {
    /// Boxes that the head predicts for a region, with K `classes` without background.
    pub fn boxes(self, classes: usize) -> usize {
        match self {
            // Background has a box too, unused: torchvision's weights have one.
            Self::ClassSpecific => classes.saturating_add(1),
            Self::ClassAgnostic => 1,
        }
    }
}

/// How far a predicted box is from the truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BoxLoss {
    /// Smooth L1 of the corrections (Girshick 2015).
    #[default]
    #[serde(rename = "smooth-l1")]
    SmoothL1,
    /// 1 - generalised IoU of the corrected box (Rezatofighi et al. 2019).
    Giou,
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
