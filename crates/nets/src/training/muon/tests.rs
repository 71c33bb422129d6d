//! Tests of `muon`.

use burn::tensor::{Device, TensorData};
use serde_json::Value;

use super::*;
use crate::network::Network;
use crate::ops::to_host;
use data::random::{Key, Purpose};
use recipe::Recipe;

fn numbers(value: &Value) -> Vec<f32> {
    let list = value.as_array().expect("a list").iter();
    list.map(|number| number.as_f64().expect("a number") as f32)
        .collect()
}

fn flat(values: Vec<f32>) -> Tensor<1> {
    let shape = [values.len()];
    Tensor::from_data(TensorData::new(values, shape), &Device::flex())
}

/// `[rows, columns]` on its side, flat.
fn transposed(values: &[f32], columns: usize) -> Vec<f32> {
    let column = |c| values.iter().skip(c).step_by(columns);
    (0..columns).flat_map(column).copied().collect()
}

/// `tests/golden/muon.py` made the numbers with `torch.optim.Muon`, its products in float64.
#[test]
fn three_steps_are_pytorchs() {
    let golden: Value =
        serde_json::from_str(include_str!("../../../tests/golden/muon.json")).expect("JSON");
    for case in golden.as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let shape: Vec<usize> = numbers(&case["shape"])
            .iter()
            .map(|&n| n as usize)
            .collect();
        // PyTorch's linear weights are [out, in], Burn's [in, out].
        let linear = shape.len() == 2;
        let inputs = shape[1];
        let ours = |values: Vec<f32>| match linear {
            true => transposed(&values, inputs),
            false => values,
        };
        let mut dims = shape.clone();
        if linear {
            dims.reverse();
        }
        let settings = recipe::Muon {
            weight_decay: case["weight_decay"].as_f64().expect("a number"),
            nesterov: case["nesterov"].as_bool().expect("true or false"),
            ..recipe::Muon::default()
        };
        let mut weight = flat(ours(numbers(&case["start"])));
        let mut momentum = None;
        let gradients = case["gradients"].as_array().expect("a list");
        let after = case["after"].as_array().expect("a list");
        for (gradient, after) in gradients.iter().zip(after) {
            let step = Muon::new(settings, 0.02, 0.5);
            let direction = step.direction(flat(ours(numbers(gradient))), momentum, &dims);
            let (next, kept) = direction.follow(weight);
            let expected = ours(numbers(after));
            for (found, expected) in to_host(next.clone()).iter().zip(&expected) {
                let error = (found - expected).abs();
                assert!(error < 2e-5, "{name}: {found} instead of {expected}");
            }
            (weight, momentum) = (next, Some(kept));
        }
    }
}

fn matrix(rows: usize, columns: usize) -> Tensor<2> {
    let key = Key {
        seed: 1,
        purpose: Purpose::Weights,
        epoch: 0,
        index: 0,
    };
    let mut stream = key.stream();
    let values: Vec<f32> = (0..rows * columns)
        .map(|_| stream.normal() as f32)
        .collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), &Device::flex())
}

#[test]
fn rows_become_nearly_orthonormal() {
    for [rows, columns] in [[5, 40], [40, 5], [1, 7], [7, 1]] {
        let x = orthogonalized(matrix(rows, columns));
        let x = if rows > columns { x.transpose() } else { x };
        let few = rows.min(columns);
        let gram = to_host(x.clone().matmul(x.transpose()));
        for i in 0..few {
            for j in 0..few {
                let wanted = if i == j { 1.0 } else { 0.0 };
                let error = (gram[i * few + j] - wanted).abs();
                assert!(error < 0.6, "{rows} x {columns}: {gram:?}");
            }
        }
    }
    let zero = orthogonalized(Tensor::zeros([3, 4], &Device::flex()));
    assert_eq!(to_host(zero), [0.0; 12]);
}

/// 200 x 900 is large enough to be split among threads.
#[test]
fn the_number_of_threads_does_not_matter() {
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads")
            .install(|| to_host(orthogonalized(matrix(200, 900))))
    };
    let one = on(1);
    assert!(on(2) == one && on(4) == one);
}

#[test]
fn first_layers_and_outputs_are_not_hidden() {
    let hidden = |text: &str| {
        let recipe = Recipe::parse::<&str>(text, "test", &[]).expect("a recipe");
        let network = Network::new(&recipe, [1, 28, 28], 10, &Device::flex());
        hidden_weights(&network.expect("shapes that fit"))
    };
    let cnn = hidden(
        r#"model = { kind = "cnn", layers = [
          { conv = 4, kernel = 3 }, "batch-norm", "relu", { conv = 4, kernel = 3 }, "flatten",
          { linear = 8 }, "relu", { linear = 10 },
        ] }"#,
    );
    assert_eq!(
        Vec::from_iter(cnn.into_keys()),
        ["layers.3.weight", "layers.5.weight"]
    );
    let detector = hidden(
        r#"model = { kind = "faster-rcnn", roi = { hidden = [8, 8] }, backbone = { layers = [
          { conv = 4, kernel = 3, padding = 1 }, "relu", { conv = 4, kernel = 3, padding = 1 },
        ] } }"#,
    );
    let expected = [
        "backbone.2.weight",
        "box_head.hidden.0",
        "box_head.hidden.1",
        "rpn.conv.weight",
    ];
    assert_eq!(detector.len(), expected.len(), "{detector:?}");
    for (name, expected) in detector.keys().zip(expected) {
        assert!(name.starts_with(expected), "{name}");
    }
}
