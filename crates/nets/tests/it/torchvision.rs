//! Logits of torchvision's classifiers from their state dicts.
//!
//! `golden/weights/generate_torchvision_logits.py` says how the weights are made.

use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use nets::exchange;
use nets::layers::Mode;
use nets::network::Network;
use nets::weights::{Weight, Weights, apply};
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

#[test]
fn classifiers_give_torchvisions_logits() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/weights");
    let path = folder.join("torchvision_logits.safetensors");
    let golden = exchange::read(&path).expect("read");
    let tensors = super::branches::golden();
    let shape = [2, 3, 48, 64];
    let images = uniform("images", shape.iter().product());
    let images: Vec<f32> = images.map(|u| (2.0 * u - 1.0) as f32).collect();
    let resnet = "{ linear = 1000 }";
    let mobile = "{ linear = 1024 }, \"hard-swish\", { dropout = 0.2 }, { linear = 1000 }";
    for (ours, theirs, head) in [
        ("resnet-18", "resnet18", resnet),
        ("mobilenet-v3-small", "mobilenet_v3_small", mobile),
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
        super::detection_golden::assert_near_within(theirs, &logits, expected, |_| 1e-4);
    }
}
