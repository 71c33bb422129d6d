//! From the outputs of the heads to proposals and detections.

use kernels::box_coder::BoxCoder;
use kernels::boxes::Xyxy;
use nets::detector::Detection;
use nets::detector::postprocess::detect;
use nets::detector::proposals::{LevelOutput, ProposalLimits, propose};
use recipe::{Detections, Roi, Rpn};

use super::{Case, Golden, assert_near, flat};

fn case<'a>(golden: &'a Golden, name: &str) -> Case<'a> {
    golden
        .cases()
        .find(|case| case.name() == name)
        .expect("a case of this name")
}

#[test]
fn proposals() {
    let golden = Golden::load("postprocess");
    let case = case(&golden, "rpn");
    let rpn = Rpn {
        nms: case.get("nms_threshold"),
        pre_nms_test: case.get("pre_nms_top_n"),
        post_nms_test: case.get("post_nms_top_n"),
        min_side: case.get("min_size"),
        ..Rpn::default()
    };
    // Proposals of any score pass.
    assert_eq!(case.get::<f64>("score_threshold"), 0.0);
    let anchors = golden.boxes("rpn.anchors");
    let images: Vec<[usize; 2]> = case.get("image_sizes_hw");
    let logits = golden
        .floats("rpn.objectness_flat")
        .chunks_exact(anchors.len());
    let deltas = golden
        .floats("rpn.deltas_flat")
        .chunks_exact(4 * anchors.len());
    let decoded = golden
        .floats("rpn.decoded_proposals")
        .chunks_exact(4 * anchors.len());
    for (image, (((&size, logits), deltas), decoded)) in images
        .iter()
        .zip(logits)
        .zip(deltas)
        .zip(decoded)
        .enumerate()
    {
        let name = format!("image {image}");
        let one_class: Vec<Xyxy> = BoxCoder::PROPOSALS.decode_classes(deltas, 1, &anchors);
        assert_near(&name, &flat(&one_class), decoded);
        let level = LevelOutput {
            anchors: &anchors,
            logits,
            deltas,
        };
        let found = propose(&rpn, ProposalLimits::detection(&rpn), size, &[level]);
        let boxes: Vec<Xyxy> = found.iter().map(|p| p.bounds).collect();
        let scores: Vec<f32> = found.iter().map(|p| p.score).collect();
        assert_near(
            &name,
            &flat(&boxes),
            golden.floats(&format!("rpn.proposals_image{image}")),
        );
        assert_near(
            &name,
            &scores,
            golden.floats(&format!("rpn.scores_image{image}")),
        );
    }
}

#[test]
fn detections() {
    let golden = Golden::load("postprocess");
    let case = case(&golden, "roi");
    let roi = Roi {
        box_weights: case.get("weights"),
        ..Roi::default()
    };
    let options = Detections {
        score_threshold: case.get("score_threshold"),
        nms: case.get("nms_threshold"),
        per_image: case.get("detections_per_image"),
        min_side: case.get("min_size"),
    };
    let images: Vec<[usize; 2]> = case.get("image_sizes_hw");
    let [rows, columns] = golden.shape("roi.class_logits");
    let mut row = 0;
    for (image, &size) in images.iter().enumerate() {
        let proposals = golden.boxes(&format!("roi.proposals_image{image}"));
        let next = row + proposals.len();
        let found = detect(
            &options,
            &roi,
            columns - 1,
            &golden.floats("roi.class_logits")[row * columns..next * columns],
            &golden.floats("roi.box_regression")[row * columns * 4..next * columns * 4],
            &proposals,
            size,
        );
        compare_detections(&golden, "roi", image, &found);
        row = next;
    }
    assert_eq!(row, rows);
}

fn compare_detections(golden: &Golden, prefix: &str, image: usize, found: &[Detection]) {
    let name = format!("{prefix}, image {image}");
    let labels: Vec<usize> = found.iter().map(|d| d.class + 1).collect();
    assert_eq!(
        labels,
        golden.indices(&format!("{prefix}.labels_image{image}")),
        "{name}"
    );
    let scores: Vec<f32> = found.iter().map(|d| d.score).collect();
    assert_near(
        &name,
        &scores,
        golden.floats(&format!("{prefix}.scores_image{image}")),
    );
    let boxes: Vec<Xyxy> = found.iter().map(|d| d.bounds).collect();
    assert_near(
        &name,
        &flat(&boxes),
        golden.floats(&format!("{prefix}.boxes_image{image}")),
    );
}

#[test]
fn proposals_of_the_tiny_model_in_training() {
    let golden = Golden::load("tiny_faster_rcnn_all_samples");
    let anchors = Golden::load("anchors").boxes("torchvision_mnist28.anchors");
    let case = golden.cases().next().expect("a case");
    let limit = |key: &str| {
        case.get::<serde_json::Value>(key)["train"]
            .as_u64()
            .expect("a count") as usize
    };
    let rpn = Rpn {
        nms: case.get("rpn_nms"),
        pre_nms_train: limit("rpn_pre_nms_top_n"),
        post_nms_train: limit("rpn_post_nms_top_n"),
        ..Default::default()
    };
    let logits = golden
        .floats("rpn.objectness_flat")
        .chunks_exact(anchors.len());
    let deltas = golden
        .floats("rpn.deltas_flat")
        .chunks_exact(4 * anchors.len());
    for (image, (logits, deltas)) in logits.zip(deltas).enumerate() {
        let level = LevelOutput {
            anchors: &anchors,
            logits,
            deltas,
        };
        let found = propose(&rpn, ProposalLimits::training(&rpn), [28, 28], &[level]);
        let boxes: Vec<Xyxy> = found.iter().map(|p| p.bounds).collect();
        assert_near(
            "training",
            &flat(&boxes),
            golden.floats(&format!("rpn.proposals_image{image}")),
        );
    }
}
