use std::collections::HashSet;

use burn::tensor::Device;
use prost::Message;
use recipe::{Colour, PerChannel, Recipe};

use super::verify::{Trial, verify};
use super::{OnnxOptions, Part, models};
use crate::network::Network;
use crate::run::Trained;
use onnx::proto::{DataType, GraphProto, ModelProto};

/// Every kind of layer.
const CNN: &str = r#"
[model]
kind = "cnn"
test-shift = 1
layers = [
  { conv = 4, kernel = [3, 5], stride = [1, 2], padding = 1, dilation = [2, 1], bias = false }, "batch-norm", "relu",
  { conv = 6, kernel = 3 }, "gelu", { max-pool = 2, padding = 1 }, { avg-pool = 2 }, "silu",
  { dropout = 0.5 }, { leaky-relu = 0.2 }, "flatten", { linear = 7 }, "batch-norm", { linear = 5, bias = false },
]
"#;

/// Layers with branches, and windows of a pool that differ.
const BRANCHES: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 6, kernel = 3, stride = 2, padding = 1, bias = false }, "batch-norm", "hard-swish",
  { stage = 2, block = "basic", channels = 8, stride = 2 },
  { residual = [{ conv = 8, kernel = 3, padding = 1, groups = 2 }, "hard-sigmoid"] }, "relu",
  { inverted = 8, kernel = 5, expand = 18, squeeze = 4, activation = "hard-swish" },
  { squeeze-excitation = 3 }, { adaptive-avg-pool = [5, 3] }, { adaptive-avg-pool = [4, 3] }, { adaptive-avg-pool = [2, 1] },
  "flatten", "sigmoid", { linear = 5 },
]
"#;

/// Maps of 15, 8 and 4 cells: one is enlarged by a whole factor, one is not.
const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
backbone = { layers = [
  { conv = 4, kernel = 3, stride = 2, padding = 1 }, "batch-norm", "relu",
  { conv = 4, kernel = 3, stride = 2, padding = 1 }, "relu",
  { conv = 6, kernel = 3, stride = 2, padding = 1 }, "relu",
] }
pyramid = { strides = [2, 4, 8], channels = 4, norm = "group", extra-level = true }
anchors = { sizes = [[6], [8], [12], [16]], ratios = [1, 2] }
roi = { output = 3, convolutions = [4], hidden = [8], norm = "batch", box-regression = "class-agnostic" }
"#;

fn trained(recipe: &str) -> Trained {
    let recipe = Recipe::parse::<&str>(recipe, "test", &[]).expect("a recipe");
    let input = [3, 30, 30];
    let classes = ["a", "b", "c", "d", "e"].map(str::to_string).to_vec();
    let network = Network::new(&recipe, input, classes.len(), &Device::flex()).expect("shapes");
    let preparation = recipe::Image {
        colour: Some(Colour::Rgb),
        size: Some(recipe::InputSize::Fixed([30, 30])),
        mean: PerChannel::Rgb([0.1, 0.2, 0.3]),
        ..recipe::Image::default()
    };
    Trained {
        network,
        recipe,
        classes,
        input,
        preparation,
    }
}

/// Checks what every runtime relies on, and gives the graph's operators.
fn checked(model: &ModelProto) -> HashSet<String> {
    let graph = model.graph.as_ref().expect("a graph");
    let GraphProto {
        node,
        initializer,
        input,
        output,
        ..
    } = graph;
    let constants: HashSet<&String> = initializer.iter().map(|it| &it.name).collect();
    assert_eq!(constants.len(), initializer.len(), "constants of one name");
    for tensor in initializer {
        let size = match tensor.data_type() {
            DataType::Float => 4,
            _ => 8,
        };
        let elements: i64 = tensor.dims.iter().product();
        let bytes = tensor.raw_data.as_ref().map(Vec::len);
        assert_eq!(bytes, Some(elements as usize * size), "{}", tensor.name);
    }
    let mut known = constants.clone();
    known.extend(input.iter().map(|it| &it.name));
    let mut used = HashSet::new();
    let mut names = HashSet::new();
    for node in node {
        assert!(names.insert(&node.name), "two nodes called {}", node.name);
        for name in node.input.iter().filter(|name| !name.is_empty()) {
            assert!(known.contains(name), "{} reads {name} too early", node.name);
            used.insert(name);
        }
        for name in &node.output {
            assert!(known.insert(name), "{name} is made twice");
        }
    }
    for output in output {
        assert!(
            known.contains(&output.name),
            "nothing makes {}",
            output.name
        );
    }
    assert!(constants.is_subset(&used), "constants that nothing reads");
    node.iter().map(|node| node.op_type.clone()).collect()
}

fn names(list: &[onnx::proto::ValueInfoProto]) -> Vec<&str> {
    list.iter().map(|it| it.name.as_str()).collect()
}

#[test]
fn classifiers() {
    let trained = trained(CNN);
    for (softmax, output) in [(false, "logits"), (true, "probabilities")] {
        let options = OnnxOptions {
            softmax,
            ..OnnxOptions::default()
        };
        let models = models(&trained, options).expect("written");
        let [(Part::Whole, model)] = &models[..] else {
            panic!("one file")
        };
        checked(model);
        let graph = model.graph.as_ref().expect("a graph");
        assert_eq!(names(&graph.input), ["image"]);
        assert_eq!(names(&graph.output), [output]);
        let nodes: Vec<&str> = graph.node.iter().map(|node| node.name.as_str()).collect();
        for name in ["layers.0.conv", "layers.2.relu", "layers.11.linear"] {
            assert!(nodes.contains(&name), "{name} in {nodes:?}");
        }
        let about = |key: &str| {
            let entry = model.metadata_props.iter().find(|entry| entry.key == key);
            entry.map(|entry| entry.value.as_str())
        };
        assert_eq!(about("classes"), Some(r#"["a","b","c","d","e"]"#));
        assert_eq!(about("task"), Some("classification"));
        let recipe = about("recipe").expect("a recipe");
        let digest = measure::digest::blake3([recipe.as_bytes()]);
        assert_eq!(about("recipe-digest"), Some(digest.as_str()));
    }
}

#[test]
fn branches_compute_the_same() {
    let trained = trained(BRANCHES);
    let options = OnnxOptions::default();
    let models = models(&trained, options).expect("written");
    let [(Part::Whole, model)] = &models[..] else {
        panic!("one file")
    };
    let operators = checked(model);
    for operator in ["HardSwish", "HardSigmoid", "Add", "MatMul", "AveragePool"] {
        assert!(operators.contains(operator), "{operator}");
    }
    let trial = Trial::new(Vec::new(), &trained, &Device::flex());
    let bytes = model.encode_to_vec();
    verify(&bytes, Part::Whole, &trained, options, &trial).expect("the same probabilities");
}

#[test]
fn detectors_without_loops() {
    let agnostic = trained(DETECTOR);
    let specific = trained(&DETECTOR.replace(r#", box-regression = "class-agnostic""#, ""));
    for trained in [agnostic, specific] {
        let options = OnnxOptions {
            with_preparation: true,
            ..OnnxOptions::default()
        };
        let models = models(&trained, options).expect("written");
        let [(Part::Whole, model)] = &models[..] else {
            panic!("one file")
        };
        let operators = checked(model);
        let graph = model.graph.as_ref().expect("a graph");
        assert_eq!(names(&graph.output), ["boxes", "scores", "labels", "count"]);
        for operator in ["NonMaxSuppression", "RoiAlign", "Resize", "Cast"] {
            assert!(operators.contains(operator), "{operator}");
        }
        for operator in ["Loop", "If", "Scan", "SequenceInsert"] {
            assert!(!operators.contains(operator), "{operator}");
        }
    }
}

#[test]
fn parts_of_detectors_need_no_roi_align() {
    let options = OnnxOptions {
        parts: true,
        ..OnnxOptions::default()
    };
    let models = models(&trained(DETECTOR), options).expect("written");
    let [(Part::Trunk, trunk), (Part::Head, head)] = &models[..] else {
        panic!("two files")
    };
    for model in [trunk, head] {
        let operators = checked(model);
        for operator in ["NonMaxSuppression", "RoiAlign", "NonZero"] {
            assert!(!operators.contains(operator), "{operator}");
        }
    }
    let graph = head.graph.as_ref().expect("a graph");
    assert_eq!(names(&graph.input), ["regions", "proposals"]);
    assert_eq!(names(&graph.output), ["scores", "boxes"]);
}
