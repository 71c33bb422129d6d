//! Matching, and the targets of both heads with torchvision's own random draw put in.

use data::truth::Truth;
use nets::detector::matcher::{Match, Matcher};
use nets::detector::roi_targets::{RoiLabel, roi_targets};
use nets::detector::rpn_targets::rpn_targets;
use recipe::{Roi, Rpn};

use super::{Golden, assert_near, flat};

/// Images in the files of the tiny model: with one, two and no objects.
const IMAGES: usize = 3;

#[test]
fn matching() {
    let golden = Golden::load("matcher");
    for case in golden.cases().filter(|case| case.has("high")) {
        let name = case.name();
        let (source, _) = name.split_once('.').expect("quality.rule");
        let matcher = Matcher {
            positive: case.get("high"),
            negative: case.get("low"),
            low_quality: case.get("allow_low_quality_matches"),
            require_overlap: false,
        };
        let quality = format!("{source}.quality");
        let [_, candidates] = golden.shape(&quality);
        let matches = matcher.match_quality(golden.floats(&quality), candidates);
        let codes: Vec<i64> = matches
            .iter()
            .map(|m| match m {
                Match::Truth(truth) => *truth as i64,
                Match::Background => -1,
                Match::Ignored => -2,
            })
            .collect();
        assert_eq!(codes, golden.integers(name), "{name}");
    }
    let matches = |require_overlap| {
        let matcher = Matcher {
            positive: 0.7,
            negative: 0.3,
            low_quality: true,
            require_overlap,
        };
        matcher.match_boxes(
            &golden.boxes("random_iou.gt"),
            &golden.boxes("random_iou.anchors"),
        )
    };
    assert_eq!(
        matches(true),
        matches(false),
        "every truth overlaps an anchor here"
    );
}

fn truths(golden: &Golden, image: usize) -> Vec<Truth> {
    let boxes = golden.boxes(&format!("gt_boxes_image{image}"));
    let labels = golden.indices(&format!("gt_labels_image{image}"));
    boxes
        .iter()
        .zip(labels)
        .map(|(&bounds, label)| Truth {
            bounds,
            class: label - 1,
        })
        .collect()
}

#[test]
fn proposal_head_targets() {
    let golden = Golden::load("tiny_faster_rcnn_sampled");
    let anchors = Golden::load("anchors").boxes("torchvision_mnist28.anchors");
    for case in golden.cases() {
        let rpn = Rpn {
            positive_iou: case.get("rpn_fg_iou"),
            negative_iou: case.get("rpn_bg_iou"),
            require_overlap: false,
            sample: case.get("rpn_batch_size_per_image"),
            positive_fraction: case.get("rpn_positive_fraction"),
            ..Default::default()
        };
        for image in 0..IMAGES {
            let truths = truths(&golden, image);
            let boxes: Vec<_> = truths.iter().map(|t| t.bounds).collect();
            let labels: Vec<f32> = Matcher::of_anchors(&rpn)
                .match_boxes(&boxes, &anchors)
                .iter()
                .map(|m| match m {
                    Match::Truth(_) => 1.0,
                    Match::Background => 0.0,
                    Match::Ignored => -1.0,
                })
                .collect();
            assert_eq!(
                labels,
                golden.floats(&format!("rpn.anchor_labels_image{image}")),
                "image {image}"
            );

            let positive = golden.indices(&format!("rpn.sampled_positive_image{image}"));
            let negative = golden.indices(&format!("rpn.sampled_negative_image{image}"));
            let key = |i| u64::from(!positive.contains(&i) && !negative.contains(&i));
            let targets = rpn_targets(&rpn, image, &anchors, &truths, key).expect("good truths");
            let drawn: Vec<usize> = targets.positive.iter().map(|p| p.anchor).collect();
            assert_eq!(
                (drawn, targets.negative),
                (positive, negative),
                "image {image}"
            );
            let matched = golden.boxes(&format!("rpn.matched_gt_boxes_image{image}"));
            for p in &targets.positive {
                assert_eq!(
                    boxes[p.truth], matched[p.anchor],
                    "image {image}, anchor {}",
                    p.anchor
                );
            }
        }
    }
}

#[test]
fn box_head_targets() {
    for file in ["tiny_faster_rcnn_sampled", "tiny_faster_rcnn_all_samples"] {
        let golden = Golden::load(file);
        for case in golden.cases() {
            let roi = Roi {
                positive_iou: case.get("roi_fg_iou"),
                sample: case.get("roi_batch_size_per_image"),
                positive_fraction: case.get("roi_positive_fraction"),
                box_weights: case.get("bbox_reg_weights"),
                ..Roi::default()
            };
            for image in 0..IMAGES {
                let name = format!("{file}, image {image}");
                let drawn = golden.indices(&format!("roi.sampled_index_image{image}"));
                let proposals = golden.boxes(&format!("rpn.proposals_image{image}"));
                let key = |i| u64::from(!drawn.contains(&i));
                let targets = roi_targets(&roi, image, &proposals, &truths(&golden, image), key)
                    .expect("good truths");
                let boxes: Vec<_> = targets.iter().map(|t| t.bounds).collect();
                assert_eq!(
                    boxes,
                    golden.boxes(&format!("roi.sampled_boxes_image{image}")),
                    "{name}"
                );
                let columns: Vec<_> = targets.iter().map(|t| t.label.column()).collect();
                assert_eq!(
                    columns,
                    golden.indices(&format!("roi.sampled_labels_image{image}")),
                    "{name}"
                );
                let expected = golden.boxes(&format!("roi.regression_targets_image{image}"));
                for (target, expected) in targets.iter().zip(expected) {
                    if let RoiLabel::Object { deltas, .. } = target.label {
                        assert_near(&name, &deltas, &flat(&[expected]));
                    }
                }
            }
        }
    }
}
