//! Tensors in their places, digests, and damaged files.

use super::*;
use crate::layers::{GroupNormLayer, Initializer};
use burn::tensor::Device;

#[test]
fn matrices_are_transposed_whatever_their_size() {
    for (rows, columns) in [(1, 1), (3, 50), (16, 32), (33, 17), (0, 4)] {
        let values = (0..rows * columns).map(|at| at as f32).collect();
        let shape = vec![rows, columns];
        let matrix = Weight { shape, values };
        let turned = transposed(&matrix);
        assert_eq!(turned.shape, [columns, rows]);
        for (at, value) in turned.values.iter().enumerate() {
            let (row, column) = (at % rows, at / rows);
            assert_eq!(*value, matrix.values[row * columns + column]);
        }
    }
}

fn weights(name: &str, shape: &[usize], values: &[f32]) -> Weights {
    let weight = Weight {
        shape: shape.to_vec(),
        values: values.to_vec(),
    };
    Weights::from([(name.to_string(), weight)])
}

#[test]
fn a_tensor_missing_surplus_or_misshapen_is_an_error() {
    let device = Device::flex();
    let layer = || GroupNormLayer::new(2, false, &Initializer::new(0, &device));
    let mut all = weights("weight", &[2], &[3.0, 4.0]);
    let problem = |weights: &Weights| apply(layer(), weights).err().map(|e| e.to_string());
    let missing = "no tensor named 'bias': the weights belong to another network";
    assert_eq!(problem(&all).as_deref(), Some(missing));
    all.extend(weights("bias", &[3], &[0.0; 3]));
    let shape = "tensor 'bias' has shape [3], the network expects [2]";
    assert_eq!(problem(&all).as_deref(), Some(shape));
    all.extend(weights("bias", &[2], &[1.0, 2.0]));
    let applied = apply(layer(), &all).expect("weights that fit");
    assert_eq!(digest(&collect(&applied)), digest(&all));
    all.extend(weights("conv.bias", &[1], &[0.0]));
    let surplus = "the network has no tensor named 'conv.bias': the weights belong to another one";
    assert_eq!(problem(&all).as_deref(), Some(surplus));
}

#[test]
fn the_digest_hashes_the_documented_bytes() {
    let mut both = weights("b", &[2], &[1.0, -0.0]);
    both.extend(weights("a", &[1, 1], &[0.5]));
    let length = |length: u8| [length, 0, 0, 0, 0, 0, 0, 0];
    let bytes = [
        &length(1)[..],
        b"a",
        &length(2),
        &length(1),
        &length(1),
        &[0, 0, 0, 0x3f],
        &length(1),
        b"b",
        &length(1),
        &length(2),
        &[0, 0, 0x80, 0x3f, 0, 0, 0, 0x80],
    ];
    assert_eq!(digest(&both), blake3(bytes));
}

#[test]
fn a_file_with_any_bit_flipped_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    let weights = weights("layers.0.weight", &[2, 1], &[1.0, -0.5]);
    let about = serde_json::json!({"classes": ["a", "b"], "temperature": 1.25});
    save(&path, &weights, &about).expect("written");
    let whole = std::fs::read(&path).expect("read");
    assert_eq!(load::<Value>(&path).expect("whole"), (weights, about));
    for bit in 0..8 * whole.len() {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &bytes).expect("written");
        match load::<Value>(&path) {
            Err(
                WeightsError::Format { path: named, .. } | WeightsError::Damaged { path: named },
            ) => {
                assert_eq!(named, path);
            }
            other => panic!("bit {bit}: {other:?}"),
        }
    }
}

#[test]
fn any_difference_changes_the_digest() {
    let first = digest(&weights("a", &[2], &[1.0, 0.0]));
    for (name, other) in [
        ("name", weights("b", &[2], &[1.0, 0.0])),
        ("shape", weights("a", &[1, 2], &[1.0, 0.0])),
        ("value", weights("a", &[2], &[1.0, 1e-38])),
        ("sign of zero", weights("a", &[2], &[1.0, -0.0])),
    ] {
        assert_ne!(digest(&other), first, "{name}");
    }
}
