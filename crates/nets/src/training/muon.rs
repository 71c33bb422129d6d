//! Muon (K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024).
//!
//! Momentum whose every step is made orthogonal: all directions of a weight matrix move by about as much. A convolution
//! `[out, in, rows, columns]` is taken as the matrix `[out, in * rows * columns]`. The arithmetic is that of PyTorch's
//! `torch.optim.Muon`, but in f32 throughout (PyTorch's products are in bfloat16).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::ops::sum_of_squares;
use crate::weights::Names;

/// Of Newton and Schulz's iteration: chosen for a steep slope at 0, so that few steps do.
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];
/// Steps of the iteration.
const STEPS: usize = 5;
/// The least norm that a matrix is divided by.
const LEAST_NORM: f64 = 1e-7;
/// Outputs by the names of their layers: `rpn.cls_logits`, `rpn.bbox_pred`, `box_head.cls_score`, `box_head.bbox_pred`.
const OUTPUTS: [&str; 3] = ["cls_logits", "cls_score", "bbox_pred"];

/// The weights that Muon changes, and their shapes: of at least two dimensions, neither the first of the network nor one of its outputs
/// (a detector's four, or else the last).
pub fn hidden_weights(module: &impl Module) -> BTreeMap<String, Vec<usize>> {
    #[derive(Default)]
    struct Collector {
        names: Names,
        weights: Vec<(String, Vec<usize>)>,
    }

    impl ModuleVisitor for Collector {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.names.enter(name, container);
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.names.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if D >= 2 {
                let shape = param.val().dims().to_vec();
                self.weights.push((self.names.current(), shape));
            }
        }
    }

    let mut collector = Collector::default();
    module.visit(&mut collector);
    let is_output = |(name, _): &(String, Vec<usize>)| {
        OUTPUTS
            .iter()
            .any(|output| name.contains(&format!(".{output}.")))
    };
    let mut weights = collector.weights;
    if !weights.iter().any(is_output) {
        weights.pop();
    }
    weights
        .into_iter()
        .skip(1)
        .filter(|weight| !is_output(weight))
        .collect()
}

/// A step of Muon on a weight.
#[derive(Clone, Copy, Debug)]
pub struct Muon {
    settings: recipe::Muon,
    learning_rate: f64,
    grad_scale: f64,
}

impl Muon {
    /// A step at `learning_rate`; gradients are multiplied by `grad_scale` first.
    pub fn new(settings: recipe::Muon, learning_rate: f64, grad_scale: f64) -> Self {
        Self {
            settings,
            learning_rate,
            grad_scale,
        }
    }

    /// Where a weight of the given `shape`, linear `[in, out]` or convolution `[out, in, rows, columns]`, is to go, by its
    /// gradient and its momentum (none yet in a first step), both flat.
    pub fn direction(
        &self,
        gradient: Tensor<1>,
        momentum: Option<Tensor<1>>,
        shape: &[usize],
    ) -> Direction {
        let recipe::Muon {
            weight_decay,
            momentum: decay,
            nesterov,
            ..
        } = self.settings;
        let length = gradient.dims()[0];
        let gradient = gradient * self.grad_scale;
        let momentum = momentum.unwrap_or_else(|| gradient.zeros_like());
        let momentum = momentum * decay + gradient.clone() * (1.0 - decay);
        let direction = if nesterov {
            gradient * (1.0 - decay) + momentum.clone() * decay
        } else {
            momentum.clone()
        };
        // As a matrix, and how many outputs and inputs it has; orthogonal is orthogonal on its side, too.
        let [rows, columns] = [shape[0], length / shape[0].max(1)];
        let [outputs, inputs] = match shape.len() {
            2 => [columns, rows],
            _ => [rows, columns],
        };
        let direction = orthogonalized(direction.reshape([rows, columns])).reshape([length]);
        let wide = (outputs as f64 / inputs.max(1) as f64).max(1.0).sqrt();
        Direction {
            kept: 1.0 - self.learning_rate * weight_decay,
            change: direction * (self.learning_rate * wide),
            momentum,
        }
    }
}

/// A step of Muon that is ready to be taken.
#[derive(Debug)]
pub struct Direction {
    /// What weight decay leaves of the weight.
    kept: f64,
    /// What is taken from it, flat.
    change: Tensor<1>,
    momentum: Tensor<1>,
}

impl Direction {
    /// The next value of the weight and of its momentum, both flat.
    pub fn follow(self, weight: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
        (weight * self.kept - self.change, self.momentum)
    }
}

/// About the nearest matrix with orthonormal rows or columns, whichever are fewer: U S V' becomes U S* V' with S* near 1.
///
/// Five steps of a Newton-Schulz iteration of fifth order; singular values come to lie between 0.7 and 1.2.
pub fn orthogonalized(matrix: Tensor<2>) -> Tensor<2> {
    let [rows, columns] = matrix.dims();
    let tall = rows > columns;
    let norm = sum_of_squares(matrix.clone().reshape([rows * columns])).sqrt();
    let norm = norm.clamp_min(LEAST_NORM).reshape([1, 1]);
    let x = if tall { matrix.transpose() } else { matrix } / norm;
    // Each step is X <- P X with P = aI + bG + cG^2, a polynomial of G = X X', and all of them commute: the next G is
    // P G P. So the products are of small matrices but for the first and the last, which takes a third of the time where
    // X is wide. In f32 that is still a thousand times nearer to exact than PyTorch's bfloat16.
    let mut gram = x.clone().matmul(x.clone().transpose());
    let [a, b, c] = COEFFICIENTS;
    let identity = Tensor::<2>::eye(gram.dims()[0], &gram.device()) * a;
    let mut product: Option<Tensor<2>> = None;
    for step in 1..=STEPS {
        let square = gram.clone().matmul(gram.clone());
        let polynomial = square * c + gram.clone() * b + identity.clone();
        if step < STEPS {
            gram = polynomial.clone().matmul(gram).matmul(polynomial.clone());
        }
        product = Some(match product {
            Some(product) => polynomial.matmul(product),
            None => polynomial,
        });
    }
    let x = match product {
        Some(product) => product.matmul(x),
        None => x,
    };
    if tall { x.transpose() } else { x }
}

#[cfg(test)]
mod tests {
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
            serde_json::from_str(include_str!("../../tests/golden/muon.json")).expect("JSON");
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
}
