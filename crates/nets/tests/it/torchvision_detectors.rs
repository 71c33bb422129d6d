//! torchvision's detectors from their state dicts: what they find in photographs, and one training step.
//!
//! `golden/weights/generate_torchvision_detectors.py` says how the weights are made.

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use data::Dataset;
use data::preparation::Preparation;
use nets::batch::Batch;
use nets::device::Computer;
use nets::exchange;
use nets::layers::Mode;
use nets::network::Network;
use nets::onnx::{self, OnnxOptions};
use nets::prediction::Prediction;
use nets::run::Trained;
use nets::weights::{Weights, apply, gradients};
use recipe::{InputSize, Model, Recipe};

use super::torchvision::{assert_gradients, made};

const PHOTOGRAPHS: [&str; 3] = ["cat", "coffee", "astronaut"];
const CLASSES: usize = 90;
/// More than any number of candidates: all count, and nothing is drawn.
const ALL: &str = "1048576";

const V2: [&str; 4] = [
    "model.backbone.epsilon=1e-5",
    "model.pyramid.norm=\"batch\"",
    "model.rpn.convolutions=2",
    "model.roi={output = 7, aligned = false, convolutions = [256, 256, 256, 256], hidden = [1024], norm = \"batch\", \
     hidden-norm = \"none\", positive-fraction = 0.25}",
];

/// A model of torchvision and the recipe that says the same.
struct Case {
    theirs: &'static str,
    recipe: &'static str,
    sets: &'static [&'static str],
}

const CASES: [Case; 4] = [
    Case {
        theirs: "fasterrcnn_resnet50_fpn",
        recipe: "resnet-50-fpn",
        sets: &[],
    },
    Case {
        theirs: "fasterrcnn_resnet50_fpn_v2",
        recipe: "resnet-50-fpn",
        sets: &V2,
    },
    Case {
        theirs: "fasterrcnn_mobilenet_v3_large_fpn",
        recipe: "mobilenet-fpn",
        sets: &["model.rpn.pre-nms-test=1000"],
    },
    Case {
        theirs: "fasterrcnn_mobilenet_v3_large_320_fpn",
        recipe: "mobilenet-fpn",
        sets: &["data.image.size={shorter = 136, longest = 248}"],
    },
];

fn golden_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/weights/torchvision_detectors.safetensors")
}

fn golden() -> Weights {
    exchange::read(&golden_path()).expect("read")
}

impl Case {
    fn recipe(&self, golden: &Weights) -> Recipe {
        let mut sets: Vec<String> = Vec::new();
        if !self.theirs.contains("320") {
            sets.push("data.image.size={shorter = 176, longest = 272}".to_string());
            sets.push("model.rpn.post-nms-test=100".to_string());
        }
        let threshold = golden[&format!("{}.threshold", self.theirs)].values[0];
        sets.push(format!("model.detections.score-threshold={threshold}"));
        sets.extend(self.sets.iter().map(|set| set.to_string()));
        for set in [
            "training.freeze=[]",
            "model.rpn.post-nms-train=100",
            &format!("model.rpn.sample={ALL}"),
            &format!("model.roi.sample={ALL}"),
            "model.rpn.require-overlap=false",
        ] {
            sets.push(set.to_string());
        }
        Recipe::load(self.recipe, &sets).unwrap_or_else(|error| panic!("{}: {error}", self.theirs))
    }

    /// The state dict that torchvision would save, without counters.
    fn state(&self, golden: &Weights) -> Weights {
        let tensors = super::branches::golden();
        // The names of the two MobileNets are the same.
        let listed = self.theirs.replace("_320", "");
        let prefix = format!("{}.factor.", self.theirs);
        let tensors = tensors[&listed].iter();
        let counters = |name: &&String| !name.ends_with("num_batches_tracked");
        tensors
            .filter(|(name, _)| counters(name))
            .map(|(name, shape)| {
                let mut weight = made(name, shape);
                match golden.get(&format!("{prefix}{name}")) {
                    Some(bias) if name.ends_with("bias") => weight.values.clone_from(&bias.values),
                    Some(factor) => weight
                        .values
                        .iter_mut()
                        .for_each(|v| *v *= factor.values[0]),
                    None => {}
                }
                (name.clone(), weight)
            })
            .collect()
    }

    fn network(&self, golden: &Weights, recipe: &Recipe, device: &Device) -> Network {
        let size = recipe.data.image.size.expect("a size").nominal();
        let network = Network::new(recipe, [3, size[0], size[1]], CLASSES, device).expect("fits");
        let weights = exchange::fit(&golden_path(), self.state(golden), &network);
        apply(network, &weights.expect("every tensor fits")).expect("fits")
    }

    fn expected(&self, golden: &Weights, which: &str, photograph: &str) -> Vec<Found> {
        let read = |what: &str| {
            let name = format!("{}.{which}.{photograph}.{what}", self.theirs);
            golden[&name].values.clone()
        };
        let (boxes, scores, labels) = (read("boxes"), read("scores"), read("labels"));
        let boxes = boxes.as_chunks::<4>().0.iter();
        boxes
            .zip(scores)
            .zip(labels)
            .map(|((bounds, score), label)| (*bounds, label as usize - 1, score))
            .collect()
    }
}

/// Box, class and score.
type Found = ([f32; 4], usize, f32);

/// Boxes to a hundredth of a pixel, scores to 1e-4, and as many of each class.
#[track_caller]
fn assert_found(name: &str, found: &Prediction, expected: &[Found]) {
    let all: Vec<Found> = found
        .detections
        .iter()
        .map(|it| (it.bounds.into(), it.class, it.score))
        .collect();
    assert_eq!(all.len(), expected.len(), "{name}: detections");
    for (bounds, class, score) in expected {
        let off = |found: &Found| {
            let sides = found.0.iter().zip(bounds);
            sides.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        let same = all.iter().filter(|found| found.1 == *class);
        let nearest = same.min_by(|a, b| off(a).total_cmp(&off(b)));
        let nearest = nearest.unwrap_or_else(|| panic!("{name}: nothing of class {class}"));
        let score_off = (nearest.2 - score).abs();
        assert!(
            off(nearest) < 1e-2 && score_off < 1e-4,
            "{name}: class {class} at {bounds:?} with {score}, found {nearest:?}"
        );
    }
}

/// The photographs as a data set, prepared by the recipe.
fn photographs(recipe: &Recipe) -> Dataset {
    let folder = tempfile::tempdir().expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/photographs");
    let mut images = Vec::new();
    let mut annotations = Vec::new();
    for (id, (name, (size, boxes))) in PHOTOGRAPHS.iter().zip(TARGETS).enumerate() {
        let file = format!("{name}.png");
        std::fs::copy(from.join(&file), folder.path().join(&file)).expect("copied");
        images.push(serde_json::json!({
            "id": id, "file_name": file, "height": size[0], "width": size[1]
        }));
        for &([x1, y1, x2, y2], label) in boxes {
            annotations.push(serde_json::json!({
                "id": annotations.len() + 1, "image_id": id, "category_id": label, "iscrowd": 0,
                "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)
            }));
        }
    }
    let categories: Vec<_> = (1..=CLASSES)
        .map(|id| serde_json::json!({"id": id, "name": id.to_string()}))
        .collect();
    let all = serde_json::json!({
        "images": images, "annotations": annotations, "categories": categories
    });
    for split in ["train", "test"] {
        let path = folder.path().join(format!("{split}.json"));
        std::fs::write(path, all.to_string()).expect("written");
    }
    let settings = recipe::Data {
        source: folder.path().display().to_string(),
        ..recipe.data.clone()
    };
    let split = data::source::load(&settings, 0).expect("a data set");
    split.train
}

/// `[height, width]` of a photograph, and its boxes with torchvision's labels.
type Target = ([usize; 2], &'static [([i32; 4], usize)]);

const TARGETS: [Target; 3] = [
    (
        [150, 226],
        &[([60, 20, 190, 140], 17), ([20, 30, 70, 110], 3)],
    ),
    (
        [200, 240],
        &[
            ([40, 30, 200, 170], 47),
            ([100, 60, 150, 100], 50),
            ([10, 120, 90, 190], 1),
        ],
    ),
    ([256, 160], &[([20, 10, 140, 250], 1)]),
];

#[test]
fn detectors_find_what_torchvision_finds() {
    let golden = golden();
    let device = Device::flex();
    for case in &CASES {
        let recipe = case.recipe(&golden);
        let data = photographs(&recipe);
        let network = case.network(&golden, &recipe, &device);
        let preparation = Preparation::WITHOUT_AUGMENTATION;
        for (index, photograph) in PHOTOGRAPHS.iter().enumerate() {
            let name = format!("{}, {photograph}", case.theirs);
            let batch = Batch::prepare(&preparation, &data, &[index], 0, &device);
            let found = network.predict_batch(batch);
            assert_found(
                &name,
                &found[0],
                &case.expected(&golden, "alone", photograph),
            );
        }
        if case.recipe == "mobilenet-fpn" {
            let batch = Batch::prepare(&preparation, &data, &[0, 1, 2], 0, &device);
            for (found, photograph) in network.predict_batch(batch).iter().zip(PHOTOGRAPHS) {
                let name = format!("{}, {photograph} beside others", case.theirs);
                let expected = case.expected(&golden, "together", photograph);
                assert_found(&name, found, &expected);
            }
        }
    }
}

#[test]
fn a_training_step_has_torchvisions_losses_and_gradients() {
    let golden = golden();
    let device = Device::flex().autodiff();
    for case in [&CASES[0], &CASES[3]] {
        let recipe = case.recipe(&golden);
        let data = photographs(&recipe);
        let preparation = Preparation::WITHOUT_AUGMENTATION;
        let batch = Batch::prepare(&preparation, &data, &[0, 1, 2], 1, &device);
        let network = case.network(&golden, &recipe, &device);
        let Network::FasterRcnn(detector) = &network else {
            unreachable!("a detector")
        };
        let mode = Mode::Training {
            seed: 0,
            step: 0,
            first: 0,
        };
        let draw = |_, _| |candidate: usize| candidate as u64;
        let (losses, _) = detector
            .stage_losses(&batch, 0.0, mode, draw)
            .expect("boxes with areas");
        let parts = [
            losses.objectness,
            losses.rpn_box,
            losses.class,
            losses.roi_box,
        ];
        let expected = &golden[&format!("{}.losses", case.theirs)].values;
        for (part, expected) in parts.iter().zip(expected) {
            let found = part.clone().into_scalar::<f32>();
            let off = (found - expected).abs() / expected.abs();
            assert!(off < 1e-3, "{}: loss {found}, {expected}", case.theirs);
        }
        let total = parts.into_iter().reduce(|a, b| a + b).expect("four");
        let found = gradients(&network, &mut total.backward());
        assert_gradients(case.theirs, &network, &found, &golden);
    }
}

/// Checkpoints of older versions name the convolutions of the pyramid and of the proposal head otherwise.
#[test]
fn older_names_are_read() {
    let golden = golden();
    for case in [&CASES[0], &CASES[3]] {
        let recipe = case.recipe(&golden);
        let network = Network::new(&recipe, [3, 64, 64], CLASSES, &Device::flex()).expect("fits");
        let state = case.state(&golden);
        let rename = |name: &str| {
            let name = name.replace("rpn.head.conv.0.0.", "rpn.head.conv.");
            match name.split_once("_blocks.") {
                Some((list, rest)) => format!("{list}_blocks.{}", rest.replacen(".0.", ".", 1)),
                None => name,
            }
        };
        let older: Weights = state
            .iter()
            .map(|(name, weight)| (rename(name), weight.clone()))
            .collect();
        assert!(older.contains_key("backbone.fpn.inner_blocks.1.weight"));
        let [new, old] = [state, older].map(|state| {
            exchange::fit(&golden_path(), state, &network).expect("every tensor fits")
        });
        assert!(new == old, "{}", case.theirs);
    }
}

/// The writer's graphs of the same layers: exporting runs them beside the network before it writes a file.
#[test]
fn onnx_files_agree_with_torchvisions_detectors() {
    let golden = golden();
    for case in [&CASES[1], &CASES[3]] {
        let mut recipe = case.recipe(&golden);
        recipe.data.image.size = Some(InputSize::Fixed([96, 128]));
        let Model::FasterRcnn(detector) = &mut recipe.model else {
            unreachable!("a detector")
        };
        detector.rpn.post_nms_test = 20;
        let data = photographs(&recipe);
        let trained = Trained {
            network: case.network(&golden, &recipe, &Device::flex()),
            classes: (1..=CLASSES).map(|class| class.to_string()).collect(),
            input: data.image_shape(),
            preparation: data.preparation,
            recipe,
        };
        let images = (0..data.count).map(|index| data.image(index).into_owned());
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("detector.onnx");
        let options = OnnxOptions::default();
        let written = onnx::export(&path, &trained, options, images.collect(), &Computer::cpu());
        written.unwrap_or_else(|error| panic!("{}: {error}", case.theirs));

        let sides = Trained {
            preparation: case.recipe(&golden).data.image,
            ..trained
        };
        let refused = onnx::export(&path, &sides, options, Vec::new(), &Computer::cpu());
        let error = refused.expect_err("no fixed size").to_string();
        assert!(error.contains("--set data.image.size=[96, 128]"), "{error}");
    }
}
