//! Layers without parameters.

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::Mode;
use crate::ops::{Maps, Pool};
use data::random::{Key, Purpose};
use recipe::Layer;

/// A layer without parameters.
#[derive(Module, Debug)]
pub struct PlainLayer {
    #[module(skip)]
    pub(super) layer: Layer,
    /// Its place in the recipe: the number in its list, or one that no other layer has.
    #[module(skip)]
    pub(super) number: u64,
    /// Whether the layer before it does its work in the same pass.
    #[module(skip)]
    pub(super) fused: bool,
}

impl PlainLayer {
    /// `[N, C, H, W]` in, what the recipe's layer gives out.
    pub(super) fn forward(&self, x: Maps, mode: Mode) -> Maps {
        if self.fused {
            return x;
        }
        match &self.layer {
            Layer::MaxPool(pool) => x.max_pool(&window(pool)),
            Layer::AvgPool(pool) => x.average_pool(&window(pool)),
            Layer::GlobalAvgPool => x.global_average_pool(),
            Layer::AdaptiveAvgPool { size } => x.adaptive_average_pool(*size),
            Layer::Relu => x.relu(),
            Layer::Gelu => x.gelu(),
            Layer::Silu => x.silu(),
            Layer::Sigmoid => x.sigmoid(),
            Layer::HardSigmoid => x.hard_sigmoid(),
            Layer::HardSwish => x.hard_swish(),
            Layer::LeakyRelu { slope } => x.leaky_relu(*slope),
            Layer::Dropout { rate } => match mode {
                Mode::Training { seed, step, first } => {
                    dropout(x, *rate, dropout_key(seed, step, self.number), first)
                }
                Mode::Inference => x,
            },
            Layer::Flatten => x.flatten(),
            Layer::Conv { .. }
            | Layer::Linear { .. }
            | Layer::BatchNorm { .. }
            | Layer::SqueezeExcitation { .. }
            | Layer::Residual { .. }
            | Layer::Stage(_)
            | Layer::Inverted(_) => {
                unreachable!("build() gives layers with parameters modules of their own")
            }
        }
    }
}

pub(super) fn window(pool: &recipe::Pool) -> Pool {
    Pool {
        kernel: pool.size,
        stride: pool.stride,
        padding: pool.padding,
    }
}

/// What the random numbers of a layer's dropout depend on.
pub(crate) fn dropout_key(seed: u64, step: u64, layer: u64) -> Key {
    Key {
        seed,
        purpose: Purpose::Dropout,
        epoch: step,
        index: layer,
    }
}

/// Zeroes features at random and scales the others up (Srivastava et al. 2014): `[N, C, H, W] -> [N, C, H, W]`.
///
/// `first` rows of features come before those of `x` in the step: their random numbers are skipped, so that each row
/// has the same mask however many devices share the step's images.
pub(crate) fn dropout(x: Maps, rate: f64, key: Key, first: usize) -> Maps {
    let [channels, height, width] = x.shape();
    let shape = [x.images(), channels, height, width];
    let scale = (1.0 / (1.0 - rate)) as f32;
    let mut stream = key.stream();
    stream.skip_f32(first * channels * height * width);
    let mut draw = || {
        if f64::from(stream.unit_f32()) < rate {
            0.0
        } else {
            scale
        }
    };
    let mask: Vec<f32> = (0..shape.iter().product()).map(|_| draw()).collect();
    let mask = Tensor::from_data(TensorData::new(mask, shape), &x.device());
    x.masked(mask)
}
