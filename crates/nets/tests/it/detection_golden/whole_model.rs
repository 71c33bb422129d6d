//! A tiny Faster R-CNN of torchvision: its four losses, all gradients of its parameters, and its detections.

use burn::tensor::{Device, Tensor, TensorData};
use nets::batch::Batch;
use nets::detector::{FasterRcnn, Truth};
use nets::layers::Mode;
use nets::random::Purpose;
use nets::recipe::{Model, Recipe};
use nets::weights::{Weight, Weights, apply, gradients};

use super::{Golden, assert_close, assert_near, flat};

const IMAGES: usize = 3;
const TRAINING: Mode = Mode::Training { seed: 0, step: 0 };

/// Our names of torchvision's parameters.
const NAMES: [(&str, &str); 9] = [
    ("backbone.conv1", "backbone.0"),
    ("backbone.conv2", "backbone.3"),
    ("rpn.head.conv.0.0", "rpn.conv"),
    ("rpn.head.cls_logits", "rpn.cls_logits"),
    ("rpn.head.bbox_pred", "rpn.bbox_pred"),
    ("roi_heads.box_head.fc6", "box_head.hidden.0.linear"),
    ("roi_heads.box_head.fc7", "box_head.hidden.1.linear"),
    ("roi_heads.box_predictor.cls_score", "box_head.cls_score"),
    ("roi_heads.box_predictor.bbox_pred", "box_head.bbox_pred"),
];

fn recipe(sample: [usize; 2]) -> Recipe {
    let [anchors, regions] = sample;
    let text = format!(
        r#"
        [model]
        kind = "faster-rcnn"
        [model.backbone]
        layers = [
          {{ conv = 6, kernel = 3, padding = 1 }}, "relu", {{ max-pool = 2 }},
          {{ conv = 8, kernel = 3, padding = 1 }}, "relu", {{ max-pool = 2 }},
        ]
        [model.anchors]
        sizes = [12, 17]
        ratios = [1, 1.5, 3]
        rounded = true
        offset = 0
        [model.rpn]
        require-overlap = false
        sample = {anchors}
        pre-nms-train = 120
        post-nms-train = 40
        pre-nms-test = 60
        post-nms-test = 20
        [model.roi]
        output = 3
        aligned = false
        hidden = [16, 16]
        sample = {regions}
        positive-fraction = 0.25
        [model.detections]
        score-threshold = 0.02
        per-image = 10
        "#
    );
    Recipe::parse::<&str>(&text, "tiny", &[]).expect("a recipe")
}

fn model(golden: &Golden, sample: [usize; 2]) -> FasterRcnn {
    let recipe = recipe(sample);
    let Model::FasterRcnn(detector) = &recipe.model else {
        unreachable!("it is one")
    };
    let device = Device::flex().autodiff();
    let model = FasterRcnn::new(detector, [1, 28, 28], 10, 0, &device).expect("shapes that fit");
    let mut weights = Weights::new();
    for (theirs, ours) in NAMES {
        for part in ["weight", "bias"] {
            let key = format!("weights.{theirs}.{part}");
            let shape = golden.any_shape(&key).to_vec();
            let values = golden.floats(&key).to_vec();
            weights.insert(format!("{ours}.{part}"), Weight { shape, values });
        }
    }
    apply(model, &weights).expect("weights that fit")
}

fn images(golden: &Golden, device: &Device) -> Tensor<4> {
    let shape = golden.shape::<4>("images");
    let values = golden
        .floats("images")
        .iter()
        .map(|x| (x - 0.1307) / 0.3081)
        .collect();
    Tensor::from_data(TensorData::new::<f32, _>(values, shape), device)
}

fn batch(golden: &Golden) -> Batch {
    let truths = (0..IMAGES)
        .map(|image| {
            let labels = golden.indices(&format!("gt_labels_image{image}"));
            let boxes = golden.boxes(&format!("gt_boxes_image{image}"));
            labels
                .into_iter()
                .zip(boxes)
                .map(|(label, bounds)| Truth {
                    bounds,
                    class: label - 1,
                })
                .collect()
        })
        .collect();
    Batch {
        images: images(golden, &Device::flex().autodiff()),
        labels: vec![0; IMAGES],
        truths,
        indices: (0..IMAGES).collect(),
        epoch: 0,
    }
}

/// Draws what torchvision drew: recorded candidates get the smallest keys.
fn recorded(golden: &Golden, purpose: Purpose, image: usize) -> impl Fn(usize) -> u64 {
    let drawn = match purpose {
        Purpose::AnchorSample => [
            golden.indices(&format!("rpn.sampled_positive_image{image}")),
            golden.indices(&format!("rpn.sampled_negative_image{image}")),
        ]
        .concat(),
        _ => golden.indices(&format!("roi.sampled_index_image{image}")),
    };
    move |candidate| u64::from(!drawn.contains(&candidate))
}

fn losses_and_gradients(name: &str, sample: [usize; 2]) {
    let golden = Golden::load(name);
    let model = model(&golden, sample);
    let (losses, _) = model
        .stage_losses(&batch(&golden), 0.0, TRAINING, |purpose, image| {
            recorded(&golden, purpose, image)
        })
        .expect("good truths");
    for (loss, key) in [
        (&losses.objectness, "objectness"),
        (&losses.rpn_box, "rpn_box_reg"),
        (&losses.class, "classifier"),
        (&losses.roi_box, "box_reg"),
    ] {
        let value = loss.clone().into_scalar::<f32>();
        assert_close(key, &[value], golden.floats(&format!("loss.{key}")), 1e-5);
    }
    let total = losses.objectness + losses.rpn_box + losses.class + losses.roi_box;
    let found = gradients(&model, &mut total.backward());
    assert_eq!(
        found.len(),
        2 * NAMES.len(),
        "every parameter has a gradient"
    );
    for (theirs, ours) in NAMES {
        for part in ["weight", "bias"] {
            let key = format!("grad.{theirs}.{part}");
            let gradient = &found[&format!("{ours}.{part}")];
            assert_eq!(gradient.shape, golden.any_shape(&key), "{key}");
            // Twice the tolerance of a single operator: Winograd's rounding goes through two stages and the box
            // weights of 10 (worst seen: 1.23e-5, in bbox_pred.weight).
            assert_close(&key, &gradient.values, golden.floats(&key), 2e-5);
        }
    }
}

#[test]
fn all_samples() {
    losses_and_gradients("tiny_faster_rcnn_all_samples", [100_000, 100_000]);
}

#[test]
fn recorded_samples() {
    losses_and_gradients("tiny_faster_rcnn_sampled", [64, 16]);
}

#[test]
fn detections() {
    for name in ["tiny_faster_rcnn_all_samples", "tiny_faster_rcnn_sampled"] {
        let golden = Golden::load(name);
        let model = burn::module::Module::valid(&model(&golden, [64, 16]));
        let answers = model.predict(images(&golden, &Device::flex()));
        for (image, answer) in answers.iter().enumerate() {
            let labels: Vec<usize> = answer
                .detections
                .iter()
                .map(|found| found.class + 1)
                .collect();
            assert_eq!(
                labels,
                golden.indices(&format!("inference.labels_image{image}")),
                "{name}"
            );
            let scores: Vec<f32> = answer.detections.iter().map(|found| found.score).collect();
            let expected = golden.floats(&format!("inference.scores_image{image}"));
            assert_near(name, &scores, expected);
            let boxes: Vec<_> = answer.detections.iter().map(|found| found.bounds).collect();
            let expected = golden.floats(&format!("inference.boxes_image{image}"));
            assert_near(name, &flat(&boxes), expected);
        }
    }
}
