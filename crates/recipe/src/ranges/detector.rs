//! The same for the sections of a detector.

use super::{
    MOST_PIXELS, at_least_1, below_1, count, fraction, layers, need, not_negative, positive,
    positive_fraction,
};
use crate::problem::Problem;
use crate::{AnchorSizes, Anchors, Detections, FasterRcnn, Pyramid, Roi, Rpn};

/// The first value of a detector's sections that is out of range.
pub(super) fn check(detector: &FasterRcnn) -> Result<(), Problem> {
    let FasterRcnn {
        backbone,
        pyramid,
        anchors,
        rpn,
        roi,
        detections,
    } = detector;
    layers("model.backbone.layers", &backbone.layers)?;
    let levels = match pyramid {
        Some(pyramid) => check_pyramid(pyramid)?,
        None => 1,
    };
    check_anchors(anchors, levels)?;
    check_rpn(rpn)?;
    check_roi(roi)?;
    let Detections {
        score_threshold,
        nms,
        per_image,
        min_side,
    } = *detections;
    fraction("model.detections.score-threshold", score_threshold)?;
    fraction("model.detections.nms", nms)?;
    at_least_1("model.detections.per-image", per_image)?;
    not_negative("model.detections.min-side", min_side)
}

/// The number of its levels.
fn check_pyramid(pyramid: &Pyramid) -> Result<usize, Problem> {
    let key = |name: &str| format!("model.pyramid.{name}");
    let strides = &pyramid.strides;
    let list = format!("{strides:?}");
    need(
        !strides.is_empty() && strides.is_sorted_by(|a, b| a < b),
        &key("strides"),
        "a list of at least one stride, ascending",
        &list,
    )?;
    for (index, stride) in strides.iter().enumerate() {
        need(
            stride.is_power_of_two() && *stride <= MOST_PIXELS,
            &format!("{}[{index}]", key("strides")),
            &format!("a power of 2, at most {MOST_PIXELS}"),
            stride,
        )?;
    }
    // Regions go to the level of their size, which counts strides in steps of two.
    need(
        strides.windows(2).all(|pair| pair[1] == 2 * pair[0]),
        &key("strides"),
        "each twice the one before",
        &list,
    )?;
    count(&key("channels"), pyramid.channels)?;
    positive(&key("canonical-size"), pyramid.canonical_size)?;
    need(
        pyramid.canonical_level <= 16,
        &key("canonical-level"),
        "at most 16",
        pyramid.canonical_level,
    )?;
    Ok(strides.len() + usize::from(pyramid.extra_level))
}

fn check_anchors(anchors: &Anchors, levels: usize) -> Result<(), Problem> {
    let key = |name: &str| format!("model.anchors.{name}");
    match &anchors.sizes {
        AnchorSizes::Shared(sizes) => numbers(&key("sizes"), sizes)?,
        AnchorSizes::PerLevel(lists) => {
            need(
                lists.len() == levels,
                &key("sizes"),
                &format!("one list of numbers, or {levels} lists, one for each level"),
                format!("{} lists", lists.len()),
            )?;
            for (index, sizes) in lists.iter().enumerate() {
                let key = format!("{}[{index}]", key("sizes"));
                numbers(&key, sizes)?;
                need(
                    sizes.len() == lists[0].len(),
                    &key,
                    "as long as the first level's, for all levels share one proposal head",
                    sizes.len(),
                )?;
            }
        }
    }
    numbers(&key("ratios"), &anchors.ratios)?;
    fraction(&key("offset"), anchors.offset)
}

fn numbers(key: &str, values: &[f64]) -> Result<(), Problem> {
    need(
        !values.is_empty(),
        key,
        "a list of at least one number",
        "none",
    )?;
    for (index, value) in values.iter().enumerate() {
        positive(&format!("{key}[{index}]"), *value)?;
    }
    Ok(())
}

fn check_rpn(rpn: &Rpn) -> Result<(), Problem> {
    let key = |name: &str| format!("model.rpn.{name}");
    if let Some(channels) = rpn.channels {
        count(&key("channels"), channels)?;
    }
    fraction(&key("positive-iou"), rpn.positive_iou)?;
    fraction(&key("negative-iou"), rpn.negative_iou)?;
    need(
        rpn.negative_iou <= rpn.positive_iou,
        &key("negative-iou"),
        &format!("at most positive-iou, {}", rpn.positive_iou),
        rpn.negative_iou,
    )?;
    positive_fraction(&key("positive-fraction"), rpn.positive_fraction)?;
    fraction(&key("nms"), rpn.nms)?;
    for (name, value) in [
        ("sample", rpn.sample),
        ("pre-nms-train", rpn.pre_nms_train),
        ("post-nms-train", rpn.post_nms_train),
        ("pre-nms-test", rpn.pre_nms_test),
        ("post-nms-test", rpn.post_nms_test),
    ] {
        at_least_1(&key(name), value)?;
    }
    not_negative(&key("min-side"), rpn.min_side)?;
    not_negative(&key("box-loss-weight"), rpn.box_loss_weight)?;
    not_negative(&key("smooth-l1-beta"), rpn.smooth_l1_beta)
}

fn check_roi(roi: &Roi) -> Result<(), Problem> {
    let key = |name: &str| format!("model.roi.{name}");
    let grid = |name: &str, value: usize| {
        need((1..=64).contains(&value), &key(name), "from 1 to 64", value)
    };
    grid("output", roi.output)?;
    grid("sampling", roi.sampling)?;
    for (index, channels) in roi.convolutions.iter().enumerate() {
        count(&format!("model.roi.convolutions[{index}]"), *channels)?;
    }
    for (index, features) in roi.hidden.iter().enumerate() {
        count(&format!("model.roi.hidden[{index}]"), *features)?;
    }
    below_1(&key("dropout"), roi.dropout)?;
    fraction(&key("positive-iou"), roi.positive_iou)?;
    at_least_1(&key("sample"), roi.sample)?;
    positive_fraction(&key("positive-fraction"), roi.positive_fraction)?;
    for (index, weight) in roi.box_weights.iter().enumerate() {
        positive(&format!("model.roi.box-weights[{index}]"), *weight)?;
    }
    not_negative(&key("box-loss-weight"), roi.box_loss_weight)?;
    not_negative(&key("smooth-l1-beta"), roi.smooth_l1_beta)
}
