//! The sections of a Faster R-CNN: backbone, pyramid, anchors, proposals, regions, detections.
//!
//! Box sides and sizes are in pixels of the image; IoU is intersection over union, 0 to 1. The defaults suit one digit on
//! 28 x 28 pixels.

use super::anchor_sizes::AnchorSizes;
use super::backbone::Backbone;
use super::freeze::end_of;
use super::layer;
use super::options::{
    Check, Checked, MOST_PIXELS, at, below_1, count, each, filled, fraction, given, need,
    not_negative, options, positive, positive_fraction, section, within,
};
use super::problem::{Problem, Segment};
use serde::{Deserialize, Deserializer, Serialize};

/// Faster R-CNN (Ren et al. 2015) in its modern, jointly trained form, with one feature map or a pyramid of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FasterRcnn {
    /// Layers from the image to the feature map: a table with `layers`, or the name of a known network.
    pub backbone: Backbone,
    /// Feature pyramid over several maps of the backbone; default "none": its last map alone.
    #[serde(default, with = "super::value::optional")]
    pub pyramid: Option<Pyramid>,
    /// Reference boxes centred on every cell of the feature map.
    #[serde(default)]
    pub anchors: Anchors,
    /// Region proposal network: which anchors hold an object, and where exactly.
    #[serde(default)]
    pub rpn: Rpn,
    /// The head that classifies each proposed region and refines its box.
    #[serde(default)]
    pub roi: Roi,
    /// How detections are chosen from the head's outputs.
    #[serde(default)]
    pub detections: Detections,
}

impl Check for FasterRcnn {
    fn check(&self) -> Checked {
        at(
            "backbone",
            at("layers", layer::check_all(&self.backbone.layers)),
        )?;
        at("pyramid", given(section)(&self.pyramid))?;
        at("pyramid", at("from", self.named_maps().map(|_| ())))?;
        let levels = self.pyramid.as_ref().map_or(1, Pyramid::levels);
        at(
            "anchors",
            at("sizes", check_sizes(&self.anchors.sizes, levels)),
        )?;
        at("anchors", self.anchors.check())?;
        at("rpn", self.rpn.check())?;
        at("roi", self.roi.check())?;
        at("detections", self.detections.check())
    }
}

impl FasterRcnn {
    /// How many layers of the backbone give each map that the pyramid names; empty where strides choose them.
    fn named_maps(&self) -> Result<Vec<usize>, Problem> {
        let names = self.pyramid.iter().flat_map(|pyramid| &pyramid.from);
        let mut ends: Vec<usize> = Vec::new();
        for (index, name) in names.enumerate() {
            let here = |problem: Problem| problem.inside(Segment::Index(index));
            let end = end_of(&self.backbone.layers, name).map_err(here)?;
            if ends.last().is_some_and(|before| *before >= end) {
                let what = format!("`{name}` does not come after the one before it");
                let help = "name the maps in the order of the layers, finest first";
                return Err(here(Problem::here(what).with_help(help)));
            }
            ends.push(end);
        }
        Ok(ends)
    }

    /// The same, of a checked recipe.
    pub(super) fn map_ends(&self) -> Vec<usize> {
        self.named_maps().unwrap_or_default()
    }
}

options! {
    /// Feature pyramid network (Lin et al. 2017): small objects are found on fine maps, large ones on coarse maps.
    pub struct Pyramid {
        /// The maps of the backbone to start from, finest first, each given by the pixels from one cell to the next
        /// (powers of 2). Of several maps with the same stride the last is taken.
        strides: Vec<usize> = vec![4, 8, 16], ascending_strides;
        /// The same maps by name instead of by `strides`, which then count for nothing: the output of "stage-2", of
        /// "layers\[15\]", or of the whole "backbone". Two of them may have the same stride.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        from: Vec<String> = Vec::new();
        /// Channels of every level.
        channels: usize = 64, count;
        /// Normalisation after each of its convolutions.
        norm: Norm = Norm::None;
        /// Whether proposals also come from a still coarser level, every second cell of the last.
        extra_level: bool = false;
        /// Pixels: a region whose area is the square of this is read from the level with stride 2 to the power of
        /// `canonical-level`, a region with half the side from the next finer one.
        canonical_size: f64 = 224.0, positive;
        /// See `canonical-size`; 4 means stride 16.
        canonical_level: u32 = 4, within(..=16);
    }
}

impl Pyramid {
    fn levels(&self) -> usize {
        let maps = match self.from.len() {
            0 => self.strides.len(),
            named => named,
        };
        maps + usize::from(self.extra_level)
    }
}

fn ascending_strides(strides: &Vec<usize>) -> Checked {
    let list = format!("{strides:?}");
    let holds = !strides.is_empty() && strides.is_sorted_by(|a, b| a < b);
    need(holds, "a list of at least one stride, ascending", &list)?;
    let rule = format!("a power of 2, at most {MOST_PIXELS}");
    let stride = |stride: &usize| {
        let holds = stride.is_power_of_two() && *stride <= MOST_PIXELS;
        need(holds, &rule, stride)
    };
    each(stride)(strides)?;
    // The level of a region is the logarithm of its size, so strides double from level to level.
    let doubled = strides.windows(2).all(|pair| pair[1] == 2 * pair[0]);
    need(doubled, "each twice the one before", &list)
}

options! {
    /// Reference boxes: every size at every ratio on every cell.
    pub struct Anchors {
        /// Square roots of the boxes' areas, in pixels. With a pyramid: one list for all levels, or a list of lists of
        /// equal length, one per level.
        sizes: AnchorSizes = AnchorSizes::Shared(vec![12.0, 17.0]);
        /// Height divided by width.
        ratios: Vec<f64> = vec![1.0, 1.7, 3.0], anchor_numbers;
        /// Where in its cell an anchor is centred: 0 is the corner, 0.5 the middle.
        offset: f64 = 0.5, fraction;
        /// Whether corners are rounded to whole pixels, halves to even, as torchvision does; coarse for small objects.
        rounded: bool = false;
        /// Pixels between neighbouring anchors of a level.
        #[serde(skip_serializing_if = "is_default")]
        spacing: Spacing = Spacing::Stride;
    }
}

/// Pixels between neighbouring anchors of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// The stride of the map.
    #[default]
    Stride,
    /// The image's side divided by the map's and rounded down, as in torchvision. It differs where the last cell of a map
    /// reaches beyond the image: 800 pixels in 13 cells are 61 apart, although the map's stride is 64.
    Divided,
}

/// Left out of a recipe that is written back: recipes from before such a key keep their digest.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// See [`is_default`], for a number whose default is not 0.
fn is_one(value: &usize) -> bool {
    *value == 1
}

impl Anchors {
    /// Anchors on each cell, the same number on every level.
    pub fn per_cell(&self) -> usize {
        self.sizes
            .of_level(0)
            .len()
            .saturating_mul(self.ratios.len())
    }
}

fn anchor_numbers(values: &Vec<f64>) -> Checked {
    filled("number", values)?;
    each(|value: &f64| {
        positive(value)?;
        within(1e-6..=1e6)(value)
    })(values)
}

fn check_sizes(sizes: &AnchorSizes, levels: usize) -> Checked {
    let lists = match sizes {
        AnchorSizes::Shared(sizes) => return anchor_numbers(sizes),
        AnchorSizes::PerLevel(lists) => lists,
    };
    let rule = format!("one list of numbers, or {levels} lists, one for each level");
    need(
        lists.len() == levels,
        &rule,
        format!("{} lists", lists.len()),
    )?;
    for (index, sizes) in lists.iter().enumerate() {
        let rule = "as long as the first level's, because all levels share one proposal head";
        anchor_numbers(sizes)
            .and_then(|()| need(sizes.len() == lists[0].len(), rule, sizes.len()))
            .map_err(|problem| problem.inside(Segment::Index(index)))?;
    }
    Ok(())
}

options! {
    /// Region proposal network.
    pub struct Rpn {
        /// Channels of its hidden 3x3 convolution; "none": as many as the feature map has.
        #[serde(with = "super::value::optional")]
        channels: Option<usize> = None, given(count);
        /// Hidden 3x3 convolutions, one after the other.
        #[serde(skip_serializing_if = "is_one")]
        convolutions: usize = 1, within(1..=16);
        /// An anchor with at least this IoU with an object stands for it.
        positive_iou: f64 = 0.7, fraction;
        /// An anchor with less than this IoU with every object is background; in between it is ignored.
        negative_iou: f64 = 0.3, fraction;
        /// Whether each object's best anchors stand for it even below `positive-iou`.
        low_quality: bool = true;
        /// Whether an object's best anchor must overlap it at all. With false, as in torchvision, every anchor stands
        /// for an object as soon as some object touches no anchor.
        require_overlap: bool = true;
        /// Anchors per image that count in the losses.
        sample: usize = 64, count;
        /// At most this share of the sample stands for objects.
        positive_fraction: f64 = 0.5, positive_fraction;
        /// Proposals with more than this IoU with a better one of their level are dropped.
        nms: f64 = 0.7, fraction;
        /// Best anchors of each level that enter non-maximum suppression (NMS) during training.
        pre_nms_train: usize = 294, count;
        /// Proposals per image that remain after NMS during training, best first over all levels.
        post_nms_train: usize = 64, count;
        /// Best anchors of each level that enter NMS during detection.
        pre_nms_test: usize = 100, count;
        /// Proposals per image that remain after NMS during detection.
        post_nms_test: usize = 16, count;
        /// Pixels: proposals with a shorter side are dropped.
        min_side: f64 = 1e-3, not_negative;
        /// Anchors whose probability of an object is below this are dropped.
        #[serde(skip_serializing_if = "is_default")]
        score_threshold: f64 = 0.0, fraction;
        /// The loss of the box corrections.
        box_loss: BoxLoss = BoxLoss::SmoothL1;
        /// The box loss is multiplied by this.
        box_loss_weight: f64 = 1.0, not_negative;
        /// Where smooth L1 changes from square to linear; 0 is L1.
        smooth_l1_beta: f64 = 1.0 / 9.0, not_negative;
    }
    also |rpn: &Rpn| {
        ordered_ious(rpn).and_then(|()| draws_objects(rpn.sample, rpn.positive_fraction))
    };
}

/// At least one candidate that stands for an object can be drawn: without any, no box is learned.
fn draws_objects(sample: usize, share: f64) -> Checked {
    let rule = format!(
        "at least 1 / sample, {}: no object would be drawn",
        1.0 / sample as f64
    );
    let holds = (sample as f64 * share) as usize >= 1;
    at("positive-fraction", need(holds, &rule, share))
}

fn ordered_ious(rpn: &Rpn) -> Checked {
    let rule = format!("at most positive-iou, {}", rpn.positive_iou);
    let holds = rpn.negative_iou <= rpn.positive_iou;
    at("negative-iou", need(holds, &rule, rpn.negative_iou))
}

options! {
    /// Region head: RoIAlign, hidden layers, then class scores and box corrections.
    pub struct Roi {
        /// Side of the grid that RoIAlign reads from a region; 5 means 5 x 5.
        output: usize = 5, within(1..=64);
        /// Samples per side of each grid cell; 2 means four per cell.
        sampling: usize = 2, within(1..=64);
        /// Whether pixel centres lie at half coordinates, which is more exact.
        aligned: bool = true;
        /// Channels of 3x3 convolutions with ReLU on the pooled region, before the linear layers.
        convolutions: Vec<usize> = Vec::new(), each(count);
        /// Features of the hidden linear layers.
        hidden: Vec<usize> = vec![128, 128], each(count);
        /// Normalisation after each convolution and hidden layer.
        norm: Norm = Norm::None;
        /// Normalisation after each hidden layer where it is another than `norm`.
        #[serde(deserialize_with = "stated_norm", skip_serializing_if = "Option::is_none")]
        hidden_norm: Option<Norm> = None;
        /// Probability of setting a hidden feature to zero during training.
        dropout: f64 = 0.0, below_1;
        /// A region with at least this IoU with an object stands for it.
        positive_iou: f64 = 0.5, fraction;
        /// Regions per image that count in the losses.
        sample: usize = 16, count;
        /// At most this share of the sample stands for objects.
        positive_fraction: f64 = 0.5, positive_fraction;
        /// Whether each class has box corrections of its own.
        box_regression: BoxRegression = BoxRegression::ClassSpecific;
        /// Scales of the corrections (dx, dy, dw, dh).
        box_weights: [f64; 4] = [10.0, 10.0, 5.0, 5.0], each(positive);
        /// The loss of the box corrections.
        box_loss: BoxLoss = BoxLoss::SmoothL1;
        /// The box loss is multiplied by this. giou, which `box-weights` do not scale, needs more.
        box_loss_weight: f64 = 1.0, not_negative;
        /// Where smooth L1 changes from square to linear; 0 is L1.
        smooth_l1_beta: f64 = 1.0 / 9.0, not_negative;
    }
    also |roi: &Roi| draws_objects(roi.sample, roi.positive_fraction);
}

impl Roi {
    /// The normalisation after each hidden linear layer.
    pub fn norm_of_hidden(&self) -> Norm {
        self.hidden_norm.unwrap_or(self.norm)
    }
}

/// "none" is a norm here, not a key that is left out.
fn stated_norm<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Norm>, D::Error> {
    Norm::deserialize(deserializer).map(Some)
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
    /// Over groups of features of each region (or image) separately.
    Group,
}

/// The most groups, at most 32 (Wu & He's default), that divide the channels.
pub fn group_count(channels: usize) -> usize {
    let fits = |count: &usize| channels.is_multiple_of(*count);
    (1..=32).rev().find(fits).unwrap_or(1)
}

/// What the region head corrects: one box per class, or one box.
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
            // Background has a box too, unused, as in torchvision's weights.
            Self::ClassSpecific => classes.saturating_add(1),
            Self::ClassAgnostic => 1,
        }
    }
}

/// How far a predicted box is from the annotated one.
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

options! {
    /// From the head's outputs to the detections of an image.
    pub struct Detections {
        /// Detections with at most this probability are dropped. The default keeps all: with one digit per image the
        /// best detection is the prediction, however low its score.
        score_threshold: f64 = 0.0, fraction;
        /// Detections with more than this IoU with a better one of the same class are dropped.
        nms: f64 = 0.5, fraction;
        /// At most this many detections per image, the best of all classes.
        per_image: usize = 5, count;
        /// Pixels: detections with a shorter side are dropped.
        min_side: f64 = 1e-2, not_negative;
    }
}
