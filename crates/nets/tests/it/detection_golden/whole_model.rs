//! A tiny Faster R-CNN of torchvision: its four losses, all gradients of its parameters, and its detections.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use data::random::Purpose;
use nets::batch::Batch;
use nets::detector::{FasterRcnn, Truth};
use nets::exchange;
use nets::layers::Mode;
use nets::network::Network;
use nets::weights::{Weight, Weights, apply, gradients};
use recipe::Recipe;

use super::{Golden, assert_close, assert_near, flat};

const IMAGES: usize = 3;
const TRAINING: Mode = Mode::Training {
    seed: 0,
    step: 0,
    first: 0,
};

/// The golden network's backbone has names of its own; ours is an `nn.Sequential`.
const BACKBONE: [(&str, &str); 2] = [("conv1", "0"), ("conv2", "3")];

/// The golden file's tensors `prefix.NAME`, by the names that a torchvision model with an `nn.Sequential` has.
fn tensors(golden: &Golden, prefix: &str) -> Weights {
    let names = golden.names().filter_map(|key| {
        let mut name = key.strip_prefix(prefix)?.to_string();
        for (theirs, number) in BACKBONE {
            name = name.replace(
                &format!("backbone.{theirs}."),
                &format!("backbone.{number}."),
            );
        }
        Some((key, name))
    });
    let tensor = |key: &str| Weight {
        shape: golden.any_shape(key).to_vec(),
        values: golden.floats(key).to_vec(),
    };
    names.map(|(key, name)| (name, tensor(key))).collect()
}

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

/// The network with its initial weights.
fn fresh(sample: [usize; 2]) -> Network {
    let device = Device::flex().autodiff();
    Network::new(&recipe(sample), [1, 28, 28], 10, &device).expect("shapes that fit")
}

fn detector(network: Network) -> FasterRcnn {
    match network {
        Network::FasterRcnn(detector) => detector,
        Network::Cnn(_) => unreachable!("it is a detector"),
    }
}

/// The golden network, its weights taken over from torchvision's.
fn model(golden: &Golden, sample: [usize; 2]) -> FasterRcnn {
    let network = fresh(sample);
    let weights = exchange::fit(Path::new("golden"), tensors(golden, "weights."), &network)
        .expect("weights that fit");
    detector(apply(network, &weights).expect("weights that fit"))
}

/// The same network after its weights went out to a file and came back into a fresh network.
fn exchanged(model: FasterRcnn, sample: [usize; 2]) -> FasterRcnn {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tiny.safetensors");
    let about = exchange::About {
        classes: Vec::new(),
        input: [1, 28, 28],
        recipe: String::new(),
    };
    exchange::export(&path, &Network::FasterRcnn(model), 0, &about).expect("written");
    let network = fresh(sample);
    let weights = exchange::read(&path).expect("read");
    let weights = exchange::fit(&path, weights, &network).expect("weights that fit");
    detector(apply(network, &weights).expect("weights that fit"))
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
        resized: Vec::new(),
        images: images(golden, &Device::flex().autodiff()),
        labels: vec![Some(0); IMAGES],
        truths,
        indices: (0..IMAGES).collect(),
        epoch: 0,
        mixed: None,
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
    agrees(&golden, &model);
    agrees(&golden, &exchanged(model, sample));
}

/// Holds losses and gradients against torchvision's.
fn agrees(golden: &Golden, model: &FasterRcnn) {
    let (losses, _) = model
        .stage_losses(&batch(golden), 0.0, TRAINING, |purpose, image| {
            recorded(golden, purpose, image)
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
    let found = gradients(model, &mut total.backward());
    let expected = tensors(golden, "grad.");
    assert_eq!(
        found.len(),
        expected.len(),
        "every parameter has a gradient"
    );
    for (ours, gradient) in found {
        let name = exchange::pytorch_name(&ours);
        let expected = &expected[&name];
        assert_eq!(gradient.shape, expected.shape, "{name}");
        // Twice the tolerance of a single operator: Winograd's rounding goes through two stages and the box
        // weights of 10 (worst seen: 1.23e-5, in bbox_pred.weight).
        assert_close(&name, &gradient.values, &expected.values, 2e-5);
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
        let model = model(&golden, [64, 16]);
        let answers =
            burn::module::Module::valid(&model).predict(images(&golden, &Device::flex()), &[]);
        let model = burn::module::Module::valid(&exchanged(model, [64, 16]));
        let after = model.predict(images(&golden, &Device::flex()), &[]);
        assert_eq!(answers, after, "{name} after export and import");
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
