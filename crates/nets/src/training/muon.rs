//! Muon (K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024).
//!
//! Momentum whose steps are made orthogonal: all directions of a weight matrix move by about the same amount. A convolution
//! `[out, in, rows, columns]` is treated as the matrix `[out, in * rows * columns]`. The arithmetic follows PyTorch's
//! `torch.optim.Muon`, but in f32 throughout (PyTorch's products are in bfloat16).

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::ops::sum_of_squares;
use crate::weights::Names;

/// Of the Newton-Schulz iteration: chosen for a steep slope at 0, so that few steps are enough.
const COEFFICIENTS: [f64; 3] = [3.4445, -4.7750, 2.0315];
/// Steps of the iteration.
const STEPS: usize = 5;
/// The least norm that a matrix is divided by.
const LEAST_NORM: f64 = 1e-7;
/// Outputs by the names of their layers: `rpn.cls_logits`, `rpn.bbox_pred`, `box_head.cls_score`, `box_head.bbox_pred`.
const OUTPUTS: [&str; 3] = ["cls_logits", "cls_score", "bbox_pred"];

/// The weights that Muon changes, and their shapes: those with at least two dimensions, except the network's first and its
/// outputs (a detector's four, or else the last).
pub fn hidden_weights(module: &impl Module) -> BTreeMap<String, Vec<usize>> {
    #[derive(Default)]
    struct ShapeCollector {
        names: Names,
        weights: Vec<(String, Vec<usize>)>,
    }

    impl ModuleVisitor for ShapeCollector {
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

    let mut collector = ShapeCollector::default();
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

    /// The step of a weight of this `shape`, linear `[in, out]` or convolution `[out, in, rows, columns]`, given its
    /// gradient and its momentum (`None` in the first step), both flat.
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
        // As a matrix, with its numbers of outputs and inputs; the transpose of an orthogonal matrix is orthogonal, too.
        let [rows, columns] = [shape[0], length / shape[0].max(1)];
        let [outputs, inputs] = if shape.len() == 2 {
            [columns, rows]
        } else {
            [rows, columns]
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

/// A step of a weight.
#[derive(Debug)]
pub struct Direction {
    /// The factor of the weight, by weight decay.
    kept: f64,
    /// Subtracted from it, flat.
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
/// Five steps of a Newton-Schulz iteration of fifth order; the resulting singular values are between 0.7 and 1.2.
pub fn orthogonalized(matrix: Tensor<2>) -> Tensor<2> {
    let [rows, columns] = matrix.dims();
    let tall = rows > columns;
    let norm = sum_of_squares(matrix.clone().reshape([rows * columns])).sqrt();
    let norm = norm.clamp_min(LEAST_NORM).reshape([1, 1]);
    let x = if tall { matrix.transpose() } else { matrix } / norm;
    // Each step is X <- P X with P = aI + bG + cG^2, a polynomial of G = X X', and all of them commute: the next G is
    // P G P. All products except the first and the last are therefore of small matrices, which takes a third of the time
    // where X is wide. In f32 the result is still a thousand times more exact than in PyTorch's bfloat16.
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
mod tests;
