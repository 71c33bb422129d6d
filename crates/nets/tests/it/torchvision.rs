//! Logits of torchvision's classifiers from their state dicts.
//!
//! `golden/weights/generate_torchvision_logits.py` says how the weights are made.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use nets::batch::Batch;
use nets::exchange::{self, PytorchNames};
use nets::layers::Mode;
use nets::loss::ClassificationLoss;
use nets::network::Network;
use nets::weights::{Weight, Weights, apply, gradients};
use recipe::Recipe;

/// Numbers in [0, 1) that belong to a name: the last step of MurmurHash3 on i plus the name's FNV-1a hash.
fn uniform(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let start = name.bytes().fold(0x811C_9DC5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (0..count as u32).map(move |i| {
        let mut hash = start.wrapping_add(i);
        hash ^= hash >> 16;
        hash = hash.wrapping_mul(0x85EB_CA6B);
        hash ^= hash >> 13;
        hash = hash.wrapping_mul(0xC2B2_AE35);
        hash ^= hash >> 16;
        f64::from(hash) / 2_f64.powi(32)
    })
}

pub fn made(name: &str, shape: &[usize]) -> Weight {
    let uniform = uniform(name, shape.iter().product());
    let fan_in = shape.iter().skip(1).product::<usize>() as f64;
    let value = |u: f64| {
        if name.ends_with("running_var") {
            0.5 + u
        } else if shape.len() > 1 {
            (2.0 * u - 1.0) * (6.0 / fan_in).sqrt()
        } else if name.ends_with("weight") {
            0.6 + 0.6 * u
        } else {
            0.4 * u - 0.2
        }
    };
    Weight {
        shape: shape.to_vec(),
        values: uniform.map(|u| value(u) as f32).collect(),
    }
}

/// What the golden files keep of a gradient: eight numbers from all over it, the largest, and the norm.
fn sampled(gradient: &Weight) -> Vec<f64> {
    let values = &gradient.values;
    let at = (0..8).map(|i| f64::from(values[(i * 7919 + 13) % values.len()]));
    let wide = || values.iter().map(|value| f64::from(*value));
    let most = wide().map(f64::abs).fold(0.0, f64::max);
    let norm = wide().map(|value| value * value).sum::<f64>().sqrt();
    at.chain([most, norm]).collect()
}

/// All gradients of a network to 1e-3 of the largest number of each: those that `golden` has under `theirs`.
#[track_caller]
pub fn assert_gradients(theirs: &str, network: &Network, found: &Weights, golden: &Weights) {
    let names = PytorchNames::new(network);
    let found: BTreeMap<String, &Weight> = found
        .iter()
        .map(|(ours, gradient)| (names.of(ours), gradient))
        .collect();
    let prefix = format!("{theirs}.gradient.");
    let mut compared = 0;
    for (key, expected) in golden {
        let Some(name) = key.strip_prefix(&prefix) else {
            continue;
        };
        let gradient = found.get(name);
        let gradient = gradient.unwrap_or_else(|| panic!("{theirs}: no gradient of {name}"));
        let most = f64::from(expected.values[8]);
        for (place, (found, expected)) in sampled(gradient).iter().zip(&expected.values).enumerate()
        {
            let expected = f64::from(*expected);
            // Before a normalisation the gradient of a bias is 0, and what is found is rounding.
            let is_zero = most.max(expected.abs()) < 1e-6;
            let scale = if is_zero {
                1e-3
            } else {
                most.max(expected.abs())
            };
            let off = (found - expected).abs() / scale;
            assert!(off < 1e-3, "{theirs} {name} {place}: {found}, {expected}");
        }
        compared += 1;
    }
    assert_eq!(compared, found.len(), "{theirs}");
}

#[test]
fn classifiers_have_torchvisions_gradients() {
    let path = golden_path();
    let golden = exchange::read(&path).expect("read");
    let tensors = super::branches::golden();
    let device = Device::flex().autodiff();
    let labels = [3, 141, 592, 653, 58, 979, 323, 846];
    let shape = [labels.len(), 3, 48, 64];
    let images = uniform("images", shape.iter().product());
    let images: Vec<f32> = images.map(|u| (2.0 * u - 1.0) as f32).collect();
    let batch = Batch {
        images: Tensor::from_data(TensorData::new(images, shape), &device),
        labels: labels.map(Some).to_vec(),
        truths: vec![Vec::new(); labels.len()],
        indices: (0..labels.len()).collect(),
        resized: Vec::new(),
        epoch: 1,
        mixed: None,
    };
    let mobile = "{ linear = 1024 }, \"hard-swish\", { linear = 1000 }";
    let large = "{ linear = 1280 }, \"hard-swish\", { linear = 1000 }";
    for (ours, theirs, head) in [
        ("resnet-18", "resnet18", "{ linear = 1000 }"),
        ("mobilenet-v3-small", "mobilenet_v3_small", mobile),
        ("mobilenet-v3-large", "mobilenet_v3_large", large),
    ] {
        let text = format!(
            "[model]\nkind = \"cnn\"\nbackbone = \"{ours}\"\nlayers = [\"global-avg-pool\", {head}]"
        );
        let recipe = Recipe::parse::<&str>(&text, "test", &[]).expect("a recipe");
        let network = Network::new(&recipe, [3, 48, 64], 1000, &device).expect("fits");
        // Without dropout the last layer has another number.
        let state = tensors[theirs].iter().map(|(name, shape)| {
            let ours = name.replace("classifier.3", "classifier.2");
            (ours, made(name, shape))
        });
        let weights = exchange::fit(&path, state.collect(), &network).expect("every tensor fits");
        let network = apply(network, &weights).expect("fits");
        let mode = Mode::Training {
            seed: 0,
            step: 0,
            first: 0,
        };
        let loss = ClassificationLoss::cross_entropy(0.0);
        let (loss, _) = network.losses(&batch, &loss, mode).expect("no boxes");
        let found = loss.clone().into_scalar::<f32>();
        let expected = golden[&format!("{theirs}.loss")].values[0];
        assert!(
            (found - expected).abs() < 1e-3 * expected,
            "{theirs}: {found}, {expected}"
        );
        let golden: Weights = golden
            .iter()
            .map(|(name, weight)| (name.replace("classifier.3", "classifier.2"), weight.clone()))
            .collect();
        assert_gradients(
            theirs,
            &network,
            &gradients(&network, &mut loss.backward()),
            &golden,
        );
    }
}

fn golden_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/weights/torchvision_logits.safetensors")
}

#[test]
fn classifiers_give_torchvisions_logits() {
    let path = golden_path();
    let golden = exchange::read(&path).expect("read");
    let tensors = super::branches::golden();
    let shape = [2, 3, 48, 64];
    let images = uniform("images", shape.iter().product());
    let images: Vec<f32> = images.map(|u| (2.0 * u - 1.0) as f32).collect();
    let resnet = "{ linear = 1000 }";
    let mobile = "{ linear = 1024 }, \"hard-swish\", { dropout = 0.2 }, { linear = 1000 }";
    let large = "{ linear = 1280 }, \"hard-swish\", { dropout = 0.2 }, { linear = 1000 }";
    for (ours, theirs, head) in [
        ("resnet-18", "resnet18", resnet),
        ("resnet-34", "resnet34", resnet),
        ("resnet-50", "resnet50", resnet),
        ("mobilenet-v3-small", "mobilenet_v3_small", mobile),
        ("mobilenet-v3-large", "mobilenet_v3_large", large),
    ] {
        let text = format!(
            "[model]\nkind = \"cnn\"\nbackbone = \"{ours}\"\nlayers = [\"global-avg-pool\", {head}]"
        );
        let recipe = Recipe::parse::<&str>(&text, "test", &[]).expect("a recipe");
        let network = Network::new(&recipe, [3, 48, 64], 1000, &Device::flex()).expect("fits");
        let state = tensors[theirs].iter();
        let state: Weights = state
            .map(|(name, shape)| (name.clone(), made(name, shape)))
            .collect();
        let weights = exchange::fit(&path, state, &network).expect("every tensor fits");
        let Network::Cnn(cnn) = apply(network, &weights).expect("fits") else {
            unreachable!("a classifier")
        };
        let images = TensorData::new(images.clone(), shape);
        let images = Tensor::<4>::from_data(images, &Device::flex());
        let logits = cnn.forward(images, Mode::Inference).into_data();
        let logits: Vec<f32> = logits.try_to_vec().expect("f32");
        let expected = &golden[theirs].values;
        // Made weights let the logits of deep networks grow to some hundreds, where f32 is coarser.
        let squares = expected.iter().map(|logit| logit * logit).sum::<f32>();
        let typical = (squares / expected.len() as f32).sqrt();
        let tolerance = (1e-5 * typical).max(1e-4);
        super::detection_golden::assert_near_within(theirs, &logits, expected, |_| tolerance);
    }
}
