//! Drafts of detectors: Faster R-CNN on one feature map, or on a pyramid where objects are of many sizes.

use super::boxes::{Shapes, fit, share_covered, sorted_ratios, sorted_sizes};
use super::survey::{BoxShape, Survey, SurveyedObjects, sorted_quantile};
use super::text::{channels, listed, percent};
use super::{Draft, Split};
use crate::AnchorShapes;

/// Longest and shortest side that the input's longer side may have, pixels, in steps of [`MULTIPLE`].
const SIDES: [usize; 2] = [320, 64];
/// Sides are multiples of this, so that they can be halved five times.
const MULTIPLE: usize = 32;
/// Nine in ten objects should have this size (the root of their area), pixels.
const LEAST_SIZE: f64 = 10.0;
/// A shortage of time may shrink them to this.
const SMALLEST_SIZE: f64 = 8.0;
/// Half of the objects should have this size: their class must be seen.
const TYPICAL_SIZE: f64 = 32.0;
/// From this size on a cell of 8 pixels is fine enough for the smallest objects.
const COARSE_SIZE: f64 = 24.0;
/// Objects whose sizes differ by more than this factor are found on several maps.
const PYRAMID_SPREAD: f64 = 4.0;
/// Pictures from which on a wider backbone may pay.
const WIDE_FROM: usize = 500;
/// Boxes that the search for anchors looks at.
const MOST_BOXES: usize = 4000;

pub fn drafts(
    survey: &Survey,
    objects: &SurveyedObjects,
    split: Split,
) -> impl Iterator<Item = Draft> {
    let step = objects.boxes.len().div_ceil(MOST_BOXES).max(1);
    let boxes: Vec<BoxShape> = objects.boxes.iter().step_by(step).copied().collect();
    // Sizes of objects, as a fraction of the picture's longer side.
    let mut sizes: Vec<f64> = boxes
        .iter()
        .map(|BoxShape { size, picture }| (size[0] * size[1]).sqrt() / picture[0].max(picture[1]))
        .collect();
    sizes.sort_by(f64::total_cmp);
    let small = sorted_quantile(&sizes, 0.1).max(1e-6);
    let typical = sorted_quantile(&sizes, 0.5).max(1e-6);
    let up = |side: f64| (side / MULTIPLE as f64).ceil() as usize * MULTIPLE;
    let own = up(survey.size[0].max(survey.size[1]) as f64);
    let [longest, shortest] = SIDES;
    let most = up((LEAST_SIZE / small).max(TYPICAL_SIZE / typical)).clamp(96, longest);
    let most = most.min(own).max(shortest);
    let least = up(SMALLEST_SIZE / small).clamp(shortest, most);
    let smaller = (least..most).step_by(MULTIPLE).collect::<Vec<_>>();
    let widest = (split.train >= WIDE_FROM).then_some((most, 24));
    let rungs = widest
        .into_iter()
        .chain([(most, 16)])
        .chain(smaller.into_iter().rev().map(|side| (side, 16)));
    let survey = survey.clone();
    let most_objects = objects.most_per_picture;
    rungs.map(move |rung| draft(&survey, &boxes, most_objects, split, rung))
}

fn draft(
    survey: &Survey,
    boxes: &[BoxShape],
    most_objects: usize,
    split: Split,
    (side, width): (usize, usize),
) -> Draft {
    let [height, across] = proportioned(side, survey.size);
    let shapes: Vec<[f64; 2]> = boxes
        .iter()
        .map(|BoxShape { size, picture }| {
            let scale = (height as f64 / picture[0]).min(across as f64 / picture[1]);
            size.map(|side| (side * scale).max(0.1))
        })
        .collect();
    let sizes = sorted_sizes(&shapes);
    let [small, large] = [0.1, 0.9].map(|share| sorted_quantile(&sizes, share));
    let spread = large / small;
    let fine = small < COARSE_SIZE;
    let (features, anchors) = if spread > PYRAMID_SPREAD {
        let strides = match (fine, large > 120.0) {
            (true, true) => vec![4, 8, 16, 32],
            (true, false) => vec![4, 8, 16],
            (false, _) => vec![8, 16, 32],
        };
        (
            pyramid(&strides, width),
            pyramid_anchors(&shapes, &sizes, strides.len()),
        )
    } else {
        let stride = if fine { 4 } else { 8 };
        let reason = format!(
            "# A cell of the map is {stride} pixels: the smallest objects have about {small:.0}. One map is enough, because\n\
             # sizes differ by less than a factor of {PYRAMID_SPREAD}."
        );
        (
            format!("{reason}\nlayers = [\n{}]\n", backbone(&[stride], width)),
            anchors(&shapes, spread),
        )
    };
    let proposals = (20 * most_objects).clamp(60, 300);
    Draft {
        input: [channels(survey), height, across],
        size_reason: format!(
            "Nine in ten objects are {small:.0} pixels or larger here, nine in ten {large:.0} or smaller (root of the area)."
        ),
        model: format!(
            "[model]\nkind = \"faster-rcnn\"\n\n[model.backbone]\n{features}\n{anchors}\n{}",
            heads(proposals, most_objects)
        ),
        wanted: (25_000 / split.train.max(1)).clamp(4, 40),
        training,
    }
}

/// `[height, width]` in multiples of 32 with this longer side and the proportions of `size`.
fn proportioned(side: usize, [height, width]: [usize; 2]) -> [usize; 2] {
    let longer = height.max(width).max(1) as f64;
    [height, width].map(|own| {
        let scaled = own as f64 / longer * side as f64;
        ((scaled / MULTIPLE as f64).round() as usize).max(1) * MULTIPLE
    })
}

/// Layers down to the last of these strides.
fn backbone(strides: &[usize], width: usize) -> String {
    let conv = |times: usize, before: &str, after: &str| {
        let channels = times * width;
        format!(
            "  {before}{{ conv = {channels}, kernel = 3, padding = 1, bias = false }}, {after}\"batch-norm\", \"relu\","
        )
    };
    let pool = "{ max-pool = 2 }, ";
    let mut lines = vec![
        conv(1, "", pool),
        conv(2, "", ""),
        conv(2, "", pool),
        conv(4, "", ""),
        conv(4, "", "") + "  # stride 4",
    ];
    let last = strides.last().copied().unwrap_or(4);
    for (stride, times) in [(8, 6), (16, 8), (32, 8)] {
        if stride > last {
            break;
        }
        lines.push(conv(times, pool, ""));
        lines.push(conv(times, "", "") + &format!("  # stride {stride}"));
    }
    lines.join("\n") + "\n"
}

fn pyramid(strides: &[usize], width: usize) -> String {
    let strides_listed = strides
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "layers = [\n{}]\n\n[model.pyramid]\n\
         # Sizes differ by more than a factor of {PYRAMID_SPREAD}: small objects are found on fine maps, large ones on coarse maps.\n\
         strides = [{strides_listed}]\nchannels = 64\nnorm = \"batch\"\n\
         # An object of 56 pixels is read from the map of stride 2^3, 7 cells wide.\n\
         canonical-size = 56\ncanonical-level = 3\n",
        backbone(strides, width),
    )
}

/// Up to three ratios where shapes differ.
fn ratio_count(shapes: &Shapes) -> usize {
    let ratios = sorted_ratios(shapes);
    match sorted_quantile(&ratios, 0.9) / sorted_quantile(&ratios, 0.1) {
        spread if spread < 1.3 => 1,
        spread if spread < 1.8 => 2,
        _ => 3,
    }
}

fn anchors(shapes: &Shapes, spread: f64) -> String {
    let sizes = match spread {
        spread if spread < 1.4 => 1,
        spread if spread < 2.2 => 2,
        _ => 3,
    };
    let found = fit(shapes, [sizes, ratio_count(shapes)]);
    format!(
        "{}sizes = [{}]\nratios = [{}]\n",
        anchors_reason(shapes, &found),
        listed(&found.sizes),
        listed(&found.ratios)
    )
}

fn anchors_reason(shapes: &Shapes, anchors: &AnchorShapes) -> String {
    format!(
        "[model.anchors]\n# Chosen from the boxes: {} of them have an anchor of IoU 0.5 or more, if laid on one another.\n\
         # `atelier data anchors` says how they fit where they lie.\n",
        percent(share_covered(shapes, anchors))
    )
}

/// Sizes at equal factors, because the maps' cells grow by equal factors too.
fn pyramid_anchors(shapes: &Shapes, sizes: &[f64], levels: usize) -> String {
    let [least, most] = [0.05, 0.95].map(|share| sorted_quantile(sizes, share));
    let factor = |count: usize| (most / least).powf(1.0 / (count - 1) as f64);
    let per_level = if factor(2 * levels) > 1.8 { 3 } else { 2 };
    let count = per_level * levels;
    let factor = factor(count);
    let size = |index: usize| least * factor.powi(index as i32);
    let anchors = AnchorShapes {
        sizes: (0..count).map(size).collect(),
        ratios: fit(shapes, [3, ratio_count(shapes)]).ratios,
    }
    .rounded();
    let lists: Vec<String> = anchors
        .sizes
        .chunks(per_level)
        .map(|list| format!("[{}]", listed(list)))
        .collect();
    format!(
        "{}sizes = [{}]\nratios = [{}]\n",
        anchors_reason(shapes, &anchors),
        lists.join(", "),
        listed(&anchors.ratios)
    )
}

/// The proposals, the region head and the detections, as in recipe scenes-faster-rcnn.
fn heads(proposals: usize, most_objects: usize) -> String {
    let detections = (3 * most_objects).clamp(10, 300);
    format!(
        "[model.rpn]\nnms = 0.8\nsample = 128\npre-nms-train = 1000\npost-nms-train = 300\npre-nms-test = 500\n\
         # A picture shows {most_objects} at most.\npost-nms-test = {proposals}\n\n\
         [model.roi]\nhidden = [256, 256]\nnorm = \"batch\"\n\
         # Whatever its class, a region teaches the same four corrections.\n\
         box-regression = \"class-agnostic\"\nbox-loss-weight = 2\nsample = 64\n\n\
         [model.detections]\nscore-threshold = 0.01\n# Three times as many as a picture shows.\nper-image = {detections}\n"
    )
}

fn training(_split: &Split, batch: usize) -> String {
    // Half of what recipe scenes-faster-rcnn uses: pictures vary more than its scenes.
    let rate = if batch >= 16 { 0.02 } else { 0.01 };
    format!(
        "# Better than Adam for detectors that start from nothing.\n\
         optimizer = {{ name = \"muon\", learning-rate = {rate}, adam-learning-rate = {} }}\n\
         schedule = {{ name = \"one-cycle\", peak = {rate}, rise = 0.1, start-division = 10 }}\nclip-norm = 10\n",
        rate / 10.0
    )
}
