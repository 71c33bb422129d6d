//! Squeeze-and-excitation (Hu et al. 2018).

use burn::module::Module;

use super::{ConvLayer, Initializer};
use crate::ops::{Conv, Epilogue, Maps};
use recipe::Gate;

/// Multiplies each channel by a factor that all of the map decides on. Its linear layers are 1x1 convolutions on maps of one
/// pixel, as in torchvision.
#[derive(Module, Debug)]
pub struct SqueezeLayer {
    fc1: ConvLayer,
    fc2: ConvLayer,
    #[module(skip)]
    gate: Gate,
}

impl SqueezeLayer {
    /// For maps of this many channels, with `features` between the two layers.
    pub fn new(channels: usize, features: usize, gate: Gate, init: &mut Initializer) -> Self {
        let mut layer = |in_channels, out_channels| {
            let conv = Conv {
                in_channels,
                out_channels,
                kernel: [1, 1],
                stride: [1, 1],
                padding: [0, 0],
                dilation: [1, 1],
            };
            ConvLayer::new(conv, 1, true, init)
        };
        let mut fc1 = layer(channels, features);
        fc1.epilogue = Epilogue::Relu;
        Self {
            fc1,
            fc2: layer(features, channels),
            gate,
        }
    }

    /// `[N, C, H, W] -> [N, C, H, W]`
    pub fn forward(&self, x: Maps) -> Maps {
        let means = x.clone().global_average_pool();
        let factors = self.fc2.forward(self.fc1.forward(means));
        x.gated(match self.gate {
            Gate::Sigmoid => factors.sigmoid(),
            Gate::HardSigmoid => factors.hard_sigmoid(),
        })
    }
}
